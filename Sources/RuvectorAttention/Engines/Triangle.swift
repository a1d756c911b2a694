import CRuvectorSupport
import RuvectorCore

/// R of a weight W = Q R (``triangularFactor(of:dim:into:)``), kept from call to call: what only looks at lengths of W x and at
/// distances between them has the same from R x, for 5/8 of the multiplications.
final class Triangle {
  /// R [d, d], row-major, and as the right side of x ↦ R x.
  let rows: AlignedBuffer<Float>
  let map: PackedMatrix
  /// W as it was.
  private let source: AlignedBuffer<Float>

  private init(_ weight: UnsafePointer<Float>, _ d: Int) throws(RuvectorError) {
    source = try AlignedBuffer(copying: weight, count: d * d, for: "weights")
    rows = try AlignedBuffer(count: d * d, for: "weights")
    try triangularFactor(of: weight, dim: d, into: rows.pointer)
    map = try PackedMatrix(.transposed(rows.pointer, stride: d), rows: d, columns: d, isTriangular: true)
  }

  /// Whether `weight` has these bits; a reading of it is nothing beside the products that follow.
  private func isOf(_ weight: UnsafePointer<Float>) -> Bool {
    var difference: UInt32 = 0
    for i in 0..<source.count { difference |= source.pointer[i].bitPattern ^ weight[i].bitPattern }
    return difference == 0
  }

  /// The one of a mechanism's weight. Weights change through pointers of anybody's (training, `weights_set`, a parent), so
  /// it is not told of a change but looks.
  final class Kept {
    private let lock: Lock
    private var last: Triangle?

    init() throws(RuvectorError) { lock = try Lock() }

    /// R of `weight` [d, d] as it is now; nil where W does better: for so few rows that R, made anew after each step of a
    /// training, would take longer than it saves (from 32 d rows on the first call is faster, too), or where Float does not
    /// hold R. (The number of rows of a call decides, nothing else: the same call has the same bits.)
    func triangle(of weight: UnsafePointer<Float>, dim d: Int, forRows count: Int) throws(RuvectorError) -> Triangle? {
      guard count / 32 >= d else { return nil }
      let found = try lock.locked { () throws(RuvectorError) in
        if let last, last.isOf(weight) { return last }
        let made = try Triangle(weight, d)
        last = made
        return made
      }
      return Kernels.current.non_finite_probe(found.rows.pointer, d * d) == 0 ? found : nil
    }
  }
}
