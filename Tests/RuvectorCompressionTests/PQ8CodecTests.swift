import Foundation
import RuvectorCompression
import RuvectorCore
import TestSupport
import Testing

@Suite struct PQ8CodecTests {
  @Test func bytes() throws {
    // Two subvectors, three bits a code: 0 7 | 0 4.
    let bytes = try PQ8Codec(subvectors: 2, centroids: 8).encode([0, 7, -2, -2])
    #expect(
      bytes == [4, 0, 0, 0, 2, 0, 8, 0]
        + [0, 0, 0, 0, 0, 0, 0xE0, 0x40, 0, 0, 0, 0xC0, 0, 0, 0, 0xC0] + [0b111000, 0])
    #expect(try PQ8Codec().decode(bytes) == [0, 7, -2, -2])
  }

  @Test func documentedExample() throws {
    let codec = try PQ8Codec(subvectors: 1, centroids: 4)
    #expect(try codec.decode(codec.encode([0, 1, 2.2, 3])) == [0, 1, 2, 3])
  }

  /// Every element becomes the nearest of the C centroids, found by trying all.
  @Test(arguments: [2, 3, 5, 16, 17, 100, 128, 255, 256]) func nearestCentroid(_ C: Int) throws {
    var g = SeededGenerator(UInt64(C))
    for S in [1, 3, 8] {
      let codec = try PQ8Codec(subvectors: S, centroids: C)
      let x = g.normals(24 * 11)
      let y = try codec.decode(codec.encode(x))
      let length = x.count / S
      for start in stride(from: 0, to: x.count, by: length) {
        let part = x[start..<start + length].map(Double.init)
        guard let a = part.min(), let b = part.max() else { continue }
        let centroids = (0..<C).map { a + Double($0) / Double(C - 1) * (b - a) }
        for i in start..<start + length {
          let least = centroids.map { abs($0 - Double(x[i])) }.min() ?? 0
          #expect(abs(Double(y[i]) - Double(x[i])) <= least + 4e-7, "C \(C), S \(S), element \(i)")
        }
        #expect(y[start..<start + length].min() == Float(a) && y[start..<start + length].max() == Float(b))
      }
    }
  }

  /// a + (b − a) would round to 0 here.
  @Test(arguments: [2, 16, 256]) func bothEndsAreExact(_ C: Int) throws {
    let codec = try PQ8Codec(subvectors: 1, centroids: C)
    let least = Float.leastNonzeroMagnitude
    for x: [Float] in [[-1e30, 1e-30], [-1e-30, 1e30], [-.greatestFiniteMagnitude, least]] {
      #expect(try codec.decode(codec.encode(x)) == x)
    }
  }

  @Test func byteCount() throws {
    #expect(try PQ8Codec().encodedByteCount(dim: 768) == 8 + 64 + 384)
    #expect(try PQ8Codec(subvectors: 1, centroids: 5).encodedByteCount(dim: 3) == 8 + 8 + 2)
    #expect(try PQ8Codec(subvectors: 4, centroids: 256).encodedByteCount(dim: 8) == 8 + 32 + 8)
  }

  @Test func damageIsSeen() throws {
    let codec = try PQ8Codec(subvectors: 1, centroids: 3)
    let good = try codec.encode([0, 1, 2])  // codes 0 1 2: 0b100100
    #expect(good[16] == 0b100100)
    func refuses(_ change: (inout [UInt8]) -> Void) -> Bool {
      var bytes = good
      change(&bytes)
      return failure { () throws(RuvectorError) in _ = try codec.decode(bytes) }?.code == .corrupt
    }
    #expect(refuses { $0[16] = 0b110100 })  // code 3 of 3
    #expect(refuses { $0[16] |= 0b1000000 })  // padding
    #expect(refuses { $0[4] = 0 })  // no subvectors
    #expect(refuses { $0[4] = 2 })  // 3 elements in 2 parts
    #expect(refuses { $0[6] = 1 })  // one centroid
    #expect(refuses { $0[7] = 2 })  // 515 centroids
    #expect(
      refuses {
        $0[11] = 0x7F; $0[10] = 0x80
      })  // minimum infinite
    #expect(refuses { $0[11] = 0x41 })  // minimum above maximum
    #expect(refuses { $0[0...3] = [255, 255, 255, 255] })
  }

  @Test func options() throws {
    #expect(try PQ8Codec(centroids: 9).optionValues == [8, 9])
    for error in [
      failure({ () throws(RuvectorError) in _ = try PQ8Codec(subvectors: 0) }),
      failure({ () throws(RuvectorError) in _ = try PQ8Codec(centroids: 257) }),
    ] { #expect(error?.code == .invalidConfig) }
  }
}
