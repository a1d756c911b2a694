import CRuvectorSupport
import RuvectorCore

/// What a layer reads.
public struct GraphInput {
  /// [n, in], a row a node.
  public let x: Features
  /// n targets and as many sources; nil for layers that look at each row by itself.
  public let graph: ResidentGraph?
  /// [edges, edgeDim], a row an entry of the graph; nil: zeros.
  public let edgeAttr: MatrixView?

  public init(x: Features, graph: ResidentGraph?, edgeAttr: MatrixView? = nil) {
    (self.x, self.graph, self.edgeAttr) = (x, graph, edgeAttr)
  }

  public init(x: MatrixView, graph: ResidentGraph?, edgeAttr: MatrixView? = nil) {
    self.init(x: .dense(x), graph: graph, edgeAttr: edgeAttr)
  }

  func with(_ x: Features) -> GraphInput { GraphInput(x: x, graph: graph, edgeAttr: edgeAttr) }

  func adjacency(_ form: Adjacency.Form) throws(RuvectorError) -> Adjacency {
    guard let graph else {
      throw .expected("a graph", for: "graph", received: "none", .invalidArgument)
    }
    return try graph.adjacency(form)
  }
}

/// Where its gradients are added, packed rows.
public struct GraphGradients {
  /// [n, in]; nil: not wanted.
  public let x: UnsafeMutablePointer<Float>?
  /// [edges, edgeDim]; nil: not wanted, or there are none.
  public let edgeAttr: UnsafeMutablePointer<Float>?
  public let parameters: Gradients

  public init(
    x: UnsafeMutablePointer<Float>?, edgeAttr: UnsafeMutablePointer<Float>? = nil, parameters: Gradients
  ) {
    (self.x, self.edgeAttr, self.parameters) = (x, edgeAttr, parameters)
  }
}

/// What a forward pass keeps for its backward pass: each layer's own.
open class Kept {
  public init() {}
}

/// A layer that makes rows of nodes from rows of nodes: of a graph (``GraphLayer``), where node i receives from the sources of
/// row i, or each by itself (``DenseLayer``).
///
/// Results do not depend on the number of threads: rows are written by one thread each, sums over all nodes are made in parts
/// whose number depends on n alone (`Sums`).
public protocol NodeLayer: Mechanism {
  /// Width of a node's row; 0: any.
  var inChannels: Int { get }
  /// Width of an output row for input rows of width `inChannels`.
  func width(of inChannels: Int) -> Int
  /// Width of an edge's row; 0: edges are not read.
  var edgeDim: Int { get }
  /// `out` [n, width], packed. With `keeps` what `backward` needs of this pass is returned.
  func forward(
    _ input: GraphInput, into out: UnsafeMutablePointer<Float>, _ mode: Mode, keeps: Bool, _ control: Control
  ) throws(RuvectorError) -> Kept?
  /// Adds to `gradients` what `outputGradient` [n, width], packed, gives, of a pass that gave `kept`, which it
  /// may use up.
  func backward(
    _ input: GraphInput, _ kept: Kept?, outputGradient g: UnsafePointer<Float>, into gradients: GraphGradients,
    _ mode: Mode, _ control: Control
  ) throws(RuvectorError)
  /// Whether `backward` needs what `forward` keeps.
  var keepsSome: Bool { get }
  /// Whether NaN and infinity may go in and not come out.
  var hidesNonFinite: Bool { get }
  /// How many times rows go from sources to targets.
  var hops: Int { get }
  /// The output of a layer that can do without memory of its own for it; nil: `forward` does it.
  func passed(_ input: GraphInput, _ mode: Mode, _ control: Control) throws(RuvectorError) -> Features?
}

extension NodeLayer {
  public var edgeDim: Int { 0 }
  public var keepsSome: Bool { true }
  public var hidesNonFinite: Bool { false }
  public func passed(_ input: GraphInput, _ mode: Mode, _ control: Control) throws(RuvectorError) -> Features? { nil }
  public var facet: Facet? { LayerFacet(self) }

