import CRuvectorSupport
import RuvectorCore

/// Memory for a growing number of records of one size, which never move: readers go on while the writer appends.
///
/// The first `first` records lie in one piece (what was reserved, or a mapped file); those behind it in pieces of
/// 2^shift. The first piece starts small and is replaced by one of twice the size until it has 2^shift records, so that an
/// index of a few vectors takes a few kilobytes. Growing moves the first piece or replaces the short table of pieces: it
/// excludes readers; writing new records does not.
final class Records {
  /// Where records lie, as a value to hold in hot code.
  struct Map {
    let base: UnsafeMutableRawPointer
    let first: Int
    let pieces: UnsafeMutablePointer<UnsafeMutableRawPointer>
    let shift: Int
    let stride: Int

    @inline(__always) subscript(_ id: Int) -> UnsafeMutableRawPointer {
      if id < first { return base + id &* stride }
      let i = id &- first
      return pieces[i &>> shift] + (i & ((1 &<< shift) &- 1)) &* stride
    }

    /// How many records lie side by side from `id` on.
    @inline(__always) func run(from id: Int) -> Int {
      id < first ? first &- id : (1 &<< shift) &- ((id &- first) & ((1 &<< shift) &- 1))
    }
  }

  /// Bytes a record.
  let stride: Int
  private(set) var capacity: Int
  private(set) var map: Map
  private var owned: [AlignedBuffer<UInt8>] = []
  private var table: AlignedBuffer<UnsafeMutableRawPointer>
  private var tableCount = 0
  /// Keeps mapped memory alive.
  private let owner: AnyObject?

  /// Memory for `first` records. Zeroed where a record's bytes must be defined before they are written.
  init(stride: Int, first: Int, shift: Int) throws(RuvectorError) {
    let (bytes, overflow) = stride.multipliedReportingOverflow(by: first)
    guard !overflow else { throw Records.tooMany(first) }
    let base = try AlignedBuffer<UInt8>(count: bytes, for: "index")
    table = try AlignedBuffer(count: 16, for: "index")
    owned = [base]
    owner = nil
    (self.stride, capacity) = (stride, first)
    map = Map(
      base: UnsafeMutableRawPointer(base.pointer), first: first, pieces: table.pointer, shift: shift, stride: stride)
  }

  /// `count` records in memory of `owner`, which are not written to and do not grow.
  init(stride: Int, mapped base: UnsafeMutableRawPointer, count: Int, owner: AnyObject) throws(RuvectorError) {
    table = try AlignedBuffer(count: 1, for: "index")
    self.owner = owner
    (self.stride, capacity) = (stride, count)
    map = Map(base: base, first: count, pieces: table.pointer, shift: 0, stride: stride)
  }

  /// Bytes of the memory taken, whether written or not.
  var byteCount: Int { owned.reduce(0) { $0 &+ $1.count } }

  @inline(__always) subscript(_ id: Int) -> UnsafeMutableRawPointer { map[id] }

  /// The first `count` records, piece by piece: where one begins, and its bytes.
  func forEachPiece(_ count: Int, _ body: (UnsafeMutableRawPointer, Int) throws(RuvectorError) -> Void)
    throws(RuvectorError)
  {
    var done = 0
    while done < count {
      let n = min(count - done, done < map.first ? map.first - done : 1 &<< map.shift)
      try body(map[done], n &* stride)
      done += n
    }
  }

  /// Memory for `count` records in one piece, instead of all there is: for when nothing is stored. Excludes readers.
  func replace(first count: Int) throws(RuvectorError) {
    let (bytes, overflow) = stride.multipliedReportingOverflow(by: count)
    guard !overflow else { throw Records.tooMany(count) }
    let base = try AlignedBuffer<UInt8>(count: bytes, for: "index")
    owned = [base]
    (capacity, tableCount) = (count, 0)
    map = Map(
      base: UnsafeMutableRawPointer(base.pointer), first: count, pieces: table.pointer, shift: map.shift, stride: stride
    )
  }

  /// Room for `count` records in all. Excludes readers.
  func grow(to count: Int) throws(RuvectorError) {
    let size = 1 &<< map.shift
    if tableCount == 0, capacity < size { try enlarge(to: min(max(count, 2 &* capacity), size)) }
    while capacity < count {
      let (bytes, overflow) = stride.multipliedReportingOverflow(by: size)
      guard !overflow else { throw Records.tooMany(count) }
      let piece = try AlignedBuffer<UInt8>(count: bytes, for: "index")
      if tableCount == table.count {
        let larger = try AlignedBuffer<UnsafeMutableRawPointer>(count: 2 &* table.count, for: "index")
        larger.pointer.update(from: table.pointer, count: tableCount)
        table = larger
        map = Map(base: map.base, first: map.first, pieces: table.pointer, shift: map.shift, stride: stride)
      }
      table[tableCount] = UnsafeMutableRawPointer(piece.pointer)
      tableCount &+= 1
      owned.append(piece)
      capacity &+= size
    }
  }

  /// A first piece of `count` records that begins with those there are.
  private func enlarge(to count: Int) throws(RuvectorError) {
    guard count > capacity, let old = owned.first else { return }
    let base = try AlignedBuffer<UInt8>(count: stride &* count, for: "index")
    base.pointer.update(from: old.pointer, count: stride &* capacity)
    (owned, capacity) = ([base], count)
    map = Map(
      base: UnsafeMutableRawPointer(base.pointer), first: count, pieces: table.pointer, shift: map.shift, stride: stride
    )
  }

  private static func tooMany(_ count: Int) -> RuvectorError {
    .expected("a size that fits in memory", for: "index", received: "\(count) records", .outOfMemory)
  }
}
