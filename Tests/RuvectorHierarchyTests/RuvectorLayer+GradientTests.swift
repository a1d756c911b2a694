import Foundation
import RuvectorCore
import RuvectorHierarchy
import TestSupport
import Testing

/// The gradient against central differences of the formula in Double.
@Suite struct RuvectorLayerGradientTests {
  /// Gradients of Σ g · output: node, neighbours, edge weights, parameters, one after the other.
  private func backward(
    _ layer: RuvectorLayer, _ node: [Float], _ neighbors: [[Float]], _ weights: [Float], _ g: [Float], gap: Int = 0
  ) throws(RuvectorError) -> [Float] {
    let d = layer.inputDim, n = neighbors.count, blank = [Float](repeating: .nan, count: gap)
    let rows = Array(neighbors.map { $0 + blank }.joined())
    let memory = try AlignedBuffer(copying: rows, count: rows.count)
    let edges = try AlignedBuffer(copying: weights, count: weights.count)
    let total = d + n * d + weights.count + layer.parameters.reduce(0) { $0 + $1.count }
    let out = try AlignedBuffer<Float>(count: total + 1, repeating: 0), p = out.pointer
    out[total] = .nan
    try layer.backward(
      node, neighbors: MatrixView(memory.pointer, rows: n, dim: neighbors.first?.count ?? d, stride: d + gap),
      edgeWeights: UnsafeBufferPointer(start: edges.pointer, count: weights.count), outputGradient: g,
      into: LayerGradients(
        node: p, neighbors: p + d, edgeWeights: p + d + n * d, parameters: Gradients(p + d + n * d + weights.count)))
    precondition(out[total].isNaN, "wrote behind the output")
    return (0..<total).map { out[$0] }
  }

  private func exact(
    _ layer: RuvectorLayer, _ node: [Float], _ neighbors: [[Float]], _ weights: [Float], _ g: [Float]
  ) -> [Double] {
    let d = layer.inputDim, n = neighbors.count, w = weights.count
    let parameters = layer.parameters.flatMap { p in (0..<p.count).map { Double(p[$0]) } }
    let x = (node + neighbors.joined() + weights).map { Double($0) } + parameters
    func loss(_ x: [Double]) -> Double {
      let rows = (0..<n).map { Array(x[d + $0 * d..<2 * d + $0 * d]) }, start = d + n * d
      let out = LayerOracle(layer, Array(x[(start + w)...])).forward(Array(x[..<d]), rows, Array(x[start..<start + w]))
      return zip(out, g).reduce(0) { $0 + $1.0 * Double($1.1) }
    }
    // Of the parameters every seventh, another one for every number of neighbours: the formula in Double is slow.
    return x.indices.map { i in
      if i >= d + n * d + w, i % 7 != n % 7 { return .nan }
      var up = x, down = x
      let step = 1e-5 * max(1e-3, x[i].magnitude)
      up[i] += step
      down[i] -= step
      return (loss(up) - loss(down)) / (2 * step)
    }
  }

  static let shapes = [
    RuvectorLayerTests.Shape(input: 3, hidden: 4, heads: 1), .init(input: 5, hidden: 6, heads: 2),
    .init(input: 4, hidden: 8, heads: 4, dropout: 0.5), .init(input: 1, hidden: 3, heads: 3, dropout: 0.1),
    .init(input: 9, hidden: 5, heads: 1),
  ]

