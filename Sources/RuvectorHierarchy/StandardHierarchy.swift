import RuvectorCore
import RuvectorSearch

/// The Euclidean step of ``hierarchicalForwardV2(query:levels:layers:mode:control:onLevel:)``:
///
///     s_j = cos(e, E_j)     keep the k best     w = softmax(s/T) over the kept
///     e ← layer(½ (e + Σ w_j E_j))
///
/// e, E_j [d]; sums in Double.
public final class StandardHierarchy: HierarchyMode, Sendable {
  // MARK: - Options

  public static let name: StaticString = "standard"
  public static let options = [HierarchyOption.k, HierarchyOption.temperature]
  public let k: Int
  public let temperature: Double

  // MARK: - Creation

  public init(_ settings: Settings) throws(RuvectorError) {
    k = settings.integer("k")
    temperature = settings.number("temperature")
  }

  // MARK: - Step

  public func start(_ query: [Double]) -> [Double] { query }

  public func keep(
    _ e: UnsafePointer<Float>, _ level: Candidates, number: Int, _ name: String, _ control: Control
  ) throws(RuvectorError) -> KeptNodes {
    try KeptNodes(nearest: e, level, name, .cosine, k: k, temperature: temperature, control)
  }

  public func combine(_ e: [Double], _ kept: KeptNodes) throws(RuvectorError) -> [Double] {
    let mean = try kept.mean { (x) throws(RuvectorError) in x }
    return e.indices.map { (e[$0] + mean[$0]) / 2 }
  }

  public func apply(
    _ layer: any WalkLayer, _ combined: [Double], _ kept: KeptNodes
  ) throws(RuvectorError) -> [Double] {
    try kept.neighbors(of: combined, layer) { (x) throws(RuvectorError) in x }
  }
}
