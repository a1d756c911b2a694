/// A directed graph in CSR form that stays in native memory and never changes: node i, a target, has the sources
/// `indices[offsets[i] ..< offsets[i + 1]]`, in the caller's order.
///
/// Every entry counts, repetitions and loops too: what belongs to edges (attributes, weights) is one row an entry. Any number of
/// threads may read one graph.
public final class ResidentGraph: @unchecked Sendable {
  /// The same edges by source, for passes that go backward: source j has the entries
  /// `entries[offsets[j] ..< offsets[j + 1]]`, rising, and `targets` has the node of each.
  public struct Transposed: @unchecked Sendable {
    /// [columns + 1]
    public let offsets: AlignedBuffer<UInt32>
    /// [edges]: places in the graph's own `indices`.
    public let entries: AlignedBuffer<UInt32>
    /// [edges]
    public let targets: AlignedBuffer<UInt32>
  }

  /// Target nodes: rows.
  public let nodes: Int
  /// Source nodes: what `indices` are below.
  public let columns: Int
  /// Entries of all rows.
  public let edges: Int
  /// [nodes + 1]
  public let offsets: AlignedBuffer<UInt32>
  /// [edges]
  public let indices: AlignedBuffer<UInt32>

  /// [edges], of each entry, finite; nil: all are 1.
  public let weights: AlignedBuffer<Float>?

  /// Where a subgraph comes from.
  public struct Origin: @unchecked Sendable {
    public let graph: ResidentGraph
    /// [nodes]: of each node its number there.
    public let nodes: AlignedBuffer<UInt32>
    /// [edges]: of each entry its place there.
    public let entries: AlignedBuffer<UInt32>
    /// [edges]: how often each entry counts, for those that were not drawn; nil: all once.
    public let counts: AlignedBuffer<Float>?
    /// Hops that were drawn: layers after that many see no sources.
    public let hops: Int
  }
  /// Of what a ``NeighborSampler`` has drawn the graph that it was drawn from: degrees are that one's.
  public let origin: Origin?

  private let lock: Lock
  private var known: Transposed?
  private var loops: Bool?
  /// What layers have asked for: a handful.
  private var adjacencies: [Adjacency] = []

  /// Nodes, sources and entries each: one more fits in an Int of 32 bits.
  public static let most = Int(Int32.max) - 1

  /// Copies the rows. `columns` nil: as many sources as targets. `weights`: one an entry. `.emptyInput` without offsets,
  /// `.invalidArgument` for offsets that fall or do not lead from 0 to the number of indices, and for sources that there are
  /// not; `.dimensionMismatch` for another number of weights, `.nonFinite`; `.outOfRange`, `.outOfMemory`. O(nodes + edges).
  public convenience init(
    offsets: UnsafeBufferPointer<UInt32>, indices: UnsafeBufferPointer<UInt32>, columns: Int? = nil,
    weights: UnsafeBufferPointer<Float>? = nil
  ) throws(RuvectorError) {
    guard offsets.count > 0 else {
      throw .expected("at least 1 element", for: "offsets", received: "0", .emptyInput)
    }
    let columns = columns ?? offsets.count - 1
    for (count, name) in [(offsets.count - 1, "nodes"), (columns, "columns"), (indices.count, "edges")] {
      guard (0...Self.most).contains(count) else {
        throw .expected("a number in 0...\(Self.most)", for: name, received: "\(count)", .outOfRange)
      }
    }
    // Everything that throws comes before the object: Embedded Swift leaks one that ends half made. The copies are looked at,
    // not what another thread may change.
    let lock = try Lock(), rows = try Self.copy(offsets), list = try Self.copy(indices)
    try Self.check(rows, leadTo: UInt32(truncatingIfNeeded: list.count))
    for i in 0..<list.count where list[i] >= UInt32(truncatingIfNeeded: columns) {
      throw .expected(
        "numbers below \(columns)", for: "indices", received: "\(list[i]) at element \(i)", .invalidArgument)
    }
    var own: AlignedBuffer<Float>?
    if let weights {
      guard weights.count == list.count else {
        throw .dimension("weights", expected: list.count, received: weights.count)
      }
      let made = try AlignedBuffer<Float>(count: list.count, for: "graph")
      if let from = weights.baseAddress { made.pointer.initialize(from: from, count: list.count) }
      try requireFinite(made.pointer, count: made.count, for: "weights")
      own = made
    }
    self.init(rows, list, columns: columns, own, nil, lock)
  }

