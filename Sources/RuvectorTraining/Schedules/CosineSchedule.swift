import RuvectorCore

/// Half a cosine from the start to the end, after a warm-up:
///
///     t < warmup: start (t + 1)/warmup     else end + (start − end)(1 + cos π p)/2,  p = min(1, (t − warmup)/max(1, total − warmup))
///
/// Reference: Loshchilov, Hutter 2017, "SGDR", equation 5 without restarts. PyTorch's CosineAnnealingLR where warmup = 0.
public final class CosineSchedule: Schedule, Sendable {
  // MARK: - Options

  public static let name: StaticString = "cosine"
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
    let share = min(1, (step - warmup) / max(1, total - warmup))
    return end + (start - end) * (1 + sineCosine(.pi * share).cosine) / 2
  }
}
