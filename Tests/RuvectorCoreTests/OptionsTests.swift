import RuvectorCore
import TestSupport
import Testing

@Suite struct OptionsTests {
  static let table = [
    Option("width", .integer(1...16), "Must be given."),
    Option("rate", .number(0...0.5), standard: 0.25, "A number."),
    Option("shift", .number(-Double.infinity...Double.infinity), standard: 0, "Any finite number."),
    Option("seed", .seed, standard: 7, "A seed."),
  ]

  static func settings(_ given: [(key: String, value: OptionValue)]) throws(RuvectorError) -> Settings {
    try Settings(of: "thing", table, given)
  }

  static func message(_ given: [(key: String, value: OptionValue)]) -> String? {
    let error = failure { () throws(RuvectorError) in _ = try settings(given) }
    if let error { #expect(error.code == .invalidConfig) }
    return error?.message
  }

  @Test func wrongNamesAndValues() {
    let width: (key: String, value: OptionValue) = ("width", .integer(3))
    #expect(Self.message([]) == "expected an integer in 1...16 for width, received nothing")
    #expect(
      Self.message([width, ("Rates", .number(0))])
        == "expected rate or another of width, rate, shift, seed for option of thing, received \"Rates\"")
    #expect((Self.message([(String(repeating: "é", count: 10_000), .number(0))])?.utf8.count ?? 999) < 200)
    let none = failure { () throws(RuvectorError) in
      _ = try Settings(of: "thing", [], [("x", .number(1))])
    }
    #expect(none == RuvectorError(.invalidConfig, "expected no option for thing, received \"x\""))
    for (value, received) in [
      (OptionValue.integer(0), "0"), (.integer(17), "17"), (.integer(.min), "-9223372036854775808"),
      (.number(3.5), "3.5"), (.number(.nan), "NaN"), (.number(.infinity), "Infinity"),
      (.number(1e300), "1e300"),
      (.number(0), "0"), (.text("3"), "\"3\""),
      (.text(String(repeating: "y", count: 99)), quoted("yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy")),
    ] {
      #expect(
        Self.message([("width", value)]) == "expected an integer in 1...16 for width, received \(received)")
    }
    for (value, received) in [
      (OptionValue.number(-1e-9), "-1e-9"), (.number(0.500001), "0.500001"), (.number(.nan), "NaN"),
      (.integer(1), "1"), (.integer(-1), "-1"), (.text(""), "\"\""),
    ] {
      #expect(
        Self.message([width, ("rate", value)])
          == "expected a number in 0...0.5 for rate, received \(received)")
    }
    for (value, received) in [
      (OptionValue.number(.nan), "NaN"), (.number(.infinity), "Infinity"), (.number(-.infinity), "-Infinity"),
    ] {
      #expect(
        Self.message([width, ("shift", value)]) == "expected a finite number for shift, received \(received)")
    }
    #expect(Self.message([width, ("seed", .text("1"))]) == "expected an integer for seed, received \"1\"")
  }

  @Test func values() throws {
    let some = try Self.settings([("width", .number(16)), ("rate", .integer(0)), ("shift", .number(-1e300))])
    #expect(some.integer("width") == 16 && some.number("rate") == 0 && some.number("shift") == -1e300)
    #expect(some.seed("seed") == 7)
    let standard = try Self.settings([("width", .integer(1))])
    #expect(standard.number("rate") == 0.25 && standard.number("shift") == 0)
    // Of two the later counts.
    #expect(try Self.settings([("width", .integer(1)), ("width", .integer(2))]).integer("width") == 2)
  }

  @Test func seeds() throws {
    func seed(_ value: OptionValue) throws -> UInt64 {
      try Self.settings([("width", .integer(1)), ("seed", value)]).seed("seed")
    }
    #expect(try seed(.integer(-1)) == .max && seed(.integer(42)) == 42 && seed(.number(42)) == 42)
    #expect(try seed(.number(-1)) == .max && seed(.number(0.5)) == 0.5.bitPattern)
    #expect(try seed(.number(.nan)) == Double.nan.bitPattern && seed(.number(1e300)) == 1e300.bitPattern)
  }

  @Test func json() throws {
    let width: (key: String, value: OptionValue) = ("width", .integer(3))
    #expect(try Self.settings([width]).json == #"{"width":3,"rate":0.25,"shift":0,"seed":7}"#)
    let seed = ("seed", OptionValue.integer(.min)), shift = ("shift", OptionValue.number(-1e300))
    #expect(
      try Self.settings([width, seed, shift]).json
        == #"{"width":3,"rate":0.25,"shift":-1e300,"seed":-9223372036854775808}"#)
    let odd = ("seed", OptionValue.number(.nan))
    #expect(
      try Self.settings([width, odd]).json
        == #"{"width":3,"rate":0.25,"shift":0,"seed":\#(Int64(bitPattern: Double.nan.bitPattern))}"#)
    let choice = [Option("metric", .choice(["cosine", "l2"]), standard: 1, "A name.")]
    #expect(try Settings(of: "thing", choice).json == #"{"metric":"l2"}"#)
    #expect(try Settings(of: "thing", choice, [("metric", .text("cosine"))]).json == #"{"metric":"cosine"}"#)
    #expect(try Settings(of: "thing", []).json == "{}")
  }
}
