import RuvectorCore

/// ℝⁿ: d(x, y) = |x − y|, the mean is Σ w x / Σ w. No parameters.
public final class EuclideanManifold: Manifold {
  public let dim: Int
  public var stride: Int { dim }
  public var parameterCount: Int { 0 }

  public init(dim: Int) { self.dim = dim }

  public func place(_ x: UnsafePointer<Float>, into p: UnsafeMutablePointer<Double>) {
    for i in 0..<dim { p[i] = Double(x[i]) }
  }

  public func addPlaceGradient(
    _ x: UnsafePointer<Float>, _ p: UnsafePointer<Double>, _ g: UnsafePointer<Double>,
    into gx: UnsafeMutablePointer<Float>
  ) {
    for i in 0..<dim { gx[i] += Float(g[i]) }
  }

  public func distance(_ p: UnsafePointer<Double>, _ q: UnsafePointer<Double>) -> Double {
    squaredDistance(1, p, 1, q, dim).squareRoot()
  }

  public func addDistanceGradient(
    _ scale: Double, _ p: UnsafePointer<Double>, _ q: UnsafePointer<Double>, p gp: UnsafeMutablePointer<Double>,
    q gq: UnsafeMutablePointer<Double>, parameters: UnsafeMutablePointer<Double>
  ) {
    let d = distance(p, q)
    guard d > 0 else { return }
    for i in 0..<dim {
      let g = scale / d * (p[i] - q[i])
      gp[i] += g
      gq[i] -= g
    }
  }

  public func mean(_ points: WeightedPoints, into m: UnsafeMutablePointer<Double>) {
    let total = points.sum(dim, into: m) { _ in
      1
    } addend: { _ in
      1
    }
    for i in 0..<dim { m[i] /= total }
  }

  /// ∂m/∂x_j = w_j/W, ∂m/∂w_j = (x_j − m)/W
  public func addMeanGradient(
    _ g: UnsafePointer<Double>, _ points: WeightedPoints, points gp: UnsafeMutablePointer<Double>,
    weights gw: UnsafeMutablePointer<Double>, parameters: UnsafeMutablePointer<Double>
  ) {
    var m = [Double](repeating: 0, count: dim)
    let total = points.sum(dim, into: &m) { _ in
      1
    } addend: { _ in
      1
    }
    let along = product(g, m, dim) / total
    for j in 0..<points.count {
      gw[j] += (product(g, points.point(j), dim) - along) / total
      accumulate(points.weights[j] / total, g, dim, into: gp + j * points.stride)
    }
  }
}
