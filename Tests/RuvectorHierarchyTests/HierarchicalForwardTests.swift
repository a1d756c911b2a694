import Foundation
import RuvectorCore
import RuvectorHierarchy
import RuvectorSearch
import TestSupport
import Testing

@Suite struct HierarchicalForwardTests {
  @Test func golden() throws {
    let golden = try Golden()
    #expect(golden.hierarchies.count == 4)
    var worst = 0.0
    for (i, vector) in golden.hierarchies.enumerated() {
      for sets in [false, true] {
        let y = try hierarchy(
          vector.query, vector.levels, vector.layers.map { try golden.layer($0) }, sets: sets)
        let error = distance(y, vector.output.map { Double($0) })
        worst = max(worst, error)
        #expect(error <= 1e-5, "\(i)")
      }
    }
    print("golden hierarchical forward: worst \(worst)")
  }

  /// The searches of the same package, which the levels are searched by.
  @Test func goldenSearches() throws {
    let golden = try Golden()
    #expect(golden.searches.count == 7)
    for (i, vector) in golden.searches.enumerated() {
      let dim = vector.query.count, rows = Array(vector.candidates.joined())
      let search = try StreamingSearch(
        query: vector.query, dim: dim, metric: .cosine, k: vector.k, temperature: vector.temperature)
      try search.feed(VectorSet(copying: rows, rows: vector.candidates.count, dim: dim))
      var indices: [Int] = [], weights: [Float] = []
      search.finish { index, weight, _ in
        indices.append(Int(index))
        weights.append(weight)
      }
      if vector.temperature == 0.001 {
        // The published order is wrong here (Tests/Fixtures/README.md): best score first.
        let scores = vector.candidates.map { cosine(vector.query, $0) }
        #expect(indices == scores.indices.sorted { scores[$0] > scores[$1] }.prefix(vector.k).map { $0 })
        continue
      }
      #expect(indices == vector.indices, "\(i)")
      #expect(weights.count == vector.weights.count)
      if !weights.isEmpty { #expect(distance(weights, vector.weights.map { Double($0) }) <= 1e-5, "\(i)") }
    }
  }

  /// The formula of each level in Double.
  static func oracle(_ query: [Float], _ levels: [[[Float]]], _ layers: [RuvectorLayer]) -> [Double] {
    var e = query.map { Double($0) }
    for (level, layer) in zip(levels, layers) where !level.isEmpty {
      let current = e.map { Float($0) }, scores = level.map { cosine(current, $0) }
      let total = scores.reduce(0) { $0 + exp($1) }
      let best = scores.indices.sorted { scores[$0] > scores[$1] }.prefix(5)
      let w = best.map { exp(scores[$0]) / total }
      let combined = e.indices.map { i in
        Float((e[i] + zip(best, w).reduce(0) { $0 + $1.1 * Double(level[$1.0][i]) }) / 2)
      }
      e = LayerOracle(layer).forward(combined, best.map { level[$0] }, w.map { Float($0) })
    }
    return e
  }

  @Test func againstOracle() throws {
    var g = SeededGenerator(9)
    let layers = [
      try randomLayer(6, 8, heads: 2), try randomLayer(8, 4, heads: 1), try randomLayer(4, 12, heads: 4),
    ]
    for sizes in [[3, 10, 600], [1, 1, 1], [5, 0, 0], [0, 0, 0], [7, 7], [], [40, 40, 40, 9]] {
      let dims = [6, 8, 4, 12]
      let levels = sizes.enumerated().map { l, n in (0..<n).map { _ in g.normals(dims[l]) } }
      let query = g.normals(6), exact = Self.oracle(query, levels, layers)
      #expect(distance(try hierarchy(query, levels, layers), exact) <= 3e-5, "\(sizes)")
      #expect(distance(try hierarchy(query, levels, layers, sets: true), exact) <= 3e-5, "\(sizes)")
    }
    // As many levels as both lists have.
    #expect(try hierarchy([1, 2], [[[1, 2]]], []) == [1, 2])
  }

  @Test func wrongInput() throws {
    var g = SeededGenerator(10)
    let layers = [try randomLayer(6, 8, heads: 2), try randomLayer(8, 4, heads: 1)]
    let first = (0..<4).map { _ in g.normals(6) }, second = (0..<4).map { _ in g.normals(8) },
      query = g.normals(6)
    func error(
      _ query: [Float], _ levels: [[[Float]]], _ layers: [RuvectorLayer], _ control: Control = .none
    ) -> RuvectorError? {
      failure { () throws(RuvectorError) in _ = try hierarchy(query, levels, layers, control: control) }
    }
    #expect(error(query, [first, second], layers) == nil)
    #expect(
      error(query, [first, first], layers) == .dimension("layerEmbeddings[1][0]", expected: 8, received: 6))
    let swapped = RuvectorError(
      .dimensionMismatch, "expected a layer with inputDim 6 for layers[0], received 8")
    #expect(error(query, [first, second], layers.reversed()) == swapped)
    var bad = second
    bad[2][5] = .nan
    let named = "expected finite numbers for layerEmbeddings[1][2], received NaN at element 5"
    #expect(error(query, [first, bad], layers) == RuvectorError(.nonFinite, named))
    #expect(error([1, 2, .infinity, 4, 5, 6], [first, second], layers)?.code == .nonFinite)
    var flag: UInt32 = 1
    withUnsafePointer(to: &flag) {
      #expect(error(query, [first, second], layers, Control(cancelFlag: $0))?.code == .aborted)
    }
  }
}
