import RuvectorCore

/// A product of spaces, each with a weight β: coordinates lie one space after the other,
///
///     d(x, y)² = Σ_s β_s d_s(x_s, y_s)²,     mean = the means of the spaces
///
/// Parameters: ln β of each space, then the spaces' own, in order. Reference: Gu, Sala, Gunel, Ré 2019, "Learning
/// Mixed-Curvature Representations in Products of Model Spaces", section 3.2.
public final class ProductManifold: Manifold {
  public let dim: Int
  public let stride: Int
  public let parameterCount: Int
  private let factors: [Factor]

  private struct Factor: Sendable {
    let space: any Manifold
    let weight: Double
    /// Where its coordinates, its part of a point, and its parameters begin.
    let at, place, parameter: Int
  }

  /// `weights` β > 0, one a space.
  public init(_ spaces: [any Manifold], weights: [Double]) {
    var factors: [Factor] = [], at = 0, place = 0, parameter = spaces.count
    for (space, weight) in zip(spaces, weights) {
      factors.append(Factor(space: space, weight: weight, at: at, place: place, parameter: parameter))
      at += space.dim
      place += space.stride
      parameter += space.parameterCount
    }
    (self.factors, dim, stride, parameterCount) = (factors, at, place, parameter)
  }

  public func place(_ x: UnsafePointer<Float>, into p: UnsafeMutablePointer<Double>) {
    for f in factors { f.space.place(x + f.at, into: p + f.place) }
  }

  public func addPlaceGradient(
    _ x: UnsafePointer<Float>, _ p: UnsafePointer<Double>, _ g: UnsafePointer<Double>,
    into gx: UnsafeMutablePointer<Float>
  ) {
    for f in factors { f.space.addPlaceGradient(x + f.at, p + f.place, g + f.place, into: gx + f.at) }
  }

  public func distance(_ p: UnsafePointer<Double>, _ q: UnsafePointer<Double>) -> Double {
    var sum = 0.0
    for f in factors {
      let d = f.space.distance(p + f.place, q + f.place)
      sum += f.weight * d * d
    }
    return sum.squareRoot()
  }

  /// ∂d = Σ β_s d_s/d ∂d_s, and ∂d/∂(ln β_s) = β_s d_s²/(2d)
  public func addDistanceGradient(
    _ scale: Double, _ p: UnsafePointer<Double>, _ q: UnsafePointer<Double>, p gp: UnsafeMutablePointer<Double>,
    q gq: UnsafeMutablePointer<Double>, parameters: UnsafeMutablePointer<Double>
  ) {
    let d = distance(p, q)
    guard d > 0 else { return }
    for (i, f) in factors.enumerated() {
      let part = f.space.distance(p + f.place, q + f.place), slope = scale * f.weight * part / d
      parameters[i] += slope * part / 2
      f.space.addDistanceGradient(
        slope, p + f.place, q + f.place, p: gp + f.place, q: gq + f.place, parameters: parameters + f.parameter)
    }
  }

  public func mean(_ points: WeightedPoints, into m: UnsafeMutablePointer<Double>) {
    for f in factors { f.space.mean(points.from(f.place), into: m + f.at) }
  }

  public func addMeanGradient(
    _ g: UnsafePointer<Double>, _ points: WeightedPoints, points gp: UnsafeMutablePointer<Double>,
    weights gw: UnsafeMutablePointer<Double>, parameters: UnsafeMutablePointer<Double>
  ) {
    for f in factors {
      f.space.addMeanGradient(
        g + f.at, points.from(f.place), points: gp + f.place, weights: gw, parameters: parameters + f.parameter)
    }
  }
}
