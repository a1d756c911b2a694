import Foundation
import RuvectorCore
import TestSupport
import Testing

@testable import RuvectorIndex

/// Both kinds of index against distances by their definition, for every metric and storage.
struct IndexSearchTests {
  static let kinds = IndexMetric.allCases.flatMap { metric in
    RowStorage.allCases.filter { $0 == .f32 || !metric.isHyperbolic }.map { (metric, $0) }
  }

  @Test(arguments: kinds) func distancesAndRecall(_ metric: IndexMetric, _ storage: RowStorage) throws {
    let n = 600, dim = 23, k = 10, count = 30
    let (data, width) = points(metric, clustered(n + count, dim, centres: 30, spread: 0.5, seed: 3), dim)
    let base = Array(data[..<(n * width)]), keys = (0..<n).map { Int64($0) * 3 - 50 }
    let exact = try BruteForceIndex(names(metric, storage, width))
    let graph = try HNSWIndex(names(metric, storage, width))
    try exact.add(keys, base)
    try graph.add(keys, base)
    #expect(try graph.brokenInvariant() == nil)
    var gauge = Gauge(), hits = [0, 0]
    for q in 0..<count {
      let query = Array(data[((n + q) * width)..<((n + q + 1) * width)])
      let all = (0..<n).map { r in
        (keys[r], oracle(metric, query, Array(base[(r * width)..<((r + 1) * width)])))
      }
      let best = all.sorted { $0.1 < $1.1 }, nearest = Set(best[..<k].map { $0.0 })
      let distance = Dictionary(uniqueKeysWithValues: all)
      for (which, index) in [exact, graph].enumerated() {
        let found = try index.find(query, k: k, ef: 64)
        #expect(found.count == k)
        for (i, one) in found.enumerated() {
          // What re-ranking returns are exact distances of the placed floats, whatever the walk read.
          gauge.see(one.distance, distance[one.key] ?? .nan, unit: 1e-5, bound: 1, "\(metric) \(storage) \(which)")
          if i > 0 { gauge.require(found[i - 1].distance <= one.distance, "order") }
        }
        hits[which] += found.filter { nearest.contains($0.key) }.count
      }
    }
    #expect(gauge.breach == nil)
    let recall = hits.map { Double($0) / Double(k * count) }
    print("index \(metric) \(storage): recall exact \(recall[0]), graph \(recall[1])")
    #expect(recall[0] >= (storage == .i8 ? 0.99 : 0.999) && recall[1] >= 0.985)
  }

