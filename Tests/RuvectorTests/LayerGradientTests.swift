import Ruvector
import TestSupport
import Testing

/// Layers that are made of other members: their gradients against central differences of their own forward pass, through the operations
/// that C calls. (Outputs against formulas: npm/test/hyperbolic-layer.test.js, npm/test/layer-v2.test.js.)
@Suite struct LayerGradientTests {
  /// A member, and the buffers of its "forward" without the output, all of them floats but for a graph.
  struct Case {
    let member: any Mechanism
    var inputs: [(values: [Float], rows: Int?)]
    let graph: ResidentGraph?
    let outputs: Int
    let isMatrix: Bool

    /// Whether rows of edges may be given; none are.
    private var hasEdges: Bool { type(of: member).operations[0].inputs.count == 3 }

    /// `body` with the buffers of "forward" and `more` behind them.
    func with<T>(
      _ more: [(values: [Float], rows: Int?)], _ out: inout [Float], _ body: ([Tensor]) throws -> T
    ) throws -> T {
      var memory: [AlignedBuffer<Float>] = [], tensors: [Tensor] = []
      func add(_ values: [Float], _ rows: Int?) throws {
        let copy = try AlignedBuffer<Float>(count: max(values.count, 1), repeating: 0)
        for (i, x) in values.enumerated() { copy[i] = x }
        memory.append(copy)
        tensors.append(
          rows.map { .floats(copy.pointer, rows: $0, columns: values.count / max($0, 1)) }
            ?? .floats(copy.pointer, count: values.count))
      }
      for (i, input) in inputs.enumerated() {
        try add(input.values, input.rows)
        if i == 0, let graph { tensors += [Tensor(graph)] + (hasEdges ? [.none] : []) }
      }
      for part in more { try add(part.values, part.rows) }
      let room = try AlignedBuffer<Float>(count: out.count, repeating: 0)
      tensors.append(.floats(room.pointer, count: out.count, isWritable: true))
      let result = try body(tensors)
      for i in out.indices { out[i] = room[i] }
      withExtendedLifetime((memory, room, graph)) {}
      return result
    }

    func forward() throws -> [Float] {
      var out = [Float](repeating: 0, count: outputs)
      _ = try with([], &out) { try member.run("forward", $0, .none) }
      return out
    }
  }

  static func graph() throws -> ResidentGraph {
    let offsets: [UInt32] = [0, 2, 3, 3, 6], indices: [UInt32] = [1, 2, 0, 3, 0, 1]
    return try offsets.withUnsafeBufferPointer { o in
      try indices.withUnsafeBufferPointer { try ResidentGraph(offsets: o, indices: $0) }
    }
  }

  static func hyperbolic(_ more: [(key: String, value: OptionValue)]) throws -> Case {
    var g = SeededGenerator(4)
    let sides: [(key: String, value: OptionValue)] = [("inChannels", .number(3)), ("outChannels", .number(2))]
    let member = try Registry.make(family: "graph", name: "hyperbolic", sides + more + [("seed", .integer(2))])
    return Case(
      member: member, inputs: [(g.normals(12, scale: 0.2), 4)], graph: try graph(), outputs: 8, isMatrix: true)
  }

  /// A layer of three columns over the graph, or of each row by itself.
  static func convolution(
    _ name: String, _ more: [(key: String, value: OptionValue)], width: Int, scale: Double = 0.5
  ) throws -> Case {
    var g = SeededGenerator(4)
    let hasSides = name != "aggregation", sides: [(key: String, value: OptionValue)] = [("inChannels", .number(3))]
    let member = try Registry.make(
      family: "graph", name: name, (hasSides ? sides + [("seed", .integer(2))] : []) + more)
    return Case(
      member: member, inputs: [(g.normals(12, scale: scale), 4)], graph: try graph(), outputs: 4 * width, isMatrix: true
    )
  }

