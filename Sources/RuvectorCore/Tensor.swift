/// Element types that cross the C boundary (`rv_type`).
public enum ElementType: UInt32, Sendable {
  case float32 = 1, float64, float16, int8, uint8, uint32, uint64, bits, int64
  /// No elements: a ``ResidentGraph``.
  case graph
}

/// A caller's memory as an operation sees it: rank 1 ([columns]) or 2 ([rows, columns]). Rank 1 has one row. Or a graph, which
/// has rank 0.
public struct Tensor {
  /// Of a graph the object itself, which the caller keeps.
  public let data: UnsafeMutableRawPointer?
  public let type: ElementType
  public let rank: Int
  public let rows: Int
  public let columns: Int
  /// From row to row, in elements.
  public let stride: Int
  public let isWritable: Bool

  /// `graph` must outlive the tensor.
  public init(_ graph: ResidentGraph) {
    self.init(
      Unmanaged.passUnretained(graph).toOpaque(), .graph, rank: 0, rows: 0, columns: 0, stride: 0, isWritable: false)
  }

  public init(
    _ data: UnsafeMutableRawPointer?, _ type: ElementType, rank: Int, rows: Int, columns: Int, stride: Int,
    isWritable: Bool
  ) {
    (self.data, self.type, self.rank, self.rows) = (data, type, rank, rows)
    (self.columns, self.stride, self.isWritable) = (columns, stride, isWritable)
  }

  /// Whether it stands for an argument that is not there: no elements, and no graph.
  public var isLeftOut: Bool { type != .graph && rows * columns == 0 }

  /// In the place of an argument that is left out.
  public static var none: Tensor {
    Tensor(nil, .float32, rank: 1, rows: 1, columns: 0, stride: 0, isWritable: false)
  }

  /// The same for a port, of its type and rank.
  public static func none(_ port: Port) -> Tensor {
    let isMatrix = port.shape.count > 1 && port.type == .float32
    return Tensor(
      nil, port.type == .graph ? .float32 : port.type, rank: isMatrix ? 2 : 1, rows: isMatrix ? 0 : 1, columns: 0,
      stride: 0, isWritable: false)
  }

  /// A vector of floats to be read, or written.
  public static func floats(_ data: UnsafeMutablePointer<Float>, count: Int, isWritable: Bool = false) -> Tensor {
    Tensor(data, .float32, rank: 1, rows: 1, columns: count, stride: count, isWritable: isWritable)
  }

  /// A packed matrix of floats to be read.
  public static func floats(_ data: UnsafeMutablePointer<Float>, rows: Int, columns: Int) -> Tensor {
    Tensor(data, .float32, rank: 2, rows: rows, columns: columns, stride: columns, isWritable: false)
  }

  /// A vector of unsigned integers to be read.
  public static func indices(_ data: UnsafeMutablePointer<UInt32>, count: Int) -> Tensor {
    Tensor(data, .uint32, rank: 1, rows: 1, columns: count, stride: count, isWritable: false)
  }

  /// As a vector of floats with `count` elements (any number for nil).
  public func floats(_ name: @autoclosure () -> String, count: Int? = nil) throws(RuvectorError) -> UnsafePointer<Float>
  {
    try require(.float32, "32-bit floats", name())
    if rank != 1 { throw .expected("a vector", for: name(), received: "a matrix", .dimensionMismatch) }
    if let count, columns != count { throw .dimension(name(), expected: count, received: columns) }
    return UnsafePointer(pointer(Float.self))
  }

  /// As a writable vector of floats with at least `count` elements.
  public func output(_ name: @autoclosure () -> String, count: Int) throws(RuvectorError) -> UnsafeMutablePointer<Float>
  {
    try require(.float32, "32-bit floats", name())
    try requireOutput(name(), count: count)
    return pointer(Float.self)
  }

  /// As a writable vector of u32 with at least `count` elements.
  public func indices(_ name: @autoclosure () -> String, count: Int) throws(RuvectorError) -> UnsafeMutablePointer<
    UInt32
  > {
    try require(.uint32, "unsigned 32-bit integers", name())
    try requireOutput(name(), count: count)
    return pointer(UInt32.self)
  }

