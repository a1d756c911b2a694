import Foundation
import RuvectorCompression
import Testing

@Suite struct HalfFloatTests {
  /// The definition of binary16, by powers of two.
  static func oracle(_ bits: UInt16) -> Double {
    let sign: Double = bits >> 15 == 1 ? -1 : 1
    let exponent = Int(bits >> 10 & 31)
    let fraction = Double(bits & 1023) / 1024
    return exponent == 0
      ? sign * pow(2, -14) * fraction : sign * pow(2, Double(exponent - 15)) * (1 + fraction)
  }

  @Test func everyHalfIsExact() {
    for bits in UInt16.min...UInt16.max where HalfFloat.isFinite(bits: bits) {
      let value = HalfFloat.value(bits: bits)
      let expected = Self.oracle(bits)
      #expect(Double(value) == expected && value.sign == expected.sign, "\(bits)")
      #expect(HalfFloat.bits(nearest: Double(value)) == bits)
    }
    let finite = (UInt16.min...UInt16.max).filter { HalfFloat.isFinite(bits: $0) }.count
    #expect(finite == 65536 - 2 * 1024)
    #expect(HalfFloat.value(bits: 0x7BFF) == Float(HalfFloat.greatest))
  }

  /// Between neighbours: just below the middle down, just above up, the middle itself to the even one.
  @Test func roundsToNearestEven() {
    for bits in UInt16(0)..<0x7C00 {
      let lower = Self.oracle(bits)
      let upper = bits == 0x7BFF ? 65536 : Self.oracle(bits + 1)
      let middle = (lower + upper) / 2
      let even = bits & 1 == 0 ? bits : bits + 1
      #expect(HalfFloat.bits(nearest: middle) == even, "\(middle)")
      #expect(HalfFloat.bits(nearest: -middle) == even | 0x8000, "\(-middle)")
      #expect(HalfFloat.bits(nearest: middle.nextDown) == bits, "\(middle)")
      #expect(HalfFloat.bits(nearest: middle.nextUp) == bits + 1, "\(middle)")
      #expect(HalfFloat.bits(nearest: Double(Float(middle).nextDown)) == bits, "\(middle)")
      #expect(HalfFloat.bits(nearest: Double(Float(middle).nextUp)) == bits + 1, "\(middle)")
    }
  }

  @Test func endsOfTheRange() {
    #expect(HalfFloat.bits(nearest: 0) == 0)
    #expect(HalfFloat.bits(nearest: -0.0) == 0x8000)
    #expect(HalfFloat.bits(nearest: .leastNonzeroMagnitude) == 0)
    #expect(HalfFloat.bits(nearest: -1e-75) == 0x8000)
    #expect(HalfFloat.bits(nearest: 65519.99) == 0x7BFF)
    #expect(HalfFloat.bits(nearest: 65520) == 0x7C00)
    #expect(HalfFloat.bits(nearest: 1e300) == 0x7C00)
    #expect(HalfFloat.bits(nearest: -.infinity) == 0xFC00)
  }
}
