import CRuvectorSupport
import RuvectorCore

/// A gated recurrent unit and a layer norm, what RuvectorLayerV2 ends with:
///
///     z = σ(W_z u + U_z h)   r = σ(W_r u + U_r h)   c = tanh(W_h u + U_h (r ⊙ h))   y = (1 − z) ⊙ h + z ⊙ c
///     o = γ (y − mean y)/√(var y + ε) + β
///
/// u, h, o [H]. - Precision: Float, the norm in Double.
///
/// References: Cho et al. 2014, "Learning Phrase Representations using RNN Encoder–Decoder"; Ba, Kiros, Hinton 2016, "Layer
/// Normalization".
struct GatedUnit {
  static func slots(_ h: Int) -> [Slot] {
    var slots = Slot.linear("w_update.w_z.weights", "w_update.w_z.bias", h, h)
    slots += Slot.linear("w_update.u_z.weights", "w_update.u_z.bias", h, h)
    slots += Slot.linear("w_update.w_r.weights", "w_update.w_r.bias", h, h)
    slots += Slot.linear("w_update.u_r.weights", "w_update.u_r.bias", h, h)
    slots += Slot.linear("w_update.w_h.weights", "w_update.w_h.bias", h, h)
    slots += Slot.linear("w_update.u_h.weights", "w_update.u_h.bias", h, h)
    return slots + [Slot("norm.gamma", [h], .ones), Slot("norm.beta", [h], .zeros)]
  }

  private let updateInput, updateHidden, resetInput, resetHidden, candidateInput, candidateHidden: Linear
  private let gamma, beta: Parameter
  private let epsilon: Double
  private let H: Int

  init(_ parameters: Parameters, epsilon: Double) {
    updateInput = parameters.linear("w_update.w_z.weights", "w_update.w_z.bias")
    updateHidden = parameters.linear("w_update.u_z.weights", "w_update.u_z.bias")
    resetInput = parameters.linear("w_update.w_r.weights", "w_update.w_r.bias")
    resetHidden = parameters.linear("w_update.u_r.weights", "w_update.u_r.bias")
    candidateInput = parameters.linear("w_update.w_h.weights", "w_update.w_h.bias")
    candidateHidden = parameters.linear("w_update.u_h.weights", "w_update.u_h.bias")
    (gamma, beta, self.epsilon) = (parameters["norm.gamma"], parameters["norm.beta"], epsilon)
    H = gamma.count
  }

  typealias Vector = UnsafeMutablePointer<Float>

  /// What a pass made, for the way back.
  final class Pass {
    let memory: AlignedBuffer<Float>
    let z, r, c, rh, y, work, more: Vector

    init(_ h: Int) throws(RuvectorError) {
      memory = try AlignedBuffer(count: 7 * h, repeating: 0, for: "workspace")
      let p = memory.pointer
      (z, r, c, rh) = (p, p + h, p + 2 * h, p + 3 * h)
      (y, work, more) = (p + 4 * h, p + 5 * h, p + 6 * h)
    }
  }

  // MARK: - Forward

  func forward(
    _ u: UnsafePointer<Float>, _ h: UnsafePointer<Float>, into out: Vector
  ) throws(RuvectorError) -> Pass {
    let pass = try Pass(H), kernels = Kernels.current
    func gate(_ input: Linear, _ hidden: Linear, _ x: UnsafePointer<Float>, _ to: Vector) {
      input.apply(u, to, kernels)
      hidden.apply(x, pass.work, kernels)
      kernels.add(to, pass.work, to, H)
    }
    gate(updateInput, updateHidden, h, pass.z)
    kernels.logistic(pass.z, pass.z, H)
    gate(resetInput, resetHidden, h, pass.r)
    kernels.logistic(pass.r, pass.r, H)
    kernels.multiply(pass.r, h, pass.rh, H)
    gate(candidateInput, candidateHidden, pass.rh, pass.c)
    kernels.hyperbolic_tangent(pass.c, pass.c, H)
    for i in 0..<H { pass.y[i] = (1 - pass.z[i]) * h[i] + pass.z[i] * pass.c[i] }
    normalize(pass.y, into: out)
    return pass
  }

