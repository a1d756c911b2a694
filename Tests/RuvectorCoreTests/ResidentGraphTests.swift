import RuvectorCore
import TestSupport
import Testing

struct ResidentGraphTests {
  private func graph(_ offsets: [UInt32], _ indices: [UInt32], columns: Int? = nil) throws(RuvectorError)
    -> ResidentGraph
  {
    // No closures: they would lose the type of the error.
    let rows = try AlignedBuffer<UInt32>(count: offsets.count), list = try AlignedBuffer<UInt32>(count: indices.count)
    for (i, x) in offsets.enumerated() { rows[i] = x }
    for (i, x) in indices.enumerated() { list[i] = x }
    return try ResidentGraph(
      offsets: UnsafeBufferPointer(start: rows.pointer, count: rows.count),
      indices: UnsafeBufferPointer(start: list.pointer, count: list.count), columns: columns)
  }

  private func values(_ buffer: AlignedBuffer<UInt32>) -> [UInt32] { (0..<buffer.count).map { buffer[$0] } }

  @Test func keepsOrderRepetitionsAndLoops() throws {
    let graph = try graph([0, 3, 3, 5], [2, 0, 2, 4, 2], columns: 5)
    #expect(graph.nodes == 3 && graph.columns == 5 && graph.edges == 5)
    #expect(values(graph.offsets) == [0, 3, 3, 5] && values(graph.indices) == [2, 0, 2, 4, 2])
    #expect(graph.row(0) == 0..<3 && graph.row(1).isEmpty && graph.row(2) == 3..<5)
    #expect(graph.byteCount == 4 * 9)
  }

  @Test func transposedByHand() throws {
    let graph = try graph([0, 3, 3, 5], [2, 0, 2, 4, 2], columns: 5)
    let back = try graph.transposed
    #expect(values(back.offsets) == [0, 1, 1, 4, 4, 5])
    #expect(values(back.entries) == [1, 0, 2, 4, 3] && values(back.targets) == [0, 0, 0, 2, 2])
    #expect(try graph.transposed.entries === back.entries)  // made once
    #expect(graph.byteCount == 4 * (9 + 6 + 10))
  }

  /// Every entry is there once, under its source, rising, with its target; from several threads at once.
  @Test func transposedAtRandom() throws {
    var random = Random(seed: 5)
    for nodes in [0, 1, 2, 7, 60] {
      let columns = nodes == 0 ? 0 : 1 + Int(random.next() % 40)
      var offsets: [UInt32] = [0], indices: [UInt32] = []
      for _ in 0..<nodes {
        for _ in 0..<Int(random.next() % 9) { indices.append(UInt32(random.next() % UInt64(columns))) }
        offsets.append(UInt32(indices.count))
      }
      let graph = try graph(offsets, indices, columns: columns)
      parallelFor(threads: 4, count: 4) { _ in _ = try? graph.transposed }
      let back = try graph.transposed
      var expected: [[UInt32]] = Array(repeating: [], count: columns)
      for (e, source) in indices.enumerated() { expected[Int(source)].append(UInt32(e)) }
      #expect(values(back.entries) == expected.flatMap { $0 })
      for j in 0..<columns { #expect(Int(back.offsets[j + 1] - back.offsets[j]) == expected[j].count) }
      for (place, e) in values(back.entries).enumerated() {
        #expect(graph.row(Int(back.targets[place])).contains(Int(e)))
      }
    }
  }

  @Test func emptyGraphs() throws {
    let none = try graph([0], [])
    #expect(none.nodes == 0 && none.columns == 0 && none.edges == 0)
    #expect(try values(none.transposed.offsets) == [0])
    #expect(try graph([0, 0, 0], [], columns: 7).columns == 7)
  }

  @Test(
    arguments: [
      ([], [], nil, "expected at least 1 element for offsets, received 0"),
      ([1, 1], [0], nil, "expected rising numbers from 0 to 1 for offsets, received 1 at element 0"),
      ([1], [0], nil, "expected rising numbers from 0 to 1 for offsets, received 1 at element 0"),
      ([0], [0], nil, "expected rising numbers from 0 to 1 for offsets, received 0 at element 0"),
      ([0, 2, 1], [0, 0], nil, "expected rising numbers from 0 to 2 for offsets, received 1 at element 2"),
      ([0, 2, 1, 2], [0, 0], nil, "expected rising numbers from 0 to 2 for offsets, received 1 at element 2"),
      ([0, 4, 2], [0, 0], nil, "expected rising numbers from 0 to 2 for offsets, received 4 at element 1"),
      ([0, 1], [0, 0], nil, "expected rising numbers from 0 to 2 for offsets, received 1 at element 1"),
      ([0, 2], [0, 1], nil, "expected numbers below 1 for indices, received 1 at element 1"),
      ([0, 1], [.max], 9, "expected numbers below 9 for indices, received 4294967295 at element 0"),
      ([0, 0], [], -1, "expected a number in 0...2147483646 for columns, received -1"),
      ([0, 0], [], Int(Int32.max), "expected a number in 0...2147483646 for columns, received 2147483647"),
    ] as [([UInt32], [UInt32], Int?, String)])
  func badInput(_ offsets: [UInt32], _ indices: [UInt32], _ columns: Int?, _ message: String) {
    let error = failure { () throws(RuvectorError) in _ = try graph(offsets, indices, columns: columns) }
    #expect(error?.message == message)
  }

  @Test func asATensor() throws {
    let graph = try graph([0, 1], [0]), tensor = Tensor(graph)
    #expect(try tensor.graph("g") === graph)
    let floats = failure { () throws(RuvectorError) in _ = try tensor.floats("x") }
    #expect(floats == .expected("32-bit floats", for: "x", received: "another type", .invalidArgument))
    let elements = failure { () throws(RuvectorError) in _ = try tensor.elements(Float.self, "x") }
    #expect(elements == .expected("a vector", for: "x", received: "a graph", .invalidArgument))
    var number: Float = 1
    let other = failure { () throws(RuvectorError) in
      _ = try Tensor(&number, .float32, rank: 1, rows: 1, columns: 1, stride: 1, isWritable: false).graph("graph")
    }
    #expect(other == .expected("a graph", for: "graph", received: "another type", .invalidArgument))
  }
}
