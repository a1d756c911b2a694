import CRuvectorSupport
import RuvectorCore

/// Attention along the edges of a graph, whatever the scores are:
///
///     α_e^h = softmax over the entries e of node i of s_e^h        o_i^h = Σ_e α_e^h v_j^h,   j the source of e
///
/// v [n, heads · width]; the heads of a node lie one after the other, or their mean is taken. What belongs to entries is
/// [entries, heads]; nothing of entries × width is held.
struct EdgeAttention {
  let graph: Adjacency
  let heads, width: Int
  let isConcatenated: Bool
  var all: Int { heads * width }
  /// Width of an output row.
  var outWidth: Int { isConcatenated ? all : width }

  /// α of a pass, and what dropout left of it where there was any: [entries, heads].
  struct Shares {
    let whole: AlignedBuffer<Float>
    let dropped: AlignedBuffer<Float>?
    var used: AlignedBuffer<Float> { dropped ?? whole }
  }

  // MARK: - Forward

  /// `score(nodes, place)` writes the scores of the entries of some nodes, that of entry e and head h to place[e · heads + h];
  /// `finish(nodes, α)` gets each part, α as scores lie. With `keeps` α is returned.
  func attend(
    _ v: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>, mask: Mask?, keeps: Bool, _ control: Control,
    score: (Range<Int>, UnsafeMutablePointer<Float>) throws(RuvectorError) -> Void,
    finish: (Range<Int>, UnsafePointer<Float>) throws(RuvectorError) -> Void = { (_, _) in }
  ) throws(RuvectorError) -> Shares? {
    let kernels = Kernels.current, rowsOfPart = 64
    let whole = keeps ? try AlignedBuffer<Float>(rows: graph.edges, columns: heads, for: "edges") : nil
    let dropped = keeps && mask != nil ? try AlignedBuffer<Float>(rows: graph.edges, columns: heads, for: "edges") : nil
    try forChunks(of: graph.nodes, chunk: rowsOfPart, control) { (nodes, _) throws(RuvectorError) in
      let first = Int(graph.offsets[nodes.lowerBound]), last = Int(graph.offsets[nodes.upperBound])
      let own = keeps ? nil : try AlignedBuffer<Float>(rows: last - first, columns: heads, for: "edges")
      let shares = whole?.pointer ?? own.map { $0.pointer - first * heads } ?? out
      try score(nodes, shares)
      kernels.edge_softmax(graph.offsets.pointer, heads, nodes.lowerBound, nodes.upperBound, shares)
      let used = dropped?.pointer ?? shares
      if let mask { for k in first * heads..<last * heads { used[k] = shares[k] * mask.factor(k) } }
      if isConcatenated {
        try kernels.sumHeads(
          graph.offsets.pointer, graph.indices.pointer, used, heads: heads, width: width, v, of: nodes, into: out)
      } else {
        let rows = try AlignedBuffer<Float>(rows: nodes.count, columns: all, for: "rows")
        try kernels.sumHeads(
          graph.offsets.pointer, graph.indices.pointer, used, heads: heads, width: width, v, of: nodes,
          into: rows.pointer - nodes.lowerBound * all)
        for i in 0..<nodes.count {
          let row = out + (nodes.lowerBound + i) * width
          row.update(repeating: 0, count: width)
          for h in 0..<heads { kernels.add(row, rows.pointer + i * all + h * width, row, width) }
          kernels.scale(1 / Float(heads), row, row, width)
        }
      }
      try finish(nodes, used)
    }
    return whole.map { Shares(whole: $0, dropped: dropped) }
  }

  // MARK: - Gradient

  /// g [n, outWidth] as the gradient of each head's rows: [n, all].
  func spread(_ g: UnsafePointer<Float>) throws(RuvectorError) -> (
    g: UnsafePointer<Float>, memory: AlignedBuffer<Float>?
  ) {
    if isConcatenated { return (g, nil) }
    let rows = try AlignedBuffer<Float>(rows: graph.nodes, columns: all, for: "gradients")
    for i in 0..<graph.nodes {
      for h in 0..<heads {
        Kernels.current.scale(1 / Float(heads), g + i * width, rows.pointer + i * all + h * width, width)
      }
    }
    return (UnsafePointer(rows.pointer), rows)
  }

