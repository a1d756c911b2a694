import CRuvectorSupport
import RuvectorCore

/// A layer of dot-product attention along edges, with the rows of edges in scores and messages:
///
///     s_ij^h = (W_q^h x_i + b) · (W_k^h x_j + b + W_e^h e_ij) / √out      α_ij^h = softmax over the sources j of i
///     o_i^h  = Σ_j α_ij^h (W_v^h x_j + b + W_e^h e_ij)             o_i = concat_h o_i^h, or their mean, + W_s x_i + b
///
/// x [n, in], W_q, W_k, W_v [heads · out, in] and W_s with biases, W_e [heads · out, edgeDim]. Every entry of the graph counts,
/// repetitions and loops too; no loops are added. A node that has no source gives W_s x_i + b (0 without `rootWeight`). `dropout`
/// acts on α, in training only. With `beta` the two are not added: with m_i what the sources give, r_i = W_s x_i + b,
///
///     β_i = σ(w · [m_i, r_i, m_i − r_i])      o_i = β_i r_i + (1 − β_i) m_i
///
/// What edges give is summed before it is multiplied: (W_eᵀ q_i) · e in scores, W_e Σ α e in messages, so that nothing of
/// edges × width is held.
/// - Complexity: O(non-zeros of x · heads · out + edges · heads · (out + edgeDim) + n · heads · out · edgeDim). Memory beyond input
///   and output O(n · heads · out + edges · heads).
/// - Precision: Float.
///
/// Reference: Shi, Huang, Feng, Zhong, Wang, Sun 2021, "Masked Label Prediction: Unified Message Passing Model for Semi-Supervised
/// Classification", equations 3 to 6. Names: PyTorch Geometric's TransformerConv.
public final class TransformerLayer: AttentiveLayer, @unchecked Sendable {
  // MARK: - Options

  public static let name: StaticString = "transformer"
  public static let options = HeadOptions.options(
    hasLoops: false, bias: "1: the affine maps have biases.",
    [
      Option("rootWeight", .flag, standard: 1, "1: the node's own row is added through weights of its own."),
      Option(
        "beta", .flag, standard: 0,
        "1: a learned gate says how much of the own row and how much of the messages; with `rootWeight` alone."),
    ])
  public let head: HeadOptions
  private let isGated: Bool
  private var all: Int { head.all }
  private var scale: Float { Float(1 / Double(outChannels).squareRoot()) }

  // MARK: - Weights

  public let parameters: Parameters
  private let query, key, value: Map
  private let own: Map?
  private let gate: RootGate?
  private let edge: Parameter?

  /// Xavier-normal from `seed`, biases 0; the names are PyTorch Geometric's.
  public static func slots(_ settings: Settings) -> [Slot] {
    let head = HeadOptions(settings, hasLoops: false)
    var slots = head.map("lin_key.weight", "lin_key.bias") + head.map("lin_query.weight", "lin_query.bias")
    slots += head.map("lin_value.weight", "lin_value.bias") + head.edgeWeights
    guard settings.flag("rootWeight") else { return slots }
    slots += Slot.linear("lin_skip.weight", "lin_skip.bias", head.inChannels, head.width).prefix(head.hasBias ? 2 : 1)
    return slots + (settings.flag("beta") ? [head.matrix("lin_beta.weight", 1, 3 * head.width)] : [])
  }

  // MARK: - Creation

  public convenience init(_ settings: Settings) throws(RuvectorError) {
    self.init(settings, try Parameters(Self.slots(settings), seed: settings.seed("seed")))
  }

