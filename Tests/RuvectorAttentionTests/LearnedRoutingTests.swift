import Foundation
import RuvectorAttention
import RuvectorCore
import TestSupport
import Testing

@Suite struct LearnedRoutingTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var temperature = 1.0
    var hard = false
    var experts: [TestExpert] = [.sharp, .local, .multi]
    var testDescription: String { "T \(temperature)\(hard ? ", hard" : "")" }
    var oracle: ExpertsOracle {
      ExpertsOracle(d: 6, experts: experts, topK: hard ? 1 : experts.count, temperature: temperature)
    }

    func make() throws -> LearnedRouting {
      var options: [(key: String, value: OptionValue)] = [
        ("temperature", .number(temperature)), ("hard", .number(hard ? 1 : 0)), ("seed", .integer(4)),
      ]
      for expert in experts { options.append(("experts", .child(try expert.make(6)))) }
      let made = try LearnedRouting(6, options)
      made.shake(5, by: 0.5)
      return made
    }
  }

  static let cases = [
    Case(), Case(temperature: 0.3), Case(temperature: 5), Case(hard: true), Case(temperature: 0.3, hard: true),
    Case(experts: [.causal]),
  ]

  @Test(arguments: cases) func againstOracle(_ c: Case) throws {
    var g = SeededGenerator(96)
    let router = try c.make(), p = router.flatParameters, oracle = c.oracle
    for batch in SoftmaxAttentionTests.batches(&g, 6, 6) {
      let q = doubles(batch.queries), k = doubles(batch.keys), v = doubles(batch.values)
      let exact = oracle.forward(p, oracle.choices(oracle.logits(p, q)), q, k, v, batch).flatMap { $0 }
      let out = try router.forward(batch)
      #expect(distance(out, exact) < 1e-5, "\(q.count) x \(k.count)")
      #expect(try router.forward(batch, gap: 3, Control(threads: 2)) == router.forward(batch, gap: 3))
    }
  }

  /// Soft: central differences. Hard: those of the experts for inputs and experts, of the soft output for the gate.
  @Test(arguments: cases) func gradients(_ c: Case) throws {
    var g = SeededGenerator(97)
    let router = try c.make(), E = c.experts.count, gate = E * 7
    var masked = Batch(&g, 4, 5, 6, 6)
    masked.mask = (0..<4).map { i in (0..<5).map { ($0 + i) % 3 == 0 ? 0 : 1 } }
    for batch in [Batch(&g, 5, 4, 6, 6), masked] {
      let m = batch.queries.count, n = batch.keys.count, direction = g.normals(m * 6)
      let inputs = (m + 2 * n) * 6, start = router.flatParameters
      let x = (batch.queries + batch.keys + batch.values).flatMap { $0.map { Double($0) } } + start
      func loss(_ oracle: ExpertsOracle, _ chosen: [[Int]], _ x: [Double], gates: [Double]? = nil) -> Double {
        let rows = stride(from: 0, to: inputs, by: 6).map { Array(x[$0..<$0 + 6]) }
        let out = oracle.forward(
          Array(x[inputs...]), chosen, Array(rows[..<m]), Array(rows[m..<(m + n)]), Array(rows[(m + n)...]), batch)
        return zip(out.flatMap { $0 }, direction).reduce(0) { $0 + $1.0 * Double($1.1) }
      }
      var soft = c.oracle
      soft.topK = E
      let all = (0..<m).map { _ in Array(0..<E) }
      let best = c.oracle.choices(c.oracle.logits(start, doubles(batch.queries)))
      var exact: [Double]
      if c.hard {
        // The best expert's own gradient; with one expert chosen its share is 1 whatever the gate says.
        exact = differences(x) { loss(c.oracle, best, $0) }
        let fromSoft = differences(x) { loss(soft, all, $0) }
        for i in inputs..<(inputs + gate) { exact[i] = fromSoft[i] }
        // dQ through the gate: dl W, with dl from the gradient of the biases, query by query.
        for i in 0..<m {
          let logits = c.oracle.logits(start, doubles(batch.queries))[i]
          let p = soft.softmax(logits, over: all[0])
          let own = (0..<E).map { e -> Double in
            var one = soft
            one.topK = 1
            let chosen = (0..<m).map { _ in [e] }
            let rows = stride(from: 0, to: inputs, by: 6).map { Array(x[$0..<$0 + 6]) }
            let out = one.forward(
              start, chosen, Array(rows[..<m]), Array(rows[m..<(m + n)]), Array(rows[(m + n)...]), batch)
            return (0..<6).reduce(0) { $0 + out[i][$1] * Double(direction[i * 6 + $1]) }
          }
          let mean = zip(p, own).reduce(0) { $0 + $1.0 * $1.1 }
          for c6 in 0..<6 {
            for e in 0..<E { exact[i * 6 + c6] += p[e] * (own[e] - mean) / c.temperature * start[e * 6 + c6] }
          }
        }
      } else {
        exact = differences(x) { loss(soft, all, $0) }
      }
      let gradient = try router.backward(batch, direction)
      #expect(distance(gradient, exact) < 3e-5, "\(m) x \(n)")
      #expect(try router.backward(batch, direction, Control(threads: 2)) == gradient)
    }
  }

  @Test func weightsAndLimits() throws {
    var g = SeededGenerator(98)
    let c = Case(temperature: 0.5, experts: [.sharp, .local, .causal]), router = try c.make()
    let batch = Batch(&g, 6, 8, 6, 6), q = doubles(batch.queries), k = doubles(batch.keys)
    let l = c.oracle.logits(router.flatParameters, q), all = c.experts.map { $0.weights(6, q, k, batch) }
    let exact = q.indices.flatMap { i in
      let p = c.oracle.softmax(l[i], over: [0, 1, 2])
      return k.indices.map { j in (0..<3).reduce(0) { $0 + p[$1] * all[$1][i][j] } }
    }
    #expect(distance(try router.weights(batch), exact) < 1e-5)
    // A small temperature makes the soft choice the hard one.
    let cold = try Case(temperature: 1e-30).make(), hard = try Case(hard: true).make()
    #expect(try cold.forward(batch) == hard.forward(batch))
    var bad = batch
    bad.queries[2][0] = .infinity
    #expect(failure { () throws(RuvectorError) in _ = try router.forward(bad) }?.code == .nonFinite)
    let none = failure { () throws(RuvectorError) in _ = try LearnedRouting(6) }
    #expect(none?.message == "expected 1...64 members for experts, received nothing")
  }
}
