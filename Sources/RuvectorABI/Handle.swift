import Ruvector

/// A mechanism as C holds it, with its readers counted: any number of readers, or one writer.
final class MechanismHandle {
  let mechanism: any Mechanism
  /// Operations that are alone.
  private let changing: [StaticString]
  private let lock: Lock
  private var readers = 0
  private var writing = false

  init(_ mechanism: any Mechanism) throws(RuvectorError) {
    self.mechanism = mechanism
    changing = mechanism.knownOperations.filter { $0.changesMember }.map { $0.name }
    lock = try Lock()
  }

  /// Whether an operation changes the mechanism.
  func isChanged(by operation: String) -> Bool { changing.contains { $0.matches(operation) } }

  func beginRead() throws(RuvectorError) {
    let free = lock.locked {
      if !writing { readers += 1 }
      return !writing
    }
    guard free else { throw busy }
  }

  func endRead() { lock.locked { readers -= 1 } }

  func read<T>(_ body: (any Mechanism) throws(RuvectorError) -> T) throws(RuvectorError) -> T {
    try beginRead()
    defer { endRead() }
    return try body(mechanism)
  }

  func write<T>(_ body: (any Mechanism) throws(RuvectorError) -> T) throws(RuvectorError) -> T {
    let free = lock.locked {
      let free = !writing && readers == 0
      if free { writing = true }
      return free
    }
    guard free else { throw busy }
    defer { lock.locked { writing = false } }
    return try body(mechanism)
  }

  private var busy: RuvectorError {
    RuvectorError(.busy, "expected no other operation in flight, received a handle with one")
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
