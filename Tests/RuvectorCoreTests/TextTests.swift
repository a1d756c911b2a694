import Testing

@testable import RuvectorCore

@Suite struct TextTests {
  @Test func numbers() {
    for (value, expected) in [
      (0.0, "0"), (-0.0, "0"), (3, "3"), (-65520, "-65520"), (3.5, "3.5"), (-0.25, "-0.25"), (0.1, "0.1"),
      (1e-30, "1e-30"), (-3.4e38, "-3.4e38"), (123456.789, "123457"), (1234.5678, "1234.57"),
      (0.00012345678, "0.000123457"), (9.999999999, "10"), (0.9999999999, "1"), (1e15, "1e15"),
      (1e14, "100000000000000"), (.leastNonzeroMagnitude, "4.94066e-324"),
      (1.7976931348623157e308, "1.79769e308"),
      (.nan, "NaN"), (.infinity, "Infinity"), (-.infinity, "-Infinity"),
      (1234567890123.5, "1234570000000"),
    ] { #expect(text(value) == expected) }
  }

  @Test func names() {
    let name: StaticString = "half"
    #expect(name.matches("half") && name.matches("half" as StaticString))
    for other in ["", "hal", "halff", "Half", "half\0"] { #expect(!name.matches(other)) }
    #expect(list([]) == "" && list(["a"]) == "a" && list(["a", "b", "c"]) == "a, b, c")
    #expect(quoted("x") == "\"x\"" && quoted("") == "\"\"")
    #expect(quoted(String(repeating: "y", count: 10_000)).utf8.count == 42)
    #expect(quoted(String(repeating: "é", count: 10_000)).utf8.count <= 45)
  }

  @Test func closestName() {
    let names: [StaticString] = ["subvectors", "centroids", "outlierThreshold"]
    for (word, expected) in [
      ("centroid", "centroids"), ("CENTROIDS", "centroids"), ("outlier_threshold", "outlierThreshold"),
      ("sub", "subvectors"), ("threshold", "outlierThreshold"), ("subvectors", "subvectors"),
    ] { #expect(closest(names, to: word).map { "\($0)" } == expected, "\(word)") }
    #expect(closest(["ab", "cd"], to: "").map { "\($0)" } == "ab")  // the first of equals
    #expect(closest([], to: "x") == nil)
  }
}
