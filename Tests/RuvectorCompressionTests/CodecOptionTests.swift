import RuvectorCore
import Testing

@testable import RuvectorCompression

@Suite struct CodecOptionTests {
  static let names = Codecs.all.map { text($0.name) }

  @Test(arguments: names) func everyOptionIsChecked(_ name: String) throws {
    let entry = try #require(Codecs.all.first { text($0.name) == name })
    #expect(!entry.options.isEmpty)
    for option in entry.options {
      let key = text(option.name)
      let (low, high) = (option.range.lowerBound, option.range.upperBound)
      #expect(low.isFinite && high.isFinite && option.range.contains(option.defaultValue))
      #expect(text(option.summary).hasSuffix("."))
      for good in [low, high, option.defaultValue] { _ = try entry.make([(key, good)]) }
      var bad: [Double] = [.nan, .infinity, -.infinity, low.nextDown, high.nextUp, 1e300, -1e300]
      if option.kind == .integer { bad += [low + 0.5, high - 0.5] }
      for value in bad {
        let error = failure { () throws(RuvectorError) in _ = try entry.make([(key, value)]) }
        #expect(error?.code == .invalidConfig, "\(name) \(key) \(value)")
        #expect(error?.message.contains("for \(key), received ") == true)
      }
    }
  }

  @Test func messages() {
    func message(_ codec: String, _ key: String, _ value: Double) -> String? {
      failure { () throws(RuvectorError) in _ = try Codecs.make(codec, [(key, value)]) }?.message
    }
    #expect(
      message("pq8", "centroids", 3.5) == "expected an integer in 2...256 for centroids, received 3.5")
    #expect(message("half", "scale", 0) == "expected a number in 1e-30...1e30 for scale, received 0")
    #expect(
      message("binary", "threshold", .nan)
        == "expected a number in -3.4e38...3.4e38 for threshold, received NaN")
    #expect(
      message("pq4", "outlier_threshold", 3)
        == "expected outlierThreshold or another of subvectors, outlierThreshold for option of pq4, "
        + "received \"outlier_threshold\"")
    #expect(message("pq8", "Centroid", 3)?.hasPrefix("expected centroids or") == true)
    #expect(message("pq8", "subvector", 3)?.hasPrefix("expected subvectors or") == true)
    #expect(message("pq8", "", 3)?.hasSuffix("received \"\"") == true)
    #expect((message("pq8", String(repeating: "é", count: 10_000), 3)?.utf8.count ?? 999) < 200)
  }

  @Test func settings() throws {
    let some = try CodecSettings(PQ8Codec.self, [("centroids", 4), ("centroids", 9)])
    let options = PQ8Codec.options
    #expect(some.integer(options[0]) == 8)
    #expect(some.integer(options[1]) == 9)
    #expect(try PQ8Codec(some).centroids == 9)
    #expect(try PQ4Codec(subvectors: 3, outlierThreshold: 2.5).outlierThreshold == 2.5)
    #expect(failure { () throws(RuvectorError) in _ = try PQ8Codec(subvectors: 0) }?.code == .invalidConfig)
    #expect(failure { () throws(RuvectorError) in _ = try PQ8Codec(centroids: 257) }?.code == .invalidConfig)
    #expect(
      failure { () throws(RuvectorError) in _ = try PQ4Codec(outlierThreshold: -1) }?.code == .invalidConfig)
    #expect(failure { () throws(RuvectorError) in _ = try HalfCodec(scale: -1) }?.code == .invalidConfig)
  }

  @Test func numbersInMessages() {
    for (value, expected) in [
      (0.0, "0"), (-0.0, "0"), (3, "3"), (-65520, "-65520"), (3.5, "3.5"), (-0.25, "-0.25"), (0.1, "0.1"),
      (1e-30, "1e-30"), (-3.4e38, "-3.4e38"), (123456.789, "123457"), (1234.5678, "1234.57"),
      (0.00012345678, "0.000123457"), (9.999999999, "10"), (0.9999999999, "1"), (1e15, "1e15"),
      (1e14, "100000000000000"), (.leastNonzeroMagnitude, "4.94066e-324"),
      (1.7976931348623157e308, "1.79769e308"),
      (.nan, "NaN"), (.infinity, "Infinity"), (-.infinity, "-Infinity"),
      (1234567890123.5, "1234570000000"),
    ] { #expect(spelled(value) == expected) }
  }
}
