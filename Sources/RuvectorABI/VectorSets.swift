import CRuvector
import Ruvector

private let sets = Tokens<VectorSet>()

private func shared(_ handle: OpaquePointer?, _ name: String) throws(RuvectorError) -> Shared<VectorSet> {
  try Opaque.object(handle, Shared<VectorSet>.self, name)
}

func vectors(_ handle: OpaquePointer?, _ name: String = "vectors") throws(RuvectorError) -> VectorSet {
  try shared(handle, name).object
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
    out.pointee = Opaque.retain(sets.add(set))
  }
}

@implementation @_cdecl("rv_vectors_retain")
public func rv_vectors_retain(_ handle: OpaquePointer?) -> OpaquePointer? {
  guard let object = try? shared(handle, "vectors") else { return nil }
  return Opaque.retain(object)
}

@implementation @_cdecl("rv_vectors_release")
public func rv_vectors_release(_ handle: OpaquePointer?) { Opaque.release(handle, Shared<VectorSet>.self) }

@implementation @_cdecl("rv_vectors_info")
public func rv_vectors_info(
  _ handle: OpaquePointer?, _ rows: UnsafeMutablePointer<UInt64>?, _ dim: UnsafeMutablePointer<UInt64>?,
  _ bytes: UnsafeMutablePointer<UInt64>?
) {
  guard let set = try? vectors(handle) else { return }
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
    let set = try vectors(handle), out = try require(out, "out")
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
public func rv_vectors_token(_ handle: OpaquePointer?) -> UInt64 {
  (try? shared(handle, "vectors"))?.token ?? 0
}

@implementation @_cdecl("rv_vectors_open")
public func rv_vectors_open(
  _ token: UInt64, _ out: UnsafeMutablePointer<OpaquePointer?>?, _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let out = try require(out, "out")
    out.pointee = nil
    out.pointee = Opaque.retain(try sets.open(token, "VectorSet"))
  }
}
