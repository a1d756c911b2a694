import Foundation
import RuvectorCore
import RuvectorStore
import Testing

/// What a VectorStore asks of SQLite, in memory; files, crashes and other processes are npm/test/store*.test.js.
@Suite struct DatabaseTests {
  private enum Value: Equatable {
    case null, integer(Int64), real(Double), text(String), blob([UInt8])
  }

  private func pack(_ values: [Value]) -> [UInt8] {
    var bytes: [UInt8] = []
    func put<T>(_ type: UInt8, _ value: T) {
      bytes.append(type)
      withUnsafeBytes(of: value) { bytes += $0 }
    }
    for value in values {
      switch value {
      case .null: bytes.append(0)
      case .integer(let x): put(1, x)
      case .real(let x): put(2, x)
      case .text(let x):
        put(3, UInt32(x.utf8.count))
        bytes += x.utf8
      case .blob(let x):
        put(4, UInt32(x.count))
        bytes += x
      }
    }
    return bytes
  }

  private func unpack(_ rows: Rows) -> [Value] { rows.withBytes { unpack($0) } }

  private func unpack(_ bytes: UnsafeRawBufferPointer) -> [Value] {
    var values: [Value] = [], at = 0
    func next<T: BitwiseCopyable>(_: T.Type) -> T {
      defer { at += MemoryLayout<T>.size }
      return bytes.loadUnaligned(fromByteOffset: at, as: T.self)
    }
    while at < bytes.count {
      switch next(UInt8.self) {
      case 0: values.append(.null)
      case 1: values.append(.integer(next(Int64.self)))
      case 2: values.append(.real(next(Double.self)))
      case let type:
        let count = Int(next(UInt32.self)), piece = Array(bytes[at..<(at + count)])
        at += count
        values.append(type == 3 ? .text(String(decoding: piece, as: UTF8.self)) : .blob(piece))
      }
    }
    return values
  }

  private func run(
    _ database: Database, _ sql: String, _ values: [Value] = [], transaction: Bool = false, control: Control = .none
  ) throws -> Rows {
    try pack(values).withUnsafeBytes { (bytes) throws(RuvectorError) in
      try database.run(sql, bytes, transaction: transaction, control: control)
    }
  }

  private func code(_ body: () throws -> Void) -> RuvectorError.Code? {
    do {
      try body()
      return nil
    } catch { return (error as? RuvectorError)?.code }
  }

  private func memory() throws -> Database { try Database(path: ":memory:", .create, patience: 0) }

  @Test func everyTypeComesBack() throws {
    let database = try memory()
    let values: [Value] = [
      .null, .integer(.min), .integer(.max), .real(-0.1), .real(.infinity), .text(""), .text("äöü\0€"), .blob([]),
      .blob([0, 1, 255]),
    ]
    let rows = try run(database, "SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9", values)
    #expect(unpack(rows) == values)
    #expect(rows.rowCount == 1 && rows.columnCount == 9)
  }

