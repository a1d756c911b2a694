import RuvectorCore

/// The Poincaré ball of sectional curvature K = −c < 0: the points x with c|x|² < 1 and the metric
/// λ_x²⟨·,·⟩, λ_x = 2/(1 − c|x|²).
///
/// ```swift
/// let ball = try PoincareBall<Double>(curvature: -1)
/// let x = [0.5, 0.0], y = [0.0, 0.5]
/// try ball.dist(x, y)                       // 1.6806…
/// try ball.expMap(x, ball.logMap(x, y))     // [0.0, 0.5], to rounding
/// ```
///
/// The names and the order of arguments are geoopt's: the base point first, then the vector. Points and
/// tangent vectors are `[Scalar]` of one length n ≥ 1 (a vector of the tangent space at x has the ball's own
/// coordinates).
///
/// These rules hold for every function:
/// - **Rim.** A point farther out than (1 − 1e-5)/√c is first moved to that radius (``projx(_:)``), and
///   every point returned lies within it. On the rim 1 − c|x|² is the exact constant, not the difference of
///   rounded numbers. A point that rounding alone keeps from that radius (one ulp of `Scalar`, and that of the
///   sum of n squares) counts as on it.
/// - **Precision.** `Scalar` is the storage type. All arithmetic is in Double, the result is rounded once.
/// - **Limit.** As K → 0 each formula tends to the Euclidean one, with λ = 2: x ⊕ y → x + y,
///   exp_x(u) → x + u, log_x(y) → y − x, d(x, y) → 2|x − y|.
/// - **Errors.** No elements: `emptyInput`; unequal lengths: `dimensionMismatch`; NaN or infinity:
///   `nonFinite`; a norm or a result beyond the type: `outOfRange`. Nothing traps.
/// - **Complexity.** O(n) time, except where stated.
///
/// References: Ungar 2008, "A Gyrovector Space Approach to Hyperbolic Geometry"; Ganea, Bécigneul, Hofmann
/// 2018, "Hyperbolic Neural Networks"; Nickel, Kiela 2017, "Poincaré Embeddings for Learning Hierarchical
/// Representations".
public struct PoincareBall<Scalar: RealScalar> {
  /// The sectional curvature K < 0, exactly as passed.
  public let curvature: Scalar

  /// √c
  let s: Double

  /// A ball of curvature K.
  ///
  /// - Parameter curvature: K, signed: a finite number < 0.
  /// - Throws: `invalidConfig` if K ≥ 0, NaN or infinite.
  public init(curvature: Scalar) throws(RuvectorError) {
    s = try rootOfCurvature(Double(curvature))
    self.curvature = curvature
  }

  // MARK: - Metric

  /// The distance d(x, y) = (2/√c) asinh(√c|x − y| / √((1 − c|x|²)(1 − c|y|²))).
  ///
  /// This form keeps its relative precision for close points, where acosh and atanh lose it. The error is
  /// about ε(λ_x + λ_y)/√c, from the rounding of the coordinates. 0 if and only if the projected points are
  /// equal; at most 24.5/√c (rim to opposite rim). (Nickel, Kiela 2017, equation 1.)
  public func dist(_ x: [Scalar], _ y: [Scalar]) throws(RuvectorError) -> Scalar {
    let (x, y) = try points(x, y)
    return try Scalar.rounded(distance(x, y))
  }

  /// The distance from the origin, d(0, x) = (2/√c) atanh(√c|x|).
  public func dist0(_ x: [Scalar]) throws(RuvectorError) -> Scalar {
    let x = try point(x, "x")
    return try Scalar.rounded(2 * norm(x.at) * logScale(x))
  }

  /// The conformal factor λ_x = 2/(1 − c|x|²), from 2 at the origin to 2/(1 − (1 − 1e-5)²) ≈ 1.000005e5 on
  /// the rim.
  public func lambdaX(_ x: [Scalar]) throws(RuvectorError) -> Scalar {
    try Scalar.rounded(2 / point(x, "x").gap)
  }

