import RuvectorCore

/// Turns a vector of `Float` into bytes and back, with a loss that each codec states.
///
/// Every codec keeps these rules:
/// - The bytes are little-endian and hold all that ``decode(_:into:)`` needs. The options of the decoding
///   object do not matter: any `PQ8Codec` reads what any other `PQ8Codec` wrote.
/// - Equal input and equal options give equal bytes, on every machine.
/// - What comes back is finite. Bytes that no codec of this name can have written (cut, padded, changed
///   in a way that shows) are refused with `.corrupt`; there is no checksum, so a changed value may pass.
/// - Objects do not change after creation and may be used from several threads at once.
///
/// ```swift
/// let codec = try PQ8Codec(centroids: 32)
/// let bytes = try codec.encode(vector)      // [UInt8]
/// let again = try codec.decode(bytes)       // [Float], as long as `vector`
/// ```
///
/// A codec is not for exact storage: keep the `Float`s themselves for that.
public protocol Codec: Mechanism, Sendable {
  /// The bytes that ``encode(_:into:)`` needs for a vector of `dim` elements.
  ///
  /// Exact for half, pq8 and binary. For pq4, which stores a number of outliers that depends on the
  /// vector, it is an upper bound, and `encode` returns the count it wrote.
  ///
  /// - Throws: `.emptyInput` for 0, `.outOfRange` below 0 or above 2³² − 1, `.dimensionMismatch` when the
  ///   codec cannot divide `dim` into its subvectors.
  /// - Complexity: O(1).
  func encodedByteCount(dim: Int) throws(RuvectorError) -> Int

  /// Writes `x` to the start of `bytes` and returns how many bytes it wrote.
  ///
  /// The memory of `x` and `bytes` must not overlap. Nothing is written when it throws. If another thread
  /// changes `x` meanwhile (a SharedArrayBuffer), the bytes may be unreadable, but nothing else is harmed.
  ///
  /// - Throws: as ``encodedByteCount(dim:)``; `.nonFinite` naming the first NaN or infinite element;
  ///   `.dimensionMismatch` when `bytes` is too short.
  /// - Complexity: O(dim) time, no memory.
  func encode(_ x: UnsafeBufferPointer<Float>, into bytes: UnsafeMutableRawBufferPointer)
    throws(RuvectorError) -> Int

  /// The number of elements that `bytes` hold.
  ///
  /// - Throws: `.corrupt` when the header is impossible or `bytes.count` is not what the header asks for.
  /// - Complexity: O(1).
  func elementCount(of bytes: UnsafeRawBufferPointer) throws(RuvectorError) -> Int

  /// Reads `bytes` into `x`, which must have exactly as many elements as were encoded.
  ///
  /// After an error the contents of `x` are unspecified.
  ///
  /// - Throws: `.corrupt` when the bytes are damaged; `.dimensionMismatch` when they hold another number of
  ///   elements than `x` has.
  /// - Complexity: O(dim) time, no memory.
  func decode(_ bytes: UnsafeRawBufferPointer, into x: UnsafeMutableBufferPointer<Float>)
    throws(RuvectorError)
}

extension Codec {
  public static var family: StaticString { "codec" }
  public static var operations: [Operation] { CodecOperation.all }

  /// - "bound": vector [n] → ``encodedByteCount(dim:)``
  /// - "encode": vector [n], bytes (writable) → bytes written
  /// - "elementCount": bytes → ``elementCount(of:)``
  /// - "decode": bytes, vector [n] (writable) → n
  public func run(_ operation: String, _ buffers: [Tensor], _ control: Control) throws(RuvectorError) -> Int {
    func takes(_ count: Int) throws(RuvectorError) { try requireBuffers(count, for: operation, buffers) }
    if ("encode" as StaticString).matches(operation) {
      try takes(2)
      let x = UnsafeBufferPointer(start: try buffers[0].floats("vector"), count: buffers[0].columns)
      return try encode(x, into: buffers[1].bytes("bytes", writable: true))
    }
    if ("decode" as StaticString).matches(operation) {
      try takes(2)
      let x = UnsafeMutableBufferPointer(
        start: try buffers[1].output("vector", count: 0), count: buffers[1].columns)
      try decode(UnsafeRawBufferPointer(buffers[0].bytes("bytes")), into: x)
      return x.count
    }
    if ("bound" as StaticString).matches(operation) {
      try takes(1)
      _ = try buffers[0].floats("vector")
      return try encodedByteCount(dim: buffers[0].columns)
    }
    if ("elementCount" as StaticString).matches(operation) {
      try takes(1)
      return try elementCount(of: UnsafeRawBufferPointer(buffers[0].bytes("bytes")))
    }
    throw unknown(operation, of: CodecOperation.all)
  }

