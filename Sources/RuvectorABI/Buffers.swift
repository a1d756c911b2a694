import CRuvector
import Ruvector

/// Checks an `rv_buffer` against its own fields: type, rank, sizes that do not overflow, stride. Its name is made for errors
/// only: it would be made for every buffer of every call.
func tensor(_ buffer: rv_buffer, _ name: @autoclosure () -> String) throws(RuvectorError) -> Tensor {
  guard let type = ElementType(rawValue: buffer.type) else {
    throw .expected("an rv_type", for: "\(name()).type", received: "\(buffer.type)", .invalidArgument)
  }
  if type == .graph { return Tensor(try residentGraph(buffer.data.map { OpaquePointer($0) }, name())) }
  guard buffer.rank == 1 || buffer.rank == 2 else {
    throw .expected("1 or 2", for: "\(name()).rank", received: "\(buffer.rank)", .invalidArgument)
  }
  let rows = buffer.rank == 1 ? 1 : try count(buffer.dims.0, "\(name()).dims[0]")
  let columns = try count(buffer.rank == 1 ? buffer.dims.0 : buffer.dims.1, "\(name()).dims[\(buffer.rank - 1)]")
  let stride = buffer.stride == 0 ? columns : try count(buffer.stride, "\(name()).stride")
  guard stride >= columns, !rows.multipliedReportingOverflow(by: max(stride, 1) * 8).overflow else {
    throw .expected("rows that do not overlap", for: "\(name()).stride", received: "\(stride)", .dimensionMismatch)
  }
  guard columns > 0 || rows == 0 || buffer.rank == 1 else {
    throw .expected("at least 1 element", for: "\(name())[0]", received: "0", .emptyInput)
  }
  return Tensor(
    buffer.data, type, rank: Int(buffer.rank), rows: rows, columns: columns, stride: stride,
    isWritable: buffer.writable != 0)
}

func tensor(_ buffer: UnsafePointer<rv_buffer>?, _ name: String) throws(RuvectorError) -> Tensor {
  try tensor(require(buffer, name).pointee, name)
}

func tensors(_ buffers: UnsafePointer<rv_buffer>?, _ count: Int, _ name: String) throws(RuvectorError) -> [Tensor] {
  guard count > 0 else { return [] }
  let buffers = try require(buffers, name)
  var all: [Tensor] = []
  all.reserveCapacity(count)
  for i in 0..<count { all.append(try tensor(buffers[i], "\(name)[\(i)]")) }
  return all
}

func control(_ control: UnsafePointer<rv_control>?) throws(RuvectorError) -> Control {
  guard let control else { return .none }
  guard control.pointee.size >= UInt32(MemoryLayout<rv_control>.size) else {
    throw .expected(
      "at least \(MemoryLayout<rv_control>.size)", for: "control.size", received: "\(control.pointee.size)",
      .invalidArgument)
  }
  return Control(
    threads: Int(min(control.pointee.threads, 256)), cancelFlag: control.pointee.cancel.map { .init($0) },
    progress: control.pointee.progress, user: control.pointee.user)
}
