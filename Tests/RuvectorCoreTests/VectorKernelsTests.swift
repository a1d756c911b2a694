import Foundation
import RuvectorCore
import TestSupport
import Testing

/// Reductions and maps over vectors, at every level, length and alignment (RuvectorKernelsV1/Vector.swift).
@Suite struct VectorKernelsTests {
  static let lengths = 0...257

  /// Calls `body` with a length, a placement and data for it.
  static func each(_ level: String, _ body: (Int, Placement, String, [Float], [Float]) -> Void) {
    var g = SeededGenerator(7)
    let x = g.normals(257), y = g.normals(257)
    for n in lengths {
      for placement in Placement.allCases {
        body(n, placement, "\(level) n \(n) \(placement)", Array(x.prefix(n)), Array(y.prefix(n)))
      }
    }
  }

  /// n + 3 roundings of half an ulp each, at most (products, differences, additions).
  @Test(arguments: Levels.names) func sums(_ level: String) {
    let kernels = Levels.table(level)
    let a = Room<Float>(257), b = Room<Float>(257)
    var gauge = Gauge(), norms = Gauge()
    Self.each(level) { n, placement, place, x, y in
      let p = a.put(x, placement), q = b.put(y, placement)
      let bound = Double(n + 3)
      func see(_ got: Float, _ exact: Sum, _ name: String) {
        gauge.see(
          got, exact.value, unit: roundoff * exact.magnitude, bound: bound, "\(name) \(place)")
      }
      see(kernels.dot(p, q, n), dot(x[...], y[...]), "dot")
      see(kernels.dot(p, p, n), dot(x[...], x[...]), "dot of one")
      see(kernels.squared_l2(p, q, n), squaredL2(x[...], y[...]), "squared_l2")
      var sum = Sum()
      for v in x { sum.add(Double(v)) }
      see(kernels.sum(p, n), sum, "sum")
      let norm = dot(x[...], x[...])
      norms.see(
        kernels.squared_norm(p, n), norm.value, unit: 0x1p-53 * norm.magnitude, bound: bound,
        "squared_norm \(place)")
    }
    print("sums \(level): worst \(gauge.worst) roundings of the sum of magnitudes, norms \(norms.worst)")
    #expect(gauge.breach == nil)
    #expect(norms.breach == nil)
  }

  /// Beyond the range of Float: the norm in Double is finite, the rest follow IEEE 754.
  @Test(arguments: Levels.names) func largeAndSmall(_ level: String) {
    let kernels = Levels.table(level)
    for n in [1, 3, 16, 67] {
      let huge = [Float](repeating: 3e38, count: n), tiny = [Float](repeating: 0x1p-140, count: n)
      let most = 3e38 * 3e38 * Double(n)
      #expect(abs(kernels.squared_norm(huge, n) / most - 1) < 1e-6)
      #expect(abs(kernels.squared_norm(tiny, n) / (0x1p-280 * Double(n)) - 1) < 1e-15)
      #expect(kernels.dot(huge, huge, n) == .infinity)
      #expect(kernels.squared_norm([Float](repeating: .nan, count: n), n).isNaN)
      #expect(kernels.squared_norm([Float](repeating: -.infinity, count: n), n) == .infinity)
    }
  }

