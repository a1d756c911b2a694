import RuvectorCore

/// The sphere of curvature K > 0, radius R = 1/√K, in ℝⁿ:
///
///     point   = R x/|x|          (the first axis for x = 0)
///     d(x, y) = R θ,   θ = 2 atan2(|x − y|, |x + y|)
///     mean    = R S/|S|,   S = Σ w x      (the heaviest point where S vanishes, with no gradient)
///
/// The mean is the extrinsic one (Mardia and Jupp 2000, "Directional Statistics", section 9.2): it minimises Σ w |x − m|².
/// One parameter: ln K, which scales points, distances and means by K^−½.
public final class SphereManifold: Manifold {
  public let dim: Int
  public var stride: Int { dim }
  public var parameterCount: Int { 1 }
  /// R
  let radius: Double

  /// K > 0, finite; `.invalidConfig` for others.
  public convenience init(dim: Int, curvature: Double) throws(RuvectorError) {
    guard curvature > 0, curvature.isFinite else {
      throw .expected("a finite number > 0", for: "curvature", received: text(curvature), .invalidConfig)
    }
    self.init(dim: dim, radius: 1 / curvature.squareRoot())
  }

  private init(dim: Int, radius: Double) { (self.dim, self.radius) = (dim, radius) }

  // MARK: - Points

  public func place(_ x: UnsafePointer<Float>, into p: UnsafeMutablePointer<Double>) {
    let n = squaredLength(x, dim).squareRoot()
    for i in 0..<dim { p[i] = n > 0 ? radius / n * Double(x[i]) : i == 0 ? radius : 0 }
  }

  /// (R/|x|)(1 − x̂x̂ᵀ)
  public func addPlaceGradient(
    _ x: UnsafePointer<Float>, _ p: UnsafePointer<Double>, _ g: UnsafePointer<Double>,
    into gx: UnsafeMutablePointer<Float>
  ) {
    let n = squaredLength(x, dim).squareRoot()
    guard n > 0 else { return }
    let along = product(g, p, dim) / (radius * radius)
    for i in 0..<dim { gx[i] += Float(radius / n * (g[i] - along * p[i])) }
  }

  // MARK: - Distance

  public func distance(_ p: UnsafePointer<Double>, _ q: UnsafePointer<Double>) -> Double { radius * angle(p, q) }

  private func angle(_ p: UnsafePointer<Double>, _ q: UnsafePointer<Double>) -> Double {
    2
      * arctangent(
        squaredDistance(1, p, 1, q, dim).squareRoot(), over: squaredDistance(1, p, -1, q, dim).squareRoot())
  }

  /// Along the sphere ∂d/∂x = (cos θ x − y)/(R sin θ); antipodes have none.
  public func addDistanceGradient(
    _ scale: Double, _ p: UnsafePointer<Double>, _ q: UnsafePointer<Double>, p gp: UnsafeMutablePointer<Double>,
    q gq: UnsafeMutablePointer<Double>, parameters: UnsafeMutablePointer<Double>
  ) {
    let near = squaredDistance(1, p, 1, q, dim), far = squaredDistance(1, p, -1, q, dim)
    parameters[0] -= scale * distance(p, q) / 2
    // R² sin θ = |x − y||x + y|/2, R² cos θ = (|x + y|² − |x − y|²)/4
    let sine = (near * far).squareRoot() / 2
    guard sine > 1e-14 * radius * radius else { return }
    let slope = scale * radius / sine, cosine = (far - near) / 4 / (radius * radius)
    for i in 0..<dim {
      gp[i] += slope * (cosine * p[i] - q[i])
      gq[i] += slope * (cosine * q[i] - p[i])
    }
  }

  // MARK: - Mean

  public func mean(_ points: WeightedPoints, into m: UnsafeMutablePointer<Double>) {
    guard let n = length(points, into: m) else {
      var heaviest = 0
      for j in 0..<points.count where points.weights[j] > points.weights[heaviest] { heaviest = j }
      return m.update(from: points.point(heaviest), count: dim)
    }
    for i in 0..<dim { m[i] *= radius / n }
  }

  /// S into `sum`, and |S| unless it is rounding.
  private func length(_ points: WeightedPoints, into sum: UnsafeMutablePointer<Double>) -> Double? {
    let total = points.sum(dim, into: sum) { _ in
      1
    } addend: { _ in
      1
    }
    let n = product(sum, sum, dim).squareRoot()
    return n > 1e-12 * total * radius ? n : nil
  }

  public func addMeanGradient(
    _ g: UnsafePointer<Double>, _ points: WeightedPoints, points gp: UnsafeMutablePointer<Double>,
    weights gw: UnsafeMutablePointer<Double>, parameters: UnsafeMutablePointer<Double>
  ) {
    var sum = [Double](repeating: 0, count: dim)
    guard let n = length(points, into: &sum) else { return }
    let along = product(g, sum, dim) / (n * n)
    let gS = (0..<dim).map { radius / n * (g[$0] - along * sum[$0]) }
    parameters[0] -= product(g, sum, dim) * radius / n / 2
    for j in 0..<points.count {
      gw[j] += product(gS, points.point(j), dim)
      accumulate(points.weights[j], gS, dim, into: gp + j * points.stride)
    }
  }
}
