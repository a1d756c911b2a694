import CRuvectorSupport
import RuvectorAttention
import RuvectorCore
import RuvectorGeometry

/// RuvectorLayer with any mechanism of attention in it:
///
///     h = W_msg x + b            m_i = W_msg N_i + b
///     a = φ⁻¹(attention(φ(h), φ(M), φ(M)))        φ: exp₀ with `ball`, else the identity
///     g = Σ ŵ_i m_i              ŵ = w/Σw, or 1/n without weights and where Σw ≤ 0
///     u = W_agg (a + g) + b      y = GatedUnit(u, h): a GRU and a layer norm
///
/// x [in] the node, N [n, in] its neighbours, w [n] their weights, H = hiddenDim. `attention` has width H, in and out. One that reads
/// edges gets the row [ŵ_i, 0, ln(1 + n), 1] of each neighbour, cut or filled with zeros to its width; positions, levels and kinds
/// are left out. `ball`: rows are led into the Poincaré ball of `curvature` first, and the result back, for mechanisms of
/// points. Without neighbours y is the norm of h. Parameters: those of the layer, then the mechanism's behind `attention.`.
/// - Complexity: O(n · in · H + H²) and the mechanism's. Precision: Float; maps and norm in Double.
///
/// Reference: the RFC's RuvectorLayerV2; RuvectorLayer for the rest.
public final class RuvectorLayerV2: WalkLayer, @unchecked Sendable {
  // MARK: - Options

  public static let name: StaticString = "ruvector_v2"
  public static let options = [
    Option("inputDim", .integer(1...65_536), "Width of the node and its neighbours."),
    Option("hiddenDim", .integer(1...65_536), "Width of the output."),
    Option("attention", .children(1...1), "A mechanism of attention of width hiddenDim; it is copied."),
    Option("ball", .flag, standard: 0, "1: the mechanism sees points of the Poincare ball."),
    Option("curvature", .number(-1e6 ... -1e-6), standard: -1, "K < 0 of that ball."),
    Option("eps", .number(1e-30...1), standard: 1e-5, "Added to the variance in the layer norm."),
    Option("seed", .seed, standard: 0, "Seed of the initial weights."),
  ]
  public let inputDim, hiddenDim: Int
  public let seed: UInt64
  private let isBall: Bool
  private let curvature, epsilon: Double
  private let attention: any Attention
  public let children: [any Mechanism]

  // MARK: - Weights

  public let parameters: Parameters
  private let message, aggregate: Linear
  private let unit: GatedUnit

  public static func slots(_ settings: Settings) -> [Slot] {
    let d = settings.integer("inputDim"), h = settings.integer("hiddenDim")
    return Slot.linear("w_msg.weights", "w_msg.bias", d, h) + Slot.linear("w_agg.weights", "w_agg.bias", h, h)
      + GatedUnit.slots(h)
  }

  // MARK: - Creation

  public convenience init(_ settings: Settings) throws(RuvectorError) {
    let children = try settings.children("attention"), h = settings.integer("hiddenDim")
    guard let attention = (children[0].facet as? AttentionFacet)?.attention else {
      throw .expected("a mechanism of attention", for: "attention", received: "another", .invalidConfig)
    }
    guard attention.dim == h else {
      throw .expected("a mechanism of width \(h)", for: "attention", received: "\(attention.dim)", .invalidConfig)
    }
    let width = try attention.outputDim(values: h)
    guard width == h else {
      throw .expected("outputs of width \(h)", for: "attention", received: "\(width)", .invalidConfig)
    }
    let own = try Parameters(Self.slots(settings), seed: settings.seed("seed"))
    self.init(
      settings, children, attention, own, try Parameters(joining: [("", own), ("attention.", attention.parameters)]))
  }

  private init(
    _ settings: Settings, _ children: [any Mechanism], _ attention: any Attention, _ own: Parameters,
    _ parameters: Parameters
  ) {
    (self.children, self.attention, self.parameters) = (children, attention, parameters)
    (inputDim, hiddenDim) = (settings.integer("inputDim"), settings.integer("hiddenDim"))
    (isBall, curvature) = (settings.flag("ball"), settings.number("curvature"))
    (epsilon, seed) = (settings.number("eps"), settings.seed("seed"))
    message = own.linear("w_msg.weights", "w_msg.bias")
    aggregate = own.linear("w_agg.weights", "w_agg.bias")
    unit = GatedUnit(own, epsilon: epsilon)
  }

  public var optionValues: [Double] {
    [Double(inputDim), Double(hiddenDim), 1, isBall ? 1 : 0, curvature, epsilon, Double(seed)]
  }

  public static let operations = [forward, forward.backward()]
  private static let forward = Operation(
    "forward",
    [
      .input("node", ["in"]), .input("neighbors", ["neighbors", "in"]), .input("edgeWeights", ["neighbors"], .optional),
    ], [Port("output", ["hidden"])])

