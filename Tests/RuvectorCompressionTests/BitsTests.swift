import TestSupport
import Testing

@testable import RuvectorCompression

@Suite struct BitsTests {
  /// Against a list of single bits.
  @Test(arguments: UInt32(1)...8) func codesOfEveryWidth(_ width: UInt32) {
    var g = SeededGenerator(UInt64(width))
    for n in 0...40 {
      let codes = (0..<n).map { _ in UInt32.random(in: 0..<(1 << width), using: &g) }
      let bits = codes.flatMap { code in (0..<width).map { code >> $0 & 1 } }
      let expected = stride(from: 0, to: bits.count, by: 8).map { start in
        (0..<8).reduce(UInt8(0)) { byte, i in
          start + i < bits.count && bits[start + i] == 1 ? byte | 1 << UInt8(i) : byte
        }
      }
      var bytes = [UInt8](repeating: 0xEE, count: expected.count)
      bytes.withUnsafeMutableBytes { bytes in
        var writer = BitWriter(bytes, at: 0)
        for code in codes { writer.put(code, bits: width) }
        writer.finish()
      }
      #expect(bytes == expected)
      bytes.withUnsafeBytes { bytes in
        var reader = BitReader(bytes, at: 0)
        for code in codes { #expect(reader.next(bits: width) == code) }
        #expect(reader.padding == 0)
      }
    }
  }

  @Test func littleEndian() {
    var bytes = [UInt8](repeating: 0, count: 11)
    bytes.withUnsafeMutableBytes { bytes in
      var writer = ByteWriter(bytes, at: 1)
      writer.put(UInt32(0x0102_0304))
      writer.put(UInt16(0x0506))
      writer.put(Float(-2))
    }
    #expect(bytes == [0, 4, 3, 2, 1, 6, 5, 0, 0, 0, 0xC0])
    bytes.withUnsafeBytes { bytes in
      var reader = ByteReader(bytes, at: 1)
      #expect(reader.u32() == 0x0102_0304)
      #expect(reader.u16() == 0x0506)
      #expect(reader.float() == -2)
    }
  }
}
