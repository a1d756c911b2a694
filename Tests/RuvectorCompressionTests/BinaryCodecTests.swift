import RuvectorCompression
import RuvectorCore
import TestSupport
import Testing

@Suite struct BinaryCodecTests {
  static let eight: [Float] = [
    -0.6514665, 0.90160334, 0.13585985, 0.38053322, 0.15859187, -0.4196999, -0.8770199, 0.27452123,
  ]

  /// Bits that @ruvector/gnn's TensorCompress gives (golden vectors).
  @Test(arguments: [(0.0, UInt8(158)), (0.3, 10), (-1, 255)])
  func bitsOfTheExistingPackage(_ threshold: Double, _ bits: UInt8) throws {
    let codec = try BinaryCodec(threshold: threshold)
    #expect(try codec.encode(Self.eight) == [8, 0, 0, 0, bits])
  }

  @Test func moreBitsOfTheExistingPackage() throws {
    let x: [Float] = [
      0.09925483, -0.04114926, -0.075207874, 0.019607078, 0.01766082, 0.026654923, -0.07259866,
      -0.067429826, -0.0610796, -0.082333006, -0.058554817, -0.09489789, 0.056283046, 0.013188636,
      -0.08516897, -0.06051389, 0.07109734, 0.027312983, 0.039056323, -0.06682359, 0.001922834,
      -0.041143704, -0.02032796, 0.07901706,
    ]
    #expect(try BinaryCodec().encode(x) == [24, 0, 0, 0, 57, 48, 151])
  }

  @Test func documentedExample() throws {
    let codec = try BinaryCodec()
    #expect(try codec.decode(codec.encode([-0.7, 0.9, 0])) == [-1, 1, -1])
  }

  @Test func equalToTheThresholdIsNotAbove() throws {
    #expect(try BinaryCodec(threshold: 0.1).encode([0.1, Float(0.1).nextUp]) == [2, 0, 0, 0, 0b10])
  }

  @Test func paddingIsChecked() throws {
    let codec = try BinaryCodec()
    #expect(try codec.decode([3, 0, 0, 0, 0b101]) == [1, -1, 1])
    let error = failure { () throws(RuvectorError) in _ = try codec.decode([3, 0, 0, 0, 0b1101]) }
    #expect(error?.code == .corrupt)
  }
}
