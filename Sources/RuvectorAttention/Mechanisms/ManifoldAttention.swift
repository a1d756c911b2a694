import CRuvectorSupport
import RuvectorCore
import RuvectorGeometry

/// Attention by geodesic distance in a space of constant curvature:
///
///     s_ij^h = −d_h(Q_i^h, K_j^h)/T   (squared: −d_h²/T)      o_i = concat_h mean_h(V^h, softmax_j(s_ij^h))
///
/// The sectional curvature K says which space:
///
///     K < 0, model poincare   points of the ball (beyond the rim: pulled back to it), weighted midpoint
///     K < 0, model lorentz    space-like coordinates of the hyperboloid, any x; Lorentz centroid
///     K = 0                   ℝ^d: |x − y|, weighted mean
///     K > 0                   the sphere: x/|x| scaled to it; normalised mean
///
/// Heads are contiguous slices of d; each has a space of its own, whose ln|K| is a parameter (the sign stays).
/// Values are points of the same space and d wide, and so are outputs.
/// - Complexity: O(m · n · d). Precision: Double (`ManifoldHeads`).
///
/// Use it where the embeddings were trained in such a space. Reference: Gulcehre et al. 2019, "Hyperbolic Attention
/// Networks", section 3.1; Gu et al. 2019 for the sphere.
public final class ManifoldAttention: SpacedAttention, @unchecked Sendable {
  // MARK: - Options

  public static let name: StaticString = "manifold"
  public static let options = [
    AttentionOption.dim, AttentionOption.heads,
    Option(
      "curvature", .number(-1e30...1e30), standard: -1, "Sectional curvature of every head at first; its sign stays."),
    Option("model", .choice(["poincare", "lorentz"]), standard: 0, "Coordinates of points where K < 0."),
    AttentionOption.temperature,
    Option("squared", .flag, standard: 0, "1: scores from squared distances."),
  ]
  public let dim: Int
  public let heads: Int
  public let temperature: Double
  public let isSquared: Bool
  /// K of every head at first.
  public let curvature: Double
  /// Whether points are those of the hyperboloid where K < 0.
  public let isLorentz: Bool

  // MARK: - Weights

  public let parameters: Parameters
  /// ln|K|, one a head; nil for K = 0.
  private let logCurvature: Parameter?

  /// ln|K| as given, none for K = 0.
  public static func slots(_ settings: Settings) -> [Slot] {
    let curvature = settings.number("curvature"), heads = settings.integer("heads")
    guard curvature != 0 else { return [] }
    let log = Float(Double.log(curvature.magnitude))
    return [Slot("log_curvature", [heads], .numbers([Float](repeating: log, count: heads)))]
  }

  // MARK: - Creation

  public init(_ settings: Settings) throws(RuvectorError) {
    dim = settings.integer("dim")
    heads = try AttentionOption.heads(settings, dim: dim)
    temperature = settings.number("temperature")
    isSquared = settings.flag("squared")
    curvature = settings.number("curvature")
    isLorentz = settings.choice("model") == 1
    parameters = try Parameters(Self.slots(settings))
    logCurvature = parameters.first
  }

  public var optionValues: [Double] {
    [Double(dim), Double(heads), curvature, isLorentz ? 1 : 0, temperature, isSquared ? 1 : 0]
  }

  public func spaces(_ input: AttentionInput) throws(RuvectorError) -> ManifoldHeads {
    var spaces: [any Manifold] = []
    for h in 0..<heads {
      let magnitude = logCurvature.map { curvatureMagnitude($0[h]) } ?? 0, part = dim / heads
      if curvature == 0 {
        spaces.append(EuclideanManifold(dim: part))
      } else if curvature > 0 {
        spaces.append(try SphereManifold(dim: part, curvature: magnitude))
      } else if isLorentz {
        spaces.append(try LorentzManifold(dim: part, curvature: -magnitude))
      } else {
        spaces.append(try PoincareManifold(dim: part, curvature: -magnitude))
      }
    }
    return ManifoldHeads(input: input, spaces: spaces, temperature: temperature, isSquared: isSquared)
  }

  // MARK: - Gradient

  public var spaceParameters: Int { heads }

  public func add(_ gradient: [Double], to parameters: Gradients) {
    guard let logCurvature else { return }
    for h in 0..<heads { parameters[logCurvature][h] += Float(gradient[h]) }
  }
}

/// `v`, which must be the width of a point: values are points of the queries' space.
func requirePoints(_ v: Int, _ dim: Int) throws(RuvectorError) -> Int {
  guard v == dim else { throw .dimension("values[0]", expected: dim, received: v) }
  return v
}

/// |K| of a learned ln|K|, kept in 1e-30...1e30: training that runs away must not end in 0 or infinity.
func curvatureMagnitude(_ logarithm: Float) -> Double { Double.exp(min(max(Double(logarithm), -69), 69)) }
