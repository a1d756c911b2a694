import RuvectorCore

/// Uniform quantisation of each subvector between its own minimum and maximum.
///
/// The vector is cut into S equal subvectors. In each, with a = min, b = max and n = C − 1:
///
///     iⱼ = round((xⱼ − a)/(b − a)·n)        x̂ⱼ = a + iⱼ/n·(b − a)
///
/// Legend: d dimension, S subvectors, C centroids, β = ⌈log₂ C⌉ bits a code.
///
/// - Size: 8 + 8·S + ⌈d·β/8⌉ bytes: with the defaults 6.7 × smaller than Float at d = 768, 7.7 × at 4,096,
///   towards 8 ×.
/// - Error: |x̂ⱼ − xⱼ| ≤ (b − a)/(2·n) + 2^−23·max(|a|, |b|). Both ends are reached; a constant subvector
///   comes back exactly.
/// - Precision: Double from the stored Floats, rounded to Float once.
/// - Reference: A. Gersho, R. M. Gray, Vector Quantization and Signal Compression, 1992, §5.2. (The name
///   comes from the package this library replaces; it is a scalar quantiser for each subvector.)
///
/// Use it when some 1 % of angle may be lost (cosine ≈ .99 for normal data). Not for data with rare large
/// elements: they widen b − a for the whole subvector; pq4 stores those apart.
///
/// ```
/// byte  0          4                 6                8                    8 + 8·S
///       dim (u32)  subvectors (u16)  centroids (u16)  a₀ b₀ … (f32 each)   codes, β bits each
/// ```
///
/// Codes follow one another without gaps, lowest bits first, over all subvectors; the last byte is filled
/// with zeros.
///
/// ```swift
/// let codec = try PQ8Codec(subvectors: 1, centroids: 4)
/// try codec.decode(codec.encode([0, 1, 2.2, 3]))   // [0.0, 1.0, 2.0, 3.0]
/// ```
public final class PQ8Codec: Codec {
  // MARK: - Options

  public static let name: StaticString = "pq8"

  public static let options = [
    Option(
      "subvectors", .integer(1...65535), standard: 8,
      "The parts with a minimum and a maximum of their own; it must divide the dimension."),
    Option(
      "centroids", .integer(2...256), standard: 16,
      "The values each element of a part can take; a power of two wastes no bits."),
  ]

  /// The number of subvectors.
  public let subvectors: Int
  /// The number of values an element can take.
  public let centroids: Int

  // MARK: - Creation

  public init(_ settings: Settings) throws(RuvectorError) {
    subvectors = settings.integer("subvectors")
    centroids = settings.integer("centroids")
  }

  /// A codec with 1...65535 subvectors and 2...256 centroids.
  public convenience init(subvectors: Int = 8, centroids: Int = 16) throws(RuvectorError) {
    try self.init(
      Settings(
        of: Self.name, Self.options,
        [("subvectors", .integer(Int64(subvectors))), ("centroids", .integer(Int64(centroids)))]))
  }

  public var optionValues: [Double] { [Double(subvectors), Double(centroids)] }

  // MARK: - Encode

  public func encodedByteCount(dim: Int) throws(RuvectorError) -> Int {
    let d = try checkedDimension(dim)
    try checkDivisible(dim, by: subvectors)
    return try checkedByteCount(Self.byteCount(d, UInt16(subvectors), Self.bits(centroids)))
  }

