import Foundation
import RuvectorCore
import TestSupport
import Testing

/// exp, log, tanh and the logistic function over the whole range (RuvectorKernelsV1/Elementwise.swift).
@Suite struct ElementwiseKernelsTests {
  typealias Map = (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void

  /// ε of Float.
  static let ε = 0x1p-23

  /// Every 4,099th bit pattern (all binades, subnormals, NaNs), and an even grid where the functions bend.
  static let inputs: [Float] = {
    var x: [Float] = [
      0, -0.0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude, -.leastNormalMagnitude,
      1,
      -1, .infinity, -.infinity, .nan, -.nan, .greatestFiniteMagnitude, -.greatestFiniteMagnitude,
      Float(1).nextDown, Float(1).nextUp, 0.625, Float(0.625).nextDown,
    ]
    for border: Float in [
      88.72, 88.722_84, 88.73, 87.3, 87.336_54, 103.2, 103.98, 104, 110, 100, 9, 10, 18, 0.3465736,
    ] {
      for step in -3...3 {
        let y = Float(bitPattern: border.bitPattern &+ UInt32(bitPattern: Int32(step)))
        x += [y, -y]
      }
    }
    for i in stride(from: 0, through: UInt64(UInt32.max), by: 4099) { x.append(Float(bitPattern: UInt32(i))) }
    for i in 0..<100_000 { x.append(-110 + 210 * Float(i) / 100_000) }
    for i in 0..<50_000 { x.append(0.5 + Float(i) / 50_000) }
    return x
  }()

  static func worst(
    _ level: String, _ name: String, _ kernel: Map, _ exact: (Double) -> Double,
    unit: (_ x: Double, _ y: Double) -> Double, bound: Double
  ) -> Gauge {
    var gauge = Gauge(), y = [Float](repeating: 0, count: inputs.count)
    kernel(inputs, &y, inputs.count)
    for (x, y) in zip(inputs, y) {
      let y64 = exact(Double(x)), e = Float(y64).isInfinite ? Double(Float(y64)) : y64
      gauge.see(y, e, unit: unit(Double(x), e), bound: bound, "\(name) \(level) of \(x)")
    }
    print("\(name) \(level): worst \(gauge.worst) units, bound \(bound)")
    return gauge
  }

  /// 2 ε relative where the result is normal; two of the least steps where it is subnormal.
  @Test(arguments: Levels.names) func exponential(_ level: String) {
    let gauge = Self.worst(
      level, "exp", Levels.table(level).exponential, { exp($0) },
      unit: { _, y in
        max(Self.ε * y, 0x1p-149)
      }, bound: 2)
    #expect(gauge.breach == nil)
    let kernels = Levels.table(level)
    let x: [Float] = [0, -0.0, .infinity, -.infinity, .nan, 88.72, 88.73, 1e38, -104, -1e38, -87.3]
    var y = x
    kernels.exponential(x, &y, x.count)
    #expect(y[0] == 1 && y[1] == 1 && y[2] == .infinity && y[3] == 0 && y[4].isNaN)
    #expect(y[5].isFinite && y[6] == .infinity && y[7] == .infinity && y[8] == 0 && y[9] == 0)
    #expect(y[10] >= .leastNormalMagnitude)
  }

  /// 2 ε relative, also next to 1, where ln x is x − 1.
  @Test(arguments: Levels.names) func logarithm(_ level: String) {
    let gauge = Self.worst(
      level, "log", Levels.table(level).logarithm, { $0 < 0 ? .nan : log($0) },
      unit: { _, y in Self.ε * abs(y) },
      bound: 2)
    #expect(gauge.breach == nil)
    let kernels = Levels.table(level)
    let x: [Float] = [0, -0.0, .infinity, -.infinity, .nan, -.leastNonzeroMagnitude, 1, -1]
    var y = x
    kernels.logarithm(x, &y, x.count)
    #expect(y[0] == -.infinity && y[1] == -.infinity && y[2] == .infinity && y[6] == 0)
    #expect(y[3].isNaN && y[4].isNaN && y[5].isNaN && y[7].isNaN)
  }

  /// 4 ε relative; subnormals, where ε |y| is less than a step, within one step.
  @Test(arguments: Levels.names) func hyperbolicTangent(_ level: String) {
    let gauge = Self.worst(
      level, "tanh", Levels.table(level).hyperbolic_tangent, { tanh($0) },
      unit: { _, y in max(Self.ε * abs(y), 0x1p-151) }, bound: 4)
    #expect(gauge.breach == nil)
    let kernels = Levels.table(level)
    let x: [Float] = [0, -0.0, .infinity, -.infinity, .nan, 30, -30, 1e-30]
    var y = x
    kernels.hyperbolic_tangent(x, &y, x.count)
    #expect(y[0].sign == .plus && y[0] == 0 && y[1].sign == .minus && y[1] == 0 && y[4].isNaN)
    #expect(y[2] == 1 && y[3] == -1 && y[5] == 1 && y[6] == -1 && y[7] == 1e-30)
    var odd = Gauge()
    var plus = Self.inputs, minus = Self.inputs.map { -$0 }
    kernels.hyperbolic_tangent(plus, &plus, plus.count)
    kernels.hyperbolic_tangent(minus, &minus, minus.count)
    for (a, b) in zip(plus, minus) { odd.require(a == -b || (a.isNaN && b.isNaN), "\(a) \(b)") }
    #expect(odd.breach == nil)
  }

  /// 4 ε relative down to −87, then down to 0 by steps below 3e-39.
  @Test(arguments: Levels.names) func logistic(_ level: String) {
    let gauge = Self.worst(
      level, "logistic", Levels.table(level).logistic, { 1 / (1 + exp(-$0)) },
      unit: { x, y in x < -87 ? 1e-39 : Self.ε * y }, bound: 4)
    #expect(gauge.breach == nil)
    let kernels = Levels.table(level)
    let x: [Float] = [0, .infinity, -.infinity, .nan, -89, 30, -1e38]
    var y = x
    kernels.logistic(x, &y, x.count)
    #expect(y[0] == 0.5 && y[1] == 1 && y[2] == 0 && y[3].isNaN && y[4] == 0 && y[5] == 1 && y[6] == 0)
  }

  /// An element's result does not depend on its place, and nothing else is written.
  @Test(arguments: Levels.names) func everyLength(_ level: String) {
    let kernels = Levels.table(level)
    let maps: [(String, Map)] = [
      ("exp", kernels.exponential), ("log", kernels.logarithm), ("tanh", kernels.hyperbolic_tangent),
      ("logistic", kernels.logistic),
    ]
    let a = Room<Float>(257), b = Room<Float>(257)
    for (name, map) in maps {
      var gauge = Gauge()
      var alone = [Float](repeating: 0, count: 257)
      VectorKernelsTests.each(level) { n, placement, place, x, _ in
        if n > 0, placement == .offset0 { map([x[n - 1]], &alone[n - 1], 1) }
        let p = a.put(x, placement), out = b.put(x, placement)
        map(p, out, n)
        map(p, p, n)
        for i in 0..<n {
          let same =
            (out[i] == alone[i] || (out[i].isNaN && alone[i].isNaN)) && out[i].bitPattern == p[i].bitPattern
          gauge.require(same, "\(name) \(place) element \(i): \(out[i]), alone \(alone[i])")
        }
        gauge.require(a.isIntact && b.isIntact, "\(name) \(place) wrote elsewhere")
      }
      #expect(gauge.breach == nil)
    }
  }

  /// y = exp(scale (x − shift)) and its sum. The argument t = scale (x − shift) is rounded twice.
  @Test(arguments: Levels.names) func exponentialSum(_ level: String) {
    let kernels = Levels.table(level)
    let a = Room<Float>(257), b = Room<Float>(257)
    var gauge = Gauge(), sums = Gauge()
    VectorKernelsTests.each(level) { n, placement, place, x, _ in
      for (shift, scale) in [(Float(0), Float(1)), (2.5, 1), (x.max() ?? 0, 100)] {
        let p = a.put(x, placement), out = b.put(x, placement)
        let sum = kernels.exponential_sum(p, shift, scale, out, n)
        var total = Sum()
        for i in 0..<n {
          let t = (Double(x[i]) - Double(shift)) * Double(scale), y = exp(t)
          gauge.see(
            out[i], y, unit: max(Self.ε * y * (1 + abs(t)), 0x1p-149), bound: 2, "y \(place) element \(i)")
          total.add(Double(out[i]))
        }
        sums.see(
          sum, total.value, unit: roundoff * total.magnitude, bound: Double(n + 1),
          "sum \(place) scale \(scale)")
        gauge.require(a.isIntact && b.isIntact, "\(place) wrote elsewhere")
      }
    }
    print("exponential_sum \(level): worst \(gauge.worst), sum \(sums.worst)")
    #expect(gauge.breach == nil)
    #expect(sums.breach == nil)
    // The largest Float as scale, as at the lowest temperatures: the maximum gives 1, all else 0.
    let x: [Float] = [3, 1, 3, 2.999]
    var y = x
    let sum = kernels.exponential_sum(x, 3, .greatestFiniteMagnitude, &y, 4)
    #expect(sum == 2 && y == [1, 0, 1, 0])
  }
}
