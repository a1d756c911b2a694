import CRuvectorSupport
import RuvectorCore

/// How a query is compared with candidates.
public enum Metric: Equatable {
  /// s = q·y / (|q| |y|), 0 where a norm is 0; the logit of a candidate is s.
  case cosine
  /// Distance in the Poincaré ball of sectional curvature −c; the logit of a candidate is −d.
  case poincare(c: Double)

  /// The ball of sectional curvature `curvature` < 0.
  public static func poincare(curvature: Double) throws(RuvectorError) -> Metric {
    guard curvature < 0, curvature.isFinite else {
      throw .expected(
        "a finite number < 0 (sectional curvature)", for: "curvature", received: text(curvature), .invalidConfig)
    }
    return .poincare(c: -curvature)
  }
}

/// The rim of the ball: points farther out than (1 − ε)/√c are pulled back to that radius.
enum Rim {
  static let epsilon = 1e-5
  /// 1 − c|y|² of a point on the rim, as the analytic 1 − (1 − ε)², not recomputed from rounded coordinates: so
  /// points that all sit on the rim (unit-norm embeddings) keep their cosine order exactly.
  static let gap = epsilon * (2 - epsilon)

  /// For a point of squared norm `n2`: the factor 1/(1 − c|y|²), and the shrinking that brings it into the ball
  /// (1 inside).
  @inline(__always) static func factor(_ n2: Double, c: Double) -> (factor: Double, shrink: Double) {
    let r2 = c * n2
    if r2 <= (1 - epsilon) * (1 - epsilon) { return (1 / (1 - r2), 1) }
    return (1 / gap, (1 - epsilon) / r2.squareRoot())
  }
}

/// Squared norm of finite elements in Double, never infinite: |x_i| < 2¹²⁸ leaves room for 2⁷⁶⁷ elements.
func squaredNorm(_ x: UnsafePointer<Float>, _ dim: Int) -> Double { Kernels.current.squared_norm(x, dim) }
