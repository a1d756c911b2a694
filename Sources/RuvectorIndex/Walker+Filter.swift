import CRuvectorSupport
import RuvectorCore

/// Walks and scans of which only admitted nodes are results.
extension Walker {
  /// The pool: the `ef` nearest of all admitted nodes, each looked at.
  func scan<A: Admission>(_ admission: A, ef: Int, _ index: VectorIndex, _ kernels: KernelTable) {
    size = 0
    var n = 0, behind = -1
    let mayRepeat = index.twins != nil, room = room, ids = ids.pointer, places = places.pointer
    let map = rows.map(query), near = min(map.stride, 512)
    if mayRepeat { unmark() }
    admission.forEachCandidate(limit, index) { id in
      if mayRepeat {
        // First: of many equal ones each names the node, and whether that is admitted may be a question to all of them.
        if isMarked(id) { return }
        mark(id)
      }
      guard admission.admits(id) else { return }
      let row = UnsafeRawPointer(map[id])
      // Rows that follow each other come by themselves.
      if id != behind { VectorRows.prefetch(row, near) }
      behind = id &+ 1
      ids[n] = UInt32(truncatingIfNeeded: id)
      places[n] = row
      n &+= 1
      if n == room {
        take(n, ef, kernels)
        n = 0
      }
    }
    take(n, ef, kernels)
  }

  /// Of a pool of nodes makes one of their slots, each with its node's key: those that are admitted, the oldest of equal ones
  /// first, `k` at most.
  func spread<A: Admission>(_ k: Int, _ admission: A, _ chains: Chains) throws(RuvectorError) {
    var found: [Entry] = []
    for i in 0..<size {
      var slot = chains.first(Walker.id(pool[i]))
      while found.count < k, slot != Twins.none {
        if admission.admits(slot: Int(slot)) { found.append(Walker.entry(Walker.key(pool[i]), slot)) }
        slot = chains.next(slot)
      }
    }
    try replace(found)
  }

  /// Whether the slots of the pool's nodes are `wanted` at least.
  func holds<A: Admission>(_ wanted: Int, _ admission: A, _ chains: Chains?) -> Bool {
    guard let chains, size < wanted else { return size >= wanted }
    var found = 0
    for i in 0..<size {
      var slot = chains.first(Walker.id(pool[i]))
      while found < wanted, slot != Twins.none {
        if admission.admits(slot: Int(slot)) { found += 1 }
        slot = chains.next(slot)
      }
    }
    return found >= wanted
  }

  /// How many of the pool's nodes are admitted.
  func count<A: Admission>(_ admission: A) -> Int {
    (0..<size).reduce(0) { $0 + (admission.admits(Walker.id(pool[$1])) ? 1 : 0) }
  }

  /// The position of the first of them.
  func position<A: Admission>(_ admission: A) -> Int {
    (0..<size).first { admission.admits(Walker.id(pool[$0])) } ?? size
  }

  private func take(_ n: Int, _ ef: Int, _ kernels: KernelTable) {
    compute(n, kernels)
    var bar = size == ef && ef > 0 ? pool[size - 1] : .max
    for i in 0..<n {
      let entry = Walker.entry(keys[i], ids[i])
      guard entry < bar else { continue }
      insert(entry, ef)
      if size == ef, ef > 0 { bar = pool[size - 1] }
    }
  }

  /// The walk over all nodes, of which the pool keeps the `ef` nearest admitted ones: exact as far as the graph leads, however few
  /// are admitted nearby. Ends when the nearest node not followed lies behind a full pool; false when `budget` nodes have been
  /// looked at before.
  func wander<A: Admission>(
    _ admission: A, ef: Int, _ index: HNSWIndex, _ kernels: KernelTable, from start: Entry, budget: Int
  ) -> Bool {
    unmark()
    size = 0
    mark(Walker.id(start))
    if admission.admits(Walker.id(start)) { insert(start & ~1, ef) }
    var frontier = Frontier()
    frontier.push(start & ~1)
    var seen = 1
    while let entry = frontier.pop() {
      if size == ef, entry > pool[size - 1] { break }
      let n = expand(Walker.id(entry), 0, index, kernels)
      seen &+= n
      if seen > budget { return false }
      for i in 0..<n {
        let new = Walker.entry(keys[i], ids[i])
        if size == ef, new > pool[size - 1] { continue }
        frontier.push(new)
        if admission.admits(Int(ids[i])) { insert(new, ef) }
      }
    }
    return true
  }

