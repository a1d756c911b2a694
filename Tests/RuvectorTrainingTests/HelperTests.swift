import Foundation
import Ruvector
import TestSupport
import Testing

/// What training needs beside losses and optimizers: negatives, EWC, replay, balancing.
@Suite struct HelperTests {
  static let candidates: [Float] = [1, 0, 0.8, 0.6, 0, 1, -1, 0, 0.6, 0.8], anchor: [Float] = [2, 0]

  static func mine(_ strategy: String, k: Int, calls: Int = 1, degrees: [Float]? = nil) throws -> [[UInt32]] {
    let miner = try Registry.make(
      family: "miner", name: "negatives",
      [("strategy", .text(strategy)), ("k", .number(Double(k))), ("margin", .number(0.5)), ("seed", .integer(1))])
    return try (0..<calls).map { _ in
      let out = try AlignedBuffer<UInt32>(count: k), positive: [Float] = [0.8, 0.6]
      var lists = [anchor, candidates, positive, degrees ?? []], tensors: [Tensor] = []
      for i in lists.indices {
        lists[i].withUnsafeMutableBufferPointer { list in
          let base = list.baseAddress
          tensors.append(
            i == 3 && degrees == nil
              ? .none
              : Tensor(
                base, .float32, rank: i == 3 ? 1 : 2, rows: i == 3 ? 1 : list.count / 2,
                columns: i == 3 ? list.count : 2, stride: i == 3 ? list.count : 2, isWritable: false))
        }
      }
      let target = Tensor(out.pointer, .uint32, rank: 1, rows: 1, columns: k, stride: k, isWritable: true)
      _ = try miner.run("mine", tensors + [target], .none)
      withExtendedLifetime(lists) {}
      return (0..<k).map { out[$0] }
    }
  }

