import CRuvectorSupport

/// One slot of a member's weights, before there is memory for it: its name, its row-major shape and how it begins.
public struct Slot: Sendable {
  /// What a slot holds at first. Random ones of a member are drawn from one generator, slot after slot.
  public enum Start: Sendable {
    case zeros
    case ones
    /// Of a square matrix.
    case identity
    /// Normal with variance 2/(fanIn + fanOut) (Glorot and Bengio 2010, equation 12).
    case xavierNormal(fanIn: Int, fanOut: Int)
    case numbers([Float])
  }

  /// Which numbers callers may set it to, of those that are finite.
  public enum Values: Sendable {
    case any
    /// Not below 0: means of squares.
    case notNegative
    /// Whole numbers not below 0.
    case counts
  }

  public let name: StaticString
  public let shape: [Int]
  public let start: Start
  public let values: Values
  /// Slots of a later turn are drawn after all of an earlier one, wherever they lie.
  public let turn: Int

  public init(_ name: StaticString, _ shape: [Int], _ start: Start, turn: Int = 0, values: Values = .any) {
    (self.name, self.shape, self.start, self.turn) = (name, shape, start, turn)
    self.values = values
  }

  /// Weight [out, in] and bias [out] of an affine map (``Linear``): Xavier-normal and 0.
  public static func linear(
    _ weight: StaticString, _ bias: StaticString, _ inDim: Int, _ outDim: Int, turn: Int = 0
  ) -> [Slot] {
    [
      Slot(weight, [outDim, inDim], .xavierNormal(fanIn: inDim, fanOut: outDim), turn: turn),
      Slot(bias, [outDim], .zeros),
    ]
  }

  /// Floats of some slots. `.outOfMemory` beyond 2³⁰: each alone may be had from an overcommitting system that cannot serve
  /// their sum.
  public static func total(_ slots: [Slot]) throws(RuvectorError) -> Int {
    let most: Int64 = 1 << 30
    var total: Int64 = 0  // 32 bits do not hold every product in WebAssembly
    for slot in slots {
      var size: Int64 = 1
      for side in slot.shape { size = min(size * Int64(side), most + 1) }  // two sides of 2³¹ fit
      total += size
      guard total <= most else { throw tooMany }
    }
    return Int(total)
  }

  static var tooMany: RuvectorError {
    .expected("at most 2^30 parameters", for: "options", received: "more", .outOfMemory)
  }
}

/// The memory of one block of weights, which a member and what it is a part of have in common: its own, or a part of a file.
public final class ParameterMemory {
  public fileprivate(set) var pointer: UnsafeMutablePointer<Float>
  private var owner: AnyObject

  fileprivate init(_ own: AlignedBuffer<Float>) { (pointer, owner) = (own.pointer, own) }

  #if !hasFeature(Embedded)
    /// From here on the numbers are those of the file from byte `offset` on, a multiple of 4; what it had is given back. Nothing else
    /// may be running on the member.
    public func move(to file: MappedFile, offset: Int) {
      (pointer, owner) = ((file.base + offset).assumingMemoryBound(to: Float.self), file)
    }
  #endif
}

/// One named block of weights, and its place among all of its member's. (A class: members hand them on in every call.)
public final class Parameter {
  public let name: String
  /// Row-major: [rows, columns], [length] or more.
  public let shape: [Int]
  public let count: Int
  public let memory: ParameterMemory
  /// Floats of the member's parameters before it.
  public let offset: Int
  /// Which numbers it may be set to.
  let values: Slot.Values

  init(name: String, shape: [Int], memory: ParameterMemory, offset: Int, values: Slot.Values) {
    (self.name, self.shape, self.memory, self.offset) = (name, shape, memory, offset)
    self.values = values
    count = shape.reduce(1, *)
  }

  /// Refuses numbers that it cannot have, all of which are finite. `.outOfRange`.
  public func requireFitting(_ numbers: UnsafePointer<Float>) throws(RuvectorError) {
    guard values != .any else { return }
    for i in 0..<count where numbers[i] < 0 || (values == .counts && numbers[i] != numbers[i].rounded(.down)) {
      throw .expected(
        values == .counts ? "whole numbers >= 0" : "numbers >= 0", for: name,
        received: "\(text(Double(numbers[i]))) at element \(i)", .outOfRange)
    }
  }

