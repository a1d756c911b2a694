import CRuvectorSupport
import RuvectorCore

/// The cross-entropy of scores with the right class of each row:
///
///     p = softmax(x_r)     q_c = (1 − ε) [c = t_r] + ε/C     L_r = −Σ_c q_c ln p_c     L = mean_r L_r, or Σ_r L_r
///     dL/dx_r = (p − q)/n, or p − q
///
/// input x [n, C]: scores, not probabilities. target t [n]: integers below C. ε: `labelSmoothing`.
/// - Errors: a target that is no class is ERR_INVALID_ARG.
/// - Complexity: O(n · C). Precision: Double, rounded once.
///
/// Names: PyTorch's CrossEntropyLoss. Label smoothing: Szegedy et al. 2016, section 7.
public final class CrossEntropyLoss: Loss, Sendable {
  // MARK: - Options

  public static let name: StaticString = "crossEntropy"
  public static let options = [
    Reduction.ofRows,
    Option("labelSmoothing", .number(0...1), standard: 0, "Share of the probability that all classes have in common."),
  ]
  public static let operations = lossOperations([
    .input("input", ["n", "classes"]), Port("target", ["n"], .uint32),
  ])
  private let isSum: Bool
  private let smoothing: Double

  // MARK: - Creation

  public init(_ settings: Settings) {
    (isSum, smoothing) = (settings.choice("reduction") == 1, settings.number("labelSmoothing"))
  }

  public var optionValues: [Double] { [isSum ? 1 : 0, smoothing] }

  // MARK: - Value and gradients

  public func evaluate(_ call: Call, _ to: LossGradients) throws(RuvectorError) -> Double {
    let input = try call.elements("input"), classes = input.dim
    guard let target = try call.indices("target") else { return 0 }
    for r in 0..<input.rows where target[r] >= UInt32(truncatingIfNeeded: classes) {
      throw .expected(
        "numbers below \(classes)", for: "target", received: "\(target[r]) at element \(r)", .invalidArgument)
    }
    let share = isSum ? 1 : 1 / Double(input.rows), even = smoothing / Double(classes)
    let shares = try AlignedBuffer<Double>(count: classes, for: "probabilities")
    var sum = 0.0
    for r in 0..<input.rows {
      let x = input.row(r), right = Int(target[r]), logSum = softmax(x, classes, shares.pointer)
      if smoothing == 0 {
        sum += logSum - Double(x[right])
      } else {
        var all = 0.0
        for c in 0..<classes { all += logSum - Double(x[c]) }
        sum += (1 - smoothing) * (logSum - Double(x[right])) + even * all
      }
      guard let out = to["input"] else { continue }
      for c in 0..<classes {
        let wanted = (c == right ? 1 - smoothing : 0) + even
        out[r * classes + c] += Float(to.scale * share * (shares[c] - wanted))
      }
    }
    return sum * share
  }
}

/// The softmax of n scores in Double, and ln Σ exp(x).
func softmax(_ x: UnsafePointer<Float>, _ n: Int, _ out: UnsafeMutablePointer<Double>) -> Double {
  var top = -Double.infinity, sum = 0.0
  for c in 0..<n { top = max(top, Double(x[c])) }
  for c in 0..<n {
    out[c] = rv_exp(Double(x[c]) - top)
    sum += out[c]
  }
  for c in 0..<n { out[c] /= sum }
  return top + rv_log(sum)
}
