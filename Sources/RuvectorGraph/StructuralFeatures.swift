import CRuvectorSupport
import RuvectorCore

/// What a node's place in a graph says about it: [N, 4] of degree, ln(1 + degree), clustering coefficient and N times its
/// PageRank (so that 1 is the mean whatever the graph's size).
///
///     r = (1 − d)/N + d (Σ_{i → j} r_i/degree(i) + Σ_{dangling} r_i/N)
///
/// PageRank (Brin and Page 1998) by power iteration in Double until Σ |change| ≤ `tolerance`, at most `iterations` times; d
/// `damping`. The rank of nodes without neighbours goes to all.
/// - Complexity: O(iterations · (N + edges)) and what clustering takes (``GraphStatistics``).
public enum StructuralFeatures {
  /// Columns of the matrix.
  public static let width = 4

  /// `out` [N, 4].
  public static func write(
    _ graph: CSRGraph, damping: Double = 0.85, tolerance: Double = 1e-9, iterations: Int = 200,
    into out: UnsafeMutablePointer<Float>
  ) throws(RuvectorError) {
    let N = graph.nodes
    let rank = try pageRank(graph, damping: damping, tolerance: tolerance, iterations: iterations)
    let marks = try AlignedBuffer<UInt32>(count: N, repeating: 0, for: "graph")
    for i in 0..<N {
      let degree = Double(graph.degree(i))
      out[4 * i] = Float(degree)
      out[4 * i + 1] = Float(rv_log(1 + degree))
      out[4 * i + 2] = Float(graph.clustering(i, marks: marks.pointer))
      out[4 * i + 3] = Float(rank[i] * Double(N))
    }
  }

  /// r [N], which sums to 1. `.outOfRange` for damping outside 0..<1 and a tolerance that is not above 0.
  public static func pageRank(
    _ graph: CSRGraph, damping: Double = 0.85, tolerance: Double = 1e-9, iterations: Int = 200
  ) throws(RuvectorError) -> AlignedBuffer<Double> {
    guard damping >= 0, damping < 1 else {
      throw .expected("a number in 0..<1", for: "damping", received: text(damping), .outOfRange)
    }
    guard tolerance > 0, tolerance.isFinite else {
      throw .expected("a finite number > 0", for: "tolerance", received: text(tolerance), .outOfRange)
    }
    let N = graph.nodes, even = N > 0 ? 1 / Double(N) : 0
    let rank = try AlignedBuffer<Double>(count: N, repeating: even, for: "graph")
    let next = try AlignedBuffer<Double>(count: N, for: "graph")
    for _ in 0..<max(iterations, 0) where N > 0 {
      var dangling = 0.0
      for i in 0..<N where graph.degree(i) == 0 { dangling += rank[i] }
      next.pointer.update(repeating: (1 - damping + damping * dangling) * even, count: N)
      for i in 0..<N where graph.degree(i) > 0 {
        let share = damping * rank[i] / Double(graph.degree(i))
        for place in graph.row(i) { next[Int(graph.indices[place])] += share }
      }
      var change = 0.0
      for i in 0..<N { change += (next[i] - rank[i]).magnitude }
      rank.pointer.update(from: next.pointer, count: N)
      if change <= tolerance { break }
    }
    return rank
  }
}
