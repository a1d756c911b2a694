import CRuvectorSupport

/// A mutex as an object of its own: where an `init` throws, the owner's `deinit` does not run, but this one does.
public final class Lock: @unchecked Sendable {
  private let raw: OpaquePointer

  public init() throws(RuvectorError) {
    guard let raw = rv_lock_create() else { throw RuvectorError(.outOfMemory, "no memory for a lock") }
    self.raw = raw
  }

  deinit { rv_lock_destroy(raw) }

  public func locked<T, Failure: Error>(_ body: () throws(Failure) -> T) throws(Failure) -> T {
    rv_lock_acquire(raw)
    defer { rv_lock_release(raw) }
    return try body()
  }
}
