import Foundation
import RuvectorCore
import RuvectorTraining
import TestSupport
import Testing

@Suite struct PoincareEmbeddingTests {
  static func make(_ nodes: Int, _ more: [(key: String, value: OptionValue)] = []) throws(RuvectorError)
    -> PoincareEmbedding
  {
    try PoincareEmbedding(
      Settings(
        of: PoincareEmbedding.name, PoincareEmbedding.options,
        [("nodes", .number(Double(nodes))), ("size", .number(5)), ("seed", .integer(3))] + more))
  }

  /// A buffer of numbers as a call sees it, kept alive.
  final class Buffer<T> {
    let memory: UnsafeMutableBufferPointer<T>
    init(_ values: [T]) {
      memory = .allocate(capacity: max(1, values.count))
      _ = memory.initialize(from: values)
      count = values.count
    }
    let count: Int
    deinit { memory.deallocate() }
    var values: [T] { Array(memory[0..<count]) }
    func tensor(_ type: ElementType) -> Tensor {
      Tensor(memory.baseAddress, type, rank: 1, rows: 1, columns: count, stride: count, isWritable: true)
    }
  }

  static func relate(_ one: PoincareEmbedding, _ pairs: [(Int, Int)]) throws(RuvectorError) {
    let below = Buffer(pairs.map { UInt32($0.0) }), above = Buffer(pairs.map { UInt32($0.1) }), out = Buffer([0.0])
    _ = try one.run("relations", [below.tensor(.uint32), above.tensor(.uint32), out.tensor(.float64)], .none)
  }

  static func train(_ one: PoincareEmbedding, _ alpha: Double, _ pairs: Int, threads: Int = 1) throws(RuvectorError)
    -> [Double]
  {
    let settings = Buffer([alpha, Double(pairs)]), out = Buffer([Double](repeating: 0, count: 4))
    _ = try one.run("train", [settings.tensor(.float64), out.tensor(.float64)], Control(threads: threads))
    return out.values
  }

  static func points(_ one: PoincareEmbedding) throws(RuvectorError) -> [Float] {
    let out = Buffer([Float](repeating: 0, count: one.parameters.total))
    _ = try one.run("points", [out.tensor(.float32)], .none)
    return out.values
  }

  static func ranks(_ one: PoincareEmbedding, _ queries: [Int], threads: Int = 1) throws(RuvectorError) -> [Double] {
    let asked = Buffer(queries.map { UInt32($0) }), out = Buffer([Double](repeating: 0, count: 3 * queries.count))
    _ = try one.run("ranks", [asked.tensor(.uint32), out.tensor(.float64)], Control(threads: threads))
    return out.values
  }

  /// Node i > 0 hangs below (i − 1)/3: all pairs of the tree.
  static func tree(_ nodes: Int) -> [(Int, Int)] {
    var pairs: [(Int, Int)] = []
    for i in 1..<nodes {
      var above = i
      while above > 0 {
        above = (above - 1) / 3
        pairs.append((i, above))
      }
    }
    return pairs
  }

  @Test(arguments: ["ball", "hyperboloid"]) func learnsATree(_ manifold: String) throws {
    let nodes = 121, one = try Self.make(nodes, [("manifold", .text(manifold))])
    try Self.relate(one, Self.tree(nodes))
    let before = try Self.ranks(one, Array(0..<nodes))
    for epoch in 0..<300 { _ = try Self.train(one, epoch < 20 ? 0.001 : 0.1, .max) }
    let after = try Self.ranks(one, Array(0..<nodes))
    func mean(_ figures: [Double]) -> Double {
      var sum = 0.0, count = 0.0
      for i in 0..<nodes { (sum, count) = (sum + figures[3 * i], count + figures[3 * i + 1]) }
      return sum / count
    }
    print("tree \(manifold): mean rank \(mean(before)) -> \(mean(after))")
    #expect(mean(before) > 10 && mean(after) < 1.2)
    // What is above lies farther in.
    let p = try Self.points(one)
    func norm(_ i: Int) -> Float { (0..<5).reduce(0) { $0 + p[5 * i + $1] * p[5 * i + $1] } }
    #expect(Self.tree(nodes).filter { norm($0.1) < norm($0.0) }.count > Self.tree(nodes).count * 95 / 100)
  }

