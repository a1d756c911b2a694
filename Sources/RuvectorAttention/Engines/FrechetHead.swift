import CRuvectorSupport
import RuvectorCore
import RuvectorGeometry

/// The formula of ``Hyperbolic`` with the Fréchet mean: the scores of ``HyperbolicHead``, the mean of ``FrechetRows``.
/// - Complexity: O(m · n · d), the values read once a step of the descent.
struct FrechetHead {
  private let head: HyperbolicHead
  private let means: FrechetRows
  /// Those of the values.
  private let gaps: AlignedBuffer<Double>

  init(_ head: HyperbolicHead) throws(RuvectorError) {
    guard let gaps = head.values.gaps else {
      throw .expected("values with their gaps", for: "values", received: "none", .invalidArgument)
    }
    (self.head, self.gaps, means) = (head, gaps, try FrechetRows(c: head.ball.c))
  }

  /// Memory for one query.
  final class Scratch {
    let logits: AlignedBuffer<Float>
    let weights: AlignedBuffer<Double>
    let mean: FrechetRows.Scratch

    init(_ head: FrechetHead) throws(RuvectorError) {
      logits = try AlignedBuffer(count: head.head.input.keys.rows, for: "weights")
      weights = try AlignedBuffer(count: head.head.input.keys.rows, for: "weights")
      mean = try FrechetRows.Scratch()
    }
  }

  /// Query `i` into `out` [d]; false where Float does not hold its scores.
  func forward(
    _ i: Int, into out: UnsafeMutablePointer<Float>, _ work: Scratch, _ kernels: KernelTable
  ) throws(RuvectorError) -> Bool {
    let range = head.input.keys(of: i), p = work.logits.pointer, values = head.values.view
    let seen = !range.isEmpty && head.logits(i, range, into: p, kernels), top = kernels.maximum(p, range.count)
    guard seen else {
      out.update(repeating: 0, count: values.dim)
      return head.input.mask != nil || range.isEmpty
    }
    guard head.input.mask != nil || kernels.non_finite_probe(p, range.count) == 0, top.isFinite else { return false }
    let sum = kernels.exponential_sum(p, top, Float(1 / head.temperature), p, range.count)
    guard sum > 0, sum.isFinite else { return false }
    for j in 0..<range.count { work.weights[j] = Double(p[j]) }
    means.mean(
      values.slice(range), gaps: gaps.pointer + range.lowerBound, weights: work.weights.pointer, into: out, work.mean)
    return kernels.non_finite_probe(out, values.dim) == 0
  }
}
