import Foundation
import RuvectorCore
import RuvectorTraining
import TestSupport
import Testing

@Suite struct BilinearRankerTests {
  static let dim = 5, rank = 3, n = 4, k = 6, m = 9
  typealias Buffer = PoincareEmbeddingTests.Buffer

  static func make(scale: Double = 1.5) throws(RuvectorError) -> BilinearRanker {
    let one = try BilinearRanker(
      Settings(
        of: BilinearRanker.name, BilinearRanker.options,
        [
          ("dim", .number(Double(dim))), ("rank", .number(Double(rank))), ("scale", .number(scale)),
          ("seed", .integer(3)),
        ]))
    return one
  }

  /// Weights that are no zeros, and buffers of the ports.
  struct Case {
    let one: BilinearRanker
    let queries: Buffer<Float>, rows: Buffer<Float>, first: Buffer<Float>, relevance: Buffer<Float>
    let places: Buffer<UInt32>

    init(seed: UInt64 = 1) throws(RuvectorError) {
      one = try BilinearRankerTests.make()
      var g = SeededGenerator(seed)
      func random(_ count: Int) -> [Float] { (0..<count).map { _ in Float.random(in: -1...1, using: &g) } }
      for p in one.parameters { for (i, x) in random(p.count).enumerated() { p[i] = x } }
      queries = Buffer(random(n * dim))
      rows = Buffer(random(m * dim))
      first = Buffer(random(n * k))
      relevance = Buffer(random(n * k).map(abs))
      places = Buffer((0..<n * k).map { _ in UInt32.random(in: 0..<UInt32(m), using: &g) })
    }

    func matrix(_ buffer: Buffer<Float>, _ columns: Int) -> Tensor {
      .floats(buffer.memory.baseAddress!, rows: buffer.count / columns, columns: columns)
    }

    var lists: [Tensor] {
      [matrix(queries, dim), matrix(rows, dim), places.tensor(.uint32), matrix(first, k)]
    }

    func run(_ operation: String, _ more: [Tensor], _ count: Int, threads: Int = 1) throws(RuvectorError) -> [Float] {
      let out = Buffer([Float](repeating: .nan, count: count))
      _ = try one.run(operation, lists + more + [out.tensor(.float32)], Control(threads: threads))
      return out.values
    }

    /// The formula, in doubles, of weights as they lie.
    func scores(_ w: [Double]) -> [[Double]] {
      let a = w[0..<rank * dim], b = w[(rank * dim)..<(2 * rank * dim)].map { $0 }, scale = w[2 * rank * dim]
      return (0..<n).map { i in
        let q = (0..<dim).map { Double(queries.memory[i * dim + $0]) }
        let inner = (0..<rank).map { r in (0..<dim).reduce(0.0) { $0 + a[r * dim + $1] * q[$1] } }
        let t = (0..<dim).map { d in (0..<rank).reduce(0.0) { $0 + b[$1 * dim + d] * inner[$1] } }
        return (0..<k).map { j in
          let x = Int(places.memory[i * k + j])
          return scale * Double(first.memory[i * k + j])
            + (0..<dim).reduce(0.0) { $0 + t[$1] * Double(rows.memory[x * dim + $1]) }
        }
      }
    }

    func loss(_ w: [Double]) -> Double {
      var sum = 0.0
      for (i, s) in scores(w).enumerated() {
        let total = s.map { exp($0) }.reduce(0, +)
        for j in 0..<k { sum -= Double(relevance.memory[i * k + j]) * (s[j] - log(total)) }
      }
      return sum / Double(n)
    }

    var weights: [Double] { one.parameters.flatMap { p in (0..<p.count).map { Double(p[$0]) } } }
  }

