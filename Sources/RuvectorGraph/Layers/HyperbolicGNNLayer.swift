import CRuvectorSupport
import RuvectorCore
import RuvectorGeometry

/// A convolution in the Poincaré ball of curvature K = −c, through its tangent space at the origin:
///
///     v_j = log₀(x_j)      a_i = Σ_j w_ij W v_j + b      o_i = exp₀(σ(a_i))
///
/// x [n, in], W [out, in], b [out] (tangent), σ `activation`. `aggregation`: w_ij as in GCNLayer, by the degrees of both nodes
/// ('symmetric') or of the target ('mean'), or as in GATLayer with one head ('attention'). Rows of features that are not points go in
/// with `input: 'tangent'` (v_j = x_j), and with `output: 'tangent'` σ(a_i) comes out: between layers of one curvature exp₀ and log₀
/// cancel, so they are left out there, and what the ball adds to a stack of layers is what is done with its last points. Points beyond
/// radius (1 − 1e-5)/√c count as drawn back to it. With `learnCurvature` c = softplus(θ) is trained, kept in 1e-6...1e6.
/// - Complexity: that of the GCNLayer or GATLayer, O(n · (in + out)) more. Precision: the maps in Double.
///
/// Reference: Chami, Ying, Ré, Leskovec 2019, "Hyperbolic Graph Convolutional Neural Networks", equations 6 to 10; b is added in the
/// tangent space, not by Möbius addition. Use it with distances in the ball (links, hierarchies); not where classes are read off rows.
public final class HyperbolicGNNLayer: GraphLayer, @unchecked Sendable {
  // MARK: - Options

  public static let name: StaticString = "hyperbolic"
  public static let options = [
    Option("inChannels", .integer(1...65_536), "Width of a node's row."),
    Option("outChannels", .integer(1...65_536), "Width of an output row."),
    Option("curvature", .number(-1e6 ... -1e-6), standard: -1, "K < 0, at first where it is learned."),
    Option("learnCurvature", .flag, standard: 0, "1: the curvature is a parameter."),
    Option(
      "aggregation", .choice(["symmetric", "mean", "attention"]), standard: 0, "Weights of a node's sources."),
    Option("activation", .choice(["none", "relu", "tanh"]), standard: 0, "σ, in the tangent space."),
    Option("input", .choice(["tangent", "ball"]), standard: 0, "What rows of x are."),
    Option("output", .choice(["ball", "tangent"]), standard: 0, "What output rows are."),
    Option("bias", .flag, standard: 1, "1: a learned vector is added to every row in the tangent space."),
    Option("seed", .seed, standard: 0, "Seed of the initial weights."),
  ]
  private enum Activation: Int { case none, relu, tanh }
  public let inChannels, outChannels: Int
  public let curvature: Double
  public let seed: UInt64
  private let aggregation: Int
  private let activation: Activation
  private let readsBall, givesBall, hasBias: Bool
  public func width(of inChannels: Int) -> Int { outChannels }
  public var hidesNonFinite: Bool { true }

  // MARK: - Weights

  public let parameters: Parameters
  /// The convolution of the tangent space.
  private let inner: any NodeLayer
  /// θ, of which c is made.
  private let theta: Parameter?

  private static func own(_ settings: Settings) -> [Slot] {
    guard settings.flag("learnCurvature") else { return [] }
    let c = -settings.number("curvature")
    return [Slot("curvature", [1], .numbers([Float(c > 30 ? c : Double.log(Double.exp(c) - 1))]))]
  }

  /// The settings of the convolution.
  private static func innerSettings(_ settings: Settings) throws(RuvectorError) -> Settings {
    let isAttention = settings.choice("aggregation") == 2
    var given: [(key: String, value: OptionValue)] = [
      ("inChannels", .integer(Int64(settings.integer("inChannels")))),
      ("outChannels", .integer(Int64(settings.integer("outChannels")))),
      ("bias", .number(settings.flag("bias") ? 1 : 0)),
      ("seed", .integer(Int64(bitPattern: settings.seed("seed")))),
    ]
    if settings.choice("aggregation") == 1 { given.append(("normalization", .text("row"))) }
    return try isAttention
      ? Settings(of: GATLayer.name, GATLayer.options, given) : Settings(of: GCNLayer.name, GCNLayer.options, given)
  }

