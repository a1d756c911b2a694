import Foundation
import RuvectorCore
import RuvectorGeometry
import TestSupport
import Testing

@testable import RuvectorAttention

@Suite struct HyperbolicTests {
  struct Case: Sendable {
    var K = -1.0
    var T = 1.0
    var maps = false
    var frechet = false
  }
  static let cases = [
    Case(), Case(K: -0.5, T: 0.4), Case(K: -3, maps: true), Case(frechet: true),
    Case(K: -2, T: 0.7, maps: true, frechet: true),
  ]
  static let d = 5

  static func make(_ c: Case, d: Int = d) throws -> Hyperbolic {
    let mechanism = try Hyperbolic(
      Settings(
        of: Hyperbolic.name, Hyperbolic.options,
        [
          ("dim", .number(Double(d))), ("curvature", .number(c.K)), ("temperature", .number(c.T)),
          ("maps", .number(c.maps ? 1 : 0)), ("frechet", .number(c.frechet ? 1 : 0)),
        ]))
    // Away from the identity.
    var g = SeededGenerator(3)
    for parameter in mechanism.parameters {
      for (i, x) in g.normals(parameter.count, scale: 0.3).enumerated() { parameter[i] += x }
    }
    return mechanism
  }

  /// The formulas in Double; `p` the weights of the maps.
  static func oracle(_ c: Case, _ p: [Double], _ batch: Batch, _ q: [[Double]], _ k: [[Double]], _ v: [[Double]]) -> (
    weights: [Double], out: [Double]
  ) {
    let s = (-c.K).squareRoot(), space = Space(dim: d, K: c.K), rim = 1 - 1e-5
    func norm(_ x: [Double]) -> Double { space.dot(x, x).squareRoot() }
    func map(_ x: [Double], _ which: Int) -> [Double] {
      guard c.maps else { return x }
      let y = space.place(x), r = s * norm(y), u = y.map { r == 0 ? $0 : atanh(r) / r * $0 }
      let w = (0..<d).map { i in (0..<d).reduce(0) { $0 + p[(which * d + i) * d + $1] * u[$1] } }, t = s * norm(w)
      return w.map { t == 0 ? $0 : min(tanh(t), rim) / t * $0 }
    }
    let o = ManifoldOracle(heads: [[space]], T: c.T)
    let (a, b, e) = (q.map { map($0, 0) }, k.map { map($0, 1) }, v.map { map($0, 2) })
    let weights = o.weights(a, b, batch)[0]
    guard c.frechet else { return (weights.flatMap { $0 }, o.forward(a, b, e, batch).flatMap { $0 }) }
    let out = weights.flatMap { w -> [Double] in
      guard w.contains(where: { $0 > 0 }) else { return [Double](repeating: 0, count: d) }
      let ball = try? PoincareBall<Double>(curvature: c.K)
      return (try? ball?.frechetMean(e.flatMap { $0 }, dim: d, weights: w, tolerance: 1e-12)) ?? []
    }
    return (weights.flatMap { $0 }, out)
  }

  static func parameters(_ mechanism: Hyperbolic) -> [Double] {
    mechanism.parameters.flatMap { p in (0..<p.count).map { Double(p[$0]) } }
  }

  @Test(arguments: cases.indices) func againstOracle(_ index: Int) throws {
    let c = Self.cases[index], mechanism = try Self.make(c), p = Self.parameters(mechanism)
    var g = SeededGenerator(UInt64(index) + 200)
    var batches = SoftmaxAttentionTests.batches(&g, Self.d, Self.d).filter { $0.keys.count < 700 || !c.frechet }
    batches += [0.1, 0.3].map { Batch(&g, 4, 50, Self.d, Self.d, scale: $0) }
    for i in batches.indices.suffix(2) { batches[i].values = batches[i].values.map { $0.map { $0 * 0.2 } } }
    for (b, batch) in batches.enumerated() {
      let (q, k, v) = (doubles(batch.queries), doubles(batch.keys), doubles(batch.values))
      let exact = Self.oracle(c, p, batch, q, k, v)
      // Near the rim 1 − |x| has ε/1e-5 of its digits, and mapped points are rounded to Float; inside, Float as usual.
      let isInside = b >= batches.count - 2, bound = isInside ? (c.maps ? 2e-5 : 3e-6) : c.maps ? 3e-2 : 2e-3
      let error = distance(try mechanism.forward(batch), exact.out)
      #expect(error < bound, "\(c) \(b): \(error)")
      #expect(try mechanism.forward(batch, gap: 3) == mechanism.forward(batch))
      #expect(try mechanism.forward(batch, Control(threads: 3)) == mechanism.forward(batch))
      #expect(distance(try mechanism.weights(batch), exact.weights) < (c.maps ? bound : 2e-6), "\(c) \(b)")
      for row in try mechanism.forward(batch).chunks(of: Self.d) {
        #expect(row.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot() * (-c.K).squareRoot() < 1)
      }
    }
  }

