import RuvectorCore

extension HNSWIndex {
  /// What must hold of the graph after any operations, as code: the first thing that does not, or nil. O(n · M).
  ///
  /// - Each live vector has one key, which leads to its place; no key leads elsewhere.
  /// - Lists hold at most 2M links at level 0, M above, none twice, none to the node itself, all to nodes that are there (or
  ///   removed ones that still lead on) and have that level. Nobody is above the entry point.
  /// - Each vector is in one chain of slots of one node, where nodes have such.
  /// - A pin has its counterpart, and every vector can be reached at level 0 from the entry point along pins.
  public func brokenInvariant() throws(RuvectorError) -> String? {
    try lock.reading { () throws(RuvectorError) in
      let isFree = try AlignedBuffer<Bool>(count: nextNode, repeating: false, for: "invariants")
      for id in free {
        guard Int(id) < nextNode, isEmpty(Int(id)), !isFree[Int(id)] else { return "a free node is in use: \(id)" }
        isFree[Int(id)] = true
      }
      var live = 0
      for id in 0..<nextPlace where !isGone(id) {
        live += 1
        if findOwnPlace(id) != id { return "the key of place \(id) leads elsewhere" }
      }
      guard live == keys.count, live == liveCount else { return "\(keys.count) keys for \(live) vectors" }
      if let broken = try brokenChains(live) { return broken }
      let used = (0..<nextNode).reduce(0) { $0 + (isEmpty($1) ? 0 : 1) }
      guard nextNode - used - free.count == deleted else { return "\(deleted) removed nodes counted, others there" }
      guard live > 0 else { return entry == Links.end && nextNode == 0 ? nil : "an empty index has an entry point" }
      guard entry != Links.end, Int(entry) < nextNode, !isFree[Int(entry)] else { return "no entry point" }
      for id in 0..<nextNode where !isFree[id] {
        if let broken = brokenList(id, isFree) { return broken }
      }
      return try unreachable(isFree)
    }
  }

  /// Each vector is in the chain of its node, and slots are used or free.
  private func brokenChains(_ live: Int) throws(RuvectorError) -> String? {
    guard let twins else { return nextNode == nextPlace ? nil : "slots and nodes are not the same" }
    var found = 0
    for node in 0..<nextNode {
      var slot = twins.chains.first(node)
      while slot != Twins.none {
        guard Int(slot) < nextPlace, twins.chains.node(Int(slot)) == node, found <= nextPlace else {
          return "the chain of \(node) leads elsewhere"
        }
        found += isGone(Int(slot)) ? 0 : 1
        slot = twins.chains.next(slot)
      }
    }
    guard found == live else { return "\(live) vectors, \(found) in chains" }
    return freeSlots.count == nextPlace - live ? nil : "\(freeSlots.count) free slots, others there"
  }

  private func findOwnPlace(_ id: Int) -> Int? {
    if keys.kind == .integer {
      return withUnsafePointer(to: keys.integer(id)) { place(of: .integers($0, 1), 0) }
    }
    let offsets = (UInt32(0), UInt32(keys.length(id)))
    return withUnsafeBytes(of: offsets) { bytes in
      bytes.baseAddress.flatMap { place(of: .strings(keys.bytes(id), $0.assumingMemoryBound(to: UInt32.self), 1), 0) }
    }
  }

  private func brokenList(_ id: Int, _ isFree: AlignedBuffer<Bool>) -> String? {
    let top = links.level(id)
    if !isEmpty(id), top > links.level(Int(entry)) { return "\(id) is above the entry point" }
    var pins = 0
    for level in 0...top {
      let list = links.list(id, level), count = links.count(id, level)
      var seen: Set<UInt32> = []
      for i in 0..<count {
        let to = Int(list[i] & ~Links.pinned)
        let what = "the link of \(id) to \(to) at level \(level)"
        guard to < nextNode, !isFree[to] else { return "\(what) leads to nothing" }
        guard to != id else { return "\(what) is a loop" }
        guard links.level(to) >= level else { return "\(what) leads to a node without that level" }
        guard seen.insert(UInt32(to)).inserted else { return "\(what) is there twice" }
        guard list[i] >= Links.pinned else { continue }
        guard level == 0, isPinned(to, to: id) else { return "\(what) is pinned at one end" }
        pins += 1
      }
    }
    return pins == links.pins(id) ? nil : "\(id) counts its pins wrong"
  }

  private func isPinned(_ id: Int, to other: Int) -> Bool {
    let list = links.list(id, 0)
    return (0..<links.count(id, 0)).contains { list[$0] == UInt32(other) | Links.pinned }
  }

  private func unreachable(_ isFree: AlignedBuffer<Bool>) throws(RuvectorError) -> String? {
    let isReached = try AlignedBuffer<Bool>(count: nextNode, repeating: false, for: "invariants")
    var queue = [Int(entry)], at = 0
    isReached[Int(entry)] = true
    while at < queue.count {
      let list = links.list(queue[at], 0)
      for i in 0..<links.count(queue[at], 0) where list[i] >= Links.pinned {
        let to = Int(list[i] & ~Links.pinned)
        if !isReached[to] {
          isReached[to] = true
          queue.append(to)
        }
      }
      at += 1
    }
    for id in 0..<nextNode where !isEmpty(id) && !isReached[id] { return "\(id) cannot be reached" }
    return nil
  }
}
