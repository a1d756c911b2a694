import CRuvectorSupport
import RuvectorCore

extension EdgeFeatured {
  // MARK: - Gradient

  /// With g^h = dL/do^h, y = W_tᵀ g, p the weights, v̄ = Σ p v:
  ///
  ///     dv_j += p_j y        dW_t += g v̄ᵀ        ds_j = p_j (y·v_j − y·v̄)
  ///     v2   z_j = W_s q + W_t k_j + W_e e_ij:   dz = ds a ⊙ LeakyReLU'(z),   da += ds LeakyReLU(z);
  ///          dq = W_sᵀ Σ dz,  dk_j = W_tᵀ dz_j,  de = W_eᵀ dz,  dW_s = Σ dz qᵀ and so on
  ///     v1   z_j = u_s·q + u_t·k_j + u_e·e, u = Wᵀa:   dz = ds LeakyReLU'(z);  with x̄ = Σ dz x:  da = W x̄,  dW = a x̄ᵀ
  ///
  /// A self loop is a key, with its value, that is the query.
  public func backward(
    _ input: AttentionInput, outputGradient: UnsafePointer<Float>, into gradients: AttentionGradients,
    _ control: Control
  ) throws(RuvectorError) {
    let scores = try EdgeScores(self, input, keepsKeys: true, control)
    let pass = try EdgeBackward(self, scores, gradients)
    let outDim = isConcatenated ? rows : headDim
    for i in 0..<input.queries.rows {
      if i % 16 == 0 { try control.check() }
      for h in 0..<heads {
        let g = outputGradient + i * outDim + (isConcatenated ? h * headDim : 0)
        try pass.add(i, h, g, scale: isConcatenated ? 1 : 1 / Float(heads))
      }
    }
    try pass.finish(control)
  }
}

/// One backward pass: the sums over pairs go through the projections at its end.
private final class EdgeBackward {
  private let layer: EdgeFeatured
  private let scores: EdgeScores
  private let gradients: AttentionGradients
  private let work: EdgeScores.Scratch
  private let kernels = Kernels.current
  /// v2: dL/d(W_s q) [m, h · w], dL/d(W_t k + W_e e) [n, h · w].
  private let toQueries, toKeys: Rows?
  private let g, y, dz: AlignedBuffer<Float>
  private let ds, δ: AlignedBuffer<Float>
  private var input: AttentionInput { scores.input }

  init(_ layer: EdgeFeatured, _ scores: EdgeScores, _ gradients: AttentionGradients) throws(RuvectorError) {
    (self.layer, self.scores, self.gradients) = (layer, scores, gradients)
    work = try EdgeScores.Scratch(scores)
    let n = scores.input.keys.rows
    g = try AlignedBuffer(count: layer.headDim)
    y = try AlignedBuffer(count: layer.dim)
    dz = try AlignedBuffer(count: layer.headDim)
    ds = try AlignedBuffer(count: n + 1)
    δ = try AlignedBuffer(count: n + 1)
    toQueries = layer.isFirst ? nil : try Rows(scores.input.queries.rows, layer.rows)
    toKeys = layer.isFirst ? nil : try Rows(n, layer.rows)
    toQueries?.zero()
    toKeys?.zero()
  }

  /// Rows of head `h` in W_s, W_t, W_e.
  private func weight(_ side: Int, _ h: Int) -> UnsafeMutablePointer<Float>? {
    let weight = layer.weight(side)
    return gradients.parameters.map { $0[weight] + h * layer.headDim * weight.shape[1] }
  }
  private func attention(_ side: Int, _ h: Int) -> UnsafeMutablePointer<Float>? {
    gradients.parameters.map { $0[layer.attention] + (side * layer.heads + h) * layer.headDim }
  }