  public var pointer: UnsafeMutablePointer<Float> { memory.pointer }

  public subscript(index: Int) -> Float {
    get { pointer[index] }
    set { pointer[index] = newValue }
  }
}

/// The weights of a member, laid out once: in the order in which they are saved, and in which gradients lie.
public struct Parameters: RandomAccessCollection {
  private let all: [Parameter]
  /// Floats of all of them.
  public let total: Int
  /// Of parameters that were joined: where each part begins.
  private let starts: [Int]

  public static var none: Parameters { Parameters([], 0, []) }

  private init(_ all: [Parameter], _ total: Int, _ starts: [Int]) {
    (self.all, self.total, self.starts) = (all, total, starts)
  }

  /// Memory for `slots`, each as it begins; the same for the same seed. `.outOfMemory`.
  public init(_ slots: [Slot], seed: UInt64 = 0) throws(RuvectorError) {
    total = try Slot.total(slots)
    var all: [Parameter] = [], offset = 0
    for slot in slots {
      let count = slot.shape.reduce(1, *)
      all.append(
        Parameter(
          name: "\(slot.name)", shape: slot.shape,
          memory: ParameterMemory(try AlignedBuffer(count: count, for: "weights")), offset: offset,
          values: slot.values))
      offset += count
    }
    var random = Random(seed: seed), turn = 0
    while let last = slots.map({ $0.turn }).max(), turn <= last {
      for (slot, parameter) in zip(slots, all) where slot.turn == turn { slot.start.fill(parameter, &random) }
      turn += 1
    }
    (self.all, starts) = (all, [])
  }

  /// Those of several owners as one member's, each name behind its prefix. The memory stays the owners'. `.outOfMemory` for
  /// more than 2³⁰ in all.
  public init(joining parts: [(prefix: String, parameters: Parameters)]) throws(RuvectorError) {
    var all: [Parameter] = [], starts: [Int] = [], total = 0
    for part in parts {
      starts.append(total)
      for its in part.parameters.all {
        all.append(
          Parameter(
            name: part.prefix + its.name, shape: its.shape, memory: its.memory, offset: total + its.offset,
            values: its.values))
      }
      total += part.parameters.total
      guard total <= 1 << 30 else { throw Slot.tooMany }
    }
    (self.all, self.total, self.starts) = (all, total, starts)
  }

  public var startIndex: Int { 0 }
  public var endIndex: Int { all.count }
  public subscript(index: Int) -> Parameter { all[index] }

  /// The slot of this name, which the member has declared.
  public subscript(name: StaticString) -> Parameter {
    for parameter in all where name.matches(parameter.name) { return parameter }
    fatalError()  // a name that its own class does not know: found by the first test that makes one
  }

  /// Where a part of joined parameters begins.
  func start(of part: Int) -> Int { starts[part] }

  /// The same values in another member of the same options.
  public func copy(to other: Parameters) {
    for (from, to) in zip(all, other.all) {
      to.pointer.update(from: from.pointer, count: Swift.min(from.count, to.count))
    }
  }
}

extension Slot.Start {
  fileprivate func fill(_ parameter: Parameter, _ random: inout Random) {
    let out = parameter.pointer, count = parameter.count
    switch self {
    case .zeros: out.initialize(repeating: 0, count: count)
    case .ones: out.initialize(repeating: 1, count: count)
    case .identity:
      out.initialize(repeating: 0, count: count)
      let side = parameter.shape[0]
      for i in 0..<side { out[i * side + i] = 1 }
    case .xavierNormal(let fanIn, let fanOut):
      random.xavierNormal(out, count: count, fanIn: fanIn, fanOut: fanOut)
    case .numbers(let numbers): for i in 0..<count { out[i] = numbers[i] }
    }
  }
}

/// Where the gradients of a member's parameters are added: the layout of the parameters, addressed by them.
public struct Gradients {
  /// Of all parameters, one after the other.
  public let all: UnsafeMutablePointer<Float>

  /// `all` has room for `Parameters.total` floats.
  public init(_ all: UnsafeMutablePointer<Float>) { self.all = all }

  public subscript(parameter: Parameter) -> UnsafeMutablePointer<Float> { all + parameter.offset }

  /// Those of a part of joined parameters, as its owner addresses them.
  public func part(_ index: Int, of parameters: Parameters) -> Gradients {
    Gradients(all + parameters.start(of: index))
  }
}
