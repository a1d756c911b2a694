import CRuvectorSupport
import RuvectorCore

/// The Laplacian (spectral) regulariser: rows that an edge joins are to be alike.
///
///     L = ½ weight Σ_ij w_ij |x_i/√g_i − x_j/√g_j|²     of a symmetric graph: weight · tr(Xᵀ (D − W) X)
///
/// x [n, d]; graph of n nodes, entry j of row i an edge (i, j); edgeWeight w [edges], 1 where it is left out. g_i = 1, or with
/// `normalized` the sum of row i's weights (the normalised Laplacian I − D^−½ W D^−½; nodes without weight count nothing). Its
/// gradient is that of x. With `reduction: 'mean'` it is divided by n.
/// - Complexity: O(edges · d). Precision: Double, rounded once.
///
/// Reference: Belkin, Niyogi 2003, "Laplacian eigenmaps", section 2.
public final class LaplacianRegularizer: Loss, Sendable {
  // MARK: - Options

  public static let name: StaticString = "laplacian"
  public static let options = [
    Reduction.ofRows, regularizerWeight, Option("normalized", .flag, standard: 0, "1: the normalised Laplacian."),
  ]
  public static let operations = lossOperations([
    .input("x", ["n", "d"]), .graph("graph", "n", "n", "edges"), Port("edgeWeight", ["edges"], .float32, .optional),
  ])
  private let isSum: Bool
  private let weight: Double
  private let isNormalized: Bool

  // MARK: - Creation

  public init(_ settings: Settings) {
    (isSum, weight) = (settings.choice("reduction") == 1, settings.number("weight"))
    isNormalized = settings.flag("normalized")
  }

  public var optionValues: [Double] { [isSum ? 1 : 0, weight, isNormalized ? 1 : 0] }

  // MARK: - Value and gradients

  public func evaluate(_ call: Call, _ to: LossGradients) throws(RuvectorError) -> Double {
    let x = try call.elements("x"), graph = try call.graph("graph"), weights = try call.vector("edgeWeight"), d = x.dim
    let roots = try AlignedBuffer<Double>(count: x.rows, repeating: 1, for: "degrees")
    if isNormalized {
      for i in 0..<x.rows {
        var degree = 0.0
        for e in graph.row(i) { degree += weights.map { Double($0[e]) } ?? 1 }
        roots[i] = degree > 0 ? 1 / degree.squareRoot() : 0
      }
    }
    let share = weight * (isSum ? 1 : 1 / Double(x.rows))
    var sum = 0.0
    for i in 0..<x.rows {
      for e in graph.row(i) {
        let j = Int(graph.indices[e]), a = x.row(i), b = x.row(j), w = weights.map { Double($0[e]) } ?? 1
        let factor = to.scale * share * w
        for c in 0..<d {
          let difference = Double(a[c]) * roots[i] - Double(b[c]) * roots[j]
          sum += 0.5 * w * difference * difference
          guard let out = to["x"] else { continue }
          out[i * d + c] += Float(factor * difference * roots[i])
          out[j * d + c] -= Float(factor * difference * roots[j])
        }
      }
    }
    return sum * share
  }
}

/// What all regularisers are multiplied by.
let regularizerWeight = Option("weight", .number(0...1e30), standard: 1, "What the regulariser is multiplied by.")
