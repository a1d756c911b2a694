import CRuvectorSupport
import RuvectorCore

extension HNSWIndex {
  /// Links around the deleted nodes and makes their places free: each neighbour of a deleted one chooses anew among its
  /// neighbours and theirs. Then a new tree. Excludes readers.
  func repair() throws(RuvectorError) {
    let builder = try Builder(self, .none), kernels = Kernels.current
    let live = (0..<nextPlace).filter { !isGone($0) }
    let isFree = try AlignedBuffer<Bool>(count: nextPlace, repeating: false, for: "index")
    for id in free { isFree[Int(id)] = true }
    try builder.forEach(live.count, 256) { (i, _, selection) throws(RuvectorError) in
      for level in 0...links.level(live[i]) { try bypass(live[i], level, selection, kernels) }
    }
    for id in 0..<nextPlace where isGone(id) && !isFree[id] {
      links.free(id)
      links.list(id, 0).update(repeating: Links.end, count: links.room(0))
      free.append(UInt32(id))
    }
    publish(deleted: 0)
    free.sort(by: >)
    if isGone(Int(entry)), let first = live.first {
      publish(entry: UInt32(live.reduce(first) { links.level($1) > links.level($0) ? $1 : $0 }))
    }
    try growTree(kernels)
    try keys.compact({ !isGone($0) }, upTo: nextPlace)
  }

  /// New links of one live node at one level, where some of its old ones are deleted.
  private func bypass(_ id: Int, _ level: Int, _ selection: Selection, _ kernels: KernelTable) throws(RuvectorError) {
    let list = links.list(id, level), count = links.count(id, level)
    var candidates: [UInt32] = [], gone: [Int] = []
    var seen: Set<Int> = [id]
    func look(_ link: UInt32) {
      let neighbour = Int(link & ~Links.pinned)
      guard seen.insert(neighbour).inserted else { return }
      if isGone(neighbour) { gone.append(neighbour) } else { candidates.append(UInt32(neighbour)) }
    }
    for i in 0..<count { look(list[i]) }
    // Through deleted ones to those behind them, but not without end.
    var at = 0
    while at < gone.count, candidates.count < 256 {
      let behind = links.list(gone[at], level)
      for i in 0..<links.count(gone[at], level) { look(behind[i]) }
      at += 1
    }
    if gone.isEmpty {
      for i in 0..<count { list[i] &= ~Links.pinned }
      return
    }
    try selection.choose(for: id, from: candidates, links.room(level), kernels)
    links.publish(selection.kept.pointer, selection.count, as: id, level)
  }

  /// Pins a tree over all live nodes: breadth first from the entry point along links there are; whoever is not reached gets a
  /// link from the nearest reached node with room.
  private func growTree(_ kernels: KernelTable) throws(RuvectorError) {
    let isReached = try AlignedBuffer<Bool>(count: nextPlace, repeating: false, for: "index")
    for id in 0..<nextPlace { links.setPins(id, 0) }
    var queue = [Int(entry)], at = 0
    isReached[Int(entry)] = true
    func spread() {
      while at < queue.count {
        let node = queue[at], list = links.list(node, 0)
        at += 1
        for i in 0..<links.count(node, 0) where links.pins(node) < m {
          let next = Int(list[i] & ~Links.pinned)
          guard !isReached[next] else { continue }
          list[i] |= Links.pinned
          links.addPin(node)
          pinBack(next, to: node)
          isReached[next] = true
          queue.append(next)
        }
      }
    }
    spread()
    for id in 0..<nextPlace where !isGone(id) && !isReached[id] {
      let walker = try takeWalker()
      defer { giveBack(walker) }
      try walker.begin(ef: efConstruction, count: nextPlace)
      rows.prepare(walker.query, row: id)
      walker.start(Walker.entry(walker.key(Int(entry), kernels), entry))
      walker.walk(0, ef: efConstruction, self, kernels)
      var parent = Int(entry)
      for i in 0..<walker.size {
        let near = Walker.id(walker.pool[i])
        if isReached[near], near != id {
          parent = near
          break
        }
      }
      parent = treeRoom(parent)
      pinBack(parent, to: id)
      pinBack(id, to: parent)
      isReached[id] = true
      queue.append(id)
      spread()
    }
  }

  /// Pins the link of `node` to `other` at level 0; where there is none, it takes the place of the last one without a pin.
  private func pinBack(_ node: Int, to other: Int) {
    let list = links.list(node, 0), count = links.count(node, 0)
    var at = 0
    while at < count, Int(list[at] & ~Links.pinned) != other { at += 1 }
    if at == links.room(0) {
      at -= 1
      while at > 0, list[at] >= Links.pinned { at -= 1 }
    }
    list[at] = UInt32(other) | Links.pinned
    links.addPin(node)
  }
}
