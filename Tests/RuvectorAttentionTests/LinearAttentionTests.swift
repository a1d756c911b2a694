import Foundation
import RuvectorCore
import TestSupport
import Testing

@testable import RuvectorAttention

@Suite struct LinearAttentionTests {
  static func make(_ d: Int, features: Int = 8, elu: Bool = false, seed: Int64 = 5) throws -> LinearAttention {
    try LinearAttention(
      Settings(
        of: LinearAttention.name, LinearAttention.options,
        [
          ("dim", .number(Double(d))), ("features", .number(Double(features))), ("elu", .number(elu ? 1 : 0)),
          ("seed", .integer(seed)),
        ]))
  }

  /// φ of one row in Double, from the same directions.
  static func features(_ x: [Double], _ ω: [[Double]]?) -> [Double] {
    guard let ω else { return x.map { $0 > 0 ? $0 + 1 : exp($0) } }
    let root = Double(x.count).squareRoot()
    let half = x.reduce(0) { $0 + $1 * $1 } / root / 2
    return ω.map { w in exp(zip(w, x).reduce(0) { $0 + $1.0 * $1.1 } / root.squareRoot() - half) }
  }

  static func directions(_ d: Int, _ count: Int, _ seed: UInt64) throws -> [[Double]] {
    let map = try RandomFeatures(dim: d, count: count, seed: seed)
    let memory = try #require(map.directions)
    return (0..<count).map { r in (0..<d).map { Double(memory[r * d + $0]) } }
  }

  /// [m][n] and [m][v]
  static func oracle(
    _ ω: [[Double]]?, _ q: [[Double]], _ k: [[Double]], _ v: [[Double]], _ batch: Batch
  ) -> (weights: [[Double]], out: [[Double]]) {
    let fq = q.map { features($0, ω) }, fk = k.map { features($0, ω) }, see = SoftmaxOracle()
    let weights = q.indices.map { i in
      let w = k.indices.map { j in see.sees(batch, i, j) ? zip(fq[i], fk[j]).reduce(0) { $0 + $1.0 * $1.1 } : 0 }
      let sum = w.reduce(0, +)
      return w.map { sum == 0 ? 0 : $0 / sum }
    }
    let width = v.first?.count ?? q.first?.count ?? 1
    return (weights, weights.map { w in (0..<width).map { c in v.indices.reduce(0) { $0 + w[$1] * v[$1][c] } } })
  }

  static let kinds = [(6, 8, false), (4, 19, false), (5, 5, true)]

  @Test(arguments: kinds) func againstOracle(_ d: Int, _ count: Int, _ elu: Bool) throws {
    var g = SeededGenerator(51)
    let mechanism = try Self.make(d, features: count, elu: elu)
    let ω = elu ? nil : try Self.directions(d, count, 5)
    var batches = SoftmaxAttentionTests.batches(&g, d, 3)
    batches += [Batch(&g, 3, 2500, d, 3), Batch(&g, 1, 2500, d, 3)]  // with the state, without it
    for j in 2100..<2500 { batches[batches.count - 1].keys[j] = batches[batches.count - 1].keys[j].map { 3 * $0 } }
    for batch in batches where batch.keys.count > 0 {
      let exact = Self.oracle(ω, doubles(batch.queries), doubles(batch.keys), doubles(batch.values), batch)
      #expect(distance(try mechanism.forward(batch), exact.out.flatMap { $0 }) < 2e-5)
      #expect(distance(try mechanism.forward(batch, gap: 3), exact.out.flatMap { $0 }) < 2e-5)
      #expect(distance(try mechanism.weights(batch), exact.weights.flatMap { $0 }) < 2e-5)
    }
  }

