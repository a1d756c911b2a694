import RuvectorCore
import Testing

@testable import RuvectorGeometry

@Suite struct MidpointStateTests {
  @Test func badInputsGiveTheirCode() throws {
    let ball = try PoincareBall<Double>(curvature: -1)
    var state = MidpointState(ball)
    #expect(code { _ = try state.result() } == .emptyInput)
    #expect(code { try state.add([], weight: 1) } == .emptyInput)
    for w in [-1, Double.nan, .infinity] {
      #expect(code { try state.add([0.5], weight: w) } == .invalidArgument)
    }
    #expect(code { try state.add([.nan], weight: 1) } == .nonFinite)
    #expect(state.weightedSum.isEmpty && state.totalWeight == 0)
    try state.add([0.5], weight: 0)
    #expect(code { _ = try state.result() } == .invalidArgument)
    #expect(code { try state.add([0.5, 0], weight: 1) } == .dimensionMismatch)
    var other = MidpointState(try PoincareBall<Double>(curvature: -2))
    #expect(code { try state.merge(other) } == .invalidArgument)
    other = MidpointState(ball)
    try other.add([0, 0], weight: 1)
    #expect(code { try state.merge(other) } == .dimensionMismatch)
    try state.add([0.1], weight: 1e308)
    try state.add([0.1], weight: 1e308)
    #expect(code { _ = try state.result() } == .outOfRange)
    for (S, L, W) in [([Double.nan], 1.0, 1.0), ([], 1, 1), ([0], 1, 2), ([0], 1, -1), ([0], .infinity, 1)] {
      #expect(
        code { _ = try MidpointState(ball, weightedSum: S, excess: L, totalWeight: W) } != nil)
    }
  }

  /// Sums that rounding (or the sender) has put outside the cone, c|S|² > L², still have a midpoint.
  @Test func sumsOutsideTheConeAreHeld() throws {
    let ball = try PoincareBall<Double>(curvature: -1)
    let m = try MidpointState(ball, weightedSum: [1.001, 0], excess: 1, totalWeight: 1e-3).result()
    #expect(m == [1 - 1e-5, 0])
  }

  /// Parts summed apart, sent as numbers and merged give the whole to the rounding of the sums.
  /// Seen: 0.12 of the bound.
  @Test(arguments: Space.all) func mergingEqualsAdding(space: Space) throws {
    var sample = try Sample(space)
    var gauge = Gauge()
    for _ in 0..<50 {
      var whole = MidpointState(sample.ball), left = whole, right = whole
      for i in 0..<20 {
        let x = try sample.point(), w = Double.random(in: 0...1, using: &sample.random)
        try whole.add(x, weight: w)
        if i % 3 == 0 { try left.add(x, weight: w) } else { try right.add(x, weight: w) }
      }
      let sent = try MidpointState(
        sample.ball, weightedSum: right.weightedSum, excess: right.excess, totalWeight: right.totalWeight)
      try left.merge(sent)
      try left.merge(MidpointState(sample.ball))
      var empty = MidpointState(sample.ball)
      try empty.merge(left)
      #expect(try empty.result() == left.result())
      // 20 additions: L and S to 20ε, √(L² − c|S|²) to that times (L/√…)², which is about λ² of the midpoint
      let λ = try sample.ball.lambdaX(whole.result())
      gauge.note(
        try sample.ball.dist(whole.result(), left.result()),
        (20 + Double(space.dim)) * .ulpOfOne * λ * λ / sample.s)
    }
    gauge.check("merge")
  }
}
