import CRuvectorSupport
import RuvectorCore
import RuvectorGeometry

/// Rows as points of the Poincaré ball: those beyond the rim pulled back to it, each with its factor 1/(1 − c|x|²).
final class BallRows {
  /// The caller's rows where none had to be moved.
  private(set) var view: MatrixView
  let factors: AlignedBuffer<Float>
  /// 1 − c|x|² of each, where they are asked for.
  let gaps: AlignedBuffer<Double>?
  private let ball: Ball
  private let name: String
  private let norms: AlignedBuffer<Double>
  private var moved: AlignedBuffer<Float>?
  /// Rows whose norms are made at a time: they are still in L1 when they are looked at.
  static let block = 512

  /// Rows of `x`, to be placed before they are used.
  init(unplaced x: MatrixView, _ ball: Ball, _ name: String, withGaps: Bool = false) throws(RuvectorError) {
    (view, self.ball, self.name) = (x, ball, name)
    gaps = withGaps ? try AlignedBuffer(count: x.rows, for: "norms") : nil
    factors = try AlignedBuffer(count: x.rows, for: "norms")
    norms = try AlignedBuffer(count: min(x.rows, Self.block), for: "norms")
  }

  convenience init(_ x: MatrixView, _ ball: Ball, _ name: String, withGaps: Bool = false) throws(RuvectorError) {
    try self.init(unplaced: x, ball, name, withGaps: withGaps)
    var first = 0
    while first < x.rows {
      try place(first..<min(first + Self.block, x.rows))
      first += Self.block
    }
  }

  /// Up to `block` rows, once each.
  func place(_ range: Range<Int>) throws(RuvectorError) {
    let start = range.lowerBound
    Kernels.current.squared_norm_rows(view.row(start), view.stride, range.count, view.dim, norms.pointer)
    for r in range {
      let norm = norms[r - start]
      if !norm.isFinite { try requireFinite(view.row(r), count: view.dim, for: "\(name)[\(r)]") }
      let (factor, shrink) = ball.place(norm)
      factors[r] = Float(factor)
      gaps?[r] = 1 / factor
      if shrink != 1 { scaleRow(view.row(r), view.dim, shrink, into: try own().pointer + r * view.dim) }
    }
  }

  /// The rows as a copy of our own.
  private func own() throws(RuvectorError) -> AlignedBuffer<Float> {
    if let moved { return moved }
    let copy = try AlignedBuffer<Float>(count: view.rows * view.dim, for: "points")
    for i in 0..<view.rows { (copy.pointer + i * view.dim).update(from: view.row(i), count: view.dim) }
    (moved, view) = (copy, MatrixView(copy.pointer, rows: view.rows, dim: view.dim))
    return copy
  }
}

/// The formula of ``Hyperbolic`` with the weighted midpoint, in Float: distances without a transcendental but asinh in
/// registers, softmax and sums S = Σ p λ v, L = Σ p (λ − 1) running along in blocks (Milakov and Gimelshein 2018).
/// - Complexity: O(m · n · d) at the speed of a squared distance and a sum a row.
/// - Precision: scores to ε/(1 − r)² near radius r as everywhere in Float; sums of a block in Float, of blocks in Double.
struct HyperbolicHead {
  let input: AttentionInput
  let ball: Ball
  let temperature: Double
  let queries, keys, values: BallRows
  /// Whether keys and values are placed block by block, by the only query that reads them: what comes from memory for its
  /// norms is still in the cache for its distance.
  private let isAlone: Bool

  /// `isFrechet`: for Fréchet means, which read the values several times.
  init(_ input: AttentionInput, curvature: Double, temperature: Double, isFrechet: Bool) throws(RuvectorError) {
    (self.input, self.temperature) = (input, temperature)
    ball = Ball(c: -curvature, projection: .clip)
    queries = try BallRows(input.queries, ball, "queries")
    isAlone = input.queries.rows == 1 && input.offsets == nil && !isFrechet
    let isShared = input.values.base == input.keys.base && input.values.stride == input.keys.stride
    guard isAlone else {
      keys = try BallRows(input.keys, ball, "keys", withGaps: isFrechet && isShared)
      values = isShared ? keys : try BallRows(input.values, ball, "values", withGaps: isFrechet)
      return
    }
    keys = try BallRows(unplaced: input.keys, ball, "keys")
    values = isShared ? keys : try BallRows(unplaced: input.values, ball, "values")
  }

