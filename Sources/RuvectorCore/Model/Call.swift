import CRuvectorSupport

/// One call of an operation, its buffers checked against the ports and the sides of their shapes bound.
public struct Call {
  public let operation: Operation
  /// One a port, and the output.
  public private(set) var buffers: [Tensor]
  private var sides: [(name: StaticString, size: Int)] = []
  /// Floats of the whole output.
  public fileprivate(set) var outputCount = 0

  fileprivate init(_ operation: Operation, _ buffers: [Tensor]) {
    (self.operation, self.buffers) = (operation, buffers)
    sides.reserveCapacity(8)
  }

  /// The same call with another output.
  public func writing(to output: Tensor) -> Call {
    var other = self
    other.buffers[buffers.count - 1] = output
    return other
  }

  public func isNamed(_ name: StaticString) -> Bool { operation.name.matches(name) }

  /// The size of a named side.
  public subscript(side: StaticString) -> Int { size(side) ?? 0 }

  fileprivate func size(_ name: StaticString) -> Int? {
    for side in sides where side.name.matches(name) { return side.size }
    return nil
  }

  fileprivate mutating func bind(_ name: StaticString, _ size: Int) { sides.append((name, size)) }

  /// The buffer of a port; nil where it is left out. (By number: copies of ports would count references.)
  private func buffer(_ name: StaticString) -> Tensor? {
    for i in operation.inputs.indices where operation.inputs[i].name.matches(name) {
      return operation.inputs[i].need == .required || !buffers[i].isLeftOut ? buffers[i] : nil
    }
    return nil
  }

  /// A vector; nil where an optional one is left out.
  public func vector(_ name: StaticString) throws(RuvectorError) -> UnsafeBufferPointer<Float>? {
    guard let found = buffer(name) else { return nil }
    return UnsafeBufferPointer(start: try found.floats("\(name)"), count: found.columns)
  }

  /// A matrix; nil where an optional one is left out.
  public func matrix(_ name: StaticString) throws(RuvectorError) -> MatrixView? {
    guard let found = buffer(name) else { return nil }
    return try found.matrix("\(name)")
  }

  /// A vector of unsigned integers; nil where an optional one is left out.
  public func indices(_ name: StaticString) throws(RuvectorError) -> UnsafeBufferPointer<UInt32>? {
    guard let found = buffer(name) else { return nil }
    return UnsafeBufferPointer(start: try found.readIndices("\(name)", count: found.columns), count: found.columns)
  }

  public func graph(_ name: StaticString) throws(RuvectorError) -> ResidentGraph {
    guard let found = buffer(name) else {
      throw .expected("a graph", for: "\(name)", received: "none", .invalidArgument)
    }
    return try found.graph("\(name)")
  }

  // MARK: - Output

  /// Floats of one part of the output; 0 for that of an optional input which is left out.
  private func count(_ part: Port) throws(RuvectorError) -> Int {
    if part.need == .optional, buffer(part.name) == nil { return 0 }
    var count = 1
    for side in part.shape {
      let size: Int
      switch side {
      case .fixed(let fixed): size = fixed
      case .named(let name): size = self[name]
      }
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard !overflow else { throw tooLarge }
      count = product
    }
    return count
  }

  private var tooLarge: RuvectorError {
    .expected("sizes that fit in memory", for: "output", received: "more", .outOfMemory)
  }

  /// Adds up the parts.
  fileprivate mutating func measure() throws(RuvectorError) {
    for i in operation.outputs.indices {
      let (sum, overflow) = outputCount.addingReportingOverflow(try count(operation.outputs[i]))
      guard !overflow else { throw tooLarge }
      outputCount = sum
    }
  }

  /// Rows of a first output that is a matrix.
  public var firstOutputSide: Int {
    switch operation.outputs[0].shape[0] {
    case .fixed(let size): size
    case .named(let name): self[name]
    }
  }

  /// The memory of the whole output.
  public func output() throws(RuvectorError) -> UnsafeMutablePointer<Float> {
    try buffers[buffers.count - 1].output("output", count: outputCount)
  }

  /// The same of an output that is unsigned integers.
  public func indicesOutput() throws(RuvectorError) -> UnsafeMutablePointer<UInt32> {
    try buffers[buffers.count - 1].indices("output", count: outputCount)
  }

  /// The memory of one part of it; nil for that of an optional input which is left out.
  public func output(_ name: StaticString) throws(RuvectorError) -> UnsafeMutablePointer<Float>? {
    var place = try output()
    for part in operation.outputs {
      let count = try count(part)
      if part.name.matches(name) { return part.need == .optional && count == 0 ? nil : place }
      place += count
    }
    return nil
  }

  // MARK: - Numbers

  /// To be called after the work: where the output is not finite, the first NaN or infinity among the inputs is named, or, where
  /// there is none, the result is `.outOfRange`.
  public func requireFiniteOutput() throws(RuvectorError) {
    guard Kernels.current.non_finite_probe(try output(), outputCount).isNaN else { return }
    throw try whatIsNotFinite()
  }

