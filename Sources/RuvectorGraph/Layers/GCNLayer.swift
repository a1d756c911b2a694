import CRuvectorSupport
import RuvectorCore

/// A graph convolution:
///
///     o_i = Σ_j w_ij W x_j + b        w_ij = a_ij / √(d_i d_j),   d_i = Σ_j a_ij
///
/// x [n, in], W [out, in], b [out]. a_ij is the weight of an entry of the graph, 1 where it has none; repetitions count.
/// `addSelfLoops` gives a loop of weight 1 to each node that has none (of several the last counts). `normalization: 'row'` takes
/// w_ij = a_ij / d_i, the weighted mean, `'none'` w_ij = a_ij. A node without sources gives b. The products W x_j come first
/// where `out` ≤ `in`, the sums else; nothing of edges × width is held.
/// - Complexity: O(non-zeros of x · out + edges · min(in, out)). Memory beyond input and output O(n · min(in, out)).
///
/// Reference: Kipf, Welling 2017, "Semi-supervised Classification with Graph Convolutional Networks", equation 2. Names: PyTorch
/// Geometric's GCNConv.
public final class GCNLayer: GraphLayer, @unchecked Sendable {
  // MARK: - Options

  public static let name: StaticString = "gcn"
  public static let options = [
    Option("inChannels", .integer(1...65_536), "Width of a node's row."),
    Option("outChannels", .integer(1...65_536), "Width of an output row."),
    Option(
      "normalization", .choice(["symmetric", "row", "none"]), standard: 0,
      "What an edge's weight is divided by: the root of both nodes' degrees, the target's degree, nothing."),
    Option("addSelfLoops", .flag, standard: 1, "1: nodes without a loop get one of weight 1."),
    Option("bias", .flag, standard: 1, "1: a learned vector is added to every output row."),
    Option("seed", .seed, standard: 0, "Seed of the initial weights."),
  ]
  public let inChannels, outChannels: Int
  public let norm: Adjacency.Norm
  public let addsSelfLoops: Bool
  public let seed: UInt64
  public func width(of inChannels: Int) -> Int { outChannels }

  // MARK: - Weights

  public let parameters: Parameters
  private let weight: Parameter
  private let bias: Parameter?

  /// Xavier-normal from `seed`, biases 0; the names are PyTorch Geometric's.
  public static func slots(_ settings: Settings) -> [Slot] {
    let d = settings.integer("inChannels"), out = settings.integer("outChannels")
    let weight = Slot("lin.weight", [out, d], .xavierNormal(fanIn: d, fanOut: out))
    return settings.flag("bias") ? [weight, Slot("bias", [out], .zeros)] : [weight]
  }

  // MARK: - Creation

  public convenience init(_ settings: Settings) throws(RuvectorError) {
    self.init(settings, try Parameters(Self.slots(settings), seed: settings.seed("seed")))
  }

  private init(_ settings: Settings, _ parameters: Parameters) {
    self.parameters = parameters
    inChannels = settings.integer("inChannels")
    outChannels = settings.integer("outChannels")
    norm = [.symmetric, .row, .none][settings.choice("normalization")]
    addsSelfLoops = settings.flag("addSelfLoops")
    seed = settings.seed("seed")
    weight = parameters["lin.weight"]
    bias = settings.flag("bias") ? parameters["bias"] : nil
  }

  public var optionValues: [Double] {
    let norm: Double = norm == .symmetric ? 0 : norm == .row ? 1 : 2
    return [Double(inChannels), Double(outChannels), norm, addsSelfLoops ? 1 : 0, bias == nil ? 0 : 1, Double(seed)]
  }

  // MARK: - Forward

  private var form: Adjacency.Form { Adjacency.Form(addsSelfLoops ? .completed : .kept, norm, isWeighted: true) }

  /// Whether products come before sums.
  private func projectsFirst(_ x: Features) -> Bool { outChannels <= inChannels || x.isSparse }

  public func forward(
    _ input: GraphInput, into out: UnsafeMutablePointer<Float>, _ mode: Mode, keeps: Bool, _ control: Control
  ) throws(RuvectorError) -> Kept? {
    let graph = try input.adjacency(form), n = input.x.rows
    if projectsFirst(input.x) {
      let z = try AlignedBuffer<Float>(rows: n, columns: outChannels, for: "projection")
      try input.x.times(weight, into: z.pointer, control)
      try graph.propagate(z.pointer, stride: outChannels, dim: outChannels, bias: bias, into: out, control)
    } else {
      let sums = try sums(input, graph, control)
      try Features.dense(MatrixView(sums.pointer, rows: n, dim: inChannels)).times(
        weight, bias: bias, into: out, control)
    }
    return nil
  }

  /// Σ_j w_ij x_j.
  private func sums(
    _ input: GraphInput, _ graph: Adjacency, _ control: Control
  ) throws(RuvectorError) -> AlignedBuffer<Float> {
    let x = try input.x.written(), sums = try AlignedBuffer<Float>(rows: x.view.rows, columns: inChannels, for: "sums")
    try graph.propagate(x.view.base, stride: x.view.stride, dim: inChannels, into: sums.pointer, control)
    _ = x.memory
    return sums
  }

  // MARK: - Gradient

  public var keepsSome: Bool { false }

  /// With A = (w_ij) and G = dL/dO: dW = (Aᵀ G)ᵀ X, dX = Aᵀ G W, db = Σ_i g_i.
  public func backward(
    _ input: GraphInput, _ kept: Kept?, outputGradient g: UnsafePointer<Float>, into gradients: GraphGradients,
    _ mode: Mode, _ control: Control
  ) throws(RuvectorError) {
    let graph = try input.adjacency(form), n = input.x.rows
    if let bias { try addRows(g, rows: n, width: outChannels, to: gradients.parameters[bias], control) }
    if projectsFirst(input.x) {
      let back = try AlignedBuffer<Float>(rows: n, columns: outChannels, for: "gradients")
      try graph.propagateBack(g, dim: outChannels, into: back.pointer, control)
      try input.x.addWeightGradient(back.pointer, width: outChannels, to: gradients.parameters[weight], control)
      try addInputGradient(back.pointer, rows: n, weight, to: gradients.x, control)
    } else {
      let sums = try sums(input, graph, control)
      try Features.dense(MatrixView(sums.pointer, rows: n, dim: inChannels)).addWeightGradient(
        g, width: outChannels, to: gradients.parameters[weight], control)
      guard let toX = gradients.x else { return }
      sums.pointer.update(repeating: 0, count: sums.count)
      try addInputGradient(g, rows: n, weight, to: sums.pointer, control)
      try graph.propagateBack(sums.pointer, dim: inChannels, into: toX, adds: true, control)
    }
  }
}
