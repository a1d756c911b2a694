import CRuvectorSupport
import RuvectorCore

/// Rotations of rotary embeddings by position:
///
///     r_i = x_i cos θ_i − x_{i+h} sin θ_i      r_{i+h} = x_i sin θ_i + x_{i+h} cos θ_i      θ_i = p ω_i,   i < h = ⌊width/2⌋
///
/// An odd last element becomes 0. Angles of integers p = 256 a + b are products of two tables of turns, so that a call
/// needs a sine and a cosine for few positions only.
final class RotaryTable {
  private let frequencies: [Double]
  private var low: [Turn] = []
  private var high: [Turn] = []
  /// cos θ_i and sin θ_i of the position asked for last.
  private(set) var cosines: [Float]
  private(set) var sines: [Float]
  private var position = Double.nan

  /// cos and sin of k · unit for every frequency; empty: not made yet.
  private struct Turn {
    var cosines: [Double] = []
    var sines: [Double] = []
  }

  init(frequencies: [Double]) {
    self.frequencies = frequencies
    cosines = [Float](repeating: 1, count: frequencies.count)
    sines = [Float](repeating: 0, count: frequencies.count)
    low = [Turn](repeating: Turn(), count: 256)
  }

  private func turn(_ position: Double) -> Turn {
    var turn = Turn()
    for ω in frequencies {
      let (s, c) = sineCosine(position * ω)
      turn.cosines.append(c)
      turn.sines.append(s)
    }
    return turn
  }

  /// Makes `position` the one that rows are turned by.
  func move(to position: Double) {
    guard position != self.position else { return }
    self.position = position
    guard position == position.rounded(), position >= 0, position < 0x1p20 else {
      let turn = turn(position)
      for i in frequencies.indices { (cosines[i], sines[i]) = (Float(turn.cosines[i]), Float(turn.sines[i])) }
      return
    }
    let whole = Int(position), a = whole >> 8, b = whole & 255
    if low[b].cosines.isEmpty { low[b] = turn(Double(b)) }
    while high.count <= a { high.append(Turn()) }
    if high[a].cosines.isEmpty { high[a] = turn(Double(a << 8)) }
    for i in frequencies.indices {
      let (c, s) = (high[a].cosines[i], high[a].sines[i]), (d, t) = (low[b].cosines[i], low[b].sines[i])
      (cosines[i], sines[i]) = (Float(c * d - s * t), Float(s * d + c * t))
    }
  }

  /// One slice of `width` elements by the position, or back.
  func rotate(
    _ x: UnsafePointer<Float>, into r: UnsafeMutablePointer<Float>, width: Int, inverse: Bool, adding: Bool = false
  ) {
    let h = width / 2, sign: Float = inverse ? -1 : 1
    cosines.withUnsafeBufferPointer { c in
      sines.withUnsafeBufferPointer { s in
        for i in 0..<h {
          let first = x[i] * c[i] - sign * x[i + h] * s[i], second = sign * x[i] * s[i] + x[i + h] * c[i]
          r[i] = adding ? r[i] + first : first
          r[i + h] = adding ? r[i + h] + second : second
        }
      }
    }
    if width > 2 * h, !adding { r[width - 1] = 0 }
  }
}
