import RuvectorCore
import RuvectorGraph
import TestSupport
import Testing

/// Layers as training uses them: contexts of their own, dropout that repeats itself, sparse rows, any number of threads.
@Suite struct LayerTrainingTests {
  static func made(_ name: StaticString, _ type: any NodeLayer.Type, _ given: [String: Double]) throws -> any NodeLayer
  {
    let list = given.map { (key: $0.key, value: OptionValue.number($0.value)) }
    guard let layer = try type.make(list) as? any NodeLayer else { throw RuvectorError(.invalidArgument, "no layer") }
    return layer
  }

  static func graph(_ n: Int, _ seed: UInt64) throws -> ResidentGraph {
    var g = SeededGenerator(seed), offsets: [UInt32] = [0], indices: [UInt32] = []
    for _ in 0..<n {
      for _ in 0..<Int.random(in: 0...5, using: &g) { indices.append(UInt32.random(in: 0..<UInt32(n), using: &g)) }
      offsets.append(UInt32(indices.count))
    }
    return try offsets.withUnsafeBufferPointer { o in
      try indices.withUnsafeBufferPointer { try ResidentGraph(offsets: o, indices: $0) }
    }
  }

  /// Options by name; children are made here.
  static let layers: [(name: String, make: @Sendable () throws -> any NodeLayer)] = [
    ("gcn", { try made("gcn", GCNLayer.self, ["inChannels": 6, "outChannels": 4, "seed": 3]) }),
    (
      "gat",
      {
        try made(
          "gat", GATLayer.self,
          ["inChannels": 6, "outChannels": 4, "heads": 2, "dropout": 0.4, "edgeDim": 3, "residual": 1, "seed": 3])
      }
    ),
    (
      "gat, mean",
      {
        try made(
          "gat", GATLayer.self,
          ["inChannels": 6, "outChannels": 4, "heads": 3, "dropout": 0.4, "concat": 0, "addSelfLoops": 0, "seed": 3])
      }
    ),
    (
      "gatv2",
      {
        try made(
          "gatv2", GATv2Layer.self,
          ["inChannels": 6, "outChannels": 4, "heads": 2, "dropout": 0.4, "edgeDim": 3, "residual": 1, "seed": 3])
      }
    ),
    (
      "transformer",
      {
        try made(
          "transformer", TransformerLayer.self,
          ["inChannels": 6, "outChannels": 4, "heads": 2, "dropout": 0.4, "edgeDim": 3, "seed": 3])
      }
    ),
    (
      "sage",
      {
        try made("sage", GraphSAGELayer.self, ["inChannels": 6, "outChannels": 4, "normalize": 1, "seed": 3])
      }
    ),
    ("sequential", { try sequential() }),
  ]

  static func sequential() throws -> any NodeLayer {
    let gat = try made(
      "gat", GATLayer.self, ["inChannels": 6, "outChannels": 3, "heads": 2, "dropout": 0.3, "edgeDim": 3, "seed": 1])
    let inner: [any Mechanism] = [
      gat, try ActivationLayer(Settings(of: "activation", ActivationLayer.options, [("function", .text("elu"))])),
      try made("norm", LayerNormLayer.self, ["inChannels": 6]),
    ]
    let block = try Sequential.make(
      inner.map { (key: "layers", value: OptionValue.child($0)) } + [(key: "skip", value: .text("add"))])
    let all: [any Mechanism] = [
      try DropoutLayer(Settings(of: "dropout", DropoutLayer.options, [("p", .number(0.3))])), block,
      try made("linear", LinearLayer.self, ["inChannels": 6, "outChannels": 5, "seed": 2]),
      try made("gcn", GCNLayer.self, ["inChannels": 5, "outChannels": 4, "seed": 3]),
    ]
    let whole = try Sequential.make(
      all.map { (key: "layers", value: OptionValue.child($0)) } + [(key: "skip", value: .text("concat"))])
    guard let layer = whole as? any NodeLayer else { throw RuvectorError(.invalidArgument, "no layer") }
    return layer
  }

  struct Data {
    let x, edges: [Float]
    let graph: ResidentGraph
    let n: Int

    init(_ n: Int, width: Int = 6, seed: UInt64 = 7) throws {
      var g = SeededGenerator(seed)
      graph = try LayerTrainingTests.graph(n, seed)
      self.n = n
      x = (0..<n * width).map { _ in Float.random(in: -1...1, using: &g) }
      edges = (0..<graph.edges * 3).map { _ in Float.random(in: -1...1, using: &g) }
    }
  }

  static func run(
    _ layer: any NodeLayer, _ x: [Float], _ edges: [Float], _ graph: ResidentGraph, _ n: Int, _ mode: Mode,
    threads: Int = 1
  ) throws -> [Float] {
    var out = [Float](repeating: .nan, count: n * layer.width(of: 6))
    try x.withUnsafeBufferPointer { x in
      try edges.withUnsafeBufferPointer { e in
        guard let base = x.baseAddress, let list = e.baseAddress else { return }
        _ = try layer.forward(
          GraphInput(
            x: MatrixView(base, rows: n, dim: x.count / n), graph: graph,
            edgeAttr: layer.edgeDim > 0 ? MatrixView(list, rows: graph.edges, dim: 3) : nil), into: &out, mode,
          keeps: false, Control(threads: threads))
      }
    }
    return out
  }

