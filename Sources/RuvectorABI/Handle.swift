import CRuvectorSupport
import Ruvector

/// A mechanism as C holds it, with its readers counted: any number of readers, or one writer.
final class MechanismHandle {
  let mechanism: any Mechanism
  private let lock: OpaquePointer
  private var readers = 0
  private var writing = false

  init(_ mechanism: any Mechanism) throws(RuvectorError) {
    self.mechanism = mechanism
    guard let lock = rv_lock_create() else { throw RuvectorError(.outOfMemory, "no memory for a lock") }
    self.lock = lock
  }

  deinit { rv_lock_destroy(lock) }

  func beginRead() throws(RuvectorError) {
    rv_lock_acquire(lock)
    let free = !writing
    if free { readers += 1 }
    rv_lock_release(lock)
    guard free else { throw busy }
  }

  func endRead() {
    rv_lock_acquire(lock)
    readers -= 1
    rv_lock_release(lock)
  }

  func read<T>(_ body: (any Mechanism) throws(RuvectorError) -> T) throws(RuvectorError) -> T {
    try beginRead()
    defer { endRead() }
    return try body(mechanism)
  }

  func write(_ body: (any Mechanism) throws(RuvectorError) -> Void) throws(RuvectorError) {
    rv_lock_acquire(lock)
    let free = !writing && readers == 0
    if free { writing = true }
    rv_lock_release(lock)
    guard free else { throw busy }
    defer {
      rv_lock_acquire(lock)
      writing = false
      rv_lock_release(lock)
    }
    try body(mechanism)
  }

  private var busy: RuvectorError {
    RuvectorError(.busy, "expected an idle handle for a write, received one with an operation in flight")
  }
}

/// Objects behind opaque C pointers: one retain a reference.
enum Opaque {
  static func retain<T: AnyObject>(_ object: T) -> OpaquePointer {
    OpaquePointer(Unmanaged.passRetained(object).toOpaque())
  }

  static func object<T: AnyObject>(_ pointer: OpaquePointer?, _: T.Type, _ name: String) throws(RuvectorError) -> T {
    guard let pointer else { throw .expected("a handle", for: name, received: "NULL", .closed) }
    return Unmanaged<T>.fromOpaque(UnsafeRawPointer(pointer)).takeUnretainedValue()
  }

  static func release<T: AnyObject>(_ pointer: OpaquePointer?, _: T.Type) {
    if let pointer { Unmanaged<T>.fromOpaque(UnsafeRawPointer(pointer)).release() }
  }
}
