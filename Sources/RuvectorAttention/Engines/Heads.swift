import CRuvectorSupport
import RuvectorCore

/// Exact softmax attention in `heads` contiguous slices, without weights of its own: what all mechanisms share whose scores are
/// products of queries and keys. Queries are cut into chunks whatever the thread count: the same bits for any number of threads.
public struct Heads {
  let input: AttentionInput
  let count: Int
  let scale: Double
  let isCausal: Bool
  var window: Window?
  /// Keys a block.
  var block = 512
  /// Share of the weights that training leaves out.
  var dropout = 0.0

  /// Slices of equal width; heads divide both.
  func head(_ h: Int) -> SoftmaxHead {
    var slice = input
    slice.queries = input.queries.columns(h, of: count)
    slice.keys = input.keys.columns(h, of: count)
    slice.values = input.values.columns(h, of: count)
    return SoftmaxHead(input: slice, scale: scale, isCausal: isCausal, window: window, block: block)
  }

  /// `out` [m, v].
  func forward(into out: UnsafeMutablePointer<Float>, _ control: Control) throws(RuvectorError) {
    let kernels = Kernels.current, v = input.values.dim, part = v / count
    let heads = (0..<count).map { head($0) }
    if let mask = Mask(dropout, input.mode) { return try forward(dropping: mask, into: out, control) }
    if SoftmaxTiles.fits(heads[0]) {
      let quiet = Control(cancelFlag: control.cancelFlag)
      return try forChunks(of: input.queries.rows, chunk: SoftmaxTiles.together, times: count, control) {
        (queries, h) throws(RuvectorError) in
        try SoftmaxTiles(head: heads[h], kernels: kernels).forward(queries, into: out + h * part, stride: v, quiet)
      }
    }
    try forChunks(of: input.queries.rows, control) { (queries, _) throws(RuvectorError) in
      let scores = try AlignedBuffer<Float>(count: block)
      for i in queries {
        for h in heads.indices {
          try heads[h].forward(i, into: out + i * v + h * part, scores.pointer, kernels)
        }
      }
    }
  }

  /// `out` [heads, m, n].
  func weights(into out: UnsafeMutablePointer<Float>, _ control: Control) throws(RuvectorError) {
    let kernels = Kernels.current, m = input.queries.rows, n = input.keys.rows
    let heads = (0..<count).map { head($0) }
    try forChunks(of: input.queries.rows, control) { (queries, _) throws(RuvectorError) in
      for h in heads.indices {
        for i in queries { try heads[h].weights(i, into: out + (h * m + i) * n, kernels) }
      }
    }
  }

  /// Heads write to columns of their own, so they may run side by side.
  func backward(
    outputGradient: UnsafePointer<Float>, into gradients: AttentionGradients, _ control: Control
  ) throws(RuvectorError) {
    let kernels = Kernels.current, m = input.queries.rows, n = input.keys.rows
    let d = input.queries.dim, v = input.values.dim, dPart = d / count, vPart = v / count
    let heads = (0..<count).map { head($0) }, mask = Mask(dropout, input.mode)
    try forChunks(of: count, chunk: 1, control) { (part, _) throws(RuvectorError) in
      let h = part.lowerBound
      let scratch = try AlignedBuffer<Float>(count: 2 * n)
      for i in 0..<m {
        if i % 16 == 0 { try control.check() }
        var slice = gradients
        slice.queries = gradients.queries.map { $0 + i * d + h * dPart }
        slice.keys = gradients.keys.map { $0 + h * dPart }
        slice.values = gradients.values.map { $0 + h * vPart }
        try heads[h].backward(
          i, outputGradient + i * v + h * vPart, into: slice, keyStride: d, valueStride: v, scratch.pointer,
          scratch.pointer + n, kernels, mask.map { ($0, place(h, i)) })
      }
    }
  }

  /// Number of the weight between query `i` and key 0 in head `h`, for what dropout decides.
  private func place(_ h: Int, _ i: Int) -> Int { (h &* input.batch &+ input.place(of: i)) &* input.keys.rows }

  /// `out` [m, v]: Σ_j m_ij p_ij V_j, m_ij 0 or 1/(1 − dropout).
  private func forward(
    dropping mask: Mask, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    let kernels = Kernels.current, v = input.values.dim, n = input.keys.rows, part = v / count
    let heads = (0..<count).map { head($0) }
    try forChunks(of: input.queries.rows, control) { (queries, _) throws(RuvectorError) in
      let p = try AlignedBuffer<Float>(count: n)
      for i in queries {
        for h in heads.indices {
          let row = out + i * v + h * part, first = place(h, i)
          try heads[h].weights(i, into: p.pointer, kernels)
          for j in 0..<n { p[j] *= mask.factor(first &+ j) }
          row.update(repeating: 0, count: part)
          kernels.combine_rows(p.pointer, heads[h].input.values.base, input.values.stride, n, part, row)
        }
      }
    }
    try requireRange(out, input.queries.rows * v, input)
  }
}

extension MatrixView {
  /// Part `h` of `count` equal parts of the columns.
  func columns(_ h: Int, of count: Int) -> MatrixView {
    MatrixView(base + h * (dim / count), rows: rows, dim: dim / count, stride: stride)
  }
}
