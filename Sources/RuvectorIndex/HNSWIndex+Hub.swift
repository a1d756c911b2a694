import CRuvectorSupport
import RuvectorCore

/// A second beginning for walks by inner products.
///
/// Where lengths differ much, short vectors call each other near, and long ones each other (`Centre`): from the entry point, which
/// may be one of the short, no link leads to the long ones any more, where the largest products are. So walks begin at the entry
/// point or at a long vector, whichever is nearer.
extension HNSWIndex {
  /// Nodes that are looked at for a hub; fewer of a mapped file, whose pages have to come first.
  private static let most = 4096

  /// Chooses the longest vector of the two highest levels, of those that links lead to from the entry point. The same graph has the
  /// same hub. The writer's. O(n) bytes, and rows of as many nodes as those levels have.
  func chooseHub() throws(RuvectorError) {
    guard let centre, entry != Links.end else { return }
    let level = hubLevel, row = try AlignedBuffer<Float>(count: rows.space.width, for: "index")
    let isSeen = try AlignedBuffer<Bool>(count: nextNode, repeating: false, for: "index")
    var queue = [entry], at = 0, longest = -1.0, hub = Links.end
    isSeen[Int(entry)] = true
    let most = isReadOnly ? HNSWIndex.most / 16 : HNSWIndex.most
    while at < queue.count, at < most {
      let id = Int(queue[at])
      at += 1
      if !isEmpty(id) {
        _ = try rows.load(id, into: row.pointer)
        let square = Kernels.current.squared_norm(row.pointer, row.count)
        if square > longest { (longest, hub) = (square, UInt32(id)) }
      }
      guard links.level(id) >= level else { continue }
      let list = links.list(id, level)
      for i in 0..<links.count(id, level) {
        let other = Int(list[i] & ~Links.pinned)
        if other < nextNode, !isSeen[other] {
          isSeen[other] = true
          queue.append(UInt32(other))
        }
      }
    }
    // None is left: then walks begin at the entry point.
    centre.publish(hub: hub)
  }

  /// Nodes of this level and above may be hubs.
  var hubLevel: Int {
    let top = links.level(Int(entry))
    return top > 1 ? top - 1 : top
  }

  /// Where a walk of the walker's query begins that goes down to `level`: the entry point, which there is, or the hub.
  @inline(__always)
  func beginning(_ walker: Walker, _ level: Int, _ kernels: KernelTable) -> Walker.Entry {
    let start = Int(entry), first = Walker.entry(walker.key(start, kernels), UInt32(truncatingIfNeeded: start))
    guard let hub = centre?.hub, hub != Links.end, Int(hub) < walker.limit, links.level(Int(hub)) >= level else {
      return first
    }
    return min(first, Walker.entry(walker.key(Int(hub), kernels), hub))
  }
}
