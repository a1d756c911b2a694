import RuvectorCore

/// The listwise loss of a ranking: the cross-entropy of the softmax of a list's scores with how relevant its entries are,
///
///     p = softmax(s_r)     L_r = −Σ_c t_rc ln p_c     L = mean_r L_r, or Σ_r L_r
///     dL/ds_r = (p Σ_c t_rc − t_r)/n     dL/dt_rc = −ln p_c/n     or without the division
///
/// scores s [n, k]: a list a row. relevance t [n, k]: a distribution a row as a rule; a row of zeros counts nothing.
/// - Complexity: O(n · k). Precision: Double, rounded once.
///
/// Reference: Cao et al. 2007, "Learning to rank: from pairwise approach to listwise approach" (top one). The same with classes
/// instead of ranks is a cross-entropy with soft labels.
public final class ListwiseSoftmaxLoss: Loss, Sendable {
  // MARK: - Options

  public static let name: StaticString = "listwiseSoftmax"
  public static let options = [Reduction.ofRows]
  public static let operations = lossOperations([.input("scores", ["n", "k"]), .input("relevance", ["n", "k"])])
  private let isSum: Bool

  // MARK: - Creation

  public init(_ settings: Settings) { isSum = settings.choice("reduction") == 1 }

  public var optionValues: [Double] { [isSum ? 1 : 0] }

  // MARK: - Value and gradients

  public func evaluate(_ call: Call, _ to: LossGradients) throws(RuvectorError) -> Double {
    let scores = try call.elements("scores"), relevance = try call.elements("relevance"), k = scores.dim
    let share = isSum ? 1 : 1 / Double(scores.rows), factor = to.scale * share
    let shares = try AlignedBuffer<Double>(count: k, for: "probabilities")
    var sum = 0.0
    for r in 0..<scores.rows {
      let s = scores.row(r), t = relevance.row(r), logSum = softmax(s, k, shares.pointer)
      var mass = 0.0
      for c in 0..<k {
        mass += Double(t[c])
        sum += Double(t[c]) * (logSum - Double(s[c]))
      }
      if let out = to["scores"] {
        for c in 0..<k { out[r * k + c] += Float(factor * (shares[c] * mass - Double(t[c]))) }
      }
      if let out = to["relevance"] { for c in 0..<k { out[r * k + c] += Float(factor * (logSum - Double(s[c]))) } }
    }
    return sum * share
  }
}
