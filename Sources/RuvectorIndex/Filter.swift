import RuvectorCore

/// Which keys a search may return.
public enum Filter {
  case all
  /// These keys only, or all but these. Keys that are not in the index do not count.
  case keys(KeyList, allow: Bool)
  /// Integer key i where bit i of the bytes is set (bit i % 8 of byte i / 8), or all but those.
  case bits(UnsafeRawBufferPointer, allow: Bool)
  /// What `VectorIndex.prepare` made of one of these.
  case prepared(PreparedFilter)
}

/// Which slots a search may return, asked for one slot at a time: nothing is computed for the others.
protocol Admission {
  func admits(_ id: Int) -> Bool
  /// All admitted slots below `limit`, and perhaps others, each once.
  func forEachCandidate(_ limit: Int, _ index: VectorIndex, _ body: (Int) -> Void)
}

/// A search that is compiled for each kind of filter. `count`: how many slots are admitted, more or less.
protocol FilteredSearch {
  func run<A: Admission>(_ admission: A, count: Int, _ index: VectorIndex) throws(RuvectorError)
}

/// Every slot, for an index that has vectors at all of them.
struct Everything: Admission {
  @inline(__always) func admits(_: Int) -> Bool { true }
  func forEachCandidate(_ limit: Int, _: VectorIndex, _ body: (Int) -> Void) { for id in 0..<limit { body(id) } }
}

/// The vectors that a reader sees.
struct Seen: Admission {
  let sight: Sight
  @inline(__always) func admits(_ id: Int) -> Bool { sight.sees(id) }
  func forEachCandidate(_ limit: Int, _: VectorIndex, _ body: (Int) -> Void) { for id in 0..<limit { body(id) } }
}

/// Those of them whose bit is set.
struct Marked: Admission {
  let sight: Sight
  let bits: SlotBits.View
  @inline(__always) func admits(_ id: Int) -> Bool { bits.has(id) && sight.sees(id) }
  func forEachCandidate(_ limit: Int, _: VectorIndex, _ body: (Int) -> Void) { bits.forEach(limit, body) }
}

/// Those of them whose integer key has its bit set in a caller's bitmap, or (`allow` false) has not.
struct Keyed: Admission {
  let sight: Sight
  let keys: Records.Map
  let bitmap: Bitmap
  let allow: Bool

  @inline(__always) func admits(_ id: Int) -> Bool {
    sight.sees(id) && bitmap.has(keys[id].load(as: Int64.self)) == allow
  }

  static let sample = 512

  /// How many of the slots are admitted, by a sample of them: the bits may be of keys that the index does not have.
  func estimate(_ places: Int) -> Int {
    let step = max(1, places / Keyed.sample)
    var found = 0, id = 0
    while id < places {
      if admits(id) { found += 1 }
      id += step
    }
    return found * step
  }

  /// Few bits are looked up one by one, at the price of some hundred slots that are looked at in their order; else every slot is
  /// a candidate.
  func forEachCandidate(_ limit: Int, _ index: VectorIndex, _ body: (Int) -> Void) {
    guard allow, bitmap.count < limit / 128 else {
      for id in 0..<limit { body(id) }
      return
    }
    // Some at a time: looking keys up takes a lock.
    var keys: [Int64] = []
    keys.reserveCapacity(256)
    func look() {
      keys.withUnsafeBufferPointer { list in
        guard let first = list.baseAddress else { return }
        index.inSlices(list.count) { i in
          if let id = index.findPlace(.integers(first, list.count), i), id < limit { found.append(id) }
        }
      }
      for id in found { body(id) }
      keys.removeAll(keepingCapacity: true)
      found.removeAll(keepingCapacity: true)
    }
    var found: [Int] = []
    bitmap.forEach { key in
      keys.append(key)
      if keys.count == 256 { look() }
    }
    look()
  }
}

/// A caller's bytes as a set of integers.
struct Bitmap {
  private let bytes: UnsafeRawBufferPointer
  /// Bits that are set; of more than 2²⁰ bits, more or less.
  let count: Int

  init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
    // 2¹⁴ words spread evenly tell enough.
    let words = bytes.count / 8, step = max(1, words >> 14)
    var set = 0, at = 0
    while at < words {
      let word = bytes.loadUnaligned(fromByteOffset: 8 * at, as: UInt64.self)
      if word != 0 { set &+= word.nonzeroBitCount }
      at &+= step
    }
    set = set &* step
    for i in (8 * words)..<bytes.count { set &+= bytes[i].nonzeroBitCount }
    count = set
  }

  /// The same for who does not ask how many.
  init(uncounted bytes: UnsafeRawBufferPointer) { (self.bytes, count) = (bytes, 0) }

  @inline(__always) func has(_ key: Int64) -> Bool {
    guard key >= 0, key < Int64(truncatingIfNeeded: bytes.count) &* 8 else { return false }
    return bytes[Int(truncatingIfNeeded: key &>> 3)] &>> UInt8(truncatingIfNeeded: key & 7) & 1 == 1
  }

  func forEach(_ body: (Int64) -> Void) {
    let words = bytes.count / 8
    for w in 0..<words {
      var word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * w, as: UInt64.self))
      while word != 0 {
        body(Int64(64 * w + word.trailingZeroBitCount))
        word &= word &- 1
      }
    }
    for i in (8 * words)..<bytes.count {
      for bit in 0..<8 where bytes[i] >> UInt8(bit) & 1 == 1 { body(Int64(8 * i + bit)) }
    }
  }
}

extension VectorIndex {
  /// Runs `search` with the slots that `filter` allows. The index is being read.
  func resolve<S: FilteredSearch>(_ filter: Filter, _ places: Int, _ search: S) throws(RuvectorError) {
    let sight = sight
    switch filter {
    case .all:
      try search.run(Seen(sight: sight), count: max(0, nodeCount - deleted - pending), self)
    case .prepared(let filter):
      guard filter.index === self else {
        throw .expected("a filter of this index", for: "filter", received: "one of another", .wrongHandle)
      }
      try search.run(Marked(sight: sight, bits: filter.view), count: filter.size, self)
    case .bits(let bytes, let allow):
      guard keys.kind == .integer else {
        throw .expected(
          "keys", for: "filter", received: "bits, which an index of strings has none for", .invalidArgument)
      }
      let bitmap = Bitmap(bytes)
      let admission = Keyed(sight: sight, keys: keys.records.map, bitmap: bitmap, allow: allow)
      let most = allow ? bitmap.count : places
      try search.run(admission, count: most <= Keyed.sample ? most : min(most, admission.estimate(places)), self)
    case .keys(let list, let allow):
      guard list.kind == keys.kind || list.count == 0 else { throw wrongKind("filter") }
      let bits = try SlotBits(places, filled: !allow)
      var listed = 0
      inSlices(list.count) { i in
        if let id = findPlace(list, i), id < places, bits.set(id, allow) { listed += 1 }
      }
      let count = allow ? listed : max(0, places - listed)
      try withExtendedLifetime(bits) { () throws(RuvectorError) in
        try search.run(Marked(sight: sight, bits: bits.view), count: count, self)
      }
    }
  }

  /// `body` for 0..<count under `tableLock`, which others get in between.
  func inSlices(_ count: Int, _ body: (Int) -> Void) {
    var at = 0
    while at < count {
      let end = min(at + 512, count)
      tableLock.locked { for i in at..<end { body(i) } }
      at = end
    }
  }
}
