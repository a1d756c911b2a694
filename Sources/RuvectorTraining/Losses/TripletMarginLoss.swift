import RuvectorCore

/// The triplet loss: the positive is to be nearer to the anchor than the negative, by a margin.
///
///     L = mean_r max(0, d(a_r, p_r) − d(a_r, n_r) + margin)     or their sum
///     d(x, y) = |x − y + 1e-6|, or 1 − cos(x, y) with `distance: 'cosine'`
///
/// anchor, positive, negative [n, d]. Gradients of all three; 0 for rows that are far enough apart, and at the kink.
/// The cosine with a row of zeros is 0, without a gradient.
/// - Complexity: O(n · d). Precision: Double, rounded once.
///
/// Reference: Schroff, Kalenichenko, Philbin 2015, "FaceNet". Names, and the 1e-6: PyTorch's TripletMarginLoss.
public final class TripletMarginLoss: Loss, Sendable {
  // MARK: - Options

  public static let name: StaticString = "triplet"
  public static let options = [
    Reduction.ofRows, Option("margin", .number(0...1e30), standard: 1, "What the distances are to differ by."),
    RowDistance.option,
  ]
  public static let operations = lossOperations([
    .input("anchor", ["n", "d"]), .input("positive", ["n", "d"]), .input("negative", ["n", "d"]),
  ])
  private let isSum: Bool
  private let margin: Double
  private let distance: RowDistance

  // MARK: - Creation

  public init(_ settings: Settings) {
    (isSum, margin) = (settings.choice("reduction") == 1, settings.number("margin"))
    distance = RowDistance(rawValue: settings.choice("distance")) ?? .euclidean
  }

  public var optionValues: [Double] { [isSum ? 1 : 0, margin, Double(distance.rawValue)] }

  // MARK: - Value and gradients

  public func evaluate(_ call: Call, _ to: LossGradients) throws(RuvectorError) -> Double {
    let anchor = try call.elements("anchor"), positive = try call.elements("positive")
    let negative = try call.elements("negative"), d = anchor.dim
    let share = isSum ? 1 : 1 / Double(anchor.rows), factor = to.scale * share
    var sum = 0.0
    for r in 0..<anchor.rows {
      let a = anchor.row(r), p = positive.row(r), n = negative.row(r)
      let near = Pair(a, p, d, distance), far = Pair(a, n, d, distance), excess = near.distance - far.distance + margin
      guard excess > 0 || !excess.isFinite else { continue }  // no number: it goes into the sum, where it is seen
      sum += excess
      let toAnchor = to["anchor"].map { $0 + r * d }
      near.add(factor, a, p, d, toAnchor, to["positive"].map { $0 + r * d })
      far.add(-factor, a, n, d, toAnchor, to["negative"].map { $0 + r * d })
    }
    return sum * share
  }
}

/// How losses measure two rows.
enum RowDistance: Int, Sendable {
  case euclidean, cosine

  static let option = Option(
    "distance", .choice(["euclidean", "cosine"]), standard: 0, "Euclidean, or 1 less the cosine.")
}

/// Two rows x, y, their distance, and what its slopes are made of.
struct Pair {
  let distance: Double
  /// Euclidean: 1/distance. Cosine: 1/(|x| |y|). 0 where there is no gradient.
  private let inverse: Double
  private let cosine: Double
  private let squares: (x: Double, y: Double)
  private let kind: RowDistance
  /// What each difference has more: a distance of 0 has no slope, one of nearly 0 has.
  private static let more = 1e-6

  init(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ d: Int, _ kind: RowDistance) {
    self.kind = kind
    switch kind {
    case .euclidean:
      var sum = 0.0
      for c in 0..<d {
        let difference = Double(x[c]) - Double(y[c]) + Self.more
        sum += difference * difference
      }
      distance = sum.squareRoot()
      inverse = distance > 0 ? 1 / distance : 0
      (cosine, squares) = (0, (0, 0))
    case .cosine:
      var dot = 0.0, xx = 0.0, yy = 0.0
      for c in 0..<d {
        dot += Double(x[c]) * Double(y[c])
        xx += Double(x[c]) * Double(x[c])
        yy += Double(y[c]) * Double(y[c])
      }
      inverse = xx > 0 && yy > 0 ? 1 / (xx.squareRoot() * yy.squareRoot()) : 0
      cosine = dot * inverse
      (squares, distance) = ((xx, yy), 1 - cosine)
    }
  }

  /// Adds `factor` times the slopes of the distance.
  func add(
    _ factor: Double, _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ d: Int,
    _ toX: UnsafeMutablePointer<Float>?, _ toY: UnsafeMutablePointer<Float>?
  ) {
    guard inverse > 0 else { return }
    for c in 0..<d {
      let u = Double(x[c]), v = Double(y[c]), slopes: (Double, Double)
      switch kind {
      case .euclidean:
        let slope = (u - v + Self.more) * inverse
        slopes = (slope, -slope)
      case .cosine: slopes = (cosine * u / squares.x - v * inverse, cosine * v / squares.y - u * inverse)
      }
      if let toX { toX[c] += Float(factor * slopes.0) }
      if let toY { toY[c] += Float(factor * slopes.1) }
    }
  }
}
