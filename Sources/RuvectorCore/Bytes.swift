/// What something is written to from its first byte to its last: a new file, or memory.
public protocol ByteSink: AnyObject {
  var position: Int { get }
  /// False where nobody keeps the bytes and only their number counts.
  var isKept: Bool { get }
  func write(_ data: UnsafeRawPointer, _ bytes: Int) throws(RuvectorError)
  /// The first bytes anew.
  func rewrite(_ data: UnsafeRawPointer, _ bytes: Int) throws(RuvectorError)
}

extension ByteSink {
  /// So many zeros, at most 4096.
  public func writeZeros(_ count: Int) throws(RuvectorError) {
    let zeros = try AlignedBuffer<UInt8>(count: 4096, repeating: 0)
    try withExtendedLifetime(zeros) { () throws(RuvectorError) in try write(zeros.pointer, min(count, 4096)) }
  }

  /// Zeros up to a multiple of `alignment`, at most 4096.
  public func pad(to alignment: Int) throws(RuvectorError) {
    try writeZeros((alignment - position % alignment) % alignment)
  }
}

/// What something is read from, at any place: a file, or memory. Readers stay within `byteCount`.
public protocol ByteSource: AnyObject {
  /// What errors call it.
  var name: String { get }
  var byteCount: Int { get }
  func read(_ offset: Int, into out: UnsafeMutableRawPointer, _ bytes: Int) throws(RuvectorError)
}

/// Memory of a caller's. Where there is not room enough, or none at all, bytes are counted all the same.
public final class MemorySink: ByteSink {
  public private(set) var position = 0
  private let out: UnsafeMutableRawPointer?
  private let room: Int

  public init(_ out: UnsafeMutableRawPointer?, room: Int) { (self.out, self.room) = (out, room) }

  public var isKept: Bool { out != nil && position <= room }

  public func write(_ data: UnsafeRawPointer, _ bytes: Int) throws(RuvectorError) {
    let (end, overflow) = position.addingReportingOverflow(bytes)
    guard !overflow else { throw .expected("a size that fits in memory", for: "bytes", received: "more", .outOfMemory) }
    if let out, bytes > 0, end <= room { (out + position).copyMemory(from: data, byteCount: bytes) }
    position = end
  }

  public func rewrite(_ data: UnsafeRawPointer, _ bytes: Int) {
    if let out, bytes <= room { out.copyMemory(from: data, byteCount: bytes) }
  }
}

/// Memory of a caller's.
public final class MemorySource: ByteSource {
  public let byteCount: Int
  private let base: UnsafeRawPointer?

  public init(_ base: UnsafeRawPointer?, _ byteCount: Int) { (self.base, self.byteCount) = (base, byteCount) }

  public var name: String { "bytes" }

  public func read(_ offset: Int, into out: UnsafeMutableRawPointer, _ bytes: Int) {
    if let base, bytes > 0 { out.copyMemory(from: base + offset, byteCount: bytes) }
  }
}
