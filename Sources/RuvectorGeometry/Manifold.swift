import RuvectorCore

/// What attention needs of a space: points, distances, weighted means, and the gradients of all three.
///
/// A point is `stride` numbers in Double: its `dim` coordinates and what the space keeps beside them. Coordinates come
/// from and go back to Float rows of `dim` elements; ``place(_:into:)`` is the way in. A space may have parameters that
/// can be learned (the logarithm of its curvature, weights of its factors); gradients are *added* to what the pointers
/// hold, and nil means not wanted.
///
/// - Precision: all arithmetic in Double. Nothing here looks for NaN or infinity: that is the caller's.
/// - Complexity: O(dim) a point.
public protocol Manifold: AnyObject, Sendable {
  /// Coordinates of a point.
  var dim: Int { get }
  /// Numbers that a point takes in memory: `dim` and up to two more for each factor of the space.
  var stride: Int { get }
  /// Numbers that may be learned.
  var parameterCount: Int { get }

  /// The point nearest to the coordinates `x` (space by space: see there).
  func place(_ x: UnsafePointer<Float>, into p: UnsafeMutablePointer<Double>)
  /// Through ``place(_:into:)``: from `g` = dL/dp to dL/dx.
  func addPlaceGradient(
    _ x: UnsafePointer<Float>, _ p: UnsafePointer<Double>, _ g: UnsafePointer<Double>,
    into gx: UnsafeMutablePointer<Float>)

  /// The geodesic distance.
  func distance(_ p: UnsafePointer<Double>, _ q: UnsafePointer<Double>) -> Double
  /// scale · ∂d(p, q)/∂(p, q, parameters), the way that parameters have through ``place(_:into:)`` included. 0 for p = q,
  /// where the distance has no gradient.
  func addDistanceGradient(
    _ scale: Double, _ p: UnsafePointer<Double>, _ q: UnsafePointer<Double>, p gp: UnsafeMutablePointer<Double>,
    q gq: UnsafeMutablePointer<Double>, parameters: UnsafeMutablePointer<Double>)

  /// The weighted mean of some points (which one: see the space), its `dim` coordinates. Weights ≥ 0, not all 0.
  func mean(_ points: WeightedPoints, into m: UnsafeMutablePointer<Double>)
  /// From `g` = dL/dm, `dim` numbers, to the points ([count, stride]), weights and parameters.
  func addMeanGradient(
    _ g: UnsafePointer<Double>, _ points: WeightedPoints, points gp: UnsafeMutablePointer<Double>,
    weights gw: UnsafeMutablePointer<Double>, parameters: UnsafeMutablePointer<Double>)
}

/// Some of the points that lie in memory, `stride` numbers apart, and their weights.
public struct WeightedPoints {
  public let base: UnsafePointer<Double>
  public let stride: Int
  public let weights: UnsafePointer<Double>
  public let count: Int

  public init(_ base: UnsafePointer<Double>, stride: Int, weights: UnsafePointer<Double>, count: Int) {
    (self.base, self.stride, self.weights, self.count) = (base, stride, weights, count)
  }

  @inline(__always) func point(_ j: Int) -> UnsafePointer<Double> { base + j &* stride }

  /// The same points from coordinate `at` on: what a factor of a product sees.
  func from(_ at: Int) -> WeightedPoints {
    WeightedPoints(base + at, stride: stride, weights: weights, count: count)
  }

  /// Σ w x over `dim` coordinates, each point's weight times `factor(j)`; returns Σ w · `addend(j)`.
  @inline(__always)
  func sum(
    _ dim: Int, into s: UnsafeMutablePointer<Double>, factor: (Int) -> Double, addend: (Int) -> Double
  ) -> Double {
    for i in 0..<dim { s[i] = 0 }
    var total = 0.0
    for j in 0..<count where weights[j] != 0 {
      accumulate(weights[j] * factor(j), point(j), dim, into: s)
      total += weights[j] * addend(j)
    }
    return total
  }
}

// MARK: - Arithmetic on pointers

@inline(__always)
func accumulate(_ a: Double, _ x: UnsafePointer<Double>, _ n: Int, into y: UnsafeMutablePointer<Double>) {
  for i in 0..<n { y[i] += a * x[i] }
}

// Four sums side by side: one alone waits for each addition to end.

@inline(__always)
func product(_ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ n: Int) -> Double {
  var s0 = 0.0, s1 = 0.0, s2 = 0.0, s3 = 0.0, i = 0
  while i &+ 4 <= n {
    s0 += x[i] * y[i]
    s1 += x[i &+ 1] * y[i &+ 1]
    s2 += x[i &+ 2] * y[i &+ 2]
    s3 += x[i &+ 3] * y[i &+ 3]
    i &+= 4
  }
  while i < n {
    s0 += x[i] * y[i]
    i &+= 1
  }
  return (s0 + s1) + (s2 + s3)
}

/// |a x − b y|²
@inline(__always)
func squaredDistance(
  _ a: Double, _ x: UnsafePointer<Double>, _ b: Double, _ y: UnsafePointer<Double>, _ n: Int
) -> Double {
  var s0 = 0.0, s1 = 0.0, s2 = 0.0, s3 = 0.0, i = 0
  while i &+ 4 <= n {
    let d0 = a * x[i] - b * y[i], d1 = a * x[i &+ 1] - b * y[i &+ 1]
    let d2 = a * x[i &+ 2] - b * y[i &+ 2], d3 = a * x[i &+ 3] - b * y[i &+ 3]
    s0 += d0 * d0
    s1 += d1 * d1
    s2 += d2 * d2
    s3 += d3 * d3
    i &+= 4
  }
  while i < n {
    let d = a * x[i] - b * y[i]
    s0 += d * d
    i &+= 1
  }
  return (s0 + s1) + (s2 + s3)
}

/// |x|² of stored coordinates.
@inline(__always)
func squaredLength(_ x: UnsafePointer<Float>, _ n: Int) -> Double {
  var sum = 0.0
  for i in 0..<n { sum += Double(x[i]) * Double(x[i]) }
  return sum
}