  public func encode(
    _ x: UnsafeBufferPointer<Float>, into bytes: UnsafeMutableRawBufferPointer
  ) throws(RuvectorError) -> Int {
    let needed = try encodedByteCount(dim: x.count)
    try checkFinite(x)
    try checkRoom(bytes, needed)
    let S = subvectors
    let length = x.count / S
    let n = Double(centroids - 1)
    let β = Self.bits(centroids)
    var writer = ByteWriter(bytes)
    writer.put(UInt32(truncatingIfNeeded: x.count))
    writer.put(UInt16(truncatingIfNeeded: S))
    writer.put(UInt16(truncatingIfNeeded: centroids))
    var codes = BitWriter(bytes, at: 8 + 8 * S)
    for s in 0..<S {
      let part = s * length..<(s + 1) * length
      var a = x[part.lowerBound]
      var b = a
      for j in part {
        a = min(a, x[j])
        b = max(b, x[j])
      }
      writer.put(a)
      writer.put(b)
      let perStep = a < b ? n / (Double(b) - Double(a)) : 0
      for j in part {
        // 0 ≤ t ≤ n up to rounding; t + ½ is cut to a code. (Written so that no t at all can trap.)
        let t = (Double(x[j]) - Double(a)) * perStep
        codes.put(t > 0 ? UInt32(t < n ? t + 0.5 : n) : 0, bits: β)
      }
    }
    codes.finish()
    return needed
  }

  /// ⌈log₂ C⌉.
  private static func bits(_ centroids: Int) -> UInt32 {
    UInt32(truncatingIfNeeded: Int.bitWidth - (centroids - 1).leadingZeroBitCount)
  }

  private static func byteCount(_ dim: UInt32, _ subvectors: UInt16, _ bits: UInt32) -> UInt64 {
    8 + 8 * UInt64(subvectors) + (UInt64(dim) * UInt64(bits) + 7) / 8
  }

  // MARK: - Decode

  public func elementCount(of bytes: UnsafeRawBufferPointer) throws(RuvectorError) -> Int {
    try Self.header(bytes).dim
  }

  public func decode(
    _ bytes: UnsafeRawBufferPointer, into x: UnsafeMutableBufferPointer<Float>
  ) throws(RuvectorError) {
    let (dim, S, C) = try Self.header(bytes)
    try checkDestination(x, holds: dim)
    let length = dim / S
    let n = UInt32(truncatingIfNeeded: C - 1)
    let β = Self.bits(C)
    var reader = ByteReader(bytes, at: 8)
    var codes = BitReader(bytes, at: 8 + 8 * S)
    for s in 0..<S {
      let a = reader.float()
      let b = reader.float()
      guard a.isFinite, b.isFinite, a <= b else {
        throw corrupt(Self.name, "a finite minimum and maximum in order of part \(s)", received: bits(a, b))
      }
      let step = (Double(b) - Double(a)) / Double(n)
      for j in s * length..<(s + 1) * length {
        let i = codes.next(bits: β)
        guard i <= n else {
          throw corrupt(Self.name, "a code in 0...\(n) at element \(j)", received: UInt64(i))
        }
        // The last centroid is b itself: a + (b − a) may round to another number.
        x[j] = i == n ? b : Float(Double(a) + Double(i) * step)
      }
    }
    guard codes.padding == 0 else {
      throw corrupt(Self.name, "zeros after the last code", received: UInt64(codes.padding))
    }
  }

  private func bits(_ a: Float, _ b: Float) -> UInt64 {
    UInt64(a.bitPattern) | UInt64(b.bitPattern) << 32
  }

  private static func header(
    _ bytes: UnsafeRawBufferPointer
  ) throws(RuvectorError) -> (dim: Int, subvectors: Int, centroids: Int) {
    guard bytes.count >= 8 else {
      throw corrupt(name, "at least 8 bytes", received: UInt64(bytes.count))
    }
    var reader = ByteReader(bytes)
    let dim = reader.u32()
    let S = reader.u16()
    let C = reader.u16()
    guard S > 0, dim > 0, dim % UInt32(S) == 0 else {
      throw corrupt(name, "a dimension above 0 divisible by \(S)", received: UInt64(dim))
    }
    guard C >= 2, C <= 256 else { throw corrupt(name, "2...256 centroids", received: UInt64(C)) }
    try checkByteCount(name, bytes, byteCount(dim, S, bits(Int(C))))
    return (try checkedByteCount(UInt64(dim)), Int(S), Int(C))
  }
}