  public func size(of side: StaticString) -> Int? { layerSize(self, side) }

  public func perform(_ call: Call, _ control: Control) throws(RuvectorError) -> Int {
    try runLayer(self, call, control)
  }
}

/// Layers over graphs.
public protocol GraphLayer: NodeLayer {}

private enum GraphOperation {
  static let inputs: [Port] = [
    .input("x", ["n", "inChannels"]), .graph("graph", "n", "n", "edges"),
    .input("edgeAttr", ["edges", "edgeDim"], .optional),
  ]
  static let forward = Operation("forward", inputs, [Port("output", ["n", "width"])])
  static let all = [forward, forward.backward()]
  static let attention = Operation(
    "forwardWithAttention", inputs,
    [Port("output", ["n", "width"]), Port("attention", ["edges", "heads"]), Port("loops", ["n", "heads"])])
}

extension GraphLayer {
  public static var family: StaticString { "graph" }
  public var hops: Int { 1 }
  public static var operations: [Operation] { GraphOperation.all }
}

/// Layers over graphs whose messages have weights that callers may see.
public protocol AttentiveLayer: GraphLayer {
  var head: HeadOptions { get }
  /// As `forward` without training; `attention` [edges, heads] gets the weight of each entry of the graph (0: left out), `loops`
  /// [n, heads] those of the loops that the layer made.
  func forwardWithAttention(
    _ input: GraphInput, into out: UnsafeMutablePointer<Float>, attention: UnsafeMutablePointer<Float>,
    loops: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError)
}

extension AttentiveLayer {
  public static var operations: [Operation] { GraphOperation.all + [GraphOperation.attention] }
  public var inChannels: Int { head.inChannels }
  public var outChannels: Int { head.outChannels }
  public var heads: Int { head.heads }
  public var edgeDim: Int { head.edgeDim }
  public var seed: UInt64 { head.seed }
  public func width(of inChannels: Int) -> Int { head.width }

  public func size(of side: StaticString) -> Int? { side.matches("heads") ? head.heads : layerSize(self, side) }

  public func perform(_ call: Call, _ control: Control) throws(RuvectorError) -> Int {
    guard call.isNamed("forwardWithAttention") else { return try runLayer(self, call, control) }
    return try runAttention(self, call, control)
  }
}

/// Layers that look at each row by itself.
public protocol DenseLayer: NodeLayer {}

private enum DenseOperation {
  static let forward = Operation("forward", [.input("x", ["n", "inChannels"])], [Port("output", ["n", "width"])])
  static let all = [forward, forward.backward()]
  /// Of layers that keep any width.
  static let free = Operation("forward", [.input("x", ["n", "channels"])], [Port("output", ["n", "channels"])])
  static let allFree = [free, free.backward(hasParameters: false)]
}

extension DenseLayer {
  public var hops: Int { 0 }
  public static var family: StaticString { "dense" }
  public static var operations: [Operation] { DenseOperation.all }
}

/// Dense layers without parameters, for rows of any width.
public protocol FreeLayer: DenseLayer {}

extension FreeLayer {
  public static var operations: [Operation] { DenseOperation.allFree }
  public var inChannels: Int { 0 }
  public var hidesNonFinite: Bool { true }
  public func width(of inChannels: Int) -> Int { inChannels }
}

// MARK: - Calls

// (Each once, and not once a class: WebAssembly has no generics at run time.)

private func layerSize(_ layer: any NodeLayer, _ side: StaticString) -> Int? {
  if side.matches("inChannels"), layer.inChannels > 0 { return layer.inChannels }
  if side.matches("width"), layer.inChannels > 0 { return layer.width(of: layer.inChannels) }
  return side.matches("edgeDim") ? layer.edgeDim : nil
}

