import RuvectorCore

/// One option of a codec: what it is called, what it may be, what it is when nobody says.
public struct CodecOption: Sendable {
  /// The values an option takes.
  public enum Kind: Sendable {
    case integer
    case number
  }

  /// The key, as the caller spells it.
  public let name: StaticString
  /// Whether only whole numbers are taken.
  public let kind: Kind
  /// The smallest and the largest value taken.
  public let range: ClosedRange<Double>
  /// The value when the option is not given.
  public let defaultValue: Double
  /// One sentence for the documentation.
  public let summary: StaticString

  /// A whole-numbered option.
  public static func integer(
    _ name: StaticString, _ range: ClosedRange<Int32>, default value: Int32, _ summary: StaticString
  ) -> CodecOption {
    CodecOption(
      name: name, kind: .integer, range: Double(range.lowerBound)...Double(range.upperBound),
      defaultValue: Double(value), summary: summary)
  }

  /// A real-valued option.
  public static func number(
    _ name: StaticString, _ range: ClosedRange<Double>, default value: Double, _ summary: StaticString
  ) -> CodecOption {
    CodecOption(name: name, kind: .number, range: range, defaultValue: value, summary: summary)
  }

  /// Refuses what the table does not allow (NaN and infinity included).
  func check(_ value: Double) throws(RuvectorError) {
    // The range is finite, so the conversion to Int64 happens only where it can be done.
    let fits = range.contains(value) && (kind == .number || Int64(exactly: value) != nil)
    guard fits else {
      let noun = kind == .integer ? "an integer" : "a number"
      throw .expected(
        "\(noun) in \(spelled(range.lowerBound))...\(spelled(range.upperBound))", for: text(name),
        received: spelled(value), .invalidConfig)
    }
  }
}

/// The checked options of one codec: what was given, and the defaults for the rest.
public struct CodecSettings: Sendable {
  private var given: [(name: StaticString, value: Double)] = []

  /// Checks each pair against the table of `codec`. Of two pairs with one key the later counts.
  ///
  /// - Throws: `.invalidConfig` for an unknown key (naming the closest right one) or a value out of range.
  public init<C: Codec>(
    _ codec: C.Type, _ options: [(key: String, value: Double)] = []
  ) throws(RuvectorError) {
    let table = codec.options
    for (key, value) in options {
      guard let option = table.first(where: { spells($0.name, key) }) else {
        throw Self.unknown(key, of: codec.name, table)
      }
      try option.check(value)
      given.append((option.name, value))
    }
  }

  /// The value of a real-valued option.
  public func number(_ option: CodecOption) -> Double {
    for (name, value) in given.reversed() where spells(name, option.name) { return value }
    return option.defaultValue
  }

  /// The value of a whole-numbered option.
  public func integer(_ option: CodecOption) -> Int {
    Int(Int32(exactly: number(option)) ?? Int32(exactly: option.defaultValue) ?? 0)
  }

  private static func unknown(
    _ key: String, of codec: StaticString, _ table: [CodecOption]
  ) -> RuvectorError {
    let names = table.map { $0.name }
    guard let closest = closest(names, to: key) else {
      return .expected("no option", for: text(codec), received: quoted(key), .invalidConfig)
    }
    return .expected(
      "\(text(closest)) or another of \(list(names))", for: "option of \(text(codec))",
      received: quoted(key), .invalidConfig)
  }
}

// MARK: - Words

// Names are compared byte by byte: String's own == brings tables of Unicode into WebAssembly.

/// A name of the library as a string.
func text(_ name: StaticString) -> String {
  name.withUTF8Buffer { String(decoding: $0, as: UTF8.self) }
}

/// Whether the caller wrote exactly this name.
func spells(_ name: StaticString, _ word: String) -> Bool {
  name.withUTF8Buffer { $0.elementsEqual(word.utf8) }
}

/// Whether two names are the same.
func spells(_ name: StaticString, _ other: StaticString) -> Bool {
  name.withUTF8Buffer { name in other.withUTF8Buffer { name.elementsEqual($0) } }
}

/// `a, b, c`.
func list(_ names: [StaticString]) -> String {
  var all = ""
  for name in names { all += (all.isEmpty ? "" : ", ") + text(name) }
  return all
}

/// The caller's word in an error message: its first 40 bytes.
func quoted(_ word: String) -> String {
  "\"" + String(decoding: word.utf8.prefix(40), as: UTF8.self) + "\""
}

/// The name with the least edit distance (Levenshtein, in bytes) to the start of `word`; the first of equals.
func closest(_ names: [StaticString], to word: String) -> StaticString? {
  let word = Array(word.utf8.prefix(40))
  var best: (name: StaticString, distance: Int)?
  for name in names {
    let distance = name.withUTF8Buffer { editDistance($0, word) }
    if let known = best, known.distance <= distance { continue }
    best = (name, distance)
  }
  return best?.name
}

/// Levenshtein's distance; letters that differ only in case count as equal.
private func editDistance(_ a: UnsafeBufferPointer<UInt8>, _ b: [UInt8]) -> Int {
  func lower(_ c: UInt8) -> UInt8 { c >= 65 && c <= 90 ? c | 32 : c }
  var row = Array(0...b.count)
  for i in 0..<a.count {
    var diagonal = row[0]
    row[0] = i + 1
    for j in 0..<b.count {
      let changed = diagonal + (lower(a[i]) == lower(b[j]) ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(changed, row[j] + 1, row[j + 1] + 1)
    }
  }
  return row[b.count]
}

/// A number for an error message, to six digits: `3.5`, `-0.25`, `1e-30`, `NaN`.
///
/// (Swift's own printing of Double is large and not in every embedded library.)
func spelled(_ x: Double) -> String {
  if x.isNaN { return "NaN" }
  let sign = x < 0 ? "-" : ""
  if x.isInfinite { return sign + "Infinity" }
  var m = x.magnitude
  if m < 1e15, m == Double(Int64(m)) { return "\(sign)\(Int64(m))" }
  var e = 0  // x = ±m·10ᵉ, 1 ≤ m < 10
  while m >= 10 {
    m /= 10
    e += 1
  }
  while m < 1 {
    m *= 10
    e -= 1
  }
  var number = Int32(m * 1e5 + 0.5)  // six digits, or 1,000,000
  if number == 1_000_000 {
    number = 100_000
    e += 1
  }
  while number % 10 == 0 { number /= 10 }
  let digits = Array("\(number)".utf8)
  func part(_ range: Range<Int>) -> String {
    String(decoding: range.map { $0 >= 0 && $0 < digits.count ? digits[$0] : 48 }, as: UTF8.self)
  }
  if e < -5 || e > 14 {
    let rest = digits.count > 1 ? "." + part(1..<digits.count) : ""
    return "\(sign)\(part(0..<1))\(rest)e\(e)"
  }
  let whole = e < 0 ? "0" : part(0..<e + 1)
  let first = min(e + 1, digits.count)
  return sign + whole + (first < digits.count ? "." + part(e + 1..<digits.count) : "")
}
