import Foundation
import RuvectorHierarchy

/// One step after the other in Double, with the hyperboloid where the code under test uses the ball.
struct HierarchyOracle {
  var mode = "standard"
  var k = 5
  var temperature = 1.0
  var c = 1.0
  var ω = 0.5

  struct Step {
    var kept: [Int]
    var weights: [Double]
  }

  func walk(_ query: [Float], _ levels: [[[Float]]], _ layers: [RuvectorLayer?]) -> (e: [Double], steps: [Step]) {
    var e = query.map { Double($0) }
    if mode == "hyperbolic" || mode == "dual_space" { e = clip(e) }
    var steps: [Step] = []
    for (level, layer) in zip(levels, layers) where !level.isEmpty {
      let all = level.map { row in row.map { Double($0) } }
      let cosines = all.map { cosine(e.map { Double(Float($0)) }, $0) }
      let nearness = all.map { -distance(clip(e.map { Double(Float($0)) }), clip($0)) }
      if mode == "moe" {
        e = mixed(e, all, cosines, nearness, layer, &steps)
        continue
      }
      let scores =
        switch mode {
        case "standard", "edge_featured": cosines
        case "hyperbolic": nearness
        default: zip(z(cosines), z(nearness)).map { ω * $0 + (1 - ω) * $1 }
        }
      let kept = Array(scores.indices.sorted { scores[$0] > scores[$1] }.prefix(k))
      let terms = kept.map { isEdge ? closeness(scores[$0]) : exp((scores[$0] - scores[kept[0]]) / temperature) }
      let w = terms.map { $0 / terms.reduce(0, +) }
      steps.append(Step(kept: kept, weights: w))
      let nodes = kept.map { all[$0] }
      e = combined(e, nodes, w)
      if let layer { e = apply(layer, e, nodes, w) }
    }
    return (e, steps)
  }

  private var isEdge: Bool { mode == "edge_featured" }
  private var isFlat: Bool { mode == "standard" || isEdge }
  private func closeness(_ cosine: Double) -> Double { 1 / (max(0, 1 - cosine) + 1e-6) }

  // MARK: - Mixture of experts

  /// Experts that answer.
  var topK = 2
  var numExperts = 4
  var router = HierarchyRouter.standard.weights

