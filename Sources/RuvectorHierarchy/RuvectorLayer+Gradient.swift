import CRuvectorSupport
import RuvectorCore

/// Where the gradients of a layer are added: d(loss)/d(argument). nil: not wanted.
public struct LayerGradients {
  /// [in]
  public var node: UnsafeMutablePointer<Float>?
  /// [n, in], packed
  public var neighbors: UnsafeMutablePointer<Float>?
  /// As many as there are edge weights.
  public var edgeWeights: UnsafeMutablePointer<Float>?
  public var parameters: Gradients?

  public init(
    node: UnsafeMutablePointer<Float>? = nil, neighbors: UnsafeMutablePointer<Float>? = nil,
    edgeWeights: UnsafeMutablePointer<Float>? = nil, parameters: Gradients? = nil
  ) {
    (self.node, self.neighbors, self.edgeWeights, self.parameters) = (node, neighbors, edgeWeights, parameters)
  }
}

// MARK: - Gradient

extension RuvectorLayer {
  /// Adds what `outputGradient` [H] = dL/dy gives through the formula of ``RuvectorLayer``. Nothing is kept between calls:
  /// what is needed of `forward` is computed again.
  ///
  /// However many neighbours there are, the gradient takes the folded form of that formula, in which a head is
  ///
  ///     u = W_k[head]ᵀ q/√(H/heads)   t = W_msgᵀ u   p = softmax(N t)   ā = W_msg Σ p_i N_i + b   a = W_v[head] ā + b_v
  ///
  /// and every step back is a product with a vector. With da = dL/da, dā = W_v[head]ᵀ da and e = W_msgᵀ dā:
  ///
  ///     ds_i = p_i (e·N_i − Σ p e·N)    dN_i += p_i e + ds_i t    dt = Σ ds_i N_i    du = W_msg dt    dq = W_k[head] du/√…
  ///
  /// W_msg has its share from h, u, ā and g; b_k has none, since a constant in all scores changes nothing.
  /// `.dimensionMismatch`, `.nonFinite`; `.outOfRange` where a gradient leaves Float.
  /// - Complexity: O(heads · (n · in + in · H) + H²).
  /// - Precision: Float; the layer norm, the softmax's mean and the shares of edge weights in Double.
  public func backward(
    _ node: UnsafePointer<Float>, neighbors: MatrixView, edgeWeights: UnsafeBufferPointer<Float>,
    outputGradient: UnsafePointer<Float>, into gradients: LayerGradients
  ) throws(RuvectorError) {
    guard neighbors.rows == 0 || neighbors.dim == inputDim else {
      throw .dimension("neighbors[0]", expected: inputDim, received: neighbors.dim)
    }
    try requireFinite(node, count: inputDim, for: "node")
    for i in 0..<neighbors.rows { try requireFinite(neighbors.row(i), count: inputDim, for: "neighbors[\(i)]") }
    if let base = edgeWeights.baseAddress { try requireFinite(base, count: edgeWeights.count, for: "edgeWeights") }
    try requireFinite(outputGradient, count: hiddenDim, for: "outputGradient")
    try Backward(self, node, neighbors, edgeWeights, gradients).run(outputGradient)
  }
}

/// One backward pass: the formula's letters, and d in front of a letter for its gradient.
private struct Backward {
  let layer: RuvectorLayer
  let node: UnsafePointer<Float>
  let neighbors: MatrixView
  let weights: UnsafeBufferPointer<Float>
  let gradients: LayerGradients
  let kernels = Kernels.current
  let H, d, n: Int
  private let memory: AlignedBuffer<Float>
  // [H]
  let h, q, joined, mixed, u, z, r, rh, c, y, dh, dq, dmixed, du, g1, g2, g3: UnsafeMutablePointer<Float>
  // [in]
  let direction, average: UnsafeMutablePointer<Float>
  // [n], shares [n]
  let δ, shares: UnsafeMutablePointer<Float>
  /// Of each head: u [H], ā [H], t [in], Σ p N [in], p [n].
  let heads: UnsafeMutablePointer<Float>
  private var headSize: Int { 2 * H + 2 * d + n }

