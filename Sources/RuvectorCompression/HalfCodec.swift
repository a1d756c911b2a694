import RuvectorCore

/// Half precision: two bytes an element, three decimal digits kept.
///
/// Encode hᵢ = half(s·xᵢ), decode x̂ᵢ = hᵢ/s, where half() rounds to the nearest IEEE 754 binary16 number,
/// ties to even. Legend: s scale, d dimension.
///
/// - Size: 8 + 2·d bytes; 2 × smaller than Float.
/// - Error: |x̂ᵢ − xᵢ| ≤ (2^−11 + 2^−23)·|xᵢ| + 2^−25/s: halves have 11 significant bits, the division rounds
///   again, and below 2^−14/s halves are 2^−24/s apart.
/// - Range: an element with |s·xᵢ| ≥ 65520, which would become infinity, is refused with `.outOfRange`
///   (saturating would hide an unbounded error). Choose s so that s·max|x| is near 1000; a power of two is
///   best.
/// - Precision: s·xᵢ is formed exactly in Double and rounded once.
/// - Reference: IEEE Std 754-2019, binary16 (§3.6, table 3.5), roundTiesToEven (§4.3.1).
///
/// Use it when vectors must stay usable for exact ranking (cosine .9999999 for normal data); not when
/// elements of one vector span more than nine decades.
///
/// ```
/// byte  0          4            8      10     12 …
///       dim (u32)  scale (f32)  h₀     h₁     h₂ …   (u16 each)
/// ```
///
/// ```swift
/// let codec = try HalfCodec()
/// try codec.decode(codec.encode([0.1, 1, 1000.3]))   // [0.099975586, 1.0, 1000.5]
/// ```
public final class HalfCodec: Codec {
  // MARK: - Options

  public static let name: StaticString = "half"

  // 1e±30: h/s stays a normal Float for the smallest half and finite for the largest.
  public static let options = [
    Option(
      "scale", .number(1e-30...1e30), standard: 1,
      "Each element is multiplied by it before rounding and divided after.")
  ]

  /// The scale, rounded to Float, as the header stores it.
  public let scale: Float

  // MARK: - Creation

  public init(_ settings: Settings) throws(RuvectorError) {
    scale = Float(settings.number("scale"))
  }

  /// A codec with the given scale, 1e-30...1e30.
  public convenience init(scale: Double = 1) throws(RuvectorError) {
    try self.init(Settings(of: Self.name, Self.options, [("scale", .number(scale))]))
  }

  public var optionValues: [Double] { [Double(scale)] }

  // MARK: - Encode

  public func encodedByteCount(dim: Int) throws(RuvectorError) -> Int {
    try checkedByteCount(Self.byteCount(checkedDimension(dim)))
  }

  public func encode(
    _ x: UnsafeBufferPointer<Float>, into bytes: UnsafeMutableRawBufferPointer
  ) throws(RuvectorError) -> Int {
    let dim = try checkedDimension(x.count)
    let needed = try checkedByteCount(Self.byteCount(dim))
    try checkFinite(x)
    try checkRoom(bytes, needed)
    let s = Double(scale)
    for i in 0..<x.count where (s * Double(x[i])).magnitude >= 65520 {
      throw .expected(
        "a magnitude below 65520/scale", for: "vector[\(i)]", received: text(Double(x[i])), .outOfRange)
    }
    var writer = ByteWriter(bytes)
    writer.put(dim)
    writer.put(scale)
    for i in 0..<x.count { writer.put(HalfFloat.bits(nearest: s * Double(x[i]))) }
    return needed
  }

  private static func byteCount(_ dim: UInt32) -> UInt64 { 8 + 2 * UInt64(dim) }

  // MARK: - Decode

  public func elementCount(of bytes: UnsafeRawBufferPointer) throws(RuvectorError) -> Int {
    try Self.header(bytes).dim
  }

  public func decode(
    _ bytes: UnsafeRawBufferPointer, into x: UnsafeMutableBufferPointer<Float>
  ) throws(RuvectorError) {
    let (dim, s) = try Self.header(bytes)
    try checkDestination(x, holds: dim)
    var reader = ByteReader(bytes, at: 8)
    for i in 0..<dim {
      let h = reader.u16()
      guard HalfFloat.isFinite(bits: h) else {
        throw corrupt(Self.name, "a finite number at element \(i)", received: UInt64(h))
      }
      x[i] = HalfFloat.value(bits: h) / s
    }
  }

  private static func header(
    _ bytes: UnsafeRawBufferPointer
  ) throws(RuvectorError) -> (dim: Int, scale: Float) {
    guard bytes.count >= 8 else {
      throw corrupt(name, "at least 8 bytes", received: UInt64(bytes.count))
    }
    var reader = ByteReader(bytes)
    let dim = reader.u32()
    let s = reader.float()
    guard dim > 0 else { throw corrupt(name, "a dimension above 0", received: 0) }
    guard s >= 1e-30, s <= 1e30 else {
      throw corrupt(name, "a scale in 1e-30...1e30", received: UInt64(s.bitPattern))
    }
    try checkByteCount(name, bytes, byteCount(dim))
    return (try checkedByteCount(UInt64(dim)), s)
  }
}
