import CRuvectorSupport
import RuvectorCore
import RuvectorSearch

/// Walks down a hierarchy, as a model that is trained as a whole: `hierarchicalForwardV2` in its mode 'standard', a layer a level.
///
///     e ← the query;  for each level l:   s_j = cos(e, E_j)   keep the k best   w = softmax(s/T) over the kept
///                                         e ← layer_l(½ (e + Σ w_j E_j), neighbours E, edge weights w)
///
/// queries [n, in]; nodes [nodes, width], the rows E of all levels, and for each of them the number of its level, 0 where walks begin.
/// Widths follow the layers: a level has the inputDim of its layer, which is the hiddenDim of the layer before; rows of narrower levels
/// are filled up to the widest (width), and what fills them is not read. Every level has a node.
///
/// The gradient goes back through every level: to the parameters of all layers, to the queries and to the nodes. Which nodes are
/// kept is a constant in it. Parameters are the layers', behind their places: `0.w_msg.weights`.
/// - Complexity: O(n · Σ n_l · d_l) plus a layer a query and level; backward the same.
/// - Precision: Float in layers, all else in Double. Threads share the queries; bits do not depend on them.
public final class HierarchicalModel: Mechanism, @unchecked Sendable {
  // MARK: - Options

  public static let family: StaticString = "walk"
  public static let name: StaticString = "hierarchical"
  public static let options = [
    Option("layers", .children(1...64), "A RuvectorLayer or RuvectorLayerV2 a level; they are copied."),
    HierarchyOption.k,
    Option("temperature", .number(1e-6...1e6), standard: 1, "T of the softmax over the kept nodes."),
  ]
  public let children: [any Mechanism]
  private let layers: [any WalkLayer]
  private let mode: StandardHierarchy
  public let parameters: Parameters
  /// Width of the widest level.
  private let width: Int

  // MARK: - Creation

  public convenience init(_ settings: Settings) throws(RuvectorError) {
    let children = try settings.children("layers")
    var layers: [any WalkLayer] = [], width = 0
    var parts: [(prefix: String, parameters: Parameters)] = []
    for (l, child) in children.enumerated() {
      guard let layer = (child.facet as? WalkFacet)?.layer else {
        throw .expected(
          "a RuvectorLayer or RuvectorLayerV2", for: "layers[\(l)]", received: "another mechanism", .invalidConfig)
      }
      if let wanted = layers.last?.hiddenDim, layer.inputDim != wanted {
        throw .expected(
          "inputDim \(wanted), what the layer before gives,", for: "layers[\(l)]", received: "\(layer.inputDim)",
          .invalidConfig)
      }
      layers.append(layer)
      parts.append(("\(l).", layer.parameters))
      width = max(width, layer.inputDim)
    }
    self.init(children, layers, try StandardHierarchy(settings), try Parameters(joining: parts), width: width)
  }

  private init(
    _ children: [any Mechanism], _ layers: [any WalkLayer], _ mode: StandardHierarchy, _ parameters: Parameters,
    width: Int
  ) {
    (self.children, self.layers, self.mode, self.parameters) = (children, layers, mode, parameters)
    self.width = width
  }

  public var optionValues: [Double] { [Double(children.count), Double(mode.k), mode.temperature] }

  private static let forward = Operation(
    "forward",
    [.input("queries", ["n", "in"]), .input("nodes", ["nodes", "width"]), Port("levels", ["nodes"], .uint32)],
    [Port("output", ["n", "hidden"])])
  public static let operations = [forward, forward.backward()]

  public func size(of side: StaticString) -> Int? {
    if side.matches("in") { return layers[0].inputDim }
    if side.matches("hidden") { return layers[layers.count - 1].hiddenDim }
    return side.matches("width") ? width : nil
  }

  public var facet: Facet? { HierarchicalFacet(self) }

  // MARK: - Forward

  /// What a pass reads and keeps.
  final class Pass {
    let queries: MatrixView
    let hierarchy: Levels
    /// Of each query its steps; empty where they are not kept.
    let walks: [Walk]

    init(_ queries: MatrixView, _ hierarchy: Levels, keeps: Bool) {
      (self.queries, self.hierarchy) = (queries, hierarchy)
      walks = keeps ? (0..<queries.rows).map { _ in Walk() } : []
    }
  }

