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
      let squares = try AlignedBuffer<Double>(count: rows.rows, for: "norms"), out = inverse.pointer
      Kernels.current.squared_norm_rows(rows.base, rows.stride, rows.rows, rows.dim, squares.pointer)
      for j in 0..<rows.rows { out[j] = squares.pointer[j] > 0 ? Float(1 / squares.pointer[j].squareRoot()) : 0 }
    }
    return Rows(rows: rows, inverse: inverse, gradient: gradient)
  }

  /// Some rows of a set, and where their scores stand among all of an anchor.
  private struct Part {
    let set: Rows
    let from: Int
    let count: Int
    let at: Int
  }

  public func evaluate(_ call: Call, _ to: LossGradients) throws(RuvectorError) -> Double {
    let anchor = try call.elements("anchor"), positive = try call.elements("positive"), d = anchor.dim
    let n = anchor.rows, share = isSum ? 1 : 1 / Double(n)
    let anchors = try rows(anchor, to["anchor"]), positives = try rows(positive, to["positive"])
    let negatives = try call.matrix("negatives").map { (found) throws(RuvectorError) in
      try rows(found, to["negatives"])
    }
    let own = isInBatch ? n : 1, all = own + (negatives?.rows.rows ?? 0)
    let scores = try AlignedBuffer<Float>(count: all, for: "similarities")
    let slopes = try AlignedBuffer<Float>(count: all, for: "similarities")
    let shares = try AlignedBuffer<Double>(count: all, for: "similarities")
    var sum = 0.0
    for r in 0..<n {
      var parts = [Part(set: positives, from: isInBatch ? 0 : r, count: own, at: 0)]
      if let negatives { parts.append(Part(set: negatives, from: 0, count: negatives.rows.rows, at: own)) }
      let a = anchor.row(r), inverse = anchors.inverse.pointer[r], right = isInBatch ? r : 0
      compare(a, inverse, parts, d, scores.pointer)
      sum += shareOut(scores.pointer, shares.pointer, all, right)
      let factor = to.scale * share / temperature
      var along = 0.0
      for j in 0..<all {
        let slope = factor * (shares.pointer[j] - (j == right ? 1 : 0))
        slopes.pointer[j] = Float(slope)
        along += slope * Double(scores.pointer[j])
      }
      for part in parts {
        spread(part, a, inverse, d, scores.pointer, slopes.pointer, anchors.gradient.map { $0 + r * d })
      }
      // Of the cosine, back along the anchor itself.
      if !isDot, let out = anchors.gradient {
        Kernels.current.axpy(-Float(along) * inverse * inverse, a, out + r * d, d)
      }
    }
    return sum * share
  }

  /// The cosines or products of an anchor with all rows.
  private func compare(
    _ a: UnsafePointer<Float>, _ inverse: Float, _ parts: [Part], _ d: Int, _ scores: UnsafeMutablePointer<Float>
  ) {
    let kernels = Kernels.current
    for part in parts {
      let rows = part.set.rows, out = scores + part.at
      kernels.dot_rows(a, rows.row(part.from), rows.stride, part.count, d, out)
      guard !isDot else { continue }
      kernels.multiply(out, part.set.inverse.pointer + part.from, out, part.count)
      kernels.scale(inverse, out, out, part.count)
    }
  }

  /// The softmax of the scores over the temperature; −ln of the right one's.
  private func shareOut(
    _ scores: UnsafePointer<Float>, _ shares: UnsafeMutablePointer<Double>, _ all: Int, _ right: Int
  ) -> Double {
    let top = Double(Kernels.current.maximum(scores, all)), scale = 1 / temperature
    var total = 0.0
    for j in 0..<all {
      shares[j] = rv_exp((Double(scores[j]) - top) * scale)
      total += shares[j]
    }
    for j in 0..<all { shares[j] /= total }
    return rv_log(total) - (Double(scores[right]) - top) * scale
  }

  /// dL/ds of each row through the similarity to the anchor and to the rows: of a cosine, (x̂ − cos â)/|a| and the like.
  private func spread(
    _ part: Part, _ a: UnsafePointer<Float>, _ inverse: Float, _ d: Int, _ scores: UnsafePointer<Float>,
    _ all: UnsafeMutablePointer<Float>, _ toAnchor: UnsafeMutablePointer<Float>?
  ) {
    let kernels = Kernels.current, rows = part.set.rows, slopes = all + part.at
    let inverses = part.set.inverse.pointer + part.from
    if !isDot {
      kernels.multiply(slopes, inverses, slopes, part.count)
      kernels.scale(inverse, slopes, slopes, part.count)  // now slope/(|a| |x|)
    }
    if let toAnchor { kernels.combine_rows(slopes, rows.row(part.from), rows.stride, part.count, d, toAnchor) }
    guard let out = part.set.gradient else { return }
    for j in 0..<part.count {
      let place = out + (part.from + j) * d
      kernels.axpy(slopes[j], a, place, d)
      guard !isDot, inverse > 0 else { continue }
      // Back along x by slope · cos/|x|²; slopes[j]/inverse is slope/|x|.
      kernels.axpy(-slopes[j] / inverse * scores[part.at + j] * inverses[j], rows.row(part.from + j), place, d)
    }
  }
}