  @Test func negatives() throws {
    #expect(try Self.mine("hardest", k: 3) == [[0, 1, 4]])  // cosines 1, .8, .6, 0, −1
    // Farther than the positive (.2), by at most .5: the one at .4; then the nearest of the others.
    #expect(try Self.mine("semiHard", k: 3) == [[4, 0, 1]])
    for strategy in ["random", "distanceWeighted", "mixed", "degree"] {
      let draws = try Self.mine(strategy, k: 3, calls: 200, degrees: [0, 1, 1, 100, 1])
      for draw in draws { #expect(Set(draw).count == 3 && draw.allSatisfy { $0 < 5 }, "\(strategy)") }
      #expect(Set(draws).count > 2, "\(strategy)")
      if strategy == "degree" {
        #expect(draws.filter { $0.contains(3) }.count > 190)
        #expect(draws.allSatisfy { !$0.contains(0) })  // of degree 0
      }
      if strategy == "mixed" { #expect(draws.allSatisfy { $0.prefix(2) == [0, 1] }) }
    }
  }

  @Test func ewc() throws {
    let ewc = try Registry.make(
      family: "continual", name: "ewc", [("size", .number(2)), ("lambda", .number(3)), ("decay", .number(0.5))])
    #expect(try perform(ewc, "forward", [.vector([5, 5])], outputs: 1) == [0])
    _ = try perform(ewc, "observe", [.matrix([1, 2, 3, 0], rows: 2, columns: 2)], outputs: 1)
    _ = try perform(ewc, "consolidate", [.vector([1, 1])], outputs: 1)
    // F = (5, 2): ½ · 3 · (5 · 1 + 2 · 4)
    #expect(try perform(ewc, "forward", [.vector([2, 3])], outputs: 1) == [19.5])
    #expect(try perform(ewc, "backward", [.vector([2, 3]), .vector([2])], outputs: 2) == [30, 24])
    _ = try perform(ewc, "observe", [.matrix([2, 0], rows: 1, columns: 2)], outputs: 1)
    _ = try perform(ewc, "consolidate", [.vector([0, 0])], outputs: 1)
    #expect(try perform(ewc, "forward", [.vector([1, 1])], outputs: 1) == [1.5 * (0.5 * 5 + 4 + 0.5 * 2)])
  }

  @Test func replay() throws {
    let buffer = try Registry.make(
      family: "continual", name: "replay",
      [
        ("width", .number(1)), ("capacity", .number(50)), ("recent", .number(20)), ("k", .number(500)),
        ("seed", .integer(4)),
      ])
    #expect(
      failure { () throws(RuvectorError) in _ = try perform(buffer, "sample", [], outputs: 500) }?.code == .emptyInput)
    var g = SeededGenerator(1)
    for _ in 0..<40 {
      let rows = (0..<25).map { _ in Float.random(in: -1...1, using: &g) }
      _ = try perform(buffer, "add", [.matrix(rows, rows: 25, columns: 1)], outputs: 1)
    }
    #expect(try perform(buffer, "drift", [], outputs: 1)[0] < 0.6)
    let sample = try perform(buffer, "sample", [], outputs: 500)
    #expect(Set(sample).count > 40 && abs(sample.reduce(0, +) / 500) < 0.35)
    #expect(try perform(buffer, "sample", [], outputs: 500) != sample)
    let far = [Float](repeating: 9, count: 20)
    let seen = try perform(buffer, "add", [.matrix(far, rows: 20, columns: 1)], outputs: 1)
    #expect(seen == [1020])
    #expect(try perform(buffer, "drift", [], outputs: 1)[0] > 3)
  }

  /// Each of 300 rows is in a reservoir of 30 with probability a tenth.
  @Test func reservoirIsFair() throws {
    var counts = [Int](repeating: 0, count: 300)
    for seed in 0..<200 {
      let buffer = try Registry.make(
        family: "continual", name: "replay",
        [("width", .number(1)), ("capacity", .number(30)), ("seed", .integer(Int64(seed)))])
      _ = try perform(buffer, "add", [.matrix((0..<300).map { Float($0) }, rows: 300, columns: 1)], outputs: 1)
      for i in 0..<30 { counts[Int(buffer.parameters[0][i])] += 1 }
    }
    // 200 draws of a tenth: 20 ± 4.2.
    #expect(counts.allSatisfy { (2...42).contains($0) })
    let early = Double(counts[..<100].reduce(0, +)) / 2000
    #expect(abs(early - 1) < 0.1)
  }

  @Test func balancing() throws {
    let weights = try Registry.make(family: "balancing", name: "uncertainty", [("tasks", .number(2))])
    weights.parameters[0][1] = 1
    let e = Float(exp(-1.0))
    #expect(abs(try perform(weights, "forward", [.vector([2, 3])], outputs: 1)[0] - (2 + 3 * e + 1)) < 1e-6)
    let slopes = try perform(weights, "backward", [.vector([2, 3]), .none], outputs: 4)
    for (a, b) in zip(slopes, [1, e, -1, 1 - 3 * e]) { #expect(abs(a - b) < 1e-6) }
    let fixed = try Registry.make(family: "balancing", name: "fixed", [("tasks", .number(2))])
    #expect(try perform(fixed, "forward", [.vector([2, 3])], outputs: 1) == [5])
    fixed.parameters[0][1] = 0.25
    #expect(try perform(fixed, "forward", [.vector([2, 3])], outputs: 1) == [2.75])
    #expect(try perform(fixed, "backward", [.vector([2, 3]), .vector([2])], outputs: 4) == [2, 0.5, 4, 6])
    let norm = try Registry.make(
      family: "balancing", name: "gradNorm", [("alpha", .number(1)), ("learningRate", .number(0.1))])
    // G = (2, 1), Ḡ = 1.5; paces ½ and 1, their mean ¾: targets 1 and 2.
    let new = try perform(
      norm, "update", [.vector([1, 1]), .vector([1, 2]), .vector([2, 2]), .vector([2, 1])], outputs: 2)
    let moved: [Float] = [1 - 0.2, 1 + 0.1]
    for (a, b) in zip(new, moved) { #expect(abs(a - b * 2 / 1.9) < 1e-6) }
    for bad in [[[-1, 1], [1, 2], [2, 2], [2, 1]], [[1, 1], [1, 2], [0, 2], [2, 1]]] as [[[Float]]] {
      let error = failure { () throws(RuvectorError) in
        _ = try perform(norm, "update", bad.map { .vector($0) }, outputs: 2)
      }
      #expect(error?.code == .outOfRange)
    }
  }
}
