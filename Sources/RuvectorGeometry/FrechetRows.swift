import CRuvectorSupport
import RuvectorCore

/// The Fréchet mean of rows of floats in the Poincaré ball of curvature −c, found as in
/// ``PoincareBall/frechetDescent(_:dim:weights:tolerance:maxIterations:)``: what ``KarcherManifold`` does, at the speed of
/// reading the rows. Each step reads them once, in blocks that stay in cache for both of its sums:
///
///     Σ w log_m(x) = Σ a x − (Σ b) m      a = w k g_m,   b = w k (g_m + c|x − m|²)      (``PoincareBall/logMap(_:_:)``)
///
/// - Complexity: O(count · dim) a step, some 5 to 20 steps.
/// - Precision: sums in Double, to within 1e-9 of the true mean in distance (near the rim: what the rounding of λ leaves).
public struct FrechetRows: Sendable {
  private let ball: PoincareBall<Double>
  private let c: Double
  private static let block = 512

  /// c > 0, finite; `.invalidConfig` for others.
  public init(c: Double) throws(RuvectorError) { (ball, self.c) = (try PoincareBall(curvature: -c), c) }

  /// Memory for one mean at a time.
  public final class Scratch {
    fileprivate let squares, factors: AlignedBuffer<Double>
    /// Σ b and ¼ c Σ w d².
    fileprivate let sums: AlignedBuffer<Double>

    public init() throws(RuvectorError) {
      squares = try AlignedBuffer(count: FrechetRows.block)
      factors = try AlignedBuffer(count: FrechetRows.block)
      sums = try AlignedBuffer(count: 2)
    }
  }

  /// The mean of points of the ball into `out` [dim]. `gaps`: 1 − c|x|² of each, `weights`: finite numbers ≥ 0, not all 0.
  public func mean(
    _ x: MatrixView, gaps: UnsafePointer<Double>, weights: UnsafePointer<Double>, into out: UnsafeMutablePointer<Float>,
    _ work: Scratch
  ) {
    var total = 0.0
    for j in 0..<x.rows { total += weights[j] }
    let end = ball.descend(from: midpoint(x, gaps, weights, total, work), tolerance: 1e-9, maxIterations: 256) {
      slope(at: $0, x, gaps, weights, total, work)
    }
    for i in 0..<x.dim { out[i] = Float(end.point.at[i]) }
  }

  /// `body` for each block: its first row and how many it has.
  private func forBlocks(_ x: MatrixView, _ body: (_ first: Int, _ count: Int) -> Void) {
    var first = 0
    while first < x.rows {
      let count = min(Self.block, x.rows - first)
      body(first, count)
      first += count
    }
  }

  /// u/(1 + √(1 − c|u|²)), u = Σ w λ x / Σ w (λ − 1).
  private func midpoint(
    _ x: MatrixView, _ gaps: UnsafePointer<Double>, _ weights: UnsafePointer<Double>, _ total: Double, _ work: Scratch
  ) -> BallPoint {
    let a = work.factors.pointer
    var u = [Double](repeating: 0, count: x.dim), excess = -total
    forBlocks(x) { first, count in
      for j in 0..<count {
        a[j] = weights[first + j] * 2 / gaps[first + j]
        excess += a[j]
      }
      Kernels.current.combine_rows_double(a, x.row(first), x.stride, count, x.dim, &u)
    }
    u = scaled(1 / excess, u)
    let radius = c.squareRoot() * norm(u), floor = total / excess
    u = scaled(1 / (1 + max((1 - radius) * (1 + radius), floor * floor).squareRoot()), u)
    return ball.point(u, norm: norm(u))
  }

  /// F(m), −grad F(m) and its Riemannian norm.
  private func slope(
    at m: BallPoint, _ x: MatrixView, _ gaps: UnsafePointer<Double>, _ weights: UnsafePointer<Double>, _ total: Double,
    _ work: Scratch
  ) -> (value: Double, step: [Double], norm: Double) {
    let kernels = Kernels.current, squares = work.squares.pointer, a = work.factors.pointer, sums = work.sums.pointer
    var step = [Double](repeating: 0, count: x.dim)
    sums.update(repeating: 0, count: 2)
    forBlocks(x) { first, count in
      kernels.squared_l2_rows_double(m.at, x.row(first), x.stride, count, x.dim, squares)
      kernels.frechet_terms(squares, gaps + first, weights + first, c, m.gap, count, a, sums)
      kernels.combine_rows_double(a, x.row(first), x.stride, count, x.dim, &step)
    }
    for i in 0..<x.dim { step[i] = (step[i] - sums[0] * m.at[i]) / total }
    return (2 * sums[1] / c / total, step, 2 / m.gap * norm(step))
  }
}
