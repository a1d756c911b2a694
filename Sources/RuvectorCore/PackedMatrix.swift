import CRuvectorSupport

/// The right side B (k × n) of products with many blocks of rows, packed once: what a block gives can be used while it lies
/// in the inner caches, so that A B as a whole never goes through memory. The bits are those of `gemm`.
public final class PackedMatrix {
  public let rows: Int
  public let columns: Int
  /// Whether B is lower triangular (and square): its zeros are passed over, which changes no bit of the product of finite rows.
  private let isTriangular: Bool
  private let packed: AlignedBuffer<Float>
  private let kernels: KernelTable
  /// Sums of more products are made in parts, as in `gemm`.
  private static let depth = 512

  /// Rows of A at a time that keep the register tiles full.
  public var blockRows: Int { max(kernels.gemm_rows, 70 / kernels.gemm_rows * kernels.gemm_rows) }

  /// O(k · n) time and memory.
  public init(
    _ b: Operand, rows k: Int, columns n: Int, isTriangular: Bool = false, kernels: KernelTable = Kernels.current
  ) throws(RuvectorError) {
    let wide = (n + kernels.gemm_columns - 1) / kernels.gemm_columns * kernels.gemm_columns
    let (count, overflow) = k.multipliedReportingOverflow(by: wide)
    guard !overflow else {
      throw .expected("sizes that fit in memory", for: "packed matrix", received: "\(k) x \(n)", .outOfMemory)
    }
    packed = try AlignedBuffer(count: count, for: "packed matrix")
    (rows, columns, self.isTriangular, self.kernels) = (k, n, isTriangular, kernels)
    var k0 = 0
    while k0 < k {
      let steps = min(Self.depth, k - k0)
      kernels.gemm_pack(
        b.base + k0 * b.rowStep, b.columnStep, b.rowStep, n, steps, kernels.gemm_columns, packed.pointer + k0 * wide)
      k0 += steps
    }
  }

  /// Memory for one thread that multiplies.
  public func scratch() throws(RuvectorError) -> AlignedBuffer<Float> {
    try AlignedBuffer(count: blockRows * min(rows, Self.depth), for: "packed matrix")
  }

  /// C ← A B, or C ← C + A B with `accumulate`, for at most `blockRows` rows of A.
  public func multiply(
    _ a: Operand, rows m: Int, into c: UnsafeMutablePointer<Float>, cStride: Int, accumulate: Bool = false,
    scratch: AlignedBuffer<Float>
  ) {
    let m = min(m, blockRows), mr = kernels.gemm_rows, nr = kernels.gemm_columns, wide = (columns + nr - 1) / nr * nr
    if rows == 0, !accumulate { for i in 0..<m { (c + i * cStride).update(repeating: 0, count: columns) } }
    var k0 = 0
    while k0 < rows {
      let steps = min(Self.depth, rows - k0), from = a.base + k0 * a.columnStep
      // Whole tiles of rows are read where they lie: packing pays off over many columns only, or where rows 2 kB apart
      // would compete for the same places of the cache.
      let direct = a.columnStep == 1 && a.rowStep % 512 != 0 ? m / mr * mr : 0
      if direct < m {
        kernels.gemm_pack(
          from + direct * a.rowStep, a.rowStep, a.columnStep, m - direct, steps, mr,
          scratch.pointer + direct * steps)
      }
      var j = 0
      while j < columns {
        // The first row of B that these columns have, and how many of this part lie above it.
        let first = isTriangular ? j : 0, above = max(0, first - k0), depth = steps - above
        if depth <= 0 { break }
        let panel = packed.pointer + k0 * wide + j * steps + above * nr
        let adds: Int32 = accumulate || k0 > first ? 1 : 0
        var i = 0
        while i < direct {
          kernels.gemm_tile_rows(
            from + above + i * a.rowStep, a.rowStep, panel, depth, c + i * cStride + j, cStride, min(nr, columns - j),
            adds)
          i += mr
        }
        while i < m {
          kernels.gemm_tile(
            scratch.pointer + i * steps + above * mr, panel, depth, c + i * cStride + j, cStride, min(mr, m - i),
            min(nr, columns - j), adds)
          i += mr
        }
        j += nr
      }
      k0 += steps
    }
  }
}
