import RuvectorCore
import TestSupport
import Testing

@Suite struct TriangularFactorTests {
  static func factor(_ w: [Float], _ d: Int) throws -> [Float] {
    var r = [Float](repeating: .nan, count: d * d)
    try triangularFactor(of: w, dim: d, into: &r)
    return r
  }

  /// RᵀR = WᵀW to the rounding of R's elements, zeros below the diagonal; of any rank, of any size of elements.
  @Test(arguments: [1, 2, 3, 5, 8, 33, 70]) func sameLengths(_ d: Int) throws {
    var g = SeededGenerator(UInt64(d))
    let normal = g.normals(d * d)
    var flat = normal, twice = normal
    for i in 0..<d * d where i % d == d / 2 { flat[i] = 0 }
    for i in 0..<d * d where i % d == d - 1 { twice[i] = normal[i - i % d] }
    let identity = (0..<d * d).map { Float($0 % (d + 1) == 0 ? 1 : 0) }
    let scaled: [[Float]] = [1e30, 1e-30, 0].map { s in normal.map { $0 * s } }
    for w in [normal, flat, twice, identity] + scaled {
      let r = try Self.factor(w, d)
      for i in 0..<d { for j in 0..<i { #expect(r[i * d + j] == 0) } }
      for i in 0..<d {
        for j in 0..<d {
          var sum = 0.0, exact = 0.0, left = 0.0, right = 0.0
          for k in 0..<d {
            sum += Double(r[k * d + i]) * Double(r[k * d + j])
            exact += Double(w[k * d + i]) * Double(w[k * d + j])
            left += Double(w[k * d + i]) * Double(w[k * d + i])
            right += Double(w[k * d + j]) * Double(w[k * d + j])
          }
          #expect((sum - exact).magnitude <= 2 * roundoff * (left * right).squareRoot(), "\(d) \(i) \(j)")
        }
      }
    }
  }

  @Test func whatIsNotFinite() throws {
    #expect(try Self.factor([.nan, 1, 2, 3], 2).contains { !$0.isFinite })
    #expect(try Self.factor([.infinity, 1, 2, 3], 2).contains { !$0.isFinite })
    #expect(try Self.factor([Float](repeating: 3e38, count: 4), 2)[0].magnitude == .infinity)
    #expect(try Self.factor([], 0) == [])
  }

  /// A lower triangular right side, whose zeros are passed over, gives the bits of `gemm`; depth beyond one block of 512.
  @Test(arguments: Levels.names) func triangularProduct(_ level: String) throws {
    let kernels = Levels.table(level)
    var g = SeededGenerator(78)
    for (m, d) in [(1, 1), (3, 5), (71, 31), (40, 33), (70, 128), (9, 70), (3, 513), (15, 1100)] {
      let a = g.normals(m * d), c0 = g.normals(m * d)
      var r = g.normals(d * d)
      for i in 0..<d { for j in 0..<i { r[i * d + j] = 0 } }
      for accumulate in [false, true] {
        var whole = c0, parts = c0
        try gemm(
          m: m, n: d, k: d, .rows(a, stride: d), .transposed(r, stride: d), &whole, cStride: d, accumulate: accumulate,
          kernels: kernels)
        let matrix = try PackedMatrix(
          .transposed(r, stride: d), rows: d, columns: d, isTriangular: true, kernels: kernels)
        let scratch = try matrix.scratch()
        for i in stride(from: 0, to: m, by: matrix.blockRows) {
          let block = Array(a[(i * d)...])
          parts.withUnsafeMutableBufferPointer { c in
            guard let c = c.baseAddress else { return }
            matrix.multiply(
              .rows(block, stride: d), rows: min(matrix.blockRows, m - i), into: c + i * d, cStride: d,
              accumulate: accumulate, scratch: scratch)
          }
        }
        #expect(parts.map(\.bitPattern) == whole.map(\.bitPattern), "\(level) \(m) x \(d)")
      }
    }
  }
}
