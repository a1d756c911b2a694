import CRuvectorSupport
import RuvectorCore

/// One head of exact softmax attention on slices of the caller's rows:
///
///     o_i = Σ_j p_ij V_j      p_ij = exp(s_ij − max s_i) / Σ_j …      s_ij = (Q_i · K_j) scale
///
/// over the keys j that query i may see. Keys and values are read once a query, in blocks that stay in cache, with
/// running maximum and sum (Milakov and Gimelshein 2018; Dao, Fu, Ermon, Rudra, Ré 2022, "FlashAttention"): memory
/// beyond input and output is O(block).
/// - Complexity: O(m · n · (d + v)).
/// - Precision: Float scores and sums of a block, sums of blocks in Double; a query whose scores or sums leave Float is
///   done again in Double, so that every result (a convex combination of values) is finite.
struct SoftmaxHead {
  /// Slices: d columns of queries and keys, v columns of values.
  var input: AttentionInput
  var scale: Double
  /// Query i sees keys up to i + n − m only.
  var isCausal = false
  /// What each query sees around itself, and the keys that all see; nil: everything.
  var window: Window?
  /// Keys a block.
  var block = 512

  var m: Int { input.queries.rows }
  var n: Int { input.keys.rows }

  /// The keys that query `i` may see, but for window and mask.
  func range(_ i: Int) -> Range<Int> {
    let all = input.keys(of: i)
    guard isCausal else { return all }
    return all.lowerBound..<max(all.lowerBound, min(all.upperBound, input.place(of: i) + n - input.batch + 1))
  }

  /// The same as up to two runs of keys, rising, the second perhaps empty.
  func runs(_ i: Int) -> (Range<Int>, Range<Int>) {
    let all = range(i)
    guard let window else { return (all, all.upperBound..<all.upperBound) }
    let (first, second) = window.runs(input.place(of: i), queries: input.batch, keys: n)
    return (first.clamped(to: all), second.clamped(to: all))
  }

  // MARK: - Forward

  /// What the keys of one query have come to so far.
  struct Running {
    var maximum = -Float.infinity
    /// Σ exp(s − maximum)
    var sum = 0.0
    var seen = false
    var isFinite = true
  }

  /// Adds `count` keys from the `j`-th on, a block, for query `i`; `out` [v]: Σ exp(s − maximum) V.
  func add(
    _ i: Int, _ j: Int, _ count: Int, to running: inout Running, _ out: UnsafeMutablePointer<Float>,
    _ scores: UnsafeMutablePointer<Float>, _ kernels: KernelTable
  ) {
    let v = input.values.dim
    let isSeen = readScores(i, input.queries.row(i), input.queries.dim, j, count, scores, &running.isFinite, kernels)
    running.seen = isSeen || running.seen
    let top = kernels.maximum(scores, count)
    if top > running.maximum {
      if running.sum > 0 {
        let shrink = Double.exp(Double(running.maximum - top) * scale)
        running.sum *= shrink
        kernels.scale(Float(shrink), out, out, v)
      }
      running.maximum = top
    }
    if running.maximum > -.infinity {
      running.sum += Double(kernels.exponential_sum(scores, running.maximum, Float(scale), scores, count))
      kernels.combine_rows(scores, input.values.row(j), input.values.stride, count, v, out)
    }
  }

  /// `out` over the sum; false where Float does not hold it.
  func divide(_ out: UnsafeMutablePointer<Float>, _ running: Running, _ kernels: KernelTable) -> Bool {
    let v = input.values.dim
    guard running.sum > 0, running.sum.isFinite, running.maximum.isFinite else { return false }
    kernels.scale(Float(1 / running.sum), out, out, v)
    return running.isFinite && kernels.non_finite_probe(out, v) == 0
  }

