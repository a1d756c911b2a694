import RuvectorCore

/// A schedule: what a number (a learning rate, a temperature) is at a step. It has no state: what it looks at is handed to it, so
/// that a run goes on from anywhere.
public protocol Schedule: Mechanism {
  /// The value at a step, counted from 0. `history`: what was measured so far, an element an epoch (a validation loss).
  func value(at step: Double, history: UnsafeBufferPointer<Float>) -> Double
}

/// A schedule as training reaches it. (Embedded Swift casts an object to its class, but not to another protocol.)
public final class ScheduleFacet: Facet {
  public let schedule: any Schedule

  init(_ schedule: any Schedule) { self.schedule = schedule }
}

/// What several schedules are made from.
enum ScheduleOption {
  static let start = Option("start", .number(-1e30...1e30), standard: 0.001, "The value that warm-up leads to.")
  static let end = Option("end", .number(-1e30...1e30), standard: 0, "The value at the end.")
  static let total = Option("total", .integer(1...1_000_000_000), "Steps, those of warm-up included.")
  static let warmup = Option(
    "warmup", .integer(0...1_000_000_000), standard: 0, "First steps, in which step t has (t + 1)/warmup of the start.")
  static let minimum = Option("minimum", .number(-1e30...1e30), standard: 0, "The least value.")
}

/// The way from a start to an end in so many steps, after a warm-up: what schedules of a fixed length have in common.
struct Course: Sendable {
  static let options = [ScheduleOption.start, ScheduleOption.end, ScheduleOption.total, ScheduleOption.warmup]
  let start, end: Double
  private let total, warmup: Double

  init(_ settings: Settings) {
    (start, end) = (settings.number("start"), settings.number("end"))
    (total, warmup) = (settings.number("total"), settings.number("warmup"))
  }

  var values: [Double] { [start, end, total, warmup] }

  /// `curve` of the share of the way, 0...1, that is done; in the warm-up the part of the start.
  func value(at step: Double, _ curve: (_ share: Double) -> Double) -> Double {
    step < warmup
      ? start * warming(step, warmup) : curve(min(1, (step - warmup) / max(1, total - warmup)))
  }
}

private enum ScheduleOperation {
  static let all = [
    Operation("value", [Port("step", [1]), Port("history", ["epochs"], .float32, .optional)], [Port("value", [1])])
  ]
}

extension Schedule {
  public static var family: StaticString { "schedule" }
  public static var operations: [Operation] { ScheduleOperation.all }
  public var facet: Facet? { ScheduleFacet(self) }
  public func perform(_ call: Call, _ control: Control) throws(RuvectorError) -> Int { try runSchedule(self, call) }
}

/// (Once, and not once a class: WebAssembly has no generics at run time.)
private func runSchedule(_ schedule: any Schedule, _ call: Call) throws(RuvectorError) -> Int {
  guard let step = try call.vector("step")?[0] else { return 0 }
  try requireFinite([step], count: 1, for: "step")
  guard step >= 0, step <= 1e9 else {
    throw .expected("a number in 0...1000000000", for: "step", received: text(Double(step)), .outOfRange)
  }
  let history = try call.vector("history") ?? UnsafeBufferPointer(start: nil, count: 0)
  if let base = history.baseAddress { try requireFinite(base, count: history.count, for: "history") }
  try call.output()[0] = Float(schedule.value(at: Double(step), history: history))
  return 1
}

/// The share of the start in a warm-up, 1 afterwards.
func warming(_ step: Double, _ warmup: Double) -> Double { step < warmup ? (step + 1) / warmup : 1 }
