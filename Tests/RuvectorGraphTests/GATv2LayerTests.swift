import RuvectorCore
import RuvectorGraph
import TestSupport
import Testing

/// GATv2Layer against its formula in Double, one edge after the other.
@Suite struct GATv2LayerTests {
  struct Case: Sendable, CustomStringConvertible {
    var description: String { "\(heads) heads, concat \(concat), loops \(loops), edges \(edgeDim), bias \(bias)" }
    var heads = 2, concat = true, loops = true, edgeDim = 0, bias = true, slope = 0.2
  }
  static let cases = [
    Case(), Case(heads: 1), Case(heads: 3, concat: false), Case(loops: false), Case(edgeDim: 3),
    Case(heads: 3, concat: false, edgeDim: 2), Case(loops: false, edgeDim: 1, bias: false, slope: 0), Case(slope: 1),
  ]
  static let n = 7, d = 3, w = 4
  /// Sources of each node: none, a loop, repetitions, directed ones.
  static let sources: [[UInt32]] = [[1, 2, 2], [], [2], [0, 3, 6, 3], [5], [4, 4, 4, 1], [0, 1, 2, 3, 4, 5]]

  static func make(_ c: Case) throws -> GATv2Layer {
    let layer = try GATv2Layer(
      Settings(
        of: GATv2Layer.name, GATv2Layer.options,
        [
          ("inChannels", .number(Double(d))), ("outChannels", .number(Double(w))), ("heads", .number(Double(c.heads))),
          ("concat", .number(c.concat ? 1 : 0)), ("negativeSlope", .number(c.slope)),
          ("edgeDim", .number(Double(c.edgeDim))), ("addSelfLoops", .number(c.loops ? 1 : 0)),
          ("bias", .number(c.bias ? 1 : 0)), ("seed", .integer(3)),
        ]))
    var g = SeededGenerator(5)
    for parameter in layer.parameters {
      for i in 0..<parameter.count { parameter[i] += Float.random(in: -0.3...0.3, using: &g) }
    }
    return layer
  }

  static func graph() throws -> ResidentGraph {
    var offsets: [UInt32] = [0]
    for list in sources { offsets.append(offsets[offsets.count - 1] + UInt32(list.count)) }
    let indices = sources.flatMap { $0 }
    return try offsets.withUnsafeBufferPointer { o in
      try indices.withUnsafeBufferPointer { try ResidentGraph(offsets: o, indices: $0) }
    }
  }

  /// The formula: x, the edges' rows and the parameters one after the other.
  static func exact(_ c: Case, _ z: [Double]) -> [Double] {
    let edges = sources.reduce(0) { $0 + $1.count }, all = c.heads * w
    var at = 0
    func take(_ rows: Int, _ columns: Int) -> [[Double]] {
      defer { at += rows * columns }
      return (0..<rows).map { r in (0..<columns).map { z[at + r * columns + $0] } }
    }
    let x = take(n, d), e = take(edges, c.edgeDim), a = take(c.heads, w)
    let none = [Double](repeating: 0, count: all)
    let wl = take(all, d), bl = c.bias ? take(1, all)[0] : none, wr = take(all, d), br = c.bias ? take(1, all)[0] : none
    let we = c.edgeDim > 0 ? take(all, c.edgeDim) : []
    let bias = c.bias ? take(1, c.concat ? all : w)[0] : [Double](repeating: 0, count: c.concat ? all : w)
    func map(_ m: [[Double]], _ b: [Double]?, _ v: [Double]) -> [Double] {
      m.indices.map { r in (b?[r] ?? 0) + zip(m[r], v).reduce(0) { $0 + $1.0 * $1.1 } }
    }
    var out: [Double] = [], first = 0
    for i in 0..<n {
      var keys: [(j: Int, edge: [Double])] = []
      for (t, j) in sources[i].enumerated() where !(c.loops && Int(j) == i) { keys.append((Int(j), e[first + t])) }
      first += sources[i].count
      if c.loops {
        let count = Double(max(keys.count, 1))
        keys.append((i, (0..<c.edgeDim).map { t in keys.reduce(0) { $0 + $1.edge[t] } / count }))
      }
      var row = bias
      for h in 0..<c.heads {
        let target = map(wr, br, x[i])
        let scores = keys.map { key -> Double in
          let s = map(wl, bl, x[key.j]), t = c.edgeDim > 0 ? map(we, nil, key.edge) : []
          return (0..<w).reduce(0) { sum, k in
            let v = s[h * w + k] + target[h * w + k] + (t.isEmpty ? 0 : t[h * w + k])
            return sum + a[h][k] * (v > 0 ? v : c.slope * v)
          }
        }
        let top = scores.max() ?? 0, p = scores.map { Double.exp($0 - top) }, total = p.reduce(0, +)
        for (t, key) in keys.enumerated() {
          let s = map(wl, bl, x[key.j])
          for k in 0..<w {
            row[(c.concat ? h * w : 0) + k] += p[t] / total * s[h * w + k] / (c.concat ? 1 : Double(c.heads))
          }
        }
      }
      out += row
    }
    return out
  }

