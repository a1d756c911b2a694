import CRuvectorSupport
import CSQLite
import RuvectorCore

/// An open connection of SQLite; closed with its owner.
final class Connection {
  let handle: OpaquePointer
  private let sqlite: rv_sqlite
  private let path: String

  init(_ sqlite: rv_sqlite, path: String, _ access: Database.Access) throws(RuvectorError) {
    let flags =
      switch access {
      case .write: RV_SQLITE_READWRITE
      case .create: RV_SQLITE_READWRITE | RV_SQLITE_CREATE
      case .read: RV_SQLITE_READONLY_FILE
      case .frozen: RV_SQLITE_READONLY_FILE | RV_SQLITE_URI
      }
    var opened: OpaquePointer?
    let name = access == .frozen ? Connection.immutable(path) : path
    let code = sqlite.open_v2(name, &opened, Int32(flags | RV_SQLITE_NOMUTEX), nil)
    guard code == Int32(RV_SQLITE_OK), let opened else {
      let error = Connection.failure(code, opened.flatMap { sqlite.errmsg($0) }, path)
      _ = sqlite.close_v2(opened)  // a connection that did not open has a handle to close all the same
      throw error
    }
    handle = opened
    (self.sqlite, self.path) = (sqlite, path)
  }

  deinit { _ = sqlite.close_v2(handle) }

  /// The URI of a file that nobody changes: SQLite then needs no files of its own beside it.
  private static func immutable(_ path: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var uri = Array("file:".utf8)
    for byte in path.utf8 {
      if byte < 0x21 || byte > 0x7e || byte == 0x23 || byte == 0x25 || byte == 0x3f {  // # % ?
        uri += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      } else {
        uri.append(byte)
      }
    }
    return String(decoding: uri, as: UTF8.self) + "?immutable=1"
  }

  func failure(_ code: Int32) -> RuvectorError { Connection.failure(code, sqlite.errmsg(handle), path) }

  private static func failure(_ code: Int32, _ message: UnsafePointer<CChar>?, _ path: String) -> RuvectorError {
    if code == Int32(RV_SQLITE_INTERRUPT) { return RuvectorError(.aborted, "the operation was aborted") }
    return RuvectorError(
      meaning(code), "SQLite, \(quotedPath(path)): \(message.map { String(cString: $0) } ?? "no memory")")
  }

  private static func meaning(_ code: Int32) -> RuvectorError.Code {
    switch code {
    case Int32(RV_SQLITE_UNIQUE), Int32(RV_SQLITE_PRIMARYKEY): return .duplicateKey
    default: break
    }
    switch code & 0xff {
    case Int32(RV_SQLITE_BUSY), Int32(RV_SQLITE_LOCKED): return .busy
    case Int32(RV_SQLITE_NOMEM): return .outOfMemory
    case Int32(RV_SQLITE_READONLY), Int32(RV_SQLITE_IOERR), Int32(RV_SQLITE_FULL), Int32(RV_SQLITE_CANTOPEN),
      Int32(RV_SQLITE_PERM), Int32(RV_SQLITE_AUTH):
      return .io
    case Int32(RV_SQLITE_CORRUPT), Int32(RV_SQLITE_NOTADB): return .corrupt
    case Int32(RV_SQLITE_TOOBIG): return .outOfRange
    default: return .invalidArgument
    }
  }
}

/// The statements of a text, each compiled when it is first wanted: it may need what those before it have made.
final class Script {
  let sql: String
  private let sqlite: rv_sqlite
  private let text: ContiguousArray<CChar>
  private var start = 0
  private var statements: [OpaquePointer] = []

  init(_ sql: String, _ sqlite: rv_sqlite) {
    self.sql = sql
    self.sqlite = sqlite
    text = sql.utf8CString
  }

  deinit { for statement in statements { _ = sqlite.finalize(statement) } }

  /// The statement at `place`, of which those before it have been asked for; nil behind the last one.
  func statement(_ place: Int, _ connection: Connection) throws(RuvectorError) -> OpaquePointer? {
    while place == statements.count, start < text.count - 1 {
      var compiled: OpaquePointer?
      let code = text.withUnsafeBufferPointer { text in
        guard let base = text.baseAddress else { return Int32(RV_SQLITE_OK) }
        var next: UnsafePointer<CChar>?
        let code = sqlite.prepare_v2(connection.handle, base + start, -1, &compiled, &next)
        if code == Int32(RV_SQLITE_OK), let next { start = next - base }
        return code
      }
      guard code == Int32(RV_SQLITE_OK) else { throw connection.failure(code) }
      if let compiled { statements.append(compiled) }  // none: white space or a comment
    }
    return place < statements.count ? statements[place] : nil
  }
}

/// Texts whose statements are compiled already, the one used last in front: compiling costs more than running a small one.
final class StatementCache {
  private static let most = 32
  private let sqlite: rv_sqlite
  private var scripts: [Script] = []

  init(_ sqlite: rv_sqlite) { self.sqlite = sqlite }

  func script(_ sql: String) -> Script {
    if let place = scripts.firstIndex(where: { $0.sql == sql }) {
      if place > 0 { scripts.insert(scripts.remove(at: place), at: 0) }
      return scripts[0]
    }
    if scripts.count == StatementCache.most { scripts.removeLast() }
    scripts.insert(Script(sql, sqlite), at: 0)
    return scripts[0]
  }
}

/// While it lasts, statements look at the caller's cancel flag now and then.
struct CancelHandler {
  private let sqlite: rv_sqlite
  private let connection: OpaquePointer

  init(_ control: Control, _ sqlite: rv_sqlite, _ connection: OpaquePointer) {
    self.sqlite = sqlite
    self.connection = connection
    guard let flag = control.cancelFlag else { return }
    let every: Int32 = 10_000  // instructions of SQLite's machine: some 0.2 ms
    sqlite.progress_handler(
      connection, every,
      { context in
        guard let context else { return 0 }
        return rv_flag_load(UnsafePointer(context.assumingMemoryBound(to: UInt32.self))) == 0 ? 0 : 1
      }, UnsafeMutableRawPointer(mutating: flag))
  }

  func end() { sqlite.progress_handler(connection, 0, nil, nil) }
}
