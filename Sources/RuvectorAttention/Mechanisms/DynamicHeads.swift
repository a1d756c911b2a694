import CRuvectorSupport
import RuvectorCore

/// Multi-head attention whose heads are gated by the query (the gate of Shazeer et al. 2017 on the heads of Vaswani et al.
/// 2017, section 3.2.2; Peng, Schwartz, Li, Smith 2020, "A Mixture of h − 1 Heads is Better than h Heads"):
///
///     o_i = W_o concat_h(γ_ih Σ_j softmax_j(q_i^h · k_j^h / √(d/heads)) v_j^h) + b_o      γ_ih = σ(w_h · Q_i + b_h)
///     q = W_q Q + b_q     k = W_k K + b_k     v = W_v V + b_v
///
/// Q [m, d], K, V [n, d], W [d, d], b [d], w `gate.weight` [heads, d], `gate.bias` [heads]; heads are contiguous slices of d.
/// A head whose γ is below `threshold` is left out for that query: it is not computed, γ counts as 0, and its gate learns
/// nothing from that query. 0 leaves none out.
/// - Complexity: O((m + n) · d² + m' · n · d), m' the part of the m · heads pairs that is computed over heads.
/// - Precision: as ``MultiHead``; gates in Double.
public final class DynamicHeads: Attention, @unchecked Sendable {
  // MARK: - Options

  public static let name: StaticString = "dynamic_heads"
  public static let options = [
    AttentionOption.dim, AttentionOption.heads,
    Option("threshold", .number(0...1), standard: 0, "Heads whose gate is below it are left out for a query."),
    AttentionOption.causal,
    Option("seed", .seed, standard: 0, "Seed of the initial weights."),
  ]
  public let dim: Int
  public let heads: Int
  /// Heads whose gate is below it are left out.
  public let threshold: Double
  /// Whether query i sees keys up to i + n − m only.
  public let isCausal: Bool
  /// The seed of the initial weights.
  public let seed: UInt64

  // MARK: - Weights

  public let parameters: Parameters
  private let gate: Linear  // [heads, d]
  private let maps: [Linear]  // query, key, value, output [d, d]

  /// Xavier-normal from `seed`, the gate's drawn last; biases 0 (so that gates begin near 1/2).
  public static func slots(_ settings: Settings) -> [Slot] {
    let dim = settings.integer("dim")
    return Slot.linear("gate.weight", "gate.bias", dim, settings.integer("heads"), turn: 1)
      + Slot.linear("query.weight", "query.bias", dim, dim) + Slot.linear("key.weight", "key.bias", dim, dim)
      + Slot.linear("value.weight", "value.bias", dim, dim) + Slot.linear("output.weight", "output.bias", dim, dim)
  }

  // MARK: - Creation

  public convenience init(_ settings: Settings) throws(RuvectorError) {
    let heads = try AttentionOption.heads(settings, dim: settings.integer("dim"))
    self.init(settings, heads, try Parameters(Self.slots(settings), seed: settings.seed("seed")))
  }

  private init(_ settings: Settings, _ heads: Int, _ parameters: Parameters) {
    (self.heads, self.parameters) = (heads, parameters)
    dim = settings.integer("dim")
    (threshold, isCausal) = (settings.number("threshold"), settings.flag("causal"))
    seed = settings.seed("seed")
    gate = parameters.linear("gate.weight", "gate.bias")
    maps = [
      parameters.linear("query.weight", "query.bias"), parameters.linear("key.weight", "key.bias"),
      parameters.linear("value.weight", "value.bias"), parameters.linear("output.weight", "output.bias"),
    ]
  }

  public var optionValues: [Double] { [Double(dim), Double(heads), threshold, isCausal ? 1 : 0, Double(seed)] }

  public var isRowwise: Bool { !isCausal }

  public func outputDim(values v: Int) throws(RuvectorError) -> Int {
    guard v == dim else { throw .dimension("values[0]", expected: dim, received: v) }
    return dim
  }

  // MARK: - Gates

