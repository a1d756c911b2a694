import CRuvectorSupport

/// The edges of a graph as a layer reads them: with or without loops of its own making, weighted or not. Kept by the graph
/// (``ResidentGraph/adjacency(_:)``).
public final class Adjacency: @unchecked Sendable {
  /// What becomes of loops.
  public enum Loops: Sendable {
    /// They are entries like others.
    case kept
    /// Left out; each node gets one, the last entry of its row.
    case replaced
    /// Left out; each node gets one, the last entry of its row, with the weight of its last loop, or 1.
    case completed
  }
  /// What an entry's weight is made of, with w_ij that of the graph (1 where it has none) and d_i = Σ_j w_ij.
  public enum Norm: Sendable {
    /// Nothing: sums.
    case none
    /// w_ij / √(d_i d_j), 0 where one of them is not > 0 (Kipf and Welling 2017).
    case symmetric
    /// w_ij / d_i, 0 where that is 0: weighted means.
    case row
  }
  public struct Form: Equatable, Sendable {
    public let loops: Loops
    public let norm: Norm
    /// Whether the graph's weights are read.
    public let isWeighted: Bool
    /// Whether, without its weights, an entry of a subgraph counts as often as its sampler says.
    public let isCounted: Bool

    public init(_ loops: Loops, _ norm: Norm = .none, isWeighted: Bool = false, isCounted: Bool = false) {
      (self.loops, self.norm, self.isWeighted, self.isCounted) = (loops, norm, isWeighted, isCounted)
    }
  }

  public let form: Form
  /// [nodes + 1]
  public let offsets: AlignedBuffer<UInt32>
  /// [edges]: sources.
  public let indices: AlignedBuffer<UInt32>
  /// [edges]: of each entry its place in the graph, or the graph's number of edges + i for the loop that node i got; nil where
  /// they are the graph's own.
  public let entries: AlignedBuffer<UInt32>?
  /// [edges]; nil: all are 1.
  public let weights: AlignedBuffer<Float>?
  public let nodes: Int
  public let columns: Int
  public var edges: Int { indices.count }

  private let lock: Lock
  private var known: Reverse?

  /// The same edges by source: `transposed` and the weights in its order.
  public struct Reverse: @unchecked Sendable {
    public let transposed: ResidentGraph.Transposed
    public let weights: AlignedBuffer<Float>?
  }

  convenience init(_ graph: ResidentGraph, _ form: Form) throws(RuvectorError) {
    let lock = try Lock()
    var offsets = graph.offsets, indices = graph.indices, entries: AlignedBuffer<UInt32>?
    var weights = form.isWeighted ? graph.weights : form.isCounted ? graph.origin?.counts : nil
    guard graph.nodes == graph.columns || (form.loops == .kept && form.norm != .symmetric) else {
      throw .expected(
        "as many sources as targets", for: "graph", received: "\(graph.columns) and \(graph.nodes)", .dimensionMismatch)
    }
    if form.loops != .kept {
      let made = try Looped(graph, hasWeights: weights != nil, keepsWeights: form.loops == .completed)
      (offsets, indices, entries, weights) = (made.offsets, made.indices, made.entries, made.weights)
    }
    if form.norm != .none, let origin = graph.origin {
      let whole = try origin.graph.adjacency(Form(form.loops, .none, isWeighted: form.isWeighted))
      weights = try normalized(form.norm, offsets, indices, weights) { i in whole.degree(Int(origin.nodes[i])) }
    } else if form.norm != .none {
      weights = try normalized(form.norm, offsets, indices, weights, degree: nil)
    }
    self.init(form, offsets, indices, entries, weights, graph.columns, lock)
  }

  private init(
    _ form: Form, _ offsets: AlignedBuffer<UInt32>, _ indices: AlignedBuffer<UInt32>, _ entries: AlignedBuffer<UInt32>?,
    _ weights: AlignedBuffer<Float>?, _ columns: Int, _ lock: Lock
  ) {
    (self.form, self.offsets, self.indices, self.entries) = (form, offsets, indices, entries)
    (self.weights, self.columns, self.lock) = (weights, columns, lock)
    nodes = offsets.count - 1
  }

  public func row(_ i: Int) -> Range<Int> { Int(offsets[i])..<Int(offsets[i + 1]) }

