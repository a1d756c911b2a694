import CRuvectorSupport
import RuvectorCore

/// An LSTM that reads the rows of a node's sources in their order and gives its last state (0 for a node without sources):
///
///     (i, f, g, o) = W x_t + b + U h_{t−1} + b'     i, f, o ← σ, g ← tanh
///     c_t = f c_{t−1} + i g      h_t = o tanh c_t
///
/// x [n, d], W, U [4 d, d], b, b' [4 d], the gates one after the other. W x + b is made once a node, U h for the nodes of a group
/// together, step by step.
/// - Complexity: O(n · d² + edges · d²). Memory O(n · d); backward O(d) a source of the nodes that are gone through together.
///
/// Reference: Hochreiter, Schmidhuber 1997; Hamilton, Ying, Leskovec 2017, section 3.3. Names and the order of gates: PyTorch's LSTM.
struct NeighborLSTM {
  let input, hidden: Parameter
  let inputBias, hiddenBias: Parameter
  let d: Int

  static func slots(_ d: Int) -> [Slot] {
    [
      Slot("aggr_module.lstm.weight_ih_l0", [4 * d, d], .xavierNormal(fanIn: d, fanOut: d)),
      Slot("aggr_module.lstm.weight_hh_l0", [4 * d, d], .xavierNormal(fanIn: d, fanOut: d)),
      Slot("aggr_module.lstm.bias_ih_l0", [4 * d], .zeros), Slot("aggr_module.lstm.bias_hh_l0", [4 * d], .zeros),
    ]
  }

  init(_ parameters: Parameters, dim: Int) {
    input = parameters["aggr_module.lstm.weight_ih_l0"]
    hidden = parameters["aggr_module.lstm.weight_hh_l0"]
    inputBias = parameters["aggr_module.lstm.bias_ih_l0"]
    hiddenBias = parameters["aggr_module.lstm.bias_hh_l0"]
    d = dim
  }

  // MARK: - Forward

  /// Nodes of a group, whose steps are made together.
  private static let group = 64
  /// Sources of the groups that backward goes through together.
  private static let wave = 8192

  /// out [nodes, d] ← the last states.
  func forward(
    _ x: Features, _ graph: Adjacency, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    let projected = try project(x, control),
      u = try PackedMatrix(.transposed(hidden.pointer, stride: d), rows: d, columns: 4 * d)
    try forChunks(of: graph.nodes, chunk: Self.group, control) { (nodes, _) throws(RuvectorError) in
      let group = try Group(nodes, graph, d)
      try run(group, graph, projected, u, nil, control)
      for (a, node) in group.nodes.enumerated() {
        (out + node * d).update(from: group.h.pointer + a * d, count: d)
      }
    }
  }

  /// W x + b + b' of every node, [n, 4 d].
  private func project(_ x: Features, _ control: Control) throws(RuvectorError) -> AlignedBuffer<Float> {
    let rows = try AlignedBuffer<Float>(rows: x.rows, columns: 4 * d, for: "projection"), kernels = Kernels.current
    try x.times(input, bias: inputBias, into: rows.pointer, control) { part in
      for i in part {
        kernels.add(rows.pointer + i * 4 * d, hiddenBias.pointer, rows.pointer + i * 4 * d, 4 * d)
      }
    }
    return rows
  }

  /// Nodes with their states, those with the most sources first, so that those which have a step t come before the others.
  private final class Group {
    let nodes: [Int]
    let counts: [Int]
    /// [nodes, d]: h and c, in backward their gradients.
    let h, c: AlignedBuffer<Float>
    /// [nodes, 4 d]
    let z: AlignedBuffer<Float>

    init(_ range: Range<Int>, _ graph: Adjacency, _ d: Int) throws(RuvectorError) {
      nodes = range.sorted {
        graph.row($0).count == graph.row($1).count ? $0 < $1 : graph.row($0).count > graph.row($1).count
      }
      counts = nodes.map { graph.row($0).count }
      h = try AlignedBuffer(count: range.count * d, repeating: 0, for: "states")
      c = try AlignedBuffer(count: range.count * d, repeating: 0, for: "states")
      z = try AlignedBuffer(count: range.count * 4 * d, repeating: 0, for: "states")
    }

