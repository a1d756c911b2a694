import CRuvectorSupport
import RuvectorCore

/// Slots of rows that wait for `commit`, in the order of the rows.
final class Staged {
  let ticket: UInt64
  var slots: [UInt32] = []
  init(_ ticket: UInt64) { self.ticket = ticket }
}

/// Changes, each of which happens as a whole or not at all: rows are stored hidden, then one flip shows them and hides those
/// that they replace.
extension VectorIndex {
  /// Adds row i of `matrix` under key i, or nothing at all: `.duplicateKey` (in the index or in the list), `.nonFinite`,
  /// `.outOfRange`, `.aborted`. With `replacing`, known keys get the new vector instead: readers see the old one or the new.
  public final func add(
    _ list: KeyList, _ matrix: MatrixView, replacing: Replacing = .none, control: Control = .none
  ) throws(RuvectorError) {
    try write { () throws(RuvectorError) in
      guard matrix.rows > 0 || list.count > 0 else { return }
      let known = try accept(list, matrix, replacing)
      pay(matrix.rows, control)  // for batches that were called off, each of which leaves as much as this one brings
      let slots = try stage(matrix, control)
      flip((0..<matrix.rows).map { Arrival(slot: Int(slots[$0]), row: $0) }, list, leaving: known)
      control.report(1)
      pay(VectorIndex.stepsForEach * known.count, control)
    }
  }

  /// What `add` would say of these, memory apart; adds nothing.
  public final func accepts(
    _ list: KeyList, _ matrix: MatrixView, replacing: Replacing = .none
  ) throws(RuvectorError) {
    try write { () throws(RuvectorError) in
      _ = try accept(list, matrix, replacing)
      if isBlurring { rows.walkFloats() }
    }
  }

  /// Shows what was staged under `ticket` as `add` would: row i under key i, with its errors for keys, after any of which the rows
  /// are still staged. Waits for another writer; what is replaced is left for `repair`.
  public final func add(
    _ list: KeyList, staged ticket: UInt64, replacing: Replacing = .none
  ) throws(RuvectorError) {
    try write(waiting: true) { () throws(RuvectorError) in
      let slots = try requireBatch(ticket).slots
      try Self.requireAsMany(list, slots.count)
      let known = try accept(list, replacing)
      batches.removeAll { $0.ticket == ticket }
      flip(slots.enumerated().map { Arrival(slot: Int($1), row: $0) }, list, leaving: known)
    }
  }

  /// What `add` does with keys that are in the index.
  public enum Replacing: Sendable {
    /// `.duplicateKey`
    case none
    /// They get the new vector.
    case known
    /// They get the new vector, and there must be no others: `.notFound`.
    case all
  }

  /// Removes the vectors of these keys. `.notFound` before anything is removed.
  public final func remove(_ list: KeyList, control: Control = .none) throws(RuvectorError) {
    try write { () throws(RuvectorError) in
      try control.check()
      var leaving: [UInt32] = []
      for i in 0..<list.count { leaving.append(UInt32(try requirePlace(list, i))) }
      leaving = unique(leaving)
      flip([], list, leaving: leaving)
      pay(VectorIndex.stepsForEach * leaving.count, control)
    }
  }

  /// Removes everything.
  public final func clear() throws(RuvectorError) {
    try write { () throws(RuvectorError) in
      guard batches.isEmpty else { throw stagedError }
      lock.beginWrite()
      reset()
      lock.end()
    }
  }

  // MARK: In two steps

  /// Stores the rows of `matrix` hidden, behind those of the same ticket, and returns it; 0 asks for a new one. For callers
  /// that learn only later whether the rows count: `commit` or `discard` ends it. Waits for another writer.
  public final func stage(_ ticket: UInt64, _ matrix: MatrixView, control: Control = .none) throws(RuvectorError)
    -> UInt64
  {
    try write(waiting: true) { () throws(RuvectorError) in
      let known = ticket == 0 ? nil : try requireBatch(ticket)
      try accept(matrix)
      let slots = try stage(matrix, control), batch = known ?? Staged(rv_next_token())
      if known == nil { batches.append(batch) }
      for i in 0..<matrix.rows { batch.slots.append(slots[i]) }
      return batch.ticket
    }
  }

