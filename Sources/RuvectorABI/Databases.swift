#if !hasFeature(Embedded)
  import CRuvector
  import RuvectorStore
  import Ruvector

  private func database(_ handle: OpaquePointer?) throws(RuvectorError) -> Database {
    try Opaque.object(handle, Database.self, "database")
  }

  private func rows(_ handle: OpaquePointer?) throws(RuvectorError) -> Rows {
    try Opaque.object(handle, Rows.self, "rows")
  }

  private func bytes(_ buffer: UnsafePointer<rv_buffer>?, _ name: String) throws(RuvectorError)
    -> UnsafeMutableRawBufferPointer
  {
    let buffer = try require(buffer, name).pointee
    let size = try count(buffer.dims.0, "\(name).dims[0]")
    guard buffer.type == RV_U8.rawValue, buffer.rank == 1, buffer.data != nil || size == 0 else {
      throw .expected("bytes", for: name, received: "another buffer", .invalidArgument)
    }
    return UnsafeMutableRawBufferPointer(start: buffer.data, count: size)
  }

  @implementation @_cdecl("rv_database_open")
  public func rv_database_open(
    _ path: UnsafePointer<CChar>?, _ access: Int32, _ patience: UInt32, _ out: UnsafeMutablePointer<OpaquePointer?>?,
    _ error: UnsafeMutablePointer<rv_error>?
  ) -> Int32 {
    status(error) { () throws(RuvectorError) in
      let out = try require(out, "out")
      out.pointee = nil
      guard let access = Database.Access(rawValue: access) else {
        throw .expected("0...3", for: "access", received: "\(access)", .invalidArgument)
      }
      let opened = try Database(path: try string(path, "path"), access, patience: Int32(clamping: patience))
      out.pointee = Opaque.retain(opened)
    }
  }

  @implementation @_cdecl("rv_database_retain")
  public func rv_database_retain(_ handle: OpaquePointer?) -> OpaquePointer? {
    guard let object = try? database(handle) else { return nil }
    return Opaque.retain(object)
  }

  @implementation @_cdecl("rv_database_release")
  public func rv_database_release(_ handle: OpaquePointer?) { Opaque.release(handle, Database.self) }

  @implementation @_cdecl("rv_database_run")
  public func rv_database_run(
    _ handle: OpaquePointer?, _ sql: UnsafePointer<CChar>?, _ parameters: UnsafePointer<rv_buffer>?,
    _ transaction: Int32, _ out: UnsafeMutablePointer<OpaquePointer?>?, _ control: UnsafePointer<rv_control>?,
    _ error: UnsafeMutablePointer<rv_error>?
  ) -> Int32 {
    status(error) { () throws(RuvectorError) in
      let out = try require(out, "out")
      out.pointee = nil
      let result = try database(handle).run(
        try string(sql, "sql"), UnsafeRawBufferPointer(try bytes(parameters, "parameters")),
        transaction: transaction != 0, control: try RuvectorABI.control(control))
      out.pointee = Opaque.retain(result)
    }
  }

  @implementation @_cdecl("rv_database_commit")
  public func rv_database_commit(
    _ handle: OpaquePointer?, _ sql: UnsafePointer<CChar>?, _ parameters: UnsafePointer<rv_buffer>?,
    _ index: OpaquePointer?, _ ticket: UInt64, _ rowCount: UInt64, _ out: UnsafeMutablePointer<OpaquePointer?>?,
    _ isIndexed: UnsafeMutablePointer<Int32>?, _ control: UnsafePointer<rv_control>?,
    _ error: UnsafeMutablePointer<rv_error>?
  ) -> Int32 {
    status(error) { () throws(RuvectorError) in
      let out = try require(out, "out"), index = try writable(index)
      out.pointee = nil
      let result = try database(handle).run(
        try string(sql, "sql"), UnsafeRawBufferPointer(try bytes(parameters, "parameters")), transaction: true,
        control: try RuvectorABI.control(control))
      // From here on it has happened.
      out.pointee = Opaque.retain(result)
      isIndexed?.pointee = 0
      do throws(RuvectorError) {
        let count = Int(clamping: rowCount), first = result.lastKey - Int64(count) + 1
        let keys = try AlignedBuffer<Int64>(count: count, for: "keys"), removed = try result.integers()
        for i in 0..<count { keys[i] = first + Int64(i) }
        try index.commit(
          ticket, .integers(keys.pointer, count), removing: .integers(removed.pointer, removed.count))
        isIndexed?.pointee = 1
      } catch {}
    }
  }

  @implementation @_cdecl("rv_rows_info")
  public func rv_rows_info(
    _ handle: OpaquePointer?, _ rowCount: UnsafeMutablePointer<UInt64>?, _ columns: UnsafeMutablePointer<UInt64>?,
    _ byteCount: UnsafeMutablePointer<UInt64>?, _ lastKey: UnsafeMutablePointer<Int64>?,
    _ changes: UnsafeMutablePointer<UInt64>?
  ) {
    guard let rows = try? rows(handle) else { return }
    rowCount?.pointee = UInt64(rows.rowCount)
    columns?.pointee = UInt64(rows.columnCount)
    byteCount?.pointee = UInt64(rows.byteCount)
    lastKey?.pointee = rows.lastKey
    changes?.pointee = UInt64(clamping: rows.changes)
  }

  @implementation @_cdecl("rv_rows_copy")
  public func rv_rows_copy(
    _ handle: OpaquePointer?, _ out: UnsafePointer<rv_buffer>?, _ error: UnsafeMutablePointer<rv_error>?
  ) -> Int32 {
    status(error) { () throws(RuvectorError) in
      let rows = try rows(handle), target = try bytes(out, "out")
      guard target.count >= rows.byteCount else {
        throw .dimension("out", expected: rows.byteCount, received: target.count)
      }
      rows.withBytes { target.copyMemory(from: $0) }
    }
  }

  @implementation @_cdecl("rv_rows_release")
  public func rv_rows_release(_ handle: OpaquePointer?) { Opaque.release(handle, Rows.self) }
#endif