  @Test(arguments: cases.indices) func gradients(_ index: Int) throws {
    let c = Self.cases[index], mechanism = try Self.make(c), p = Self.parameters(mechanism), d = Self.d
    var g = SeededGenerator(UInt64(index) + 220)
    var masked = Batch(&g, 3, 5, d, d, scale: 0.2)
    masked.mask = (0..<3).map { i in (0..<5).map { ($0 + i) % 3 == 0 ? 0 : 1 } }
    for var batch in [Batch(&g, 2, 4, d, d, scale: 0.2), masked, Batch(&g, 2, 4, d, d, scale: 2)] {
      if batch.queries[0][0].magnitude < 1 { batch.values = batch.values.map { $0.map { $0 * 0.2 } } }
      let m = batch.queries.count, n = batch.keys.count, direction = g.normals(m * d)
      let x = (batch.queries + batch.keys + batch.values).flatMap { $0.map { Double($0) } } + p
      func loss(_ x: [Double]) -> Double {
        func rows(_ from: Int, _ count: Int) -> [[Double]] {
          (0..<count).map { Array(x[(from + $0) * d..<(from + $0 + 1) * d]) }
        }
        let out = Self.oracle(
          c, Array(x[((m + 2 * n) * d)...]), batch, rows(0, m), rows(m, n), rows(m + n, n)
        ).out
        return zip(out, direction).reduce(0) { $0 + $1.0 * Double($1.1) }
      }
      let error = distance(try mechanism.backward(batch, direction), differences(x, step: 1e-5, loss))
      #expect(error < (c.maps && batch.queries[0][0].magnitude > 1 ? 5e-3 : 5e-4), "\(c): \(error)")
    }
  }

  /// One query places keys and values block by block, several place them all beforehand: the same bits, over several
  /// blocks, where rows beyond the rim come late too, and with keys that are the values.
  @Test func oneQueryAndTwo() throws {
    let mechanism = try Self.make(Case()), n = 1300
    var g = SeededGenerator(230)
    var inside = Batch(&g, 2, n, Self.d, Self.d, scale: 0.2), late = inside, masked = inside
    inside.values = inside.values.map { $0.map { $0 * 0.2 } }
    late.keys[700] = [3, 1, 0, 0, 0]
    late.values[1299] = [0, 0, -7, 0, 0]
    masked.mask = (0..<2).map { i in (0..<n).map { $0 > 500 + i ? 1 : 0 } }
    func shared(_ batch: Batch) throws -> [Float] {
      let out = try AlignedBuffer<Float>(count: batch.queries.count * Self.d)
      try batch.withInput(dim: Self.d, values: Self.d) { (input) throws(RuvectorError) in
        var same = input
        same.values = input.keys
        try mechanism.forward(same, into: out.pointer, .none)
      }
      return (0..<out.count).map { out[$0] }
    }
    for batch in [inside, late, masked] {
      let both = try mechanism.forward(batch), same = try shared(batch)
      for i in 0..<2 {
        var one = batch
        one.queries = [batch.queries[i]]
        one.mask = batch.mask.map { [$0[i]] }
        #expect(try mechanism.forward(one) == Array(both[i * Self.d..<(i + 1) * Self.d]))
        #expect(try shared(one) == Array(same[i * Self.d..<(i + 1) * Self.d]))
        one.keys[1000][2] = .nan
        let error = failure { () throws(RuvectorError) in _ = try mechanism.forward(one) }
        #expect(error?.code == .nonFinite && error?.message.contains("keys[1000]") == true)
      }
    }
  }

  @Test func laws() throws {
    var g = SeededGenerator(8)
    let mechanism = try Self.make(Case()), batch = Batch(&g, 3, 6, Self.d, Self.d, scale: 0.2)
    // Equal values: their mean is that value.
    var equal = batch
    equal.values = batch.values.map { _ in [0.1, 0.2, -0.3, 0.4, 0] }
    for row in try mechanism.forward(equal).chunks(of: Self.d) {
      #expect(distance(row, [0.1, 0.2, -0.3, 0.4, 0].map { Double(Float($0)) }) < 1e-6)
    }
    // A rotation of everything turns the result.
    func turned(_ x: [[Float]]) -> [[Float]] { x.map { [$0[1], -$0[0]] + $0[2...] } }
    var other = batch
    (other.queries, other.keys, other.values) = (turned(batch.queries), turned(batch.keys), turned(batch.values))
    let rows = try mechanism.forward(batch).chunks(of: Self.d)
    #expect(distance(try mechanism.forward(other), turned(rows).flatMap { $0.map { Double($0) } }) < 1e-6)
    // Maps that are the identity change nothing.
    let plain = try mechanism.forward(batch)
    let mapped = try Hyperbolic(
      Settings(of: Hyperbolic.name, Hyperbolic.options, [("dim", .number(5)), ("maps", .number(1))]))
    #expect(distance(try mapped.forward(batch), plain.map { Double($0) }) < 2e-6)
  }

  @Test func extremes() throws {
    for c in Self.cases {
      let mechanism = try Self.make(c)
      for scale in [1e-38, 1e-20, 1e10, 1e37] {
        var g = SeededGenerator(9)
        #expect(try mechanism.forward(Batch(&g, 2, 4, Self.d, Self.d, scale: scale)).allSatisfy { $0.isFinite })
      }
    }
    for K in [-1e30, -1e-30] {
      var g = SeededGenerator(9)
      let batch = Batch(&g, 2, 4, Self.d, Self.d)
      #expect(try Self.make(Case(K: K)).forward(batch).allSatisfy { $0.isFinite })
    }
    var g = SeededGenerator(10), bad = Batch(&g, 2, 4, Self.d, Self.d)
    let mechanism = try Self.make(Case())
    bad.keys[2][1] = .nan
    let error = failure { () throws(RuvectorError) in _ = try mechanism.forward(bad) }
    #expect(error?.message == "expected finite numbers for keys[2], received NaN at element 1")
    bad.keys[2][1] = 0
    bad.mask = [[1, 1, 1, 0]]
    bad.values[3][0] = .infinity
    #expect(failure { () throws(RuvectorError) in _ = try mechanism.forward(bad) }?.code == .nonFinite)
  }
}

extension Array {
  func chunks(of size: Int) -> [[Element]] { stride(from: 0, to: count, by: size).map { Array(self[$0..<$0 + size]) } }
}
