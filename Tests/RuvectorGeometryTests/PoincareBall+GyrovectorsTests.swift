import RuvectorCore
import Testing

@testable import RuvectorGeometry

@Suite struct GyrovectorsTests {
  @Test func badInputsGiveTheirCode() throws {
    let ball = try PoincareBall<Double>(curvature: -1)
    #expect(code { _ = try ball.mobiusAdd([0], [0, 0]) } == .dimensionMismatch)
    #expect(code { _ = try ball.mobiusSub([], []) } == .emptyInput)
    #expect(code { _ = try ball.mobiusScalarMul(.nan, [0]) } == .nonFinite)
    #expect(code { _ = try ball.mobiusScalarMul(1, [.nan]) } == .nonFinite)
    #expect(code { _ = try ball.mobiusMatvec([1, 2, 3], [0, 0]) } == .dimensionMismatch)
    #expect(code { _ = try ball.mobiusMatvec([], [0, 0]) } == .emptyInput)
    #expect(code { _ = try ball.mobiusMatvec([1, .nan], [0, 0]) } == .nonFinite)
    #expect(code { _ = try ball.gyration([0], [0, 0], [0]) } == .dimensionMismatch)
    #expect(code { _ = try ball.gyration([0], [0], [0, 0]) } == .dimensionMismatch)
  }

  /// The textbook form of x ⊕ y at moderate radii.
  @Test(arguments: Space.all) func additionEqualsTheTextbook(space: Space) throws {
    var sample = try Sample(space)
    let c = -space.curvature
    for _ in 0..<100 {
      let x = sample.vector(length: 0.6 / sample.s), y = sample.vector(length: 0.3 / sample.s)
      let xy = dot(x, y), xx = dot(x, x), yy = dot(y, y)
      let D = 1 + 2 * c * xy + c * c * xx * yy
      let expected = combined((1 + 2 * c * xy + c * yy) / D, x, (1 - c * xx) / D, y)
      // ε times the condition of the textbook form: its terms are at most 4/√c, D is at least (1 − 0.18)²
      #expect(difference(try sample.ball.mobiusAdd(x, y), expected) <= 16 * .ulpOfOne / sample.s)
    }
  }

  /// (−x) ⊕ (x ⊕ y) = y. The inner result is rounded where λ may be λ_x λ_y/2 or so: unit of that point. Seen: 0.23.
  @Test(arguments: Space.all) func leftCancellation(space: Space) throws {
    var sample = try Sample(space)
    var gauge = Gauge()
    for _ in 0..<500 {
      let x = try sample.point(within: 0.6), y = try sample.point(within: 0.39)
      let z = try sample.ball.mobiusAdd(x, y)
      let back = try sample.ball.mobiusAdd(x.map { -$0 }, z)
      gauge.note(
        try sample.ball.dist(back, y), try 2 * (sample.unit(x, z) + sample.unit(y, y)))
    }
    gauge.check("left cancellation")
  }

  @Test(arguments: Space.all) func neutralAndInverse(space: Space) throws {
    var sample = try Sample(space)
    let origin = [Double](repeating: 0, count: space.dim)
    for _ in 0..<100 {
      let x = try sample.point()
      #expect(try sample.ball.mobiusSub(x, x) == origin)
      #expect(difference(try sample.ball.mobiusAdd(origin, x), x) <= 4 * .ulpOfOne * norm(x))
      #expect(difference(try sample.ball.mobiusAdd(x, origin), x) <= 4 * .ulpOfOne * norm(x))
    }
  }

  /// d(a ⊕ x, a ⊕ y) = d(x, y): the roundings of the two sums count. Seen: 0.14 of the bound.
  @Test(arguments: Space.all) func distanceIsInvariant(space: Space) throws {
    var sample = try Sample(space)
    var gauge = Gauge()
    for _ in 0..<500 {
      let a = try sample.point(within: 0.49), x = try sample.point(within: 0.5)
      let y = try sample.point(within: 0.5)
      let p = try sample.ball.mobiusAdd(a, x), q = try sample.ball.mobiusAdd(a, y)
      gauge.note(
        abs(try sample.ball.dist(p, q) - sample.ball.dist(x, y)),
        try 2 * (sample.unit(p, q) + sample.unit(x, y) + sample.unit(a, a)))
    }
    gauge.check("invariance")
  }

