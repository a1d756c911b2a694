import Foundation
import RuvectorAttention
import RuvectorCore
import RuvectorHierarchy
import RuvectorSearch
import TestSupport
import Testing

/// Walks that are trained: outputs and gradients against the formula in Double and its central differences.
@Suite struct HierarchicalModelTests {
  /// Layers by width; `isV2`: which of them are of the second kind.
  struct Shape: Sendable {
    let widths: [Int]
    let isV2: [Bool]
    let k: Int
    var temperature = 1.0
  }
  static let shapes = [
    Shape(widths: [3, 4], isV2: [false], k: 3), Shape(widths: [3, 4], isV2: [true], k: 3),
    Shape(widths: [3, 4, 4], isV2: [false, true], k: 3, temperature: 0.5),
    Shape(widths: [4, 6, 2], isV2: [true, false], k: 2, temperature: 2),
    Shape(widths: [2, 4, 2, 4], isV2: [false, true, false], k: 8), Shape(widths: [3, 2], isV2: [false], k: 1),
  ]
  private static let heads = 2

  static func member(_ shape: Shape) throws -> HierarchicalModel {
    var given: [(key: String, value: OptionValue)] = [
      ("k", .number(Double(shape.k))), ("temperature", .number(shape.temperature)),
    ]
    for (l, isV2) in shape.isV2.enumerated() {
      let width = shape.widths[l + 1],
        sides: [(key: String, value: OptionValue)] = [
          ("inputDim", .number(Double(shape.widths[l]))), ("hiddenDim", .number(Double(width))),
          ("seed", .integer(Int64(l + 3))),
        ]
      let heads: [(key: String, value: OptionValue)] = [("heads", .number(Double(Self.heads)))]
      let attention = try MultiHead.make(heads + [("dim", .number(Double(width))), ("seed", .integer(7))])
      let layer =
        isV2
        ? try RuvectorLayerV2.make(sides + [("attention", .child(attention))])
        : try RuvectorLayer.make(sides + heads)
      given.append(("layers", .child(layer)))
    }
    let model = try HierarchicalModel.make(given) as! HierarchicalModel
    var g = SeededGenerator(5)
    for parameter in model.parameters { for i in 0..<parameter.count { parameter[i] += Float(0.1 * g.normal()) } }
    return model
  }

  /// What a walk reads. Rows are filled up with NaN, which nobody may read.
  struct Data {
    var queries: [[Float]]
    var nodes: [[Float]]
    var levels: [UInt32]

    init(_ shape: Shape, queries n: Int, nodes each: Int, mixed: Bool) {
      var g = SeededGenerator(UInt64(shape.widths[0] + 10 * n))
      queries = (0..<n).map { _ in g.normals(shape.widths[0]) }
      let depth = shape.isV2.count
      levels = (0..<each * depth).map { UInt32(mixed ? $0 % depth : $0 / each) }
      nodes = levels.map { g.normals(shape.widths[Int($0)]) }
    }
  }

  /// An operation as C calls it.
  static func run(
    _ model: HierarchicalModel, _ operation: String, _ data: Data, outputs: Int, gradient: [[Float]]? = nil,
    _ control: Control = .none
  ) throws(RuvectorError) -> [Float] {
    let width = model.size(of: "width")!
    let blank = data.nodes.map { $0 + [Float](repeating: .nan, count: max(0, width - $0.count)) }
    let lists = [Array(data.queries.joined()), Array(blank.joined()), Array((gradient ?? []).joined())]
    var memory: [AlignedBuffer<Float>] = []
    for list in lists { memory.append(try AlignedBuffer(copying: list, count: list.count)) }
    let levels = try AlignedBuffer(copying: data.levels, count: data.levels.count)
    let out = try AlignedBuffer<Float>(count: outputs, repeating: .nan)
    var tensors: [Tensor] = [
      .floats(memory[0].pointer, rows: data.queries.count, columns: data.queries.first?.count ?? 0),
      .floats(memory[1].pointer, rows: blank.count, columns: width),
      .indices(levels.pointer, count: data.levels.count),
    ]
    if let gradient {
      tensors.append(.floats(memory[2].pointer, rows: gradient.count, columns: gradient.first?.count ?? 0))
    }
    tensors.append(.floats(out.pointer, count: outputs, isWritable: true))
    _ = try model.run(operation, tensors, control)
    withExtendedLifetime((memory, levels)) {}
    return (0..<outputs).map { out[$0] }
  }

  // MARK: - The formula in Double

