import RuvectorCore
import TestSupport
import Testing

@testable import RuvectorIndex

/// The graph as graph layers and attention see it; partial results merged; threads.
struct IndexGraphTests {
  private func made(_ n: Int, _ dim: Int) throws -> HNSWIndex {
    let index = try HNSWIndex(names(.l2, .f32, dim, [("M", 3), ("efConstruction", 20)]))
    try index.add((0..<n).map { Int64($0) }, clustered(n, dim, centres: 20, seed: 51))
    return index
  }

  @Test func pathsLevelsAndCSR() throws {
    let n = 150, index = try made(n, 5)
    #expect(index.maxLevel > 1 && index.level(of: -1) == nil && index.level(of: n) == nil)
    let csr = try (0...index.maxLevel).map { try index.csr(level: $0) }
    // Undirected edges over all levels, by place.
    var edges: [Int: Set<Int>] = [:]
    for (level, graph) in csr.enumerated() {
      for (row, place) in graph.nodes.enumerated() {
        let near = graph.indices[Int(graph.offsets[row])..<Int(graph.offsets[row + 1])].map {
          Int(graph.nodes[Int($0)])
        }
        #expect(near == index.neighbors(of: Int(place), level: level))
        for to in near {
          edges[Int(place), default: []].insert(to)
          edges[to, default: []].insert(Int(place))
        }
      }
      let held = csr[0].nodes.filter { (index.level(of: Int($0)) ?? -1) >= level }
      #expect(graph.nodes == held)
    }
    #expect(try index.csr(level: 40).nodes.isEmpty && index.neighbors(of: 0, level: 30).isEmpty)
    let nodes = csr[0].nodes.map { Int($0) }
    for a in nodes.prefix(12) {
      // Each end follows its own links: a way found is one of the undirected graph, and none is shorter.
      var steps = [a: 0], queue = [a], at = 0
      while at < queue.count {
        for to in (edges[queue[at]] ?? []).sorted() where steps[to] == nil {
          steps[to] = (steps[queue[at]] ?? 0) + 1
          queue.append(to)
        }
        at += 1
      }
      for b in nodes {
        let found = try index.shortestPathDistance(a, b)
        #expect((found ?? .max) >= (steps[b] ?? .max) && (found ?? .max) <= (steps[b] ?? 0) + 3)
        #expect(try index.shortestPathDistance(b, a) == found)
        #expect(index.commonLayer(a, b) == min(index.level(of: a) ?? -9, index.level(of: b) ?? -9))
      }
    }
    try index.remove([4, 5])
    #expect(try index.csr(level: 0).nodes.count == n - 2)
    let statistics = try index.statistics()
    #expect(
      statistics.levels.reduce(0, +) == n - 2 && statistics.degrees.reduce(0, +) == n - 2 && statistics.removed == 2)
    #expect(try index.shortestPathDistance(0, n) == nil)
  }

  @Test func searchOfALayer() throws {
    let n = 150, dim = 5, index = try made(n, dim), data = clustered(n, dim, centres: 20, seed: 51)
    for level in 0...index.maxLevel {
      let places = try index.csr(level: level).nodes.map { Int($0) }
      let query = Array(data[..<dim])
      let wanted = try places.map { place -> (Int, Float) in
        (place, Float(oracle(.l2, query, try index.vector(index.keys.integer(place)))))
      }.sorted { $0.1 < $1.1 }
      var found: [Int] = []
      try index.searchLayer(query, k: 3, level: level, ef: 150) { (place, distance) throws(RuvectorError) in
        found.append(place)
        #expect(abs(distance - (wanted.first { $0.0 == place }?.1 ?? -1)) < 1e-5)
      }
      #expect(found.count == min(3, places.count))
      #expect(Set(found).isSubset(of: Set(wanted.prefix(6).map { $0.0 })))
    }
  }

  @Test func mergedPartsAreTheWhole() throws {
    var random = Random(seed: 8)
    for _ in 0..<50 {
      let parts = (0..<random.below(6)).map { _ in
        (0..<random.below(9)).map { _ in Float(random.below(12)) }.sorted()
      }
      let all = parts.enumerated().flatMap { p, list in list.enumerated().map { (p, $0, $1) } }
      let wanted = all.sorted { ($0.2, $0.0, $0.1) < ($1.2, $1.0, $1.1) }, k = random.below(20)
      var found: [[Int]] = []
      let buffers = parts.map { part in
        let copy = UnsafeMutableBufferPointer<Float>.allocate(capacity: part.count)
        _ = copy.initialize(from: part)
        return UnsafeBufferPointer(copy)
      }
      defer { for one in buffers { one.deallocate() } }
      try mergeTopK(buffers, k) { found.append([$0, $1]) }
      #expect(found == wanted.prefix(k).map { [$0.0, $0.1] })
    }
    let wrong: [Float] = [2, 1], nan: [Float] = [.nan]
    wrong.withUnsafeBufferPointer { list in
      #expect(failure { () throws(RuvectorError) in try mergeTopK([list], 1) { _, _ in } }?.code == .invalidArgument)
    }
    nan.withUnsafeBufferPointer { list in
      #expect(failure { () throws(RuvectorError) in try mergeTopK([list], 1) { _, _ in } }?.code == .nonFinite)
    }
  }

  /// Readers on other threads while one adds, removes and replaces: every answer is one of the moment (`npm run sanitize`
  /// watches the memory). A second writer is refused.
  @Test func readersWhileOneWrites() throws {
    let dim = 8, index = try HNSWIndex(names(.cosine, .f32, dim, [("M", 4), ("efConstruction", 20)]))
    let data = clustered(900, dim, centres: 30, seed: 61)
    func rows(_ from: Int, _ to: Int) -> [Float] { Array(data[(from * dim)..<(to * dim)]) }
    try index.add((0..<100).map { Int64($0) }, rows(0, 100))
    let failures = try FirstFailure(), done = try AlignedBuffer<UInt32>(count: 1, repeating: 0)
    parallelFor(threads: 4, count: 4) { t in
      do throws(RuvectorError) {
        if t == 0 {
          for step in 1..<8 {
            try index.add((0..<100).map { Int64(step * 100 + $0) }, rows(step * 100, step * 100 + 100))
            try index.remove((0..<60).map { Int64((step - 1) * 100 + $0) })
            try index.add([Int64(step * 100)], rows(800 + step, 801 + step), replacing: true)
          }
          done[0] = 1
        } else {
          var random = Random(seed: UInt64(t))
          for _ in 0..<400 {
            let query = rows(random.below(900), 0 + 900).prefix(dim)
            let found = try index.find(Array(query), k: 5)
            if found.count != 5 { throw RuvectorError(.corrupt, "\(found.count) results") }
            _ = index.has(Int64(random.below(900)))
            _ = try index.reading { () throws(RuvectorError) in index.neighbors(of: random.below(100), level: 0) }
          }
        }
      } catch { failures.note(t, error) }
    }
    #expect(failures.error == nil && done[0] == 1)
    #expect(try index.brokenInvariant() == nil)
    #expect(index.size == 800 - 7 * 60)
    let refused = failure { () throws(RuvectorError) in
      try index.write { () throws(RuvectorError) in try index.remove([799]) }
    }
    #expect(refused?.code == .busy)
  }
}