  /// Query `i` into `out` [v]; returns the logarithm of Σ exp(s) (−∞ where it sees nothing, and `out` is 0).
  @discardableResult
  func forward(
    _ i: Int, into out: UnsafeMutablePointer<Float>, _ scores: UnsafeMutablePointer<Float>, _ kernels: KernelTable
  ) throws(RuvectorError) -> Double {
    let (first, second) = runs(i)
    var running = Running()
    out.update(repeating: 0, count: input.values.dim)
    var j = first.isEmpty ? second.lowerBound : first.lowerBound
    while j < second.upperBound {
      let count = min(block, (j < first.upperBound ? first : second).upperBound - j)
      add(i, j, count, to: &running, out, scores, kernels)
      j += count
      if j == first.upperBound { j = second.lowerBound }
    }
    guard running.seen else { return -.infinity }
    guard divide(out, running, kernels) else { return try forwardInDouble(i, into: out) }
    return Double(running.maximum) * scale + Double.log(running.sum)
  }

  /// Scores without the scale; −∞ where the mask says so. Returns whether the query sees one of them; `isFinite` turns
  /// false where one of them (seen or not) is not: an infinite key must not pass for one that has no weight.
  private func readScores(
    _ i: Int, _ q: UnsafePointer<Float>, _ d: Int, _ first: Int, _ count: Int, _ scores: UnsafeMutablePointer<Float>,
    _ isFinite: inout Bool, _ kernels: KernelTable
  ) -> Bool {
    kernels.dot_rows(q, input.keys.row(first), input.keys.stride, count, d, scores)
    if kernels.non_finite_probe(scores, count) != 0 { isFinite = false }
    guard let mask = input.mask else { return count > 0 }
    let row = mask + i * input.maskStride + first
    var seen = false
    for j in 0..<count {
      if row[j] == 0 { scores[j] = -.infinity } else { seen = true }
    }
    return seen
  }

  /// The keys that query `i` sees, one by one.
  private func seenKeys(_ i: Int) -> [Int] {
    let (first, second) = runs(i)
    return (Array(first) + Array(second)).filter { j in input.mask.map { $0[i * input.maskStride + j] != 0 } ?? true }
  }

  /// The same in Double; the first place where NaN and infinity are looked for.
  private func forwardInDouble(_ i: Int, into out: UnsafeMutablePointer<Float>) throws(RuvectorError) -> Double {
    let v = input.values.dim
    try requireFinite(input.queries.row(i), count: input.queries.dim, for: "queries[\(i)]")
    var logits: [(Int, Double)] = []
    for j in seenKeys(i) {
      try requireFinite(input.keys.row(j), count: input.keys.dim, for: "keys[\(j)]")
      try requireFinite(input.values.row(j), count: v, for: "values[\(j)]")
      logits.append((j, exactScore(i, j)))
    }
    let top = logits.reduce(-Double.infinity) { $1.1 > $0 ? $1.1 : $0 }
    let total = logits.reduce(0) { $0 + Double.exp($1.1 - top) }
    for c in 0..<v {
      out[c] = Float(logits.reduce(0) { $0 + Double.exp($1.1 - top) / total * Double(input.values.row($1.0)[c]) })
    }
    return top + Double.log(total)
  }

  func exactScore(_ i: Int, _ j: Int) -> Double {
    let q = input.queries.row(i), k = input.keys.row(j)
    var sum = 0.0
    for c in 0..<input.queries.dim { sum += Double(q[c]) * Double(k[c]) }
    return sum * scale
  }

  // MARK: - Weights

  /// p_i into `out` [n], 0 outside of what the query sees.
  func weights(_ i: Int, into out: UnsafeMutablePointer<Float>, _ kernels: KernelTable) throws(RuvectorError) {
    let (first, second) = runs(i)
    out.update(repeating: 0, count: n)
    var seen = false, isFinite = true, top = -Float.infinity
    for run in [first, second] where !run.isEmpty {
      let q = input.queries.row(i)
      let p = out + run.lowerBound
      seen = readScores(i, q, input.queries.dim, run.lowerBound, run.count, p, &isFinite, kernels) || seen
      top = max(top, kernels.maximum(out + run.lowerBound, run.count))
    }
    guard seen else { return out.update(repeating: 0, count: n) }
    var sum: Float = 0
    for run in [first, second] where !run.isEmpty {
      let p = out + run.lowerBound
      sum += kernels.exponential_sum(p, top, Float(scale), p, run.count)
    }
    if isFinite, sum > 0, sum.isFinite, top.isFinite { return kernels.scale(1 / sum, out, out, n) }
    var ignored = [Float](repeating: 0, count: input.values.dim)
    let logSum = try forwardInDouble(i, into: &ignored)
    out.update(repeating: 0, count: n)
    for j in seenKeys(i) { out[j] = Float(Double.exp(exactScore(i, j) - logSum)) }
  }