  private init(_ settings: Settings, _ parameters: Parameters) {
    self.parameters = parameters
    let head = HeadOptions(settings, hasLoops: false)
    self.head = head
    func map(_ weight: StaticString, _ bias: StaticString) -> Map {
      Map(weight: parameters[weight], bias: head.hasBias ? parameters[bias] : nil)
    }
    key = map("lin_key.weight", "lin_key.bias")
    query = map("lin_query.weight", "lin_query.bias")
    value = map("lin_value.weight", "lin_value.bias")
    own = settings.flag("rootWeight") ? map("lin_skip.weight", "lin_skip.bias") : nil
    edge = head.edgeDim > 0 ? parameters["lin_edge.weight"] : nil
    isGated = settings.flag("beta")
    gate = isGated && own != nil ? RootGate(parameters["lin_beta.weight"]) : nil
  }

  public var optionValues: [Double] { head.values([own != nil, isGated]) }

  // MARK: - Forward

  /// Of one pass: queries (divided by √out), keys, values [n, all]; α.
  private final class Pass: Kept {
    let attention: EdgeAttention
    let q, k, v: AlignedBuffer<Float>
    /// The rows of edges, where the layer has weights for them.
    let edges: MatrixView?
    var shares: EdgeAttention.Shares?
    /// What the sources give and the own rows, where a gate mixes them.
    var mixed: RootGate.Pass?

    init(
      _ attention: EdgeAttention, _ q: AlignedBuffer<Float>, _ k: AlignedBuffer<Float>, _ v: AlignedBuffer<Float>,
      _ edges: MatrixView?
    ) {
      (self.attention, self.q, self.k, self.v, self.edges) = (attention, q, k, v, edges)
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
    let graph = try input.adjacency(Adjacency.Form(.kept)), n = input.x.rows, kernels = Kernels.current
    let q = try AlignedBuffer<Float>(rows: n, columns: all, for: "projection")
    let k = try AlignedBuffer<Float>(rows: n, columns: all, for: "projection")
    let v = try AlignedBuffer<Float>(rows: n, columns: all, for: "projection")
    try input.x.times(query.weight, bias: query.bias, into: q.pointer, control) { rows in
      kernels.scale(scale, q.pointer + rows.lowerBound * all, q.pointer + rows.lowerBound * all, rows.count * all)
    }
    try input.x.times(key.weight, bias: key.bias, into: k.pointer, control)
    try input.x.times(value.weight, bias: value.bias, into: v.pointer, control)
    let heads = EdgeAttention(graph: graph, heads: heads, width: outChannels, isConcatenated: head.isConcatenated)
    return Pass(heads, q, k, v, edge == nil ? nil : input.edgeAttr)
  }

  private func attend(
    _ input: GraphInput, _ pass: Pass, into out: UnsafeMutablePointer<Float>, _ mode: Mode, keeps: Bool,
    _ control: Control
  ) throws(RuvectorError) -> EdgeAttention.Shares? {
    let graph = pass.attention.graph, kernels = Kernels.current, w = pass.attention.outWidth
    let ownRows = try own.map { (map) throws(RuvectorError) in
      let rows = try AlignedBuffer<Float>(rows: input.x.rows, columns: w, for: "projection")
      try input.x.times(map.weight, bias: map.bias, into: rows.pointer, control)
      return rows
    }
    if keeps, let gate, let ownRows { pass.mixed = try gate.pass(ownRows, rows: input.x.rows) }
    return try pass.attention.attend(
      pass.v.pointer, into: out, mask: Mask(head.dropout, mode), keeps: keeps, control,
      score: { (nodes, place) throws(RuvectorError) in
        kernels.head_dots(
          graph.offsets.pointer, graph.indices.pointer, pass.q.pointer, all, pass.k.pointer, all, heads, outChannels,
          nodes.lowerBound, nodes.upperBound, place)
        guard let edge, let edges = pass.edges else { return }
        let turned = try AlignedBuffer<Float>(rows: heads, columns: edgeDim, for: "edges")
        for i in nodes {
          turn(pass.q.pointer + i * all, edge, into: turned.pointer)
          addEdgeDots(i, graph, edges, turned.pointer, to: place)
        }
      },
      finish: { (nodes, α) throws(RuvectorError) in
        if let edge, let edges = pass.edges {
          let sums = try AlignedBuffer<Float>(rows: heads, columns: edgeDim, for: "edges")
          let row = try AlignedBuffer<Float>(count: outChannels, for: "edges")
          for i in nodes {
            sum(i, graph, edges, α, into: sums.pointer)
            for h in 0..<heads {
              let at = h * outChannels
              kernels.dot_rows(
                sums.pointer + h * edgeDim, edge.pointer + at * edgeDim, edgeDim, outChannels, edgeDim, row.pointer)
              kernels.axpy(
                head.isConcatenated ? 1 : 1 / Float(heads), row.pointer, out + i * w + (head.isConcatenated ? at : 0),
                outChannels
              )
            }
          }
        }
        if let gate, let ownRows {
          gate.mix(ownRows.pointer, into: out, nodes, pass.mixed)
        } else {
          addOwn(ownRows, nil, to: out, nodes, width: w)
        }
      })
  }

