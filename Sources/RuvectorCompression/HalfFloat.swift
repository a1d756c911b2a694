/// IEEE 754 binary16 ("half precision") as bits, without Swift's `Float16`.
///
/// ```
/// bit  15     14 … 10    9 … 0
///      sign   exponent   fraction      value = ±2^(exponent − 15) · (1 + fraction/1024)
///                                      exponent 0: ±2^−14 · fraction/1024;  31: infinity or NaN
/// ```
///
/// `Float16` needs a compiler-runtime routine (`__truncsfhf2`) on x86-64 v1 and wasm32, which neither
/// Embedded Swift nor old systems bring; and it has no correctly rounded conversion from a product.
public enum HalfFloat {
  /// The largest finite half.
  public static let greatest: Double = 65504

  /// The half nearest to `y`, ties to the even fraction; from 65520 on infinity. NaN is not accepted
  /// (it comes out as some infinity).
  ///
  /// - Complexity: O(1), a dozen instructions.
  public static func bits(nearest y: Double) -> UInt16 {
    let sign = UInt16(truncatingIfNeeded: y.bitPattern &>> 48) & 0x8000
    let m = y.bitPattern & 0x7FFF_FFFF_FFFF_FFFF
    if m < 0x3F10_0000_0000_0000 {
      // Below 2^−14 halves are multiples of 2^−24. Adding 2^52 rounds |y|·2^24 to an integer, to nearest
      // even, and leaves it in the lowest bits. 1024 is the smallest normal half: the carry is right.
      let k = Double(bitPattern: m) * 0x1p24 + 0x1p52
      return sign | UInt16(truncatingIfNeeded: k.bitPattern)
    }
    // The exponent from bias 1023 to bias 15, then 52 − 10 = 42 fraction bits away; a carry out of the
    // fraction raises the exponent, as it should.
    let r = m &- (1008 &<< 52)
    let half = (r &+ ((1 &<< 41) &- 1) &+ ((r &>> 42) & 1)) &>> 42
    return sign | (half >= 0x7C00 ? 0x7C00 : UInt16(truncatingIfNeeded: half))
  }

  /// The value of a half, exactly. Infinity and NaN are not accepted (they come out as numbers ≥ 65536).
  ///
  /// The fraction and exponent fields, put where a Float has them, mean the value · 2^−112 (the biases
  /// differ by 127 − 15), for normal and subnormal halves alike.
  ///
  /// - Complexity: O(1), three instructions.
  public static func value(bits: UInt16) -> Float {
    let magnitude = Float(bitPattern: UInt32(bits & 0x7FFF) &<< 13) * 0x1p112
    return Float(bitPattern: magnitude.bitPattern | UInt32(bits & 0x8000) &<< 16)
  }

  /// Whether the bits are a number (not infinity, not NaN).
  public static func isFinite(bits: UInt16) -> Bool { bits & 0x7C00 != 0x7C00 }
}
