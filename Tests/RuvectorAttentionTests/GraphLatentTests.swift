import Foundation
import RuvectorCore
import TestSupport
import Testing

@testable import RuvectorAttention

/// GraphLatent, and the pipeline that ends in it.
@Suite struct GraphLatentTests {
  static let d = 6

  static func make(heads: Int) throws -> GraphLatent {
    try GraphLatent(
      Settings(
        of: GraphLatent.name, GraphLatent.options,
        [("dim", .number(Double(d))), ("heads", .number(Double(heads))), ("seed", .integer(2))]))
  }

  static func oracle(heads: Int, _ e: Exact, _ batch: Batch, kinds: [Float]?) -> (weights: [Double], out: [Double]) {
    func times(_ which: Int, _ x: [Double]) -> [Double] {
      (0..<d).map { r in (0..<d).reduce(0) { $0 + e.parameters[(which * d + r) * d + $1] * x[$1] } }
    }
    func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
    let n = e.keys.count, w = d / heads
    let sides = (0..<2).map { s -> (weights: [[[Double]]], out: [Double]) in
      var part = batch
      part.mask = e.queries.indices.map { i in
        (0..<n).map { j in SoftmaxOracle().sees(batch, i, j) && Int(kinds?[j] ?? 0) == s ? 1 : 0 }
      }
      return GraphContextTests.attend(e, part, heads: heads) { h, i, j in
        dot(Array(e.queries[i][h * w..<(h + 1) * w]), Array(e.keys[j][h * w..<(h + 1) * w])) / Double(w).squareRoot()
      }
    }
    var out: [Double] = [], β: [[Double]] = []
    for (i, q) in e.queries.enumerated() {
      let a = sides.map { Array($0.out[i * d..<(i + 1) * d]) }
      let l = (0..<2).map { s -> Double in
        let sees = sides[s].weights[0][i].contains { $0 > 0 }
        return sees ? dot(times(0, q), times(1, a[s])) / Double(d).squareRoot() : -.infinity
      }
      let top = max(l[0], l[1]), x = l.map { $0 == -.infinity ? 0 : exp($0 - top) }, sum = x[0] + x[1]
      let share = x.map { sum == 0 ? 0 : $0 / sum }
      β.append(share)
      let mixed = (0..<d).map { share[0] * a[0][$0] + share[1] * a[1][$0] }
      out += zip(q, times(2, mixed)).map { $0 + $1 }
    }
    let weights = (0..<heads).flatMap { h in
      e.queries.indices.flatMap { i in
        (0..<n).map { β[i][0] * sides[0].weights[h][i][$0] + β[i][1] * sides[1].weights[h][i][$0] }
      }
    }
    return (weights, out)
  }

  static func kinds(_ g: inout SeededGenerator, _ n: Int) -> [Float] { (0..<n).map { _ in g.uniform() < 0.5 ? 0 : 1 } }

  @Test(arguments: [1, 2]) func againstOracle(_ heads: Int) throws {
    let mechanism = try Self.make(heads: heads)
    var g = SeededGenerator(600)
    for var batch in SoftmaxAttentionTests.batches(&g, Self.d, Self.d) {
      for kinds in [nil, Self.kinds(&g, batch.keys.count), batch.keys.map { _ in 1 }] {
        batch.keyContext = kinds?.map { [$0] }
        let exact = Self.oracle(heads: heads, Exact(batch, mechanism.flat), batch, kinds: kinds)
        #expect(distance(try mechanism.forward(batch), exact.out) < 2e-5)
        #expect(try mechanism.forward(batch, gap: 3) == mechanism.forward(batch))
        #expect(try mechanism.forward(batch, Control(threads: 3)) == mechanism.forward(batch))
        #expect(distance(try mechanism.weights(batch), exact.weights) < 2e-5)
      }
    }
  }

