import CRuvectorSupport

/// A mutex as an object of its own: where an `init` throws, the owner's `deinit` does not run, but this one does.
public final class Lock: @unchecked Sendable {
  private let raw: OpaquePointer

  public init() throws(RuvectorError) {
    guard let raw = rv_lock_create() else { throw RuvectorError(.outOfMemory, "no memory for a lock") }
    self.raw = raw
  }

  deinit { rv_lock_destroy(raw) }

  public func acquire() { rv_lock_acquire(raw) }
  /// Whether the lock is now the caller's; false at once where somebody has it.
  public func tryAcquire() -> Bool { rv_lock_try(raw) != 0 }
  /// Ends what this thread acquired.
  public func release() { rv_lock_release(raw) }

  public func locked<T, Failure: Error>(_ body: () throws(Failure) -> T) throws(Failure) -> T {
    rv_lock_acquire(raw)
    defer { rv_lock_release(raw) }
    return try body()
  }
}
