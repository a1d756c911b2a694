import CRuvectorSupport
import RuvectorCore
import RuvectorGeometry

/// Attention in a product of a Euclidean, a hyperbolic and a spherical part:
///
///     s_ij = −(β_E |q_E − k_E|² + β_H d_H(q_H, k_H)² + β_S d_S(q_S, k_S)²)/T
///     o_i  = (mean, weighted midpoint, normalised mean) of the parts of V with p = softmax_j(s_ij)
///
/// The parts lie one after the other: d = euclideanDim + hyperbolicDim + sphericalDim; a part of width 0 is not there.
/// H is the Poincaré ball (points beyond the rim are pulled back to it), S the sphere (x/|x| scaled to it). Parameters:
/// ln β of each part that is there (0 at first), then ln|K| of H and of S. Values are points too and d wide.
/// - Complexity: O(m · n · d). Precision: Double (`ManifoldHeads`, `ProductManifold`).
///
/// References: Gu, Sala, Gunel, Ré 2019, "Learning Mixed-Curvature Representations in Products of Model Spaces"; Skopek,
/// Ganea, Bécigneul 2020, "Mixed-curvature Variational Autoencoders" (learned curvatures).
public final class MixedCurvature: SpacedAttention, @unchecked Sendable {
  // MARK: - Options

  public static let name: StaticString = "mixed_curvature"
  public static let options = [
    Option("euclideanDim", .integer(0...65_536), standard: 0, "Width of the Euclidean part."),
    Option("hyperbolicDim", .integer(0...65_536), "Width of the hyperbolic part."),
    Option("sphericalDim", .integer(0...65_536), standard: 0, "Width of the spherical part."),
    Option(
      "hyperbolicCurvature", .number(-1e30 ... -1e-30), standard: -1, "Curvature of the hyperbolic part at first."),
    Option("sphericalCurvature", .number(1e-30...1e30), standard: 1, "Curvature of the spherical part at first."),
    AttentionOption.temperature,
  ]
  public let euclideanDim: Int
  public let hyperbolicDim: Int
  public let sphericalDim: Int
  public let hyperbolicCurvature: Double
  public let sphericalCurvature: Double
  public let temperature: Double
  public var dim: Int { euclideanDim + hyperbolicDim + sphericalDim }

  // MARK: - Weights

  /// ln β of the parts that are there; ln|K| of the curved ones.
  private let logWeight: Parameter
  private let logCurvature: Parameter?
  public let parameters: Parameters

  public static func slots(_ settings: Settings) -> [Slot] {
    let parts = ["euclideanDim", "hyperbolicDim", "sphericalDim"].filter { settings.integer($0) > 0 }.count
    var logs: [Float] = []
    if settings.integer("hyperbolicDim") > 0 { logs.append(Float(Double.log(-settings.number("hyperbolicCurvature")))) }
    if settings.integer("sphericalDim") > 0 { logs.append(Float(Double.log(settings.number("sphericalCurvature")))) }
    let weight = Slot("log_weight", [parts], .zeros)
    return logs.isEmpty ? [weight] : [weight, Slot("log_curvature", [logs.count], .numbers(logs))]
  }

  // MARK: - Creation

  /// `.invalidConfig` where every part is empty.
  public init(_ settings: Settings) throws(RuvectorError) {
    euclideanDim = settings.integer("euclideanDim")
    hyperbolicDim = settings.integer("hyperbolicDim")
    sphericalDim = settings.integer("sphericalDim")
    hyperbolicCurvature = settings.number("hyperbolicCurvature")
    sphericalCurvature = settings.number("sphericalCurvature")
    temperature = settings.number("temperature")
    let dims = [euclideanDim, hyperbolicDim, sphericalDim]
    guard dims.contains(where: { $0 > 0 }) else {
      throw .expected(
        "at least 1 part", for: "euclideanDim, hyperbolicDim, sphericalDim", received: "0, 0, 0", .invalidConfig)
    }
    parameters = try Parameters(Self.slots(settings))
    logWeight = parameters["log_weight"]
    logCurvature = parameters.count > 1 ? parameters["log_curvature"] : nil
  }

  public var optionValues: [Double] {
    [
      Double(euclideanDim), Double(hyperbolicDim), Double(sphericalDim), hyperbolicCurvature, sphericalCurvature,
      temperature,
    ]
  }

  public func spaces(_ input: AttentionInput) throws(RuvectorError) -> ManifoldHeads {
    var parts: [any Manifold] = [], curvatures: [Double] = []
    if let logCurvature {
      for i in 0..<logCurvature.count { curvatures.append(curvatureMagnitude(logCurvature[i])) }
    }
    if euclideanDim > 0 { parts.append(EuclideanManifold(dim: euclideanDim)) }
    if hyperbolicDim > 0 {
      parts.append(try PoincareManifold(dim: hyperbolicDim, curvature: -curvatures.removeFirst()))
    }
    if sphericalDim > 0 { parts.append(try SphereManifold(dim: sphericalDim, curvature: curvatures.removeFirst())) }
    let β = (0..<logWeight.count).map { Double.exp(Double(logWeight[$0])) }
    return ManifoldHeads(
      input: input, spaces: [ProductManifold(parts, weights: β)], temperature: temperature, isSquared: true)
  }

  // MARK: - Gradient

  public var spaceParameters: Int { parameters.total }

  public func add(_ gradient: [Double], to parameters: Gradients) {
    for i in 0..<logWeight.count { parameters[logWeight][i] += Float(gradient[i]) }
    guard let logCurvature else { return }
    for i in 0..<logCurvature.count { parameters[logCurvature][i] += Float(gradient[logWeight.count + i]) }
  }
}
