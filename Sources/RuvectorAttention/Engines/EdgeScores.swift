import CRuvectorSupport
import RuvectorCore

/// The scores of ``EdgeFeatured`` for one call: what all queries share is projected once.
///
/// v2 keeps W_t K (edges of keys already added) [n, h · w] and W_s Q [m, h · w], or where that is less the scores [m · h, n]
/// (EdgeScores+Blocks.swift); v1 needs but one number a key and head, from the folded vectors W_tᵀ a_t: [h, n].
final class EdgeScores {
  let layer: EdgeFeatured
  let input: AttentionInput
  /// v2: [m, h · w], [n, h · w].
  let queries: Rows?
  let keys: Rows?
  /// v1: W_sᵀ a_s, W_tᵀ a_t [h, d], W_eᵀ a_e [h, edgeDim], and a_t · W_t k_j [h, n].
  let folded: (query: Rows, key: Rows, edge: Rows)?
  private let keyScores: Rows?
  /// v2 with few queries: the scores, and no `keys`.
  private let ready: Rows?
  /// Whether each pair has an edge of its own.
  let hasPairs: Bool

  /// `keepsKeys`: what a gradient needs.
  init(
    _ layer: EdgeFeatured, _ input: AttentionInput, keepsKeys: Bool = false, _ control: Control
  ) throws(RuvectorError) {
    (self.layer, self.input) = (layer, input)
    let n = input.keys.rows, w = layer.headDim, kernels = Kernels.current
    hasPairs = input.edges.map { $0.rows != n } ?? false
    guard layer.isFirst else {
      let q = try Self.project(input.queries, layer.query.pointer, layer.rows, control)
      (folded, keyScores) = (nil, nil)
      guard hasPairs || keepsKeys || input.queries.rows > w else {
        (queries, keys, ready) = (q, nil, try Self.scores(layer, input, q, control))
        return
      }
      let k = try Self.project(input.keys, layer.key.pointer, layer.rows, control)
      if let edges = input.edges, !hasPairs {
        try gemm(
          m: n, n: layer.rows, k: layer.edgeDim, .rows(edges.base, stride: edges.stride),
          .transposed(layer.edge.pointer, stride: layer.edgeDim), k.memory.pointer, cStride: layer.rows,
          accumulate: true, threads: control.threads)
      }
      (queries, keys, ready) = (q, k, nil)
      return
    }
    let sides = try (Rows(layer.heads, layer.dim), Rows(layer.heads, layer.dim), Rows(layer.heads, layer.edgeDim))
    let all = [
      (sides.0, layer.query, layer.dim), (sides.1, layer.key, layer.dim), (sides.2, layer.edge, layer.edgeDim),
    ]
    for (side, (rows, weight, d)) in all.enumerated() {
      rows.zero()
      for h in 0..<layer.heads {
        let a = layer.attention.pointer + (side * layer.heads + h) * w
        kernels.combine_rows(a, weight.pointer + h * w * d, d, w, d, rows.row(h))
      }
    }
    let scores = try Rows(layer.heads, n)
    for h in 0..<layer.heads {
      kernels.dot_rows(sides.1.row(h), input.keys.base, input.keys.stride, n, layer.dim, scores.row(h))
      guard let edges = input.edges, !hasPairs else { continue }
      for j in 0..<n { scores.row(h)[j] += kernels.dot(sides.2.row(h), edges.row(j), layer.edgeDim) }
    }
    (queries, keys, folded, keyScores, ready) = (nil, nil, sides, scores, nil)
  }

  private static func project(
    _ x: MatrixView, _ weight: UnsafePointer<Float>, _ width: Int, _ control: Control
  ) throws(RuvectorError) -> Rows {
    let rows = try Rows(x.rows, width)
    try gemm(
      m: x.rows, n: width, k: x.dim, .rows(x.base, stride: x.stride), .transposed(weight, stride: x.dim),
      rows.memory.pointer, cStride: width, threads: control.threads)
    return rows
  }

  /// Memory for one query, and `heads` heads at a time.
  final class Scratch {
    let heads: Int
    /// p of the keys in `range`, then of the self loop: [heads, n + 1].
    let weights: AlignedBuffer<Float>
    var range = 0..<0
    /// Σ p v, [heads, d]; a head's output, [w].
    let average, head: AlignedBuffer<Float>
    /// v2: W_t q_i of the head [w]; with edges of pairs W_t k_j + W_e e_ij of its keys [n, w].
    let own: AlignedBuffer<Float>
    let pairs: Rows?

