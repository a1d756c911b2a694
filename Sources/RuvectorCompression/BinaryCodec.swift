import RuvectorCore

/// One bit an element: above the threshold or not.
///
/// Encode bᵢ = 1 if xᵢ > θ, else 0; decode x̂ᵢ = +1 if bᵢ = 1, else −1. Legend: θ threshold, d dimension.
///
/// - Size: 4 + ⌈d/8⌉ bytes; 31 × smaller than Float at d = 768, towards 32 ×.
/// - Error: only the sign of xᵢ − θ remains, the length of the vector is lost. For normal data with mean θ
///   the expected cosine is √(2/π) ≈ .798.
/// - Precision: θ is rounded to Float and compared as Float (as the package this library replaces does).
/// - Reference: M. Charikar, Similarity estimation techniques from rounding algorithms, STOC 2002 (why signs
///   keep angles).
///
/// Use it for a first, coarse ranking of centred vectors. Not for vectors whose elements all have one sign.
///
/// ```
/// byte  0          4                        4 + ⌈d/8⌉
///       dim (u32)  bit i%8 of byte i/8: bᵢ  |             (lowest bit first; the rest of the last byte is 0)
/// ```
///
/// ```swift
/// let codec = try BinaryCodec()
/// try codec.decode(codec.encode([-0.7, 0.9, 0]))   // [-1.0, 1.0, -1.0]
/// ```
public final class BinaryCodec: Codec {
  // MARK: - Options

  public static let name: StaticString = "binary"

  public static let options = [
    Option(
      "threshold", .number(-3.4e38...3.4e38), standard: 0, "Elements above it become 1, the others −1.")
  ]

  /// The threshold, rounded to Float.
  public let threshold: Float

  // MARK: - Creation

  public init(_ settings: Settings) throws(RuvectorError) {
    threshold = Float(settings.number("threshold"))
  }

  /// A codec with the given threshold, -3.4e38...3.4e38.
  public convenience init(threshold: Double = 0) throws(RuvectorError) {
    try self.init(Settings(of: Self.name, Self.options, [("threshold", .number(threshold))]))
  }

  public var optionValues: [Double] { [Double(threshold)] }

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
    var writer = ByteWriter(bytes)
    writer.put(dim)
    var codes = BitWriter(bytes, at: 4)
    for i in 0..<x.count { codes.put(x[i] > threshold ? 1 : 0, bits: 1) }
    codes.finish()
    return needed
  }

  private static func byteCount(_ dim: UInt32) -> UInt64 { 4 + (UInt64(dim) + 7) / 8 }

  // MARK: - Decode

  public func elementCount(of bytes: UnsafeRawBufferPointer) throws(RuvectorError) -> Int {
    guard bytes.count >= 4 else {
      throw corrupt(Self.name, "at least 4 bytes", received: UInt64(bytes.count))
    }
    var reader = ByteReader(bytes)
    let dim = reader.u32()
    guard dim > 0 else { throw corrupt(Self.name, "a dimension above 0", received: 0) }
    try checkByteCount(Self.name, bytes, Self.byteCount(dim))
    return try checkedByteCount(UInt64(dim))
  }

  public func decode(
    _ bytes: UnsafeRawBufferPointer, into x: UnsafeMutableBufferPointer<Float>
  ) throws(RuvectorError) {
    let dim = try elementCount(of: bytes)
    try checkDestination(x, holds: dim)
    var codes = BitReader(bytes, at: 4)
    for i in 0..<dim { x[i] = codes.next(bits: 1) == 1 ? 1 : -1 }
    guard codes.padding == 0 else {
      throw corrupt(Self.name, "zeros after the last bit", received: UInt64(codes.padding))
    }
  }
}
