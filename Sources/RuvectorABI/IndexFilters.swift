import CRuvector
import Ruvector

/// A prepared filter as C holds it: it follows its index until the last holder has let it go.
private final class PreparedHandle {
  let filter: PreparedFilter
  init(_ filter: PreparedFilter) { self.filter = filter }
  deinit { filter.close() }
}

@inline(never) private func prepared(_ handle: OpaquePointer?) throws(RuvectorError) -> PreparedFilter {
  try Opaque.object(handle, PreparedHandle.self, "filter").filter
}

/// A filter as it arrives from C, for the length of `body`.
func withFilter<T>(
  _ kind: rv_filter, _ filter: UnsafePointer<rv_buffer>?, _ offsets: UnsafePointer<rv_buffer>?,
  _ handle: OpaquePointer? = nil, _ body: (Filter) throws(RuvectorError) -> T
) throws(RuvectorError) -> T {
  if handle != nil { return try body(.prepared(prepared(handle))) }
  switch kind {
  case RV_ALL: return try body(.all)
  case RV_ALLOW, RV_DENY:
    return try withKeys(filter, offsets, "filter") { (list) throws(RuvectorError) in
      try body(.keys(list, allow: kind == RV_ALLOW))
    }
  case RV_ALLOW_BITS, RV_DENY_BITS:
    let map = try tensor(filter, "filter").bytes("filter")
    return try body(.bits(UnsafeRawBufferPointer(map), allow: kind == RV_ALLOW_BITS))
  default: throw .expected("an rv_filter", for: "filter", received: "\(kind.rawValue)", .invalidArgument)
  }
}

@implementation @_cdecl("rv_index_prepare")
public func rv_index_prepare(
  _ handle: OpaquePointer?, _ kind: rv_filter, _ filter: UnsafePointer<rv_buffer>?,
  _ offsets: UnsafePointer<rv_buffer>?, _ control: UnsafePointer<rv_control>?,
  _ out: UnsafeMutablePointer<OpaquePointer?>?, _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let out = try require(out, "out"), index = try index(handle)
    out.pointee = nil
    try RuvectorABI.control(control).check()
    let once = kind == RV_ALLOW_ONCE
    let made = try withFilter(once ? RV_ALLOW : kind, filter, offsets) { (filter) throws(RuvectorError) in
      try index.prepare(filter, once: once)
    }
    out.pointee = Opaque.retain(PreparedHandle(made))
  }
}

@implementation @_cdecl("rv_prepared_retain")
public func rv_prepared_retain(_ handle: OpaquePointer?) -> OpaquePointer? {
  guard let object = try? Opaque.object(handle, PreparedHandle.self, "filter") else { return nil }
  return Opaque.retain(object)
}

@implementation @_cdecl("rv_prepared_release")
public func rv_prepared_release(_ handle: OpaquePointer?) { Opaque.release(handle, PreparedHandle.self) }

@implementation @_cdecl("rv_prepared_extend")
public func rv_prepared_extend(
  _ handle: OpaquePointer?, _ keys: UnsafePointer<rv_buffer>?, _ offsets: UnsafePointer<rv_buffer>?,
  _ control: UnsafePointer<rv_control>?, _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let filter = try prepared(handle)
    try RuvectorABI.control(control).check()
    try withKeys(keys, offsets, "keys") { (list) throws(RuvectorError) in try filter.extend(list) }
  }
}

@implementation @_cdecl("rv_prepared_shrink")
public func rv_prepared_shrink(
  _ handle: OpaquePointer?, _ keys: UnsafePointer<rv_buffer>?, _ offsets: UnsafePointer<rv_buffer>?,
  _ control: UnsafePointer<rv_control>?, _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let filter = try prepared(handle)
    try RuvectorABI.control(control).check()
    try withKeys(keys, offsets, "keys") { (list) throws(RuvectorError) in try filter.shrink(list) }
  }
}

@implementation @_cdecl("rv_prepared_info")
public func rv_prepared_info(
  _ handle: OpaquePointer?, _ size: UnsafeMutablePointer<UInt64>?, _ bytes: UnsafeMutablePointer<UInt64>?
) {
  guard let filter = try? prepared(handle) else { return }
  size?.pointee = UInt64(filter.size)
  bytes?.pointee = UInt64(filter.byteCount)
}