  @Test(arguments: kinds) func gradients(_ d: Int, _ count: Int, _ elu: Bool) throws {
    var g = SeededGenerator(52)
    let mechanism = try Self.make(d, features: count, elu: elu), v = 2
    let ω = elu ? nil : try Self.directions(d, count, 5)
    var masked = Batch(&g, 3, 6, d, v)
    masked.mask = [[1, 0, 1, 1, 0, 1]]
    var own = Batch(&g, 3, 6, d, v), graph = Batch(&g, 4, 7, d, v)
    own.mask = (0..<3).map { i in (0..<6).map { ($0 + i) % 3 == 0 ? 0 : 1 } }
    own.mask?[2] = [0, 0, 0, 0, 0, 0]
    graph.offsets = [0, 2, 2, 6, 7]
    var both = graph
    both.mask = (0..<4).map { i in (0..<7).map { ($0 * 5 + i) % 4 == 0 ? 0 : 1 } }
    for batch in [Batch(&g, 3, 5, d, v), Batch(&g, 1, 1, d, v), masked, own, graph, both] {
      let m = batch.queries.count, n = batch.keys.count, direction = g.normals(m * v)
      let x = (batch.queries + batch.keys + batch.values).flatMap { $0.map { Double($0) } }
      func rows(_ x: ArraySlice<Double>, _ width: Int) -> [[Double]] {
        stride(from: x.startIndex, to: x.endIndex, by: width).map { Array(x[$0..<$0 + width]) }
      }
      let exact = differences(x) { x in
        let out = Self.oracle(
          ω, rows(x[..<(m * d)], d), rows(x[(m * d)..<((m + n) * d)], d), rows(x[((m + n) * d)...], v), batch
        ).out
        return zip(out.flatMap { $0 }, direction).reduce(0) { $0 + $1.0 * Double($1.1) }
      }
      #expect(distance(try mechanism.backward(batch, direction), exact) < 5e-5)
    }
  }

  /// Weights in logarithms, which Double holds for every finite row.
  static func logOracle(_ ω: [[Double]], _ q: [Double], _ k: [[Double]], _ seen: [Int]) -> [Double] {
    let root = Double(q.count).squareRoot()
    func logs(_ x: [Double], half: Double) -> [Double] {
      return ω.map { w in zip(w, x).reduce(0) { $0 + $1.0 * ($1.1 / root.squareRoot()) } - half }
    }
    func sum(_ x: [Double]) -> Double {
      let top = x.max() ?? 0
      return top + log(x.reduce(0) { $0 + exp($1 - top) })
    }
    // A factor of the query's features is one of all weights: what is largest stands for 1.
    let given = logs(q, half: 0), mine = given.map { $0 - (given.max() ?? 0) }
    let all = seen.map { j in
      sum(zip(mine, logs(k[j], half: k[j].reduce(0) { $0 + $1 * $1 / root / 2 })).map { $0 + $1 })
    }
    let total = sum(all)
    var weights = [Double](repeating: 0, count: k.count)
    for (j, x) in zip(seen, all) { weights[j] = exp(x - total) }
    return weights
  }

  /// Squares beyond Float: a key has no share beside shorter ones and all of it alone; a query finds its keys.
  @Test func squaresBeyondFloat() throws {
    var g = SeededGenerator(53)
    let mechanism = try Self.make(4), ω = try Self.directions(4, 8, 5), huge: [Float] = [1e30, -1e29, 3e29, 9e29]
    let limit: [Float] = [3e38, -3e38, 3e38, 3e38]  // their products with ω leave Float, too
    func agrees(_ batch: Batch, _ name: String) throws {
      let see = SoftmaxOracle(), k = doubles(batch.keys), v = doubles(batch.values)
      let weights = doubles(batch.queries).enumerated().map { i, q in
        Self.logOracle(ω, q, k, k.indices.filter { see.sees(batch, i, $0) })
      }
      #expect(distance(try mechanism.weights(batch), weights.flatMap { $0 }) < 2e-5, "\(name)")
      let out = weights.flatMap { w in (0..<3).map { c in v.indices.reduce(0) { $0 + w[$1] * v[$1][c] } } }
      #expect(distance(try mechanism.forward(batch), out) < 2e-5, "\(name)")
    }
    for row in [huge, limit] {
      var batch = Batch(&g, 3, 5, 4, 3)
      batch.queries[2] = row
      try agrees(batch, "a long query \(row)")
      batch.mask = (0..<3).map { _ in [1, 0, 1, 1, 0] }
      try agrees(batch, "a long query and a mask")
      batch = Batch(&g, 3, 5, 4, 3)
      batch.keys[1] = row
      try agrees(batch, "a long key \(row)")
      batch.mask = (0..<3).map { _ in [0, 1, 0, 0, 0] }
      try agrees(batch, "a long key alone")
      batch.queries[0] = row
      try agrees(batch, "a long query and a long key alone")
    }
  }

