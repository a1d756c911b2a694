import CRuvectorSupport
import RuvectorCore

/// A layer of graph attention in which every node may rank its sources differently:
///
///     s_ij^h = a^h · LeakyReLU(W_l^h x_j + W_r^h x_i + W_e^h e_ij)      α_ij^h = softmax over the sources j of i
///     o_i^h  = Σ_j α_ij^h W_l^h x_j                                     o_i = concat_h o_i^h, or their mean, (+ W_s x_i) + b
///
/// x [n, in], W_l, W_r [heads · out, in] with biases, W_e [heads · out, edgeDim], a [heads, out], b. LeakyReLU(z) =
/// max(z, slope · z). Every entry of the graph counts, repetitions too. With `addSelfLoops` the graph's own loops are left out
/// and each node is a source of its own, with the mean of its other edges' rows (zeros where it has none); without them a
/// node that has no source gives b. `dropout` acts on α, in training only. With `shareWeights` W_r and its bias are W_l and its.
///
/// Scores are made where the projected rows lie, and the gradients of the sources are gathered over the reverse graph: nothing
/// of edges × width is held.
/// - Complexity: O(n · in · heads · out + edges · heads · out), with edge rows O(edges · edgeDim · heads · out) more. Memory
///   beyond input and output O(n · heads · out + edges · heads).
/// - Precision: Float.
///
/// Reference: Brody, Alon, Yahav 2022, "How Attentive are Graph Attention Networks?", equation 7. Names: PyTorch Geometric's
/// GATv2Conv.
public final class GATv2Layer: AttentiveLayer, @unchecked Sendable {
  // MARK: - Options

  public static let name: StaticString = "gatv2"
  public static let options = HeadOptions.options(
    hasLoops: true, bias: "1: a learned vector is added to every output row; the affine maps have biases.",
    [Option("shareWeights", .flag, standard: 0, "1: sources and targets have one affine map, W_l.")])
  public let head: HeadOptions
  private let sharesWeights: Bool
  private var all: Int { head.all }

  // MARK: - Weights

  public let parameters: Parameters
  private let source, target: Map
  private let attention: Parameter
  private let edge, residual, bias: Parameter?

  /// Xavier-normal from `seed`, biases 0; the names are PyTorch Geometric's.
  public static func slots(_ settings: Settings) -> [Slot] {
    let head = HeadOptions(settings, hasLoops: true)
    return [head.vectors("att")] + head.map("lin_l.weight", "lin_l.bias")
      + (settings.flag("shareWeights") ? [] : head.map("lin_r.weight", "lin_r.bias")) + head.edgeWeights
      + head.residualAndBias
  }

  // MARK: - Creation

  public convenience init(_ settings: Settings) throws(RuvectorError) {
    self.init(settings, try Parameters(Self.slots(settings), seed: settings.seed("seed")))
  }

  private init(_ settings: Settings, _ parameters: Parameters) {
    self.parameters = parameters
    head = HeadOptions(settings, hasLoops: true)
    sharesWeights = settings.flag("shareWeights")
    source = Map(weight: parameters["lin_l.weight"], bias: head.hasBias ? parameters["lin_l.bias"] : nil)
    target =
      sharesWeights
      ? source : Map(weight: parameters["lin_r.weight"], bias: head.hasBias ? parameters["lin_r.bias"] : nil)
    attention = parameters["att"]
    edge = head.edgeDim > 0 ? parameters["lin_edge.weight"] : nil
    residual = head.hasResidual ? parameters["res.weight"] : nil
    bias = head.hasBias ? parameters["bias"] : nil
  }

  public var optionValues: [Double] { head.values([sharesWeights]) }

  // MARK: - Forward

  /// Of one pass: W_l x + b and W_r x + b, [n, all]; α.
  private final class Pass: Kept {
    let attention: EdgeAttention
    let l, r: AlignedBuffer<Float>
    /// The rows of edges, where the layer has weights for them.
    let edges: MatrixView?
    var shares: EdgeAttention.Shares?

    init(
      _ attention: EdgeAttention, _ l: AlignedBuffer<Float>, _ r: AlignedBuffer<Float>, _ edges: MatrixView?
    ) {
      (self.attention, self.l, self.r, self.edges) = (attention, l, r, edges)
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
    let l = try AlignedBuffer<Float>(rows: n, columns: all, for: "projection")
    try input.x.times(source.weight, bias: source.bias, into: l.pointer, control)
    var r = l
    if !sharesWeights {
      r = try AlignedBuffer<Float>(rows: n, columns: all, for: "projection")
      try input.x.times(target.weight, bias: target.bias, into: r.pointer, control)
    }
    let heads = EdgeAttention(graph: graph, heads: heads, width: outChannels, isConcatenated: head.isConcatenated)
    return Pass(heads, l, r, edge == nil ? nil : input.edgeAttr)
  }

