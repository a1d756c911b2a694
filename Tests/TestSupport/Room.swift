import Foundation

/// Where values lie in memory.
public enum Placement: CaseIterable, CustomStringConvertible {
  /// So many elements after an aligned address.
  case offset0, offset1, offset2, offset3
  /// The last element is the last before memory that must not be read.
  case fence

  public var description: String {
    switch self {
    case .offset0: "aligned"
    case .offset1: "offset 1"
    case .offset2: "offset 2"
    case .offset3: "offset 3"
    case .fence: "fence"
    }
  }
}

/// Memory for the argument of a kernel: NaNs on both sides show what reads or writes beyond the values, and at the
/// fence reading beyond ends the process.
public final class Room<T: BitwiseCopyable> {
  private let base: UnsafeMutableRawPointer
  private let bytes: Int
  private var used: Range<Int> = 0..<0
  private static var margin: Int { 256 }

  /// For up to `capacity` elements.
  public init(_ capacity: Int) {
    let page = 4096
    bytes = (capacity * MemoryLayout<T>.stride + 3 * Self.margin + page - 1) / page * page
    base = mmap(nil, bytes + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
    mprotect(base + bytes, page, PROT_NONE)
    memset(base, 0xff, bytes)
    self.page = page
  }
  private let page: Int

  deinit { munmap(base, bytes + page) }

  /// Copies `values` there; everything else is NaN.
  public func put(_ values: [T], _ placement: Placement = .offset0) -> UnsafeMutablePointer<T> {
    memset(base + used.lowerBound, 0xff, used.count)
    let size = values.count * MemoryLayout<T>.stride
    let start: Int
    switch placement {
    case .offset0: start = Self.margin
    case .offset1: start = Self.margin + MemoryLayout<T>.stride
    case .offset2: start = Self.margin + 2 * MemoryLayout<T>.stride
    case .offset3: start = Self.margin + 3 * MemoryLayout<T>.stride
    case .fence: start = bytes - size
    }
    used = start..<start + size
    values.withUnsafeBytes { if size > 0 { memcpy(base + start, $0.baseAddress!, size) } }
    return (base + start).bindMemory(to: T.self, capacity: values.count)
  }

  /// Whether the bytes beside the values are what they were.
  public var isIntact: Bool {
    isNaN(max(0, used.lowerBound - Self.margin)..<used.lowerBound)
      && isNaN(used.upperBound..<min(bytes, used.upperBound + Self.margin))
  }

  private func isNaN(_ range: Range<Int>) -> Bool {
    range.allSatisfy { base.load(fromByteOffset: $0, as: UInt8.self) == 0xff }
  }
}
