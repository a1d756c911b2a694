import CRuvectorSupport
import RuvectorCore

/// Attention over two neighbourhoods, that of the graph and that of the latent space, fused by cross-attention:
///
///     a_i^g = Σ_{j ∈ graph(i)} softmax_j(q_i·k_j/√(d/heads)) v_j         a_i^l the same over latent(i)
///     β_i^s = softmax over s ∈ {g, l} of (W_q q_i · W_k a_i^s)/√d
///     o_i   = q_i + W_o (β_i^g a_i^g + β_i^l a_i^l)
///
/// q [m, d], k, v [n, d]. The context of a key says which it is: 0 a graph neighbour, 1 a latent one (nearest in the
/// embedding, found by any index); which keys a query has at all, mask and offsets say. A neighbourhood that is empty
/// takes no part; with both empty o_i = q_i. W_q, W_k, W_o [d, d] are learned. `weights`: β^s p_j, which sum to 1.
/// - Complexity: O(m · n · d + m · d²). Precision: Float.
///
/// References: Vaswani et al. 2017 (cross-attention, residual); the two neighbourhoods are those of the design notes of
/// `@ruvector/attention` ("dual-space"), which the package does not have.
public final class GraphLatent: Attention, @unchecked Sendable {
  // MARK: - Options

  public static let name: StaticString = "graph_latent"
  public static let options = [
    AttentionOption.dim, AttentionOption.heads,
    Option("seed", .seed, standard: 0, "Seed of the initial weights."),
  ]
  public let dim: Int
  public let heads: Int
  public let seed: UInt64
  public var contextDim: Int { 1 }
  /// Where the kind stands in its caller's context: a name for errors.
  nonisolated(unsafe) var kindColumn = 0

  // MARK: - Weights

  public let parameters: Parameters
  /// W_q, W_k, W_o, [d, d] each.
  let query, key, output: Parameter

  /// Xavier-normal from `seed`.
  public static func slots(_ settings: Settings) -> [Slot] {
    let dim = settings.integer("dim"), start = Slot.Start.xavierNormal(fanIn: dim, fanOut: dim)
    return [
      Slot("fusion.query.weight", [dim, dim], start), Slot("fusion.key.weight", [dim, dim], start),
      Slot("fusion.output.weight", [dim, dim], start),
    ]
  }

  // MARK: - Creation

  public init(_ settings: Settings) throws(RuvectorError) {
    dim = settings.integer("dim")
    heads = try AttentionOption.heads(settings, dim: dim)
    seed = settings.seed("seed")
    parameters = try Parameters(Self.slots(settings), seed: seed)
    query = parameters["fusion.query.weight"]
    key = parameters["fusion.key.weight"]
    output = parameters["fusion.output.weight"]
  }

  public var optionValues: [Double] { [Double(dim), Double(heads), Double(seed)] }

  public func outputDim(values v: Int) throws(RuvectorError) -> Int { try requirePoints(v, dim) }

  // MARK: - One call

  /// Both neighbourhoods attended to, and their shares.
  private final class Fusion {
    /// Masks of the neighbourhoods, and the heads that see through them.
    let masks: [AlignedBuffer<UInt8>]
    let heads: [Heads]
    /// a^g, a^l [m, d]; W_q q and W_k a [m, d].
    let attended: [Rows]
    let queries: Rows
    let keys: [Rows]
    /// β, [2, m]; 0 where a neighbourhood is empty.
    let shares: Rows
    /// Σ β a
    let mixed: Rows

    init(_ layer: GraphLatent, _ input: AttentionInput, _ control: Control) throws(RuvectorError) {
      let m = input.queries.rows, n = input.keys.rows, d = layer.dim, kernels = Kernels.current
      let rows = input.maskStride == 0 ? 1 : m
      var masks: [AlignedBuffer<UInt8>] = [], heads: [Heads] = [], attended: [Rows] = [], keys: [Rows] = []
      let queries = try DualSpace.project(input.queries, layer.query.pointer, control)
      try queries.require(from: input.queries, "queries")
      for s in 0..<2 {
        let mask = try AlignedBuffer<UInt8>(count: rows * n, for: "mask")
        for r in 0..<rows {
          for j in 0..<n {
            let isHere = try layer.kind(input.keyContext, j) == s
            mask[r * n + j] = isHere && input.shows(r, j) ? 1 : 0
          }
        }
        var part = input
        part.mask = UnsafePointer(mask.pointer)
        part.maskStride = rows == 1 ? 0 : n
        let all = Heads(
          input: part, count: layer.heads, scale: 1 / Double(d / layer.heads).squareRoot(), isCausal: false)
        let a = try Rows(m, d)
        try all.forward(into: a.memory.pointer, control)
        masks.append(mask)
        heads.append(all)
        attended.append(a)
        let projected = try DualSpace.project(a.view, layer.key.pointer, control)
        try projected.require(from: a.view, "attended keys")
        keys.append(projected)
      }
      (self.masks, self.heads, self.attended, self.queries, self.keys) = (masks, heads, attended, queries, keys)
      shares = try Rows(2, m)
      mixed = try Rows(m, d)
      mixed.zero()
      for i in 0..<m {
        var logits = [-Double.infinity, -Double.infinity]
        for s in 0..<2 where Self.sees(heads[s], i) {
          var dot = 0.0
          for c in 0..<d { dot += Double(queries.row(i)[c]) * Double(keys[s].row(i)[c]) }
          logits[s] = dot / Double(d).squareRoot()
        }
        let top = max(logits[0], logits[1]), e = logits.map { $0 == -.infinity ? 0 : Double.exp($0 - top) }
        for s in 0..<2 {
          shares.row(s)[i] = e[s] == 0 ? 0 : Float(e[s] / (e[0] + e[1]))
          kernels.axpy(shares.row(s)[i], attended[s].row(i), mixed.row(i), d)
        }
      }
    }

