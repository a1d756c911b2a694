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

  public static var options: [CodecOption] { [subvectorsOption, outlierThresholdOption] }

  private static var subvectorsOption: CodecOption {
    .integer(
      "subvectors", 1...65535, default: 8,
      "The parts with levels of their own; it must divide the dimension.")
  }
  private static var outlierThresholdOption: CodecOption {
    .number(
      "outlierThreshold", 0...1e6, default: 3,
      "Elements farther from the mean than so many standard deviations are stored exactly, in 8 bytes.")
  }

  /// The number of subvectors.
  public let subvectors: Int
  /// Outliers are farther from the mean than so many standard deviations.
  public let outlierThreshold: Double

  // MARK: - Creation

  public init(_ settings: CodecSettings) throws(RuvectorError) {
    subvectors = settings.integer(Self.subvectorsOption)
    outlierThreshold = settings.number(Self.outlierThresholdOption)
  }

  /// A codec with 1...65535 subvectors and a threshold of 0...1e6.
  public convenience init(subvectors: Int = 8, outlierThreshold: Double = 3) throws(RuvectorError) {
    try self.init(
      CodecSettings(
        PQ4Codec.self,
        [("subvectors", Double(subvectors)), ("outlierThreshold", outlierThreshold)]))
  }

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
      let levels = Levels.fitted(to: UnsafeBufferPointer(rebasing: x[part]), rule)
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
    try checkDestination(Self.name, x, holds: dim)
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
      let levels = Levels(μ: μ, σ: σ)
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

// MARK: - Outliers

/// |x − mean| > τ·(standard deviation), both over the whole vector.
private struct OutlierRule {
  let mean: Double
  let limit: Double

  init(_ x: UnsafeBufferPointer<Float>, τ: Double) {
    // Sums about x₀, so that a constant vector has exactly its mean and no deviation.
    let x0 = Double(x[0])
    var sum = 0.0
    for i in 0..<x.count { sum += Double(x[i]) - x0 }
    let mean = x0 + sum / Double(x.count)
    var squares = 0.0
    for i in 0..<x.count {
      let δ = Double(x[i]) - mean
      squares += δ * δ
    }
    self.mean = mean
    limit = τ * (squares / Double(x.count)).squareRoot()
  }

  func isOutlier(_ x: Float) -> Bool { (Double(x) - mean).magnitude > limit }
}

// MARK: - The quantiser of one subvector

/// The four values μ + σ·L of one subvector.
private struct Levels {
  let μ: Float
  let σ: Float
  // Values as decode gives them, rising.
  private let v0, v1, v2, v3: Float

  private static let inner = 0.4528  // L₁, L₂ = ∓inner
  private static let outer = 1.510  // L₀, L₃ = ∓outer
  private static let refinements = 8

  init(μ: Float, σ: Float) {
    func value(_ L: Double) -> Float {
      let most = Double(Float.greatestFiniteMagnitude)
      return Float(max(-most, min(most, Double(μ) + Double(σ) * L)))
    }
    self.μ = μ
    self.σ = σ
    v0 = value(-Self.outer)
    v1 = value(-Self.inner)
    v2 = value(Self.inner)
    v3 = value(Self.outer)
  }

  func value(_ code: UInt32) -> Float {
    switch code {
    case 0: v0
    case 1: v1
    case 2: v2
    default: v3
    }
  }

  /// The nearest level; of two equally near ones the lower.
  func code(_ x: Double) -> UInt32 {
    (x > (Double(v0) + Double(v1)) * 0.5 ? 1 : 0) &+ (x > (Double(v1) + Double(v2)) * 0.5 ? 1 : 0)
      &+ (x > (Double(v2) + Double(v3)) * 0.5 ? 1 : 0)
  }

  /// The levels for the elements of `x` that are no outliers.
  static func fitted(to x: UnsafeBufferPointer<Float>, _ rule: OutlierRule) -> Levels {
    var n = 0.0
    var c = 0.0  // the mean, by running updates: exact for equal elements
    var squares = 0.0
    for i in 0..<x.count where !rule.isOutlier(x[i]) {
      let δ = Double(x[i]) - c
      n += 1
      c += δ / n
      squares += δ * (Double(x[i]) - c)
    }
    guard n > 0 else { return Levels(μ: 0, σ: 0) }
    var best = Levels(μ: Float(c), σ: Float((squares / n).squareRoot()))
    var tally = Tally(x, rule, best, about: c)
    for _ in 0..<refinements {
      guard let next = tally.leastSquares(about: c) else { break }
      let nextTally = Tally(x, rule, next, about: c)
      guard nextTally.error < tally.error else { break }
      best = next
      tally = nextTally
    }
    return best
  }

  /// What one pass with given levels finds: the squared error, and the count and sum of each code's elements.
  private struct Tally {
    var error = 0.0
    // Number of elements, and Σ(x − c), for the codes 0...3.
    var n0 = 0.0, n1 = 0.0, n2 = 0.0, n3 = 0.0
    var p0 = 0.0, p1 = 0.0, p2 = 0.0, p3 = 0.0

    init(_ x: UnsafeBufferPointer<Float>, _ rule: OutlierRule, _ levels: Levels, about c: Double) {
      for i in 0..<x.count where !rule.isOutlier(x[i]) {
        let xi = Double(x[i])
        let code = levels.code(xi)
        let miss = xi - Double(levels.value(code))
        error += miss * miss
        switch code {
        case 0:
          n0 += 1
          p0 += xi - c
        case 1:
          n1 += 1
          p1 += xi - c
        case 2:
          n2 += 1
          p2 += xi - c
        default:
          n3 += 1
          p3 += xi - c
        }
      }
    }

    /// The least-squares μ, σ for these codes; nil when they leave σ open or are no Floats. Σ(x − c) = 0, since
    /// c is the mean.
    func leastSquares(about c: Double) -> Levels? {
      let n = n0 + n1 + n2 + n3
      let A = Levels.outer * (n3 - n0) + Levels.inner * (n2 - n1)
      let B = Levels.outer * Levels.outer * (n3 + n0) + Levels.inner * Levels.inner * (n2 + n1)
      let Q = Levels.outer * (p3 - p0) + Levels.inner * (p2 - p1)
      let σ = n * Q / (n * B - A * A)
      let μ = c - σ * A / n
      let (m, s) = (Float(μ), Float(σ))
      return m.isFinite && s.isFinite && s >= 0 ? Levels(μ: m, σ: s) : nil
    }
  }
}
