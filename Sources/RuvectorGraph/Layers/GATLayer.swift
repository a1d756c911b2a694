import CRuvectorSupport
import RuvectorCore

/// A layer of graph attention:
///
///     s_ij^h = LeakyReLU(a_s^h · W^h x_j + a_t^h · W^h x_i + a_e^h · W_e^h e_ij)      α_ij^h = softmax over the sources j of i
///     o_i^h  = Σ_j α_ij^h W^h x_j                        o_i = concat_h o_i^h, or their mean, (+ W_r x_i) + b
///
/// x [n, in], W [heads · out, in], W_e [heads · out, edgeDim], a_s, a_t, a_e [heads, out], b. LeakyReLU(z) = max(z, slope · z).
/// Every entry of the graph counts, repetitions too. With `addSelfLoops` the graph's own loops are left out and each node is a
/// source of its own, with the mean of its other edges' rows (zeros where it has none); without them a node that has no source
/// gives b. `dropout` acts on α, in training only. Every node ranks its sources alike; ``GATv2Layer`` does not.
///
/// The score is a sum of a number a source, a number a target, and a number an edge ((W_eᵀ a_e) · e), so that nothing of
/// edges × width is held.
/// - Complexity: O(non-zeros of x · heads · out + edges · heads · (out + edgeDim)). Memory beyond input and output
///   O(n · heads · out + edges · heads).
/// - Precision: Float.
///
/// Reference: Veličković, Cucurull, Casanova, Romero, Liò, Bengio 2018, "Graph Attention Networks", equations 3 to 6. Names:
/// PyTorch Geometric's GATConv.
public final class GATLayer: AttentiveLayer, @unchecked Sendable {
  // MARK: - Options

  public static let name: StaticString = "gat"
  public static let options = HeadOptions.options(
    hasLoops: true, bias: "1: a learned vector is added to every output row.", [])
  public let head: HeadOptions
  private var all: Int { head.all }

  // MARK: - Weights

  public let parameters: Parameters
  private let weight, sourceAttention, targetAttention: Parameter
  private let edge, edgeAttention, residual, bias: Parameter?

  /// Xavier-normal from `seed`, biases 0; the names are PyTorch Geometric's.
  public static func slots(_ settings: Settings) -> [Slot] {
    let head = HeadOptions(settings, hasLoops: true)
    var slots = [
      head.vectors("att_src"), head.vectors("att_dst"), head.matrix("lin.weight", head.all, head.inChannels),
    ]
    if head.edgeDim > 0 { slots.append(head.vectors("att_edge")) }
    return slots + head.edgeWeights + head.residualAndBias
  }

  // MARK: - Creation

  public convenience init(_ settings: Settings) throws(RuvectorError) {
    self.init(settings, try Parameters(Self.slots(settings), seed: settings.seed("seed")))
  }

  private init(_ settings: Settings, _ parameters: Parameters) {
    self.parameters = parameters
    head = HeadOptions(settings, hasLoops: true)
    weight = parameters["lin.weight"]
    sourceAttention = parameters["att_src"]
    targetAttention = parameters["att_dst"]
    edge = head.edgeDim > 0 ? parameters["lin_edge.weight"] : nil
    edgeAttention = head.edgeDim > 0 ? parameters["att_edge"] : nil
    residual = head.hasResidual ? parameters["res.weight"] : nil
    bias = head.hasBias ? parameters["bias"] : nil
  }

  public var optionValues: [Double] { head.values([]) }

  // MARK: - Forward

  /// Of one pass: W x [n, all], the parts of scores that sources and targets give [n, heads], those of entries, α.
  private final class Pass: Kept {
    let attention: EdgeAttention
    let z, sources, targets: AlignedBuffer<Float>
    let edges: EdgeParts?
    var shares: EdgeAttention.Shares?

    init(
      _ attention: EdgeAttention, _ z: AlignedBuffer<Float>, _ sources: AlignedBuffer<Float>,
      _ targets: AlignedBuffer<Float>, _ edges: EdgeParts?
    ) {
      (self.attention, self.z, self.sources, self.targets, self.edges) = (attention, z, sources, targets, edges)
    }
  }

