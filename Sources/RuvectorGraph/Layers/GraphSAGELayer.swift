import CRuvectorSupport
import RuvectorCore

/// A layer that joins each node with what its sources have in common:
///
///     o_i = W_l agg_{j ∈ N(i)} x_j + W_r x_i + b
///
/// x [n, in], W_l, W_r [out, in], b [out]; agg is the mean, the largest (column by column) or the sum of the sources, 0 where
/// there are none; or, with `lstm`, the last state of an LSTM that reads them in their order (`NeighborLSTM`; of the same edges in
/// another order it is another one). Every entry of the graph counts, repetitions and loops too; weights do not. `normalize` divides each output
/// row by its length (rows shorter than 1e-12 by that). The gradient of a maximum goes in equal shares to all sources that have
/// it. For mean and sum the products come first where `out` ≤ `in`; nothing of edges × width is held.
/// - Complexity: O(non-zeros of x · out + edges · min(in, out)), for the largest O(n · in · out + edges · in), for the LSTM
///   O((n + edges) · in²).
///
/// Reference: Hamilton, Ying, Leskovec 2017, "Inductive Representation Learning on Large Graphs", algorithm 1. Names: PyTorch
/// Geometric's SAGEConv. (Its LSTM reads zeros behind the sources, as many as the node with the most sources has more; here the
/// state of a node depends on its own sources alone.)
public final class GraphSAGELayer: GraphLayer, @unchecked Sendable {
  // MARK: - Options

  public static let name: StaticString = "sage"
  public static let options = [
    Option("inChannels", .integer(1...65_536), "Width of a node's row."),
    Option("outChannels", .integer(1...65_536), "Width of an output row."),
    Option("aggr", .choice(["mean", "max", "sum", "lstm"]), standard: 0, "What becomes of a node's sources."),
    Option("normalize", .flag, standard: 0, "1: output rows have length 1."),
    Option("rootWeight", .flag, standard: 1, "1: the node's own row is added through weights of its own."),
    Option("bias", .flag, standard: 1, "1: a learned vector is added to every output row."),
    Option("seed", .seed, standard: 0, "Seed of the initial weights."),
  ]
  public let inChannels, outChannels: Int
  public let seed: UInt64
  private let aggregation: Int
  private var isMax: Bool { aggregation == 1 }
  public var hidesNonFinite: Bool { isMax || lstm != nil }
  public let normalizes: Bool
  public func width(of inChannels: Int) -> Int { outChannels }

  // MARK: - Weights

  public let parameters: Parameters
  private let sources: Parameter
  private let root, bias: Parameter?
  private let lstm: NeighborLSTM?

  /// Xavier-normal from `seed`, biases 0; the names are PyTorch Geometric's.
  public static func slots(_ settings: Settings) -> [Slot] {
    let d = settings.integer("inChannels"), out = settings.integer("outChannels")
    var slots = settings.choice("aggr") == 3 ? NeighborLSTM.slots(d) : []
    slots.append(Slot("lin_l.weight", [out, d], .xavierNormal(fanIn: d, fanOut: out)))
    if settings.flag("bias") { slots.append(Slot("lin_l.bias", [out], .zeros)) }
    if settings.flag("rootWeight") {
      slots.append(Slot("lin_r.weight", [out, d], .xavierNormal(fanIn: d, fanOut: out)))
    }
    return slots
  }

  // MARK: - Creation

  public convenience init(_ settings: Settings) throws(RuvectorError) {
    self.init(settings, try Parameters(Self.slots(settings), seed: settings.seed("seed")))
  }

  private init(_ settings: Settings, _ parameters: Parameters) {
    self.parameters = parameters
    inChannels = settings.integer("inChannels")
    outChannels = settings.integer("outChannels")
    aggregation = settings.choice("aggr")
    normalizes = settings.flag("normalize")
    seed = settings.seed("seed")
    sources = parameters["lin_l.weight"]
    bias = settings.flag("bias") ? parameters["lin_l.bias"] : nil
    root = settings.flag("rootWeight") ? parameters["lin_r.weight"] : nil
    lstm = aggregation == 3 ? NeighborLSTM(parameters, dim: inChannels) : nil
  }

  public var optionValues: [Double] {
    [
      Double(inChannels), Double(outChannels), Double(aggregation), normalizes ? 1 : 0, root == nil ? 0 : 1,
      bias == nil ? 0 : 1, Double(seed),
    ]
  }

  // MARK: - Forward

  private var form: Adjacency.Form { Adjacency.Form(.kept, aggregation == 0 ? .row : .none, isCounted: true) }

  private func projectsFirst(_ x: Features) -> Bool {
    !isMax && lstm == nil && (outChannels <= inChannels || x.isSparse)
  }

  /// Of one pass: what the sources of each node have in common [n, in], where that was made; lengths of rows before `normalize`,
  /// and the rows after.
  private final class Pass: Kept {
    var common: AlignedBuffer<Float>?
    var lengths, rows: AlignedBuffer<Float>?
  }

