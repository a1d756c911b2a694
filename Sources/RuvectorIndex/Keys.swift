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

/// Keys by place (a record that never moves) and places by key (a hash table with linear probing).
///
/// A key's record is read without a lock by those who have seen its vector; the hash table belongs to whoever holds
/// the index's key lock.
public final class Keys {
  public let kind: KeyKind
  /// Integer, or the address of [length u32, bytes]. 0 bytes long for strings that are free.
  let records: Records
  private var table: AlignedBuffer<UInt32>
  private var mask: Int
  private(set) var count = 0
  /// Marks of the table: no entry yet; an entry that is gone.
  private static let empty: UInt32 = .max, gone: UInt32 = .max - 1
  private var used = 0
  /// Of a mapped file: where its strings lie; records are offsets from there.
  private let mappedStrings: UnsafeMutableRawPointer?
  private var arena: [AlignedBuffer<UInt8>] = []
  private var arenaUsed = 0
  private(set) var arenaWaste = 0

  init(_ kind: KeyKind, first: Int, shift: Int) throws(RuvectorError) {
    self.kind = kind
    mappedStrings = nil
    records = try Records(stride: 8, first: first, shift: shift)
    table = try AlignedBuffer(count: 64, repeating: Keys.empty, for: "keys")
    mask = 63
  }

  /// Keys of a mapped file, without a table until `index`.
  init(
    _ kind: KeyKind, mapped records: Records, strings: UnsafeMutableRawPointer?, live: Int
  ) throws(RuvectorError) {
    self.kind = kind
    self.records = records
    mappedStrings = strings
    table = try AlignedBuffer(count: 64, repeating: Keys.empty, for: "keys")
    mask = 63
    count = live
  }

  /// Enters `live` places of `end`, whose records are there already.
  func index(live: Int, upTo end: Int, _ isLive: (Int) -> Bool) throws(RuvectorError) {
    var size = 64
    while size / 2 < live { size = size &* 2 }
    table = try AlignedBuffer(count: size, repeating: Keys.empty, for: "keys")
    (mask, used, count) = (size &- 1, 0, live)
    for id in 0..<end where isLive(id) { enter(id, hash(ofRecord: id)) }
  }

  /// The strings of all records in one piece: record i is `offsets` from its start. For a file that was read.
  func adopt(_ strings: AlignedBuffer<UInt8>, upTo end: Int, _ isLive: (Int) -> Bool) {
    for id in 0..<end where isLive(id) {
      let place = UnsafeMutableRawPointer(strings.pointer) + Int(truncatingIfNeeded: records[id].load(as: UInt64.self))
      records[id].storeBytes(of: place, as: UnsafeMutableRawPointer.self)
    }
    (arena, arenaUsed, arenaWaste) = ([strings], strings.count, 0)
  }

  var byteCount: Int { records.byteCount &+ 4 &* table.count &+ arena.reduce(0) { $0 &+ $1.count } }

  // MARK: Places by key

  func find(_ list: KeyList, _ i: Int) -> Int? {
    guard list.kind == kind else { return nil }
    var slot = Int(truncatingIfNeeded: hash(list, i)) & mask
    while table[slot] != Keys.empty {
      if table[slot] != Keys.gone, isKey(Int(table[slot]), list, i) { return Int(table[slot]) }
      slot = (slot &+ 1) & mask
    }
    return nil
  }

  /// Names place `id`. The key must be new; room for it comes from `reserve`, which alone can fail.
  func insert(_ list: KeyList, _ i: Int, at id: Int) {
    write(list, i, at: id)
    enter(id, hash(list, i))
    count &+= 1
  }

  private func enter(_ id: Int, _ hash: UInt64) {
    var slot = Int(truncatingIfNeeded: hash) & mask
    while table[slot] < Keys.gone { slot = (slot &+ 1) & mask }
    if table[slot] == Keys.empty { used &+= 1 }
    table[slot] = UInt32(truncatingIfNeeded: id)
  }

  /// Forgets the key of place `id`.
  func remove(at id: Int) {
    var slot = Int(truncatingIfNeeded: hash(ofRecord: id)) & mask
    while table[slot] != Keys.empty {
      if table[slot] == UInt32(truncatingIfNeeded: id) {
        if kind == .string { arenaWaste &+= 8 &+ length(id) }
        table[slot] = Keys.gone
        count &-= 1
        return
      }
      slot = (slot &+ 1) & mask
    }
  }

  /// Forgets all keys.
  func removeAll() {
    table.pointer.update(repeating: Keys.empty, count: table.count)
    (count, used, arena, arenaUsed, arenaWaste) = (0, 0, [], 0, 0)
  }

  /// Memory for `more` new keys with so many bytes of text in all.
  func reserve(_ more: Int, bytes: Int) throws(RuvectorError) {
    if kind == .string {
      // Each string and its length, which starts at a multiple of 4.
      let room = bytes &+ 8 &* more
      let left = (arena.last?.count ?? 0) &- arenaUsed
      if left < room {
        arena.append(try AlignedBuffer(count: max(room, 1 << 16), for: "keys"))
        arenaUsed = 0
      }
    }
    guard used &+ more > (mask &+ 1) / 2 else { return }
    var size = mask &+ 1
    while size / 2 < count &+ more { size = size &* 2 }
    let old = table
    table = try AlignedBuffer(count: size, repeating: Keys.empty, for: "keys")
    mask = size &- 1
    used = 0
    for slot in 0..<old.count where old[slot] < Keys.gone { enter(Int(old[slot]), hash(ofRecord: Int(old[slot]))) }
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
      arenaUsed &+= (n &+ 7) & ~3
    }
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

  /// Strings that are in use, copied to new memory. Excludes everybody.
  func compact(_ isLive: (Int) -> Bool, upTo end: Int) throws(RuvectorError) {
    guard kind == .string, arenaWaste > 1 << 16 else { return }
    var room = 0
    for id in 0..<end where isLive(id) { room &+= (length(id) &+ 7) & ~3 }
    let chunk = try AlignedBuffer<UInt8>(count: max(room, 1 << 16), for: "keys")
    var at = 0
    for id in 0..<end where isLive(id) {
      let size = (length(id) &+ 7) & ~3, place = UnsafeMutableRawPointer(chunk.pointer + at)
      place.copyMemory(from: address(id), byteCount: size)
      records[id].storeBytes(of: place, as: UnsafeMutableRawPointer.self)
      at &+= size
    }
    (arena, arenaUsed, arenaWaste) = ([chunk], at, 0)
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

  private static func mixed(_ x: UInt64) -> UInt64 {
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
