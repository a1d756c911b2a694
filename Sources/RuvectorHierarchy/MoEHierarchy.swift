import CRuvectorSupport
import RuvectorCore
import RuvectorGeometry
import RuvectorSearch

/// The step of ``hierarchicalForwardV2(query:levels:layers:mode:control:onLevel:)`` that asks several experts, g their shares:
///
///     local         p ∝ exp(cos(e, E)/T)              steps as ``StandardHierarchy``
///     hierarchical  p ∝ exp(−d(e, E)/T)               as ``HyperbolicHierarchy``
///     global        p ∝ exp(e·E/T)                    as StandardHierarchy
///     structural    p ∝ 1/(1 − cos(e, E) + 1e-6)      as ``EdgeFeaturedHierarchy``
///     P = Σ g_e p_e over the level; keep the k best by P, w = P over the kept alone
///     e ← Σ g_e step_e with the weights p_e over the kept; in the tangent space at the origin where hierarchical has a part:
///         expMap0(Σ g_e logMap0(step_e))
///
/// g: the `topK` likeliest of the first `numExperts` experts by the router (``HierarchyRouter``). Probabilities are mixed
/// because the experts' logits have different units. The layer acts in each step; its edge weights are p_e over the kept.
/// - Complexity: O(n · d) in up to three passes over the level, 4 n numbers of memory.
///
/// Reference: Shazeer et al. 2017, "Outrageously Large Neural Networks: The Sparsely-Gated Mixture-of-Experts Layer".
public final class MoEHierarchy: HierarchyMode, @unchecked Sendable {
  // MARK: - Options

  public static let name: StaticString = "moe"
  public static let options = [
    HierarchyOption.k, HierarchyOption.temperature, HierarchyOption.curvature,
    Option("numExperts", .integer(1...4), standard: 4, "Experts asked: local, hierarchical, global, structural."),
    Option("topK", .integer(1...4), standard: 2, "Experts that answer; at most numExperts do."),
  ]
  public let k: Int
  public let temperature: Double
  public let numExperts: Int
  public let topK: Int
  /// The gate.
  public var router = HierarchyRouter.standard
  private let hyperbolic: HyperbolicHierarchy
  private let flat: StandardHierarchy

  // MARK: - Creation

  public init(_ settings: Settings) throws(RuvectorError) {
    k = settings.integer("k")
    temperature = settings.number("temperature")
    numExperts = settings.integer("numExperts")
    topK = settings.integer("topK")
    hyperbolic = try HyperbolicHierarchy(settings)
    flat = try StandardHierarchy(settings)
  }

  private enum Expert: Int { case local, hierarchical, global, structural }

  // MARK: - Step

  public func start(_ query: [Double]) -> [Double] { query }

  public func keep(
    _ e: UnsafePointer<Float>, _ level: Candidates, number: Int, _ name: String, _ control: Control
  ) throws(RuvectorError) -> KeptNodes {
    let n = level.rows, kept = try KeptNodes(level, count: min(k, n))
    let rows = level.matrix, kernels = Kernels.current
    let cosines = try AlignedBuffer<Float>(count: n, for: "scores"),
      logits = try AlignedBuffer<Float>(count: n, for: "scores")
    try scores(query: e, level, metric: .cosine, into: cosines.pointer, named: name, control: control)
    let statistics = try HierarchyRouter.describe(
      length: kernels.squared_norm(e, level.dim).squareRoot(), rows, cosines.pointer, c: -hyperbolic.ball.curvature)
    let shares = router.shares(statistics, count: numExperts, topK: topK)
    let mixed = try AlignedBuffer<Double>(count: n, repeating: 0, for: "scores")
    var parts: [AlignedBuffer<Double>] = []
    for expert in shares.indices where shares[expert] > 0 {
      let p = try AlignedBuffer<Double>(count: n, for: "scores")
      try read(Expert(rawValue: expert) ?? .local, e, level, name, cosines, logits, into: p.pointer, control)
      for i in 0..<n { mixed[i] += shares[expert] * p[i] }
      parts.append(p)
    }
    // Logarithms, so that small probabilities keep their order in Float.
    for i in 0..<n { logits[i] = Float(Double.log(mixed[i])) }
    var best = TopK(kept.count)
    best.insert(logits.pointer, count: n, base: 0)
    best.sort()
    for (j, entry) in best.entries.enumerated() { kept.indices[j] = entry.index }
    let w = normalized((0..<kept.count).map { mixed[Int(kept.indices[$0])] })
    for j in 0..<kept.count { kept.weights[j] = Float(w[j]) }
    kept.routing = HierarchyRouting(
      statistics: statistics, shares: shares,
      weights: parts.map { p in normalized((0..<kept.count).map { p[Int(kept.indices[$0])] }) })
    return kept
  }

