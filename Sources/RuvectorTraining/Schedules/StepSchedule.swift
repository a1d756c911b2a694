import RuvectorCore

/// A factor every so many steps, after a warm-up, down to a minimum:
///
///     t < warmup: start (t + 1)/warmup     else max(minimum, start · gamma^⌊(t − warmup)/every⌋)
///
/// PyTorch's StepLR where warmup = 0 and the minimum is not reached.
public final class StepSchedule: Schedule, Sendable {
  // MARK: - Options

  public static let name: StaticString = "step"
  public static let options = [
    ScheduleOption.start, Option("every", .integer(1...1_000_000_000), "Steps between two changes."),
    Option("gamma", .number(0...1), standard: 0.1, "The factor."), ScheduleOption.minimum, ScheduleOption.warmup,
  ]
  private let start: Double
  private let every: Double
  private let gamma: Double
  private let minimum: Double
  private let warmup: Double

  // MARK: - Creation

  public init(_ settings: Settings) {
    (start, every) = (settings.number("start"), settings.number("every"))
    (gamma, minimum) = (settings.number("gamma"), settings.number("minimum"))
    warmup = settings.number("warmup")
  }

  public var optionValues: [Double] { [start, every, gamma, minimum, warmup] }

  // MARK: - Value

  public func value(at step: Double, history: UnsafeBufferPointer<Float>) -> Double {
    if step < warmup { return start * warming(step, warmup) }
    return max(minimum, start * power(gamma, ((step - warmup) / every).rounded(.down)))
  }
}
