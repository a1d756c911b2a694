import RuvectorAttention
import RuvectorCore
import RuvectorSearch

/// The step of ``hierarchicalForwardV2(query:levels:layers:mode:control:onLevel:)`` that weighs nodes by their edges:
///
///     keep the k nodes with the largest cosine, d_j = 1 − cos(e, E_j)
///     w_j ∝ 1/(d_j + 1e-6),   or with an `edgeAttention` its weights (the mean over heads) of the edges
///           [1/(d_j + 1e-6), level, ln(1 + kept), 1]
///     e ← layer(½ (e + Σ w_j E_j))
///
/// `edgeAttention` is an `EdgeFeatured` of width d_l and edgeDim 4; all levels then have that width. A node that is e
/// itself has d = 0 and all but all of the weight 1/(d + 1e-6).
public final class EdgeFeaturedHierarchy: HierarchyMode, @unchecked Sendable {
  // MARK: - Options

  public static let name: StaticString = "edge_featured"
  public static let options = [
    HierarchyOption.k,
    Option("edgeAttention", .children(0...1), standard: 0, "A trained edge_featured mechanism with edgeDim 4."),
  ]
  public let k: Int
  let attention: EdgeFeatured?

  // MARK: - Creation

  /// `.invalidConfig` for another mechanism, or one with another edgeDim than 4.
  public init(_ settings: Settings) throws(RuvectorError) {
    k = settings.integer("k")
    guard let child = try settings.children("edgeAttention").first else {
      attention = nil
      return
    }
    guard let edge = (child.facet as? AttentionFacet)?.attention as? EdgeFeatured, edge.edgeDim == 4 else {
      throw .expected(
        "an edge_featured mechanism with edgeDim 4", for: "edgeAttention", received: "another", .invalidConfig)
    }
    attention = edge
  }

  // MARK: - Step

  public func start(_ query: [Double]) -> [Double] { query }

  public func keep(
    _ e: UnsafePointer<Float>, _ level: Candidates, number: Int, _ name: String, _ control: Control
  ) throws(RuvectorError) -> KeptNodes {
    let kept = try KeptNodes(level, count: min(k, level.rows)), d = level.dim
    let cosines = try AlignedBuffer<Float>(count: kept.count), unused = try AlignedBuffer<Float>(count: kept.count)
    try differentiableSearch(
      queries: MatrixView(e, rows: 1, dim: d), level, metric: .cosine, k: kept.count, temperature: 1,
      SearchOutput(indices: kept.indices.pointer, weights: unused.pointer, values: cosines.pointer), named: name,
      control: control)
    let nearness = (0..<kept.count).map { Self.nearness(cosines[$0]) }
    guard let attention else {
      let total = nearness.reduce(0, +)
      for j in 0..<kept.count { kept.weights[j] = Float(nearness[j] / total) }
      return kept
    }
    guard attention.dim == d else {
      throw .expected(
        "an edge_featured mechanism of width \(d)", for: "edgeAttention", received: "\(attention.dim)",
        .dimensionMismatch)
    }
    try weigh(kept, e, nearness, attention, number)
    return kept
  }

  /// 1/(d + 1e-6), d = 1 − cos (never below 0 by rounding).
  static func nearness(_ cosine: Float) -> Double { 1 / (max(0, 1 - Double(cosine)) + 1e-6) }

  private func weigh(
    _ kept: KeptNodes, _ e: UnsafePointer<Float>, _ nearness: [Double], _ attention: EdgeFeatured, _ number: Int
  ) throws(RuvectorError) {
    let n = kept.count, d = kept.level.dim, heads = attention.heads
    let memory = try AlignedBuffer<Float>(count: n * d + n * 4 + heads * n, for: "k")
    let edges = memory.pointer + n * d, p = edges + n * 4
    for j in 0..<n {
      (memory.pointer + j * d).update(from: kept.level.row(Int(kept.indices[j])), count: d)
      let features = [nearness[j], Double(number), Double.log(1 + Double(n)), 1]
      for (c, x) in features.enumerated() { edges[j * 4 + c] = Float(x) }
    }
    let nodes = MatrixView(memory.pointer, rows: n, dim: d)
    try attention.weights(
      AttentionInput(
        queries: MatrixView(e, rows: 1, dim: d), keys: nodes, values: nodes, edges: MatrixView(edges, rows: n, dim: 4)),
      into: p, .none)
    // A self loop keeps its share: what the nodes have is brought to 1.
    var total = 0.0
    for i in 0..<heads * n { total += Double(p[i]) }
    for j in 0..<n {
      var share = 0.0
      for h in 0..<heads { share += Double(p[h * n + j]) }
      kept.weights[j] = total > 0 ? Float(share / total) : 1 / Float(n)
    }
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