  struct Made {
    let layer: GATv2Layer
    let input: GraphInput
    let numbers: [Double]
    let memory: [AlignedBuffer<Float>]
  }

  static func made(_ c: Case) throws -> Made {
    let layer = try make(c), graph = try graph()
    var g = SeededGenerator(11)
    let x = try AlignedBuffer<Float>(count: n * d), e = try AlignedBuffer<Float>(count: graph.edges * c.edgeDim)
    for buffer in [x, e] { for i in 0..<buffer.count { buffer[i] = Float.random(in: -1...1, using: &g) } }
    let rows = MatrixView(e.pointer, rows: graph.edges, dim: c.edgeDim)
    var numbers: [Double] = []
    for buffer in [x, e] { numbers += (0..<buffer.count).map { Double(buffer[$0]) } }
    for p in layer.parameters { numbers += (0..<p.count).map { Double(p[$0]) } }
    return Made(
      layer: layer,
      input: GraphInput(
        x: MatrixView(x.pointer, rows: n, dim: d), graph: graph, edgeAttr: c.edgeDim > 0 ? rows : nil),
      numbers: numbers, memory: [x, e])
  }

  @Test(arguments: cases) func forward(_ c: Case) throws {
    let made = try Self.made(c), exact = Self.exact(c, made.numbers)
    let out = try AlignedBuffer<Float>(count: Self.n * made.layer.width(of: Self.d))
    #expect(exact.count == out.count)
    for threads in [1, 3] {
      _ = try made.layer.forward(made.input, into: out.pointer, .evaluation, keeps: false, Control(threads: threads))
      for i in 0..<out.count { #expect(abs(Double(out[i]) - exact[i]) < 2e-6, "\(i)") }
    }
  }

  @Test(arguments: cases) func gradient(_ c: Case) throws {
    let made = try Self.made(c), n = Self.n, width = made.layer.width(of: Self.d)
    var generator = SeededGenerator(23)
    let g = (0..<n * width).map { _ in Float.random(in: -1...1, using: &generator) }
    let edges = Self.sources.reduce(0) { $0 + $1.count } * c.edgeDim,
      total = n * Self.d + edges + made.layer.parameters.total
    let out = try AlignedBuffer<Float>(count: total, repeating: 0), output = try AlignedBuffer<Float>(count: n * width)
    let kept = try made.layer.forward(made.input, into: output.pointer, .evaluation, keeps: true, .none)
    try made.layer.backward(
      made.input, kept, outputGradient: g,
      into: GraphGradients(
        x: out.pointer, edgeAttr: c.edgeDim > 0 ? out.pointer + n * Self.d : nil,
        parameters: Gradients(out.pointer + n * Self.d + edges)), .evaluation, Control(threads: 2))
    func loss(_ z: [Double]) -> Double { zip(Self.exact(c, z), g).reduce(0) { $0 + $1.0 * Double($1.1) } }
    var worst = 0.0
    for i in 0..<total {
      var z = made.numbers
      z[i] += 1e-6
      let above = loss(z)
      z[i] -= 2e-6
      worst = max(worst, abs((above - loss(z)) / 2e-6 - Double(out[i])))
    }
    #expect(worst < 2e-5, "\(worst)")
  }

  /// The same bits for any number of threads where sums are made in several parts.
  @Test func threads() throws {
    let layer = try Self.make(Case(edgeDim: 2)), n = 1500
    var g = SeededGenerator(31), offsets: [UInt32] = [0], indices: [UInt32] = []
    for _ in 0..<n {
      for _ in 0..<Int.random(in: 0...6, using: &g) { indices.append(UInt32.random(in: 0..<UInt32(n), using: &g)) }
      offsets.append(UInt32(indices.count))
    }
    let graph = try offsets.withUnsafeBufferPointer { o in
      try indices.withUnsafeBufferPointer { try ResidentGraph(offsets: o, indices: $0) }
    }
    func random(_ count: Int) throws -> AlignedBuffer<Float> {
      let buffer = try AlignedBuffer<Float>(count: count)
      for i in 0..<count { buffer[i] = Float.random(in: -1...1, using: &g) }
      return buffer
    }
    let x = try random(n * Self.d), e = try random(graph.edges * 2), og = try random(n * layer.width(of: Self.d))
    let input = GraphInput(
      x: MatrixView(x.pointer, rows: n, dim: Self.d), graph: graph,
      edgeAttr: MatrixView(e.pointer, rows: graph.edges, dim: 2))
    let total = x.count + e.count + layer.parameters.total
    let results = try [1, 2, 4].map { threads -> [UInt32] in
      let out = try AlignedBuffer<Float>(count: total, repeating: 0)
      let output = try AlignedBuffer<Float>(count: og.count), control = Control(threads: threads)
      let kept = try layer.forward(input, into: output.pointer, .evaluation, keeps: true, control)
      try layer.backward(
        input, kept, outputGradient: og.pointer,
        into: GraphGradients(
          x: out.pointer, edgeAttr: out.pointer + x.count, parameters: Gradients(out.pointer + x.count + e.count)),
        .evaluation, control)
      return (0..<total).map { out[$0].bitPattern }
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }
}
