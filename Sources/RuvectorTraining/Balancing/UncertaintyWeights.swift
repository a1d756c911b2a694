import CRuvectorSupport
import RuvectorCore

/// One loss of several, weighed by how uncertain each is, which is learned:
///
///     L = Σ_i e^−s_i L_i + s_i     dL/dL_i = e^−s_i     dL/ds_i = 1 − e^−s_i L_i     s_i = ln σ_i²
///
/// losses [tasks]; parameters s [tasks], 0 at first. (The factors ½ of the paper are left out: they scale all alike.)
///
/// Reference: Kendall, Gal, Cipolla 2018, "Multi-task learning using uncertainty to weigh losses", equation 10.
public final class UncertaintyWeights: Mechanism, @unchecked Sendable {
  // MARK: - Options

  public static let family: StaticString = "balancing"
  public static let name: StaticString = "uncertainty"
  public static let options = [Option("tasks", .integer(1...65_536), "Losses that are weighed.")]
  private let tasks: Int

  // MARK: - Weights

  public let parameters: Parameters
  private let logVariances: Parameter

  public static func slots(_ settings: Settings) throws(RuvectorError) -> [Slot] {
    [Slot("logVariances", [settings.integer("tasks")], .zeros)]
  }

  // MARK: - Creation

  public init(_ settings: Settings) throws(RuvectorError) {
    tasks = settings.integer("tasks")
    parameters = try Parameters(Self.slots(settings))
    logVariances = parameters["logVariances"]
  }

  public var optionValues: [Double] { [Double(tasks)] }

  // MARK: - Operations

  private static let forward = Operation("forward", [.input("losses", ["tasks"])], [Port("loss", [1])])
  public static let operations = [forward, forward.backward()]

  public func size(of side: StaticString) -> Int? { side.matches("tasks") ? tasks : nil }

  public func perform(_ call: Call, _ control: Control) throws(RuvectorError) -> Int {
    guard let losses = try call.vector("losses") else { return 0 }
    let out = try call.output(), count = call.outputCount
    if call.isNamed("forward") {
      var sum = 0.0
      for i in 0..<tasks { sum += rv_exp(-Double(logVariances[i])) * Double(losses[i]) + Double(logVariances[i]) }
      out[0] = Float(sum)
    } else {
      let scale = Double(try call.vector("outputGradient")?[0] ?? 1)
      for i in 0..<tasks {
        let weight = rv_exp(-Double(logVariances[i]))
        out[i] = Float(scale * weight)
        out[tasks + i] = Float(scale * (1 - weight * Double(losses[i])))
      }
    }
    try call.requireFiniteOutput()
    return count
  }
}
