import RuvectorCore

/// The Poincaré ball of curvature K = −c, for attention (``PoincareBall`` has all its functions, one at a time):
///
///     d(x, y) = (2/√c) asinh z,   z = √c|x − y|/√(g_x g_y),   g = 1 − c|x|²
///     mean    = u/(1 + √(1 − c|u|²)),   u = Σ w λ x / Σ w (λ − 1),   λ = 2/g      (the weighted midpoint)
///
/// A point keeps g, and whether it lay beyond the rim, (1 − 1e-5)/√c, and was pulled back to it; g is then the analytic
/// constant (so it is where rounding to Float alone keeps it from the rim). One parameter: ln c. References: ``PoincareBall``.
public final class PoincareManifold: Manifold {
  public let dim: Int
  public var stride: Int { dim + 2 }
  public var parameterCount: Int { 1 }
  /// c, √c
  let c, s: Double

  /// K < 0, finite; `.invalidConfig` for others.
  public convenience init(dim: Int, curvature: Double) throws(RuvectorError) {
    self.init(dim: dim, root: try rootOfCurvature(curvature))
  }

  private init(dim: Int, root: Double) { (self.dim, s, c) = (dim, root, root * root) }

  // MARK: - Points: [coordinates, g, 1 where it was pulled back]

  public func place(_ x: UnsafePointer<Float>, into p: UnsafeMutablePointer<Double>) {
    let radius = s * squaredLength(x, dim).squareRoot()
    let beyond = radius > (1 - Ball.epsilon) * (1 - Ball.slack)
    let scale = beyond ? (1 - Ball.epsilon) / radius : 1
    for i in 0..<dim { p[i] = scale * Double(x[i]) }
    p[dim] = beyond ? Ball.rimGap : (1 - radius) * (1 + radius)
    p[dim + 1] = beyond ? 1 : 0
  }

  /// Through the pull back r x̂, ∂/∂x = (r/|x|)(1 − x̂x̂ᵀ).
  public func addPlaceGradient(
    _ x: UnsafePointer<Float>, _ p: UnsafePointer<Double>, _ g: UnsafePointer<Double>,
    into gx: UnsafeMutablePointer<Float>
  ) {
    guard isClipped(p) else {
      for i in 0..<dim { gx[i] += Float(g[i]) }
      return
    }
    let r2 = product(p, p, dim), scale = (r2 / squaredLength(x, dim)).squareRoot()
    let along = product(g, p, dim) / r2
    for i in 0..<dim { gx[i] += Float(scale * (g[i] - along * p[i])) }
  }

  private func isClipped(_ p: UnsafePointer<Double>) -> Bool { p[dim + 1] != 0 }

  /// c|p|² as far as it moves g: not at all on the rim.
  private func slope(_ p: UnsafePointer<Double>) -> Double { isClipped(p) ? 0 : 1 - p[dim] }

  /// The part of dL/d(ln c) that goes through the rim's radius, from dL/dp: p ∝ c^−½ there.
  private func rim(_ p: UnsafePointer<Double>, _ scale: Double, _ g: (Int) -> Double) -> Double {
    guard isClipped(p) else { return 0 }
    var sum = 0.0
    for i in 0..<dim { sum += p[i] * g(i) }
    return -scale * sum / 2
  }

  // MARK: - Distance

  public func distance(_ p: UnsafePointer<Double>, _ q: UnsafePointer<Double>) -> Double {
    // 2 δ/root asinhc(√c δ/root): no division by √c, which K → 0 would spoil
    let chord = (squaredDistance(1, p, 1, q, dim) / (p[dim] * q[dim])).squareRoot()
    return 2 * chord * asinhc(s * chord)
  }

