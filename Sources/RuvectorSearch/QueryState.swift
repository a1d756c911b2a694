import CRuvectorSupport
import RuvectorCore
import RuvectorGeometry

/// Rows scored at a time: 512 × 128 floats are 256 kB, which stays in L2 between packing and scoring.
public let searchBlock = 512

/// Rows whose softmax is summed up before it joins that of the rows before.
let searchChunk = 16 * searchBlock

/// Per-thread scratch for one block.
final class Scratch {
  let values: AlignedBuffer<Float>
  let logits: AlignedBuffer<Float>
  let terms: AlignedBuffer<Float>

  init() throws(RuvectorError) {
    values = try AlignedBuffer(count: searchBlock)
    logits = try AlignedBuffer(count: searchBlock)
    terms = try AlignedBuffer(count: searchBlock)
  }
}

/// A query made ready: scaled to unit length (cosine) or projected into the ball with its factor (Poincaré).
final class PreparedQuery {
  let vector: AlignedBuffer<Float>
  let dim: Int
  let metric: Metric
  let temperature: Double
  /// cosine: 1, or 0 for the zero query (whose cosine with anything is 0).
  let gain: Float
  /// Poincaré: d = b asinh(√(a t)), t the rank key |q − y|²/(1 − c|y|²), a = c/(1 − c|q|²), b = 2/√c.
  let a: Double
  let b: Double
  /// What messages call the candidates.
  let candidates: String
  /// Of the ball, for messages; 0 with cosine.
  var curvature: Double {
    if case .poincare(let ball) = metric { -ball.c } else { 0 }
  }

  /// (Everything that throws comes before the object: Embedded Swift keeps the memory of one that ends half made.)
  convenience init(
    _ query: UnsafePointer<Float>, dim: Int, metric: Metric, temperature: Double,
    candidates: String = "candidates", name: String = "query"
  ) throws(RuvectorError) {
    guard temperature > 0, temperature.isFinite else {
      throw .expected("a finite number > 0", for: "temperature", received: text(temperature), .outOfRange)
    }
    guard dim > 0 else { throw .expected("at least 1 element", for: name, received: "0", .emptyInput) }
    try requireFinite(query, count: dim, for: name)
    self.init(
      query, into: try AlignedBuffer(count: dim, for: "query"), metric: metric, temperature: temperature,
      candidates: candidates)
  }

  private init(
    _ query: UnsafePointer<Float>, into vector: AlignedBuffer<Float>, metric: Metric, temperature: Double,
    candidates: String
  ) {
    let dim = vector.count
    (self.vector, self.dim, self.metric, self.temperature) = (vector, dim, metric, temperature)
    self.candidates = candidates
    let n2 = squaredNorm(query, dim)
    switch metric {
    case .cosine:
      gain = n2 > 0 ? 1 : 0
      (a, b) = (0, 0)
      scaleRow(query, dim, n2 > 0 ? 1 / n2.squareRoot() : 0, into: vector.pointer, Kernels.current)
    case .poincare(let ball):
      let (factor, shrink) = ball.place(n2)
      gain = 1
      a = ball.c * factor
      b = 2 / ball.c.squareRoot()
      scaleRow(query, dim, shrink, into: vector.pointer, Kernels.current)
    }
  }
}

/// What one query has seen of the candidates: the k best and the softmax over all.
struct QueryState {
  let query: PreparedQuery
  let k: Int
  var best: TopK
  var softmax: OnlineSoftmax
  /// Where all logits go, in candidate order, instead of being ranked and summed.
  let record: UnsafeMutablePointer<Float>?

  init(_ query: PreparedQuery, k: Int, record: UnsafeMutablePointer<Float>? = nil) {
    (self.query, self.k, self.record) = (query, k, record)
    best = TopK(k)
    softmax = OnlineSoftmax(temperature: query.temperature)
  }

  /// Takes in the results of a later part of the candidates.
  mutating func merge(_ other: QueryState) {
    for entry in other.best.entries { best.insert(entry) }
    softmax.merge(other.softmax)
  }

  // MARK: - Resident rows

