import Foundation
import RuvectorHierarchy
import TestSupport

/// The formula of RuvectorLayerV2 with multi-head attention in Double, term by term, from weights by name.
struct LayerV2Oracle {
  let heads: Int
  let weights: [String: [Double]]

  /// `flat`: the layer's parameters, one after the other.
  init(_ layer: RuvectorLayerV2, _ flat: [Double], heads: Int) {
    self.heads = heads
    var weights: [String: [Double]] = [:], at = 0
    for parameter in layer.parameters {
      weights[parameter.name] = Array(flat[at..<at + parameter.count])
      at += parameter.count
    }
    self.weights = weights
  }

  private func affine(_ weight: String, _ bias: String, _ x: [Double]) -> [Double] {
    let w = weights[weight]!, b = weights[bias]!
    return b.indices.map { o in b[o] + x.indices.reduce(0) { $0 + w[o * x.count + $1] * x[$1] } }
  }
  private func linear(_ name: String, _ x: [Double]) -> [Double] { affine(name + ".weights", name + ".bias", x) }
  private func projected(_ name: String, _ x: [Double]) -> [Double] {
    affine("attention.\(name).weight", "attention.\(name).bias", x)
  }

  private func attend(_ h: [Double], _ m: [[Double]]) -> [Double] {
    let q = projected("query", h), keys = m.map { projected("key", $0) }, values = m.map { projected("value", $0) }
    let size = h.count / heads
    var joined = h.map { _ in 0.0 }
    for head in 0..<heads {
      let slice = head * size..<(head + 1) * size
      let s = keys.map { key in slice.reduce(0) { $0 + q[$1] * key[$1] } / Double(size).squareRoot() }
      let e = s.map { exp($0 - s.max()!) }
      for (i, value) in values.enumerated() { for j in slice { joined[j] += e[i] / e.reduce(0, +) * value[j] } }
    }
    return projected("output", joined)
  }

  func forward(_ node: [Double], _ neighbors: [[Double]], _ edgeWeights: [Double]) -> [Double] {
    let h = linear("w_msg", node), m = neighbors.map { linear("w_msg", $0) }, sum = edgeWeights.reduce(0, +)
    var mixed = attend(h, m)
    for (w, message) in zip(edgeWeights, m) { for i in mixed.indices { mixed[i] += w / sum * message[i] } }
    let u = linear("w_agg", mixed)
    func gate(_ letter: String, _ x: [Double]) -> [Double] {
      zip(linear("w_update.w_\(letter)", u), linear("w_update.u_\(letter)", x)).map { $0 + $1 }
    }
    let z = gate("z", h).map { 1 / (1 + exp(-$0)) }, r = gate("r", h).map { 1 / (1 + exp(-$0)) }
    let c = gate("h", zip(r, h).map { $0 * $1 }).map { tanh($0) }
    let y = h.indices.map { (1 - z[$0]) * h[$0] + z[$0] * c[$0] }, n = Double(y.count), mean = y.reduce(0, +) / n
    let deviation = (y.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / n + 1e-5).squareRoot()
    return y.indices.map { (y[$0] - mean) / deviation * weights["norm.gamma"]![$0] + weights["norm.beta"]![$0] }
  }
}