  /// A subgraph of `graph`, in order already: node i is `nodes[i]` there, entry e the entry `entries[e]`, which counts `counts[e]`
  /// times (nil: each once): its weight is so many times that of the graph.
  convenience init(
    of graph: ResidentGraph, nodes: [UInt32], entries: [UInt32], offsets: [UInt32], indices: [UInt32],
    counts: [Float]?, hops: Int
  ) throws(RuvectorError) {
    let lock = try Lock(), rows = try Self.copy(offsets), list = try Self.copy(indices)
    var times: AlignedBuffer<Float>?, own: AlignedBuffer<Float>?
    if let counts {
      let made = try AlignedBuffer<Float>(count: counts.count, for: "graph")
      for i in 0..<counts.count { made[i] = counts[i] }
      times = made
    }
    if let whole = graph.weights {
      let made = try AlignedBuffer<Float>(count: entries.count, for: "graph")
      for (i, entry) in entries.enumerated() { made[i] = whole[Int(entry)] * (times?[i] ?? 1) }
      try requireFinite(made.pointer, count: made.count, for: "weights")
      own = made
    }
    let origin = Origin(
      graph: graph, nodes: try Self.copy(nodes), entries: try Self.copy(entries), counts: times, hops: hops)
    self.init(rows, list, columns: nodes.count, own ?? times, origin, lock)
  }

  private static func copy(_ list: [UInt32]) throws(RuvectorError) -> AlignedBuffer<UInt32> {
    let made = try AlignedBuffer<UInt32>(count: list.count, for: "graph")
    for i in 0..<list.count { made[i] = list[i] }
    return made
  }

  private init(
    _ offsets: AlignedBuffer<UInt32>, _ indices: AlignedBuffer<UInt32>, columns: Int, _ weights: AlignedBuffer<Float>?,
    _ origin: Origin?, _ lock: Lock
  ) {
    self.origin = origin
    (self.offsets, self.indices, self.columns, self.lock) = (offsets, indices, columns, lock)
    self.weights = weights
    (nodes, edges) = (offsets.count - 1, indices.count)
  }

  private static func copy(_ list: UnsafeBufferPointer<UInt32>) throws(RuvectorError) -> AlignedBuffer<UInt32> {
    let made = try AlignedBuffer<UInt32>(count: list.count, for: "graph")
    if let from = list.baseAddress { made.pointer.initialize(from: from, count: list.count) }
    return made
  }

  private static func check(_ offsets: AlignedBuffer<UInt32>, leadTo last: UInt32) throws(RuvectorError) {
    var least: UInt32 = 0
    for i in 0..<offsets.count {
      let first = i == offsets.count - 1 ? last : least, most = i == 0 ? 0 : last
      guard offsets[i] >= first, offsets[i] <= most else {
        throw .expected(
          "rising numbers from 0 to \(last)", for: "offsets", received: "\(offsets[i]) at element \(i)",
          .invalidArgument)
      }
      least = offsets[i]
    }
  }

  /// Whether a node is a source of its own. Looked for once. O(edges).
  public var hasLoops: Bool {
    if let loops = lock.locked({ loops }) { return loops }
    let found = (0..<nodes).contains { i in row(i).contains { Int(indices[$0]) == i } }
    lock.locked { loops = found }
    return found
  }

  /// The places of node i's sources in `indices`.
  public func row(_ i: Int) -> Range<Int> { Int(offsets[i])..<Int(offsets[i + 1]) }

  /// The edges by source: sorted once, when they are first asked for, then shared. O(columns + edges).
  public var transposed: Transposed {
    get throws(RuvectorError) {
      if let known = lock.locked({ known }) { return known }
      // Threads that come at once each make the same.
      let made = try Transposed(offsets: offsets, indices: indices, columns: columns)
      return lock.locked {
        if known == nil { known = made }
        return known ?? made
      }
    }
  }

