import Foundation
import RuvectorCore
import TestSupport
import Testing

@Suite struct TrigonometryTests {
  @Test func sineAndCosine() {
    var g = SeededGenerator(1), gauge = Gauge()
    for i in 0..<20_000 {
      let x = i < 200 ? Double(i - 100) * .pi / 4 : (g.uniform() * 2 - 1) * (i % 2 == 0 ? 10 : 1_600_000)
      let (s, c) = sineCosine(x)
      gauge.see(s, sin(x), unit: 0x1p-53, bound: 4, "sin \(x)")
      gauge.see(c, cos(x), unit: 0x1p-53, bound: 4, "cos \(x)")
    }
    #expect(gauge.breach == nil)
    #expect(sineCosine(0) == (0, 1))
  }

  @Test func arcTangent() {
    var g = SeededGenerator(2), gauge = Gauge()
    for i in 0..<20_000 {
      let y = exp((g.uniform() - 0.5) * (i % 2 == 0 ? 6 : 600)), x = exp((g.uniform() - 0.5) * 6)
      gauge.see(arctangent(y, over: x), atan2(y, x), unit: atan2(y, x) * 0x1p-53, bound: 8, "\(y), \(x)")
    }
    #expect(gauge.breach == nil)
    #expect(arctangent(0, over: 0) == 0)
    #expect(arctangent(1, over: 0) == .pi / 2)
    #expect(arctangent(0, over: 2) == 0)
  }
}
