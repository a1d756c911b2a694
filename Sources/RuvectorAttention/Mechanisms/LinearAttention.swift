import CRuvectorSupport
import RuvectorCore

/// Attention in linear time (Katharopoulos et al. 2020, "Transformers are RNNs"; Choromanski et al. 2021, "Rethinking
/// Attention with Performers"):
///
///     o_i = Σ_j φ(q_i)·φ(k_j) v_j / Σ_j φ(q_i)·φ(k_j) = φ(q_i)ᵀ S / φ(q_i)·z      S = Σ φ(k_j) v_jᵀ,   z = Σ φ(k_j)
///
/// q [m, d], k [n, d], v [n, any width]. φ: `features` positive random features of the kernel exp(q·k/√d) (FAVOR+, drawn
/// from `seed`), or with `elu` elu(x) + 1 of the d coordinates. The error against exact attention falls as 1/√features
/// where |x|²/√d is small (up to about 2); beyond that the variance grows as exp(|q + k|²/√d) and the estimate is useless.
/// - Complexity: O((m + n) · features · (d + v)) with no mask or one for all queries, else O(m · n · features); memory
///   beyond input and output O(features · (d + v)) and 1,024 rows of features.
/// - Precision: Float; queries whose sums or squares leave Float are done again in Double, which holds those of every finite
///   query and key.
public final class LinearAttention: Attention, Sendable {
  // MARK: - Options

  public static let name: StaticString = "linear"
  public static let options = [
    AttentionOption.dim,
    Option(
      "features", .integer(1...65_536), standard: 64,
      "Random features M; the error falls as 1/sqrt(M). Not read with elu: M is dim then."),
    Option("elu", .flag, standard: 0, "1: elu(x) + 1 instead of random features."),
    Option("seed", .seed, standard: 0, "Seed of the random features."),
  ]
  public let dim: Int
  /// The seed of the random features.
  public let seed: UInt64
  nonisolated(unsafe) private let map: RandomFeatures
  private static let chunk = 1024

  // MARK: - Creation

  public init(_ settings: Settings) throws(RuvectorError) {
    dim = settings.integer("dim")
    seed = settings.seed("seed")
    map =
      settings.flag("elu")
      ? RandomFeatures(elu: dim) : try RandomFeatures(dim: dim, count: settings.integer("features"), seed: seed)
  }

  public var optionValues: [Double] {
    [Double(dim), Double(map.count), map.directions == nil ? 1 : 0, Double(seed)]
  }

  public func outputDim(values v: Int) -> Int { v }

  // MARK: - Sums over keys

  /// S [M, v] and z [M] up to the common factor exp(−`top`).
  private struct Sums {
    let S: AlignedBuffer<Float>
    let z: AlignedBuffer<Float>
    var top = -Float.infinity
  }

  private var isPositive: Bool { map.directions != nil }

  /// φ(k) exp(−top) of some keys, 0 where the mask says so.
  private func keyFeatures(
    _ input: AttentionInput, _ range: Range<Int>, top: Float?, into φ: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) -> Float {
    let M = map.count, kernels = Kernels.current, keys = input.keys.slice(range)
    func shows(_ r: Int) -> Bool { input.mask.map { $0[range.lowerBound + r] != 0 } ?? true }
    try map.exponents(keys, into: φ, control)
    guard isPositive else {
      for r in 0..<range.count where !shows(r) { (φ + r * M).update(repeating: 0, count: M) }
      return 0
    }
    let halves = try AlignedBuffer<Double>(count: range.count, for: "features")
    map.halves(keys, into: halves.pointer)
    var highest = top ?? -.infinity
    if top == nil {
      for r in 0..<range.count where shows(r) {
        let its = Float(Double(kernels.maximum(φ + r * M, M)) - halves[r])
        if its > highest { highest = its }  // NaN is found in the sums
      }
    }
    for r in 0..<range.count {
      if highest > -.infinity, shows(r) {
        _ = kernels.exponential_sum(φ + r * M, Float(halves[r] + Double(highest)), 1, φ + r * M, M)
      } else {
        (φ + r * M).update(repeating: 0, count: M)
      }
    }
    return highest
  }