  /// Rows `range` of a set, at most `searchBlock` of them. `view` belongs to the Poincaré metric.
  mutating func consume(
    _ set: VectorSet, _ view: BallView?, _ range: Range<Int>, _ scratch: Scratch, _ kernels: KernelTable
  ) throws(RuvectorError) {
    let values = scratch.values.pointer, dim = query.dim, count = range.count, first = range.lowerBound
    if let view {
      let rows = view.base + first * dim
      kernels.squared_l2_rows(query.vector.pointer, rows, dim, count, dim, values)
      kernels.multiply(values, view.factors.pointer + first, values, count)
      try finishPoincare(count, base: first, scratch, kernels)
    } else {
      kernels.dot_rows(query.vector.pointer, set.buffer.pointer + first * dim, dim, count, dim, values)
      kernels.multiply(values, set.inverseNorms.pointer + first, values, count)
      for r in set.extremes where range.contains(r) {
        values[r - first] = preciseCosine(set.buffer.pointer + r * dim)
      }
      finishCosine(count, base: first, scratch, kernels)
    }
  }

  // MARK: - Passing rows

  /// At most `searchBlock` rows that belong to the caller; candidate numbers go on from `base`.
  mutating func consume(
    _ rows: PassingRows, base: Int, _ scratch: Scratch, _ kernels: KernelTable
  ) throws(RuvectorError) {
    switch query.metric {
    case .cosine: try consumeCosine(rows, base: base, scratch, kernels)
    case .poincare(let ball): try consumePoincare(rows, base: base, ball, scratch, kernels)
    }
  }

  private mutating func consumeCosine(
    _ rows: PassingRows, base: Int, _ scratch: Scratch, _ kernels: KernelTable
  ) throws(RuvectorError) {
    let q = query.vector.pointer, values = scratch.values.pointer, norms = scratch.terms.pointer
    switch rows {
    case .packed(let m): kernels.dot_norm_rows(q, m.base, m.stride, m.rows, m.dim, values, norms)
    case .scattered(let p): kernels.dot_norm_scattered(q, p.rows, p.count, p.dim, values, norms)
    }
    kernels.cosine_scores(values, norms, query.gain, values, rows.count)
    // A norm outside the safe range (NaN fails every comparison) means: look closer.
    var unsafe: UInt8 = 0
    for r in 0..<rows.count { unsafe |= SafeRange.contains(norms[r]) ? 0 : 1 }
    if unsafe != 0 {
      for r in 0..<rows.count where !SafeRange.contains(norms[r]) {
        try requireFiniteCandidate(rows.row(r), rows.dim, number: base + r)
        values[r] = preciseCosine(rows.row(r))
      }
    }
    finishCosine(rows.count, base: base, scratch, kernels)
  }

  private mutating func consumePoincare(
    _ rows: PassingRows, base: Int, _ ball: Ball, _ scratch: Scratch, _ kernels: KernelTable
  ) throws(RuvectorError) {
    let q = query.vector.pointer, values = scratch.values.pointer, norms = scratch.terms.pointer
    switch rows {
    case .packed(let m): kernels.squared_l2_norm_rows(q, m.base, m.stride, m.rows, m.dim, values, norms)
    case .scattered(let p): kernels.squared_l2_norm_scattered(q, p.rows, p.count, p.dim, values, norms)
    }
    // Near the rim 1 − c|y|² cancels: those rows (and NaN, which fails every comparison) are done in Double.
    let limit = ball.projection == .clip ? Float(min(0.5 / ball.c, Double(SafeRange.high))) : 0
    var precise: UInt8 = 0
    for r in 0..<rows.count { precise |= norms[r] <= limit ? 0 : 1 }
    if precise == 0 {
      kernels.poincare_keys(values, norms, Float(ball.c), values, rows.count)
    } else {
      let point = try AlignedBuffer<Float>(count: rows.dim)
      for r in 0..<rows.count {
        if norms[r] <= limit {
          values[r] /= 1 - Float(ball.c) * norms[r]
          continue
        }
        let n2 = squaredNorm(rows.row(r), rows.dim)
        if !n2.isFinite { try requireFiniteCandidate(rows.row(r), rows.dim, number: base + r) }
        let (factor, shrink) = ball.place(n2)
        if shrink != 1 {
          scaleRow(rows.row(r), rows.dim, shrink, into: point.pointer, kernels)
          values[r] = kernels.squared_l2(q, point.pointer, rows.dim)
        }
        values[r] *= Float(factor)
      }
    }
    try finishPoincare(rows.count, base: base, scratch, kernels)
  }