  public func size(of side: StaticString) -> Int? {
    side.matches("in") ? inputDim : side.matches("hidden") ? hiddenDim : nil
  }

  public func perform(_ call: Call, _ control: Control) throws(RuvectorError) -> Int {
    try runWalkLayer(self, call)
  }

  // MARK: - Forward

  /// What a pass makes.
  private final class Pass {
    let memory: AlignedBuffer<Float>
    /// h, M [n, H]; φ of both where they differ; the mechanism's result; a; a + g; u.
    let h, messages, query, keys, result, mixed, u: UnsafeMutablePointer<Float>
    let shares: [Double]
    let edges: AlignedBuffer<Float>?
    var unit: GatedUnit.Pass?

    init(_ n: Int, _ H: Int, _ isBall: Bool, _ shares: [Double], edgeDim: Int) throws(RuvectorError) {
      let rows = (isBall ? 2 : 1) * (n + 1)
      memory = try AlignedBuffer(count: (rows + 3) * H, repeating: 0, for: "workspace")
      h = memory.pointer
      messages = h + H
      query = isBall ? messages + n * H : h
      keys = query + H
      result = memory.pointer + rows * H
      (mixed, u) = (result + H, result + 2 * H)
      self.shares = shares
      edges = edgeDim == 0 ? nil : try AlignedBuffer(count: n * edgeDim, repeating: 0, for: "edges")
    }
  }

  private func shares(_ n: Int, _ weights: UnsafeBufferPointer<Float>) -> (list: [Double], sum: Double) {
    var sum = 0.0
    for w in weights { sum += Double(w) }
    guard sum > 0, sum.isFinite else { return ([Double](repeating: 1 / Double(max(n, 1)), count: n), 0) }
    return (weights.map { Double($0) / sum }, sum)
  }

  private var exponential: OriginMap { .exponential(c: -curvature) }
  private var logarithm: OriginMap { .logarithm(c: -curvature) }

  private func check(
    _ node: UnsafePointer<Float>, _ neighbors: MatrixView, _ weights: UnsafeBufferPointer<Float>
  ) throws(RuvectorError) {
    guard neighbors.rows == 0 || neighbors.dim == inputDim else {
      throw .dimension("neighbors[0]", expected: inputDim, received: neighbors.dim)
    }
    guard weights.count == 0 || weights.count == neighbors.rows else {
      throw .dimension("edgeWeights", expected: neighbors.rows, received: weights.count)
    }
    try requireFinite(node, count: inputDim, for: "node")
    for i in 0..<neighbors.rows { try requireFinite(neighbors.row(i), count: inputDim, for: "neighbors[\(i)]") }
    if let base = weights.baseAddress { try requireFinite(base, count: weights.count, for: "edgeWeights") }
  }

  /// The call of the mechanism.
  private func input(_ pass: Pass, _ n: Int) -> AttentionInput {
    let keys = MatrixView(pass.keys, rows: n, dim: hiddenDim)
    var input = AttentionInput(
      queries: MatrixView(pass.query, rows: 1, dim: hiddenDim), keys: keys, values: keys)
    input.edges = pass.edges.map { MatrixView($0.pointer, rows: n, dim: attention.edgeDim) }
    return input
  }

  private func run(
    _ node: UnsafePointer<Float>, _ neighbors: MatrixView, _ weights: UnsafeBufferPointer<Float>,
    into out: UnsafeMutablePointer<Float>
  ) throws(RuvectorError) -> Pass {
    try check(node, neighbors, weights)
    let n = neighbors.rows, H = hiddenDim, kernels = Kernels.current
    let pass = try Pass(n, H, isBall, shares(n, weights).list, edgeDim: attention.edgeDim)
    message.apply(node, pass.h, kernels)
    guard n > 0 else {
      unit.normalize(pass.h, into: out)
      return pass
    }
    for i in 0..<n { message.apply(neighbors.row(i), pass.messages + i * H, kernels) }
    if isBall { for i in 0...n { exponential.map(pass.h + i * H, into: pass.query + i * H, H) } }
    if let edges = pass.edges {
      let width = attention.edgeDim
      for i in 0..<n {
        let row = [Float(pass.shares[i]), 0, Float(Double.log(1 + Double(n))), 1]
        for k in 0..<min(width, 4) { edges[i * width + k] = row[k] }
      }
    }
    try naming { () throws(RuvectorError) in try attention.forward(input(pass, n), into: pass.result, .none) }
    pass.mixed.update(from: pass.result, count: H)
    if isBall { logarithm.map(pass.result, into: pass.mixed, H) }
    for i in 0..<n { kernels.axpy(Float(pass.shares[i]), pass.messages + i * H, pass.mixed, H) }
    aggregate.apply(pass.mixed, pass.u, kernels)
    pass.unit = try unit.forward(pass.u, pass.h, into: out)
    return pass
  }

