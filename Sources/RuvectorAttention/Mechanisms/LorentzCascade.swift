import CRuvectorSupport
import RuvectorCore
import RuvectorGeometry

/// Attention on hyperboloids of several curvatures at once: a cascade of views from nearly flat to strongly curved.
///
///     s_ij^h = −d_L(Q_i^h, K_j^h)/T       o_i = concat_h centroid(V^h, softmax_j(s_ij^h))
///     K_h from `curvatureFrom` to `curvatureTo`, equally far apart in ln|K|; one head has their geometric mean
///
/// Heads are contiguous slices of d, each the space-like coordinates of a point of its hyperboloid (`LorentzManifold`: no
/// coordinate is lost, no point is moved). ln|K_h| is a parameter. Values are points too and d wide.
/// - Complexity: O(m · n · d). Precision: Double.
///
/// References: Nickel, Kiela 2018 (the Lorentz model); Law et al. 2019, theorem 3.2 (the centroid). The cascade of
/// curvatures is that of the existing package, whose "midpoint" of equal points is another point.
public final class LorentzCascade: SpacedAttention, @unchecked Sendable {
  // MARK: - Options

  public static let name: StaticString = "lorentz_cascade"
  public static let options = [
    AttentionOption.dim, AttentionOption.heads,
    Option(
      "curvatureFrom", .number(-1e30 ... -1e-30), standard: -0.1, "Sectional curvature of the first head at first."),
    Option("curvatureTo", .number(-1e30 ... -1e-30), standard: -2, "Sectional curvature of the last head at first."),
    AttentionOption.temperature,
  ]
  public let dim: Int
  public let heads: Int
  public let curvatureFrom: Double
  public let curvatureTo: Double
  public let temperature: Double

  // MARK: - Weights

  /// ln|K_h|, [heads].
  let logCurvature: Parameter
  public let parameters: Parameters

  /// Equally far apart between ln|K| of the first and of the last head.
  public static func slots(_ settings: Settings) -> [Slot] {
    let heads = settings.integer("heads"), first = Double.log(-settings.number("curvatureFrom"))
    let last = Double.log(-settings.number("curvatureTo"))
    var logs: [Float] = []
    for h in 0..<heads {
      let t = heads == 1 ? 0.5 : Double(h) / Double(heads - 1)
      logs.append(Float(first + t * (last - first)))
    }
    return [Slot("log_curvature", [heads], .numbers(logs))]
  }

  // MARK: - Creation

  public init(_ settings: Settings) throws(RuvectorError) {
    dim = settings.integer("dim")
    heads = try AttentionOption.heads(settings, dim: dim)
    curvatureFrom = settings.number("curvatureFrom")
    curvatureTo = settings.number("curvatureTo")
    temperature = settings.number("temperature")
    parameters = try Parameters(Self.slots(settings))
    logCurvature = parameters["log_curvature"]
  }

  public var optionValues: [Double] { [Double(dim), Double(heads), curvatureFrom, curvatureTo, temperature] }

  public func spaces(_ input: AttentionInput) throws(RuvectorError) -> ManifoldHeads {
    var spaces: [any Manifold] = []
    for h in 0..<heads {
      spaces.append(try LorentzManifold(dim: dim / heads, curvature: -curvatureMagnitude(logCurvature[h])))
    }
    return ManifoldHeads(input: input, spaces: spaces, temperature: temperature, isSquared: false)
  }

  // MARK: - Gradient

  public var spaceParameters: Int { heads }

  public func add(_ gradient: [Double], to parameters: Gradients) {
    for h in 0..<heads { parameters[logCurvature][h] += Float(gradient[h]) }
  }
}
