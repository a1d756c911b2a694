import CRuvectorSupport
import RuvectorCore

/// Rows of the past for training again, and a test whether the present is another world.
///
///     reservoir: row t > capacity takes the place of a random one with probability capacity/t, so that each row seen is kept with
///     the same probability     drift = mean over columns of |mean of the recent rows − mean of the reservoir|/its deviation
///
/// The last `recent` rows are kept beside the reservoir (a reservoir does not know which of its rows are new). Columns whose deviation
/// is 0 count 0 where the means agree, else |difference|/1e-12. `drift` is 0 until there are two rows of both.
/// - Complexity: O(width) a row. Memory (capacity + recent) · width floats.
///
/// Reference: Vitter 1985, "Random sampling with a reservoir", algorithm R.
public final class ReplayBuffer: Mechanism, @unchecked Sendable {
  // MARK: - Options

  public static let family: StaticString = "continual"
  public static let name: StaticString = "replay"
  public static let options = [
    Option("width", .integer(1...65_536), "Numbers of a row."),
    Option("capacity", .integer(1...16_777_216), standard: 1000, "Rows that are kept of all."),
    Option("recent", .integer(1...1_048_576), standard: 100, "Last rows that are kept."),
    Option("k", .integer(1...1_048_576), standard: 32, "Rows that `sample` draws, with repetitions."),
    Option("seed", .seed, standard: 0, "Seed of what is kept and drawn."),
  ]
  private let width: Int
  private let capacity: Int
  private let recent: Int
  private let k: Int
  public let seed: UInt64

  // MARK: - State

  public let parameters: Parameters
  private let rows: Parameter
  private let last: Parameter
  private let seen: StepCount
  private let draws: StepCount

  public static func slots(_ settings: Settings) throws(RuvectorError) -> [Slot] {
    let width = settings.integer("width")
    return [
      Slot("rows", [settings.integer("capacity"), width], .zeros),
      Slot("recent", [settings.integer("recent"), width], .zeros),
      StepCount.slot, Slot("draws", [2], .zeros, values: .counts),
    ]
  }

  // MARK: - Creation

  public init(_ settings: Settings) throws(RuvectorError) {
    (width, capacity) = (settings.integer("width"), settings.integer("capacity"))
    (recent, k, seed) = (settings.integer("recent"), settings.integer("k"), settings.seed("seed"))
    parameters = try Parameters(Self.slots(settings))
    (rows, last) = (parameters["rows"], parameters["recent"])
    (seen, draws) = (StepCount(parameters), StepCount(parameters["draws"]))
  }

  public var optionValues: [Double] { [Double(width), Double(capacity), Double(recent), Double(k), Double(seed)] }

  // MARK: - Operations

  public static let operations = [
    Operation("add", [Port("rows", ["n", "width"])], [Port("seen", [1])], changesMember: true),
    Operation("sample", [], [Port("rows", ["k", "width"])], changesMember: true),
    Operation("drift", [], [Port("drift", [1])]),
  ]

  public func size(of side: StaticString) -> Int? { side.matches("width") ? width : side.matches("k") ? k : nil }

  public func perform(_ call: Call, _ control: Control) throws(RuvectorError) -> Int {
    let out = try call.output()
    if call.isNamed("add") {
      if let given = try call.matrix("rows") { try add(given) }
      out[0] = Float(seen.value)
    } else if call.isNamed("sample") {
      let kept = Int(min(seen.value, Double(capacity)))
      guard kept > 0 else { throw .expected("at least 1 row", for: "this", received: "none", .emptyInput) }
      var random = Random(seed: seed ^ 0x5851_f42d_4c95_7f2d &+ UInt64(draws.next()))
      for i in 0..<k {
        (out + i * width).update(from: rows.pointer + random.below(kept) * width, count: width)
      }
    } else {
      out[0] = Float(min(drift(), Double(Float.greatestFiniteMagnitude)))
    }
    return call.outputCount
  }

  private func add(_ given: MatrixView) throws(RuvectorError) {
    for r in 0..<given.rows { try requireFinite(given.row(r), count: width, for: "rows[\(r)]") }
    for r in 0..<given.rows {
      let t = seen.next()  // this row is the t-th
      let ring = Int(UInt64(t - 1) % UInt64(recent))
      (last.pointer + ring * width).update(from: given.row(r), count: width)
      var place = Int(min(t - 1, Double(capacity)))
      if place == capacity {
        var random = Random(seed: seed &+ UInt64(t) &* 0xd134_2543_de82_ef95)
        place = Int(random.uniform() * t)
        if place >= capacity { continue }
      }
      (rows.pointer + place * width).update(from: given.row(r), count: width)
    }
  }

  private func drift() -> Double {
    let kept = Int(min(seen.value, Double(capacity))), fresh = Int(min(seen.value, Double(recent)))
    guard kept > 1, fresh > 1 else { return 0 }
    var sum = 0.0
    for c in 0..<width {
      func mean(_ base: UnsafePointer<Float>, _ count: Int) -> Double {
        var sum = 0.0
        for r in 0..<count { sum += Double(base[r * width + c]) }
        return sum / Double(count)
      }
      let old = mean(rows.pointer, kept), new = mean(last.pointer, fresh)
      var variance = 0.0
      for r in 0..<kept { variance += (Double(rows[r * width + c]) - old) * (Double(rows[r * width + c]) - old) }
      sum += abs(new - old) / max((variance / Double(kept)).squareRoot(), 1e-12)
    }
    return sum / Double(width)
  }
}
