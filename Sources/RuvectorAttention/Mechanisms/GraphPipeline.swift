import CRuvectorSupport
import RuvectorCore

/// Edges, positions and neighbourhoods one after the other, as one trainable mechanism:
///
///     x¹ = q + EdgeFeatured(q, K, V, E)        x² = x¹ + GraphRoPE(x¹, K, V)        o = GraphLatent(x², K, V)
///
/// q [m, d], K, V [n, d]. The context of queries and keys is (position, level, kind) as ``GraphRoPE`` and ``GraphLatent``
/// read them (the kind of a query has no effect); edges as ``EdgeFeatured`` does. Without context positions are 0 and
/// 0, 1, 2, …, and every key is a graph neighbour. Parameters: those of EdgeFeatured (GATv2), then of GraphLatent. The
/// weights are those of the last stage.
/// - Complexity: the sum of the three. Precision: Float.
public final class GraphPipeline: Attention, @unchecked Sendable {
  // MARK: - Options

  public static let name: StaticString = "graph_pipeline"
  public static let options = [
    AttentionOption.dim,
    Option("edgeDim", .integer(1...65_536), standard: 4, "Width of the features of an edge."),
    AttentionOption.heads,
    Option("maxPosition", .integer(1...1_048_576), standard: 512, "Positions count up to this one minus 1."),
    Option("seed", .seed, standard: 0, "Seed of the initial weights."),
  ]
  public let dim: Int
  public let edgeDim: Int
  public let heads: Int
  public let maxPosition: Int
  public let seed: UInt64
  public var contextDim: Int { 3 }

  // MARK: - Stages

  /// Those of the stages one after the other.
  public let parameters: Parameters
  private let edge: EdgeFeatured
  private let rope: GraphRoPE
  private let latent: GraphLatent

  // MARK: - Creation

  /// Settings of the stages: EdgeFeatured, GraphRoPE, GraphLatent.
  private static func stages(_ settings: Settings) throws(RuvectorError) -> (Settings, Settings, Settings) {
    let shared: [(key: String, value: OptionValue)] = [
      ("dim", .integer(Int64(settings.integer("dim")))), ("heads", .integer(Int64(settings.integer("heads")))),
    ]
    func seed(_ more: UInt64) -> (String, OptionValue) {
      ("seed", .integer(Int64(bitPattern: settings.seed("seed") &+ more)))
    }
    let edgeDim = OptionValue.integer(Int64(settings.integer("edgeDim")))
    let positions = OptionValue.integer(Int64(settings.integer("maxPosition")))
    return (
      try Settings(of: EdgeFeatured.name, EdgeFeatured.options, shared + [("edgeDim", edgeDim), seed(0)]),
      try Settings(of: GraphRoPE.name, GraphRoPE.options, shared + [("maxPosition", positions)]),
      try Settings(of: GraphLatent.name, GraphLatent.options, shared + [seed(1)])
    )
  }

  public static func slots(_ settings: Settings) throws(RuvectorError) -> [Slot] {
    let stages = try stages(settings)
    return EdgeFeatured.slots(stages.0) + GraphLatent.slots(stages.2)
  }

  public init(_ settings: Settings) throws(RuvectorError) {
    dim = settings.integer("dim")
    edgeDim = settings.integer("edgeDim")
    heads = try AttentionOption.heads(settings, dim: dim)
    maxPosition = settings.integer("maxPosition")
    seed = settings.seed("seed")
    let stages = try Self.stages(settings)
    edge = try EdgeFeatured(stages.0)
    rope = try GraphRoPE(stages.1)
    latent = try GraphLatent(stages.2)
    latent.kindColumn = 2
    parameters = try Parameters(joining: [("", edge.parameters), ("", latent.parameters)])
  }

  public var optionValues: [Double] {
    [Double(dim), Double(edgeDim), Double(heads), Double(maxPosition), Double(seed)]
  }

  public func outputDim(values v: Int) throws(RuvectorError) -> Int { try requirePoints(v, dim) }

  // MARK: - Stages of a call

  private func columns(_ context: MatrixView?, from: Int, _ count: Int) -> MatrixView? {
    context.map { MatrixView($0.base + from, rows: $0.rows, dim: count, stride: $0.stride) }
  }

  private func forEdges(_ input: AttentionInput) -> AttentionInput {
    var part = input
    (part.queryContext, part.keyContext) = (nil, nil)
    return part
  }

  private func forPositions(_ input: AttentionInput, _ x: MatrixView) -> AttentionInput {
    var part = input
    part.queries = x
    (part.queryContext, part.keyContext) = (
      columns(input.queryContext, from: 0, 2), columns(input.keyContext, from: 0, 2)
    )
    part.edges = nil
    return part
  }

  private func forNeighbors(_ input: AttentionInput, _ x: MatrixView) -> AttentionInput {
    var part = input
    part.queries = x
    (part.queryContext, part.keyContext, part.edges) = (nil, columns(input.keyContext, from: 2, 1), nil)
    return part
  }

  /// x¹ and x².
  private func stages(_ input: AttentionInput, _ control: Control) throws(RuvectorError) -> (Rows, Rows) {
    let first = try Rows(input.queries.rows, dim), second = try Rows(input.queries.rows, dim)
    let kernels = Kernels.current
    try edge.forward(forEdges(input), into: first.memory.pointer, control)
    for i in 0..<input.queries.rows { kernels.add(first.row(i), input.queries.row(i), first.row(i), dim) }
    try first.require(from: input.queries, "queries")
    try rope.forward(forPositions(input, first.view), into: second.memory.pointer, control)
    kernels.add(second.memory.pointer, first.memory.pointer, second.memory.pointer, second.memory.count)
    try second.require(from: input.queries, "queries")
    return (first, second)
  }

  // MARK: - Forward

  public func forward(
    _ input: AttentionInput, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    let x = try stages(input, control).1
    try latent.forward(forNeighbors(input, x.view), into: out, control)
    withExtendedLifetime(x) {}
  }

  public func weights(
    _ input: AttentionInput, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    let x = try stages(input, control).1
    try latent.weights(forNeighbors(input, x.view), into: out, control)
    withExtendedLifetime(x) {}
  }

  // MARK: - Gradient

  /// Back through the stages; each adds to the gradients of keys, values, edges and its own parameters.
  public func backward(
    _ input: AttentionInput, outputGradient: UnsafePointer<Float>, into gradients: AttentionGradients,
    _ control: Control
  ) throws(RuvectorError) {
    let (first, second) = try stages(input, control), kernels = Kernels.current
    let toSecond = try Rows(input.queries.rows, dim), toFirst = try Rows(input.queries.rows, dim)
    toSecond.zero()
    var inner = gradients
    inner.queries = toSecond.memory.pointer
    inner.parameters = gradients.parameters?.part(1, of: parameters)
    try latent.backward(forNeighbors(input, second.view), outputGradient: outputGradient, into: inner, control)
    toFirst.memory.pointer.update(from: toSecond.memory.pointer, count: toSecond.memory.count)
    inner.queries = toFirst.memory.pointer
    try rope.backward(
      forPositions(input, first.view), outputGradient: toSecond.memory.pointer, into: inner, control)
    if let out = gradients.queries { kernels.add(out, toFirst.memory.pointer, out, toFirst.memory.count) }
    inner = gradients
    inner.parameters = gradients.parameters?.part(0, of: parameters)
    try edge.backward(forEdges(input), outputGradient: toFirst.memory.pointer, into: inner, control)
    withExtendedLifetime((first, second)) {}
  }
}