  @Test func eachStatementTakesTheFirstValuesOfEachRow() throws {
    let database = try memory()
    _ = try run(database, "CREATE TABLE a(x); CREATE TABLE b(x, y);")
    let rows = try run(
      database, "INSERT INTO a VALUES (?1); INSERT INTO b VALUES (?1, ?2); -- no more",
      [.integer(1), .text("one"), .integer(2), .text("two")], transaction: true)
    #expect(rows.changes == 4 && rows.lastKey == 2)
    let all = try run(database, "SELECT x FROM a; SELECT x, y FROM b")
    #expect(
      unpack(all) == [.integer(1), .integer(2), .integer(1), .text("one"), .integer(2), .text("two")])
  }

  @Test func aTransactionIsAllOrNothing() throws {
    let database = try memory()
    _ = try run(database, "CREATE TABLE a(x UNIQUE)")
    #expect(
      code { _ = try run(database, "INSERT INTO a VALUES (?1)", [.integer(1), .integer(1)], transaction: true) }
        == .duplicateKey)
    #expect(unpack(try run(database, "SELECT count(*) FROM a")) == [.integer(0)])
    _ = try run(database, "INSERT INTO a VALUES (?1)", [.integer(1)], transaction: true)
    #expect(unpack(try run(database, "SELECT count(*) FROM a")) == [.integer(1)])
  }

  @Test func cancelling() throws {
    let database = try memory()
    _ = try run(database, "CREATE TABLE a(x)")
    let flag = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)
    defer { flag.deallocate() }
    flag.pointee = 1
    let control = Control(cancelFlag: UnsafePointer(flag))
    let count = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
    #expect(code { _ = try run(database, count + "SELECT max(i) FROM n", control: control) } == .aborted)
    #expect(
      code { _ = try run(database, count + "INSERT INTO a SELECT i FROM n", transaction: true, control: control) }
        == .aborted)
    #expect(code { _ = try run(database, "INSERT INTO a VALUES (1)", transaction: true, control: control) } == .aborted)
    #expect(unpack(try run(database, "SELECT count(*) FROM a")) == [.integer(0)])
  }

  @Test func errors() throws {
    let database = try memory()
    #expect(code { _ = try run(database, "SELEKT 1") } == .invalidArgument)
    #expect(code { _ = try run(database, "SELECT 1; SELEKT 1") } == .invalidArgument)
    #expect(code { _ = try run(database, "SELECT 1", [.integer(1)]) } == .invalidArgument)
    #expect(code { _ = try run(database, "SELECT ?1, ?2", [.integer(1)]) } == .invalidArgument)
    #expect(code { _ = try Database(path: "/nowhere/at/all.db", .create, patience: 0) } == .io)
    #expect(code { _ = try Database(path: "/dev/null/x", .write, patience: 0) } == .io)
    for bytes: [UInt8] in [[1, 0], [3, 255, 255, 255, 255], [3, 5, 0, 0, 0, 65], [9], [4, 255, 255, 255, 127]] {
      let failed = bytes.withUnsafeBytes { bytes in
        code { _ = try database.run("SELECT ?1", bytes, transaction: true) }
      }
      #expect(failed == .invalidArgument || failed == .outOfRange)
    }
    #expect(unpack(try run(database, "SELECT 1")) == [.integer(1)])
  }

  @Test func moreStatementsThanAreKept() throws {
    let database = try memory()
    for round in 0..<2 {
      for i in 0..<100 { #expect(unpack(try run(database, "SELECT \(i)")) == [.integer(Int64(i))], "\(round)") }
    }
  }

  @Test func threadsTakeTurns() async throws {
    let database = try memory()
    _ = try run(database, "CREATE TABLE a(x INTEGER PRIMARY KEY)")
    try await withThrowingTaskGroup(of: Void.self) { group in
      let shared = Shared(database)
      for t in 0..<4 {
        group.addTask {
          for i in 0..<50 {
            _ = try self.run(
              shared.database, "INSERT INTO a VALUES (?1)", [.integer(Int64(t * 50 + i))], transaction: true)
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(unpack(try run(database, "SELECT count(*) FROM a")) == [.integer(200)])
  }

  private struct Shared: @unchecked Sendable {
    let database: Database
    init(_ database: Database) { self.database = database }
  }

  /// A file that nobody changes, whose name has what URIs write otherwise.
  @Test func frozen() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("ruvector # \(UUID().uuidString) %?é")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("a.db").path
    do {
      let database = try Database(path: path, .create, patience: 10)
      _ = try run(database, "create table t (x)")
      _ = try run(database, "insert into t values (7), (-9)")
    }
    let database = try Database(path: path, .frozen, patience: 10),
      list = try run(database, "select x from t").integers()
    #expect(list.count == 2 && list[0] == 7 && list[1] == -9)
    #expect(throws: RuvectorError.self) { _ = try run(database, "insert into t values (1)") }
    let texts = try run(database, "select 'a text'")
    #expect(throws: RuvectorError.self) { _ = try texts.integers() }
    #expect(throws: RuvectorError.self) { _ = try Database(path: path + "x", .read, patience: 10) }
  }
}
