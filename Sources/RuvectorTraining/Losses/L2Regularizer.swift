import RuvectorCore

/// The L2 penalty: numbers are to be small.
///
///     L = ½ weight Σ x²     dL/dx = weight x
///
/// x [n, d]. What an optimizer's `weightDecay` does to parameters, as a loss of any matrix.
/// - Complexity: O(n · d). Precision: Double, rounded once.
public final class L2Regularizer: Loss, Sendable {
  // MARK: - Options

  public static let name: StaticString = "l2"
  public static let options = [regularizerWeight]
  public static let operations = lossOperations([.input("x", ["n", "d"])])
  private let weight: Double

  // MARK: - Creation

  public init(_ settings: Settings) { weight = settings.number("weight") }

  public var optionValues: [Double] { [weight] }

  // MARK: - Value and gradients

  public func evaluate(_ call: Call, _ to: LossGradients) throws(RuvectorError) -> Double {
    let x = try call.elements("x"), kernels = Kernels.current
    var sum = 0.0
    for r in 0..<x.rows {
      sum += kernels.squared_norm(x.row(r), x.dim)
      if let out = to["x"] { kernels.axpy(Float(weight * to.scale), x.row(r), out + r * x.dim, x.dim) }
    }
    return 0.5 * weight * sum
  }
}
