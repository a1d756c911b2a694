import RuvectorAttention
import RuvectorCore
import TestSupport
import Testing

@Suite struct SparsityPatternTests {
  static func rows(_ pattern: SparsityPattern) -> [[Int]] {
    (0..<pattern.rows).map { i in
      (Int(pattern.offsets[i])..<Int(pattern.offsets[i + 1])).map { Int(pattern.indices[$0]) }
    }
  }

  static let shapes = [(0, 0), (1, 1), (1, 9), (7, 7), (12, 5), (5, 12), (8, 0), (0, 3), (20, 20)]

  /// The definitions, pair by pair.
  @Test func kinds() throws {
    for (m, n) in Self.shapes {
      func place(_ i: Int) -> Int { i + Int((Double(n - m + 1) / 2).rounded(.down)) }
      func modulo(_ x: Int, _ s: Int) -> Int { ((x % s) + s) % s }
      func expect(_ kind: SparsityPattern.Kind, _ sees: (Int, Int) -> Bool) throws {
        let pattern = try SparsityPattern(kind, rows: m, columns: n)
        let exact = (0..<m).map { i in (0..<n).filter { sees(i, $0) } }
        #expect(Self.rows(pattern) == exact, "\(kind), \(m) x \(n)")
        #expect(pattern.count == exact.reduce(0) { $0 + $1.count })
        #expect(m * n == 0 || abs(pattern.density - Double(pattern.count) / Double(m * n)) < 1e-12)
        let mask = try AlignedBuffer<UInt8>(count: m * n)
        pattern.mask(into: mask.pointer)
        for i in 0..<m { for j in 0..<n { #expect((mask[i * n + j] == 1) == sees(i, j)) } }
      }
      for w in [0, 1, 4, 100] { try expect(.local(window: w)) { abs($1 - place($0)) <= w / 2 } }
      for s in [1, 2, 3, 50] { try expect(.strided(s)) { modulo($1 - place($0), s) == 0 } }
      for b in [1, 3, 50] {
        try expect(.block(size: b)) { place($0) >= 0 && place($0) < n && $1 / b == place($0) / b }
      }
      for t in [0, 2, 50] { try expect(.global(tokens: t)) { $1 < t || (m == n && m > 1 && $0 < t) } }
    }
  }

  @Test func randomRows() throws {
    for (m, n) in Self.shapes {
      for r in [0, 1, 3, 12, 100] {
        let pattern = try SparsityPattern(.random(perRow: r, seed: 5), rows: m, columns: n), rows = Self.rows(pattern)
        for row in rows {
          #expect(row.count == min(r, n) && row == row.sorted() && Set(row).count == row.count)
          #expect(row.allSatisfy { $0 < n })
        }
        #expect(Self.rows(try SparsityPattern(.random(perRow: r, seed: 5), rows: m, columns: n)) == rows)
      }
    }
    // Each key equally often, rows not alike.
    let many = Self.rows(try SparsityPattern(.random(perRow: 3, seed: 1), rows: 6000, columns: 10))
    for j in 0..<10 {
      let share = Double(many.filter { $0.contains(j) }.count) / 6000
      #expect(abs(share - 0.3) < 0.03, "\(j): \(share)")
    }
    #expect(Set(many).count == 120)
    let other = Self.rows(try SparsityPattern(.random(perRow: 3, seed: 2), rows: 6000, columns: 10))
    #expect(other != many)
  }

  @Test func unionsAndGraphs() throws {
    let a = try SparsityPattern(.local(window: 4), rows: 9, columns: 9)
    let b = try SparsityPattern(.random(perRow: 3, seed: 3), rows: 9, columns: 9), both = try a.union(b)
    for (i, row) in Self.rows(both).enumerated() {
      #expect(row == Array(Set(Self.rows(a)[i] + Self.rows(b)[i])).sorted())
    }
    #expect(Self.rows(try both.union(a)) == Self.rows(both))
    func graph(_ offsets: [UInt32], _ indices: [UInt32], _ n: Int = 4) throws(RuvectorError) -> SparsityPattern {
      let o = try AlignedBuffer(copying: offsets, count: offsets.count)
      let k = try AlignedBuffer(copying: indices, count: indices.count)
      return try SparsityPattern(
        offsets: UnsafeBufferPointer(start: o.pointer, count: o.count),
        indices: UnsafeBufferPointer(start: k.pointer, count: k.count), columns: n)
    }
    #expect(Self.rows(try graph([0, 2, 2, 3], [1, 3, 0])) == [[1, 3], [], [0]])
    for (offsets, indices) in [
      ([0, 2, 1, 3], [1, 3, 0]), ([1, 2, 3], [0, 1, 2]), ([0, 2], [1]), ([0, 2], [1, 4]), ([0, 2], [2, 1]),
      ([0, 2], [1, 1]), ([0, UInt32.max, 2], [0, 1]),
    ] as [([UInt32], [UInt32])] {
      let error = failure { () throws(RuvectorError) in _ = try graph(offsets, indices) }
      #expect(error?.code == .invalidArgument, "\(offsets) \(indices)")
    }
    #expect(failure { () throws(RuvectorError) in _ = try graph([], []) }?.code == .emptyInput)
    let small = try graph([0, 0], [])
    #expect(failure { () throws(RuvectorError) in _ = try a.union(small) }?.code == .dimensionMismatch)
    let bad: [SparsityPattern.Kind] = [
      .strided(0), .block(size: 0), .local(window: -1), .random(perRow: -1, seed: 1), .global(tokens: Int.max),
    ]
    for kind in bad {
      let error = failure { () throws(RuvectorError) in _ = try SparsityPattern(kind, rows: 3, columns: 3) }
      #expect(error?.code == .outOfRange)
    }
    for (m, n) in [(-1, 3), (3, Int.max), (1 << 20, 1 << 20)] {
      let error = failure { () throws(RuvectorError) in _ = try SparsityPattern(.strided(1), rows: m, columns: n) }
      #expect(error?.code == .outOfRange)
    }
  }

  static let mechanisms: [@Sendable () throws -> any Attention] = [
    { try TestExpert.sharp.make(6) }, { try TestExpert.multi.make(6) }, { try Hyperbolic(6) },
    { try FlashAttention(6, [("heads", .number(2))]) }, { try LinearAttention(6, [("features", .number(16))]) },
    { try DynamicHeadsTests.Case(d: 6, heads: 3, threshold: 0.5).make() },
    {
      let experts: [(key: String, value: OptionValue)] = [
        ("experts", .child(try TestExpert.sharp.make(6))), ("experts", .child(try TestExpert.multi.make(6))),
      ]
      return try MixtureOfExperts(6, experts + [("capacityFactor", .number(0)), ("topK", .number(1))])
    },
  ]

  /// The same as with a mask: outputs, weights, gradients.
  @Test(arguments: mechanisms.indices) func attention(_ c: Int) throws {
    var g = SeededGenerator(UInt64(99 + c))
    let mechanism = try Self.mechanisms[c]()
    for (m, n, perRow) in [(5, 9, 3), (9, 9, 1), (1, 40, 7), (40, 900, 600)] {
      let pattern = try SparsityPattern(.random(perRow: perRow, seed: 8), rows: m, columns: n)
      var batch = Batch(&g, m, n, 6, 6)
      let direction = g.normals(m * 6), rows = Self.rows(pattern)
      let over = try sparse(mechanism, batch, pattern, direction),
        two = try sparse(
          mechanism, batch, pattern, direction, Control(threads: 2))
      batch.mask = rows.map { row in (0..<n).map { row.contains($0) ? 1 : 0 } }
      let expected = try mechanism.forward(batch), all = try mechanism.weights(batch)
      #expect(distance(over.out, expected.map { Double($0) }) < 1e-5, "\(m) x \(n)")
      let pairs = (0..<mechanism.heads).flatMap { h in
        rows.enumerated().flatMap { i, row in row.map { Double(all[(h * m + i) * n + $0]) } }
      }
      #expect(distance(over.weights, pairs) < 1e-5, "\(m) x \(n)")
      let gradient = try mechanism.backward(batch, direction)
      #expect(distance(over.gradient, gradient.map { Double($0) }) < 2e-5, "\(m) x \(n)")
      #expect(over.out == two.out && over.weights == two.weights && over.gradient == two.gradient)
    }
  }

  private func sparse(
    _ mechanism: any Attention, _ batch: Batch, _ pattern: SparsityPattern, _ g: [Float], _ control: Control = .none
  ) throws(RuvectorError) -> (out: [Float], weights: [Float], gradient: [Float]) {
    try batch.withInput(dim: 6, values: 6) { (input) throws(RuvectorError) in
      let m = batch.queries.count, n = batch.keys.count
      let p = mechanism.parameters.reduce(0) { $0 + $1.count }, total = m * 6 + n * 12 + p
      let out = try AlignedBuffer<Float>(count: m * 6, repeating: .nan)
      let weights = try AlignedBuffer<Float>(count: mechanism.heads * pattern.count, repeating: .nan)
      let all = try AlignedBuffer<Float>(count: total, repeating: 0), q = all.pointer
      try mechanism.forward(input, over: pattern, into: out.pointer, control)
      try mechanism.weights(input, over: pattern, into: weights.pointer, control)
      try mechanism.backward(
        input, over: pattern, outputGradient: g,
        into: AttentionGradients(
          queries: q, keys: q + m * 6, values: q + m * 6 + n * 6, parameters: Gradients(q + m * 6 + n * 12)), control)
      return (
        (0..<out.count).map { out[$0] }, (0..<weights.count).map { weights[$0] }, (0..<total).map { all[$0] }
      )
    }
  }

  /// Edges are one row a pair.
  @Test func edges() throws {
    var g = SeededGenerator(7)
    let graph = try EdgeFeatured(6, [("edgeDim", .number(2)), ("heads", .number(2))])
    let m = 5, n = 8, batch = Batch(&g, m, n, 6, 6), direction = g.normals(m * 6)
    let pattern = try SparsityPattern(.random(perRow: 3, seed: 4), rows: m, columns: n), rows = Self.rows(pattern)
    let dense = g.normals(m * n * 2)
    let pairs = rows.enumerated().flatMap { i, row in
      row.flatMap { j in (0..<2).map { dense[(i * n + j) * 2 + $0] } }
    }
    var masked = batch
    masked.mask = rows.map { row in (0..<n).map { row.contains($0) ? 1 : 0 } }
    func run(_ batch: Batch, _ list: [Float], over: Bool) throws -> (out: [Float], edges: [Float]) {
      try batch.withInput(dim: 6, values: 6) { (plain) throws(RuvectorError) in
        let edges = try AlignedBuffer(copying: list, count: list.count)
        let out = try AlignedBuffer<Float>(count: m * 6), d = try AlignedBuffer<Float>(count: list.count, repeating: 0)
        var input = plain
        input.edges = MatrixView(edges.pointer, rows: list.count / 2, dim: 2)
        let places = AttentionGradients(edges: d.pointer)
        if over {
          try graph.forward(input, over: pattern, into: out.pointer, .none)
          try graph.backward(input, over: pattern, outputGradient: direction, into: places, .none)
        } else {
          try graph.forward(input, into: out.pointer, .none)
          try graph.backward(input, outputGradient: direction, into: places, .none)
        }
        return ((0..<m * 6).map { out[$0] }, (0..<list.count).map { d[$0] })
      }
    }
    let over = try run(batch, pairs, over: true), with = try run(masked, dense, over: false)
    #expect(distance(over.out, with.out.map { Double($0) }) < 1e-5)
    let expected = rows.enumerated().flatMap { i, row in
      row.flatMap { j in (0..<2).map { Double(with.edges[(i * n + j) * 2 + $0]) } }
    }
    #expect(distance(over.edges, expected) < 1e-5)
  }

  @Test func refusals() throws {
    var g = SeededGenerator(8)
    let batch = Batch(&g, 3, 4, 6, 6), good = try SparsityPattern(.strided(2), rows: 3, columns: 4)
    let capped: [(key: String, value: OptionValue)] = [
      ("experts", .child(try TestExpert.sharp.make(6))), ("topK", .number(1)),
    ]
    let placed: [any Attention] = [
      try TestExpert.causal.make(6), try TestExpert.local.make(6), try MixtureOfExperts(6, capped), try GraphRoPE(6),
      try LearnedRouting(6, [("experts", .child(try TestExpert.local.make(6)))]),
    ]
    for mechanism in placed {
      let error = failure { () throws(RuvectorError) in _ = try sparse(mechanism, batch, good, g.normals(18)) }
      #expect(error?.code == .unsupported)
    }
    let plain = try TestExpert.sharp.make(6)
    for (m, n) in [(2, 4), (4, 4)] {
      let other = try SparsityPattern(.strided(2), rows: m, columns: n)
      let error = failure { () throws(RuvectorError) in _ = try sparse(plain, batch, other, g.normals(18)) }
      #expect(error?.code == .dimensionMismatch)
    }
    let wide = try SparsityPattern(.strided(1), rows: 3, columns: 5)
    let error = failure { () throws(RuvectorError) in _ = try sparse(plain, batch, wide, g.normals(18)) }
    #expect(error?.message == "expected numbers below 4 for indices, received 4 at element 4")
    var masked = batch
    masked.mask = [[1, 1, 1, 0]]
    let hidden = failure { () throws(RuvectorError) in _ = try sparse(plain, masked, good, g.normals(18)) }
    #expect(hidden?.code == .invalidArgument)
  }
}