    init(_ scores: EdgeScores, heads: Int = 1) throws(RuvectorError) {
      let layer = scores.layer, n = scores.input.keys.rows
      let (count, overflow) = heads.multipliedReportingOverflow(by: n + 1)
      guard !overflow else {
        throw .expected("sizes that fit in memory", for: "weights", received: "more", .outOfMemory)
      }
      self.heads = heads
      weights = try AlignedBuffer(count: count, for: "weights")
      average = try AlignedBuffer(count: heads * layer.dim)
      head = try AlignedBuffer(count: layer.headDim)
      own = try AlignedBuffer(count: layer.headDim)
      pairs = scores.hasPairs && !layer.isFirst ? try Rows(n, layer.headDim) : nil
    }
  }

  // MARK: - Weights

  /// p of query `i` in head `h` into `work.weights`, as its head number `slot`; false where it sees nothing, in any head.
  func weigh(_ i: Int, _ h: Int, _ work: Scratch, slot: Int = 0) throws(RuvectorError) -> Bool {
    let p = work.weights.pointer + slot * (input.keys.rows + 1), range = input.keys(of: i)
    let count = range.count, kernels = Kernels.current
    work.range = range
    if layer.isFirst { firstScores(i, h, range, into: p, kernels) } else { try scores(i, h, work, into: p, kernels) }
    var seen = layer.hasSelfLoops || input.mask == nil && count > 0
    let isFinite = kernels.non_finite_probe(p, count + (layer.hasSelfLoops ? 1 : 0)) == 0
    if input.mask != nil {
      for (at, j) in range.enumerated() { if input.shows(i, j) { seen = true } else { p[at] = -.infinity } }
    }
    guard seen else { return false }
    let total = count + (layer.hasSelfLoops ? 1 : 0)
    if !isFinite { try exactScores(i, h, range, into: p) }
    let top = kernels.maximum(p, total), sum = kernels.exponential_sum(p, top, 1, p, total)
    kernels.scale(1 / sum, p, p, total)
    return true
  }

  private func firstScores(
    _ i: Int, _ h: Int, _ range: Range<Int>, into p: UnsafeMutablePointer<Float>, _ kernels: KernelTable
  ) {
    guard let folded, let keyScores else { return }
    let q = input.queries.row(i), d = layer.dim, slope = Float(layer.negativeSlope)
    let own = kernels.dot(folded.query.row(h), q, d)
    func leaky(_ z: Float) -> Float { z > 0 ? z : slope * z }
    for (at, j) in range.enumerated() {
      var z = own + keyScores.row(h)[j]
      if hasPairs, let edges = input.edges, let e = input.edge(i, j) {
        z += kernels.dot(folded.edge.row(h), edges.row(e), layer.edgeDim)
      }
      p[at] = leaky(z)
    }
    if layer.hasSelfLoops { p[range.count] = leaky(own + kernels.dot(folded.key.row(h), q, d)) }
  }

  private func scores(
    _ i: Int, _ h: Int, _ work: Scratch, into p: UnsafeMutablePointer<Float>, _ kernels: KernelTable
  ) throws(RuvectorError) {
    guard let queries else { return }
    let w = layer.headDim, range = work.range, slope = Float(layer.negativeSlope)
    let q = UnsafePointer(queries.row(i) + h * w), a = layer.attention.pointer + h * w
    if let ready {
      p.update(from: ready.row(i * layer.heads + h) + range.lowerBound, count: range.count)
    } else {
      let (rows, stride) = try projected(i, h, work)
      kernels.leaky_dot_rows(q, a, slope, rows, stride, range.count, w, p)
    }
    guard layer.hasSelfLoops else { return }
    own(i, h, work, kernels)
    kernels.leaky_dot_rows(q, a, slope, work.own.pointer, w, 1, w, p + range.count)
  }

  /// W_t q_i of a head: the query as its own key.
  func own(_ i: Int, _ h: Int, _ work: Scratch, _ kernels: KernelTable) {
    let w = layer.headDim
    kernels.dot_rows(
      input.queries.row(i), layer.key.pointer + h * w * layer.dim, layer.dim, w, layer.dim, work.own.pointer)
  }