  /// The steps of one query: where each began, and the nodes it kept.
  final class Walk {
    var steps: [(e: [Double], kept: KeptNodes)] = []
  }

  /// A forward pass of `call`; with `keeps` what `backward` needs of it.
  func forward(
    _ call: Call, into out: UnsafeMutablePointer<Float>, keeps: Bool, _ control: Control
  ) throws(RuvectorError) -> Pass? {
    guard let queries = try call.matrix("queries"), let nodes = try call.matrix("nodes"),
      let levels = try call.indices("levels")
    else { return nil }
    for r in 0..<queries.rows { try requireFinite(queries.row(r), count: queries.dim, for: "queries[\(r)]") }
    let hierarchy = try Levels(nodes, levels, widths: layers.map { $0.inputDim })
    let pass = Pass(queries, hierarchy, keeps: keeps), hidden = layers[layers.count - 1].hiddenDim
    let alone = Control(threads: 1, cancelFlag: control.cancelFlag), used = layers.map { $0 as (any WalkLayer)? }
    try forChunks(of: queries.rows, chunk: 1, control) { (rows, _) throws(RuvectorError) in
      let r = rows.lowerBound
      let e = try hierarchicalForwardV2(
        query: UnsafeBufferPointer(start: queries.row(r), count: queries.dim), levels: hierarchy.candidates,
        layers: used, mode: mode, control: alone
      ) { _, e, kept in
        if keeps { pass.walks[r].steps.append((e, kept)) }
      }
      for i in 0..<hidden { out[r * hidden + i] = e[i] }
    }
    try call.requireFiniteOutput()
    return pass
  }

  // MARK: - Gradient

  /// Adds what `outputGradient` [n, hidden], packed, gives: to `queries` [n, in] and `nodes` [nodes, width], packed, where they are
  /// wanted, and to the parameters. `.outOfRange` where a gradient leaves Float.
  func backward(
    _ pass: Pass, outputGradient g: UnsafePointer<Float>, queries: UnsafeMutablePointer<Float>?,
    nodes: UnsafeMutablePointer<Float>?, parameters: Gradients, _ control: Control
  ) throws(RuvectorError) {
    let n = pass.queries.rows, d = pass.queries.dim, total = self.parameters.total
    let ofNodes = nodes == nil ? 0 : pass.hierarchy.count * width
    let sums = try Sums(of: n, floats: total + ofNodes, rowsOfPart: 16, most: 4)
    try sums.forParts(control) { (rows, place) throws(RuvectorError) in
      for r in rows {
        try control.check()
        let de = try back(
          pass, r, g, toNodes: nodes == nil ? nil : place + total, Gradients(place))
        if let queries { for i in 0..<d { queries[r * d + i] += de[i] } }
      }
    }
    sums.add(from: 0, total, to: parameters.all)
    if let nodes { sums.add(from: total, ofNodes, to: nodes) }
  }

  /// The gradient of query `r`.
  private func back(
    _ pass: Pass, _ r: Int, _ outputGradient: UnsafePointer<Float>, toNodes: UnsafeMutablePointer<Float>?,
    _ own: Gradients
  ) throws(RuvectorError) -> [Float] {
    let hidden = layers[layers.count - 1].hiddenDim
    var g = (0..<hidden).map { outputGradient[r * hidden + $0] }
    for l in layers.indices.reversed() {
      let (e, kept) = pass.walks[r].steps[l], d = e.count
      let made = toNodes == nil ? nil : try AlignedBuffer<Float>(count: kept.count * d, repeating: 0, for: "gradients")
      let de = try mode.backward(
        e, kept, layers[l], outputGradient: g, nodes: made?.pointer, parameters: own.part(l, of: parameters))
      g = de.map { Float($0) }
      for x in g where !x.isFinite { throw overflow }
      guard let toNodes, let made else { continue }
      for j in 0..<kept.count {
        let row = toNodes + pass.hierarchy.rows[l][Int(kept.indices[j])] * width
        Kernels.current.add(row, made.pointer + j * d, row, d)
      }
    }
    return g
  }

  private var overflow: RuvectorError {
    .expected("gradients that fit in Float", for: "output", received: "an overflow", .outOfRange)
  }

