import CRuvectorSupport

/// One operand of a matrix product: element (i, j) is `base[i · rowStep + j · columnStep]`. A transposed matrix is
/// the same memory with the steps exchanged.
public struct Operand {
  public let base: UnsafePointer<Float>
  public let rowStep: Int
  public let columnStep: Int

  public init(_ base: UnsafePointer<Float>, rowStep: Int, columnStep: Int = 1) {
    self.base = base
    self.rowStep = rowStep
    self.columnStep = columnStep
  }

  /// Row-major with `stride` elements from row to row.
  public static func rows(_ base: UnsafePointer<Float>, stride: Int) -> Operand {
    Operand(base, rowStep: stride)
  }

  /// The transpose of a row-major matrix.
  public static func transposed(_ base: UnsafePointer<Float>, stride: Int) -> Operand {
    Operand(base, rowStep: 1, columnStep: stride)
  }
}

/// C ← A B, or C ← C + A B with `accumulate`; A is m × k, B k × n, C m × n row-major.
///
/// Goto and van de Geijn 2008, "Anatomy of high-performance matrix multiplication": blocks of B (k × n) stay in
/// the outer cache, blocks of A (m × k) in L2, one register tile runs over both. Sums of at most `depth` = 512
/// products are kept in Float accumulators, then added to C.
/// - Complexity: 2 m n k operations; extra memory at most 1.1 MB, and 140 kB a further thread.
public func gemm(
  m: Int, n: Int, k: Int, _ a: Operand, _ b: Operand, _ c: UnsafeMutablePointer<Float>, cStride: Int,
  accumulate: Bool = false, threads: Int = 1, kernels: KernelTable = Kernels.current
) throws(RuvectorError) {
  guard m > 0, n > 0 else { return }
  guard k > 0 else {
    if !accumulate { for i in 0..<m { (c + i * cStride).initialize(repeating: 0, count: n) } }
    return
  }

  let depth = 512, mr = kernels.gemm_rows, nr = kernels.gemm_columns
  let mBlock = min(roundUp(m, mr), roundUp(70, mr)), nBlock = min(roundUp(n, nr), roundUp(512, nr))
  let kBlock = min(k, depth)
  let packedB = try AlignedBuffer<Float>(count: kBlock * nBlock, for: "packed matrix")
  let mBlocks = (m + mBlock - 1) / mBlock
  let workers = min(max(threads, 1), mBlocks)
  let packedA = try AlignedBuffer<Float>(count: kBlock * mBlock * workers, for: "packed matrix")

  var j0 = 0
  while j0 < n {
    let columns = min(nBlock, n - j0)
    var k0 = 0
    while k0 < k {
      let steps = min(kBlock, k - k0)
      kernels.gemm_pack(
        b.base + k0 * b.rowStep + j0 * b.columnStep, b.columnStep, b.rowStep, columns, steps, nr, packedB.pointer)
      // Each worker owns every `workers`-th block of rows of C, so no element has two writers.
      parallelFor(threads: workers, count: workers) { worker in
        let block = packedA.pointer + worker * kBlock * mBlock
        var index = worker
        while index < mBlocks {
          let i0 = index * mBlock, rows = min(mBlock, m - i0)
          kernels.gemm_pack(
            a.base + i0 * a.rowStep + k0 * a.columnStep, a.rowStep, a.columnStep, rows, steps, mr, block)
          var j = 0
          while j < columns {
            var i = 0
            while i < rows {
              kernels.gemm_tile(
                block + i * steps, packedB.pointer + j * steps, steps, c + (i0 + i) * cStride + j0 + j, cStride,
                min(mr, rows - i), min(nr, columns - j),
                accumulate || k0 > 0 ? 1 : 0)
              i += mr
            }
            j += nr
          }
          index += workers
        }
      }
      k0 += steps
    }
    j0 += columns
  }
}

private func roundUp(_ x: Int, _ step: Int) -> Int { (x + step - 1) / step * step }