  private func attend(
    _ input: GraphInput, _ pass: Pass, into out: UnsafeMutablePointer<Float>, _ mode: Mode, keeps: Bool,
    _ control: Control
  ) throws(RuvectorError) -> EdgeAttention.Shares? {
    let graph = pass.attention.graph, kernels = Kernels.current, w = outChannels
    let own = try residualRows(input.x, residual, width: pass.attention.outWidth, control)
    return try pass.attention.attend(
      pass.l.pointer, into: out, mask: Mask(head.dropout, mode), keeps: keeps, control,
      score: { (nodes, place) throws(RuvectorError) in
        let work = try Scratch(self)
        for i in nodes {
          if pass.edges != nil { average(i, pass, work) }
          for e in graph.row(i) {
            let q = query(i, e, pass, work), l = pass.l.pointer + Int(graph.indices[e]) * all
            for h in 0..<heads {
              kernels.leaky_dot_rows(
                q + h * w, attention.pointer + h * w, Float(head.negativeSlope), l + h * w, w, 1, w,
                place + e * heads + h)
            }
          }
        }
      },
      finish: { (nodes, _) in addOwn(own, bias, to: out, nodes, width: pass.attention.outWidth) })
  }

  /// What one thread works with: W_r x_i + W_e e of an entry and its gradient, the mean of rows for a loop and its gradient.
  private final class Scratch {
    let query, slopes, mean, toMean: AlignedBuffer<Float>
    var others = 0

    init(_ layer: GATv2Layer) throws(RuvectorError) {
      query = try AlignedBuffer(count: layer.all, for: "edges")
      slopes = try AlignedBuffer(count: layer.all, for: "edges")
      mean = try AlignedBuffer(count: max(layer.edgeDim, 1), repeating: 0, for: "edges")
      toMean = try AlignedBuffer(count: max(layer.edgeDim, 1), for: "edges")
    }
  }

  /// The mean of the rows of node i's edges, for the loop that the layer made, and how many they are.
  private func average(_ i: Int, _ pass: Pass, _ work: Scratch) {
    let kernels = Kernels.current
    work.others = 0
    guard let edges = pass.edges, head.addsSelfLoops else { return }
    work.mean.pointer.update(repeating: 0, count: edgeDim)
    for e in pass.attention.graph.row(i) {
      guard let entry = pass.attention.graph.own(e, edges.rows) else { continue }
      kernels.add(work.mean.pointer, edges.row(entry), work.mean.pointer, edgeDim)
      work.others += 1
    }
    if work.others > 1 { kernels.scale(1 / Float(work.others), work.mean.pointer, work.mean.pointer, edgeDim) }
  }

  /// W_r x_i + W_e e of an entry, [all].
  private func query(_ i: Int, _ e: Int, _ pass: Pass, _ work: Scratch) -> UnsafePointer<Float> {
    let own = pass.r.pointer + i * all, kernels = Kernels.current
    guard let edge, let edges = pass.edges else { return UnsafePointer(own) }
    kernels.dot_rows(row(e, edges, pass, work), edge.pointer, edgeDim, all, edgeDim, work.query.pointer)
    kernels.add(work.query.pointer, own, work.query.pointer, all)
    return UnsafePointer(work.query.pointer)
  }

  /// The row of an entry; of a loop that the layer made the mean.
  private func row(_ e: Int, _ edges: MatrixView, _ pass: Pass, _ work: Scratch) -> UnsafePointer<Float> {
    pass.attention.graph.own(e, edges.rows).map { edges.row($0) } ?? UnsafePointer(work.mean.pointer)
  }

  // MARK: - Gradient

