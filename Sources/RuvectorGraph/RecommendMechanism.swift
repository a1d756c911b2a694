import CRuvectorSupport
import RuvectorCore

/// What attention is wanted for.
public struct AttentionTask: Sendable {
  public var queries: Int
  public var keys: Int
  public var dim: Int
  public var hasEdgeFeatures: Bool
  /// The largest |x| of queries and keys; nil: not known.
  public var normBound: Double?

  public init(queries: Int, keys: Int, dim: Int, hasEdgeFeatures: Bool = false, normBound: Double? = nil) {
    (self.queries, self.keys, self.dim) = (queries, keys, dim)
    (self.hasEdgeFeatures, self.normBound) = (hasEdgeFeatures, normBound)
  }
}

/// A mechanism by its name in the registry, and why.
public struct Recommendation {
  public struct Choice {
    public let mechanism: StaticString
    public let reasons: [String]
  }
  /// The best first; the others are alternatives.
  public let choices: [Choice]
  public var mechanism: StaticString { choices[0].mechanism }
  public var reasons: [String] { choices[0].reasons }
}

/// Which mechanism of attention fits a graph (nil: none) and a task. Rules of thumb in this order, each with its reason; a
/// starting point, not a measurement:
///
/// 1. features on edges: `edge_featured`;
/// 2. almost a tree (2δ/depth ≤ 1/4, depth ≥ 4): `hyperbolic`, or with many triangles (clustering ≥ 0.2) `dual_space`;
/// 3. few hubs (skew ≥ 2, largest degree ≥ 8 times the mean): `structural`;
/// 4. long ways (depth ≥ 8): `graph_rope`;
/// 5. more than 2²⁸ pairs: `linear` where |x|²/√d ≤ 2 is known (its random features' variance grows as exp(|q + k|²/√d)),
///    else `local_global` for self-attention, else `flash`;
/// 6. `flash` from 2¹⁶ pairs on, else `multi_head`.
///
/// `linear` is never recommended where |x|²/√d > 2, nor as an alternative there.
public func recommendMechanism(_ statistics: GraphStatistics?, for task: AttentionTask) -> Recommendation {
  var choices: [Recommendation.Choice] = []
  func add(_ mechanism: StaticString, _ reasons: String...) {
    choices.append(Recommendation.Choice(mechanism: mechanism, reasons: reasons))
  }
  if task.hasEdgeFeatures { add("edge_featured", "edges have features, which only this mechanism scores with") }
  if let graph = statistics, graph.nodes > 3 {
    let δ = "2δ/depth is \(text(graph.relativeHyperbolicity)) (δ = \(text(graph.hyperbolicity)))"
    let depth = "the graph is \(graph.depth) steps deep"
    if graph.depth >= 4, graph.relativeHyperbolicity <= 0.25 {
      if graph.clustering >= 0.2 {
        let dense = "clustering is \(text(graph.clustering)): dense neighbourhoods at small"
        add("dual_space", "\(δ): a tree at large", dense)
      }
      add("hyperbolic", "\(δ): distances are almost those of a tree", "\(depth), which a ball holds in few dimensions")
    }
    if graph.degreeSkew >= 2, Double(graph.maxDegree) >= 8 * graph.meanDegree {
      let degrees = "degrees of \(text(graph.meanDegree)) on average, at most \(graph.maxDegree)"
      add("structural", "few hubs: \(degrees), skew \(text(graph.degreeSkew))")
    }
    if graph.depth >= 8 { add("graph_rope", "\(depth): scores should depend on distance") }
  }
  let pairs = Double(task.queries) * Double(task.keys)
  let size = "\(task.queries) x \(task.keys) pairs"
  if pairs > 0x1p28 {
    if let norm = task.normBound {
      let x = norm * norm / Double(max(task.dim, 1)).squareRoot()
      let good = "|x|²/√d is \(text(x)), at most 2: its estimate is good"
      if x <= 2 { add("linear", "\(size): exact attention takes long", good) }
    }
    if task.queries == task.keys {
      add("local_global", "\(size): exact attention takes long", "a window and global keys")
    }
  }
  if pairs >= 0x1p16 { add("flash", "\(size): exact, without memory for all scores") }
  add("multi_head", pairs >= 0x1p16 ? "learned projections" : "\(size) are few: exact, with learned projections")
  if pairs < 0x1p16 { add("flash", "exact, without weights to train") }
  return Recommendation(choices: choices)
}
