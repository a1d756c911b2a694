import CRuvectorSupport
import RuvectorCore

/// Rotations of rotary embeddings by position:
///
///     r_i = x_i cos θ_i − x_{i+h} sin θ_i      r_{i+h} = x_i sin θ_i + x_{i+h} cos θ_i      θ_i = p ω_i,   i < h = ⌊width/2⌋
///
/// An odd last element becomes 0. Angles of integers p = 256 a + b are products of two tables of turns, so that a call
/// needs a sine and a cosine for few positions only.
final class RotaryTable {
  /// Pairs of a slice.
  private let count: Int
  private let frequencies: AlignedBuffer<Double>
  /// Turns by b and by 256 a: for each the cosines, then the sines, of all frequencies.
  private let low: AlignedBuffer<Double>
  private var isMade = [Bool](repeating: false, count: 256)
  private var high: [AlignedBuffer<Double>?] = []
  /// cos θ_i and sin θ_i of the position asked for last.
  private let cosines, sines: AlignedBuffer<Float>
  private var position = Double.nan

  init(frequencies: [Double]) throws(RuvectorError) {
    count = frequencies.count
    self.frequencies = try AlignedBuffer(copying: frequencies, count: count)
    low = try AlignedBuffer(count: 512 * count, for: "positions")
    cosines = try AlignedBuffer(count: count)
    sines = try AlignedBuffer(count: count)
  }

  private func turn(_ position: Double, into out: UnsafeMutablePointer<Double>) {
    for i in 0..<count { (out[count + i], out[i]) = sineCosine(position * frequencies[i]) }
  }

  /// Makes `position` the one that rows are turned by.
  func move(to position: Double) throws(RuvectorError) {
    guard position != self.position else { return }
    self.position = position
    let c = cosines.pointer, s = sines.pointer
    guard position == position.rounded(), position >= 0, position < 0x1p20 else {
      for i in 0..<count {
        let turn = sineCosine(position * frequencies[i])
        (s[i], c[i]) = (Float(turn.sine), Float(turn.cosine))
      }
      return
    }
    let whole = Int(position), a = whole >> 8, b = whole & 255, near = low.pointer + 2 * b * count
    if !isMade[b] {
      turn(Double(b), into: near)
      isMade[b] = true
    }
    while high.count <= a { high.append(nil) }
    var known = high[a]
    if known == nil {
      let made = try AlignedBuffer<Double>(count: 2 * count, for: "positions")
      turn(Double(a << 8), into: made.pointer)
      high[a] = made
      known = made
    }
    guard let x = known?.pointer else { return }
    for i in 0..<count {
      c[i] = Float(x[i] * near[i] - x[count + i] * near[count + i])
      s[i] = Float(x[count + i] * near[i] + x[i] * near[count + i])
    }
  }

  /// One slice of `width` elements by the position, or back.
  func rotate(
    _ x: UnsafePointer<Float>, into r: UnsafeMutablePointer<Float>, width: Int, inverse: Bool, adding: Bool = false
  ) {
    let h = width / 2, sign: Float = inverse ? -1 : 1, c = cosines.pointer, s = sines.pointer
    for i in 0..<h {
      let first = x[i] * c[i] - sign * x[i + h] * s[i], second = sign * x[i] * s[i] + x[i + h] * c[i]
      r[i] = adding ? r[i] + first : first
      r[i + h] = adding ? r[i + h] + second : second
    }
    if width > 2 * h, !adding { r[width - 1] = 0 }
  }
}