  /// Outputs for queries, nodes (by their own widths) and parameters.
  private func walk(
    _ model: HierarchicalModel, _ shape: Shape, _ levels: [UInt32], _ queries: [[Double]], _ nodes: [[Double]],
    _ parameters: [Double]
  ) -> [[Double]] {
    func dot(_ x: [Double], _ y: [Double]) -> Double { zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } }
    return queries.map { query in
      var e = query, at = 0
      for (l, child) in model.children.enumerated() {
        let own = Array(parameters[at..<at + child.parameters.total])
        at += child.parameters.total
        let all = zip(nodes, levels).filter { $0.1 == l }.map { $0.0 }
        let cosines = all.map { dot(e, $0) / (dot(e, e) * dot($0, $0)).squareRoot() }
        let kept = Array(all.indices.sorted { cosines[$0] > cosines[$1] }.prefix(shape.k))
        let terms = kept.map { exp(cosines[$0] / shape.temperature) }, w = terms.map { $0 / terms.reduce(0, +) }
        let near = kept.map { all[$0] }
        let m = e.indices.map { i in (e[i] + zip(w, near).reduce(0) { $0 + $1.0 * $1.1[i] }) / 2 }
        if let layer = child as? RuvectorLayer {
          e = LayerOracle(layer, own).forward(m, near, w)
        } else {
          e = LayerV2Oracle(child as! RuvectorLayerV2, own, heads: Self.heads).forward(m, near, w)
        }
      }
      return e
    }
  }

  private func parameters(_ model: HierarchicalModel) -> [Double] {
    model.parameters.flatMap { p in (0..<p.count).map { Double(p[$0]) } }
  }

  @Test(arguments: shapes, [false, true]) func againstDifferences(_ shape: Shape, _ mixed: Bool) throws {
    let model = try Self.member(shape), data = Data(shape, queries: 3, nodes: 6, mixed: mixed)
    let hidden = shape.widths.last!, width = model.size(of: "width")!
    let n = data.queries.count, d = shape.widths[0]
    var random = SeededGenerator(9)
    let g = (0..<n).map { _ in random.normals(hidden) }

    let output = try Self.run(model, "forward", data, outputs: n * hidden)
    let exact = walk(
      model, shape, data.levels, data.queries.map { $0.map { Double($0) } }, data.nodes.map { $0.map { Double($0) } },
      parameters(model)
    ).joined()
    for (x, y) in zip(output, exact) { #expect(abs(Double(x) - y) < 2e-5 * max(1, abs(y))) }

    let total = n * d + data.nodes.count * width + model.parameters.total
    let gradient = try Self.run(model, "backward", data, outputs: total, gradient: g)
    // Those of what fills the rows up are 0.
    var ours: [Float] = Array(gradient[..<(n * d)])
    for (i, row) in data.nodes.enumerated() {
      let start = n * d + i * width
      ours += gradient[start..<start + row.count]
      for x in gradient[start + row.count..<start + width] { #expect(x == 0) }
    }
    ours += gradient[(n * d + data.nodes.count * width)...]

    let x = (Array(data.queries.joined()) + data.nodes.joined()).map { Double($0) } + parameters(model)
    func loss(_ x: [Double]) -> Double {
      var rest = x[...]
      func take(_ count: Int) -> [Double] {
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
      }
      let queries = data.queries.map { take($0.count) }, nodes = data.nodes.map { take($0.count) }
      let out = walk(model, shape, data.levels, queries, nodes, Array(rest))
      return zip(out.joined(), g.joined()).reduce(0) { $0 + $1.0 * Double($1.1) }
    }
    #expect(ours.count == x.count)
    let largest = ours.reduce(0) { max($0, Double($1.magnitude)) }
    #expect(largest > 0.1)
    for i in x.indices {
      var up = x, down = x
      up[i] += 1e-5
      down[i] -= 1e-5
      let slope = (loss(up) - loss(down)) / 2e-5
      #expect(abs(slope - Double(ours[i])) < 1e-4 * largest, "\(shape), \(i): \(slope), \(ours[i])")
    }
  }

  /// Of 70 queries, in as many parts as there ever are.
  @Test(arguments: [shapes[2], shapes[3]]) func sameBitsOnAnyNumberOfThreads(_ shape: Shape) throws {
    let model = try Self.member(shape), data = Data(shape, queries: 70, nodes: 9, mixed: true)
    let hidden = shape.widths.last!, width = model.size(of: "width")!
    var random = SeededGenerator(2)
    let g = data.queries.map { _ in random.normals(hidden) }
    let total = 70 * shape.widths[0] + data.nodes.count * width + model.parameters.total
    let out = try Self.run(model, "forward", data, outputs: 70 * hidden)
    let gradient = try Self.run(model, "backward", data, outputs: total, gradient: g)
    for threads in [2, 5] {
      let control = Control(threads: threads)
      #expect(try Self.run(model, "forward", data, outputs: 70 * hidden, control) == out)
      #expect(try Self.run(model, "backward", data, outputs: total, gradient: g, control) == gradient)
    }
  }

  /// A walk is `hierarchicalForwardV2`, bit for bit.
  @Test func isTheWalk() throws {
    let shape = Self.shapes[4], model = try Self.member(shape)
    let data = Data(shape, queries: 4, nodes: 12, mixed: true), hidden = shape.widths.last!
    let out = try Self.run(model, "forward", data, outputs: 4 * hidden)
    var memory: [AlignedBuffer<Float>] = [], levels: [Candidates] = []
    for l in 0..<3 {
      let rows = zip(data.nodes, data.levels).filter { $0.1 == l }.flatMap { $0.0 }
      memory.append(try AlignedBuffer(copying: rows, count: rows.count))
      levels.append(.matrix(MatrixView(memory[l].pointer, rows: 12, dim: shape.widths[l])))
    }
    let layers = model.children.map { $0 as? any WalkLayer }
    let mode = try HierarchyModes.make("standard", [("k", .number(8))])
    for (r, query) in data.queries.enumerated() {
      let e = try query.withUnsafeBufferPointer {
        try hierarchicalForwardV2(query: $0, levels: levels, layers: layers, mode: mode)
      }
      #expect(Array(out[r * hidden..<(r + 1) * hidden]) == e)
    }
    withExtendedLifetime(memory) {}
  }

  /// Rows of zeros have the constant cosine 0: finite gradients, and none from the cosine.
  @Test func rowsOfZeros() throws {
    let shape = Self.shapes[2], model = try Self.member(shape)
    var data = Data(shape, queries: 2, nodes: 3, mixed: false)
    data.queries[1] = [0, 0, 0]
    data.nodes[1] = [0, 0, 0]
    let total = 6 + 6 * 4 + model.parameters.total
    let gradient = try Self.run(
      model, "backward", data, outputs: total, gradient: [[1, 2, -1, 0.5], [0.5, -1, 2, 1]])
    #expect(gradient.allSatisfy { $0.isFinite })
    #expect(gradient[3..<6].contains { $0 != 0 })
  }

  @Test func whatItRefuses() throws {
    let shape = Self.shapes[2], model = try Self.member(shape), good = Data(shape, queries: 2, nodes: 3, mixed: false)
    func refused(_ change: (inout Data) -> Void) -> String? {
      var data = good
      change(&data)
      return failure { () throws(RuvectorError) in _ = try Self.run(model, "forward", data, outputs: 8) }.map {
        "\($0.code) \($0.message)"
      }
    }
    #expect(refused { _ in } == nil)
    #expect(
      refused { $0.levels[4] = 2 }
        == "outOfRange expected numbers below 2, the number of layers, for levels, received 2 at element 4")
    #expect(
      refused { $0.levels = [0, 0, 0, 0, 0, 0] } == "emptyInput expected a node of level 1 for levels, received none")
    #expect(
      refused { $0.queries[1][2] = .infinity }
        == "nonFinite expected finite numbers for queries[1], received Infinity at element 2")
    #expect(
      refused { $0.nodes[5][0] = .nan } == "nonFinite expected finite numbers for nodes[5], received NaN at element 0")

    let layer = try RuvectorLayer.make([("inputDim", .number(3)), ("hiddenDim", .number(4)), ("heads", .number(1))])
    func made(_ children: [any Mechanism]) -> String? {
      failure { () throws(RuvectorError) in
        _ = try HierarchicalModel.make(children.map { ("layers", .child($0)) })
      }.map { "\($0.code) \($0.message)" }
    }
    #expect(made([layer]) == nil)
    #expect(
      made([layer, layer])
        == "invalidConfig expected inputDim 4, what the layer before gives, for layers[1], received 3")
    #expect(
      made([try MultiHead.make([("dim", .number(4))])])
        == "invalidConfig expected a RuvectorLayer or RuvectorLayerV2 for layers[0], received another mechanism")
    #expect(made([]) == "invalidConfig expected 1...64 members for layers, received nothing")
  }
}
