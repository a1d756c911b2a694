import CRuvector
import Testing

@testable import RuvectorABI

/// A database as C uses it; what SQLite makes of statements is RuvectorStoreTests.
struct DatabaseTests {
  private func opened(_ path: String = ":memory:") -> OpaquePointer? {
    var error = rv_error(), database: OpaquePointer?
    #expect(rv_database_open(path, 1, 0, &database, &error) == 0, "\(message(error))")
    return database
  }

  private func integer(_ value: Int64) -> [UInt8] { [1] + withUnsafeBytes(of: value) { Array($0) } }

  /// The status, and the rows for the caller to release.
  private func run(
    _ database: OpaquePointer?, _ sql: String?, _ values: [UInt8] = [], transaction: Int32 = 0,
    error: UnsafeMutablePointer<rv_error>? = nil
  ) -> (status: Int32, rows: OpaquePointer?) {
    let bytes = Memory(values)
    var parameters = bytes.buffer(), rows: OpaquePointer?
    let status = withExtendedLifetime(bytes) {
      rv_database_run(database, sql, &parameters, transaction, &rows, nil, error)
    }
    #expect((status == 0) == (rows != nil))
    return (status, rows)
  }

  @Test func rowsComeBack() {
    var error = rv_error(), last: Int64 = 9
    var count: UInt64 = 9, columns: UInt64 = 9, size: UInt64 = 9, changes: UInt64 = 9
    let database = opened()
    let made = run(database, "CREATE TABLE a(x UNIQUE)")
    rv_rows_info(made.rows, &count, &columns, &size, &last, &changes)
    #expect(made.status == 0 && count == 0 && columns == 0 && size == 0 && last == 0 && changes == 0)
    #expect(rv_rows_copy(made.rows, [Memory<UInt8>([]).buffer()], &error) == 0, "no bytes need no room")
    let put = run(database, "INSERT INTO a VALUES (?1)", integer(7) + integer(-8), transaction: 1)
    rv_rows_info(put.rows, nil, nil, nil, &last, &changes)
    #expect(put.status == 0 && last == 2 && changes == 2)
    #expect(
      run(database, "INSERT INTO a VALUES (?1)", integer(9) + integer(7), transaction: 1).status
        == RV_DUPLICATE_KEY.rawValue)

    let got = run(database, "SELECT x FROM a ORDER BY x")
    rv_rows_info(got.rows, &count, &columns, &size, nil, nil)
    #expect(got.status == 0 && count == 2 && columns == 1 && size == 18)
    let room = Memory([UInt8](repeating: 99, count: 19)), floats = Memory<Float>([0, 0, 0, 0, 0])
    var out = room.buffer(), other = floats.buffer()
    out.dims.0 = 17
    #expect(rv_rows_copy(got.rows, &out, &error) == RV_DIMENSION_MISMATCH.rawValue)
    #expect(rv_rows_copy(got.rows, &other, &error) == RV_INVALID_ARGUMENT.rawValue)
    #expect(rv_rows_copy(got.rows, nil, &error) == RV_INVALID_ARGUMENT.rawValue)
    #expect(room.values.allSatisfy { $0 == 99 })
    out.dims.0 = 19
    #expect(rv_rows_copy(got.rows, &out, &error) == 0 && room.values == integer(-8) + integer(7) + [99])

    // Rows outlive their database, and it the first of its handles.
    #expect(rv_database_retain(database) == database)
    rv_database_release(database)
    let again = run(database, "SELECT 1")
    rv_database_release(database)
    #expect(rv_rows_copy(again.rows, &out, &error) == 0 && Array(room.values.prefix(9)) == integer(1))
    for rows in [made.rows, put.rows, got.rows, again.rows] { rv_rows_release(rows) }
  }

  @Test func whatIsRefused() {
    var error = rv_error(), database: OpaquePointer?, rows: OpaquePointer?, count: UInt64 = 9
    #expect(rv_database_open("/nowhere/at/all.db", 1, .max, &database, &error) == RV_IO.rawValue && database == nil)
    #expect(rv_database_open(nil, 1, 0, &database, &error) == RV_INVALID_ARGUMENT.rawValue)
    #expect(rv_database_open(":memory:", 1, 0, nil, &error) == RV_INVALID_ARGUMENT.rawValue)
    #expect(run(nil, "SELECT 1").status == RV_CLOSED.rawValue)
    #expect(rv_rows_copy(nil, nil, &error) == RV_CLOSED.rawValue)
    rv_rows_info(nil, &count, nil, nil, nil, nil)
    #expect(count == 9 && rv_database_retain(nil) == nil)
    rv_database_release(nil)
    rv_rows_release(nil)

    database = opened()
    #expect(run(database, nil).status == RV_INVALID_ARGUMENT.rawValue)
    #expect(run(database, "SELEKT 1", error: &error).status == RV_INVALID_ARGUMENT.rawValue)
    #expect(message(error).contains("SELEKT"))
    #expect(run(database, "SELECT ?1", [3, 5, 0, 0, 0, 65]).status == RV_INVALID_ARGUMENT.rawValue)
    var parameters = Memory<Float>([]).buffer()
    #expect(rv_database_run(database, "SELECT 1", &parameters, 0, &rows, nil, &error) == RV_INVALID_ARGUMENT.rawValue)
    #expect(message(error) == "expected bytes for parameters, received another buffer")
    #expect(rv_database_run(database, "SELECT 1", nil, 0, &rows, nil, &error) == RV_INVALID_ARGUMENT.rawValue)
    #expect(rv_database_run(database, "SELECT 1", &parameters, 0, nil, nil, &error) == RV_INVALID_ARGUMENT.rawValue)
    // NULL for the data of bytes that are said to be there.
    parameters = rv_buffer(
      data: nil, type: RV_U8.rawValue, rank: 1, dims: (4, 0, 0, 0), stride: 0, writable: 0, reserved: 0)
    #expect(rv_database_run(database, "SELECT 1", &parameters, 0, &rows, nil, &error) == RV_INVALID_ARGUMENT.rawValue)

    // A cancelled call, of which nothing stays.
    let flag = Memory<UInt32>([1])
    var control = rv_control()
    control.size = UInt32(MemoryLayout<rv_control>.size)
    control.cancel = UnsafePointer(flag.pointer)
    parameters.dims.0 = 0
    #expect(
      rv_database_run(database, "CREATE TABLE a(x)", &parameters, 1, &rows, &control, &error) == RV_ABORTED.rawValue)
    let made = run(database, "CREATE TABLE a(x)")
    #expect(made.status == 0 && rows == nil)
    rv_rows_release(made.rows)
    rv_database_release(database)
  }
}
