import CRuvectorSupport
import RuvectorCore

/// One query whose keys come in blocks: a caller that has them scattered gathers a block at a time, which stays in the cache
/// until it has been attended to, and never has all keys in one place.
///
/// The state is the caller's: of each head (maximum, Σ exp(s − maximum)), then Σ exp(s − maximum) V of all of them, and how many
/// keys there were, from the first position on. A maximum (of scores before they are scaled) counts where the sum is not 0; a sum that is
/// NaN stays so.
extension AnyAttention {
  func feed(_ buffers: [Tensor], _ control: Control) throws(RuvectorError) -> Int {
    try requireBuffers(4, for: "feed", buffers)
    let input = try readInput(buffers, isPlain: true)
    try check(input)
    guard input.queries.rows == 1 else {
      throw .expected("1 row", for: "queries", received: "\(input.queries.rows)", .dimensionMismatch)
    }
    let v = try mechanism.outputDim(values: input.values.dim), count = try stateCount(v)
    let state = try buffers[3].doubleOutput("state", count: count)
    guard let first = Int(exactly: state[count - 1]), first >= 0, first <= Int(Int32.max) - input.keys.rows else {
      throw .expected("a state of this operation", for: "state", received: "another", .invalidArgument)
    }
    let isFed = try mechanism.heads(input, from: first) { (heads) throws(RuvectorError) in
      try heads.add(to: state)
    }
    guard isFed else { throw unknown("feed", of: AttentionOperation.dense) }
    state[count - 1] = Double(first + input.keys.rows)
    return count
  }

  func finish(_ buffers: [Tensor]) throws(RuvectorError) -> Int {
    try requireBuffers(2, for: "finish", buffers)
    let v = buffers[1].columns, count = try stateCount(v), out = try buffers[1].output("output", count: v)
    guard buffers[0].columns == count, v % heads == 0 else {
      throw .dimension("state", expected: count, received: buffers[0].columns)
    }
    let state = try buffers[0].doubles("state")
    for c in 0..<v {
      let sum = state[2 * (c / (v / heads)) + 1]
      guard sum > 0 || state[count - 1] == 0 else { return 0 }
      out[c] = sum > 0 ? Float(state[2 * heads + c]) * Float(1 / sum) : 0
    }
    return Kernels.current.non_finite_probe(out, v) == 0 ? v : 0
  }

  /// The state of the keys of two: the sums of both beside the larger maximum.
  func merge(_ buffers: [Tensor]) throws(RuvectorError) -> Int {
    try requireBuffers(2, for: "merge", buffers)
    let count = buffers[1].columns, v = count - 2 * heads - 1
    guard v > 0, v % heads == 0 else {
      throw .expected(
        "\(2 * heads + 1) elements and a multiple of \(heads)", for: "state", received: "\(count)", .dimensionMismatch)
    }
    guard buffers[0].columns == count else { throw .dimension("other", expected: count, received: buffers[0].columns) }
    let other = try buffers[0].doubles("other"), state = try buffers[1].doubleOutput("state", count: count)
    // The heads of one key of zeros: their scale is wanted.
    let d = mechanism.dim, zeros = try AlignedBuffer<Float>(count: max(d, v), repeating: 0)
    let input = AttentionInput(
      queries: MatrixView(zeros.pointer, rows: 1, dim: d), keys: MatrixView(zeros.pointer, rows: 1, dim: d),
      values: MatrixView(zeros.pointer, rows: 1, dim: v))
    let isMerged = try mechanism.heads(input, from: 0) { (heads) in heads.merge(other, into: state) }
    guard isMerged else { throw unknown("merge", of: AttentionOperation.dense) }
    state[count - 1] = max(state[count - 1], other[count - 1])
    withExtendedLifetime(zeros) {}
    return count
  }

  private func stateCount(_ v: Int) throws(RuvectorError) -> Int {
    try size(2, heads, plus: size(1, v, plus: 1, "state"), "state")
  }
}

extension Heads {
  /// Σ exp((s − m) scale) = exp((m' − m) scale) Σ exp((s − m') scale): exact but for rounding.
  func merge(_ other: UnsafePointer<Double>, into state: UnsafeMutablePointer<Double>) {
    let part = input.values.dim / count
    for h in 0..<count where other[2 * h + 1] != 0 {
      let isEmpty = state[2 * h + 1] == 0, top = isEmpty ? other[2 * h] : max(state[2 * h], other[2 * h])
      let ours = isEmpty ? 0 : Double.exp((state[2 * h] - top) * scale), its = Double.exp((other[2 * h] - top) * scale)
      state[2 * h] = top
      state[2 * h + 1] = ours * state[2 * h + 1] + its * other[2 * h + 1]
      for c in 2 * count + h * part..<2 * count + (h + 1) * part { state[c] = ours * state[c] + its * other[c] }
    }
  }

  /// All keys of `input`, for its only query.
  func add(to state: UnsafeMutablePointer<Double>) throws(RuvectorError) {
    guard input.keys.rows > 0 else { return }  // a state of no keys has no maximum
    let kernels = Kernels.current, v = input.values.dim, part = v / count, sums = state + 2 * count
    let scores = try AlignedBuffer<Float>(count: block), out = try AlignedBuffer<Float>(count: part)
    for h in 0..<count {
      let head = head(h), its = sums + h * part
      var running = SoftmaxHead.Running()
      running.sum = state[2 * h + 1]
      if running.sum != 0 { running.maximum = Float(state[2 * h]) }
      for c in 0..<part { out[c] = Float(its[c]) }
      var j = 0
      while j < input.keys.rows {
        let rows = min(block, input.keys.rows - j)
        head.add(0, j, rows, to: &running, out.pointer, scores.pointer, kernels)
        j += rows
      }
      let isFinite = running.isFinite && running.maximum.isFinite
      (state[2 * h], state[2 * h + 1]) = (Double(running.maximum), isFinite ? running.sum : .nan)
      for c in 0..<part { its[c] = Double(out[c]) }
    }
  }
}
