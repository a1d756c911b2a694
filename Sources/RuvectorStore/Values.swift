import CSQLite
import RuvectorCore

// Values of SQL, packed: what goes into statements and what comes out of them. A byte for the type, then, in the byte order
// of the machine and without gaps:
//   0 null, 1 integer (64 bits), 2 real (64 bits), 3 text, 4 blob (32 bits for the bytes, the bytes; text in UTF-8)

/// Reads packed values. Nothing is believed: lengths are checked against what is there.
struct ValueReader {
  private let bytes: UnsafeRawBufferPointer
  private var at = 0
  /// Bytes read so far.
  var position: Int { at }

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var isAtEnd: Bool { at == bytes.count }

  mutating func next<T: BitwiseCopyable>(_: T.Type) throws(RuvectorError) -> T {
    guard bytes.count - at >= MemoryLayout<T>.size else { throw truncated }
    defer { at += MemoryLayout<T>.size }
    return bytes.loadUnaligned(fromByteOffset: at, as: T.self)
  }

  /// Memory of the next `count` bytes; valid as long as that of the reader.
  mutating func next(count: Int) throws(RuvectorError) -> UnsafeRawPointer? {
    guard bytes.count - at >= count else { throw truncated }
    defer { at += count }
    return bytes.baseAddress.map { $0 + at }
  }

  private var truncated: RuvectorError {
    .expected("whole values", for: "parameters", received: "\(bytes.count) bytes that end within one", .invalidArgument)
  }
}

extension Database {
  /// Binds the next value to a parameter. Texts and blobs stay in the reader's memory.
  func bind(_ statement: OpaquePointer, _ index: Int32, _ reader: inout ValueReader) throws(RuvectorError) -> Int32 {
    switch try reader.next(UInt8.self) {
    case 0: return sqlite.bind_null(statement, index)
    case 1: return sqlite.bind_int64(statement, index, try reader.next(Int64.self))
    case 2: return sqlite.bind_double(statement, index, try reader.next(Double.self))
    case let type where type == 3 || type == 4:
      let count = try reader.next(UInt32.self)
      guard let count = Int32(exactly: count) else {
        throw .expected("less than 2^31 bytes", for: "a value", received: "\(count)", .outOfRange)
      }
      let start = try reader.next(count: Int(count))
      return type == 3
        ? sqlite.bind_text(statement, index, start?.assumingMemoryBound(to: CChar.self), count, nil)
        : count == 0 ? bindEmpty(statement, index) : sqlite.bind_blob(statement, index, start, count, nil)
    case let type:
      throw .expected("a type of value", for: "parameters", received: "\(type)", .invalidArgument)
    }
  }

  /// A blob without bytes needs an address all the same: NULL would be SQL's null.
  private func bindEmpty(_ statement: OpaquePointer, _ index: Int32) -> Int32 {
    sqlite.bind_blob(statement, index, UnsafeRawPointer(bitPattern: 1), 0, nil)
  }

  /// Appends the columns of the row a statement stands on.
  func append(_ statement: OpaquePointer, columns: Int32, to rows: ByteBuffer) throws(RuvectorError) {
    for column in 0..<columns {
      switch sqlite.column_type(statement, column) {
      case Int32(RV_SQLITE_INTEGER):
        try rows.append(byte: 1)
        try rows.append(sqlite.column_int64(statement, column))
      case Int32(RV_SQLITE_FLOAT):
        try rows.append(byte: 2)
        try rows.append(sqlite.column_double(statement, column))
      case let type where type == Int32(RV_SQLITE_TEXT) || type == Int32(RV_SQLITE_BLOB):
        let isText = type == Int32(RV_SQLITE_TEXT)
        let start = isText ? sqlite.column_text(statement, column) : sqlite.column_blob(statement, column)
        let count = sqlite.column_bytes(statement, column)
        guard start != nil || count == 0 else { throw RuvectorError(.outOfMemory, "no memory for a value of SQLite") }
        try rows.append(byte: isText ? 3 : 4)
        try rows.append(UInt32(truncatingIfNeeded: count))
        try rows.append(start, count: Int(count))
      default: try rows.append(byte: 0)
      }
    }
  }
}
