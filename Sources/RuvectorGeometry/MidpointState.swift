import RuvectorCore

/// The running sums of a weighted midpoint: points may come one by one, and parts of a set may be summed in
/// different places and merged.
///
///     S = Σ w λ_x x,   L = Σ w (λ_x − 1),   W = Σ w          in Double
///
/// (L, √c S) is √c times the sum of the points on the hyperboloid, so merging is addition. The
/// sums depend on the order of the additions by rounding only, n·ε of L.
///
/// ```swift
/// var state = MidpointState(ball)
/// try state.add([0.5, 0], weight: 2)
/// try state.add([0, 0.5], weight: 1)
/// try state.result()
/// ```
///
/// - Complexity: O(n) per point for n coordinates; n + 2 numbers of memory.
public struct MidpointState<Scalar: RealScalar> {
  public let ball: PoincareBall<Scalar>
  /// S = Σ w λ_x x; empty before the first point.
  public private(set) var weightedSum: [Double] = []
  /// L = Σ w (λ_x − 1)
  public private(set) var excess = 0.0
  /// W = Σ w
  public private(set) var totalWeight = 0.0

  /// The sums of no points. The first point added sets the number of coordinates.
  public init(_ ball: PoincareBall<Scalar>) { self.ball = ball }

  /// The sums as another process sent them.
  ///
  /// - Throws: `emptyInput`, `nonFinite`; `invalidArgument` unless 0 ≤ W ≤ L (each λ is ≥ 2).
  public init(
    _ ball: PoincareBall<Scalar>, weightedSum: [Double], excess: Double, totalWeight: Double
  ) throws(RuvectorError) {
    self.ball = ball
    self.weightedSum = try Double.widened(weightedSum, "weightedSum")
    self.excess = try Double.widened(excess, "excess")
    self.totalWeight = try Double.widened(totalWeight, "totalWeight")
    guard totalWeight >= 0, totalWeight <= excess * (1 + 1e-9) else {
      throw .expected(
        "0 ≤ totalWeight ≤ excess", for: "the sums of a midpoint", received: "others", .invalidArgument)
    }
  }

  /// Adds one point with its weight.
  ///
  /// - Parameters:
  ///   - point: its coordinates.
  ///   - weight: a finite number ≥ 0; 0 changes nothing but the number of coordinates.
  /// - Throws: `invalidArgument` for another weight; the rules of ``PoincareBall`` for the point, whose
  ///   length must be that of the first. The sums are then as before.
  public mutating func add(_ point: [Scalar], weight: Scalar) throws(RuvectorError) {
    if !weightedSum.isEmpty { try check("point", point.count, is: weightedSum.count) }
    guard weight.isFinite, weight >= 0 else { throw .weight(at: nil) }
    add(try ball.point(point, "point"), weight: Double(weight))
  }

  mutating func add(_ x: BallPoint, weight: Double) {
    let λ = 2 / x.gap
    if weightedSum.isEmpty { weightedSum = scaled(0, x.at) }
    accumulate(weight * λ, x.at, into: &weightedSum)
    excess += weight * (λ - 1)
    totalWeight += weight
  }

  /// Adds the sums of `other`, which may be those of no points.
  ///
  /// - Throws: `invalidArgument` if the curvatures differ; `dimensionMismatch` if the lengths do.
  public mutating func merge(_ other: MidpointState) throws(RuvectorError) {
    guard ball.curvature == other.ball.curvature else {
      throw .expected("one curvature", for: "the midpoints to merge", received: "two", .invalidArgument)
    }
    guard !other.weightedSum.isEmpty else { return }
    if weightedSum.isEmpty {
      self = other
      return
    }
    try check("other", other.weightedSum.count, is: weightedSum.count)
    accumulate(1, other.weightedSum, into: &weightedSum)
    excess += other.excess
    totalWeight += other.totalWeight
  }

  /// The midpoint ½ ⊗ (S/L) = (S/L)/(1 + √(1 − c|S|²/L²)).
  ///
  /// L² − c|S|² = ΣΣ w_i w_j cosh(√c d_ij) is ≥ W², which bounds the root from below where the difference
  /// has lost its digits at the rim.
  ///
  /// - Throws: `emptyInput` without points; `invalidArgument` if the weights sum to 0; `outOfRange` if
  ///   they sum to more than a Double.
  public func result() throws(RuvectorError) -> [Scalar] {
    try Scalar.rounded(midpoint().at)
  }

  func midpoint() throws(RuvectorError) -> BallPoint {
    guard !weightedSum.isEmpty else {
      throw .expected("at least 1 point", for: "a midpoint", received: "0", .emptyInput)
    }
    guard totalWeight > 0 else {
      throw .expected("a sum > 0", for: "weights", received: "a sum of 0", .invalidArgument)
    }
    guard excess.isFinite, norm(weightedSum).isFinite else { throw .overflow("the sum of weights") }
    let v = scaled(1 / excess, weightedSum)
    let radius = ball.s * norm(v)
    let floor = totalWeight / excess
    let root = max((1 - radius) * (1 + radius), floor * floor).squareRoot()
    let m = scaled(1 / (1 + root), v)
    return ball.point(m, norm: norm(m))
  }
}

extension MidpointState: Sendable where Scalar: Sendable {}

extension RuvectorError {
  static func weight(at index: Int?) -> RuvectorError {
    let received = "a negative number, NaN or infinity"
    guard let index else {
      return .expected("a finite number ≥ 0", for: "weight", received: received, .invalidArgument)
    }
    return .expected(
      "finite numbers ≥ 0", for: "weights", received: received + " at index \(index)", .invalidArgument)
  }
}
