import RuvectorCore
import RuvectorHierarchy
import RuvectorSearch
import TestSupport

/// Weights, biases, gamma and beta all random, so that each matters.
func randomLayer(_ inputDim: Int, _ hiddenDim: Int, heads: Int, dropout: Double = 0) throws -> RuvectorLayer {
  let layer = try RuvectorLayer(
    inputDim: inputDim, hiddenDim: hiddenDim, heads: heads, dropout: dropout,
    seed: UInt64(inputDim * 100 + hiddenDim))
  var g = SeededGenerator(UInt64(heads + 3 * hiddenDim))
  for parameter in layer.parameters {
    for i in 0..<parameter.count { parameter[i] += Float(0.1 * g.normal()) }
  }
  return layer
}

/// `forward` with arrays; `gap` floats of NaN between the neighbours.
func forward(
  _ layer: RuvectorLayer, _ node: [Float], _ neighbors: [[Float]], _ weights: [Float], gap: Int = 0
) throws(RuvectorError) -> [Float] {
  let dim = neighbors.first?.count ?? layer.inputDim
  let blank = [Float](repeating: .nan, count: gap)
  var rows = Array(neighbors.map { $0 + blank }.joined())
  rows.removeLast(min(gap, rows.count))
  let memory = try AlignedBuffer(copying: rows, count: rows.count)
  let out = try AlignedBuffer<Float>(count: layer.hiddenDim + 1, repeating: .nan)
  let view = MatrixView(memory.pointer, rows: neighbors.count, dim: dim, stride: dim + gap)
  let edges = try AlignedBuffer(copying: weights, count: weights.count)
  try layer.forward(
    node, neighbors: view, edgeWeights: UnsafeBufferPointer(start: edges.pointer, count: weights.count),
    into: out.pointer)
  precondition(out[layer.hiddenDim].isNaN, "wrote behind the output")
  return (0..<layer.hiddenDim).map { out[$0] }
}

func hierarchy(
  _ query: [Float], _ levels: [[[Float]]], _ layers: [RuvectorLayer], sets: Bool = false,
  control: Control = .none
) throws(RuvectorError) -> [Float] {
  var memory: [AlignedBuffer<Float>] = [], candidates: [Candidates] = []
  for level in levels {
    let rows = Array(level.joined()), dim = level.first?.count ?? 0
    let buffer = try AlignedBuffer(copying: rows, count: rows.count)
    memory.append(buffer)
    if sets {
      candidates.append(.set(try VectorSet(copying: rows, rows: level.count, dim: dim)))
    } else {
      candidates.append(.matrix(MatrixView(buffer.pointer, rows: level.count, dim: dim)))
    }
  }
  let queries = try AlignedBuffer(copying: query, count: query.count)
  return try withExtendedLifetime(memory) { () throws(RuvectorError) in
    try hierarchicalForward(
      query: UnsafeBufferPointer(start: queries.pointer, count: query.count), levels: candidates,
      layers: layers,
      control: control)
  }
}