  @Test func formulaAndGradients() throws {
    let one = try Case(), w = one.weights, total = w.count
    let scores = try one.run("forward", [], Self.n * Self.k), exact = one.scores(w).flatMap { $0 }
    for (x, y) in zip(scores, exact) { #expect(abs(Double(x) - y) < 1e-5) }
    let relevance = one.matrix(one.relevance, Self.k), all = try one.run("gradients", [relevance], 1 + total)
    #expect(abs(Double(all[0]) - one.loss(w)) < 1e-5)
    #expect(try one.run("gradients", [relevance], 1 + total, threads: 3) == all)
    for i in 0..<total {
      var (up, down) = (w, w)
      up[i] += 1e-5
      down[i] -= 1e-5
      #expect(abs(Double(all[1 + i]) - (one.loss(up) - one.loss(down)) / 2e-5) < 1e-4, "parameter \(i)")
    }
    let out = Buffer([Float](repeating: .nan, count: Self.n * Self.dim))
    _ = try one.one.run("project", [one.matrix(one.queries, Self.dim), out.tensor(.float32)], .none)
    for i in 0..<Self.n {
      for j in 0..<Self.k {
        let x = Int(one.places.memory[i * Self.k + j])
        let dot = (0..<Self.dim).reduce(0.0) {
          $0 + Double(out.memory[i * Self.dim + $1]) * Double(one.rows.memory[x * Self.dim + $1])
        }
        let first = w[total - 1] * Double(one.first.memory[i * Self.k + j])
        #expect(abs(dot + first - exact[i * Self.k + j]) < 1e-5)
      }
    }
    withExtendedLifetime(one) {}
  }

  /// Steps of AdamW on the whole set, by hand in doubles.
  @Test func steps() throws {
    let one = try Case(seed: 2), before = one.weights, total = before.count, rate = 0.01, decay = 0.1
    let relevance = one.matrix(one.relevance, Self.k)
    var w = before, m = [Double](repeating: 0, count: total), v = m
    for step in 1...25 {
      let g = (0..<total).map { i in
        var (up, down) = (w, w)
        up[i] += 1e-6
        down[i] -= 1e-6
        return (one.loss(up) - one.loss(down)) / 2e-6
      }
      let length = rate * min(1, Double(step) / 20)
      for i in 0..<total {
        m[i] = 0.9 * m[i] + 0.1 * g[i]
        v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i]
        if i < total - 1 { w[i] *= 1 - length * decay }
        w[i] -=
          length * (m[i] / (1 - pow(0.9, Double(step)))) / ((v[i] / (1 - pow(0.999, Double(step)))).squareRoot() + 1e-8)
      }
    }
    // In two calls, which go on from each other.
    for (from, count) in [(0.0, 10.0), (10.0, 15.0)] {
      let plan = Buffer([from, count, 100, rate, decay, 7])
      _ = try one.run("train", [relevance, plan.tensor(.float64)], 1)
    }
    for (x, y) in zip(one.weights, w) { #expect(abs(x - y) < 2e-4) }
    #expect(one.loss(one.weights) < one.loss(before))
  }

  @Test func batchesOfTheSeed() throws {
    func trained(seed: Double, threads: Int, calls: [(Double, Double)]) throws -> [Double] {
      let one = try Case(seed: 3)
      for (from, count) in calls {
        let plan = Buffer([from, count, 3, 0.01, 0, seed])
        _ = try one.run("train", [one.matrix(one.relevance, Self.k), plan.tensor(.float64)], 1, threads: threads)
      }
      return one.weights
    }
    let whole = try trained(seed: 1, threads: 1, calls: [(0, 12)])
    #expect(try trained(seed: 1, threads: 3, calls: [(0, 5), (5, 7)]) == whole)
    #expect(try trained(seed: 2, threads: 1, calls: [(0, 12)]) != whole)
  }

  @Test func refusals() throws {
    let one = try Case(), relevance = one.matrix(one.relevance, Self.k)
    for (i, value, code) in [
      (0, -1.0, RuvectorError.Code.outOfRange), (1, 0, .outOfRange), (2, 0.5, .outOfRange), (3, .nan, .outOfRange),
      (4, -1, .outOfRange), (5, -1, .outOfRange),
    ] {
      var numbers = [0.0, 1, 4, 0.01, 0, 1]
      numbers[i] = value
      let plan = Buffer(numbers)
      let error = #expect(throws: RuvectorError.self) { try one.run("train", [relevance, plan.tensor(.float64)], 1) }
      #expect(error?.code == code, "plan[\(i)]")
    }
    let short = Buffer([1.0, 2])
    #expect(throws: RuvectorError.self) { try one.run("train", [relevance, short.tensor(.float64)], 1) }
    one.places.memory[5] = UInt32(Self.m)
    let error = #expect(throws: RuvectorError.self) { try one.run("forward", [], Self.n * Self.k) }
    #expect(error?.code == .outOfRange)
    // A new one keeps the order of the first stage.
    let new = try Self.make(), out = Buffer([Float](repeating: .nan, count: Self.n * Self.dim))
    _ = try new.run("project", [one.matrix(one.queries, Self.dim), out.tensor(.float32)], .none)
    #expect(out.values.allSatisfy { $0 == 0 })
    withExtendedLifetime(one) {}
  }
}