  /// (W_e^h)ᵀ of each head of a row [all]: [heads, edgeDim].
  private func turn(_ row: UnsafePointer<Float>, _ edge: Parameter, into out: UnsafeMutablePointer<Float>) {
    out.update(repeating: 0, count: heads * edgeDim)
    for h in 0..<heads {
      let at = h * outChannels
      Kernels.current.combine_rows(
        row + at, edge.pointer + at * edgeDim, edgeDim, outChannels, edgeDim, out + h * edgeDim)
    }
  }

  /// place[e][h] += vectors[h] · e for the entries of node i.
  private func addEdgeDots(
    _ i: Int, _ graph: Adjacency, _ edges: MatrixView, _ vectors: UnsafePointer<Float>,
    to place: UnsafeMutablePointer<Float>
  ) {
    for e in graph.row(i) {
      for h in 0..<heads {
        place[e * heads + h] += Kernels.current.dot(vectors + h * edgeDim, edges.row(e), edgeDim)
      }
    }
  }

  /// Σ_e numbers[e][h] e over the entries of node i: [heads, edgeDim].
  private func sum(
    _ i: Int, _ graph: Adjacency, _ edges: MatrixView, _ numbers: UnsafePointer<Float>,
    into out: UnsafeMutablePointer<Float>
  ) {
    out.update(repeating: 0, count: heads * edgeDim)
    for e in graph.row(i) {
      for h in 0..<heads {
        Kernels.current.axpy(numbers[e * heads + h], edges.row(e), out + h * edgeDim, edgeDim)
      }
    }
  }

  // MARK: - Gradient

