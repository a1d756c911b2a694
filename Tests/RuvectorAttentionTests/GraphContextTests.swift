import Foundation
import RuvectorCore
import TestSupport
import Testing

@testable import RuvectorAttention

/// GraphRoPE, Structural and HNSWAware: what the context of queries and keys does to softmax attention.
@Suite struct GraphContextTests {
  /// Σ_j softmax_j(score(h, i, j)) v_j in heads.
  static func attend(
    _ e: Exact, _ batch: Batch, heads: Int, _ score: (_ h: Int, _ i: Int, _ j: Int) -> Double
  ) -> (weights: [[[Double]]], out: [Double]) {
    let w = (0..<heads).map { h in
      e.queries.indices.map { i -> [Double] in
        let s = e.keys.indices.map { SoftmaxOracle().sees(batch, i, $0) ? score(h, i, $0) : -.infinity }
        let top = s.max() ?? 0, x = s.map { $0 == -.infinity ? 0 : exp($0 - top) }, sum = x.reduce(0, +)
        return x.map { sum == 0 ? 0 : $0 / sum }
      }
    }
    let width = e.values.first?.count ?? e.queries.first?.count ?? 1, part = width / heads
    let out = e.queries.indices.flatMap { i in
      (0..<width).map { (c: Int) -> Double in
        e.values.indices.reduce(0.0) { (sum: Double, j: Int) in sum + w[c / part][i][j] * e.values[j][c] }
      }
    }
    return (w, out)
  }

  static func dot(_ a: ArraySlice<Double>, _ b: ArraySlice<Double>) -> Double {
    zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
  }

  struct Case: Sendable {
    let name: String
    let heads: Int
    let contextDim: Int
    let make: @Sendable () throws -> any Attention
    let oracle: @Sendable (Exact, Batch) -> (weights: [[[Double]]], out: [Double])
  }

  static let d = 6

  static func rope(
    heads: Int, options: [(String, Double)], base: Double = 10_000, scaling: Double = 1, maxPosition: Double = 512,
    σ: Double = 1
  ) -> Case {
    Case(
      name: "rope \(options)", heads: heads, contextDim: 2,
      make: {
        try GraphRoPE(
          Settings(
            of: GraphRoPE.name, GraphRoPE.options,
            [("dim", .number(Double(d))), ("heads", .number(Double(heads)))] + options.map { ($0.0, .number($0.1)) }))
      },
      oracle: { e, batch in
        let w = d / heads, h = w / 2
        func turned(_ x: [Double], _ context: [Float]?, _ standard: Int) -> [Double] {
          let p = min(Double(context?[0] ?? Float(standard)), maxPosition - 1) * pow(σ, Double(context?[1] ?? 0))
          return (0..<heads).flatMap { head -> [Double] in
            let y = Array(x[head * w..<(head + 1) * w])
            var r = y  // an odd last coordinate stays
            for t in 0..<h {
              let θ = p / scaling * pow(base, -2 * Double(t) / Double(w))
              r[t] = y[t] * cos(θ) - y[t + h] * sin(θ)
              r[t + h] = y[t] * sin(θ) + y[t + h] * cos(θ)
            }
            return r
          }
        }
        let q = e.queries.enumerated().map { turned($1, batch.queryContext?[$0], 0) }
        let k = e.keys.enumerated().map { turned($1, batch.keyContext?[$0], $0) }
        return attend(e, batch, heads: heads) { head, i, j in
          dot(q[i][head * w..<(head + 1) * w], k[j][head * w..<(head + 1) * w]) / Double(w).squareRoot()
        }
      })
  }

  static func structural(heads: Int, features: Int) -> Case {
    Case(
      name: "structural", heads: heads, contextDim: features,
      make: {
        try Structural(
          Settings(
            of: Structural.name, Structural.options,
            [
              ("dim", .number(Double(d))), ("heads", .number(Double(heads))), ("features", .number(Double(features))),
              ("seed", .integer(3)),
            ]))
      },
      oracle: { e, batch in
        func placed(_ x: [Double], _ f: [Float]?) -> [Double] {
          x.indices.map { c in
            x[c] + (0..<features).reduce(0) { $0 + e.parameters[c * features + $1] * Double(f?[$1] ?? 0) }
          }
        }
        let q = e.queries.enumerated().map { placed($1, batch.queryContext?[$0]) }
        let k = e.keys.enumerated().map { placed($1, batch.keyContext?[$0]) }, w = d / heads
        return attend(e, batch, heads: heads) { h, i, j in
          dot(q[i][h * w..<(h + 1) * w], k[j][h * w..<(h + 1) * w]) / Double(w).squareRoot()
        }
      })
  }

