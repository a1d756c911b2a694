import RuvectorCore

extension PoincareBall {
  // MARK: - Exponential and logarithm

  /// The exponential map exp_x(u) = x ⊕ tanh(√c λ_x|u|/2) u/(√c|u|): the end of the geodesic that starts at
  /// x with velocity u.
  ///
  /// exp_x(0) = x; d(x, exp_x(u)) = λ_x|u| up to the rim, where a longer u ends. The inverse of
  /// ``logMap(_:_:)``. (Ganea et al. 2018, lemma 2.)
  public func expMap(_ x: [Scalar], _ u: [Scalar]) throws(RuvectorError) -> [Scalar] {
    let x = try point(x, "x")
    return try Scalar.rounded(exponential(x, vector(u, "u", like: x)))
  }

  /// The exponential map at the origin, exp_0(u) = tanh(√c|u|) u/(√c|u|). (Ganea et al. 2018, equation 13.)
  ///
  /// d(0, exp_0(u)) = 2|u| up to the rim (√c|u| ≤ 6.1).
  public func expMap0(_ u: [Scalar]) throws(RuvectorError) -> [Scalar] {
    let u = try Scalar.widened(u, "u")
    guard norm(u).isFinite else { throw .overflow("|u|") }
    return try Scalar.rounded(shortened(u, by: 1, limit: Self.rim).w)
  }

  /// The logarithmic map log_x(y) = 2/(√c λ_x) atanh(√c|−x ⊕ y|) (−x ⊕ y)/|−x ⊕ y|: the velocity at x that
  /// leads to y in unit time.
  ///
  /// log_x(x) = 0; λ_x|log_x(y)| = d(x, y). With δ = y − x, g = 1 − c|·|², D = g_x g_y + c|δ|² and
  /// z = √c|δ|/√(g_x g_y) it is computed as √(g_x/(g_y D)) asinh(z)/z (g_x δ − c|δ|² x), which neither
  /// divides by |−x ⊕ y| nor takes the atanh of a number near 1. (Ganea et al. 2018, lemma 2.)
  public func logMap(_ x: [Scalar], _ y: [Scalar]) throws(RuvectorError) -> [Scalar] {
    let (x, y) = try points(x, y)
    return try Scalar.rounded(logarithm(x, y))
  }

  /// The logarithmic map at the origin, log_0(y) = atanh(√c|y|) y/(√c|y|). (Ganea et al. 2018, equation 13.)
  public func logMap0(_ y: [Scalar]) throws(RuvectorError) -> [Scalar] {
    let y = try point(y, "y")
    return try Scalar.rounded(scaled(logScale(y), y.at))
  }

  // MARK: - Geodesics and transport

  /// The point γ(t) = x ⊕ t ⊗ (−x ⊕ y) of the geodesic with γ(0) = x and γ(1) = y.
  ///
  /// d(γ(t), γ(q)) = |t − q| d(x, y); t outside 0...1 continues beyond the ends, up to the rim. It is
  /// computed from the nearer end, so both ends are met to rounding. (Ganea et al. 2018, equation 9.)
  public func geodesic(
    _ t: Scalar, _ x: [Scalar], _ y: [Scalar]
  ) throws(RuvectorError) -> [Scalar] {
    let t = try Scalar.widened(t, "t")
    let (x, y) = try points(x, y)
    let (from, to, part) = t > 0.5 ? (y, x, 1 - t) : (x, y, t)
    let u = scaled(part, logarithm(from, to))
    guard norm(u).isFinite else { throw .overflow("t·log_x(y)") }
    return try Scalar.rounded(exponential(from, u))
  }

  /// Parallel transport of v from the tangent space at x to the one at y along their geodesic:
  /// (λ_x/λ_y) gyr[y, −x]v.
  ///
  /// Keeps the Riemannian inner product, λ_y|transp(v)| = λ_x|v|; `transp(x, x, v)` is v, exactly. (geoopt's
  /// `transp`, HGCN's `ptransp`; Ganea et al. 2018, theorem 4, for x = 0; Ungar 2008.)
  public func transp(
    _ x: [Scalar], _ y: [Scalar], _ v: [Scalar]
  ) throws(RuvectorError) -> [Scalar] {
    let (x, y) = try points(x, y)
    let v = try vector(v, "v", like: x)
    return try Scalar.rounded(scaled(y.gap / x.gap, gyrated(y, -x, v)))
  }

