import CRuvectorSupport
import RuvectorCore

/// A layer of graph attention in which every node may rank its sources differently:
///
///     s_ij^h = a^h · LeakyReLU(W_l^h x_j + W_r^h x_i + W_e^h e_ij)      α_ij^h = softmax over the sources j of i
///     o_i^h  = Σ_j α_ij^h W_l^h x_j                                     o_i = concat_h o_i^h, or their mean, + b
///
/// x [n, in], W_l, W_r [heads · out, in] with biases, W_e [heads · out, edgeDim], a [heads, out], b. LeakyReLU(z) =
/// max(z, slope · z). Every entry of the graph counts, repetitions too. With `addSelfLoops` the graph's own loops are left out
/// and each node is a source of its own, with the mean of its other edges' rows (zeros where it has none); without them a
/// node that has no source gives b.
///
/// Scores are made where the projected rows lie, and the gradients of the sources are gathered over the reverse graph: nothing
/// of edges × width is held.
/// - Complexity: O(n · in · heads · out + edges · heads · out), with edge rows O(edges · edgeDim · heads · out) more. Memory
///   beyond input and output O(n · heads · out + edges · heads).
/// - Precision: Float, sums of probabilities in Double.
///
/// Reference: Brody, Alon, Yahav 2022, "How Attentive are Graph Attention Networks?", equation 7. Names: PyTorch Geometric's
/// GATv2Conv.
public final class GATv2Layer: GraphLayer, @unchecked Sendable {
  // MARK: - Options

  public static let name: StaticString = "gatv2"
  public static let options = [
    Option("inChannels", .integer(1...65_536), "Width of a node's row."),
    Option("outChannels", .integer(1...65_536), "Width of a head."),
    Option("heads", .integer(1...1024), standard: 1, "Heads, each with weights of its own."),
    Option("concat", .flag, standard: 1, "1: heads one after the other; 0: their mean."),
    Option("negativeSlope", .number(0...1), standard: 0.2, "Slope of LeakyReLU below 0."),
    Option("edgeDim", .integer(0...65_536), standard: 0, "Width of an edge's row; 0: edges are not read."),
    Option("addSelfLoops", .flag, standard: 1, "1: each node is a source of its own; loops of the graph are left out."),
    Option("bias", .flag, standard: 1, "1: a learned vector is added to every output row."),
    Option("seed", .seed, standard: 0, "Seed of the initial weights."),
  ]
  public let inChannels: Int
  /// Width of a head.
  public let outChannels: Int
  public let heads: Int
  public let isConcatenated: Bool
  public let negativeSlope: Double
  public let edgeDim: Int
  public let addsSelfLoops: Bool
  public let seed: UInt64
  public var width: Int { isConcatenated ? all : outChannels }
  /// heads · outChannels
  private var all: Int { heads * outChannels }

  // MARK: - Weights

  public let parameters: Parameters
  private let source, target: Linear
  private let attention: Parameter
  private let edge, bias: Parameter?

  /// Xavier-normal from `seed`, biases 0; the names are PyTorch Geometric's.
  public static func slots(_ settings: Settings) -> [Slot] {
    let d = settings.integer("inChannels"), h = settings.integer("heads"), out = settings.integer("outChannels")
    let e = settings.integer("edgeDim")
    var slots = [Slot("att", [h, out], .xavierNormal(fanIn: h, fanOut: out))]
    slots += Slot.linear("lin_l.weight", "lin_l.bias", d, h * out)
    slots += Slot.linear("lin_r.weight", "lin_r.bias", d, h * out)
    if e > 0 { slots.append(Slot("lin_edge.weight", [h * out, e], .xavierNormal(fanIn: e, fanOut: h * out))) }
    if settings.flag("bias") { slots.append(Slot("bias", [settings.flag("concat") ? h * out : out], .zeros)) }
    return slots
  }

  // MARK: - Creation

  public convenience init(_ settings: Settings) throws(RuvectorError) {
    self.init(settings, try Parameters(Self.slots(settings), seed: settings.seed("seed")))
  }

