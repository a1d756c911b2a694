/// A number as people write it, for messages: whole numbers without a point, others with up to six significant
/// digits, `NaN`, `Infinity`. (The standard library's printing would bring its tables into the wasm build.)
public func text(_ value: Double) -> String {
  if value.isNaN { return "NaN" }
  if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
  if value == value.rounded(.towardZero), abs(value) < 1e15 { return "\(Int64(value))" }
  let sign = value < 0 ? "-" : ""
  var m = abs(value), e = 0
  while m >= 10 { (m, e) = (m / 10, e + 1) }
  while m < 1 { (m, e) = (m * 10, e - 1) }
  var digits = Int64((m * 100_000).rounded())
  if digits == 1_000_000 { (digits, e) = (100_000, e + 1) }
  var all = Array("\(digits)".utf8)
  while all.count > 1, all[all.count - 1] == 48 { all.removeLast() }
  func part(_ range: Range<Int>) -> String {
    var s = ""
    for i in range { s += i < all.count ? "\(all[i] - 48)" : "0" }
    return s
  }
  let count = all.count
  if e < -5 || e > 14 { return sign + part(0..<1) + (count > 1 ? "." + part(1..<count) : "") + "e\(e)" }
  if e < 0 {
    var zeros = ""
    for _ in 0..<(-e - 1) { zeros += "0" }
    return sign + "0." + zeros + part(0..<count)
  }
  return sign + part(0..<(e + 1)) + (count > e + 1 ? "." + part((e + 1)..<count) : "")
}

// MARK: - Words

// Names are compared byte by byte: String's own == brings tables of Unicode into WebAssembly.

extension StaticString {
  /// Whether the caller wrote exactly this name.
  public func matches(_ other: String) -> Bool { withUTF8Buffer { $0.elementsEqual(other.utf8) } }

  public func matches(_ other: StaticString) -> Bool {
    withUTF8Buffer { mine in other.withUTF8Buffer { mine.elementsEqual($0) } }
  }
}

/// The caller's word in a message: quoted, its first 40 bytes.
public func quoted(_ word: String) -> String {
  "\"" + String(decoding: word.utf8.prefix(40), as: UTF8.self) + "\""
}

/// A path for a sentence; of a long one the end, which tells more.
public func quotedPath(_ path: String) -> String {
  let bytes = path.utf8, most = 150
  return bytes.count <= most ? "\"\(path)\"" : "\"..." + String(decoding: bytes.suffix(most), as: UTF8.self) + "\""
}

/// `a, b, c`.
public func list(_ names: [StaticString]) -> String {
  var all = ""
  for name in names { all += all.utf8.isEmpty ? "\(name)" : ", \(name)" }
  return all
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
