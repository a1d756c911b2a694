import RuvectorCore

/// One loss of several, each times a weight that the caller has chosen:
///
///     L = Σ_i w_i L_i     dL/dL_i = w_i     dL/dw_i = L_i
///
/// losses [tasks]; parameters w [tasks], 1 at first, set by `setWeights`. They stay what they are as long as no optimizer is given
/// their gradient.
///
/// Use it when the losses have known scales, or as the baseline of `UncertaintyWeights` and `GradNorm`, whose weights it takes.
public final class FixedWeights: LossWeighing, @unchecked Sendable {
  // MARK: - Options

  public static let name: StaticString = "fixed"
  public let tasks: Int

  // MARK: - Weights

  public let parameters: Parameters
  private let weights: Parameter

  public static func slots(_ settings: Settings) throws(RuvectorError) -> [Slot] {
    [Slot("weights", [settings.integer("tasks")], .ones)]
  }

  // MARK: - Creation

  public init(_ settings: Settings) throws(RuvectorError) {
    tasks = settings.integer("tasks")
    parameters = try Parameters(Self.slots(settings))
    weights = parameters["weights"]
  }

  // MARK: - Term

  public func term(_ task: Int, _ loss: Double) -> (value: Double, toLoss: Double, toParameter: Double) {
    let weight = Double(weights[task])
    return (weight * loss, weight, loss)
  }
}