  private init(_ settings: Settings, _ parameters: Parameters) {
    self.parameters = parameters
    inChannels = settings.integer("inChannels")
    outChannels = settings.integer("outChannels")
    heads = settings.integer("heads")
    isConcatenated = settings.flag("concat")
    negativeSlope = settings.number("negativeSlope")
    edgeDim = settings.integer("edgeDim")
    addsSelfLoops = settings.flag("addSelfLoops")
    seed = settings.seed("seed")
    source = parameters.linear("lin_l.weight", "lin_l.bias")
    target = parameters.linear("lin_r.weight", "lin_r.bias")
    attention = parameters["att"]
    edge = edgeDim > 0 ? parameters["lin_edge.weight"] : nil
    bias = settings.flag("bias") ? parameters["bias"] : nil
  }

  public var optionValues: [Double] {
    [
      Double(inChannels), Double(outChannels), Double(heads), isConcatenated ? 1 : 0, negativeSlope, Double(edgeDim),
      addsSelfLoops ? 1 : 0, bias == nil ? 0 : 1, Double(seed),
    ]
  }

  // MARK: - One call

  /// Projected rows and what the rows of nodes are made with.
  private final class Pass {
    let layer: GATv2Layer
    let input: GraphInput
    let kernels = Kernels.current
    /// W_l x + b and W_r x + b, [n, all].
    let l, r: AlignedBuffer<Float>

    init(_ layer: GATv2Layer, _ input: GraphInput, _ control: Control) throws(RuvectorError) {
      l = try layer.source.apply(rows: input.x, control)
      r = try layer.target.apply(rows: input.x, control)
      (self.layer, self.input) = (layer, input)
    }

    var edges: MatrixView? { layer.edge == nil ? nil : input.edgeAttr }

    /// The entry of a node that is not one of the graph's: its loop.
    static let loop = -1

    /// Calls `body` with each source of node i: its place among them, the entry, the node.
    @inline(__always)
    func forSources(_ i: Int, _ body: (_ at: Int, _ entry: Int, _ j: Int) -> Void) {
      var at = 0
      for e in input.graph.row(i) {
        let j = Int(input.graph.indices[e])
        if layer.addsSelfLoops, j == i { continue }
        body(at, e, j)
        at += 1
      }
      if layer.addsSelfLoops { body(at, Self.loop, i) }
    }

    /// The most sources that a node of the graph has.
    var mostSources: Int {
      var most = 0
      for i in 0..<input.graph.nodes { most = max(most, input.graph.row(i).count) }
      return most + 1
    }

    /// W_r x_i + W_e e + b of an entry into `out` [all]; of the loop with the mean of the others' rows.
    func query(_ i: Int, _ entry: Int, _ work: Scratch) -> UnsafePointer<Float> {
      let all = layer.all, own = r.pointer + i * all
      guard let edge = layer.edge, let edges else { return UnsafePointer(own) }
      let row = entry == Self.loop ? UnsafePointer(work.mean.pointer) : edges.row(entry)
      kernels.dot_rows(row, edge.pointer, layer.edgeDim, all, layer.edgeDim, work.query.pointer)
      kernels.add(work.query.pointer, own, work.query.pointer, all)
      return UnsafePointer(work.query.pointer)
    }

    /// The mean of the rows of node i's edges, for its loop; returns how many there are.
    func average(_ i: Int, _ work: Scratch) -> Int {
      guard let edges, layer.addsSelfLoops else { return 0 }
      work.mean.pointer.update(repeating: 0, count: layer.edgeDim)
      var count = 0
      for e in input.graph.row(i) where Int(input.graph.indices[e]) != i {
        kernels.add(work.mean.pointer, edges.row(e), work.mean.pointer, layer.edgeDim)
        count += 1
      }
      if count > 1 { kernels.scale(1 / Float(count), work.mean.pointer, work.mean.pointer, layer.edgeDim) }
      return count
    }

    /// α of node i into `work.shares`, [heads, sources] with `work.stride` from head to head; returns how many sources there are.
    func weigh(_ i: Int, _ work: Scratch) -> Int {
      let w = layer.outChannels, stride = work.stride, slope = Float(layer.negativeSlope)
      var count = 0
      _ = average(i, work)
      forSources(i) { at, entry, j in
        let q = query(i, entry, work)
        for h in 0..<layer.heads {
          kernels.leaky_dot_rows(
            q + h * w, layer.attention.pointer + h * w, slope, l.pointer + j * layer.all + h * w, w, 1, w,
            work.shares.pointer + h * stride + at)
        }
        count = at + 1
      }
      for h in 0..<layer.heads { softmax(work.shares.pointer + h * stride, count: count, kernels) }
      return count
    }
  }

