import RuvectorCore

/// The mean squared error:
///
///     L = mean (x − y)²     or their sum     dL/dx = 2 (x − y)/(n · d), or 2 (x − y)     dL/dy = −dL/dx
///
/// x, y [n, d].
/// - Complexity: O(n · d). Precision: Double, rounded once.
///
/// Names: PyTorch's MSELoss.
public final class MSELoss: Loss, Sendable {
  // MARK: - Options

  public static let name: StaticString = "mse"
  public static let options = [Reduction.option]
  public static let operations = lossOperations([.input("input", ["n", "d"]), .input("target", ["n", "d"])])
  private let isSum: Bool

  // MARK: - Creation

  public init(_ settings: Settings) { isSum = settings.choice("reduction") == 1 }

  public var optionValues: [Double] { [isSum ? 1 : 0] }

  // MARK: - Value and gradients

  public func evaluate(_ call: Call, _ to: LossGradients) throws(RuvectorError) -> Double {
    let input = try call.elements("input"), target = try call.elements("target"), d = input.dim
    let share = isSum ? 1 : 1 / (Double(input.rows) * Double(d)), factor = 2 * to.scale * share
    var sum = 0.0
    for r in 0..<input.rows {
      let x = input.row(r), y = target.row(r), toX = to["input"], toY = to["target"]
      for c in 0..<d {
        let difference = Double(x[c]) - Double(y[c]), slope = Float(factor * difference)
        sum += difference * difference
        if let toX { toX[r * d + c] += slope }
        if let toY { toY[r * d + c] -= slope }
      }
    }
    return sum * share
  }
}
