import CRuvectorSupport
import RuvectorCore

/// A sparse mixture of experts over attention (Shazeer et al. 2017, "Outrageously Large Neural Networks", equations 1 and 5;
/// Fedus, Zoph, Shazeer 2021, "Switch Transformers", section 2.2):
///
///     o_i = Σ_{e ∈ topK(i)} g_ie expert_e(q_i, K, V)      l_i = W_g q_i + b_g      g_i = softmax over topK(i) of l_i
///
/// q [m, d], K [n, d], V [n, v], W_g `gate.weight` [experts, d], b_g `gate.bias` [experts]; topK(i) the experts with the
/// `topK` largest logits. Experts are any mechanisms of attention of this width; they are copied at creation (options and
/// weights), so that no two mechanisms share state. An expert answers its queries as it would in the whole batch: windows
/// and causal masks go by a query's place in that.
///
/// `capacityFactor` c: of m queries an expert takes at most ⌈c · topK · m / experts⌉ (1.25: a quarter more than its share; 0:
/// any number). Choices are made in rounds, every query's first before any second, in the order of the queries; a query whose
/// expert is full takes its next best, and has fewer than `topK` where only experts of its own have room. So outputs depend
/// on the other queries of a batch where an expert is full; one query alone always has its best.
///
/// `balance` α: `backward` adds the gradient of the load-balancing loss (Switch Transformers, equation 4)
///
///     L = α · experts · Σ_e f_e P_e      f_e = e's share of all choices before capacity,   P_e = mean_i softmax(l_i)_e
///
/// which is least (α) where all experts are used alike; f is constant in it. The paper has α = 0.01.
/// - Complexity: O(m · experts · (d + topK)) and of each expert what its queries cost.
/// - Precision: gates in Double; the experts' own for the rest.
public final class MixtureOfExperts: Attention, @unchecked Sendable {
  // MARK: - Options

  public static let name: StaticString = "moe"
  public static let options = [
    AttentionOption.dim, Experts.option("experts"),
    Option("topK", .integer(1...64), standard: 2, "Experts a query, at most as many as there are."),
    Option(
      "capacityFactor", .number(0...1e6), standard: 1.25,
      "An expert takes at most so many times its even share of the queries; 0: any number; else at least 1."),
    Option("balance", .number(0...1e6), standard: 0, "Weight of the load-balancing loss in backward."),
    Option("seed", .seed, standard: 0, "Seed of the gate's initial weights."),
  ]
  public let dim: Int
  /// Experts a query.
  public let topK: Int
  /// An expert takes at most so many times its even share of the queries; 0: any number.
  public let capacityFactor: Double
  /// Weight of the load-balancing loss.
  public let balance: Double
  /// The seed of the gate's initial weights.
  public let seed: UInt64

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
    let topK = settings.integer("topK"), capacityFactor = settings.number("capacityFactor")
    guard topK <= experts.all.count else {
      throw .expected(
        "at most \(experts.all.count), the number of experts,", for: "topK", received: "\(topK)", .invalidConfig)
    }
    guard capacityFactor == 0 || capacityFactor >= 1 else {
      throw .expected("0 or at least 1", for: "capacityFactor", received: text(capacityFactor), .invalidConfig)
    }
    let router = try Router(settings, experts: experts.all.count)
    self.init(settings, router, experts, try experts.parameters(behind: router.parameters, "experts"))
  }

  private init(_ settings: Settings, _ router: Router, _ experts: Experts, _ parameters: Parameters) {
    (self.router, self.experts, self.parameters) = (router, experts, parameters)
    dim = settings.integer("dim")
    topK = settings.integer("topK")
    capacityFactor = settings.number("capacityFactor")
    balance = settings.number("balance")
    seed = settings.seed("seed")
  }

  public var optionValues: [Double] {
    [Double(dim), Double(experts.all.count), Double(topK), capacityFactor, balance, Double(seed)]
  }

  public var children: [any Mechanism] { experts.all.map { $0 as any Mechanism } }

  public var contextDim: Int { experts.contextDim }
  public var edgeDim: Int { experts.edgeDim }

  public var isRowwise: Bool { capacityFactor == 0 && experts.isRowwise }

  public func outputDim(values v: Int) throws(RuvectorError) -> Int { try experts.outputDim(values: v, "experts") }

  // MARK: - Routing

  /// Queries that an expert may have of `m`; nil: any number.
  func capacity(_ m: Int) -> Int? {
    guard capacityFactor > 0 else { return nil }
    let most = (capacityFactor * Double(topK) * Double(m) / Double(experts.all.count)).rounded(.up)
    return most < Double(m) ? Int(most) : nil
  }

  func route(_ queries: MatrixView, _ control: Control) throws(RuvectorError) -> Routing {
    try router.route(queries, best: topK, capacity: capacity(queries.rows), control)
  }

  public static let operations =
    AttentionOperation.all + [
      AttentionOperation.ofQueries("routing", ["m", 2, "choices"]),
      AttentionOperation.ofQueries("usage", ["2 * experts + 1"]),
    ]

  /// "routing": queries [m, d], output [m · 2 · topK]: for each query the numbers of its experts, the best first (−1 where it
  ///            has fewer), and their shares g
  /// "usage":   queries [m, d], output [2 · experts + 1]: the share of the queries that each expert has (they sum to topK
  ///            where no query has fewer), the mean probability P of each, and experts · Σ f P
  public func run(_ operation: String, _ buffers: [Tensor], _ control: Control) throws(RuvectorError) -> Int {
    let isUsage = operation.utf8.elementsEqual("usage".utf8)
    guard isUsage || operation.utf8.elementsEqual("routing".utf8) else {
      return try runAttention(operation, buffers, control)
    }
    let queries = try readQueries(operation, buffers), routing = try route(queries, control)
    if isUsage { return try router.writeUsage(routing, buffers[1]) }
    return try routing.write(into: buffers[1].output("output", count: 2 * topK * routing.queries))
  }

  // MARK: - Forward

  public func forward(
    _ input: AttentionInput, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    let width = try outputDim(values: input.values.dim)
    try experts.forward(input, route(input.queries, control), width: width, into: out, control)
  }

  /// Σ_e g_ie times the mean over expert e's heads of its weights.
  public func weights(
    _ input: AttentionInput, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    try experts.weights(input, route(input.queries, control), into: out, control)
  }

  // MARK: - Gradient

  /// Through the experts and the gates; which experts a query has is constant. Adds the load-balancing loss's gradient.
  public func backward(
    _ input: AttentionInput, outputGradient: UnsafePointer<Float>, into gradients: AttentionGradients,
    _ control: Control
  ) throws(RuvectorError) {
    let width = try outputDim(values: input.values.dim), routing = try route(input.queries, control)
    let δ = try AlignedBuffer<Float>(count: routing.queries * topK, for: "gradients")
    try experts.products(input, routing, outputGradient, width: width, into: δ.pointer, control)
    try experts.backward(input, routing, outputGradient, width: width, into: gradients, parameters, control)
    try router.backward(
      input.queries, routing, δ.pointer, balance: balance, into: gradients.queries,
      parameters: gradients.parameters?.part(0, of: parameters), control)
  }
}
