import Foundation
import RuvectorCore
import TestSupport
import Testing

/// One query against rows, at every level, width, count, stride and alignment (RuvectorKernelsV1/Rows.swift).
@Suite struct RowKernelsTests {
  static let dims = Array(0...70) + [127, 128, 129, 255, 256, 257]
  static let counts = 0...9

  struct Case {
    let dim: Int
    let q: [Float]
    let rows: [[Float]]

    init(_ dim: Int) {
      var g = SeededGenerator(UInt64(dim) + 100)
      self.dim = dim
      q = g.normals(dim)
      rows = (0..<9).map { _ in g.normals(dim) }
    }

    /// The first `count` rows, `stride` from row to row, NaN between them (nothing behind the last).
    func matrix(_ count: Int, stride: Int) -> [Float] {
      var all: [Float] = []
      for r in 0..<count {
        all += rows[r] + [Float](repeating: .nan, count: r + 1 < count ? stride - dim : 0)
      }
      return all
    }
  }

  static func each(_ body: (Case, Int, Int, Placement, String) -> Void) {
    for dim in dims {
      let data = Case(dim)
      for count in counts {
        for stride in [dim, dim + 1, dim + 16] {
          let placement = Placement.allCases[(dim + count + stride) % 5]
          body(data, count, stride, placement, "dim \(dim) rows \(count) stride \(stride) \(placement)")
        }
        body(data, count, dim, .fence, "dim \(dim) rows \(count) fence")
      }
    }
  }

  @Test(arguments: Levels.names) func rows(_ level: String) {
    let kernels = Levels.table(level)
    let a = Room<Float>(257), b = Room<Float>(9 * 300), c = Room<Float>(9), d = Room<Float>(9)
    let e = Room<Double>(9), factor = Room<Float>(257)
    var gauge = Gauge(), norms = Gauge(), bits = Gauge()
    var alone: [String: (Float, Float, Double)] = [:]
    let blank = [Float](repeating: 0, count: 9), wide = [Double](repeating: 0, count: 9)
    Self.each { data, count, stride, placement, place in
      let n = data.dim, q = a.put(data.q, placement)
      let p = UnsafePointer(b.put(data.matrix(count, stride: stride), placement))
      func check(
        _ name: String, _ first: UnsafePointer<Float>?, _ exact: ((Int) -> Sum)?,
        _ second: UnsafePointer<Float>? = nil, _ double: UnsafePointer<Double>? = nil
      ) {
        for r in 0..<count {
          let norm = dot(data.rows[r][...], data.rows[r][...]), label = "\(name) \(level) \(place) row \(r)"
          if let first, let exact = exact?(r) {
            gauge.see(
              first[r], exact.value, unit: roundoff * exact.magnitude, bound: Double(n + 3), label)
          }
          if let second {
            gauge.see(second[r], norm.value, unit: roundoff * norm.magnitude, bound: Double(n + 3), label)
          }
          if let double {
            norms.see(double[r], norm.value, unit: 0x1p-53 * norm.magnitude, bound: Double(n + 3), label)
          }
          // The bits of a row are those of the row among any others.
          let now = (first?[r] ?? 0, second?[r] ?? 0, double?[r] ?? 0), key = "\(name) \(n) \(r)"
          if let known = alone[key] { bits.require(known == now, label) } else { alone[key] = now }
        }
        bits.require(
          a.isIntact && b.isIntact && c.isIntact && d.isIntact && e.isIntact,
          "\(name) \(level) \(place) wrote elsewhere")
      }
      let values = Array(blank.prefix(count)), doubles = Array(wide.prefix(count))
      let dots = { (r: Int) in dot(data.q[...], data.rows[r][...]) }
      let distances = { (r: Int) in squaredL2(data.q[...], data.rows[r][...]) }
      let x = c.put(values, placement), y = d.put(values, placement), z = e.put(doubles, placement)
      kernels.dot_rows(q, p, stride, count, n, x)
      check("dot_rows", x, dots)
      kernels.squared_l2_rows(q, p, stride, count, n, x)
      check("squared_l2_rows", x, distances)
      kernels.dot_norm_rows(q, p, stride, count, n, x, y)
      check("dot_norm_rows", x, dots, y)
      kernels.squared_l2_norm_rows(q, p, stride, count, n, x, y)
      check("squared_l2_norm_rows", x, distances, y)
      let factors = Array(data.q.reversed()), f = factor.put(factors, placement)
      kernels.leaky_dot_rows(q, f, 0.2, p, stride, count, n, x)
      check(
        "leaky_dot_rows", x,
        { r in
          var sum = Sum()
          for i in 0..<n {
            let z = Double(data.q[i]) + Double(data.rows[r][i])
            sum.value += Double(factors[i]) * max(z, Double(Float(0.2)) * z)
            sum.magnitude += Double(factors[i].magnitude) * Double(data.q[i].magnitude + data.rows[r][i].magnitude)
          }
          return sum
        })
      bits.require(factor.isIntact, "leaky_dot_rows \(level) \(place) wrote to its factors")
      // Scattered rows have the bits of packed ones: the same names for `alone`.
      let rows = (0..<count).map { p + (count - 1 - $0) * stride }
      func reverse(_ lists: UnsafeMutablePointer<Float>...) {
        for list in lists {
          for r in 0..<count / 2 { (list[r], list[count - 1 - r]) = (list[count - 1 - r], list[r]) }
        }
      }
      kernels.dot_norm_scattered(q, rows, count, n, x, y)
      reverse(x, y)
      check("dot_norm_rows", x, dots, y)
      kernels.squared_l2_norm_scattered(q, rows, count, n, x, y)
      reverse(x, y)
      check("squared_l2_norm_rows", x, distances, y)
      kernels.squared_norm_rows(p, stride, count, n, z)
      check("squared_norm_rows", nil, nil, nil, z)
    }
    print("rows \(level): worst \(gauge.worst) roundings, norms \(norms.worst)")
    #expect(gauge.breach == nil)
    #expect(norms.breach == nil)
    #expect(bits.breach == nil)
  }

