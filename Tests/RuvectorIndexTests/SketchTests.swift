import Foundation
import RuvectorCore
import TestSupport
import Testing

@testable import RuvectorIndex

/// Many vectors at once are walked to as bytes: the graph must be as good as one built from floats alone.
struct SketchTests {
  private let dim = 96, n = 3000

  /// The share of the 10 nearest that `ef` 24 finds, of graphs built by calls of `atOnce` vectors.
  private func recall(_ metric: IndexMetric, _ data: [Float], atOnce: Int, _ storage: RowStorage = .f32) throws
    -> Double
  {
    let count = data.count / dim - n, keys = (0..<n).map { Int64($0) }
    let graph = try HNSWIndex(names(metric, storage, dim)), exact = try BruteForceIndex(names(metric, .f32, dim))
    try exact.add(keys, Array(data[..<(n * dim)]))
    for start in stride(from: 0, to: n, by: atOnce) {
      let end = min(n, start + atOnce)
      try graph.add(Array(keys[start..<end]), Array(data[(start * dim)..<(end * dim)]))
    }
    var hits = 0
    for q in n..<(n + count) {
      let query = Array(data[(q * dim)..<((q + 1) * dim)])
      let nearest = Set(try exact.find(query, k: 10).map(\.key))
      hits += try graph.find(query, k: 10, ef: 24).filter { nearest.contains($0.key) }.count
    }
    return Double(hits) / Double(10 * count)
  }

  @Test(arguments: [(IndexMetric.cosine, RowStorage.f32), (.l2, .f32), (.ip, .f32), (.cosine, .f16)])
  func asGoodAsFloats(_ metric: IndexMetric, _ storage: RowStorage) throws {
    let data = clustered(n + 100, dim, centres: 60, spread: 0.3, seed: 21)
    let floats = try recall(metric, data, atOnce: 200, storage), bytes = try recall(metric, data, atOnce: n, storage)
    print("index \(metric) \(storage): recall of a graph by floats \(floats), by bytes \(bytes)")
    #expect(bytes >= floats - 0.01)
  }

  /// Differences far below a step of the bytes: the walk must go back to floats by itself.
  @Test(arguments: [(IndexMetric.cosine, Float(0.2), Float(0)), (.l2, 0.0003, 0), (.l2, 1, 1000), (.ip, 1, 100)])
  func vectorsThatBytesCannotTellApart(_ metric: IndexMetric, _ apart: Float, _ mean: Float) throws {
    var random = Random(seed: 22)
    let common = (0..<dim).map { _ in mean > 0 ? mean : Float(random.normal()) }
    let data = clustered(n + 100, dim, centres: 60, spread: 0.3, seed: 23).enumerated().map {
      common[$0.offset % dim] + apart * $0.element
    }
    let (floats, bytes) = (try recall(metric, data, atOnce: 200), try recall(metric, data, atOnce: n))
    print("index \(metric), near to each other: recall of a graph by floats \(floats), by bytes \(bytes)")
    #expect(bytes >= floats - 0.01)
  }

  @Test func whereItIsUsed() throws {
    func isUsed(_ metric: IndexMetric, _ storage: RowStorage, dim: Int = 96, holding: Int = 0, adding: Int) throws
      -> Bool
    {
      let index = try HNSWIndex(names(metric, storage, dim))
      let data = (0..<(holding * dim)).map { Float($0 % 8191) * 0.01 }
      try index.add((0..<holding).map { Int64($0) }, data)
      return try Sketch.make(of: index, adding: adding) != nil
    }
    #expect(try isUsed(.cosine, .f32, adding: 201) && isUsed(.l2, .f16, adding: 201))
    #expect(try !isUsed(.cosine, .f32, adding: 200))
    #expect(try !isUsed(.cosine, .f32, holding: 4000, adding: 240) && isUsed(.ip, .f32, holding: 4000, adding: 250))
    #expect(try !isUsed(.l2, .i8, adding: 201) && !isUsed(.poincare, .f32, adding: 201))
    #expect(try !isUsed(.l2, .f32, dim: 95, adding: 201))
  }

  @Test func oneGraphFromAnyNumberOfThreads() throws {
    let data = clustered(n, dim, centres: 60, seed: 24)
    func graph(_ threads: Int) throws -> [UInt32] {
      let index = try HNSWIndex(names(.cosine, .f32, dim))
      try index.add((0..<n).map { Int64($0) }, data, threads: threads)
      return try index.csr(level: 0).indices
    }
    let one = try graph(1)
    #expect(try graph(2) == one && graph(5) == one)
  }
}
