import CRuvectorSupport
import RuvectorCore

/// Attention that knows where queries and keys stand in a graph:
///
///     s_ij = (q̃_i^h · k̃_j^h)/√(d/heads)     q̃_i = q_i + U f_i,   k̃_j = k_j + U f_j      o_i = concat_h Σ_j softmax_j(s_ij) v_j^h
///
/// f [features]: structural features of a node, such as degree, ln(1 + degree), clustering coefficient, PageRank; they come
/// as the context of queries and keys (zeros where there is none) and get no gradient. U [d, features] is learned.
/// - Complexity: O((m + n) · d · features + m · n · (d + v)). Precision: Float.
///
/// Reference: Ying et al. 2021, "Do Transformers Really Perform Bad for Graph Representation?" (Graphormer), equation 5: the
/// centrality encoding, for real features in the place of a table of degrees.
public final class Structural: RowMakingAttention, @unchecked Sendable {
  // MARK: - Options

  public static let name: StaticString = "structural"
  public static let options = [
    AttentionOption.dim, AttentionOption.heads,
    Option("features", .integer(1...4096), standard: 4, "Structural features of a query or key."),
    Option("seed", .seed, standard: 0, "Seed of the initial weights."),
  ]
  public let dim: Int
  public let heads: Int
  public let features: Int
  public let seed: UInt64
  public var contextDim: Int { features }

  // MARK: - Weights

  public let parameters: Parameters
  /// U, [d, features].
  let weight: Parameter

  /// Xavier-normal from `seed`.
  public static func slots(_ settings: Settings) -> [Slot] {
    let dim = settings.integer("dim"), features = settings.integer("features")
    return [Slot("feature.weight", [dim, features], .xavierNormal(fanIn: features, fanOut: dim))]
  }

  // MARK: - Creation

  public init(_ settings: Settings) throws(RuvectorError) {
    dim = settings.integer("dim")
    heads = try AttentionOption.heads(settings, dim: dim)
    features = settings.integer("features")
    seed = settings.seed("seed")
    parameters = try Parameters(Self.slots(settings), seed: seed)
    weight = parameters["feature.weight"]
  }

  public var optionValues: [Double] { [Double(dim), Double(heads), Double(features), Double(seed)] }

  public func outputDim(values v: Int) throws(RuvectorError) -> Int { try requireHeads(heads, divide: v) }

  // MARK: - Rows

  private func placed(_ x: MatrixView, _ context: MatrixView?, _ control: Control) throws(RuvectorError) -> Rows {
    let rows = try Rows(copying: x)
    if let context {
      try gemm(
        m: x.rows, n: dim, k: features, .rows(context.base, stride: context.stride),
        .transposed(weight.pointer, stride: features), rows.memory.pointer, cStride: dim, accumulate: true,
        threads: control.threads)
    }
    return rows
  }

  public func made(_ input: AttentionInput, _ control: Control) throws(RuvectorError) -> MadeHeads {
    try MadeHeads(
      input, queries: placed(input.queries, input.queryContext, control),
      keys: placed(input.keys, input.keyContext, control), count: heads, scale: 1 / Double(dim / heads).squareRoot())
  }

  // MARK: - Gradient

  /// dq = dq̃, dk = dk̃, dU = Σ_i dq̃_i f_iᵀ + Σ_j dk̃_j f_jᵀ
  public func backward(
    _ made: MadeGradients, _ input: AttentionInput, into gradients: AttentionGradients, _ control: Control
  ) throws(RuvectorError) {
    let kernels = Kernels.current
    let sides = [(made.queries, input.queryContext, gradients.queries), (made.keys, input.keyContext, gradients.keys)]
    for (g, context, place) in sides {
      if let place { kernels.add(place, g.memory.pointer, place, g.memory.count) }
      guard let context, let out = gradients.parameters?[weight] else { continue }
      try gemm(
        m: dim, n: features, k: g.view.rows, .transposed(g.memory.pointer, stride: dim),
        .rows(context.base, stride: context.stride), out, cStride: features, accumulate: true,
        threads: control.threads)
    }
  }
}
