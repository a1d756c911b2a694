import CRuvectorSupport
import RuvectorCore

/// Some queries of a batch, with the keys that each sees and its place in the batch: for a mechanism the same queries as
/// in the whole batch, side by side. Their rows, contexts, edges, rows of masks and ends of runs are copied, keys and
/// values are not.
final class SubBatch {
  private(set) var input: AttentionInput
  private var floats: [AlignedBuffer<Float>] = []
  private var bytes: AlignedBuffer<UInt8>?
  private var numbers: AlignedBuffer<UInt32>?

  /// The queries with the `count` rising numbers at `rows`. O(count · (d + n)) with masks or edges a query, else
  /// O(count · d).
  init(of whole: AttentionInput, _ rows: UnsafePointer<UInt32>, count: Int) throws(RuvectorError) {
    input = whole
    guard count < whole.queries.rows else { return }
    let n = whole.keys.rows
    input.queries = try copy(whole.queries, rows, count, 1)
    let numbers = try AlignedBuffer<UInt32>(count: 3 * count, for: "queries")
    for r in 0..<count {
      let i = Int(rows[r]), keys = whole.keys(of: i)
      numbers[r] = UInt32(truncatingIfNeeded: whole.place(of: i))
      numbers[count + r] = UInt32(truncatingIfNeeded: keys.lowerBound)
      numbers[2 * count + r] = UInt32(truncatingIfNeeded: keys.upperBound)
    }
    input.places = UnsafePointer(numbers.pointer)
    input.size = whole.batch
    if whole.offsets != nil {
      input.offsets = UnsafePointer(numbers.pointer + count)
      input.ends = UnsafePointer(numbers.pointer + 2 * count)
    }
    if let mask = whole.mask, whole.maskStride > 0 {
      let bytes = try AlignedBuffer<UInt8>(count: count * n, for: "mask")
      for r in 0..<count {
        (bytes.pointer + r * n).update(from: mask + Int(rows[r]) * whole.maskStride, count: n)
      }
      input.mask = UnsafePointer(bytes.pointer)
      input.maskStride = n
      self.bytes = bytes
    }
    self.numbers = numbers
    if let context = whole.queryContext { input.queryContext = try copy(context, rows, count, 1) }
    if let edges = whole.edges, edges.rows != n { input.edges = try copy(edges, rows, count, n) }
  }

  /// The blocks of `size` rows with the numbers at `blocks`.
  private func copy(
    _ matrix: MatrixView, _ blocks: UnsafePointer<UInt32>, _ count: Int, _ size: Int
  ) throws(RuvectorError) -> MatrixView {
    let width = matrix.dim, memory = try AlignedBuffer<Float>(count: count * size * width, for: "queries")
    for b in 0..<count {
      for r in 0..<size {
        (memory.pointer + (b * size + r) * width).update(from: matrix.row(Int(blocks[b]) * size + r), count: width)
      }
    }
    floats.append(memory)
    return MatrixView(memory.pointer, rows: count * size, dim: width)
  }
}
