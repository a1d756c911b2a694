import RuvectorCore
import TestSupport
import Testing

/// The kernels along edges, at every level, against the scalar ones: all ways through strips, tails, places, empty rows.
@Suite struct EdgeKernelsTests {
  struct Edges {
    let nodes: Int
    let offsets, indices, places: [UInt32]
    var edges: Int { indices.count }

    init(_ nodes: Int, _ g: inout SeededGenerator) {
      var offsets: [UInt32] = [0], indices: [UInt32] = []
      for i in 0..<nodes {
        let degree = i % 5 == 3 ? 0 : Int.random(in: 0...40, using: &g)
        for _ in 0..<degree { indices.append(UInt32.random(in: 0..<UInt32(nodes), using: &g)) }
        offsets.append(UInt32(indices.count))
      }
      (self.nodes, self.offsets, self.indices) = (nodes, offsets, indices)
      places = (0..<UInt32(indices.count)).shuffled(using: &g)
    }
  }
  static let widths = [1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 40, 64, 65, 100, 128, 130, 256, 300]
  static let heads = [(1, 7), (2, 8), (3, 5), (4, 16), (8, 8), (8, 16), (5, 9), (16, 4), (8, 64), (2, 128)]

  static func floats(_ count: Int, _ g: inout SeededGenerator) -> [Float] {
    (0..<count).map { _ in Float.random(in: -1...1, using: &g) }
  }

  private static func near(_ a: [Float], _ b: [Float], _ bound: Float, _ what: String) {
    for i in a.indices where !((a[i] - b[i]).magnitude <= bound) {
      Issue.record("\(what) [\(i)]: \(a[i]), expected \(b[i])")
      return
    }
  }

  @Test(arguments: Levels.names) func sums(_ level: String) {
    let ours = Levels.table(level), plain = Levels.table("scalar")
    var g = SeededGenerator(31)
    let graph = Edges(23, &g)
    for dim in Self.widths {
      let x = Self.floats(graph.nodes * (dim + 3), &g), weights = Self.floats(2 * graph.edges, &g)
      for (hasWeights, hasPlaces, step) in [(false, false, 1), (true, false, 1), (true, true, 2)] {
        func run(_ kernels: KernelTable, _ parts: [Int], addsTo given: Float? = nil) -> [Float] {
          var out = [Float](repeating: given ?? .nan, count: graph.nodes * dim)
          let adds = given != nil
          for (first, last) in zip(parts, parts.dropFirst()) {
            if hasWeights {
              graph.places.withUnsafeBufferPointer { places in
                kernels.gather_rows(
                  graph.offsets, graph.indices, hasPlaces ? places.baseAddress : nil, weights, step, x, dim + 3, first,
                  last, dim, &out, dim, adds)
              }
            } else {
              kernels.gather_rows(
                graph.offsets, graph.indices, nil, nil, step, x, dim + 3, first, last, dim, &out, dim, adds)
            }
          }
          return out
        }
        let whole = run(ours, [0, graph.nodes])
        Self.near(whole, run(plain, [0, graph.nodes]), 1e-5, "\(level) gather_rows \(dim) \(hasWeights) \(hasPlaces)")
        #expect(whole == run(ours, [0, 1, 5, 17, graph.nodes]), "parts change no bit")
        let more = run(ours, [0, 9, graph.nodes], addsTo: 2)
        Self.near(more, whole.map { $0 + 2 }, 1e-5, "\(level) gather_rows that adds \(dim)")
      }
      var a = [Float](repeating: .nan, count: graph.nodes * dim), b = a
      ours.gather_maxima(graph.offsets, graph.indices, x, dim + 3, 0, graph.nodes, dim, &a, dim)
      plain.gather_maxima(graph.offsets, graph.indices, x, dim + 3, 0, graph.nodes, dim, &b, dim)
      #expect(a == b, "\(level) gather_maxima \(dim)")
    }
  }

