import CRuvector
import Ruvector

@implementation @_cdecl("rv_index_stage")
public func rv_index_stage(
  _ handle: OpaquePointer?, _ ticket: UnsafeMutablePointer<UInt64>?, _ matrix: UnsafePointer<rv_buffer>?,
  _ control: UnsafePointer<rv_control>?, _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let index = try writable(handle), ticket = try require(ticket, "ticket")
    let matrix = try tensor(matrix, "vectors").matrix("vectors"), control = try RuvectorABI.control(control)
    ticket.pointee = try index.stage(ticket.pointee, matrix, control: control)
  }
}

@implementation @_cdecl("rv_index_commit")
public func rv_index_commit(
  _ handle: OpaquePointer?, _ ticket: UInt64, _ keys: UnsafePointer<rv_buffer>?, _ offsets: UnsafePointer<rv_buffer>?,
  _ removed: UnsafePointer<rv_buffer>?, _ removed_offsets: UnsafePointer<rv_buffer>?,
  _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let index = try writable(handle)
    try withKeys(keys, offsets, "keys") { (list) throws(RuvectorError) in
      guard removed != nil else { return try index.commit(ticket, list) }
      try withKeys(removed, removed_offsets, "removed") { (gone) throws(RuvectorError) in
        try index.commit(ticket, list, removing: gone)
      }
    }
  }
}

@implementation @_cdecl("rv_index_accepts")
public func rv_index_accepts(
  _ handle: OpaquePointer?, _ keys: UnsafePointer<rv_buffer>?, _ offsets: UnsafePointer<rv_buffer>?,
  _ matrix: UnsafePointer<rv_buffer>?, _ replacing: Int32, _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let index = try writable(handle), matrix = try tensor(matrix, "vectors").matrix("vectors")
    try withKeys(keys, offsets, "keys") { (list) throws(RuvectorError) in
      try index.accepts(list, matrix, replacing: RuvectorABI.replacing(replacing))
    }
  }
}

@implementation @_cdecl("rv_index_add_staged")
public func rv_index_add_staged(
  _ handle: OpaquePointer?, _ ticket: UInt64, _ keys: UnsafePointer<rv_buffer>?, _ offsets: UnsafePointer<rv_buffer>?,
  _ replacing: Int32, _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let index = try writable(handle)
    try withKeys(keys, offsets, "keys") { (list) throws(RuvectorError) in
      try index.add(list, staged: ticket, replacing: RuvectorABI.replacing(replacing))
    }
  }
}

@implementation @_cdecl("rv_index_discard")
public func rv_index_discard(_ handle: OpaquePointer?, _ ticket: UInt64, _ error: UnsafeMutablePointer<rv_error>?)
  -> Int32
{
  status(error) { () throws(RuvectorError) in try writable(handle).discard(ticket) }
}

@implementation @_cdecl("rv_index_repair")
public func rv_index_repair(
  _ handle: OpaquePointer?, _ steps: UInt64, _ more: UnsafeMutablePointer<Int32>?,
  _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let isMore = try writable(handle).repair(Int(clamping: steps))
    more?.pointee = isMore ? 1 : 0
  }
}
