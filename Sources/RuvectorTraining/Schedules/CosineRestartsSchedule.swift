import RuvectorCore

/// Half cosines one after the other, each `factor` times as long as the one before:
///
///     end + (start − end)(1 + cos(π u/T))/2     u steps into a period of T;   T = period at first
///
/// A warm-up comes before the first.
///
/// Reference: Loshchilov, Hutter 2017, "SGDR: stochastic gradient descent with warm restarts", equation 5. PyTorch's
/// CosineAnnealingWarmRestarts where warmup = 0.
public final class CosineRestartsSchedule: Schedule, Sendable {
  // MARK: - Options

  public static let name: StaticString = "cosineRestarts"
  public static let options = [
    ScheduleOption.start, ScheduleOption.end,
    Option("period", .integer(1...1_000_000_000), "Steps of the first period."),
    Option("factor", .integer(1...1000), standard: 1, "How much longer each period is than the one before."),
    ScheduleOption.warmup,
  ]
  private let start: Double
  private let end: Double
  private let period: Double
  private let factor: Double
  private let warmup: Double

  // MARK: - Creation

  public init(_ settings: Settings) {
    (start, end) = (settings.number("start"), settings.number("end"))
    (period, factor, warmup) = (settings.number("period"), settings.number("factor"), settings.number("warmup"))
  }

  public var optionValues: [Double] { [start, end, period, factor, warmup] }

  // MARK: - Value

  public func value(at step: Double, history: UnsafeBufferPointer<Float>) -> Double {
    if step < warmup { return start * warming(step, warmup) }
    var into = step - warmup, length = period
    if factor == 1 {
      into -= (into / period).rounded(.down) * period
    } else {
      while into >= length { (into, length) = (into - length, length * factor) }
    }
    return end + (start - end) * (1 + sineCosine(.pi * into / length).cosine) / 2
  }
}
