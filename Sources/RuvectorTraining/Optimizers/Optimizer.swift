import CRuvectorSupport
import RuvectorCore

/// An optimizer: makes parameters better by their gradients, and keeps what it has seen of them. Its weights are that state: what
/// `getWeights`, `toJson` and the like give is all it takes to go on.
public protocol Optimizer: Mechanism {
  /// Parameters that it has state for.
  var size: Int { get }
  var learningRate: Double { get }
  /// A step of the parts of the parameters, each with its gradient. All numbers are finite, and so are the gradients' squares.
  func step(_ parts: [Part], learningRate: Double, _ control: Control) throws(RuvectorError)
  /// No number of the parameters or of the state is larger than this after a step, by the lengths of the parameters and of their
  /// gradient before it; infinity where that is not known.
  func bound(parameters: Double, gradients: Double, learningRate: Double) -> Double
}

/// A piece of the parameters and its gradient.
public struct Part {
  public let parameters: UnsafeMutablePointer<Float>
  public let gradients: UnsafePointer<Float>
  public let count: Int
  /// Where its state begins.
  public let offset: Int
  /// What the gradient is multiplied by.
  public let scale: Float

  public init(
    _ parameters: UnsafeMutablePointer<Float>, _ gradients: UnsafePointer<Float>, count: Int, offset: Int = 0,
    scale: Float = 1
  ) {
    (self.parameters, self.gradients, self.count) = (parameters, gradients, count)
    (self.offset, self.scale) = (offset, scale)
  }
}

/// A step of an optimizer that is to be made.
struct OptimizerStep {
  let optimizer: any Optimizer
  let parts: [Part]
  let learningRate: Double
  /// At least the sums of the squares of the parameters and of their gradients (each times its scale).
  let squares: (parameters: Double, gradients: Double)
}

/// Makes the steps, all of them or none: where a number may leave Float's range, or a row its manifold, parameters and states are
/// kept, and put back after an error, which calls them `name`. `.outOfRange`.
func makeSteps(
  _ steps: [OptimizerStep], for name: String = "parameters", _ control: Control
) throws(RuvectorError) {
  var isSafe = true
  for step in steps where isSafe { isSafe = isBounded(step) }
  let saved = isSafe ? [] : try steps.map { (step) throws(RuvectorError) in try Saved(step) }
  do throws(RuvectorError) {
    for step in steps {
      try step.optimizer.step(step.parts, learningRate: step.learningRate, control)
      if !isSafe { try requireFinite(after: step, for: name) }
    }
  } catch {
    for one in saved { one.restore() }
    throw error
  }
}

private func isBounded(_ step: OptimizerStep) -> Bool {
  let bound = step.optimizer.bound(
    parameters: lengthBound(step.squares.parameters), gradients: lengthBound(step.squares.gradients),
    learningRate: step.learningRate)
  return bound < 1e37  // not where it is NaN
}

/// At least the length of numbers the sum of whose squares was rounded to Float: to some ulps, and to 0 below 1e-38.
func lengthBound(_ squares: Double) -> Double { 2 * squares.squareRoot() + 1e-14 }

private func requireFinite(after step: OptimizerStep, for name: String) throws(RuvectorError) {
  var isFinite = true
  for part in step.parts where isFinite {
    isFinite = Kernels.current.non_finite_probe(part.parameters, part.count) == 0
  }
  for parameter in step.optimizer.parameters where isFinite {
    isFinite = Kernels.current.non_finite_probe(parameter.pointer, parameter.count) == 0
  }
  guard isFinite else {
    throw .expected("a step within Float's range", for: name, received: "a longer one", .outOfRange)
  }
}

/// What a step changes, as it was before.
private struct Saved {
  private var pieces: [(place: UnsafeMutablePointer<Float>, values: AlignedBuffer<Float>)] = []

  init(_ step: OptimizerStep) throws(RuvectorError) {
    for part in step.parts { try save(part.parameters, part.count) }
    for parameter in step.optimizer.parameters { try save(parameter.pointer, parameter.count) }
  }

  private mutating func save(_ place: UnsafeMutablePointer<Float>, _ count: Int) throws(RuvectorError) {
    if count > 0 { pieces.append((place, try AlignedBuffer(copying: place, count: count, for: "step"))) }
  }

  func restore() { for piece in pieces { piece.place.update(from: piece.values.pointer, count: piece.values.count) } }
}

/// An optimizer as training reaches it. (Embedded Swift casts an object to its class, but not to another protocol.)
public final class OptimizerFacet: Facet {
  public let optimizer: any Optimizer

  init(_ optimizer: any Optimizer) { self.optimizer = optimizer }
}

