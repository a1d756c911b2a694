import RuvectorCore

/// The same number, after a warm-up:
///
///     t < warmup: start (t + 1)/warmup     else start
public final class ConstantSchedule: Schedule, Sendable {
  // MARK: - Options

  public static let name: StaticString = "constant"
  public static let options = [ScheduleOption.start, ScheduleOption.warmup]
  private let start: Double
  private let warmup: Double

  // MARK: - Creation

  public init(_ settings: Settings) { (start, warmup) = (settings.number("start"), settings.number("warmup")) }

  public var optionValues: [Double] { [start, warmup] }

  // MARK: - Value

  public func value(at step: Double, history: UnsafeBufferPointer<Float>) -> Double { start * warming(step, warmup) }
}