  typealias Vector = UnsafeMutablePointer<Float>

  init(
    _ layer: RuvectorLayer, _ node: UnsafePointer<Float>, _ neighbors: MatrixView,
    _ weights: UnsafeBufferPointer<Float>, _ gradients: LayerGradients
  ) throws(RuvectorError) {
    (self.layer, self.node, self.neighbors, self.weights, self.gradients) = (layer, node, neighbors, weights, gradients)
    (H, d, n) = (layer.hiddenDim, layer.inputDim, neighbors.rows)
    memory = try AlignedBuffer(
      count: 17 * H + 2 * d + 2 * n + layer.heads * (2 * H + 2 * d + n), repeating: 0, for: "gradients")
    var next = memory.pointer
    func take(_ count: Int) -> Vector {
      defer { next += count }
      return next
    }
    (h, q, joined, mixed, u, z) = (take(H), take(H), take(H), take(H), take(H), take(H))
    (r, rh, c, y, dh, dq) = (take(H), take(H), take(H), take(H), take(H), take(H))
    (dmixed, du, g1, g2, g3) = (take(H), take(H), take(H), take(H), take(H))
    (direction, average, δ, shares) = (take(d), take(d), take(n), take(n))
    heads = next
  }

  private func head(_ k: Int) -> (u: Vector, value: Vector, t: Vector, mean: Vector, p: Vector) {
    let base = heads + k * headSize
    return (base, base + H, base + 2 * H, base + 2 * H + d, base + 2 * H + 2 * d)
  }

  func run(_ g: UnsafePointer<Float>) throws(RuvectorError) {
    layer.message.apply(node, h, kernels)
    if n == 0 {
      norm(h, scale: 1, g, into: dh)
    } else {
      attend()
      mix()
      update()
      norm(y, scale: 1 - layer.dropout, g, into: g1)
      updateBack()
      mixBack()
      attendBack()
    }
    back(layer.message, node, dh, into: gradients.node)
    try check()
  }

  // MARK: Forward again

  private func attend() {
    let size = layer.headDim
    layer.query.apply(h, q, kernels)
    kernels.scale(1 / Float(size).squareRoot(), q, q, H)
    for k in 0..<layer.heads {
      let (u, value, t, mean, p) = head(k), rows = layer.key.weight.pointer + k * size * H
      kernels.combine_rows(q + k * size, rows, H, size, H, u)
      layer.message.addTransposed(u, t, kernels)
      kernels.dot_rows(t, neighbors.base, neighbors.stride, n, d, p)
      softmax(p, count: n, kernels)
      kernels.combine_rows(p, neighbors.base, neighbors.stride, n, d, mean)
      layer.message.apply(mean, value, kernels)
      kernels.dot_rows(value, layer.value.weight.pointer + k * size * H, H, size, H, joined + k * size)
    }
    kernels.add(joined, layer.value.bias.pointer, joined, H)
    layer.output.apply(joined, mixed, kernels)
  }

  /// Pairs of neighbours and edge weights, the sum of the weights, of the shares.
  private var paired: Int { min(n, weights.count) }
  private var sum: Double { weights.reduce(0) { $0 + Double($1) } }

  private func mix() {
    let total = sum
    var share = 0.0
    for i in 0..<paired {
      let w = total > 0 ? Double(weights[i]) / total : 1 / Double(weights.count)
      shares[i] = Float(w)
      share += w
    }
    kernels.combine_rows(shares, neighbors.base, neighbors.stride, paired, d, average)
    layer.message.applyWeight(average, g1, kernels)
    kernels.axpy(Float(share), layer.message.bias.pointer, g1, H)
    kernels.add(mixed, g1, mixed, H)
  }