  /// As a vector of u32 with `count` elements.
  public func readIndices(_ name: @autoclosure () -> String, count: Int) throws(RuvectorError) -> UnsafePointer<UInt32>
  {
    try require(.uint32, "unsigned 32-bit integers", name())
    guard rank == 1, columns == count else { throw .dimension(name(), expected: count, received: columns) }
    return UnsafePointer(pointer(UInt32.self))
  }

  /// As bytes; writable ones when `writable`.
  public func bytes(_ name: @autoclosure () -> String, writable: Bool = false) throws(RuvectorError)
    -> UnsafeMutableRawBufferPointer
  {
    try require(.uint8, "bytes", name())
    if rank != 1 { throw .expected("a vector", for: name(), received: "a matrix", .dimensionMismatch) }
    if writable { try requireOutput(name(), count: 0) }
    return UnsafeMutableRawBufferPointer(start: data, count: data == nil ? 0 : columns)
  }

  /// As a matrix of floats.
  public func matrix(_ name: @autoclosure () -> String) throws(RuvectorError) -> MatrixView {
    try require(.float32, "32-bit floats", name())
    if rank != 2 { throw .expected("a matrix", for: name(), received: "a vector", .dimensionMismatch) }
    return MatrixView(pointer(Float.self), rows: rows, dim: columns, stride: stride)
  }

  /// As a graph.
  public func graph(_ name: @autoclosure () -> String) throws(RuvectorError) -> ResidentGraph {
    guard type == .graph, let data else {
      throw .expected("a graph", for: name(), received: "another type", .invalidArgument)
    }
    return Unmanaged<ResidentGraph>.fromOpaque(data).takeUnretainedValue()
  }

  public func doubles(_ name: @autoclosure () -> String) throws(RuvectorError) -> [Double] {
    try require(.float64, "64-bit floats", name())
    return [Double](UnsafeBufferPointer(start: pointer(Double.self), count: columns))
  }

  public func doubleOutput(_ name: @autoclosure () -> String, count: Int) throws(RuvectorError) -> UnsafeMutablePointer<
    Double
  > {
    try require(.float64, "64-bit floats", name())
    try requireOutput(name(), count: count)
    return pointer(Double.self)
  }

  /// The elements of a vector whose type the caller has looked at.
  public func elements<T>(_: T.Type, _ name: @autoclosure () -> String) throws(RuvectorError) -> UnsafePointer<T> {
    try require(type, "", name())
    if rank != 1 { throw .expected("a vector", for: name(), received: "a matrix", .dimensionMismatch) }
    return UnsafePointer(pointer(T.self))
  }

  /// The same, writable, with at least `count` elements.
  public func room<T>(_: T.Type, _ name: @autoclosure () -> String, count: Int) throws(RuvectorError)
    -> UnsafeMutablePointer<T>
  {
    try require(type, "", name())
    try requireOutput(name(), count: count)
    return pointer(T.self)
  }

  private func require(_ wanted: ElementType, _ words: String, _ name: @autoclosure () -> String) throws(RuvectorError)
  {
    guard type == wanted else {
      throw .expected(words, for: name(), received: "another type", .invalidArgument)
    }
    guard wanted != .graph else {  // of any type, but with elements
      throw .expected("a vector", for: name(), received: "a graph", .invalidArgument)
    }
    guard data != nil || rows == 0 || columns == 0 else {
      throw .expected("memory", for: name(), received: "a null pointer", .invalidArgument)
    }
  }

  private func requireOutput(_ name: @autoclosure () -> String, count: Int) throws(RuvectorError) {
    guard isWritable else {
      throw .expected("a writable buffer", for: name(), received: "a read-only one", .invalidArgument)
    }
    guard rank == 1, columns >= count else {
      throw .expected("room for \(count) elements", for: name(), received: "\(columns)", .dimensionMismatch)
    }
  }

  /// Empty buffers may come without memory; what is never read may point anywhere aligned.
  private func pointer<T>(_: T.Type) -> UnsafeMutablePointer<T> {
    guard let data else { return Empty.address.assumingMemoryBound(to: T.self) }
    return data.assumingMemoryBound(to: T.self)
  }
}

private enum Empty {
  nonisolated(unsafe) static let address = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64)
}