  @Test(arguments: [1, 3]) func gradients(_ heads: Int) throws {
    let mechanism = try Self.make(heads: heads)
    var g = SeededGenerator(610)
    var masked = Batch(&g, 3, 5, Self.d, Self.d), runs = Batch(&g, 3, 5, Self.d, Self.d)
    masked.mask = (0..<3).map { i in (0..<5).map { ($0 + i) % 3 == 0 ? 0 : 1 } }
    runs.offsets = [0, 3, 3, 5]
    for var batch in [Batch(&g, 2, 5, Self.d, Self.d), masked, runs] {
      for kinds in [nil, [0, 1, 0, 1, 1]] as [[Float]?] {
        batch.keyContext = kinds?.map { [$0] }
        let error = try gradientError(mechanism, batch) { Self.oracle(heads: heads, $0, batch, kinds: kinds).out }
        #expect(error < 2e-4, "\(error)")
      }
    }
  }

  @Test func wrongKinds() throws {
    let mechanism = try Self.make(heads: 1)
    var g = SeededGenerator(1), batch = Batch(&g, 2, 2, Self.d, Self.d)
    for kind in [-1, 0.5, 2] as [Float] {
      batch.keyContext = [[0], [kind]]
      #expect(failure { () throws(RuvectorError) in _ = try mechanism.forward(batch) }?.code == .outOfRange)
    }
  }

  // MARK: - Pipeline

  static func pipeline() throws -> GraphPipeline {
    try GraphPipeline(
      Settings(
        of: GraphPipeline.name, GraphPipeline.options,
        [
          ("dim", .number(Double(d))), ("edgeDim", .number(3)), ("heads", .number(2)), ("maxPosition", .number(512)),
          ("seed", .integer(8)),
        ]))
  }

  /// The three oracles one after the other.
  static func oracle(_ e: Exact, _ batch: Batch) -> [Double] {
    let edgeCount = e.parameters.count - 3 * d * d
    var first = e, second = e, third = e
    first.parameters = Array(e.parameters.prefix(edgeCount))
    third.parameters = Array(e.parameters.suffix(3 * d * d))
    func add(_ x: [[Double]], _ y: [Double]) -> [[Double]] {
      x.enumerated().map { i, row in row.indices.map { row[$0] + y[i * row.count + $0] } }
    }
    second.queries = add(e.queries, EdgeFeaturedTests.oracle(.init(), first, batch).out)
    var positions = batch
    positions.queryContext = batch.queryContext?.map { Array($0.prefix(2)) }
    positions.keyContext = batch.keyContext?.map { Array($0.prefix(2)) }
    third.queries = add(second.queries, GraphContextTests.rope(heads: 2, options: []).oracle(second, positions).out)
    return oracle(heads: 2, third, batch, kinds: batch.keyContext?.map { $0[2] }).out
  }

  @Test func pipelineAgainstOracle() throws {
    let mechanism = try Self.pipeline()
    var g = SeededGenerator(620)
    let masked = SoftmaxAttentionTests.batches(&g, Self.d, Self.d).filter { $0.queries.count * $0.keys.count < 800 }
    for var batch in masked {
      for isFull in [false, true] {
        if isFull {
          batch.queryContext = batch.queries.map { _ in [Float(Int(g.uniform() * 9)), 0, 0] }
          batch.keyContext = batch.keys.map { _ in
            [Float(Int(g.uniform() * 9)), Float(Int(g.uniform() * 3)), g.uniform() < 0.5 ? 0 : 1]
          }
          batch.edges = batch.keys.map { _ in g.normals(3) }
        }
        let wanted = Self.oracle(Exact(batch, mechanism.flat), batch)
        #expect(distance(try mechanism.forward(batch), wanted) < 3e-5)
        #expect(try mechanism.forward(batch, Control(threads: 2)) == mechanism.forward(batch))
        #expect(try mechanism.weights(batch).allSatisfy { $0 >= 0 && $0 <= 1.00001 })
        if batch.queries.count <= 3, batch.keys.count <= 3 || batch.offsets != nil {
          let error = try gradientError(mechanism, batch) { Self.oracle($0, batch) }
          #expect(error < 3e-4, "\(error)")
        }
      }
    }
    var small = Batch(&g, 2, 4, Self.d, Self.d)
    small.keyContext = [[0, 0, 0], [1, 0, 1], [4, 1, 0], [2, 0, 1]]
    small.edges = small.keys.map { _ in g.normals(3) }
    #expect(try gradientError(mechanism, small) { Self.oracle($0, small) } < 3e-4)
  }
}
