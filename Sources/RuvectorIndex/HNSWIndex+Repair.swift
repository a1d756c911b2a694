import CRuvectorSupport
import RuvectorCore

/// Takes removed nodes out of a graph, in steps that searches do not notice and that follow each other at any pace
/// (as Singh et al. 2021, "FreshDiskANN", arXiv 2105.09613, §4, does at once).
///
/// 1. The tree of pinned links is led past each removed node: those it was pinned to are pinned to each other.
/// 2. Each node with removed neighbours chooses its links anew among the neighbours it has left and those behind the removed
///    ones. Links are directed: who leads to a removed node is known only when all have been asked.
/// 3. Nobody leads to the removed nodes any more, and readers that still might have ended: they lose their links, and then
///    their slots are free.
///
/// O(n · M) steps in all, of O(M² · dim) each where a node has removed neighbours. What is removed meanwhile waits for the
/// next repair.
final class Repair {
  private enum Phase { case tree, links, lists, slots }

  private let removed: [UInt32]
  private let isRemoved: AlignedBuffer<Bool>
  /// Nodes that there were when the links began to be looked at.
  private var end = 0
  private let selection: Selection
  /// Nodes that the choice with this number has met.
  private var met: AlignedBuffer<UInt32>
  private var choice: UInt32 = 0
  private var phase = Phase.tree
  private var at = 0

  init(_ index: HNSWIndex, _ removed: [UInt32]) throws(RuvectorError) {
    self.removed = removed
    isRemoved = try AlignedBuffer(count: index.nextNode, repeating: false, for: "index")
    met = try AlignedBuffer(count: index.nextNode, repeating: 0, for: "index")
    selection = try Selection(index)
    for id in removed { isRemoved[Int(id)] = true }
  }

  /// Does so many steps; whether nothing is left to do.
  func advance(_ steps: Int, _ index: HNSWIndex) throws(RuvectorError) -> Bool {
    var left = steps
    if met.count < index.nextNode {
      met = try AlignedBuffer(count: index.nextNode + index.nextNode / 4, repeating: 0, for: "index")
    }
    while left > 0 {
      left -= 1
      switch phase {
      case .tree:
        if at == 0 { try chooseEntry(index) }
        cut(Int(removed[at]), index)
        next(ending: removed.count, .links, index)
      case .links:
        // Slots that hold nothing cost next to nothing.
        var passed = 0
        while at < end, passed < 64, index.isEmpty(at) {
          strip(at, index)
          (at, passed) = (at + 1, passed + 1)
        }
        if at < end, !index.isEmpty(at) { try bypass(at, index) }
        next(ending: end, .lists, index)
      case .lists:
        if at == 0 { index.waitForReaders() }
        let id = Int(removed[at])
        for level in 0...index.links.level(id) { index.links.clear(id, level) }
        next(ending: removed.count, .slots, index)
      case .slots:
        release(Int(removed[at]), index)
        at += 1
        if at >= removed.count { return true }
      }
    }
    return false
  }

  private func next(ending count: Int, _ following: Phase, _ index: HNSWIndex) {
    at += 1
    guard at >= count else { return }
    (phase, at, end) = (following, 0, index.nextNode)
  }

  private func isRemoved(_ id: Int) -> Bool { id < isRemoved.count && isRemoved[id] }

  /// Another entry point for one that is removed: the highest node there is; another hub. O(n) bytes.
  private func chooseEntry(_ index: HNSWIndex) throws(RuvectorError) {
    guard index.entry != Links.end else { return }
    let isGone = index.isEmpty(Int(index.entry))
    if isGone {
      var best = -1, top = -1
      for id in 0..<index.nextNode where !index.isEmpty(id) && index.links.level(id) > top {
        (best, top) = (id, index.links.level(id))
      }
      if best >= 0 { index.publish(entry: UInt32(best)) }
    }
    guard let hub = index.centre?.hub else { return }
    if isGone || hub == Links.end || index.isEmpty(Int(hub)) { try index.chooseHub() }
  }

  // MARK: The tree

