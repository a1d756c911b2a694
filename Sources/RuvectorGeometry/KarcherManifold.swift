import RuvectorCore

/// The Poincaré ball with the Fréchet (Karcher) mean in the place of the weighted midpoint: the m that minimises
/// Σ w d(m, x)². Points and distances are ``PoincareManifold``'s; no parameters.
///
/// The mean is found as in ``PoincareBall/frechetDescent(_:dim:weights:tolerance:maxIterations:)``, to within 1e-9 of the
/// true one in distance (near the rim: what the rounding of λ leaves). Its gradient comes from the condition that
/// defines it, Σ w log_m(x) = 0, and not from the steps.
///
/// References: Karcher 1977; Lou, Katsman, Jiang, Belongie, Lim, De Sa 2020, "Differentiating through the Fréchet Mean".
public final class KarcherManifold: Manifold {
  private let base: PoincareManifold
  private let ball: PoincareBall<Double>
  public var dim: Int { base.dim }
  public var stride: Int { base.stride }
  public var parameterCount: Int { 0 }

  /// K < 0, finite; `.invalidConfig` for others.
  public convenience init(dim: Int, curvature: Double) throws(RuvectorError) {
    self.init(try PoincareManifold(dim: dim, curvature: curvature), try PoincareBall(curvature: curvature))
  }

  private init(_ base: PoincareManifold, _ ball: PoincareBall<Double>) { (self.base, self.ball) = (base, ball) }

  public func place(_ x: UnsafePointer<Float>, into p: UnsafeMutablePointer<Double>) { base.place(x, into: p) }

  public func addPlaceGradient(
    _ x: UnsafePointer<Float>, _ p: UnsafePointer<Double>, _ g: UnsafePointer<Double>,
    into gx: UnsafeMutablePointer<Float>
  ) {
    base.addPlaceGradient(x, p, g, into: gx)
  }

  public func distance(_ p: UnsafePointer<Double>, _ q: UnsafePointer<Double>) -> Double { base.distance(p, q) }

  public func addDistanceGradient(
    _ scale: Double, _ p: UnsafePointer<Double>, _ q: UnsafePointer<Double>, p gp: UnsafeMutablePointer<Double>,
    q gq: UnsafeMutablePointer<Double>, parameters: UnsafeMutablePointer<Double>
  ) {
    var curvature = 0.0
    base.addDistanceGradient(scale, p, q, p: gp, q: gq, parameters: &curvature)
  }

  // MARK: - Mean

  public func mean(_ points: WeightedPoints, into m: UnsafeMutablePointer<Double>) {
    base.mean(points, into: m)
    let start = ball.point((0..<dim).map { m[$0] }, norm: product(m, m, dim).squareRoot())
    let end = ball.descend(from: start, tolerance: 1e-9, maxIterations: 256) { slope(at: $0, points) }
    for i in 0..<dim { m[i] = end.point.at[i] }
  }

  /// F(m) = ½ Σ w d² / Σ w, the step −grad F(m) = Σ w log_m(x) / Σ w and its Riemannian norm; each point is read once:
  /// w log_m(x) = a x − b m with a = w k g_m, b = w k (g_m + c|x − m|²) (``PoincareBall/logMap(_:_:)``).
  private func slope(at m: BallPoint, _ points: WeightedPoints) -> (value: Double, step: [Double], norm: Double) {
    var step = [Double](repeating: 0, count: dim), value = 0.0, total = 0.0, back = 0.0
    for j in 0..<points.count where points.weights[j] != 0 {
      let x = points.point(j), w = points.weights[j], gap = x[dim]
      let δ2 = m.at.withUnsafeBufferPointer { $0.baseAddress.map { squaredDistance(1, x, 1, $0, dim) } ?? 0 }
      let chord = (δ2 / (m.gap * gap)).squareRoot(), z = base.s * chord
      let n2 = base.c * δ2, k = (m.gap / (gap * (m.gap * gap + n2))).squareRoot() * asinhc(z)
      accumulate(w * k * m.gap, x, dim, into: &step)
      back += w * k * (m.gap + n2)
      let d = 2 * chord * asinhc(z)
      value += w * d * d / 2
      total += w
    }
    for i in 0..<dim { step[i] = (step[i] - back * m.at[i]) / total }
    return (value / total, step, 2 / m.gap * norm(step))
  }

