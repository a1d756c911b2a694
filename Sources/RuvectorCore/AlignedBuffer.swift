import CRuvectorSupport

/// Memory of a fixed number of elements, 64-byte aligned, freed with its owner.
///
/// All memory whose size a caller decides comes from here: a size that overflows, exceeds the cap of 2⁴⁰ bytes
/// or cannot be had is an error, where Swift's own `allocate` would end the process.
public final class AlignedBuffer<Element: BitwiseCopyable> {
  public let pointer: UnsafeMutablePointer<Element>
  /// In elements.
  public let count: Int
  private let isBorrowed: Bool

  /// Uninitialised memory.
  public convenience init(count: Int, for name: StaticString = "buffer") throws(RuvectorError) {
    try self.init(count: count, for: name, isBorrowed: false)
  }

  private init(count: Int, for name: StaticString, isBorrowed: Bool) throws(RuvectorError) {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    guard count >= 0, !overflow, let memory = isBorrowed ? rv_borrow(bytes) : rv_allocate(bytes) else {
      throw .expected(
        "a size that fits in memory", for: "\(name)", received: "\(count) elements", .outOfMemory)
    }
    pointer = memory.bindMemory(to: Element.self, capacity: count)
    self.count = count
    self.isBorrowed = isBorrowed
  }

  /// rows · columns elements, which `Int` may not hold (in WebAssembly it has 32 bits), for as long as a call takes: large
  /// memory of that kind goes from one call to the next.
  public convenience init(rows: Int, columns: Int, for name: StaticString = "buffer") throws(RuvectorError) {
    let (count, overflow) = rows.multipliedReportingOverflow(by: columns)
    guard !overflow else {
      throw .expected("a size that fits in memory", for: "\(name)", received: "\(rows) x \(columns)", .outOfMemory)
    }
    try self.init(count: count, for: name, isBorrowed: true)
  }

  public convenience init(count: Int, repeating value: Element, for name: StaticString = "buffer")
    throws(RuvectorError)
  {
    try self.init(count: count, for: name)
    pointer.initialize(repeating: value, count: count)
  }

  public convenience init(copying source: UnsafePointer<Element>, count: Int, for name: StaticString = "buffer")
    throws(RuvectorError)
  {
    try self.init(count: count, for: name)
    pointer.initialize(from: source, count: count)
  }

  deinit { if isBorrowed { rv_give_back(pointer) } else { rv_free(pointer) } }

  public subscript(index: Int) -> Element {
    get { pointer[index] }
    set { pointer[index] = newValue }
  }
}
