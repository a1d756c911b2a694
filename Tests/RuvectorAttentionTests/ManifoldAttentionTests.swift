import Foundation
import RuvectorCore
import TestSupport
import Testing

@testable import RuvectorAttention

@Suite struct ManifoldAttentionTests {
  struct Case: Sendable {
    let name: String
    let make: @Sendable () throws -> any Attention
    /// From the parameters.
    let oracle: @Sendable ([Double]) -> ManifoldOracle
  }

  private static func settings(
    _ name: StaticString, _ options: [Option], _ numbers: [String: Double], _ words: [String: String] = [:]
  ) throws -> Settings {
    try Settings(
      of: name, options, numbers.map { ($0.key, .number($0.value)) } + words.map { ($0.key, .text($0.value)) })
  }

  private static func manifold(_ K: Double, _ model: String, heads: Int, squared: Bool, T: Double) -> Case {
    Case(
      name: "manifold \(K) \(model) \(heads)",
      make: {
        try ManifoldAttention(
          settings(
            ManifoldAttention.name, ManifoldAttention.options,
            [
              "dim": 6, "heads": Double(heads), "curvature": K, "squared": squared ? 1 : 0, "temperature": T,
            ], ["model": model]))
      },
      oracle: { p in
        let sign = K > 0 ? 1.0 : -1
        return ManifoldOracle(
          heads: (0..<heads).map { h in
            [Space(dim: 6 / heads, K: K == 0 ? 0 : sign * exp(p[h]), isLorentz: model == "lorentz")]
          }, T: T, isSquared: squared)
      })
  }

  private static let cases: [Case] = [
    manifold(0, "poincare", heads: 2, squared: true, T: 1), manifold(-1, "poincare", heads: 1, squared: false, T: 0.5),
    manifold(-2, "poincare", heads: 3, squared: true, T: 2), manifold(-0.5, "lorentz", heads: 2, squared: false, T: 1),
    manifold(1.5, "poincare", heads: 2, squared: false, T: 0.7), manifold(2, "lorentz", heads: 1, squared: true, T: 1),
    Case(
      name: "cascade",
      make: {
        try LorentzCascade(
          settings(LorentzCascade.name, LorentzCascade.options, ["dim": 6, "heads": 3, "temperature": 0.8]))
      }, oracle: { p in ManifoldOracle(heads: p.map { [Space(dim: 2, K: -exp($0), isLorentz: true)] }, T: 0.8) }),
    Case(
      name: "mixed",
      make: {
        try MixedCurvature(
          settings(
            MixedCurvature.name, MixedCurvature.options,
            [
              "euclideanDim": 1, "hyperbolicDim": 3, "sphericalDim": 2, "hyperbolicCurvature": -0.6,
              "sphericalCurvature": 1.7, "temperature": 1.3,
            ]))
      },
      oracle: { p in
        ManifoldOracle(
          heads: [[Space(dim: 1, K: 0), Space(dim: 3, K: -exp(p[3])), Space(dim: 2, K: exp(p[4]))]],
          β: p[0..<3].map { exp($0) }, T: 1.3, isSquared: true)
      }),
    Case(
      name: "mixed without a Euclidean part",
      make: {
        try MixedCurvature(
          settings(MixedCurvature.name, MixedCurvature.options, ["hyperbolicDim": 4, "sphericalDim": 2]))
      },
      oracle: { p in
        ManifoldOracle(
          heads: [[Space(dim: 4, K: -exp(p[2])), Space(dim: 2, K: exp(p[3]))]], β: p[0..<2].map { exp($0) },
          isSquared: true)
      }),
  ]

  /// Moves every parameter, so that no two are equal.
  private static func shaken(_ mechanism: any Attention) -> [Double] {
    var all: [Double] = []
    for parameter in mechanism.parameters {
      for i in 0..<parameter.count {
        parameter[i] += 0.1 * Float(all.count + 1)
        all.append(Double(parameter[i]))
      }
    }
    return all
  }

  @Test(arguments: cases.indices) func againstOracle(_ index: Int) throws {
    let c = Self.cases[index], mechanism = try c.make(), p = Self.shaken(mechanism)
    var g = SeededGenerator(UInt64(index) + 70)
    for batch in SoftmaxAttentionTests.batches(&g, 6, 6) + [Batch(&g, 2, 5, 6, 6, scale: 0.2)] {
      let (q, k, v) = (doubles(batch.queries), doubles(batch.keys), doubles(batch.values)), o = c.oracle(p)
      #expect(distance(try mechanism.forward(batch), o.forward(q, k, v, batch).flatMap { $0 }) < 2e-6, "\(c.name)")
      #expect(distance(try mechanism.forward(batch, gap: 2), o.forward(q, k, v, batch).flatMap { $0 }) < 2e-6)
      #expect(try mechanism.forward(batch, Control(threads: 3)) == mechanism.forward(batch))
      let w = o.weights(q, k, batch).flatMap { $0.flatMap { $0 } }
      #expect(distance(try mechanism.weights(batch), w) < 2e-6, "\(c.name)")
    }
  }

