import RuvectorCore

/// A fixed factor a step, after a warm-up, down to a minimum:
///
///     t < warmup: start (t + 1)/warmup     else max(minimum, start · gammaᵗ⁻ʷᵃʳᵐᵘᵖ)
///
/// PyTorch's ExponentialLR where warmup = 0 and the minimum is not reached.
public final class ExponentialSchedule: Schedule, Sendable {
  // MARK: - Options

  public static let name: StaticString = "exponential"
  public static let options = [
    ScheduleOption.start, Option("gamma", .number(0...1), standard: 0.99, "The factor."), ScheduleOption.minimum,
    ScheduleOption.warmup,
  ]
  private let start: Double
  private let gamma: Double
  private let minimum: Double
  private let warmup: Double

  // MARK: - Creation

  public init(_ settings: Settings) {
    (start, gamma) = (settings.number("start"), settings.number("gamma"))
    (minimum, warmup) = (settings.number("minimum"), settings.number("warmup"))
  }

  public var optionValues: [Double] { [start, gamma, minimum, warmup] }

  // MARK: - Value

  public func value(at step: Double, history: UnsafeBufferPointer<Float>) -> Double {
    step < warmup ? start * warming(step, warmup) : max(minimum, start * power(gamma, step - warmup))
  }
}
