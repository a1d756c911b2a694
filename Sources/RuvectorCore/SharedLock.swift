import CRuvectorSupport

/// Many readers or one writer; a writer that waits goes before new readers. Not recursive.
public final class SharedLock: @unchecked Sendable {
  private let raw: OpaquePointer

  public init() throws(RuvectorError) {
    guard let raw = rv_shared_lock_create() else { throw RuvectorError(.outOfMemory, "no memory for a lock") }
    self.raw = raw
  }

  deinit { rv_shared_lock_destroy(raw) }

  public func beginRead() { rv_shared_lock_read(raw) }
  public func beginWrite() { rv_shared_lock_write(raw) }
  /// Ends what this thread began.
  public func end() { rv_shared_lock_release(raw) }

  public func reading<T>(_ body: () throws(RuvectorError) -> T) throws(RuvectorError) -> T {
    beginRead()
    defer { end() }
    return try body()
  }

  public func writing<T>(_ body: () throws(RuvectorError) -> T) throws(RuvectorError) -> T {
    beginWrite()
    defer { end() }
    return try body()
  }
}