  /// The bytes of `x`: ``encode(_:into:)`` into an array of the right size.
  @_alwaysEmitIntoClient
  public func encode(_ x: [Float]) throws(RuvectorError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: try encodedByteCount(dim: x.count))
    let written = try x.withUnsafeBufferPointer { (x) throws(RuvectorError) -> Int in
      try bytes.withUnsafeMutableBufferPointer { (bytes) throws(RuvectorError) -> Int in
        try encode(x, into: UnsafeMutableRawBufferPointer(bytes))
      }
    }
    bytes.removeLast(bytes.count - written)
    return bytes
  }

  /// The vector in `bytes`: ``decode(_:into:)`` into an array of the right size, which is at most 8
  /// elements a byte, so damaged bytes cannot ask for much memory.
  @_alwaysEmitIntoClient
  public func decode(_ bytes: [UInt8]) throws(RuvectorError) -> [Float] {
    try bytes.withUnsafeBufferPointer { (bytes) throws(RuvectorError) -> [Float] in
      let bytes = UnsafeRawBufferPointer(bytes)
      var x = [Float](repeating: 0, count: try elementCount(of: bytes))
      try x.withUnsafeMutableBufferPointer { (x) throws(RuvectorError) in
        try decode(bytes, into: x)
      }
      return x
    }
  }
}

private enum CodecOperation {
  private static let vector = Port("vector", ["n"]), bytes = Port("bytes", ["bytes"], .uint8)

  static let all = [
    Operation("bound", [vector], []), Operation("encode", [vector], [bytes]), Operation("elementCount", [bytes], []),
    Operation("decode", [bytes], [vector]),
  ]
}

// MARK: - Checks every codec makes

/// The dimension as the header holds it.
func checkedDimension(_ dim: Int) throws(RuvectorError) -> UInt32 {
  if dim == 0 {
    throw .expected("at least 1 element", for: "vector", received: "0", .emptyInput)
  }
  guard let header = UInt32(exactly: dim) else {
    throw .expected("a length in 1...4294967295", for: "vector", received: "\(dim)", .outOfRange)
  }
  return header
}

/// Refuses a dimension that does not fall into equal subvectors.
func checkDivisible(_ dim: Int, by subvectors: Int) throws(RuvectorError) {
  guard dim % subvectors == 0 else {
    throw .expected(
      "a length divisible by \(subvectors)", for: "vector", received: "\(dim)", .dimensionMismatch)
  }
}

/// Refuses NaN and infinity, naming the first.
func checkFinite(_ x: UnsafeBufferPointer<Float>) throws(RuvectorError) {
  if let base = x.baseAddress { try requireFinite(base, count: x.count, for: "vector") }
}

/// A byte count as `Int` (32 bits wide in WebAssembly).
func checkedByteCount(_ bytes: UInt64) throws(RuvectorError) -> Int {
  guard let count = Int(exactly: bytes) else {
    throw .expected("fewer bytes", for: "encoded vector", received: "\(bytes)", .outOfRange)
  }
  return count
}

/// Refuses an output that `needed` bytes do not fit into.
func checkRoom(_ bytes: UnsafeMutableRawBufferPointer, _ needed: Int) throws(RuvectorError) {
  guard bytes.count >= needed else {
    throw .expected(
      "room for \(needed) bytes", for: "encoded vector", received: "\(bytes.count)", .dimensionMismatch)
  }
}

/// The error of bytes that do not make sense.
func corrupt(_ codec: StaticString, _ wanted: String, received: UInt64) -> RuvectorError {
  .expected(wanted, for: "\(codec) bytes", received: "\(received)", .corrupt)
}

/// Refuses bytes of another length than their own header asks for.
func checkByteCount(
  _ codec: StaticString, _ bytes: UnsafeRawBufferPointer, _ needed: UInt64
) throws(RuvectorError) {
  guard UInt64(bytes.count) == needed else {
    throw corrupt(codec, "a length of \(needed)", received: UInt64(bytes.count))
  }
}

/// Refuses a destination with another number of elements than the bytes hold.
func checkDestination(_ x: UnsafeMutableBufferPointer<Float>, holds dim: Int) throws(RuvectorError) {
  guard x.count == dim else { throw .dimension("vector", expected: dim, received: x.count) }
}
