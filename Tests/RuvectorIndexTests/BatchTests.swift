import RuvectorCore
import TestSupport
import Testing

@testable import RuvectorIndex

/// Rows that are staged, shown and forgotten; repair step by step.
struct BatchTests {
  private let dim = 6

  private func made(_ more: [(String, Int)] = []) throws -> [VectorIndex] {
    [
      try HNSWIndex(names(.l2, .f32, dim, [("M", 5), ("efConstruction", 30)] + more)),
      try BruteForceIndex(names(.l2, .f32, dim)),
    ]
  }

  /// Stages rows behind those of the ticket.
  private func stage(_ index: VectorIndex, _ ticket: UInt64, _ data: [Float]) throws -> UInt64 {
    try data.withUnsafeBufferPointer { list in
      guard let first = list.baseAddress else { return ticket }
      return try index.stage(ticket, MatrixView(first, rows: data.count / dim, dim: dim))
    }
  }

  private func commit(_ index: VectorIndex, _ ticket: UInt64, _ keys: [Int64], removing: [Int64] = []) throws {
    try keys.withUnsafeBufferPointer { k in
      try removing.withUnsafeBufferPointer { r in
        let none = try AlignedBuffer<Int64>(count: 1, repeating: 0)
        let list = KeyList.integers(k.baseAddress ?? UnsafePointer(none.pointer), keys.count)
        let gone = KeyList.integers(r.baseAddress ?? UnsafePointer(none.pointer), removing.count)
        try index.commit(ticket, list, removing: gone)
      }
    }
  }

