import RuvectorCore
import TestSupport
import Testing

@testable import RuvectorAttention

/// Many keys meet R of W_h = Q R instead of W_h (Triangle.swift).
@Suite struct DualSpaceTriangleTests {
  static let d = DualSpaceTests.d
  /// Keys enough for it.
  static let n = 32 * d

  private static func uses(_ mechanism: DualSpace, keys n: Int) throws -> Bool {
    let p = try #require(mechanism.projections)
    return try p.triangle.triangle(of: p.hyperbolic.pointer, dim: d, forRows: n) != nil
  }

  /// Weights that changed in memory, whoever changed them, count in the next call.
  @Test func changedWeights() throws {
    let c = DualSpaceTests.cases[0], mechanism = try DualSpaceTests.make(c)
    var g = SeededGenerator(61)
    let batch = Batch(&g, 2, Self.n, Self.d, Self.d, scale: 0.3)
    func check(_ place: String) throws {
      let exact = DualSpaceTests.oracle(c, Exact(batch, mechanism.flat), batch)
      #expect(distance(try mechanism.forward(batch), exact.out) < 1e-5, "\(place)")
      #expect(distance(try mechanism.weights(batch), exact.weights) < 1e-5, "\(place)")
    }
    try check("first")
    mechanism.parameters[1][Self.d * Self.d - 1] += 0.5
    try check("one element")
    mechanism.shake(62, scale: 0.3)
    try check("all")
    mechanism.parameters[1].pointer.update(repeating: 0, count: Self.d * Self.d)
    try check("zeros")
    let other = try #require(try mechanism.clone() as? DualSpace)
    other.shake(63)
    try check("the clone's")
    #expect(try other.forward(batch) != mechanism.forward(batch))
  }

  /// Near and beyond the rim the distances of R are nearly as exact as those of W_h, which fewer keys meet.
  @Test func nearTheRim() throws {
    let c = DualSpaceTests.cases[0], mechanism = try DualSpaceTests.make(c)
    #expect(try Self.uses(mechanism, keys: Self.n))
    #expect(try !Self.uses(mechanism, keys: Self.n - 1))
    var many: [Double] = [], few: [Double] = []
    for seed in 0..<20 {
      var g = SeededGenerator(UInt64(seed) + 900)
      let batch = Batch(&g, 2, Self.n, Self.d, Self.d, scale: [0.3, 0.6, 1][seed % 3])
      let exact = DualSpaceTests.oracle(c, Exact(batch, mechanism.flat), batch).parts.map(\.1)
      many += zip(try Self.distances(mechanism, batch), exact).map { abs(Double($0) / $1 - 1) }
      for first in stride(from: 0, to: Self.n, by: 40) {
        var part = batch
        part.keys = Array(batch.keys[first..<first + 40])
        part.values = Array(batch.values[first..<first + 40])
        let piece: [Double] = (0..<2).flatMap { (query: Int) in exact[(query * Self.n + first)...].prefix(40) }
        few += zip(try Self.distances(mechanism, part), piece).map { abs(Double($0) / $1 - 1) }
      }
    }
    // R is rounded where W_h is as given: √2 of the error in the mean.
    for share in [0.5, 0.9, 0.99] {
      let at = Int(share * Double(many.count)), (r, w) = (many.sorted()[at], few.sorted()[at])
      print("dual space, relative errors of distances, quantile \(share): many keys \(r), few \(w)")
      #expect(r < 2 * w)
    }
  }

  /// −d of every pair.
  private static func distances(_ mechanism: DualSpace, _ batch: Batch) throws -> [Float] {
    let count = batch.queries.count * batch.keys.count
    let out = try AlignedBuffer<Float>(count: 2 * count)
    try batch.withInput(dim: d, values: d) { (input) throws(RuvectorError) in
      try mechanism.contributions(input, euclidean: out.pointer, hyperbolic: out.pointer + count, .none)
    }
    return (0..<count).map { out[count + $0] }
  }

  /// Weights whose R Float does not hold are used as they are; the first calls may come from several threads.
  @Test func largeWeightsAndThreads() throws {
    let mechanism = try DualSpaceTests.make(DualSpaceTests.cases[0])
    var g = SeededGenerator(64)
    let batch = Batch(&g, 2, Self.n, Self.d, Self.d, scale: 0.3)
    let outputs = try AlignedBuffer<Float>(count: 16 * 2 * Self.d, repeating: 0)
    let shared = try DualSpaceTests.make(DualSpaceTests.cases[0])
    parallelFor(threads: 4, count: 16) { i in
      guard let out = try? shared.forward(batch) else { return }
      for (at, x) in out.enumerated() { outputs.pointer[i * 2 * Self.d + at] = x }
    }
    let alone = try mechanism.forward(batch)
    for i in 0..<16 { #expect((0..<2 * Self.d).map { outputs[i * 2 * Self.d + $0] } == alone, "\(i)") }

    let p = try #require(mechanism.projections)
    p.hyperbolic.pointer.update(repeating: 3e38, count: Self.d * Self.d)
    #expect(try !Self.uses(mechanism, keys: Self.n))
    var tiny = batch
    tiny.queries = batch.queries.map { $0.map { $0 * 1e-37 } }
    tiny.keys = batch.keys.map { $0.map { $0 * 1e-37 } }
    #expect(try mechanism.forward(tiny).allSatisfy { $0.isFinite })
  }
}