  private func update() {
    layer.aggregate.apply(mixed, u, kernels)
    gate(layer.updateInput, layer.updateHidden, h, z)
    kernels.logistic(z, z, H)
    gate(layer.resetInput, layer.resetHidden, h, r)
    kernels.logistic(r, r, H)
    kernels.multiply(r, h, rh, H)
    gate(layer.candidateInput, layer.candidateHidden, rh, c)
    kernels.hyperbolic_tangent(c, c, H)
    for i in 0..<H { y[i] = (1 - z[i]) * h[i] + z[i] * c[i] }
  }

  private func gate(_ input: Linear, _ hidden: Linear, _ x: Vector, _ out: Vector) {
    input.apply(u, out, kernels)
    hidden.apply(x, g1, kernels)
    kernels.add(out, g1, out, H)
  }

  // MARK: Backward

  /// Through the layer norm of scale · v: `out` ← dL/dv.
  ///
  ///     x̂ = (scale v − mean)/σ    dγ += g x̂    dβ += g    dv = scale (γg − mean(γg) − x̂ mean(γg x̂))/σ
  private func norm(_ v: Vector, scale: Double, _ g: UnsafePointer<Float>, into out: Vector) {
    var mean = 0.0, variance = 0.0, first = 0.0, second = 0.0
    for i in 0..<H { mean += Double(v[i]) / Double(H) }
    for i in 0..<H { variance += (Double(v[i]) - mean) * (Double(v[i]) - mean) * scale * scale / Double(H) }
    let inverse = 1 / (variance + layer.epsilon).squareRoot()
    func normal(_ i: Int) -> Double { (Double(v[i]) - mean) * scale * inverse }
    for i in 0..<H {
      let dx = Double(g[i]) * Double(layer.gamma[i])
      first += dx / Double(H)
      second += dx * normal(i) / Double(H)
    }
    for i in 0..<H {
      let dx = Double(g[i]) * Double(layer.gamma[i])
      out[i] = Float(scale * (dx - first - normal(i) * second) * inverse)
    }
    guard let parameters = gradients.parameters else { return }
    let dγ = parameters[layer.gamma], dβ = parameters[layer.beta]
    for i in 0..<H {
      dγ[i] += Float(Double(g[i]) * normal(i))
      dβ[i] += g[i]
    }
  }

  /// dy in g1 → du in `du`, and what h has of it in `dh`.
  private func updateBack() {
    for i in 0..<H {
      let dy = g1[i]
      dh[i] = dy * (1 - z[i])
      g2[i] = dy * (c[i] - h[i]) * z[i] * (1 - z[i])  // before σ of z
      g3[i] = dy * z[i] * (1 - c[i] * c[i])  // before tanh of c
    }
    zero(du, H)
    back(layer.updateInput, u, g2, into: du)
    back(layer.updateHidden, h, g2, into: dh)
    back(layer.candidateInput, u, g3, into: du)
    zero(g1, H)
    back(layer.candidateHidden, rh, g3, into: g1)
    for i in 0..<H {
      dh[i] += g1[i] * r[i]
      g2[i] = g1[i] * h[i] * r[i] * (1 - r[i])  // before σ of r
    }
    back(layer.resetInput, u, g2, into: du)
    back(layer.resetHidden, h, g2, into: dh)
    back(layer.aggregate, mixed, du, into: dmixed)
  }

  /// g = W_msg Σ ŵ N + b Σ ŵ, ŵ = w/Σw: dw_j = (dŵ_j − Σ dŵ ŵ)/Σw, 0 where the shares are equal ones.
  private func mixBack() {
    let dg = dmixed
    zero(direction, d)
    layer.message.addTransposed(dg, direction, kernels)
    if let parameters = gradients.parameters {
      let bias = parameters[layer.message.bias]
      outer(dg, average, into: parameters[layer.message.weight], d)
      var share: Float = 0
      for i in 0..<paired { share += shares[i] }
      kernels.axpy(share, dg, bias, H)
    }
    if let dN = gradients.neighbors { for i in 0..<paired { kernels.axpy(shares[i], direction, dN + i * d, d) } }
    guard let dw = gradients.edgeWeights, sum > 0 else { return }
    let constant = Double(kernels.dot(dg, layer.message.bias.pointer, H)), total = sum
    kernels.dot_rows(direction, neighbors.base, neighbors.stride, paired, d, δ)
    var mean = 0.0
    for i in 0..<paired { mean += (Double(δ[i]) + constant) * Double(shares[i]) }
    for j in 0..<weights.count {
      dw[j] += Float(((j < paired ? Double(δ[j]) + constant : 0) - mean) / total)
    }
  }