  // MARK: - Gradient of the mean

  /// In orthonormal frames (coordinates times λ), with e_j the direction of log_m(x_j), d_j its length, ρ_j = √c d_j:
  ///
  ///     H = Σ w_j (ρ_j coth ρ_j (1 − e_j e_jᵀ) + e_j e_jᵀ)     the Hessian of ½ Σ w d²
  ///     u = H⁻¹ g/λ_m                                            by conjugate gradients
  ///     dL/dw_j = u · d_j e_j
  ///     dL/dx_j = λ_x w_j gyr[x_j, −m](ρ_j/sinh ρ_j (u − (u·e_j) e_j) + (u·e_j) e_j)
  ///
  /// since moving x_j by v moves log_m(x_j) by v along the geodesic and by ρ/sinh ρ v across it (Jacobi fields).
  public func addMeanGradient(
    _ g: UnsafePointer<Double>, _ points: WeightedPoints, points gp: UnsafeMutablePointer<Double>,
    weights gw: UnsafeMutablePointer<Double>, parameters: UnsafeMutablePointer<Double>
  ) {
    var mean = [Double](repeating: 0, count: dim)
    self.mean(points, into: &mean)
    let m = ball.point(mean, norm: norm(mean)), λ = 2 / m.gap
    let all = (0..<points.count).map { point(points.point($0)) }
    let logs = all.map { ball.logarithm(m, $0) }, lengths = logs.map { λ * norm($0) }
    let directions = zip(logs, lengths).map { log, d in d > 0 ? scaled(λ / d, log) : log }

    let u = conjugateGradients((0..<dim).map { g[$0] / λ }) { v in
      var product = [Double](repeating: 0, count: dim)
      for j in all.indices where points.weights[j] != 0 {
        let across = hyperbolicCotangent(base.s * lengths[j]), along = dot(directions[j], v)
        accumulate(points.weights[j] * across, v, into: &product)
        accumulate(points.weights[j] * (1 - across) * along, directions[j], into: &product)
      }
      return product
    }
    for j in all.indices {
      let along = dot(u, directions[j])
      gw[j] += lengths[j] * along
      guard points.weights[j] != 0 else { continue }
      let across = 1 / sinhc(base.s * lengths[j])
      let moved = combined(across, u, (1 - across) * along, directions[j])
      let turned = ball.gyrated(all[j], -m, moved)
      accumulate(points.weights[j] * 2 / all[j].gap, turned, dim, into: gp + j * points.stride)
    }
  }

  private func point(_ p: UnsafePointer<Double>) -> BallPoint {
    BallPoint(at: (0..<dim).map { p[$0] }, gap: p[dim])
  }

  /// ρ coth ρ, 1 at 0.
  private func hyperbolicCotangent(_ ρ: Double) -> Double {
    ρ < 1e-4 ? 1 + ρ * ρ / 3 : ρ / Double.tanh(ρ)
  }

  /// The solution of A x = b for a symmetric A > 0, to 1e-12 of b (Hestenes and Stiefel 1952).
  private func conjugateGradients(_ b: [Double], _ apply: ([Double]) -> [Double]) -> [Double] {
    var x = scaled(0, b), residual = b, direction = b
    var square = dot(b, b)
    let enough = square * 1e-24
    for _ in 0..<2 * dim where square > enough {
      let image = apply(direction), curvature = dot(direction, image)
      guard curvature > 0 else { break }
      accumulate(square / curvature, direction, into: &x)
      accumulate(-square / curvature, image, into: &residual)
      let next = dot(residual, residual)
      direction = combined(1, residual, next / square, direction)
      square = next
    }
    return x
  }
}