  /// γ [m, heads], 0 where a head is left out.
  private func gates(_ queries: MatrixView, _ control: Control) throws(RuvectorError) -> AlignedBuffer<Float> {
    let count = queries.rows * heads
    let logits = try AlignedBuffer<Double>(count: count, for: "gates")
    let γ = try AlignedBuffer<Float>(count: count, for: "gates")
    try gate.applyExactly(rows: queries, into: logits.pointer, control)
    for i in 0..<count {
      let value = 1 / (1 + rv_exp(-logits[i]))
      γ[i] = value < threshold ? 0 : Float(value)
    }
    return γ
  }

  public static let operations = AttentionOperation.all + [AttentionOperation.ofQueries("gates", ["m", "heads"])]

  /// "gates": γ, 0 where a head is left out.
  public func run(_ operation: String, _ buffers: [Tensor], _ control: Control) throws(RuvectorError) -> Int {
    guard operation.utf8.elementsEqual("gates".utf8) else { return try runAttention(operation, buffers, control) }
    let γ = try gates(readQueries(operation, buffers), control)
    try buffers[1].output("output", count: γ.count).update(from: γ.pointer, count: γ.count)
    return γ.count
  }

  /// One head on the queries it has: `body` with its number, the queries' numbers and the head itself.
  private func forHeads(
    _ projected: AttentionInput, _ γ: AlignedBuffer<Float>, _ control: Control,
    _ body: (_ h: Int, _ rows: UnsafePointer<UInt32>, _ head: Heads) throws(RuvectorError) -> Void
  ) throws(RuvectorError) {
    let m = projected.queries.rows, quiet = Control(cancelFlag: control.cancelFlag)
    // Heads side by side where there are enough of them, else each of them on all threads.
    let outer = heads >= control.threads ? control : quiet
    try forChunks(of: heads, chunk: 1, outer) { (one, _) throws(RuvectorError) in
      let h = one.lowerBound, rows = try AlignedBuffer<UInt32>(count: m, for: "queries")
      var count = 0
      for i in 0..<m where γ[i * heads + h] > 0 {
        rows[count] = UInt32(truncatingIfNeeded: i)
        count += 1
      }
      guard count > 0 else { return }
      var slice = projected
      slice.queries = projected.queries.columns(h, of: heads)
      slice.keys = projected.keys.columns(h, of: heads)
      slice.values = projected.values.columns(h, of: heads)
      let batch = try SubBatch(of: slice, rows.pointer, count: count)
      try body(
        h, rows.pointer,
        Heads(input: batch.input, count: 1, scale: 1 / Double(dim / heads).squareRoot(), isCausal: isCausal))
      withExtendedLifetime(batch) {}
    }
  }

  private func inner(_ control: Control) -> Control {
    heads >= control.threads ? Control(cancelFlag: control.cancelFlag) : control
  }

  // MARK: - Forward

  public func forward(
    _ input: AttentionInput, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    let m = input.queries.rows, γ = try gates(input.queries, control)
    let joined = try AlignedBuffer<Float>(count: m * dim, repeating: 0, for: "heads")
    let projected = try MultiHead.Projected(input, Array(maps[..<3]), control)
    try naming(input) { () throws(RuvectorError) in
      try join(projected.input, γ, nil, into: joined.pointer, control)
    }
    withExtendedLifetime(projected) {}
    try maps[3].apply(rows: MatrixView(joined.pointer, rows: m, dim: dim), into: out, control)
    try requireRange(out, m * dim, input)
  }

  /// γ times the heads' outputs into `joined` [m, d], the outputs themselves into `plain`; both are 0 before.
  private func join(
    _ projected: AttentionInput, _ γ: AlignedBuffer<Float>, _ plain: UnsafeMutablePointer<Float>?,
    into joined: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    let kernels = Kernels.current, part = dim / heads, inner = inner(control)
    try forHeads(projected, γ, control) { (h, rows, head) throws(RuvectorError) in
      let count = head.input.queries.rows
      let o = try AlignedBuffer<Float>(count: count * part, for: "heads")
      try head.forward(into: o.pointer, inner)
      for r in 0..<count {
        let i = Int(rows[r]), place = i * dim + h * part
        kernels.scale(γ[i * heads + h], o.pointer + r * part, joined + place, part)
        if let plain { (plain + place).update(from: o.pointer + r * part, count: part) }
      }
    }
  }

