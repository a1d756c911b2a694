import CRuvectorSupport
import RuvectorCore

/// What the sources of each node have in common, without weights to learn:
///
///     o_i = agg_{j ∈ N(i)} w_ij x_j
///
/// x [n, channels]; agg is the sum, the mean, or the largest (column by column) of the sources, 0 where there are none. Every
/// entry of the graph counts, repetitions and loops too. Weights of the graph are read by sum and mean (then Σ w x / Σ w). The
/// gradient of a maximum goes in equal shares to all sources that have it.
/// - Complexity: O(edges · channels).
public final class AggregationLayer: GraphLayer, @unchecked Sendable {
  public static let name: StaticString = "aggregation"
  public static let options = [
    Option("aggr", .choice(["sum", "mean", "max"]), standard: 0, "What becomes of a node's sources.")
  ]
  private let aggregation: Int
  private var isMax: Bool { aggregation == 2 }

  private static let forward = Operation(
    "forward", [.input("x", ["n", "channels"]), .graph("graph", "n", "n", "edges")],
    [Port("output", ["n", "channels"])])
  public static let operations = [forward, forward.backward(hasParameters: false)]

  public init(_ settings: Settings) throws(RuvectorError) { aggregation = settings.choice("aggr") }

  public var optionValues: [Double] { [Double(aggregation)] }
  public var inChannels: Int { 0 }
  public func width(of inChannels: Int) -> Int { inChannels }
  public var keepsSome: Bool { isMax }
  public var hidesNonFinite: Bool { true }

  private var form: Adjacency.Form {
    Adjacency.Form(.kept, aggregation == 1 ? .row : .none, isWeighted: !isMax)
  }

  /// Of a pass for maxima: what came out.
  private final class Pass: Kept {
    let top: AlignedBuffer<Float>
    init(_ top: AlignedBuffer<Float>) { self.top = top }
  }

  public func forward(
    _ input: GraphInput, into out: UnsafeMutablePointer<Float>, _ mode: Mode, keeps: Bool, _ control: Control
  ) throws(RuvectorError) -> Kept? {
    let graph = try input.adjacency(form), x = try input.x.written(), d = x.view.dim, kernels = Kernels.current
    defer { _ = x.memory }
    guard isMax else {
      try graph.propagate(x.view.base, stride: x.view.stride, dim: d, into: out, control)
      return nil
    }
    try forChunks(of: graph.nodes, chunk: nodesOfPart, control) { (part, _) in
      kernels.gather_maxima(
        graph.offsets.pointer, graph.indices.pointer, x.view.base, x.view.stride, part.lowerBound, part.upperBound, d,
        out, d)
    }
    return keeps ? Pass(try AlignedBuffer(copying: out, count: x.view.rows * d, for: "rows")) : nil
  }

  public func backward(
    _ input: GraphInput, _ kept: Kept?, outputGradient g: UnsafePointer<Float>, into gradients: GraphGradients,
    _ mode: Mode, _ control: Control
  ) throws(RuvectorError) {
    guard let toX = gradients.x else { return }
    let graph = try input.adjacency(form)
    guard isMax else {
      return try graph.propagateBack(g, dim: input.x.dim, into: toX, adds: true, control)
    }
    guard let pass = kept as? Pass else { return }
    let x = try input.x.written()
    try graph.maximaBack(g, x: x.view, top: pass.top.pointer, into: toX, control)
    _ = x.memory
  }
}
