import CRuvectorSupport
import RuvectorCore
import RuvectorSearch

/// Who chose the nodes of a level.
public struct HierarchyRouting: Sendable {
  /// What the router saw (``HierarchyRouter``).
  public let statistics: [Double]
  /// The share of each expert, in their order; 0 for those not chosen.
  public let shares: [Double]
  /// The weights that each chosen expert gives the kept nodes; they sum to 1.
  let weights: [[Double]]
}

/// The gate of ``MoEHierarchy``: p = softmax(R f) over the experts, f being eight statistics of query and level:
///
///     [1, r(e), mean r(E), deviation r(E), mean cos(e, E), deviation cos(e, E), largest cos(e, E), ln(n)/10]
///
/// r(x) = min(√c|x|, 1): how far out in the ball. R [4, 8], rows in the order local, hierarchical, global, structural.
///
/// The standard R was fitted by `npm/scripts/fit-router.js` (logistic regression on which expert keeps the most relevant
/// nodes, over the mammals of WordNet in Poincaré and Euclidean embeddings, Gaussian clusters, unit-norm clusters and
/// vectors whose length counts); its figures are in docs/numerics.md.
public struct HierarchyRouter: Sendable {
  public static let statistics = 8
  public static let experts = 4
  /// R, row by row.
  public let weights: [Double]

  public static let standard = HierarchyRouter(weights: fitted)

  /// 32 finite numbers; `.dimensionMismatch`, `.nonFinite`.
  public init(_ weights: UnsafePointer<Float>, count: Int) throws(RuvectorError) {
    guard count == Self.experts * Self.statistics else {
      throw .dimension("router", expected: Self.experts * Self.statistics, received: count)
    }
    try requireFinite(weights, count: count, for: "router")
    self.init(weights: (0..<count).map { Double(weights[$0]) })
  }

  init(weights: [Double]) { self.weights = weights }

  /// f of a query (of Euclidean norm `length`) and a level, from its cosines and the norms of its rows.
  static func describe(
    length: Double, _ level: MatrixView, _ cosines: UnsafePointer<Float>, c: Double
  ) throws(RuvectorError) -> [Double] {
    let n = level.rows, norms = try AlignedBuffer<Double>(count: n, for: "norms")
    Kernels.current.squared_norm_rows(level.base, level.stride, n, level.dim, norms.pointer)
    func radius(_ square: Double) -> Double { min((c * square).squareRoot(), 1) }
    func moments(_ x: (Int) -> Double) -> (mean: Double, deviation: Double) {
      var sum = 0.0, squares = 0.0
      for i in 0..<n { sum += x(i) }
      let mean = sum / Double(n)
      for i in 0..<n { squares += (x(i) - mean) * (x(i) - mean) }
      return (mean, (squares / Double(n)).squareRoot())
    }
    let r = moments { radius(norms[$0]) }, cosine = moments { Double(cosines[$0]) }
    let top = Double(Kernels.current.maximum(cosines, n))
    return [
      1, radius(length * length), r.mean, r.deviation, cosine.mean, cosine.deviation, top, Double.log(Double(n)) / 10,
    ]
  }

  /// Shares of the `topK` likeliest of the first `count` experts, renormalised; 0 for the others.
  func shares(_ statistics: [Double], count: Int, topK: Int) -> [Double] {
    let logits = (0..<count).map { e in
      statistics.indices.reduce(0.0) { $0 + weights[e * Self.statistics + $1] * statistics[$1] }
    }
    let chosen = logits.indices.sorted { logits[$0] > logits[$1] || (logits[$0] == logits[$1] && $0 < $1) }.prefix(topK)
    let top = chosen.first.map { logits[$0] } ?? 0
    var shares = [Double](repeating: 0, count: Self.experts), total = 0.0
    for e in chosen {
      shares[e] = Double.exp(logits[e] - top)
      total += shares[e]
    }
    return shares.map { $0 / total }
  }
}