  /// The Riemannian gradient g/λ_x² of a function whose Euclidean gradient at x is g.
  /// (Nickel, Kiela 2017, equation 5.)
  public func egrad2rgrad(_ x: [Scalar], _ g: [Scalar]) throws(RuvectorError) -> [Scalar] {
    let x = try point(x, "x")
    let g = try vector(g, "g", like: x)
    return try Scalar.rounded(scaled(x.gap * x.gap / 4, g))
  }

  /// The nearest point within the rim: x if |x| ≤ (1 − 1e-5)/√c, else x(1 − 1e-5)/(√c|x|).
  ///
  /// Idempotent, bit by bit. The direction is kept.
  public func projx(_ x: [Scalar]) throws(RuvectorError) -> [Scalar] {
    try Scalar.rounded(point(x, "x").at)
  }

  // MARK: - Points in Double

  /// The rim: √c|x| ≤ 1 − 1e-5.
  static var rim: Double { 1 - 1e-5 }

  /// `x` checked, widened and projected.
  func point(_ x: [Scalar], _ name: String) throws(RuvectorError) -> BallPoint {
    let x = try Scalar.widened(x, name)
    let n = norm(x)
    guard n.isFinite else { throw .overflow("|\(name)|") }
    return point(x, norm: n)
  }

  /// The point of the ball nearest to `x`, where `n` = |x|.
  func point(_ x: [Double], norm n: Double) -> BallPoint {
    let radius = s * n
    // The rounding of stored coordinates, and of the sum of n squares.
    let slack = Double(Scalar.ulpOfOne) + (Double(x.count) / 2 + 4) * Double.ulpOfOne
    if radius <= Self.rim * (1 - slack) { return BallPoint(at: x, gap: (1 - radius) * (1 + radius)) }
    let gap = (1 - Self.rim) * (1 + Self.rim)
    if radius <= Self.rim * (1 + slack) { return BallPoint(at: x, gap: gap) }
    var at = x
    for i in at.indices { at[i] = at[i] / n * (Self.rim / s) }
    return BallPoint(at: at, gap: gap)
  }

  /// Two points of one length.
  func points(_ x: [Scalar], _ y: [Scalar]) throws(RuvectorError) -> (BallPoint, BallPoint) {
    let x = try point(x, "x")
    try check("y", y.count, is: x.at.count)
    return (x, try point(y, "y"))
  }

  /// A tangent vector of the length of `x`.
  func vector(_ v: [Scalar], _ name: String, like x: BallPoint) throws(RuvectorError) -> [Double] {
    try check(name, v.count, is: x.at.count)
    let v = try Scalar.widened(v, name)
    guard norm(v).isFinite else { throw .overflow("|\(name)|") }
    return v
  }

  func distance(_ x: BallPoint, _ y: BallPoint) -> Double {
    let root = (x.gap * y.gap).squareRoot()
    let δ = norm(combined(1, y.at, -1, x.at))
    // (2/√c) asinh(√c δ/root), without the division by √c that K → 0 would spoil
    return 2 * δ / root * asinhc(s * δ / root)
  }

  /// atanh(√c|x|)/(√c|x|), through asinh(√c|x|/√(1 − c|x|²)); 1 at the origin.
  func logScale(_ x: BallPoint) -> Double {
    let root = x.gap.squareRoot()
    return asinhc(s * norm(x.at) / root) / root
  }
}

extension PoincareBall: Sendable where Scalar: Sendable {}
extension PoincareBall: Equatable {}

/// A point of the ball with its factor.
struct BallPoint {
  /// The coordinates, within the rim.
  var at: [Double]
  /// 1 − c|x|² as (1 − √c|x|)(1 + √c|x|); on the rim the constant.
  var gap: Double

  static prefix func - (x: BallPoint) -> BallPoint { BallPoint(at: scaled(-1, x.at), gap: x.gap) }
}
