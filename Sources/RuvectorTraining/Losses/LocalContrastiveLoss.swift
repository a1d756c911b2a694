import RuvectorCore

/// The local contrastive loss: each positive is to be nearer to its anchor than every negative, by a margin.
///
///     L = mean_r mean_j max(0, |a_r − p_r| − |a_r − n_j| + margin)
///
/// anchor a, positive p [n, d], negatives n [m, d], the same for all anchors; 0 without negatives. Gradients of all three; 0 for
/// negatives that are far enough, and where a distance is 0. Both the value and the gradient are means over all negatives.
/// - Complexity: O(n · m · d). Precision: Double, rounded once.
///
/// Names: @ruvector/attention's LocalContrastiveLoss, whose gradient is of a mean over the active negatives alone.
public final class LocalContrastiveLoss: Loss, Sendable {
  // MARK: - Options

  public static let name: StaticString = "localContrastive"
  public static let options = [
    Option("margin", .number(-1e30...1e30), standard: 1, "What the distances are to differ by.")
  ]
  public static let operations = lossOperations([
    .input("anchor", ["n", "d"]), .input("positive", ["n", "d"]), .input("negatives", ["m", "d"], .optional),
  ])
  private let margin: Double

  // MARK: - Creation

  public init(_ settings: Settings) { margin = settings.number("margin") }

  public var optionValues: [Double] { [margin] }

  // MARK: - Value and gradients

  public func evaluate(_ call: Call, _ to: LossGradients) throws(RuvectorError) -> Double {
    let anchor = try call.elements("anchor"), positive = try call.elements("positive"), d = anchor.dim
    guard let negatives = try call.matrix("negatives") else { return 0 }
    let share = 1 / (Double(anchor.rows) * Double(negatives.rows)), factor = to.scale * share
    var sum = 0.0
    for r in 0..<anchor.rows {
      let a = anchor.row(r), p = positive.row(r), near = distance(a, p, d), toAnchor = to["anchor"].map { $0 + r * d }
      var active = 0.0
      for j in 0..<negatives.rows {
        let n = negatives.row(j), far = distance(a, n, d), excess = near - far + margin
        guard excess > 0 || !excess.isFinite else { continue }  // no number: it goes into the sum, where it is seen
        sum += excess
        active += 1
        slope(-factor, far, a, n, d, toAnchor, to["negatives"].map { $0 + j * d })
      }
      if active > 0 { slope(factor * active, near, a, p, d, toAnchor, to["positive"].map { $0 + r * d }) }
    }
    return sum * share
  }

  private func distance(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ d: Int) -> Double {
    var sum = 0.0
    for c in 0..<d { sum += (Double(x[c]) - Double(y[c])) * (Double(x[c]) - Double(y[c])) }
    return sum.squareRoot()
  }

  private func slope(
    _ factor: Double, _ distance: Double, _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ d: Int,
    _ toX: UnsafeMutablePointer<Float>?, _ toY: UnsafeMutablePointer<Float>?
  ) {
    guard distance > 0 else { return }
    for c in 0..<d {
      let slope = Float(factor * (Double(x[c]) - Double(y[c])) / distance)
      if let toX { toX[c] += slope }
      if let toY { toY[c] -= slope }
    }
  }
}