  /// Matrices beyond 128 kB are read in another order than small ones: the bits are the same.
  @Test(arguments: Levels.names) func smallAndLargeMatrices(_ level: String) {
    let kernels = Levels.table(level), dim = 133, count = 300
    var g = SeededGenerator(9)
    let q = g.normals(dim), rows = g.normals(dim * count)
    var whole = [Float](repeating: 0, count: count), alone = whole
    kernels.dot_rows(q, rows, dim, count, dim, &whole)
    for r in stride(from: 0, to: count, by: 4) {
      rows.withUnsafeBufferPointer { rows in
        alone.withUnsafeMutableBufferPointer { out in
          guard let p = rows.baseAddress, let o = out.baseAddress else { return }
          kernels.dot_rows(q, p + r * dim, dim, 4, dim, o + r)
        }
      }
    }
    #expect(whole == alone)
  }

  @Test(arguments: Levels.names) func combineRows(_ level: String) {
    let kernels = Levels.table(level)
    let a = Room<Float>(9), b = Room<Float>(9 * 300), c = Room<Float>(257)
    var gauge = Gauge()
    Self.each { data, count, stride, placement, place in
      let weights = (0..<count).map { Float($0) * 0.37 - 1.1 }
      let x = a.put(weights, placement), p = b.put(data.matrix(count, stride: stride), placement)
      let y = c.put(data.q, placement)
      kernels.combine_rows(x, p, stride, count, data.dim, y)
      for i in 0..<data.dim {
        var sum = Sum()
        sum.add(Double(data.q[i]))
        for r in 0..<count { sum.add(Double(weights[r]) * Double(data.rows[r][i])) }
        gauge.see(
          y[i], sum.value, unit: roundoff * sum.magnitude, bound: Double(count + 1),
          "combine_rows \(level) \(place) element \(i)")
      }
      gauge.require(a.isIntact && b.isIntact && c.isIntact, "combine_rows \(level) \(place) wrote elsewhere")
    }
    print("combine_rows \(level): worst \(gauge.worst) roundings")
    #expect(gauge.breach == nil)
  }

  @Test(arguments: Levels.names) func spreadRows(_ level: String) {
    let kernels = Levels.table(level)
    let a = Room<Float>(18), b = Room<Float>(9 * 300), c = Room<Float>(514), d = Room<Float>(9 * 257)
    var gauge = Gauge()
    Self.each { data, count, stride, placement, place in
      let n = data.dim, factors = (0..<2 * count).map { Float($0) * 0.37 - 1.1 }, adds = (n + count) % 2 == 0
      let before = [Float](repeating: adds ? 0.7 : .nan, count: count * n)
      let x = a.put(factors, placement), p = b.put(data.matrix(count, stride: stride), placement)
      let q = c.put(data.q + data.q, placement), out = d.put(before, placement)
      kernels.spread_rows(x, x + count, q, p, stride, count, n, q + n, out, adds)
      for i in 0..<n {
        var sum = Sum()
        sum.add(Double(data.q[i]))
        for r in 0..<count { sum.add(Double(factors[r]) * Double(data.rows[r][i])) }
        gauge.see(
          q[n + i], sum.value, unit: roundoff * sum.magnitude, bound: Double(count + 1),
          "spread_rows \(level) \(place) sum \(i)")
        for r in 0..<count {
          var one = Sum()
          if adds { one.add(Double(before[0])) }
          one.add(Double(factors[r]) * Double(data.q[i]))
          one.add(Double(factors[count + r]) * Double(data.rows[r][i]))
          gauge.see(
            out[r * n + i], one.value, unit: roundoff * one.magnitude, bound: 3,
            "spread_rows \(level) \(place) row \(r), element \(i)")
        }
      }
      gauge.require(
        a.isIntact && b.isIntact && c.isIntact && d.isIntact, "spread_rows \(level) \(place) wrote elsewhere")
    }
    print("spread_rows \(level): worst \(gauge.worst) roundings")
    #expect(gauge.breach == nil)
  }

  /// More rows than one block: the same as one after the other.
  @Test(arguments: Levels.names) func spreadBlocks(_ level: String) {
    let kernels = Levels.table(level), n = 70, count = 500
    var g = SeededGenerator(3)
    let a = g.normals(count), b = g.normals(count), x = g.normals(n), rows = g.normals(n * count)
    var y = [Float](repeating: 0, count: n), out = [Float](repeating: 0, count: n * count), one = y, each = out
    kernels.spread_rows(a, b, x, rows, n, count, n, &y, &out, false)
    for r in 0..<count {
      each.withUnsafeMutableBufferPointer { to in
        kernels.spread_rows(
          [a[r]], [b[r]], x, Array(rows[r * n..<r * n + n]), n, 1, n, &one, to.baseAddress! + r * n, false)
      }
    }
    #expect((y == one || level == "scalar") && out == each)  // scalar adds all in Double
  }
}
