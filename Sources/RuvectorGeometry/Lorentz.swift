import RuvectorCore

/// The hyperboloid (Lorentz) model of sectional curvature K = −c < 0: the points X with ⟨X, X⟩_L = −1/c and
/// X₀ > 0, where ⟨U, V⟩_L = −U₀V₀ + U₁V₁ + … + UₙVₙ. The first coordinate is the time-like one.
///
/// It holds the same space as ``PoincareBall`` of the same curvature (``PoincareBall/toLorentz(_:)``,
/// ``toPoincare(_:)``), without its rim: points reach as far as the type (distances of some 1400/√c in
/// `Double`, 170/√c in `Float`, since the coordinates grow with the exponential of half the distance).
///
/// These rules hold for every function:
/// - **Shapes.** Points and tangent vectors have n + 1 ≥ 2 elements, x⃗ = X₁…Xₙ is the space-like part.
/// - **Projection.** A time-like coordinate follows from the others, so the one passed is not read: points
///   have X₀ = √(1/c + |x⃗|²) (``projx(_:)``), tangent vectors at X have U₀ = ⟨x⃗, u⃗⟩/X₀. Only
///   ``inner(_:_:)`` reads it.
/// - **Precision, errors, complexity.** As ``PoincareBall``; also `dimensionMismatch` for 1 element.
///
/// References: Ungar 2008; Nickel, Kiela 2018, "Learning Continuous Hierarchies in the Lorentz Model of
/// Hyperbolic Geometry"; Law, Liao, Snell, Zemel 2019.
public struct Lorentz<Scalar: RealScalar> {
  /// The sectional curvature K < 0, exactly as passed.
  public let curvature: Scalar

  /// √c
  let s: Double

  /// A hyperboloid of curvature K.
  ///
  /// - Parameter curvature: K, signed: a finite number < 0. (geoopt's `Lorentz(k)` is K = −1/k.)
  /// - Throws: `invalidConfig` if K ≥ 0, NaN or infinite.
  public init(curvature: Scalar) throws(RuvectorError) {
    s = try rootOfCurvature(Double(curvature))
    self.curvature = curvature
  }

  /// The Lorentz product ⟨u, v⟩_L = −u₀v₀ + u₁v₁ + … + uₙvₙ of any two vectors.
  /// (Nickel, Kiela 2018, equation 1.)
  public func inner(_ u: [Scalar], _ v: [Scalar]) throws(RuvectorError) -> Scalar {
    let a = try space(u, "u")
    try check("v", v.count, is: u.count)
    let b = try space(v, "v")
    return try Scalar.rounded(
      dot(a, b) - Scalar.widened(u[0], "u") * Scalar.widened(v[0], "v"))
  }

  /// The distance d(X, Y) = (1/√c) acosh(−c⟨X, Y⟩_L).
  ///
  /// It is computed in the ball, as ``PoincareBall/dist(_:_:)`` without the rim, with 1 − c|p|² =
  /// 2/(1 + √c X₀): ⟨X, Y⟩_L has an error of ε X₀Y₀, the ball one of ε(X₀ + Y₀).
  /// (Nickel, Kiela 2018, equation 5.)
  public func dist(_ x: [Scalar], _ y: [Scalar]) throws(RuvectorError) -> Scalar {
    let (x, y) = try points(x, y)
    // (2/√c) asinh z
    let d = halfDistance(x, y)
    return try Scalar.rounded(2 * d.chord * asinhc(d.z))
  }

  /// The point with the space-like part of X: X₀ = √(1/c + |x⃗|²), whatever X₀ was.
  public func projx(_ x: [Scalar]) throws(RuvectorError) -> [Scalar] {
    try lifted(point(x, "x").at)
  }

  /// The exponential map exp_X(U) = cosh(√c|U|_L) X + sinh(√c|U|_L)/(√c|U|_L) U.
  ///
  /// d(X, exp_X(U)) = |U|_L. Throws `outOfRange` if the end is beyond the type.
  /// (Nickel, Kiela 2018, proposition 1.)
  public func expMap(_ x: [Scalar], _ u: [Scalar]) throws(RuvectorError) -> [Scalar] {
    let x = try point(x, "x")
    let u = try vector(u, "u", like: x)
    // |U|_L² = |u⃗|² − ⟨x⃗, u⃗⟩²/X₀², split along x⃗ and across: along, the factor 1 − |x⃗|²/X₀² is 1/(cX₀²)
    let n = norm(x.at)
    let unit = n > 0 ? scaled(1 / n, x.at) : x.at
    let along = dot(unit, u)
    let across = norm(combined(1, u, -along, unit))
    let ρ = s * norm([across, along / x.time])
    return try lifted(combined(Double.cosh(ρ), x.at, sinhc(ρ), u))
  }

  /// The logarithmic map log_X(Y) = acosh(α)/√(α² − 1) (Y − αX), α = −c⟨X, Y⟩_L.
  ///
  /// log_X(X) = 0, |log_X(Y)|_L = d(X, Y). With α = 1 + 2z², z = sinh(√c d/2), it is computed as
  /// asinh(z)/(z√(1 + z²)) (Y − X − 2z²X). (Nickel, Kiela 2018, proposition 2.)
  public func logMap(_ x: [Scalar], _ y: [Scalar]) throws(RuvectorError) -> [Scalar] {
    let (x, y) = try points(x, y)
    let z = halfDistance(x, y).z
    let k = asinhc(z) / (1 + z * z).squareRoot()
    let δ = combined(1, y.at, -1, x.at)
    return try tangent(combined(k, δ, -k * 2 * z * z, x.at), at: x)
  }

