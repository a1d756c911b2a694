import RuvectorCore
import TestSupport
import Testing

/// Subgraphs of a NeighborSampler. (Passes over them: npm/test/sampling.test.js.)
@Suite struct NeighborSamplerTests {
  static let lists: [[UInt32]] = [[1, 2, 3, 4, 5], [], [2, 2, 0], [7, 6], [0], [4, 3, 2, 1], [6], [5, 0, 1]]

  static func graph(weights: [Float]? = nil) throws -> ResidentGraph {
    var offsets: [UInt32] = [0]
    for list in lists { offsets.append(offsets[offsets.count - 1] + UInt32(list.count)) }
    let indices = lists.flatMap { $0 }
    return try offsets.withUnsafeBufferPointer { o in
      try indices.withUnsafeBufferPointer { i in
        guard let weights else { return try ResidentGraph(offsets: o, indices: i) }
        return try weights.withUnsafeBufferPointer { try ResidentGraph(offsets: o, indices: i, weights: $0) }
      }
    }
  }

  static func sample(
    _ graph: ResidentGraph, _ seeds: [UInt32], sizes: [Int], seed: UInt64 = 1, step: UInt64 = 0
  ) throws -> ResidentGraph {
    let sampler = try NeighborSampler(sizes: sizes, seed: seed)
    return try seeds.withUnsafeBufferPointer { try sampler.sample(graph, around: $0, step: step) }
  }

  @Test(arguments: [[1], [2, 2], [-1], [3, -1, 1]])
  func entriesAreThoseOfTheGraph(sizes: [Int]) throws {
    let graph = try Self.graph()
    for step in 0..<5 as Range<UInt64> {
      let part = try Self.sample(graph, [3, 0, 3], sizes: sizes, step: step), origin = try #require(part.origin)
      #expect(origin.nodes[0] == 3 && origin.nodes[1] == 0 && part.columns == part.nodes)
      var seen: Set<UInt32> = []
      for i in 0..<part.nodes {
        #expect(seen.insert(origin.nodes[i]).inserted)
        let node = Int(origin.nodes[i]), whole = graph.row(node)
        func isLoop(_ entry: Int) -> Bool { Int(graph.indices[entry]) == node }
        let others = whole.filter { !isLoop($0) }.count
        let drawn = part.row(i).filter { !isLoop(Int(origin.entries[$0])) }.count
        #expect(part.row(i).isEmpty || part.row(i).count - drawn == whole.count - others, "a node keeps its loops")
        var last = -1
        for e in part.row(i) {
          let entry = Int(origin.entries[e])
          #expect(whole.contains(entry) && entry > last && graph.indices[entry] == origin.nodes[Int(part.indices[e])])
          last = entry
          let scale = isLoop(entry) ? 1 : Float(others) / Float(drawn)
          #expect(abs((part.weights?[e] ?? 1) - scale) < 1e-6 && abs((origin.counts?[e] ?? 1) - scale) < 1e-6)
        }
      }
      let again = try Self.sample(graph, [3, 0, 3], sizes: sizes, step: step)
      #expect(again.edges == part.edges && (0..<part.edges).allSatisfy { again.indices[$0] == part.indices[$0] })
    }
  }

  /// A node of the last hop has no entries there, and yet its degree in the whole graph.
  @Test func degreesAreThoseOfTheGraph() throws {
    let weights = (0..<Self.lists.joined().count).map { 0.5 + Float($0) / 8 }
    for graph in [try Self.graph(), try Self.graph(weights: weights)] {
      for form in [
        Adjacency.Form(.completed, .symmetric, isWeighted: true), Adjacency.Form(.kept, .symmetric, isWeighted: true),
        Adjacency.Form(.completed, .row, isWeighted: true), Adjacency.Form(.kept, .row, isCounted: true),
      ] {
        let part = try Self.sample(graph, [0, 7], sizes: [-1]), origin = try #require(part.origin)
        let ours = try part.adjacency(form), theirs = try graph.adjacency(form)
        for i in 0..<2 {
          let node = Int(origin.nodes[i])
          #expect(ours.row(i).count == theirs.row(node).count)
          for (a, b) in zip(ours.row(i), theirs.row(node)) {
            #expect(origin.nodes[Int(ours.indices[a])] == theirs.indices[b])
            #expect(abs((ours.weights?[a] ?? 1) - (theirs.weights?[b] ?? 1)) < 1e-6)
          }
        }
      }
    }
  }

  @Test func refused() throws {
    let graph = try Self.graph()
    #expect(failure { () throws(RuvectorError) in _ = try NeighborSampler(sizes: [], seed: 1) }?.code == .invalidConfig)
    let sampler = try NeighborSampler(sizes: [1], seed: 1)
    let error = [UInt32(8)].withUnsafeBufferPointer { list in
      failure { () throws(RuvectorError) in _ = try sampler.sample(graph, around: list, step: 0) }
    }
    #expect(error?.code == .invalidArgument)
    let empty = try Self.sample(graph, [], sizes: [2, 2])
    #expect(empty.nodes == 0 && empty.edges == 0)
  }
}