  public func forward(
    _ input: GraphInput, into out: UnsafeMutablePointer<Float>, _ mode: Mode, keeps: Bool, _ control: Control
  ) throws(RuvectorError) -> Kept? {
    let pass = try prepare(input, control)
    pass.shares = try attend(input, pass, into: out, mode, keeps: keeps, control)
    return keeps ? pass : nil
  }

  public func forwardWithAttention(
    _ input: GraphInput, into out: UnsafeMutablePointer<Float>, attention: UnsafeMutablePointer<Float>,
    loops: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    let pass = try prepare(input, control)
    guard let shares = try attend(input, pass, into: out, .evaluation, keeps: true, control) else { return }
    pass.attention.show(shares.whole, edges: input.graph?.edges ?? 0, attention: attention, loops: loops)
  }

  private func prepare(_ input: GraphInput, _ control: Control) throws(RuvectorError) -> Pass {
    let graph = try input.adjacency(Adjacency.Form(head.addsSelfLoops ? .replaced : .kept)), n = input.x.rows
    let z = try AlignedBuffer<Float>(rows: n, columns: all, for: "projection")
    let sources = try AlignedBuffer<Float>(rows: n, columns: heads, for: "scores")
    let targets = try AlignedBuffer<Float>(rows: n, columns: heads, for: "scores")
    let products = try HeadProducts(heads: heads, width: outChannels)
    try input.x.times(weight, into: z.pointer, control) { part in
      let rows = z.pointer + part.lowerBound * all, at = part.lowerBound * heads
      products.apply(sourceAttention.pointer, rows, count: part.count, into: sources.pointer + at)
      products.apply(targetAttention.pointer, rows, count: part.count, into: targets.pointer + at)
    }
    var edges: EdgeParts?
    if let edge, let edgeAttention, let rows = input.edgeAttr {
      edges = try EdgeParts(rows, graph, edge, edgeAttention, heads: heads, control)
    }
    let attention = EdgeAttention(graph: graph, heads: heads, width: outChannels, isConcatenated: head.isConcatenated)
    return Pass(attention, z, sources, targets, edges)
  }

  private func attend(
    _ input: GraphInput, _ pass: Pass, into out: UnsafeMutablePointer<Float>, _ mode: Mode, keeps: Bool,
    _ control: Control
  ) throws(RuvectorError) -> EdgeAttention.Shares? {
    let graph = pass.attention.graph, kernels = Kernels.current, w = pass.attention.outWidth
    let own = try residualRows(input.x, residual, width: w, control)
    return try pass.attention.attend(
      pass.z.pointer, into: out, mask: Mask(head.dropout, mode), keeps: keeps, control,
      score: { (nodes, place) in
        kernels.edge_scores(
          graph.offsets.pointer, graph.indices.pointer, pass.sources.pointer, pass.targets.pointer,
          pass.edges.map { UnsafePointer($0.scores.pointer) }, Float(head.negativeSlope), heads, nodes.lowerBound,
          nodes.upperBound, place)
      },
      finish: { (nodes, _) in
        addOwn(own, bias, to: out, nodes, width: w)
      })
  }

  // MARK: - Gradient