  /// Those of the GCNLayer or GATLayer, and θ [1] where the curvature is learned.
  public static func slots(_ settings: Settings) throws(RuvectorError) -> [Slot] {
    let inner = try innerSettings(settings)
    return (settings.choice("aggregation") == 2 ? GATLayer.slots(inner) : GCNLayer.slots(inner)) + own(settings)
  }

  // MARK: - Creation

  public convenience init(_ settings: Settings) throws(RuvectorError) {
    let its = try Self.innerSettings(settings)
    let inner: any NodeLayer = settings.choice("aggregation") == 2 ? try GATLayer(its) : try GCNLayer(its)
    let own = try Parameters(Self.own(settings))
    self.init(settings, inner, own, try Parameters(joining: [("", inner.parameters), ("", own)]))
  }

  private init(_ settings: Settings, _ inner: any NodeLayer, _ own: Parameters, _ parameters: Parameters) {
    (self.inner, self.parameters) = (inner, parameters)
    theta = settings.flag("learnCurvature") ? own["curvature"] : nil
    inChannels = settings.integer("inChannels")
    outChannels = settings.integer("outChannels")
    curvature = settings.number("curvature")
    aggregation = settings.choice("aggregation")
    activation = Activation(rawValue: settings.choice("activation")) ?? .none
    readsBall = settings.choice("input") == 1
    givesBall = settings.choice("output") == 0
    hasBias = settings.flag("bias")
    seed = settings.seed("seed")
  }

  public var optionValues: [Double] {
    [
      Double(inChannels), Double(outChannels), curvature, theta == nil ? 0 : 1, Double(aggregation),
      Double(activation.rawValue), readsBall ? 1 : 0, givesBall ? 0 : 1, hasBias ? 1 : 0, Double(seed),
    ]
  }

  /// c, and dc/dθ.
  private var ball: (c: Double, slope: Double) {
    guard let theta else { return (-curvature, 0) }
    let θ = Double(theta[0]), c = θ > 30 ? θ : rv_log(1 + Double.exp(θ))
    guard c >= 1e-6, c <= 1e6 else { return (min(max(c, 1e-6), 1e6), 0) }  // weights may be set to anything
    return (c, 1 / (1 + Double.exp(-θ)))
  }

  // MARK: - Forward

  /// Of one pass: the rows of the tangent space, a before σ, and what the convolution kept.
  private final class Pass: Kept {
    var tangent: AlignedBuffer<Float>?
    var sums: AlignedBuffer<Float>?
    var inner: Kept?
  }

  public func forward(
    _ input: GraphInput, into out: UnsafeMutablePointer<Float>, _ mode: Mode, keeps: Bool, _ control: Control
  ) throws(RuvectorError) -> Kept? {
    let n = input.x.rows, w = outChannels, pass = Pass(), c = ball.c
    var read = input
    if readsBall {
      let tangent = try tangent(of: input.x, OriginMap.logarithm(c: c), control)
      read = input.with(.dense(MatrixView(tangent.pointer, rows: n, dim: inChannels)))
      pass.tangent = tangent
    }
    pass.inner = try inner.forward(read, into: out, mode, keeps: keeps, control)
    if keeps { pass.sums = try AlignedBuffer(copying: out, count: n * w, for: "rows") }
    let exponential = OriginMap.exponential(c: c)
    try forChunks(of: n, chunk: nodesOfPart, control) { (part, _) in
      for i in part {
        let row = out + i * w
        activate(row)
        if givesBall { exponential.map(row, into: row, w) }
      }
    }
    return keeps ? pass : nil
  }

