import CRuvectorSupport
import RuvectorCore

/// Pairs (child, ancestor) of numbered nodes; what is above each node; which nodes negatives are drawn from.
final class PoincareRelations {
  let nodes: Int
  /// The two ends of each pair.
  let children: AlignedBuffer<UInt32>
  let parents: AlignedBuffer<UInt32>
  var pairs: Int { children.count }
  /// What is above node i: `above[offsets[i]..<offsets[i + 1]]`.
  let offsets: AlignedBuffer<UInt32>
  let above: AlignedBuffer<UInt32>
  /// Walker's alias method (1977) as Vose builds it (1991): of column i the share that is its own, of 2³², and the other node.
  /// Whether all nodes are drawn as often.
  let isEven: Bool
  private let columns: AlignedBuffer<SIMD2<UInt32>>

  /// A node is drawn with the frequency with which it stands in pairs, to this power.
  init(
    nodes: Int, children: UnsafePointer<UInt32>, parents: UnsafePointer<UInt32>, count: Int, power exponent: Double
  ) throws(RuvectorError) {
    self.nodes = nodes
    isEven = exponent == 0
    for i in 0..<count {
      for (name, end) in [("children", children[i]), ("parents", parents[i])] where Int(end) >= nodes {
        throw .expected("nodes below \(nodes)", for: "\(name)[\(i)]", received: "\(end)", .outOfRange)
      }
      guard children[i] != parents[i] else {
        throw .expected("two different nodes", for: "pair \(i)", received: "\(children[i]) twice", .invalidArgument)
      }
    }
    self.children = try AlignedBuffer(copying: children, count: count, for: "relations")
    self.parents = try AlignedBuffer(copying: parents, count: count, for: "relations")
    offsets = try AlignedBuffer(count: nodes + 1, repeating: 0, for: "relations")
    above = try AlignedBuffer(count: count, for: "relations")
    columns = try AlignedBuffer(count: nodes, for: "relations")
    for i in 0..<count { offsets[Int(children[i]) + 1] += 1 }
    for i in 0..<nodes { offsets[i + 1] += offsets[i] }
    let next = try AlignedBuffer<UInt32>(copying: offsets.pointer, count: nodes + 1, for: "relations")
    let weights = try AlignedBuffer<Double>(count: nodes, repeating: 0, for: "relations")
    for i in 0..<count {
      let child = Int(children[i])
      above[Int(next[child])] = parents[i]
      next[child] += 1
      weights[Int(parents[i])] += 1
      weights[child] += 1
    }
    for i in 0..<nodes { weights[i] = weights[i] > 0 ? power(weights[i], exponent) : 0 }
    try fillColumns(weights)
  }

  private func fillColumns(_ weights: AlignedBuffer<Double>) throws(RuvectorError) {
    var sum = 0.0
    for i in 0..<nodes { sum += weights[i] }
    let order = try AlignedBuffer<UInt32>(count: nodes, for: "relations")
    var small = 0, large = nodes  // small ones from the front, large ones from the back
    for i in 0..<nodes {
      weights[i] *= Double(nodes) / sum
      if weights[i] < 1 {
        order[small] = UInt32(i)
        small += 1
      } else {
        large -= 1
        order[large] = UInt32(i)
      }
    }
    while small > 0, large < nodes {
      small -= 1
      let low = Int(order[small]), high = Int(order[large])
      columns[low] = SIMD2(UInt32(min(weights[low] * 0x1p32, 0x1p32 - 1)), UInt32(high))
      weights[high] -= 1 - weights[low]
      if weights[high] < 1 {  // its place among the large ones is free, and so is one among the small ones
        large += 1
        order[small] = UInt32(high)
        small += 1
      }
    }
    // Rounding leaves some of weight 1.
    for k in 0..<small { columns[Int(order[k])] = SIMD2(.max, order[k]) }
    for k in large..<nodes { columns[Int(order[k])] = SIMD2(.max, order[k]) }
  }

  /// A node by 64 random bits: the high ones say the column, the low ones which of its two nodes.
  @inline(__always) func node(high bits: UInt64) -> UInt32 {
    let at = UInt32(truncatingIfNeeded: ((bits &>> 32) &* UInt64(truncatingIfNeeded: nodes)) &>> 32)
    if isEven { return at }
    let column = columns.pointer[Int(at)]
    return UInt32(truncatingIfNeeded: bits) <= column.x ? at : column.y
  }

  /// Where all are as likely: one by the low bits.
  @inline(__always) func nodeOfEqual(low bits: UInt64) -> UInt32 {
    UInt32(truncatingIfNeeded: ((bits & 0xffff_ffff) &* UInt64(truncatingIfNeeded: nodes)) &>> 32)
  }
}

/// Which nodes are above one, as bits: memory of one thread.
struct PoincareMarks {
  let bits: UnsafeMutablePointer<UInt64>

  static func words(_ nodes: Int) -> Int { (nodes + 63) >> 6 }

  @inline(__always) func set(_ node: UInt32) { bits[Int(node >> 6)] |= 1 << UInt64(node & 63) }
  @inline(__always) func clear(_ node: UInt32) { bits[Int(node >> 6)] = 0 }
  @inline(__always) func has(_ node: UInt32) -> Bool { bits[Int(node >> 6)] >> UInt64(node & 63) & 1 != 0 }
}