  /// The mechanism's rows are ours: NaN in them is an overflow on the way, since input is finite.
  private func naming(_ body: () throws(RuvectorError) -> Void) throws(RuvectorError) {
    do throws(RuvectorError) {
      try body()
    } catch {
      guard error.code == .nonFinite else { throw error }
      throw overflow
    }
  }

  private var overflow: RuvectorError {
    .expected("a result that fits in Float", for: "output", received: "an overflow", .outOfRange)
  }

  public func forward(
    _ node: UnsafePointer<Float>, neighbors: MatrixView, edgeWeights: UnsafeBufferPointer<Float>,
    into out: UnsafeMutablePointer<Float>
  ) throws(RuvectorError) {
    let pass = try run(node, neighbors, edgeWeights, into: out)
    guard Kernels.current.non_finite_probe(out, hiddenDim) == 0 else { throw overflow }
    withExtendedLifetime(pass) {}
  }

  // MARK: - Gradient

  public func backward(
    _ node: UnsafePointer<Float>, neighbors: MatrixView, edgeWeights: UnsafeBufferPointer<Float>,
    outputGradient g: UnsafePointer<Float>, into gradients: LayerGradients
  ) throws(RuvectorError) {
    let n = neighbors.rows, H = hiddenDim, kernels = Kernels.current
    try requireFinite(g, count: H, for: "outputGradient")
    let work = try AlignedBuffer<Float>(count: (2 * n + 6) * H, repeating: 0, for: "gradients")
    // The output; dh and dM; du; d(a + g); the mechanism's result, its query and keys.
    let out = work.pointer, dh = out + H, dM = dh + H, du = dM + n * H, dmixed = du + H, dresult = dmixed + H
    let dquery = dresult + H, dkeys = dquery + H
    let pass = try run(node, neighbors, edgeWeights, into: out)
    let own = gradients.parameters?.part(0, of: parameters)
    if let gated = pass.unit {
      unit.backward(gated, pass.u, pass.h, g, du: du, dh: dh, own)
      aggregate.addGradient(pass.mixed, du, to: dmixed, own)
      for i in 0..<n { kernels.axpy(Float(pass.shares[i]), dmixed, dM + i * H, H) }
      if isBall {
        _ = logarithm.addGradient(pass.result, dmixed, to: dresult, H)
      } else {
        dresult.update(from: dmixed, count: H)
      }
      let dedges = try pass.edges.map { (edges) throws(RuvectorError) in
        try AlignedBuffer<Float>(count: edges.count, repeating: 0, for: "gradients")
      }
      // Keys are the values, too.
      let places = AttentionGradients(
        queries: dquery, keys: dkeys, values: dkeys, parameters: gradients.parameters?.part(1, of: parameters),
        edges: dedges?.pointer)
      try naming { () throws(RuvectorError) in
        try attention.backward(input(pass, n), outputGradient: dresult, into: places, .none)
      }
      if isBall {
        for i in 0...n { _ = exponential.addGradient(pass.h + i * H, dquery + i * H, to: dh + i * H, H) }
      } else {
        kernels.add(dh, dquery, dh, (n + 1) * H)
      }
      addWeights(edgeWeights, pass, dmixed, dedges, to: gradients.edgeWeights)
      for i in 0..<n {
        message.addGradient(
          neighbors.row(i), dM + i * H, to: gradients.neighbors.map { $0 + i * inputDim }, own)
      }
    } else {
      unit.normBackward(pass.h, g, into: dh, own)
    }
    message.addGradient(node, dh, to: gradients.node, own)
    try requireGradients(gradients, n, edgeWeights.count)
    withExtendedLifetime((pass, work)) {}
  }

  /// ŵ = w/Σw:   dw_j += (dŵ_j − Σ ŵ dŵ)/Σw
  private func addWeights(
    _ weights: UnsafeBufferPointer<Float>, _ pass: Pass, _ dmixed: UnsafePointer<Float>,
    _ dedges: AlignedBuffer<Float>?, to out: UnsafeMutablePointer<Float>?
  ) {
    let sum = shares(weights.count, weights).sum
    guard let out, sum > 0 else { return }
    var each: [Double] = [], mean = 0.0
    for i in 0..<weights.count {
      var d = Double(Kernels.current.dot(pass.messages + i * hiddenDim, dmixed, hiddenDim))
      if let dedges { d += Double(dedges[i * attention.edgeDim]) }
      each.append(d)
      mean += d * pass.shares[i]
    }
    for i in 0..<weights.count { out[i] += Float((each[i] - mean) / sum) }
  }

  private func requireGradients(_ gradients: LayerGradients, _ n: Int, _ weights: Int) throws(RuvectorError) {
    let places = [
      (gradients.node, inputDim), (gradients.neighbors, n * inputDim), (gradients.edgeWeights, weights),
      (gradients.parameters?.all, parameters.total),
    ]
    for (place, count) in places {
      guard let place, Kernels.current.non_finite_probe(place, count) != 0 else { continue }
      throw .expected("gradients that fit in Float", for: "output", received: "an overflow", .outOfRange)
    }
  }
}
