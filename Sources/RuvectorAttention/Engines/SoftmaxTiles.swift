import CRuvectorSupport
import RuvectorCore

/// The formula of ``SoftmaxHead`` for many queries at once, as matrix products in register tiles.
///
/// Scores are made transposed, Sᵀ = K Qᵀ, a tile being `gemm_columns` queries wide: then a query is a lane, its softmax
/// needs no sum across lanes, and the block of exponentials already is the packed operand of Oᵀ += Vᵀ Pᵀ. A block of
/// keys and values is packed once for up to `together` queries.
/// - Complexity: O(m · n · (d + v)) at the speed of gemm; memory O((together + keysAtOnce) · (d + v)) for a task.
struct SoftmaxTiles {
  let head: SoftmaxHead
  let kernels: KernelTable
  /// Queries of one task, keys of one block.
  static let together = 512, keysAtOnce = 256

  /// Whether tiles serve this head: every query sees the same keys, or all up to a last one.
  static func fits(_ head: SoftmaxHead) -> Bool {
    head.window == nil && head.input.mask == nil && head.input.offsets == nil && head.m >= 8 && head.n >= 8
  }

  private var d: Int { head.input.queries.dim }
  private var v: Int { head.input.values.dim }
  private var lanes: Int { kernels.gemm_columns }

  /// Memory of one task.
  final class Workspace {
    let queries, keys, values, scores, sums: AlignedBuffer<Float>
    let outputs: AlignedBuffer<Float>
    let maxima: AlignedBuffer<Float>
    let totals: AlignedBuffer<Double>
    /// An infinite key must not pass for one that has no weight.
    var isFinite = true

    init(d: Int, v: Int, queries m: Int, _ kernels: KernelTable) throws(RuvectorError) {
      let lanes = kernels.gemm_columns, rows = kernels.gemm_rows
      let width = (m + lanes - 1) / lanes * lanes, count = SoftmaxTiles.keysAtOnce
      func padded(_ x: Int) -> Int { (x + rows - 1) / rows * rows }
      queries = try AlignedBuffer(count: width * d, for: "queries")
      keys = try AlignedBuffer(count: padded(count) * d, for: "keys")
      values = try AlignedBuffer(count: padded(v) * count, for: "values")
      scores = try AlignedBuffer(count: padded(count) * lanes, for: "scores")
      sums = try AlignedBuffer(count: 2 * lanes, for: "sums")
      outputs = try AlignedBuffer(count: (width + lanes) * v, for: "outputs")
      maxima = try AlignedBuffer(count: width, repeating: -.infinity, for: "maxima")
      totals = try AlignedBuffer(count: width, repeating: 0, for: "sums")
    }
  }

  /// Queries `range` (at most `together`) into `out` [m], whose rows lie `stride` apart.
  func forward(
    _ range: Range<Int>, into out: UnsafeMutablePointer<Float>, stride: Int, _ control: Control
  ) throws(RuvectorError) {
    let work = try Workspace(d: d, v: v, queries: range.count, kernels)
    let q = head.input.queries, tiles = (range.count + lanes - 1) / lanes
    kernels.gemm_pack(q.row(range.lowerBound), q.stride, 1, range.count, d, lanes, work.queries.pointer)
    work.outputs.pointer.update(repeating: 0, count: tiles * lanes * v)
    var first = 0
    while first < head.n {
      try control.check()
      let count = min(Self.keysAtOnce, head.n - first)
      if head.range(range.upperBound - 1).upperBound <= first { break }
      pack(first, count, work)
      for tile in 0..<tiles {
        let last = min(range.lowerBound + (tile + 1) * lanes, range.upperBound) - 1
        let seen = min(count, head.range(last).upperBound - first)
        if seen > 0 { attend(tile, range.lowerBound + tile * lanes, first, seen, count, work) }
      }
      first += count
    }
    for tile in 0..<tiles {
      try finish(tile, range.lowerBound + tile * lanes, range, into: out, stride: stride, work)
    }
  }

  private func pack(_ first: Int, _ count: Int, _ work: Workspace) {
    let k = head.input.keys, values = head.input.values, rows = kernels.gemm_rows
    kernels.gemm_pack(k.row(first), k.stride, 1, count, d, rows, work.keys.pointer)
    for j in first..<first + count where kernels.non_finite_probe(k.row(j), d) != 0 { work.isFinite = false }
    kernels.gemm_pack(values.row(first), 1, values.stride, v, count, rows, work.values.pointer)
  }

  /// One tile of queries and the first `seen` keys of the packed block of `count`.
  private func attend(_ tile: Int, _ query: Int, _ first: Int, _ seen: Int, _ count: Int, _ work: Workspace) {
    let rows = kernels.gemm_rows, scores = work.scores.pointer, queries = work.queries.pointer + tile * lanes * d
    var i = 0
    while i < seen {
      kernels.gemm_tile(
        work.keys.pointer + i * d, queries, d, scores + i * lanes, lanes, min(rows, seen - i), lanes, 0)
      i += rows
    }
    if head.isCausal { hide(query, first, seen, scores) }
    let maxima = work.maxima.pointer + tile * lanes, totals = work.totals.pointer + tile * lanes
    let sums = work.sums.pointer, shrinks = sums + lanes
    kernels.softmax_lanes(scores, seen, Float(head.scale), maxima, sums, shrinks)
    var unchanged = true
    for lane in 0..<lanes {
      totals[lane] = totals[lane] * Double(shrinks[lane]) + Double(sums[lane])
      unchanged = unchanged && shrinks[lane] == 1
    }
    let outputs = work.outputs.pointer + tile * lanes * v
    if !unchanged { for c in 0..<v { kernels.multiply(outputs + c * lanes, shrinks, outputs + c * lanes, lanes) } }
    var c = 0
    while c < v {
      kernels.gemm_tile(
        work.values.pointer + c * count, scores, seen, outputs + c * lanes, lanes, min(rows, v - c), lanes, 1)
      c += rows
    }
  }

  /// Keys behind a query's last one are not seen.
  private func hide(_ query: Int, _ first: Int, _ seen: Int, _ scores: UnsafeMutablePointer<Float>) {
    for lane in 0..<lanes {
      let end = max(0, head.range(min(query + lane, head.m - 1)).upperBound - first)
      if end >= seen { break }  // and so do the queries behind it
      for k in end..<seen { scores[k * lanes + lane] = -.infinity }
    }
  }

  /// Oᵀ / Σ into the rows of `out`. What left Float on the way is done again alone.
  private func finish(
    _ tile: Int, _ query: Int, _ range: Range<Int>, into out: UnsafeMutablePointer<Float>, stride: Int,
    _ work: Workspace
  ) throws(RuvectorError) {
    let turned = work.outputs.pointer + (work.outputs.count - lanes * v)
    kernels.gemm_pack(work.outputs.pointer + tile * lanes * v, lanes, 1, v, lanes, v, turned)
    for lane in 0..<min(lanes, range.upperBound - query) {
      let total = work.totals[tile * lanes + lane], maximum = work.maxima[tile * lanes + lane]
      let row = out + (query + lane) * stride
      kernels.scale(Float(1 / total), turned + lane * v, row, v)
      let isGood =
        work.isFinite && total > 0 && total.isFinite && maximum.isFinite && kernels.non_finite_probe(row, v) == 0
      if !isGood {
        var alone = head
        alone.block = Self.keysAtOnce  // what there is memory for
        try alone.forward(query + lane, into: row, work.scores.pointer, kernels)
      }
    }
  }
}
