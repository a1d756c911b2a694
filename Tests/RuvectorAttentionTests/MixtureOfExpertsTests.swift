import Foundation
import RuvectorAttention
import RuvectorCore
import TestSupport
import Testing

@Suite struct MixtureOfExpertsTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var topK: Int
    var capacityFactor: Double
    var balance = 0.0
    var experts: [TestExpert] = TestExpert.allCases
    var testDescription: String { "\(topK) of \(experts.count), capacity \(capacityFactor), balance \(balance)" }
    var oracle: ExpertsOracle {
      ExpertsOracle(d: 6, experts: experts, topK: topK, capacityFactor: capacityFactor, balance: balance)
    }

    func make(_ seed: Int64 = 1) throws -> MixtureOfExperts {
      var options: [(key: String, value: OptionValue)] = [
        ("topK", .number(Double(topK))), ("capacityFactor", .number(capacityFactor)), ("seed", .integer(seed)),
        ("balance", .number(balance)),
      ]
      for expert in experts { options.append(("experts", .child(try expert.make(6)))) }
      let made = try MixtureOfExperts(6, options)
      made.shake(5, by: 0.5)
      return made
    }
  }

  static let cases = [
    Case(topK: 2, capacityFactor: 0), Case(topK: 1, capacityFactor: 1), Case(topK: 2, capacityFactor: 1.25),
    Case(topK: 3, capacityFactor: 1), Case(topK: 4, capacityFactor: 0), Case(topK: 2, capacityFactor: 1e6),
    Case(topK: 1, capacityFactor: 0, experts: [.multi]), Case(topK: 2, capacityFactor: 1, experts: [.local, .local]),
  ]

  @Test(arguments: cases) func againstOracle(_ c: Case) throws {
    var g = SeededGenerator(71)
    let moe = try c.make(), oracle = c.oracle, p = moe.flatParameters
    for batch in SoftmaxAttentionTests.batches(&g, 6, 6) {
      let q = doubles(batch.queries), k = doubles(batch.keys), v = doubles(batch.values)
      let chosen = oracle.choices(oracle.logits(p, q))
      let exact = oracle.forward(p, chosen, q, k, v, batch), shape = "\(q.count) x \(k.count)"
      let out = try moe.forward(batch)
      #expect(distance(out, exact.flatMap { $0 }) < 1e-5, "\(shape)")
      #expect(distance(try moe.forward(batch, gap: 3), exact.flatMap { $0 }) < 1e-5, "\(shape), rows apart")
      #expect(try moe.forward(batch, gap: 0, Control(threads: 2)) == out, "\(shape), two threads")
    }
  }

  @Test func weights() throws {
    var g = SeededGenerator(72)
    let c = Case(topK: 2, capacityFactor: 1.25, experts: [.sharp, .local, .causal])
    let moe = try c.make(), p = moe.flatParameters
    #expect(moe.heads == 1)
    for batch in SoftmaxAttentionTests.batches(&g, 6, 6) where !batch.queries.isEmpty {
      let q = doubles(batch.queries), k = doubles(batch.keys), l = c.oracle.logits(p, q)
      let chosen = c.oracle.choices(l), all = c.experts.map { $0.weights(6, q, k, batch) }
      let exact = q.indices.flatMap { i in
        let g = c.oracle.softmax(l[i], over: chosen[i])
        return k.indices.map { j in chosen[i].reduce(0) { $0 + g[$1] * all[$1][i][j] } }
      }
      #expect(distance(try moe.weights(batch), exact) < 1e-5, "\(q.count) x \(k.count)")
    }
  }

  static let balanced = [Case(topK: 2, capacityFactor: 1, balance: 3), Case(topK: 1, capacityFactor: 0, balance: 0.5)]

  @Test(arguments: cases + balanced) func gradients(_ c: Case) throws {
    var g = SeededGenerator(73)
    let moe = try c.make(), oracle = c.oracle
    var masked = Batch(&g, 4, 5, 6, 6), graph = Batch(&g, 3, 6, 6, 6)
    masked.mask = (0..<4).map { i in (0..<5).map { ($0 + i) % 3 == 0 ? 0 : 1 } }
    graph.offsets = [0, 2, 2, 6]
    for batch in [Batch(&g, 7, 5, 6, 6), Batch(&g, 1, 4, 6, 6), masked, graph] {
      let m = batch.queries.count, n = batch.keys.count, direction = g.normals(m * 6)
      let x = (batch.queries + batch.keys + batch.values).flatMap { $0.map { Double($0) } } + moe.flatParameters
      let inputs = (m + 2 * n) * 6
      func rows(_ x: ArraySlice<Double>) -> [[Double]] {
        stride(from: x.startIndex, to: x.endIndex, by: 6).map { Array(x[$0..<$0 + 6]) }
      }
      // Choices, and the shares of the balance loss, are constant.
      let l = oracle.logits(moe.flatParameters, doubles(batch.queries))
      let chosen = oracle.choices(l), f = oracle.shares(l)
      let exact = differences(x) { x in
        let all = rows(x[..<inputs]), p = Array(x[inputs...]), q = Array(all[..<m])
        let out = oracle.forward(p, chosen, q, Array(all[m..<(m + n)]), Array(all[(m + n)...]), batch)
        return zip(out.flatMap { $0 }, direction).reduce(0) { $0 + $1.0 * Double($1.1) }
          + c.balance * oracle.loss(f, oracle.logits(p, q))
      }
      let gradient = try moe.backward(batch, direction)
      #expect(distance(gradient, exact) < 2e-5, "\(m) x \(n)")
      #expect(try moe.backward(batch, direction, Control(threads: 2)) == gradient)
    }
  }

  @Test(arguments: cases) func routingAndUsage(_ c: Case) throws {
    var g = SeededGenerator(74)
    let moe = try c.make(), E = c.experts.count, k = c.topK
    for m in [0, 1, 3, 50] {
      let batch = Batch(&g, m, 1, 6, 6), l = c.oracle.logits(moe.flatParameters, doubles(batch.queries))
      let chosen = c.oracle.choices(l)
      let routing = try run(moe, "routing", batch.queries, room: 2 * m * k)
      for i in 0..<m {
        let row = Array(routing[i * 2 * k..<(i + 1) * 2 * k]), shares = c.oracle.softmax(l[i], over: chosen[i])
        let padded = chosen[i] + [Int](repeating: -1, count: k - chosen[i].count)
        #expect(row[..<k].map { Int($0) } == padded)
        #expect(distance(Array(row[k...]), padded.map { $0 < 0 ? 0 : shares[$0] }) < 1e-5)
      }
      let usage = try run(moe, "usage", batch.queries, room: 2 * E + 1)
      let P = c.experts.indices.map { e in
        m == 0 ? 0 : l.reduce(0) { $0 + c.oracle.softmax($1, over: Array(l[0].indices))[e] } / Double(m)
      }
      let loads = c.experts.indices.map { e in
        m == 0 ? 0 : Double(chosen.filter { $0.contains(e) }.count) / Double(m)
      }
      let loss = m == 0 ? 0 : c.oracle.loss(c.oracle.shares(l), l)
      #expect(distance(usage, loads + P + [loss]) < 1e-5, "\(m)")
      if c.capacityFactor > 0 {
        let most = (c.capacityFactor * Double(k * m) / Double(E)).rounded(.up)
        for share in usage[..<E] { #expect(Double(share) * Double(m) <= most + 1e-3) }
      }
    }
  }

  private func run(_ moe: MixtureOfExperts, _ operation: String, _ queries: [[Float]], room: Int) throws -> [Float] {
    let flat = queries.flatMap { $0 }, q = try AlignedBuffer(copying: flat, count: flat.count)
    let out = try AlignedBuffer<Float>(count: room, repeating: .nan)
    func tensor(_ memory: AlignedBuffer<Float>, rank: Int, _ rows: Int, _ columns: Int) -> Tensor {
      Tensor(memory.pointer, .float32, rank: rank, rows: rows, columns: columns, stride: columns, isWritable: true)
    }
    let buffers = [tensor(q, rank: 2, queries.count, 6), tensor(out, rank: 1, 1, room)]
    #expect(try moe.run(operation, buffers, .none) == room)
    return (0..<room).map { out[$0] }
  }

  /// The least loss: all experts alike.
  @Test func balancedUseHasLossOne() throws {
    let moe = try Case(topK: 2, capacityFactor: 0).make()
    for p in moe.parameters where p.name == "gate.weight" || p.name == "gate.bias" {
      p.pointer.update(repeating: 0, count: p.count)
    }
    var g = SeededGenerator(75)
    let usage = try run(moe, "usage", Batch(&g, 9, 1, 6, 6).queries, room: 9)
    #expect(usage == [1, 1, 0, 0, 0.25, 0.25, 0.25, 0.25, 1])  // equal logits: the first two
  }

  @Test func expertsAreCopies() throws {
    var g = SeededGenerator(76)
    let child = try MultiHeadTests.make(6, 2), batch = Batch(&g, 3, 4, 6, 6)
    let moe = try MixtureOfExperts(6, [("topK", .number(1)), ("experts", .child(child))])
    #expect(try moe.forward(batch) == child.forward(batch))
    let before = try moe.forward(batch), copy = try moe.clone()
    child.shake(1, by: 1)
    #expect(try moe.forward(batch) == before)
    let clone = try #require((copy.facet as? AttentionFacet)?.attention)
    #expect(try clone.forward(batch) == before)
    clone.shake(2, by: 1)
    #expect(try moe.forward(batch) == before)
    #expect(copy.parameters.map(\.name) == moe.parameters.map(\.name))
    #expect(moe.parameters[2].name == "experts.0.query.weight")
    let whole = try Case(topK: 2, capacityFactor: 1.25).make(), twin = try whole.clone()
    #expect(try (twin.facet as? AttentionFacet)?.attention.forward(batch) == whole.forward(batch))
    let linear = try LinearAttention(6, [("seed", .integer(-5)), ("features", .number(3))])
    let same = try (linear.clone().facet as? AttentionFacet)?.attention.forward(batch)
    #expect(try same == linear.forward(batch), "all 64 bits of a seed")
  }

  /// A mixture is a mechanism of attention too.
  @Test func mixturesInMixtures() throws {
    var g = SeededGenerator(77)
    let inner = try Case(topK: 2, capacityFactor: 1.25).make(), batch = Batch(&g, 5, 7, 6, 6)
    let outer = try MixtureOfExperts(6, [("topK", .number(1)), ("experts", .child(inner))])
    #expect(try outer.forward(batch) == inner.forward(batch))
    #expect(outer.parameters.contains { $0.name == "experts.0.experts.2.query.weight" })
    let gradient = try outer.backward(batch, g.normals(30))
    #expect(gradient.allSatisfy { $0.isFinite } && gradient.contains { $0 != 0 })
    var deep: any Attention = try ScaledDotProduct(6)
    let error = failure { () throws(RuvectorError) in
      for _ in 0..<9 { deep = try MixtureOfExperts(6, [("topK", .number(1)), ("experts", .child(deep))]) }
    }
    #expect(error?.message == "expected at most 8 levels of mechanisms for experts, received more")
  }

  /// Contexts and edges go to the experts that read them, with the queries they belong to: each query has what its expert
  /// gives it in the whole batch, and the experts' gradients add up.
  @Test(arguments: [false, true]) func contextsAndEdges(_ edgesOfKeys: Bool) throws {
    var g = SeededGenerator(80)
    let m = 9, n = 7,
      experts: [any Attention] = [
        try GraphRoPE(6), try EdgeFeatured(6, [("edgeDim", .number(2)), ("heads", .number(2))]),
      ]
    var options: [(key: String, value: OptionValue)] = [("topK", .number(1)), ("capacityFactor", .number(0))]
    for expert in experts { options.append(("experts", .child(expert))) }
    let moe = try MixtureOfExperts(6, options), batch = Batch(&g, m, n, 6, 6), G = g.normals(m * 6)
    #expect(moe.contextDim == 2 && moe.edgeDim == 2)
    let routing = try run(moe, "routing", batch.queries, room: 2 * m)
    let chosen = (0..<m).map { Int(routing[2 * $0]) }
    #expect(Set(chosen) == [0, 1])
    let E = edgesOfKeys ? n : m * n
    let q = try AlignedBuffer(copying: (0..<2 * m).map { Float($0 % 5) }, count: 2 * m)
    let k = try AlignedBuffer(copying: (0..<2 * n).map { Float($0 % 3) }, count: 2 * n)
    let e = try AlignedBuffer(copying: g.normals(2 * E), count: 2 * E)
    func call(_ one: any Attention, _ G: [Float]) throws -> (out: [Float], gradient: [Float]) {
      try batch.withInput(dim: 6, values: 6) { (plain) throws(RuvectorError) in
        var input = plain
        if one.contextDim > 0 {
          input.queryContext = MatrixView(q.pointer, rows: m, dim: 2)
          input.keyContext = MatrixView(k.pointer, rows: n, dim: 2)
        }
        if one.edgeDim > 0 { input.edges = MatrixView(e.pointer, rows: E, dim: 2) }
        try one.check(input)
        let out = try AlignedBuffer<Float>(count: m * 6), inputs = (m + 2 * n) * 6
        let all = try AlignedBuffer<Float>(count: inputs + 2 * E, repeating: 0), p = all.pointer
        try one.forward(input, into: out.pointer, .none)
        try one.backward(
          input, outputGradient: G,
          into: AttentionGradients(
            queries: p, keys: p + m * 6, values: p + (m + n) * 6, edges: one.edgeDim > 0 ? p + inputs : nil), .none)
        return ((0..<m * 6).map { out[$0] }, (0..<all.count).map { all[$0] })
      }
    }
    let whole = try call(moe, G)
    var expected = [Double](repeating: 0, count: whole.gradient.count)
    for (number, expert) in experts.enumerated() {
      let mine = (0..<m * 6).map { chosen[$0 / 6] == number ? G[$0] : 0 }, alone = try call(expert, mine)
      for i in 0..<m where chosen[i] == number {
        #expect(distance(Array(whole.out[i * 6..<i * 6 + 6]), alone.out[i * 6..<i * 6 + 6].map { Double($0) }) < 1e-5)
      }
      for (i, x) in alone.gradient.enumerated() { expected[i] += Double(x) }
    }
    #expect(distance(whole.gradient, expected) < 1e-5)
    #expect(whole.gradient[((m + 2 * n) * 6)...].contains { $0 != 0 })
  }

  @Test func refusals() throws {
    let one = OptionValue.child(try ScaledDotProduct(6)), wide = OptionValue.child(try ScaledDotProduct(7))
    func error(_ options: [(key: String, value: OptionValue)]) -> RuvectorError? {
      failure { () throws(RuvectorError) in _ = try MixtureOfExperts(6, options) }
    }
    #expect(error([("experts", one), ("experts", one)]) == nil)
    #expect(error([])?.message == "expected 1...64 members for experts, received nothing")
    #expect(error([("experts", .number(2))])?.message == "expected 1...64 members for experts, received 2")
    let many = (0..<65).map { _ in (key: "experts", value: one) }
    #expect(error(many)?.message == "expected 1...64 members for experts, received 65")
    #expect(error([("topK", one)])?.message == "expected an integer in 1...64 for topK, received a member")
    #expect(
      error([("experts", one)])?.message == "expected at most 1, the number of experts, for topK, received 2")
    #expect(
      error([("experts", one), ("experts", wide)])?.message
        == "expected a mechanism with dim 6 for experts[1], received 7")
    #expect(
      error([("experts", one), ("experts", one), ("capacityFactor", .number(0.5))])?.message
        == "expected 0 or at least 1 for capacityFactor, received 0.5")
    var g = SeededGenerator(78)
    let moe = try Case(topK: 2, capacityFactor: 1.25).make()
    for value in [Float.nan, .infinity, -.infinity] {
      var bad = Batch(&g, 3, 4, 6, 6)
      bad.queries[1][2] = value
      let error = failure { () throws(RuvectorError) in _ = try moe.forward(bad) }
      #expect(error?.code == .nonFinite)
      #expect(error?.message.contains("queries[1]") == true)
    }
    let narrow = Batch(&g, 2, 3, 6, 4)
    #expect(failure { () throws(RuvectorError) in _ = try moe.forward(narrow) }?.code == .dimensionMismatch)
  }

  /// Logits that leave Float, and gates that are all but 0.
  @Test func extremes() throws {
    var g = SeededGenerator(79)
    let moe = try Case(topK: 2, capacityFactor: 1, experts: [.sharp, .local, .causal]).make()
    for scale in [1e-30, 1e10, 1e30, 3e37] {
      let batch = Batch(&g, 12, 9, 6, 6, scale: scale)
      let out = try moe.forward(batch), gradient = try moe.backward(batch, g.normals(72))
      #expect(out.allSatisfy { $0.isFinite } && out.contains { $0 != 0 }, "\(scale)")
      _ = gradient
    }
    moe.parameters[0].pointer.update(repeating: 3e38, count: moe.parameters[0].count)
    #expect(try moe.forward(Batch(&g, 12, 9, 6, 6)).allSatisfy { $0.isFinite })
  }
}
