import Foundation
import RuvectorAttention
import RuvectorCore
import RuvectorHierarchy
import RuvectorSearch
import TestSupport
import Testing

@Suite struct HierarchicalForwardV2Tests {
  static let modes = ["standard", "hyperbolic", "dual_space", "edge_featured", "moe"]

  struct Walk {
    var e: [Float]
    var kept: [[Int]] = []
    var weights: [[Float]] = []
  }

  static func walk(
    _ query: [Float], _ levels: [[[Float]]], _ layers: [RuvectorLayer?], _ mode: String,
    _ options: [String: Double] = [:], _ control: Control = .none, sets: Bool = false,
    change: (any HierarchyMode) throws(RuvectorError) -> Void = { _ in }
  ) throws(RuvectorError) -> Walk {
    let mode = try HierarchyModes.make(mode, options.map { ($0.key, .number($0.value)) })
    try change(mode)
    var memory: [AlignedBuffer<Float>] = [], candidates: [Candidates] = []
    for level in levels {
      let rows = Array(level.joined()), dim = level.first?.count ?? 0
      let buffer = try AlignedBuffer(copying: rows, count: rows.count)
      memory.append(buffer)
      candidates.append(
        sets
          ? .set(try VectorSet(copying: rows, rows: level.count, dim: dim))
          : .matrix(MatrixView(buffer.pointer, rows: level.count, dim: dim)))
    }
    let q = try AlignedBuffer(copying: query, count: query.count)
    memory.append(q)
    return try withExtendedLifetime(memory) { () throws(RuvectorError) in
      var walk = Walk(e: [])
      walk.e = try hierarchicalForwardV2(
        query: UnsafeBufferPointer(start: q.pointer, count: query.count), levels: candidates, layers: layers,
        mode: mode,
        control: control
      ) { _, _, kept in
        walk.kept.append((0..<kept.count).map { Int(kept.indices[$0]) })
        walk.weights.append((0..<kept.count).map { kept.weights[$0] })
      }
      return walk
    }
  }

  /// `n` points of length up to `radius`.
  static func points(_ g: inout SeededGenerator, _ n: Int, _ dim: Int, radius: Double) -> [[Float]] {
    (0..<n).map { _ in g.directions(1, dim, length: radius * g.uniform()) }
  }

