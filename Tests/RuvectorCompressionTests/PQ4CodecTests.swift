import Foundation
import RuvectorCompression
import RuvectorCore
import TestSupport
import Testing

@Suite struct PQ4CodecTests {
  @Test func bytes() throws {
    var x = [Float](repeating: 0, count: 20)
    x[18] = 2
    let bytes = try PQ4Codec(subvectors: 1).encode(x)
    // μ = σ = 0: all levels equal, so all codes are 0; one outlier.
    #expect(
      bytes == [20, 0, 0, 0, 1, 0, 0, 0, 1, 0] + [UInt8](repeating: 0, count: 8 + 5)
        + [18, 0, 0, 0, 0, 0, 0, 0x40])
    #expect(try PQ4Codec().decode(bytes) == x)
  }

  @Test func codesAreInOrder() throws {
    let bytes = try PQ4Codec(subvectors: 1).encode([-1.510, -0.4528, 0.4528, 1.510, 1.510])
    #expect(bytes.count == 10 + 8 + 2)
    #expect(bytes[18] == 0b11_10_01_00 && bytes[19] == 0b11)
  }

  @Test func documentedExample() throws {
    let codec = try PQ4Codec(subvectors: 1)
    for (x, y) in zip([1, 1, 3, 3], try codec.decode(codec.encode([1, 1, 3, 3]))) {
      #expect(abs(Float(x) - y) <= 5e-7)
    }
  }

  /// Never worse than Max's quantiser on the plain mean and deviation, part by part (see `breach`), and
  /// on data that are not normal much better.
  @Test(arguments: [0.0, 0.5, 1, 2, 3, 1e6]) func fittingNeverHurts(_ τ: Double) throws {
    for seed in UInt64(1)...10 {
      for (label, x) in vectors(seed: seed) {
        for S in [1, 2, 4, 8] {
          let codec = try PQ4Codec(subvectors: S, outlierThreshold: τ)
          let problem = breach(of: codec, x, try codec.decode(codec.encode(x)))
          #expect(problem == nil, "\(label), τ \(τ), S \(S), seed \(seed): \(problem ?? "")")
        }
      }
    }
  }

  @Test func fittingHelps() throws {
    var g = SeededGenerator(5)
    for (label, x, least) in [
      ("uniform", (0..<4000).map { _ in Float(g.uniform()) }, 1.1),
      ("two values", (0..<4000).map { _ in g.uniform() < 0.3 ? Float(-2) : 5 }, 1e6),
      ("exponential", (0..<4000).map { _ in Float(-log(g.uniform())) }, 1.02),
      ("normal", g.normals(4000), 1),
    ] {
      let codec = try PQ4Codec(subvectors: 1, outlierThreshold: 1e6)
      let y = try codec.decode(codec.encode(x))
      let error = zip(x, y).map { pow(Double($0) - Double($1), 2) }.reduce(0, +)
      let (spread, plain) = plainQuantiser(x.map(Double.init))
      print("pq4 \(label): error/variance \(error / spread), unfitted \(plain / spread)")
      #expect(plain >= error * least, "\(label)")
    }
  }

  /// Values that are four such levels, in unequal numbers: the least squares must find them exactly.
  /// (Mean and deviation already give the right codes; with very unequal numbers the turns may end elsewhere.)
  @Test func findsLevelsThatFit() throws {
    let x: [Float] =
      [Float](repeating: 7 - 2 * 1.510, count: 10) + [Float](repeating: 7 - 2 * 0.4528, count: 20)
      + [Float](repeating: 7 + 2 * 0.4528, count: 16) + [Float](repeating: 7 + 2 * 1.510, count: 8)
    let codec = try PQ4Codec(subvectors: 1)
    for (x, y) in zip(x, try codec.decode(codec.encode(x))) { #expect(abs(x - y) <= 4e-6) }
  }

  @Test(arguments: [0.0, 0.5, 0.999, 1, 1.0001, 2, 3, 10, 1e6]) func upperBoundHolds(_ τ: Double) throws {
    for seed in UInt64(1)...5 {
      for (label, x) in vectors(seed: seed) {
        let codec = try PQ4Codec(subvectors: 8, outlierThreshold: τ)
        let bound = try codec.encodedByteCount(dim: x.count)
        let count = try codec.encode(x).count
        #expect(count <= bound, "\(label), τ \(τ)")
        let o = outliers(x, τ).filter { $0 }.count
        #expect(count == 10 + 64 + (x.count + 3) / 4 + 8 * o, "\(label), τ \(τ)")
      }
    }
    // Chebyshev's equality: two elements at exactly 3 standard deviations.
    let edge = [Float](repeating: 0, count: 16) + [1, -1]
    let codec = try PQ4Codec(subvectors: 1, outlierThreshold: τ)
    #expect(try codec.encode(edge).count <= codec.encodedByteCount(dim: 18))
  }

  @Test func damageIsSeen() throws {
    var x = [Float](repeating: 0, count: 30)
    x[5] = 2
    x[18] = -2
    let codec = try PQ4Codec(subvectors: 1)
    let good = try codec.encode(x)
    #expect(good.count == 10 + 8 + 8 + 16)
    func refuses(_ change: (inout [UInt8]) -> Void) -> Bool {
      var bytes = good
      change(&bytes)
      return failure { () throws(RuvectorError) in _ = try codec.decode(bytes) }?.code == .corrupt
    }
    #expect(refuses { $0[4] = 1 })  // fewer outliers than bytes
    #expect(refuses { $0[4...7] = [255, 255, 255, 255] })
    #expect(refuses { $0[0...3] = [255, 255, 255, 255] })
    #expect(refuses { $0[0...7] = [255, 255, 255, 255, 255, 255, 255, 255] })
    #expect(refuses { $0[8] = 0 })  // no subvectors
    #expect(refuses { $0[8] = 7 })  // 30 elements in 7 parts
    #expect(
      refuses {
        $0[17] = 0x80; $0[16] = 1
      })  // σ below 0
    #expect(
      refuses {
        $0[13] = 0x7F; $0[12] = 0x80
      })  // μ infinite
    #expect(refuses { $0[25] |= 0x10 })  // padding
    #expect(refuses { $0[26] = 18 })  // index twice
    #expect(refuses { $0[34] = 30 })  // index too large
    #expect(refuses { $0[37] = 0x80 })
    #expect(
      refuses {
        $0[41] = 0x7F; $0[40] = 0x80
      })  // value infinite
  }

  @Test func options() throws {
    #expect(try PQ4Codec(subvectors: 3, outlierThreshold: 2.5).optionValues == [3, 2.5])
    #expect(
      failure { () throws(RuvectorError) in _ = try PQ4Codec(outlierThreshold: -1) }?.code == .invalidConfig)
  }
}