    private static func sees(_ heads: Heads, _ i: Int) -> Bool {
      heads.input.keys(of: i).contains { heads.input.shows(i, $0) }
    }
  }

  private func kind(_ context: MatrixView?, _ j: Int) throws(RuvectorError) -> Int {
    guard let kind = context?.row(j)[0] else { return 0 }
    guard kind == 0 || kind == 1 else {
      throw .expected(
        "0 (graph) or 1 (latent)", for: "keyContext[\(j)][\(kindColumn)]", received: text(Double(kind)), .outOfRange)
    }
    return Int(kind)
  }

  // MARK: - Forward

  public func forward(
    _ input: AttentionInput, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    let fusion = try Fusion(self, input, control), m = input.queries.rows
    for i in 0..<m { (out + i * dim).update(from: input.queries.row(i), count: dim) }
    try gemm(
      m: m, n: dim, k: dim, .rows(fusion.mixed.memory.pointer, stride: dim), .transposed(output.pointer, stride: dim),
      out, cStride: dim, accumulate: true, threads: control.threads)
    try requireRange(out, m * dim, input)
  }

  public func weights(
    _ input: AttentionInput, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    let fusion = try Fusion(self, input, control), m = input.queries.rows, n = input.keys.rows
    let kernels = Kernels.current, other = try AlignedBuffer<Float>(count: heads * m * n, for: "weights")
    try fusion.heads[0].weights(into: out, control)
    try fusion.heads[1].weights(into: other.pointer, control)
    for h in 0..<heads {
      for i in 0..<m {
        let row = out + (h * m + i) * n
        kernels.scale(fusion.shares.row(0)[i], row, row, n)
        kernels.axpy(fusion.shares.row(1)[i], other.pointer + (h * m + i) * n, row, n)
      }
    }
  }

  // MARK: - Gradient

  /// With g = dL/do, y = W_oᵀ g: dq = g + …, dW_o = g (Σ β a)ᵀ, dβ^s = y·a^s, dl^s = β^s (dβ^s − Σ β dβ)/√d;
  /// da^s = β^s y + dl^s W_kᵀ W_q q, d(W_q q) = Σ dl^s W_k a^s, d(W_k a^s) = dl^s W_q q; then through the heads.
  public func backward(
    _ input: AttentionInput, outputGradient: UnsafePointer<Float>, into gradients: AttentionGradients,
    _ control: Control
  ) throws(RuvectorError) {
    let fusion = try Fusion(self, input, control), m = input.queries.rows, d = dim, kernels = Kernels.current
    let y = try Rows(m, d), toQueries = try Rows(m, d)
    toQueries.zero()
    try gemm(
      m: m, n: d, k: d, .rows(outputGradient, stride: d), .rows(output.pointer, stride: d), y.memory.pointer,
      cStride: d,
      threads: control.threads)
    if let out = gradients.queries { kernels.add(out, outputGradient, out, m * d) }
    let toAttended = try (Rows(m, d), Rows(m, d)), toKeys = try (Rows(m, d), Rows(m, d))
    let attendedGradients = [toAttended.0, toAttended.1], keyGradients = [toKeys.0, toKeys.1]
    for i in 0..<m {
      let β = (0..<2).map { fusion.shares.row($0)[i] }
      let dβ = (0..<2).map { kernels.dot(y.row(i), fusion.attended[$0].row(i), d) }
      let mean = β[0] * dβ[0] + β[1] * dβ[1]
      for s in 0..<2 {
        let dl = β[s] * (dβ[s] - mean) / Float(d).squareRoot()
        kernels.scale(β[s], y.row(i), attendedGradients[s].row(i), d)
        kernels.scale(dl, fusion.queries.row(i), keyGradients[s].row(i), d)
        kernels.axpy(dl, fusion.keys[s].row(i), toQueries.row(i), d)
      }
    }
    func outer(_ g: UnsafePointer<Float>, _ x: MatrixView, _ weight: Parameter) throws(RuvectorError) {
      guard let out = gradients.parameters?[weight] else { return }
      try gemm(
        m: d, n: d, k: m, .transposed(g, stride: d), .rows(x.base, stride: x.stride), out, cStride: d,
        accumulate: true, threads: control.threads)
    }
    func pull(_ g: Rows, _ weight: Parameter, into out: UnsafeMutablePointer<Float>) throws(RuvectorError) {
      try gemm(
        m: m, n: d, k: d, .rows(g.memory.pointer, stride: d), .rows(weight.pointer, stride: d), out, cStride: d,
        accumulate: true, threads: control.threads)
    }
    try outer(outputGradient, fusion.mixed.view, output)
    try outer(toQueries.memory.pointer, input.queries, query)
    if let out = gradients.queries { try pull(toQueries, query, into: out) }
    for s in 0..<2 {
      try outer(keyGradients[s].memory.pointer, fusion.attended[s].view, key)
      try pull(keyGradients[s], key, into: attendedGradients[s].memory.pointer)
      try fusion.heads[s].backward(
        outputGradient: attendedGradients[s].memory.pointer,
        into: AttentionGradients(queries: gradients.queries, keys: gradients.keys, values: gradients.values), control)
    }
    withExtendedLifetime(fusion) {}
  }
}