  @Test(arguments: Levels.names) func maximum(_ level: String) {
    let kernels = Levels.table(level)
    let a = Room<Float>(257)
    var gauge = Gauge()
    Self.each(level) { n, placement, place, x, _ in
      let p = a.put(x, placement)
      gauge.require(kernels.maximum(p, n) == x.max() ?? -.infinity, "maximum \(place)")
      let first = x.max().flatMap { x.firstIndex(of: $0) } ?? -1
      gauge.require(kernels.argmax(p, n) == first, "argmax \(place)")
      guard placement == .offset1 else { return }
      // The maximum at each place, ties, NaN anywhere.
      for i in 0..<n {
        p[i] = 9
        gauge.require(kernels.maximum(p, n) == 9 && kernels.argmax(p, n) == i, "\(place), maximum at \(i)")
        let twin = (i * 7 + 3) % n
        let kept = p[twin]
        p[twin] = 9
        gauge.require(kernels.argmax(p, n) == min(i, twin), "\(place), ties at \(i), \(twin)")
        p[twin] = i == twin ? 9 : .nan
        gauge.require(kernels.maximum(p, n) == 9 && kernels.argmax(p, n) == i, "\(place), NaN at \(twin)")
        p[twin] = kept
        p[i] = x[i]
      }
    }
    #expect(gauge.breach == nil)
    for n in [1, 5, 16, 40] {
      let nans = [Float](repeating: .nan, count: n), low = [Float](repeating: -.infinity, count: n)
      #expect(kernels.maximum(nans, n) == -.infinity && kernels.argmax(nans, n) == 0)
      #expect(kernels.maximum(low, n) == -.infinity && kernels.argmax(low, n) == 0)
      #expect(kernels.argmax(nans + low, 2 * n) == n)
      #expect(kernels.argmax([Float](repeating: -0.0, count: n) + [0], n + 1) == 0)
    }
  }

  @Test(arguments: Levels.names) func nonFiniteProbe(_ level: String) {
    let kernels = Levels.table(level)
    let a = Room<Float>(257)
    var gauge = Gauge()
    Self.each(level) { n, placement, place, x, _ in
      let p = a.put(x, placement)
      gauge.require(kernels.non_finite_probe(p, n) == 0, "finite \(place)")
      guard placement == .fence else { return }
      for i in 0..<n {
        for bad in [Float.nan, .infinity, -.infinity] {
          p[i] = bad
          gauge.require(kernels.non_finite_probe(p, n).isNaN, "\(bad) at \(i), \(place)")
        }
        p[i] = Float.greatestFiniteMagnitude
        gauge.require(kernels.non_finite_probe(p, n) == 0, "greatest at \(i), \(place)")
        p[i] = x[i]
      }
    }
    #expect(gauge.breach == nil)
  }

  /// Products and sums are rounded once; y + a x may or may not be fused. Nothing else is written.
  @Test(arguments: Levels.names) func maps(_ level: String) {
    let kernels = Levels.table(level)
    let a = Room<Float>(257), b = Room<Float>(257), c = Room<Float>(257)
    var gauge = Gauge()
    Self.each(level) { n, placement, place, x, y in
      func check(_ name: String, _ got: UnsafePointer<Float>, _ exact: (Int) -> [Float]) {
        for i in 0..<n where !exact(i).contains(got[i]) {
          gauge.require(false, "\(name) \(place) element \(i): \(got[i]), expected \(exact(i))")
        }
        gauge.require(a.isIntact && b.isIntact && c.isIntact, "\(name) \(place) wrote elsewhere")
      }
      var p = a.put(x, placement), q = b.put(y, placement), out = c.put(y, placement)
      kernels.axpy(1.7, p, out, n)
      check("axpy", out) { [y[$0] + 1.7 * x[$0], y[$0].addingProduct(1.7, x[$0])] }
      kernels.scale(-0.3, p, out, n)
      check("scale", out) { [-0.3 * x[$0]] }
      kernels.add(p, q, out, n)
      check("add", out) { [x[$0] + y[$0]] }
      kernels.multiply(p, q, out, n)
      check("multiply", out) { [x[$0] * y[$0]] }
      // Into an input.
      kernels.scale(-0.3, p, p, n)
      check("scale in place", p) { [-0.3 * x[$0]] }
      p = a.put(x, placement)
      kernels.add(p, q, p, n)
      check("add in place", p) { [x[$0] + y[$0]] }
      p = a.put(x, placement)
      kernels.multiply(p, q, q, n)
      check("multiply in place", q) { [x[$0] * y[$0]] }
      q = b.put(y, placement)
    }
    #expect(gauge.breach == nil)
  }
}