  private func normalized(_ p: [Double]) -> [Double] {
    let total = p.reduce(0, +)
    return p.map { total > 0 ? $0 / total : 1 / Double(p.count) }
  }

  /// p of one expert over the level.
  private func read(
    _ expert: Expert, _ e: UnsafePointer<Float>, _ level: Candidates, _ name: String, _ cosines: AlignedBuffer<Float>,
    _ logits: AlignedBuffer<Float>, into p: UnsafeMutablePointer<Double>, _ control: Control
  ) throws(RuvectorError) {
    let n = level.rows
    switch expert {
    case .local: for i in 0..<n { p[i] = Double(cosines[i]) / temperature }
    case .hierarchical:
      try scores(query: e, level, metric: hyperbolic.metric, into: logits.pointer, named: name, control: control)
      for i in 0..<n { p[i] = Double(logits[i]) / temperature }
    case .global:
      let rows = level.matrix
      Kernels.current.dot_rows(e, rows.base, rows.stride, n, rows.dim, logits.pointer)
      let isFinite = Kernels.current.non_finite_probe(logits.pointer, n) == 0
      for i in 0..<n { p[i] = (isFinite ? Double(logits[i]) : dot(e, rows.row(i), rows.dim)) / temperature }
    case .structural:
      for i in 0..<n { p[i] = Double.log(EdgeFeaturedHierarchy.nearness(cosines[i])) }
    }
    var top = -Double.infinity, total = 0.0
    for i in 0..<n { top = max(top, p[i]) }
    for i in 0..<n {
      p[i] = Double.exp(p[i] - top)
      total += p[i]
    }
    for i in 0..<n { p[i] /= total }
  }

  private func dot(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ n: Int) -> Double {
    var sum = 0.0
    for i in 0..<n { sum += Double(x[i]) * Double(y[i]) }
    return sum
  }

  public func combine(_ e: [Double], _ kept: KeptNodes) throws(RuvectorError) -> [Double] { try step(e, kept, nil) }

  public func apply(
    _ layer: any WalkLayer, _ combined: [Double], _ kept: KeptNodes
  ) throws(RuvectorError) -> [Double] {
    try flat.apply(layer, combined, kept)
  }

  public func step(_ e: [Double], _ kept: KeptNodes, _ layer: (any WalkLayer)?) throws(RuvectorError) -> [Double] {
    guard let routing = kept.routing else { return e }
    let isCurved = routing.shares[Expert.hierarchical.rawValue] > 0, ball = hyperbolic.ball
    let chosen = routing.shares.indices.filter { routing.shares[$0] > 0 }
    var sum: [Double] = []
    for (part, expert) in chosen.enumerated() {
      let own = try KeptNodes(kept.level, count: kept.count)
      own.indices.pointer.update(from: kept.indices.pointer, count: kept.count)
      for j in 0..<kept.count { own.weights[j] = Float(routing.weights[part][j]) }
      let mode: any HierarchyMode = expert == Expert.hierarchical.rawValue ? hyperbolic : flat
      let start = expert == Expert.hierarchical.rawValue ? try ball.projx(e) : e
      var result = try mode.step(start, own, layer)
      if isCurved { result = try ball.logMap0(result) }
      if sum.isEmpty { sum = [Double](repeating: 0, count: result.count) }
      for i in sum.indices { sum[i] += routing.shares[expert] * result[i] }
    }
    return isCurved ? try ball.expMap0(sum) : sum
  }
}
