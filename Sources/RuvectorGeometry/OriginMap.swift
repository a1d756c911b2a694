import RuvectorCore

/// The maps between the Poincaré ball of curvature −c and its tangent space at the origin, row by row with their gradients, s = √c:
///
///     exp₀(v) = tanh(s|v|) v/(s|v|)        log₀(y) = artanh(s|y|) y/(s|y|)
///
/// Both are φ(r) times the row, r its length. With δ = r ∂φ/∂r = s ∂φ/∂s and g the gradient of the result
///
///     dv = φ g + δ (v·g)/r² v              ds = δ (v·g)/s
///
/// A result of exp₀, and a row that log₀ reads, is at most (1 − 1e-5)/s long: there φ is that length over r, and δ = −φ.
/// - Precision: Double, from Float rows. Complexity: O(width) a row.
///
/// Reference: Ganea, Bécigneul, Hofmann 2018, "Hyperbolic Neural Networks", equation 13.
public struct OriginMap {
  private static let limit = 1 - 1e-5
  /// s
  public let root: Double
  private let isLogarithm: Bool

  /// c > 0.
  public static func exponential(c: Double) -> OriginMap { OriginMap(root: c.squareRoot(), isLogarithm: false) }
  public static func logarithm(c: Double) -> OriginMap { OriginMap(root: c.squareRoot(), isLogarithm: true) }

  private func length(_ x: UnsafePointer<Float>, _ n: Int) -> Double {
    var sum = 0.0
    for i in 0..<n { sum += Double(x[i]) * Double(x[i]) }
    return sum.squareRoot()
  }

  /// φ and δ for rows of length r.
  private func factors(_ r: Double) -> (φ: Double, δ: Double) {
    let z = root * r
    if z < 1e-3 {
      let third = (isLogarithm ? 1.0 : -1.0) * z * z / 3
      return (1 + third, 2 * third)
    }
    if isLogarithm {
      guard z < Self.limit else {
        let φ = Double.atanh(Self.limit) / z
        return (φ, -φ)
      }
      let φ = Double.atanh(z) / z
      return (φ, 1 / ((1 - z) * (1 + z)) - φ)
    }
    let t = Double.tanh(z)
    guard t < Self.limit else { return (Self.limit / z, -Self.limit / z) }
    return (t / z, (1 - t) * (1 + t) - t / z)
  }

  /// `out` [n]; `out` may be `x`.
  public func map(_ x: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>, _ n: Int) {
    let φ = factors(length(x, n)).φ
    for i in 0..<n { out[i] = Float(φ * Double(x[i])) }
  }

  /// Adds the gradient of the row `x`, for `g`, that of its result; returns that of s.
  public func addGradient(
    _ x: UnsafePointer<Float>, _ g: UnsafePointer<Float>, to out: UnsafeMutablePointer<Float>?, _ n: Int
  ) -> Double {
    let r = length(x, n), (φ, δ) = factors(r)
    var along = 0.0
    for i in 0..<n { along += Double(x[i]) * Double(g[i]) }
    // Near 0 δ/r² tends to ±2c/3.
    let k = r > 0 ? δ / (r * r) : 0
    if let out { for i in 0..<n { out[i] += Float(φ * Double(g[i]) + k * along * Double(x[i])) } }
    return δ * along / root
  }
}