  public func forward(
    _ input: GraphInput, into out: UnsafeMutablePointer<Float>, _ mode: Mode, keeps: Bool, _ control: Control
  ) throws(RuvectorError) -> Kept? {
    let graph = try input.adjacency(form), n = input.x.rows, w = outChannels, kernels = Kernels.current
    let pass = Pass()
    if projectsFirst(input.x) {
      let z = try AlignedBuffer<Float>(rows: n, columns: w, for: "projection")
      try input.x.times(sources, into: z.pointer, control)
      if let root {
        try input.x.times(root, bias: bias, into: out, control)
        try graph.propagate(z.pointer, stride: w, dim: w, into: out, adds: true, control)
      } else {
        try graph.propagate(z.pointer, stride: w, dim: w, bias: bias, into: out, control)
      }
    } else {
      let d = inChannels, common = try AlignedBuffer<Float>(rows: n, columns: d, for: "sums")
      if let lstm {
        try lstm.forward(input.x, graph, into: common.pointer, control)
      } else {
        let x = try input.x.written()
        if isMax {
          try forChunks(of: n, chunk: nodesOfPart, control) { (part, _) in
            kernels.gather_maxima(
              graph.offsets.pointer, graph.indices.pointer, x.view.base, x.view.stride, part.lowerBound,
              part.upperBound, d, common.pointer, d)
          }
        } else {
          try graph.propagate(x.view.base, stride: x.view.stride, dim: d, into: common.pointer, control)
        }
        _ = x.memory
      }
      try Features.dense(MatrixView(common.pointer, rows: n, dim: d)).times(sources, bias: bias, into: out, control)
      if let root {
        let own = try AlignedBuffer<Float>(rows: n, columns: w, for: "projection")
        try input.x.times(root, into: own.pointer, control) { part in
          kernels.add(
            out + part.lowerBound * w, own.pointer + part.lowerBound * w, out + part.lowerBound * w, part.count * w)
        }
      }
      if keeps { pass.common = common }
    }
    if normalizes { try normalize(out, n, keeps ? pass : nil) }
    return keeps ? pass : nil
  }

  private func normalize(_ out: UnsafeMutablePointer<Float>, _ n: Int, _ pass: Pass?) throws(RuvectorError) {
    let kernels = Kernels.current, lengths = try AlignedBuffer<Float>(count: n, for: "rows")
    for i in 0..<n {
      lengths[i] = max(Float(kernels.squared_norm(out + i * outChannels, outChannels).squareRoot()), 1e-12)
      kernels.scale(1 / lengths[i], out + i * outChannels, out + i * outChannels, outChannels)
    }
    pass?.lengths = lengths
    if let pass { pass.rows = try AlignedBuffer(copying: out, count: n * outChannels, for: "rows") }
  }

  // MARK: - Gradient

  /// Through the length first: dz = (g − o (o·g)) / |z|. With A the matrix of means or sums: dW_l = (Aᵀ G)ᵀ X = Gᵀ (A X),
  /// dX = Aᵀ G W_l + G W_r, dW_r = Gᵀ X.
  public func backward(
    _ input: GraphInput, _ kept: Kept?, outputGradient given: UnsafePointer<Float>, into gradients: GraphGradients,
    _ mode: Mode, _ control: Control
  ) throws(RuvectorError) {
    guard let pass = kept as? Pass else { return }
    let graph = try input.adjacency(form), n = input.x.rows, w = outChannels, kernels = Kernels.current
    var g = given, own: AlignedBuffer<Float>?
    if let lengths = pass.lengths, let rows = pass.rows {
      let turned = try AlignedBuffer<Float>(rows: n, columns: w, for: "gradients")
      for i in 0..<n {
        let o = rows.pointer + i * w, place = turned.pointer + i * w
        place.update(from: given + i * w, count: w)
        if lengths[i] > 1e-12 { kernels.axpy(-kernels.dot(o, given + i * w, w), o, place, w) }
        kernels.scale(1 / lengths[i], place, place, w)
      }
      (g, own) = (UnsafePointer(turned.pointer), turned)
    }
    if let bias { try addRows(g, rows: n, width: w, to: gradients.parameters[bias], control) }
    if let root {
      try input.x.addWeightGradient(g, width: w, to: gradients.parameters[root], control)
      try addInputGradient(g, rows: n, root, to: gradients.x, control)
    }
    if let common = pass.common {
      let d = inChannels
      try Features.dense(MatrixView(common.pointer, rows: n, dim: d)).addWeightGradient(
        g, width: w, to: gradients.parameters[sources], control)
      if let lstm {
        let back = try AlignedBuffer<Float>(count: n * d, repeating: 0, for: "gradients")
        try addInputGradient(g, rows: n, sources, to: back.pointer, control)
        try lstm.backward(input.x, graph, back.pointer, into: gradients, control)
        _ = own
        return
      }
      guard let toX = gradients.x else { return }
      let back = try AlignedBuffer<Float>(count: n * d, repeating: 0, for: "gradients")
      try addInputGradient(g, rows: n, sources, to: back.pointer, control)
      if isMax {
        let x = try input.x.written()
        try graph.maximaBack(back.pointer, x: x.view, top: common.pointer, into: toX, control)
        _ = x.memory
      } else {
        try graph.propagateBack(back.pointer, dim: d, into: toX, adds: true, control)
      }
    } else {
      let back = try AlignedBuffer<Float>(rows: n, columns: w, for: "gradients")
      try graph.propagateBack(g, dim: w, into: back.pointer, control)
      try input.x.addWeightGradient(back.pointer, width: w, to: gradients.parameters[sources], control)
      try addInputGradient(back.pointer, rows: n, sources, to: gradients.x, control)
    }
    _ = own
  }
}