  /// The walk over admitted nodes alone, from one to those within two links of it (Patel et al. 2024, "ACORN", arXiv 2403.04871,
  /// §5, its variant 1): only their distances are computed. For filters that admit some nodes everywhere. It starts from
  /// the pool, whose nodes that are not admitted are left.
  func leap<A: Admission>(_ admission: A, ef: Int, _ index: HNSWIndex, _ kernels: KernelTable) {
    let starts = (0..<size).map { pool[$0] & ~1 }
    unmark()
    size = 0
    for entry in starts {
      mark(Walker.id(entry))
      if admission.admits(Walker.id(entry)) { insert(entry, ef) }
    }
    // The nearest that are not admitted lead to admitted ones, too.
    for entry in starts.prefix(8) where !admission.admits(Walker.id(entry)) {
      leap(from: Walker.id(entry), admission, ef, index, kernels)
    }
    var cursor = 0
    while cursor < size {
      let entry = pool[cursor]
      if entry & 1 != 0 {
        cursor &+= 1
        continue
      }
      pool[cursor] = entry | 1
      cursor = leap(from: Walker.id(entry), admission, ef, index, kernels, before: cursor &+ 1)
    }
  }

  /// Takes admitted nodes within two links of `id` into the pool: its neighbours, and where they are fewer than a list has room
  /// for, neighbours of those that are not admitted. The first position that changed, at most `before`.
  @discardableResult
  private func leap<A: Admission>(
    from id: Int, _ admission: A, _ ef: Int, _ index: HNSWIndex, _ kernels: KernelTable, before: Int = .max
  ) -> Int {
    let links = index.links, width = links.room(0)
    var first = before, n = 0
    func flush() {
      compute(n, kernels)
      for i in 0..<n {
        let at = place(Walker.entry(keys[i], ids[i]), ef)
        if at < first { first = at }
      }
      n = 0
    }
    var others: [Int] = []
    others.reserveCapacity(width)
    var admitted = 0
    func look(_ list: UnsafeMutablePointer<UInt32>, _ isFirst: Bool) {
      var i = 0
      while i < width {
        let link = rv_load_acquire(list + i)
        i &+= 1
        if link == Links.end { return }
        let neighbour = Int(link & ~Links.pinned)
        guard neighbour < limit else { continue }
        if admission.admits(neighbour) {
          admitted &+= 1
          if isMarked(neighbour) { continue }
          mark(neighbour)
          gather(neighbour, n)
          n &+= 1
          if n == room { flush() }
        } else if isFirst, !isMarked(neighbour) {
          others.append(neighbour)
        }
      }
    }
    look(links.list(id, 0), true)
    if admitted < width {
      for other in others { rv_prefetch(links.ground[other]) }
      for other in others {
        if admitted >= width { break }
        mark(other)
        look(links.list(other, 0), false)
      }
    }
    flush()
    return first
  }

  /// Puts a node into the pool by binary search; where it is now, or `.max`.
  private func place(_ new: Entry, _ ef: Int) -> Int {
    if size == ef, new > pool[size - 1] { return .max }
    var low = 0, high = size
    while low < high {
      let middle = (low &+ high) &>> 1
      if pool[middle] < new { low = middle &+ 1 } else { high = middle }
    }
    let last = size < ef ? size : size &- 1
    if last > low { (pool.pointer + (low &+ 1)).update(from: pool.pointer + low, count: last &- low) }
    pool[low] = new
    if size < ef { size &+= 1 }
    return low
  }
}
