import Foundation
import RuvectorCore
import TestSupport
import Testing

@testable import RuvectorAttention

@Suite struct DualSpaceTests {
  struct Case: Sendable {
    var K = -1.0
    var euclidean = 0.5
    var hyperbolic = 0.5
    var T = 1.0
    var projections = true
  }
  static let cases = [
    Case(), Case(K: -0.3, euclidean: 1, hyperbolic: 0.2, T: 0.5), Case(projections: false),
    Case(K: -4, euclidean: 0, hyperbolic: 2, T: 2, projections: false), Case(euclidean: 1, hyperbolic: 0),
  ]
  static let d = 5

  static func make(_ c: Case) throws -> DualSpace {
    try DualSpace(
      Settings(
        of: DualSpace.name, DualSpace.options,
        [
          ("dim", .number(Double(d))), ("curvature", .number(c.K)), ("euclideanWeight", .number(c.euclidean)),
          ("hyperbolicWeight", .number(c.hyperbolic)), ("temperature", .number(c.T)),
          ("projections", .number(c.projections ? 1 : 0)), ("seed", .integer(11)),
        ]))
  }

  /// The formulas; also (W_e q · W_e k)/√d and −d for every pair.
  static func oracle(_ c: Case, _ e: Exact, _ batch: Batch) -> (
    weights: [Double], out: [Double], parts: [(Double, Double)]
  ) {
    func map(_ x: [Double], _ which: Int) -> [Double] {
      guard c.projections else { return x }
      return (0..<d).map { r in (0..<d).reduce(0) { $0 + e.parameters[(which * d + r) * d + $1] * x[$1] } }
    }
    let space = Space(dim: d, K: c.K)
    var parts: [(Double, Double)] = []
    for q in e.queries {
      for k in e.keys {
        let dot = space.dot(map(q, 0), map(k, 0)) / Double(d).squareRoot()
        parts.append((dot, -space.distance(map(q, 1), map(k, 1))))
      }
    }
    let n = e.keys.count
    let (w, mixed) = GraphContextTests.attend(e, batch, heads: 1) { _, i, j in
      (c.euclidean * parts[i * n + j].0 + c.hyperbolic * parts[i * n + j].1) / c.T
    }
    let width = e.values.first?.count ?? d
    let out = mixed.chunks(of: width).flatMap { map($0, 2) }
    return (w.flatMap { $0.flatMap { $0 } }, out, parts)
  }

  @Test(arguments: cases.indices) func againstOracle(_ index: Int) throws {
    let c = Self.cases[index], mechanism = try Self.make(c)
    var g = SeededGenerator(UInt64(index) + 500)
    let wide = SoftmaxAttentionTests.batches(&g, Self.d, c.projections ? Self.d : 3)
    let near = (0..<2).map { _ in Batch(&g, 4, 30, Self.d, Self.d, scale: 0.15) }
    for (b, batch) in (wide + near).enumerated() {
      let exact = Self.oracle(c, Exact(batch, mechanism.flat), batch)
      // Projected points near the rim are rounded to Float there.
      let bound = b >= wide.count ? 3e-6 : c.projections && c.hyperbolic > 0 ? 2e-2 : 2e-5
      #expect(distance(try mechanism.forward(batch), exact.out) < bound, "\(c) \(b)")
      #expect(try mechanism.forward(batch, gap: 3) == mechanism.forward(batch))
      #expect(try mechanism.forward(batch, Control(threads: 3)) == mechanism.forward(batch))
      #expect(distance(try mechanism.weights(batch), exact.weights) < bound, "\(c) \(b)")
    }
  }

  /// Few queries keep scores, many keep projected keys: the same bits, over several blocks of keys.
  @Test(arguments: cases.indices) func fewQueriesAndMany(_ index: Int) throws {
    let c = Self.cases[index], mechanism = try Self.make(c)
    var g = SeededGenerator(420)
    var plain = Batch(&g, 40, 190, Self.d, Self.d, scale: 0.15), runs = plain, masked = plain
    runs.offsets = [0] + (1...40).map { UInt32(min(190, $0 * $0 / 8)) }
    masked.mask = (0..<40).map { (i: Int) -> [UInt8] in (0..<190).map { (j: Int) in (j + i) % 3 == 0 ? 0 : 1 } }

    for batch in [plain, runs, masked] {
      let exact = Self.oracle(c, Exact(batch, mechanism.flat), batch)
      let all = try mechanism.forward(batch), weights = try mechanism.weights(batch)
      #expect(distance(all, exact.out) < 1e-5)
      #expect(distance(weights, exact.weights) < 1e-5)
      #expect(try mechanism.forward(batch, Control(threads: 3)) == all)
      try mechanism.checkAlone(batch, all, [0, 17, 39])
    }
  }

  @Test(arguments: cases.indices) func gradients(_ index: Int) throws {
    let c = Self.cases[index], mechanism = try Self.make(c)
    var g = SeededGenerator(UInt64(index) + 510)
    var masked = Batch(&g, 3, 5, Self.d, Self.d, scale: 0.2), runs = Batch(&g, 3, 5, Self.d, Self.d, scale: 0.2)
    masked.mask = (0..<3).map { i in (0..<5).map { ($0 + i) % 3 == 0 ? 0 : 1 } }
    runs.offsets = [0, 2, 2, 5]
    for batch in [Batch(&g, 2, 4, Self.d, Self.d, scale: 0.2), masked, runs] {
      let error = try gradientError(mechanism, batch) { Self.oracle(c, $0, batch).out }
      #expect(error < 2e-4, "\(c): \(error)")
    }
  }

  @Test func contributions() throws {
    for c in Self.cases {
      let mechanism = try Self.make(c)
      var g = SeededGenerator(12)
      let batch = Batch(&g, 3, 4, Self.d, Self.d, scale: 0.15)
      let exact = Self.oracle(c, Exact(batch, mechanism.flat), batch).parts
      var e = [Float](repeating: 0, count: 12), h = e
      try batch.withInput(dim: Self.d, values: Self.d) { (input) throws(RuvectorError) in
        try e.withUnsafeMutableBufferPointer { (a) throws(RuvectorError) in
          try h.withUnsafeMutableBufferPointer { (b) throws(RuvectorError) in
            try mechanism.contributions(input, euclidean: a.baseAddress!, hyperbolic: b.baseAddress!, .none)
          }
        }
      }
      #expect(distance(e, exact.map(\.0)) < 3e-6)
      #expect(distance(h, exact.map(\.1)) < 3e-6)
    }
  }

  @Test func extremesAndBadInput() throws {
    for c in Self.cases {
      let mechanism = try Self.make(c)
      for scale in [1e-38, 1e-20, 1e15, 1e25] {
        var g = SeededGenerator(6)
        #expect(
          try mechanism.forward(Batch(&g, 2, 4, Self.d, Self.d, scale: scale)).allSatisfy { $0.isFinite }, "\(scale)")
      }
      var g = SeededGenerator(7), bad = Batch(&g, 2, 4, Self.d, Self.d)
      bad.keys[3][2] = .nan
      #expect(failure { () throws(RuvectorError) in _ = try mechanism.forward(bad) }?.code == .nonFinite)
      bad.keys[3][2] = 1
      bad.values[0][0] = .infinity
      #expect(failure { () throws(RuvectorError) in _ = try mechanism.forward(bad) }?.code == .nonFinite)
      bad.values = bad.values.map { $0.dropLast() }
      let code = failure { () throws(RuvectorError) in _ = try mechanism.forward(bad) }?.code
      #expect(code == (c.projections ? .dimensionMismatch : .nonFinite))
    }
  }
}