    var steps: Int { counts.first ?? 0 }

    /// Nodes that have a step t.
    func active(_ t: Int) -> Int { counts.firstIndex { $0 <= t } ?? counts.count }
  }

  /// Of each source from `first` on: the gates, after backward the gradients before them [4 d]; c after it, h before it [d].
  private struct Tape {
    let first: Int
    let gates, c, before: AlignedBuffer<Float>

    init(_ sources: Range<Int>, _ d: Int) throws(RuvectorError) {
      first = sources.lowerBound
      gates = try AlignedBuffer(rows: sources.count, columns: 4 * d, for: "states")
      c = try AlignedBuffer(rows: sources.count, columns: d, for: "states")
      before = try AlignedBuffer(rows: sources.count, columns: d, for: "states")
    }
  }

  private func run(
    _ group: Group, _ graph: Adjacency, _ projected: AlignedBuffer<Float>, _ u: PackedMatrix, _ tape: Tape?,
    _ control: Control
  ) throws(RuvectorError) {
    let kernels = Kernels.current, scratch = try u.scratch(), row = try AlignedBuffer<Float>(count: d, for: "states")
    for t in 0..<group.steps {
      try control.check()
      let active = group.active(t)
      for a in 0..<active {
        let source = Int(graph.indices[graph.row(group.nodes[a]).lowerBound + t])
        (group.z.pointer + a * 4 * d).update(from: projected.pointer + source * 4 * d, count: 4 * d)
      }
      if t > 0 { multiply(u, group.h.pointer, active, into: group.z.pointer, accumulate: true, scratch) }
      for a in 0..<active {
        let z = group.z.pointer + a * 4 * d, h = group.h.pointer + a * d, c = group.c.pointer + a * d
        kernels.logistic(z, z, 2 * d)
        kernels.hyperbolic_tangent(z + 2 * d, z + 2 * d, d)
        kernels.logistic(z + 3 * d, z + 3 * d, d)
        for k in 0..<d { c[k] = z[d + k] * c[k] + z[k] * z[2 * d + k] }
        if let tape {
          let at = graph.row(group.nodes[a]).lowerBound + t - tape.first
          (tape.before.pointer + at * d).update(from: h, count: d)
          (tape.gates.pointer + at * 4 * d).update(from: z, count: 4 * d)
          (tape.c.pointer + at * d).update(from: c, count: d)
        }
        kernels.hyperbolic_tangent(c, row.pointer, d)
        kernels.multiply(z + 3 * d, row.pointer, h, d)
      }
    }
  }

  /// out [rows, columns of m] ← (out +) a m, a packed.
  private func multiply(
    _ m: PackedMatrix, _ a: UnsafePointer<Float>, _ rows: Int, into out: UnsafeMutablePointer<Float>, accumulate: Bool,
    _ scratch: AlignedBuffer<Float>
  ) {
    var r = 0
    while r < rows {
      let count = min(m.blockRows, rows - r)
      m.multiply(
        .rows(a + r * m.rows, stride: m.rows), rows: count, into: out + r * m.columns, cStride: m.columns,
        accumulate: accumulate, scratch: scratch)
      r += count
    }
  }

  // MARK: - Gradient