  /// What one thread works with.
  private final class Scratch {
    let stride: Int
    let shares, slopes, query, mean: AlignedBuffer<Float>

    init(_ layer: GATv2Layer, most: Int) throws(RuvectorError) {
      shares = try AlignedBuffer(rows: layer.heads, columns: most, for: "edges")
      slopes = try AlignedBuffer(rows: layer.heads, columns: most, for: "edges")
      query = try AlignedBuffer(count: 2 * layer.all, for: "edges")
      mean = try AlignedBuffer(count: 2 * max(layer.edgeDim, 1), for: "edges")
      stride = most
    }
  }

  // MARK: - Forward

  public func forward(
    _ input: GraphInput, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    let pass = try Pass(self, input, control), most = pass.mostSources, w = outChannels, kernels = Kernels.current
    try forChunks(of: input.graph.nodes, chunk: 64, control) { (nodes, _) throws(RuvectorError) in
      let work = try Scratch(self, most: most)
      for i in nodes {
        let row = out + i * width
        if let bias { row.update(from: bias.pointer, count: width) } else { row.update(repeating: 0, count: width) }
        _ = pass.weigh(i, work)
        pass.forSources(i) { at, _, j in
          for h in 0..<heads {
            let share = work.shares[h * work.stride + at] * (isConcatenated ? 1 : 1 / Float(heads))
            kernels.axpy(share, pass.l.pointer + j * all + h * w, row + (isConcatenated ? h * w : 0), w)
          }
        }
      }
    }
  }

  // MARK: - Gradient

  /// With g^h = dL/do^h, l_j = W_l x_j + b and z = l_j + W_r x_i + b + W_e e:
  ///
  ///     ds_ij = α_ij (g·l_j − Σ α g·l)      dz = ds a ⊙ LeakyReLU'(z)      da += ds LeakyReLU(z)
  ///     dr_i = Σ_j dz      dl_j = Σ_i (α_ij g_i + dz)      dW_e += dz eᵀ,   de = W_eᵀ dz
  ///
  /// then through the two affine maps. Targets are gone through first, which gives α and ds of every entry; sources then gather.
  public func backward(
    _ input: GraphInput, outputGradient: MatrixView, into gradients: GraphGradients, _ control: Control
  ) throws(RuvectorError) {
    let pass = try Pass(self, input, control), n = input.graph.nodes, most = pass.mostSources
    let kernels = Kernels.current, w = outChannels, parts = try Sums(of: n, floats: all + all * edgeDim)
    // Of each entry, then of each loop: α and ds of its heads.
    let kept = try AlignedBuffer<Float>(rows: input.graph.edges + n, columns: 2 * heads, for: "edges")
    let dr = try AlignedBuffer<Float>(rows: n, columns: all, for: "gradients")
    let dl = try AlignedBuffer<Float>(rows: n, columns: all, for: "gradients")
    try parts.forParts(control) { (nodes, sums) throws(RuvectorError) in
      let work = try Scratch(self, most: most)
      for i in nodes {
        try control.check()
        addTarget(i, pass, outputGradient.row(i), work, kept, dr.pointer + i * all, sums, gradients)
      }
    }
    let reverse = try input.graph.transposed
    try forChunks(of: n, chunk: 64, control) { (nodes, _) throws(RuvectorError) in
      let work = try Scratch(self, most: 1)
      for j in nodes {
        let out = dl.pointer + j * all
        out.update(repeating: 0, count: all)
        func add(_ i: Int, _ entry: Int) {
          _ = entry == Pass.loop ? pass.average(i, work) : 0
          let q = pass.query(i, entry, work), place = entry == Pass.loop ? input.graph.edges + i : entry
          for h in 0..<heads {
            let share = kept[place * 2 * heads + h], ds = kept[place * 2 * heads + heads + h]
            let g = outputGradient.row(i) + (isConcatenated ? h * w : 0)
            kernels.axpy(share * (isConcatenated ? 1 : 1 / Float(heads)), g, out + h * w, w)
            addSlopes(ds, q + h * w, pass.l.pointer + j * all + h * w, h, into: out + h * w)
          }
        }
        for t in Int(reverse.offsets[j])..<Int(reverse.offsets[j + 1]) {
          let i = Int(reverse.targets[t])
          if addsSelfLoops, i == j { continue }
          add(i, Int(reverse.entries[t]))
        }
        if addsSelfLoops { add(j, Pass.loop) }
      }
    }
    parts.add(from: 0, all, to: gradients.parameters[attention])
    if let edge { parts.add(from: all, all * edgeDim, to: gradients.parameters[edge]) }
    if let bias {
      for i in 0..<n {
        kernels.add(gradients.parameters[bias], outputGradient.row(i), gradients.parameters[bias], width)
      }
    }
    try source.backward(input.x, dl.pointer, into: gradients.x, parameters: gradients.parameters, control)
    try target.backward(input.x, dr.pointer, into: gradients.x, parameters: gradients.parameters, control)
  }

