import RuvectorCore
import TestSupport
import Testing

@Suite struct GemmTests {
  struct Shape: CustomStringConvertible {
    let m, n, k: Int
    var description: String { "\(m) x \(n) x \(k)" }
  }

  /// The product of seeded matrices in both layouts of both operands, against the oracle; 1 and 2 threads.
  static func check(_ level: String, _ shape: Shape, _ gauge: inout Gauge) throws {
    let kernels = Levels.table(level), m = shape.m, n = shape.n, k = shape.k
    var g = SeededGenerator(UInt64(m * 1_000_003 + n * 1009 + k))
    let a = g.normals(m * k), b = g.normals(k * n), c0 = g.normals(m * n)
    let exact = product(m: m, n: n, k: k, { a[$0 * k + $1] }, { b[$0 * n + $1] })
    // Strides above the width; transposes are the same matrices stored the other way. NaN fills the gaps; the
    // last element is the last before memory that must not be touched.
    let extra = 3, cStride = n + extra
    func store(_ rows: Int, _ columns: Int, gap: Float = .nan, _ value: (Int, Int) -> Float) -> [Float] {
      var all = [Float](repeating: gap, count: rows * (columns + extra))
      for i in 0..<rows { for j in 0..<columns { all[i * (columns + extra) + j] = value(i, j) } }
      all.removeLast(rows == 0 || columns == 0 ? all.count : extra)
      return all
    }
    let roomA = Room<Float>((m + extra) * (k + extra)), roomB = Room<Float>((n + extra) * (k + extra))
    let roomC = Room<Float>(m * cStride)
    let aRows = store(m, k) { a[$0 * k + $1] }, aColumns = store(k, m) { a[$1 * k + $0] }
    let bRows = store(k, n) { b[$0 * n + $1] }, bColumns = store(n, k) { b[$1 * n + $0] }
    for transposedA in [false, true] {
      for transposedB in [false, true] {
        for accumulate in [false, true] {
          let place = "\(level) \(shape) \(transposedA) \(transposedB) \(accumulate)"
          var results: [[Float]] = []
          for threads in [1, 2] {
            // 7 beside the matrix: whatever is added there shows.
            let initial = store(m, n, gap: 7) { accumulate ? c0[$0 * n + $1] : .nan }
            let pa = UnsafePointer(roomA.put(transposedA ? aColumns : aRows, .fence))
            let pb = UnsafePointer(roomB.put(transposedB ? bColumns : bRows, .fence))
            let pc = roomC.put(initial, .fence)
            try gemm(
              m: m, n: n, k: k,
              transposedA ? .transposed(pa, stride: m + extra) : .rows(pa, stride: k + extra),
              transposedB ? .transposed(pb, stride: k + extra) : .rows(pb, stride: n + extra), pc,
              cStride: cStride, accumulate: accumulate, threads: threads, kernels: kernels)
            results.append((0..<initial.count).map { pc[$0] })
            gauge.require(roomA.isIntact && roomB.isIntact && roomC.isIntact, "\(place) wrote elsewhere")
          }
          gauge.require(
            results[0].map(\.bitPattern) == results[1].map(\.bitPattern), "\(place): bits depend on threads")
          for i in 0..<m {
            for j in 0..<n {
              var sum = exact[i * n + j]
              if accumulate { sum.add(Double(c0[i * n + j])) }
              gauge.see(
                results[0][i * cStride + j], sum.value, unit: roundoff * sum.magnitude, bound: Double(k + 3),
                "\(place) at \(i), \(j)")
            }
          }
          for i in 0..<max(m - 1, 0) where n > 0 {
            for j in n..<cStride {
              gauge.require(results[0][i * cStride + j] == 7, "\(place) wrote beside row \(i)")
            }
          }
        }
      }
    }
  }

  /// Every size around the borders of the tiles.
  @Test(arguments: Levels.names) func smallSizes(_ level: String) throws {
    let kernels = Levels.table(level), mr = kernels.gemm_rows, nr = kernels.gemm_columns
    var gauge = Gauge()
    for m in 0...2 * mr + 1 {
      for n in Set([0, 1, 3, nr / 2 - 1, nr / 2, nr / 2 + 1, nr - 1, nr, nr + 1, 2 * nr + 1]).sorted() {
        for k in [0, 1, 7] { try Self.check(level, Shape(m: m, n: n, k: k), &gauge) }
      }
    }
    print("gemm \(level): worst \(gauge.worst) roundings")
    #expect(gauge.breach == nil)
  }

  /// A right side that is packed once gives the bits of `gemm`, block after block.
  @Test(arguments: Levels.names) func packed(_ level: String) throws {
    let kernels = Levels.table(level)
    var g = SeededGenerator(77)
    for (m, n, k) in [(1, 1, 1), (200, 33, 19), (71, 128, 128), (3, 5, 1100), (80, 70, 513), (2, 3, 0), (0, 3, 2)] {
      let a = g.normals(m * k), b = g.normals(n * k), c0 = g.normals(m * n)
      for transposed in [false, true] {
        for accumulate in [false, true] {
          let right: (UnsafePointer<Float>) -> Operand = {
            transposed ? .transposed($0, stride: k) : .rows($0, stride: n)
          }
          var whole = c0, parts = c0
          try gemm(
            m: m, n: n, k: k, .rows(a, stride: k), right(b), &whole, cStride: n, accumulate: accumulate,
            kernels: kernels)
          let matrix = try PackedMatrix(right(b), rows: k, columns: n, kernels: kernels)
          let scratch = try matrix.scratch()
          try a.withUnsafeBufferPointer { a in
            try parts.withUnsafeMutableBufferPointer { c in
              for i in stride(from: 0, to: m, by: matrix.blockRows) {
                let from = a.baseAddress.map { $0 + i * k }, into = try #require(c.baseAddress) + i * n
                matrix.multiply(
                  .rows(try #require(from), stride: k), rows: min(matrix.blockRows, m - i), into: into, cStride: n,
                  accumulate: accumulate, scratch: scratch)
              }
            }
          }
          #expect(parts.map(\.bitPattern) == whole.map(\.bitPattern), "\(level) \(m) x \(n) x \(k)")
        }
      }
    }
  }

  /// Depth beyond one block of 512, rows beyond one block of A, columns beyond one block of B.
  @Test(arguments: Levels.names) func blocks(_ level: String) throws {
    let kernels = Levels.table(level), mr = kernels.gemm_rows
    var gauge = Gauge()
    for (m, n, k) in [
      (5, 7, 511), (5, 7, 512), (5, 7, 513), (3, 2, 1100), (mr * 24 + 1, 5, 3), (mr * 48 + 5, 9, 259),
      (2, 2049, 3),
      (1, 2100, 258),
    ] { try Self.check(level, Shape(m: m, n: n, k: k), &gauge) }
    print("gemm blocks \(level): worst \(gauge.worst) roundings")
    #expect(gauge.breach == nil)
  }
}
