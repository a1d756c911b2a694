import RuvectorCore
import Testing

@testable import RuvectorGeometry

@Suite struct PoincareBallTests {
  @Test func badInputsGiveTheirCode() throws {
    for K in [0, 1, Double.nan, .infinity, -.infinity] {
      #expect(code { _ = try PoincareBall(curvature: K) } == .invalidConfig)
    }
    #expect(code { _ = try PoincareBall<Float>(curvature: 0) } == .invalidConfig)
    let ball = try PoincareBall<Double>(curvature: -1)
    #expect(ball.curvature == -1)
    #expect(code { _ = try ball.dist([], []) } == .emptyInput)
    #expect(code { _ = try ball.dist([0, 0], [0]) } == .dimensionMismatch)
    #expect(code { _ = try ball.dist([0, 0], []) } == .dimensionMismatch)
    #expect(code { _ = try ball.dist([0, .nan], [0, 0]) } == .nonFinite)
    #expect(code { _ = try ball.dist([0, 0], [0, .infinity]) } == .nonFinite)
    #expect(code { _ = try ball.projx([1.7e308, 1.7e308]) } == .outOfRange)
    #expect(code { _ = try ball.egrad2rgrad([0], [.nan]) } == .nonFinite)
    #expect(code { _ = try ball.egrad2rgrad([0], [1, 2]) } == .dimensionMismatch)
    #expect(code { _ = try ball.lambdaX([]) } == .emptyInput)
    #expect(code { _ = try ball.dist0([-.infinity]) } == .nonFinite)
  }

  /// Any finite input gives finite numbers or `outOfRange`, also where squares overflow or vanish.
  @Test(arguments: [-1, -1e-300, -1e300, -Double.leastNonzeroMagnitude, -1.7e308])
  func extremesAreHandled(K: Double) throws {
    let ball = try PoincareBall(curvature: K)
    let sizes = [0, Double.leastNonzeroMagnitude, 1e-160, 1e-5, 1, 1e5, 1e160, 1.7e308, -1]
    for a in sizes {
      for b in sizes {
        let x = [a, 0], y = [b, a]
        for body in [
          { try ball.mobiusAdd(x, y) }, { try ball.expMap(x, y) }, { try ball.logMap(x, y) },
          { try ball.transp(x, y, x) }, { try ball.geodesic(b, x, y) }, { try ball.mobiusScalarMul(a, y) },
          { [try ball.dist(x, y), try ball.dist0(y), try ball.lambdaX(x)] }, { try ball.toLorentz(y) },
          { try ball.weightedMidpoint(x + y, dim: 2, weights: [abs(a), abs(b)]) }, { try ball.projx(y) },
          { try ball.frechetMean(x + y, dim: 2, weights: [1, 2]) }, { try ball.gyration(x, y, x) },
        ] as [() throws -> [Double]] {
          do { #expect(try body().allSatisfy(\.isFinite)) } catch let error as RuvectorError {
            #expect([.outOfRange, .invalidArgument].contains(error.code))
          }
        }
      }
    }
  }

  /// Against the textbook formulas at moderate radii, where those are sound.
  @Test func equalsTheTextbook() throws {
    let ball = try PoincareBall<Double>(curvature: -1)
    let x = [0.5, 0.0], y = [0.0, 0.5]
    // 1 + 2·0.5/(0.75·0.75) = 25/9; acosh(25/9) = ln(25/9 + √(625/81 − 1)) = 1.6806…
    #expect(abs(try ball.dist(x, y) - .acosh(25.0 / 9)) < 1e-15)
    #expect(abs(try ball.dist0(x) - .log(3)) < 1e-15)
    #expect(try ball.lambdaX(x) == 2 / 0.75)
    #expect(try ball.egrad2rgrad(x, [1, 2]) == [0.140625, 0.28125])
  }

  /// Symmetry exact, the triangle to rounding, zero for equal points. Seen: 0.05 of the unit.
  @Test(arguments: Space.all) func distanceIsAMetric(space: Space) throws {
    var sample = try Sample(space)
    var gauge = Gauge()
    for _ in 0..<300 {
      let x = try sample.point(), y = try sample.point(), z = try sample.point()
      let d = try sample.ball.dist(x, y)
      #expect(try d == sample.ball.dist(y, x))
      #expect(try sample.ball.dist(x, x) == 0)
      let around = try sample.ball.dist(x, z) + sample.ball.dist(z, y)
      gauge.note(max(0, d - around), try sample.unit(x, y) + sample.unit(z, z))
    }
    gauge.check("triangle")
  }