  private func attendBack() {
    let size = layer.headDim, scale = 1 / Float(size).squareRoot(), joinedGradient = g1
    zero(joinedGradient, H)
    back(layer.output, joined, dmixed, into: joinedGradient)
    if let parameters = gradients.parameters {
      let bias = parameters[layer.value.bias]
      kernels.add(bias, joinedGradient, bias, H)
    }
    for k in 0..<layer.heads {
      let (u, value, t, mean, p) = head(k), first = k * size, da = joinedGradient + first
      let dvalue = g2, e = direction
      zero(dvalue, H)
      kernels.combine_rows(da, layer.value.weight.pointer + first * H, H, size, H, dvalue)
      zero(e, d)
      layer.message.addTransposed(dvalue, e, kernels)
      // The scores.
      kernels.dot_rows(e, neighbors.base, neighbors.stride, n, d, δ)
      var expected = 0.0
      for i in 0..<n { expected += Double(p[i]) * Double(δ[i]) }
      for i in 0..<n { δ[i] = Float(Double(p[i]) * (Double(δ[i]) - expected)) }
      if let dN = gradients.neighbors {
        for i in 0..<n {
          kernels.axpy(p[i], e, dN + i * d, d)
          kernels.axpy(δ[i], t, dN + i * d, d)
        }
      }
      let dt = average
      zero(dt, d)
      kernels.combine_rows(δ, neighbors.base, neighbors.stride, n, d, dt)
      layer.message.applyWeight(dt, du, kernels)
      kernels.dot_rows(du, layer.key.weight.pointer + first * H, H, size, H, dq + first)
      guard let parameters = gradients.parameters else { continue }
      for o in 0..<size {
        kernels.axpy(da[o], value, parameters[layer.value.weight] + (first + o) * H, H)
        kernels.axpy(q[first + o], du, parameters[layer.key.weight] + (first + o) * H, H)
      }
      let messageBias = parameters[layer.message.bias]
      outer(dvalue, mean, into: parameters[layer.message.weight], d)
      kernels.add(messageBias, dvalue, messageBias, H)
      outer(u, dt, into: parameters[layer.message.weight], d)
    }
    kernels.scale(scale, dq, dq, H)
    back(layer.query, h, dq, into: dh)
  }

  // MARK: Parts

  /// y = W x + b: `dx` += Wᵀ g, dW += g xᵀ, db += g.
  private func back(_ linear: Linear, _ x: UnsafePointer<Float>, _ g: Vector, into dx: Vector?) {
    if let dx { linear.addTransposed(g, dx, kernels) }
    guard let parameters = gradients.parameters else { return }
    let bias = parameters[linear.bias]
    outer(g, x, into: parameters[linear.weight], linear.inDim)
    kernels.add(bias, g, bias, linear.outDim)
  }

  /// W += g xᵀ: W [H, width].
  private func outer(_ g: Vector, _ x: UnsafePointer<Float>, into weight: Vector, _ width: Int) {
    for o in 0..<H { kernels.axpy(g[o], x, weight + o * width, width) }
  }

  private func zero(_ x: Vector, _ count: Int) { x.update(repeating: 0, count: count) }

  /// Everything that was added to must be finite.
  private func check() throws(RuvectorError) {
    let places = [
      (gradients.node, d), (gradients.neighbors, n * d), (gradients.edgeWeights, weights.count),
      (gradients.parameters?.all, layer.parameters.total),
    ]
    for (place, count) in places {
      guard let place, kernels.non_finite_probe(place, count) != 0 else { continue }
      throw .expected("gradients that fit in Float", for: "output", received: "an overflow", .outOfRange)
    }
  }
}