  /// n below and above 2 · heads + 1: `forward` takes both of its ways.
  @Test(arguments: shapes) func againstDifferences(_ shape: RuvectorLayerTests.Shape) throws {
    let layer = try randomLayer(shape.input, shape.hidden, heads: shape.heads, dropout: shape.dropout)
    var g = SeededGenerator(81)
    for n in [0, 1, 5, 12] {
      let node = g.normals(shape.input), neighbors = (0..<n).map { _ in g.normals(shape.input) }
      let direction = g.normals(shape.hidden), positive = (0..<n + 2).map { _ in Float(0.1 + g.uniform()) }
      let mixed = (0..<n).map { Float($0 % 3) - 0.8 } + [5]
      for weights in [Array(positive.prefix(max(0, n - 1))), positive, [], mixed] {
        let gradient = try backward(layer, node, neighbors, weights, direction)
        let exact = exact(layer, node, neighbors, weights, direction)
        let seen = exact.indices.filter { !exact[$0].isNaN }
        let error = distance(seen.map { gradient[$0] }, seen.map { exact[$0] })
        #expect(error < 2e-5, "\(n) neighbours, \(weights.count) weights")
        #expect(try backward(layer, node, neighbors, weights, direction, gap: 3) == gradient)
      }
    }
  }

  /// Shares that are equal because the weights sum to nothing do not depend on them; b_k never matters; without attention
  /// neither do the weights of that.
  @Test func zeros() throws {
    let layer = try randomLayer(3, 4, heads: 2)
    var g = SeededGenerator(82)
    let node = g.normals(3), neighbors = (0..<3).map { _ in g.normals(3) }, direction = g.normals(4)
    let equal = try backward(layer, node, neighbors, [-1, 0.5, 0.2], direction)
    #expect(equal[12..<15].allSatisfy { $0 == 0 } && equal[0..<12].allSatisfy { $0 != 0 })
    var at = 15
    for parameter in layer.parameters {
      let part = equal[at..<at + parameter.count]
      #expect(part.allSatisfy { $0 == 0 } == (parameter.name == "attention.k_linear.bias"), "\(parameter.name)")
      at += parameter.count
    }
    let alone = try backward(layer, node, [], [], direction)
    #expect(alone[0..<3].allSatisfy { $0 != 0 } && alone[(3 + 16)..<(alone.count - 8)].allSatisfy { $0 == 0 })
  }

  @Test func addsToWhatIsThere() throws {
    let layer = try randomLayer(3, 4, heads: 2)
    var g = SeededGenerator(83)
    let node = g.normals(3), direction = g.normals(4), once = try backward(layer, node, [], [], direction)
    let out = try AlignedBuffer<Float>(count: 3, repeating: 1)
    let none = MatrixView(out.pointer, rows: 0, dim: 3), edges = UnsafeBufferPointer<Float>(start: nil, count: 0)
    try layer.backward(
      node, neighbors: none, edgeWeights: edges, outputGradient: direction, into: LayerGradients(node: out.pointer))
    for i in 0..<3 { #expect(abs(out[i] - 1 - once[i]) < 1e-6) }
  }

  @Test func refusals() throws {
    let layer = try randomLayer(3, 4, heads: 2)
    func error(
      _ node: [Float] = [1, 2, 3], _ neighbors: [[Float]] = [[1, 2, 3]], _ weights: [Float] = [1],
      _ g: [Float] = [1, 2, 3, 4]
    ) -> RuvectorError? {
      failure { () throws(RuvectorError) in _ = try backward(layer, node, neighbors, weights, g) }
    }
    #expect(error() == nil)
    #expect(error([1, .nan, 3])?.message == "expected finite numbers for node, received NaN at element 1")
    #expect(error([1, 2, 3], [[1, 2, 3], [.infinity, 2, 3]])?.code == .nonFinite)
    #expect(error([1, 2, 3], [[1, 2]])?.code == .dimensionMismatch)
    #expect(error([1, 2, 3], [[1, 2, 3]], [-.infinity])?.message.contains("edgeWeights") == true)
    #expect(error([1, 2, 3], [[1, 2, 3]], [1], [1, 2, 3, .nan])?.message.contains("outputGradient") == true)
    #expect(error([1, 2, 3], [[1, 2, 3], [3, 2, 1]], [1e-30, 2e-30], [3e38, 1, 2, 3])?.code == .outOfRange)
  }
}