  /// Without floats beside them, distances are those of the rounded rows.
  @Test(arguments: [RowStorage.f16, .i8], [IndexMetric.cosine, .l2, .ip])
  func withoutFloats(_ storage: RowStorage, _ metric: IndexMetric) throws {
    let n = 400, dim = 40, data = clustered(n, dim, centres: 20, seed: 5)
    let index = try BruteForceIndex(names(metric, storage, dim, [("rerank", 0)]))
    try index.add((0..<n).map { Int64($0) }, data)
    for r in [0, 7, 399] {
      let query = Array(data[(r * dim)..<((r + 1) * dim)]), found = try index.find(query, k: 1)
      if metric != .ip { #expect(found[0].key == Int64(r)) }
      let stored = try index.vector(Int64(r)), norm = query.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      let scale = metric == .cosine ? 1 / norm : 1, exact = query.map { Double($0) * scale }
      // Half a step of the bytes, of which 127 reach the largest element; half a unit of the last place of a half.
      let step = (exact.map(abs).max() ?? 0) / 254
      for i in 0..<dim {
        let bound = storage == .i8 ? step : max(abs(exact[i]) * 0x1p-11, 0x1p-25)
        #expect(abs(Double(stored[i]) - exact[i]) <= bound * 1.001 + 1e-7)
      }
    }
  }

  @Test func curvature() throws {
    for curvature in [-0.25, -4.0] {
      for metric in [IndexMetric.poincare, .lorentz] {
        let c = -curvature, scale = Float(1 / c.squareRoot())
        let raw = clustered(80, 4, centres: 9, spread: 0.3, seed: 8).map { $0 * scale }
        let (data, width) = points(metric, raw, 4, c: c)
        let index = try HNSWIndex(names(metric, .f32, width) + [("curvature", .number(curvature))])
        try index.add((0..<79).map { Int64($0) }, Array(data[..<(79 * width)]))
        let query = Array(data[(79 * width)...])
        for one in try index.find(query, k: 79) {
          let y = Array(data[(Int(one.key) * width)..<((Int(one.key) + 1) * width)])
          let wanted = oracle(metric, query, y, c: c)
          #expect(abs(Double(one.distance) - wanted) < 2e-5 * max(1, wanted))
        }
        let back = try index.vector(5)
        for i in 0..<width { #expect(abs(back[i] - data[5 * width + i]) < 1e-5 * max(1, abs(back[i]))) }
      }
    }
  }

  /// Points far out on the hyperboloid: near ones are told apart, which Float's x₀ y₀ − x⃗·y⃗ does not.
  @Test func farPointsOfTheHyperboloid() throws {
    let radius = 4.0, turn = 0.01
    func point(_ angle: Double) -> [Float] {
      [Float(cosh(radius)), Float(sinh(radius) * cos(angle)), Float(sinh(radius) * sin(angle))]
    }
    let index = try BruteForceIndex(names(.lorentz, .f32, 3))
    try index.add((0..<40).map { Int64($0) }, (0..<40).flatMap { point(Double($0) * turn) })
    let found = try index.find(point(0.101), k: 3)
    #expect(found.map { $0.key } == [10, 11, 9])
    let exact = acosh(cosh(radius) * cosh(radius) - sinh(radius) * sinh(radius) * cos(0.001))
    #expect(abs(Double(found[0].distance) - exact) < 0.01 * exact)
  }

  @Test func edges() throws {
    for index in [try HNSWIndex(names(.cosine, .f32, 3)), try BruteForceIndex(names(.cosine, .f32, 3))] as [VectorIndex]
    {
      #expect(try index.find([1, 2, 3], k: 5).isEmpty && index.size == 0)
      try index.add([7], [0, 0, 0])
      try index.add([8, 9], [1, 0, 0, 0, 1, 0])
      #expect(try index.find([0, 0, 0], k: 2).map { $0.distance } == [1, 1])
      let found = try index.find([2, 0, 0], k: 99)
      #expect(found.map { $0.key } == [8, 7, 9] || found.map { $0.key } == [8, 9, 7])
      #expect(found.map { $0.distance } == [0, 1, 1])
      #expect(try index.find([2, 0, 0], k: 0).isEmpty)
      #expect(failure { () throws(RuvectorError) in try index.add([8], [1, 1, 1]) }?.code == .duplicateKey)
      #expect(
        failure { () throws(RuvectorError) in try index.add([1, 2, 1], [Float](repeating: 1, count: 9)) }?.code
          == .duplicateKey)
      #expect(
        failure { () throws(RuvectorError) in try index.add([1], [1, .nan, 1]) }?.message
          == "expected finite numbers for vector, received NaN at element 1")
      #expect(failure { () throws(RuvectorError) in try index.add([1], [1, .infinity, 1]) }?.code == .nonFinite)
      #expect(
        failure { () throws(RuvectorError) in try index.add([1], [1, 2, 3, 4, 5, 6]) }?.code == .dimensionMismatch)
      #expect(failure { () throws(RuvectorError) in try index.remove([8, 77]) }?.code == .notFound)
      #expect(failure { () throws(RuvectorError) in _ = try index.find([.nan, 0, 0], k: 1) }?.code == .nonFinite)
      #expect(index.size == 3 && index.has(8))
      try index.add([8, 20], [0, 0, 1, 0, 0, 2], replacing: true)
      #expect(index.size == 4)
      #expect(try index.vector(8) == [0, 0, 1])
      try index.clear()
      #expect(index.size == 0 && !index.has(7))
      #expect(try index.find([1, 2, 3], k: 5).isEmpty)
    }
    for metric in [IndexMetric.l2, .ip] {
      let index = try HNSWIndex(names(metric, .f32, 2))
      #expect(failure { () throws(RuvectorError) in try index.add([1], [1e19, 0]) }?.code == .outOfRange)
      try index.add([1, 2], [9e17, 0, -9e17, 0])
      #expect(try index.find([9e17, 0], k: 2).allSatisfy { $0.distance.isFinite })
      #expect(failure { () throws(RuvectorError) in _ = try index.find([1e30, 0], k: 1) }?.code == .outOfRange)
    }
    let lorentz = try HNSWIndex(names(.lorentz, .f32, 3))
    #expect(failure { () throws(RuvectorError) in try lorentz.add([1], [1, 1, 0]) }?.code == .outOfRange)
  }

  @Test func options() {
    func message(_ given: [(key: String, value: OptionValue)]) -> String? {
      failure { () throws(RuvectorError) in _ = try HNSWIndex(given) }?.message
    }
    #expect(message([]) == "expected an integer in 1...65536 for dim, received nothing")
    #expect(message([("dim", .integer(3)), ("M", .integer(1))]) == "expected an integer in 2...100 for M, received 1")
    #expect(message([("dim", .integer(1)), ("metric", .text("lorentz"))])?.contains("2...65536 for dim") == true)
    #expect(message(names(.poincare, .i8, 3))?.contains("for storage, received \"i8\"") == true)
    #expect(message(names(.poincare, .f32, 3) + [("curvature", .number(1))])?.contains("for curvature") == true)
    #expect(
      failure { () throws(RuvectorError) in _ = try BruteForceIndex([("dim", .integer(3)), ("M", .integer(4))]) }?.code
        == .invalidConfig)
  }

  /// One graph from any number of threads, and from the same calls again; another from another seed.
  @Test func determinism() throws {
    let n = 1200, dim = 16, data = clustered(n, dim, centres: 50, seed: 11), keys = (0..<n).map { Int64($0) }
    func graph(_ threads: Int, _ seed: Int) throws -> [UInt32] {
      let index = try HNSWIndex(names(.l2, .f32, dim, [("M", 8), ("efConstruction", 40), ("seed", seed)]))
      try index.add(Array(keys[..<800]), Array(data[..<(800 * dim)]), threads: threads)
      try index.remove((0..<150).map { Int64($0 * 5) })
      try index.add(Array(keys[800...]), Array(data[(800 * dim)...]), threads: threads)
      return try (0...index.maxLevel).flatMap { level in
        let csr = try index.csr(level: level)
        return csr.offsets + csr.indices + csr.nodes
      }
    }
    let one = try graph(1, 4)
    #expect(try graph(2, 4) == one && graph(7, 4) == one)
    #expect(try graph(1, 5) != one)
  }
}
