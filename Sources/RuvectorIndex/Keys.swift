import CRuvectorSupport
import RuvectorCore

/// What callers name vectors by: 64-bit integers or UTF-8 strings, one kind an index.
public enum KeyKind: UInt8, Sendable {
  case integer, string
}

/// A caller's keys, as they arrive.
public enum KeyList {
  case integers(UnsafePointer<Int64>, Int)
  /// String i is bytes offsets[i]..<offsets[i + 1].
  case strings(UnsafePointer<UInt8>, UnsafePointer<UInt32>, Int)

  public var count: Int {
    switch self {
    case .integers(_, let n), .strings(_, _, let n): n
    }
  }

  var kind: KeyKind {
    if case .integers = self { .integer } else { .string }
  }

  /// Bytes of all strings.
  var byteCount: Int {
    if case .strings(_, let offsets, let n) = self { Int(offsets[n] &- offsets[0]) } else { 0 }
  }

  func byteCount(of i: Int) -> Int {
    if case .strings(_, let offsets, _) = self { Int(offsets[i + 1] &- offsets[i]) } else { 0 }
  }

  /// Key i for a message.
  func text(_ i: Int) -> String {
    switch self {
    case .integers(let keys, _): return "\(keys[i])"
    case .strings(let bytes, let offsets, _):
      let n = min(Int(offsets[i + 1] - offsets[i]), 64)
      return "\"" + String(decoding: UnsafeBufferPointer(start: bytes + Int(offsets[i]), count: n), as: UTF8.self)
        + "\""
    }
  }
}

/// Keys by slot (a record that never moves) and slots by key (a hash table).
///
/// A key's record is read without a lock by those who have seen its vector; the hash table belongs to whoever holds
/// the index's table lock. While vectors are replaced, a key may have two slots; who looks says which of them counts.
public final class Keys {
  public let kind: KeyKind
  /// Integer, or the address of [length u32, bytes].
  let records: Records
  private var table: KeyTable
  /// Keys that have been entered and not removed.
  private(set) var count = 0
  /// Of a mapped file: where its strings lie; records are offsets from there.
  private let mappedStrings: UnsafeMutableRawPointer?
  private var arena: [AlignedBuffer<UInt8>] = []
  private var arenaUsed = 0
  /// Bytes of strings that were removed.
  private(set) var arenaWaste = 0
  /// Chunks whose strings are being copied to new ones, and the slots up to which they are.
  private var oldArena: [AlignedBuffer<UInt8>] = []
  private var copied = 0
  private var copyEnd = 0

  init(_ kind: KeyKind, first: Int, shift: Int) throws(RuvectorError) {
    self.kind = kind
    mappedStrings = nil
    records = try Records(stride: 8, first: first, shift: shift)
    table = try KeyTable()
  }

  /// Keys of a mapped file, without a table until `index`.
  init(
    _ kind: KeyKind, mapped records: Records, strings: UnsafeMutableRawPointer?, live: Int
  ) throws(RuvectorError) {
    self.kind = kind
    self.records = records
    mappedStrings = strings
    table = try KeyTable()
    count = live
  }

  /// Enters `live` slots of `end`, whose records are there already.
  func index(live: Int, upTo end: Int, _ isLive: (Int) -> Bool) throws(RuvectorError) {
    table = try KeyTable(count: live)
    count = live
    for id in 0..<end where isLive(id) { table.insert(id, hash(ofRecord: id)) }
  }

  /// The strings of all records in one piece: record i is `offsets` from its start. For a file that was read.
  func adopt(_ strings: AlignedBuffer<UInt8>, upTo end: Int, _ isLive: (Int) -> Bool) {
    for id in 0..<end where isLive(id) {
      let place = UnsafeMutableRawPointer(strings.pointer) + Int(truncatingIfNeeded: records[id].load(as: UInt64.self))
      records[id].storeBytes(of: place, as: UnsafeMutableRawPointer.self)
    }
    (arena, arenaUsed, arenaWaste) = ([strings], strings.count, 0)
  }

  var byteCount: Int {
    records.byteCount &+ table.byteCount &+ arena.reduce(0) { $0 &+ $1.count }
      &+ oldArena.reduce(0) { $0 &+ $1.count }
  }

