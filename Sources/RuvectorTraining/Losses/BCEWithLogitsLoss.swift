import CRuvectorSupport
import RuvectorCore

/// The binary cross-entropy of scores with probabilities, an element at a time:
///
///     L = mean −(p t ln σ(x) + (1 − t) ln(1 − σ(x)))     or their sum, p = posWeight
///     dL/dx = ((1 − t) − (1 + (p − 1) t) σ(−x))/(n · d), or without the division     dL/dt = −x + (p − 1) ln(1 + e^−x)
///
/// input x [n, d]: scores, not probabilities. target t [n, d] in 0...1 (the formula holds for any number).
/// - Complexity: O(n · d). Precision: Double, rounded once; no overflow for any score.
///
/// Names: PyTorch's BCEWithLogitsLoss.
public final class BCEWithLogitsLoss: Loss, Sendable {
  // MARK: - Options

  public static let name: StaticString = "bce"
  public static let options = [
    Reduction.option, Option("posWeight", .number(0...1_000_000_000), standard: 1, "Weight of what is wanted to be 1."),
  ]
  public static let operations = lossOperations([.input("input", ["n", "d"]), .input("target", ["n", "d"])])
  private let isSum: Bool
  private let posWeight: Double

  // MARK: - Creation

  public init(_ settings: Settings) {
    (isSum, posWeight) = (settings.choice("reduction") == 1, settings.number("posWeight"))
  }

  public var optionValues: [Double] { [isSum ? 1 : 0, posWeight] }

  // MARK: - Value and gradients

  public func evaluate(_ call: Call, _ to: LossGradients) throws(RuvectorError) -> Double {
    let input = try call.elements("input"), target = try call.elements("target"), d = input.dim
    let share = isSum ? 1 : 1 / (Double(input.rows) * Double(d))
    var sum = 0.0
    for r in 0..<input.rows {
      let xs = input.row(r), ts = target.row(r), toX = to["input"], toT = to["target"]
      for c in 0..<d {
        let x = Double(xs[c]), t = Double(ts[c]), weight = 1 + (posWeight - 1) * t
        let small = rv_exp(-abs(x)), softplus = rv_log(1 + small) + max(-x, 0)  // ln(1 + e^−x)
        let rest = x >= 0 ? small / (1 + small) : 1 / (1 + small)  // σ(−x)
        sum += (1 - t) * x + weight * softplus
        if let toX { toX[r * d + c] += Float(to.scale * share * ((1 - t) - weight * rest)) }
        if let toT { toT[r * d + c] += Float(to.scale * share * ((posWeight - 1) * softplus - x)) }
      }
    }
    return sum * share
  }
}