  /// With g^h = dL/do^h, y = W_eᵀ g, u = W_eᵀ q, k' = k + W_e e, v' = v + W_e e (q divided by √out):
  ///
  ///     dα = g·v + y·e      ds = α (dα − Σ α dα)      dq_i = Σ_j ds k'_j,   dk_j = Σ_i ds q_i,   dv_j = Σ_i α g_i
  ///     dW_e = Σ_i g_i (Σ_j α e)ᵀ + q_i (Σ_j ds e)ᵀ                         de = α y + ds u
  ///
  /// then through the affine maps.
  public func backward(
    _ input: GraphInput, _ kept: Kept?, outputGradient given: UnsafePointer<Float>, into gradients: GraphGradients,
    _ mode: Mode, _ control: Control
  ) throws(RuvectorError) {
    guard let pass = kept as? Pass, let shares = pass.shares else { return }
    var outputGradient = given, ownGradient = given,
      turned: (messages: AlignedBuffer<Float>, own: AlignedBuffer<Float>)?
    if let gate, let mixed = pass.mixed {
      let both = try gate.backward(mixed, given, rows: input.x.rows, into: gradients, control)
      (outputGradient, ownGradient) = (UnsafePointer(both.messages.pointer), UnsafePointer(both.own.pointer))
      turned = both
    }
    let attention = pass.attention, graph = attention.graph, n = input.x.rows, kernels = Kernels.current
    let spread = try attention.spread(outputGradient), g = spread.g
    let slopes = try attention.slopes(
      g, pass.v.pointer, shares, control,
      also: { (nodes, place) throws(RuvectorError) in
        guard let edge, let edges = pass.edges else { return }
        let turned = try AlignedBuffer<Float>(rows: heads, columns: edgeDim, for: "edges")
        for i in nodes {
          turn(g + i * all, edge, into: turned.pointer)
          addEdgeDots(i, graph, edges, turned.pointer, to: place)
        }
      })
    let dq = try AlignedBuffer<Float>(rows: n, columns: all, for: "gradients")
    let dk = try AlignedBuffer<Float>(rows: n, columns: all, for: "gradients")
    let dv = try AlignedBuffer<Float>(rows: n, columns: all, for: "gradients")
    try forChunks(of: n, chunk: 64, control) { (nodes, _) throws(RuvectorError) in
      try kernels.sumHeads(
        graph.offsets.pointer, graph.indices.pointer, slopes.pointer, heads: heads, width: outChannels,
        pass.k.pointer, of: nodes, into: dq.pointer)
    }
    try attention.valuesBack(
      pass.q.pointer, EdgeAttention.Shares(whole: slopes, dropped: nil), into: dk.pointer, control)
    try attention.valuesBack(g, shares, into: dv.pointer, control)
    if let edge, let edges = pass.edges {
      try edgesBack(edge, edges, pass, g, shares.used, slopes, dq, into: gradients, control)
    }
    _ = spread.memory
    kernels.scale(scale, dq.pointer, dq.pointer, dq.count)
    for (map, d) in [(query, dq), (key, dk), (value, dv)] {
      try map.backward(input.x, d.pointer, into: gradients, control)
    }
    try own?.backward(input.x, ownGradient, into: gradients, control)
    _ = turned
  }

  /// What goes through W_e: dW_e, de, and the rest of dq.
  private func edgesBack(
    _ edge: Parameter, _ edges: MatrixView, _ pass: Pass, _ g: UnsafePointer<Float>, _ α: AlignedBuffer<Float>,
    _ slopes: AlignedBuffer<Float>, _ dq: AlignedBuffer<Float>, into gradients: GraphGradients, _ control: Control
  ) throws(RuvectorError) {
    let graph = pass.attention.graph, kernels = Kernels.current, w = outChannels, part = heads * edgeDim
    let sums = try Sums(of: graph.nodes, floats: edge.count)
    try sums.forParts(control) { (nodes, place) throws(RuvectorError) in
      let work = try AlignedBuffer<Float>(count: 4 * part + w, for: "edges")
      let y = work.pointer, u = y + part, messages = u + part, scores = messages + part, row = scores + part
      for i in nodes {
        try control.check()
        turn(g + i * all, edge, into: y)
        turn(pass.q.pointer + i * all, edge, into: u)
        sum(i, graph, edges, α.pointer, into: messages)
        sum(i, graph, edges, slopes.pointer, into: scores)
        for h in 0..<heads {
          let at = h * w
          kernels.dot_rows(scores + h * edgeDim, edge.pointer + at * edgeDim, edgeDim, w, edgeDim, row)
          kernels.add(dq.pointer + i * all + at, row, dq.pointer + i * all + at, w)
          for c in at..<at + w {
            kernels.axpy(g[i * all + c], messages + h * edgeDim, place + c * edgeDim, edgeDim)
            kernels.axpy(pass.q[i * all + c], scores + h * edgeDim, place + c * edgeDim, edgeDim)
          }
        }
        guard let out = gradients.edgeAttr else { continue }
        for e in graph.row(i) {
          kernels.combine_rows(α.pointer + e * heads, y, edgeDim, heads, edgeDim, out + e * edgeDim)
          kernels.combine_rows(slopes.pointer + e * heads, u, edgeDim, heads, edgeDim, out + e * edgeDim)
        }
      }
    }
    sums.add(from: 0, edge.count, to: gradients.parameters[edge])
  }
}
