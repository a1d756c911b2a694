import CRuvectorSupport
import RuvectorCore

/// The graph layer of `@ruvector/gnn` (V1): attention over messages, weighted aggregation, a GRU update, layer norm.
///
///     h   = W_msg x + b                            m_i = W_msg N_i + b
///     s_i = (W_q h + b_q)·(W_k m_i + b_k) / √(H/heads)          per head, heads are contiguous slices
///     a   = W_out concat_heads(Σ softmax(s)_i (W_v m_i + b_v)) + b_out
///     g   = Σ ŵ_i m_i                              ŵ = w / Σw, or 1/|w| where Σw ≤ 0
///     u   = W_agg (a + g) + b
///     z   = σ(W_z u + U_z h)   r = σ(W_r u + U_r h)   c = tanh(W_h u + U_h (r ⊙ h))
///     y   = LayerNorm((1 − dropout) ((1 − z) ⊙ h + z ⊙ c))
///
/// x [in] the node, N [n, in] its neighbours, w [m] their weights (a larger weight counts more), H = hiddenDim.
/// Without neighbours y = LayerNorm(h). Weights and neighbours are paired up to the shorter list, ŵ is normalised
/// over all of w, and without weights g = 0. The factor 1 − dropout is a constant (this is inference); the layer
/// norm all but removes it.
///
/// For n > 2 · heads + 1 the projections of the neighbours are folded into the query and the averages:
/// s_i = (W_msgᵀ W_kᵀ q)·N_i + const and Σ a_i W_v W_msg N_i = W_v W_msg Σ a_i N_i, which reads each neighbour once.
/// - Complexity: O(heads · (n · in + in · H) + H²) folded, O(n · in · H + H²) otherwise. No state changes.
/// - Precision: Float, layer norm in Double; input whose intermediate values leave Float is done again in Double.
public final class RuvectorLayer: @unchecked Sendable {
  // MARK: - Options

  public static let maximumDim = 65_536
  public let inputDim: Int
  public let hiddenDim: Int
  public let heads: Int
  public let dropout: Double
  public let seed: UInt64
  var headDim: Int { hiddenDim / heads }

  // MARK: - Weights

  /// The names are the paths in the layer's JSON.
  public let parameters: Parameters
  let message: Linear  // [H, in]
  let aggregate: Linear  // [H, H], as all that follow
  let updateInput, updateHidden, resetInput, resetHidden, candidateInput, candidateHidden: Linear
  let query, key, value, output: Linear
  let gamma, beta: Parameter  // [H]
  /// ε of the layer norm.
  public let epsilon: Double

  // MARK: - Creation

  /// Weights are Xavier-normal from `seed`, biases 0, gamma 1, beta 0.
  /// `.invalidConfig` for sizes outside 1...65536, heads that do not divide hiddenDim, dropout outside 0...1.
  public init(
    inputDim: Int, hiddenDim: Int, heads: Int, dropout: Double = 0, seed: UInt64, epsilon: Double = 1e-5
  ) throws(RuvectorError) {
    try requireSize(inputDim, "inputDim")
    try requireSize(hiddenDim, "hiddenDim")
    try requireSize(heads, "heads")
    guard hiddenDim % heads == 0 else {
      throw .expected("a divisor of \(hiddenDim)", for: "heads", received: "\(heads)", .invalidConfig)
    }
    guard dropout >= 0, dropout <= 1 else {
      throw .expected("a number in 0...1", for: "dropout", received: text(dropout), .invalidConfig)
    }
    (self.inputDim, self.hiddenDim, self.heads, self.dropout) = (inputDim, hiddenDim, heads, dropout)
    guard epsilon > 0, epsilon <= 1 else {
      throw .expected("a number > 0 and <= 1", for: "eps", received: text(epsilon), .invalidConfig)
    }
    (self.seed, self.epsilon) = (seed, epsilon)
    parameters = try Parameters(Self.slots(inputDim: inputDim, hiddenDim: hiddenDim), seed: seed)
    message = parameters.linear("w_msg.weights", "w_msg.bias")
    aggregate = parameters.linear("w_agg.weights", "w_agg.bias")
    updateInput = parameters.linear("w_update.w_z.weights", "w_update.w_z.bias")
    updateHidden = parameters.linear("w_update.u_z.weights", "w_update.u_z.bias")
    resetInput = parameters.linear("w_update.w_r.weights", "w_update.w_r.bias")
    resetHidden = parameters.linear("w_update.u_r.weights", "w_update.u_r.bias")
    candidateInput = parameters.linear("w_update.w_h.weights", "w_update.w_h.bias")
    candidateHidden = parameters.linear("w_update.u_h.weights", "w_update.u_h.bias")
    query = parameters.linear("attention.q_linear.weights", "attention.q_linear.bias")
    key = parameters.linear("attention.k_linear.weights", "attention.k_linear.bias")
    value = parameters.linear("attention.v_linear.weights", "attention.v_linear.bias")
    output = parameters.linear("attention.out_linear.weights", "attention.out_linear.bias")
    gamma = parameters["norm.gamma"]
    beta = parameters["norm.beta"]
  }

