import CRuvectorSupport
import RuvectorCore

/// The graph itself, for graph layers and attention. `level`, `neighbors`, `commonLayer` and `shortestPathDistance` are to be
/// called within `reading`, the others by themselves.
extension HNSWIndex: NeighborGraph {
  public var maxLevel: Int {
    let start = entry
    return start == Links.end ? -1 : links.level(Int(start))
  }

  public func level(of node: Int) -> Int? {
    node >= 0 && node < placesUsed && sight.sees(node) ? links.level(chains.node(node)) : nil
  }

  public func neighbors(of node: Int, level: Int) -> [Int] {
    guard let top = self.level(of: node), level >= 0, level <= top else { return [] }
    var found: [Int] = []
    let sight = sight
    forEachNeighbor(chains.node(node), level) { if let slot = slot(of: $0, sight) { found.append(slot) } }
    return found
  }

  /// Nodes that a node is linked to, those of removed vectors too.
  private func forEachNeighbor(_ node: Int, _ level: Int, _ body: (Int) -> Void) {
    let list = links.list(node, level), limit = nodesUsed
    for i in 0..<links.room(level) {
      let link = rv_load_acquire(list + i)
      if link == Links.end { return }
      let neighbor = Int(link & ~Links.pinned)
      if neighbor < limit { body(neighbor) }
    }
  }

  /// The highest level that has both nodes.
  public func commonLayer(_ a: Int, _ b: Int) -> Int? {
    guard let x = level(of: a), let y = level(of: b) else { return nil }
    return min(x, y)
  }

  /// The number of links on a short way between a and b over the links of all levels, nil where there is none. Both ends go
  /// along their own links, a step at a time, until they meet: symmetric, and the shortest way wherever links lead both ways
  /// (nearly everywhere); over removed vectors, too, while the graph has them. O(the nodes within half the distance).
  public func shortestPathDistance(_ a: Int, _ b: Int) throws(RuvectorError) -> Int? {
    guard level(of: a) != nil, level(of: b) != nil else { return nil }
    let a = chains.node(a), b = chains.node(b)
    if a == b { return 0 }
    let fromA = try Spread(a, nodesUsed), fromB = try Spread(b, nodesUsed)
    while !fromA.front.isEmpty || !fromB.front.isEmpty {
      for spread in [fromA, fromB] { step(spread) }
      var best = Int.max
      for node in fromA.front + fromB.front where fromA.steps[node] >= 0 && fromB.steps[node] >= 0 {
        best = min(best, Int(fromA.steps[node] + fromB.steps[node]))
      }
      if best < .max { return best }
    }
    return nil
  }

  /// What has been reached from one node, in how many steps (−1: not yet).
  private final class Spread {
    let steps: AlignedBuffer<Int32>
    var front: [Int]

    init(_ start: Int, _ places: Int) throws(RuvectorError) {
      steps = try AlignedBuffer(count: places, repeating: -1, for: "path")
      front = [start]
      steps[start] = 0
    }
  }

  private func step(_ spread: Spread) {
    var next: [Int] = []
    for node in spread.front {
      for level in 0...links.level(node) {
        forEachNeighbor(node, level) { neighbor in
          guard neighbor < spread.steps.count, spread.steps[neighbor] < 0 else { return }
          spread.steps[neighbor] = spread.steps[node] + 1
          next.append(neighbor)
        }
      }
    }
    spread.front = next
  }

  public func searchLayer(
    _ query: UnsafePointer<Float>, k: Int, level: Int, ef: Int, _ body: (Int, Float) throws(RuvectorError) -> Void
  ) throws(RuvectorError) {
    let walker = try takeWalker()
    defer { giveBack(walker) }
    try rows.prepare(walker.query, query, "query")
    lock.beginRead()
    defer { lock.end() }
    let places = placesUsed, width = min(max(k, ef), places), kernels = Kernels.current
    guard k > 0, places > 0, entry != Links.end, level >= 0, level <= maxLevel else { return }
    let seen = Seen(sight: sight, chains: chains), others = min(places, 4096)
    try walker.begin(ef: width + others, count: nodesUsed)
    walker.unmarkAndStart(descend(walker, to: level, kernels))
    _ = walker.walk(level, ef: width, self, kernels, seen, others: others)
    walker.keep(seen)
    if let chains { try walker.spread(k, seen, chains) }
    for i in 0..<min(k, walker.size) {
      try body(Walker.id(walker.pool[i]), rows.space.distance(Walker.key(walker.pool[i])))
    }
  }

  /// The links of one level in CSR form, nodes numbered in the order of their places: `nodes[i]` is the place of row i. Of equal
  /// vectors each has the same links, and others lead to the oldest.
  public func csr(level: Int) throws(RuvectorError) -> (offsets: [UInt32], indices: [UInt32], nodes: [UInt32]) {
    try lock.reading { () throws(RuvectorError) in
      let limit = placesUsed, sight = sight, chains = chains
      var offsets: [UInt32] = [0], indices: [UInt32] = [], nodes: [UInt32] = []
      let number = try AlignedBuffer<UInt32>(count: limit, repeating: 0, for: "graph")
      for id in 0..<limit where sight.sees(id) && links.level(chains.node(id)) >= level {
        number[id] = UInt32(nodes.count)
        nodes.append(UInt32(id))
      }
      for id in nodes {
        forEachNeighbor(chains.node(Int(id)), level) {
          if links.level($0) >= level, let slot = slot(of: $0, sight) { indices.append(number[slot]) }
        }
        offsets.append(UInt32(indices.count))
      }
      return (offsets, indices, nodes)
    }
  }

  public struct Statistics {
    /// Vectors whose highest level is the i-th.
    public var levels: [Int] = []
    /// Vectors with i links at level 0.
    public var degrees: [Int] = []
    /// Removed vectors that searches still pass.
    public var removed = 0
  }

  /// One pass over the graph.
  public func statistics() throws(RuvectorError) -> Statistics {
    try lock.reading { () throws(RuvectorError) in
      var found = Statistics()
      found.levels = Array(repeating: 0, count: maxLevel + 1)
      found.degrees = Array(repeating: 0, count: links.room(0) + 1)
      let sight = sight, chains = chains
      for slot in 0..<placesUsed where sight.sees(slot) {
        let node = chains.node(slot), level = links.level(node)
        if level < found.levels.count { found.levels[level] += 1 }
        found.degrees[links.count(node, 0)] += 1
      }
      found.removed = deleted
      return found
    }
  }
}
