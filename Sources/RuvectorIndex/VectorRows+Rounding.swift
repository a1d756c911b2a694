import RuvectorCompression
import RuvectorCore

/// What a smaller storage does to a row.
extension VectorRows {
  /// The squared error with which an element of this row is stored, in the mean.
  func noise(_ row: UnsafePointer<Float>) -> Double {
    let step = step(row)
    var sum = 0.0
    for i in 0..<space.width {
      let error = Double(row[i] - rounded(row[i], step))
      sum += error * error
    }
    return sum / Double(space.width)
  }

  /// A row as it comes out of the storage.
  func round(_ row: UnsafeMutablePointer<Float>) {
    let step = step(row)
    for i in 0..<space.width { row[i] = rounded(row[i], step) }
  }

  func step(_ row: UnsafePointer<Float>) -> Float {
    var largest: Float = 0
    for i in 0..<space.width { largest = max(largest, row[i].magnitude) }
    return largest / 127
  }

  func rounded(_ x: Float, _ step: Float) -> Float {
    if storage == .f16 { return HalfFloat.value(bits: VectorRows.half(x)) }
    let inverse = step.isNormal ? 1 / step : 0
    return step * VectorRows.nearest(min(max(x * inverse, -127), 127))
  }

  /// The same if errors are spread evenly over a step; of an element, and in the mean.
  func variance(_ x: Float, _ step: Float) -> Double {
    if x == 0 { return 0 }
    if storage == .i8 { return Double(step) * Double(step) / 12 }
    return max(Double(x) * Double(x) * 0x1p-22, 0x1p-48) / 12
  }

  func variance(_ row: UnsafePointer<Float>) -> Double {
    let step = step(row)
    var sum = 0.0
    for i in 0..<space.width { sum += variance(row[i], step) }
    return sum / Double(space.width)
  }

  func isBeyondHalves(_ row: UnsafePointer<Float>) -> Bool {
    for i in 0..<space.width where Double(row[i].magnitude) > HalfFloat.greatest { return true }
    return false
  }
}