  // MARK: - Forward

  /// One node. `out` [H]. `.dimensionMismatch`, `.nonFinite` (naming the argument and element).
  public func forward(
    _ node: UnsafePointer<Float>, neighbors: MatrixView, edgeWeights: UnsafeBufferPointer<Float>,
    into out: UnsafeMutablePointer<Float>
  ) throws(RuvectorError) {
    guard neighbors.rows == 0 || neighbors.dim == inputDim else {
      throw .dimension("neighbors[0]", expected: inputDim, received: neighbors.dim)
    }
    let kernels = Kernels.current
    let work = try Workspace(self, neighbors: neighbors.rows, weights: edgeWeights.count)
    message.apply(node, work.hidden, kernels)
    if neighbors.rows == 0 {
      if let base = edgeWeights.baseAddress { try requireFinite(base, count: edgeWeights.count, for: "edgeWeights") }
      normalize(work.hidden, scale: 1, into: out)
    } else {
      let messages = fold(neighbors.rows) ? nil : try project(neighbors, work, kernels)
      attend(neighbors, messages, work, kernels)
      mix(neighbors, messages, edgeWeights, work, kernels)
      aggregate.apply(work.mixed, work.input, kernels)
      update(work, kernels)
      normalize(work.state, scale: 1 - dropout, into: out)
    }
    guard kernels.non_finite_probe(out, hiddenDim) == 0 else {
      try requireFinite(node, count: inputDim, for: "node")
      for i in 0..<neighbors.rows {
        try requireFinite(neighbors.row(i), count: inputDim, for: "neighbors[\(i)]")
      }
      if let base = edgeWeights.baseAddress {
        try requireFinite(base, count: edgeWeights.count, for: "edgeWeights")
      }
      return try forwardInDouble(node, neighbors: neighbors, edgeWeights: edgeWeights, into: out)
    }
  }

  private func fold(_ neighbors: Int) -> Bool { neighbors > 2 * heads + 1 }

  /// m = N W_msgᵀ + b, [n, H].
  private func project(
    _ neighbors: MatrixView, _ work: Workspace, _ kernels: KernelTable
  ) throws(RuvectorError) -> MatrixView {
    for i in 0..<neighbors.rows {
      message.apply(neighbors.row(i), work.messages + i * hiddenDim, kernels)
    }
    return MatrixView(work.messages, rows: neighbors.rows, dim: hiddenDim)
  }

  /// work.mixed ← a.
  private func attend(_ neighbors: MatrixView, _ messages: MatrixView?, _ work: Workspace, _ kernels: KernelTable) {
    let rows = messages ?? neighbors, n = rows.rows
    query.apply(work.hidden, work.q, kernels)
    kernels.scale(1 / Float(headDim).squareRoot(), work.q, work.q, hiddenDim)
    for head in 0..<heads {
      let slice = head * headDim
      // u = W_kᵀ q of this head; the biases add a constant to every score, which softmax does not see.
      zero(work.u, hiddenDim)
      kernels.combine_rows(
        work.q + slice, key.weight.pointer + slice * hiddenDim, hiddenDim, headDim, hiddenDim, work.u)
      var direction = work.u
      if messages == nil {
        zero(work.t, inputDim)
        message.addTransposed(work.u, work.t, kernels)
        direction = work.t
      }
      kernels.dot_rows(direction, rows.base, rows.stride, n, rows.dim, work.scores)
      softmax(work.scores, count: n, kernels)
      zero(work.average, rows.dim)
      kernels.combine_rows(work.scores, rows.base, rows.stride, n, rows.dim, work.average)
      var averaged = work.average
      if messages == nil {
        message.apply(work.average, work.u, kernels)
        averaged = work.u
      }
      kernels.dot_rows(
        averaged, value.weight.pointer + slice * hiddenDim, hiddenDim, headDim, hiddenDim, work.heads + slice)
    }
    kernels.add(work.heads, value.bias.pointer, work.heads, hiddenDim)
    output.apply(work.heads, work.mixed, kernels)
  }

