import RuvectorCore

/// The values of one port of a model or a loss, for all samples: native memory that batches are cut from.
final class Field {
  /// Which of the values a sample has.
  enum Layout: Int {
    /// All of them: a graph, the keys that every query looks at.
    case shared
    /// A row, or an integer.
    case row
    /// The rows from `offsets[i]` to `offsets[i + 1]`.
    case run
  }

  let layout: Layout
  private let floats: AlignedBuffer<Float>?
  private let integers: AlignedBuffer<UInt32>?
  let graph: ResidentGraph?
  private let offsets: AlignedBuffer<UInt32>?
  private let rows: Int
  private let dim: Int

  /// Samples that there are values for; nil: any number.
  var samples: Int? {
    switch layout {
    case .shared: nil
    case .row: rows
    case .run: (offsets?.count ?? 1) - 1
    }
  }

  /// Copies the values. `.invalidArgument` for runs that do not lead from 0 to the number of rows.
  init(
    _ layout: Layout, floats given: MatrixView?, integers list: UnsafeBufferPointer<UInt32>?, graph: ResidentGraph?,
    offsets ends: UnsafeBufferPointer<UInt32>?
  ) throws(RuvectorError) {
    (self.layout, self.graph) = (layout, graph)
    (rows, dim) = (given?.rows ?? list?.count ?? 0, given?.dim ?? 1)
    floats = try given.map { (matrix) throws(RuvectorError) in
      let copy = try AlignedBuffer<Float>(rows: matrix.rows, columns: matrix.dim, for: "data")
      for r in 0..<matrix.rows {
        try requireFinite(matrix.row(r), count: matrix.dim, for: "data[\(r)]")
        (copy.pointer + r * matrix.dim).update(from: matrix.row(r), count: matrix.dim)
      }
      return copy
    }
    integers = try Self.copy(list)
    offsets = try Self.copy(ends)
    guard layout == .run else { return }
    var last: UInt32 = 0
    for i in 0..<(offsets?.count ?? 0) {
      let end = offsets?[i] ?? 0
      guard end >= last, i > 0 || end == 0, Int(end) <= rows else { throw Self.wrongRuns(rows) }
      last = end
    }
    guard offsets != nil, Int(last) == rows else { throw Self.wrongRuns(rows) }
  }

  private static func wrongRuns(_ rows: Int) -> RuvectorError {
    .expected("rising numbers from 0 to \(rows)", for: "offsets", received: "others", .invalidArgument)
  }

  private static func copy(_ list: UnsafeBufferPointer<UInt32>?) throws(RuvectorError) -> AlignedBuffer<UInt32>? {
    guard let list, let base = list.baseAddress else { return nil }
    return try AlignedBuffer(copying: base, count: list.count, for: "data")
  }

  /// All values, as a port of this rank takes them.
  func whole(rank: Int) -> Tensor {
    if let graph { return Tensor(graph) }
    if let integers { return .indices(integers.pointer, count: integers.count) }
    guard let floats else { return .none }
    return rank == 1 ? .floats(floats.pointer, count: floats.count) : .floats(floats.pointer, rows: rows, columns: dim)
  }

  /// Those of one sample.
  func of(_ sample: Int, rank: Int) -> Tensor {
    if layout == .shared { return whole(rank: rank) }
    if let integers { return .indices(integers.pointer + sample, count: 1) }
    guard let floats else {  // lists of which none has a row
      return rank == 1 ? .none : Tensor(nil, .float32, rank: 2, rows: 0, columns: 0, stride: 0, isWritable: false)
    }
    var first = sample, count = 1
    if layout == .run, let offsets {
      (first, count) = (Int(offsets[sample]), Int(offsets[sample + 1] - offsets[sample]))
    }
    let place = floats.pointer + first * dim
    return rank == 1 ? .floats(place, count: count * dim) : .floats(place, rows: count, columns: dim)
  }

  /// Those of several samples, a row each, copied to `room`, which lives as long as the tensor.
  func of(_ samples: [Int], rank: Int, _ room: Room) throws(RuvectorError) -> Tensor {
    if layout == .shared { return whole(rank: rank) }
    if let integers {
      let out = try room.integers(samples.count)
      for (i, sample) in samples.enumerated() { out[i] = integers[sample] }
      return .indices(out, count: samples.count)
    }
    guard let floats else { return .none }
    let out = try room.floats(samples.count * dim)
    for (i, sample) in samples.enumerated() { (out + i * dim).update(from: floats.pointer + sample * dim, count: dim) }
    return rank == 1
      ? .floats(out, count: samples.count * dim) : .floats(out, rows: samples.count, columns: dim)
  }
}

/// Memory of a batch, kept for the next.
final class Room {
  private var ofFloats: AlignedBuffer<Float>?
  private var ofIntegers: AlignedBuffer<UInt32>?

  func floats(_ count: Int) throws(RuvectorError) -> UnsafeMutablePointer<Float> {
    if let known = ofFloats, known.count >= count { return known.pointer }
    let made = try AlignedBuffer<Float>(count: max(count, 1), for: "batch")
    ofFloats = made
    return made.pointer
  }

  func integers(_ count: Int) throws(RuvectorError) -> UnsafeMutablePointer<UInt32> {
    if let known = ofIntegers, known.count >= count { return known.pointer }
    let made = try AlignedBuffer<UInt32>(count: max(count, 1), for: "batch")
    ofIntegers = made
    return made.pointer
  }
}
