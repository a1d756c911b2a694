import CRuvectorSupport
import RuvectorCore

/// One query whose keys come in blocks: a caller that has them scattered gathers a block at a time, which stays in the cache
/// until it has been attended to, and never has all keys in one place.
///
/// The state is the caller's: of each head (maximum, Σ exp(s − maximum)), then Σ exp(s − maximum) V of all of them, and how many
/// keys there were. A maximum counts where the sum is not 0; a sum that is NaN stays so.
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

  private func stateCount(_ v: Int) throws(RuvectorError) -> Int {
    try size(2, heads, plus: size(1, v, plus: 1, "state"), "state")
  }
}

extension Heads {
  /// All keys of `input`, for its only query.
  func add(to state: UnsafeMutablePointer<Double>) throws(RuvectorError) {
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
