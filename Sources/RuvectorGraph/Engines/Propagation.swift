import CRuvectorSupport
import RuvectorCore

/// Nodes of one part: some 100 µs of work.
let nodesOfPart = 128

extension Adjacency {
  /// out [nodes, dim] ← Σ_j w_ij x_j (+ bias); `adds`: out += it. O(edges · dim).
  func propagate(
    _ x: UnsafePointer<Float>, stride: Int, dim: Int, bias: Parameter? = nil, into out: UnsafeMutablePointer<Float>,
    adds: Bool = false, _ control: Control
  ) throws(RuvectorError) {
    let kernels = Kernels.current
    try forChunks(of: nodes, chunk: nodesOfPart, control) { (part, _) throws(RuvectorError) in
      try kernels.sumRows(
        offsets.pointer, indices.pointer, weights: weights.map { UnsafePointer($0.pointer) }, x, stride: stride,
        of: part, dim: dim, into: out, adds: adds)
      if let bias { for i in part { kernels.add(out + i * dim, bias.pointer, out + i * dim, dim) } }
    }
  }

  /// out [columns, dim] ← Σ_i w_ij g_i, the gradient of x; `adds`: out += it.
  func propagateBack(
    _ g: UnsafePointer<Float>, dim: Int, into out: UnsafeMutablePointer<Float>, adds: Bool = false, _ control: Control
  ) throws(RuvectorError) {
    let back = try reverse, kernels = Kernels.current, edges = back.transposed
    try forChunks(of: columns, chunk: nodesOfPart, control) { (part, _) throws(RuvectorError) in
      try kernels.sumRows(
        edges.offsets.pointer, edges.targets.pointer, weights: back.weights.map { UnsafePointer($0.pointer) }, g,
        stride: dim, of: part, dim: dim, into: out, adds: adds)
    }
  }

  /// For x with the maxima `top` [nodes, dim] of each node's sources: out [columns, dim] += g, in equal shares among the sources
  /// that have the maximum. O(edges · dim) twice.
  func maximaBack(
    _ g: UnsafePointer<Float>, x: MatrixView, top: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>,
    _ control: Control
  ) throws(RuvectorError) {
    let dim = x.dim, shares = try AlignedBuffer<Float>(rows: nodes, columns: dim, for: "gradients")
    try forChunks(of: nodes, chunk: nodesOfPart, control) { (part, _) throws(RuvectorError) in
      for i in part {
        let share = shares.pointer + i * dim, most = top + i * dim
        share.update(repeating: 0, count: dim)
        for e in row(i) {
          let source = x.row(Int(indices[e]))
          for c in 0..<dim where source[c] == most[c] { share[c] += 1 }
        }
        for c in 0..<dim { share[c] = share[c] > 0 ? g[i * dim + c] / share[c] : 0 }
      }
    }
    let back = try reverse.transposed
    try forChunks(of: columns, chunk: nodesOfPart, control) { (part, _) throws(RuvectorError) in
      for j in part {
        let source = x.row(j), place = out + j * dim
        for t in Int(back.offsets[j])..<Int(back.offsets[j + 1]) {
          let i = Int(back.targets[t]), most = top + i * dim, share = shares.pointer + i * dim
          for c in 0..<dim where source[c] == most[c] { place[c] += share[c] }
        }
      }
    }
  }
}
