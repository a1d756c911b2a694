/// A named block of parameters.
public struct Parameter {
  public let name: StaticString
  /// Row-major shape: [rows, columns] or [length].
  public let shape: [Int]
  public let values: AlignedBuffer<Float>

  public init(_ name: StaticString, _ shape: [Int], _ values: AlignedBuffer<Float>) {
    (self.name, self.shape, self.values) = (name, shape, values)
  }
}

/// What layers and codecs have in common: options they were made from, named weights, operations on buffers.
/// The C boundary, and with it every language, knows them by this protocol only.
public protocol Mechanism: AnyObject {
  /// "layer", "codec".
  static var family: StaticString { get }
  static var name: StaticString { get }
  static var options: [Option] { get }
  init(_ settings: Settings) throws(RuvectorError)

  /// Values of `options`, in their order.
  var optionValues: [Double] { get }
  /// Weights in a stable order; empty where there are none.
  var parameters: [Parameter] { get }
  /// Runs an operation by name; returns the elements written where that is not fixed by the shapes.
  func run(_ operation: String, _ buffers: [Tensor], _ control: Control) throws(RuvectorError) -> Int
  /// JSON: family, name, options, weights with their shapes, instruction set. (Stands here so that each class has its
  /// own: Embedded Swift knows no type of an existential.)
  var description: String { get }
}

extension Mechanism {
  public var parameters: [Parameter] { [] }

  /// Creates from options by name.
  public static func make(_ given: [(key: String, value: OptionValue)]) throws(RuvectorError) -> any Mechanism {
    try Self(Settings(of: name, options, given))
  }

  public var description: String {
    var json =
      "{\"family\":\"\(Self.family)\",\"name\":\"\(Self.name)\",\"simd\":\"\(Kernels.level)\",\"options\":{"
    for (i, option) in Self.options.enumerated() {
      json += (i == 0 ? "" : ",") + "\"\(option.name)\":\(option.json(optionValues[i]))"
    }
    json += "},\"weights\":["
    for (i, parameter) in parameters.enumerated() {
      let shape = parameter.shape.reduce("") { $0 + ($0.utf8.isEmpty ? "" : ",") + "\($1)" }
      json += (i == 0 ? "" : ",") + "{\"name\":\"\(parameter.name)\",\"shape\":[\(shape)]}"
    }
    return json + "]}"
  }

  /// An operation this mechanism does not have.
  public func unknown(_ operation: String, expected: String) -> RuvectorError {
    .expected(expected, for: "operation", received: quoted(operation), .invalidArgument)
  }

  /// Refuses another number of buffers than the operation takes.
  public func requireBuffers(_ count: Int, for operation: String, _ buffers: [Tensor]) throws(RuvectorError) {
    guard buffers.count == count else {
      throw .expected("\(count) buffers", for: operation, received: "\(buffers.count)", .invalidArgument)
    }
  }
}