/// What several optimizers are made from.
enum OptimizerOption {
  static let size = Option("size", .integer(1...1_073_741_824), "Parameters, in numbers.")
  static func learningRate(_ standard: Double) -> Option {
    Option("learningRate", .number(1e-30...1e30), standard: standard, "Length of a step.")
  }
  static let beta1 = Option("beta1", .number(0...0.999999), standard: 0.9, "Decay of the mean of gradients.")
  static let beta2 = Option("beta2", .number(0...0.9999999), standard: 0.999, "Decay of the mean of their squares.")
  static let eps = Option("eps", .number(0...1), standard: 1e-8, "Added to the root of the mean of squares.")
  static func weightDecay(_ standard: Double, _ note: StaticString) -> Option {
    Option("weightDecay", .number(0...1e30), standard: standard, note)
  }
  static let momentum = Option(
    "momentum", .number(0...0.999999), standard: 0, "Share of the last step that goes into the next.")
  static let dampening = Option(
    "dampening", .number(0...1), standard: 0, "Share of the gradient that momentum leaves out.")
  static let nesterov = Option("nesterov", .flag, standard: 0, "1: Nesterov's momentum.")
}

private enum OptimizerOperation {
  static let step = Operation(
    "step",
    [
      Port("parameters", ["size"]), Port("gradients", ["size"]), Port("learningRate", [1], .float32, .optional),
    ], [Port("parameters", ["size"])], changesMember: true)
  static let all = [step]
}

extension Optimizer {
  public static var family: StaticString { "optimizer" }
  public static var operations: [Operation] { OptimizerOperation.all }
  public var facet: Facet? { OptimizerFacet(self) }
  public func size(of side: StaticString) -> Int? { side.matches("size") ? size : nil }
  public func bound(parameters: Double, gradients: Double, learningRate: Double) -> Double { .infinity }
  public func perform(_ call: Call, _ control: Control) throws(RuvectorError) -> Int {
    try runStep(self, call, control)
  }
}

/// (Once, and not once a class: WebAssembly has no generics at run time.)
private func runStep(_ optimizer: any Optimizer, _ call: Call, _ control: Control) throws(RuvectorError) -> Int {
  guard let parameters = try call.vector("parameters"), let gradients = try call.vector("gradients"),
    let from = parameters.baseAddress, let slopes = gradients.baseAddress
  else { return 0 }
  let count = parameters.count, rate = try call.vector("learningRate")?[0]
  if let rate { try requireFinite([rate], count: 1, for: "learningRate") }
  if let rate, rate < 0 {
    throw .expected("a number >= 0", for: "learningRate", received: text(Double(rate)), .outOfRange)
  }
  // Before anything changes: what is refused has not happened.
  let kernels = Kernels.current
  let squares = (
    parameters: Double(kernels.dot(from, from, count)), gradients: Double(kernels.dot(slopes, slopes, count))
  )
  if !squares.parameters.isFinite { try requireFinite(from, count: count, for: "parameters") }
  if !squares.gradients.isFinite { try requireGradient(slopes, count: count) }
  let out = try call.output()
  if out != from { out.update(from: from, count: count) }
  let step = OptimizerStep(
    optimizer: optimizer, parts: [Part(out, slopes, count: count)],
    learningRate: rate.map { Double($0) } ?? optimizer.learningRate, squares: squares)
  try makeSteps([step], control)
  return count
}

/// Refuses gradients that are no numbers, or whose squares do not fit.
func requireGradient(_ gradients: UnsafePointer<Float>, count: Int) throws(RuvectorError) {
  if Kernels.current.squared_norm(gradients, count) <= Double(Float.greatestFiniteMagnitude) { return }
  try requireFinite(gradients, count: count, for: "gradients")
  for i in 0..<count where gradients[i].magnitude > 1e19 {
    throw .expected(
      "numbers up to 1e19", for: "gradients", received: "\(text(Double(gradients[i]))) at element \(i)", .outOfRange)
  }
}

/// A number of steps in two floats, each exact: 2²⁰ of the second are one of the first. (They are weights, which callers may set to
/// any whole numbers: what is too large is the largest count.)
struct StepCount {
  private let counter: Parameter
  static let slot = Slot("steps", [2], .zeros, values: .counts)

  init(_ parameters: Parameters) { self.init(parameters["steps"]) }
  init(_ counter: Parameter) { self.counter = counter }

  /// A whole number in 0...2⁴⁰.
  var value: Double {
    get { min(max(Double(counter[0]) * 0x1p20 + Double(counter[1]), 0), 0x1p40).rounded(.down) }
    nonmutating set {
      let high = (newValue / 0x1p20).rounded(.down)
      (counter[0], counter[1]) = (Float(high), Float(newValue - high * 0x1p20))
    }
  }

  /// Counts one more; how many there are.
  func next() -> Double {
    value = value + 1
    return value
  }
}

/// `body` for pieces of the parts, by several threads: elements are independent.
func forPieces(
  _ parts: [Part], _ control: Control, _ body: (_ part: Part, _ from: Int, _ count: Int) -> Void
) throws(RuvectorError) {
  let threads = Control(threads: control.threads)  // a step is not left half done
  for part in parts {
    try forChunks(of: part.count, chunk: 16_384, threads) { (range, _) throws(RuvectorError) in
      body(part, range.lowerBound, range.count)
    }
  }
}
