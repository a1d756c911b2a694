import CRuvectorSupport
import RuvectorCore

/// Multi-head attention (Vaswani et al. 2017, section 3.2.2):
///
///     o_i = W_o concat_h Σ_j softmax_j(q_i^h · k_j^h / √(d/heads)) v_j^h + b_o
///     q = W_q Q + b_q     k = W_k K + b_k     v = W_v V + b_v
///
/// Q [m, d], K, V [n, d], W [d, d], b [d]; heads are contiguous slices of d. `projections` 0 leaves W and b out (q = Q,
/// and so on, o_i the concatenation): that is what `@ruvector/attention` computes; values may then have any width that
/// the heads divide. `dropout`: in training (a Trainer's), each weight of the softmax is 0 with that probability, else divided by
/// 1 − dropout.
/// - Complexity: O((m + n) · d² + m · n · d); without projections O(m · n · d).
/// - Precision: Float; sums of projections at most 512 terms in Float.
public final class MultiHead: Attention, @unchecked Sendable {
  // MARK: - Options

  public static let name: StaticString = "multi_head"
  public static let options = [
    AttentionOption.dim, AttentionOption.heads,
    Option(
      "projections", .flag, standard: 1, "1: learned W_q, W_k, W_v, W_o with biases, and values dim wide; 0: none."),
    AttentionOption.causal,
    AttentionOption.dropout,
    Option("seed", .seed, standard: 0, "Seed of the initial weights."),
  ]
  public let dim: Int
  public let heads: Int
  /// Whether query i sees keys up to i + n − m only.
  public let isCausal: Bool
  /// Share of the weights that training leaves out.
  public let dropout: Double
  /// The seed of the initial weights.
  public let seed: UInt64

  // MARK: - Weights

  public let parameters: Parameters
  private let projections: (query: Linear, key: Linear, value: Linear, output: Linear)?

  /// Xavier-normal from `seed`, biases 0.
  public static func slots(_ settings: Settings) -> [Slot] {
    guard settings.flag("projections") else { return [] }
    let dim = settings.integer("dim")
    return Slot.linear("query.weight", "query.bias", dim, dim) + Slot.linear("key.weight", "key.bias", dim, dim)
      + Slot.linear("value.weight", "value.bias", dim, dim) + Slot.linear("output.weight", "output.bias", dim, dim)
  }

  // MARK: - Creation

  public init(_ settings: Settings) throws(RuvectorError) {
    dim = settings.integer("dim")
    heads = try AttentionOption.heads(settings, dim: dim)
    isCausal = settings.flag("causal")
    dropout = settings.number("dropout")
    seed = settings.seed("seed")
    parameters = try Parameters(Self.slots(settings), seed: seed)
    projections =
      !settings.flag("projections")
      ? nil
      : (
        parameters.linear("query.weight", "query.bias"), parameters.linear("key.weight", "key.bias"),
        parameters.linear("value.weight", "value.bias"), parameters.linear("output.weight", "output.bias")
      )
  }

  public var optionValues: [Double] {
    [Double(dim), Double(heads), projections == nil ? 0 : 1, isCausal ? 1 : 0, dropout, Double(seed)]
  }

  public var isRowwise: Bool { !isCausal }

  public func outputDim(values v: Int) throws(RuvectorError) -> Int {
    guard projections == nil || v == dim else { throw .dimension("values[0]", expected: dim, received: v) }
    return try requireHeads(heads, divide: v)
  }

  private func slices(_ input: AttentionInput) -> Heads {
    Heads(
      input: input, count: heads, scale: 1 / Double(dim / heads).squareRoot(), isCausal: isCausal, dropout: dropout)
  }

  /// Projected rows, kept alive together.
  final class Projected {
    let rows: [AlignedBuffer<Float>]
    var input: AttentionInput

    init(_ input: AttentionInput, _ linears: [Linear], _ control: Control) throws(RuvectorError) {
      var rows: [AlignedBuffer<Float>] = []
      for (linear, x) in zip(linears, [input.queries, input.keys, input.values]) {
        rows.append(try linear.apply(rows: x, control))
      }
      self.rows = rows
      self.input = input
      let d = linears[0].outDim
      self.input.queries = MatrixView(rows[0].pointer, rows: input.queries.rows, dim: d)
      self.input.keys = MatrixView(rows[1].pointer, rows: input.keys.rows, dim: d)
      self.input.values = MatrixView(rows[2].pointer, rows: input.values.rows, dim: d)
    }
  }

