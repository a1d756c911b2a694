import Foundation
import RuvectorHierarchy
import TestSupport

/// The layer's formula in Double, term by term, from the named weights alone.
struct LayerOracle {
  let layer: RuvectorLayer
  private let weights: [String: [Double]]

  init(_ layer: RuvectorLayer) {
    self.layer = layer
    var weights: [String: [Double]] = [:]
    for parameter in layer.parameters {
      weights["\(parameter.name)"] = (0..<parameter.count).map { Double(parameter[$0]) }
    }
    self.weights = weights
  }

  private func linear(_ name: String, _ x: [Double]) -> [Double] {
    let w = weights[name + ".weights"]!, b = weights[name + ".bias"]!
    return b.indices.map { o in b[o] + x.indices.reduce(0) { $0 + w[o * x.count + $1] * x[$1] } }
  }

  private func plus(_ x: [Double], _ y: [Double]) -> [Double] { zip(x, y).map { $0 + $1 } }
  private func σ(_ x: [Double]) -> [Double] { x.map { 1 / (1 + exp(-$0)) } }

  /// With other parameters, one after the other.
  init(_ layer: RuvectorLayer, _ flat: [Double]) {
    self.layer = layer
    var weights: [String: [Double]] = [:], at = 0
    for parameter in layer.parameters {
      weights[parameter.name] = Array(flat[at..<at + parameter.count])
      at += parameter.count
    }
    self.weights = weights
  }

  func forward(_ node: [Float], _ neighbors: [[Float]], _ edgeWeights: [Float]) -> [Double] {
    forward(node.map { Double($0) }, neighbors.map { $0.map { Double($0) } }, edgeWeights.map { Double($0) })
  }

  func forward(_ node: [Double], _ neighbors: [[Double]], _ edgeWeights: [Double]) -> [Double] {
    let H = layer.hiddenDim, size = H / layer.heads
    let h = linear("w_msg", node)
    guard !neighbors.isEmpty else { return norm(h) }
    let m = neighbors.map { linear("w_msg", $0) }
    let q = linear("attention.q_linear", h)
    let keys = m.map { linear("attention.k_linear", $0) }, values = m.map { linear("attention.v_linear", $0) }
    var joined = [Double](repeating: 0, count: H)
    for head in 0..<layer.heads {
      let slice = head * size..<(head + 1) * size
      let s = keys.map { key in slice.reduce(0) { $0 + q[$1] * key[$1] } / Double(size).squareRoot() }
      let e = s.map { exp($0 - s.max()!) }
      for (i, value) in values.enumerated() {
        for j in slice { joined[j] += e[i] / e.reduce(0, +) * value[j] }
      }
    }
    let a = linear("attention.out_linear", joined)
    var g = [Double](repeating: 0, count: H)
    let sum = edgeWeights.reduce(0, +)
    for (w, message) in zip(edgeWeights, m) {
      let share = sum > 0 ? w / sum : 1 / Double(edgeWeights.count)
      g = plus(g, message.map { share * $0 })
    }
    let u = linear("w_agg", plus(a, g))
    let z = σ(plus(linear("w_update.w_z", u), linear("w_update.u_z", h)))
    let r = σ(plus(linear("w_update.w_r", u), linear("w_update.u_r", h)))
    let c = plus(linear("w_update.w_h", u), linear("w_update.u_h", zip(r, h).map { $0 * $1 })).map {
      tanh($0)
    }
    return norm((0..<H).map { (1 - layer.dropout) * ((1 - z[$0]) * h[$0] + z[$0] * c[$0]) })
  }

  private func norm(_ x: [Double]) -> [Double] {
    let n = Double(x.count), mean = x.reduce(0, +) / n
    let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / n
    let gamma = weights["norm.gamma"]!, beta = weights["norm.beta"]!
    return x.indices.map { (x[$0] - mean) / (variance + layer.epsilon).squareRoot() * gamma[$0] + beta[$0] }
  }
}

/// max |x − exact| / max |exact|; infinite for another number of elements or NaN.
func distance(_ x: [Float], _ exact: [Double]) -> Double {
  guard x.count == exact.count, x.allSatisfy({ $0.isFinite }) else { return .infinity }
  let top = exact.map(\.magnitude).max() ?? 0
  let error = zip(x, exact).map { abs(Double($0) - $1) }.max() ?? 0
  return error == 0 ? 0 : error / top
}
