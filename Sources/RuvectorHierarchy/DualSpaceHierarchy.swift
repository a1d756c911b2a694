import RuvectorCore
import RuvectorGeometry
import RuvectorSearch

/// The step of ``hierarchicalForwardV2(query:levels:layers:mode:control:onLevel:)`` that looks at both geometries, with
/// ω = euclideanWeight:
///
///     s_j = ω z(cos(e, E_j)) + (1 − ω) z(−d(e, E_j))     keep the k best     w = softmax(s/T) over the kept
///     m ← expMap0(ω logMap0(½ (e + Σ w_j E_j)) + (1 − ω) logMap0(geodesic(½, e, weightedMidpoint(E, w))))
///
/// z standardises over the level (mean 0, standard deviation 1; 0 where the scores are equal to rounding, that is
/// deviate by less than 1e-6 of the largest): raw distances would drown the cosine. Points are those of
/// ``HyperbolicHierarchy`` (E_j in the ball, pulled back to the rim where they lie beyond), and so is the layer's part.
/// - Complexity: O(n · d) in two passes over the level, 3 n floats of memory.
public final class DualSpaceHierarchy: HierarchyMode, Sendable {
  // MARK: - Options

  public static let name: StaticString = "dual_space"
  public static let options =
    HyperbolicHierarchy.options + [
      Option("euclideanWeight", .number(0...1), standard: 0.5, "ω, the share of the cosine and the Euclidean mean.")
    ]
  public var k: Int { hyperbolic.k }
  public let euclideanWeight: Double
  private let hyperbolic: HyperbolicHierarchy

  // MARK: - Creation

  public init(_ settings: Settings) throws(RuvectorError) {
    hyperbolic = try HyperbolicHierarchy(settings)
    euclideanWeight = settings.number("euclideanWeight")
  }

  // MARK: - Step

  public func start(_ query: [Double]) throws(RuvectorError) -> [Double] { try hyperbolic.start(query) }

  public func keep(
    _ e: UnsafePointer<Float>, _ level: Candidates, number: Int, _ name: String, _ control: Control
  ) throws(RuvectorError) -> KeptNodes {
    let n = level.rows
    let kept = try KeptNodes(level, count: min(k, n))
    let cosines = try AlignedBuffer<Float>(count: n, for: "scores")
    let nearness = try AlignedBuffer<Float>(count: n, for: "scores")
    try scores(query: e, level, metric: .cosine, into: cosines.pointer, named: name, control: control)
    try scores(query: e, level, metric: hyperbolic.metric, into: nearness.pointer, named: name, control: control)
    let first = Standard(cosines.pointer, n), second = Standard(nearness.pointer, n)
    for i in 0..<n {
      cosines[i] = Float(
        euclideanWeight * first.z(cosines[i]) + (1 - euclideanWeight) * second.z(nearness[i]))
    }
    var best = TopK(kept.count)
    best.insert(cosines.pointer, count: n, base: 0)
    best.sort()
    let logits = try AlignedBuffer<Float>(count: kept.count)
    for (j, entry) in best.entries.enumerated() {
      kept.indices[j] = entry.index
      logits[j] = entry.score
    }
    kept.weigh(logits.pointer, hyperbolic.temperature)
    return kept
  }

  public func combine(_ e: [Double], _ kept: KeptNodes) throws(RuvectorError) -> [Double] {
    let ball = hyperbolic.ball
    let mean = try kept.mean { (x) throws(RuvectorError) in try ball.projx(x) }
    let flat = try ball.logMap0(e.indices.map { (e[$0] + mean[$0]) / 2 })
    let curved = try ball.logMap0(hyperbolic.combine(e, kept))
    return try ball.expMap0(
      flat.indices.map { euclideanWeight * flat[$0] + (1 - euclideanWeight) * curved[$0] })
  }

  public func apply(
    _ layer: any WalkLayer, _ combined: [Double], _ kept: KeptNodes
  ) throws(RuvectorError) -> [Double] {
    try hyperbolic.apply(layer, combined, kept)
  }
}

/// z(s) = (s − mean)/deviation over one level.
private struct Standard {
  let mean: Double
  /// 0 where the deviation is rounding.
  let inverse: Double

  init(_ s: UnsafePointer<Float>, _ n: Int) {
    var sum = 0.0, largest = 0.0
    for i in 0..<n {
      sum += Double(s[i])
      largest = max(largest, Double(s[i]).magnitude)
    }
    mean = sum / Double(n)
    var squares = 0.0
    for i in 0..<n { squares += (Double(s[i]) - mean) * (Double(s[i]) - mean) }
    let deviation = (squares / Double(n)).squareRoot()
    inverse = deviation > 1e-6 * largest ? 1 / deviation : 0
  }

  func z(_ s: Float) -> Double { (Double(s) - mean) * inverse }
}
