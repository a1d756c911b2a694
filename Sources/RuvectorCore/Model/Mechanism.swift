/// What a member is to those who hold it and want more than operations by name: its family's own protocol, in a class of that
/// family. (Embedded Swift casts an object to its class, but not to another protocol.)
open class Facet {
  public init() {}
}

/// A member of a family: what layers, mechanisms of attention, codecs, losses have in common. Options they are made from, named
/// weights, operations on buffers, all of them described, so that the C boundary and with it every language know members by
/// this protocol only.
public protocol Mechanism: AnyObject {
  /// What members that are used alike share: "attention", "loss". Registry.swift has them all.
  static var family: StaticString { get }
  static var name: StaticString { get }
  static var options: [Option] { get }
  /// Its operations by name.
  static var operations: [Operation] { get }
  /// The weights that a member of these options has of its own (those of children are theirs), before there is memory for them.
  static func slots(_ settings: Settings) throws(RuvectorError) -> [Slot]
  init(_ settings: Settings) throws(RuvectorError)

  /// Values of `options`, in their order; of a list of children their number.
  var optionValues: [Double] { get }
  /// All 64 bits of the option of kind `.seed`; 0 where there is none.
  var seed: UInt64 { get }
  /// The mechanisms it is made of (copies of those that were given), in the order of its option.
  var children: [any Mechanism] { get }
  /// What it offers as a child; nil: nothing.
  var facet: Facet? { get }
  /// The same mechanism with weights of its own: same options, copied weights. `.outOfMemory`.
  func clone() throws(RuvectorError) -> any Mechanism
  /// All weights, in the order in which they are saved.
  var parameters: Parameters { get }
  /// The size of a side that the options fix ("in", "heads"); nil: the caller's buffers say it.
  func size(of side: StaticString) -> Int?
  /// One of `operations`, its buffers checked and bound; returns the elements written.
  func perform(_ call: Call, _ control: Control) throws(RuvectorError) -> Int
  /// The call of an operation by name, its buffers checked.
  func bound(_ operation: String, _ buffers: [Tensor]) throws(RuvectorError) -> Call
  /// `operations`, of an object whose type is not known.
  var knownOperations: [Operation] { get }
  /// Runs an operation by name; returns the elements written where that is not fixed by the shapes.
  func run(_ operation: String, _ buffers: [Tensor], _ control: Control) throws(RuvectorError) -> Int
  /// JSON: family, name, options, weights with their shapes, the sides of ports that the options fix, instruction set. (Stands here so that each class has its
  /// own: Embedded Swift knows no type of an existential.)
  var description: String { get }
}

extension Mechanism {
  public static func slots(_ settings: Settings) throws(RuvectorError) -> [Slot] { [] }
  public var parameters: Parameters { .none }
  public func size(of side: StaticString) -> Int? { nil }
  public func perform(_ call: Call, _ control: Control) throws(RuvectorError) -> Int {
    throw unknown("\(call.operation.name)", of: Self.operations)
  }
  public var knownOperations: [Operation] { Self.operations }
  public func run(_ operation: String, _ buffers: [Tensor], _ control: Control) throws(RuvectorError) -> Int {
    try runBound(operation, buffers, control)
  }

  /// The same for members that look at some calls by themselves first.
  public func runBound(_ operation: String, _ buffers: [Tensor], _ control: Control) throws(RuvectorError) -> Int {
    try perform(bound(operation, buffers), control)
  }

  public func bound(_ operation: String, _ buffers: [Tensor]) throws(RuvectorError) -> Call {
    try bind(operation, of: Self.operations, self, buffers)
  }
  public var seed: UInt64 { 0 }
  public var children: [any Mechanism] { [] }
  public var facet: Facet? { nil }

  public func clone() throws(RuvectorError) -> any Mechanism {
    let copy = try Self.make(given(Self.options, optionValues, seed, children))
    parameters.copy(to: copy.parameters)
    return copy
  }

  /// Creates from options by name.
  public static func make(_ given: [(key: String, value: OptionValue)]) throws(RuvectorError) -> any Mechanism {
    try Self(Settings(of: name, options, given))
  }

  public var description: String {
    describe(self, Self.family, Self.name, Self.options, Self.operations)
  }
}

// What all mechanisms share stands below once, and not once a class: WebAssembly has no generics at run time.

private func describe(
  _ member: any Mechanism, _ family: StaticString, _ name: StaticString, _ options: [Option], _ operations: [Operation]
) -> String {
  let values = member.optionValues
  var json = "{\"family\":\"\(family)\",\"name\":\"\(name)\",\"simd\":\"\(Kernels.level)\",\"options\":{"
  for (i, option) in options.enumerated() {
    json += (i == 0 ? "" : ",") + "\"\(option.name)\":"
    guard case .children = option.kind else {
      json += option.json(values[i])
      continue
    }
    var list = ""
    for child in member.children { list += (list.utf8.isEmpty ? "" : ",") + child.description }
    json += "[" + list + "]"
  }
  json += "},\"sizes\":{"
  var sides: [StaticString] = []
  for operation in operations {
    for port in operation.inputs + operation.outputs {
      for case .named(let side) in port.shape where !sides.contains(where: { $0.matches(side) }) { sides.append(side) }
    }
  }
  var sizes = ""
  for side in sides {
    if let size = member.size(of: side) { sizes += (sizes.utf8.isEmpty ? "" : ",") + "\"\(side)\":\(size)" }
  }
  json += sizes + "},\"weights\":["
  for (i, parameter) in member.parameters.enumerated() {
    let shape = parameter.shape.reduce("") { $0 + ($0.utf8.isEmpty ? "" : ",") + "\($1)" }
    json += (i == 0 ? "" : ",") + "{\"name\":\"\(parameter.name)\",\"shape\":[\(shape)]}"
  }
  return json + "]}"
}

/// Options as they were given.
private func given(
  _ options: [Option], _ values: [Double], _ seed: UInt64, _ children: [any Mechanism]
) -> [(key: String, value: OptionValue)] {
  var given: [(key: String, value: OptionValue)] = []
  for (option, value) in zip(options, values) {
    switch option.kind {
    case .seed: given.append(("\(option.name)", .integer(Int64(bitPattern: seed))))
    case .choice(let names):
      guard let at = Int(exactly: value), names.indices.contains(at) else { continue }
      given.append(("\(option.name)", .text("\(names[at])")))
    case .children: for child in children { given.append(("\(option.name)", .child(child))) }
    default: given.append(("\(option.name)", .number(value)))
    }
  }
  return given
}
