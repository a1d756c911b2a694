import RuvectorCore

/// Half a cosine from the start to the end, after a warm-up:
///
///     t < warmup: start (t + 1)/warmup     else end + (start − end)(1 + cos π p)/2,  p = min(1, (t − warmup)/max(1, total − warmup))
///
/// Reference: Loshchilov, Hutter 2017, "SGDR", equation 5 without restarts. PyTorch's CosineAnnealingLR where warmup = 0.
public final class CosineSchedule: Schedule, Sendable {
  // MARK: - Options

  public static let name: StaticString = "cosine"
  public static let options = Course.options
  private let course: Course

  // MARK: - Creation

  public init(_ settings: Settings) { course = Course(settings) }

  public var optionValues: [Double] { course.values }

  // MARK: - Value

  public func value(at step: Double, history: UnsafeBufferPointer<Float>) -> Double {
    course.value(at: step) { share in
      course.end + (course.start - course.end) * (1 + sineCosine(.pi * share).cosine) / 2
    }
  }
}
