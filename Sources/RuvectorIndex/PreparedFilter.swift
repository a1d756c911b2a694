import RuvectorCore

/// A filter for many searches of one index: which slots it allows is known beforehand and kept up to date as vectors come
/// and go. It counts for keys that are added later, too. A search with it costs no pass over keys or slots.
///
/// Takes a bit a slot, and the listed keys: 12 to 16 bytes each and their text. Every change of the index costs a lookup more.
/// `close` ends the keeping up.
public final class PreparedFilter: @unchecked Sendable {
  public let index: VectorIndex
  private let allow: Bool
  private let bits: SlotBits
  fileprivate private(set) var chosen: Chosen
  /// Vectors in the index that are allowed.
  private var count = 0
  /// Whether a listed key is forgotten with its vector, and where of the list others can stand.
  private let isOnce: Bool
  private var vacant: [Int] = []

  fileprivate enum Chosen {
    case listed(Keys, Int)
    case bitmap(AlignedBuffer<UInt8>)
  }

  fileprivate init(
    _ index: VectorIndex, allow: Bool, _ chosen: Chosen, isOnce: Bool = false
  ) throws(RuvectorError) {
    (self.index, self.allow, self.chosen, self.isOnce) = (index, allow, chosen, isOnce)
    bits = try SlotBits(0, filled: false)  // `attach` makes room
  }

  /// Vectors in the index that are allowed.
  public var size: Int { index.tableLock.locked { count } }

  public var byteCount: Int {
    let own = bits.byteCount
    switch chosen {
    case .listed(let keys, _): return own + keys.byteCount
    case .bitmap(let bytes): return own + bytes.count
    }
  }

  var view: SlotBits.View { bits.view }

  /// Ends the keeping up. Searches that run go on.
  public func close() { index.detach(self) }

  /// Adds keys to a list.
  public func extend(_ list: KeyList) throws(RuvectorError) {
    guard case .listed(let keys, let before) = chosen else {
      throw .expected("a filter of keys", for: "filter", received: "one of bits", .invalidArgument)
    }
    guard list.kind == keys.kind || list.count == 0 else { throw index.wrongKind("keys") }
    var failure: RuvectorError?, listed = before
    index.inSlices(list.count) { i in
      if failure != nil || keys.find(list, i, { _ in true }) != nil { return }
      let slot = vacant.last ?? listed
      do throws(RuvectorError) {
        if keys.records.capacity == slot { try keys.records.grow(to: slot + 1) }
        let bytes = list.kind == .string ? list.byteCount(of: i) : 0
        try keys.reserve(1, bytes: bytes)
      } catch {
        failure = error
        return
      }
      keys.insert(list, i, at: slot)
      if vacant.popLast() == nil { listed += 1 }
      chosen = .listed(keys, listed)
      markPlaces(list, i, allow)
    }
    if let failure { throw failure }
  }

  /// Takes keys out of a list.
  public func shrink(_ list: KeyList) throws(RuvectorError) {
    guard case .listed(let keys, _) = chosen else {
      throw .expected("a filter of keys", for: "filter", received: "one of bits", .invalidArgument)
    }
    guard list.kind == keys.kind || list.count == 0 else { throw index.wrongKind("keys") }
    index.inSlices(list.count) { i in
      guard let slot = keys.find(list, i, { _ in true }) else { return }
      keys.remove(at: slot)
      vacant.append(slot)
      markPlaces(list, i, !allow)
    }
  }

  // MARK: What the index tells, under its table lock

  /// A vector is about to be shown at a slot, whose key is known.
  func enter(_ id: Int, _ keys: Keys) { mark(id, allows(id, keys)) }

  /// A slot has lost its vector; its key can still be read.
  func leave(_ id: Int, _ keys: Keys) {
    mark(id, false)
    guard isOnce, case .listed(let listed, _) = chosen else { return }
    guard let slot = keys.withKey(id, { listed.find($0, 0) { _ in true } }) else { return }
    listed.remove(at: slot)
    vacant.append(slot)
  }

