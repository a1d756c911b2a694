import Foundation
import RuvectorCore
import TestSupport
import Testing

/// Rows of floats with sums in Double, and the terms of a Fréchet mean, at every level, width, count, stride and alignment
/// (RuvectorKernelsV1/DoubleRows.swift and Frechet.swift).
@Suite struct DoubleRowKernelsTests {
  /// Half a unit in the last place of 1 in Double.
  static let roundoff = 0x1p-53

  @Test(arguments: Levels.names) func rows(_ level: String) {
    let kernels = Levels.table(level)
    let a = Room<Double>(257), b = Room<Float>(9 * 300), c = Room<Double>(257)
    var gauge = Gauge(), bits = Gauge(), alone: [String: Double] = [:]
    RowKernelsTests.each { data, count, stride, placement, place in
      let n = data.dim, q = data.q.map(Double.init),
        p = UnsafePointer(b.put(data.matrix(count, stride: stride), placement))
      let squares = c.put([Double](repeating: .nan, count: count), placement)
      kernels.squared_l2_rows_double(a.put(q, placement), p, stride, count, n, squares)
      for r in 0..<count {
        let exact = zip(q, data.rows[r]).reduce(0) { $0 + ($1.0 - Double($1.1)) * ($1.0 - Double($1.1)) }
        let label = "squares \(level) \(place) row \(r)", key = "\(n) \(r)"
        gauge.see(squares[r], exact, unit: Self.roundoff * exact, bound: Double(2 * n + 4), label)
        // The bits of a row are those of the row among any others.
        if let known = alone[key] { bits.require(known == squares[r], label) } else { alone[key] = squares[r] }
      }
      bits.require(a.isIntact && b.isIntact && c.isIntact, "squares \(level) \(place) wrote elsewhere")
      let weights = (0..<count).map { Double($0) - 2.5 }, y = c.put(q, placement)
      kernels.combine_rows_double(a.put(weights, placement), p, stride, count, n, y)
      for i in 0..<n {
        var sum = q[i], magnitude = abs(q[i])
        for r in 0..<count {
          sum += weights[r] * Double(data.rows[r][i])
          magnitude += abs(weights[r] * Double(data.rows[r][i]))
        }
        gauge.see(
          y[i], sum, unit: Self.roundoff * magnitude, bound: Double(2 * count + 2), "sums \(level) \(place) column \(i)"
        )
      }
      bits.require(a.isIntact && b.isIntact && c.isIntact, "sums \(level) \(place) wrote elsewhere")
    }
    print("double rows \(level): worst \(gauge.worst) roundings")
    #expect(gauge.breach == nil)
    #expect(bits.breach == nil)
  }

  /// Against asinh of the system: distances from 0 to the width of the ball, gaps down to those of the rim.
  @Test(arguments: Levels.names) func frechetTerms(_ level: String) {
    let kernels = Levels.table(level), c = 0.7
    let a = Room<Double>(70), b = Room<Double>(70), d = Room<Double>(70), e = Room<Double>(70)
    var g = SeededGenerator(31), gauge = Gauge(), totals = Gauge()
    for n in Array(0...35) + [70] {
      for placement in Placement.allCases {
        let gap = pow(10, -5 * g.uniform())
        let squares = (0..<n).map { $0 % 7 == 3 ? 0 : pow(10, 12 * g.uniform() - 11) }
        let gaps = (0..<n).map { _ in pow(10, -5 * g.uniform()) },
          weights = (0..<n).map { $0 % 5 == 4 ? 0 : g.uniform() }
        let factors = e.put([Double](repeating: .nan, count: n), placement)
        var sums = [3.0, 5.0], back = 3.0, value = 5.0
        kernels.frechet_terms(
          a.put(squares, placement), b.put(gaps, placement), d.put(weights, placement), c, gap, n, factors, &sums)
        for i in 0..<n {
          let z = (c * squares[i] / (gap * gaps[i])).squareRoot(), q = z == 0 ? 1 : asinh(z) / z
          let k = weights[i] * q / (gaps[i] * (1 + z * z).squareRoot())
          gauge.see(
            factors[i], k * gap, unit: Self.roundoff * k * gap, bound: 24, "\(level) n \(n) \(placement) point \(i)")
          back += k * (gap + c * squares[i])
          value += weights[i] * z * z * q * q
        }
        totals.see(sums[0], back, unit: Self.roundoff * back, bound: 40, "back \(level) n \(n) \(placement)")
        totals.see(sums[1], value, unit: Self.roundoff * value, bound: 60, "value \(level) n \(n) \(placement)")
        totals.require(a.isIntact && b.isIntact && d.isIntact && e.isIntact, "\(level) n \(n) wrote elsewhere")
      }
    }
    print("frechet_terms \(level): worst \(gauge.worst) roundings, sums \(totals.worst)")
    #expect(gauge.breach == nil)
    #expect(totals.breach == nil)
  }
}
