import RuvectorCore

/// The hyperboloid of curvature K = −c by its space-like coordinates x ∈ ℝⁿ, the time-like one being
/// X₀ = τ/√c, τ = √(1 + c|x|²): every x is a point, none is moved (``Lorentz`` has its functions, one at a time).
///
///     d(x, y) = (1/√c) acosh(τ_x τ_y − c x·y)
///     mean    = S/√(T² − c|S|²),   S = Σ w x,   T = Σ w τ                     (the Lorentz centroid)
///
/// A point keeps τ. One parameter: ln c. Reference: Law, Liao, Snell, Zemel 2019, "Lorentzian Distance Learning for
/// Hyperbolic Representations", theorem 3.2.
public final class LorentzManifold: Manifold {
  public let dim: Int
  public var stride: Int { dim + 1 }
  public var parameterCount: Int { 1 }
  /// c, √c
  let c, s: Double

  /// K < 0, finite; `.invalidConfig` for others.
  public convenience init(dim: Int, curvature: Double) throws(RuvectorError) {
    self.init(dim: dim, root: try rootOfCurvature(curvature))
  }

  private init(dim: Int, root: Double) { (self.dim, s, c) = (dim, root, root * root) }

  // MARK: - Points: [coordinates, τ]

  public func place(_ x: UnsafePointer<Float>, into p: UnsafeMutablePointer<Double>) {
    for i in 0..<dim { p[i] = Double(x[i]) }
    p[dim] = (1 + c * product(p, p, dim)).squareRoot()
  }

  public func addPlaceGradient(
    _ x: UnsafePointer<Float>, _ p: UnsafePointer<Double>, _ g: UnsafePointer<Double>,
    into gx: UnsafeMutablePointer<Float>
  ) {
    for i in 0..<dim { gx[i] += Float(g[i]) }
  }

  // MARK: - Distance

  /// z/√c, z = sinh(√c d/2), from the points x/(1 + τ) of the ball: τ_x τ_y − c x·y cancels.
  private func chord(_ p: UnsafePointer<Double>, _ q: UnsafePointer<Double>) -> Double {
    let a = 1 + p[dim], b = 1 + q[dim]
    return (squaredDistance(1 / a, p, 1 / b, q, dim) * (a / 2) * (b / 2)).squareRoot()
  }

  public func distance(_ p: UnsafePointer<Double>, _ q: UnsafePointer<Double>) -> Double {
    let chord = chord(p, q)
    return 2 * chord * asinhc(s * chord)
  }

  /// With α = cosh(√c d) = τ_x τ_y − c x·y and √(α² − 1) = 2z√(1 + z²):
  ///
  ///     ∂d/∂x = √c/√(α² − 1) (τ_y/τ_x x − y)       ∂d/∂(ln c) = −d/2 + (1/√c) ∂α/∂(ln c)/√(α² − 1)
  ///     ∂α/∂(ln c) = τ_y c|x|²/(2τ_x) + τ_x c|y|²/(2τ_y) − c x·y
  public func addDistanceGradient(
    _ scale: Double, _ p: UnsafePointer<Double>, _ q: UnsafePointer<Double>, p gp: UnsafeMutablePointer<Double>,
    q gq: UnsafeMutablePointer<Double>, parameters: UnsafeMutablePointer<Double>
  ) {
    let chord = chord(p, q), z = s * chord
    guard z > 0 else { return }
    // √c/√(α² − 1), from the chord: K → 0 leaves 1/d
    let slope = scale / (2 * chord * (1 + z * z).squareRoot()), ofP = q[dim] / p[dim], ofQ = p[dim] / q[dim]
    for i in 0..<dim {
      gp[i] += slope * (ofP * p[i] - q[i])
      gq[i] += slope * (ofQ * q[i] - p[i])
    }
    let pp = product(p, p, dim), qq = product(q, q, dim), pq = product(p, q, dim)
    parameters[0] += slope * (ofP * pp / 2 + ofQ * qq / 2 - pq) - scale * chord * asinhc(z)
  }

  // MARK: - Mean

  public func mean(_ points: WeightedPoints, into m: UnsafeMutablePointer<Double>) {
    let n = length(points, into: m).length
    for i in 0..<dim { m[i] /= n }
  }

  /// S into `sum`; T, and √(T² − c|S|²), which is at least W.
  private func length(
    _ points: WeightedPoints, into sum: UnsafeMutablePointer<Double>
  ) -> (time: Double, length: Double) {
    let time = points.sum(dim, into: sum) { _ in
      1
    } addend: {
      points.point($0)[dim]
    }
    var total = 0.0
    for j in 0..<points.count { total += points.weights[j] }
    let space = s * product(sum, sum, dim).squareRoot()
    return (time, max((time - space) * (time + space), total * total).squareRoot())
  }

  /// With N = √(T² − c|S|²): dL/dS = g/N + (g·S) c S/N³, dL/dT = −(g·S) T/N³;
  /// dL/dw = dL/dS·x + dL/dT τ, dL/dx = w(dL/dS + dL/dT c x/τ).
  public func addMeanGradient(
    _ g: UnsafePointer<Double>, _ points: WeightedPoints, points gp: UnsafeMutablePointer<Double>,
    weights gw: UnsafeMutablePointer<Double>, parameters: UnsafeMutablePointer<Double>
  ) {
    var sum = [Double](repeating: 0, count: dim)
    let (time, n) = length(points, into: &sum)
    let along = product(g, sum, dim) / n / n / n
    let gS = (0..<dim).map { g[$0] / n + along * c * sum[$0] }, gT = -along * time
    parameters[0] += along * c * product(sum, sum, dim) / 2
    for j in 0..<points.count {
      let x = points.point(j), w = points.weights[j], out = gp + j * points.stride
      gw[j] += product(gS, x, dim) + gT * x[dim]
      for i in 0..<dim { out[i] += w * (gS[i] + gT * c / x[dim] * x[i]) }
      parameters[0] += w * gT * c * product(x, x, dim) / (2 * x[dim])
    }
  }
}
