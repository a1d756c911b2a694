import RuvectorCore

/// A factor whenever the measure has not improved for some epochs:
///
///     a number of the history is better where it is below (1 − threshold) · best;  after more than `patience` worse ones in a row
///     the value is multiplied by `factor`, not below the minimum, and `cooldown` epochs do not count
///
/// Without a history it is the start. A warm-up of steps comes first.
///
/// Names: PyTorch's ReduceLROnPlateau (mode 'min', threshold_mode 'rel').
public final class PlateauSchedule: Schedule, Sendable {
  // MARK: - Options

  public static let name: StaticString = "plateau"
  public static let options = [
    ScheduleOption.start, Option("factor", .number(0...1), standard: 0.1, "The factor."),
    Option("patience", .integer(0...1_000_000), standard: 10, "Epochs without improvement that are let pass."),
    Option("threshold", .number(0...1), standard: 0.0001, "Improvements of a smaller share do not count."),
    Option("cooldown", .integer(0...1_000_000), standard: 0, "Epochs after a change that do not count."),
    ScheduleOption.minimum, ScheduleOption.warmup,
  ]
  private let start: Double
  private let factor: Double
  private let patience: Int
  private let threshold: Double
  private let cooldown: Int
  private let minimum: Double
  private let warmup: Double

  // MARK: - Creation

  public init(_ settings: Settings) {
    (start, factor) = (settings.number("start"), settings.number("factor"))
    (patience, threshold) = (settings.integer("patience"), settings.number("threshold"))
    (cooldown, minimum) = (settings.integer("cooldown"), settings.number("minimum"))
    warmup = settings.number("warmup")
  }

  public var optionValues: [Double] {
    [start, factor, Double(patience), threshold, Double(cooldown), minimum, warmup]
  }

  // MARK: - Value

  public func value(at step: Double, history: UnsafeBufferPointer<Float>) -> Double {
    if step < warmup { return start * warming(step, warmup) }
    var value = start, best = Double.infinity, worse = 0, cooling = 0
    for measured in history {
      let measured = Double(measured)
      if measured < best * (1 - threshold) {
        (best, worse) = (measured, 0)
      } else {
        worse += 1
      }
      if cooling > 0 { (cooling, worse) = (cooling - 1, 0) }
      if worse > patience { (value, cooling, worse) = (max(value * factor, minimum), cooldown, 0) }
    }
    return value
  }
}