  /// d(0, x) two ways, and close points against the metric: d ≈ λ|x − y|. Seen: 0.08 and 0.23 of the bounds.
  @Test(arguments: Space.all) func distanceAgreesWithTheMetric(space: Space) throws {
    var sample = try Sample(space)
    var gauge = Gauge(), near = Gauge()
    let origin = [Double](repeating: 0, count: space.dim)
    for _ in 0..<300 {
      let x = try sample.point()
      gauge.note(
        abs(try sample.ball.dist0(x) - sample.ball.dist(origin, x)), try sample.unit(x, origin))
      // A step of h = 1e-7/λ: the metric is constant along it to 1e-7, and λ itself is known to ελ.
      let λ = try sample.ball.lambdaX(x)
      let y = combined(1, x, 1e-7 / λ, sample.vector())
      let step = difference(x, y)
      if λ < 9e4 {
        near.note(
          abs(try sample.ball.dist(x, y) / (λ * step) - 1), try 1e-7 * (2 + sample.s) + 4 * sample.unit(x, y))
      }
    }
    gauge.check("dist0")
    near.check("metric")
  }

  @Test(arguments: Space.all) func projectionIsIdempotentAndLeavesTheInside(space: Space) throws {
    var sample = try Sample(space)
    let rim = (1 - 1e-5) / sample.s
    for _ in 0..<200 {
      let outside = sample.vector(length: .random(in: 1...1e6, using: &sample.random) / sample.s)
      let x = try sample.ball.projx(outside)
      #expect(abs(norm(x) / rim - 1) <= Double(space.dim + 4) * .ulpOfOne)
      #expect(try sample.ball.projx(x) == x)
      #expect(abs(dot(x, outside) / norm(x) / norm(outside) - 1) <= Double(space.dim + 4) * .ulpOfOne)
      let inside = sample.vector(length: 0.999 * rim)
      #expect(try sample.ball.projx(inside) == inside)
      // On the rim the factor is the constant, whatever the rounding of the coordinates.
      let constant = 2 / ((1 - (1 - 1e-5)) * (1 + (1 - 1e-5)))
      #expect(try sample.ball.lambdaX(outside) == constant)
      let single = try PoincareBall(curvature: Float(space.curvature))
      let stored = try single.projx(outside.map { Float($0) })
      #expect(try single.projx(stored) == stored)
      #expect(try single.lambdaX(stored) == Float(constant))
    }
  }

  /// g/λ², rounded four times.
  @Test(arguments: Space.all) func riemannianGradientIsScaled(space: Space) throws {
    var sample = try Sample(space)
    for _ in 0..<100 {
      let x = try sample.point(), g = sample.vector(length: 3)
      let λ = try sample.ball.lambdaX(x)
      let r = try sample.ball.egrad2rgrad(x, g)
      #expect(difference(r, g.map { $0 / (λ * λ) }) <= 4 * .ulpOfOne * 3 / (λ * λ))
    }
  }

  /// Float inputs against the Double path on the unrounded inputs: the rounding of the inputs, ε₃₂, moves a
  /// point by ε₃₂ λ; the arithmetic adds nothing. Seen: 0.28 of the bound; on equal inputs 0.98 of half an ulp.
  @Test(arguments: Space.all) func floatFollowsDouble(space: Space) throws {
    var sample = try Sample(space)
    let single = try PoincareBall(curvature: Float(space.curvature))
    let ε = Double(Float.ulpOfOne)
    var gauge = Gauge(), same = Gauge()
    for _ in 0..<300 {
      let x = try sample.point(), y = try sample.point()
      let fx = x.map { Float($0) }, fy = y.map { Float($0) }
      // 1/(1 − √c r) ≥ λ/2
      let spread = 1 / (1 - sample.s * norm(x)) + 1 / (1 - sample.s * norm(y))
      let d = try sample.ball.dist(x, y)
      gauge.note(abs(try Double(single.dist(fx, fy)) - d), ε * (2 * spread / sample.s + d))
      // On equal inputs the two differ by the rounding of the result alone (curvature rounded as well).
      let double = try PoincareBall(curvature: Double(single.curvature))
      let exact = try double.mobiusAdd(fx.map { Double($0) }, fy.map { Double($0) })
      if norm(exact) * sample.s < 1 - 2e-5, norm(x) * sample.s < 1 - 2e-5, norm(y) * sample.s < 1 - 2e-5 {
        same.note(
          difference(try single.mobiusAdd(fx, fy).map { Double($0) }, exact), ε / 2 * norm(exact) + 1e-45)
      }
    }
    gauge.check("Float distance")
    same.check("Float rounding")
  }
}