  /// Memory for one query.
  final class Scratch {
    let logits, sums: AlignedBuffer<Float>
    let total: AlignedBuffer<Double>

    init(dim: Int) throws(RuvectorError) {
      logits = try AlignedBuffer(count: BallRows.block)
      sums = try AlignedBuffer(count: dim)
      total = try AlignedBuffer(count: dim)
    }
  }

  /// −d of some keys; −∞ where the mask says so. Whether one of them is seen.
  func logits(
    _ i: Int, _ keys: Range<Int>, into out: UnsafeMutablePointer<Float>, _ kernels: KernelTable
  ) -> Bool {
    let q = queries.view, k = self.keys.view, first = keys.lowerBound
    kernels.squared_l2_rows(q.row(i), k.row(first), k.stride, keys.count, k.dim, out)
    kernels.multiply(out, self.keys.factors.pointer + first, out, keys.count)
    kernels.poincare_distances(
      out, Float(ball.c) * queries.factors[i], Float(-2 / ball.c.squareRoot()), out, keys.count)
    guard input.mask != nil else { return true }
    var seen = false
    for j in keys { if input.shows(i, j) { seen = true } else { out[j - first] = -.infinity } }
    return seen
  }

  /// Query `i` into `out` [d]; false where Float does not hold it.
  func forward(
    _ i: Int, into out: UnsafeMutablePointer<Float>, _ work: Scratch, _ kernels: KernelTable
  ) throws(RuvectorError) -> Bool {
    let p = work.logits.pointer, d = values.view.dim, range = input.keys(of: i)
    var top = -Float.infinity, weight = 0.0, excess = 0.0, seen = false, isFinite = true
    work.total.pointer.update(repeating: 0, count: d)
    var first = range.lowerBound
    while first < range.upperBound {
      let count = min(BallRows.block, range.upperBound - first)
      if isAlone { try keys.place(first..<first + count) }
      seen = logits(i, first..<first + count, into: p, kernels) || seen
      if input.mask == nil, kernels.non_finite_probe(p, count) != 0 { isFinite = false }
      let highest = kernels.maximum(p, count)
      if highest > top {
        let shrink = top > -.infinity ? Double.exp(Double(top - highest) / temperature) : 0
        weight *= shrink
        excess *= shrink
        for c in 0..<d { work.total[c] *= shrink }
        top = highest
      }
      if isAlone, values !== keys { try values.place(first..<first + count) }
      if top > -.infinity {
        let v = values.view
        let sum = Double(kernels.exponential_sum(p, top, Float(1 / temperature), p, count))
        weight += sum
        kernels.multiply(p, values.factors.pointer + first, p, count)
        excess += 2 * Double(kernels.sum(p, count)) - sum
        work.sums.pointer.update(repeating: 0, count: d)
        kernels.combine_rows(p, v.row(first), v.stride, count, d, work.sums.pointer)
        for c in 0..<d { work.total[c] += 2 * Double(work.sums[c]) }
      }
      first += count
    }
    guard seen else {
      out.update(repeating: 0, count: d)
      return isFinite
    }
    guard isFinite, weight > 0, weight.isFinite, excess.isFinite else { return false }
    return midpoint(work.total.pointer, weight, excess, into: out, d)
  }

  /// u/(1 + √(1 − c|u|²)), u = S/L, kept within the rim (`PoincareManifold`).
  private func midpoint(
    _ sum: UnsafePointer<Double>, _ weight: Double, _ excess: Double, into out: UnsafeMutablePointer<Float>, _ d: Int
  ) -> Bool {
    var square = 0.0
    for c in 0..<d { square += sum[c] * sum[c] }
    let radius = (ball.c * square).squareRoot() / excess, floor = weight / excess
    let root = max((1 - radius) * (1 + radius), floor * floor).squareRoot()
    var scale = 1 / (excess * (1 + root))
    if radius / (1 + root) > 1 - Ball.epsilon { scale *= (1 - Ball.epsilon) * (1 + root) / radius }
    for c in 0..<d { out[c] = Float(sum[c] * scale) }
    return Kernels.current.non_finite_probe(out, d) == 0
  }
}
