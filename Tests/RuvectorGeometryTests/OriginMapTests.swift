import RuvectorCore
import RuvectorGeometry
import TestSupport
import Testing

/// exp₀ and log₀ of rows against the ball's own maps in Double, their gradients against central differences.
@Suite struct OriginMapTests {
  private func apply(_ map: OriginMap, _ x: [Float]) -> [Float] {
    var out = [Float](repeating: 0, count: x.count)
    map.map(x, into: &out, x.count)
    return out
  }

  @Test(arguments: [1.0, 0.25, 4.0, 1e-6, 1e6])
  func values(c: Double) throws {
    let ball = try PoincareBall<Double>(curvature: -c), s = c.squareRoot()
    var g = SeededGenerator(3)
    for length in [0.0, 1e-6, 1e-3, 0.5, 0.9, 2, 20] {
      let v = g.directions(1, 3, length: length / s), wide = v.map { Double($0) }
      let point = try ball.expMap0(wide)
      for (a, b) in zip(apply(.exponential(c: c), v), point) { #expect(abs(Double(a) - b) <= 3e-7 / s) }
      guard length < 1 else { continue }
      let tangent = try ball.logMap0(wide)
      for (a, b) in zip(apply(.logarithm(c: c), v), tangent) { #expect(abs(Double(a) - b) <= 1e-6 / s) }
      let back = apply(.exponential(c: c), apply(.logarithm(c: c), v))
      for (a, b) in zip(back, v) { #expect(abs(a - b) <= 1e-6 / Float(s)) }
    }
  }

  /// What lies beyond the rim counts as drawn back to it, at radius (1 − 1e-5)/s.
  @Test func beyondTheRim() {
    let near = apply(.logarithm(c: 1), [1 - 1e-5, 0]), far = apply(.logarithm(c: 1), [5, 0])
    #expect(abs(near[0] - far[0]) < 1e-2 && far[0] < 6.2)
    #expect(apply(.exponential(c: 1), [0, -1e30]) == [0, Float(-(1 - 1e-5))])
  }

  @Test(arguments: [(1.0, false), (1.0, true), (0.3, false), (0.3, true), (2.0, false)])
  func gradients(c: Double, isLogarithm: Bool) {
    func make(_ s: Double) -> OriginMap { isLogarithm ? .logarithm(c: s * s) : .exponential(c: s * s) }
    let root = c.squareRoot(), g: [Float] = [0.5, -1, 0.25]
    for x in [[0.1, -0.2, 0.3], [1e-4, 2e-4, -1e-4], [0.4, 0.4, -0.2], [0, 0, 0]] as [[Float]] {
      var out: [Float] = [10, 10, 10]
      let slope = make(root).addGradient(x, g, to: &out, 3)
      func value(_ y: [Float], _ s: Double) -> Double {
        zip(apply(make(s), y), g).reduce(0) { $0 + Double($1.0) * Double($1.1) }
      }
      for i in 0..<3 {
        var up = x, down = x
        up[i] += 1e-2
        down[i] -= 1e-2
        let difference = (value(up, root) - value(down, root)) / Double(up[i] - down[i])
        #expect(abs(Double(out[i]) - 10 - difference) < 2e-3)
      }
      let difference = (value(x, root + 1e-2) - value(x, root - 1e-2)) / 2e-2
      #expect(abs(slope - difference) < 2e-3)
      #expect(make(root).addGradient(x, g, to: nil, 3) == slope)
    }
  }
}