  /// work.mixed += g.
  private func mix(
    _ neighbors: MatrixView, _ messages: MatrixView?, _ weights: UnsafeBufferPointer<Float>, _ work: Workspace,
    _ kernels: KernelTable
  ) {
    let rows = messages ?? neighbors, paired = min(rows.rows, weights.count)
    guard paired > 0 else { return }
    var sum = 0.0
    for w in weights { sum += Double(w) }
    var share = 0.0
    for i in 0..<paired {
      let w = sum > 0 ? Double(weights[i]) / sum : 1 / Double(weights.count)
      work.scores[i] = Float(w) + (sum.isFinite ? 0 : Float.nan)
      share += w
    }
    if messages == nil {
      zero(work.average, inputDim)
      kernels.combine_rows(work.scores, rows.base, rows.stride, paired, inputDim, work.average)
      message.applyWeight(work.average, work.u, kernels)
      kernels.add(work.mixed, work.u, work.mixed, hiddenDim)
      kernels.axpy(Float(share), message.bias.pointer, work.mixed, hiddenDim)
    } else {
      kernels.combine_rows(work.scores, rows.base, rows.stride, paired, hiddenDim, work.mixed)
    }
  }

  /// work.state ← GRU(work.input, work.hidden).
  private func update(_ work: Workspace, _ kernels: KernelTable) {
    let n = hiddenDim
    func gate(_ input: Linear, _ hidden: Linear, _ h: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>) {
      input.apply(work.input, out, kernels)
      hidden.apply(h, work.u, kernels)
      kernels.add(out, work.u, out, n)
    }
    gate(updateInput, updateHidden, work.hidden, work.q)
    kernels.logistic(work.q, work.q, n)
    gate(resetInput, resetHidden, work.hidden, work.heads)
    kernels.logistic(work.heads, work.heads, n)
    kernels.multiply(work.heads, work.hidden, work.heads, n)
    gate(candidateInput, candidateHidden, work.heads, work.state)
    kernels.hyperbolic_tangent(work.state, work.state, n)
    for i in 0..<n { work.state[i] = (1 - work.q[i]) * work.hidden[i] + work.q[i] * work.state[i] }
  }

  /// out ← gamma (x − mean)/√(variance + ε) + beta, x = scale · v, biased variance.
  func normalize(_ v: UnsafePointer<Float>, scale: Double, into out: UnsafeMutablePointer<Float>) {
    var mean = 0.0, variance = 0.0
    for i in 0..<hiddenDim { mean += Double(v[i]) }
    mean /= Double(hiddenDim)
    for i in 0..<hiddenDim {
      let d = Double(v[i]) - mean
      variance += d * d
    }
    variance *= scale * scale / Double(hiddenDim)
    let inverse = scale / (variance + epsilon).squareRoot()
    for i in 0..<hiddenDim {
      out[i] = Float((Double(v[i]) - mean) * inverse) * gamma[i] + beta[i]
    }
  }
}

/// One allocation holds every intermediate of a forward pass.
private struct Workspace {
  let buffer: AlignedBuffer<Float>
  let hidden, q, u, heads, mixed, input, state: UnsafeMutablePointer<Float>  // [H]
  let t: UnsafeMutablePointer<Float>  // [in]
  let average: UnsafeMutablePointer<Float>  // [max(in, H)]
  let scores: UnsafeMutablePointer<Float>  // [max(n, m)]
  let messages: UnsafeMutablePointer<Float>  // [n, H], only where they are not folded

  init(_ layer: RuvectorLayer, neighbors: Int, weights: Int) throws(RuvectorError) {
    let h = (layer.hiddenDim + 15) / 16 * 16, d = (layer.inputDim + 15) / 16 * 16
    let unfolded = min(neighbors, 2 * layer.heads + 1)
    buffer = try AlignedBuffer(
      count: 8 * h + 2 * d + neighbors + unfolded * layer.hiddenDim + 16, for: "workspace")
    let p = buffer.pointer
    (hidden, q, u, heads) = (p, p + h, p + 2 * h, p + 3 * h)
    (mixed, input, state) = (p + 4 * h, p + 5 * h, p + 6 * h)
    average = p + 7 * h
    t = average + h + d
    scores = t + d
    messages = scores + neighbors
  }
}

private func zero(_ x: UnsafeMutablePointer<Float>, _ n: Int) { x.initialize(repeating: 0, count: n) }

private func requireSize(_ value: Int, _ name: String) throws(RuvectorError) {
  guard value >= 1, value <= RuvectorLayer.maximumDim else {
    throw .expected(
      "an integer in 1...\(RuvectorLayer.maximumDim)", for: name, received: "\(value)", .invalidConfig)
  }
}