  private func sums(_ input: AttentionInput, _ control: Control) throws(RuvectorError) -> Sums {
    let M = map.count, v = input.values.dim, kernels = Kernels.current
    var sums = Sums(
      S: try AlignedBuffer(rows: M, columns: v, for: "features"),
      z: try AlignedBuffer(count: M, repeating: 0, for: "features"))
    sums.S.pointer.update(repeating: 0, count: sums.S.count)
    let φ = try AlignedBuffer<Float>(rows: min(Self.chunk, input.keys.rows), columns: M, for: "features")
    let ones = try AlignedBuffer<Float>(count: min(Self.chunk, input.keys.rows), repeating: 1)
    var first = 0
    while first < input.keys.rows {
      try control.check()
      let range = first..<min(first + Self.chunk, input.keys.rows)
      let top = try keyFeatures(input, range, top: nil, into: φ.pointer, control)
      // Both sides to the larger of the two factors.
      let shared = max(top, sums.top)
      if shared > -.infinity {
        if sums.top < shared, sums.top > -.infinity {
          let shrink = Float(Double.exp(Double(sums.top - shared)))
          kernels.scale(shrink, sums.S.pointer, sums.S.pointer, M * v)
          kernels.scale(shrink, sums.z.pointer, sums.z.pointer, M)
        } else if top < shared {
          kernels.scale(Float(Double.exp(Double(top - shared))), φ.pointer, φ.pointer, range.count * M)
        }
        sums.top = shared
        kernels.combine_rows(ones.pointer, φ.pointer, M, range.count, M, sums.z.pointer)
        try gemm(
          m: M, n: v, k: range.count, .transposed(φ.pointer, stride: M),
          .rows(input.values.row(first), stride: input.values.stride), sums.S.pointer, cStride: v, accumulate: true,
          threads: control.threads)
      }
      first = range.upperBound
    }
    return sums
  }

  /// φ(q) of some queries, each up to a factor of its own (which the quotient does not see).
  private func queryFeatures(
    _ input: AttentionInput, _ range: Range<Int>, into φ: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    let M = map.count, kernels = Kernels.current
    try map.exponents(input.queries.slice(range), into: φ, control)
    guard isPositive else { return }
    for r in 0..<range.count {
      let row = φ + r * M
      _ = kernels.exponential_sum(row, kernels.maximum(row, M), 1, row, M)
    }
  }

  private func sharesKeys(_ input: AttentionInput) -> Bool {
    input.offsets == nil && (input.mask == nil || input.maskStride == 0)
  }

  // MARK: - Forward

  public func forward(
    _ input: AttentionInput, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    let v = input.values.dim, M = map.count, kernels = Kernels.current
    guard sharesKeys(input) else {
      let row = try AlignedBuffer<Float>(count: input.keys.rows, for: "weights")
      for i in 0..<input.queries.rows {
        try control.check()
        try exactRow(input, i, into: row.pointer)
        let o = out + i * v
        o.update(repeating: 0, count: v)
        kernels.combine_rows(row.pointer, input.values.base, input.values.stride, input.keys.rows, v, o)
      }
      return try requireRange(out, input.queries.rows * v, input)
    }
    guard Double(input.queries.rows) * Double(M + v) > Double(M) * Double(v) else {
      return try forwardFew(input, into: out, control)
    }
    let sums = try sums(input, control)
    let φ = try AlignedBuffer<Float>(rows: min(Self.chunk, input.queries.rows), columns: M, for: "features")
    var first = 0
    while first < input.queries.rows {
      let range = first..<min(first + Self.chunk, input.queries.rows)
      try queryFeatures(input, range, into: φ.pointer, control)
      try gemm(
        m: range.count, n: v, k: M, .rows(φ.pointer, stride: M), .rows(sums.S.pointer, stride: v), out + first * v,
        cStride: v, threads: control.threads)
      for i in range {
        try divide(out + i * v, by: kernels.dot(φ.pointer + (i - first) * M, sums.z.pointer, M), input, i)
      }
      first = range.upperBound
    }
  }

  /// The output of query `i` from its sum; in Double where Float does not hold that.
  private func divide(_ o: UnsafeMutablePointer<Float>, by D: Float, _ input: AttentionInput, _ i: Int)
    throws(RuvectorError)
  {
    let kernels = Kernels.current, v = input.values.dim
    kernels.scale(1 / D, o, o, v)
    if D > 0, D.isFinite, kernels.non_finite_probe(o, v) == 0 { return }
    try forwardInDouble(input, i, into: o)
  }