  /// r ⊗ (q ⊗ x) = (rq) ⊗ x, d(0, r ⊗ x) = |r| d(0, x), and the matrix diag(r) does the same. Seen: 0.07.
  @Test(arguments: Space.all) func scalarMultiplication(space: Space) throws {
    var sample = try Sample(space)
    var gauge = Gauge()
    for _ in 0..<300 {
      let x = try sample.point(within: 0.5)
      let r = Double.random(in: -1.9...1.9, using: &sample.random)
      let rx = try sample.ball.mobiusScalarMul(r, x)
      let d = try sample.ball.dist0(x)
      let bound = try 2 * (sample.unit(rx, rx) + abs(r) * sample.unit(x, x))
      gauge.note(abs(try sample.ball.dist0(rx) - abs(r) * d), bound)
      let half = try sample.ball.mobiusScalarMul(0.5, sample.ball.mobiusScalarMul(2 * r / 1.9, x))
      gauge.note(try sample.ball.dist(half, sample.ball.mobiusScalarMul(r / 1.9, x)), 2 * bound)
      var matrix = [Double](repeating: 0, count: space.dim * space.dim)
      for i in 0..<space.dim { matrix[i * space.dim + i] = r }
      gauge.note(try sample.ball.dist(sample.ball.mobiusMatvec(matrix, x), rx), bound)
    }
    gauge.check("scalar multiplication")
    let rim = try sample.ball.mobiusScalarMul(1e308, sample.vector(length: 0.5 / sample.s))
    #expect(abs(norm(rim) * sample.s - (1 - 1e-5)) < 1e-15 * Double(space.dim + 4))
  }

  /// M ⊗ x = exp_0(M log_0(x)), also for a matrix that is not square; the origin where Mx = 0. Seen: 0.1.
  @Test(arguments: Space.all) func matrixMultiplication(space: Space) throws {
    var sample = try Sample(space)
    var gauge = Gauge()
    for _ in 0..<100 {
      let x = try sample.point(within: 0.5)
      let m = [sample.vector(length: 0.9), sample.vector(length: 0.9), sample.vector(length: 0.9)]
      let log = try sample.ball.logMap0(x)
      let expected = try sample.ball.expMap0(m.map { dot($0, log) })
      let y = try sample.ball.mobiusMatvec(m.flatMap { $0 }, x)
      #expect(y.count == 3)
      gauge.note(try sample.ball.dist(y, expected), try 2 * (sample.unit(x, x) + sample.unit(y, y)))
      #expect(try sample.ball.mobiusMatvec([Double](repeating: 0, count: 2 * space.dim), x) == [0, 0])
    }
    gauge.check("matrix multiplication")
  }

  /// |gyr v| = |v|; gyr[a, b](b ⊕ a) = a ⊕ b, Ungar's gyrocommutative law; gyr[a, −a] = id.
  ///
  /// The angle of the rotation is conditioned by ε/√(g_a g_b + c|a+b|²) ≤ ε(λ_a + λ_b). Seen: 0.09, 0.08.
  @Test(arguments: Space.all) func gyrationIsARotation(space: Space) throws {
    var sample = try Sample(space)
    var length = Gauge(), commute = Gauge()
    for _ in 0..<500 {
      let a = try sample.point(), b = try sample.point(), v = sample.vector(length: 7)
      let w = try sample.ball.gyration(a, b, v)
      length.note(abs(norm(w) / 7 - 1), try sample.unit(a, b) * sample.s)
      #expect(difference(try sample.ball.gyration(a, a.map { -$0 }, v), v) == 0)
      let p = try sample.point(within: 0.5), q = try sample.point(within: 0.49)
      let pq = try sample.ball.mobiusAdd(p, q)
      let gyrated = try sample.ball.gyration(p, q, sample.ball.mobiusAdd(q, p))
      commute.note(difference(gyrated, pq), try sample.unit(p, q))
    }
    length.check("gyration isometry")
    commute.check("gyrocommutativity")
  }

  /// a ⊕ (b ⊕ x) = (a ⊕ b) ⊕ gyr[a, b]x, Ungar's left gyroassociative law. Seen: 0.2 of the bound.
  @Test(arguments: Space.all) func gyroassociativity(space: Space) throws {
    var sample = try Sample(space)
    var gauge = Gauge()
    for _ in 0..<300 {
      let a = try sample.point(within: 0.33), b = try sample.point(within: 0.33)
      let x = try sample.point(within: 0.33)
      let ab = try sample.ball.mobiusAdd(a, b)
      let left = try sample.ball.mobiusAdd(a, sample.ball.mobiusAdd(b, x))
      let right = try sample.ball.mobiusAdd(ab, sample.ball.gyration(a, b, x))
      gauge.note(
        try sample.ball.dist(left, right),
        try 4 * (sample.unit(left, ab) + sample.unit(a, b) + sample.unit(x, x)))
    }
    gauge.check("gyroassociativity")
  }
}
