import Foundation
import RuvectorCore
import TestSupport
import Testing

/// From dots and distances to scores (RuvectorKernelsV1/Scores.swift).
@Suite struct ScoreKernelsTests {
  static let ε = 0x1p-23

  /// Product, root and quotient are rounded once each: 2 ε.
  @Test(arguments: Levels.names) func cosineScores(_ level: String) {
    let kernels = Levels.table(level)
    let a = Room<Float>(257), b = Room<Float>(257), c = Room<Float>(257)
    var gauge = Gauge()
    VectorKernelsTests.each(level) { n, placement, place, x, y in
      let norms = y.enumerated().map { $0 % 5 == 3 ? 0 : $1 * $1 }
      let p = a.put(x, placement), q = b.put(norms, placement), out = c.put(x, placement)
      kernels.cosine_scores(p, q, 0.7, out, n)
      kernels.cosine_scores(p, q, 0.7, p, n)
      for i in 0..<n {
        let exact = norms[i] == 0 ? 0 : Double(x[i]) * Double(Float(0.7)) / Double(norms[i]).squareRoot()
        gauge.see(out[i], exact, unit: Self.ε * abs(exact), bound: 2, "cosine \(place) element \(i)")
        gauge.require(out[i] == p[i], "cosine in place \(place) element \(i)")
      }
      gauge.require(a.isIntact && b.isIntact && c.isIntact, "\(place) wrote elsewhere")
    }
    print("cosine_scores \(level): worst \(gauge.worst) ε")
    #expect(gauge.breach == nil)
    let dots: [Float] = [0, .nan, 1, 1], norms: [Float] = [0, 0, .nan, .infinity]
    var scores = dots
    kernels.cosine_scores(dots, norms, 1, &scores, 4)
    #expect(scores[0] == 0 && scores[1] == 0 && scores[2].isNaN && scores[3] == 0)
  }

  /// Where c |y|² <= 1/2: the product, the difference (at least 1/2) and the quotient are rounded, 2 ε in all.
  @Test(arguments: Levels.names) func poincareKeys(_ level: String) {
    let kernels = Levels.table(level)
    let a = Room<Float>(257), b = Room<Float>(257), c = Room<Float>(257)
    var gauge = Gauge()
    VectorKernelsTests.each(level) { n, placement, place, x, y in
      let l2 = x.map { $0 * $0 }, norms = y.map { (1 - exp(-abs($0) * 5)) / 2 }
      let p = a.put(l2, placement), q = b.put(norms, placement), out = c.put(x, placement)
      kernels.poincare_keys(p, q, 0.999, out, n)
      kernels.poincare_keys(p, q, 0.999, p, n)
      for i in 0..<n {
        let exact = Double(l2[i]) / (1 - Double(Float(0.999)) * Double(norms[i]))
        gauge.see(out[i], exact, unit: Self.ε * exact, bound: 2, "key \(place) element \(i)")
        gauge.require(p[i] == out[i], "key in place \(place) element \(i)")
      }
      gauge.require(a.isIntact && b.isIntact && c.isIntact, "\(place) wrote elsewhere")
    }
    print("poincare_keys \(level): worst \(gauge.worst) ε")
    #expect(gauge.breach == nil)
  }