  /// The same for so few queries that S, M · v multiply-adds a key, costs more than its products with them: φ(q)·φ(k_j) for each.
  private func forwardFew(
    _ input: AttentionInput, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    let m = input.queries.rows, n = input.keys.rows, v = input.values.dim, M = map.count, kernels = Kernels.current
    let φq = try AlignedBuffer<Float>(rows: m, columns: M, for: "features")
    let φ = try AlignedBuffer<Float>(rows: min(Self.chunk, n), columns: M, for: "features")
    let products = try AlignedBuffer<Float>(count: min(Self.chunk, n), for: "features")
    let D = try AlignedBuffer<Float>(count: m, repeating: 0)
    try queryFeatures(input, 0..<m, into: φq.pointer, control)
    out.update(repeating: 0, count: m * v)
    var first = 0, highest = -Float.infinity
    while first < n {
      try control.check()
      let range = first..<min(first + Self.chunk, n), count = range.count
      let top = try keyFeatures(input, range, top: nil, into: φ.pointer, control), shared = max(top, highest)
      if shared > -.infinity {
        let shrink = Float(Double.exp(Double(highest - shared))), factor = Float(Double.exp(Double(top - shared)))
        for i in 0..<m {
          if shrink < 1 {
            kernels.scale(shrink, out + i * v, out + i * v, v)
            D[i] *= shrink
          }
          kernels.dot_rows(φq.pointer + i * M, φ.pointer, M, count, M, products.pointer)
          if factor < 1 { kernels.scale(factor, products.pointer, products.pointer, count) }
          D[i] += kernels.sum(products.pointer, count)
          kernels.combine_rows(products.pointer, input.values.row(first), input.values.stride, count, v, out + i * v)
        }
        highest = shared
      }
      first = range.upperBound
    }
    for i in 0..<m { try divide(out + i * v, by: D[i], input, i) }
  }

  /// One query in Double; the first place where NaN and infinity are looked for.
  private func forwardInDouble(_ input: AttentionInput, _ i: Int, into out: UnsafeMutablePointer<Float>)
    throws(RuvectorError)
  {
    let n = input.keys.rows, v = input.values.dim
    let row = try AlignedBuffer<Float>(count: n, for: "weights")
    try exactRow(input, i, into: row.pointer)
    for c in 0..<v {
      var sum = 0.0
      for j in 0..<n { sum += Double(row[j]) * Double(input.values.row(j)[c]) }
      out[c] = Float(sum)
    }
    try requireRange(out, v, input)
  }

  // MARK: - Weights

  public func weights(
    _ input: AttentionInput, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    for i in 0..<input.queries.rows {
      try control.check()
      try exactRow(input, i, into: out + i * input.keys.rows)
    }
  }

  /// φ(q_i)·φ(k_j)/Σ of one query for all keys, in Double with its own factor: Σ_r exp(ln φ(q)_r + ln φ(k)_r − top).
  private func exactRow(_ input: AttentionInput, _ i: Int, into row: UnsafeMutablePointer<Float>) throws(RuvectorError)
  {
    let n = input.keys.rows, M = map.count, keys = input.keys(of: i)
    row.update(repeating: 0, count: n)
    try requireFinite(input.queries.row(i), count: dim, for: "queries[\(i)]")
    let q = try AlignedBuffer<Double>(count: M), k = try AlignedBuffer<Double>(count: M)
    let floats = try AlignedBuffer<Float>(count: M)
    try exponents(input.queries, i, scaled: true, floats, into: q.pointer)
    if isPositive {  // from the largest one: what a long query adds to all would drown the keys
      var largest = -Double.infinity
      for r in 0..<M { largest = max(largest, q[r]) }
      for r in 0..<M { q[r] -= largest }
    }
    var logs: [(Int, Double)] = [], top = -Double.infinity
    for j in keys where input.mask.map({ $0[i * input.maskStride + j] != 0 }) ?? true {
      try requireFinite(input.keys.row(j), count: dim, for: "keys[\(j)]")
      try exponents(input.keys, j, scaled: false, floats, into: k.pointer)
      var value = 0.0
      if isPositive {
        var highest = -Double.infinity
        for r in 0..<M { highest = max(highest, q[r] + k[r]) }
        for r in 0..<M { value += Double.exp(q[r] + k[r] - highest) }
        value = highest + Double.log(value)
      } else {
        for r in 0..<M { value += q[r] * k[r] }
        value = Double.log(value)
      }
      logs.append((j, value))
      top = max(top, value)
    }
    guard top > -.infinity else { return }  // no key seen
    let total = logs.reduce(0) { $0 + Double.exp($1.1 - top) }
    for (j, log) in logs { row[j] = Float(Double.exp(log - top) / total) }
  }

  /// Those of one row, in Double where Float does not hold them.
  private func exponents(
    _ x: MatrixView, _ r: Int, scaled: Bool, _ floats: AlignedBuffer<Float>, into out: UnsafeMutablePointer<Double>
  ) throws(RuvectorError) {
    let row = x.slice(r..<(r + 1))
    try map.exponents(row, into: floats.pointer, .none)
    guard Kernels.current.non_finite_probe(floats.pointer, floats.count) == 0 else {
      return map.exponents(of: x.row(r), scaled: scaled, into: out)
    }
    var half = 0.0
    if isPositive, !scaled { map.halves(row, into: &half) }
    for c in 0..<floats.count { out[c] = Double(floats[c]) - half }
  }

