import CRuvectorSupport
import RuvectorCore

/// Stochastic gradient descent:
///
///     g ← g + weightDecay θ     b ← g at first, momentum b + (1 − dampening) g later     g ← g + momentum b (Nesterov), or b
///     θ ← θ − learningRate g
///
/// - Complexity: O(size). Memory `size` floats with momentum, none without. Precision: Float.
///
/// Reference: Sutskever et al. 2013, "On the importance of initialization and momentum in deep learning". Names: PyTorch's SGD.
public final class SGD: Optimizer, @unchecked Sendable {
  // MARK: - Options

  public static let name: StaticString = "sgd"
  public static let options = [
    OptimizerOption.size, OptimizerOption.learningRate(0.001), OptimizerOption.momentum, OptimizerOption.dampening,
    OptimizerOption.nesterov, OptimizerOption.weightDecay(0, "Times the parameters, added to the gradient."),
  ]
  public let size: Int
  public let learningRate: Double
  private let momentum: Double
  private let dampening: Double
  private let isNesterov: Bool
  private let weightDecay: Double

  // MARK: - State

  public let parameters: Parameters
  private let steps: StepCount
  private let buffer: Parameter?

  public static func slots(_ settings: Settings) throws(RuvectorError) -> [Slot] {
    let size = settings.integer("size")
    return [StepCount.slot] + (settings.number("momentum") > 0 ? [Slot("momentum", [size], .zeros)] : [])
  }

  // MARK: - Creation

  public init(_ settings: Settings) throws(RuvectorError) {
    (size, learningRate) = (settings.integer("size"), settings.number("learningRate"))
    (momentum, dampening) = (settings.number("momentum"), settings.number("dampening"))
    (isNesterov, weightDecay) = (settings.flag("nesterov"), settings.number("weightDecay"))
    parameters = try Parameters(Self.slots(settings))
    steps = StepCount(parameters)
    buffer = momentum > 0 ? parameters["momentum"] : nil
  }

  public var optionValues: [Double] {
    [Double(size), learningRate, momentum, dampening, isNesterov ? 1 : 0, weightDecay]
  }

  // MARK: - Step

  public func step(_ parts: [Part], learningRate: Double, _ control: Control) throws(RuvectorError) {
    let isFirst = steps.next() == 1, rate = Float(learningRate), μ = Float(momentum), decay = Float(weightDecay)
    let share: Float = isFirst ? 1 : 1 - Float(dampening)
    try forPieces(parts, control) { part, from, count in
      let θ = part.parameters + from, g = part.gradients + from
      guard let buffer else {
        for i in 0..<count { θ[i] -= rate * (part.scale * g[i] + decay * θ[i]) }
        return
      }
      let b = buffer.pointer + part.offset + from
      for i in 0..<count {
        let slope = part.scale * g[i] + decay * θ[i]
        b[i] = μ * b[i] + share * slope
        θ[i] -= rate * (isNesterov ? slope + μ * b[i] : b[i])
      }
    }
  }

  public func bound(parameters: Double, gradients: Double, learningRate: Double) -> Double {
    let slope = gradients + weightDecay * parameters
    guard let buffer else { return parameters + learningRate * slope }
    let after = momentum * lengthBound(Double(Kernels.current.dot(buffer.pointer, buffer.pointer, size))) + slope
    return parameters + learningRate * (slope + after) + after
  }
}
