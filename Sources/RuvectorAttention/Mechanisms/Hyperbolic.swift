import CRuvectorSupport
import RuvectorCore
import RuvectorGeometry

/// Attention in the Poincaré ball of sectional curvature K = −c:
///
///     s_ij = −d(q̃_i, k̃_j)/T        p = softmax(s)        o_i = mean(ṽ, p_i)
///     q̃ = W_q ⊗ q,   k̃ = W_k ⊗ k,   ṽ = W_v ⊗ v,        W ⊗ x = expMap0(W logMap0(x))
///
/// q [m, d], k [n, d], v [n, d] points of the ball; those beyond the rim are pulled back to it. Without `maps` q̃ = q and so
/// on. The mean is the weighted midpoint (Lorentz centroid), or with `frechet` the Fréchet mean; both lie strictly inside
/// the ball. A query that sees no key gives 0, the origin.
/// - Complexity: O(m · n · d), maps O((m + n) · d²); the Fréchet mean some 3 to 10 times as long.
/// - Precision: scores and midpoints in Float (`HyperbolicHead`), Fréchet means in Double (`FrechetRows`), what leaves Float
///   again in Double; all of `weights` and `backward` in Double.
///
/// Use it where points were trained in the ball. On ordinary unit-norm embeddings all points lie on the rim and the order
/// is that of the cosine. References: Gulcehre et al. 2019, "Hyperbolic Attention Networks"; Ganea et al. 2018;
/// `PoincareManifold`, `KarcherManifold` for the means and their gradients.
public final class Hyperbolic: Attention, @unchecked Sendable {
  // MARK: - Options

  public static let name: StaticString = "hyperbolic"
  public static let options = [
    AttentionOption.dim,
    Option("curvature", .number(-1e30 ... -1e-30), standard: -1, "Sectional curvature K of the ball."),
    AttentionOption.temperature,
    Option("maps", .flag, standard: 0, "1: learned W_q, W_k, W_v, at first the identity."),
    Option(
      "frechet", .flag, standard: 0,
      "1: values are averaged by their Frechet mean, which takes 3 to 10 times as long as the midpoint."),
  ]
  public let dim: Int
  public let curvature: Double
  public let temperature: Double
  public let isFrechet: Bool

  // MARK: - Weights

  public let parameters: Parameters
  private let maps: (query: TangentMap, key: TangentMap, value: TangentMap)?

  /// Identities.
  public static func slots(_ settings: Settings) -> [Slot] {
    guard settings.flag("maps") else { return [] }
    let dim = settings.integer("dim")
    return [
      Slot("query.weight", [dim, dim], .identity), Slot("key.weight", [dim, dim], .identity),
      Slot("value.weight", [dim, dim], .identity),
    ]
  }

  // MARK: - Creation

  public init(_ settings: Settings) throws(RuvectorError) {
    dim = settings.integer("dim")
    curvature = settings.number("curvature")
    temperature = settings.number("temperature")
    isFrechet = settings.flag("frechet")
    parameters = try Parameters(Self.slots(settings))
    maps =
      !settings.flag("maps")
      ? nil
      : (
        TangentMap(parameters["query.weight"], curvature: curvature),
        TangentMap(parameters["key.weight"], curvature: curvature),
        TangentMap(parameters["value.weight"], curvature: curvature)
      )
  }

  public var optionValues: [Double] {
    [Double(dim), curvature, temperature, maps == nil ? 0 : 1, isFrechet ? 1 : 0]
  }

  public func outputDim(values v: Int) throws(RuvectorError) -> Int { try requirePoints(v, dim) }

  // MARK: - Input as the head sees it

  private final class Mapped {
    let images: [TangentMap.Image]
    let input: AttentionInput

    init(_ images: [TangentMap.Image], _ input: AttentionInput) { (self.images, self.input) = (images, input) }
  }

  private func mapped(_ input: AttentionInput, _ control: Control) throws(RuvectorError) -> Mapped {
    guard let maps else { return Mapped([], input) }
    let q = try maps.query.apply(input.queries, "queries", control)
    let k = try maps.key.apply(input.keys, "keys", control)
    let v = try maps.value.apply(input.values, "values", control)
    var inner = input.replacing(queries: q.view, keys: k.view)
    inner.values = v.view
    return Mapped([q, k, v], inner)
  }

  /// The same in Double.
  private func exact(_ input: AttentionInput) throws(RuvectorError) -> ManifoldHeads {
    let space: any Manifold =
      isFrechet
      ? try KarcherManifold(dim: dim, curvature: curvature) : try PoincareManifold(dim: dim, curvature: curvature)
    return ManifoldHeads(input: input, spaces: [space], temperature: temperature, isSquared: false)
  }

  // MARK: - Forward

  public func forward(
    _ input: AttentionInput, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    let mapped = try mapped(input, control), kernels = Kernels.current
    let head = try HyperbolicHead(mapped.input, curvature: curvature, temperature: temperature, isFrechet: isFrechet)
    let means = isFrechet ? try FrechetHead(head) : nil
    try forChunks(of: input.queries.rows, control) { (queries, _) throws(RuvectorError) in
      let work = try HyperbolicHead.Scratch(dim: dim), frechet = try means.map(FrechetHead.Scratch.init)
      for i in queries {
        let o = out + i * dim
        if let means, let frechet {
          if try means.forward(i, into: o, frechet, kernels) { continue }
        } else if try head.forward(i, into: o, work, kernels) {
          continue
        }
        var alone = mapped.input
        alone.queries = mapped.input.queries.slice(i..<(i + 1))
        alone.mask = alone.mask.map { $0 + i * alone.maskStride }
        alone.offsets = alone.offsets.map { $0 + i }
        try exact(alone).forward(into: o, .none)
      }
    }
    try requireRange(out, input.queries.rows * dim, input)
    withExtendedLifetime(mapped) {}
  }

  public func weights(
    _ input: AttentionInput, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    let mapped = try mapped(input, control)
    try exact(mapped.input).weights(into: out, control)
    withExtendedLifetime(mapped) {}
  }

  // MARK: - Gradient

  public func backward(
    _ input: AttentionInput, outputGradient: UnsafePointer<Float>, into gradients: AttentionGradients,
    _ control: Control
  ) throws(RuvectorError) {
    var curvature = 0.0
    guard let maps else {
      return try exact(input).backward(
        outputGradient: outputGradient, into: gradients, parameters: &curvature, control)
    }
    let mapped = try mapped(input, control), m = input.queries.rows, n = input.keys.rows
    let inner = try AlignedBuffer<Float>(count: (m + 2 * n) * dim, repeating: 0, for: "gradients")
    let q = inner.pointer, k = q + m * dim, v = k + n * dim
    try exact(mapped.input).backward(
      outputGradient: outputGradient, into: AttentionGradients(queries: q, keys: k, values: v),
      parameters: &curvature, control)
    let all = [
      (maps.query, input.queries, q, gradients.queries), (maps.key, input.keys, k, gradients.keys),
      (maps.value, input.values, v, gradients.values),
    ]
    for (i, (map, x, g, place)) in all.enumerated() {
      try map.backward(x, mapped.images[i], g, into: place, parameters: gradients.parameters, control)
    }
  }
}
