import CRuvectorSupport
import RuvectorCore

/// The mean µ of the vectors of an index of inner products, by which their links are chosen.
///
/// A graph leads everywhere only if different vectors call different ones near. By x·y they do not: where elements are not
/// negative, or lengths differ, all call the same few long ones near. But a search by q·y finds the same as one by q·(y − c)
/// whatever c is, so vectors may be compared with each other from any origin:
///
/// - The neighbours of x are those with the largest (x − µ)·(y − µ): a walk with the query x − µ.
/// - Of these, y is kept unless it points more in the direction of one kept before than of x; lengths do not count (compare
///   Tan et al. 2021, "Norm adjusted proximity graph for fast inner product retrieval", KDD). Directions are those from the
///   origin: from µ, short vectors would all point the same way. Only where they are nearly all one do they begin at µ.
///
/// Searches know nothing of this.
final class Centre {
  private let rows: VectorRows
  private let sums: AlignedBuffer<Double>
  private var squares = 0.0
  private var counted = 0
  /// Vectors among those counted that have been removed.
  private var removed = 0
  /// µ, which threads read while nobody calls `settle`.
  let mean: AlignedBuffer<Float>
  /// How much of µ is taken from a vector for its direction: 0 or 1.
  private(set) var share: Float = 0

  /// Of squared lengths, what the mean leaves: below this, directions from the origin are one.
  private static let narrow = 1e-3

  /// nil for other metrics.
  init?(_ rows: VectorRows) throws(RuvectorError) {
    guard rows.space.metric == .ip else { return nil }
    self.rows = rows
    sums = try AlignedBuffer(count: rows.space.width, repeating: 0, for: "index")
    mean = try AlignedBuffer(count: rows.space.width, repeating: 0, for: "index")
  }

  func add(_ row: UnsafePointer<Float>) {
    for i in 0..<sums.count { sums[i] += Double(row[i]) }
    squares += Kernels.current.squared_norm(row, sums.count)
    counted += 1
  }

  func forget(_ count: Int) { removed += count }

  func forgetAll() {
    for i in 0..<sums.count { sums[i] = 0 }
    (squares, counted, removed) = (0, 0, 0)
  }

  /// Brings µ up to date before links are chosen; counts anew where half of what was counted is removed, or nothing was.
  func settle(_ index: VectorIndex) throws(RuvectorError) {
    if counted == 0 || 2 * removed > counted {
      forgetAll()
      let row = try AlignedBuffer<Float>(count: sums.count, for: "index")
      for id in 0..<index.nextPlace where !index.isGone(id) {
        _ = try rows.load(id, into: row.pointer)
        add(row.pointer)
      }
    }
    let inverse = 1 / Double(max(counted, 1))
    var square = 0.0
    for i in 0..<sums.count {
      let element = sums[i] * inverse
      mean[i] = Float(element)
      square += element * element
    }
    let all = squares * inverse
    share = all - square < Centre.narrow * all ? 1 : 0
  }
}
