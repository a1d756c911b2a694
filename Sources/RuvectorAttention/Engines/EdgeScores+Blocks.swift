import CRuvectorSupport
import RuvectorCore

extension EdgeScores {
  /// The scores of GATv2 for few queries: W_t k_j + W_e e_j of some 70 keys at a time, which every query and head reads while
  /// they lie in the inner caches. [m · h, n]; keys that a query does not see are left as they are. The bits of the scores
  /// are those of projected keys in memory.
  static func scores(
    _ layer: EdgeFeatured, _ input: AttentionInput, _ queries: Rows, _ control: Control
  ) throws(RuvectorError) -> Rows {
    let w = layer.headDim, width = layer.rows, m = input.queries.rows, slope = Float(layer.negativeSlope)
    let kernels = Kernels.current, out = try Rows(m * layer.heads, input.keys.rows)
    let keys = try PackedMatrix(.transposed(layer.key.pointer, stride: layer.dim), rows: layer.dim, columns: width)
    let edges = try input.edges.map { (_) throws(RuvectorError) in
      try PackedMatrix(.transposed(layer.edge.pointer, stride: layer.edgeDim), rows: layer.edgeDim, columns: width)
    }
    try forChunks(of: input.keys.rows, chunk: 8 * keys.blockRows, control) { (chunk, _) throws(RuvectorError) in
      let z = try Rows(keys.blockRows, width), scratch = try keys.scratch(), more = try edges?.scratch()
      var first = chunk.lowerBound
      while first < chunk.upperBound {
        let end = min(first + keys.blockRows, chunk.upperBound), count = end - first
        keys.multiply(
          .rows(input.keys.row(first), stride: input.keys.stride), rows: count, into: z.memory.pointer,
          cStride: width, scratch: scratch)
        if let edges, let more, let rows = input.edges {
          edges.multiply(
            .rows(rows.row(first), stride: rows.stride), rows: count, into: z.memory.pointer, cStride: width,
            accumulate: true, scratch: more)
        }
        for i in 0..<m {
          let seen = input.keys(of: i).clamped(to: first..<end)
          guard !seen.isEmpty else { continue }
          for h in 0..<layer.heads {
            kernels.leaky_dot_rows(
              queries.row(i) + h * w, layer.attention.pointer + h * w, slope,
              z.row(seen.lowerBound - first) + h * w, width, seen.count, w,
              out.row(i * layer.heads + h) + seen.lowerBound)
          }
        }
        first = end
      }
    }
    return out
  }
}
