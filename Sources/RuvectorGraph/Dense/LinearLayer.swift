import CRuvectorSupport
import RuvectorCore

/// An affine map of each row:
///
///     y = W x + b
///
/// x [n, in], W [out, in], b [out]. Rows of which most elements are 0 cost what their other elements cost.
/// - Complexity: O(non-zeros of x · out).
///
/// Names: PyTorch's Linear.
public final class LinearLayer: DenseLayer, @unchecked Sendable {
  public static let name: StaticString = "linear"
  public static let options = [
    Option("inChannels", .integer(1...65_536), "Width of a row."),
    Option("outChannels", .integer(1...65_536), "Width of an output row."),
    Option("bias", .flag, standard: 1, "1: a learned vector is added to every output row."),
    Option("seed", .seed, standard: 0, "Seed of the initial weights."),
  ]
  public let inChannels, outChannels: Int
  public let seed: UInt64
  public let parameters: Parameters
  private let weight: Parameter
  private let bias: Parameter?

  /// Xavier-normal from `seed`, biases 0.
  public static func slots(_ settings: Settings) -> [Slot] {
    let d = settings.integer("inChannels"), out = settings.integer("outChannels")
    let weight = Slot("weight", [out, d], .xavierNormal(fanIn: d, fanOut: out))
    return settings.flag("bias") ? [weight, Slot("bias", [out], .zeros)] : [weight]
  }

  public convenience init(_ settings: Settings) throws(RuvectorError) {
    self.init(settings, try Parameters(Self.slots(settings), seed: settings.seed("seed")))
  }

  private init(_ settings: Settings, _ parameters: Parameters) {
    self.parameters = parameters
    inChannels = settings.integer("inChannels")
    outChannels = settings.integer("outChannels")
    seed = settings.seed("seed")
    weight = parameters["weight"]
    bias = settings.flag("bias") ? parameters["bias"] : nil
  }

  public var optionValues: [Double] {
    [Double(inChannels), Double(outChannels), bias == nil ? 0 : 1, Double(seed)]
  }

  public func width(of inChannels: Int) -> Int { outChannels }

  public func forward(
    _ input: GraphInput, into out: UnsafeMutablePointer<Float>, _ mode: Mode, keeps: Bool, _ control: Control
  ) throws(RuvectorError) -> Kept? {
    try input.x.times(weight, bias: bias, into: out, control)
    return nil
  }

  public var keepsSome: Bool { false }

  /// dW = Gᵀ X, dX = G W, db = Σ g.
  public func backward(
    _ input: GraphInput, _ kept: Kept?, outputGradient g: UnsafePointer<Float>, into gradients: GraphGradients,
    _ mode: Mode, _ control: Control
  ) throws(RuvectorError) {
    let n = input.x.rows
    if let bias { try addRows(g, rows: n, width: outChannels, to: gradients.parameters[bias], control) }
    try input.x.addWeightGradient(g, width: outChannels, to: gradients.parameters[weight], control)
    try addInputGradient(g, rows: n, weight, to: gradients.x, control)
  }
}
