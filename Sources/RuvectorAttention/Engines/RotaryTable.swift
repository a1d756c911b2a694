import CRuvectorSupport
import RuvectorCore

/// The turns of rotary embeddings by position, θ_i = p ω_i. Those of whole numbers p = 256 a + 16 b + c are products: a sine
/// and a cosine are needed for b and c of 0...15, and for each a that occurs. Made once a mechanism.
final class RotaryTurns {
  /// Pairs of a slice.
  let count: Int
  /// ω
  let frequencies: AlignedBuffer<Double>
  /// Turns by 0...255: for each the cosines, then the sines, of all frequencies.
  private let low: AlignedBuffer<Double>

  init(frequencies: [Double]) throws(RuvectorError) {
    count = frequencies.count
    self.frequencies = try AlignedBuffer(copying: frequencies, count: count)
    low = try AlignedBuffer(count: 512 * count, for: "positions")
    for position in [Array(0..<16), (1..<16).map { 16 * $0 }].joined() { turn(Double(position), into: at(position)) }
    for position in 17..<256 where position & 15 != 0 {
      let x = at(position & ~15), y = at(position & 15), out = at(position)
      for i in 0..<count {
        out[i] = x[i] * y[i] - x[count + i] * y[count + i]
        out[count + i] = x[count + i] * y[i] + x[i] * y[count + i]
      }
    }
  }

  /// The turns by `position` in 0...255.
  func at(_ position: Int) -> UnsafeMutablePointer<Double> { low.pointer + 2 * position * count }

  func turn(_ position: Double, into out: UnsafeMutablePointer<Double>) {
    for i in 0..<count { (out[count + i], out[i]) = sineCosine(position * frequencies[i]) }
  }
}

/// Turns rows of one call:
///
///     r_i = x_i cos θ_i − x_{i+h} sin θ_i      r_{i+h} = x_i sin θ_i + x_{i+h} cos θ_i      i < h = ⌊width/2⌋
///
/// or, with `isInverse`, back. The last element of an odd width stays as it is.
final class RotaryTable {
  private let turns: RotaryTurns
  private let isInverse: Bool
  /// Turns by 256 a, those that occurred.
  private var high: [AlignedBuffer<Double>?] = []
  /// cos θ_i and sin θ_i of the position asked for last.
  private let cosines, sines: AlignedBuffer<Float>
  private var position = Double.nan
  private let kernels = Kernels.current

  init(_ turns: RotaryTurns, isInverse: Bool) throws(RuvectorError) {
    (self.turns, self.isInverse) = (turns, isInverse)
    cosines = try AlignedBuffer(count: turns.count)
    sines = try AlignedBuffer(count: turns.count)
  }

  /// Makes `position` the one that rows are turned by.
  func move(to position: Double) throws(RuvectorError) {
    guard position != self.position else { return }
    self.position = position
    let count = turns.count, c = cosines.pointer, s = sines.pointer
    if position == position.rounded(), position >= 0, position < 0x1p20 {
      let whole = Int(position)
      kernels.turn_products(try block(whole >> 8), turns.at(whole & 255), count, c, s)
    } else {
      for i in 0..<count {
        let turn = sineCosine(position * turns.frequencies[i])
        (s[i], c[i]) = (Float(turn.sine), Float(turn.cosine))
      }
    }
    if isInverse { kernels.scale(-1, s, s, count) }
  }

  /// The turns by 256 a.
  private func block(_ a: Int) throws(RuvectorError) -> UnsafePointer<Double> {
    if a == 0 { return UnsafePointer(turns.at(0)) }
    while high.count <= a { high.append(nil) }
    if let known = high[a] { return UnsafePointer(known.pointer) }
    let made = try AlignedBuffer<Double>(count: 2 * turns.count, for: "positions")
    turns.turn(Double(a << 8), into: made.pointer)
    high[a] = made
    return UnsafePointer(made.pointer)
  }

  /// One slice of `width` elements by the position.
  func rotate(_ x: UnsafePointer<Float>, into r: UnsafeMutablePointer<Float>, width: Int) {
    kernels.rotate_pairs(x, cosines.pointer, sines.pointer, turns.count, r)
    if width > 2 * turns.count { r[width - 1] = x[width - 1] }
  }
}
