import Foundation
import RuvectorCore
import TestSupport
import Testing

@testable import RuvectorIndex

/// Vectors as programs have them: what npm/test/index-ordinary.test.js asks of the results, and here of what lies behind them.
struct OrdinaryTests {
  private let keys = (0..<1200).map { Int64($0) }

  /// Rows of `dim` elements around `mean`.
  private func around(_ mean: Float, _ spread: Float, _ dim: Int, seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed)
    return generator.normals(keys.count * dim).map { mean + spread * $0 }
  }

  @Test func innerProductsGiveOneGraphFromAnyNumberOfThreads() throws {
    let dim = 24
    var random = Random(seed: 3)
    let data = (0..<keys.count).flatMap { _ -> [Float] in
      let length = Float(exp(random.normal()))
      return (0..<dim).map { _ in length * Float(random.normal().magnitude) }
    }
    func graph(_ threads: Int) throws -> [UInt32] {
      let index = try HNSWIndex(names(.ip, .f32, dim))
      try index.add(Array(keys[..<800]), Array(data[..<(800 * dim)]), threads: threads)
      try index.remove(Array(keys[..<300]))
      try index.add(Array(keys[800...]), Array(data[(800 * dim)...]), threads: threads)
      #expect(try index.brokenInvariant() == nil)
      return try index.csr(level: 0).indices
    }
    let one = try graph(1)
    #expect(try graph(2) == one && graph(5) == one)
  }

  @Test func theMeanIsThatOfWhatIsThere() throws {
    let index = try HNSWIndex(names(.ip, .f32, 2)), centre = try #require(index.centre)
    try index.add([1, 2, 3], [1, 0, 3, 0, 5, 9])
    #expect(centre.mean[0] == 3 && centre.mean[1] == 3)
    try index.add([4], [1e17, 1e17])
    try index.remove([3, 4])
    try index.add([5], [2, 3])
    #expect(centre.mean[0] == 2 && centre.mean[1] == 1)
    #expect(try HNSWIndex(names(.l2, .f32, 2)).centre == nil)
  }

  @Test(arguments: [(IndexMetric.l2, RowStorage.i8), (.cosine, .i8), (.ip, .i8), (.l2, .f16)])
  func foundOutOnceAndForFiles(_ metric: IndexMetric, _ storage: RowStorage) throws {
    let data = around(100, 0.05, 16, seed: 4)
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("blur-\(metric)-\(storage)").path
    defer { try? FileManager.default.removeItem(atPath: file) }
    for atOnce in [1, 40, keys.count] {
      let index = try HNSWIndex(names(metric, storage, 16, [("efConstruction", 40)]))
      for start in stride(from: 0, to: keys.count, by: atOnce) {
        let end = min(start + atOnce, keys.count)
        try index.add(Array(keys[start..<end]), Array(data[(16 * start)..<(16 * end)]))
      }
      #expect(index.rows.isBlurred, "\(atOnce)")
      if atOnce > 1 { continue }
      try index.save(file)
      let query = Array(data[..<16]), wanted = try index.find(query, k: 10).map { $0.key }
      let (read, _) = try VectorIndex.view(file, floats: .read)
      for other in [try VectorIndex.load(file).index, try VectorIndex.view(file).index, read] {
        #expect(other.rows.isBlurred)
        #expect(try other.find(query, k: 10).map { $0.key } == wanted)
      }
    }
  }

  @Test func ordinaryRowsAreWalkedInTheirStorage() throws {
    let dim = 32
    let unit = around(0, 1, dim, seed: 6), clusters = clustered(keys.count, dim, centres: 30, spread: 0.3, seed: 7)
    let outlier = unit.enumerated().map { $0.offset % dim == 3 ? 5 + $0.element : $0.element }
    let sparse = unit.enumerated().map { $0.offset % 7 == $0.offset / dim % 7 ? $0.element : 0 }
    for (name, data) in [
      ("normal", unit), ("clusters", clusters), ("outlier", outlier), ("sparse", sparse),
      ("equal", unit.indices.map { Float($0 % dim) * 0.37 }), ("zero", unit.map { _ in 0 }),
    ] {
      for metric in [IndexMetric.cosine, .l2, .ip] {
        for storage in [RowStorage.f16, .i8] {
          for count in [1, 2, 12, keys.count] {
            let index = try BruteForceIndex(names(metric, storage, dim))
            try index.add(Array(keys[..<count]), Array(data[..<(count * dim)]))
            #expect(!index.rows.isBlurred, "\(name) \(metric) \(storage) \(count)")
          }
        }
      }
    }
  }

  @Test func anErrorStoresNothing() throws {
    let data = around(100, 0.05, 16, seed: 8)
    let index = try HNSWIndex(names(.l2, .i8, 16, [("rerank", 0)]))
    try index.add([7000], Array(around(0, 1, 16, seed: 9)[..<16]))
    for _ in 0..<2 {
      let error = failure { () throws(RuvectorError) in try index.add(keys, data) }
      #expect(error?.code == .outOfRange)
      #expect(error?.message.hasPrefix("expected vectors that storage \"i8\" tells apart") == true)
    }
    #expect(index.size == 1 && index.nextPlace == 1 && !index.has(0))
    let halves = try HNSWIndex(names(.l2, .f16, 2, [("rerank", 0)]))
    #expect(failure { () throws(RuvectorError) in try halves.add([1], [1, 65505]) }?.code == .outOfRange)
    try halves.add([1], [1, 65504])
    #expect(halves.size == 1)
    // A known key is found before anything changes.
    let both = try BruteForceIndex(names(.l2, .i8, 16))
    try both.add([0], Array(data[..<16]))
    #expect(failure { () throws(RuvectorError) in try both.add(keys, data) }?.code == .duplicateKey)
    #expect(!both.rows.isBlurred)
  }
}
