import CRuvectorSupport
import RuvectorCore

/// InfoNCE: the softmax probability of the positive among the negatives.
///
///     s(a, x) = cos(a, x)/T, or a · x/T with `similarity: 'dot'`
///     L = mean_r −ln(e^s(a_r, p_r) / (e^s(a_r, p_r) + Σ_j e^s(a_r, n_j)))     or their sum
///
/// anchor a, positive p [n, d]; negatives n [m, d], the same for all anchors, may be left out. With `inBatch` the positives of the
/// other anchors are negatives too. Gradients of all of them. The cosine with a row of zeros is 0, without a gradient. Without any
/// negative L = 0.
/// - Complexity: O(n · (m + n) · d). Precision: similarities in Float, sums of probabilities in Double.
///
/// Reference: van den Oord, Li, Vinyals 2018, "Representation learning with contrastive predictive coding", equation 4.
public final class InfoNCELoss: Loss, Sendable {
  // MARK: - Options

  public static let name: StaticString = "infoNce"
  public static let options = [
    Reduction.ofRows,
    Option("temperature", .number(0.0001...10000), standard: 0.1, "T: lower ones look at the hardest negatives only."),
    Option("similarity", .choice(["cosine", "dot"]), standard: 0, "Cosine, or the inner product."),
    Option("inBatch", .flag, standard: 0, "1: the positives of other anchors are negatives."),
  ]
  public static let operations = lossOperations([
    .input("anchor", ["n", "d"]), .input("positive", ["n", "d"]), .input("negatives", ["m", "d"], .optional),
  ])
  private let isSum: Bool
  private let temperature: Double
  private let isDot: Bool
  private let isInBatch: Bool

  // MARK: - Creation

  public init(_ settings: Settings) {
    (isSum, temperature) = (settings.choice("reduction") == 1, settings.number("temperature"))
    (isDot, isInBatch) = (settings.choice("similarity") == 1, settings.flag("inBatch"))
  }

  public var optionValues: [Double] { [isSum ? 1 : 0, temperature, isDot ? 1 : 0, isInBatch ? 1 : 0] }

  // MARK: - Value and gradients

  /// One set of rows that anchors are compared with: 1/|x| of each, or 1.
  private struct Rows {
    let rows: MatrixView
    let inverse: AlignedBuffer<Float>
    let gradient: UnsafeMutablePointer<Float>?
  }

  private func rows(_ rows: MatrixView, _ gradient: UnsafeMutablePointer<Float>?) throws(RuvectorError) -> Rows {
    let inverse = try AlignedBuffer<Float>(count: rows.rows, repeating: 1, for: "norms")
    if !isDot {
      let kernels = Kernels.current
      for j in 0..<rows.rows {
        let square = kernels.squared_norm(rows.row(j), rows.dim)
        inverse[j] = square > 0 ? Float(1 / square.squareRoot()) : 0
      }
    }
    return Rows(rows: rows, inverse: inverse, gradient: gradient)
  }

  public func evaluate(_ call: Call, _ to: LossGradients) throws(RuvectorError) -> Double {
    let anchor = try call.elements("anchor"), positive = try call.elements("positive"), d = anchor.dim
    let n = anchor.rows, share = isSum ? 1 : 1 / Double(n), kernels = Kernels.current
    let anchors = try rows(anchor, to["anchor"]), positives = try rows(positive, to["positive"])
    let negatives = try call.matrix("negatives").map { (found) throws(RuvectorError) in
      try rows(found, to["negatives"])
    }
    let own = isInBatch ? n : 1, all = own + (negatives?.rows.rows ?? 0)
    let scores = try AlignedBuffer<Float>(count: all, for: "similarities")
    let wanted = try AlignedBuffer<Float>(count: all, for: "similarities")
    var sum = 0.0
    for r in 0..<n {
      let a = anchor.row(r), inverse = anchors.inverse[r], first = isInBatch ? 0 : r, right = isInBatch ? r : 0
      let sets = [(positives, first, own, 0)] + (negatives.map { [($0, 0, $0.rows.rows, own)] } ?? [])
      // Cosines or products, then e^s relative to the largest.
      for (set, from, count, at) in sets {
        kernels.dot_rows(a, set.rows.row(from), set.rows.stride, count, d, scores.pointer + at)
        if !isDot {
          kernels.multiply(scores.pointer + at, set.inverse.pointer + from, scores.pointer + at, count)
          kernels.scale(inverse, scores.pointer + at, scores.pointer + at, count)
        }
      }
      let top = kernels.maximum(scores.pointer, all)
      var total = 0.0
      for j in 0..<all {
        let share = rv_exp((Double(scores[j]) - Double(top)) / temperature)
        total += share
        wanted[j] = Float(share)
      }
      sum += rv_log(total) - (Double(scores[right]) - Double(top)) / temperature
      // dL/ds of each, then through the similarity: of a cosine, (x̂ − cos â)/|a|.
      let factor = to.scale * share / temperature
      var along = 0.0
      for j in 0..<all {
        let slope = factor * (Double(wanted[j]) / total - (j == right ? 1 : 0))
        wanted[j] = Float(slope)
        along += slope * Double(scores[j])
      }
      for (set, from, count, at) in sets {
        let slopes = wanted.pointer + at
        if !isDot { kernels.multiply(slopes, set.inverse.pointer + from, slopes, count) }  // of x instead of x̂
        if let out = anchors.gradient {
          if !isDot { kernels.scale(inverse, slopes, slopes, count) }
          kernels.combine_rows(slopes, set.rows.row(from), set.rows.stride, count, d, out + r * d)
        } else if !isDot {
          kernels.scale(inverse, slopes, slopes, count)
        }
        guard let out = set.gradient else { continue }
        for j in 0..<count {
          let place = out + (from + j) * d
          kernels.axpy(slopes[j], a, place, d)
          guard !isDot else { continue }
          // slopes hold slope/(|a| |x|): back along x by slope · cos/|x|².
          let inverseX = set.inverse[from + j]
          guard inverseX > 0, inverse > 0 else { continue }
          let back = slopes[j] / inverse * scores[at + j] * inverseX
          kernels.axpy(-back, set.rows.row(from + j), place, d)
        }
      }
      if !isDot, let out = anchors.gradient {
        kernels.axpy(-Float(along) * inverse * inverse, a, out + r * d, d)
      }
    }
    return sum * share
  }
}
