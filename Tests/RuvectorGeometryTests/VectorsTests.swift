import RuvectorCore
import Testing

@testable import RuvectorGeometry

@Suite struct VectorsTests {
  @Test func normHasNoOverflowOrUnderflow() {
    #expect(norm([3e-200, 4e-200]).isNear(5e-200))
    #expect(norm([3e200, -4e200]).isNear(5e200))
    #expect(norm([0, 0]) == 0)
    #expect(norm([.leastNonzeroMagnitude]) == .leastNonzeroMagnitude)
    #expect(norm([1.5e308, 1.5e308]) == .infinity)
  }

  @Test func limitsAreContinuous() {
    for f in [asinhc, tanhc, sinhc] {
      #expect(f(0) == 1 && f(-0.0) == 1)
      #expect(f(0.999e-8) == 1 && abs(f(1.001e-8) - 1) <= .ulpOfOne)
      #expect(f(-0.5) == f(0.5))
    }
    #expect(tanhc(.infinity) == 0)
  }

  @Test func doorsCheck() {
    #expect(code { _ = try Double.widened([], "x") } == .emptyInput)
    #expect(
      throws: RuvectorError(.nonFinite, "expected finite numbers for x, received NaN or infinity at index 1")
    ) {
      _ = try Float.widened([1, .nan], "x")
    }
    #expect(code { _ = try Float.rounded([1e39]) } == .outOfRange)
    #expect(code { _ = try Double.rounded(.nan) } == .outOfRange)
    #expect(code { _ = try rows("points", 7, dim: 2) } == .dimensionMismatch)
    #expect(code { _ = try rows("points", 7, dim: 0) } == .invalidArgument)
    #expect(code { _ = try rows("points", 0, dim: 7) } == .emptyInput)
  }
}

extension Double {
  fileprivate func isNear(_ other: Double) -> Bool { abs(self - other) <= 4 * .ulpOfOne * abs(other) }
}
