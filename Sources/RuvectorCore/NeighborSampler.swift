/// Draws subgraphs around some nodes, for passes over a few nodes of a large graph: hop by hop, a node that is new in hop h gets at
/// most `sizes[h]` of its entries, drawn without repetition (all of them where it has no more, or `sizes[h]` < 0). Loops are not drawn:
/// a node keeps its own. Nodes of the last hop have no entries.
///
/// What is drawn for a node is a function of the seed, the step and the node, whatever else is in the batch and in whatever order.
///
/// A node that got s of its d entries (loops apart) has each with d/s times its weight, so that sums over entries keep their expected
/// value; where none is left out there are no weights but the graph's. Degrees are those of the whole graph, in means too. So L layers
/// over the entries of L hops, all of them, give the nodes the rows that the whole graph gives them.
/// - Complexity: O(entries drawn + nodes of the whole graph for a table of their places); with loops, O(entries of the nodes found).
///
/// Reference: Hamilton, Ying, Leskovec 2017, "Inductive Representation Learning on Large Graphs", algorithm 2. Names: PyTorch
/// Geometric's NeighborLoader.
public struct NeighborSampler: Sendable {
  /// Entries a node and hop; below 0: all.
  public let sizes: [Int]
  public let seed: UInt64

  public init(sizes: [Int], seed: UInt64) throws(RuvectorError) {
    guard sizes.count >= 1, sizes.count <= 64 else {
      throw .expected("1...64 numbers", for: "sizes", received: "\(sizes.count)", .invalidConfig)
    }
    (self.sizes, self.seed) = (sizes, seed)
  }

  /// The subgraph around `seeds`, which may repeat: nodes in the order in which they are found, the seeds first.
  /// `.invalidArgument` for nodes that there are not, `.dimensionMismatch` for a graph with other sources than targets.
  public func sample(
    _ graph: ResidentGraph, around seeds: UnsafeBufferPointer<UInt32>, step: UInt64
  ) throws(RuvectorError) -> ResidentGraph {
    guard graph.nodes == graph.columns else {
      throw .expected(
        "as many sources as targets", for: "graph", received: "\(graph.columns) and \(graph.nodes)", .dimensionMismatch)
    }
    let places = try AlignedBuffer<UInt32>(count: graph.nodes, repeating: 0, for: "sample")  // place + 1
    var nodes: [UInt32] = []
    for (i, node) in seeds.enumerated() {
      guard Int(node) < graph.nodes else {
        throw .expected(
          "numbers below \(graph.nodes)", for: "nodes", received: "\(node) at element \(i)", .invalidArgument)
      }
      guard places[Int(node)] == 0 else { continue }
      nodes.append(node)
      places[Int(node)] = UInt32(truncatingIfNeeded: nodes.count)
    }
    var offsets: [UInt32] = [0], indices: [UInt32] = [], entries: [UInt32] = [], counts: [Float] = []
    let key = mixed(seed ^ mixed(step)), hasLoops = graph.hasLoops
    var leavesOut = false, first = 0
    for size in sizes {
      let end = nodes.count
      for at in first..<end {
        let node = nodes[at], row = graph.row(Int(node))
        let loops = hasLoops ? row.filter { graph.indices[$0] == node } : []
        var chosen: [Int], times: Float = 1
        if loops.isEmpty {
          chosen = draw(row.count, size, key ^ UInt64(node)).map { row.lowerBound + $0 }
          if chosen.count > 0 { times = Float(Double(row.count) / Double(chosen.count)) }
        } else {
          let others = row.filter { graph.indices[$0] != node }
          chosen = draw(others.count, size, key ^ UInt64(node)).map { others[$0] }
          if chosen.count > 0 { times = Float(Double(others.count) / Double(chosen.count)) }
          chosen += loops
          chosen.sort()
        }
        if times != 1 { leavesOut = true }
        for entry in chosen {
          let source = Int(graph.indices[entry])
          if places[source] == 0 {
            nodes.append(UInt32(truncatingIfNeeded: source))
            places[source] = UInt32(truncatingIfNeeded: nodes.count)
          }
          indices.append(places[source] - 1)
          entries.append(UInt32(truncatingIfNeeded: entry))
          counts.append(graph.indices[entry] == node ? 1 : times)
        }
        guard indices.count <= ResidentGraph.most else {
          throw .expected("a number in 0...\(ResidentGraph.most)", for: "edges", received: "more", .outOfRange)
        }
        offsets.append(UInt32(truncatingIfNeeded: indices.count))
      }
      first = end
    }
    while offsets.count <= nodes.count { offsets.append(UInt32(truncatingIfNeeded: indices.count)) }
    return try ResidentGraph(
      of: graph, nodes: nodes, entries: entries, offsets: offsets, indices: indices, counts: leavesOut ? counts : nil,
      hops: sizes.count)
  }

  /// At most `size` of the numbers below `count`, rising (Bentley and Floyd 1987, "A sample of brilliance").
  private func draw(_ count: Int, _ size: Int, _ key: UInt64) -> [Int] {
    guard size >= 0, size < count else { return Array(0..<count) }
    var random = Random(seed: key), chosen: [Int] = []
    if size <= 64 {
      for last in count - size..<count {
        let drawn = random.below(last + 1)
        chosen.append(chosen.contains(drawn) ? last : drawn)
      }
    } else {
      var all = Array(0..<count)
      for i in 0..<size { all.swapAt(i, i + random.below(all.count - i)) }
      chosen = Array(all[..<size])
    }
    chosen.sort()
    return chosen
  }
}
