import Foundation
import RuvectorCore
import TestSupport
import Testing

/// Pairs turned by angles, and turns one after another, at every level, length and alignment (RuvectorKernelsV1/Rotary.swift).
@Suite struct RotaryKernelsTests {
  static let counts = Array(0...40) + [63, 64, 65]

  /// Three roundings at most: of a product, of the other, of their sum.
  @Test(arguments: Levels.names) func pairs(_ level: String) {
    let kernels = Levels.table(level)
    var g = SeededGenerator(21), gauge = Gauge()
    let x = Room<Float>(130), c = Room<Float>(65), s = Room<Float>(65), out = Room<Float>(130)
    for h in Self.counts {
      let row = g.normals(2 * h), angles = (0..<h).map { _ in 7 * g.normal() }
      let cosines = angles.map { Float(cos($0)) }, sines = angles.map { Float(sin($0)) }
      for placement in Placement.allCases {
        let r = out.put([Float](repeating: .nan, count: 2 * h), placement)
        kernels.rotate_pairs(x.put(row, placement), c.put(cosines, placement), s.put(sines, placement), h, r)
        for i in 0..<h {
          let a = Double(row[i]), b = Double(row[h + i]), c = Double(cosines[i]), s = Double(sines[i])
          let place = "\(level) h \(h) \(placement) pair \(i)"
          gauge.see(r[i], a * c - b * s, unit: roundoff * ((a * c).magnitude + (b * s).magnitude), bound: 3, place)
          gauge.see(r[h + i], a * s + b * c, unit: roundoff * ((a * s).magnitude + (b * c).magnitude), bound: 3, place)
        }
        gauge.require(out.isIntact && x.isIntact && c.isIntact && s.isIntact, "\(level) h \(h) wrote elsewhere")
      }
    }
    print("rotate_pairs \(level): worst \(gauge.worst) roundings")
    #expect(gauge.breach == nil)
  }

  /// Worked out in Double: one rounding to Float, but for ties.
  @Test(arguments: Levels.names) func products(_ level: String) {
    let kernels = Levels.table(level)
    var g = SeededGenerator(22), gauge = Gauge()
    let x = Room<Double>(130), y = Room<Double>(130), c = Room<Float>(65), s = Room<Float>(65)
    for h in Self.counts {
      let α = (0..<h).map { _ in 7 * g.normal() }, β = (0..<h).map { _ in 7 * g.normal() }
      for placement in Placement.allCases {
        let blank = [Float](repeating: .nan, count: h), cosines = c.put(blank, placement),
          sines = s.put(blank, placement)
        kernels.turn_products(
          x.put(α.map { cos($0) } + α.map { sin($0) }, placement),
          y.put(β.map { cos($0) } + β.map { sin($0) }, placement), h,
          cosines, sines)
        for i in 0..<h {
          let place = "\(level) h \(h) \(placement) turn \(i)"
          gauge.see(cosines[i], cos(α[i] + β[i]), unit: roundoff, bound: 1.001, place)
          gauge.see(sines[i], sin(α[i] + β[i]), unit: roundoff, bound: 1.001, place)
        }
        gauge.require(x.isIntact && y.isIntact && c.isIntact && s.isIntact, "\(level) h \(h) wrote elsewhere")
      }
    }
    print("turn_products \(level): worst \(gauge.worst) roundings")
    #expect(gauge.breach == nil)
  }
}