private func input(
  _ layer: any NodeLayer, _ call: Call, _ control: Control
) throws(RuvectorError) -> GraphInput? {
  guard let x = try call.matrix("x") else { return nil }
  let features = try Features(x, control)
  if layer.hidesNonFinite, !features.isFinite {
    for r in 0..<x.rows { try requireFinite(x.row(r), count: x.dim, for: "x[\(r)]") }
  }
  var isGraph = false
  for port in call.operation.inputs where port.type == .graph { isGraph = true }
  return GraphInput(
    x: features, graph: isGraph ? try call.graph("graph") : nil, edgeAttr: isGraph ? try call.matrix("edgeAttr") : nil)
}

private func runLayer(_ layer: any NodeLayer, _ call: Call, _ control: Control) throws(RuvectorError) -> Int {
  guard let input = try input(layer, call, control) else { return 0 }
  let out = try call.output(), count = call.outputCount
  if call.isNamed("forward") {
    _ = try layer.forward(input, into: out, .evaluation, keeps: false, control)
  } else if let gradient = try call.matrix("outputGradient"), let toX = try call.output("x") {
    out.update(repeating: 0, count: count)
    var kept: Kept?
    if layer.keepsSome {
      let output = try AlignedBuffer<Float>(rows: gradient.rows, columns: gradient.dim, for: "output")
      kept = try layer.forward(input, into: output.pointer, .evaluation, keeps: true, control)
    }
    let g = try packed(gradient)
    let toParameters = layer.parameters.total > 0 ? try call.output("parameters") : nil
    let toEdges = input.graph == nil ? nil : try call.output("edgeAttr")
    try layer.backward(
      input, kept, outputGradient: g.pointer,
      into: GraphGradients(x: toX, edgeAttr: toEdges, parameters: Gradients(toParameters ?? toX)), .evaluation, control)
    _ = g.memory
  }
  try call.requireFiniteOutput()
  return count
}

/// The rows without gaps.
private func packed(_ x: MatrixView) throws(RuvectorError) -> (
  pointer: UnsafePointer<Float>, memory: AlignedBuffer<Float>?
) {
  if x.stride == x.dim || x.rows < 2 { return (x.base, nil) }
  let memory = try AlignedBuffer<Float>(rows: x.rows, columns: x.dim, for: "rows")
  for r in 0..<x.rows { (memory.pointer + r * x.dim).update(from: x.row(r), count: x.dim) }
  return (UnsafePointer(memory.pointer), memory)
}

private func runAttention(_ layer: any AttentiveLayer, _ call: Call, _ control: Control) throws(RuvectorError) -> Int {
  guard let input = try input(layer, call, control), let out = try call.output("output"),
    let attention = try call.output("attention"), let loops = try call.output("loops")
  else { return 0 }
  try layer.forwardWithAttention(input, into: out, attention: attention, loops: loops, control)
  try call.requireFiniteOutput()
  return call.outputCount
}

// MARK: - Facet

/// What containers and training know layers by.
public final class LayerFacet: Trainable {
  public let layer: any NodeLayer

  public init(_ layer: any NodeLayer) { self.layer = layer }

  /// What a pass keeps: the input as it was read, and the layer's own.
  private final class Context {
    let input: GraphInput
    let kept: Kept?
    init(_ input: GraphInput, _ kept: Kept?) { (self.input, self.kept) = (input, kept) }
  }

  public override func forward(_ call: Call, _ mode: Mode, _ control: Control) throws(RuvectorError) -> AnyObject? {
    guard let input = try input(layer, call, control) else { return nil }
    let kept = try layer.forward(input, into: try call.output(), mode, keeps: true, control)
    try call.requireFiniteOutput()
    return Context(input, kept)
  }

  public override func backward(
    _ call: Call, _ context: AnyObject?, outputGradient: UnsafePointer<Float>,
    toInputs: [UnsafeMutablePointer<Float>?], parameters: Gradients, _ mode: Mode, _ control: Control
  ) throws(RuvectorError) {
    guard let context else { return }
    let known = unsafeDowncast(context, to: Context.self)
    try layer.backward(
      known.input, known.kept, outputGradient: outputGradient,
      into: GraphGradients(
        x: toInputs[0], edgeAttr: toInputs.count > 2 ? toInputs[2] : nil, parameters: parameters), mode, control)
  }
}