  public func perform(_ call: Call, _ control: Control) throws(RuvectorError) -> Int {
    let out = try call.output(), count = call.outputCount
    guard call.isNamed("backward") else {
      _ = try forward(call, into: out, keeps: false, control)
      return count
    }
    guard let gradient = try call.matrix("outputGradient"), let toQueries = try call.output("queries"),
      let toNodes = try call.output("nodes"), let toParameters = try call.output("parameters")
    else { return 0 }
    let g = try AlignedBuffer<Float>(rows: gradient.rows, columns: gradient.dim, for: "gradients")
    for r in 0..<gradient.rows {
      try requireFinite(gradient.row(r), count: gradient.dim, for: "outputGradient[\(r)]")
      (g.pointer + r * gradient.dim).update(from: gradient.row(r), count: gradient.dim)
    }
    let output = try AlignedBuffer<Float>(rows: gradient.rows, columns: gradient.dim, for: "output")
    out.update(repeating: 0, count: count)
    guard let pass = try forward(call, into: output.pointer, keeps: true, control) else { return 0 }
    try backward(
      pass, outputGradient: g.pointer, queries: toQueries, nodes: toNodes, parameters: Gradients(toParameters), control)
    try call.requireFiniteOutput()
    return count
  }
}

/// The nodes of a hierarchy by level.
final class Levels {
  let candidates: [Candidates]
  /// Of each level the numbers of its rows among all nodes.
  let rows: [[Int]]
  /// All nodes.
  let count: Int
  private let memory: [AlignedBuffer<Float>]

  /// Rows of a level that follow each other stay where they are, others are copied. `.nonFinite`; `.outOfRange` for a level that no
  /// layer has, `.emptyInput` for a level without nodes.
  init(_ nodes: MatrixView, _ levels: UnsafeBufferPointer<UInt32>, widths: [Int]) throws(RuvectorError) {
    var rows: [[Int]] = widths.map { _ in [] }
    for (i, level) in levels.enumerated() {
      guard level < widths.count else {
        throw .expected(
          "numbers below \(widths.count), the number of layers,", for: "levels", received: "\(level) at element \(i)",
          .outOfRange)
      }
      rows[Int(level)].append(i)
      try requireFinite(nodes.row(i), count: widths[Int(level)], for: "nodes[\(i)]")
    }
    var candidates: [Candidates] = [], memory: [AlignedBuffer<Float>] = []
    for (l, list) in rows.enumerated() {
      guard let first = list.first, let last = list.last else {
        throw .expected("a node of level \(l)", for: "levels", received: "none", .emptyInput)
      }
      var view = MatrixView(nodes.row(first), rows: list.count, dim: widths[l], stride: nodes.stride)
      if last - first + 1 != list.count {
        let copy = try AlignedBuffer<Float>(rows: list.count, columns: widths[l], for: "nodes")
        for (i, r) in list.enumerated() { (copy.pointer + i * widths[l]).update(from: nodes.row(r), count: widths[l]) }
        memory.append(copy)
        view = MatrixView(copy.pointer, rows: list.count, dim: widths[l])
      }
      candidates.append(.matrix(view))
    }
    (self.candidates, self.rows, self.memory, count) = (candidates, rows, memory, levels.count)
  }
}

/// What training knows it by.
public final class HierarchicalFacet: Trainable {
  private let model: HierarchicalModel

  init(_ model: HierarchicalModel) { self.model = model }

  public override func forward(_ call: Call, _ mode: Mode, _ control: Control) throws(RuvectorError) -> AnyObject? {
    try model.forward(call, into: call.output(), keeps: true, control)
  }

  public override func backward(
    _ call: Call, _ context: AnyObject?, outputGradient: UnsafePointer<Float>,
    toInputs: [UnsafeMutablePointer<Float>?], parameters: Gradients, _ mode: Mode, _ control: Control
  ) throws(RuvectorError) {
    guard let context else { return }
    let pass = unsafeDowncast(context, to: HierarchicalModel.Pass.self)
    try model.backward(
      pass, outputGradient: outputGradient, queries: toInputs[0], nodes: toInputs[1], parameters: parameters, control)
  }
}