  /// W_t k_j + W_e e_ij of the keys in `work.range`, one head, and the distance between rows.
  func projected(_ i: Int, _ h: Int, _ work: Scratch) throws(RuvectorError) -> (UnsafePointer<Float>, Int) {
    guard let keys else { return (UnsafePointer(work.own.pointer), 0) }
    let w = layer.headDim, range = work.range, base = keys.row(range.lowerBound) + h * w
    guard let pairs = work.pairs, let edges = input.edges else { return (UnsafePointer(base), layer.rows) }
    for at in 0..<range.count { pairs.row(at).update(from: base + at * layer.rows, count: w) }
    let first = edges.row(i * input.keys.rows + range.lowerBound)
    try gemm(
      m: range.count, n: w, k: layer.edgeDim, .rows(first, stride: edges.stride),
      .transposed(layer.edge.pointer + h * w * layer.edgeDim, stride: layer.edgeDim), pairs.memory.pointer, cStride: w,
      accumulate: true)
    return (UnsafePointer(pairs.memory.pointer), w)
  }

  /// The scores again in Double, up to a constant: the first place where NaN and infinity are looked for.
  private func exactScores(_ i: Int, _ h: Int, _ range: Range<Int>, into p: UnsafeMutablePointer<Float>)
    throws(RuvectorError)
  {
    try requireFinite(input.queries.row(i), count: layer.dim, for: "queries[\(i)]")
    let w = layer.headDim
    func product(_ weight: Parameter, _ c: Int, _ x: UnsafePointer<Float>, _ d: Int) -> Double {
      var sum = 0.0
      for t in 0..<d { sum += Double(weight[(h * w + c) * d + t]) * Double(x[t]) }
      return sum
    }
    func score(_ key: UnsafePointer<Float>, _ edge: UnsafePointer<Float>?) -> Double {
      func leaky(_ z: Double) -> Double { z > 0 ? z : layer.negativeSlope * z }
      var total = 0.0
      for c in 0..<w {
        let s = product(layer.query, c, input.queries.row(i), layer.dim), t = product(layer.key, c, key, layer.dim)
        let e = edge.map { product(layer.edge, c, $0, layer.edgeDim) } ?? 0
        func a(_ side: Int) -> Double { Double(layer.attention[(side * layer.heads + h) * w + c]) }
        total += layer.isFirst ? a(0) * s + a(1) * t + a(2) * e : a(0) * leaky(s + t + e)
      }
      return layer.isFirst ? leaky(total) : total
    }
    var exact: [Double] = []
    for j in range {
      try requireFinite(input.keys.row(j), count: layer.dim, for: "keys[\(j)]")
      let edge = input.edge(i, j).flatMap { e in input.edges.map { $0.row(e) } }
      if let edge { try requireFinite(edge, count: layer.edgeDim, for: "edges[\(input.edge(i, j) ?? 0)]") }
      exact.append(input.shows(i, j) ? score(input.keys.row(j), edge) : -.infinity)
    }
    if layer.hasSelfLoops { exact.append(score(input.queries.row(i), nil)) }
    let top = exact.reduce(-Double.infinity) { max($0, $1) }
    for (at, s) in exact.enumerated() { p[at] = Float(s - top) }
  }

  /// Σ p v (with the self loop) of the scratch's heads into `work.average`. Values are read once: some rows for all heads.
  func average(_ i: Int, _ work: Scratch) {
    let kernels = Kernels.current, range = work.range, d = layer.dim, out = work.average.pointer
    let stride = input.keys.rows + 1, block = max(4, 4096 / d)
    out.update(repeating: 0, count: work.heads * d)
    var first = 0
    while first < range.count {
      let count = min(block, range.count - first), rows = input.values.row(range.lowerBound + first)
      for s in 0..<work.heads {
        kernels.combine_rows(
          work.weights.pointer + s * stride + first, rows, input.values.stride, count, d, out + s * d)
      }
      first += count
    }
    guard layer.hasSelfLoops else { return }
    for s in 0..<work.heads {
      kernels.axpy(work.weights[s * stride + range.count], input.queries.row(i), out + s * d, d)
    }
  }
}