  // MARK: - In Double

  /// exp_x(u), kept within the rim.
  func exponential(_ x: BallPoint, _ u: [Double]) -> [Double] {
    let radius = s * norm(x.at)
    let n = norm(u)
    // √c λ_x|u|/2 = √c|u|/(1 − c|x|²)
    let t = s * n / x.gap
    if radius > 0.5, t >= 1, dot(x.at, u) < 0 { return inward(x, radius, u, norm: n, t) }
    let (w, gap) = shortened(u, by: 1 / x.gap)
    return sum(x, w, gap: gap)
  }

  /// exp_x(u) for a long way inward from near the rim, where x ⊕ w would take the difference of a w whose
  /// distance to the rim has been rounded away.
  ///
  /// On the hyperboloid (c = 1, ρ = 2t = λ|u|, e = u/|u|, r = |x|, x̂ = x/r, P = cosh ρ + ⟨x, e⟩ sinh ρ)
  /// the end is Z₀ = λP − cosh ρ, z⃗ = λP x + sinh ρ e, and exp_x(u) = z⃗/(1 + Z₀). With h the part of
  /// x̂ across e (|h| is the sine of their angle), κ = r + ⟨x, e⟩ = r|h|²/(1 + √(1 − |h|²)), κ' = 2r − κ and
  /// q = (1 − r)/(1 + r) the exponentials separate:
  ///
  ///     2P = e^ρ (1 − r + κ) + e^−ρ (1 − r + κ')
  ///     2Z₀ = e^ρ (q + λκ) + e^−ρ (q + λκ')
  ///     z⃗ = (sinh ρ − λrP + λκP) e + λrP h
  ///     2(sinh ρ − λrP) = e^ρ (q − λrκ) − e^−ρ (1 + 2r/(1 + r) + λrκ')
  ///
  /// Nothing cancels but where z⃗ truly passes the origin. All is divided by e^ρ, which may overflow.
  private func inward(
    _ x: BallPoint, _ r: Double, _ u: [Double], norm n: Double, _ t: Double
  ) -> [Double] {
    var e = u
    for i in e.indices { e[i] /= n }
    var h = combined(1, e, s / r, x.at)
    h = combined(1, h, -dot(h, e), e)
    let sine = min(1, dot(h, h))
    let κ = r * sine / (1 + (1 - sine).squareRoot())
    let κ2 = 2 * r - κ
    let rest = x.gap / (1 + r)  // 1 − r
    let q = rest / (1 + r)
    let λ = 2 / x.gap
    let E = Double.exp(-4 * t)  // e^−2ρ
    let P = (rest + κ + E * (rest + κ2)) / 2
    let Z0 = (q + λ * κ + E * (q + λ * κ2)) / 2
    let along = (q - λ * r * κ - E * (1 + 2 * r / (1 + r) + λ * r * κ2)) / 2
    let scale = 1 / (Double.exp(-2 * t) + Z0) / s
    let z = combined(scale * (along + λ * κ * P), e, scale * λ * r * P, h)
    return point(z, norm: norm(z)).at
  }

  /// log_x(y). From −x ⊕ y = (g_x δ − c|δ|² x)/D and |−x ⊕ y|² = |δ|²/D.
  func logarithm(_ x: BallPoint, _ y: BallPoint) -> [Double] {
    let δ = combined(1, y.at, -1, x.at)
    let n = s * norm(δ)
    let D = x.gap * y.gap + n * n
    let z = n / (x.gap * y.gap).squareRoot()
    let k = (x.gap / (y.gap * D)).squareRoot() * asinhc(z)
    return combined(k * x.gap, δ, -k * n * n, x.at)
  }
}