  /// A few ulp over every key: 4 ε of asinh and one rounding each of a · key and of the product with b.
  @Test(arguments: Levels.names) func poincareDistances(_ level: String) {
    let kernels = Levels.table(level)
    var keys: [Float] = [0, .infinity, .nan, 0.25, Float(0.25).nextDown, 1, .greatestFiniteMagnitude]
    // Above the root of the least normal number, so that a · key keeps its digits.
    for i in stride(from: Float(1e-34).bitPattern, through: Float(1e38).bitPattern, by: 4099) {
      keys.append(Float(bitPattern: i))
    }
    for i in 0..<50_000 { keys.append(Float(i) / 50_000) }
    for (a, b) in [(Float(1), Float(1)), (0.37, 2), (3, -0.5)] {
      var gauge = Gauge(), out = [Float](repeating: 0, count: keys.count)
      kernels.poincare_distances(keys, a, b, &out, keys.count)
      for (key, d) in zip(keys, out) {
        // a · key may overflow to infinity.
        let exact =
          (a * key).isInfinite
          ? Double(b) * .infinity : Double(b) * asinh((Double(a) * Double(key)).squareRoot())
        gauge.see(
          d, exact, unit: Self.ε * abs(exact), bound: 5, "distance \(level) of key \(key), a \(a), b \(b)")
      }
      print("poincare_distances \(level) a \(a) b \(b): worst \(gauge.worst) ε")
      #expect(gauge.breach == nil)
    }
    let a = Room<Float>(257), c = Room<Float>(257)
    var gauge = Gauge(), alone = [Float](repeating: 0, count: 257)
    VectorKernelsTests.each(level) { n, placement, place, x, _ in
      let x = x.map { abs($0) }
      if n > 0, placement == .offset0 { kernels.poincare_distances([x[n - 1]], 2, 3, &alone[n - 1], 1) }
      let p = a.put(x, placement), out = c.put(x, placement)
      kernels.poincare_distances(p, 2, 3, out, n)
      for i in 0..<n { gauge.require(out[i] == alone[i], "distance \(place) element \(i)") }
      gauge.require(a.isIntact && c.isIntact, "\(place) wrote elsewhere")
    }
    #expect(gauge.breach == nil)
  }

  /// One block of a running softmax: maxima exact, terms to those of exp (2 ε and the argument's rounding), sums to n ε.
  @Test(arguments: Levels.names) func softmaxLanes(_ level: String) {
    let kernels = Levels.table(level), width = kernels.gemm_columns
    var g = SeededGenerator(5), gauge = Gauge()
    for count in [0, 1, 2, 3, 14, 63, 256] {
      for hidden in [false, true] {
        let room = Room<Float>(count * width), bands = (0..<3).map { _ in Room<Float>(width) }
        var x = g.normals(count * width, scale: 3)
        var old = (0..<width).map { $0 % 3 == 0 ? -Float.infinity : Float(g.normal()) }
        if hidden {
          for k in 0..<count { x[k * width] = -.infinity }
          old[0] = -.infinity
        }
        let p = room.put(x, .fence), maxima = bands[0].put(old, .fence)
        let sums = bands[1].put(old, .fence), shrinks = bands[2].put(old, .fence)
        kernels.softmax_lanes(p, count, 0.7, maxima, sums, shrinks)
        for lane in 0..<width {
          let column = (0..<count).map { x[$0 * width + lane] }
          let top = max(old[lane], column.max() ?? -.infinity), shift = top == -.infinity ? 0 : Double(top)
          gauge.require(maxima[lane] == top, "maximum of lane \(lane), \(count)")
          let terms = column.map { exp((Double($0) - shift) * Double(Float(0.7))) }
          for (k, term) in terms.enumerated() {
            let size = 3 + 2 * abs(Double(column[k]) - shift)
            gauge.see(
              p[k * width + lane], term, unit: Self.ε * size * term + 1e-38, bound: 1,
              "term \(k) of lane \(lane), \(count)")
          }
          let sum = terms.reduce(0, +)
          gauge.see(
            sums[lane], sum, unit: Self.ε * sum + 1e-38, bound: Double(count) + 20, "sum of lane \(lane), \(count)")
          let shrink = exp((Double(old[lane]) - shift) * Double(Float(0.7)))
          gauge.see(
            shrinks[lane], shrink, unit: Self.ε * shrink * 20 + 1e-38, bound: 1, "shrink of lane \(lane), \(count)")
        }
        gauge.require(room.isIntact && bands.allSatisfy { $0.isIntact }, "\(count) wrote elsewhere")
      }
    }
    print("softmax_lanes \(level): worst \(gauge.worst)")
    #expect(gauge.breach == nil)
  }
}
