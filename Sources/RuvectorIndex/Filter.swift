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

/// Which nodes a search may return, asked for one at a time: nothing is computed for the others.
protocol Admission {
  /// Whether a slot is admitted.
  func admits(slot: Int) -> Bool
  /// Whether a node is: any of its slots.
  func admits(_ node: Int) -> Bool
  /// All admitted nodes below `limit`, and perhaps others; each once, where slots are nodes.
  func forEachCandidate(_ limit: Int, _ index: VectorIndex, _ body: (Int) -> Void)
  /// What looking for candidates costs, in distances.
  func effort(_ limit: Int) -> Int
}

/// A search that is compiled for each kind of filter. `count`: how many slots are admitted, more or less.
protocol FilteredSearch {
  var walker: Walker { get }
  var k: Int { get }
  var kernels: KernelTable { get }
  func run<A: Admission>(_ admission: A, count: Int, _ index: VectorIndex) throws(RuvectorError)
}

/// Every slot, for an index that has vectors at all of them.
struct Everything: Admission {
  @inline(__always) func admits(slot _: Int) -> Bool { true }
  @inline(__always) func admits(_: Int) -> Bool { true }
  @inline(__always) func forEachCandidate(_ limit: Int, _: VectorIndex, _ body: (Int) -> Void) {
    for node in 0..<limit { body(node) }
  }
  func effort(_: Int) -> Int { 0 }
}

/// The vectors that a reader sees.
struct Seen: Admission {
  let sight: Sight
  let chains: Chains?
  @inline(__always) func admits(slot: Int) -> Bool { sight.sees(slot) }
  @inline(__always) func admits(_ node: Int) -> Bool { chains.slot(of: node, where: admits(slot:)) != nil }
  @inline(__always) func forEachCandidate(_ limit: Int, _: VectorIndex, _ body: (Int) -> Void) {
    for node in 0..<limit { body(node) }
  }
  func effort(_ limit: Int) -> Int { limit / 32 }
}

/// Those of them whose bit is set.
struct Marked: Admission {
  let sight: Sight
  let chains: Chains?
  let bits: SlotBits.View
  @inline(__always) func admits(slot: Int) -> Bool { bits.has(slot) && sight.sees(slot) }
  @inline(__always) func admits(_ node: Int) -> Bool { chains.slot(of: node, where: admits(slot:)) != nil }
  func forEachCandidate(_ limit: Int, _ index: VectorIndex, _ body: (Int) -> Void) {
    bits.forEach(chains == nil ? limit : index.placesUsed) { slot in
      let node = chains.node(slot)
      if node < limit { body(node) }
    }
  }
  func effort(_ limit: Int) -> Int { limit / 256 }
}

/// Those of them whose integer key has its bit set in a caller's bitmap, or (`allow` false) has not.
struct Keyed: Admission {
  let sight: Sight
  let chains: Chains?
  let keys: Records.Map
  let bitmap: Bitmap
  let allow: Bool

  @inline(__always) func admits(slot: Int) -> Bool {
    sight.sees(slot) && bitmap.has(keys[slot].load(as: Int64.self)) == allow
  }
  @inline(__always) func admits(_ node: Int) -> Bool { chains.slot(of: node, where: admits(slot:)) != nil }

  static let sample = 512

  /// How many of the slots are admitted, by a sample of them: the bits may be of keys that the index does not have.
  func estimate(_ places: Int) -> Int {
    let step = max(1, places / Keyed.sample)
    var found = 0, slot = 0
    while slot < places {
      if admits(slot: slot) { found += 1 }
      slot += step
    }
    return found * step
  }

  /// Few bits are looked up one by one, at the price of some hundred slots that are looked at in their order.
  private func areFew(_ limit: Int) -> Bool { allow && bitmap.count < limit / 128 }

  func effort(_ limit: Int) -> Int { areFew(limit) ? bitmap.count : limit / 12 }

  @inline(__always) func forEachCandidate(_ limit: Int, _ index: VectorIndex, _ body: (Int) -> Void) {
    if chains != nil || areFew(limit) {
      let listed = areFew(limit) ? lookUp(limit, index) : nil, end = listed?.count ?? limit
      for i in 0..<end { body(listed?[i] ?? i) }
      return
    }
    var slot = 0
    while slot < limit {
      let end = min(limit, slot &+ min(keys.run(from: slot), sight.states.run(from: slot))), first = slot
      let states = sight.states[first], list = UnsafePointer(keys[first].assumingMemoryBound(to: Int64.self))
      bitmap.forEach(list, end &- first, allow, where: { sight.sees(states + $0) }) { body(first &+ $0) }
      slot = end
    }
  }

