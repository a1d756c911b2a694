import RuvectorCore
import TestSupport
import Testing

/// One query against rows anywhere in memory, at every level: floats, halves and bytes (RuvectorKernelsV1/ScatteredRows.swift).
@Suite struct ScatteredKernelsTests {
  static let dims = Array(1...70) + [127, 128, 129, 384]

  @Test(arguments: Levels.names) func floatsAndHalves(_ level: String) {
    let kernels = Levels.table(level)
    let a = Room<Float>(384), b = (0..<9).map { _ in Room<Float>(384) }, h = (0..<9).map { _ in Room<UInt16>(384) }
    let out = Room<Float>(9)
    var gauge = Gauge()
    for dim in Self.dims {
      var g = SeededGenerator(UInt64(dim))
      let query = g.normals(dim), q = UnsafePointer(a.put(query, .fence))
      let list = (0..<9).map { _ in g.normals(dim) }
      // Halves of every size: subnormal, normal, the largest.
      let halves = (0..<9).map { r in
        (0..<dim).map { i in UInt16(truncatingIfNeeded: g.next()) & (i + r == 4 ? 0x83ff : 0xbbff) }
      }
      let rows = (0..<9).map { UnsafeRawPointer(b[$0].put(list[$0], .fence)) }
      let small = (0..<9).map { UnsafeRawPointer(h[$0].put(halves[$0], .fence)) }
      for count in [0, 1, 3, 4, 5, 9] {
        let x = out.put([Float](repeating: .nan, count: count), .fence)
        func check(_ name: String, _ exact: (Int) -> Sum) {
          for r in 0..<count {
            let sum = exact(r)
            gauge.see(
              x[r], sum.value, unit: roundoff * sum.magnitude, bound: Double(dim + 4),
              "\(name) \(level) \(dim) row \(r)")
          }
          gauge.require(out.isIntact, "\(name) \(level) \(dim) wrote elsewhere")
        }
        kernels.dot_scattered(q, rows, count, dim, x)
        check("dot_scattered") { dot(query[...], list[$0][...]) }
        kernels.squared_l2_scattered(q, rows, count, dim, x)
        check("squared_l2_scattered") { squaredL2(query[...], list[$0][...]) }
        let values = halves.map { row in row.map { Self.value($0) } }
        kernels.dot_half_scattered(q, small, count, dim, x)
        check("dot_half_scattered") { dot(query[...], values[$0][...]) }
        kernels.squared_l2_half_scattered(q, small, count, dim, x)
        check("squared_l2_half_scattered") { squaredL2(query[...], values[$0][...]) }
      }
    }
    #expect(gauge.breach == nil)
  }

  /// A half by its definition.
  private static func value(_ bits: UInt16) -> Float {
    let exponent = Int(bits >> 10) & 31, fraction = Float(bits & 1023) / 1024
    let size =
      exponent == 0 ? fraction * 0x1p-14 : (1 + fraction) * Float(sign: .plus, exponent: exponent - 15, significand: 1)
    return bits & 0x8000 == 0 ? size : -size
  }

  @Test(arguments: Levels.names) func bytes(_ level: String) {
    let kernels = Levels.table(level)
    let a = Room<Int16>(384), b = (0..<3).map { _ in Room<Int8>(384) }, out = Room<Float>(3)
    for dim in [32, 64, 96, 128, 384] {
      var g = SeededGenerator(UInt64(dim))
      for largest in [false, true] {
        let query = (0..<dim).map { _ in largest ? Int16(2047) : Int16(truncatingIfNeeded: g.next() % 4095) - 2047 }
        let list = (0..<3).map { _ in
          (0..<dim).map { _ in largest ? Int8(-127) : Int8(truncatingIfNeeded: Int(g.next() % 255) - 127) }
        }
        let q = UnsafePointer(a.put(query, .fence)),
          rows = (0..<3).map { UnsafeRawPointer(b[$0].put(list[$0], .fence)) }
        let x = out.put([0, 0, 0], .fence)
        kernels.dot_codes_scattered(q, rows, 3, dim, x)
        for r in 0..<3 {
          #expect(
            x[r] == Float(zip(query, list[r]).reduce(0) { $0 + Int($1.0) * Int($1.1) }), "\(level) \(dim) row \(r)")
        }
        #expect(out.isIntact)
      }
    }
  }
}

@Suite struct XXHash64Tests {
  /// Against the reference implementation (PyPI's xxhash 3): of the first n bytes 3, 10, 17, ...
  @Test(
    arguments: [
      (0, 0xef46_db37_51d8_e999, 0x98b1_582b_0977_e704), (1, 0x1f25_c8d0_bc1f_4bb6, 0x4d71_bef0_2900_52db),
      (3, 0x31d2_363f_52e5_64c9, 0xbf4d_d3c8_14a1_fb9e), (4, 0x9bb6_4b7d_66ee_9fda, 0xbcb5_4295_ab59_1e0d),
      (8, 0xdab9_9d95_c6f9_0092, 0x9fe8_789a_c2a1_a649), (31, 0xa2aa_5f33_cc4a_6119, 0x10ab_8a77_06d8_ba37),
      (32, 0x23c3_c17e_f790_fd97, 0x232e_8071_e826_d4bf), (33, 0x50a7_cfc7_ba58_8784, 0x9d08_407e_3569_7b1f),
      (100, 0xa61f_8d4c_170f_e531, 0x7dd0_0be8_513c_25a2), (1000, 0x5f23_5fa0_33f1_a3fb, 0xd776_e802_8586_ff61),
    ] as [(Int, UInt64, UInt64)]) func reference(_ n: Int, _ plain: UInt64, _ seeded: UInt64)
  {
    let bytes = (0..<n).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ 3) }
    for piece in [1, 5, 32, 1000] {
      var a = XXHash64(), b = XXHash64(seed: 42)
      bytes.withUnsafeBytes { p in
        for at in stride(from: 0, to: n, by: piece) {
          if let base = p.baseAddress { a.add(base + at, min(piece, n - at)) }
          if let base = p.baseAddress { b.add(base + at, min(piece, n - at)) }
        }
      }
      #expect(a.value == plain && b.value == seeded)
    }
  }
}
