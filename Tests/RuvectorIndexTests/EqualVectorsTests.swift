import Foundation
import RuvectorCore
import TestSupport
import Testing

@testable import RuvectorIndex

/// Equal vectors share a node: what must hold of nodes, slots and chains after any operations.
@Suite struct EqualVectorsTests {
  private static func index(_ more: [(key: String, value: OptionValue)] = []) throws -> HNSWIndex {
    try HNSWIndex([("dim", .integer(3)), ("metric", .text("l2")), ("M", .integer(4))] + more)
  }

  private static func value(_ i: Int) -> [Float] { [Float(i), Float(i * i % 7), -Float(i)] }

  @Test func oneNodeForAllThatAreEqual() throws {
    let index = try Self.index()
    try index.add([1, 2, 3], Self.value(1) + Self.value(2) + Self.value(1))
    #expect(index.twins != nil && index.nextNode == 2 && index.nextPlace == 3)
    #expect(index.chains.node(0) == index.chains.node(2) || index.chains.node(0) == index.chains.node(1))
    try index.add([4], Self.value(1))
    #expect(index.nextNode == 2)
    #expect(try index.find(Self.value(1), k: 4).map(\.key) == [1, 3, 4, 2])
    #expect(try index.brokenInvariant() == nil)
  }

  @Test func differentVectorsHaveTheirOwn() throws {
    let index = try Self.index()
    try index.add(Array(0..<500), (0..<500).flatMap { [Float($0), 0, 0] })
    #expect(index.twins == nil)
    #expect(try index.brokenInvariant() == nil)
  }

  /// What is stored decides: bytes without floats beside them round different vectors to one.
  @Test(arguments: ["f32", "f16", "i8"], [0, 1])
  func equalAsStored(_ storage: String, _ rerank: Int) throws {
    let index = try Self.index([("storage", .text(storage)), ("rerank", .integer(Int64(rerank)))])
    let near: [Float] = [1, 0.5 + 1e-5, 1]
    try index.add([1], [1, 0.5, 1])
    try index.add([2], near)
    #expect(index.nextNode == (storage == "f32" || rerank == 1 ? 2 : 1))
    #expect(try (index.vector(2) == index.vector(1)) == (index.nextNode == 1))
    #expect(try index.brokenInvariant() == nil)
  }

  @Test(arguments: 0..<12)
  func randomOperations(_ seed: Int) throws {
    var random = Random(seed: UInt64(seed)), known: [Int64: Int] = [:], next: Int64 = 0
    let index = try Self.index([("efConstruction", .integer(16))])
    for step in 0..<200 {
      let there = Array(known.keys).sorted()
      switch random.below(6) {
      case 0, 1:
        let count = 1 + random.below(8), values = (0..<count).map { _ in random.below(12) }
        let keys = (0..<count).map { next + Int64($0) }
        try index.add(keys, values.flatMap(Self.value))
        for (key, value) in zip(keys, values) { known[key] = value }
        next += Int64(count)
      case 2 where !there.isEmpty:
        let key = there[random.below(there.count)], value = random.below(12)
        try index.add([key], Self.value(value), replacing: true)
        known[key] = value
      case 3, 4:
        let gone = there.filter { _ in random.below(4) == 0 }
        try index.remove(gone)
        for key in gone { known[key] = nil }
      default: _ = try index.repair(1 + random.below(200))
      }
      let broken = try index.brokenInvariant()
      #expect(broken == nil, "step \(step)")
      guard step % 10 == 9, !known.isEmpty else { continue }
      let query = Self.value(random.below(12))
      let found = try index.find(query, k: known.count, ef: 200)
      #expect(found.map(\.key).sorted() == known.keys.sorted(), "step \(step)")
      for one in found {
        let stored = try index.vector(one.key)
        #expect(stored == Self.value(known[one.key] ?? -1))
        #expect(one.distance == zip(stored, query).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) })
      }
    }
  }

