import Foundation
import RuvectorCore
import RuvectorHierarchy
import TestSupport
import Testing

@Suite struct RuvectorLayerTests {
  struct Shape: CustomTestStringConvertible {
    let input, hidden, heads: Int
    var dropout = 0.0
    var testDescription: String { "\(input) -> \(hidden), \(heads) heads, dropout \(dropout)" }
  }

  static let shapes = [
    Shape(input: 3, hidden: 4, heads: 1), Shape(input: 7, hidden: 4, heads: 2),
    Shape(input: 4, hidden: 8, heads: 4),
    Shape(input: 16, hidden: 16, heads: 2, dropout: 0.5), Shape(input: 33, hidden: 64, heads: 4),
    Shape(input: 5, hidden: 1, heads: 1), Shape(input: 1, hidden: 6, heads: 1, dropout: 1),
    Shape(input: 128, hidden: 96, heads: 2, dropout: 0.1),
  ]

  /// Edge weights of every kind: as many as neighbours, fewer, more, none; their sum above, at and below 0.
  static func edgeWeights(_ n: Int, _ g: inout SeededGenerator) -> [(String, [Float])] {
    let positive = (0..<n + 3).map { _ in Float(g.uniform()) }
    let mixed = (0..<n).map { Float($0 % 3) - 0.8 } + [5]
    return [
      ("as many", Array(positive.prefix(n))), ("one less", Array(positive.prefix(max(n - 1, 0)))),
      ("three more", positive), ("none", []), ("zeros", [Float](repeating: 0, count: n)),
      ("negative", positive.map { -$0 }), ("mixed", mixed), ("sum 0", [1, -1]),
      ("large", positive.map { $0 * 1e38 }), ("tiny", positive.map { $0 * 1e-38 }),
    ]
  }

  @Test(arguments: shapes) func againstOracle(_ shape: Shape) throws {
    let layer = try randomLayer(shape.input, shape.hidden, heads: shape.heads, dropout: shape.dropout)
    let oracle = LayerOracle(layer)
    var g = SeededGenerator(1), worst = 0.0
    for n in [0, 1, 2, 3, 4, 5, 6, 9, 10, 40] {
      let node = g.normals(shape.input), neighbors = (0..<n).map { _ in g.normals(shape.input) }
      for (name, weights) in Self.edgeWeights(n, &g) {
        let exact = oracle.forward(node, neighbors, weights)
        for gap in [0, 3] {
          let error = distance(try forward(layer, node, neighbors, weights, gap: gap), exact)
          worst = max(worst, error)
          #expect(error <= 1e-5, "\(n) neighbours, weights \(name)")
        }
      }
    }
    print("layer \(shape.testDescription): worst \(worst)")
  }

  @Test func golden() throws {
    let golden = try Golden()
    #expect(golden.forward.count == 7 && golden.layers.count == 5)
    var worst = 0.0
    for (i, vector) in golden.forward.enumerated() {
      let layer = try golden.layer(vector.layer)
      let y = try forward(layer, vector.node, vector.neighbors, vector.weights)
      let error = distance(y, vector.output.map { Double($0) })
      worst = max(worst, error)
      #expect(error <= 1e-5, "\(i): \(vector.layer)")
    }
    print("golden forward: worst \(worst)")
  }

  /// The neighbours and their weights are a set of pairs.
  @Test(arguments: [2, 3, 5, 12, 50]) func permutation(_ n: Int) throws {
    let layer = try randomLayer(9, 12, heads: 2)
    var g = SeededGenerator(UInt64(n))
    let node = g.normals(9), neighbors = (0..<n).map { _ in g.normals(9) },
      weights = g.normals(n).map { abs($0) }
    let y = try forward(layer, node, neighbors, weights)
    for _ in 0..<5 {
      let order = (0..<n).shuffled(using: &g)
      let other = try forward(layer, node, order.map { neighbors[$0] }, order.map { weights[$0] })
      #expect(distance(other, y.map { Double($0) }) <= 1e-5)
    }
    // One scale for all weights changes nothing.
    let scaled = try forward(layer, node, neighbors, weights.map { $0 * 8 })
    #expect(distance(scaled, y.map { Double($0) }) <= 1e-6)
    // Which weight goes with which neighbour does.
    let swapped = try forward(layer, node, neighbors, [weights[1], weights[0]] + weights.dropFirst(2))
    #expect(distance(swapped, y.map { Double($0) }) > 1e-5)
  }

