import CRuvector
import Ruvector

/// Keys as they arrive from C, for the length of `body`.
func withKeys<T>(
  _ keys: UnsafePointer<rv_buffer>?, _ offsets: UnsafePointer<rv_buffer>?, _ name: String,
  _ body: (KeyList) throws(RuvectorError) -> T
) throws(RuvectorError) -> T {
  let (list, converted) = try keyList(keys, offsets, name)
  return try withExtendedLifetime(converted) { () throws(RuvectorError) in try body(list) }
}

/// The same, and the memory that it lies in where it is not the caller's. Apart: `withKeys` is compiled anew for each `body`.
@inline(never) private func keyList(
  _ keys: UnsafePointer<rv_buffer>?, _ offsets: UnsafePointer<rv_buffer>?, _ name: String
) throws(RuvectorError) -> (KeyList, AlignedBuffer<Int64>?) {
  let tensor = try tensor(keys, name)
  switch tensor.type {
  case .int64: return (.integers(try tensor.elements(Int64.self, name), tensor.columns), nil)
  case .float64:
    let whole = try wholeNumbers(tensor.elements(Double.self, name), tensor.columns, name)
    return (.integers(whole.pointer, tensor.columns), whole)
  case .uint8:
    let bounds = try RuvectorABI.tensor(offsets, "\(name).offsets"), count = bounds.columns - 1
    guard bounds.type == .uint32, count >= 0 else {
      throw .expected("u32 offsets", for: "\(name).offsets", received: "others", .invalidArgument)
    }
    let ends = try bounds.elements(UInt32.self, "\(name).offsets")
    guard ends[0] == 0, UInt64(ends[count]) <= UInt64(tensor.columns) else {
      throw .expected("offsets from 0 to the bytes there are", for: "\(name).offsets", received: "others", .outOfRange)
    }
    for i in 0..<count where ends[i + 1] < ends[i] {
      throw .expected("offsets that rise", for: "\(name).offsets", received: "\(ends[i + 1])", .invalidArgument)
    }
    return (.strings(try tensor.elements(UInt8.self, name), ends, count), nil)
  default: throw .expected("f64, i64 or u8", for: name, received: "another type", .invalidArgument)
  }
}

private func wholeNumbers(
  _ numbers: UnsafePointer<Double>, _ count: Int, _ name: String
) throws(RuvectorError) -> AlignedBuffer<Int64> {
  let converted = try AlignedBuffer<Int64>(count: count, for: "keys")
  for i in 0..<count {
    guard numbers[i] == numbers[i].rounded(), numbers[i].magnitude <= 0x1p53 else {
      throw .expected("whole numbers", for: "\(name)[\(i)]", received: text(numbers[i]), .invalidArgument)
    }
    converted[i] = Int64(numbers[i])
  }
  return converted
}

/// Where keys go to.
final class KeyOutput {
  private enum Kind {
    case doubles(UnsafeMutablePointer<Double>)
    case integers(UnsafeMutablePointer<Int64>)
    case strings(UnsafeMutablePointer<UInt8>, Int, UnsafeMutablePointer<UInt32>)
  }
  private let kind: Kind
  /// Bytes of the strings so far, whether they fit or not.
  private(set) var bytes = 0

  /// Room for `count` keys of `keys`.
  init(
    _ keys: Keys, _ out: UnsafePointer<rv_buffer>?, _ offsets: UnsafePointer<rv_buffer>?, count: Int
  ) throws(RuvectorError) {
    let tensor = try tensor(out, "keys")
    switch (tensor.type, keys.kind) {
    case (.float64, .integer):
      kind = .doubles(try tensor.room(Double.self, "keys", count: count))
    case (.int64, .integer):
      kind = .integers(try tensor.room(Int64.self, "keys", count: count))
    case (.uint8, .string):
      let bytes = try tensor.room(UInt8.self, "keys", count: 0)
      let bounds = try RuvectorABI.tensor(offsets, "offsets").indices("offsets", count: count + 1)
      bounds[0] = 0
      kind = .strings(bytes, tensor.columns, bounds)
    default:
      throw .expected(
        keys.kind == .integer ? "f64 or i64" : "u8 with offsets", for: "keys", received: "another type",
        .invalidArgument)
    }
  }

  /// Key i is that of `place`.
  func put(_ i: Int, _ keys: Keys, _ place: Int) {
    switch kind {
    case .doubles(let out): out[i] = Double(keys.integer(place))
    case .integers(let out): out[i] = keys.integer(place)
    case .strings(let out, let room, let offsets):
      let n = keys.length(place)
      if bytes + n <= room { (out + bytes).update(from: keys.bytes(place), count: n) }
      bytes += n
      offsets[i + 1] = UInt32(clamping: bytes)
    }
  }

  /// Key i is nothing.
  func skip(_ i: Int) {
    switch kind {
    case .doubles(let out): out[i] = 0
    case .integers(let out): out[i] = 0
    case .strings(_, _, let offsets): offsets[i + 1] = UInt32(clamping: bytes)
    }
  }
}
