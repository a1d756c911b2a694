import CRuvectorSupport
import RuvectorCore

/// Some samples on their way through a model: the outputs, and what its backward pass wants to know.
final class Batch {
  let samples: [Int]
  /// [samples, width]
  let outputs: AlignedBuffer<Float>
  let width: Int
  /// Whether each sample had a call of its own.
  private let isEach: Bool
  private let passes: [(call: Call, context: AnyObject?)]
  /// Of the way `whole`: the rows of the model's own output, and which of them the samples are.
  private let whole: (count: Int, rows: [Int])?
  /// The subgraph that it sees, which its calls point into.
  private let part: GraphPart?

  /// A forward pass.
  init(
    _ samples: [Int], of data: TrainingData, _ model: any Mechanism, _ trainable: Trainable, _ mode: Mode,
    _ sampler: NeighborSampler?, _ control: Control
  ) throws(RuvectorError) {
    self.samples = samples
    var passes: [(call: Call, context: AnyObject?)] = []
    func run(_ inputs: [Tensor], _ mode: Mode) throws(RuvectorError) -> AlignedBuffer<Float> {
      let open = try model.bound("forward", inputs + [.none]), count = try trainable.outputCount(of: open)
      let out = try AlignedBuffer<Float>(count: count, for: "outputs")
      let call = open.writing(to: .floats(out.pointer, count: count, isWritable: true))
      passes.append((call, try trainable.forward(call, mode, control)))
      return out
    }
    switch data.way {
    case .rows:
      part = nil
      outputs = try run(data.inputs(of: samples), mode)
      (width, whole) = (outputs.count / samples.count, nil)
    case .whole where sampler != nil && data.graph != nil:
      guard let sampler, let graph = data.graph else { throw TrainingData.noGraph }
      let part = try GraphPart(samples, of: data, graph, sampler, mode)
      let all = try run(part.inputs, mode)
      width = all.count / max(part.graph.nodes, 1)
      outputs = try AlignedBuffer(count: samples.count * width, for: "outputs")
      for (i, row) in part.rows.enumerated() {
        (outputs.pointer + i * width).update(from: all.pointer + row * width, count: width)
      }
      whole = (all.count, part.rows)
      self.part = part
    case .whole:
      part = nil
      let all = try run(data.inputs(of: samples), mode), height = passes[0].call.operation.outputs[0].shape.count
      let total = height == 2 ? passes[0].call.firstOutputSide : 1
      width = total == 0 ? 0 : all.count / total
      var rows: [Int] = []
      for sample in samples { rows.append(try data.outputRow(of: sample, of: total)) }
      outputs = try AlignedBuffer(count: samples.count * width, for: "outputs")
      for (i, row) in rows.enumerated() {
        (outputs.pointer + i * width).update(from: all.pointer + row * width, count: width)
      }
      whole = (all.count, rows)
    case .each:
      part = nil
      var parts: [AlignedBuffer<Float>] = []
      for sample in samples {
        try control.check()
        parts.append(try run(data.inputs(of: sample), mode.part(sample)))
      }
      width = parts[0].count
      outputs = try AlignedBuffer(count: samples.count * width, for: "outputs")
      for (i, part) in parts.enumerated() {
        guard part.count == width else {
          throw .expected(
            "\(width) numbers of output a sample", for: "data", received: "\(part.count)", .dimensionMismatch)
        }
        (outputs.pointer + i * width).update(from: part.pointer, count: width)
      }
      whole = nil
    }
    self.passes = passes
    isEach = data.way == .each
    guard Kernels.current.non_finite_probe(outputs.pointer, outputs.count) == 0 else {
      throw .expected("finite outputs", for: "model", received: "NaN or infinity", .nonFinite)
    }
  }

  /// Its output as the first input of a loss.
  var tensor: Tensor { .floats(outputs.pointer, rows: samples.count, columns: width) }

  /// Adds the gradients of the parameters. `gradient` [samples, width].
  func backward(
    _ trainable: Trainable, gradient: UnsafePointer<Float>, into parameters: Gradients, _ mode: Mode,
    _ control: Control
  ) throws(RuvectorError) {
    let nowhere = passes.first.map { $0.call.operation.inputs.map { _ in nil as UnsafeMutablePointer<Float>? } } ?? []
    func run(
      _ pass: (call: Call, context: AnyObject?), _ gradient: UnsafePointer<Float>, _ mode: Mode
    ) throws(RuvectorError) {
      try trainable.backward(
        pass.call, pass.context, outputGradient: gradient, toInputs: nowhere, parameters: parameters, mode, control)
    }
    defer { withExtendedLifetime(part) {} }
    if let whole {
      let all = try AlignedBuffer<Float>(count: whole.count, repeating: 0, for: "gradients")
      for (i, row) in whole.rows.enumerated() {
        Kernels.current.add(all.pointer + row * width, gradient + i * width, all.pointer + row * width, width)
      }
      return try run(passes[0], all.pointer, mode)
    }
    guard isEach else { return try run(passes[0], gradient, mode) }
    for (i, pass) in passes.enumerated() { try run(pass, gradient + i * width, mode.part(samples[i])) }
  }
}

/// The rows of a graph's nodes and edges that a batch sees: those of a subgraph around its nodes.
final class GraphPart {
  let graph: ResidentGraph
  /// Of each sample its row in the output.
  let rows: [Int]
  let inputs: [Tensor]
  private let memory: [AlignedBuffer<Float>]

  init(
    _ samples: [Int], of data: TrainingData, _ whole: ResidentGraph, _ sampler: NeighborSampler, _ mode: Mode
  ) throws(RuvectorError) {
    let seeds = try AlignedBuffer<UInt32>(count: samples.count, for: "batch")
    for (i, sample) in samples.enumerated() {
      seeds[i] = UInt32(truncatingIfNeeded: try data.outputRow(of: sample, of: whole.nodes))
    }
    let graph = try sampler.sample(
      whole, around: UnsafeBufferPointer(start: seeds.pointer, count: seeds.count), step: mode.step)
    guard let origin = graph.origin else { throw TrainingData.noGraph }
    // The seeds are the first nodes; one that comes again has the row of its first.
    var places: [UInt32: Int] = [:], rows: [Int] = []
    for i in 0..<seeds.count {
      let row = places[seeds[i]] ?? places.count
      places[seeds[i]] = row
      rows.append(row)
    }
    (inputs, memory) = try data.inputs(of: graph, origin, whole)
    (self.graph, self.rows) = (graph, rows)
  }
}