  static func layer(_ attention: String, _ child: [(key: String, value: OptionValue)], ball: Bool) throws -> Case {
    var g = SeededGenerator(6)
    let member = try Registry.make(
      family: "layer", name: "ruvector_v2",
      [
        ("inputDim", .number(3)), ("hiddenDim", .number(4)), ("ball", .number(ball ? 1 : 0)), ("seed", .integer(3)),
        ("attention", .child(try Registry.make(family: "attention", name: attention, [("dim", .number(4))] + child))),
      ])
    return Case(
      member: member,
      inputs: [(g.normals(3, scale: 0.5), nil), (g.normals(15, scale: 0.5), 5), ([1, 2, 0.5, 1, 3], nil)], graph: nil,
      outputs: 4, isMatrix: false)
  }

  static let cases: [@Sendable () throws -> Case] = [
    { try hyperbolic([]) },
    { try hyperbolic([("input", .text("ball")), ("learnCurvature", .number(1)), ("activation", .text("tanh"))]) },
    { try hyperbolic([("aggregation", .text("attention")), ("output", .text("tangent"))]) },
    { try hyperbolic([("aggregation", .text("mean")), ("curvature", .number(-2)), ("bias", .number(0))]) },
    { try convolution("gcn", [("outChannels", .number(2))], width: 2) },
    { try convolution("gcn", [("outChannels", .number(5)), ("normalization", .text("row"))], width: 5) },
    { try convolution("gat", [("outChannels", .number(2)), ("heads", .number(2))], width: 4) },
    { try convolution("gatv2", [("outChannels", .number(2)), ("concat", .number(0))], width: 2) },
    { try convolution("sage", [("outChannels", .number(2))], width: 2) },
    { try convolution("sage", [("outChannels", .number(4)), ("normalize", .number(1))], width: 4) },
    { try convolution("sage", [("outChannels", .number(2)), ("aggr", .text("max"))], width: 2) },
    { try convolution("sage", [("outChannels", .number(2)), ("rootWeight", .number(0))], width: 2) },
    { try convolution("transformer", [("outChannels", .number(2)), ("beta", .number(1))], width: 2) },
    { try convolution("transformer", [("outChannels", .number(2)), ("heads", .number(2))], width: 4) },
    { try convolution("aggregation", [], width: 3) },
    { try convolution("aggregation", [("aggr", .text("mean"))], width: 3) },
    { try convolution("aggregation", [("aggr", .text("max"))], width: 3) },
    { try layer("multi_head", [("heads", .number(2)), ("seed", .integer(5))], ball: false) },
    { try layer("hyperbolic", [("maps", .number(1))], ball: true) },
    { try layer("edge_featured", [("edgeDim", .number(4)), ("seed", .integer(5))], ball: false) },
    { try layer("dual_space", [("seed", .integer(5))], ball: false) },
  ]

  @Test(arguments: cases.indices) func centralDifferences(_ number: Int) throws {
    var one = try Self.cases[number]()
    var g = SeededGenerator(8)
    let up = g.normals(one.outputs), member = one.member
    func value() throws -> Double { zip(try one.forward(), up).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
    let sizes = one.inputs.map { $0.values.count }
    var gradient = [Float](repeating: 0, count: sizes.reduce(0, +) + member.parameters.total)
    _ = try one.with([(up, one.isMatrix ? 4 : nil)], &gradient) { try member.run("backward", $0, .none) }
    let largest = gradient.map { Double($0.magnitude) }.max() ?? 0, step: Float = 1.0 / 256
    #expect(largest > 0.01)
    var at = 0
    func check(_ slope: Double, _ name: String) {
      #expect(abs(slope - Double(gradient[at])) < 6e-3 * max(1, largest), "\(name): \(slope), \(gradient[at])")
      at += 1
    }
    for i in one.inputs.indices {
      for k in 0..<sizes[i] {
        let x = one.inputs[i].values[k]
        one.inputs[i].values[k] = x + step
        let above = try value()
        one.inputs[i].values[k] = x - step
        let below = try value()
        one.inputs[i].values[k] = x
        check((above - below) / Double(2 * step), "input \(i)[\(k)]")
      }
    }
    for parameter in member.parameters {
      for k in 0..<parameter.count {
        let x = parameter[k]
        parameter[k] = x + step
        let above = try value()
        parameter[k] = x - step
        let below = try value()
        parameter[k] = x
        check((above - below) / Double(2 * step), "\(parameter.name)[\(k)]")
      }
    }
  }
}
