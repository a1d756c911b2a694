import CRuvectorSupport
import RuvectorCore

/// Slots by the hash of their key: open addressing with linear probing.
///
/// A table that is full is replaced by a larger one into which its entries go in slices, some at each insertion, so that no
/// single insertion takes long. Lookups ask both until the old one is empty.
struct KeyTable {
  private static let empty: UInt32 = .max
  /// An entry that was removed; the probe goes on behind it.
  private static let removed: UInt32 = .max - 1

  private var entries: AlignedBuffer<UInt32>
  private var mask: Int
  private var base: UnsafeMutablePointer<UInt32>
  /// Entries in use or removed, and room for those that are still in `old`.
  private var used = 0
  private var old: AlignedBuffer<UInt32>?
  private var oldMask = 0
  private var oldBase: UnsafeMutablePointer<UInt32>?
  /// Entries of `old` below this have moved.
  private var moved = 0

  init() throws(RuvectorError) {
    entries = try AlignedBuffer(count: 64, repeating: KeyTable.empty, for: "keys")
    mask = 63
    base = entries.pointer
  }

  /// A table with room for `count` entries at once.
  init(count: Int) throws(RuvectorError) {
    var size = 64
    while size / 2 < count { size = size &* 2 }
    entries = try AlignedBuffer(count: size, repeating: KeyTable.empty, for: "keys")
    mask = size &- 1
    base = entries.pointer
  }

  /// What one more entry takes, more or less.
  static let bytesPerEntry = 12
  var byteCount: Int { 4 &* (entries.count &+ (old?.count ?? 0)) }

  /// What a lookup needs, without references: counting these would cost as much as the lookup.
  struct View {
    fileprivate let base: UnsafeMutablePointer<UInt32>
    fileprivate let mask: Int
    fileprivate let oldBase: UnsafeMutablePointer<UInt32>?
    fileprivate let oldMask: Int

    /// The slot with this hash for which `isWanted` holds.
    @inline(__always)
    func find(_ hash: UInt64, _ isWanted: (Int) -> Bool) -> Int? {
      if let at = KeyTable.probe(base, mask, hash, isWanted) { return Int(base[at]) }
      guard let oldBase, let at = KeyTable.probe(oldBase, oldMask, hash, isWanted) else { return nil }
      return Int(oldBase[at])
    }

    /// Whether it is larger than the caches near a processor.
    var isLarge: Bool { mask >= 1 << 16 }

    /// `find` of this hash comes soon.
    @inline(__always) func prefetch(_ hash: UInt64) { rv_prefetch(base + (Int(truncatingIfNeeded: hash) & mask)) }

    /// The slot that `find` looks at first.
    @inline(__always) func first(_ hash: UInt64) -> Int? {
      let slot = base[Int(truncatingIfNeeded: hash) & mask]
      return slot < removed ? Int(slot) : nil
    }
  }

  /// For one lookup after the other, as long as nothing is inserted or removed.
  @inline(__always) var view: View { View(base: base, mask: mask, oldBase: oldBase, oldMask: oldMask) }

  @inline(__always)
  fileprivate static func probe(
    _ entries: UnsafeMutablePointer<UInt32>, _ mask: Int, _ hash: UInt64, _ isWanted: (Int) -> Bool
  ) -> Int? {
    var at = Int(truncatingIfNeeded: hash) & mask
    while entries[at] != empty {
      if entries[at] != removed, isWanted(Int(entries[at])) { return at }
      at = (at &+ 1) & mask
    }
    return nil
  }

  /// Enters a slot. Room for it comes from `reserve`, which alone can fail.
  mutating func insert(_ slot: Int, _ hash: UInt64) {
    if enter(slot, hash) { used &+= 1 }
  }

  /// Whether an entry was used that had never been.
  private mutating func enter(_ slot: Int, _ hash: UInt64) -> Bool {
    var at = Int(truncatingIfNeeded: hash) & mask
    while base[at] < KeyTable.removed { at = (at &+ 1) & mask }
    let isNew = base[at] == KeyTable.empty
    base[at] = UInt32(truncatingIfNeeded: slot)
    return isNew
  }

  /// Removes a slot; whether it was there.
  mutating func remove(_ slot: Int, _ hash: UInt64) -> Bool {
    if let at = KeyTable.probe(base, mask, hash, { $0 == slot }) {
      base[at] = KeyTable.removed
      return true
    }
    guard let oldBase, let at = KeyTable.probe(oldBase, oldMask, hash, { $0 == slot }) else { return false }
    oldBase[at] = KeyTable.removed
    return true
  }

  mutating func removeAll() {
    base.update(repeating: KeyTable.empty, count: entries.count)
    (used, old, oldBase, moved) = (0, nil, nil, 0)
  }

  /// Room for `more` entries beside `live` ones.
  mutating func reserve(_ more: Int, live: Int, _ hashOf: (Int) -> UInt64) throws(RuvectorError) {
    if used &+ more > (mask &+ 1) / 2 {
      move(.max, hashOf)
      var size = 64
      // A quarter to spare, so that all have moved long before the next time.
      let wanted = live &+ more
      while size / 2 < wanted &+ wanted / 4 { size = size &* 2 }
      let larger = try AlignedBuffer<UInt32>(count: size, repeating: KeyTable.empty, for: "keys")
      (old, oldMask, oldBase, moved) = (entries, mask, base, 0)
      (entries, mask, base, used) = (larger, larger.count &- 1, larger.pointer, live)
    }
    move(256 &+ 4 &* more, hashOf)
  }

  /// Moves so many entries of the old table.
  private mutating func move(_ count: Int, _ hashOf: (Int) -> UInt64) {
    guard let old else { return }
    let end = count < old.count &- moved ? moved &+ count : old.count
    while moved < end {
      let slot = old[moved]
      if slot < KeyTable.removed {
        _ = enter(Int(slot), hashOf(Int(slot)))
        old[moved] = KeyTable.removed
      }
      moved &+= 1
    }
    if moved == old.count { (self.old, oldBase) = (nil, nil) }
  }
}