  @Test(arguments: cases.indices) func gradients(_ index: Int) throws {
    let c = Self.cases[index], mechanism = try c.make(), p = Self.shaken(mechanism)
    var g = SeededGenerator(UInt64(index) + 90)
    var masked = Batch(&g, 3, 5, 6, 6, scale: 0.25)
    masked.mask = (0..<3).map { i in (0..<5).map { ($0 + i) % 3 == 0 ? 0 : 1 } }
    var runs = Batch(&g, 3, 5, 6, 6, scale: 0.25)
    runs.offsets = [0, 3, 3, 5]
    for batch in [Batch(&g, 2, 4, 6, 6, scale: 0.25), masked, runs, Batch(&g, 2, 4, 6, 6, scale: 3)] {
      let m = batch.queries.count, n = batch.keys.count, direction = g.normals(m * 6)
      let x = (batch.queries + batch.keys + batch.values).flatMap { $0.map { Double($0) } } + p
      func loss(_ x: [Double]) -> Double {
        func rows(_ from: Int, _ count: Int) -> [[Double]] {
          (0..<count).map { Array(x[(from + $0) * 6..<(from + $0 + 1) * 6]) }
        }
        let out = c.oracle(Array(x[((m + 2 * n) * 6)...])).forward(rows(0, m), rows(m, n), rows(m + n, n), batch)
        return zip(out.flatMap { $0 }, direction).reduce(0) { $0 + $1.0 * Double($1.1) }
      }
      let error = distance(try mechanism.backward(batch, direction), differences(x, step: 1e-6, loss))
      #expect(error < 2e-4, "\(c.name): \(error)")
      #expect(try mechanism.backward(batch, direction, Control(threads: 2)) == mechanism.backward(batch, direction))
    }
  }

  @Test func equalKeysAndWidths() throws {
    for c in Self.cases {
      let mechanism = try c.make()
      var g = SeededGenerator(5), batch = Batch(&g, 2, 3, 6, 6, scale: 0.1)
      // A query that is a key: the distance has no gradient there, but a finite one is given.
      batch.queries[0] = batch.keys[1]
      #expect(try mechanism.backward(batch, g.normals(12)).allSatisfy { $0.isFinite })
      batch.values = batch.values.map { $0 + [1] }
      #expect(failure { () throws(RuvectorError) in _ = try mechanism.forward(batch) }?.code == .dimensionMismatch)
      batch.values = batch.values.map { Array($0.dropLast()) }
      batch.values[2][5] = .nan
      #expect(failure { () throws(RuvectorError) in _ = try mechanism.forward(batch) }?.code == .nonFinite)
      batch.values[2][5] = 1
      batch.keys[1][0] = .infinity
      #expect(
        failure { () throws(RuvectorError) in _ = try mechanism.forward(batch) }?.message
          == "expected finite numbers for keys[1], received Infinity at element 0")
    }
  }

  @Test func hugeAndTiny() throws {
    for c in Self.cases {
      let mechanism = try c.make()
      for scale in [1e-38, 1e-20, 1e10, 1e37] {
        var g = SeededGenerator(6)
        let out = try mechanism.forward(Batch(&g, 2, 4, 6, 6, scale: scale))
        #expect(out.allSatisfy { $0.isFinite }, "\(c.name) \(scale)")
      }
    }
  }

  /// Curvatures that training has driven away: finite results, or a result beyond Float.
  @Test func learnedCurvatures() throws {
    for c in Self.cases {
      for log in [-800, -69, 69, 800] as [Float] {
        let mechanism = try c.make()
        for parameter in mechanism.parameters where parameter.name.hasSuffix("curvature") {
          for i in 0..<parameter.count { parameter[i] = log }
        }
        var g = SeededGenerator(7)
        let batch = Batch(&g, 2, 4, 6, 6, scale: 0.2)
        do throws(RuvectorError) {
          #expect(try mechanism.forward(batch).allSatisfy { $0.isFinite }, "\(c.name) \(log)")
        } catch {
          #expect(error.code == .outOfRange, "\(c.name) \(log): \(error)")
        }
      }
    }
  }

  @Test func creation() throws {
    let error = failure { () throws(RuvectorError) in
      _ = try MixedCurvature(Settings(of: MixedCurvature.name, MixedCurvature.options, [("hyperbolicDim", .number(0))]))
    }
    #expect(error?.code == .invalidConfig)
    let cascade = try LorentzCascade(
      Self.settings(LorentzCascade.name, LorentzCascade.options, ["dim": 4, "heads": 2]))
    #expect((0..<2).map { exp(cascade.logCurvature[$0]) }.map { ($0 * 1000).rounded() } == [100, 2000])
  }
}
