import RuvectorCore
import Testing

@testable import RuvectorGeometry

@Suite struct LorentzTests {
  @Test func badInputsGiveTheirCode() throws {
    for K in [0, 1, Double.nan, .infinity, -.infinity] {
      #expect(code { _ = try Lorentz(curvature: K) } == .invalidConfig)
    }
    let lorentz = try Lorentz<Double>(curvature: -1)
    #expect(code { _ = try lorentz.inner([1], [1]) } == .dimensionMismatch)
    #expect(code { _ = try lorentz.dist([], []) } == .emptyInput)
    #expect(code { _ = try lorentz.dist([1, 0], [1, 0, 0]) } == .dimensionMismatch)
    #expect(code { _ = try lorentz.dist([.nan, 0], [1, 0]) } == .nonFinite)
    #expect(code { _ = try lorentz.expMap([1, 0], [0]) } == .dimensionMismatch)
    #expect(code { _ = try lorentz.expMap([1, 0], [0, 1000]) } == .outOfRange)
    #expect(code { _ = try lorentz.logMap([1, 0], [.infinity, 0]) } == .nonFinite)
    #expect(code { _ = try lorentz.transp([1, 0], [1, 0], [1]) } == .dimensionMismatch)
    #expect(code { _ = try lorentz.toPoincare([1]) } == .dimensionMismatch)
    #expect(code { _ = try lorentz.inner([1e200, 0], [1e200, 0]) } == .outOfRange)
    #expect(try lorentz.inner([2, 1, 1], [3, 4, 5]) == 3)
    #expect(try lorentz.projx([-7, 0.75]) == [1.25, 0.75])
  }

  /// Ball → hyperboloid → ball, ⟨X, X⟩ = −1/c, equal distances. Seen: 0.25, 0.07, 0.18.
  @Test(arguments: Space.all) func ballAndHyperboloidAgree(space: Space) throws {
    var sample = try Sample(space)
    let lorentz = try Lorentz(curvature: space.curvature)
    var trip = Gauge(), form = Gauge(), distance = Gauge()
    for _ in 0..<300 {
      let x = try sample.point(), y = try sample.point()
      let X = try sample.ball.toLorentz(x), Y = try sample.ball.toLorentz(y)
      let unit = try sample.unit(x, y)
      trip.note(try sample.ball.dist(lorentz.toPoincare(X), x), unit)
      let λ = try sample.ball.lambdaX(x)
      // Two squares of size λ²/c; X₀ and x⃗ agree to the rounding of λ, ε λ relative.
      form.note(
        abs(try lorentz.inner(X, X) * sample.s * sample.s + 1), unit * sample.s * λ * λ)
      form.note(difference(try lorentz.projx(X), X), unit * λ)
      distance.note(abs(try lorentz.dist(X, Y) - sample.ball.dist(x, y)), unit)
    }
    trip.check("ball → Lorentz → ball")
    form.check("hyperboloid")
    distance.check("equal distances")
  }

  /// The tangent vector of the hyperboloid for u at x: the derivative of λ_x x, which is λu + cλ²⟨x, u⟩x.
  func pushed(_ x: [Double], _ u: [Double], _ ball: PoincareBall<Double>) throws -> [Double] {
    let λ = try ball.lambdaX(x)
    return combined(λ, u, -ball.curvature * λ * λ * dot(x, u), x)
  }

  /// exp, log and transport are those of the ball, seen through ``pushed``. Seen: 0.03, 0.05, 0.21.
  @Test(arguments: Space.all) func mapsAreThoseOfTheBall(space: Space) throws {
    var sample = try Sample(space)
    let lorentz = try Lorentz(curvature: space.curvature)
    var exp = Gauge(), log = Gauge(), transport = Gauge()
    for _ in 0..<300 {
      let x = try sample.point(within: 0.5), y = try sample.point(within: 0.5)
      let X = try sample.ball.toLorentz(x), Y = try sample.ball.toLorentz(y)
      let u = try sample.ball.logMap(x, y)
      let d = try sample.ball.dist(x, y)
      let λx = try sample.ball.lambdaX(x), λy = try sample.ball.lambdaX(y)
      let unit = try sample.unit(x, y)
      let U = try lorentz.logMap(X, Y)
      // coordinates of tangent vectors are up to λ times their length
      log.note(
        difference(Array(U.dropFirst()), try pushed(x, u, sample.ball)), unit * λx * (1 + sample.s * d) * 2)
      #expect(abs(try lorentz.inner(X, U)) <= unit * λx * λx * (1 + d) * 4)
      // X and U cancel where the way leads inward: ε cosh(√c d) λ_x, stretched by 1 or more at y
      let Z = try lorentz.expMap(X, U)
      exp.note(
        try lorentz.dist(Z, Y), unit * (1 + sample.s * d) * (1 + Double.cosh(sample.s * d) * λx / λy) * 4)
      let v = sample.vector(length: 1 / λx)
      let V = try lorentz.transp(X, Y, [0] + pushed(x, v, sample.ball))
      let w = try sample.ball.transp(x, y, v)
      transport.note(
        difference(Array(V.dropFirst()), try pushed(y, w, sample.ball)), unit * sample.s * λx * λy * 4)
    }
    exp.check("Lorentz exp")
    log.check("Lorentz log")
    transport.check("Lorentz transport")
  }

  /// Far beyond the ball's rim: distances along a line add up, and the inverse laws hold.
  @Test func reachesBeyondTheRim() throws {
    let lorentz = try Lorentz<Double>(curvature: -1)
    let X = try lorentz.expMap([1, 0, 0], [0, 300, 0])
    let Y = try lorentz.expMap([1, 0, 0], [0, 0, 350])
    let Z = try lorentz.expMap([1, 0, 0], [0, -350, 0])
    #expect(abs(try lorentz.dist([1, 0, 0], X) - 300) < 1e-12)
    #expect(abs(try lorentz.dist(X, Z) - 650) < 1e-12)
    // cosh d = cosh a cosh b for a right angle
    #expect(abs(try lorentz.dist(X, Y) - (650 - .log(2))) < 1e-12)
    #expect(try lorentz.toPoincare(X) == [1 - 1e-5, 0])
    #expect(try lorentz.logMap(X, X) == [0, 0, 0])
    #expect(try lorentz.transp(X, X, [300, 0, 1])[2] == 1)
  }
}
