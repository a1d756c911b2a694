import Ruvector
import TestSupport
import Testing

/// The Trainer's operations as the C boundary calls them: a linear model, whose steps are known in closed form.
@Suite struct TrainerTests {
  static let x: [Float] = [1, 0.5, -1, 2, 0.25, -0.75, 1.5, 1, -2, 0.5, 0, 1], y: [Float] = [1, -1, 0.5, 2, 0, 1]

  static func linear(_ inputs: Int = 2) throws -> any Mechanism {
    try Registry.make(
      family: "dense", name: "linear",
      [("inChannels", .number(Double(inputs))), ("outChannels", .number(1)), ("seed", .integer(3))])
  }

  /// A trainer of a linear model with plain gradient descent.
  static func make(
    _ model: any Mechanism, loss: Bool = true, _ more: [(key: String, value: OptionValue)] = []
  ) throws -> any Mechanism {
    let optimizer = try Registry.make(
      family: "optimizer", name: "sgd",
      [("size", .number(Double(model.parameters.total))), ("learningRate", .number(0.1))])
    var given: [(key: String, value: OptionValue)] = [("model", .child(model)), ("optimizers", .child(optimizer))]
    if loss { given.append(("loss", .child(try Registry.make(family: "loss", name: "mse")))) }
    let trainer = try Registry.make(family: "trainer", name: "trainer", given + [("shuffle", .number(0))] + more)
    let count = model.parameters.count
    _ = try perform(trainer, "assign", [.integers([UInt32](repeating: 0, count: count))], outputs: 1)
    return trainer
  }

  static func load(_ trainer: any Mechanism, set: Float = 0, rows: Int = 6, hasTargets: Bool = true) throws {
    let none = Argument.none
    _ = try perform(
      trainer, "load",
      [.vector([set, 0, 1]), .matrix(Array(x.prefix(2 * rows)), rows: rows, columns: 2), none, none, none], outputs: 1)
    if hasTargets {
      _ = try perform(
        trainer, "load",
        [.vector([set, 1, 1]), .matrix(Array(y.prefix(rows)), rows: rows, columns: 1), none, none, none], outputs: 1)
    }
    #expect(try perform(trainer, "ready", [.vector([set])], outputs: 1) == [Float(rows)])
  }

  static func weights(_ trainer: any Mechanism) -> [Float] {
    trainer.parameters.filter { $0.name.hasPrefix("model.") }.flatMap { p in (0..<p.count).map { p[$0] } }
  }

  /// Gradient descent on the mean squared error of w · x + b, in Double.
  static func oracle(_ start: [Float], epochs: Int, batch: Int) -> (weights: [Double], loss: Double) {
    var w = start.map(Double.init), epochLoss = 0.0
    for _ in 0..<epochs {
      epochLoss = 0
      for first in stride(from: 0, to: 6, by: batch) {
        let rows = first..<min(first + batch, 6)
        var g = [0.0, 0.0, 0.0]
        for r in rows {
          let off = w[0] * Double(x[2 * r]) + w[1] * Double(x[2 * r + 1]) + w[2] - Double(y[r])
          epochLoss += off * off / 6
          for (i, slope) in [Double(x[2 * r]), Double(x[2 * r + 1]), 1].enumerated() {
            g[i] += 2 * off * slope / Double(rows.count)
          }
        }
        for i in 0..<3 { w[i] -= 0.1 * g[i] }
      }
    }
    return (w, epochLoss)
  }

  @Test(arguments: [0, 2, 4]) func stepsAreThoseOfTheFormula(_ batch: Int) throws {
    let model = try Self.linear(), trainer = try Self.make(model, [("batchSize", .number(Double(batch)))])
    try Self.load(trainer)
    let start = Self.weights(trainer), exact = Self.oracle(start, epochs: 3, batch: batch == 0 ? 6 : batch)
    var report: [Float] = []
    // an epoch a call
    for _ in 0..<3 { report = try perform(trainer, "advance", [.vector([1000]), .none], outputs: 8) }
    #expect(report[1] == 3 && report[2] == 0)
    #expect(abs(Double(report[5]) - exact.loss) < 1e-5)
    for (w, e) in zip(Self.weights(trainer), exact.weights) { #expect(abs(Double(w) - e) < 1e-5) }
    // The caller's own model is untouched: the trainer has a copy.
    #expect(model.parameters.flatMap { p in (0..<p.count).map { p[$0] } } == start)
  }

  @Test func byHand() throws {
    let trainer = try Self.make(Self.linear(), loss: false), other = try Self.make(Self.linear())
    try Self.load(trainer, hasTargets: false)
    try Self.load(other)
    _ = try perform(other, "advance", [.vector([1000]), .none], outputs: 8)
    let begun = try perform(trainer, "begin", [.none], outputs: 8)
    #expect(begun[7] == 1)
    let all = try perform(trainer, "outputs", [.vector([0])], outputs: 12)
    #expect(Array(all[6...]) == [0, 1, 2, 3, 4, 5])
    let slopes = zip(all, Self.y).map { 2 * ($0 - $1) / 6 }
    _ = try perform(trainer, "end", [.vector([1]), .vector(slopes)], outputs: 8)
    for (a, b) in zip(Self.weights(trainer), Self.weights(other)) { #expect(abs(a - b) < 1e-6) }
    // Out of turn, and what is no number: nothing happens.
    let before = Self.weights(trainer)
    for (operation, arguments) in [("end", [Argument.vector([1]), .vector([])]), ("outputs", [.vector([0])])] {
      #expect(
        failure { () throws(RuvectorError) in _ = try perform(trainer, operation, arguments, outputs: 8) }?.code
          == .invalidArgument)
    }
    _ = try perform(trainer, "begin", [.none], outputs: 8)
    let bad = failure { () throws(RuvectorError) in
      _ = try perform(trainer, "end", [.vector([.nan]), .vector(slopes)], outputs: 8)
    }
    #expect(bad?.code == .nonFinite && Self.weights(trainer) == before)
    #expect(
      failure { () throws(RuvectorError) in
        _ = try perform(trainer, "advance", [.vector([1]), .none], outputs: 8)
      }?.code == .invalidArgument)
  }