  /// out += x yᵀ, [x, y].
  private func outer(
    _ x: UnsafePointer<Float>, _ a: Int, _ y: UnsafePointer<Float>, _ b: Int, into out: UnsafeMutablePointer<Float>?
  ) {
    guard let out else { return }
    for r in 0..<a where x[r] != 0 { kernels.axpy(x[r], y, out + r * b, b) }
  }

  func add(_ i: Int, _ h: Int, _ outputGradient: UnsafePointer<Float>, scale: Float) throws(RuvectorError) {
    guard try scores.weigh(i, h, work) else { return }
    let d = layer.dim, w = layer.headDim, range = work.range, count = range.count, p = work.weights
    let loops = layer.hasSelfLoops
    scores.average(i, work)
    kernels.scale(scale, outputGradient, g.pointer, w)
    y.pointer.update(repeating: 0, count: d)
    kernels.combine_rows(g.pointer, layer.key.pointer + h * w * d, d, w, d, y.pointer)
    outer(g.pointer, w, work.average.pointer, d, into: weight(1, h))
    kernels.dot_rows(y.pointer, input.values.row(range.lowerBound), input.values.stride, count, d, δ.pointer)
    if loops { δ[count] = kernels.dot(y.pointer, input.queries.row(i), d) }
    let mean = kernels.dot(y.pointer, work.average.pointer, d)
    for at in 0..<count + (loops ? 1 : 0) { ds[at] = p[at] * (δ[at] - mean) }
    if let out = gradients.values {
      for (at, j) in range.enumerated() { kernels.axpy(p[at], y.pointer, out + j * d, d) }
    }
    if loops, let out = gradients.queries { kernels.axpy(p[count], y.pointer, out + i * d, d) }
    if layer.isFirst { addFirst(i, h) } else { try addSecond(i, h) }
  }

  // MARK: - v2

  private func addSecond(_ i: Int, _ h: Int) throws(RuvectorError) {
    guard let queries = scores.queries, let toQueries, let toKeys else { return }
    let w = layer.headDim, range = work.range, q = queries.row(i) + h * w
    let (rows, stride) = try scores.projected(i, h, work)
    for (at, j) in range.enumerated() where ds[at] != 0 {
      slope(q, rows + at * stride, ds[at], h)
      kernels.add(toQueries.row(i) + h * w, dz.pointer, toQueries.row(i) + h * w, w)
      kernels.add(toKeys.row(j) + h * w, dz.pointer, toKeys.row(j) + h * w, w)
      if scores.hasPairs { addPair(i, j, h) }
    }
    guard layer.hasSelfLoops else { return }
    scores.own(i, h, work, kernels)
    slope(q, work.own.pointer, ds[range.count], h)
    kernels.add(toQueries.row(i) + h * w, dz.pointer, toQueries.row(i) + h * w, w)
    outer(dz.pointer, w, input.queries.row(i), layer.dim, into: weight(1, h))
    if let out = gradients.queries {
      kernels.combine_rows(
        dz.pointer, layer.key.pointer + h * w * layer.dim, layer.dim, w, layer.dim, out + i * layer.dim)
    }
  }

  /// dz of one pair, and its part of da.
  private func slope(_ q: UnsafePointer<Float>, _ row: UnsafePointer<Float>, _ ds: Float, _ h: Int) {
    let w = layer.headDim, slope = Float(layer.negativeSlope), a = layer.attention.pointer + h * w
    let da = attention(0, h)
    for c in 0..<w {
      let z = q[c] + row[c]
      dz[c] = ds * a[c] * (z > 0 ? 1 : slope)
      if let da { da[c] += ds * (z > 0 ? z : slope * z) }
    }
  }

  private func addPair(_ i: Int, _ j: Int, _ h: Int) {
    guard let edges = input.edges, let e = input.edge(i, j) else { return }
    let w = layer.headDim, width = layer.edgeDim
    outer(dz.pointer, w, edges.row(e), width, into: weight(2, h))
    if let out = gradients.edges {
      kernels.combine_rows(dz.pointer, layer.edge.pointer + h * w * width, width, w, width, out + e * width)
    }
  }

