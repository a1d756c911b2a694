import Foundation
import RuvectorAttention
import RuvectorCore
import TestSupport
import Testing

/// The projections of MultiHead; its heads are tested in SoftmaxAttentionTests.
@Suite struct MultiHeadTests {
  static func make(_ d: Int, _ heads: Int, causal: Bool = false, seed: Int64 = 3) throws -> MultiHead {
    let layer = try MultiHead(
      Settings(
        of: MultiHead.name, MultiHead.options,
        [
          ("dim", .number(Double(d))), ("heads", .number(Double(heads))), ("causal", .number(causal ? 1 : 0)),
          ("seed", .integer(seed)),
        ]))
    var g = SeededGenerator(UInt64(d))
    for parameter in layer.parameters {
      for i in 0..<parameter.count { parameter[i] += Float(0.2 * g.normal()) }
    }
    return layer
  }

  static func parameters(_ layer: MultiHead) -> [Double] {
    layer.parameters.flatMap { p in (0..<p.count).map { Double(p[$0]) } }
  }

  /// The formula in Double from the flat parameters.
  static func oracle(
    _ d: Int, _ softmax: SoftmaxOracle, _ parameters: [Double], _ q: [[Double]], _ k: [[Double]], _ v: [[Double]],
    _ batch: Batch
  ) -> [[Double]] {
    func map(_ part: Int, _ rows: [[Double]]) -> [[Double]] {
      let at = part * (d * d + d)
      return rows.map { x in
        (0..<d).map { o in parameters[at + d * d + o] + (0..<d).reduce(0) { $0 + parameters[at + o * d + $1] * x[$1] } }
      }
    }
    return map(3, softmax.forward(map(0, q), map(1, k), map(2, v), batch))
  }

  @Test(arguments: [(6, 1), (8, 4), (12, 3)]) func againstOracle(_ d: Int, _ heads: Int) throws {
    var g = SeededGenerator(41)
    for causal in [false, true] {
      let layer = try Self.make(d, heads, causal: causal), softmax = SoftmaxOracle(heads: heads, isCausal: causal)
      for batch in SoftmaxAttentionTests.batches(&g, d, d) {
        let exact = Self.oracle(
          d, softmax, Self.parameters(layer), doubles(batch.queries), doubles(batch.keys), doubles(batch.values), batch)
        #expect(distance(try layer.forward(batch), exact.flatMap { $0 }) < 5e-6)
        #expect(distance(try layer.forward(batch, gap: 2), exact.flatMap { $0 }) < 5e-6)
      }
    }
  }

  @Test(arguments: [(6, 1), (8, 4)]) func gradients(_ d: Int, _ heads: Int) throws {
    var g = SeededGenerator(42)
    let layer = try Self.make(d, heads), softmax = SoftmaxOracle(heads: heads)
    var masked = Batch(&g, 3, 4, d, d)
    masked.mask = [[1, 0, 1, 1]]
    for batch in [Batch(&g, 2, 5, d, d), Batch(&g, 1, 1, d, d), masked] {
      let m = batch.queries.count, n = batch.keys.count, direction = g.normals(m * d)
      let x = (batch.queries + batch.keys + batch.values).flatMap { $0.map { Double($0) } } + Self.parameters(layer)
      func rows(_ x: ArraySlice<Double>) -> [[Double]] {
        stride(from: x.startIndex, to: x.endIndex, by: d).map { Array(x[$0..<$0 + d]) }
      }
      let exact = differences(x) { x in
        let inputs = rows(x[..<((m + 2 * n) * d)])
        let out = Self.oracle(
          d, softmax, Array(x[((m + 2 * n) * d)...]), Array(inputs[..<m]), Array(inputs[m..<(m + n)]),
          Array(inputs[(m + n)...]), batch)
        return zip(out.flatMap { $0 }, direction).reduce(0) { $0 + $1.0 * Double($1.1) }
      }
      #expect(distance(try layer.backward(batch, direction), exact) < 1e-5)
      #expect(try layer.backward(batch, direction) == layer.backward(batch, direction, Control(threads: 2)))
    }
  }

  @Test func seedsAndBadInput() throws {
    var g = SeededGenerator(43)
    let one = try Self.make(4, 2), same = try Self.make(4, 2), other = try Self.make(4, 2, seed: 4)
    #expect(Self.parameters(one) == Self.parameters(same))
    #expect(Self.parameters(one) != Self.parameters(other))
    var batch = Batch(&g, 2, 3, 4, 4)
    batch.keys[2][1] = .infinity
    #expect(failure { () throws(RuvectorError) in _ = try one.forward(batch) }?.code == .nonFinite)
    let huge = Batch(&g, 2, 3, 4, 4, scale: 1e38)
    let error = failure { () throws(RuvectorError) in _ = try one.forward(huge) }
    #expect(error == nil || error?.code == .outOfRange)
    let odd = failure { () throws(RuvectorError) in
      _ = try MultiHead(Settings(of: MultiHead.name, MultiHead.options, [("dim", .number(6)), ("heads", .number(4))]))
    }
    #expect(odd == RuvectorError(.invalidConfig, "expected a divisor of 6 for heads, received 4"))
    let wide = Batch(&g, 2, 3, 4, 5)
    #expect(failure { () throws(RuvectorError) in _ = try one.forward(wide) }?.code == .dimensionMismatch)
  }
}
