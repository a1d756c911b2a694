import CRuvectorSupport
import RuvectorCore

/// One loss of several, weighed by how uncertain each is, which is learned:
///
///     L = Σ_i e^−s_i L_i + s_i     dL/dL_i = e^−s_i     dL/ds_i = 1 − e^−s_i L_i     s_i = ln σ_i²
///
/// losses [tasks]; parameters s [tasks], 0 at first. (The factors ½ of the paper are left out: they scale all alike.)
///
/// Reference: Kendall, Gal, Cipolla 2018, "Multi-task learning using uncertainty to weigh losses", equation 10.
public final class UncertaintyWeights: LossWeighing, @unchecked Sendable {
  // MARK: - Options

  public static let name: StaticString = "uncertainty"
  public let tasks: Int

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

  // MARK: - Term

  public func term(_ task: Int, _ loss: Double) -> (value: Double, toLoss: Double, toParameter: Double) {
    let s = Double(logVariances[task]), weight = rv_exp(-s)
    return (weight * loss + s, weight, 1 - weight * loss)
  }
}