  /// The heads' own, without γ; 0 where a head is left out.
  public func weights(
    _ input: AttentionInput, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    let m = input.queries.rows, n = input.keys.rows, γ = try gates(input.queries, control)
    out.update(repeating: 0, count: heads * m * n)
    let projected = try MultiHead.Projected(input, Array(maps[..<3]), control), inner = inner(control)
    try naming(input) { () throws(RuvectorError) in
      try forHeads(projected.input, γ, control) { (h, rows, head) throws(RuvectorError) in
        let count = head.input.queries.rows
        let p = try AlignedBuffer<Float>(count: count * n, for: "weights")
        try head.weights(into: p.pointer, inner)
        for r in 0..<count { (out + (h * m + Int(rows[r])) * n).update(from: p.pointer + r * n, count: n) }
      }
    }
    withExtendedLifetime(projected) {}
  }

  // MARK: - Gradient

  /// Through W_o, the heads and the three maps as in ``MultiHead``, and with a_ih the output of head h:
  /// dγ_ih = dL/d(γa)_ih · a_ih, dl_ih = γ (1 − γ) dγ.
  public func backward(
    _ input: AttentionInput, outputGradient: UnsafePointer<Float>, into gradients: AttentionGradients,
    _ control: Control
  ) throws(RuvectorError) {
    let m = input.queries.rows, n = input.keys.rows, part = dim / heads, kernels = Kernels.current
    let γ = try gates(input.queries, control)
    let projected = try MultiHead.Projected(input, Array(maps[..<3]), control)
    let memory = try AlignedBuffer<Float>(count: (4 * m + 2 * n) * dim + m * heads, repeating: 0, for: "gradients")
    let joined = memory.pointer, plain = joined + m * dim, dJ = plain + m * dim
    let dq = dJ + m * dim, dk = dq + m * dim, dv = dk + n * dim, dl = dv + n * dim
    try naming(input) { () throws(RuvectorError) in
      try join(projected.input, γ, plain, into: joined, control)
    }
    try maps[3].backward(
      MatrixView(joined, rows: m, dim: dim), outputGradient, into: dJ,
      parameters: gradients.parameters, control)
    try forHeads(projected.input, γ, control) { (h, rows, head) throws(RuvectorError) in
      let count = head.input.queries.rows
      let own = try AlignedBuffer<Float>(count: (2 * count + 2 * n) * part, repeating: 0, for: "gradients")
      let g = own.pointer, q = g + count * part, k = q + count * part, v = k + n * part
      for r in 0..<count {
        let i = Int(rows[r]), place = i * dim + h * part, share = γ[i * heads + h]
        kernels.scale(share, dJ + place, g + r * part, part)
        dl[i * heads + h] = share * (1 - share) * kernels.dot(dJ + place, plain + place, part)
      }
      try head.backward(
        outputGradient: g, into: AttentionGradients(queries: q, keys: k, values: v),
        Control(cancelFlag: control.cancelFlag))
      for r in 0..<count { (dq + Int(rows[r]) * dim + h * part).update(from: q + r * part, count: part) }
      for j in 0..<n {
        (dk + j * dim + h * part).update(from: k + j * part, count: part)
        (dv + j * dim + h * part).update(from: v + j * part, count: part)
      }
    }
    try gate.backward(input.queries, dl, into: gradients.queries, parameters: gradients.parameters, control)
    let places = [gradients.queries, gradients.keys, gradients.values]
    for (i, (x, g)) in zip([input.queries, input.keys, input.values], [dq, dk, dv]).enumerated() {
      try maps[i].backward(x, g, into: places[i], parameters: gradients.parameters, control)
    }
    withExtendedLifetime(projected) {}
  }
}