  /// A layer over a graph: a call gives the outputs of all nodes. With a neighbourhood that leaves out none, parts of the graph give the
  /// same steps.
  @Test(arguments: [false, true]) func nodesOfAGraph(_ isSampled: Bool) throws {
    let offsets: [UInt32] = [0, 2, 3, 5, 7, 8, 8], indices: [UInt32] = [1, 2, 0, 3, 4, 0, 5, 2]
    let graph = try offsets.withUnsafeBufferPointer { o in
      try indices.withUnsafeBufferPointer { try ResidentGraph(offsets: o, indices: $0) }
    }
    func trained(_ sizes: [Float]) throws -> [Float] {
      let model = try Registry.make(
        family: "graph", name: "sage",
        [("inChannels", .number(2)), ("outChannels", .number(1)), ("seed", .integer(3))])
      let trainer = try Self.make(model, [("batchSize", .number(2))])
      if !sizes.isEmpty { _ = try perform(trainer, "sample", [.vector(sizes)], outputs: 1) }
      let none = Argument.none
      for set in [0, 1] as [Float] {
        _ = try perform(
          trainer, "load", [.vector([set, 0, 0]), .matrix(Self.x, rows: 6, columns: 2), none, none, none], outputs: 1)
        _ = try perform(trainer, "load", [.vector([set, 1, 0]), none, none, .graph(graph), none], outputs: 1)
        _ = try perform(
          trainer, "load", [.vector([set, 3, 1]), .matrix(Self.y, rows: 6, columns: 1), none, none, none], outputs: 1)
        #expect(try perform(trainer, "ready", [.vector([set])], outputs: 1) == [6])
      }
      let before = Self.weights(trainer)
      for _ in 0..<2 { _ = try perform(trainer, "advance", [.vector([1000]), .none], outputs: 8) }
      #expect(before != Self.weights(trainer))
      let loss = try perform(trainer, "evaluate", [.vector([0, 10])], outputs: 3)
      #expect(loss[1] == 6)
      return Self.weights(trainer)
    }
    let whole = try trained([])
    if isSampled {
      for (a, b) in zip(try trained([-1]), whole) { #expect(abs(a - b) < 1e-6) }
    } else {
      #expect(try trained([]) == whole)
    }
  }

  @Test func validationAndDropping() throws {
    let trainer = try Self.make(Self.linear(), [("batchSize", .number(2)), ("accumulate", .number(2))])
    try Self.load(trainer)
    try Self.load(trainer, set: 1, rows: 4)
    let start = Self.weights(trainer)
    _ = try perform(trainer, "advance", [.vector([4]), .none], outputs: 8)  // a batch and a bit: no step yet
    #expect(Self.weights(trainer) == start)
    #expect(try perform(trainer, "drop", [.vector([0])], outputs: 8)[0] == 0)
    _ = try perform(trainer, "advance", [.vector([1000]), .none], outputs: 8)
    #expect(Self.weights(trainer) != start)
    let whole = try perform(trainer, "evaluate", [.vector([0, 10])], outputs: 3)
    let parts = try (0..<2).map { try perform(trainer, "evaluate", [.vector([Float($0), 1])], outputs: 3) }
    #expect(whole[1] == 4 && whole[2] == 2 && abs(whole[0] - parts[0][0] - parts[1][0]) < 1e-5)
  }

  @Test func wrongPartsAndData() throws {
    let loss = try Registry.make(family: "loss", name: "mse")
    for given in [
      [("model", .child(loss)), ("optimizers", .child(loss))],
      [("model", .child(try Self.linear())), ("optimizers", .child(loss))],
    ] as [[(key: String, value: OptionValue)]] {
      let error = failure { () throws(RuvectorError) in
        _ = try Registry.make(family: "trainer", name: "trainer", given)
      }
      #expect(error?.code == .invalidConfig)
    }
    let trainer = try Self.make(Self.linear())
    for (arguments, code) in [
      ([.vector([2, 0, 1]), .none, .none, .none, .none], .outOfRange),
      ([.vector([0, 9, 1]), .none, .none, .none, .none], .outOfRange),
      (
        [.vector([0, 0, 2]), .matrix([1, 2], rows: 1, columns: 2), .none, .none, .integers([0, 3])], .invalidArgument
      ),
      ([.vector([0, 0, 1]), .matrix([1, .nan], rows: 1, columns: 2), .none, .none, .none], .nonFinite),
    ] as [([Argument], RuvectorError.Code)] {
      let error = failure { () throws(RuvectorError) in _ = try perform(trainer, "load", arguments, outputs: 1) }
      #expect(error?.code == code)
    }
    #expect(
      failure { () throws(RuvectorError) in _ = try perform(trainer, "ready", [.vector([0])], outputs: 1) }?.code
        == .invalidArgument)
    #expect(
      failure { () throws(RuvectorError) in
        _ = try perform(trainer, "advance", [.vector([1]), .none], outputs: 8)
      }?.code == .emptyInput)
    #expect(failure { () throws(RuvectorError) in _ = try trainer.clone() }?.code == .unsupported)
  }
}
