import RuvectorCore

/// A vector to compare rows with, in the forms that the rows need.
final class QueryVector {
  /// Zeros behind `width`, for the padding of every form of row.
  let floats: AlignedBuffer<Float>
  let codes: AlignedBuffer<Int16>
  /// A row that was read to be compared.
  let other: AlignedBuffer<Float>
  /// Whether it is compared with floats that lie beside the rows of a walk.
  var isOfFloats = false
  var factor: Float = 1
  var scale: Float = 0
  var norm2: Float = 0

  init(_ rows: VectorRows) throws(RuvectorError) {
    let room = (rows.space.width + 31) & ~31
    floats = try AlignedBuffer(count: room, repeating: 0, for: "query")
    codes = try AlignedBuffer(count: room, repeating: 0, for: "query")
    other = try AlignedBuffer(count: rows.unread == nil ? 0 : room, repeating: 0, for: "query")
  }
}