  @Test func stagedRowsAreHiddenUntilTheyAreCommitted() throws {
    for index in try made() {
      var generator = SeededGenerator(3)
      let old = (0..<40).map { _ in generator.normals(dim) }, new = (0..<40).map { _ in generator.normals(dim) }
      try index.add((0..<40).map { Int64($0) }, old.flatMap { $0 })
      // Two parts under one ticket, another ticket between them.
      let first = try stage(index, 0, new[..<25].flatMap { $0 }), other = try stage(index, 0, old[..<3].flatMap { $0 })
      #expect(try stage(index, first, new[25...].flatMap { $0 }) == first && other != first)
      #expect(index.size == 40 && !index.has(41))
      for row in new { #expect(try index.find(row, k: 50).allSatisfy { $0.key < 40 && $0.distance > 0 }) }
      #expect(try index.find(new[0], k: 50).count == 40)
      // 0...19 are replaced under new keys, 20...39 stay; 99 is not there.
      try commit(index, first, (100..<140).map { Int64($0) }, removing: (0..<20).map { Int64($0) } + [99, 5])
      #expect(index.size == 60)
      for i in 0..<40 {
        #expect(try index.find(new[i], k: 1).first?.key == Int64(100 + i))
        let nearest = try index.find(old[i], k: 1).first?.key
        #expect(i < 20 ? nearest != Int64(i) : nearest == Int64(i))
        #expect(index.has(Int64(i)) == (i >= 20))
      }
      #expect(failure { () throws(RuvectorError) in try index.discard(first) } == nil)
      let one = try AlignedBuffer<Int64>(count: 1, repeating: 1), key = KeyList.integers(one.pointer, 1)
      #expect(failure { () throws(RuvectorError) in try index.commit(first, key) }?.code == .notFound)
      #expect(failure { () throws(RuvectorError) in try index.clear() }?.code == .busy)
      let wrong = failure { () throws(RuvectorError) in try index.commit(other, key) }
      #expect(wrong?.message == "expected as many keys as vectors (3) for keys, received 1")
      // Keys that are there keep their vectors, and what was staged for them is dropped.
      try commit(index, other, [100, 200, 201])
      #expect(index.size == 62)
      #expect(try index.vector(100) == new[0])
      #expect(try index.vector(200) == old[1])
      if let graph = index as? HNSWIndex { #expect(try graph.brokenInvariant() == nil) }
    }
  }

  @Test func whatIsDiscardedLeavesNothing() throws {
    for index in try made() {
      var generator = SeededGenerator(4)
      let row = generator.normals(dim)
      try index.discard(stage(index, 0, row + row))
      #expect(index.size == 0 && index.placeCount == 0)
      try index.add([1], row)
      for _ in 0..<50 {
        try index.discard(stage(index, 0, row + generator.normals(dim)))
        while try index.repair(1000) {}
      }
      #expect(index.size == 1 && index.placeCount <= 80)
      #expect(try index.find(row, k: 5).map { $0.key } == [1])
      if let graph = index as? HNSWIndex { #expect(try graph.brokenInvariant() == nil) }
    }
  }

  /// Between any two steps of a repair the graph is whole, whatever is added and removed there.
  @Test(arguments: 0..<4) func repairStepByStep(_ seed: UInt64) throws {
    let index = try HNSWIndex(names(.l2, .f32, dim, [("M", seed == 0 ? 2 : 4), ("efConstruction", 20)]))
    var random = Random(seed: seed), generator = SeededGenerator(seed)
    var truth: [Int64: [Float]] = [:], next: Int64 = 0, repaired = 0
    func add(_ count: Int) throws {
      let keys = (0..<count).map { next + Int64($0) }, rows = keys.map { _ in generator.normals(dim) }
      try index.add(keys, rows.flatMap { $0 })
      for (key, row) in zip(keys, rows) { truth[key] = row }
      next += Int64(count)
    }
    try add(130)
    for _ in 0..<300 {
      if index.repair != nil { repaired += 1 }
      switch random.below(10) {
      case 0..<2: try add(1)
      case 2..<4:
        // By commit, which does no repair of its own.
        let key = truth.keys.sorted()[random.below(truth.count)]
        truth[key] = nil
        try commit(index, 0, [], removing: [key])
      default: _ = try index.repair(1 + random.below(3))
      }
      if let broken = try index.brokenInvariant() {
        Issue.record("seed \(seed): \(broken)")
        return
      }
    }
    #expect(repaired > 60, "a repair was under way most of the time")
    while try index.repair(7) {}
    #expect(try index.brokenInvariant() == nil)
    for (key, row) in truth { #expect(try index.find(row, k: 1, ef: 400).first?.key == key) }
  }

  /// A table that grows in slices finds everything at every moment.
  @Test func keysWhileTheirTableGrows() throws {
    let keys = try Keys(.integer, first: 5000, shift: 6)
    var live: Set<Int> = [], random = Random(seed: 9)
    func list<T>(_ key: Int64, _ body: (KeyList) throws -> T) rethrows -> T {
      try withUnsafePointer(to: key) { try body(.integers($0, 1)) }
    }
    for id in 0..<5000 {
      try keys.reserve(1, bytes: 0)
      list(Int64(id) &* 977) { keys.insert($0, 0, at: id) }
      live.insert(id)
      if random.below(3) == 0, let gone = live.randomElement() {
        keys.remove(at: gone)
        live.remove(gone)
      }
      for _ in 0..<3 {
        let probe = random.below(id + 1)
        let found = list(Int64(probe) &* 977) { keys.find($0, 0) { _ in true } }
        #expect(found == (live.contains(probe) ? probe : nil))
      }
    }
    #expect(keys.count == live.count)
  }

  /// Strings are copied to new memory while keys come and go, and the memory does not grow.
  @Test func stringsThatMove() throws {
    let index = try HNSWIndex(names(.l2, .f32, dim, [("M", 4), ("efConstruction", 20)]) + [("keys", .text("string"))])
    var generator = SeededGenerator(5)
    func with<T>(_ from: Int, _ count: Int, _ body: (KeyList) throws -> T) throws -> T {
      let words = try Words((0..<count).map { "key number \(from + $0) with some text behind it" })
      return try withExtendedLifetime(words) { try body(words.list) }
    }
    let rows = try AlignedBuffer<Float>(count: 100 * dim)
    var bytes: [Int] = []
    for round in 0..<40 {
      for i in 0..<100 * dim { rows[i] = generator.normals(1)[0] }
      try with(100 * round, 100) { try index.add($0, MatrixView(rows.pointer, rows: 100, dim: dim)) }
      if round > 1 {
        // One by one: the copying goes in slices.
        for i in 0..<100 { try with(100 * (round - 2) + i, 1) { try index.remove($0) } }
      }
      bytes.append(index.keys.byteCount)
      for i in stride(from: 0, to: 100, by: 7) {
        let here = try with(100 * round + i, 1) { index.has($0) }
        let gone = try with(100 * (round - 2) + i, 1) { !index.has($0) }
        #expect(here && (round < 2 || gone))
      }
      #expect(try index.brokenInvariant() == nil)
    }
    #expect(bytes[39] <= 2 * bytes[10], "\(bytes)")
  }
}