  // MARK: - v1

  private func addFirst(_ i: Int, _ h: Int) {
    guard let folded = scores.folded else { return }
    let d = layer.dim, range = work.range, loops = layer.hasSelfLoops
    let q = input.queries.row(i), slope = Float(layer.negativeSlope)
    // LeakyReLU' from the sign of what it gave is lost for slope 0, so the sums are made again.
    let own = kernels.dot(folded.query.row(h), q, d)
    kernels.dot_rows(folded.key.row(h), input.keys.row(range.lowerBound), input.keys.stride, range.count, d, δ.pointer)
    var total: Float = 0
    for (at, j) in range.enumerated() {
      var z = own + δ[at]
      if let edges = input.edges, let e = input.edge(i, j) {
        z += kernels.dot(folded.edge.row(h), edges.row(e), layer.edgeDim)
        ds[at] *= z > 0 ? 1 : slope
        fold(2, h, ds[at], edges.row(e), layer.edgeDim)
        if let out = gradients.edges {
          kernels.axpy(ds[at], folded.edge.row(h), out + e * layer.edgeDim, layer.edgeDim)
        }
      } else {
        ds[at] *= z > 0 ? 1 : slope
      }
      total += ds[at]
      if let out = gradients.keys { kernels.axpy(ds[at], folded.key.row(h), out + j * d, d) }
    }
    // Σ dz k, with the self loop
    y.pointer.update(repeating: 0, count: d)
    kernels.combine_rows(ds.pointer, input.keys.row(range.lowerBound), input.keys.stride, range.count, d, y.pointer)
    if loops {
      let at = range.count
      ds[at] *= own + kernels.dot(folded.key.row(h), q, d) > 0 ? 1 : slope
      total += ds[at]
      kernels.axpy(ds[at], q, y.pointer, d)
      if let out = gradients.queries { kernels.axpy(ds[at], folded.key.row(h), out + i * d, d) }
    }
    fold(1, h, 1, y.pointer, d)
    fold(0, h, total, q, d)
    if let out = gradients.queries { kernels.axpy(total, folded.query.row(h), out + i * d, d) }
  }

  /// da += s W x, dW += s a xᵀ of one side.
  private func fold(_ side: Int, _ h: Int, _ s: Float, _ x: UnsafePointer<Float>, _ d: Int) {
    let w = layer.headDim, weight = layer.weight(side).pointer + h * w * d
    kernels.dot_rows(x, weight, d, w, d, dz.pointer)
    if let out = attention(side, h) { kernels.axpy(s, dz.pointer, out, w) }
    kernels.scale(s, layer.attention.pointer + (side * layer.heads + h) * w, dz.pointer, w)
    outer(dz.pointer, w, x, d, into: self.weight(side, h))
  }

  // MARK: - End

  /// v2: through W_s, W_t and, for edges of keys, W_e.
  func finish(_ control: Control) throws(RuvectorError) {
    guard let toQueries, let toKeys else { return }
    var sides = [
      (toQueries, input.queries, layer.query, gradients.queries, 0), (toKeys, input.keys, layer.key, gradients.keys, 1),
    ]
    if let edges = input.edges, !scores.hasPairs { sides.append((toKeys, edges, layer.edge, gradients.edges, 2)) }
    for (d, x, weight, place, side) in sides {
      if let place {
        try gemm(
          m: x.rows, n: x.dim, k: layer.rows, .rows(d.memory.pointer, stride: layer.rows),
          .rows(weight.pointer, stride: x.dim), place, cStride: x.dim, accumulate: true, threads: control.threads)
      }
      guard let out = self.weight(side, 0) else { continue }
      try gemm(
        m: layer.rows, n: x.dim, k: x.rows, .transposed(d.memory.pointer, stride: layer.rows),
        .rows(x.base, stride: x.stride), out, cStride: x.dim, accumulate: true, threads: control.threads)
    }
  }
}
