import Foundation
import RuvectorCore
import TestSupport
import Testing

@testable import RuvectorAttention

@Suite struct EdgeFeaturedTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var heads = 2
    var edgeDim = 3
    var headDim = 0
    var concat = true
    var loops = false
    var slope = 0.2
    var first = false
    var testDescription: String {
      "heads \(heads) \(first ? "v1" : "v2") loops \(loops) concat \(concat) slope \(slope)"
    }
  }
  static let d = 6
  static let cases = [
    Case(), Case(heads: 1, edgeDim: 1, loops: true), Case(heads: 3, concat: false, slope: 0),
    Case(heads: 2, headDim: 5, loops: true, slope: 1), Case(first: true), Case(heads: 3, loops: true, first: true),
    Case(heads: 1, headDim: 4, concat: false, slope: 0, first: true),
    Case(heads: 4, headDim: 2, concat: false, loops: true),
  ]

  static func make(_ c: Case) throws -> EdgeFeatured {
    try EdgeFeatured(
      Settings(
        of: EdgeFeatured.name, EdgeFeatured.options,
        [
          ("dim", .number(Double(d))), ("edgeDim", .number(Double(c.edgeDim))), ("heads", .number(Double(c.heads))),
          ("headDim", .number(Double(c.headDim))), ("concat", .number(c.concat ? 1 : 0)),
          ("selfLoops", .number(c.loops ? 1 : 0)), ("negativeSlope", .number(c.slope)),
          ("version", .text(c.first ? "v1" : "v2")), ("seed", .integer(9)),
        ]))
  }

  /// The formulas, pair by pair.
  static func oracle(_ c: Case, _ e: Exact, _ batch: Batch) -> (weights: [Double], out: [Double]) {
    let w = c.headDim == 0 ? d / c.heads : c.headDim, rows = c.heads * w, p = e.parameters
    let (atKey, atEdge) = (rows * d, 2 * rows * d), atAttention = 2 * rows * d + rows * c.edgeDim
    func times(_ from: Int, _ row: Int, _ x: [Double]) -> Double {
      x.indices.reduce(0) { $0 + p[from + row * x.count + $1] * x[$1] }
    }
    func leaky(_ z: Double) -> Double { z > 0 ? z : c.slope * z }
    let zeros = [Double](repeating: 0, count: c.edgeDim), n = e.keys.count
    var all: [[[Double]]] = [], out: [Double] = []
    var heads: [[[Double]]] = []  // [h][i][w]
    for h in 0..<c.heads {
      func score(_ q: [Double], _ k: [Double], _ edge: [Double]) -> Double {
        func a(_ side: Int, _ t: Int) -> Double { p[atAttention + (side * c.heads + h) * w + t] }
        let z = (0..<w).map { (times(0, h * w + $0, q), times(atKey, h * w + $0, k), times(atEdge, h * w + $0, edge)) }
        guard c.first else { return (0..<w).reduce(0) { $0 + a(0, $1) * leaky(z[$1].0 + z[$1].1 + z[$1].2) } }
        return leaky((0..<w).reduce(0) { $0 + a(0, $1) * z[$1].0 + a(1, $1) * z[$1].1 + a(2, $1) * z[$1].2 })
      }
      var weights: [[Double]] = [], outs: [[Double]] = []
      for (i, q) in e.queries.enumerated() {
        var s = e.keys.indices.map { j -> Double in
          let edge = e.edges.isEmpty ? zeros : e.edges.count == n ? e.edges[j] : e.edges[i * n + j]
          return SoftmaxOracle().sees(batch, i, j) ? score(q, e.keys[j], edge) : -.infinity
        }
        if c.loops { s.append(score(q, q, zeros)) }
        let top = s.max() ?? 0, x = s.map { $0 == -.infinity ? 0 : exp($0 - top) }, sum = x.reduce(0, +)
        let share = x.map { sum == 0 ? 0 : $0 / sum }, values = e.values + (c.loops ? [q] : [])
        weights.append(Array(share.prefix(n)))
        outs.append(
          (0..<w).map { t in zip(share, values).reduce(0) { $0 + $1.0 * times(atKey, h * w + t, $1.1) } })
      }
      all.append(weights)
      heads.append(outs)
    }
    for i in e.queries.indices {
      if c.concat {
        out += heads.flatMap { $0[i] }
      } else {
        out += (0..<w).map { t in heads.reduce(0) { $0 + $1[i][t] } / Double(c.heads) }
      }
    }
    return (all.flatMap { $0.flatMap { $0 } }, out)
  }

  /// Without edges, with one a key, with one a pair.
  static func edges(_ g: inout SeededGenerator, _ c: Case, _ batch: Batch) -> [[[Float]]?] {
    let n = batch.keys.count, m = batch.queries.count
    func rows(_ count: Int) -> [[Float]] { (0..<count).map { _ in g.normals(c.edgeDim) } }
    return [nil, rows(n), rows(m * n)]
  }

  @Test(arguments: cases) func againstOracle(_ c: Case) throws {
    let mechanism = try Self.make(c)
    var g = SeededGenerator(400)
    for var batch in SoftmaxAttentionTests.batches(&g, Self.d, Self.d)
    where batch.queries.count * batch.keys.count < 5000 {
      for edges in Self.edges(&g, c, batch) {
        batch.edges = edges
        let exact = Self.oracle(c, Exact(batch, mechanism.flat), batch)
        #expect(distance(try mechanism.forward(batch), exact.out) < 2e-5)
        #expect(try mechanism.forward(batch, gap: 3) == mechanism.forward(batch))
        #expect(try mechanism.forward(batch, Control(threads: 3)) == mechanism.forward(batch))
        #expect(distance(try mechanism.weights(batch), exact.weights) < 2e-5)
      }
    }
  }

  /// Few queries keep scores, many keep projected keys: the same bits, over several blocks of keys.
  @Test(arguments: cases) func fewQueriesAndMany(_ c: Case) throws {
    let mechanism = try Self.make(c)
    var g = SeededGenerator(420)
    var plain = Batch(&g, 40, 190, Self.d, Self.d), runs = plain, masked = plain
    runs.offsets = [0] + (1...40).map { UInt32(min(190, $0 * $0 / 8)) }
    masked.mask = (0..<40).map { (i: Int) -> [UInt8] in (0..<190).map { (j: Int) in (j + i) % 3 == 0 ? 0 : 1 } }
    for edges in [plain.edges, (0..<190).map { _ in g.normals(c.edgeDim) }] {
      (plain.edges, runs.edges, masked.edges) = (edges, edges, edges)
      for batch in [plain, runs, masked] {
        let exact = Self.oracle(c, Exact(batch, mechanism.flat), batch)
        let all = try mechanism.forward(batch), weights = try mechanism.weights(batch)
        #expect(distance(all, exact.out) < 2e-5)
        #expect(distance(weights, exact.weights) < 2e-5)
        #expect(try mechanism.forward(batch, Control(threads: 3)) == all)
        try mechanism.checkAlone(batch, all, [0, 17, 39])
      }
    }
  }

  @Test(arguments: cases) func gradients(_ c: Case) throws {
    let mechanism = try Self.make(c)
    var g = SeededGenerator(410)
    var masked = Batch(&g, 3, 5, Self.d, Self.d), runs = Batch(&g, 3, 5, Self.d, Self.d)
    masked.mask = (0..<3).map { i in (0..<5).map { ($0 + i) % 3 == 0 ? 0 : 1 } }
    runs.offsets = [0, 2, 2, 5]
    for var batch in [Batch(&g, 2, 4, Self.d, Self.d), masked, runs] {
      for edges in Self.edges(&g, c, batch) {
        batch.edges = edges
        let error = try gradientError(mechanism, batch) { Self.oracle(c, $0, batch).out }
        #expect(error < 2e-4, "\(error)")
      }
    }
  }

  @Test func extremes() throws {
    for c in Self.cases {
      let mechanism = try Self.make(c)
      for scale in [1e-38, 1e-20, 1e15, 1e19, 1e37] {
        var g = SeededGenerator(6)
        var batch = Batch(&g, 2, 4, Self.d, Self.d, scale: scale)
        batch.edges = (0..<4).map { _ in g.normals(c.edgeDim, scale: scale) }
        #expect(try mechanism.forward(batch).allSatisfy { $0.isFinite }, "\(scale)")
      }
    }
  }

  @Test func wrongInput() throws {
    let c = Case(), mechanism = try Self.make(c)
    var g = SeededGenerator(7)
    let good = Batch(&g, 2, 3, Self.d, Self.d)
    func error(_ change: (inout Batch) -> Void) -> RuvectorError.Code? {
      var batch = good
      change(&batch)
      return failure { () throws(RuvectorError) in _ = try mechanism.forward(batch) }?.code
    }
    let row: [Float] = [1, 2, 3]
    #expect(error { $0.edges = [row, row, row] } == nil)
    #expect(error { $0.edges = [row, row] } == .dimensionMismatch)
    #expect(error { $0.edges = [row, row, row].map { $0 + [1] } } == .dimensionMismatch)
    #expect(error { $0.edges = [row, row, [1, .nan, 2]] } == .nonFinite)
    #expect(error { $0.queryContext = [[1], [1]] } == .invalidArgument)
    #expect(error { $0.values = $0.values.map { $0 + [1] } } == .dimensionMismatch)
    #expect(error { $0.values[1][1] = .infinity } == .nonFinite)
    #expect(error { $0.keys[1][1] = .nan } == .nonFinite)
    let odd = failure { () throws(RuvectorError) in
      _ = try EdgeFeatured(
        Settings(
          of: EdgeFeatured.name, EdgeFeatured.options,
          [("dim", .number(6)), ("edgeDim", .number(1)), ("heads", .number(4))]))
    }
    #expect(odd?.message == "expected a divisor of 6 for heads, received 4")
  }
}