  /// Gradients of x, edges, parameters, one behind the other.
  static func gradients(
    _ layer: any NodeLayer, _ data: Data, _ g: [Float], _ mode: Mode, threads: Int = 1, wantsInputs: Bool = true
  ) throws -> [Float] {
    let edges = layer.edgeDim > 0 ? data.edges.count : 0, inputs = data.x.count + edges
    let all = try AlignedBuffer<Float>(count: inputs + layer.parameters.total, repeating: 0)
    var out = [Float](repeating: .nan, count: g.count)
    let control = Control(threads: threads)
    try data.x.withUnsafeBufferPointer { x in
      try data.edges.withUnsafeBufferPointer { e in
        guard let base = x.baseAddress, let list = e.baseAddress else { return }
        let input = GraphInput(
          x: MatrixView(base, rows: data.n, dim: x.count / data.n), graph: data.graph,
          edgeAttr: layer.edgeDim > 0 ? MatrixView(list, rows: data.graph.edges, dim: 3) : nil)
        let kept = try layer.forward(input, into: &out, mode, keeps: true, control)
        try layer.backward(
          input, kept, outputGradient: g,
          into: GraphGradients(
            x: wantsInputs ? all.pointer : nil, edgeAttr: wantsInputs && edges > 0 ? all.pointer + data.x.count : nil,
            parameters: Gradients(all.pointer + inputs)), mode, control)
      }
    }
    return (0..<all.count).map { all[$0] }
  }

  static func weights(_ n: Int) -> [Float] {
    var g = SeededGenerator(99)
    return (0..<n).map { _ in Float.random(in: -1...1, using: &g) }
  }