  @Test(arguments: modes) func againstOracle(_ mode: String) throws {
    var g = SeededGenerator(21)
    let dims = [6, 8, 4, 12]
    let layers = try (0..<3).map { try randomLayer(dims[$0], dims[$0 + 1], heads: [2, 1, 4][$0]) }
    var worst = 0.0
    for (sizes, radius) in [
      ([3, 10, 600], 0.9), ([1, 1, 1], 0.5), ([5, 0, 0], 0.9), ([7, 7], 1.2), ([], 2), ([40, 900], 0.99),
    ] {
      for c in [1.0, 0.3, 4] where !(c == 4 && (mode == "standard" || mode == "edge_featured")) {
        for identity in [false, true] {
          var oracle = HierarchyOracle(mode: mode, k: 4, temperature: 0.7, c: c, ω: 0.35)
          if mode == "standard" || mode == "edge_featured" { oracle.c = 1 }
          let reach = radius / c.squareRoot()
          let levels = sizes.enumerated().map { Self.points(&g, $1, identity ? 6 : dims[$0], radius: reach) }
          let chosen: [RuvectorLayer?] = levels.indices.map { identity ? nil : layers[$0] }
          let query = Self.points(&g, 1, 6, radius: reach)[0]
          let exact = oracle.walk(query, levels, chosen)
          var options = ["k": 4.0]
          if mode != "edge_featured" { options["temperature"] = 0.7 }
          if mode != "standard" && mode != "edge_featured" { options["curvature"] = -c }
          if mode == "dual_space" { options["euclideanWeight"] = 0.35 }
          for sets in [false, true] {
            let walk = try Self.walk(query, levels, chosen, mode, options, sets: sets)
            #expect(walk.kept == exact.steps.map(\.kept), "\(sizes) c \(c) identity \(identity)")
            for (w, step) in zip(walk.weights, exact.steps) { #expect(distance(w, step.weights) < 2e-5) }
            let error = distance(walk.e, exact.e)
            worst = max(worst, error)
            #expect(error <= 2e-5, "\(sizes) c \(c) identity \(identity)")
          }
        }
      }
    }
    print("\(mode): worst \(worst)")
  }

  /// Another order of the nodes changes nothing but their numbers; signs and axes may be exchanged.
  @Test(arguments: modes) func symmetries(_ mode: String) throws {
    var g = SeededGenerator(22)
    let levels = [Self.points(&g, 30, 6, radius: 0.9), Self.points(&g, 50, 6, radius: 0.9)]
    let query = Self.points(&g, 1, 6, radius: 0.9)[0]
    let walk = try Self.walk(query, levels, [nil, nil], mode)
    let reversed = try Self.walk(query, levels.map { $0.reversed() }, [nil, nil], mode)
    #expect(distance(reversed.e, walk.e.map { Double($0) }) < 1e-5)
    #expect(reversed.kept == zip(walk.kept, levels).map { kept, level in kept.map { level.count - 1 - $0 } })
    func turned(_ x: [Float]) -> [Float] { [-x[3], x[0], x[5], -x[1], x[2], -x[4]] }
    let rotated = try Self.walk(turned(query), levels.map { $0.map(turned) }, [nil, nil], mode)
    #expect(distance(rotated.e, turned(walk.e).map { Double($0) }) < 1e-5)
  }

  /// At the ends of its range, dual_space keeps what the pure modes keep; at ω = 0 it also goes where they go.
  @Test func dualSpaceBetweenTheTwo() throws {
    var g = SeededGenerator(23)
    let level = Self.points(&g, 200, 5, radius: 0.95), query = Self.points(&g, 1, 5, radius: 0.9)[0]
    let k = ["k": 3.0]
    let cosine = try Self.walk(query, [level], [nil], "standard", k)
    let ball = try Self.walk(query, [level], [nil], "hyperbolic", k)
    #expect(cosine.kept != ball.kept)
    let first = try Self.walk(query, [level], [nil], "dual_space", ["k": 3, "euclideanWeight": 1])
    let second = try Self.walk(query, [level], [nil], "dual_space", ["k": 3, "euclideanWeight": 0])
    #expect(first.kept == cosine.kept)
    #expect(second.kept == ball.kept)
    // With one node the weights are 1 and the ends meet.
    for (ω, mode) in [(1.0, "standard"), (0, "hyperbolic")] {
      let pure = try Self.walk(query, [[level[0]]], [nil], mode)
      let dual = try Self.walk(query, [[level[0]]], [nil], "dual_space", ["euclideanWeight": ω])
      #expect(distance(dual.e, pure.e.map { Double($0) }) < 1e-6)
    }
  }

  /// Everything stays in the ball, with points beyond the rim and layers that would press them there.
  @Test(arguments: ["hyperbolic", "dual_space"]) func staysInTheBall(_ mode: String) throws {
    var g = SeededGenerator(24)
    let layer = try randomLayer(8, 8, heads: 2)
    for c in [0.01, 1.0, 100] {
      for radius in [0.5, 1, 1e3] {
        let levels = (0..<3).map { _ in Self.points(&g, 20, 8, radius: radius / c.squareRoot()) }
        let query = Self.points(&g, 1, 8, radius: radius / c.squareRoot())[0]
        for layers: [RuvectorLayer?] in [[nil, nil, nil], [layer, layer, layer]] {
          let e = try Self.walk(query, levels, layers, mode, ["curvature": -c]).e
          #expect(c * e.reduce(0) { $0 + Double($1) * Double($1) } < 1)
        }
      }
    }
    #expect(try Self.walk([3, 4], [], [], mode).e.map { ($0 * 1e5).rounded() } == [59_999, 79_999])
  }

  @Test(arguments: modes) func threadsDoNotMatter(_ mode: String) throws {
    var g = SeededGenerator(25)
    let level = Self.points(&g, 20_000, 4, radius: 0.9), query = Self.points(&g, 1, 4, radius: 0.9)[0]
    let one = try Self.walk(query, [level], [nil], mode)
    let many = try Self.walk(query, [level], [nil], mode, [:], Control(threads: 4))
    #expect(one.e == many.e)
    #expect(one.kept == many.kept)
    #expect(one.weights == many.weights)
  }

  @Test func wrongInput() throws {
    var g = SeededGenerator(26)
    let layers: [RuvectorLayer?] = [try randomLayer(6, 8, heads: 2), try randomLayer(8, 4, heads: 1)]
    let first = Self.points(&g, 4, 6, radius: 1), second = Self.points(&g, 4, 8, radius: 1), query = first[0]
    for mode in Self.modes {
      func error(
        _ query: [Float], _ levels: [[[Float]]], _ layers: [RuvectorLayer?], _ options: [String: Double] = [:],
        _ control: Control = .none
      ) -> RuvectorError? {
        failure { () throws(RuvectorError) in _ = try Self.walk(query, levels, layers, mode, options, control) }
      }
      #expect(error(query, [first, second], layers) == nil)
      #expect(error(query, [first, first], layers) == .dimension("layerEmbeddings[1][0]", expected: 8, received: 6))
      #expect(
        error(query, [first, second], layers.reversed())
          == RuvectorError(.dimensionMismatch, "expected a layer with inputDim 6 for layers[0], received 8"))
      #expect(
        error(query, [first], layers)
          == RuvectorError(.dimensionMismatch, "expected 1 layers for layers, received 2"))
      #expect(error([], [first], [nil])?.code == .emptyInput)
      #expect(error([.nan], [], [])?.code == .nonFinite)
      var bad = second
      bad[2][5] = -.infinity
      let named = "expected finite numbers for layerEmbeddings[1][2], received -Infinity at element 5"
      #expect(error(query, [first, bad], layers) == RuvectorError(.nonFinite, named))
      for (key, value) in [
        ("k", 0.0), ("k", 1.5), ("nothing", 1), ("temperature", 0), ("temperature", .nan), ("topK", 5),
      ] {
        #expect(error(query, [first], [nil], [key: value])?.code == .invalidConfig, "\(key)")
      }
      var flag: UInt32 = 1
      withUnsafePointer(to: &flag) {
        #expect(error(query, [first, second], layers, [:], Control(cancelFlag: $0))?.code == .aborted)
      }
    }
    for curvature in [0, 1, -Double.infinity, .nan] {
      for mode in ["hyperbolic", "dual_space"] {
        let error = failure { () throws(RuvectorError) in
          _ = try Self.walk(query, [first], [nil], mode, ["curvature": curvature])
        }
        #expect(error?.code == .invalidConfig, "\(curvature)")
      }
    }
    let error = failure { () throws(RuvectorError) in _ = try HierarchyModes.make("euclidean") }
    #expect(
      error
        == RuvectorError(
          .invalidConfig,
          "expected one of standard, hyperbolic, dual_space, edge_featured, moe for mode, received \"euclidean\""))
  }

  /// A router that asks one expert alone makes its mode of `moe`; every pair agrees with the oracle.
  @Test func experts() throws {
    var g = SeededGenerator(27)
    let levels = [Self.points(&g, 20, 5, radius: 0.9), Self.points(&g, 60, 5, radius: 0.9)]
    let query = Self.points(&g, 1, 5, radius: 0.8)[0], layer = try randomLayer(5, 5, heads: 1)
    func router(_ experts: [Int]) -> [Float] {
      (0..<32).map { $0 % 8 == 0 && experts.contains($0 / 8) ? 50 - Float($0 / 8) : 0.1 }
    }
    func walk(_ experts: [Int], _ layers: [RuvectorLayer?], _ options: [String: Double]) throws -> Walk {
      try Self.walk(query, levels, layers, "moe", options) { (mode) throws(RuvectorError) in
        let moe = mode as? MoEHierarchy
        moe?.router = try HierarchyRouter(router(experts), count: 32)
      }
    }
    for layers: [RuvectorLayer?] in [[nil, nil], [layer, nil], [layer, layer]] {
      for (expert, mode) in [(0, "standard"), (1, "hyperbolic")] {
        let alone = try walk([expert], layers, ["topK": 1, "k": 60]),
          pure = try Self.walk(query, levels, layers, mode, ["k": 60])
        #expect(alone.kept == pure.kept)
        #expect(distance(alone.e, pure.e.map { Double($0) }) < 1e-5)
      }
      for pair in [[0, 1], [1, 2], [0, 3], [2, 3]] {
        let got = try walk(pair, layers, ["k": 6])
        var oracle = HierarchyOracle(mode: "moe", k: 6)
        oracle.router = router(pair).map { Double($0) }
        let exact = oracle.walk(query, levels, layers)
        #expect(got.kept == exact.steps.map(\.kept), "\(pair)")
        #expect(distance(got.e, exact.e) < 2e-5, "\(pair)")
      }
    }
    // The experts that are not asked have no part.
    var oracle = HierarchyOracle(mode: "moe", k: 5)
    oracle.numExperts = 1
    let first = try Self.walk(query, levels, [nil, nil], "moe", ["numExperts": 1])
    #expect(distance(first.e, oracle.walk(query, levels, [nil, nil]).e) < 2e-5)
    #expect(
      failure { () throws(RuvectorError) in _ = try HierarchyRouter([Float](repeating: 0, count: 31), count: 31) }?.code
        == .dimensionMismatch)
    #expect(
      failure { () throws(RuvectorError) in _ = try HierarchyRouter([Float](repeating: .nan, count: 32), count: 32) }?
        .code
        == .nonFinite)
  }

  /// With an attention of its own `edge_featured` weighs by that: its weights over the kept, with their edges.
  @Test func edgeAttention() throws {
    var g = SeededGenerator(28)
    let level = Self.points(&g, 30, 6, radius: 0.9), query = Self.points(&g, 1, 6, radius: 0.9)[0]
    let edge = try EdgeFeatured(
      Settings(
        of: EdgeFeatured.name, EdgeFeatured.options,
        [("dim", .number(6)), ("edgeDim", .number(4)), ("heads", .number(2)), ("seed", .integer(3))]))
    // Nearness is large; with a small weight the other features count as well.
    for r in 0..<6 { edge.parameters[2][4 * r] *= 0.01 }
    let mode = try HierarchyModes.make("edge_featured", [("k", .number(4)), ("edgeAttention", .child(edge))])
    let q = try AlignedBuffer(copying: query, count: 6), rows = level.flatMap { $0 }
    let memory = try AlignedBuffer(copying: rows, count: rows.count)
    let candidates = Candidates.matrix(MatrixView(memory.pointer, rows: 30, dim: 6))
    let kept = try mode.keep(q.pointer, candidates, number: 2, "level", .none)
    let plain = try HierarchyModes.make("edge_featured", [("k", .number(4))]).keep(
      q.pointer, candidates, number: 2, "level", .none)
    let nodes = (0..<4).map { level[Int(kept.indices[$0])] }
    let edges = nodes.map { node -> [Float] in
      let cosine = cosine(query, node)
      return [Float(1 / (1 - cosine + 1e-6)), 2, Float(log(5.0)), 1]
    }
    let all = try AlignedBuffer(copying: nodes.flatMap { $0 }, count: 24),
      e = try AlignedBuffer(copying: edges.flatMap { $0 }, count: 16)
    var p = [Float](repeating: 0, count: 8)
    let view = MatrixView(all.pointer, rows: 4, dim: 6)
    try edge.weights(
      AttentionInput(
        queries: MatrixView(q.pointer, rows: 1, dim: 6), keys: view, values: view,
        edges: MatrixView(e.pointer, rows: 4, dim: 4)),
      into: &p, .none)
    #expect(distance((0..<4).map { kept.weights[$0] }, (0..<4).map { Double(p[$0] + p[4 + $0]) / 2 }) < 3e-6)
    #expect((0..<4).map { kept.indices[$0] } == (0..<4).map { plain.indices[$0] })
    #expect((0..<4).map { kept.weights[$0] } != (0..<4).map { plain.weights[$0] })
    for (dim, width) in [(6.0, 3.0), (5, 4)] {
      let other = try EdgeFeatured(
        Settings(of: EdgeFeatured.name, EdgeFeatured.options, [("dim", .number(dim)), ("edgeDim", .number(width))]))
      let error = failure { () throws(RuvectorError) in
        _ = try HierarchyModes.make("edge_featured", [("edgeAttention", .child(other))]).keep(
          q.pointer, candidates, number: 0, "level", .none)
      }
      #expect(error?.code == (width == 3 ? .invalidConfig : .dimensionMismatch))
    }
    let other = try randomLayer(6, 6, heads: 1)
    let layer = failure { () throws(RuvectorError) in
      _ = try HierarchyModes.make("edge_featured", [("edgeAttention", .child(other))])
    }
    #expect(layer?.code == .invalidConfig)
  }
}
