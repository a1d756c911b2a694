import RuvectorCore

/// A line from the start to the end, after a warm-up:
///
///     t < warmup: start (t + 1)/warmup     else start + (end − start) p,  p = min(1, (t − warmup)/max(1, total − warmup))
///
/// PyTorch's LinearLR where warmup = 0.
public final class LinearSchedule: Schedule, Sendable {
  // MARK: - Options

  public static let name: StaticString = "linear"
  public static let options = [ScheduleOption.start, ScheduleOption.end, ScheduleOption.total, ScheduleOption.warmup]
  private let start: Double
  private let end: Double
  private let total: Double
  private let warmup: Double

  // MARK: - Creation

  public init(_ settings: Settings) {
    (start, end) = (settings.number("start"), settings.number("end"))
    (total, warmup) = (settings.number("total"), settings.number("warmup"))
  }

  public var optionValues: [Double] { [start, end, total, warmup] }

  // MARK: - Value

  public func value(at step: Double, history: UnsafeBufferPointer<Float>) -> Double {
    if step < warmup { return start * warming(step, warmup) }
    return start + (end - start) * min(1, (step - warmup) / max(1, total - warmup))
  }
}
