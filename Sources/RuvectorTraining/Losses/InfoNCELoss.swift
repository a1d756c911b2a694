import CRuvectorSupport
import RuvectorCore

/// InfoNCE: the softmax probability of the positive among the negatives.
///
///     s(a, x) = cos(a, x)/T, or a · x/T with `similarity: 'dot'`
///     L = mean_r −ln(e^s(a_r, p_r) / (e^s(a_r, p_r) + Σ_j e^s(a_r, n_j)))     or their sum
///
/// anchor a, positive p [n, d]; negatives n [m, d], the same for all anchors, may be left out. With `inBatch` the positives of the
/// other anchors are negatives too. Gradients of all of them. The cosine with a row of zeros is 0, without a gradient. Without any
/// negative L = 0. Cosines and their gradients are exact for rows of any length that Float holds.
/// - Complexity: O(n · (m + n) · d). Precision: similarities and probabilities in Float, their sum in Double.
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

  public var setsGradients: Bool { true }
  public var optionValues: [Double] { [isSum ? 1 : 0, temperature, isDot ? 1 : 0, isInBatch ? 1 : 0] }

  // MARK: - Value and gradients

  /// One set of rows that anchors are compared with, and 1/|x| of each once it has been (1 where products are compared).
  private struct Rows {
    let rows: MatrixView
    let inverse: AlignedBuffer<Float>
    let gradient: UnsafeMutablePointer<Float>?

    init(_ rows: MatrixView, _ gradient: UnsafeMutablePointer<Float>?) throws(RuvectorError) {
      (self.rows, self.gradient) = (rows, gradient)
      inverse = try AlignedBuffer(count: rows.rows, repeating: 1, for: "norms")
    }
  }

  /// Some rows of a set, and where their scores stand among all of an anchor.
  private struct Part {
    let set: Rows
    let from: Int
    let count: Int
    let at: Int
    /// Whether no anchor before was compared with them.
    let isNew: Bool
  }

  /// Numbers of an anchor's rows.
  private struct Scores {
    let similarities, shares, slopes, back: AlignedBuffer<Float>

    init(_ count: Int) throws(RuvectorError) {
      similarities = try AlignedBuffer(count: count, for: "similarities")
      shares = try AlignedBuffer(count: count, for: "similarities")
      slopes = try AlignedBuffer(count: count, for: "similarities")
      back = try AlignedBuffer(count: count, repeating: 0, for: "similarities")
    }
  }

  public func evaluate(_ call: Call, _ to: LossGradients) throws(RuvectorError) -> Double {
    let anchor = try call.elements("anchor"), positive = try call.elements("positive")
    let negatives = try call.matrix("negatives")
    if let value = try evaluate(anchor, positive, negatives, to) { return value }
    // A cosine does not know lengths: where squares and products may leave Float's range, rows get lengths near 1.
    let scaled = (
      try ScaledRows(anchor), try ScaledRows(positive),
      try negatives.map { (found) throws(RuvectorError) in try ScaledRows(found) }
    )
    var places: [(name: StaticString, place: UnsafeMutablePointer<Float>)] = []
    if to["anchor"] != nil { places.append(("anchor", scaled.0.gradient.pointer)) }
    if to["positive"] != nil { places.append(("positive", scaled.1.gradient.pointer)) }
    if to["negatives"] != nil, let rows = scaled.2 { places.append(("negatives", rows.gradient.pointer)) }
    let own = LossGradients(scale: to.scale, places)
    let value = try evaluate(scaled.0.view, scaled.1.view, scaled.2?.view, own) ?? .nan
    scaled.0.addGradient(to: to["anchor"], isUnset: to.isUnset)
    scaled.1.addGradient(to: to["positive"], isUnset: to.isUnset)
    scaled.2?.addGradient(to: to["negatives"], isUnset: to.isUnset)
    return value
  }

  /// Rows, each times a power of two that makes its length at least 1 and less than 2; rows of zeros stay. Their gradient.
  private struct ScaledRows {
    let view: MatrixView
    let gradient: AlignedBuffer<Float>
    private let values: AlignedBuffer<Float>
    private var factors: [Double] = []

    init(_ rows: MatrixView) throws(RuvectorError) {
      let count = rows.rows * rows.dim
      values = try AlignedBuffer(count: count, for: "rows")
      gradient = try AlignedBuffer(count: count, repeating: 0, for: "gradient")
      for r in 0..<rows.rows {
        let length = Kernels.current.squared_norm(rows.row(r), rows.dim).squareRoot()
        let factor = length > 0 && length.isFinite ? 1 / length.binade : 1
        for c in 0..<rows.dim { values.pointer[r * rows.dim + c] = Float(Double(rows.row(r)[c]) * factor) }
        factors.append(factor)
      }
      view = MatrixView(values.pointer, rows: rows.rows, dim: rows.dim)
    }

    /// By the rows as they were.
    func addGradient(to out: UnsafeMutablePointer<Float>?, isUnset: Bool) {
      guard let out else { return }
      for at in 0..<view.rows * view.dim {
        let slope = Float(Double(gradient.pointer[at]) * factors[at / view.dim])
        out[at] = isUnset ? slope : out[at] + slope
      }
    }
  }

  /// Whether squares, products and inverse squares of a row are safely within Float's range.
  private static func isSafe(square: Double) -> Bool { square == 0 || (square > 1e-30 && square < 1e30) }

  /// nil, and nothing has been written, where lengths of rows are too far from 1.
  private func evaluate(
    _ anchor: MatrixView, _ positive: MatrixView, _ negative: MatrixView?, _ to: LossGradients
  ) throws(RuvectorError) -> Double? {
    let n = anchor.rows, d = anchor.dim, share = isSum ? 1 : 1 / Double(n), toAnchor = to["anchor"]
    let kernels = Kernels.current
    if !isDot {
      for r in 0..<n {
        guard Self.isSafe(square: kernels.squared_norm(anchor.row(r), d)),
          Self.isSafe(square: kernels.squared_norm(positive.row(r), d))
        else { return nil }
      }
    }
    let positives = try Rows(positive, to["positive"])
    let negatives = try negative.map { (found) throws(RuvectorError) in try Rows(found, to["negatives"]) }
    let own = isInBatch ? n : 1, all = own + (negatives?.rows.rows ?? 0), scores = try Scores(all)
    // An anchor's gradient where none is wanted.
    let unread = try AlignedBuffer<Float>(count: toAnchor == nil ? d : 0, for: "gradient")
    var sum = 0.0
    for r in 0..<n {
      var parts = [
        Part(set: positives, from: isInBatch ? 0 : r, count: own, at: 0, isNew: !isInBatch || r == 0)
      ]
      if let negatives {
        parts.append(Part(set: negatives, from: 0, count: negatives.rows.rows, at: own, isNew: r == 0))
      }
      let a = anchor.row(r), inverse = isDot ? 1 : inverseLength(kernels.squared_norm(a, d))
      let right = isInBatch ? r : 0
      guard compare(a, inverse, parts, d, scores.similarities.pointer) else { return nil }  // with the first anchor
      if r == 0, to.isUnset { toAnchor?.update(repeating: 0, count: n * d) }
      sum += shareOut(scores, all, right)
      let factor = to.scale * share / temperature
      var along = 0.0
      for j in 0..<all {
        let slope = factor * (Double(scores.shares[j]) - (j == right ? 1 : 0))
        scores.slopes[j] = Float(slope)
        along += slope * Double(scores.similarities[j])
      }
      let place = toAnchor.map { $0 + r * d }
      for part in parts { spread(part, a, inverse, d, scores, to, place ?? unread.pointer, isWanted: place != nil) }
      // Of the cosine, back along the anchor itself.
      if !isDot, let place { kernels.axpy(-Float(along) * inverse * inverse, a, place, d) }
    }
    return sum * share
  }

  /// 1/|x|, 0 of a row of zeros.
  private func inverseLength(_ square: Double) -> Float { square > 0 ? Float(1 / square.squareRoot()) : 0 }

  /// The cosines or products of an anchor with all rows, which are read once; false where lengths of new rows are too far from 1.
  private func compare(
    _ a: UnsafePointer<Float>, _ inverse: Float, _ parts: [Part], _ d: Int, _ scores: UnsafeMutablePointer<Float>
  ) -> Bool {
    let kernels = Kernels.current
    for part in parts {
      let rows = part.set.rows, out = scores + part.at, inverses = part.set.inverse.pointer + part.from
      if isDot || !part.isNew {
        kernels.dot_rows(a, rows.row(part.from), rows.stride, part.count, d, out)
      } else {
        kernels.dot_norm_rows(a, rows.row(part.from), rows.stride, part.count, d, out, inverses)
        for j in 0..<part.count {
          var square = Double(inverses[j])
          if !Self.isSafe(square: square) || square == 0 {
            square = kernels.squared_norm(rows.row(part.from + j), d)  // in Double, whose range it does not leave
            guard Self.isSafe(square: square) else { return false }
          }
          inverses[j] = inverseLength(square)
        }
      }
      guard !isDot else { continue }
      kernels.multiply(out, inverses, out, part.count)
      kernels.scale(inverse, out, out, part.count)
    }
    return true
  }

  /// The softmax of the similarities over the temperature; −ln of the right one's.
  private func shareOut(_ scores: Scores, _ all: Int, _ right: Int) -> Double {
    let kernels = Kernels.current, s = scores.similarities.pointer, p = scores.shares.pointer
    let top = kernels.maximum(s, all), block = 256
    var total = 0.0
    for from in stride(from: 0, to: all, by: block) {
      total += Double(
        kernels.exponential_sum(s + from, top, Float(1 / temperature), p + from, min(block, all - from)))
    }
    kernels.scale(Float(1 / total), p, p, all)
    return rv_log(total) - (Double(s[right]) - Double(top)) / temperature
  }

  /// dL/ds of each row through the similarity to the anchor and to the rows: of a cosine, (x̂ − cos â)/|a| and the like.
  private func spread(
    _ part: Part, _ a: UnsafePointer<Float>, _ inverse: Float, _ d: Int, _ scores: Scores, _ to: LossGradients,
    _ toAnchor: UnsafeMutablePointer<Float>, isWanted: Bool
  ) {
    let kernels = Kernels.current, rows = part.set.rows, count = part.count
    let slopes = scores.slopes.pointer + part.at, back = scores.back.pointer + part.at
    if !isDot {
      let inverses = part.set.inverse.pointer + part.from, similarities = scores.similarities.pointer + part.at
      // To the row itself −slope · cos/|x|², to the other slope/(|a| |x|).
      for j in 0..<count {
        let along = slopes[j] * inverses[j]
        back[j] = inverse > 0 ? -along * inverses[j] * similarities[j] : 0
        slopes[j] = along * inverse
      }
    }
    if let out = part.set.gradient {
      kernels.spread_rows(
        slopes, back, a, rows.row(part.from), rows.stride, count, d, toAnchor, out + part.from * d,
        !part.isNew || !to.isUnset)
    } else if isWanted {
      kernels.combine_rows(slopes, rows.row(part.from), rows.stride, count, d, toAnchor)
    }
  }
}
