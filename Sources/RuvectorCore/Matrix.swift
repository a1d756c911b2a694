import CRuvectorSupport

/// A row-major view of floats that somebody else owns: `rows` × `dim`, `stride` elements from row to row.
public struct MatrixView {
  public let base: UnsafePointer<Float>
  public let rows: Int
  public let dim: Int
  public let stride: Int

  public init(_ base: UnsafePointer<Float>, rows: Int, dim: Int, stride: Int? = nil) {
    self.base = base
    self.rows = rows
    self.dim = dim
    self.stride = stride ?? dim
  }

  @inlinable public func row(_ r: Int) -> UnsafePointer<Float> { base + r &* stride }

  /// Rows `range`, sharing the memory.
  public func slice(_ range: Range<Int>) -> MatrixView {
    MatrixView(row(range.lowerBound), rows: range.count, dim: dim, stride: stride)
  }
}

/// Throws `.nonFinite` naming the first NaN or infinity of `values`. The name is made only then: rows are checked one by one.
public func requireFinite(
  _ values: UnsafePointer<Float>, count: Int, for name: @autoclosure () -> String
) throws(RuvectorError) {
  let probe = Kernels.current.non_finite_probe(values, count)
  guard probe.isNaN else { return }
  for i in 0..<count where !values[i].isFinite {
    throw .expected(
      "finite numbers", for: name(), received: "\(text(Double(values[i]))) at element \(i)", .nonFinite)
  }
}
