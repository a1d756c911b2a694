import RuvectorCompression
import RuvectorCore
import TestSupport
import Testing

@Suite struct HalfCodecTests {
  @Test func bytes() throws {
    let bytes = try HalfCodec(scale: 2).encode([0.5, -1, 3e-8])
    #expect(
      bytes == [
        3, 0, 0, 0, /* 2.0 */ 0, 0, 0, 0x40, /* 1.0 */ 0, 0x3C, /* -2.0 */ 0, 0xC0, /* 2^-24 */ 1, 0,
      ])
    #expect(try HalfCodec().decode(bytes) == [0.5, -1, 0x1p-25])
  }

  @Test func documentedExample() throws {
    let codec = try HalfCodec()
    #expect(try codec.decode(codec.encode([0.1, 1, 1000.3])) == [0.099975586, 1.0, 1000.5])
  }

  @Test func refusesWhatWouldBeInfinite() throws {
    let codec = try HalfCodec()
    #expect(try codec.decode(codec.encode([65504, -65519])) == [65504, -65504])
    let error = failure { () throws(RuvectorError) in _ = try codec.encode([1, -65520]) }
    #expect(error?.code == .outOfRange)
    #expect(error?.message == "expected a magnitude below 65520/scale for vector[1], received -65520")
    #expect(try HalfCodec(scale: 0.5).encode([65520]).count == 10)
  }

  @Test(arguments: [1e-30, 1e-3, 0.3, 1, 7.7, 1e30]) func everyScale(_ scale: Double) throws {
    let codec = try HalfCodec(scale: scale)
    var g = SeededGenerator(11)
    for magnitude in [1e-9, 1e-6, 1e-3, 1, 1e3] {
      let x = g.normals(500, scale: magnitude / scale)
      let problem = breach(of: codec, x, try codec.decode(codec.encode(x)))
      #expect(problem == nil, "scale \(scale), magnitude \(magnitude): \(problem ?? "")")
    }
    // The largest and the smallest half come back finite and not zero.
    var ends = try codec.encode([0, 0])
    ends.replaceSubrange(8..., with: [0xFF, 0x7B, 1, 0])
    let values = try codec.decode(ends)
    #expect(values[0].isFinite && values[1] > 0)
  }

  @Test func infiniteBytesAreCorrupt() throws {
    for half: [UInt8] in [[0, 0x7C], [0, 0xFC], [1, 0x7C]] {
      var bytes = try HalfCodec().encode([1, 2])
      bytes.replaceSubrange(10..., with: half)
      #expect(failure { () throws(RuvectorError) in _ = try HalfCodec().decode(bytes) }?.code == .corrupt)
    }
  }

  @Test func options() throws {
    #expect(try HalfCodec(scale: 0.25).optionValues == [0.25])
    #expect(failure { () throws(RuvectorError) in _ = try HalfCodec(scale: -1) }?.code == .invalidConfig)
  }
}
