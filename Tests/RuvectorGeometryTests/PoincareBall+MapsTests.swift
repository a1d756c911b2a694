import RuvectorCore
import Testing

@testable import RuvectorGeometry

@Suite struct MapsTests {
  @Test func badInputsGiveTheirCode() throws {
    let ball = try PoincareBall<Double>(curvature: -1)
    #expect(code { _ = try ball.expMap([0], [0, 0]) } == .dimensionMismatch)
    #expect(code { _ = try ball.expMap([0], [.infinity]) } == .nonFinite)
    #expect(code { _ = try ball.expMap0([]) } == .emptyInput)
    #expect(code { _ = try ball.logMap([0, 0], [0]) } == .dimensionMismatch)
    #expect(code { _ = try ball.logMap0([.nan]) } == .nonFinite)
    #expect(code { _ = try ball.geodesic(.infinity, [0], [0]) } == .nonFinite)
    #expect(code { _ = try ball.geodesic(1, [], []) } == .emptyInput)
    #expect(code { _ = try ball.transp([0], [0], [0, 0]) } == .dimensionMismatch)
    #expect(code { _ = try ball.transp([0], [0.999], [1e300]) } == nil)
    #expect(code { _ = try ball.transp([0.999], [0], [1e308]) } == .outOfRange)
  }

  /// exp_x(log_x(y)) = y for any two points of the ball, and log_x(exp_x(u)) = u in the metric at x.
  /// Seen: 0.44 of the bound, 0.06, and 0.08 at the origin.
  @Test(arguments: Space.all) func expAndLogAreInverse(space: Space) throws {
    var sample = try Sample(space)
    var exp = Gauge(), log = Gauge(), origin = Gauge()
    for _ in 0..<1000 {
      let x = try sample.point(), y = try sample.point()
      let u = try sample.ball.logMap(x, y)
      let z = try sample.ball.expMap(x, u)
      let d = try sample.ball.dist(x, y)
      let bound = try 2 * sample.unit(x, y) * (1 + sample.s * d)
      // the rounding of the direction of u, ε, grows over the way as sinh(√c d)
      let turn = space.dim == 1 ? 0 : 2 * .ulpOfOne * Double.sinh(sample.s * d) / sample.s
      exp.note(try sample.ball.dist(z, y), bound + turn)
      log.note(
        try sample.ball.lambdaX(x) * difference(sample.ball.logMap(x, z), u), bound)
      origin.note(
        try sample.ball.dist(sample.ball.expMap0(sample.ball.logMap0(y)), y), try 2 * sample.unit(y, y))
    }
    exp.check("exp∘log")
    log.check("log∘exp")
    origin.check("exp0∘log0")
  }

  /// λ_x|log_x(y)| = d(x, y), and −x ⊕ y has the direction of log_x(y).
  /// Seen: 0.06 of the bound; the direction to 0.2 of 8ε.
  @Test(arguments: Space.all) func logMeasuresDistance(space: Space) throws {
    var sample = try Sample(space)
    var gauge = Gauge(), direction = Gauge()
    for _ in 0..<500 {
      let x = try sample.point(), y = try sample.point()
      let u = try sample.ball.logMap(x, y)
      let d = try sample.ball.dist(x, y)
      gauge.note(abs(try sample.ball.lambdaX(x) * norm(u) - d), try sample.unit(x, y) * (1 + sample.s * d))
      let w = try sample.ball.mobiusAdd(x.map { -$0 }, y)
      if norm(w) > 0, sample.s * norm(w) < 1 - 2e-5 {
        direction.note(difference(u.map { $0 / norm(u) }, w.map { $0 / norm(w) }), 8 * .ulpOfOne)
      }
    }
    gauge.check("|log| = d")
    direction.check("direction")
  }

