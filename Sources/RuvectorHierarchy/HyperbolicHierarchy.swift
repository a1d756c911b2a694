import RuvectorCore
import RuvectorGeometry
import RuvectorSearch

/// The step of ``hierarchicalForwardV2(query:levels:layers:mode:control:onLevel:)`` in the Poincaré ball of sectional
/// curvature −c:
///
///     s_j = −d(e, E_j)     keep the k best     w = softmax(s/T) over the kept
///     m ← geodesic(½, e, weightedMidpoint(E, w))
///     e ← m without a layer, else expMap0(|v| y/|y|),   v = logMap0(m),   y = layer(v, neighbours logMap0(E))
///
/// The layer's norm gives every output the length √hidden, which expMap0 would press to the rim; so y gives the
/// direction and v the depth (y = 0: the origin). Query and nodes beyond the rim are pulled back to it; every e lies
/// in the ball. All in Double.
///
/// References: Ganea, Bécigneul, Hofmann 2018 (layers in the tangent space at the origin); Ungar 2008 (midpoints).
public final class HyperbolicHierarchy: HierarchyMode, Sendable {
  // MARK: - Options

  public static let name: StaticString = "hyperbolic"
  public static let options = [HierarchyOption.k, HierarchyOption.temperature, HierarchyOption.curvature]
  public let k: Int
  public let temperature: Double
  let ball: PoincareBall<Double>
  let metric: Metric

  // MARK: - Creation

  public init(_ settings: Settings) throws(RuvectorError) {
    k = settings.integer("k")
    temperature = settings.number("temperature")
    let curvature = settings.number("curvature")
    ball = try PoincareBall(curvature: curvature)
    metric = try .poincare(curvature: curvature)
  }

  // MARK: - Step

  public func start(_ query: [Double]) throws(RuvectorError) -> [Double] { try ball.projx(query) }

  public func keep(
    _ e: UnsafePointer<Float>, _ level: Candidates, number: Int, _ name: String, _ control: Control
  ) throws(RuvectorError) -> KeptNodes {
    try KeptNodes(nearest: e, level, name, metric, k: k, temperature: temperature, control)
  }

  public func combine(_ e: [Double], _ kept: KeptNodes) throws(RuvectorError) -> [Double] {
    try ball.geodesic(0.5, e, midpoint(kept))
  }

  func midpoint(_ kept: KeptNodes) throws(RuvectorError) -> [Double] {
    var state = MidpointState(ball)
    for j in 0..<kept.count { try state.add(kept.node(j), weight: Double(kept.weights[j])) }
    return try state.result()
  }

  public func apply(
    _ layer: any WalkLayer, _ combined: [Double], _ kept: KeptNodes
  ) throws(RuvectorError) -> [Double] {
    let v = try ball.logMap0(combined)
    let y = try kept.neighbors(of: v, layer) { (x) throws(RuvectorError) in try ball.logMap0(x) }
    let length = norm(y)
    guard length > 0 else { return y }
    let scale = norm(v) / length
    return try ball.expMap0(y.map { $0 * scale })
  }

  private func norm(_ x: [Double]) -> Double { x.reduce(0) { $0 + $1 * $1 }.squareRoot() }
}