  @Test func calledOffBatchesLeaveNothing() throws {
    let index = try Self.index()
    try index.add(Array(0..<40), (0..<40).flatMap { Self.value($0 % 8) })
    let rows = (0..<30).flatMap { Self.value($0 % 10) }
    for _ in 0..<20 {
      let ticket = try rows.withUnsafeBufferPointer { rows in
        try index.stage(0, MatrixView(try #require(rows.baseAddress), rows: 30, dim: 3))
      }
      #expect(try index.find(Self.value(9), k: 1)[0].distance > 0)
      try index.discard(ticket)
      #expect(try index.brokenInvariant() == nil)
    }
    #expect(index.size == 40 && index.nextPlace <= 40 + 30)
  }

  /// The hash does not decide: rows with one hash are compared.
  @Test func rowsOfOneHashAreCompared() throws {
    let rows = try VectorRows(Space(.l2, dim: 3, c: 1), .f32, rerank: false, first: 64)
    let likeness = try Likeness(rows)
    var data: [Float] = []
    for i in 0..<64 { data += Self.value(i) }
    try data.withUnsafeBufferPointer { data in
      let matrix = MatrixView(try #require(data.baseAddress), rows: 64, dim: 3)
      let plan = try likeness.plan(matrix)
      for r in 0..<64 {
        rows.store(matrix.row(r), factor: 1, at: r)
        likeness.enter(r, plan, row: r)
      }
      for (r, origin) in try likeness.plan(matrix).origins.enumerated() {
        guard case .node(let node) = origin else {
          Issue.record("row \(r) is not known")
          continue
        }
        #expect(node == r)
      }
      for r in 0..<64 where r % 3 == 0 { likeness.forget(r) }
      #expect(try likeness.plan(matrix).new == (0..<64).filter { $0 % 3 == 0 })
    }
  }

  /// Files of earlier releases have a node for each of them, all with one hash: one is known, and the others are in nobody's way.
  @Test func ofEqualNodesOneIsKnown() throws {
    let rows = try VectorRows(Space(.l2, dim: 3, c: 1), .f32, rerank: false, first: 64)
    let likeness = try Likeness(rows)
    let one = Self.value(3)
    try one.withUnsafeBufferPointer { one in
      let row = try #require(one.baseAddress)
      for node in 0..<64 { rows.store(row, factor: 1, at: node) }
      try likeness.enter(upTo: 64) { $0 != 0 }
      let plan = try likeness.plan(MatrixView(row, rows: 1, dim: 3))
      guard case .node(let node) = plan.origins[0] else {
        Issue.record("the row is not known")
        return
      }
      #expect(node == 1)
      likeness.forget(1)
      #expect(try likeness.plan(MatrixView(row, rows: 1, dim: 3)).new == [0])
    }
  }

  /// Nodes of a file are known when something is added, at once or since the file was read; those that went meanwhile are not.
  @Test(arguments: [0, 64]) func nodesOfAFile(_ later: Int) throws {
    let rows = try VectorRows(Space(.l2, dim: 3, c: 1), .f32, rerank: false, first: 64)
    let likeness = try Likeness(rows), data = (0..<64).flatMap(Self.value)
    var isUsed = Array(repeating: true, count: 64)
    try data.withUnsafeBufferPointer { data in
      let matrix = MatrixView(try #require(data.baseAddress), rows: 64, dim: 3)
      for r in 0..<64 { rows.store(matrix.row(r), factor: 1, at: r) }
      try likeness.adopt(upTo: 64, later: later) { isUsed[$0] }
      #expect((likeness.byteCount == 256) == (later == 64))
      likeness.forget(5)
      isUsed[5] = false
      #expect(try likeness.plan(matrix) { isUsed[$0] }.new == [5])
      likeness.forget(6)
      #expect(try likeness.plan(matrix) { isUsed[$0] }.new == [5, 6])
    }
  }

  /// A copy of a file finds what is equal to its vectors.
  @Test func equalToThoseOfAFile() throws {
    let index = try Self.index(), file = FileManager.default.temporaryDirectory.path + "/ruvector-equal-later.rvi"
    defer { try? FileManager.default.removeItem(atPath: file) }
    try index.add(Array(0..<40), (0..<40).flatMap(Self.value))
    try index.save(file)
    let copy = try #require(try VectorIndex.load(file).index as? HNSWIndex)
    try copy.remove([3])
    try copy.add([100, 101], Self.value(7) + Self.value(3))
    #expect(copy.twins != nil && copy.nextNode == 41)
    #expect(try copy.find(Self.value(7), k: 2).map(\.key) == [7, 100])
    #expect(try copy.brokenInvariant() == nil)
  }

  /// Staged vectors, at nodes of their own and at those of others, are in no file.
  @Test func whatIsStagedIsNotSaved() throws {
    let index = try Self.index(), file = FileManager.default.temporaryDirectory.path + "/ruvector-staged-equal.rvi"
    defer { try? FileManager.default.removeItem(atPath: file) }
    try index.add(Array(0..<40), (0..<40).flatMap { Self.value($0 % 8) })
    try index.remove([0, 8, 16, 24, 32, 5])
    let rows = (0..<30).flatMap { Self.value($0 % 10) }
    let ticket = try rows.withUnsafeBufferPointer { rows in
      try index.stage(0, MatrixView(try #require(rows.baseAddress), rows: 30, dim: 3))
    }
    try index.save(file)
    let (loaded, _) = try VectorIndex.load(file)
    let copy = try #require(loaded as? HNSWIndex)
    #expect(try copy.size == 34 && copy.brokenInvariant() == nil)
    for query in 0..<10 {
      #expect(try copy.find(Self.value(query), k: 40).map(\.key) == index.find(Self.value(query), k: 40).map(\.key))
    }
    try index.discard(ticket)
    #expect(try index.brokenInvariant() == nil)
  }
}
