import Foundation
import RuvectorCore
import RuvectorGraph
import TestSupport
import Testing

@Suite struct GraphStatisticsTests {
  static func graph(_ rows: [[Int]]) throws(RuvectorError) -> CSRGraph {
    var offsets: [UInt32] = [0], indices: [UInt32] = []
    for row in rows {
      indices += row.map { UInt32($0) }
      offsets.append(UInt32(indices.count))
    }
    return try make(offsets, indices)
  }

  static func make(_ offsets: [UInt32], _ indices: [UInt32]) throws(RuvectorError) -> CSRGraph {
    let o = try AlignedBuffer(copying: offsets, count: offsets.count)
    let k = try AlignedBuffer(copying: indices, count: indices.count)
    return try CSRGraph(
      offsets: UnsafeBufferPointer(start: o.pointer, count: o.count),
      indices: UnsafeBufferPointer(start: k.pointer, count: k.count))
  }

  /// Undirected, from pairs.
  static func undirected(_ n: Int, _ pairs: [(Int, Int)]) throws -> CSRGraph {
    var rows = [[Int]](repeating: [], count: n)
    for (a, b) in pairs {
      rows[a].append(b)
      rows[b].append(a)
    }
    return try graph(rows)
  }

  static func tree(_ n: Int) throws -> CSRGraph { try undirected(n, (1..<n).map { ($0, ($0 - 1) / 2) }) }
  static func cycle(_ n: Int) throws -> CSRGraph { try undirected(n, (0..<n).map { ($0, ($0 + 1) % n) }) }
  static func grid(_ k: Int) throws -> CSRGraph {
    try undirected(
      k * k,
      (0..<k).flatMap { x in
        (0..<k).flatMap { y -> [(Int, Int)] in
          (x + 1 < k ? [(x * k + y, x * k + k + y)] : []) + (y + 1 < k ? [(x * k + y, x * k + y + 1)] : [])
        }
      })
  }

  @Test func knownGraphs() throws {
    let tree = try GraphStatistics(Self.tree(127))
    #expect(tree.nodes == 127 && tree.edges == 252 && tree.maxDegree == 3 && tree.depth == 12)
    #expect(tree.hyperbolicity == 0 && tree.relativeHyperbolicity == 0 && tree.clustering == 0)
    #expect(abs(tree.meanDegree - 252.0 / 127) < 1e-12)
    let cycle = try GraphStatistics(Self.cycle(32))
    #expect(cycle.depth == 16 && cycle.hyperbolicity == 8 && cycle.relativeHyperbolicity == 1)
    #expect(cycle.degreeSkew == 0 && cycle.clustering == 0)
    let grid = try GraphStatistics(Self.grid(12))
    #expect(grid.depth == 22 && grid.hyperbolicity >= 4 && grid.hyperbolicity <= 11)
    let complete = try GraphStatistics(
      Self.undirected(9, (0..<9).flatMap { a in (0..<a).map { (a, $0) } }))
    #expect(complete.depth == 1 && complete.hyperbolicity == 0 && abs(complete.clustering - 1) < 1e-12)
    let star = try GraphStatistics(Self.undirected(101, (1..<101).map { (0, $0) }))
    #expect(star.depth == 2 && star.maxDegree == 100 && star.degreeSkew > 9 && star.clustering == 0)
    #expect(try GraphStatistics(Self.graph([])) == GraphStatistics())
    let alone = try GraphStatistics(Self.graph([[], [], []]))
    #expect(alone.nodes == 3 && alone.depth == 0 && alone.degreeSkew == 0)
  }

  /// Against the definitions, on random graphs: all pairs of distances, all quadruples.
  @Test func againstDefinitions() throws {
    var g = SeededGenerator(3)
    for n in [5, 14, 24] {
      var pairs: [(Int, Int)] = []
      for a in 0..<n { for b in 0..<a where g.uniform() < 2.5 / Double(n) { pairs.append((a, b)) } }
      for a in 1..<n where a % 3 > 0 { pairs.append((a, a - 1)) }
      let graph = try Self.undirected(n, pairs), seen = try GraphStatistics(graph, seed: 7)
      var d = (0..<n).map { a in (0..<n).map { b in a == b ? 0 : graph.row2(a).contains(b) ? 1 : 1000 } }
      for k in 0..<n { for a in 0..<n { for b in 0..<n { d[a][b] = min(d[a][b], d[a][k] + d[k][b]) } } }
      let hub = (0..<n).max {
        graph.degree($0) < graph.degree($1) || (graph.degree($0) == graph.degree($1) && $0 > $1)
      }!
      let part = (0..<n).filter { d[hub][$0] < 1000 }
      #expect(seen.depth == part.flatMap { a in part.map { d[a][$0] } }.max())
      var δ = 0.0
      for a in part {
        for b in part {
          for c in part {
            for e in part {
              let sums = [d[a][b] + d[c][e], d[a][c] + d[b][e], d[a][e] + d[b][c]].sorted()
              δ = max(δ, Double(sums[2] - sums[1]) / 2)
            }
          }
        }
      }
      #expect(seen.hyperbolicity <= δ && seen.hyperbolicity >= δ - 0.5, "\(n): \(seen.hyperbolicity), \(δ)")
      let mean = (0..<n).reduce(0.0) { sum, i in
        let row = graph.row2(i), k = Double(row.count)
        let links = row.reduce(0) { $0 + row.filter(graph.row2($1).contains).count }
        return sum + (k > 1 ? Double(links) / (k * (k - 1)) : 0) / Double(n)
      }
      #expect(abs(seen.clustering - mean) < 1e-12)
      #expect(try GraphStatistics(graph, seed: 7) == seen)
    }
  }

