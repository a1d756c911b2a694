import CRuvectorSupport
import RuvectorCore

/// Some samples on their way through a model: the outputs, and what its backward pass wants to know.
final class Batch {
  let samples: [Int]
  /// [samples, width]
  let outputs: AlignedBuffer<Float>
  let width: Int
  private let passes: [(call: Call, context: AnyObject?)]
  /// Of the way `whole`: the rows of the model's own output, and which of them the samples are.
  private let whole: (count: Int, rows: [Int])?

  /// A forward pass.
  init(
    _ samples: [Int], of data: TrainingData, _ model: any Mechanism, _ trainable: Trainable, _ mode: Mode,
    _ control: Control
  ) throws(RuvectorError) {
    self.samples = samples
    var passes: [(call: Call, context: AnyObject?)] = []
    func run(_ inputs: [Tensor]) throws(RuvectorError) -> AlignedBuffer<Float> {
      let open = try model.bound("forward", inputs + [.none]), count = try trainable.outputCount(of: open)
      let out = try AlignedBuffer<Float>(count: count, for: "outputs")
      let call = open.writing(to: .floats(out.pointer, count: count, isWritable: true))
      passes.append((call, try trainable.forward(call, mode, control)))
      return out
    }
    switch data.way {
    case .rows:
      outputs = try run(data.inputs(of: samples))
      (width, whole) = (outputs.count / samples.count, nil)
    case .whole:
      let all = try run(data.inputs(of: samples)), height = passes[0].call.operation.outputs[0].shape.count
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
      var parts: [AlignedBuffer<Float>] = []
      for sample in samples {
        try control.check()
        parts.append(try run(data.inputs(of: sample)))
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
    func run(_ pass: (call: Call, context: AnyObject?), _ gradient: UnsafePointer<Float>) throws(RuvectorError) {
      try trainable.backward(
        pass.call, pass.context, outputGradient: gradient, toInputs: nowhere, parameters: parameters, mode, control)
    }
    if let whole {
      let all = try AlignedBuffer<Float>(count: whole.count, repeating: 0, for: "gradients")
      for (i, row) in whole.rows.enumerated() {
        Kernels.current.add(all.pointer + row * width, gradient + i * width, all.pointer + row * width, width)
      }
      return try run(passes[0], all.pointer)
    }
    for (i, pass) in passes.enumerated() { try run(pass, gradient + (passes.count == 1 ? 0 : i * width)) }
  }
}