  /// Σ_j w_ij
  fileprivate func degree(_ i: Int) -> Double {
    guard let weights else { return Double(row(i).count) }
    var sum = 0.0
    for e in row(i) { sum += Double(weights[e]) }
    return sum
  }

  /// Made once. O(columns + edges).
  public var reverse: Reverse {
    get throws(RuvectorError) {
      if let known = lock.locked({ known }) { return known }
      let back = try ResidentGraph.Transposed(offsets: offsets, indices: indices, columns: columns)
      var turned: AlignedBuffer<Float>?
      if let weights {
        let list = try AlignedBuffer<Float>(count: edges, for: "transposed graph")
        for t in 0..<edges { list[t] = weights[Int(back.entries[t])] }
        turned = list
      }
      let made = Reverse(transposed: back, weights: turned)
      return lock.locked {
        if known == nil { known = made }
        return known ?? made
      }
    }
  }

  /// Native memory that it does not share with the graph, in bytes.
  var ownBytes: Int {
    var count = (entries == nil ? 0 : offsets.count &+ 2 &* edges) &+ (weights == nil ? 0 : edges)
    if lock.locked({ known != nil }) { count = count &+ columns &+ 1 &+ (weights == nil ? 2 : 3) &* edges }
    return count &* MemoryLayout<UInt32>.stride
  }
}

/// A graph whose nodes have one loop each, behind their other edges.
private struct Looped {
  let offsets, indices, entries: AlignedBuffer<UInt32>
  let weights: AlignedBuffer<Float>?

  init(_ graph: ResidentGraph, hasWeights: Bool, keepsWeights: Bool) throws(RuvectorError) {
    let n = graph.nodes
    offsets = try AlignedBuffer(count: n + 1, for: "graph")
    var count = 0
    for i in 0..<n {
      offsets[i] = UInt32(truncatingIfNeeded: count)
      for e in graph.row(i) where Int(graph.indices[e]) != i { count += 1 }
      count += 1
      guard count <= ResidentGraph.most else {
        throw .expected("a number in 0...\(ResidentGraph.most)", for: "edges", received: "more", .outOfRange)
      }
    }
    offsets[n] = UInt32(truncatingIfNeeded: count)
    indices = try AlignedBuffer(count: count, for: "graph")
    entries = try AlignedBuffer(count: count, for: "graph")
    let weights = hasWeights ? try AlignedBuffer<Float>(count: count, for: "graph") : nil
    var at = 0
    for i in 0..<n {
      var loop: Float = 1
      for e in graph.row(i) {
        let w = graph.weights?[e] ?? 1
        if Int(graph.indices[e]) == i {
          if keepsWeights { loop = w }
          continue
        }
        indices[at] = graph.indices[e]
        entries[at] = UInt32(truncatingIfNeeded: e)
        weights?[at] = w
        at += 1
      }
      indices[at] = UInt32(truncatingIfNeeded: i)
      entries[at] = UInt32(truncatingIfNeeded: graph.edges + i)
      weights?[at] = loop
      at += 1
    }
    self.weights = weights
  }
}

/// `degree`: of each node, where that is not the sum of its row here.
private func normalized(
  _ norm: Adjacency.Norm, _ offsets: AlignedBuffer<UInt32>, _ indices: AlignedBuffer<UInt32>,
  _ weights: AlignedBuffer<Float>?, degree known: ((Int) -> Double)?
) throws(RuvectorError) -> AlignedBuffer<Float> {
  let n = offsets.count - 1, out = try AlignedBuffer<Float>(count: indices.count, for: "graph")
  let factors = try AlignedBuffer<Double>(count: n, for: "graph")
  for i in 0..<n {
    var degree = 0.0
    if let known {
      degree = known(i)
    } else {
      for e in Int(offsets[i])..<Int(offsets[i + 1]) { degree += Double(weights?[e] ?? 1) }
    }
    if norm == .row {
      factors[i] = degree == 0 ? 0 : 1 / degree
    } else {
      factors[i] = degree > 0 ? 1 / degree.squareRoot() : 0
    }
  }
  for i in 0..<n {
    for e in Int(offsets[i])..<Int(offsets[i + 1]) {
      let w = factors[i] * Double(weights?[e] ?? 1)
      out[e] = Float(norm == .row ? w : w * factors[Int(indices[e])])
    }
  }
  return out
}