  // MARK: - Gradient

  /// With g = dL/do: dφ(q) = (S g − (g·o) z)/D and, S' = Σ φ(q) gᵀ/D, z' = −Σ φ(q) (g·o)/D: dφ(k_j) = S' v_j + z',
  /// dv_j = S'ᵀ φ(k_j). The common factors of φ cancel in o, so they are constants here. Where each query has keys of its own,
  /// one query after the other: O(M · (d + v)) a pair.
  public func backward(
    _ input: AttentionInput, outputGradient: UnsafePointer<Float>, into gradients: AttentionGradients,
    _ control: Control
  ) throws(RuvectorError) {
    guard sharesKeys(input) else {
      for i in 0..<input.queries.rows {
        try control.check()
        let range = input.keys(of: i), first = range.lowerBound, d = dim, v = input.values.dim
        var one = input
        (one.queries, one.keys) = (input.queries.slice(i..<(i + 1)), input.keys.slice(range))
        (one.values, one.offsets, one.ends) = (input.values.slice(range), nil, nil)
        (one.mask, one.maskStride) = (input.mask.map { $0 + i * input.maskStride + first }, 0)
        try backward(
          one, outputGradient: outputGradient + i * v,
          into: AttentionGradients(
            queries: gradients.queries.map { $0 + i * d }, keys: gradients.keys.map { $0 + first * d },
            values: gradients.values.map { $0 + first * v }), control)
      }
      return
    }
    let m = input.queries.rows, n = input.keys.rows, v = input.values.dim, M = map.count, kernels = Kernels.current
    guard m > 0, n > 0 else { return }
    let sums = try sums(input, control)
    let φq = try AlignedBuffer<Float>(rows: m, columns: M, for: "features"),
      dq = try AlignedBuffer<Float>(rows: m, columns: M, for: "features")
    let out = try AlignedBuffer<Float>(count: m * v, for: "outputs"),
      g = try AlignedBuffer<Float>(count: m * v, for: "gradients")
    try queryFeatures(input, 0..<m, into: φq.pointer, control)
    try forward(input, into: out.pointer, control)
    let inner = try AlignedBuffer<Float>(count: m, for: "gradients")
    for i in 0..<m {
      let D = kernels.dot(φq.pointer + i * M, sums.z.pointer, M), inverse = D > 0 && D.isFinite ? 1 / D : 0
      kernels.scale(inverse, outputGradient + i * v, g.pointer + i * v, v)
      inner[i] = -kernels.dot(g.pointer + i * v, out.pointer + i * v, v)
    }
    if let dQ = gradients.queries {
      try gemm(
        m: m, n: M, k: v, .rows(g.pointer, stride: v), .transposed(sums.S.pointer, stride: v), dq.pointer, cStride: M)
      for i in 0..<m { kernels.axpy(inner[i], sums.z.pointer, dq.pointer + i * M, M) }
      try map.backward(input.queries, φq.pointer, dq.pointer, into: dQ)
    }
    let S = try AlignedBuffer<Float>(rows: M, columns: v, for: "gradients"),
      z = try AlignedBuffer<Float>(count: M, repeating: 0)
    try gemm(m: M, n: v, k: m, .transposed(φq.pointer, stride: M), .rows(g.pointer, stride: v), S.pointer, cStride: v)
    kernels.combine_rows(inner.pointer, φq.pointer, M, m, M, z.pointer)
    let φ = try AlignedBuffer<Float>(rows: n, columns: M, for: "features"),
      d = try AlignedBuffer<Float>(rows: n, columns: M, for: "features")
    _ = try keyFeatures(input, 0..<n, top: sums.top, into: φ.pointer, control)
    if let dV = gradients.values {
      try gemm(
        m: n, n: v, k: M, .rows(φ.pointer, stride: M), .rows(S.pointer, stride: v), dV, cStride: v, accumulate: true)
    }
    if let dK = gradients.keys {
      for j in 0..<n { (d.pointer + j * M).update(from: z.pointer, count: M) }
      try gemm(
        m: n, n: M, k: v, .rows(input.values.base, stride: input.values.stride), .transposed(S.pointer, stride: v),
        d.pointer, cStride: M, accumulate: true)
      if let mask = input.mask {
        for j in 0..<n where mask[j] == 0 { (d.pointer + j * M).update(repeating: 0, count: M) }
      }
      try map.backward(input.keys, φ.pointer, d.pointer, into: dK)
    }
  }
}
