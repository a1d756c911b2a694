import CRuvectorSupport
import RuvectorCore

/// What the rows of edges add to scores that are linear in them: with V = (W_eᵀ a_e)^h, [heads, edgeDim], V e of each entry; of
/// a loop that the layer made the mean of the node's other entries, as its row is the mean of theirs.
final class EdgeParts {
  /// [entries, heads]
  let scores: AlignedBuffer<Float>
  private let rows: MatrixView
  private let graph: Adjacency
  private let heads: Int
  private let vectors: AlignedBuffer<Float>

  init(
    _ rows: MatrixView, _ graph: Adjacency, _ weight: Parameter, _ attention: Parameter, heads: Int, _ control: Control
  ) throws(RuvectorError) {
    (self.rows, self.graph, self.heads) = (rows, graph, heads)
    let kernels = Kernels.current, d = weight.shape[1], width = weight.shape[0] / heads
    vectors = try AlignedBuffer(count: heads * d, repeating: 0, for: "edges")
    for h in 0..<heads {
      kernels.combine_rows(
        attention.pointer + h * width, weight.pointer + h * width * d, d, width, d, vectors.pointer + h * d)
    }
    scores = try AlignedBuffer(rows: graph.edges, columns: heads, for: "edges")
    let out = scores.pointer, vectors = vectors.pointer
    try forChunks(of: graph.nodes, chunk: nodesOfPart, control) { (nodes, _) in
      for i in nodes {
        for e in graph.row(i) {
          if let entry = graph.own(e, rows.rows) {
            kernels.dot_rows(rows.row(entry), vectors, d, heads, d, out + e * heads)
          } else {
            let others = graph.row(i).count - 1, place = out + e * heads
            place.update(repeating: 0, count: heads)
            for other in graph.row(i) where other != e { kernels.add(place, out + other * heads, place, heads) }
            if others > 1 { kernels.scale(1 / Float(others), place, place, heads) }
          }
        }
      }
    }
  }

  /// With du [entries, heads] the gradient of scores: dV = Σ du e, through V to W_e and a_e; de = Vᵀ du.
  func backward(
    _ slopes: AlignedBuffer<Float>, _ weight: Parameter, _ attention: Parameter, into gradients: GraphGradients,
    _ control: Control
  ) throws(RuvectorError) {
    let kernels = Kernels.current, d = weight.shape[1], width = weight.shape[0] / heads
    let sums = try Sums(of: graph.nodes, floats: heads * d)
    try sums.forParts(control) { (nodes, place) throws(RuvectorError) in
      let du = try AlignedBuffer<Float>(count: heads, for: "edges")
      for i in nodes {
        let entries = graph.row(i)
        var loop: Int?, others: Float = 1
        if graph.entries != nil, let last = entries.last, graph.own(last, rows.rows) == nil {
          (loop, others) = (last, Float(max(entries.count - 1, 1)))
        }
        for e in entries {
          guard let entry = graph.own(e, rows.rows) else { continue }
          for h in 0..<heads {
            du[h] = slopes[e * heads + h] + (loop.map { slopes[$0 * heads + h] / others } ?? 0)
            kernels.axpy(du[h], rows.row(entry), place + h * d, d)
          }
          if let out = gradients.edgeAttr {
            kernels.combine_rows(du.pointer, vectors.pointer, d, heads, d, out + entry * d)
          }
        }
      }
    }
    let dV = try AlignedBuffer<Float>(count: heads * d, repeating: 0, for: "gradients")
    sums.add(from: 0, dV.count, to: dV.pointer)
    let toWeight = gradients.parameters[weight], toAttention = gradients.parameters[attention]
    for h in 0..<heads {
      for c in 0..<width {
        let r = h * width + c
        kernels.axpy(attention[r], dV.pointer + h * d, toWeight + r * d, d)
        toAttention[r] += kernels.dot(weight.pointer + r * d, dV.pointer + h * d, d)
      }
    }
  }
}

extension Adjacency {
  /// The place of entry e among the graph's `edges`; nil for a loop that the layer made.
  @inline(__always) func own(_ e: Int, _ edges: Int) -> Int? {
    guard let entries else { return e }
    let entry = Int(entries[e])
    return entry < edges ? entry : nil
  }
}

/// W_r x of the rows, [n, width]; nil without W_r.
func residualRows(
  _ x: Features, _ weight: Parameter?, width: Int, _ control: Control
) throws(RuvectorError) -> AlignedBuffer<Float>? {
  guard let weight else { return nil }
  let rows = try AlignedBuffer<Float>(rows: x.rows, columns: width, for: "projection")
  try x.times(weight, into: rows.pointer, control)
  return rows
}

/// out += the own rows of some nodes and b.
func addOwn(
  _ own: AlignedBuffer<Float>?, _ bias: Parameter?, to out: UnsafeMutablePointer<Float>, _ nodes: Range<Int>, width: Int
) {
  let kernels = Kernels.current, place = out + nodes.lowerBound * width
  if let own { kernels.add(place, own.pointer + nodes.lowerBound * width, place, nodes.count * width) }
  if let bias { for i in 0..<nodes.count { kernels.add(place + i * width, bias.pointer, place + i * width, width) } }
}

/// The gradient of `residualRows`.
func residualBack(
  _ x: Features, _ weight: Parameter?, _ g: UnsafePointer<Float>, width: Int, into gradients: GraphGradients,
  _ control: Control
) throws(RuvectorError) {
  guard let weight else { return }
  try x.addWeightGradient(g, width: width, to: gradients.parameters[weight], control)
  try addInputGradient(g, rows: x.rows, weight, to: gradients.x, control)
}