  /// Shows what was staged under `ticket` (0: nothing), row i under key i, and removes those of the keys `removing` that there
  /// are, in one flip. A key that is in the index already keeps its vector. Waits for another writer; what is removed is left
  /// for `repair`.
  public final func commit(
    _ ticket: UInt64, _ list: KeyList, removing: KeyList? = nil
  ) throws(RuvectorError) {
    try write(waiting: true) { () throws(RuvectorError) in
      let slots = ticket == 0 ? [] : try requireBatch(ticket).slots
      try Self.requireAsMany(list, slots.count)
      for given in [list, removing ?? list] where given.count > 0 && given.kind != keys.kind { throw wrongKind("keys") }
      if slots.count > 1 { try Self.requireDifferent(list) }
      try reserveKeys(list)
      batches.removeAll { $0.ticket == ticket }
      var arrivals: [Arrival] = [], extra: [UInt32] = [], leaving: [UInt32] = []
      for i in 0..<list.count {
        if place(of: list, i) == nil {
          arrivals.append(Arrival(slot: Int(slots[i]), row: i))
        } else {
          extra.append(slots[i])
        }
      }
      if let removing {
        for i in 0..<removing.count { if let known = place(of: removing, i) { leaving.append(UInt32(known)) } }
      }
      drop(extra)
      flip(arrivals, list, leaving: unique(leaving), also: extra)
    }
  }

  /// Forgets what was staged under `ticket`; nothing if it is not known. Waits for another writer.
  public final func discard(_ ticket: UInt64) throws(RuvectorError) {
    try write(waiting: true) { () throws(RuvectorError) in
      guard let batch = batches.first(where: { $0.ticket == ticket }) else { return }
      batches.removeAll { $0.ticket == ticket }
      discard(batch.slots)
    }
  }

  private func requireBatch(_ ticket: UInt64) throws(RuvectorError) -> Staged {
    for batch in batches where batch.ticket == ticket { return batch }
    throw .expected("the ticket of staged vectors", for: "ticket", received: "\(ticket)", .notFound)
  }

  var stagedError: RuvectorError {
    RuvectorError(.busy, "expected an index without staged vectors, received one that is being written to")
  }

  // MARK: Checks

  /// What can be said of vectors before anything is stored.
  private func accept(_ matrix: MatrixView) throws(RuvectorError) {
    let n = matrix.rows
    try rows.space.check(matrix, scratch: scratch)
    let live = tableLock.locked { liveCount }
    guard live + n <= Links.largestID else {
      throw .expected("at most \(Links.largestID) vectors", for: "index", received: "\(live + n)", .outOfRange)
    }
    try requireSharp(matrix)
  }

  /// Notes whether the storage tells the rows apart; without floats beside it, it must.
  func requireSharp(_ matrix: MatrixView) throws(RuvectorError) {
    isBlurring = try !tellsApart(matrix)
    if isBlurring, !rows.isReranked { throw blurredError }
  }

  static func requireAsMany(_ list: KeyList, _ rows: Int) throws(RuvectorError) {
    guard list.count == rows else {
      throw .expected(
        "as many keys as vectors (\(rows))", for: "keys", received: "\(list.count)", .dimensionMismatch)
    }
  }

  /// The same with their keys; the slots of those that are known.
  private func accept(
    _ list: KeyList, _ matrix: MatrixView, _ replacing: Replacing
  ) throws(RuvectorError) -> [UInt32] {
    try Self.requireAsMany(list, matrix.rows)
    try accept(matrix)
    return try accept(list, replacing)
  }

  private func accept(
    _ list: KeyList, _ replacing: Replacing
  ) throws(RuvectorError) -> [UInt32] {
    let n = list.count
    guard list.kind == keys.kind else { throw wrongKind("keys") }
    if n > 1 { try Self.requireDifferent(list) }
    var known: [UInt32] = []
    for i in 0..<n {
      let slot = place(of: list, i)
      var name: String { n == 1 ? "key" : "keys[\(i)]" }
      if let slot, replacing != .none { known.append(UInt32(slot)) }
      guard slot == nil || replacing != .none else {
        throw .expected("a new key", for: name, received: list.text(i), .duplicateKey)
      }
      guard slot != nil || replacing != .all else {
        throw .expected("a key of the index", for: name, received: list.text(i), .notFound)
      }
    }
    try reserveKeys(list)
    return known
  }

  /// A table of the list's own finds repetitions.
  static func requireDifferent(_ list: KeyList) throws(RuvectorError) {
    let own = try Keys(list.kind, first: list.count, shift: 6)
    try own.reserve(list.count, bytes: list.byteCount)
    for i in 0..<list.count {
      guard own.find(list, i, { _ in true }) == nil else {
        throw .expected("different keys", for: "keys[\(i)]", received: "\(list.text(i)) again", .duplicateKey)
      }
      own.insert(list, i, at: i)
    }
  }

  private func unique(_ slots: [UInt32]) -> [UInt32] {
    if slots.count < 2 { return slots }
    var seen: Set<Int> = []
    return slots.filter { seen.insert(Int($0)).inserted }
  }

  private func reserveKeys(_ list: KeyList) throws(RuvectorError) {
    let reserved = tableLock.locked { () -> Result<Void, RuvectorError> in
      do throws(RuvectorError) {
        return .success(try keys.reserve(list.count, bytes: list.byteCount))
      } catch { return .failure(error) }
    }
    try reserved.get()
  }
}
