import CRuvectorSupport
import RuvectorCore

/// What a layer over a graph reads.
public struct GraphInput {
  /// [n, in], a row a node.
  public let x: MatrixView
  /// n targets and as many sources.
  public let graph: ResidentGraph
  /// [edges, edgeDim], a row an entry of the graph; nil: zeros.
  public let edgeAttr: MatrixView?

  public init(x: MatrixView, graph: ResidentGraph, edgeAttr: MatrixView? = nil) {
    (self.x, self.graph, self.edgeAttr) = (x, graph, edgeAttr)
  }
}

/// Where its gradients are added, packed rows.
public struct GraphGradients {
  /// [n, in]
  public let x: UnsafeMutablePointer<Float>
  /// [edges, edgeDim]; nil where there are none.
  public let edgeAttr: UnsafeMutablePointer<Float>?
  public let parameters: Gradients

  public init(
    x: UnsafeMutablePointer<Float>, edgeAttr: UnsafeMutablePointer<Float>? = nil, parameters: Gradients
  ) {
    (self.x, self.edgeAttr, self.parameters) = (x, edgeAttr, parameters)
  }
}

/// A layer that makes rows of nodes from rows of nodes and a graph: node i receives from the sources of row i.
///
/// Results do not depend on the number of threads: rows are written by one thread each, sums over all nodes are made in parts
/// whose number depends on n alone (`Sums`).
public protocol GraphLayer: Mechanism {
  /// Width of a node's row.
  var inChannels: Int { get }
  /// Width of an output row.
  var width: Int { get }
  /// Width of an edge's row; 0: edges are not read.
  var edgeDim: Int { get }
  /// `out` [n, width], packed.
  func forward(_ input: GraphInput, into out: UnsafeMutablePointer<Float>, _ control: Control) throws(RuvectorError)
  /// Adds to `gradients`, which are 0 at first, what `outputGradient` [n, width] gives.
  func backward(
    _ input: GraphInput, outputGradient: MatrixView, into gradients: GraphGradients, _ control: Control
  ) throws(RuvectorError)
}

private enum GraphOperation {
  static let forward = Operation(
    "forward",
    [
      .input("x", ["n", "inChannels"]), .graph("graph", "n", "n", "edges"),
      .input("edgeAttr", ["edges", "edgeDim"], .optional),
    ], [Port("output", ["n", "width"])])
  static let all = [forward, forward.backward()]
}

extension GraphLayer {
  public static var family: StaticString { "graph" }
  public static var operations: [Operation] { GraphOperation.all }

  public func size(of side: StaticString) -> Int? {
    if side.matches("inChannels") { return inChannels }
    if side.matches("width") { return width }
    return side.matches("edgeDim") ? edgeDim : nil
  }

  public func perform(_ call: Call, _ control: Control) throws(RuvectorError) -> Int {
    try runLayer(self, call, control)
  }
}

/// (Once, and not once a class: WebAssembly has no generics at run time.)
private func runLayer(_ layer: any GraphLayer, _ call: Call, _ control: Control) throws(RuvectorError) -> Int {
  guard let x = try call.matrix("x") else { return 0 }
  let input = GraphInput(x: x, graph: try call.graph("graph"), edgeAttr: try call.matrix("edgeAttr"))
  let out = try call.output(), count = call.outputCount
  if call.isNamed("forward") {
    try layer.forward(input, into: out, control)
  } else if let gradient = try call.matrix("outputGradient"), let toX = try call.output("x"),
    let toParameters = try call.output("parameters")
  {
    out.update(repeating: 0, count: count)
    let places = GraphGradients(x: toX, edgeAttr: try call.output("edgeAttr"), parameters: Gradients(toParameters))
    try layer.backward(input, outputGradient: gradient, into: places, control)
  }
  try call.requireFiniteOutput()
  return count
}

/// Sums over all nodes, such as gradients of parameters: each part of the nodes adds to memory of its own, and the parts are added
/// in their order. The parts depend on the number of nodes alone, so that the bits do not depend on threads.
struct Sums {
  private let memory: AlignedBuffer<Float>
  private let floats: Int
  private let parts: Int
  private let rows: Int
  private let count: Int

  init(of count: Int, floats: Int) throws(RuvectorError) {
    parts = max(1, min(32, count / 256))
    rows = (count + parts - 1) / parts
    (self.floats, self.count) = (floats, count)
    memory = try AlignedBuffer(rows: parts, columns: floats, for: "gradients")
    memory.pointer.initialize(repeating: 0, count: memory.count)
  }

  /// `body` for each part: its nodes, and its memory, 0 at first.
  func forParts(
    _ control: Control, _ body: (Range<Int>, UnsafeMutablePointer<Float>) throws(RuvectorError) -> Void
  ) throws(RuvectorError) {
    try forChunks(of: parts, chunk: 1, control) { (part, _) throws(RuvectorError) in
      let first = min(part.lowerBound * rows, count)
      try body(first..<min(first + rows, count), memory.pointer + part.lowerBound * floats)
    }
  }

  /// Adds `floats` numbers from `start` of every part.
  func add(from start: Int, _ floats: Int, to out: UnsafeMutablePointer<Float>) {
    for p in 0..<parts { Kernels.current.add(out, memory.pointer + p * self.floats + start, out, floats) }
  }
}
