import RuvectorCore

/// Two bits an element: the four levels that are best for a normal distribution, fitted to each subvector,
/// and outliers stored as they are.
///
/// Elements with |xᵢ − m| > τ·sd (mean and standard deviation of the whole vector) are outliers. The
/// others, in each of S equal subvectors, become
///
///     x̂ = μ + σ·L[code]          L = −1.510, −0.4528, 0.4528, 1.510,   the nearest of the four
///
/// where μ and σ start as the subvector's mean and standard deviation and are then improved in turns: the
/// nearest level for each element (given μ, σ), the least-squares μ, σ (given the levels):
///
///     σ = n·Q/(n·B − A²)    μ = c − σ·A/n      n = Σ1, A = ΣL, B = ΣL², Q = ΣL·(x − c), c the mean
///
/// up to 8 times, while the squared error falls. Legend: d dimension, S subvectors, τ threshold, o outliers.
///
/// - Size: 10 + 8·S + ⌈d/4⌉ + 8·o bytes. With the defaults and normal data (o ≈ .0027·d) 11 × smaller than
///   Float at d = 768, 14 × at 4,096; without outliers towards 16 ×.
/// - Error: in each subvector Σ(x̂ − x)² over the elements that are no outliers is at most Σ(x − mean)²
///   and at most that of the unfitted quantiser, but for the rounding of μ, σ to Float; about
///   .1175·Σ(x − mean)² for normal data. Outliers and constant subvectors come back exactly.
/// - Precision: sums in Double, about the subvector's mean. μ + σ·L in Double, limited to the finite Floats.
/// - Reference: J. Max, Quantizing for minimum distortion, IRE Trans. Inform. Theory 6 (1960), table I, N = 4;
///   the turns are S. P. Lloyd, Least squares quantization in PCM, IEEE Trans. Inform. Theory 28 (1982).
///
/// Use it for cold vectors of many dimensions (cosine ≈ .94). Not below some 100 dimensions: μ and σ of eight
/// subvectors are 64 bytes; ask for fewer subvectors there.
///
/// ```
/// byte  0          4               8                 10                   10 + 8·S          + ⌈d/4⌉
///       dim (u32)  outliers (u32)  subvectors (u16)  μ₀ σ₀ … (f32 each)   codes, 2 bits     index (u32) value (f32) …
/// ```
///
/// Codes follow one another lowest bits first (that of an outlier is 0); outliers are in rising order.
///
/// ```swift
/// let codec = try PQ4Codec(subvectors: 1)
/// try codec.decode(codec.encode([1, 1, 3, 3]))   // [1.0, 1.0, 3.0, 3.0], up to the last digits
/// ```
public final class PQ4Codec: Codec {
  // MARK: - Options

  public static let name: StaticString = "pq4"

  public static let options = [
    Option(
      "subvectors", .integer(1...65535), standard: 8,
      "The parts with levels of their own; it must divide the dimension."),
    Option(
      "outlierThreshold", .number(0...1e6), standard: 3,
      "Elements farther from the mean than so many standard deviations are stored exactly, in 8 bytes."),
  ]

  /// The number of subvectors.
  public let subvectors: Int
  /// Outliers are farther from the mean than so many standard deviations.
  public let outlierThreshold: Double

  // MARK: - Creation

  public init(_ settings: Settings) throws(RuvectorError) {
    subvectors = settings.integer("subvectors")
    outlierThreshold = settings.number("outlierThreshold")
  }

  /// A codec with 1...65535 subvectors and a threshold of 0...1e6.
  public convenience init(subvectors: Int = 8, outlierThreshold: Double = 3) throws(RuvectorError) {
    try self.init(
      Settings(
        of: Self.name, Self.options,
        [("subvectors", .integer(Int64(subvectors))), ("outlierThreshold", .number(outlierThreshold))]))
  }

  public var optionValues: [Double] { [Double(subvectors), outlierThreshold] }

  // MARK: - Encode

  /// An upper bound: by Chebyshev's inequality fewer than d/τ² elements are more than τ standard deviations
  /// from the mean. (One part in a million and one element more, for rounding.)
  public func encodedByteCount(dim: Int) throws(RuvectorError) -> Int {
    let d = try checkedDimension(dim)
    try checkDivisible(dim, by: subvectors)
    let τ = outlierThreshold
    let most = Double(d) / (τ * τ) * 1.000001 + 1  // τ = 0: infinity
    let outliers = most < Double(d) ? UInt32(most) : d
    return try checkedByteCount(Self.byteCount(d, UInt16(subvectors), outliers: outliers))
  }

