import RuvectorCore

/// A line from the start to the end, after a warm-up:
///
///     t < warmup: start (t + 1)/warmup     else start + (end − start) p,  p = min(1, (t − warmup)/max(1, total − warmup))
///
/// PyTorch's LinearLR where warmup = 0.
public final class LinearSchedule: Schedule, Sendable {
  // MARK: - Options

  public static let name: StaticString = "linear"
  public static let options = Course.options
  private let course: Course

  // MARK: - Creation

  public init(_ settings: Settings) { course = Course(settings) }

  public var optionValues: [Double] { course.values }

  // MARK: - Value

  public func value(at step: Double, history: UnsafeBufferPointer<Float>) -> Double {
    course.value(at: step) { share in course.start + (course.end - course.start) * share }
  }
}