  /// With g^h = dL/do^h, z = W x and u the sum inside LeakyReLU:
  ///
  ///     ds_ij = α_ij (g_i·z_j − Σ α g·z)      du = ds LeakyReLU'(u)      da_s = Σ du z_j,   da_t = Σ du z_i
  ///     dz_j = Σ_i (α_ij g_i + du a_s) + Σ_k du_jk a_t
  ///
  /// then through W. Sources gather α first; then du of every entry takes its place.
  public func backward(
    _ input: GraphInput, _ kept: Kept?, outputGradient: UnsafePointer<Float>, into gradients: GraphGradients,
    _ mode: Mode, _ control: Control
  ) throws(RuvectorError) {
    guard let pass = kept as? Pass, let shares = pass.shares else { return }
    pass.shares = nil  // they are used up
    let attention = pass.attention, graph = attention.graph, n = input.x.rows, kernels = Kernels.current
    let w = attention.outWidth, parameters = gradients.parameters
    if let bias { try addRows(outputGradient, rows: n, width: w, to: parameters[bias], control) }
    try residualBack(input.x, residual, outputGradient, width: w, into: gradients, control)
    let spread = try attention.spread(outputGradient)
    let toTargets = try AlignedBuffer<Float>(rows: n, columns: heads, for: "gradients")
    let toSources = try AlignedBuffer<Float>(rows: n, columns: heads, for: "gradients")
    let dz = try AlignedBuffer<Float>(rows: n, columns: all, for: "gradients")
    try attention.valuesBack(spread.g, shares, into: dz.pointer, control)
    let slopes = try attention.slopes(
      spread.g, pass.z.pointer, shares, overwriting: true, control,
      then: { (nodes, place) in
        kernels.edge_score_slopes(
          graph.offsets.pointer, graph.indices.pointer, pass.sources.pointer, pass.targets.pointer,
          pass.edges.map { UnsafePointer($0.scores.pointer) }, Float(head.negativeSlope), heads, nodes.lowerBound,
          nodes.upperBound, place, toTargets.pointer)
      })
    try attention.sumBySource(slopes.pointer, into: toSources.pointer, control)
    _ = spread.memory
    let sums = try Sums(of: n, floats: 2 * all, rowsOfPart: 1024), width = outChannels
    try sums.forParts(control) { (nodes, place) in
      for i in nodes {
        let z = pass.z.pointer + i * all, out = dz.pointer + i * all
        for h in 0..<heads {
          let a = toSources[i * heads + h], b = toTargets[i * heads + h], at = h * width
          addPair(a, sourceAttention.pointer + at, b, targetAttention.pointer + at, out + at, width)
          addTwo(a, b, z + at, place + at, place + all + at, width)
        }
      }
    }
    sums.add(from: 0, all, to: parameters[sourceAttention])
    sums.add(from: all, all, to: parameters[targetAttention])
    if let edge, let edgeAttention, let parts = pass.edges {
      try parts.backward(slopes, edge, edgeAttention, into: gradients, control)
    }
    try input.x.addWeightGradient(dz.pointer, width: all, to: parameters[weight], control)
    try addInputGradient(dz.pointer, rows: n, weight, to: gradients.x, control)
  }
}

/// out += a x + b y.
@inline(__always)
private func addPair(
  _ a: Float, _ x: UnsafePointer<Float>, _ b: Float, _ y: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>,
  _ n: Int
) {
  var i = 0
  while i &+ 8 <= n {
    let u = UnsafeRawPointer(x + i).loadUnaligned(as: SIMD8<Float>.self)
    let v = UnsafeRawPointer(y + i).loadUnaligned(as: SIMD8<Float>.self)
    let o = UnsafeRawPointer(out + i).loadUnaligned(as: SIMD8<Float>.self)
    UnsafeMutableRawPointer(out + i).storeBytes(of: o + u * a + v * b, as: SIMD8<Float>.self)
    i &+= 8
  }
  while i < n {
    out[i] += a * x[i] + b * y[i]
    i &+= 1
  }
}

/// p += a x, q += b x.
@inline(__always)
private func addTwo(
  _ a: Float, _ b: Float, _ x: UnsafePointer<Float>, _ p: UnsafeMutablePointer<Float>,
  _ q: UnsafeMutablePointer<Float>, _ n: Int
) {
  var i = 0
  while i &+ 8 <= n {
    let u = UnsafeRawPointer(x + i).loadUnaligned(as: SIMD8<Float>.self)
    let s = UnsafeRawPointer(p + i).loadUnaligned(as: SIMD8<Float>.self)
    let t = UnsafeRawPointer(q + i).loadUnaligned(as: SIMD8<Float>.self)
    UnsafeMutableRawPointer(p + i).storeBytes(of: s + u * a, as: SIMD8<Float>.self)
    UnsafeMutableRawPointer(q + i).storeBytes(of: t + u * b, as: SIMD8<Float>.self)
    i &+= 8
  }
  while i < n {
    p[i] += a * x[i]
    q[i] += b * x[i]
    i &+= 1
  }
}
