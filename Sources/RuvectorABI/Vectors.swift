import CRuvector
import CRuvectorSupport
import Ruvector

/// A `VectorSet` as C holds it. References are counted here, under one lock, so that a token can be turned into a
/// new reference at any moment without reviving an object that is being freed.
final class VectorsHandle {
  let set: VectorSet
  let token: UInt64
  fileprivate var references = 1

  fileprivate init(_ set: VectorSet, token: UInt64) {
    self.set = set
    self.token = token
  }
}

/// All vector sets of the process by token; keeps each alive while it has references.
private final class VectorsRegistry: @unchecked Sendable {
  static let shared = VectorsRegistry()
  private let lock = rv_lock_create()
  private var handles: [UInt64: VectorsHandle] = [:]
  private var lastToken = rv_first_token()

  private func locked<T>(_ body: () -> T) -> T {
    rv_lock_acquire(lock)
    defer { rv_lock_release(lock) }
    return body()
  }

  func add(_ set: VectorSet) -> VectorsHandle {
    locked {
      lastToken += 1
      let handle = VectorsHandle(set, token: lastToken)
      handles[lastToken] = handle
      return handle
    }
  }

  func open(_ token: UInt64) -> VectorsHandle? {
    locked {
      let handle = handles[token]
      handle?.references += 1
      return handle
    }
  }

  func retain(_ handle: VectorsHandle) { locked { handle.references += 1 } }

  func release(_ handle: VectorsHandle) {
    locked {
      handle.references -= 1
      if handle.references == 0 { handles[handle.token] = nil }
    }
  }
}

private func pointer(_ handle: VectorsHandle) -> OpaquePointer {
  OpaquePointer(Unmanaged.passUnretained(handle).toOpaque())
}

func vectors(_ handle: OpaquePointer?, _ name: String = "vectors") throws(RuvectorError) -> VectorsHandle {
  try Opaque.object(handle, VectorsHandle.self, name)
}

@implementation @_cdecl("rv_vectors_create")
public func rv_vectors_create(
  _ matrix: UnsafePointer<rv_buffer>?, _ out: UnsafeMutablePointer<OpaquePointer?>?,
  _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let out = try require(out, "out")
    out.pointee = nil
    let matrix = try tensor(matrix, "vectors").matrix("vectors")
    guard matrix.stride == matrix.dim else {
      throw .expected("packed rows", for: "vectors", received: "a stride of \(matrix.stride)", .unsupported)
    }
    let set = try VectorSet(copying: matrix.base, rows: matrix.rows, dim: matrix.dim)
    out.pointee = pointer(VectorsRegistry.shared.add(set))
  }
}

@implementation @_cdecl("rv_vectors_retain")
public func rv_vectors_retain(_ handle: OpaquePointer?) -> OpaquePointer? {
  guard let object = try? vectors(handle) else { return nil }
  VectorsRegistry.shared.retain(object)
  return handle
}

@implementation @_cdecl("rv_vectors_release")
public func rv_vectors_release(_ handle: OpaquePointer?) {
  if let object = try? vectors(handle) { VectorsRegistry.shared.release(object) }
}

@implementation @_cdecl("rv_vectors_info")
public func rv_vectors_info(
  _ handle: OpaquePointer?, _ rows: UnsafeMutablePointer<UInt64>?, _ dim: UnsafeMutablePointer<UInt64>?,
  _ bytes: UnsafeMutablePointer<UInt64>?
) {
  guard let set = (try? vectors(handle))?.set else { return }
  rows?.pointee = UInt64(set.rows)
  dim?.pointee = UInt64(set.dim)
  bytes?.pointee = UInt64(set.byteCount)
}

@implementation @_cdecl("rv_vectors_row")
public func rv_vectors_row(
  _ handle: OpaquePointer?, _ row: UInt64, _ out: UnsafeMutablePointer<Float>?, _ count: UInt64,
  _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let set = try vectors(handle).set, out = try require(out, "out")
    guard row < UInt64(set.rows) else {
      throw .expected("an index below \(set.rows)", for: "row", received: "\(row)", .outOfRange)
    }
    guard count == UInt64(set.dim) else {
      throw .dimension("out", expected: set.dim, received: Int(clamping: count))
    }
    out.update(from: set.matrix.row(Int(row)), count: set.dim)
  }
}

@implementation @_cdecl("rv_vectors_token")
public func rv_vectors_token(_ handle: OpaquePointer?) -> UInt64 { (try? vectors(handle))?.token ?? 0 }

@implementation @_cdecl("rv_vectors_open")
public func rv_vectors_open(
  _ token: UInt64, _ out: UnsafeMutablePointer<OpaquePointer?>?, _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let out = try require(out, "out")
    out.pointee = nil
    guard let handle = VectorsRegistry.shared.open(token) else {
      throw .expected("the token of a living VectorSet", for: "token", received: "\(token)", .notFound)
    }
    out.pointee = pointer(handle)
  }
}
