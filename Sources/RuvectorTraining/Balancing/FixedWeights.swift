import CRuvectorSupport
import RuvectorCore

/// One loss of several, each times a weight that the caller has chosen:
///
///     L = Σ_i w_i L_i     dL/dL_i = w_i     dL/dw_i = L_i
///
/// losses [tasks]; parameters w [tasks], 1 at first, set by `setWeights`. They stay what they are as long as no optimizer is given
/// their gradient. Precision: Double, rounded once.
///
/// Use it when the losses have known scales, or as the baseline of `UncertaintyWeights` and `GradNorm`, whose weights it takes.
public final class FixedWeights: Mechanism, @unchecked Sendable {
  // MARK: - Options

  public static let family: StaticString = "balancing"
  public static let name: StaticString = "fixed"
  public static let options = [Option("tasks", .integer(1...65_536), "Losses that are weighed.")]
  private let tasks: Int

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

  public var optionValues: [Double] { [Double(tasks)] }

  // MARK: - Operations

  private static let forward = Operation("forward", [.input("losses", ["tasks"])], [Port("loss", [1])])
  public static let operations = [forward, forward.backward()]

  public func size(of side: StaticString) -> Int? { side.matches("tasks") ? tasks : nil }

  public func perform(_ call: Call, _ control: Control) throws(RuvectorError) -> Int {
    guard let losses = try call.vector("losses") else { return 0 }
    let out = try call.output()
    if call.isNamed("forward") {
      var sum = 0.0
      for i in 0..<tasks { sum += Double(weights[i]) * Double(losses[i]) }
      out[0] = Float(sum)
    } else {
      let scale = try call.vector("outputGradient")?[0] ?? 1
      for i in 0..<tasks { (out[i], out[tasks + i]) = (scale * weights[i], scale * losses[i]) }
    }
    try call.requireFiniteOutput()
    return call.outputCount
  }
}