  /// Few neighbours of very high degree are looked up in pairs: the same number.
  @Test func clusteringBothWays() throws {
    var pairs = [(0, 1), (0, 2), (1, 2)]
    for i in 3..<400 {
      pairs.append((1, i))
      pairs.append((2, i))
    }
    let graph = try Self.undirected(400, pairs), out = try AlignedBuffer<Float>(count: 1600)
    try StructuralFeatures.write(graph, into: out.pointer)
    #expect(out[2] == 1)
    #expect(out[4 * 5 + 2] == 1)
    #expect(abs(out[4 + 2] - Float(2.0 * 398 / (399 * 398))) < 1e-6)
  }

  @Test func structuralFeatures() throws {
    var g = SeededGenerator(4)
    for rows in [
      (0..<12).map { i in (0..<12).filter { $0 != i && g.uniform() < 0.3 } }, [[1], [], [0, 1]], [[], []],
      [[1, 1, 0], [0]],
    ] {
      let graph = try Self.graph(rows), N = rows.count, out = try AlignedBuffer<Float>(count: 4 * N)
      try StructuralFeatures.write(graph, into: out.pointer)
      // The stationary distribution, by many plain steps.
      var r = [Double](repeating: 1 / Double(N), count: N)
      for _ in 0..<2000 {
        var next = [Double](repeating: 0.15 / Double(N), count: N)
        for i in 0..<N {
          let row = graph.row2(i)
          for j in row.isEmpty ? Array(0..<N) : row { next[j] += 0.85 * r[i] / Double(row.isEmpty ? N : row.count) }
        }
        r = next
      }
      for i in 0..<N {
        #expect(out[4 * i] == Float(graph.degree(i)))
        #expect(abs(out[4 * i + 1] - Float(log(1 + Double(graph.degree(i))))) < 1e-6)
        #expect(abs(Double(out[4 * i + 3]) - r[i] * Double(N)) < 1e-5)
      }
    }
    #expect(Self.graphRow(try Self.graph([[1, 1, 0], [0]])) == [[1], [0]])
  }

  private static func graphRow(_ graph: CSRGraph) -> [[Int]] { (0..<graph.nodes).map { graph.row2($0) } }

  @Test func refusals() throws {
    for (offsets, indices) in [
      ([], []), ([1, 1], [0]), ([0, 2], [0]), ([0, 2, 1], [0]), ([0, 1], [1]), ([0, 5, 1], [0]),
    ] as [([UInt32], [UInt32])] {
      let error = failure { () throws(RuvectorError) in _ = try Self.make(offsets, indices) }
      #expect(error?.code == .invalidArgument, "\(offsets) \(indices)")
    }
    let graph = try Self.cycle(4), out = try AlignedBuffer<Float>(count: 16)
    for (damping, tolerance) in [(1.0, 1e-9), (-0.1, 1e-9), (.nan, 1e-9), (0.85, 0), (0.85, .nan), (0.85, .infinity)] {
      let error = failure { () throws(RuvectorError) in
        try StructuralFeatures.write(graph, damping: damping, tolerance: tolerance, into: out.pointer)
      }
      #expect(error?.code == .outOfRange)
    }
  }

  // MARK: - Recommendations

  @Test func recommendations() throws {
    func names(_ graph: CSRGraph?, _ task: AttentionTask) throws -> [String] {
      let statistics: GraphStatistics? = if let graph { try GraphStatistics(graph) } else { nil }
      let found = recommendMechanism(statistics, for: task)
      #expect(found.choices.allSatisfy { !$0.reasons.isEmpty && $0.reasons.allSatisfy { !$0.isEmpty } })
      #expect(Set(found.choices.map { "\($0.mechanism)" }).count == found.choices.count)
      return found.choices.map { "\($0.mechanism)" }
    }
    let small = AttentionTask(queries: 10, keys: 10, dim: 64), n = 100_000
    #expect(try names(nil, small) == ["multi_head", "flash"])
    #expect(try names(Self.tree(200), small)[0] == "hyperbolic")
    let edges = AttentionTask(queries: 10, keys: 10, dim: 64, hasEdgeFeatures: true)
    #expect(try names(Self.tree(200), edges)[0] == "edge_featured")
    #expect(try names(Self.cycle(64), small)[0] == "graph_rope")
    #expect(try names(Self.undirected(101, (1..<101).map { (0, $0) }), small)[0] == "structural")
    let triangles = (0..<60).flatMap { i -> [(Int, Int)] in
      let p = (i - 1) / 2
      let up = [(2 * i, 2 * p), (2 * i + 1, 2 * p), (2 * i, 2 * p + 1), (2 * i + 1, 2 * p + 1)]
      return [(2 * i, 2 * i + 1)] + (i > 0 ? up : [])
    }
    #expect(try names(Self.undirected(120, triangles), small)[0] == "dual_space")
    #expect(try names(nil, AttentionTask(queries: 1000, keys: 1000, dim: 64))[0] == "flash")
    // |x|²/√d = 2 at |x| = 4 for d = 64.
    #expect(try names(nil, AttentionTask(queries: n, keys: n, dim: 64, normBound: 4))[0] == "linear")
    for norm in [4.01, 100, .infinity, .nan, nil] as [Double?] {
      let found = try names(nil, AttentionTask(queries: n, keys: n, dim: 64, normBound: norm))
      #expect(found[0] == "local_global" && !found.contains("linear"))
    }
    #expect(try names(nil, AttentionTask(queries: n, keys: 2 * n, dim: 64))[0] == "flash")
  }
}

extension CSRGraph {
  fileprivate func row2(_ i: Int) -> [Int] {
    (Int(offsets[i])..<Int(offsets[i + 1])).map { Int(indices[$0]) }
  }
}
