import Foundation
import RuvectorAttention
import RuvectorCore
import TestSupport
import Testing

@Suite struct DynamicHeadsTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var d: Int
    var heads: Int
    var threshold = 0.0
    var causal = false
    var testDescription: String { "\(d), \(heads) heads, threshold \(threshold)\(causal ? ", causal" : "")" }
    var softmax: SoftmaxOracle { SoftmaxOracle(heads: heads, isCausal: causal) }

    func make() throws -> DynamicHeads {
      let layer = try DynamicHeads(
        d,
        [
          ("heads", .number(Double(heads))), ("threshold", .number(threshold)), ("causal", .number(causal ? 1 : 0)),
          ("seed", .integer(2)),
        ])
      layer.shake(UInt64(d), by: 0.3)
      return layer
    }

    /// γ before any threshold.
    func gates(_ p: [Double], _ q: [[Double]]) -> [[Double]] {
      q.map { x -> [Double] in
        (0..<heads).map { h -> Double in
          var logit = p[heads * d + h]
          for c in 0..<d { logit += p[h * d + c] * x[c] }
          return 1 / (1 + exp(-logit))
        }
      }
    }

    /// The formula; `open` says which heads of which query are computed.
    func oracle(
      _ p: [Double], _ open: [[Bool]], _ q: [[Double]], _ k: [[Double]], _ v: [[Double]], _ batch: Batch
    ) -> [[Double]] {
      let own = Array(p[(heads * d + heads)...]), γ = gates(p, q)
      func map(_ part: Int, _ rows: [[Double]]) -> [[Double]] {
        let at = part * (d * d + d)
        return rows.map { x in
          (0..<d).map { o in own[at + d * d + o] + (0..<d).reduce(0) { $0 + own[at + o * d + $1] * x[$1] } }
        }
      }
      let plain = softmax.forward(map(0, q), map(1, k), map(2, v), batch)
      let joined = plain.indices.map { i in
        (0..<d).map { c in open[i][c / (d / heads)] ? γ[i][c / (d / heads)] * plain[i][c] : 0 }
      }
      return map(3, joined)
    }
  }

  static let cases = [
    Case(d: 6, heads: 1), Case(d: 6, heads: 3, threshold: 0.5), Case(d: 8, heads: 4, threshold: 0.4, causal: true),
    Case(d: 6, heads: 2, threshold: 1), Case(d: 12, heads: 12, threshold: 0.6), Case(d: 6, heads: 6),
  ]

  @Test(arguments: cases) func againstOracle(_ c: Case) throws {
    var g = SeededGenerator(91)
    let layer = try c.make(), p = layer.flatParameters
    for batch in SoftmaxAttentionTests.batches(&g, c.d, c.d) {
      let q = doubles(batch.queries), k = doubles(batch.keys), v = doubles(batch.values)
      let open = c.gates(p, q).map { $0.map { $0 >= c.threshold } }
      let exact = c.oracle(p, open, q, k, v, batch).flatMap { $0 }, out = try layer.forward(batch)
      #expect(distance(out, exact) < 1e-5, "\(q.count) x \(k.count)")
      #expect(distance(try layer.forward(batch, gap: 3), exact) < 1e-5)
      #expect(try layer.forward(batch, gap: 0, Control(threads: 2)) == out)
      #expect(try layer.forward(batch, gap: 0, Control(threads: 16)) == out)
    }
  }

  @Test(arguments: cases) func weightsAreThoseOfOpenHeads(_ c: Case) throws {
    var g = SeededGenerator(92)
    let layer = try c.make(), p = layer.flatParameters, own = Array(p[(c.heads * c.d + c.heads)...])
    let batch = Batch(&g, 9, 7, c.d, c.d), q = doubles(batch.queries), k = doubles(batch.keys)
    func map(_ part: Int, _ rows: [[Double]]) -> [[Double]] {
      let d = c.d, at = part * (d * d + d)
      return rows.map { x in
        (0..<d).map { o in own[at + d * d + o] + (0..<d).reduce(0) { $0 + own[at + o * d + $1] * x[$1] } }
      }
    }
    let γ = c.gates(p, q), all = c.softmax.weights(map(0, q), map(1, k), batch)
    let exact = all.enumerated().flatMap { h, head in
      head.enumerated().flatMap { i, row in row.map { γ[i][h] >= c.threshold ? $0 : 0 } }
    }
    #expect(distance(try layer.weights(batch), exact) < 1e-5)
  }

  @Test(arguments: cases) func gradients(_ c: Case) throws {
    var g = SeededGenerator(93)
    let layer = try c.make(), d = c.d
    var masked = Batch(&g, 3, 4, d, d), graph = Batch(&g, 3, 5, d, d)
    masked.mask = (0..<3).map { i in (0..<4).map { ($0 + i) % 3 == 0 ? 0 : 1 } }
    graph.offsets = [0, 2, 2, 5]
    for batch in [Batch(&g, 2, 5, d, d), masked, graph] {
      let m = batch.queries.count, n = batch.keys.count, direction = g.normals(m * d)
      let x = (batch.queries + batch.keys + batch.values).flatMap { $0.map { Double($0) } } + layer.flatParameters
      let inputs = (m + 2 * n) * d
      let open = c.gates(layer.flatParameters, doubles(batch.queries)).map { $0.map { $0 >= c.threshold } }
      let exact = differences(x) { x in
        let rows = stride(from: 0, to: inputs, by: d).map { Array(x[$0..<$0 + d]) }
        let out = c.oracle(
          Array(x[inputs...]), open, Array(rows[..<m]), Array(rows[m..<(m + n)]), Array(rows[(m + n)...]), batch)
        return zip(out.flatMap { $0 }, direction).reduce(0) { $0 + $1.0 * Double($1.1) }
      }
      let gradient = try layer.backward(batch, direction)
      #expect(distance(gradient, exact) < 2e-5, "\(m) x \(n)")
      #expect(try layer.backward(batch, direction, Control(threads: 2)) == gradient)
    }
  }

  /// A closed head is not computed: an infinite key that only it would meet is not even looked at.
  @Test func gatesAndClosedHeads() throws {
    var g = SeededGenerator(94)
    let layer = try DynamicHeads(4, [("heads", .number(2)), ("threshold", .number(0.5))])
    layer.parameters[1][0] = 50
    layer.parameters[1][1] = -50
    let batch = Batch(&g, 3, 4, 4, 4), flat = batch.queries.flatMap { $0 }
    let q = try AlignedBuffer(copying: flat, count: 12), out = try AlignedBuffer<Float>(count: 6, repeating: .nan)
    func tensor(_ memory: AlignedBuffer<Float>, rank: Int, _ rows: Int, _ columns: Int) -> Tensor {
      Tensor(memory.pointer, .float32, rank: rank, rows: rows, columns: columns, stride: columns, isWritable: true)
    }
    #expect(try layer.run("gates", [tensor(q, rank: 2, 3, 4), tensor(out, rank: 1, 1, 6)], .none) == 6)
    #expect((0..<6).map { out[$0] } == [1, 0, 1, 0, 1, 0])
    let weights = try layer.weights(batch)
    #expect(weights[..<12].allSatisfy { $0 > 0 } && weights[12...].allSatisfy { $0 == 0 })
    let before = try layer.forward(batch), key = try #require(layer.parameters.first { $0.name == "key.weight" })
    for i in 8..<16 { key[i] = .infinity }  // the second head's half
    #expect(try layer.forward(batch) == before)
  }

  @Test func refusals() throws {
    var g = SeededGenerator(95)
    let layer = try Case(d: 6, heads: 3).make()
    for place in 0..<3 {
      var bad = Batch(&g, 2, 3, 6, 6)
      if place == 0 { bad.queries[1][2] = .nan }
      if place == 1 { bad.keys[1][2] = .infinity }
      if place == 2 { bad.values[1][2] = -.infinity }
      #expect(failure { () throws(RuvectorError) in _ = try layer.forward(bad) }?.code == .nonFinite)
    }
    let wide = Batch(&g, 2, 3, 6, 5)
    #expect(failure { () throws(RuvectorError) in _ = try layer.forward(wide) }?.code == .dimensionMismatch)
    func error(_ options: [(key: String, value: OptionValue)]) -> RuvectorError? {
      failure { () throws(RuvectorError) in _ = try DynamicHeads(6, options) }
    }
    #expect(error([("heads", .number(4))])?.message == "expected a divisor of 6 for heads, received 4")
    #expect(error([("threshold", .number(1.5))])?.code == .invalidConfig)
    #expect(failure { () throws(RuvectorError) in _ = try DynamicHeads(16384) }?.code == .outOfMemory)
  }
}
