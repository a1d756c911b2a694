import CRuvector
import Ruvector

/// The one way out: runs `body`, writes what it throws into the caller's `rv_error`, returns the status.
@inline(__always)
func status(
  _ error: UnsafeMutablePointer<rv_error>?, _ body: () throws(RuvectorError) -> Void
) -> Int32 {
  do throws(RuvectorError) {
    try body()
    return 0
  } catch let failure {
    if let error { write(failure, into: error) }
    return failure.code.rawValue
  }
}

/// Code, message and its parts.
private func write(_ failure: RuvectorError, into error: UnsafeMutablePointer<rv_error>) {
  error.pointee.code = failure.code.rawValue
  withUnsafeMutableBytes(of: &error.pointee.message) { write(failure.message, into: $0) }
  withUnsafeMutableBytes(of: &error.pointee.wanted) { write(failure.wanted, into: $0) }
  withUnsafeMutableBytes(of: &error.pointee.subject) { write(failure.subject, into: $0) }
  withUnsafeMutableBytes(of: &error.pointee.received) { write(failure.received, into: $0) }
}

/// A text with an ending 0, cut at a character's border to what the field holds.
private func write(_ text: String, into field: UnsafeMutableRawBufferPointer) {
  var length = 0
  for byte in text.utf8 {
    guard length < field.count - 1 else { break }
    field[length] = byte
    length += 1
  }
  if length == field.count - 1 {
    while length > 0, field[length - 1] & 0xc0 == 0x80 { length -= 1 }
    if length > 0, field[length - 1] & 0x80 != 0 { length -= 1 }
  }
  field[length] = 0
}

/// A pointer that must not be NULL.
func require<T>(_ pointer: T?, _ name: String) throws(RuvectorError) -> T {
  guard let pointer else { throw .expected("a pointer", for: name, received: "NULL", .invalidArgument) }
  return pointer
}

/// A count from C as an Int: below 2^40, or 2^28 where addresses have 32 bits (8 bytes each do not overflow then).
func count(_ value: UInt64, _ name: @autoclosure () -> String) throws(RuvectorError) -> Int {
  let bits: UInt64 = Int.bitWidth == 64 ? 40 : 28
  guard value >> bits == 0 else {
    throw .expected("a count below 2^\(bits)", for: name(), received: "\(value)", .outOfRange)
  }
  return Int(truncatingIfNeeded: value)
}

func string(_ text: UnsafePointer<CChar>?, _ name: String) throws(RuvectorError) -> String {
  String(cString: try require(text, name))
}
