import RuvectorCore
import TestSupport
import Testing

@testable import RuvectorGeometry

// What the tests share: seeded points at every depth of the ball, and a gauge of errors.
//
// The unit of the gauge. A coordinate has a relative rounding of ε/2, and |x|² one of about (n/2 + 2)ε/2; the
// metric stretches both by λ. So a point of the ball is known to about (n/2 + 4)·ε·λ/√c in distance, and a
// law that meets two points holds to `unit` = (n/2 + 4)·ε·(λ_x + λ_y)/√c times a small constant. Where a
// direction is carried over a distance d the angle's rounding grows by sinh(√c d): stated at the test.

/// A ball and a source of its points.
struct Sample {
  let ball: PoincareBall<Double>
  let s: Double
  let n: Int
  var random: SeededGenerator

  init(_ space: Space) throws {
    ball = try PoincareBall(curvature: space.curvature)
    s = (-space.curvature).squareRoot()
    n = space.dim
    random = SeededGenerator(UInt64(space.dim) &* 1000 &+ space.curvature.bitPattern)
  }

  mutating func vector(length: Double = 1) -> [Double] {
    while true {
      let v = (0..<n).map { _ in Double.random(in: -1...1, using: &random) }
      let size = norm(v)
      if size > 0.1 { return v.map { $0 / size * length } }
    }
  }

  /// A point at one of five depths: anywhere, next to the origin, toward the rim, on the rim, the origin.
  mutating func point() throws -> [Double] {
    let radius: Double
    switch Int.random(in: 0..<12, using: &random) {
    case 0: return [Double](repeating: 0, count: n)
    case 1: return try ball.projx(vector(length: 1 / s))
    case 2: radius = .exp(.random(in: -40 ... -1, using: &random))
    case 3...5: radius = 1 - .exp(.random(in: -11.5...0, using: &random))
    default: radius = .random(in: 0...1, using: &random)
    }
    return try ball.projx(vector(length: radius / s))
  }

  /// A point whose distance from the origin is `part` of that of the rim at most, so that sums of points stay
  /// within the rim.
  mutating func point(within part: Double) throws -> [Double] {
    let rim = Double.log((2 - 1e-5) / 1e-5) / 2
    let t = Double.random(in: 0...1, using: &random) * part * rim
    return try ball.projx(vector(length: Double.tanh(t) / s))
  }

  func unit(_ x: [Double], _ y: [Double]) throws -> Double {
    try (Double(n) / 2 + 4) * .ulpOfOne * (ball.lambdaX(x) + ball.lambdaX(y)) / s
  }
}

struct Space: CustomTestStringConvertible, Sendable {
  let curvature: Double
  let dim: Int
  var testDescription: String { "K \(curvature), n \(dim)" }

  static let all: [Space] = [-1, -0.3, -2.5].flatMap { K in
    [1, 2, 5, 17].map { Space(curvature: K, dim: $0) }
  }
}

/// The largest of errors/bounds; compile the tests with `-Xswiftc -DSEEN` to print it.
struct Gauge {
  var worst = 0.0
  mutating func note(_ error: Double, _ bound: Double) {
    let ratio = error == 0 ? 0 : error / bound
    if !(ratio <= worst) { worst = ratio }
  }
  func check(_ name: String, _ space: Space? = nil, sourceLocation: SourceLocation = #_sourceLocation) {
    #if SEEN
      print("SEEN", name, worst)
    #endif
    #expect(worst <= 1, "\(name): error/bound", sourceLocation: sourceLocation)
  }
}

func difference(_ x: [Double], _ y: [Double]) -> Double { norm(zip(x, y).map { $0 - $1 }) }

/// The code of the error that `body` throws.
func code(_ body: () throws -> Void) -> RuvectorError.Code? {
  do {
    try body()
    return nil
  } catch let error as RuvectorError { return error.code } catch { return nil }
}
