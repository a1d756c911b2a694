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

  /// The pool: the `ef` nearest of all nodes, each of which is at a slot of its own and seen.
  func scan(ef: Int, _ kernels: KernelTable) {
    size = 0
    let map = rows.map(query), room = room, ids = ids.pointer, places = places.pointer
    var id = 0
    while id < limit {
      let n = min(room, limit &- id, map.run(from: id)), first = UnsafeRawPointer(map[id])
      for i in 0..<n {
        ids[i] = UInt32(truncatingIfNeeded: id &+ i)
        places[i] = first + i &* map.stride
      }
      take(n, ef, kernels)
      id &+= n
    }
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

  /// The position of the pool's first admitted node.
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
}
