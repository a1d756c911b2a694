import RuvectorCore

/// A layer that a walk down a hierarchy can go through: one node and its neighbours give one row. The family "layer".
public protocol WalkLayer: Mechanism {
  /// Width of the node and its neighbours.
  var inputDim: Int { get }
  /// Width of the output.
  var hiddenDim: Int { get }
  /// `out` [hiddenDim] from a node [inputDim], its neighbours [n, inputDim] and their weights.
  func forward(
    _ node: UnsafePointer<Float>, neighbors: MatrixView, edgeWeights: UnsafeBufferPointer<Float>,
    into out: UnsafeMutablePointer<Float>
  ) throws(RuvectorError)
  /// Adds what `outputGradient` [hiddenDim] gives through `forward`.
  func backward(
    _ node: UnsafePointer<Float>, neighbors: MatrixView, edgeWeights: UnsafeBufferPointer<Float>,
    outputGradient: UnsafePointer<Float>, into gradients: LayerGradients
  ) throws(RuvectorError)
}

/// What such a layer is to others, and to training. (Embedded Swift casts an object to its class, but not to another protocol.)
public final class WalkFacet: Trainable {
  public let layer: any WalkLayer

  init(_ layer: any WalkLayer) { self.layer = layer }

  public override func forward(_ call: Call, _ mode: Mode, _ control: Control) throws(RuvectorError) -> AnyObject? {
    _ = try layer.run("forward", call.buffers, control)
    return nil
  }

  public override func backward(
    _ call: Call, _ context: AnyObject?, outputGradient: UnsafePointer<Float>,
    toInputs: [UnsafeMutablePointer<Float>?], parameters: Gradients, _ mode: Mode, _ control: Control
  ) throws(RuvectorError) {
    let weights = try call.vector("edgeWeights") ?? UnsafeBufferPointer(start: nil, count: 0)
    guard let node = try call.vector("node")?.baseAddress, let neighbors = try call.matrix("neighbors") else { return }
    let places = LayerGradients(
      node: toInputs[0], neighbors: toInputs[1], edgeWeights: toInputs[2], parameters: parameters)
    try layer.backward(
      node, neighbors: neighbors, edgeWeights: weights, outputGradient: outputGradient, into: places)
  }
}

extension WalkLayer {
  public static var family: StaticString { "layer" }
  public var facet: Facet? { WalkFacet(self) }
}

/// "forward" and "backward" of such a layer, whose ports are node, neighbors, edgeWeights.
func runWalkLayer(_ layer: any WalkLayer, _ call: Call) throws(RuvectorError) -> Int {
  let weights = try call.vector("edgeWeights") ?? UnsafeBufferPointer(start: nil, count: 0)
  guard let node = try call.vector("node")?.baseAddress, let neighbors = try call.matrix("neighbors") else { return 0 }
  let out = try call.output(), count = call.outputCount
  guard call.isNamed("backward") else {
    try layer.forward(node, neighbors: neighbors, edgeWeights: weights, into: out)
    return count
  }
  out.update(repeating: 0, count: count)
  guard let gradient = try call.vector("outputGradient")?.baseAddress else { return 0 }
  let places = LayerGradients(
    node: try call.output("node"), neighbors: try call.output("neighbors"),
    edgeWeights: try call.output("edgeWeights"), parameters: try call.output("parameters").map { Gradients($0) })
  try layer.backward(node, neighbors: neighbors, edgeWeights: weights, outputGradient: gradient, into: places)
  return count
}
