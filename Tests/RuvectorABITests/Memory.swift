import CRuvector

/// Memory as a C program has it: numbers that stay at their address, and views of them.
final class Memory<T> {
  let pointer: UnsafeMutablePointer<T>
  let count: Int

  init(_ values: [T]) {
    count = values.count
    pointer = .allocate(capacity: count)
    pointer.initialize(from: values, count: count)
  }

  deinit { pointer.deallocate() }

  var values: [T] { Array(UnsafeBufferPointer(start: pointer, count: count)) }

  /// The memory as a vector, or as `rows` rows.
  func buffer(rows: Int? = nil) -> rv_buffer {
    let type =
      T.self == Float.self ? RV_F32 : T.self == Double.self ? RV_F64 : T.self == UInt8.self ? RV_U8 : RV_U32
    return rv_buffer(
      data: pointer, type: type.rawValue, rank: rows == nil ? 1 : 2,
      dims: (UInt64(rows ?? count), UInt64(rows.map { count / $0 } ?? 0), 0, 0), stride: 0, writable: 1, reserved: 0)
  }
}

func message(_ error: rv_error) -> String {
  withUnsafeBytes(of: error.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}
