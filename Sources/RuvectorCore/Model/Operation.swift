/// One side of a port's shape: a number, or a name that stands for one number in all ports of a call.
public enum Side: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral, Sendable {
  case fixed(Int)
  case named(StaticString)

  public init(integerLiteral value: Int) { self = .fixed(value) }
  public init(stringLiteral value: StaticString) { self = .named(value) }
}

/// A buffer that an operation takes or fills.
public struct Port: Sendable {
  public enum Need: Sendable {
    /// Refused unless its shape fits.
    case required
    /// May be empty (no elements): then it is not there.
    case optional
    /// The member reads it by its own rules, which one shape does not say; the shape is for readers.
    case free
  }

  public let name: StaticString
  public let type: ElementType
  /// One side: a vector, two: a matrix. Of a graph its nodes, columns and edges. Of a part of the output its sizes.
  public let shape: [Side]
  public let need: Need
  /// Whether "backward" gives its gradient.
  public let isDifferentiable: Bool

  public init(
    _ name: StaticString, _ shape: [Side], _ type: ElementType = .float32, _ need: Need = .required,
    isDifferentiable: Bool = false
  ) {
    (self.name, self.shape, self.type, self.need) = (name, shape, type, need)
    self.isDifferentiable = isDifferentiable
  }

  /// A graph handle: its target nodes, its source nodes, its edges.
  public static func graph(_ name: StaticString, _ nodes: Side, _ columns: Side, _ edges: Side) -> Port {
    Port(name, [nodes, columns, edges], .graph)
  }

  /// Floats whose gradient "backward" gives.
  public static func input(_ name: StaticString, _ shape: [Side], _ need: Need = .required) -> Port {
    Port(name, shape, .float32, need, isDifferentiable: true)
  }
}

/// What a member can do: buffers in, numbers into one buffer. The single source of its checks, its JavaScript method and its
/// documentation.
public struct Operation: Sendable {
  public let name: StaticString
  public let inputs: [Port]
  /// Parts of the buffer that is written, one after the other. One whose side is named "parameters" holds a float a parameter.
  public let outputs: [Port]
  /// Whether it changes the member (an optimizer's state): it is then alone, as a change of weights is, and happens as a whole or
  /// not at all.
  public let changesMember: Bool

  public init(_ name: StaticString, _ inputs: [Port], _ outputs: [Port], changesMember: Bool = false) {
    (self.name, self.inputs, self.outputs, self.changesMember) = (name, inputs, outputs, changesMember)
  }

  /// "backward" of an operation with one output: the same inputs and the output's gradient (of a number it may be left out: 1)
  /// give the gradients of the differentiable inputs and, where there are any, of the parameters.
  public func backward(hasParameters: Bool = true) -> Operation {
    var gradients: [Port] = []
    for port in inputs where port.isDifferentiable {
      gradients.append(Port(port.name, port.shape, .float32, port.need))
    }
    if hasParameters { gradients.append(Port("parameters", ["parameters"])) }
    var isNumber = false
    if case .fixed(1) = outputs[0].shape[0] { isNumber = outputs[0].shape.count == 1 }
    let given = Port("outputGradient", outputs[0].shape, .float32, isNumber ? .optional : .required)
    return Operation("backward", inputs + [given], gradients)
  }
}

/// The operation of this name.
public func find(_ operation: String, in operations: [Operation]) throws(RuvectorError) -> Operation {
  for known in operations where known.name.matches(operation) { return known }
  throw unknown(operation, of: operations)
}

/// An operation a member does not have.
public func unknown(_ operation: String, of operations: [Operation]) -> RuvectorError {
  .expected(
    "one of \(list(operations.map { $0.name }))", for: "operation", received: quoted(operation), .invalidArgument)
}

/// Refuses another number of buffers than the operation takes.
public func requireBuffers(_ count: Int, for operation: String, _ buffers: [Tensor]) throws(RuvectorError) {
  guard buffers.count == count else {
    throw .expected("\(count) buffers", for: operation, received: "\(buffers.count)", .invalidArgument)
  }
}
