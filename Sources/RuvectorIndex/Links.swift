import CRuvectorSupport
import RuvectorCore

/// Who is linked to whom, level by level: lists of places of fixed room (2M at level 0, M above), ended by `end` where they
/// are not full. Readers follow links while one writer changes them: a link is one atomic number, and a reader that sees a
/// list half changed misses or repeats a neighbour, no more.
///
/// At level 0 some links are *pinned*: they make a tree over all nodes, both ways along each of its edges, and are never
/// pruned. So each node can be reached from each other, which HNSW (Malkov and Yashunin 2018) alone does not promise.
final class Links {
  static let end = UInt32.max
  static let pinned: UInt32 = 1 << 31
  static let largestID = Int(Int32.max) - 1
  static let topLevel = 31
  /// A node's record: u8 its highest level; u8 pinned links of its list at level 0; u16 0; u32 its first list above level 0,
  /// those of higher levels follow. Readers read the level while the writer counts pins: bytes of their own, no common struct.
  static let nodeStride = 8

  let m: Int
  let nodes: Records
  let ground: Records
  let upper: Records
  /// Lists above level 0 in use or free, and free runs by length.
  private(set) var upperCount = 0
  private var free: [[UInt32]] = Array(repeating: [], count: Links.topLevel + 1)

  init(m: Int, first: Int, shift: Int) throws(RuvectorError) {
    self.m = m
    nodes = try Records(stride: Links.nodeStride, first: first, shift: shift)
    ground = try Records(stride: 8 * m, first: first, shift: shift)
    upper = try Records(stride: 4 * m, first: max(first / max(m - 1, 1), 16), shift: max(6, shift - 4))
  }

  init(m: Int, nodes: Records, ground: Records, upper: Records, upperCount: Int) {
    (self.m, self.nodes, self.ground, self.upper, self.upperCount) = (m, nodes, ground, upper, upperCount)
  }

  var byteCount: Int { nodes.byteCount &+ ground.byteCount &+ upper.byteCount }

  @inline(__always) func level(_ id: Int) -> Int { Int(nodes[id].load(as: UInt8.self)) }
  @inline(__always) func firstUpper(_ id: Int) -> UInt32 { nodes[id].load(fromByteOffset: 4, as: UInt32.self) }

  func pins(_ id: Int) -> Int { Int(nodes[id].load(fromByteOffset: 1, as: UInt8.self)) }
  func setPins(_ id: Int, _ count: Int) {
    nodes[id].storeBytes(of: UInt8(truncatingIfNeeded: count), toByteOffset: 1, as: UInt8.self)
  }
  func addPin(_ id: Int) { setPins(id, pins(id) + 1) }

  @inline(__always) func room(_ level: Int) -> Int { level == 0 ? 2 &* m : m }

  /// The list of `id` at one of its levels.
  @inline(__always) func list(_ id: Int, _ level: Int) -> UnsafeMutablePointer<UInt32> {
    if level == 0 { return ground[id].assumingMemoryBound(to: UInt32.self) }
    return upper[Int(firstUpper(id)) &+ level &- 1].assumingMemoryBound(to: UInt32.self)
  }

  func count(_ id: Int, _ level: Int) -> Int {
    let links = list(id, level), room = room(level)
    var n = 0
    while n < room, rv_load_acquire(links + n) != Links.end { n += 1 }
    return n
  }

  /// A new node without links; grows the lists above level 0, so it excludes readers where `needsRoom` says so.
  func place(_ id: Int, level: Int) throws(RuvectorError) {
    var first = UInt32(0)
    if level > 0 {
      if let known = free[level].popLast() {
        first = known
      } else {
        if upper.capacity < upperCount + level { try upper.grow(to: upperCount + level) }
        first = UInt32(upperCount)
        upperCount += level
      }
    }
    nodes[id].storeBytes(of: UInt32(level), as: UInt32.self)  // no pins
    nodes[id].storeBytes(of: first, toByteOffset: 4, as: UInt32.self)
    for l in 0...level { list(id, l).update(repeating: Links.end, count: room(l)) }
  }

  func needsRoom(_ levels: Int) -> Bool { upper.capacity < upperCount + levels }

  /// A node without links at one level, for readers that may be following them.
  func clear(_ id: Int, _ level: Int) {
    let links = list(id, level)
    for i in 0..<room(level) { rv_store_release(links + i, Links.end) }
  }

  /// Gives a node's lists back.
  func free(_ id: Int) {
    let level = level(id)
    if level > 0 { free[level].append(firstUpper(id)) }
  }

  /// No node has lists any more.
  func removeAll() {
    upperCount = 0
    free = Array(repeating: [], count: Links.topLevel + 1)
  }

  /// Replaces a list that readers may be following.
  func publish(_ ids: UnsafePointer<UInt32>, _ count: Int, as id: Int, _ level: Int) {
    let links = list(id, level), room = room(level)
    for i in 0..<count { rv_store_release(links + i, ids[i]) }
    for i in count..<room { rv_store_release(links + i, Links.end) }
  }
}