  /// out += ds a ⊙ LeakyReLU'(q + l) of one head.
  @inline(__always)
  private func addSlopes(
    _ ds: Float, _ q: UnsafePointer<Float>, _ l: UnsafePointer<Float>, _ h: Int, into out: UnsafeMutablePointer<Float>
  ) {
    let a = attention.pointer + h * outChannels, slope = Float(negativeSlope)
    for c in 0..<outChannels { out[c] += ds * a[c] * (q[c] + l[c] > 0 ? 1 : slope) }
  }

  /// All that node i as a target gives: α and ds of its entries, `dr` [all], and in `sums` da [all] and dW_e [all, edgeDim].
  private func addTarget(
    _ i: Int, _ pass: Pass, _ g: UnsafePointer<Float>, _ work: Scratch, _ kept: AlignedBuffer<Float>,
    _ dr: UnsafeMutablePointer<Float>, _ sums: UnsafeMutablePointer<Float>, _ gradients: GraphGradients
  ) {
    let kernels = Kernels.current, w = outChannels, stride = work.stride, slope = Float(negativeSlope)
    let scale = isConcatenated ? 1 : 1 / Float(heads), edges = pass.input.graph.edges
    let dz = work.query.pointer + all, toLoop = work.mean.pointer + edgeDim
    dr.update(repeating: 0, count: all)
    toLoop.update(repeating: 0, count: edgeDim)
    let count = pass.weigh(i, work), others = pass.average(i, work)
    pass.forSources(i) { at, _, j in
      for h in 0..<heads {
        let part = g + (isConcatenated ? h * w : 0)
        work.slopes[h * stride + at] = scale * kernels.dot(part, pass.l.pointer + j * all + h * w, w)
      }
    }
    for h in 0..<heads {
      var mean = 0.0
      for at in 0..<count { mean += Double(work.shares[h * stride + at]) * Double(work.slopes[h * stride + at]) }
      for at in 0..<count {
        work.slopes[h * stride + at] = work.shares[h * stride + at] * (work.slopes[h * stride + at] - Float(mean))
      }
    }
    pass.forSources(i) { at, entry, j in
      let q = pass.query(i, entry, work), place = (entry == Pass.loop ? edges + i : entry) * 2 * heads
      dz.update(repeating: 0, count: all)
      for h in 0..<heads {
        let ds = work.slopes[h * stride + at], l = pass.l.pointer + j * all + h * w
        kept[place + h] = work.shares[h * stride + at]
        kept[place + heads + h] = ds
        addSlopes(ds, q + h * w, l, h, into: dz + h * w)
        for c in 0..<w {
          let z = q[h * w + c] + l[c]
          sums[h * w + c] += ds * (z > 0 ? z : slope * z)
        }
      }
      kernels.add(dr, dz, dr, all)
      guard let edge, let rows = pass.edges else { return }
      let row = entry == Pass.loop ? UnsafePointer(work.mean.pointer) : rows.row(entry)
      for c in 0..<all where dz[c] != 0 { kernels.axpy(dz[c], row, sums + all + c * edgeDim, edgeDim) }
      let place2 = entry == Pass.loop ? toLoop : gradients.edgeAttr.map { $0 + entry * edgeDim }
      if let place2 { kernels.combine_rows(dz, edge.pointer, edgeDim, all, edgeDim, place2) }
    }
    // The loop's row is the mean of the others'.
    guard others > 0, let out = gradients.edgeAttr else { return }
    for e in pass.input.graph.row(i) where Int(pass.input.graph.indices[e]) != i {
      kernels.axpy(1 / Float(others), toLoop, out + e * edgeDim, edgeDim)
    }
  }
}
