import RuvectorCore
import RuvectorSearch

// MARK: - Gradient

extension StandardHierarchy {
  /// One step back: from g = dL/d(layer's output) to e, to the nodes kept and to the layer's parameters. With dm, dE_j and dw_j, what
  /// the layer gives its node, its neighbours and their weights,
  ///
  ///     dw_j += ½ dm·E_j                    dE_j += ½ w_j dm             ds_j = w_j (dw_j − Σ w dw)/T
  ///     de = ½ dm + Σ ds_j (Ê_j − s_j ê)/|e|                             dE_j += ds_j (ê − s_j Ê_j)/|E_j|
  ///
  /// x̂ = x/|x|, s_j = ê·Ê_j; the cosine of a row of zeros is the constant 0. Which nodes are kept is a constant, too: where two change
  /// places the function has a step, of which a gradient knows nothing.
  ///
  /// - Parameters:
  ///   - nodes: [kept, d], packed, where the gradients of the nodes are added; nil: not wanted.
  ///   - parameters: where those of the layer are added; nil: not wanted.
  /// - Returns: de [d].
  /// - Throws: `.outOfRange` where a gradient leaves Float.
  /// - Precision: the layer's; all else in Double.
  func backward(
    _ e: [Double], _ kept: KeptNodes, _ layer: any WalkLayer, outputGradient g: UnsafePointer<Float>,
    nodes: UnsafeMutablePointer<Float>?, parameters: Gradients?
  ) throws(RuvectorError) -> [Double] {
    let d = e.count, n = kept.count, m = try combine(e, kept)
    let memory = try AlignedBuffer<Float>(count: (2 * n + 2) * d + n, repeating: 0, for: "gradients")
    let node = memory.pointer, rows = node + d, dm = rows + n * d, dE = dm + d, dw = dE + n * d
    for i in 0..<d { node[i] = Float(m[i]) }
    for j in 0..<n { (rows + j * d).update(from: kept.level.row(Int(kept.indices[j])), count: d) }
    try layer.backward(
      node, neighbors: MatrixView(rows, rows: n, dim: d),
      edgeWeights: UnsafeBufferPointer(start: kept.weights.pointer, count: n), outputGradient: g,
      into: LayerGradients(node: dm, neighbors: dE, edgeWeights: dw, parameters: parameters))

    var slopes: [Double] = [], mean = 0.0
    for j in 0..<n {
      slopes.append(Double(dw[j]) + product(dm, rows + j * d, d) / 2)
      mean += Double(kept.weights[j]) * slopes[j]
    }
    var de: [Double] = []
    for i in 0..<d { de.append(Double(dm[i]) / 2) }
    var squares = 0.0
    for x in e { squares += x * x }
    let length = squares.squareRoot()
    for j in 0..<n {
      let w = Double(kept.weights[j]), row = rows + j * d, its = product(row, row, d).squareRoot()
      if let nodes { for i in 0..<d { nodes[j * d + i] += dE[j * d + i] + Float(w * Double(dm[i]) / 2) } }
      guard length > 0, its > 0 else { continue }
      let slope = w * (slopes[j] - mean) / temperature
      var cosine = 0.0
      for i in 0..<d { cosine += e[i] / length * (Double(row[i]) / its) }
      for i in 0..<d {
        let x = e[i] / length, y = Double(row[i]) / its
        de[i] += slope * (y - cosine * x) / length
        if let nodes { nodes[j * d + i] += Float(slope * (x - cosine * y) / its) }
      }
    }
    withExtendedLifetime(memory) {}
    return de
  }
}

private func product(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ n: Int) -> Double {
  var sum = 0.0
  for i in 0..<n { sum += Double(x[i]) * Double(y[i]) }
  return sum
}