  static func aware(heads: Int, levels: Int) -> Case {
    Case(
      name: "hnsw", heads: heads, contextDim: 1,
      make: {
        try HNSWAware(
          Settings(
            of: HNSWAware.name, HNSWAware.options,
            [
              ("dim", .number(Double(d))), ("heads", .number(Double(heads))), ("levels", .number(Double(levels))),
              ("seed", .integer(4)),
            ]))
      },
      oracle: { e, batch in
        func level(_ f: [Float]?) -> Int { min(Int(f?[0] ?? 0), levels - 1) }
        func placed(_ x: [Double], _ l: Int) -> [Double] { x.indices.map { x[$0] + e.parameters[l * d + $0] } }
        let lq = e.queries.indices.map { level(batch.queryContext?[$0]) }
        let lk = e.keys.indices.map { level(batch.keyContext?[$0]) }, w = d / heads
        let q = e.queries.indices.map { placed(e.queries[$0], lq[$0]) }
        let k = e.keys.indices.map { placed(e.keys[$0], lk[$0]) }
        return attend(e, batch, heads: heads) { h, i, j in
          dot(q[i][h * w..<(h + 1) * w], k[j][h * w..<(h + 1) * w]) / Double(w).squareRoot()
            + e.parameters[levels * d + (h * levels + lq[i]) * levels + lk[j]]
        }
      })
  }

  static let cases = [
    rope(heads: 1, options: []), rope(heads: 2, options: [("maxPosition", 4)], maxPosition: 4),
    rope(
      heads: 1, options: [("base", 100), ("scalingFactor", 2), ("levelScale", 0.5)], base: 100, scaling: 2, σ: 0.5),
    structural(heads: 2, features: 4), structural(heads: 1, features: 1), aware(heads: 3, levels: 4),
    aware(heads: 1, levels: 1),
  ]

  /// Whole numbers 0...4, and for positions some that are far out or fractions.
  static func contexts(_ g: inout SeededGenerator, _ c: Case, _ rows: Int) -> [[Float]] {
    (0..<rows).map { r in
      (0..<c.contextDim).map { column in
        let small = Float(Int(g.uniform() * 5))
        return c.contextDim == 2 && column == 0 && r % 3 == 0 ? small * 97.5 : small
      }
    }
  }

  @Test(arguments: cases.indices) func againstOracle(_ index: Int) throws {
    let c = Self.cases[index], mechanism = try c.make()
    mechanism.shake(5)
    var g = SeededGenerator(UInt64(index) + 300)
    for var batch in SoftmaxAttentionTests.batches(&g, Self.d, 2 * c.heads) {
      for isGiven in [false, true] {
        if isGiven {
          batch.queryContext = Self.contexts(&g, c, batch.queries.count)
          batch.keyContext = Self.contexts(&g, c, batch.keys.count)
        }
        let exact = c.oracle(Exact(batch, mechanism.flat), batch)
        #expect(distance(try mechanism.forward(batch), exact.out) < 2e-5, "\(c.name)")
        #expect(try distance(mechanism.forward(batch, gap: 3), exact.out) < 2e-5)
        #expect(try mechanism.forward(batch, Control(threads: 3)) == mechanism.forward(batch))
        #expect(distance(try mechanism.weights(batch), exact.weights.flatMap { $0.flatMap { $0 } }) < 2e-5, "\(c.name)")
      }
    }
  }

  @Test(arguments: cases.indices) func gradients(_ index: Int) throws {
    let c = Self.cases[index], mechanism = try c.make()
    mechanism.shake(6)
    var g = SeededGenerator(UInt64(index) + 330)
    var masked = Batch(&g, 3, 5, Self.d, 2 * c.heads), runs = Batch(&g, 3, 5, Self.d, c.heads)
    masked.mask = [[1, 0, 1, 1, 1]]
    runs.offsets = [0, 2, 2, 5]
    for var batch in [Batch(&g, 2, 4, Self.d, c.heads), masked, runs] {
      #expect(try gradientError(mechanism, batch) { c.oracle($0, batch).out } < 2e-4, "\(c.name)")
      batch.queryContext = Self.contexts(&g, c, batch.queries.count)
      batch.keyContext = Self.contexts(&g, c, batch.keys.count)
      #expect(try gradientError(mechanism, batch) { c.oracle($0, batch).out } < 2e-4, "\(c.name)")
    }
  }