  /// Leads the tree past a node. What it was pinned to falls into as many parts; each is pinned to the next.
  private func cut(_ id: Int, _ index: HNSWIndex) {
    let links = index.links, list = links.list(id, 0)
    var parts: [Int] = []
    for i in 0..<links.count(id, 0) where list[i] >= Links.pinned {
      let other = list[i] & ~Links.pinned
      rv_store_release(list + i, other)
      parts.append(Int(other))
      index.unpin(Int(other), from: id)
    }
    links.setPins(id, 0)
    for i in parts.indices.dropFirst() {
      let a = index.treeRoom(parts[i - 1]), b = index.treeRoom(parts[i])
      index.pin(a, to: b)
      index.pin(b, to: a)
    }
  }

  // MARK: The links

  /// New links of a node at each level at which some of its old ones are removed.
  private func bypass(_ id: Int, _ index: HNSWIndex) throws(RuvectorError) {
    for level in 0...index.links.level(id) { try bypass(id, level, index) }
  }

  private func bypass(_ id: Int, _ level: Int, _ index: HNSWIndex) throws(RuvectorError) {
    let links = index.links, list = links.list(id, level), count = links.count(id, level)
    var gone: [Int] = []
    for i in 0..<count where index.isEmpty(Int(list[i] & ~Links.pinned)) { gone.append(Int(list[i] & ~Links.pinned)) }
    if gone.isEmpty { return }
    var candidates: [UInt32] = []
    choice &+= 1
    met[id] = choice
    for i in 0..<count {
      let neighbour = Int(list[i] & ~Links.pinned)
      met[neighbour] = choice
      // Removed since this repair began, such a one may still hold the tree together.
      if !index.isEmpty(neighbour) || list[i] >= Links.pinned { candidates.append(list[i]) }
    }
    // Through removed ones to those behind them, but not without end.
    var at = 0
    while at < gone.count, candidates.count < 256 {
      let behind = links.list(gone[at], level)
      for i in 0..<links.count(gone[at], level) {
        let neighbour = Int(behind[i] & ~Links.pinned)
        if met[neighbour] == choice { continue }
        met[neighbour] = choice
        if index.isEmpty(neighbour) { gone.append(neighbour) } else { candidates.append(UInt32(neighbour)) }
      }
      at += 1
    }
    try selection.choose(for: id, from: candidates, links.room(level), Kernels.current)
    links.publish(selection.kept.pointer, selection.count, as: id, level)
  }

  /// A node that was removed since, and others still pass, leads to none of those that go now.
  private func strip(_ id: Int, _ index: HNSWIndex) {
    if isRemoved(id) { return }
    let links = index.links
    for level in 0...links.level(id) {
      let list = links.list(id, level), count = links.count(id, level)
      let kept = (0..<count).map { list[$0] }.filter { !isRemoved(Int($0 & ~Links.pinned)) }
      if kept.isEmpty { links.clear(id, level) }
      kept.withUnsafeBufferPointer { list in
        if let first = list.baseAddress, list.count < count { links.publish(first, list.count, as: id, level) }
      }
    }
  }

  // MARK: The slots

  private func release(_ id: Int, _ index: HNSWIndex) {
    index.links.free(id)
    index.giveBack([UInt32(id)])
    index.publish(deleted: index.deleted - 1)
  }
}

extension HNSWIndex {
  /// Pins the link of `node` to `other` at level 0; where there is none, it takes the place of one without a pin, a removed
  /// node's if there is one.
  func pin(_ node: Int, to other: Int) {
    let list = links.list(node, 0), count = links.count(node, 0)
    var at = 0
    while at < count, Int(list[at] & ~Links.pinned) != other { at += 1 }
    if at == links.room(0) {
      at = -1
      for i in 0..<count where list[i] < Links.pinned && (at < 0 || isEmpty(Int(list[i])) || !isEmpty(Int(list[at]))) {
        at = i
      }
    }
    guard at >= 0 else { return }
    rv_store_release(list + at, UInt32(other) | Links.pinned)
    links.addPin(node)
  }

  /// The link of `node` to `other`, which was pinned, may be replaced again.
  func unpin(_ node: Int, from other: Int) {
    let list = links.list(node, 0), count = links.count(node, 0)
    for i in 0..<count where list[i] == UInt32(other) | Links.pinned {
      rv_store_release(list + i, UInt32(other))
      links.setPins(node, links.pins(node) - 1)
    }
  }
}