  @Test(arguments: Space.all) func zeroAndOriginAgree(space: Space) throws {
    var sample = try Sample(space)
    let origin = [Double](repeating: 0, count: space.dim)
    for _ in 0..<100 {
      let x = try sample.point(), u = sample.vector(length: 2)
      #expect(difference(try sample.ball.expMap(x, origin), x) <= 4 * .ulpOfOne * norm(x))
      #expect(try sample.ball.logMap(x, x) == origin)
      #expect(difference(try sample.ball.expMap(origin, u), try sample.ball.expMap0(u)) <= 1e-15 / sample.s)
      #expect(
        difference(try sample.ball.logMap(origin, x), try sample.ball.logMap0(x))
          <= 8 * .ulpOfOne * norm(try sample.ball.logMap0(x)))
    }
    let far = try sample.ball.expMap(origin, sample.vector(length: 1e300))
    #expect(abs(norm(far) * sample.s - (1 - 1e-5)) < 1e-15 * Double(space.dim + 4))
  }

  /// Ends to rounding; d(γ(0), γ(t)) = t d and d(γ(t), γ(1)) = (1 − t) d. Seen: 0.02 of the bound.
  @Test(arguments: Space.all) func geodesicIsProportional(space: Space) throws {
    var sample = try Sample(space)
    var gauge = Gauge()
    for _ in 0..<500 {
      let x = try sample.point(), y = try sample.point()
      #expect(difference(try sample.ball.geodesic(0, x, y), x) <= 4 * .ulpOfOne * norm(x))
      #expect(difference(try sample.ball.geodesic(1, x, y), y) <= 4 * .ulpOfOne * norm(y))
      let t = Double.random(in: 0...1, using: &sample.random)
      let z = try sample.ball.geodesic(t, x, y)
      let d = try sample.ball.dist(x, y)
      let bound = try 2 * (1 + sample.s * d) * (sample.unit(x, y) + sample.unit(z, z))
      gauge.note(abs(try sample.ball.dist(x, z) - t * d), bound)
      gauge.note(abs(try sample.ball.dist(z, y) - (1 - t) * d), bound)
    }
    gauge.check("geodesic")
    let a = try sample.point(within: 0.2), b = try sample.point(within: 0.2)
    let far = try sample.ball.geodesic(-1, a, b)
    #expect(abs(try sample.ball.dist(far, b) - 2 * sample.ball.dist(a, b)) < 1e-12)
  }

  /// λ_y|transp v| = λ_x|v|, `transp(x, x, v)` = v, there and back = id, and the velocity of a geodesic
  /// stays its velocity: transp(log_x(y)) = −log_y(x). Seen: 0.11, 0.08 and 0.05 of the bounds.
  @Test(arguments: Space.all) func transportIsAnIsometry(space: Space) throws {
    var sample = try Sample(space)
    var length = Gauge(), back = Gauge(), velocity = Gauge()
    for _ in 0..<500 {
      let x = try sample.point(), y = try sample.point(), v = sample.vector(length: 3)
      let w = try sample.ball.transp(x, y, v)
      let λx = try sample.ball.lambdaX(x), λy = try sample.ball.lambdaX(y)
      // the angle as in gyration; λ by its own rounding
      let angle = try sample.unit(x, y) * sample.s
      length.note(abs(λy * norm(w) / (λx * 3) - 1), angle)
      #expect(try sample.ball.transp(x, x, v) == v)
      back.note(difference(try sample.ball.transp(y, x, w), v) / 3, 2 * angle)
      let u = try sample.ball.logMap(x, y)
      let minus = try sample.ball.logMap(y, x).map { -$0 }
      let d = try sample.ball.dist(x, y)
      velocity.note(
        λy * difference(try sample.ball.transp(x, y, u), minus), 2 * angle * (d + 1 / sample.s))
    }
    length.check("transport isometry")
    back.check("transport there and back")
    velocity.check("transport of velocity")
  }

  /// K → 0: the Euclidean formulas, with an error of c|x|² (here 1e-12 and less) or of rounding.
  @Test(arguments: [-1e-12, -1e-20, -1e-40, -1e-300, -Double.leastNonzeroMagnitude])
  func flatLimit(K: Double) throws {
    let ball = try PoincareBall(curvature: K)
    let x = [0.3, -1.2, 0.7], y = [-0.5, 0.4, 1.1], v = [1.0, 2, 3]
    func near(_ a: [Double], _ b: [Double], _ line: Int = #line) {
      #expect(difference(a, b) <= 40 * -K + 8 * .ulpOfOne * (1 + norm(b)), "line \(line)")
    }
    near(try ball.mobiusAdd(x, y), combined(1, x, 1, y))
    near(try ball.mobiusScalarMul(0.3, x), scaled(0.3, x))
    near(try ball.mobiusMatvec([1, 2, 3, 4, 5, 6], x), [dot([1, 2, 3], x), dot([4, 5, 6], x)])
    near(try ball.expMap(x, v), combined(1, x, 1, v))
    near(try ball.expMap0(v), v)
    near(try ball.logMap(x, y), combined(1, y, -1, x))
    near(try ball.logMap0(y), y)
    near([try ball.dist(x, y)], [2 * difference(x, y)])
    near([try ball.dist0(x)], [2 * norm(x)])
    near(try ball.geodesic(0.25, x, y), combined(0.75, x, 0.25, y))
    near(try ball.transp(x, y, v), v)
    near(try ball.gyration(x, y, v), v)
    near(try ball.egrad2rgrad(x, v), scaled(0.25, v))
    near(try ball.weightedMidpoint(x + y, dim: 3, weights: [1, 3]), combined(0.25, x, 0.75, y))
    near(try ball.frechetMean(x + y, dim: 3, weights: [1, 3]), combined(0.25, x, 0.75, y))
  }

  /// Float and Double: the inputs' rounding, ε₃₂ λ in distance, and the rounding of the velocity carried
  /// over the distance. Seen: 0.2 of the bound.
  @Test(arguments: Space.all) func floatFollowsDouble(space: Space) throws {
    var sample = try Sample(space)
    let single = try PoincareBall(curvature: Float(space.curvature))
    let ε = Double(Float.ulpOfOne)
    var gauge = Gauge()
    for _ in 0..<300 {
      let x = try sample.point(within: 0.6), y = try sample.point(within: 0.6)
      let fx = x.map { Float($0) }, fy = y.map { Float($0) }
      let spread = 1 / (1 - sample.s * norm(x)) + 1 / (1 - sample.s * norm(y))
      let u = try sample.ball.logMap(x, y)
      let fu = try single.logMap(fx, fy).map { Double($0) }
      let d = try sample.ball.dist(x, y)
      gauge.note(
        try sample.ball.lambdaX(x) * difference(u, fu), ε * 2 * spread * (1 / sample.s + d))
    }
    gauge.check("Float log")
  }
}
