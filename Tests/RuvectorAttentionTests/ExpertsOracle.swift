import Foundation
import RuvectorAttention
import RuvectorCore
import TestSupport

/// Mechanisms as experts, with their formulas in Double.
enum TestExpert: CaseIterable {
  case sharp, local, multi, causal

  func make(_ d: Int) throws -> any Attention {
    switch self {
    case .sharp: try ScaledDotProduct(d, [("temperature", .number(0.5))])
    case .local: try LocalGlobal(d, [("window", .number(4)), ("globalTokens", .number(1))])
    case .multi: try MultiHeadTests.make(d, 2)
    case .causal: try ScaledDotProduct(d, [("causal", .number(1))])
    }
  }

  /// For every query of the whole batch.
  func oracle(_ d: Int, _ parameters: [Double], _ q: [[Double]], _ k: [[Double]], _ v: [[Double]], _ batch: Batch)
    -> [[Double]]
  {
    switch self {
    case .sharp: SoftmaxOracle(temperature: 0.5).forward(q, k, v, batch)
    case .local: SoftmaxOracle(window: (4, 1)).forward(q, k, v, batch)
    case .multi: MultiHeadTests.oracle(d, SoftmaxOracle(heads: 2), parameters, q, k, v, batch)
    case .causal: SoftmaxOracle(isCausal: true).forward(q, k, v, batch)
    }
  }

  func weights(_ d: Int, _ q: [[Double]], _ k: [[Double]], _ batch: Batch) -> [[Double]] {
    switch self {
    case .sharp: SoftmaxOracle(temperature: 0.5).weights(q, k, batch)[0]
    case .local: SoftmaxOracle(window: (4, 1)).weights(q, k, batch)[0]
    case .multi: []
    case .causal: SoftmaxOracle(isCausal: true).weights(q, k, batch)[0]
    }
  }
}

extension Attention {
  /// With `dim` and further options.
  init(_ d: Int, _ options: [(key: String, value: OptionValue)] = []) throws(RuvectorError) {
    try self.init(Settings(of: Self.name, Self.options, [("dim", .number(Double(d)))] + options))
  }

  var flatParameters: [Double] { parameters.flatMap { p in (0..<p.count).map { Double(p[$0]) } } }

  /// Adds to every parameter, so that none is 0.
  func shake(_ seed: UInt64, by scale: Double) {
    var g = SeededGenerator(seed)
    for p in parameters { for i in 0..<p.count { p[i] += Float(scale * g.normal()) } }
  }
}

/// The formula of a mixture in Double: gates, choices, experts, one after the other.
struct ExpertsOracle {
  var d: Int
  var experts: [TestExpert]
  var topK: Int
  var capacityFactor = 0.0
  var temperature = 1.0
  var balance = 0.0

  /// The flat parameters: gate, then those of each expert.
  private func parts(_ p: [Double]) -> (W: [[Double]], b: [Double], experts: [[Double]]) {
    let E = experts.count
    var at = E * d + E
    let own = experts.map { expert -> [Double] in
      let count = expert == .multi ? 4 * (d * d + d) : 0
      defer { at += count }
      return Array(p[at..<at + count])
    }
    return ((0..<E).map { Array(p[$0 * d..<($0 + 1) * d]) }, Array(p[E * d..<E * d + E]), own)
  }

  func logits(_ p: [Double], _ q: [[Double]]) -> [[Double]] {
    let (W, b, _) = parts(p)
    return q.map { x in zip(W, b).map { w, b in zip(w, x).reduce(b) { $0 + $1.0 * $1.1 } } }
  }

  func softmax(_ l: [Double], over chosen: [Int]) -> [Double] {
    let top = chosen.map { l[$0] }.max() ?? 0
    var p = l.map { _ in 0.0 }
    for e in chosen { p[e] = exp((l[e] - top) / temperature) }
    let sum = p.reduce(0, +)
    return p.map { $0 / sum }
  }

  func best(_ l: [Double]) -> [Int] { l.indices.sorted { l[$0] != l[$1] ? l[$0] > l[$1] : $0 < $1 } }

  /// The experts of each query.
  func choices(_ l: [[Double]]) -> [[Int]] {
    let m = l.count, E = experts.count
    let most = capacityFactor > 0 ? Int((capacityFactor * Double(topK * m) / Double(E)).rounded(.up)) : m
    var chosen = l.map { _ in [Int]() }, load = experts.map { _ in 0 }
    for _ in 0..<topK {
      for i in 0..<m {
        guard let e = best(l[i]).first(where: { !chosen[i].contains($0) && load[$0] < most }) else { continue }
        chosen[i].append(e)
        load[e] += 1
      }
    }
    return chosen
  }

  /// f: shares of the choices before capacity.
  func shares(_ l: [[Double]]) -> [Double] {
    experts.indices.map { e in
      Double(l.filter { best($0).prefix(topK).contains(e) }.count) / Double(l.count * topK)
    }
  }

  func loss(_ f: [Double], _ l: [[Double]]) -> Double {
    let all = Array(experts.indices), p = l.map { softmax($0, over: all) }
    return experts.indices.reduce(0) { sum, e in
      sum + Double(experts.count) * f[e] * p.reduce(0) { $0 + $1[e] } / Double(l.count)
    }
  }

  /// The outputs with given choices.
  func forward(
    _ p: [Double], _ chosen: [[Int]], _ q: [[Double]], _ k: [[Double]], _ v: [[Double]], _ batch: Batch
  ) -> [[Double]] {
    let l = logits(p, q), own = parts(p).experts
    let all = experts.indices.map { experts[$0].oracle(d, own[$0], q, k, v, batch) }
    return q.indices.map { i in
      let g = softmax(l[i], over: chosen[i])
      return all[0][i].indices.map { c in chosen[i].reduce(0) { $0 + g[$1] * all[$1][i][c] } }
    }
  }
}