  /// ∂d/∂z = 2/(√c √(1 + z²));  ∂z/∂x = z((x − y)/|x − y|² + c x/g_x);  ∂z/∂(ln c) = z/2 (1 + c|x|²/g_x + c|y|²/g_y)
  public func addDistanceGradient(
    _ scale: Double, _ p: UnsafePointer<Double>, _ q: UnsafePointer<Double>, p gp: UnsafeMutablePointer<Double>,
    q gq: UnsafeMutablePointer<Double>, parameters: UnsafeMutablePointer<Double>
  ) {
    let δ2 = squaredDistance(1, p, 1, q, dim)
    guard δ2 > 0 else { return }
    let chord = (δ2 / (p[dim] * q[dim])).squareRoot(), z = s * chord
    let slope = scale * 2 * chord / (1 + z * z).squareRoot()  // scale · ∂d/∂z · z
    let ofP = isClipped(p) ? 0 : c / p[dim], ofQ = isClipped(q) ? 0 : c / q[dim]
    for i in 0..<dim {
      let direction = (p[i] - q[i]) / δ2
      gp[i] += slope * (direction + ofP * p[i])
      gq[i] += slope * (ofQ * q[i] - direction)
    }
    parameters[0] +=
      slope / 2 * (1 + self.slope(p) / p[dim] + self.slope(q) / q[dim]) - scale * chord * asinhc(z)
      + rim(p, slope) { (p[$0] - q[$0]) / δ2 } + rim(q, slope) { (q[$0] - p[$0]) / δ2 }
  }

  // MARK: - Mean

  public func mean(_ points: WeightedPoints, into m: UnsafeMutablePointer<Double>) {
    let u = quotient(points, into: m)
    for i in 0..<dim { m[i] /= 1 + u.root }
    // Rounding must not leave the ball.
    let radius = s * product(m, m, dim).squareRoot()
    if radius > 1 - Ball.epsilon { for i in 0..<dim { m[i] *= (1 - Ball.epsilon) / radius } }
  }

  /// u into `u`; L = Σ w (λ − 1) and ρ = √(1 − c|u|²), at least W/L where the difference has lost its digits.
  private func quotient(_ points: WeightedPoints, into u: UnsafeMutablePointer<Double>) -> (
    excess: Double, root: Double
  ) {
    let excess = points.sum(dim, into: u) {
      2 / points.point($0)[dim]
    } addend: {
      2 / points.point($0)[dim] - 1
    }
    var total = 0.0
    for j in 0..<points.count { total += points.weights[j] }
    for i in 0..<dim { u[i] /= excess }
    let radius = s * product(u, u, dim).squareRoot(), floor = total / excess
    return (excess, max((1 - radius) * (1 + radius), floor * floor).squareRoot())
  }

  /// m = u/(1 + ρ), u = S/L, S = Σ w λ x:
  ///
  ///     dL/du = g/(1 + ρ) + (g·u) c u/(ρ (1 + ρ)²)     dL/dS = dL/du / L     dL/dL = −dL/du·u / L
  ///     dL/dw = λ dL/dS·x + (λ − 1) dL/dL              dL/dx = w(λ dL/dS + (dL/dS·x + dL/dL) λ² c x)
  public func addMeanGradient(
    _ g: UnsafePointer<Double>, _ points: WeightedPoints, points gp: UnsafeMutablePointer<Double>,
    weights gw: UnsafeMutablePointer<Double>, parameters: UnsafeMutablePointer<Double>
  ) {
    var u = [Double](repeating: 0, count: dim)
    let (excess, ρ) = quotient(points, into: &u)
    let along = product(g, u, dim) / (ρ * (1 + ρ) * (1 + ρ))
    let gS = (0..<dim).map { (g[$0] / (1 + ρ) + along * c * u[$0]) / excess }
    let gL = -product(gS, u, dim)
    parameters[0] += along * c * product(u, u, dim) / 2
    for j in 0..<points.count {
      let x = points.point(j), λ = 2 / x[dim], w = points.weights[j]
      let along = product(gS, x, dim)
      gw[j] += λ * along + (λ - 1) * gL
      guard w != 0 else { continue }
      let out = gp + j * points.stride, radial = isClipped(x) ? 0 : (along + gL) * λ * λ * c
      for i in 0..<dim { out[i] += w * (λ * gS[i] + radial * x[i]) }
      parameters[0] += w * (along + gL) * λ * λ * slope(x) / 2 + rim(x, w * λ) { gS[$0] }
    }
  }
}