  // MARK: Slots by key

  /// The slot of key i among those that count.
  func find(_ list: KeyList, _ i: Int, _ counts: (Int) -> Bool) -> Int? {
    guard list.kind == kind else { return nil }
    return table.view.find(hash(list, i)) { counts($0) && isKey($0, list, i) }
  }

  /// The slots of keys `first` to `end` among those that count.
  @inline(__always)
  func forEachSlot(
    _ list: KeyList, _ first: Int, _ end: Int, _ counts: (Int) -> Bool, _ body: (Int) -> Void
  ) {
    guard list.kind == kind else { return }
    guard case .integers(let wanted, _) = list else {
      for i in first..<end { if let slot = find(list, i, counts) { body(slot) } }
      return
    }
    let table = table.view, map = records.map
    var next = first
    while next < end {
      let last = min(next &+ 32, end)
      // Lookups lie anywhere: in a large table some are on their way while others are made.
      if table.isLarge {
        for i in next..<last { table.prefetch(Keys.mixed(UInt64(bitPattern: wanted[i]))) }
        for i in next..<last {
          if let slot = table.first(Keys.mixed(UInt64(bitPattern: wanted[i]))) { rv_prefetch(map[slot]) }
        }
      }
      for i in next..<last {
        let key = wanted[i], hash = Keys.mixed(UInt64(bitPattern: key))
        if let slot = table.find(hash, { map[$0].load(as: Int64.self) == key && counts($0) }) { body(slot) }
      }
      next = last
    }
  }

  /// Names a slot. Room for it comes from `reserve`, which alone can fail.
  func insert(_ list: KeyList, _ i: Int, at id: Int) {
    write(list, i, at: id)
    table.insert(id, hash(list, i))
    count &+= 1
  }

  /// Forgets the key of a slot.
  func remove(at id: Int) {
    guard table.remove(id, hash(ofRecord: id)) else { return }
    if kind == .string { arenaWaste &+= Keys.room(length(id)) }
    count &-= 1
  }

  /// Forgets all keys.
  func removeAll() {
    table.removeAll()
    (count, arena, arenaUsed, arenaWaste) = (0, [], 0, 0)
    (oldArena, copied, copyEnd) = ([], 0, 0)
  }

  /// Memory for `more` new keys with so many bytes of text in all.
  func reserve(_ more: Int, bytes: Int) throws(RuvectorError) {
    if kind == .string { try reserveText(bytes &+ 8 &* more) }
    try table.reserve(more, live: count) { hash(ofRecord: $0) }
  }

  // MARK: Keys by place

  @inline(__always) public func integer(_ id: Int) -> Int64 { records[id].assumingMemoryBound(to: Int64.self).pointee }

  public func length(_ id: Int) -> Int { Int(address(id).assumingMemoryBound(to: UInt32.self).pointee) }
  public func bytes(_ id: Int) -> UnsafePointer<UInt8> {
    UnsafePointer((address(id) + 4).assumingMemoryBound(to: UInt8.self))
  }

  @inline(__always) private func address(_ id: Int) -> UnsafeMutableRawPointer {
    if let mappedStrings { return mappedStrings + Int(truncatingIfNeeded: records[id].load(as: UInt64.self)) }
    return records[id].load(as: UnsafeMutableRawPointer.self)
  }

  private func write(_ list: KeyList, _ i: Int, at id: Int) {
    switch list {
    case .integers(let keys, _): records[id].assumingMemoryBound(to: Int64.self).pointee = keys[i]
    case .strings(let bytes, let offsets, _):
      guard let chunk = arena.last else { return }
      let n = Int(offsets[i + 1] &- offsets[i]), place = UnsafeMutableRawPointer(chunk.pointer + arenaUsed)
      place.storeBytes(of: UInt32(n), as: UInt32.self)
      (place + 4).copyMemory(from: bytes + Int(offsets[i]), byteCount: n)
      records[id].storeBytes(of: place, as: UnsafeMutableRawPointer.self)
      arenaUsed &+= Keys.room(n)
    }
  }

