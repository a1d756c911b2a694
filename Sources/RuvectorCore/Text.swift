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