  /// The features are an estimate of the softmax kernel whose error falls as 1/√M, for short vectors.
  @Test func approachesExactAttention() throws {
    var g = SeededGenerator(53)
    let d = 16, batch = Batch(&g, 20, 60, d, d, scale: 0.6)
    let exact = SoftmaxOracle().forward(
      doubles(batch.queries), doubles(batch.keys), doubles(batch.values), batch
    ).flatMap { $0 }
    var errors: [Double] = []
    for features in [16, 64, 256, 1024] {
      var square = 0.0
      for seed in 0..<12 {
        let out = try Self.make(d, features: features, seed: Int64(seed)).forward(batch)
        square +=
          zip(out, exact).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) } / Double(12 * out.count)
      }
      errors.append(square.squareRoot())
    }
    print("FAVOR+ error at 16, 64, 256, 1024 features: \(errors)")
    for (more, less) in zip(errors.dropFirst(), errors) { #expect(more / less > 0.35 && more / less < 0.7) }
    #expect(errors[3] < 0.05)
  }

  @Test(arguments: [(6, 14), (1, 3), (2, 2), (43, 90)]) func directionsAreOrthogonal(_ d: Int, _ count: Int) throws {
    let ω = try Self.directions(d, count, 9)
    func dot(_ a: Int, _ b: Int) -> Double { zip(ω[a], ω[b]).reduce(0) { $0 + $1.0 * $1.1 } }
    for a in 0..<count {
      for b in 0..<a where a / d == b / d { #expect(abs(dot(a, b)) < 3e-7 * (dot(a, a) * dot(b, b)).squareRoot()) }
    }
  }

  @Test func lengthsAreThoseOfGaussians() throws {
    let lengths: [Double] = try (0..<400).map { seed in
      let first: [Double] = try Self.directions(6, 1, UInt64(seed))[0]
      return first.reduce(0) { $0 + $1 * $1 }
    }
    let mean = lengths.reduce(0, +) / 400
    #expect(abs(mean - 6) < 0.6)
  }

  @Test(arguments: kinds) func extremesAndThreads(_ d: Int, _ count: Int, _ elu: Bool) throws {
    var g = SeededGenerator(54)
    let mechanism = try Self.make(d, features: count, elu: elu)
    for scale in [1e-20, 1e-3, 10, 1e3, 1e6] {
      let batch = Batch(&g, 4, 30, d, 3, scale: scale)
      let out = try mechanism.forward(batch)
      for c in 0..<3 {
        let all = batch.values.map { $0[c] }
        for i in 0..<4 {
          #expect(out[i * 3 + c] >= all.min()! - 1e-4 && out[i * 3 + c] <= all.max()! + 1e-4, "\(scale)")
        }
      }
    }
    let batch = Batch(&g, 70, 2100, d, 3)
    #expect(try mechanism.forward(batch) == mechanism.forward(batch, Control(threads: 3)))
    var bad = batch
    bad.keys[2000][0] = .nan
    let error = failure { () throws(RuvectorError) in _ = try mechanism.forward(bad) }
    #expect(error?.message == "expected finite numbers for keys[2000], received NaN at element 0")
  }
}
