import CRuvectorSupport
import CSQLite
import RuvectorCore

/// What statements gave: rows of packed values (Values.swift), one after the other.
public final class Rows {
  public internal(set) var rowCount = 0
  /// Columns of the last statement that gives rows.
  public internal(set) var columnCount = 0
  /// The key of the last row that was ever inserted through the connection; 0 before the first.
  public internal(set) var lastKey: Int64 = 0
  /// Rows inserted, changed or deleted by the call, those of triggers included.
  public internal(set) var changes = 0
  let buffer: ByteBuffer

  init() throws(RuvectorError) { buffer = try ByteBuffer() }

  public var byteCount: Int { buffer.count }

  /// The values, of which each must be an integer.
  public func integers() throws(RuvectorError) -> AlignedBuffer<Int64> {
    let list = try AlignedBuffer<Int64>(count: buffer.count / 9, for: "keys")
    try withBytes { (bytes) throws(RuvectorError) in
      for i in 0..<list.count {
        guard bytes[9 * i] == 1, bytes.count == 9 * list.count else {
          throw RuvectorError(.corrupt, "expected integers, received other values")
        }
        list[i] = Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: 9 * i + 1, as: Int64.self))
      }
    }
    return list
  }

  /// The packed values; the memory is valid in `body` only.
  public func withBytes<T, Failure: Error>(_ body: (UnsafeRawBufferPointer) throws(Failure) -> T) throws(Failure) -> T {
    defer { withExtendedLifetime(buffer) {} }
    return try body(buffer.bytes)
  }
}

/// A connection to an SQLite database. Its calls may come from any thread; they run one after the other.
///
/// The library is the system's `libsqlite3`, looked for when the first database is opened (Sources/CSQLite).
public final class Database {
  let sqlite: rv_sqlite
  private let connection: Connection
  private let lock: Lock
  private let statements: StatementCache

  /// How a file is opened.
  public enum Access: Int32, Sendable {
    /// One that is there; or else a new one.
    case write, create
    /// To read from, beside others who may write; or one that nobody can change while it is open, such as on a medium that
    /// cannot be written to.
    case read, frozen
  }

  /// `path` as the operating system knows it, or ":memory:". A statement waits `patience` milliseconds for other
  /// connections' locks before it fails with `.busy`.
  public init(path: String, _ access: Access, patience: Int32) throws(RuvectorError) {
    guard let found = rv_sqlite_load()?.pointee, found.threadsafe() != 0 else {
      throw .expected(
        "SQLite's library (Debian's package libsqlite3-0)", for: "VectorStore",
        received: "none under the names \(String(cString: rv_sqlite_names()))", .unsupported)
    }
    sqlite = found
    lock = try Lock()
    connection = try Connection(sqlite, path: path, access)
    statements = StatementCache(sqlite)
    _ = sqlite.extended_result_codes(connection.handle, 1)
    _ = sqlite.busy_timeout(connection.handle, patience)
  }

  /// Runs all statements of `sql` once for each row of parameters, which all have as many values as the statement that
  /// wants most; the others take the first of them. No parameters: once, with none.
  ///
  /// In a `transaction` all of it is done, or, where anything fails or the caller cancels, nothing.
  public func run(
    _ sql: String, _ parameters: UnsafeRawBufferPointer, transaction: Bool, control: Control = .none
  ) throws(RuvectorError) -> Rows {
    try lock.locked { () throws(RuvectorError) in
      let cancel = CancelHandler(control, sqlite, connection.handle)
      defer { cancel.end() }
      guard transaction else { return try runLocked(sql, parameters) }
      _ = try runLocked("BEGIN IMMEDIATE", .init(start: nil, count: 0))
      do throws(RuvectorError) {
        let rows = try runLocked(sql, parameters)
        try control.check()
        _ = try runLocked("COMMIT", .init(start: nil, count: 0))
        return rows
      } catch {
        cancel.end()  // or it would stop the ROLLBACK too
        // SQLite has rolled back by itself after some errors.
        if sqlite.get_autocommit(connection.handle) == 0 { _ = try? runLocked("ROLLBACK", .init(start: nil, count: 0)) }
        throw error
      }
    }
  }

  private func runLocked(_ sql: String, _ parameters: UnsafeRawBufferPointer) throws(RuvectorError) -> Rows {
    let before = sqlite.total_changes(connection.handle)
    let rows = try Rows()
    let script = statements.script(sql)
    var reader = ValueReader(parameters)
    repeat {
      var next = reader, place = 0
      while let statement = try script.statement(place, connection) {
        // Each begins at the start of the row; the one that takes most says where the next row starts.
        var own = reader
        try run(statement, &own, into: rows)
        if own.position > next.position { next = own }
        place += 1
      }
      guard next.position > reader.position || reader.isAtEnd else {
        throw .expected("no values", for: "parameters", received: "\(parameters.count) bytes", .invalidArgument)
      }
      reader = next
    } while !reader.isAtEnd
    rows.lastKey = sqlite.last_insert_rowid(connection.handle)
    rows.changes = Int(sqlite.total_changes(connection.handle) &- before)
    return rows
  }

  private func run(_ statement: OpaquePointer, _ reader: inout ValueReader, into rows: Rows) throws(RuvectorError) {
    defer {
      _ = sqlite.reset(statement)
      _ = sqlite.clear_bindings(statement)
    }
    for index in 0..<sqlite.bind_parameter_count(statement) {
      try check(try bind(statement, index + 1, &reader))
    }
    let columns = sqlite.column_count(statement)
    if columns > 0 { rows.columnCount = Int(columns) }
    while true {
      let code = sqlite.step(statement)
      if code == Int32(RV_SQLITE_DONE) { return }
      guard code == Int32(RV_SQLITE_ROW) else { throw connection.failure(code) }
      try append(statement, columns: columns, to: rows.buffer)
      rows.rowCount += 1
    }
  }

  private func check(_ code: Int32) throws(RuvectorError) {
    if code != Int32(RV_SQLITE_OK) { throw connection.failure(code) }
  }
}