  func forgetPlaces() {
    bits.removeAll()
    count = 0
  }

  func grow(to slots: Int) throws(RuvectorError) { try bits.grow(to: slots) }

  private func mark(_ id: Int, _ isIn: Bool) {
    if bits.set(id, isIn) { count += isIn ? 1 : -1 }
  }

  /// The slots of key i: one, or while it is replaced two. Their states change meanwhile, but not whether they have the key.
  private func markPlaces(_ list: KeyList, _ i: Int, _ isIn: Bool) {
    index.makeTable()
    guard let first = index.keys.find(list, i, { isNamed($0) }) else { return }
    mark(first, isIn)
    if let second = index.keys.find(list, i, { $0 != first && isNamed($0) }) { mark(second, isIn) }
  }

  /// Whether a slot holds a vector with a key, seen or not.
  private func isNamed(_ id: Int) -> Bool {
    let state = index.state(id)
    return state != SlotState.gone && state != SlotState.staged
  }

  private func allows(_ id: Int, _ keys: Keys) -> Bool {
    switch chosen {
    case .listed(let listed, _): return keys.withKey(id) { listed.find($0, 0, { _ in true }) != nil } == allow
    case .bitmap(let bytes):
      let map = UnsafeRawBufferPointer(start: bytes.pointer, count: bytes.count)
      return Bitmap(uncounted: map).has(keys.integer(id)) == allow
    }
  }

  /// Enters the vectors that there are, `count` slots from `first` on.
  fileprivate func look(_ first: Int, _ end: Int) {
    guard first < end else { return }
    index.makeTable()
    for id in first..<end where isNamed(id) { mark(id, allows(id, index.keys)) }
  }
}

extension VectorIndex {
  /// A filter to be used again and again. O(keys of the filter), and O(slots) for bits and for those that are not allowed; readers
  /// and a writer go on meanwhile.
  ///
  /// `once`: a listed key is forgotten when its vector is removed, for keys that are never used twice.
  public final func prepare(_ filter: Filter, once: Bool = false) throws(RuvectorError) -> PreparedFilter {
    switch filter {
    case .prepared(let filter): return filter
    case .all: return try prepare(.bits(UnsafeRawBufferPointer(start: nil, count: 0), allow: false))
    case .keys(let list, let allow):
      guard list.kind == keys.kind || list.count == 0 else { throw wrongKind("filter") }
      let made = try PreparedFilter(
        self, allow: allow, .listed(Keys(keys.kind, first: max(list.count, 16), shift: 10), 0), isOnce: once)
      try attach(made)
      try made.extend(list)
      if !allow { look(made) }
      return made
    case .bits(let bytes, let allow):
      guard keys.kind == .integer else {
        throw .expected(
          "keys", for: "filter", received: "bits, which an index of strings has none for", .invalidArgument)
      }
      let copy = try AlignedBuffer<UInt8>(count: bytes.count, for: "filter")
      for i in 0..<bytes.count { copy[i] = bytes[i] }
      let made = try PreparedFilter(self, allow: allow, .bitmap(copy))
      try attach(made)
      look(made)
      return made
    }
  }

  /// Looks at the vectors that there are, in slices. From `attach` on the writer tells what comes and goes.
  private func look(_ made: PreparedFilter) {
    var at = 0
    while true {
      lock.beginRead()
      let end = min(at + 1024, placesUsed)  // slots that come later are entered by the writer
      tableLock.locked { made.look(at, end) }
      lock.end()
      if end == at { return }
      at = end
    }
  }

  private func attach(_ filter: PreparedFilter) throws(RuvectorError) {
    lock.beginRead()
    defer { lock.end() }
    let failure = tableLock.locked { () -> RuvectorError? in
      do throws(RuvectorError) {
        try filter.grow(to: states.capacity)
        filters.append(filter)
        return nil
      } catch { return error }
    }
    if let failure { throw failure }
  }

  func detach(_ filter: PreparedFilter) { tableLock.locked { filters.removeAll { $0 === filter } } }
}