  /// Parallel transport of V from the tangent space at X to the one at Y along their geodesic:
  /// V + c⟨Y, V⟩_L/(1 + α) (X + Y), α = −c⟨X, Y⟩_L.
  ///
  /// Keeps the Lorentz product of tangent vectors. (Nickel, Kiela 2018; Law et al. 2019, supplement.)
  public func transp(
    _ x: [Scalar], _ y: [Scalar], _ v: [Scalar]
  ) throws(RuvectorError) -> [Scalar] {
    let (x, y) = try points(x, y)
    let v = try vector(v, "v", like: x)
    let z = halfDistance(x, y).z
    // ⟨Y, V⟩ = ⟨Y − X, V⟩, since ⟨X, V⟩ = 0; times √c, as `time` is √c X₀
    let δ = combined(1, y.at, -1, x.at)
    let sum = combined(1, x.at, 1, y.at)
    let v0 = s * dot(x.at, v) / x.time
    let δ0 = s * dot(δ, sum) / (x.time + y.time)
    let yv = s * (dot(δ, v) - δ0 * v0)
    return try tangent(combined(1, v, s * yv / (2 + 2 * z * z), sum), at: y)
  }

  /// The point p = x⃗/(1 + √c X₀) of the Poincaré ball, moved to its rim where it lies beyond.
  /// n coordinates for n + 1. (Nickel, Kiela 2018, equation 11.)
  public func toPoincare(_ x: [Scalar]) throws(RuvectorError) -> [Scalar] {
    let x = try point(x, "x")
    let ball = try PoincareBall<Scalar>(curvature: curvature)
    let p = scaled(1 / (1 + x.time), x.at)
    return try Scalar.rounded(ball.point(p, norm: norm(p)).at)
  }

  // MARK: - In Double

  /// A point by its space-like part.
  struct Point {
    var at: [Double]
    /// √c X₀ = √(1 + c|x⃗|²) ≥ 1
    var time: Double
  }

  /// √c X₀ for a space-like part.
  func time(_ x: [Double]) -> Double {
    let r = s * norm(x)
    return r < 1e150 ? (1 + r * r).squareRoot() : r
  }

  /// The space-like part of `x`, checked.
  func space(_ x: [Scalar], _ name: String) throws(RuvectorError) -> [Double] {
    var x = try Scalar.widened(x, name)
    guard x.count >= 2 else {
      throw .expected("at least 2 elements", for: name, received: "1", .dimensionMismatch)
    }
    x.removeFirst()
    guard norm(x).isFinite else { throw .overflow("|\(name)|") }
    return x
  }

  func point(_ x: [Scalar], _ name: String) throws(RuvectorError) -> Point {
    let at = try space(x, name)
    guard time(at).isFinite else { throw .overflow("the time-like coordinate of \(name)") }
    return Point(at: at, time: time(at))
  }

  func points(_ x: [Scalar], _ y: [Scalar]) throws(RuvectorError) -> (Point, Point) {
    let a = try point(x, "x")
    try check("y", y.count, is: x.count)
    return (a, try point(y, "y"))
  }

  func vector(_ v: [Scalar], _ name: String, like x: Point) throws(RuvectorError) -> [Double] {
    try check(name, v.count, is: x.at.count + 1)
    return try space(v, name)
  }

  /// z = sinh(√c d/2) and `chord` = z/√c, from the points of the ball.
  func halfDistance(_ x: Point, _ y: Point) -> (z: Double, chord: Double) {
    let a = 1 + x.time
    let b = 1 + y.time
    // |p − q|/√(g_p g_q) with g = 2/(1 + √c X₀)
    let chord = norm(combined(1 / a, x.at, -1 / b, y.at)) * (a / 2).squareRoot() * (b / 2).squareRoot()
    return (s * chord, chord)
  }

  /// (√(1/c + |x⃗|²), x⃗)
  func lifted(_ x: [Double]) throws(RuvectorError) -> [Scalar] {
    try Scalar.rounded([time(x) / s] + x)
  }

  /// (⟨x⃗, u⃗⟩/X₀, u⃗)
  func tangent(_ u: [Double], at x: Point) throws(RuvectorError) -> [Scalar] {
    try Scalar.rounded([s * dot(x.at, u) / x.time] + u)
  }
}

extension Lorentz: Sendable where Scalar: Sendable {}
extension Lorentz: Equatable {}

extension PoincareBall {
  /// The point ((λ_x − 1)/√c, λ_x x) of the hyperboloid of the same curvature (``Lorentz``).
  /// n + 1 coordinates for n. (Nickel, Kiela 2018, equation 11.)
  public func toLorentz(_ x: [Scalar]) throws(RuvectorError) -> [Scalar] {
    let x = try point(x, "x")
    let λ = 2 / x.gap
    return try Scalar.rounded([(λ - 1) / s] + scaled(λ, x.at))
  }
}
