import CRuvectorSupport

/// Sums over all rows, such as gradients of parameters: each part of the rows adds to memory of its own, and the parts are added
/// in their order. The parts depend on the number of rows alone, so that the bits do not depend on threads.
public struct Sums {
  private let memory: AlignedBuffer<Float>
  private let floats: Int
  private let parts: Int
  private let rows: Int
  private let count: Int

  /// At most `most` parts of `rowsOfPart` rows or more.
  public init(of count: Int, floats: Int, rowsOfPart: Int = 256, most: Int = 32) throws(RuvectorError) {
    parts = max(1, min(most, count / rowsOfPart))
    rows = (count + parts - 1) / parts
    (self.floats, self.count) = (floats, count)
    memory = try AlignedBuffer(rows: parts, columns: floats, for: "gradients")
    memory.pointer.initialize(repeating: 0, count: memory.count)
  }

  /// `body` for each part: its rows, and its memory, 0 at first.
  public func forParts(
    _ control: Control, _ body: (Range<Int>, UnsafeMutablePointer<Float>) throws(RuvectorError) -> Void
  ) throws(RuvectorError) {
    try forChunks(of: parts, chunk: 1, control) { (part, _) throws(RuvectorError) in
      let first = min(part.lowerBound * rows, count)
      try body(first..<min(first + rows, count), memory.pointer + part.lowerBound * floats)
    }
  }

  /// Adds `floats` numbers from `start` of every part.
  public func add(from start: Int, _ floats: Int, to out: UnsafeMutablePointer<Float>) {
    for p in 0..<parts { Kernels.current.add(out, memory.pointer + p * self.floats + start, out, floats) }
  }
}