  private func tangent(
    of x: Features, _ map: OriginMap, _ control: Control
  ) throws(RuvectorError) -> AlignedBuffer<Float> {
    let rows = try x.written(), d = inChannels
    let tangent = try AlignedBuffer<Float>(rows: x.rows, columns: d, for: "rows")
    try forChunks(of: x.rows, chunk: nodesOfPart, control) { (part, _) in
      for i in part { map.map(rows.view.row(i), into: tangent.pointer + i * d, d) }
    }
    _ = rows.memory
    return tangent
  }

  private func activate(_ row: UnsafeMutablePointer<Float>) {
    switch activation {
    case .none: break
    case .relu: for k in 0..<outChannels where row[k] < 0 { row[k] = 0 }
    case .tanh: for k in 0..<outChannels { row[k] = Float(Double.tanh(Double(row[k]))) }
    }
  }

  // MARK: - Gradient

  /// Through exp₀, σ, the convolution and log₀; what c has of both maps goes to θ: dθ = ds · dc/dθ / (2 s).
  public func backward(
    _ input: GraphInput, _ kept: Kept?, outputGradient g: UnsafePointer<Float>, into gradients: GraphGradients,
    _ mode: Mode, _ control: Control
  ) throws(RuvectorError) {
    guard let pass = kept as? Pass, let sums = pass.sums else { return }
    let n = input.x.rows, w = outChannels, d = inChannels, ball = ball, root = ball.c.squareRoot()
    let back = try AlignedBuffer<Float>(count: n * w, repeating: 0, for: "gradients")
    let ofRoot = try AlignedBuffer<Double>(count: max(n, 1), repeating: 0, for: "gradients")
    let exponential = OriginMap.exponential(c: ball.c)
    try forChunks(of: n, chunk: nodesOfPart, control) { (part, _) throws(RuvectorError) in
      let row = try AlignedBuffer<Float>(count: w, for: "rows")
      for i in part {
        let place = back.pointer + i * w, a = sums.pointer + i * w
        row.pointer.update(from: a, count: w)
        activate(row.pointer)
        if givesBall {
          ofRoot[i] = exponential.addGradient(row.pointer, g + i * w, to: place, w)
        } else {
          place.update(from: g + i * w, count: w)
        }
        switch activation {
        case .none: break
        case .relu: for k in 0..<w where a[k] <= 0 { place[k] *= 0 }  // NaN stays
        case .tanh: for k in 0..<w { place[k] *= (1 - row[k]) * (1 + row[k]) }
        }
      }
    }
    let its = gradients.parameters.part(0, of: parameters)
    if readsBall, let tangent = pass.tangent {
      let wants = gradients.x != nil || theta != nil
      let toTangent = wants ? try AlignedBuffer<Float>(count: n * d, repeating: 0, for: "gradients") : nil
      try inner.backward(
        input.with(.dense(MatrixView(tangent.pointer, rows: n, dim: d))), pass.inner, outputGradient: back.pointer,
        into: GraphGradients(x: toTangent?.pointer, parameters: its), mode, control)
      if let toTangent {
        let x = try input.x.written(), logarithm = OriginMap.logarithm(c: ball.c)
        try forChunks(of: n, chunk: nodesOfPart, control) { (part, _) in
          for i in part {
            ofRoot[i] += logarithm.addGradient(
              x.view.row(i), toTangent.pointer + i * d, to: gradients.x.map { $0 + i * d }, d)
          }
        }
        _ = x.memory
      }
    } else {
      try inner.backward(
        input, pass.inner, outputGradient: back.pointer, into: GraphGradients(x: gradients.x, parameters: its), mode,
        control)
    }
    guard theta != nil else { return }
    var sum = 0.0
    for i in 0..<n { sum += ofRoot[i] }
    gradients.parameters.part(1, of: parameters).all[0] += Float(sum * ball.slope / (2 * root))
  }
}