  public func encode(
    _ x: UnsafeBufferPointer<Float>, into bytes: UnsafeMutableRawBufferPointer
  ) throws(RuvectorError) -> Int {
    let dim = try checkedDimension(x.count)
    try checkDivisible(x.count, by: subvectors)
    try checkFinite(x)
    let rule = OutlierRule(x, τ: outlierThreshold)
    var outliers: UInt32 = 0
    for i in 0..<x.count where rule.isOutlier(x[i]) { outliers &+= 1 }
    let S = subvectors
    let needed = try checkedByteCount(Self.byteCount(dim, UInt16(S), outliers: outliers))
    try checkRoom(bytes, needed)

    let length = x.count / S
    var writer = ByteWriter(bytes)
    writer.put(dim)
    writer.put(outliers)
    writer.put(UInt16(S))
    var codes = BitWriter(bytes, at: 10 + 8 * S)
    var exact = ByteWriter(bytes, at: needed - 8 * Int(outliers))
    for s in 0..<S {
      let part = s * length..<(s + 1) * length
      let levels = PQ4Levels.fitted(to: UnsafeBufferPointer(rebasing: x[part]), rule)
      writer.put(levels.μ)
      writer.put(levels.σ)
      for i in part {
        // As many as were counted, even if another thread changes x meanwhile.
        if exact.offset < needed, rule.isOutlier(x[i]) {
          codes.put(0, bits: 2)
          exact.put(UInt32(truncatingIfNeeded: i))
          exact.put(x[i])
        } else {
          codes.put(levels.code(Double(x[i])), bits: 2)
        }
      }
    }
    codes.finish()
    return needed
  }

  private static func byteCount(_ dim: UInt32, _ subvectors: UInt16, outliers: UInt32) -> UInt64 {
    10 + 8 * UInt64(subvectors) + (UInt64(dim) + 3) / 4 + 8 * UInt64(outliers)
  }

  // MARK: - Decode

  public func elementCount(of bytes: UnsafeRawBufferPointer) throws(RuvectorError) -> Int {
    try Self.header(bytes).dim
  }

  public func decode(
    _ bytes: UnsafeRawBufferPointer, into x: UnsafeMutableBufferPointer<Float>
  ) throws(RuvectorError) {
    let (dim, S, outliers) = try Self.header(bytes)
    try checkDestination(x, holds: dim)
    let length = dim / S
    var reader = ByteReader(bytes, at: 10)
    var codes = BitReader(bytes, at: 10 + 8 * S)
    for s in 0..<S {
      let μ = reader.float()
      let σ = reader.float()
      guard μ.isFinite, σ.isFinite, σ >= 0 else {
        throw corrupt(
          Self.name, "a finite μ and a finite σ of at least 0 of part \(s)",
          received: UInt64(μ.bitPattern) | UInt64(σ.bitPattern) << 32)
      }
      let levels = PQ4Levels(μ: μ, σ: σ)
      for i in s * length..<(s + 1) * length { x[i] = levels.value(codes.next(bits: 2)) }
    }
    guard codes.padding == 0 else {
      throw corrupt(Self.name, "zeros after the last code", received: UInt64(codes.padding))
    }
    var exact = ByteReader(bytes, at: bytes.count - 8 * outliers)
    var next = 0  // the least index the next outlier may have
    for _ in 0..<outliers {
      let index = exact.u32()
      let value = exact.float()
      guard let i = Int(exactly: index), i >= next, i < dim, value.isFinite else {
        throw corrupt(
          Self.name, "a finite outlier with an index in \(next)..<\(dim)", received: UInt64(index))
      }
      x[i] = value
      next = i + 1
    }
  }

  private static func header(
    _ bytes: UnsafeRawBufferPointer
  ) throws(RuvectorError) -> (dim: Int, subvectors: Int, outliers: Int) {
    guard bytes.count >= 10 else {
      throw corrupt(name, "at least 10 bytes", received: UInt64(bytes.count))
    }
    var reader = ByteReader(bytes)
    let dim = reader.u32()
    let outliers = reader.u32()
    let S = reader.u16()
    guard S > 0, dim > 0, dim % UInt32(S) == 0 else {
      throw corrupt(name, "a dimension above 0 divisible by \(S)", received: UInt64(dim))
    }
    guard outliers <= dim else {
      throw corrupt(name, "at most \(dim) outliers", received: UInt64(outliers))
    }
    try checkByteCount(name, bytes, byteCount(dim, S, outliers: outliers))
    return (try checkedByteCount(UInt64(dim)), Int(S), try checkedByteCount(UInt64(outliers)))
  }
}
