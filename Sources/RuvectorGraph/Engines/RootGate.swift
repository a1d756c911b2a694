import CRuvectorSupport
import RuvectorCore

/// A learned mixture of what the sources of a node give, m, and of its own row r, both [width]:
///
///     β = σ(t),   t = w · [m, r, m − r] = (w₁ + w₃) · m + (w₂ − w₃) · r      o = m + β (r − m)
///
/// Reference: Shi, Huang, Feng, Zhong, Wang, Sun 2021 (`TransformerLayer`), equations 5 and 6.
struct RootGate {
  private let weight: Parameter
  private let width: Int

  /// `weight` [1, 3 width]
  init(_ weight: Parameter) { (self.weight, width) = (weight, weight.count / 3) }

  /// Of one pass: m and r [rows, width], β [rows].
  final class Pass {
    let messages, own, shares: AlignedBuffer<Float>

    init(_ messages: AlignedBuffer<Float>, _ own: AlignedBuffer<Float>, _ shares: AlignedBuffer<Float>) {
      (self.messages, self.own, self.shares) = (messages, own, shares)
    }
  }

  func pass(_ own: AlignedBuffer<Float>, rows: Int) throws(RuvectorError) -> Pass {
    Pass(
      try AlignedBuffer(rows: rows, columns: width, for: "projection"), own,
      try AlignedBuffer(count: rows, for: "projection"))
  }

  /// out, which has m, ← o for some nodes.
  func mix(_ own: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>, _ nodes: Range<Int>, _ pass: Pass?) {
    let kernels = Kernels.current, w = weight.pointer
    for i in nodes {
      let m = out + i * width, r = own + i * width
      let difference = kernels.dot(w + 2 * width, m, width) - kernels.dot(w + 2 * width, r, width)
      let t = kernels.dot(w, m, width) + kernels.dot(w + width, r, width) + difference
      let β = 1 / (1 + rv_expf(-t))
      if let pass {
        (pass.messages.pointer + i * width).update(from: m, count: width)
        pass.shares[i] = β
      }
      for c in 0..<width { m[c] += β * (r[c] - m[c]) }
    }
  }

  /// With g = dL/do: dt = g · (r − m) β (1 − β);
  ///
  ///     dm = (1 − β) g + dt (w₁ + w₃)      dr = β g + dt (w₂ − w₃)      dw += dt [m, r, m − r]
  func backward(
    _ pass: Pass, _ g: UnsafePointer<Float>, rows n: Int, into gradients: GraphGradients, _ control: Control
  ) throws(RuvectorError) -> (messages: AlignedBuffer<Float>, own: AlignedBuffer<Float>) {
    let messages = try AlignedBuffer<Float>(rows: n, columns: width, for: "gradients"), w = weight.pointer
    let own = try AlignedBuffer<Float>(rows: n, columns: width, for: "gradients"), width = width
    let sums = try Sums(of: n, floats: 3 * width)
    try sums.forParts(control) { (nodes, place) in
      for i in nodes {
        let at = i * width, β = pass.shares[i]
        var slope: Float = 0
        for c in at..<at + width { slope += g[c] * (pass.own[c] - pass.messages[c]) }
        slope *= β * (1 - β)
        for c in 0..<width {
          let m = pass.messages[at + c], r = pass.own[at + c]
          messages[at + c] = (1 - β) * g[at + c] + slope * (w[c] + w[2 * width + c])
          own[at + c] = β * g[at + c] + slope * (w[width + c] - w[2 * width + c])
          place[c] += slope * m
          place[width + c] += slope * r
          place[2 * width + c] += slope * (m - r)
        }
      }
    }
    sums.add(from: 0, 3 * width, to: gradients.parameters[weight])
    return (messages, own)
  }
}