  /// dL/ds [entries, heads] of the gradient g [n, all]: with dα_e = g_i · v_j (and through dropout) ds = α (dα − Σ α dα).
  /// `also(nodes, dα)` may add to dα before; `then(nodes, ds)` gets each part. With `overwriting` ds takes the place of α, which
  /// nothing wants any more: memory that is new costs as much as a pass over it.
  func slopes(
    _ g: UnsafePointer<Float>, _ v: UnsafePointer<Float>, _ shares: Shares, overwriting: Bool = false,
    _ control: Control,
    also: (Range<Int>, UnsafeMutablePointer<Float>) throws(RuvectorError) -> Void = { (_, _) in },
    then: (Range<Int>, UnsafeMutablePointer<Float>) throws(RuvectorError) -> Void = { (_, _) in }
  ) throws(RuvectorError) -> AlignedBuffer<Float> {
    let kernels = Kernels.current
    let out = overwriting ? shares.whole : try AlignedBuffer<Float>(rows: graph.edges, columns: heads, for: "edges")
    try forChunks(of: graph.nodes, chunk: 64, control) { (nodes, _) throws(RuvectorError) in
      let first = Int(graph.offsets[nodes.lowerBound]) * heads, last = Int(graph.offsets[nodes.upperBound]) * heads
      let own = overwriting ? try AlignedBuffer<Float>(count: last - first, for: "edges") : nil
      let place = own.map { $0.pointer - first } ?? out.pointer
      kernels.head_dots(
        graph.offsets.pointer, graph.indices.pointer, g, all, v, all, heads, width, nodes.lowerBound, nodes.upperBound,
        place)
      try also(nodes, place)
      if let dropped = shares.dropped {
        // What dropout did to α it does to dα.
        for k in first..<last { place[k] *= shares.whole[k] == 0 ? 0 : dropped[k] / shares.whole[k] }
      }
      kernels.edge_softmax_slopes(
        graph.offsets.pointer, heads, nodes.lowerBound, nodes.upperBound, shares.whole.pointer, place)
      try then(nodes, place)
      if let own { (out.pointer + first).update(from: own.pointer, count: own.count) }
    }
    return out
  }

  /// out [columns, all] ← Σ_e α_e g_i over the entries of each source: the gradient of v as values.
  func valuesBack(
    _ g: UnsafePointer<Float>, _ shares: Shares, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    let back = try graph.reverse.transposed, kernels = Kernels.current
    try forChunks(of: graph.columns, chunk: 64, control) { (part, _) throws(RuvectorError) in
      try kernels.sumHeads(
        back.offsets.pointer, back.targets.pointer, places: back.entries.pointer, shares.used.pointer, heads: heads,
        width: width, g, of: part, into: out)
    }
  }

  /// out [columns, heads] ← the sum of the slopes [entries, heads] of each source.
  func sumBySource(
    _ slopes: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    let back = try graph.reverse.transposed, kernels = Kernels.current
    try forChunks(of: graph.columns, chunk: 256, control) { (part, _) throws(RuvectorError) in
      try kernels.sumRows(
        back.offsets.pointer, back.entries.pointer, slopes, stride: heads, of: part, dim: heads, into: out)
    }
  }

  // MARK: - Edges

  /// The weights that a caller sees: those of the graph's entries, and of the loops that the layer made.
  func show(
    _ shares: AlignedBuffer<Float>, edges: Int, attention: UnsafeMutablePointer<Float>,
    loops: UnsafeMutablePointer<Float>
  ) {
    attention.update(repeating: 0, count: edges * heads)
    loops.update(repeating: 0, count: graph.nodes * heads)
    for e in 0..<graph.edges {
      let entry = graph.entries.map { Int($0[e]) } ?? e
      let place = entry < edges ? attention + entry * heads : loops + (entry - edges) * heads
      place.update(from: shares.pointer + e * heads, count: heads)
    }
  }
}

/// The products of each row's heads with `vectors` [heads · width], of packed rows [n, heads · width]: [n, heads].
struct HeadProducts {
  private let ones: AlignedBuffer<UInt32>
  private let heads, width: Int
  private static let most = 512

  init(heads: Int, width: Int) throws(RuvectorError) {
    (self.heads, self.width) = (heads, width)
    ones = try AlignedBuffer(count: Self.most + 1, for: "rows")  // row i has the one entry i
    for i in 0..<ones.count { ones[i] = UInt32(truncatingIfNeeded: i) }
  }

  func apply(
    _ vectors: UnsafePointer<Float>, _ rows: UnsafePointer<Float>, count: Int, into out: UnsafeMutablePointer<Float>
  ) {
    var r = 0
    while r < count {
      let few = min(Self.most, count - r)
      Kernels.current.head_dots(
        ones.pointer, ones.pointer, vectors, 0, rows + r * heads * width, heads * width, heads, width, 0, few,
        out + r * heads)
      r += few
    }
  }
}
