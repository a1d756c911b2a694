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
  private let isSum: Bool

  // MARK: - Creation

  public init(_ settings: Settings) { isSum = settings.choice("reduction") == 1 }

  public var optionValues: [Double] { [isSum ? 1 : 0] }

  private func share(_ x: MatrixView) -> Double { isSum ? 1 : 1 / (Double(x.rows) * Double(x.dim)) }

  // MARK: - Forward

  public func value(_ input: MatrixView, _ target: MatrixView) -> Double {
    var sum = 0.0
    for r in 0..<input.rows {
      let x = input.row(r), y = target.row(r)
      for c in 0..<input.dim { sum += (Double(x[c]) - Double(y[c])) * (Double(x[c]) - Double(y[c])) }
    }
    return sum * share(input)
  }

  // MARK: - Gradient

  public func backward(
    _ input: MatrixView, _ target: MatrixView, scale: Double, toInput: UnsafeMutablePointer<Float>,
    toTarget: UnsafeMutablePointer<Float>
  ) {
    let factor = 2 * scale * share(input)
    for r in 0..<input.rows {
      let x = input.row(r), y = target.row(r), at = r * input.dim
      for c in 0..<input.dim {
        let slope = Float(factor * (Double(x[c]) - Double(y[c])))
        toInput[at + c] += slope
        toTarget[at + c] -= slope
      }
    }
  }
}
