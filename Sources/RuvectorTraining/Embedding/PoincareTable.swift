import CRuvectorSupport
import RuvectorCore

/// Points in doubles while they are trained, a row each, as the kernels of RuvectorKernelsV1/Embedding.swift want them: coordinates,
/// zeros, and last 1 − |x|² (ball) or the time x₀ (hyperboloid). Rows are whole cache lines.
final class PoincareTable {
  let count: Int
  let size: Int
  /// Doubles of a row.
  let stride: Int
  let isBall: Bool
  /// The largest norm of a point in the ball, or the largest x₀.
  let rim: Double
  private let most: Double
  let rows: AlignedBuffer<Double>
  /// What the places of the last line of a row count in its square.
  let signs: AlignedBuffer<Double>

  /// Coordinates, one place more, in whole lines of 8.
  static func stride(_ size: Int) -> Int { (size + 8) & ~7 }

  /// What kernels want to know of rows.
  var layout: rv_embedding_batch {
    rv_embedding_batch(
      table: rows.pointer, stride: stride, size: size, hyperboloid: isBall ? 0 : 1, signs: signs.pointer,
      ids: UnsafePointer(OpaquePointer(rows.pointer)), t: rows.pointer,
      a: rows.pointer, vectors: rows.pointer, count: 0, room: 0)
  }

  /// `epsilon`: how far from the sphere all points of the ball stay.
  init(count: Int, size: Int, isBall: Bool, epsilon: Double) throws(RuvectorError) {
    (self.count, self.size, self.isBall) = (count, size, isBall)
    stride = Self.stride(size)
    most = 1 - epsilon
    rim = isBall ? most : (1 + most * most) / (1 - most * most)
    rows = try AlignedBuffer(rows: count, columns: stride, for: "points")
    rows.pointer.initialize(repeating: 0, count: count * stride)
    signs = try AlignedBuffer(count: 8, repeating: 1, for: "points")
    signs[7] = isBall ? 0 : -1
  }

  /// Row `r` ← a point of the ball; one beyond the rim is drawn back to it.
  func set(_ r: Int, to point: (Int) -> Double) {
    let x = rows.pointer + r * stride
    var square = 0.0
    for i in 0..<size {
      x[i] = point(i)
      square += x[i] * x[i]
    }
    if !(square <= most * most) {
      let back = most / square.squareRoot()
      for i in 0..<size { x[i] *= back }
      square = most * most
    }
    let gap = 1 - square
    if !isBall { for i in 0..<size { x[i] *= 2 / gap } }
    x[stride - 1] = isBall ? gap : (1 + square) / gap
  }

  /// Coordinate i of point r in the ball.
  func coordinate(_ r: Int, _ i: Int) -> Double {
    let x = rows.pointer + r * stride
    return isBall ? x[i] : x[i] / (1 + x[stride - 1])
  }

  /// Takes over what differs from the points as they are told to others.
  func update(from points: UnsafePointer<Float>) {
    for r in 0..<count {
      let p = points + r * size
      var isSame = true
      for i in 0..<size where Float(coordinate(r, i)) != p[i] { isSame = false }
      if !isSame { set(r) { Double(p[$0]) } }
    }
  }

  /// The points, rounded once.
  func write(to points: UnsafeMutablePointer<Float>) {
    for r in 0..<count { for i in 0..<size { points[r * size + i] = Float(coordinate(r, i)) } }
  }

  /// Rows as `rows` has them; what else would stand in their last places, and points beyond the rim, are made right.
  func load(_ state: UnsafePointer<Double>) {
    for r in 0..<count {
      let x = rows.pointer + r * stride, given = state + r * stride
      var square = 0.0
      for i in 0..<size {
        x[i] = given[i]
        square += x[i] * x[i]
      }
      let limit = isBall ? most * most : rim * rim - 1
      if !(square <= limit) {
        let back = limit.squareRoot() / square.squareRoot()
        for i in 0..<size { x[i] *= back }
        square = limit
      }
      // The same bits as were saved, where it is what was saved.
      let last = isBall ? 1 - square : (1 + square).squareRoot()
      x[stride - 1] = abs(given[stride - 1] - last) <= 1e-9 * max(1, last) ? given[stride - 1] : last
    }
  }
}
