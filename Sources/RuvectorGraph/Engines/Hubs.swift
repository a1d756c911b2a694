import CRuvectorSupport
import RuvectorCore

/// Sums over the entries of nodes, of which some may be hubs: a Float that a million small numbers are added to one after the other
/// is off by a hundredth. Those of a hub are added up in blocks, then the blocks. (Other nodes: in the order of their entries.)
extension KernelTable {
  /// Entries of a block; who has no more is no hub.
  private static var block: UInt32 { 2048 }

  /// out[i] ← Σ_e w_e x[indices[e]] over the entries of each node of a part; `adds`: out[i] += it.
  func sumRows(
    _ offsets: UnsafePointer<UInt32>, _ indices: UnsafePointer<UInt32>, weights: UnsafePointer<Float>? = nil,
    _ x: UnsafePointer<Float>, stride: Int, of part: Range<Int>, dim: Int, into out: UnsafeMutablePointer<Float>,
    adds: Bool = false
  ) throws(RuvectorError) {
    try sum(offsets, part, width: dim, out, adds) { offsets, first, last, out, adds in
      gather_rows(offsets, indices, nil, weights, 1, x, stride, first, last, dim, out, dim, adds)
    }
  }

  /// The same with a weight a head: Σ_e w_eh x[indices[e]] in the columns of head h; entry e has the weights at `places[e]`.
  func sumHeads(
    _ offsets: UnsafePointer<UInt32>, _ indices: UnsafePointer<UInt32>, places: UnsafePointer<UInt32>? = nil,
    _ weights: UnsafePointer<Float>, heads: Int, width: Int, _ x: UnsafePointer<Float>, of part: Range<Int>,
    into out: UnsafeMutablePointer<Float>
  ) throws(RuvectorError) {
    let all = heads * width
    try sum(offsets, part, width: all, out, false) { offsets, first, last, out, _ in
      gather_heads(offsets, indices, places, weights, heads, width, x, all, first, last, out, all)
    }
  }

  private func sum(
    _ offsets: UnsafePointer<UInt32>, _ part: Range<Int>, width: Int, _ out: UnsafeMutablePointer<Float>,
    _ adds: Bool, _ gather: (UnsafePointer<UInt32>, Int, Int, UnsafeMutablePointer<Float>, Bool) -> Void
  ) throws(RuvectorError) {
    var first = part.lowerBound
    for i in part where offsets[i + 1] - offsets[i] > KernelTable.block {
      if first < i { gather(offsets, first, i, out, adds) }
      let ends = try AlignedBuffer<UInt32>(count: 2, for: "rows")
      let own = try AlignedBuffer<Float>(count: width, for: "rows")
      let place = out + i * width
      if !adds { place.update(repeating: 0, count: width) }
      for from in Swift.stride(from: offsets[i], to: offsets[i + 1], by: Int(KernelTable.block)) {
        (ends[0], ends[1]) = (from, min(from + KernelTable.block, offsets[i + 1]))
        gather(ends.pointer, 0, 1, own.pointer, false)
        add(place, own.pointer, place, width)
      }
      first = i + 1
    }
    if first < part.upperBound { gather(offsets, first, part.upperBound, out, adds) }
  }
}