  /// The same bits in one go and in slices, by one thread and by several, and after saving and loading.
  @Test(arguments: ["ball", "hyperboloid"], [10, 100, 300]) func sameBits(_ manifold: String, _ batch: Int) throws {
    let nodes = 121,
      options: [(key: String, value: OptionValue)] = [
        ("manifold", .text(manifold)), ("batchSize", .number(Double(batch))),
      ]
    let pairs = Self.tree(nodes)
    var expected: [Float] = []
    for (slice, threads) in [(Int.max, 1), (7, 1), (60, 1), (.max, 2), (130, 4), (.max, 3)] {
      var one = try Self.make(nodes, options)
      try Self.relate(one, pairs)
      var place = [0.0, 0, 0, 0], turns = 0
      while place[2] < 4 {
        place = try Self.train(one, 0.05, slice, threads: threads)
        turns += 1
        guard slice == 60, turns == 3 else { continue }
        let state = Buffer([Double](repeating: 0, count: nodes * 8)), out = Buffer([0.0])
        _ = try one.run("save", [state.tensor(.float64)], .none)
        one = try Self.make(nodes, options + [("initRange", .number(0.01))])
        try Self.relate(one, pairs)
        let at = Buffer(Array(place[2...3]))
        _ = try one.run("load", [state.tensor(.float64), at.tensor(.float64), out.tensor(.float64)], .none)
      }
      let p = try Self.points(one)
      if expected.isEmpty { expected = p }
      #expect(p == expected, "\(slice) \(threads)")
    }
    #expect(expected.contains { abs($0) > 0.01 })
  }

