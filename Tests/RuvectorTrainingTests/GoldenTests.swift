import Foundation
import Ruvector
import TestSupport
import Testing

/// What torch and geoopt compute (npm/golden/training.py): losses with all their gradients, trajectories of optimizers, schedules.
@Suite struct GoldenTests {
  typealias Object = [String: Any]

  nonisolated(unsafe) static let all: Object = {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures/training_golden.json")
    let data = (try? Data(contentsOf: file)) ?? Data()
    return (try? JSONSerialization.jsonObject(with: data)) as? Object ?? [:]
  }()

  static func list(_ value: Any?) -> [Object] { value as? [Object] ?? [] }
  static func numbers(_ value: Any?) -> [Double] { (value as? [NSNumber] ?? []).map(\.doubleValue) }
  static func floats(_ value: Any?) -> [Float] { numbers(value).map { Float($0) } }

  /// Options as the boundary gives them. (NSNumber hides whether it was true or 1.)
  static func options(_ value: Any?, without names: String...) -> [(key: String, value: OptionValue)] {
    (value as? Object ?? [:]).filter { !names.contains($0.key) }.map { key, value in
      (key, (value as? String).map { .text($0) } ?? .number((value as? NSNumber)?.doubleValue ?? .nan))
    }
  }

  /// max |a − b| relative to the largest of b.
  static func error(_ a: [Float], _ b: [Double]) -> Double {
    guard a.count == b.count else { return .infinity }
    let top = max(b.map(abs).max() ?? 0, 1e-3)
    return zip(a, b).map { abs(Double($0) - $1) }.max().map { $0 / top } ?? 0
  }

  @Test func losses() throws {
    var worst = 0.0
    let cases = Self.list(Self.all["losses"])
    #expect(cases.count > 40)
    for one in cases {
      let name = one["loss"] as? String ?? "", inputs = one["inputs"] as? Object ?? [:]
      let loss = try Registry.make(family: "loss", name: name, Self.options(one["options"]))
      let arguments = loss.knownOperations[0].inputs.map { port -> Argument in
        guard let given = inputs["\(port.name)"] as? Object else { return .none }
        let shape = (given["shape"] as? [Int]) ?? [], data = Self.floats(given["data"])
        if given["integers"] as? Bool == true { return .integers(data.map { UInt32($0) }) }
        return shape.count == 1 ? .vector(data) : .matrix(data, rows: shape[0], columns: shape[1])
      }
      let value = try perform(loss, "forward", arguments, outputs: 1)[0]
      let exact = (one["value"] as? NSNumber)?.doubleValue ?? .nan
      let gradients = loss.knownOperations[0].inputs.flatMap { port -> [Double] in
        port.isDifferentiable ? Self.numbers((one["gradients"] as? Object)?["\(port.name)"]) : []
      }
      let all = try perform(loss, "valueAndGradients", arguments, outputs: 1 + gradients.count)
      #expect(all[0] == value)
      let off = max(
        abs(Double(value) - exact) / max(abs(exact), 1e-3), Self.error(Array(all.dropFirst()), gradients))
      #expect(off < 2e-6, "\(name) \(one["options"] ?? ""): \(off)")
      worst = max(worst, off)
      let back = try perform(loss, "backward", arguments + [.vector([-2])], outputs: gradients.count)
      #expect(Self.error(back, gradients.map { -2 * $0 }) < 4e-6, "\(name)")
    }
    print("losses: worst \(worst)")
  }

  /// Steps of an optimizer from `start`; the parameters after each step that is asked for.
  static func follow(
    _ options: Any?, _ start: [Float], _ gradients: [[Float]], _ points: [Object], bound: Double
  ) throws {
    let type = (options as? Object)?["type"] as? String ?? ""
    let optimizer = try Registry.make(
      family: "optimizer", name: type,
      Self.options(options, without: "type") + [("size", .number(Double(start.count)))])
    var p = start
    for (i, gradient) in gradients.enumerated() {
      p = try perform(optimizer, "step", [.vector(p), .vector(gradient), .none], outputs: p.count)
      for point in points where (point["step"] as? Int) == i {
        let off = Self.error(p, Self.numbers(point["parameters"]))
        #expect(off < bound, "\(options ?? "") step \(i): \(off)")
      }
    }
    #expect(points.count == 4)
  }

  @Test func optimizers() throws {
    let all = Self.all["optimizers"] as? Object ?? [:], start = Self.floats(all["start"])
    let gradients = (all["gradients"] as? [Any] ?? []).map(Self.floats)
    for one in Self.list(all["flat"]) {
      var options = one["options"] as? Object ?? [:]
      if (options["type"] as? String)?.hasPrefix("riemannian") != true { options["exact"] = nil }
      try Self.follow(options, start, gradients, Self.list(one["points"]), bound: 1e-5)
    }
    let rows = (all["rowGradients"] as? [Any] ?? []).map(Self.floats)
    for one in Self.list(all["rows"]) {
      try Self.follow(one["options"], Self.floats(one["start"]), rows, Self.list(one["points"]), bound: 1e-5)
    }
    #expect(Self.list(all["flat"]).count == 8 && Self.list(all["rows"]).count == 18)
  }

  @Test func schedules() throws {
    for one in Self.list(Self.all["schedules"]) {
      let schedule = try Registry.make(
        family: "schedule", name: one["type"] as? String ?? "", Self.options(one["options"]))
      let history = Self.floats(one["history"])
      for (step, exact) in Self.numbers(one["values"]).enumerated() {
        let seen = history.isEmpty ? Argument.none : .vector(Array(history.prefix(step)))
        let value = try perform(schedule, "value", [.vector([Float(step)]), seen], outputs: 1)[0]
        #expect(abs(Double(value) - exact) < 1e-7, "\(one["type"] ?? "") \(step): \(value) \(exact)")
      }
    }
  }
}