  /// `body` with the input as the heads see it.
  private func withProjected(
    _ input: AttentionInput, _ control: Control, _ body: (Heads) throws(RuvectorError) -> Void
  ) throws(RuvectorError) {
    guard let p = projections else { return try body(slices(input)) }
    let projected = try Projected(input, [p.query, p.key, p.value], control)
    try naming(input) { () throws(RuvectorError) in try body(slices(projected.input)) }
    withExtendedLifetime(projected) {}
  }

  public func heads(
    _ input: AttentionInput, from first: Int, _ body: (Heads) throws(RuvectorError) -> Void
  ) throws(RuvectorError) -> Bool {
    guard projections == nil else { return false }
    try body(slices(input))
    return true
  }

  // MARK: - Forward

  public func forward(
    _ input: AttentionInput, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    guard let output = projections?.output else { return try slices(input).forward(into: out, control) }
    let m = input.queries.rows
    let joined = try AlignedBuffer<Float>(count: m * dim, for: "heads")
    try withProjected(input, control) { (heads) throws(RuvectorError) in
      try heads.forward(into: joined.pointer, control)
    }
    try output.apply(rows: MatrixView(joined.pointer, rows: m, dim: dim), into: out, control)
    try requireRange(out, m * dim, input)
  }

  public func weights(
    _ input: AttentionInput, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    try withProjected(input, control) { (heads) throws(RuvectorError) in try heads.weights(into: out, control) }
  }

  // MARK: - Gradient

  public func backward(
    _ input: AttentionInput, outputGradient: UnsafePointer<Float>, into gradients: AttentionGradients,
    _ control: Control
  ) throws(RuvectorError) {
    guard let p = projections else {
      return try slices(input).backward(outputGradient: outputGradient, into: gradients, control)
    }
    let m = input.queries.rows, n = input.keys.rows
    let linears = [p.query, p.key, p.value]
    let projected = try Projected(input, linears, control)
    let joined = try AlignedBuffer<Float>(count: m * dim, for: "heads")
    try naming(input) { () throws(RuvectorError) in
      try slices(projected.input).forward(into: joined.pointer, control)
    }
    // Through W_o, then the heads, then the three maps of the input.
    let inner = try AlignedBuffer<Float>(count: (2 * m + 2 * n) * dim, repeating: 0, for: "gradients")
    let heads = inner.pointer, q = heads + m * dim, k = q + m * dim, v = k + n * dim
    try p.output.backward(
      MatrixView(joined.pointer, rows: m, dim: dim), outputGradient, into: heads,
      parameters: gradients.parameters, control)
    try naming(input) { () throws(RuvectorError) in
      try slices(projected.input).backward(
        outputGradient: heads, into: AttentionGradients(queries: q, keys: k, values: v), control)
    }
    let places = [gradients.queries, gradients.keys, gradients.values]
    for (i, (x, g)) in zip([input.queries, input.keys, input.values], [q, k, v]).enumerated() {
      try linears[i].backward(x, g, into: places[i], parameters: gradients.parameters, control)
    }
    withExtendedLifetime(projected) {}
  }
}

/// Finite input whose result leaves Float is `.outOfRange`; other input names its first NaN or infinity.
func requireRange(_ out: UnsafePointer<Float>, _ count: Int, _ input: AttentionInput) throws(RuvectorError) {
  guard Kernels.current.non_finite_probe(out, count).isNaN else { return }
  for (name, rows) in [("queries", input.queries), ("keys", input.keys), ("values", input.values)] {
    for r in 0..<rows.rows { try requireFinite(rows.row(r), count: rows.dim, for: "\(name)[\(r)]") }
  }
  throw .expected("a result that fits in Float", for: "output", received: "an overflow", .outOfRange)
}

/// Runs `body` on rows made from `input`. An infinity in them that is not one of the input's is `.outOfRange`.
func naming(_ input: AttentionInput, _ body: () throws(RuvectorError) -> Void) throws(RuvectorError) {
  do {
    try body()
  } catch {
    guard error.code == .nonFinite else { throw error }
    for x in [input.queries, input.keys, input.values] {
      for r in 0..<x.rows where Kernels.current.non_finite_probe(x.row(r), x.dim) != 0 { throw error }
    }
    throw .expected("a result that fits in Float", for: "projections", received: "an overflow", .outOfRange)
  }
}