  @Test func ranksAreThoseOfASlowSearch() throws {
    let nodes = 60, one = try Self.make(nodes), pairs = Self.tree(nodes) + [(5, 0), (1, 5)]  // one twice, and a cycle
    try Self.relate(one, pairs)
    for _ in 0..<30 { _ = try Self.train(one, 0.05, .max) }
    let p = try Self.points(one).map(Double.init)
    func distance(_ i: Int, _ j: Int) -> Double {
      func square(_ i: Int) -> Double { (0..<5).reduce(0) { $0 + p[5 * i + $1] * p[5 * i + $1] } }
      let δ = (0..<5).reduce(0) { $0 + (p[5 * i + $1] - p[5 * j + $1]) * (p[5 * i + $1] - p[5 * j + $1]) }
      return acosh(1 + 2 * δ / ((1 - square(i)) * (1 - square(j))))
    }
    let all = try Self.ranks(one, Array(0..<nodes), threads: 3)
    #expect(try Self.ranks(one, [7, 7]) == Array(all[21..<24] + all[21..<24]))
    for u in 0..<nodes {
      let above = Set(pairs.filter { $0.0 == u }.map(\.1))
      let others = (0..<nodes).filter { $0 != u && !above.contains($0) }
      let ranks = above.map { v in 1 + others.filter { distance(u, $0) <= distance(u, v) }.count }.sorted()
      let precision = ranks.enumerated().reduce(0.0) { $0 + Double($1.offset + 1) / Double($1.element + $1.offset) }
      #expect(all[3 * u] == Double(ranks.reduce(0, +)) && all[3 * u + 1] == Double(above.count), "\(u)")
      if !above.isEmpty { #expect(abs(all[3 * u + 2] - precision / Double(above.count)) < 1e-12) }
    }
  }

  /// Weights that somebody sets are where training goes on from.
  @Test func weightsThatAreSet() throws {
    let one = try Self.make(30), other = try Self.make(30, [("seed", .integer(9))])
    for each in [one, other] { try Self.relate(each, Self.tree(30)) }
    for i in 0..<one.parameters.total { other.parameters[0][i] = one.parameters[0][i] }
    let copy = try #require(try one.clone() as? PoincareEmbedding)
    #expect(try Self.points(copy) == Self.points(one) && Self.points(other) == Self.points(one))
    _ = try Self.train(other, 0.1, 20)
    #expect(try Self.points(other) != Self.points(one))
    for i in 0..<other.parameters.total { other.parameters[0][i] = 3 }  // outside: to the rim
    #expect(try Self.points(other).allSatisfy { $0 == 3 })
    #expect(try Self.train(other, 0.1, 20)[0].isFinite)
    #expect(try Self.points(other).allSatisfy { $0 > 0 && $0 < 1 })
  }

  /// A node that all others are above has nothing to be told apart from.
  @Test func nothingToTellApart() throws {
    let one = try Self.make(3)
    try Self.relate(one, [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)])
    let before = try Self.points(one)
    for _ in 0..<5 { #expect(try Self.train(one, 1, .max)[0].isFinite) }
    for (x, y) in zip(before, try Self.points(one)) { #expect(abs(x - y) < 1e-5) }
  }

  @Test func wrong() throws {
    let one = try Self.make(4)
    func code(_ body: () throws(RuvectorError) -> Void) -> RuvectorError.Code? { failure(body)?.code }
    #expect(code { () throws(RuvectorError) in _ = try Self.train(one, 0.1, 1) } == .invalidArgument)
    #expect(code { () throws(RuvectorError) in _ = try Self.ranks(one, [0]) } == .invalidArgument)
    #expect(code { () throws(RuvectorError) in try Self.relate(one, []) } == .emptyInput)
    #expect(code { () throws(RuvectorError) in try Self.relate(one, [(0, 4)]) } == .outOfRange)
    #expect(code { () throws(RuvectorError) in try Self.relate(one, [(9, 1)]) } == .outOfRange)
    #expect(code { () throws(RuvectorError) in try Self.relate(one, [(2, 2)]) } == .invalidArgument)
    try Self.relate(one, [(1, 0), (2, 0), (3, 1), (3, 0)])
    for alpha in [0, -1, .nan, .infinity, 1001] {
      #expect(code { () throws(RuvectorError) in _ = try Self.train(one, alpha, 1) } == .outOfRange)
    }
    #expect(code { () throws(RuvectorError) in _ = try Self.train(one, 0.1, 0) } == .outOfRange)
    #expect(code { () throws(RuvectorError) in _ = try Self.ranks(one, [4]) } == .outOfRange)
    let state = Buffer([Double](repeating: 0, count: 4 * 8)), place = Buffer([1.0, 9]), out = Buffer([0.0])
    func load(_ state: Buffer<Double>, _ place: [Double]) throws(RuvectorError) {
      let at = Buffer(place)
      _ = try one.run("load", [state.tensor(.float64), at.tensor(.float64), out.tensor(.float64)], .none)
    }
    #expect(code { () throws(RuvectorError) in try load(place, [0, 0]) } == .dimensionMismatch)
    for bad in [[1.0, 4], [-1, 0], [0.5, 0], [.nan, 0], [0, -1], [2e9, 0]] {
      #expect(code { () throws(RuvectorError) in try load(state, bad) } == .outOfRange, "\(bad)")
    }
    #expect(code { () throws(RuvectorError) in try load(state, [0]) } == .dimensionMismatch)
    state.memory[3] = .nan
    #expect(code { () throws(RuvectorError) in try load(state, [0, 0]) } == .nonFinite)
    // Wild rates: points stay in the ball.
    for _ in 0..<50 { #expect(try Self.train(one, 1000, .max)[0].isFinite) }
    #expect(try Self.points(one).allSatisfy { abs($0) < 1 })
  }
}
