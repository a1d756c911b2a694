import CRuvectorSupport
import RuvectorCore

/// Links new nodes to a graph, a batch at a time (Manohar et al. 2024, "ParlayANN", §4).
///
/// 1. Each node of the batch, by itself: down from the entry point, greedily; then, neighbours after neighbours (their walks
///    read mostly the same rows, which are still in the caches), the walk and the choice of its own links. The graph is only
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
  /// What is walked instead of the index' rows, by walkers of its own.
  private var sketch: Sketch?
  private var sketchWalkers: [Walker] = []
  private var edges: [Edge] = []
  /// Tree edges of the batch that are not in the lists yet: parent to children.
  private var planted: [Int: [Int]] = [:]
  /// For new nodes that see a plateau only: the nearest that their walk has found, near to far.
  private var outlooks: [Int: [UInt32]] = [:]
  /// So many of them.
  private static let outlook = 16
  /// So many nodes, those that were added last, are looked at before the walk of one that is added alone, or with few. Who comes right
  /// after its like, as where a caller adds group by group, finds it so, though the greedy way may end among others far off: of
  /// those that do not find each other, groups that searches cannot cross would come.
  static let company = 8
  private let looksAtLatest: Bool

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

  /// To add `count` vectors, or to link those there are anew.
  init(_ index: HNSWIndex, _ control: Control, adding count: Int = 0) throws(RuvectorError) {
    (self.index, self.control) = (index, control)
    lock = try Lock()
    looksAtLatest = count > 0 && count <= 32
    sketch = try Sketch.make(of: index, adding: count)
  }

  func connect(_ batch: [UInt32]) throws(RuvectorError) {
    if let sketch { for id in batch { try sketch.add(Int(id)) } }
    guard index.entry != Links.end else { return }
    let outlook = try AlignedBuffer<UInt32>(count: Builder.outlook * batch.count, for: "index")
    let crowded = try AlignedBuffer<Bool>(count: batch.count, for: "index")
    while try !walkAll(batch, outlook, crowded) {}
    edges.removeAll(keepingCapacity: true)
    planted.removeAll(keepingCapacity: true)
    outlooks.removeAll(keepingCapacity: true)
    for (i, id) in batch.enumerated() where outlook[Builder.outlook * i] != .max {
      outlooks[Int(id)] = (0..<Builder.outlook).map { outlook[Builder.outlook * i + $0] }
    }
    if !outlooks.isEmpty || batch.indices.contains(where: { crowded[$0] }) { index.publish(plateaus: true) }
    for id in batch { plant(Int(id)) }
    edges.sort()
    var starts: [Int] = []
    for i in edges.indices where i == 0 || edges[i].list != edges[i - 1].list { starts.append(i) }
    try forEach(starts.count, 32) { (i, _, selection) throws(RuvectorError) in
      try answer(starts[i], i + 1 < starts.count ? starts[i + 1] : edges.count, selection)
    }
  }

  /// Step 1. False where it has to be done again, with floats.
  private func walkAll(
    _ batch: [UInt32], _ outlook: AlignedBuffer<UInt32>, _ crowded: AlignedBuffer<Bool>
  ) throws(RuvectorError) -> Bool {
    let arrivals = try AlignedBuffer<Arrival>(count: batch.count, for: "index")
    try forEach(batch.count, 32) { (i, walker, _) throws(RuvectorError) in
      arrivals[i] = try arrive(Int(batch[i]), walker)
    }
    let order = (0..<batch.count).sorted { arrivals[$0].isBefore(arrivals[$1]) }
    let strayed = try AlignedBuffer<Int>(count: batch.count, for: "index")
    try forEach(batch.count, 8) { (i, walker, selection) throws(RuvectorError) in
      let start = arrivals[order[i]].start
      (strayed[i], crowded[order[i]]) = try propose(
        Int(batch[order[i]]), from: start, walker, selection, outlook.pointer + Builder.outlook * order[i])
    }
    return judge(strayed)
  }

  /// `body` for each of 0..<count, in chunks on the caller's threads.
  func forEach(
    _ count: Int, _ chunk: Int, _ body: (Int, Walker, Selection) throws(RuvectorError) -> Void
  ) throws(RuvectorError) {
    let failure = try FirstFailure()
    let chunks = (count + chunk - 1) / chunk
    parallelFor(threads: control.threads, count: chunks) { c in
      do throws(RuvectorError) {
        let walker = try takeWalker()
        defer { giveBack(walker) }
        let selection = try takeSelection()
        defer { lock.locked { selections.append(selection) } }
        for i in (c * chunk)..<min(count, (c + 1) * chunk) { try body(i, walker, selection) }
      } catch { failure.note(c, error) }
    }
    if let error = failure.error { throw error }
  }

  private func takeWalker() throws(RuvectorError) -> Walker {
    guard let sketch else { return try index.takeWalker() }
    if let known = lock.locked({ sketchWalkers.popLast() }) { return known }
    return try Walker(sketch.rows, room: index.walkerRoom)
  }

  private func giveBack(_ walker: Walker) {
    if sketch == nil { index.giveBack(walker) } else { lock.locked { sketchWalkers.append(walker) } }
  }

  private func takeSelection() throws(RuvectorError) -> Selection {
    if let known = lock.locked({ selections.popLast() }) { return known }
    return try Selection(index)
  }

  /// Where the greedy way of a new node ends, and the last nodes on it: those with the same ones lie side by side.
  private struct Arrival {
    var start: Walker.Entry
    /// The nearest of levels 3 and 2, and of level 1.
    var region: UInt64
    var cell: UInt32
    let id: UInt32

    func isBefore(_ other: Arrival) -> Bool {
      if region != other.region { return region < other.region }
      return cell != other.cell ? cell < other.cell : id < other.id
    }
  }

  private func arrive(_ id: Int, _ walker: Walker) throws(RuvectorError) -> Arrival {
    let links = index.links, level = links.level(id)
    try walker.begin(ef: 1, count: index.nodesUsed)
    prepare(walker, id)
    let first = index.beginning(walker, level, kernels)
    var arrival = Arrival(start: first, region: 0, cell: 0, id: UInt32(truncatingIfNeeded: id))
    for l in stride(from: links.level(Walker.id(first)), to: level, by: -1) {
      arrival.start = walker.descend(arrival.start, l, index, kernels)
      let nearest = UInt32(truncatingIfNeeded: Walker.id(arrival.start))
      if l == 3 { arrival.region = UInt64(nearest) &<< 32 }
      if l == 2 { arrival.region |= UInt64(nearest) }
      if l == 1 { arrival.cell = nearest }
    }
    return arrival
  }

  private func prepare(_ walker: Walker, _ id: Int) {
    if let centre = index.centre {
      _ = index.rows.prepare(walker.query, row: id, less: centre.mean.pointer, centre.pull)
      sketch?.rows.encode(walker.query)
      return
    }
    index.rows.prepare(walker.query, row: id)
    sketch?.rows.prepare(walker.query, row: id)
  }

  /// The walk of a new node from where it arrived, and its own links, at each of its levels. What `Sketch.order` returned for
  /// level 0; -1 where nothing can be said. And whether others may find a plateau where the node is. `outlook` gets the nearest
  /// that the walk has found, if it ended on a plateau; else `UInt32.max`.
  private func propose(
    _ id: Int, from start: Walker.Entry, _ walker: Walker, _ selection: Selection,
    _ outlook: UnsafeMutablePointer<UInt32>
  ) throws(RuvectorError) -> (strayed: Int, isCrowded: Bool) {
    var strayed = -1, isCrowded = false
    outlook.pointee = .max
    let ef = index.efConstruction, links = index.links
    try walker.begin(ef: ef, count: index.nodesUsed)
    prepare(walker, id)
    walker.start(start)
    for l in stride(from: min(links.level(id), links.level(Int(index.entry))), through: 0, by: -1) {
      if l == 0, looksAtLatest, sketch == nil {
        walker.meet(index.latest.filter { !index.isEmpty(Int($0)) }, ef: ef, kernels)
      }
      walker.walk(l, ef: ef, index, kernels)
      if let sketch {
        let isFull = walker.size == ef, found = try sketch.order(walker, kernels)
        strayed = isFull ? found : -1
      }
      if l == 0 {
        isCrowded = walker.isInCrowd(ef, id, kernels)
        if walker.isOnPlateau(kernels) {
          isCrowded = true
          let known = UInt32(truncatingIfNeeded: Walker.id(walker.pool[0]))
          for i in 0..<Builder.outlook {
            outlook[i] = i < walker.size ? UInt32(truncatingIfNeeded: Walker.id(walker.pool[i])) : known
          }
        }
      }
      let most = l == 0 ? index.centre?.links(index.m) ?? index.m : index.m
      try selection.choose(walker, most, index, except: id, kernels)
      // Those that the walk has found lie on few spots: some look farther, so that each spot has links to many others.
      if l == 0, sketch == nil, walker.size == ef, selection.hasRoomOutside || (isCrowded && !selection.hasEdge) {
        let width = Builder.width(id, ef)
        if width > ef {
          try walker.widen(width)
          walker.restart()
          walker.walk(0, ef: width, index, kernels)
          try selection.choose(walker, most, index, except: id, kernels)
        }
      }
      links.publish(selection.kept.pointer, selection.count, as: id, l)
      if l > 0 { walker.restart() }
    }
    if looksForBlur, walker.size >= 2 * Builder.looked {
      _ = try index.rows.load(id, into: walker.query.floats.pointer)
      strayed = try walker.rerank(Builder.looked, index.rows, kernels) ? 1 : 0
    }
    return (strayed, isCrowded)
  }

  /// What a node on a crowded spot looks at: four times as much one in four, sixteen times one in sixteen.
  private static func width(_ id: Int, _ ef: Int) -> Int {
    let mixed = (UInt32(truncatingIfNeeded: id) &* 0x9e37_79b1) >> 28
    return mixed & 3 != 0 ? ef : min(mixed == 0 ? 16 * ef : 4 * ef, max(ef, Walker.widestPool))
  }

  /// Of what a walk over a smaller storage found, so many are looked at by floats.
  private static let looked = 20
  /// Keys of walks that go by a centre are no distances.
  private var looksForBlur: Bool {
    let rows = index.rows
    return rows.storage != .f32 && sketch == nil && index.centre == nil && rows.exact != nil && !rows.isBlurred
  }

  /// Whether the sketch, or the index's own smaller storage, was good enough, by what `propose` returned; it is dropped where not.
  private func judge(_ strayed: AlignedBuffer<Int>) -> Bool {
    var sum = 0, walks = 0
    for i in 0..<strayed.count where strayed[i] >= 0 {
      sum += strayed[i]
      walks += 1
    }
    guard let sketch else {
      if index.rows.isBlurred || index.blur.isRare(sum, of: walks) { return true }
      index.rows.walkFloats()
      return false
    }
    if sketch.isGood(strayed: sum, ofWalks: walks) { return true }
    (self.sketch, sketchWalkers) = (nil, [])
    return false
  }

  /// The tree edge of a new node: to the nearest of its neighbours that has room for one, else to one below them in the tree.
  /// One that sees a plateau only has few neighbours, and what lies below them in the tree is anywhere on the plateau, where walks
  /// that look for the new node may not come; so it goes by all that its walk has found. Queues its links back.
  private func plant(_ id: Int) {
    let links = index.links, list = links.list(id, 0), count = links.count(id, 0)
    var at = 0
    let parent: Int
    let outlook = outlooks[id]?.first { links.pins(Int($0)) < index.m && Int($0) != id && !index.isEmpty(Int($0)) }
    if let outlook {
      while at < count, list[at] != outlook { at += 1 }
      plant(id, at, Int(outlook))
      return
    }
    while at < count, links.pins(Int(list[at])) >= index.m { at += 1 }
    if at < count {
      parent = Int(list[at])
    } else {
      parent = index.treeRoom(count > 0 ? Int(list[0]) : Int(index.entry)) { planted[$0] ?? [] }
    }
    plant(id, at, parent)
  }

  /// Pins a node to its parent, whose place in its list is `at`, and queues its links back.
  private func plant(_ id: Int, _ at: Int, _ parent: Int) {
    let links = index.links, list = links.list(id, 0)
    planted[parent, default: []].append(id)
    links.addPin(parent)
    links.addPin(id)
    rv_store_release(list + at, UInt32(parent) | Links.pinned)  // a place that is used again has readers
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
      if links.pins(node) < m { return node }
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