  // MARK: - Backward

  /// Adds the gradients of one query: with g = dL/do_i and δ_j = g · V_j,
  ///
  ///     dV_j += p_j g      ds_j = p_j (δ_j − Σ p δ) scale      dQ_i += Σ ds_j K_j      dK_j += ds_j Q_i
  ///
  /// `p`, `δ`: scratch of n. Strides of the gradients are those of the packed arrays they lie in. With `dropping` (m, and the number
  /// of the query's first weight) m_j p_j stands for p_j in dV, and m_j δ_j for δ_j.
  func backward(
    _ i: Int, _ g: UnsafePointer<Float>, into gradients: AttentionGradients, keyStride: Int, valueStride: Int,
    _ p: UnsafeMutablePointer<Float>, _ δ: UnsafeMutablePointer<Float>, _ kernels: KernelTable,
    _ dropping: (mask: Mask, first: Int)? = nil
  ) throws(RuvectorError) {
    let (first, second) = runs(i), v = input.values.dim, d = input.queries.dim
    try weights(i, into: p, kernels)
    var mean = 0.0
    for run in [first, second] where !run.isEmpty {
      kernels.dot_rows(g, input.values.row(run.lowerBound), input.values.stride, run.count, v, δ + run.lowerBound)
      if let dropping { for j in run { δ[j] *= dropping.mask.factor(dropping.first &+ j) } }
      mean += Double(kernels.dot(p + run.lowerBound, δ + run.lowerBound, run.count))
    }
    let q = input.queries.row(i)
    for run in [first, second] where !run.isEmpty {
      for j in run {
        if let dV = gradients.values, p[j] != 0 {
          let kept = dropping.map { $0.mask.factor($0.first &+ j) } ?? 1
          kernels.axpy(p[j] * kept, g, dV + j * valueStride, v)
        }
        δ[j] = p[j] * (δ[j] - Float(mean)) * Float(scale)
        if let dK = gradients.keys, δ[j] != 0 { kernels.axpy(δ[j], q, dK + j * keyStride, d) }
      }
      if let dQ = gradients.queries {
        kernels.combine_rows(
          δ + run.lowerBound, input.keys.row(run.lowerBound), input.keys.stride, run.count, d, dQ)
      }
    }
  }
}

/// Longformer's pattern (Beltagy, Peters, Cohan 2020): query i stands at key p_i = i + ⌊(n − m + 1)/2⌋ (in the middle of
/// the keys: p_i = i in self-attention, ⌊n/2⌋ for one query alone) and sees the keys p_i − half ... p_i + half and the
/// first `global` ones. In self-attention (m = n > 1) the first `global` queries see every key.
struct Window {
  var half: Int
  var global: Int

  /// Two runs that rise and do not overlap.
  func runs(_ i: Int, queries m: Int, keys n: Int) -> (Range<Int>, Range<Int>) {
    let everyone = 0..<min(global, n)
    if m == n, m > 1, i < global { return (0..<n, n..<n) }
    let p = i + (n - m + 1) >> 1, half = min(half, n)
    let start = min(max(p - half, 0), n), end = max(start, min(p + half + 1, n))
    if everyone.isEmpty { return (start..<end, end..<end) }
    if start <= everyone.upperBound { return (0..<max(everyone.upperBound, end), n..<n) }
    return (everyone, start..<end)
  }
}