  @Test func wrongContext() throws {
    for c in Self.cases {
      let mechanism = try c.make()
      var g = SeededGenerator(1)
      let good = Batch(&g, 2, 3, Self.d, 6)
      func error(_ change: (inout Batch) -> Void) -> RuvectorError.Code? {
        var batch = good
        change(&batch)
        return failure { () throws(RuvectorError) in _ = try mechanism.forward(batch) }?.code
      }
      let row = [Float](repeating: 1, count: c.contextDim)
      #expect(error { $0.queryContext = [row, row] } == nil)
      #expect(error { $0.queryContext = [row] } == .dimensionMismatch)
      #expect(error { $0.keyContext = [row, row, row + [1]].map { $0 + [1] } } == .dimensionMismatch)
      #expect(error { $0.keyContext = [row, row, row.map { _ in .nan }] } == .nonFinite)
      #expect(error { $0.edges = [[1], [2], [3]] } == .invalidArgument)
      if c.contextDim <= 2, !c.name.hasPrefix("struct") {
        #expect(error { $0.keyContext = [row, row, row.map { _ in -1 }] } == .outOfRange)
      }
      if c.name == "hnsw" { #expect(error { $0.keyContext = [[0.5], [0], [0]] } == .outOfRange) }
      #expect(
        error {
          $0.queries[0][0] = 3e38; $0.keys[1][1] = .infinity
        } == .nonFinite)
    }
    let flash = try FlashAttention(Settings(of: FlashAttention.name, FlashAttention.options, [("dim", .number(6))]))
    var g = SeededGenerator(2), batch = Batch(&g, 2, 3, 6, 6)
    batch.queryContext = [[1], [1]]
    #expect(failure { () throws(RuvectorError) in _ = try flash.forward(batch) }?.code == .invalidArgument)
  }

  /// On one level the score depends on the difference of positions only.
  @Test func relativePositions() throws {
    let mechanism = try Self.cases[0].make()
    var g = SeededGenerator(3), batch = Batch(&g, 1, 4, Self.d, 2)
    func weights(_ shift: Float) throws -> [Float] {
      batch.queryContext = [[5 + shift, 0]]
      batch.keyContext = [0, 3, 5, 9].map { [$0 + shift, 0] }
      return try mechanism.weights(batch)
    }
    #expect(distance(try weights(371), try weights(0).map { Double($0) }) < 1e-5)
  }

  @Test func encodedDistances() {
    let cases = [(0, 16, 0), (9, 16, 12), (17, 16, 13), (1000, 10, 10), (8, 16, 8), (-3, 5, 0), (Int.max, 512, 71)]
    for (d, most, wanted) in cases { #expect(GraphRoPE.encodeDistance(d, maxPosition: most) == wanted) }
  }

  /// Turns by whole positions are products of three; by others, sines of their own. Both ways, far out, odd widths.
  @Test func turns() throws {
    for pairs in [0, 1, 5, 16, 33] {
      let ω = (0..<pairs).map { pow(10_000, -Double($0) / Double(max(pairs, 1))) }
      let turns = try RotaryTurns(frequencies: ω), width = 2 * pairs + 1
      let there = try RotaryTable(turns, isInverse: false), back = try RotaryTable(turns, isInverse: true)
      var g = SeededGenerator(UInt64(pairs))
      let x = g.normals(width)
      let far: [Double] = [511, 512, 4095, 70_000, 1_048_575, 0.5, 255.75, 1e6 + 0.25]
      var worst = 0.0
      for p in (0..<300).map({ Double($0) }) + far {
        var turned = [Float](repeating: .nan, count: width), again = turned
        try there.move(to: p)
        there.rotate(x, into: &turned, width: width)
        try back.move(to: p)
        back.rotate(turned, into: &again, width: width)
        #expect(turned[width - 1] == x[width - 1] && again[width - 1] == x[width - 1])
        for i in 0..<pairs {
          let (c, s) = (cos(p * ω[i]), sin(p * ω[i])), (a, b) = (Double(x[i]), Double(x[i + pairs]))
          worst = max(worst, abs(Double(turned[i]) - (a * c - b * s)), abs(Double(turned[i + pairs]) - (a * s + b * c)))
          worst = max(worst, abs(Double(again[i]) - a), abs(Double(again[i + pairs]) - b))
        }
      }
      print("rotary \(pairs) pairs: worst \(worst)")
      #expect(worst < 3e-6)
    }
  }
}