  /// One step of all experts.
  private func mixed(
    _ e: [Double], _ all: [[Double]], _ cosines: [Double], _ nearness: [Double], _ layer: RuvectorLayer?,
    _ steps: inout [Step]
  ) -> [Double] {
    func softmax(_ s: [Double]) -> [Double] {
      let top = s.max()!, x = s.map { exp($0 - top) }
      return x.map { $0 / x.reduce(0, +) }
    }
    func moments(_ x: [Double]) -> [Double] {
      let mean = x.reduce(0, +) / Double(x.count)
      return [mean, (x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)).squareRoot()]
    }
    func radius(_ x: [Double]) -> Double { min(1, c.squareRoot() * norm(x)) }
    let f =
      [1, radius(e)] + moments(all.map { radius($0) }) + moments(cosines) + [
        cosines.max()!, log(Double(all.count)) / 10,
      ]
    let logits: [Double] = (0..<numExperts).map { expert in
      (0..<8).reduce(0.0) { (sum: Double, i: Int) in sum + router[expert * 8 + i] * f[i] }
    }
    let chosen = logits.indices.sorted { logits[$0] > logits[$1] || (logits[$0] == logits[$1] && $0 < $1) }.prefix(topK)
    let g = softmax(chosen.map { logits[$0] })
    let near = e.map { Double(Float($0)) }
    let p = chosen.map { expert -> [Double] in
      switch expert {
      case 0: softmax(cosines.map { $0 / temperature })
      case 1: softmax(nearness.map { $0 / temperature })
      case 2: softmax(all.map { dot(near, $0) / temperature })
      default: softmax(cosines.map { log(closeness($0)) })
      }
    }
    let P = all.indices.map { j in zip(g, p).reduce(0) { $0 + $1.0 * $1.1[j] } }
    let kept = Array(P.indices.sorted { P[$0] > P[$1] }.prefix(k)), total = kept.reduce(0) { $0 + P[$1] }
    steps.append(Step(kept: kept, weights: kept.map { P[$0] / total }))
    let isCurved = chosen.contains(1)
    var sum: [Double] = []
    for (at, expert) in chosen.enumerated() {
      var one = self
      one.mode = expert == 1 ? "hyperbolic" : "standard"
      let w = kept.map { p[at][$0] }, share = w.map { $0 / w.reduce(0, +) }, nodes = kept.map { all[$0] }
      var result = one.combined(expert == 1 ? clip(e) : e, nodes, share)
      if let layer { result = one.apply(layer, result, nodes, share) }
      if isCurved { result = log0(clip(result)) }
      if sum.isEmpty { sum = result.map { _ in 0 } }
      sum = zip(sum, result).map { $0 + g[at] * $1 }
    }
    return isCurved ? exp0(sum) : sum
  }

  private func combined(_ e: [Double], _ nodes: [[Double]], _ w: [Double]) -> [Double] {
    let points = isFlat ? nodes : nodes.map { clip($0) }
    let mean = e.indices.map { i in zip(w, points).reduce(0) { $0 + $1.0 * $1.1[i] } }
    let flat = zip(e, mean).map { ($0 + $1) / 2 }
    if isFlat { return flat }
    let curved = centroid([e, centroid(points, w)], [1, 1])
    if mode == "hyperbolic" { return curved }
    return exp0(zip(log0(flat), log0(curved)).map { ω * $0 + (1 - ω) * $1 })
  }

  private func apply(_ layer: RuvectorLayer, _ e: [Double], _ nodes: [[Double]], _ w: [Double]) -> [Double] {
    let map: ([Double]) -> [Double] = isFlat ? { $0 } : { log0(clip($0)) }
    let y = LayerOracle(layer).forward(
      (isFlat ? e : log0(e)).map { Float($0) }, nodes.map { map($0).map { Float($0) } },
      w.map { Float($0) })
    if isFlat { return y }
    return norm(y) == 0 ? y : exp0(y.map { $0 / norm(y) * norm(log0(e)) })
  }

  // MARK: - The ball

  func clip(_ x: [Double]) -> [Double] {
    let r = c.squareRoot() * norm(x)
    return r <= 1 - 1e-5 ? x : x.map { $0 * (1 - 1e-5) / r }
  }

  func distance(_ x: [Double], _ y: [Double]) -> Double {
    let δ = norm(zip(x, y).map { $0 - $1 })
    return acosh(1 + 2 * c * δ * δ / ((1 - c * dot(x, x)) * (1 - c * dot(y, y)))) / c.squareRoot()
  }

  /// Up to the hyperboloid (time first, c = 1), weighted sum, normalised, and down again.
  private func centroid(_ points: [[Double]], _ w: [Double]) -> [Double] {
    var sum = [Double](repeating: 0, count: points[0].count + 1)
    for (x, w) in zip(points, w) {
      let s = c * dot(x, x)
      sum[0] += w * (1 + s) / (1 - s)
      for i in x.indices { sum[i + 1] += w * 2 * c.squareRoot() * x[i] / (1 - s) }
    }
    let space = Array(sum.dropFirst()), length = (sum[0] * sum[0] - dot(space, space)).squareRoot()
    return space.map { $0 / (length + sum[0]) / c.squareRoot() }
  }

  private func exp0(_ v: [Double]) -> [Double] {
    let r = c.squareRoot() * norm(v)
    return r == 0 ? v : clip(v.map { tanh(r) * $0 / r })
  }

  private func log0(_ x: [Double]) -> [Double] {
    let r = c.squareRoot() * norm(x)
    return r == 0 ? x : x.map { atanh(r) * $0 / r }
  }

  // MARK: - Plain arithmetic

  private func z(_ s: [Double]) -> [Double] {
    let n = Double(s.count), mean = s.reduce(0, +) / n
    let deviation = (s.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / n).squareRoot()
    return s.map { deviation > 1e-6 * s.map(\.magnitude).max()! ? ($0 - mean) / deviation : 0 }
  }

  private func cosine(_ x: [Double], _ y: [Double]) -> Double {
    let length = norm(x) * norm(y)
    return length == 0 ? 0 : dot(x, y) / length
  }

  private func dot(_ x: [Double], _ y: [Double]) -> Double { zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } }
  private func norm(_ x: [Double]) -> Double { dot(x, x).squareRoot() }
}