  /// Its edges as a layer reads them: made when they are first asked for, then kept. O(nodes + edges).
  public func adjacency(_ form: Adjacency.Form) throws(RuvectorError) -> Adjacency {
    if let known = lock.locked({ adjacencies.first { $0.form == form } }) { return known }
    let made = try Adjacency(self, form)
    return lock.locked {
      if let known = adjacencies.first(where: { $0.form == form }) { return known }
      adjacencies.append(made)
      return made
    }
  }

  /// Native memory held, in bytes.
  public var byteCount: Int {
    let transposed = lock.locked { known != nil } ? columns &+ 1 &+ 2 &* edges : 0
    let own = nodes &+ 1 &+ edges &+ (weights == nil ? 0 : edges)
    let forms = lock.locked { adjacencies }.reduce(0) { $0 &+ $1.ownBytes }
    return (own &+ transposed) &* MemoryLayout<UInt32>.stride &+ forms
  }
}

extension ResidentGraph {
  /// The graph whose sources of a node rise, each once: its weight the sum of those of the entries that were the same. (Without
  /// weights: none, repetitions are left out.) `dropsLoops`: without edges from a node to itself. O(nodes + edges).
  public func coalesced(dropsLoops: Bool = false) throws(RuvectorError) -> ResidentGraph {
    let starts = try AlignedBuffer<UInt32>(count: nodes + 1, for: "graph")
    let list = try AlignedBuffer<UInt32>(count: edges, for: "graph")
    let sums = weights == nil ? nil : try AlignedBuffer<Float>(count: edges, for: "graph")
    // Transposed twice: a radix sort of each row.
    let back = try transposed
    let sorted = try AlignedBuffer<UInt32>(count: edges, for: "graph"),
      next = try AlignedBuffer<UInt32>(count: nodes + 1, for: "graph")
    let places = try AlignedBuffer<UInt32>(count: edges, for: "graph")
    next.pointer.update(from: offsets.pointer, count: nodes + 1)
    for j in 0..<columns {
      for t in Int(back.offsets[j])..<Int(back.offsets[j + 1]) {
        let i = Int(back.targets[t]), at = Int(next[i])
        (sorted[at], places[at]) = (UInt32(truncatingIfNeeded: j), back.entries[t])
        next[i] += 1
      }
    }
    var count = 0
    starts[0] = 0
    for i in 0..<nodes {
      let first = count
      for at in row(i) where !(dropsLoops && Int(sorted[at]) == i) {
        let w = weights?[Int(places[at])] ?? 1
        if count > first, list[count - 1] == sorted[at] {
          sums?[count - 1] += w
        } else {
          list[count] = sorted[at]
          sums?[count] = w
          count += 1
        }
      }
      starts[i + 1] = UInt32(truncatingIfNeeded: count)
    }
    return try ResidentGraph(
      offsets: UnsafeBufferPointer(start: starts.pointer, count: starts.count),
      indices: UnsafeBufferPointer(start: list.pointer, count: count), columns: columns,
      weights: sums.map { UnsafeBufferPointer(start: $0.pointer, count: count) })
  }
}

extension ResidentGraph.Transposed {
  /// A counting sort, which keeps the order of entries. O(columns + edges).
  init(
    offsets: AlignedBuffer<UInt32>, indices: AlignedBuffer<UInt32>, columns: Int
  ) throws(RuvectorError) {
    let edges = indices.count
    let starts = try AlignedBuffer<UInt32>(count: columns + 1, repeating: 0, for: "transposed graph")
    let entries = try AlignedBuffer<UInt32>(count: edges, for: "transposed graph")
    let targets = try AlignedBuffer<UInt32>(count: edges, for: "transposed graph")
    for e in 0..<edges { starts[Int(indices[e])] += 1 }
    var end: UInt32 = 0
    for j in 0...columns {
      end += starts[j]
      starts[j] = end
    }
    // Each source's entries are written from the last to the first, so that its end becomes its start.
    for i in (0..<offsets.count - 1).reversed() {
      for e in (Int(offsets[i])..<Int(offsets[i + 1])).reversed() {
        let source = Int(indices[e])
        starts[source] -= 1
        let place = Int(starts[source])
        entries[place] = UInt32(truncatingIfNeeded: e)
        targets[place] = UInt32(truncatingIfNeeded: i)
      }
    }
    self.init(offsets: starts, entries: entries, targets: targets)
  }
}
