import CRuvectorSupport
import RuvectorCore
import RuvectorSearch

/// Walk down the levels of a hierarchy (`hierarchicalForward` of `@ruvector/gnn`, V1):
///
///     (idx, w) = the 5 best of level l by cosine, w the softmax over the whole level (T = 1)
///     e ← layer_l(½ (e + Σ w_j E_idx), neighbours E_idx, edge weights w)
///
/// starting at e = `query`. As many levels as both lists have; an empty level is skipped; without any, the result is
/// the query. (w is not renormalised, as in the package this replaces: at n nodes the sum shrinks as 5/n.)
/// - Returns: the embedding after the last level, as wide as its layer's hiddenDim.
/// - Throws: `.dimensionMismatch` naming the level, `.nonFinite`, `.aborted`.
/// - Complexity: O(Σ n_l · d_l) plus one layer forward a level.
public func hierarchicalForward(
  query: UnsafeBufferPointer<Float>, levels: [Candidates], layers: [any WalkLayer], control: Control = .none
) throws(RuvectorError) -> [Float] {
  var current = [Float](query)
  var search: StreamingSearch?
  for l in 0..<min(levels.count, layers.count) {
    let level = levels[l], layer = layers[l], d = current.count
    guard level.rows > 0 else { continue }
    try control.check()
    let name = "layerEmbeddings[\(l)]"
    guard level.dim == d else {
      throw .dimension(name + "[0]", expected: d, received: level.dim)
    }
    guard layer.inputDim == d else {
      throw .expected(
        "a layer with inputDim \(d)", for: "layers[\(l)]", received: "\(layer.inputDim)",
        .dimensionMismatch)
    }
    if let search {
      try search.restart(query: current, dim: d, metric: .cosine, k: 5, temperature: 1, candidates: name)
    } else {
      search = try StreamingSearch(
        query: current, dim: d, metric: .cosine, k: 5, temperature: 1, candidates: name)
    }
    guard let search else { continue }
    try search.feed(level)

    var nodes: [Float] = [], weights: [Float] = []
    nodes.reserveCapacity(5 * d)
    search.finish { index, weight, _ in
      nodes.append(contentsOf: UnsafeBufferPointer(start: level.row(Int(index)), count: d))
      weights.append(weight)
    }
    var next = [Float](repeating: 0, count: layer.hiddenDim)
    try hierarchicalStep(
      current, nodes: MatrixView(nodes, rows: weights.count, dim: d), weights: weights, layer, into: &next)
    current = next
  }
  return current
}

/// One level of ``hierarchicalForward(query:levels:layers:control:)`` after its search:
///
///     out ← layer(½ (e + Σ w_j N_j), neighbours N, edge weights w)
///
/// `current` e [in], `nodes` N [kept, in], `weights` w [kept], `out` [hidden]. The sum is taken in Double.
public func hierarchicalStep(
  _ current: UnsafePointer<Float>, nodes: MatrixView, weights: UnsafePointer<Float>, _ layer: any WalkLayer,
  into out: UnsafeMutablePointer<Float>
) throws(RuvectorError) {
  guard nodes.dim == layer.inputDim else {
    throw .dimension("nodes[0]", expected: layer.inputDim, received: nodes.dim)
  }
  let combined = try AlignedBuffer<Float>(count: nodes.dim)
  for i in 0..<nodes.dim {
    var sum = Double(current[i])
    for j in 0..<nodes.rows { sum += Double(weights[j]) * Double(nodes.row(j)[i]) }
    combined[i] = Float(sum / 2)
  }
  try layer.forward(
    combined.pointer, neighbors: nodes, edgeWeights: UnsafeBufferPointer(start: weights, count: nodes.rows),
    into: out)
}