  /// The error that names the first NaN or infinity among the inputs, or, where there is none, says that the result is too large.
  public func whatIsNotFinite() throws(RuvectorError) -> RuvectorError {
    for (port, tensor) in zip(operation.inputs, buffers) where port.type == .float32 && tensor.rows * tensor.columns > 0
    {
      if tensor.rank == 1 {
        try requireFinite(tensor.floats("\(port.name)"), count: tensor.columns, for: "\(port.name)")
      } else {
        let rows = try tensor.matrix("\(port.name)")
        for r in 0..<rows.rows { try requireFinite(rows.row(r), count: rows.dim, for: "\(port.name)[\(r)]") }
      }
    }
    return .expected("a result that fits in Float", for: "output", received: "an overflow", .outOfRange)
  }
}

/// The call of an operation by name: each buffer has its port's type and shape, and a named side the same size everywhere.
/// (Stands here once, and not once a class: WebAssembly has no generics at run time.)
func bind(
  _ operation: String, of operations: [Operation], _ member: any Mechanism, _ buffers: [Tensor]
) throws(RuvectorError) -> Call {
  let known = try find(operation, in: operations)
  try requireBuffers(known.inputs.count + 1, for: operation, buffers)
  var call = Call(known, buffers)
  for i in known.inputs.indices where known.inputs[i].need != .free {
    let tensor = buffers[i]
    if known.inputs[i].need == .optional, tensor.isLeftOut { continue }
    guard tensor.type == known.inputs[i].type else {
      let port = known.inputs[i]
      throw .expected(words(port.type), for: "\(port.name)", received: words(tensor.type), .invalidArgument)
    }
    if tensor.type == .graph {
      let graph = try tensor.graph("\(known.inputs[i].name)")
      try fit(known.inputs[i], [graph.nodes, graph.columns, graph.edges], member, &call)
    } else {
      try fit(known.inputs[i], tensor, member, &call)
    }
  }
  for part in known.outputs {
    for side in part.shape {
      guard case .named(let name) = side, call.size(name) == nil else { continue }
      if let size = name.matches("parameters") ? member.parameters.total : member.size(of: name) {
        call.bind(name, size)
      }
    }
  }
  try call.measure()
  return call
}

/// Compares a tensor's shape with a port's. (Two numbers and no array: this is in the way of every call.)
private func fit(
  _ port: Port, _ tensor: Tensor, _ member: any Mechanism, _ call: inout Call
) throws(RuvectorError) {
  let rank = tensor.rank, first = rank == 1 ? tensor.columns : tensor.rows
  var isRight = rank == port.shape.count
  if isRight { isRight = call.fit(port.shape[0], first, member) }
  // A matrix without rows has no width to compare.
  if isRight, rank == 2 { isRight = call.fit(port.shape[1], tensor.columns, member) || first == 0 }
  if !isRight { throw mismatch(port, rank == 1 ? [first] : [first, tensor.columns], member, call) }
}

/// The same for the sizes of a graph.
private func fit(
  _ port: Port, _ sizes: [Int], _ member: any Mechanism, _ call: inout Call
) throws(RuvectorError) {
  for (side, size) in zip(port.shape, sizes) {
    guard call.fit(side, size, member) else { throw mismatch(port, sizes, member, call) }
  }
}

/// "expected [n, 64] for keys, received [10, 63]".
private func mismatch(
  _ port: Port, _ received: [Int], _ member: any Mechanism, _ call: Call
) -> RuvectorError {
  if received.count == 1, port.shape.count == 1, let wanted = call.wanted(port.shape[0], member) {
    return .dimension("\(port.name)", expected: wanted, received: received[0])
  }
  var expected = ""
  for side in port.shape {
    expected += expected.utf8.isEmpty ? "" : ", "
    if let wanted = call.wanted(side, member) {
      expected += "\(wanted)"
    } else if case .named(let name) = side {
      expected += "\(name)"
    }
  }
  var shape = ""
  for size in received { shape += shape.utf8.isEmpty ? "\(size)" : ", \(size)" }
  return .expected("[\(expected)]", for: "\(port.name)", received: "[\(shape)]", .dimensionMismatch)
}

extension Call {
  /// Whether a side may have this size; binds one that nothing has said before.
  fileprivate mutating func fit(_ side: Side, _ size: Int, _ member: any Mechanism) -> Bool {
    switch side {
    case .fixed(let wanted): return wanted == size
    case .named(let name):
      if let wanted = self.size(name) { return wanted == size }
      let wanted = member.size(of: name) ?? size
      bind(name, wanted)
      return wanted == size
    }
  }

  /// The size that a side must have; nil: any.
  fileprivate func wanted(_ side: Side, _ member: any Mechanism) -> Int? {
    switch side {
    case .fixed(let size): size
    case .named(let name): size(name) ?? member.size(of: name)
    }
  }
}

private func words(_ type: ElementType) -> String {
  switch type {
  case .float32: "32-bit floats"
  case .float64: "64-bit floats"
  case .uint8: "bytes"
  case .uint32: "unsigned 32-bit integers"
  case .graph: "a graph"
  default: "another type"
  }
}