  @Test func layerNormTakesDropoutAway() throws {
    var g = SeededGenerator(3)
    let node = g.normals(6), neighbors = (0..<4).map { _ in g.normals(6) }
    let full = try RuvectorLayer(inputDim: 6, hiddenDim: 8, heads: 2, dropout: 0, seed: 5)
    let half = try RuvectorLayer(inputDim: 6, hiddenDim: 8, heads: 2, dropout: 0.5, seed: 5)
    let none = try RuvectorLayer(inputDim: 6, hiddenDim: 8, heads: 2, dropout: 1, seed: 5)
    let y = try forward(full, node, neighbors, [1, 1, 1, 1])
    #expect(distance(try forward(half, node, neighbors, [1, 1, 1, 1]), y.map { Double($0) }) < 1e-3)
    #expect(try forward(none, node, neighbors, [1, 1, 1, 1]) == [Float](repeating: 0, count: 8))
    #expect(try forward(none, node, [], []) == forward(full, node, [], []))
  }

  /// Where Float overflows on the way the Double path gives the same result.
  @Test(arguments: [1e15, 1e20, 1e30, 1e38]) func hugeInput(_ size: Double) throws {
    for (heads, n) in [(1, 1), (1, 3), (2, 7), (4, 40)] {
      let layer = try randomLayer(6, 8, heads: heads), oracle = LayerOracle(layer)
      var g = SeededGenerator(UInt64(n))
      let node = g.normals(6).map { $0 * Float(size / 4) }
      let neighbors = (0..<n).map { _ in g.normals(6).map { $0 * Float(size / 4) } },
        weights = g.normals(n).map { abs($0) }
      let y = try forward(layer, node, neighbors, weights)
      let error = distance(y, oracle.forward(node, neighbors, weights))
      #expect(error <= 1e-5, "size \(size), \(n) neighbours, \(heads) heads")
    }
  }

  // MARK: - Wrong input

  @Test(arguments: [0.0, 0.5, 1]) func nonFiniteIsNamed(_ dropout: Double) throws {
    let layer = try randomLayer(5, 8, heads: 2, dropout: dropout)
    var g = SeededGenerator(2)
    for n in [1, 3, 20] {
      let node = g.normals(5), neighbors = (0..<n).map { _ in g.normals(5) }
      let weights = (0..<n + 1).map { _ in Float(g.uniform()) }
      for (bad, word) in [(Float.nan, "NaN"), (.infinity, "Infinity"), (-.infinity, "-Infinity")] {
        var wrongNode = node, wrongNeighbors = neighbors, wrongWeights = weights
        wrongNode[3] = bad
        wrongNeighbors[n - 1][4] = bad
        wrongWeights[n] = bad
        func error(_ node: [Float], _ neighbors: [[Float]], _ weights: [Float]) -> RuvectorError? {
          failure { () throws(RuvectorError) in _ = try forward(layer, node, neighbors, weights) }
        }
        func wanted(_ name: String, _ element: Int) -> RuvectorError {
          RuvectorError(
            .nonFinite, "expected finite numbers for \(name), received \(word) at element \(element)")
        }
        #expect(error(wrongNode, neighbors, weights) == wanted("node", 3))
        #expect(error(wrongNode, [], []) == wanted("node", 3))
        #expect(error(node, wrongNeighbors, weights) == wanted("neighbors[\(n - 1)]", 4))
        #expect(error(node, wrongNeighbors, []) == wanted("neighbors[\(n - 1)]", 4))
        #expect(error(node, neighbors, wrongWeights) == wanted("edgeWeights", n))
      }
    }
  }

  @Test func impossibleOptions() {
    func error(
      _ input: Int = 4, _ hidden: Int = 4, _ heads: Int = 2, _ dropout: Double = 0, _ epsilon: Double = 1e-5
    ) -> RuvectorError? {
      failure { () throws(RuvectorError) in
        _ = try RuvectorLayer(
          inputDim: input, hiddenDim: hidden, heads: heads, dropout: dropout, seed: 0, epsilon: epsilon)
      }
    }
    #expect(error() == nil)
    for size in [0, -1, 65_537, Int.max, Int.min] {
      for (name, found) in [
        ("inputDim", error(size)), ("hiddenDim", error(4, size)), ("heads", error(4, 4, size)),
      ] {
        let message = "expected an integer in 1...65536 for \(name), received \(size)"
        #expect(found == RuvectorError(.invalidConfig, message))
      }
    }
    #expect(
      error(4, 6, 4)
        == RuvectorError(.invalidConfig, "expected a divisor of 6 for heads, received 4"))
    for dropout in [-1e-9, 1.000001, Double.nan, .infinity] {
      #expect(error(4, 4, 2, dropout)?.code == .invalidConfig)
    }
    for epsilon in [0, -1e-5, 1.1, Double.nan] { #expect(error(4, 4, 2, 0, epsilon)?.code == .invalidConfig) }
  }

  @Test func neighborsOfAnotherWidth() throws {
    let layer = try randomLayer(5, 8, heads: 2)
    let error = failure { () throws(RuvectorError) in
      _ = try forward(layer, [1, 2, 3, 4, 5], [[1, 2, 3, 4]], [1])
    }
    #expect(error == .dimension("neighbors[0]", expected: 5, received: 4))
  }
}