  // MARK: - Ranking

  private mutating func finishCosine(_ count: Int, base: Int, _ scratch: Scratch, _ kernels: KernelTable) {
    let scores = scratch.values.pointer
    if let record { return (record + base).update(from: scores, count: count) }
    let top = kernels.maximum(scores, count)
    softmax.add(scores, count: count, maximum: top, scratch: scratch.terms.pointer, kernels)
    rank(scores, count, top: top, base: base, kernels)
  }

  private mutating func finishPoincare(
    _ count: Int, base: Int, _ scratch: Scratch, _ kernels: KernelTable
  ) throws(RuvectorError) {
    let keys = scratch.values.pointer, logits = scratch.logits.pointer
    kernels.poincare_distances(keys, Float(query.a), Float(-query.b), logits, count)
    kernels.scale(-1, keys, keys, count)  // ranked by key, not by weight or rounded distance
    let top = kernels.maximum(logits, count)
    guard top > -Float.infinity, kernels.non_finite_probe(logits, count) == 0 else {
      throw .expected(
        "distances that fit in Float", for: "curvature", received: "\(text(query.curvature)) (with these points)",
        .outOfRange)
    }
    if let record { return (record + base).update(from: logits, count: count) }
    softmax.add(logits, count: count, maximum: top, scratch: scratch.terms.pointer, kernels)
    rank(keys, count, top: kernels.maximum(keys, count), base: base, kernels)
  }

  /// Offers scores of which `top` is the highest. Few get in: most strips are passed over by their maximum.
  private mutating func rank(
    _ scores: UnsafePointer<Float>, _ count: Int, top: Float, base: Int, _ kernels: KernelTable
  ) {
    guard !best.isFull || top > best.threshold else { return }
    var i = 0
    while i < count {
      let strip = min(64, count - i)
      if !best.isFull || kernels.maximum(scores + i, strip) > best.threshold {
        best.insert(scores + i, count: strip, base: base + i)
      }
      i += strip
    }
  }

  /// Cosine in Double, for rows whose norm is zero, tiny or huge.
  private func preciseCosine(_ y: UnsafePointer<Float>) -> Float {
    let n2 = squaredNorm(y, query.dim)
    guard n2 > 0 else { return 0 }
    var dot = 0.0
    for i in 0..<query.dim { dot += Double(query.vector[i]) * Double(y[i]) }
    return Float(dot / n2.squareRoot()) * query.gain
  }

  private func requireFiniteCandidate(_ y: UnsafePointer<Float>, _ dim: Int, number: Int) throws(RuvectorError) {
    try requireFinite(y, count: dim, for: "\(query.candidates)[\(number)]")
  }

  // MARK: - Results

  /// The candidates kept, best first, with their share of the softmax over all, and the distance (cosine: the
  /// score). The weights come from the very logits that the sum was made of, so they stay right when the
  /// temperature magnifies their last bit.
  mutating func finish(_ body: (_ index: UInt32, _ weight: Float, _ value: Float) -> Void) {
    best.sort()
    let entries = best.entries
    guard case .poincare = query.metric else {
      // Rounding takes scores past ±1, of which nobody could take the arc cosine.
      for entry in entries { body(entry.index, softmax.weight(entry.score), min(1, max(-1, entry.score))) }
      return
    }
    var logits = entries.map { -$0.score }
    logits.withUnsafeMutableBufferPointer {
      guard let p = $0.baseAddress else { return }
      Kernels.current.poincare_distances(p, Float(query.a), Float(-query.b), p, $0.count)
    }
    // Keys grow with the distance, the last bit of the kernel need not: the logits in their own order belong to
    // the keys in theirs, so that distances never fall and weights never grow. (Nearly sorted: O(k).)
    for i in logits.indices.dropFirst() {
      let logit = logits[i]
      var j = i
      while j > 0, logits[j - 1] < logit {
        logits[j] = logits[j - 1]
        j -= 1
      }
      logits[j] = logit
    }
    for (entry, logit) in zip(entries, logits) { body(entry.index, softmax.weight(logit), -logit) }
  }
}