  /// With dh, dc of a step, and z the numbers before the gates:
  ///
  ///     do = dh tanh c     dc += dh o (1 − tanh² c)     di = dc g,  df = dc c_{t−1},  dg = dc i     dz = (di, df, dg, do) ⊙ slopes
  ///     dh_{t−1} = Uᵀ dz,  dc_{t−1} = dc f      dU += dz h_{t−1}ᵀ,  d(W x + b)_source += dz
  ///
  /// `g` [nodes, d]. States are made again for some groups at a time.
  func backward(
    _ x: Features, _ graph: Adjacency, _ g: UnsafePointer<Float>, into gradients: GraphGradients, _ control: Control
  ) throws(RuvectorError) {
    let projected = try project(x, control), n = graph.nodes, kernels = Kernels.current
    let u = try PackedMatrix(.transposed(hidden.pointer, stride: d), rows: d, columns: 4 * d)
    let back = try PackedMatrix(.rows(hidden.pointer, stride: d), rows: 4 * d, columns: d)
    let toProjected = try AlignedBuffer<Float>(count: x.rows * 4 * d, repeating: 0, for: "gradients")
    var start = 0
    while start < n {
      var end = min(start + Self.group, n)
      while end < n, Int(graph.offsets[min(end + Self.group, n)] - graph.offsets[start]) <= Self.wave {
        end = min(end + Self.group, n)
      }
      let sources = Int(graph.offsets[start])..<Int(graph.offsets[end]), tape = try Tape(sources, d), first = start
      try forChunks(of: end - start, chunk: Self.group, control) { (part, _) throws(RuvectorError) in
        let nodes = first + part.lowerBound..<first + part.upperBound
        let group = try Group(nodes, graph, d)
        try run(group, graph, projected, u, tape, control)
        try stepsBack(group, graph, back, tape, g, control)
      }
      try Features.dense(MatrixView(tape.before.pointer, rows: sources.count, dim: d)).addWeightGradient(
        tape.gates.pointer, width: 4 * d, to: gradients.parameters[hidden], control)
      // Columns apart, so that each number is summed in the order of the sources.
      try forChunks(of: 4 * d, chunk: 64, control) { (columns, _) in
        for e in sources {
          let place = toProjected.pointer + Int(graph.indices[e]) * 4 * d + columns.lowerBound
          kernels.add(
            place, tape.gates.pointer + (e - sources.lowerBound) * 4 * d + columns.lowerBound, place, columns.count)
        }
      }
      start = end
    }
    for bias in [inputBias, hiddenBias] {
      try addRows(toProjected.pointer, rows: x.rows, width: 4 * d, to: gradients.parameters[bias], control)
    }
    try x.addWeightGradient(toProjected.pointer, width: 4 * d, to: gradients.parameters[input], control)
    try addInputGradient(toProjected.pointer, rows: x.rows, input, to: gradients.x, control)
  }

  private func stepsBack(
    _ group: Group, _ graph: Adjacency, _ back: PackedMatrix, _ tape: Tape, _ g: UnsafePointer<Float>,
    _ control: Control
  ) throws(RuvectorError) {
    let scratch = try back.scratch(), dh = group.h.pointer, dc = group.c.pointer
    for (a, node) in group.nodes.enumerated() { (dh + a * d).update(from: g + node * d, count: d) }
    dc.update(repeating: 0, count: group.c.count)
    for t in (0..<group.steps).reversed() {
      try control.check()
      let active = group.active(t)
      for a in 0..<active {
        let at = graph.row(group.nodes[a]).lowerBound + t - tape.first, dz = group.z.pointer + a * 4 * d
        let gates = tape.gates.pointer + at * 4 * d, c = tape.c.pointer + at * d
        for k in 0..<d {
          let i = gates[k], f = gates[d + k], g = gates[2 * d + k], o = gates[3 * d + k], bent = rv_tanhf(c[k])
          let slope = dh[a * d + k], cell = dc[a * d + k] + slope * o * (1 - bent * bent)
          let before = t > 0 ? c[k - d] : 0
          dz[k] = cell * g * i * (1 - i)
          dz[d + k] = cell * before * f * (1 - f)
          dz[2 * d + k] = cell * i * (1 - g * g)
          dz[3 * d + k] = slope * bent * o * (1 - o)
          dc[a * d + k] = cell * f
        }
        gates.update(from: dz, count: 4 * d)
      }
      if t > 0 { multiply(back, group.z.pointer, active, into: dh, accumulate: false, scratch) }
    }
  }
}
