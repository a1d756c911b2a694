import CRuvectorSupport
import RuvectorCore

/// Slots of rows that wait for `commit`, in the order of the rows.
final class Batch {
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
      let slots = try stage(matrix, control), batch = known ?? Batch(rv_next_token())
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
      guard list.count == slots.count else {
        throw .expected(
          "as many keys as vectors (\(slots.count))", for: "keys", received: "\(list.count)", .dimensionMismatch)
      }
      for given in [list, removing ?? list] where given.count > 0 && given.kind != keys.kind { throw wrongKind("keys") }
      if slots.count > 1 { try requireDifferent(list) }
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

  private func requireBatch(_ ticket: UInt64) throws(RuvectorError) -> Batch {
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
    guard matrix.dim == dim else {
      throw .dimension(n == 1 ? "vector" : "vectors[0]", expected: dim, received: matrix.dim)
    }
    for r in 0..<n {
      _ = try rows.space.place(matrix.row(r), into: scratch.pointer, n == 1 ? "vector" : "vectors[\(r)]")
    }
    let live = tableLock.locked { liveCount }
    guard live + n <= Links.largestID else {
      throw .expected("at most \(Links.largestID) vectors", for: "index", received: "\(live + n)", .outOfRange)
    }
    isBlurring = try !tellsApart(matrix)
    if isBlurring, !rows.isReranked { throw blurredError }
  }

  /// The same with their keys; the slots of those that are known.
  private func accept(
    _ list: KeyList, _ matrix: MatrixView, _ replacing: Replacing
  ) throws(RuvectorError) -> [UInt32] {
    let n = matrix.rows
    guard list.count == n else {
      throw .expected("as many keys as vectors (\(n))", for: "keys", received: "\(list.count)", .dimensionMismatch)
    }
    try accept(matrix)
    guard list.kind == keys.kind else { throw wrongKind("keys") }
    if n > 1 { try requireDifferent(list) }
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
  private func requireDifferent(_ list: KeyList) throws(RuvectorError) {
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

  // MARK: The flip

  /// A staged row and where its key stands in a list.
  struct Arrival {
    let slot: Int
    let row: Int
  }

  /// Shows `arrivals` under their keys and hides `leaving`, at once for every reader; then removes these. `also`: slots that have
  /// been dropped, to be tidied with them.
  private func flip(
    _ arrivals: [Arrival], _ list: KeyList, leaving: [UInt32], also dropped: [UInt32] = []
  ) {
    inSlices(arrivals) { one in
      keys.insert(list, one.row, at: one.slot)
      setState(one.slot, SlotState.arriving)
      for filter in filters { filter.enter(one.slot, keys) }
    }
    if arrivals.isEmpty || leaving.isEmpty {
      for one in arrivals { setState(one.slot, SlotState.live) }
      publish(deleted: deleted + leaving.count)
      for slot in leaving { setState(Int(slot), SlotState.gone) }
      tableLock.locked { liveCount += arrivals.count - leaving.count }
    } else {
      publish(pending: pending + leaving.count)
      for slot in leaving { setState(Int(slot), SlotState.leaving) }
      lock.beginWrite()
      publish(seen: Sight.after)
      tableLock.locked { liveCount += arrivals.count - leaving.count }
      lock.end()
      for one in arrivals { setState(one.slot, SlotState.live) }
      for slot in leaving { setState(Int(slot), SlotState.gone) }
      lock.beginWrite()
      publish(deleted: deleted + leaving.count, seen: Sight.before, pending: pending - leaving.count)
      lock.end()
    }
    publish(pending: pending - arrivals.count)
    inSlices(leaving) { slot in
      keys.remove(at: Int(slot))
      for filter in filters { filter.leave(Int(slot), keys) }
    }
    tidyAfter(leaving + dropped)
  }

  /// `body` for each of `list` under `tableLock`, which others get in between.
  private func inSlices<T>(_ list: [T], _ body: (T) -> Void) {
    var at = 0
    while at < list.count {
      tableLock.locked {
        let end = min(at + max(4, 512 / (1 + filters.count)), list.count)  // each filter looks at each
        while at < end {
          body(list[at])
          at += 1
        }
      }
    }
  }

  /// Staged slots hold nothing any more; `tidyAfter` follows.
  private func drop(_ slots: [UInt32]) {
    for slot in slots { setState(Int(slot), SlotState.gone) }
    publish(deleted: deleted + slots.count)
    publish(pending: pending - slots.count)
  }

  func discard(_ slots: [UInt32]) {
    drop(slots)
    tidyAfter(slots)
  }

  /// Hands what removed vectors leave behind to `repairSome`.
  private func tidyAfter(_ gone: [UInt32]) {
    guard !gone.isEmpty else { return }
    if tableLock.locked({ liveCount }) == 0, pending == 0, batches.isEmpty {
      lock.beginWrite()
      reset()
      lock.end()
      return
    }
    let emptied = withdraw(gone)
    waitForReaders()
    if twins != nil {
      freeSlots += gone
      publish(deleted: deleted - (gone.count - emptied.count))
    }
    tidy(emptied)
    // Strings of keys are left behind, too.
    owed += VectorIndex.stepsForEach * (keys.kind == .string ? gone : emptied).count
  }

  // MARK: Repair

  /// Steps of repair for each removed vector: so many that a repair ends before half as many have gone again as it began with,
  /// and each removal takes its share of the work.
  static let stepsForEach = 16

  /// Does some of what removed vectors have left to do: at most so many steps, each of some 10 µs. Whether more is to be done
  /// before the next change. Waits for another writer.
  public final func repair(_ steps: Int) throws(RuvectorError) -> Bool {
    try write(waiting: true) { () throws(RuvectorError) in repairSome(steps) }
  }

  /// A change pays for what it removes, and a little of what others have left, so that no single one takes long. Memory that this
  /// cannot have is asked for again at the next change: this one has happened.
  private func pay(_ own: Int, _ control: Control) {
    var left = own + 64
    while left > 0, (try? control.check()) != nil, repairSome(min(left, 4096)) { left -= 4096 }
  }

  /// The steps of `repair`, under the writer's lock.
  private func repairSome(_ most: Int) -> Bool {
    let steps = min(most, owed)
    guard steps > 0 else { return false }
    owed -= steps
    var isMore = false
    do throws(RuvectorError) { isMore = try repairLinks(steps) } catch {}
    defer { if !isMore { owed = 0 } }
    guard keys.kind == .string else { return isMore && owed > 0 }
    lock.beginWrite()
    tableLock.locked {
      do throws(RuvectorError) {
        try keys.compact(steps, upTo: nextPlace) { state($0) == SlotState.live }
      } catch {}
    }
    lock.end()
    isMore = isMore || keys.isCompacting
    return isMore && owed > 0
  }
}
