import RuvectorCore
import TestSupport
import Testing

@testable import RuvectorIndex

/// Random operations against a dictionary; what fails is made as short as it can be.
struct IndexOperationsTests {
  enum Operation: CustomStringConvertible {
    case add(Int64, Int, duplicates: Bool), remove(Int64, Int), update(Int64), search, clear
    var description: String {
      switch self {
      case .add(let key, let count, let duplicates): ".add(\(key), \(count), duplicates: \(duplicates))"
      case .remove(let key, let count): ".remove(\(key), \(count))"
      case .update(let key): ".update(\(key))"
      case .search: ".search"
      case .clear: ".clear"
      }
    }
  }

  private static func operations(_ seed: UInt64) -> [Operation] {
    var random = Random(seed: seed)
    return (0..<60).map { _ in
      switch random.below(20) {
      case 0..<8: .add(Int64(random.below(400)), 1 + random.below(60), duplicates: random.below(6) == 0)
      case 8..<13: .remove(Int64(random.below(400)), 1 + random.below(80))
      case 13..<16: .update(Int64(random.below(400)))
      case 16..<19: .search
      default: random.below(4) == 0 ? .clear : .search
      }
    }
  }

  /// What goes wrong, nil for nothing. Keys that are there already are left out of an `add`, missing ones out of a `remove`.
  private static func run(_ operations: [Operation], _ make: () throws -> VectorIndex) -> String? {
    do {
      let index = try make(), dim = index.dim
      var truth: [Int64: [Float]] = [:], generator = SeededGenerator(99)
      for operation in operations {
        switch operation {
        case .add(let first, let count, let duplicates):
          let keys = (first..<(first + Int64(count))).filter { truth[$0] == nil }
          let one = generator.normals(dim)
          var data: [Float] = []
          for key in keys {
            let row = duplicates ? one : generator.normals(dim)
            truth[key] = row
            data += row
          }
          if !keys.isEmpty { try index.add(keys, data) }
        case .remove(let first, let count):
          let keys = (first..<(first + Int64(count))).filter { truth[$0] != nil }
          for key in keys { truth[key] = nil }
          if !keys.isEmpty { try index.remove(keys) }
        case .update(let key):
          guard truth[key] != nil else { continue }
          let row = generator.normals(dim)
          truth[key] = row
          try index.add([key], row, replacing: true)
        case .clear:
          try index.clear()
          truth = [:]
        case .search:
          let query = generator.normals(dim), found = try index.find(query, k: 7, ef: 60)
          guard found.count == min(7, truth.count) else { return "\(found.count) results of \(truth.count) vectors" }
          for one in found {
            guard let row = truth[one.key] else { return "a key that is not there: \(one.key)" }
            let wanted = oracle(index.metric, query, row)
            guard abs(Double(one.distance) - wanted) < 1e-4 * max(1, wanted) else { return "a wrong distance" }
          }
        }
        guard index.size == truth.count else { return "\(index.size) vectors instead of \(truth.count)" }
        if let graph = index as? HNSWIndex, let broken = try graph.brokenInvariant() { return broken }
      }
      for (key, row) in truth where index.metric == .l2 {
        guard try index.vector(key) == row else { return "another vector under \(key)" }
      }
      return nil
    } catch { return "\(error)" }
  }

  @Test(arguments: 0..<12) func graph(_ seed: UInt64) {
    check(seed) { try HNSWIndex(names(.l2, .f32, 6, [("M", seed % 3 == 0 ? 2 : 5), ("efConstruction", 30)])) }
  }

  @Test(arguments: 0..<4) func cosineInBytes(_ seed: UInt64) {
    check(seed + 100) { try HNSWIndex(names(.cosine, .i8, 9, [("M", 4), ("efConstruction", 30)])) }
  }

  @Test(arguments: 0..<4) func bruteForce(_ seed: UInt64) {
    check(seed + 200) { try BruteForceIndex(names(.l2, .f32, 6)) }
  }

  private func check(_ seed: UInt64, _ make: () throws -> VectorIndex) {
    let all = Self.operations(seed)
    guard let broken = Self.run(all, make) else { return }
    let short = shrunk(all) { Self.run($0, make) != nil }
    Issue.record("seed \(seed): \(broken); shortest: \(short), which gives: \(Self.run(short, make) ?? "")")
  }

  /// Half of the vectors replaced, three times over: the graph answers as a new one does, and its memory is used again.
  @Test func churn() throws {
    let n = 1200, dim = 24, count = 100, data = clustered(4 * n + count, dim, centres: 60, seed: 21)
    func rows(_ from: Int, _ to: Int) -> [Float] { Array(data[(from * dim)..<(to * dim)]) }
    let options = names(.l2, .f32, dim, [("M", 12), ("efConstruction", 100)])
    let index = try HNSWIndex(options)
    try index.add((0..<n).map { Int64($0) }, rows(0, n))
    var first = 0, next = n
    for _ in 0..<6 {
      try index.remove((first..<(first + n / 2)).map { Int64($0) })
      try index.add((next..<(next + n / 2)).map { Int64($0) }, rows(next, next + n / 2))
      first += n / 2
      next += n / 2
      #expect(try index.brokenInvariant() == nil)
    }
    #expect(index.size == n && index.placeCount <= n + n / 2 + n / 8)
    let fresh = try HNSWIndex(options), exact = try BruteForceIndex(names(.l2, .f32, dim))
    for one in [fresh, exact] as [VectorIndex] { try one.add((first..<next).map { Int64($0) }, rows(first, next)) }
    var hits = (0, 0)
    for q in 0..<count {
      let query = rows(4 * n + q, 4 * n + q + 1)
      let best = Set(try exact.find(query, k: 10).map { $0.key })
      hits.0 += try index.find(query, k: 10, ef: 20).filter { best.contains($0.key) }.count
      hits.1 += try fresh.find(query, k: 10, ef: 20).filter { best.contains($0.key) }.count
    }
    print("recall after churn \(Double(hits.0) / 1000), of a new graph \(Double(hits.1) / 1000)")
    #expect(Double(hits.0) >= Double(hits.1) - 20)
  }
}
