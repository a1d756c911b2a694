import RuvectorCore
import RuvectorGeometry

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

/// Squared norm of finite elements in Double, never infinite: |x_i| < 2¹²⁸ leaves room for 2⁷⁶⁷ elements.
func squaredNorm(_ x: UnsafePointer<Float>, _ dim: Int) -> Double { Kernels.current.squared_norm(x, dim) }
