import Foundation
import RuvectorCore
import TestSupport
import Testing

@Suite struct SoftmaxTests {
  static let temperatures = [1e-6, 0.01, 1, 100]

  static func oracle(_ x: [Float], _ temperature: Double) -> [Double] {
    let top = Double(x.max() ?? 0)
    let e = x.map { exp((Double($0) - top) / temperature) }
    let sum = e.reduce(0, +)
    return e.map { $0 / sum }
  }

  static func online(_ x: [Float], _ temperature: Double, _ kernels: KernelTable, block: Int) -> OnlineSoftmax {
    var all = OnlineSoftmax(temperature: temperature), scratch = [Float](repeating: 0, count: block)
    for start in stride(from: 0, to: x.count, by: block) {
      let part = Array(x[start..<min(start + block, x.count)])
      all.add(part, count: part.count, maximum: part.max() ?? -.infinity, scratch: &scratch, kernels)
    }
    return all
  }

  /// |w − exact| <= exact · (2 ε |x − max|/T + (n + 8) ε): the argument is rounded twice, the rest is summation.
  static func see(_ gauge: inout Gauge, _ w: Float, _ exact: Double, _ t: Double, _ n: Int, _ place: String) {
    gauge.see(w, exact, unit: max(0x1p-23 * exact * (Double(n) + 8 + 2 * abs(t)), 0x1p-149), bound: 1, place)
  }

  @Test(arguments: Levels.names) func againstOracle(_ level: String) {
    let kernels = Levels.table(level)
    var g = SeededGenerator(12), gauge = Gauge()
    for n in [1, 2, 3, 17, 100, 511] {
      for scale in [1e-3, 1, 30] {
        let x = g.normals(n, scale: scale)
        for T in Self.temperatures {
          let exact = Self.oracle(x, T), top = x.max() ?? 0
          var whole = x
          softmax(&whole, count: n, temperature: T, kernels)
          let one = Self.online(x, T, kernels, block: n), parts = Self.online(x, T, kernels, block: 7)
          // Halves made apart and merged.
          var merged = Self.online(Array(x.prefix(n / 2)), T, kernels, block: 5)
          merged.merge(Self.online(Array(x.suffix(n - n / 2)), T, kernels, block: 16))
          var reversed = Self.online(Array(x.suffix(n - n / 2)), T, kernels, block: 16)
          reversed.merge(Self.online(Array(x.prefix(n / 2)), T, kernels, block: 5))
          for i in 0..<n {
            let t = (Double(x[i]) - Double(top)) / T,
              place = "\(level) n \(n) scale \(scale) T \(T) element \(i)"
            Self.see(&gauge, whole[i], exact[i], t, n, "softmax \(place)")
            Self.see(&gauge, one.weight(x[i]), exact[i], t, n, "online \(place)")
            Self.see(&gauge, parts.weight(x[i]), exact[i], t, n, "in parts \(place)")
            Self.see(&gauge, merged.weight(x[i]), exact[i], t, n, "merged \(place)")
            Self.see(&gauge, reversed.weight(x[i]), exact[i], t, n, "reversed \(place)")
          }
        }
      }
    }
    print("softmax \(level): worst \(gauge.worst) of the bound")
    #expect(gauge.breach == nil)
  }

  @Test func emptyAndEqual() {
    let kernels = Kernels.current
    softmax(UnsafeMutablePointer<Float>(bitPattern: 64)!, count: 0)
    var state = OnlineSoftmax(temperature: 1)
    state.merge(OnlineSoftmax(temperature: 1))
    #expect(state.sum == 0 && state.maximum == -.infinity)
    let x: [Float] = [3, 3, 3, 3]
    state.merge(Self.online(x, 1, kernels, block: 4))
    state.merge(OnlineSoftmax(temperature: 1))
    #expect(state.sum == 4 && state.weight(3) == 0.25)
  }

  /// The smallest temperatures: the maximum takes all, and 0 / T stays 0.
  @Test(arguments: [1e-300, Double.leastNonzeroMagnitude, 1e-45, 1e-20]) func lowTemperature(_ T: Double) {
    let x: [Float] = [1, 2, 2, -3]
    let state = Self.online(x, T, Kernels.current, block: 2)
    #expect(x.map { state.weight($0) } == [0, 0.5, 0.5, 0])
    var y = x
    softmax(&y, count: 4, temperature: T)
    #expect(y == [0, 0.5, 0.5, 0])
  }
}
