import CRuvectorSupport
import RuvectorCore

/// Rows of our own, made from a caller's: what mechanisms that change queries and keys before the heads see them work on.
final class Rows {
  let memory: AlignedBuffer<Float>
  let view: MatrixView

  init(_ rows: Int, _ dim: Int) throws(RuvectorError) {
    memory = try AlignedBuffer(rows: rows, columns: dim, for: "rows")
    view = MatrixView(memory.pointer, rows: rows, dim: dim)
  }

  /// A packed copy.
  convenience init(copying x: MatrixView) throws(RuvectorError) {
    try self.init(x.rows, x.dim)
    for r in 0..<x.rows { row(r).update(from: x.row(r), count: x.dim) }
  }

  func row(_ r: Int) -> UnsafeMutablePointer<Float> { memory.pointer + r * view.dim }

  /// Where an element is not finite: the error that names the row of `x` they were made from, or, where that is finite,
  /// `.outOfRange`.
  func require(from x: MatrixView, _ name: String) throws(RuvectorError) {
    guard Kernels.current.non_finite_probe(memory.pointer, memory.count) != 0 else { return }
    for r in 0..<x.rows { try requireFinite(x.row(r), count: x.dim, for: "\(name)[\(r)]") }
    throw .expected("a result that fits in Float", for: name, received: "an overflow", .outOfRange)
  }

  func zero() { memory.pointer.update(repeating: 0, count: memory.count) }
}

/// The context of a row, `c` numbers; zeros where there is none.
struct Context {
  let view: MatrixView?

  subscript(r: Int, c: Int) -> Float { view.map { $0.row(r)[c] } ?? 0 }
}
