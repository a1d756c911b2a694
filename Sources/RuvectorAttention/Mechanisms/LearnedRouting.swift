import CRuvectorSupport
import RuvectorCore

/// A learned choice between mechanisms (Jacobs, Jordan, Nowlan, Hinton 1991, "Adaptive Mixtures of Local Experts", equation 1;
/// hard: the straight-through estimator of Bengio, Léonard, Courville 2013):
///
///     p_i = softmax((W_g q_i + b_g)/T)      soft: o_i = Σ_e p_ie expert_e(q_i, K, V)      hard: o_i = expert_best(i)(q_i, K, V)
///
/// q [m, d], K [n, d], V [n, v], W_g `gate.weight` [experts, d], b_g `gate.bias` [experts], T `temperature`; best(i) is the
/// expert with the largest p, ties to the lower number. Experts are copied at creation, as those of ``MixtureOfExperts``.
/// The gradient of hard routing is straight-through: the gate learns as if the output were the soft one, dL/dp_ie =
/// G_i · expert_e(q_i), while each expert learns from the queries that it answers.
/// - Complexity: O(m · experts · d) and of each expert what its queries cost: all m of them when soft, and in the gradient.
/// - Precision: p in Double; the experts' own for the rest.
public final class LearnedRouting: Attention, @unchecked Sendable {
  // MARK: - Options

  public static let name: StaticString = "learned_routing"
  public static let options = [
    AttentionOption.dim, Experts.option("experts"), AttentionOption.temperature,
    Option("hard", .flag, standard: 0, "1: only the best expert answers a query."),
    Option("seed", .seed, standard: 0, "Seed of the gate's initial weights."),
  ]
  public let dim: Int
  /// Whether only the best expert answers a query.
  public let isHard: Bool
  /// The seed of the gate's initial weights.
  public let seed: UInt64
  /// T
  public var temperature: Double { router.temperature }

  // MARK: - Weights

  public let parameters: Parameters
  private let router: Router
  private let experts: Experts

  /// Those of the gate.
  public static func slots(_ settings: Settings) -> [Slot] {
    Router.slots(settings, experts: settings.count("experts"))
  }

  // MARK: - Creation

  public convenience init(_ settings: Settings) throws(RuvectorError) {
    let experts = try Experts(settings, "experts", dim: settings.integer("dim"))
    let router = try Router(settings, experts: experts.all.count, temperature: settings.number("temperature"))
    self.init(settings, router, experts, try experts.parameters(behind: router.parameters, "experts"))
  }

  private init(_ settings: Settings, _ router: Router, _ experts: Experts, _ parameters: Parameters) {
    (self.router, self.experts, self.parameters) = (router, experts, parameters)
    dim = settings.integer("dim")
    isHard = settings.flag("hard")
    seed = settings.seed("seed")
  }

  public var optionValues: [Double] {
    [Double(dim), Double(experts.all.count), temperature, isHard ? 1 : 0, Double(seed)]
  }

  public var children: [any Mechanism] { experts.all.map { $0 as any Mechanism } }

  public var contextDim: Int { experts.contextDim }
  public var edgeDim: Int { experts.edgeDim }

  public var isRowwise: Bool { experts.isRowwise }

  public func outputDim(values v: Int) throws(RuvectorError) -> Int { try experts.outputDim(values: v, "experts") }

  // MARK: - Routing

  private func route(_ queries: MatrixView, _ control: Control) throws(RuvectorError) -> Routing {
    try router.route(queries, best: isHard ? 1 : router.experts, control)
  }

  public static let operations =
    AttentionOperation.all + [
      AttentionOperation.ofQueries("routing", ["m", 2, "choices"]),
      AttentionOperation.ofQueries("usage", ["2 * experts + 1"]),
    ]

  /// "routing": queries [m, d], output [m · 2 · k], k = 1 when hard, else the number of experts: for each query the numbers of
  ///            its experts, the best first, and their shares
  /// "usage":   queries [m, d], output [2 · experts + 1]: the share of the queries whose best each expert is, the mean p of
  ///            each, and experts · Σ share · mean (``MixtureOfExperts``)
  public func run(_ operation: String, _ buffers: [Tensor], _ control: Control) throws(RuvectorError) -> Int {
    let isUsage = operation.utf8.elementsEqual("usage".utf8)
    guard isUsage || operation.utf8.elementsEqual("routing".utf8) else {
      return try runAttention(operation, buffers, control)
    }
    let queries = try readQueries(operation, buffers)
    if isUsage { return try router.writeUsage(router.route(queries, best: 1, control), buffers[1]) }
    let routing = try route(queries, control)
    return try routing.write(into: buffers[1].output("output", count: 2 * routing.queries * routing.count))
  }

  // MARK: - Forward

  public func forward(
    _ input: AttentionInput, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    let width = try outputDim(values: input.values.dim)
    try experts.forward(input, route(input.queries, control), width: width, into: out, control)
  }

  /// Σ_e p_ie times the mean over expert e's heads of its weights; of the best one alone when hard.
  public func weights(
    _ input: AttentionInput, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    try experts.weights(input, route(input.queries, control), into: out, control)
  }

  // MARK: - Gradient

  public func backward(
    _ input: AttentionInput, outputGradient: UnsafePointer<Float>, into gradients: AttentionGradients,
    _ control: Control
  ) throws(RuvectorError) {
    let width = try outputDim(values: input.values.dim)
    let soft = try router.route(input.queries, best: router.experts, control)
    let δ = try AlignedBuffer<Float>(count: soft.queries * soft.count, for: "gradients")
    try experts.products(input, soft, outputGradient, width: width, into: δ.pointer, control)
    try experts.backward(
      input, isHard ? route(input.queries, control) : soft, outputGradient, width: width, into: gradients, parameters,
      control)
    try router.backward(
      input.queries, soft, δ.pointer, into: gradients.queries,
      parameters: gradients.parameters?.part(0, of: parameters), control)
  }
}

extension Attention {
  /// The queries of an operation that takes nothing else and an output.
  func readQueries(_ operation: String, _ buffers: [Tensor]) throws(RuvectorError) -> MatrixView {
    try requireBuffers(2, for: operation, buffers)
    let queries = try buffers[0].matrix("queries")
    if queries.rows > 0, queries.dim != dim { throw .dimension("queries[0]", expected: dim, received: queries.dim) }
    return queries
  }
}
