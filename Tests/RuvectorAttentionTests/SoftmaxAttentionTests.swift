import Foundation
import RuvectorAttention
import RuvectorCore
import TestSupport
import Testing

/// ScaledDotProduct, FlashAttention and MultiHead without projections: one formula, one oracle.
@Suite struct SoftmaxAttentionTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var name: String
    var d = 8
    var heads = 1
    var options: [(String, Double)] = []
    var oracle: SoftmaxOracle {
      SoftmaxOracle(
        heads: heads, temperature: option("temperature") ?? 1, isCausal: option("causal") == 1,
        window: option("window").map { (Int($0), Int(option("globalTokens") ?? 0)) })
    }
    var testDescription: String { "\(name) \(options)" }

    func option(_ key: String) -> Double? { options.last { $0.0 == key }?.1 }

    func make() throws(RuvectorError) -> any Attention {
      let given = ([("dim", Double(d))] + options).map { (key: $0.0, value: OptionValue.number($0.1)) }
      switch name {
      case "scaled": return try ScaledDotProduct(Settings(of: ScaledDotProduct.name, ScaledDotProduct.options, given))
      case "flash": return try FlashAttention(Settings(of: FlashAttention.name, FlashAttention.options, given))
      case "local": return try LocalGlobal(Settings(of: LocalGlobal.name, LocalGlobal.options, given))
      default:
        return try MultiHead(Settings(of: MultiHead.name, MultiHead.options, given + [("projections", .number(0))]))
      }
    }
  }

  static let cases = [
    Case(name: "scaled"), Case(name: "scaled", d: 7, options: [("temperature", 0.3)]),
    Case(name: "scaled", options: [("causal", 1)]), Case(name: "flash", options: [("blockSize", 3)]),
    Case(name: "flash", heads: 2, options: [("heads", 2), ("causal", 1)]),
    Case(name: "flash", d: 64, heads: 4, options: [("heads", 4), ("blockSize", 64)]),
    Case(name: "multi", heads: 8, options: [("heads", 8)]),
    Case(name: "multi", d: 12, heads: 3, options: [("heads", 3)]),
    Case(name: "local", options: [("window", 4), ("globalTokens", 2)]),
    Case(name: "local", heads: 2, options: [("heads", 2), ("window", 7)]),
    Case(name: "local", options: [("window", 0), ("globalTokens", 700)]),
    Case(name: "local", options: [("window", 2_147_483_646), ("globalTokens", 2_147_483_646)]),
  ]

  /// Batches of many shapes: none, masks of both kinds, offsets with empty parts.
  static func batches(_ g: inout SeededGenerator, _ d: Int, _ v: Int) -> [Batch] {
    var all = [(1, 1), (1, 40), (5, 3), (17, 33), (3, 1200), (40, 600), (2, 0), (0, 4), (25, 25), (9, 4)].map {
      Batch(&g, $0.0, $0.1, d, v)
    }
    var masked = Batch(&g, 6, 20, d, v), each = Batch(&g, 6, 20, d, v), graph = Batch(&g, 4, 30, d, v)
    masked.mask = [(0..<20).map { $0 % 3 == 0 ? 0 : 1 }]
    each.mask = (0..<6).map { i in (0..<20).map { j in i == 2 || (i * j) % 4 == 1 ? 0 : 1 } }
    graph.offsets = [0, 7, 7, 19, 30]
    all += [masked, each, graph]
    graph.mask = [(0..<30).map { $0 == 20 ? 0 : 1 }]
    all.append(graph)
    return all
  }

  @Test(arguments: cases) func againstOracle(_ c: Case) throws {
    var g = SeededGenerator(31)
    let mechanism = try c.make()
    for v in [c.d, 2 * c.heads] {
      for batch in Self.batches(&g, c.d, v) {
        let q = doubles(batch.queries), k = doubles(batch.keys), w = doubles(batch.values)
        let exact = c.oracle.forward(q, k, w, batch).flatMap { $0 }
        let shape = "\(batch.queries.count) x \(batch.keys.count)"
        if batch.keys.count > 0 || v == c.d {
          #expect(distance(try mechanism.forward(batch), exact) < 2e-6, "\(shape)")
          #expect(distance(try mechanism.forward(batch, gap: 3), exact) < 2e-6, "\(shape), rows apart")
        }
        let weights = c.oracle.weights(q, k, batch).flatMap { $0.flatMap { $0 } }
        #expect(distance(try mechanism.weights(batch), weights) < 4e-6, "\(shape)")
      }
    }
  }

  @Test(arguments: cases) func gradients(_ c: Case) throws {
    var g = SeededGenerator(32)
    let mechanism = try c.make(), v = 2 * c.heads, d = c.d
    for var batch in [Batch(&g, 3, 5, d, v), Batch(&g, 1, 9, d, v), Batch(&g, 2, 1, d, v)] {
      for kind in 0..<3 {
        if kind == 1 { batch.mask = [(0..<batch.keys.count).map { $0 == 1 ? 0 : 1 }] }
        if kind == 2 {
          let n = UInt32(batch.keys.count)
          batch.offsets = (0...batch.queries.count).map { $0 == 0 ? 0 : min(n, UInt32($0)) }
          batch.offsets?[batch.queries.count] = n
        }
        let m = batch.queries.count, n = batch.keys.count, direction = g.normals(m * v)
        let x = (batch.queries + batch.keys + batch.values).flatMap { $0.map { Double($0) } }
        func rows(_ x: ArraySlice<Double>, _ width: Int) -> [[Double]] {
          stride(from: x.startIndex, to: x.endIndex, by: width).map { Array(x[$0..<$0 + width]) }
        }
        let exact = differences(x) { x in
          let out = c.oracle.forward(
            rows(x[..<(m * d)], d), rows(x[(m * d)..<((m + n) * d)], d), rows(x[((m + n) * d)...], v), batch)
          return zip(out.flatMap { $0 }, direction).reduce(0) { $0 + $1.0 * Double($1.1) }
        }
        #expect(distance(try mechanism.backward(batch, direction), exact) < 5e-6, "\(m) x \(n), \(kind)")
      }
    }
  }

  /// Outputs are convex combinations of values, and another order of the keys changes nothing.
  @Test(arguments: cases) func laws(_ c: Case) throws {
    var g = SeededGenerator(33)
    let mechanism = try c.make()
    var batch = Batch(&g, 4, 50, c.d, c.d)
    let out = try mechanism.forward(batch)
    for column in 0..<c.d {
      let all = batch.values.map { $0[column] }
      for i in 0..<4 {
        #expect(out[i * c.d + column] <= all.max()! + 1e-5 && out[i * c.d + column] >= all.min()! - 1e-5)
      }
    }
    guard c.option("causal") == nil, c.name != "local" else { return }
    batch.keys.reverse()
    batch.values.reverse()
    #expect(distance(try mechanism.forward(batch), out.map { Double($0) }) < 2e-6)
  }

  @Test(arguments: cases) func threadsDoNotMatter(_ c: Case) throws {
    var g = SeededGenerator(34)
    let mechanism = try c.make(), batch = Batch(&g, 70, 90, c.d, c.d), direction = g.normals(70 * c.d)
    #expect(try mechanism.forward(batch) == mechanism.forward(batch, Control(threads: 3)))
    #expect(try mechanism.backward(batch, direction) == mechanism.backward(batch, direction, Control(threads: 3)))
  }

  /// Scores that leave Float, and values near its end: the result is right all the same.
  @Test(arguments: cases) func extremes(_ c: Case) throws {
    var g = SeededGenerator(35)
    let mechanism = try c.make()
    for scale in [1e-30, 1e-10, 1e10, 1e15, 1e19, 3e19] {
      let batch = Batch(&g, 3, 20, c.d, c.d, scale: scale)
      let exact = c.oracle.forward(doubles(batch.queries), doubles(batch.keys), doubles(batch.values), batch)
      let out = try mechanism.forward(batch)
      #expect(out.allSatisfy { $0.isFinite }, "\(scale)")
      // Beyond some size every score difference is a rounding error of the scores, or decides alone.
      if scale <= 1 || scale >= 1e19 { #expect(distance(out, exact.flatMap { $0 }) < 1e-5, "\(scale)") }
    }
    var batch = Batch(&g, 2, 40, c.d, c.d)
    batch.values = batch.values.map { $0.map { $0 < 0 ? -3e38 : 3e38 } }
    #expect(try mechanism.forward(batch).allSatisfy { $0.isFinite })
  }

  @Test(arguments: cases) func wrongInput(_ c: Case) throws {
    var g = SeededGenerator(36)
    let mechanism = try c.make(), good = Batch(&g, 3, 6, c.d, c.d)
    func error(_ change: (inout Batch) -> Void) -> RuvectorError? {
      var batch = good
      change(&batch)
      return failure { () throws(RuvectorError) in _ = try mechanism.forward(batch) }
    }
    for value in [Float.nan, .infinity, -.infinity] {
      #expect(error { $0.queries[1][0] = value }?.code == .nonFinite)
      #expect(error { $0.values[0][1] = value }?.code == .nonFinite)
    }
    #expect(
      error { $0.keys[0][c.d - 1] = .nan }?.message.hasPrefix("expected finite numbers for keys[0], received NaN")
        == true)
    #expect(error { $0.offsets = [0, 4, 3, 6] }?.code == .invalidArgument)
    #expect(error { $0.offsets = [0, 4, 5, 7] }?.code == .invalidArgument)
    #expect(error { $0.values.removeLast() }?.code == .dimensionMismatch)
    if c.heads > 1 { #expect(error { $0.values = $0.values.map { $0 + [1] } }?.code == .dimensionMismatch) }
  }
}