  @Test(arguments: Levels.names) func heads(_ level: String) {
    let ours = Levels.table(level), plain = Levels.table("scalar")
    var g = SeededGenerator(32)
    let graph = Edges(19, &g), n = graph.nodes, e = graph.edges
    for (heads, width) in Self.heads {
      let all = heads * width, what = "\(level) \(heads) heads of \(width)"
      let x = Self.floats(n * all, &g), other = Self.floats(n * all, &g), numbers = Self.floats(e * heads, &g)
      var a = [Float](repeating: .nan, count: n * all), b = a
      for hasPlaces in [false, true] {
        graph.places.withUnsafeBufferPointer { places in
          let p = hasPlaces ? places.baseAddress : nil
          ours.gather_heads(graph.offsets, graph.indices, p, numbers, heads, width, x, all, 0, n, &a, all)
          plain.gather_heads(graph.offsets, graph.indices, p, numbers, heads, width, x, all, 0, n, &b, all)
        }
        Self.near(a, b, 1e-5, "gather_heads \(what)")
      }
      var s = [Float](repeating: .nan, count: e * heads), t = s
      ours.head_dots(graph.offsets, graph.indices, other, all, x, all, heads, width, 0, n, &s)
      plain.head_dots(graph.offsets, graph.indices, other, all, x, all, heads, width, 0, n, &t)
      Self.near(s, t, 2e-5, "head_dots \(what)")
      let sources = Self.floats(n * heads, &g), targets = Self.floats(n * heads, &g)
      for hasEdges in [false, true] {
        numbers.withUnsafeBufferPointer { list in
          let edges = hasEdges ? list.baseAddress : nil
          ours.edge_scores(graph.offsets, graph.indices, sources, targets, edges, 0.2, heads, 0, n, &s)
          plain.edge_scores(graph.offsets, graph.indices, sources, targets, edges, 0.2, heads, 0, n, &t)
          Self.near(s, t, 1e-6, "edge_scores \(what)")
          for i in s.indices { (s[i], t[i]) = (30 * s[i], 30 * t[i]) }
          ours.edge_softmax(graph.offsets, heads, 0, n, &s)
          plain.edge_softmax(graph.offsets, heads, 0, n, &t)
          Self.near(s, t, 2e-6, "edge_softmax \(what)")
          var u = numbers, v = numbers
          ours.edge_softmax_slopes(graph.offsets, heads, 0, n, s, &u)
          plain.edge_softmax_slopes(graph.offsets, heads, 0, n, t, &v)
          Self.near(u, v, 1e-5, "edge_softmax_slopes \(what)")
          var p = [Float](repeating: .nan, count: n * heads), q = p
          ours.edge_score_slopes(graph.offsets, graph.indices, sources, targets, edges, 0.2, heads, 0, n, &u, &p)
          plain.edge_score_slopes(graph.offsets, graph.indices, sources, targets, edges, 0.2, heads, 0, n, &v, &q)
          Self.near(u, v, 1e-5, "edge_score_slopes \(what)")
          Self.near(p, q, 3e-5, "sums of slopes \(what)")
        }
      }
    }
  }

  /// Scores far apart, many and one.
  @Test(arguments: Levels.names) func softmaxOfExtremes(_ level: String) {
    let kernels = Levels.table(level)
    for heads in [1, 2, 3, 4, 8, 16] {
      let offsets: [UInt32] = [0, 1, 1, 4]
      var scores = [Float](repeating: 0, count: 4 * heads)
      for h in 0..<heads { (scores[h], scores[heads + h]) = (-3e38, 3e38) }
      kernels.edge_softmax(offsets, heads, 0, 3, &scores)
      for h in 0..<heads {
        #expect(scores[h] == 1 && scores[heads + h] == 1 && scores[2 * heads + h] == 0, "\(level) \(heads)")
      }
    }
  }
}
