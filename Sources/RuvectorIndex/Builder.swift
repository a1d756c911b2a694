import CRuvectorSupport
import RuvectorCore

/// Links new nodes to a graph, a batch at a time (Manohar et al. 2024, "ParlayANN", §4).
///
/// 1. Each node of the batch, by itself: the walk from the entry point, and the choice of its own links. The graph is only
///    read; nobody sees the new lists yet.
/// 2. In order: the tree edge of each (see `Links`).
/// 3. The links back, by target: added where there is room, else all of the target's links are chosen anew. Each target's
///    list is written by one thread.
final class Builder {
  private let index: HNSWIndex
  private let control: Control
  private let kernels = Kernels.current
  private let lock: Lock
  private var selections: [Selection] = []
  private var edges: [Edge] = []
  /// Tree edges of the batch that are not in the lists yet: parent to children.
  private var planted: [Int: [Int]] = [:]

  /// A link back: to `source` from `target`, at a level.
  private struct Edge: Comparable {
    /// Level and target.
    let list: UInt64
    /// With its pin.
    let source: UInt32

    init(_ level: Int, _ target: UInt32, _ source: UInt32) {
      (list, self.source) = (UInt64(level) << 32 | UInt64(target), source)
    }
    var level: Int { Int(list >> 32) }
    var target: Int { Int(UInt32(truncatingIfNeeded: list)) }

    static func < (a: Edge, b: Edge) -> Bool {
      a.list != b.list ? a.list < b.list : a.source & ~Links.pinned < b.source & ~Links.pinned
    }
  }

  init(_ index: HNSWIndex, _ control: Control) throws(RuvectorError) {
    (self.index, self.control) = (index, control)
    lock = try Lock()
  }

  func connect(_ batch: [UInt32]) throws(RuvectorError) {
    guard index.entry != Links.end else { return }
    try forEach(batch.count, 4) { (i, walker, selection) throws(RuvectorError) in
      try propose(Int(batch[i]), walker, selection)
    }
    edges.removeAll(keepingCapacity: true)
    planted.removeAll(keepingCapacity: true)
    for id in batch { plant(Int(id)) }
    edges.sort()
    var starts: [Int] = []
    for i in edges.indices where i == 0 || edges[i].list != edges[i - 1].list { starts.append(i) }
    try forEach(starts.count, 32) { (i, _, selection) throws(RuvectorError) in
      try answer(starts[i], i + 1 < starts.count ? starts[i + 1] : edges.count, selection)
    }
  }

  /// `body` for each of 0..<count, in chunks on the caller's threads.
  func forEach(
    _ count: Int, _ chunk: Int, _ body: (Int, Walker, Selection) throws(RuvectorError) -> Void
  ) throws(RuvectorError) {
    let failure = try FirstFailure()
    let chunks = (count + chunk - 1) / chunk
    parallelFor(threads: control.threads, count: chunks) { c in
      do throws(RuvectorError) {
        let walker = try index.takeWalker()
        defer { index.giveBack(walker) }
        let selection = try takeSelection()
        defer { lock.locked { selections.append(selection) } }
        for i in (c * chunk)..<min(count, (c + 1) * chunk) { try body(i, walker, selection) }
      } catch { failure.note(c, error) }
    }
    if let error = failure.error { throw error }
  }

  private func takeSelection() throws(RuvectorError) -> Selection {
    if let known = lock.locked({ selections.popLast() }) { return known }
    return try Selection(index)
  }

  /// The walk of a new node and its own links, at each of its levels.
  private func propose(_ id: Int, _ walker: Walker, _ selection: Selection) throws(RuvectorError) {
    let ef = index.efConstruction, links = index.links, level = links.level(id)
    try walker.begin(ef: ef, count: index.placesUsed)
    index.rows.prepare(walker.query, row: id)
    let entry = Int(index.entry), top = links.level(entry)
    var nearest = Walker.entry(walker.key(index, entry, kernels), UInt32(entry))
    for l in stride(from: top, to: level, by: -1) { nearest = walker.descend(nearest, l, index, kernels) }
    walker.unmark()
    walker.start(nearest)
    for l in stride(from: min(level, top), through: 0, by: -1) {
      walker.walk(l, ef: ef, index, kernels)
      try selection.choose(walker, index.m, index, except: id, kernels)
      links.publish(selection.kept.pointer, selection.count, as: id, l)
      if l > 0 { walker.restart() }
    }
  }

  /// The tree edge of a new node: to the nearest of its neighbours that has room for one, else to one below them in the tree.
  /// Queues its links back.
  private func plant(_ id: Int) {
    let links = index.links, list = links.list(id, 0), count = links.count(id, 0)
    var at = 0
    while at < count, Int(links.node(Int(list[at])).pointee.pins) >= index.m { at += 1 }
    if at == count {
      let below = count > 0 ? Int(list[0]) : Int(index.entry)
      list[at] = UInt32(index.treeRoom(below) { planted[$0] ?? [] })
    }
    planted[Int(list[at]), default: []].append(id)
    links.node(Int(list[at])).pointee.pins += 1
    links.node(id).pointee.pins += 1
    list[at] |= Links.pinned
    for l in 0...links.level(id) {
      let list = links.list(id, l)
      for i in 0..<links.count(id, l) {
        edges.append(Edge(l, list[i] & ~Links.pinned, UInt32(id) | (list[i] & Links.pinned)))
      }
    }
  }

  /// The links back to one target.
  private func answer(_ first: Int, _ end: Int, _ selection: Selection) throws(RuvectorError) {
    let target = edges[first].target, level = edges[first].level
    let links = index.links, list = links.list(target, level), room = links.room(level)
    let count = links.count(target, level)
    if count + end - first <= room {
      for i in first..<end { rv_store_release(list + count + i - first, edges[i].source) }
      return
    }
    var candidates: [UInt32] = []
    candidates.reserveCapacity(count + end - first)
    for i in 0..<count { candidates.append(list[i]) }
    for i in first..<end { candidates.append(edges[i].source) }
    try selection.choose(for: target, from: candidates, room, kernels)
    links.publish(selection.kept.pointer, selection.count, as: target, level)
  }
}

extension HNSWIndex {
  /// A node that has room for one more tree edge: `id` or the nearest to it in the tree; `more` are edges that the lists do not
  /// have yet. There always is one, the leaves.
  func treeRoom(_ id: Int, _ more: (Int) -> [Int] = { _ in [] }) -> Int {
    var queue = [id], at = 0
    var seen: Set<Int> = [id]
    while at < queue.count {
      let node = queue[at]
      at += 1
      if Int(links.node(node).pointee.pins) < m { return node }
      let list = links.list(node, 0)
      for i in 0..<links.count(node, 0) where list[i] >= Links.pinned {
        let next = Int(list[i] & ~Links.pinned)
        if seen.insert(next).inserted { queue.append(next) }
      }
      for next in more(node) where seen.insert(next).inserted { queue.append(next) }
    }
    return id
  }
}
