import RuvectorCore

/// The variance of the variances of a batch's columns: columns are to spread alike.
///
///     v_c = mean_r (x_rc − m_c)²,  m_c = mean_r x_rc     L = weight · mean_c (v_c − v̄)²,  v̄ = mean_c v_c
///     dL/dx_rc = 4 weight (v_c − v̄)(x_rc − m_c)/(n · d)
///
/// x [n, d]. The name is @ruvector/attention's, whose gradient is always 0; the spectral regulariser of a graph is
/// `LaplacianRegularizer`.
/// - Complexity: O(n · d). Precision: Double, rounded once.
public final class SpectralRegularization: Loss, Sendable {
  // MARK: - Options

  public static let name: StaticString = "spectral"
  public static let options = [regularizerWeight]
  public static let operations = lossOperations([.input("x", ["n", "d"])])
  private let weight: Double

  // MARK: - Creation

  public init(_ settings: Settings) { weight = settings.number("weight") }

  public var optionValues: [Double] { [weight] }

  // MARK: - Value and gradients

  public func evaluate(_ call: Call, _ to: LossGradients) throws(RuvectorError) -> Double {
    let x = try call.elements("x"), n = Double(x.rows), d = Double(x.dim)
    let means = try AlignedBuffer<Double>(count: x.dim, repeating: 0, for: "means")
    let variances = try AlignedBuffer<Double>(count: x.dim, repeating: 0, for: "variances")
    for r in 0..<x.rows { for c in 0..<x.dim { means[c] += Double(x.row(r)[c]) / n } }
    for r in 0..<x.rows {
      for c in 0..<x.dim {
        let difference = Double(x.row(r)[c]) - means[c]
        variances[c] += difference * difference / n
      }
    }
    var mean = 0.0, sum = 0.0
    for c in 0..<x.dim { mean += variances[c] / d }
    for c in 0..<x.dim { sum += (variances[c] - mean) * (variances[c] - mean) }
    if let out = to["x"] {
      let factor = 4 * weight * to.scale / (n * d)
      for r in 0..<x.rows {
        for c in 0..<x.dim {
          out[r * x.dim + c] += Float(factor * (variances[c] - mean) * (Double(x.row(r)[c]) - means[c]))
        }
      }
    }
    return weight * sum / d
  }
}
