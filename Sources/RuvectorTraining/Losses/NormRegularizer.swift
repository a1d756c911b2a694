import RuvectorCore

/// The norm penalty: rows are to have a given length.
///
///     L = weight · mean_r (|x_r| − norm)²     or their sum     dL/dx_r = 2 weight (|x_r| − norm) x_r/|x_r|, divided by n for the mean
///
/// x [n, d]. A row of zeros has no gradient.
/// - Complexity: O(n · d). Precision: Double, rounded once.
public final class NormRegularizer: Loss, Sendable {
  // MARK: - Options

  public static let name: StaticString = "normPenalty"
  public static let options = [
    Reduction.ofRows, regularizerWeight, Option("norm", .number(0...1e30), standard: 1, "The length wanted."),
  ]
  public static let operations = lossOperations([.input("x", ["n", "d"])])
  private let isSum: Bool
  private let weight: Double
  private let norm: Double

  // MARK: - Creation

  public init(_ settings: Settings) {
    (isSum, weight) = (settings.choice("reduction") == 1, settings.number("weight"))
    norm = settings.number("norm")
  }

  public var optionValues: [Double] { [isSum ? 1 : 0, weight, norm] }

  // MARK: - Value and gradients

  public func evaluate(_ call: Call, _ to: LossGradients) throws(RuvectorError) -> Double {
    let x = try call.elements("x"), kernels = Kernels.current, share = weight * (isSum ? 1 : 1 / Double(x.rows))
    var sum = 0.0
    for r in 0..<x.rows {
      let length = kernels.squared_norm(x.row(r), x.dim).squareRoot(), excess = length - norm
      sum += excess * excess
      guard let out = to["x"], length > 0 else { continue }
      let factor = 2 * to.scale * share * excess / length
      for c in 0..<x.dim { out[r * x.dim + c] += Float(factor * Double(x.row(r)[c])) }
    }
    return sum * share
  }
}
