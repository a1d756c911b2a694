import CRuvectorSupport
import RuvectorCore

/// Adam, with the weight decay in the gradient:
///
///     g ← g + weightDecay θ     m ← β₁ m + (1 − β₁) g     v ← β₂ v + (1 − β₂) g²
///     θ ← θ − learningRate m̂/(√v̂ + ε),   m̂ = m/(1 − β₁ᵗ),   v̂ = v/(1 − β₂ᵗ)   after t steps
///
/// - Complexity: O(size). Memory 2 `size` floats. Precision: Float.
///
/// Reference: Kingma, Ba 2015, "Adam: a method for stochastic optimization", algorithm 1. Names: PyTorch's Adam.
public final class Adam: Optimizer, @unchecked Sendable {
  // MARK: - Options

  public static let name: StaticString = "adam"
  public static let options = Moments.options(
    0.001, OptimizerOption.weightDecay(0, "Times the parameters, added to the gradient."))
  private let moments: Moments

  public var size: Int { moments.size }
  public var learningRate: Double { moments.learningRate }
  public var parameters: Parameters { moments.parameters }
  public var optionValues: [Double] { moments.values }

  public static func slots(_ settings: Settings) throws(RuvectorError) -> [Slot] { Moments.slots(settings) }

  // MARK: - Creation

  public init(_ settings: Settings) throws(RuvectorError) { moments = try Moments(settings) }

  // MARK: - Step

  public func step(_ parts: [Part], learningRate: Double, _ control: Control) throws(RuvectorError) {
    try moments.step(parts, learningRate, decay: moments.weightDecay, shrink: 1, control)
  }

  public func bound(parameters: Double, gradients: Double, learningRate: Double) -> Double {
    moments.bound(parameters, gradients, learningRate, decay: moments.weightDecay, shrink: 1)
  }
}

/// Adam, with the weight decay apart from the gradient:
///
///     θ ← (1 − learningRate · weightDecay) θ, then a step of Adam with the plain gradient
///
/// - Complexity: O(size). Memory 2 `size` floats. Precision: Float.
///
/// Reference: Loshchilov, Hutter 2019, "Decoupled weight decay regularization", algorithm 2. Names: PyTorch's AdamW.
public final class AdamW: Optimizer, @unchecked Sendable {
  // MARK: - Options

  public static let name: StaticString = "adamW"
  public static let options = Moments.options(
    0.001, OptimizerOption.weightDecay(0.01, "Share of the parameters that a step of length 1 takes away."))
  private let moments: Moments

  public var size: Int { moments.size }
  public var learningRate: Double { moments.learningRate }
  public var parameters: Parameters { moments.parameters }
  public var optionValues: [Double] { moments.values }

  public static func slots(_ settings: Settings) throws(RuvectorError) -> [Slot] { Moments.slots(settings) }

  // MARK: - Creation

  public init(_ settings: Settings) throws(RuvectorError) { moments = try Moments(settings) }

  // MARK: - Step

  public func step(_ parts: [Part], learningRate: Double, _ control: Control) throws(RuvectorError) {
    try moments.step(parts, learningRate, decay: 0, shrink: 1 - learningRate * moments.weightDecay, control)
  }

  public func bound(parameters: Double, gradients: Double, learningRate: Double) -> Double {
    moments.bound(parameters, gradients, learningRate, decay: 0, shrink: 1 - learningRate * moments.weightDecay)
  }
}

/// What both have: means of gradients and of their squares.
private struct Moments {
  let size: Int
  let learningRate: Double
  let beta1: Double
  let beta2: Double
  let eps: Double
  let weightDecay: Double
  let parameters: Parameters
  private let steps: StepCount
  private let first: Parameter
  private let second: Parameter

  static func options(_ learningRate: Double, _ weightDecay: Option) -> [Option] {
    [
      OptimizerOption.size, OptimizerOption.learningRate(learningRate), OptimizerOption.beta1, OptimizerOption.beta2,
      OptimizerOption.eps, weightDecay,
    ]
  }

  static func slots(_ settings: Settings) -> [Slot] {
    let size = settings.integer("size")
    return [
      StepCount.slot, Slot("firstMoment", [size], .zeros), Slot("secondMoment", [size], .zeros, values: .notNegative),
    ]
  }

  init(_ settings: Settings) throws(RuvectorError) {
    (size, learningRate) = (settings.integer("size"), settings.number("learningRate"))
    (beta1, beta2, eps) = (settings.number("beta1"), settings.number("beta2"), settings.number("eps"))
    weightDecay = settings.number("weightDecay")
    parameters = try Parameters(Self.slots(settings))
    steps = StepCount(parameters)
    (first, second) = (parameters["firstMoment"], parameters["secondMoment"])
  }

  var values: [Double] { [Double(size), learningRate, beta1, beta2, eps, weightDecay] }

  /// Means lie between what they are of; a quotient by √v + ε is at most one by ε.
  func bound(_ θ: Double, _ g: Double, _ learningRate: Double, decay: Double, shrink: Double) -> Double {
    let slope = g + decay * θ, kernels = Kernels.current
    let mean = slope + lengthBound(Double(kernels.dot(first.pointer, first.pointer, size)))
    let length = learningRate / (1 - beta1)
    // Factors that are not in Float's range make infinities of the smallest gradients.
    guard max(length, shrink.magnitude) <= Double(Float.greatestFiniteMagnitude) else { return .infinity }
    let step = length * mean / Double(Float(eps))
    return shrink.magnitude * θ + step + slope * slope
  }

  func step(
    _ parts: [Part], _ learningRate: Double, decay: Double, shrink: Double, _ control: Control
  ) throws(RuvectorError) {
    let t = steps.next(), kernels = Kernels.current
    let length = learningRate / (1 - power(beta1, t)), root = 1 / (1 - power(beta2, t)).squareRoot()
    try forPieces(parts, control) { part, from, count in
      var constants = rv_adam(
        scale: part.scale, decay: Float(decay), shrink: Float(shrink), beta1: Float(beta1), beta2: Float(beta2),
        rest1: Float(1 - beta1), rest2: Float(1 - beta2), length: Float(length), root: Float(root), eps: Float(eps))
      let at = part.offset + from
      kernels.adam_step(
        part.parameters + from, part.gradients + from, first.pointer + at, second.pointer + at, count, &constants)
    }
  }
}