  /// With dropout a pass is a function of seed and step: its gradient is that of central differences.
  @Test(arguments: layers.indices) func gradientsInTraining(_ which: Int) throws {
    let layer = try Self.layers[which].make(), data = try Data(9), mode = Mode.training(seed: 5, step: 2)
    let g = Self.weights(9 * layer.width(of: 6)), found = try Self.gradients(layer, data, g, mode)
    func loss(_ x: [Float], _ edges: [Float]) throws -> Double {
      zip(try Self.run(layer, x, edges, data.graph, data.n, mode), g).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    let step: Float = 0x1p-11
    var worst = 0.0
    func check(_ place: Int, _ value: Float, _ put: (Float) throws -> Double) throws {
      let above = try put(value + step), below = try put(value - step)
      worst = max(worst, abs((above - below) / Double(2 * step) - Double(found[place])))
    }
    for i in stride(from: 0, to: data.x.count, by: 3) {
      try check(i, data.x[i]) { value in
        var x = data.x
        x[i] = value
        return try loss(x, data.edges)
      }
    }
    if layer.edgeDim > 0 {
      for i in stride(from: 0, to: data.edges.count, by: 5) {
        try check(data.x.count + i, data.edges[i]) { value in
          var e = data.edges
          e[i] = value
          return try loss(data.x, e)
        }
      }
    }
    let inputs = found.count - layer.parameters.total
    for parameter in layer.parameters {
      for i in stride(from: 0, to: parameter.count, by: 2) {
        let value = parameter[i]
        try check(inputs + parameter.offset + i, value) { changed in
          parameter[i] = changed
          defer { parameter[i] = value }
          return try loss(data.x, data.edges)
        }
      }
    }
    #expect(worst < 5e-3, "\(Self.layers[which].name): \(worst)")
  }

  /// Same seed and step: the same bits on any number of threads; another step: others; gradients of parameters are the same
  /// bits whether those of inputs are wanted or not.
  @Test(arguments: layers.indices) func repeatsItself(_ which: Int) throws {
    let layer = try Self.layers[which].make(), data = try Data(900), mode = Mode.training(seed: 5, step: 2)
    let one = try Self.run(layer, data.x, data.edges, data.graph, data.n, mode)
    #expect(one == (try Self.run(layer, data.x, data.edges, data.graph, data.n, mode, threads: 2)))
    let g = Self.weights(900 * layer.width(of: 6))
    let a = try Self.gradients(layer, data, g, mode), b = try Self.gradients(layer, data, g, mode, threads: 2)
    #expect(a == b)
    let own = try Self.gradients(layer, data, g, mode, wantsInputs: false), inputs = a.count - layer.parameters.total
    #expect(own[inputs...] == a[inputs...] && own[..<inputs].allSatisfy { $0 == 0 })
    let evaluated = try Self.run(layer, data.x, data.edges, data.graph, data.n, .evaluation)
    let next = try Self.run(layer, data.x, data.edges, data.graph, data.n, .training(seed: 5, step: 3))
    let drops = Self.layers[which].name != "gcn" && Self.layers[which].name != "sage"
    #expect((next != one) == drops && (evaluated != one) == drops)
  }

  /// Nodes renamed: the same rows, renamed.
  @Test(arguments: layers.indices) func equivariance(_ which: Int) throws {
    let layer = try Self.layers[which].make(), data = try Data(40), n = data.n
    var g = SeededGenerator(3)
    let order = Array(0..<n).shuffled(using: &g)  // node i of the new graph is order[i] of the old one
    var place = [Int](repeating: 0, count: n)
    for (i, old) in order.enumerated() { place[old] = i }
    var offsets: [UInt32] = [0], indices: [UInt32] = [], edges: [Float] = [], x: [Float] = []
    for old in order {
      x += data.x[old * 6..<old * 6 + 6]
      for e in data.graph.row(old) {
        indices.append(UInt32(place[Int(data.graph.indices[e])]))
        edges += data.edges[e * 3..<e * 3 + 3]
      }
      offsets.append(UInt32(indices.count))
    }
    let renamed = try offsets.withUnsafeBufferPointer { o in
      try indices.withUnsafeBufferPointer { try ResidentGraph(offsets: o, indices: $0) }
    }
    let a = try Self.run(layer, data.x, data.edges, data.graph, n, .evaluation)
    let b = try Self.run(layer, x, edges, renamed, n, .evaluation), width = layer.width(of: 6)
    for (i, old) in order.enumerated() {
      for c in 0..<width { #expect(abs(a[old * width + c] - b[i * width + c]) < 1e-6) }
    }
  }

  /// Wide rows with few elements: found sparse, with the output and the gradients of dense ones.
  @Test func sparseRows() throws {
    let n = 70, d = 130
    var g = SeededGenerator(17), x = [Float](repeating: 0, count: n * d)
    for r in 1..<n {
      for _ in 0..<5 { x[r * d + Int.random(in: 0..<d, using: &g)] = Float.random(in: -1...1, using: &g) }
    }
    let graph = try Self.graph(n, 4), mode = Mode.training(seed: 1, step: 1)
    let gcn = try Self.made("gcn", GCNLayer.self, ["inChannels": Double(d), "outChannels": 6, "seed": 3])
    let drop = try DropoutLayer(Settings(of: "dropout", DropoutLayer.options, [("p", .number(0.5))]))
    let sage = try Self.made("sage", GraphSAGELayer.self, ["inChannels": Double(d), "outChannels": 6, "seed": 4])
    for child in [gcn, sage] {
      let made = try Sequential.make([("layers", .child(drop)), ("layers", .child(child))])
      guard let layer = made as? any NodeLayer else { return }
      let weights = Self.weights(n * 6)
      func run(_ input: GraphInput) throws -> (out: [Float], gradients: [Float]) {
        var out = [Float](repeating: .nan, count: n * 6)
        let all = try AlignedBuffer<Float>(count: n * d + layer.parameters.total, repeating: 0)
        let kept = try layer.forward(input, into: &out, mode, keeps: true, .none)
        try layer.backward(
          input, kept, outputGradient: weights,
          into: GraphGradients(x: all.pointer, parameters: Gradients(all.pointer + n * d)), mode, .none)
        return (out, (0..<all.count).map { all[$0] })
      }
      try x.withUnsafeBufferPointer { x in
        guard let base = x.baseAddress else { return }
        let view = MatrixView(base, rows: n, dim: d)
        let sparse = try Features(view, .none)
        guard case .sparse = sparse else {
          Issue.record("not found sparse")
          return
        }
        let a = try run(GraphInput(x: .dense(view), graph: graph)), b = try run(GraphInput(x: sparse, graph: graph))
        for (p, q) in [(a.out, b.out), (a.gradients, b.gradients)] {
          for i in p.indices { #expect(abs(p[i] - q[i]) < 2e-6, "\(i)") }
        }
      }
      // Dense rows stay dense, and narrow ones are not looked at.
      let full = [Float](repeating: 1, count: n * d)
      try full.withUnsafeBufferPointer { x in
        guard let base = x.baseAddress else { return }
        if case .sparse = try Features(MatrixView(base, rows: n, dim: d), .none) { Issue.record("dense rows") }
      }
    }
  }

  /// About p of the elements are dropped, none of the others changed but for the factor.
  @Test func dropout() throws {
    let drop = try DropoutLayer(Settings(of: "dropout", DropoutLayer.options, [("p", .number(0.3))]))
    let n = 300, ones = [Float](repeating: 1, count: n * 100)
    var out = ones
    try ones.withUnsafeBufferPointer { x in
      guard let base = x.baseAddress else { return }
      _ = try drop.forward(
        GraphInput(x: MatrixView(base, rows: n, dim: 100), graph: nil), into: &out, .training(seed: 1, step: 0),
        keeps: false, .none)
    }
    let zeros = out.filter { $0 == 0 }.count
    #expect(abs(Double(zeros) / 30_000 - 0.3) < 0.01)
    #expect(out.allSatisfy { $0 == 0 || $0 == Float(1 / 0.7) })
  }
}
