import CRuvectorSupport
import RuvectorCore

/// A graph in CSR form: node i has the neighbours `indices[offsets[i] ..< offsets[i + 1]]`, rising, each once, never itself.
/// An undirected graph has every edge in both rows.
public final class CSRGraph: @unchecked Sendable {
  /// N
  public let nodes: Int
  /// [N + 1]
  public let offsets: AlignedBuffer<UInt32>
  /// [edges]
  public let indices: AlignedBuffer<UInt32>
  /// Entries of all rows: an undirected edge counts twice.
  public let edges: Int

  /// Copies the rows, sorts them, and leaves out loops and repetitions. `.invalidArgument` for offsets that fall or do not
  /// lead from 0 to the number of indices, and for nodes that there are not. O(N + edges · log degree).
  public init(
    offsets given: UnsafeBufferPointer<UInt32>, indices list: UnsafeBufferPointer<UInt32>
  ) throws(RuvectorError) {
    guard given.count > 0, given[0] == 0, Int(given[given.count - 1]) == list.count else {
      throw .expected(
        "rising numbers from 0 to \(list.count)", for: "offsets", received: "others", .invalidArgument)
    }
    nodes = given.count - 1
    offsets = try AlignedBuffer(count: nodes + 1, repeating: 0, for: "graph")
    indices = try AlignedBuffer(count: list.count, for: "graph")
    var total = 0
    for i in 0..<nodes {
      let start = Int(given[i]), end = Int(given[i + 1])
      guard start <= end, end <= list.count else {
        throw .expected(
          "rising numbers from 0 to \(list.count)", for: "offsets", received: "\(end) at element \(i + 1)",
          .invalidArgument)
      }
      let first = total
      for place in start..<end {
        guard list[place] < UInt32(truncatingIfNeeded: nodes) else {
          throw .expected(
            "numbers below \(nodes)", for: "indices", received: "\(list[place]) at element \(place)", .invalidArgument)
        }
        guard list[place] != UInt32(truncatingIfNeeded: i) else { continue }
        indices[total] = list[place]
        total += 1
      }
      var row = UnsafeMutableBufferPointer(start: indices.pointer + first, count: total - first)
      row.sort()
      var kept = first
      for place in first..<total where kept == first || indices[place] != indices[kept - 1] {
        indices[kept] = indices[place]
        kept += 1
      }
      total = kept
      offsets[i + 1] = UInt32(truncatingIfNeeded: total)
    }
    edges = total
  }

  public func degree(_ i: Int) -> Int { Int(offsets[i + 1]) - Int(offsets[i]) }

  /// The places of node i's neighbours in `indices`.
  func row(_ i: Int) -> Range<Int> { Int(offsets[i])..<Int(offsets[i + 1]) }

  /// Whether j is among i's neighbours. O(log degree).
  func has(_ i: Int, _ j: UInt32) -> Bool {
    var low = Int(offsets[i]), high = Int(offsets[i + 1])
    while low < high {
      let middle = (low + high) / 2
      if indices[middle] < j { low = middle + 1 } else { high = middle }
    }
    return low < Int(offsets[i + 1]) && indices[low] == j
  }

  /// Steps from `source` to every node, −1 where none lead: breadth first, O(N + edges). `queue` is scratch; both [N].
  /// Returns the node found last, one of the farthest.
  func distances(
    from source: Int, into out: UnsafeMutablePointer<Int32>, queue: UnsafeMutablePointer<UInt32>
  ) -> Int {
    out.update(repeating: -1, count: nodes)
    (out[source], queue[0]) = (0, UInt32(truncatingIfNeeded: source))
    var head = 0, tail = 1
    while head < tail {
      let i = Int(queue[head])
      head += 1
      for place in row(i) {
        let j = Int(indices[place])
        guard out[j] < 0 else { continue }
        (out[j], queue[tail]) = (out[i] + 1, indices[place])
        tail += 1
      }
    }
    return Int(queue[tail - 1])
  }

  /// The part of the ordered pairs of i's neighbours whose first has the second for a neighbour (Watts and Strogatz 1998); 0
  /// with fewer than two. `marks` [N] holds numbers other than i + 1 before.
  func clustering(_ i: Int, marks: UnsafeMutablePointer<UInt32>) -> Double {
    let k = degree(i)
    guard k > 1 else { return 0 }
    var around = 0, links = 0
    for place in row(i) { around += degree(Int(indices[place])) }
    if around / 8 > k * k {  // few neighbours of much higher degree: look the pairs up
      for a in row(i) { for b in row(i) where a != b && has(Int(indices[a]), indices[b]) { links += 1 } }
    } else {
      let mark = UInt32(truncatingIfNeeded: i + 1)
      for place in row(i) { marks[Int(indices[place])] = mark }
      for place in row(i) {
        for next in row(Int(indices[place])) where marks[Int(indices[next])] == mark { links += 1 }
      }
    }
    return Double(links) / (Double(k) * Double(k - 1))
  }
}
