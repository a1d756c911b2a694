import CRuvectorSupport
import RuvectorCore

/// The mean µ of the vectors of an index of inner products, by which their links are chosen.
///
/// A graph leads everywhere only if different vectors call different ones near. By x·y they do not: where elements are not
/// negative, or lengths differ, all call the same few long ones near. But a search by q·y finds the same as one by q·(y − c)
/// whatever c is, so vectors may be compared with each other from any origin:
///
/// - The neighbours of x are those with the largest (x − tµ)·y: a walk with the query x − tµ. With t = 1 the graph is that of
///   vectors around their mean, which serves queries of all kinds; with t = 0 it serves best those that are like the vectors,
///   as long as lengths differ little (for vectors of one length it is that of Euclidean distances). t is ½ for vectors of one
///   length, and 1 where lengths differ more than the elements across the mean do. In the mean a vector is at most 32 times
///   as long as the geometric mean of lengths: else a few that are much longer than all others would be what x − µ is made of.
/// - Of these, y is kept unless it points more in the direction of one kept before than of x; lengths do not count (compare
///   Tan et al. 2021, "Norm adjusted proximity graph for fast inner product retrieval", KDD). Directions are those from the
///   origin: from µ, short vectors would all point the same way. Only where they are nearly all one do they begin at µ.
///
/// Searches know nothing of this.
final class Centre {
  private let rows: VectorRows
  private let sums: AlignedBuffer<Double>
  private let row: AlignedBuffer<Float>
  private var squares = 0.0
  private var lengths = 0.0
  private var counted = 0
  /// Of rows that are not zero, their number and the logarithms of their lengths.
  private var directed = 0
  private var logarithms = 0.0
  /// Longer rows count as one so long; the logarithm of the mean length that it is 32 times of.
  private var longest = Double.infinity
  private var power = 0.0
  /// Whether every row that is there has been counted.
  private var isKnown = false
  /// µ, which threads read while nobody calls `settle`.
  let mean: AlignedBuffer<Float>
  /// t, as ``Centre`` says; and how much of µ is taken from a vector for its direction, 0 or 1.
  private(set) var pull: Float = 0
  private(set) var share: Float = 0

  /// Of m links that others choose for themselves, how many vectors of these lengths do: where lengths differ much, those that few
  /// others lie near need more.
  func links(_ m: Int) -> Int { pull == 1 ? m + m / 2 : m }

  /// Of squared lengths, what the mean leaves: below this, directions from the origin are one.
  private static let narrow = 1e-3

  /// nil for other metrics.
  init?(_ rows: VectorRows) throws(RuvectorError) {
    guard rows.space.metric == .ip else { return nil }
    self.rows = rows
    sums = try AlignedBuffer(count: rows.space.width, repeating: 0, for: "index")
    row = try AlignedBuffer(count: rows.space.width, for: "index")
    mean = try AlignedBuffer(count: rows.space.width, repeating: 0, for: "index")
    begin = try AlignedBuffer(count: 1, repeating: Links.end, for: "index")
  }

  /// Counts a stored row, or one that is about to go. Of the same rows the same µ comes out, whatever was there meanwhile.
  func count(_ id: Int, leaving: Bool = false) throws(RuvectorError) {
    guard isKnown else { return }
    _ = try rows.load(id, into: row.pointer)
    let square = Kernels.current.squared_norm(row.pointer, sums.count), length = square.squareRoot()
    let sign: Double = leaving ? -1 : 1, before = squares, weight = length > longest ? sign * longest / length : sign
    for i in 0..<sums.count { sums[i] += weight * Double(row[i]) }
    squares += sign * square
    lengths += sign * length
    counted += leaving ? -1 : 1
    if length > 0 {
      logarithms += sign * rv_log(length)
      directed += leaving ? -1 : 1
    }
    // Sums that a long row has rounded.
    if leaving, squares < before * 0x1p-10 { isKnown = false }
  }

  func forgetAll() {
    isKnown = false
    publish(hub: Links.end)
  }

  private func countAll(_ index: VectorIndex) throws(RuvectorError) {
    for i in 0..<sums.count { sums[i] = 0 }
    (squares, lengths, counted, directed, logarithms, isKnown) = (0, 0, 0, 0, 0, true)
    for id in 0..<index.nextNode where !index.isEmpty(id) { try count(id) }
  }

  // MARK: The hub

  private let begin: AlignedBuffer<UInt32>
  /// Where walks may begin beside the entry point (``HNSWIndex``), or `Links.end`. For readers too.
  @inline(__always) var hub: UInt32 { rv_load_acquire(UnsafePointer(begin.pointer)) }
  func publish(hub: UInt32) { rv_store_release(begin.pointer, hub) }

  /// Brings µ up to date before links are chosen.
  func settle(_ index: VectorIndex) throws(RuvectorError) {
    if !isKnown { try countAll(index) }
    // Where lengths are others by now than when the longest was set, all rows are counted again.
    if directed > 0, longest == .infinity || (logarithms / Double(directed) - power).magnitude > 0.75 {
      power = (logarithms / Double(directed)).rounded()
      longest = 32 * rv_exp(power)
      try countAll(index)
    }
    let inverse = 1 / Double(max(counted, 1))
    var square = 0.0
    for i in 0..<sums.count {
      let element = sums[i] * inverse
      mean[i] = Float(element)
      square += element * element
    }
    let all = squares * inverse
    let across = all - square, length = lengths * inverse
    share = across < Centre.narrow * all ? 1 : 0
    // The variance of lengths beside that of an element across the mean, about 1 where neither is special.
    let ratio = across > 0 ? (all - length * length) * Double(sums.count) / across : 0
    pull = share > 0 ? 1 : Float(0.5 + min(0.5, max(0, 0.15 * ratio)))
  }
}