  /// With g^h = dL/do^h, l_j = W_l x_j + b and z = l_j + W_r x_i + b + W_e e:
  ///
  ///     ds_ij = α_ij (g·l_j − Σ α g·l)      dz = ds a ⊙ LeakyReLU'(z)      da += ds LeakyReLU(z)
  ///     dr_i = Σ_j dz      dl_j = Σ_i (α_ij g_i + dz)      dW_e += dz eᵀ,   de = W_eᵀ dz
  ///
  /// then through the two affine maps. Targets are gone through first, which gives ds of every entry; sources then gather.
  public func backward(
    _ input: GraphInput, _ kept: Kept?, outputGradient: UnsafePointer<Float>, into gradients: GraphGradients,
    _ mode: Mode, _ control: Control
  ) throws(RuvectorError) {
    guard let pass = kept as? Pass, let shares = pass.shares else { return }
    let heads = pass.attention, graph = heads.graph, n = input.x.rows, kernels = Kernels.current, w = outChannels
    if let bias { try addRows(outputGradient, rows: n, width: heads.outWidth, to: gradients.parameters[bias], control) }
    try residualBack(input.x, residual, outputGradient, width: heads.outWidth, into: gradients, control)
    let spread = try heads.spread(outputGradient)
    let slopes = try heads.slopes(spread.g, pass.l.pointer, shares, control)
    let dr = try AlignedBuffer<Float>(count: n * all, repeating: 0, for: "gradients")
    let dl = try AlignedBuffer<Float>(rows: n, columns: all, for: "gradients")
    let sums = try Sums(of: n, floats: all + all * edgeDim)
    try sums.forParts(control) { (nodes, place) throws(RuvectorError) in
      let work = try Scratch(self)
      for i in nodes {
        try control.check()
        addTarget(i, pass, slopes, work, dr.pointer + i * all, place, gradients)
      }
    }
    try heads.valuesBack(spread.g, shares, into: dl.pointer, control)
    _ = spread.memory
    let back = try graph.reverse.transposed
    try forChunks(of: n, chunk: 64, control) { (nodes, _) throws(RuvectorError) in
      let work = try Scratch(self)
      for j in nodes {
        let out = dl.pointer + j * all, l = pass.l.pointer + j * all
        for t in Int(back.offsets[j])..<Int(back.offsets[j + 1]) {
          let i = Int(back.targets[t]), e = Int(back.entries[t])
          if let edges = pass.edges, graph.own(e, edges.rows) == nil { average(i, pass, work) }
          let q = query(i, e, pass, work)
          for h in 0..<self.heads {
            kernels.addLeakySlopes(
              slopes[e * self.heads + h], attention.pointer + h * w, Float(head.negativeSlope), q + h * w, l + h * w,
              out + h * w, w)
          }
        }
      }
    }
    sums.add(from: 0, all, to: gradients.parameters[attention])
    if let edge { sums.add(from: all, all * edgeDim, to: gradients.parameters[edge]) }
    for (map, g) in [(source, dl), (target, dr)] { try map.backward(input.x, g.pointer, into: gradients, control) }
  }

  /// All that node i as a target gives: dr [all], and in `sums` da [all] and dW_e [all, edgeDim]; de.
  private func addTarget(
    _ i: Int, _ pass: Pass, _ slopes: AlignedBuffer<Float>, _ work: Scratch, _ dr: UnsafeMutablePointer<Float>,
    _ sums: UnsafeMutablePointer<Float>, _ gradients: GraphGradients
  ) {
    let kernels = Kernels.current, graph = pass.attention.graph, w = outChannels, slope = Float(head.negativeSlope)
    let dz = work.slopes.pointer
    if pass.edges != nil {
      average(i, pass, work)
      work.toMean.pointer.update(repeating: 0, count: edgeDim)
    }
    for e in graph.row(i) {
      let q = query(i, e, pass, work), l = pass.l.pointer + Int(graph.indices[e]) * all
      dz.update(repeating: 0, count: all)
      for h in 0..<heads {
        let ds = slopes[e * heads + h]
        kernels.addLeakySlopes(ds, attention.pointer + h * w, slope, q + h * w, l + h * w, dz + h * w, w)
        for c in h * w..<(h + 1) * w {
          let z = q[c] + l[c]
          sums[c] += ds * (z > 0 ? z : slope * z)
        }
      }
      kernels.add(dr, dz, dr, all)
      guard let edge, let edges = pass.edges else { continue }
      let row = row(e, edges, pass, work), entry = graph.own(e, edges.rows)
      for c in 0..<all where dz[c] != 0 { kernels.axpy(dz[c], row, sums + all + c * edgeDim, edgeDim) }
      let place =
        entry == nil ? work.toMean.pointer : gradients.edgeAttr.flatMap { out in entry.map { out + $0 * edgeDim } }
      if let place { kernels.combine_rows(dz, edge.pointer, edgeDim, all, edgeDim, place) }
    }
    // The loop's row is the mean of the others'.
    guard let edges = pass.edges, work.others > 0, let out = gradients.edgeAttr else { return }
    for e in graph.row(i) {
      guard let entry = graph.own(e, edges.rows) else { continue }
      kernels.axpy(1 / Float(work.others), work.toMean.pointer, out + entry * edgeDim, edgeDim)
    }
  }
}

extension KernelTable {
  /// out += ds a ⊙ LeakyReLU'(q + l) of one head.
  @inline(__always)
  fileprivate func addLeakySlopes(
    _ ds: Float, _ a: UnsafePointer<Float>, _ slope: Float, _ q: UnsafePointer<Float>, _ l: UnsafePointer<Float>,
    _ out: UnsafeMutablePointer<Float>, _ n: Int
  ) {
    var c = 0
    while c < n {
      out[c] += ds * a[c] * (q[c] + l[c] > 0 ? 1 : slope)
      c &+= 1
    }
  }
}
