#if !hasFeature(Embedded)  // there are no files in WebAssembly
  import CRuvectorSupport

  /// `.io` with the system's words; `.notFound` where there is no such file, `.unsupported` where there are no files at all.
  private func failure(_ error: Int32, _ what: StaticString, _ path: String) -> RuvectorError {
    let words = String(cString: rv_file_error(error))
    let code: RuvectorError.Code =
      error == 2 ? .notFound : error == 12 ? .outOfMemory : error == 52 ? .unsupported : .io
    return RuvectorError(code, "cannot \(what) \(quotedPath(path)): \(words)")
  }

  /// A file that takes the place of another as a whole, or not at all.
  public final class NewFile: ByteSink {
    private var raw: OpaquePointer?
    private let path: String
    public private(set) var position = 0
    public var isKept: Bool { true }

    public init(_ path: String) throws(RuvectorError) {
      var file: OpaquePointer?
      let error = rv_file_create(path, &file)
      guard error != 22 else {  // EINVAL
        throw .expected("a regular file", for: quotedPath(path), received: "a file of another kind", .invalidArgument)
      }
      guard error == 0 else { throw failure(error, "write", path) }
      (raw, self.path) = (file, path)
    }

    deinit { if let raw { rv_file_abandon(raw) } }

    public func write(_ data: UnsafeRawPointer, _ bytes: Int) throws(RuvectorError) {
      guard let raw, bytes > 0 else { return }
      let error = rv_file_write(raw, data, bytes)
      guard error == 0 else { throw failure(error, "write", path) }
      position += bytes
    }

    public func rewrite(_ data: UnsafeRawPointer, _ bytes: Int) throws(RuvectorError) {
      guard let raw else { return }
      let error = rv_file_rewrite(raw, data, bytes)
      guard error == 0 else { throw failure(error, "write", path) }
    }

    /// From here on it is the file of that name, on the disk.
    public func commit() throws(RuvectorError) {
      guard let file = raw else { return }
      raw = nil
      let error = rv_file_commit(file)
      guard error == 0 else { throw failure(error, "write", path) }
    }
  }

  /// A file that is there.
  public final class OpenFile: ByteSource {
    private let raw: OpaquePointer?
    public let path: String
    public let byteCount: Int
    public var name: String { quotedPath(path) }

    public init(_ path: String) throws(RuvectorError) {
      var file: OpaquePointer?, bytes: UInt64 = 0
      let error = rv_file_open(path, &file, &bytes)
      guard error == 0 else { throw failure(error, "read", path) }
      (raw, self.path, byteCount) = (file, path, Int(clamping: bytes))
    }

    deinit { if let raw { rv_file_close(raw) } }

    public func read(_ offset: Int, into out: UnsafeMutableRawPointer, _ bytes: Int) throws(RuvectorError) {
      guard bytes > 0 else { return }
      let error = rv_file_read(raw, UInt64(offset), out, bytes)
      guard error == 0 else { throw failure(error, "read", path) }
    }

    /// The whole file as memory. It must not shrink while it is mapped: a page that is gone ends the process. `isOwn`: it may be
    /// written to, which the file does not see.
    public func map(isOwn: Bool = false) throws(RuvectorError) -> MappedFile {
      var memory: UnsafeMutableRawPointer?
      let error = isOwn ? rv_file_map_own(raw, &memory) : rv_file_map(raw, &memory)
      guard error == 0, let memory else { throw failure(error, "map", path) }
      return MappedFile(memory, byteCount)
    }
  }

  /// Memory of a file, as long as this lives.
  public final class MappedFile {
    public let base: UnsafeMutableRawPointer
    public let byteCount: Int

    fileprivate init(_ base: UnsafeMutableRawPointer, _ byteCount: Int) {
      (self.base, self.byteCount) = (base, byteCount)
    }

    deinit { rv_file_unmap(base, UInt64(byteCount)) }

    /// Whether it has `count` floats, all finite, at byte `place`: `.corrupt`. What was looked at need not stay in memory.
    public func requireFloats(
      at place: Double, count: Int, for name: String, _ control: Control
    ) throws(RuvectorError) {
      guard let offset = Int(exactly: place), offset % 4 == 0, offset <= byteCount, count <= (byteCount - offset) / 4
      else {
        throw .expected(
          "\(count) floats at a multiple of 4 bytes", for: name, received: "byte \(text(place))", .corrupt)
      }
      let floats = (base + offset).assumingMemoryBound(to: Float.self)
      var at = 0
      while at < count {
        let part = min(count - at, 1 << 20)
        try control.check()
        do {
          try requireFinite(floats + at, count: part, for: name)
        } catch {
          throw RuvectorError(.corrupt, error.message)
        }
        rv_file_forget(floats + at, 4 * part)
        at += part
      }
    }
  }
#endif