  private func moments(_ y: UnsafePointer<Float>) -> (mean: Double, inverse: Double) {
    var mean = 0.0, variance = 0.0
    for i in 0..<H { mean += Double(y[i]) / Double(H) }
    for i in 0..<H { variance += (Double(y[i]) - mean) * (Double(y[i]) - mean) / Double(H) }
    return (mean, 1 / (variance + epsilon).squareRoot())
  }

  /// The norm alone.
  func normalize(_ y: UnsafePointer<Float>, into out: Vector) {
    let (mean, inverse) = moments(y)
    for i in 0..<H { out[i] = Float((Double(y[i]) - mean) * inverse * Double(gamma[i]) + Double(beta[i])) }
  }

  // MARK: - Gradient

  /// x̂ = (y − mean)/σ:   dγ += g x̂   dβ += g   dy = (γg − mean(γg) − x̂ mean(γg x̂))/σ
  func normBackward(_ y: UnsafePointer<Float>, _ g: UnsafePointer<Float>, into dy: Vector, _ parameters: Gradients?) {
    let (mean, inverse) = moments(y)
    var first = 0.0, second = 0.0
    for i in 0..<H {
      let d = Double(g[i]) * Double(gamma[i])
      first += d / Double(H)
      second += d * (Double(y[i]) - mean) * inverse / Double(H)
    }
    for i in 0..<H {
      let normal = (Double(y[i]) - mean) * inverse
      if let parameters {
        parameters[gamma][i] += Float(Double(g[i]) * normal)
        parameters[beta][i] += g[i]
      }
      dy[i] = Float((Double(g[i]) * Double(gamma[i]) - first - normal * second) * inverse)
    }
  }

  /// Adds to `du` and `dh` [H] what g [H], the gradient of the output, gives.
  func backward(
    _ pass: Pass, _ u: UnsafePointer<Float>, _ h: UnsafePointer<Float>, _ g: UnsafePointer<Float>, du: Vector,
    dh: Vector, _ parameters: Gradients?
  ) {
    let (dy, part) = (pass.work, pass.more), z = pass.z, r = pass.r, c = pass.c
    normBackward(pass.y, g, into: dy, parameters)
    for i in 0..<H {
      dh[i] += dy[i] * (1 - z[i])
      part[i] = dy[i] * (c[i] - h[i]) * z[i] * (1 - z[i])  // before σ of z
      dy[i] *= z[i] * (1 - c[i] * c[i])  // before tanh of c
    }
    updateInput.addGradient(u, part, to: du, parameters)
    updateHidden.addGradient(h, part, to: dh, parameters)
    candidateInput.addGradient(u, dy, to: du, parameters)
    for i in 0..<H { part[i] = 0 }
    candidateHidden.addGradient(pass.rh, dy, to: part, parameters)
    for i in 0..<H {
      dh[i] += part[i] * r[i]
      part[i] *= h[i] * r[i] * (1 - r[i])  // before σ of r
    }
    resetInput.addGradient(u, part, to: du, parameters)
    resetHidden.addGradient(h, part, to: dh, parameters)
  }
}

extension Linear {
  /// Of y = W x + b with g = dL/dy: dx += Wᵀ g, dW += g xᵀ, db += g.
  func addGradient(
    _ x: UnsafePointer<Float>, _ g: UnsafePointer<Float>, to dx: UnsafeMutablePointer<Float>?, _ parameters: Gradients?
  ) {
    let kernels = Kernels.current
    if let dx { addTransposed(g, dx, kernels) }
    guard let parameters else { return }
    for o in 0..<outDim { kernels.axpy(g[o], x, parameters[weight] + o * inDim, inDim) }
    kernels.add(parameters[bias], g, parameters[bias], outDim)
  }
}
