import CRuvectorSupport
import RuvectorCore

/// The moment in which a change becomes visible, and what it leaves to be tidied up: slots that are free, links that are repaired.
extension VectorIndex {
  /// A staged row and where its key stands in a list.
  struct Arrival {
    let slot: Int
    let row: Int
  }

  /// Shows `arrivals` under their keys and hides `leaving`, at once for every reader; then removes these. `also`: slots that have
  /// been dropped, to be tidied with them.
  func flip(
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
  func drop(_ slots: [UInt32]) {
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
  func pay(_ own: Int, _ control: Control) {
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