  /// Bytes that a string of n bytes takes with its length, at a multiple of 4.
  private static func room(_ n: Int) -> Int { (n &+ 7) & ~3 }

  /// A chunk with so many bytes free: small at first, so that few keys take little.
  private func reserveText(_ room: Int) throws(RuvectorError) {
    guard (arena.last?.count ?? 0) &- arenaUsed < room else { return }
    let all = arena.reduce(0) { $0 &+ $1.count }
    arena.append(try AlignedBuffer(count: max(room, min(1 << 20, max(1 << 10, all))), for: "keys"))
    arenaUsed = 0
  }

  private func isKey(_ id: Int, _ list: KeyList, _ i: Int) -> Bool {
    switch list {
    case .integers(let keys, _): return integer(id) == keys[i]
    case .strings(let text, let offsets, _):
      let n = Int(offsets[i + 1] &- offsets[i])
      guard length(id) == n else { return false }
      let known = bytes(id), given = text + Int(offsets[i])
      for b in 0..<n where known[b] != given[b] { return false }
      return true
    }
  }

  /// Copies strings in use to new memory where more than half is waste: those of the next `count` slots; the old memory goes
  /// with the last. Excludes everybody.
  func compact(_ count: Int, upTo end: Int, _ isLive: (Int) -> Bool) throws(RuvectorError) {
    guard kind == .string, mappedStrings == nil else { return }
    if oldArena.isEmpty {
      let all = arena.reduce(0) { $0 &+ $1.count }
      guard arenaWaste > 1 << 12, arenaWaste > all / 2 else { return }
      (oldArena, arena, arenaUsed, arenaWaste) = (arena, [], 0, 0)
      (copied, copyEnd) = (0, end)
    }
    let next = count < copyEnd &- copied ? copied &+ count : copyEnd
    for id in copied..<next where isLive(id) {
      let size = Keys.room(length(id))
      try reserveText(size)
      guard let chunk = arena.last else { return }
      let place = UnsafeMutableRawPointer(chunk.pointer + arenaUsed)
      place.copyMemory(from: address(id), byteCount: size)
      records[id].storeBytes(of: place, as: UnsafeMutableRawPointer.self)
      arenaUsed &+= size
      copied = id &+ 1
    }
    copied = next
    if copied == copyEnd { oldArena = [] }
  }

  /// Whether strings are being copied.
  var isCompacting: Bool { !oldArena.isEmpty }

  /// The key of a slot as a list of one.
  func withKey<T>(_ id: Int, _ body: (KeyList) -> T) -> T {
    if kind == .integer { return body(.integers(records[id].assumingMemoryBound(to: Int64.self), 1)) }
    var ends = (UInt32(0), UInt32(truncatingIfNeeded: length(id)))
    return withUnsafePointer(to: &ends) { pair in
      pair.withMemoryRebound(to: UInt32.self, capacity: 2) { body(.strings(bytes(id), $0, 1)) }
    }
  }

  // MARK: Hashes

  private func hash(_ list: KeyList, _ i: Int) -> UInt64 {
    switch list {
    case .integers(let keys, _): return Keys.mixed(UInt64(bitPattern: keys[i]))
    case .strings(let bytes, let offsets, _):
      return Keys.hash(bytes + Int(offsets[i]), Int(offsets[i + 1] &- offsets[i]))
    }
  }

  private func hash(ofRecord id: Int) -> UInt64 {
    kind == .integer ? Keys.mixed(UInt64(bitPattern: integer(id))) : Keys.hash(bytes(id), length(id))
  }

  @inline(__always) private static func mixed(_ x: UInt64) -> UInt64 {
    var random = Random(seed: x)
    return random.next()
  }

  private static func hash(_ bytes: UnsafePointer<UInt8>, _ n: Int) -> UInt64 {
    var h: UInt64 = UInt64(n)
    var i = 0
    while i &+ 8 <= n {
      h = mixed(h ^ UnsafeRawPointer(bytes + i).loadUnaligned(as: UInt64.self))
      i &+= 8
    }
    var rest: UInt64 = 0
    while i < n {
      rest = rest &<< 8 | UInt64(bytes[i])
      i &+= 1
    }
    return mixed(h ^ rest)
  }
}