  /// The nodes of the bits.
  private func lookUp(_ limit: Int, _ index: VectorIndex) -> [Int] {
    var found: [Int] = [], wanted: [Int64] = []
    bitmap.forEach { wanted.append($0) }
    wanted.withUnsafeBufferPointer { list in
      guard let first = list.baseAddress else { return }
      index.forEachPlace(.integers(first, list.count)) { slot in
        let node = chains.node(slot)
        if node < limit { found.append(node) }
      }
    }
    return found
  }
}

/// A caller's bytes as a set of integers.
struct Bitmap {
  private let bytes: UnsafeRawBufferPointer
  /// Bits that are set; of more than 2¹⁸ bits, more or less.
  let count: Int

  init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
    // 2¹² words spread evenly tell enough.
    let words = bytes.count / 8, step = max(1, words >> 12)
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

  /// The positions of those of `count` keys that are in the set, or (`isIn` false) are not. Only keys for which `isKey` holds are
  /// looked at: others may be about to change.
  @inline(__always) func forEach(
    _ keys: UnsafePointer<Int64>, _ count: Int, _ isIn: Bool, where isKey: (Int) -> Bool, _ body: (Int) -> Void
  ) {
    let bits = UInt64(bytes.count) &* 8, wanted: UInt8 = isIn ? 1 : 0
    for i in 0..<count where isKey(i) {
      let key = UInt64(bitPattern: keys[i])
      let bit = key < bits ? bytes[Int(truncatingIfNeeded: key &>> 3)] &>> UInt8(truncatingIfNeeded: key & 7) & 1 : 0
      if bit == wanted { body(i) }
    }
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
  /// Runs `search` with the slots that `filter` allows, and settles its pool. The index is being read.
  func resolve<S: FilteredSearch>(_ filter: Filter, _ places: Int, _ search: S) throws(RuvectorError) {
    let sight = sight, chains = chains
    switch filter {
    case .all:
      try run(search, Seen(sight: sight, chains: chains), max(0, size))
    case .prepared(let filter):
      guard filter.index === self else {
        throw .expected("a filter of this index", for: "filter", received: "one of another", .wrongHandle)
      }
      try run(search, Marked(sight: sight, chains: chains, bits: filter.view), filter.size)
    case .bits(let bytes, let allow):
      guard keys.kind == .integer else {
        throw .expected(
          "keys", for: "filter", received: "bits, which an index of strings has none for", .invalidArgument)
      }
      let bitmap = Bitmap(bytes)
      let admission = Keyed(sight: sight, chains: chains, keys: keys.records.map, bitmap: bitmap, allow: allow)
      let most = allow ? bitmap.count : places
      try run(search, admission, most <= Keyed.sample ? most : min(most, admission.estimate(places)))
    case .keys(let list, let allow):
      guard list.kind == keys.kind || list.count == 0 else { throw wrongKind("filter") }
      let bits = try SlotBits(places, filled: !allow)
      var listed = 0
      forEachPlace(list) { slot in
        if slot < places, bits.set(slot, allow) { listed += 1 }
      }
      let count = allow ? listed : max(0, places - listed)
      try withExtendedLifetime(bits) { () throws(RuvectorError) in
        try run(search, Marked(sight: sight, chains: chains, bits: bits.view), count)
      }
    }
  }

  private func run<S: FilteredSearch, A: Admission>(
    _ search: S, _ admission: A, _ count: Int
  ) throws(RuvectorError) {
    try search.run(admission, count: count, self)
    try settle(search.walker, search.k, admission, search.kernels)
  }

  /// The slots of a list's keys, those that there are; under `tableLock`, which others get in between.
  fileprivate func forEachPlace(_ list: KeyList, _ body: (Int) -> Void) {
    var at = 0
    while at < list.count {
      let end = min(at + 512, list.count)
      tableLock.locked {
        makeTable()
        let sight = sight
        keys.forEachSlot(list, at, end, { sight.sees($0) }, body)
      }
      at = end
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
