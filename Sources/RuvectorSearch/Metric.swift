import CRuvectorSupport
import RuvectorCore

/// How a query is compared with candidates.
public enum Metric: Equatable, Sendable {
  /// s = q·y / (|q| |y|), 0 where a norm is 0; the logit of a candidate is s.
  case cosine
  /// Distance in the Poincaré ball of sectional curvature −c; the logit of a candidate is −d.
  case poincare(Ball)

  /// The ball of sectional curvature `curvature` < 0.
  public static func poincare(
    curvature: Double, projection: Ball.Projection = .clip
  ) throws(RuvectorError) -> Metric {
    guard curvature < 0, curvature.isFinite else {
      throw .expected(
        "a finite number < 0 (sectional curvature)", for: "curvature", received: text(curvature), .invalidConfig)
    }
    return .poincare(Ball(c: -curvature, projection: projection))
  }
}

/// The Poincaré ball of curvature −c, and how vectors are placed in it.
public struct Ball: Equatable, Sendable {
  public enum Projection: UInt32, Sendable {
    /// Coordinates are points; those beyond the rim are pulled back to it. Ordinary unit-norm embeddings all end
    /// on the rim, where the order is that of the cosine and the weights are nearly uniform.
    case clip = 0
    /// Coordinates are tangent vectors at the origin: x ↦ tanh(√c|x|) x / (√c|x|) (expMap0), queries too.
    case expMap = 1
  }

  public let c: Double
  public let projection: Projection

  /// Points farther out than (1 − ε)/√c are pulled back to that radius.
  static let epsilon = 1e-5
  /// 1 − c|y|² of a point on the rim, as the analytic 1 − (1 − ε)², not recomputed from rounded coordinates: so
  /// points that all sit on the rim keep their cosine order exactly.
  static let rimGap = epsilon * (2 - epsilon)

  /// For a vector of squared norm `n2`: the factor 1/(1 − c|y|²) of its point y, and y = shrink · x.
  func place(_ n2: Double) -> (factor: Double, shrink: Double) {
    let r = (c * n2).squareRoot()
    switch projection {
    case .clip where r <= 1 - Ball.epsilon: return (1 / (1 - c * n2), 1)
    case .expMap where r == 0: return (1, 1)
    case .expMap:
      let t = rv_tanh(r)  // 1 − tanh² = 1/cosh²
      if t <= 1 - Ball.epsilon { return (rv_cosh(r) * rv_cosh(r), t / r) }
    default: break
    }
    return (1 / Ball.rimGap, (1 - Ball.epsilon) / r)
  }
}

/// Squared norm of finite elements in Double, never infinite: |x_i| < 2¹²⁸ leaves room for 2⁷⁶⁷ elements.
func squaredNorm(_ x: UnsafePointer<Float>, _ dim: Int) -> Double { Kernels.current.squared_norm(x, dim) }
