import CRuvectorSupport
import RuvectorCore

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
  public static let epsilon = 1e-5
  /// 1 − c|y|² of a point on the rim, as the analytic 1 − (1 − ε)², not recomputed from rounded coordinates: so
  /// points that all sit on the rim keep their cosine order exactly.
  public static let rimGap = epsilon * (2 - epsilon)

  /// How far the norm of coordinates that were rounded to Float may lie from what it was, relatively.
  public static let slack = 0x1p-23

  public init(c: Double, projection: Projection) { (self.c, self.projection) = (c, projection) }

  /// For a vector of squared norm `n2`: the factor 1/(1 − c|y|²) of its point y, and y = shrink · x. A point that rounding
  /// alone keeps from the rim counts as on it.
  public func place(_ n2: Double) -> (factor: Double, shrink: Double) {
    let square = c * n2
    if case .clip = projection, square < 0.99 { return (1 / (1 - square), 1) }  // the same without a root: most points
    let r = square.squareRoot()
    switch projection {
    case .clip where r <= (1 - Ball.epsilon) * (1 - Ball.slack): return (1 / (1 - c * n2), 1)
    case .clip where r <= (1 - Ball.epsilon) * (1 + Ball.slack): return (1 / Ball.rimGap, 1)
    case .expMap where r == 0: return (1, 1)
    case .expMap:
      let t = rv_tanh(r)  // 1 − tanh² = 1/cosh²
      if t <= 1 - Ball.epsilon { return (rv_cosh(r) * rv_cosh(r), t / r) }
    default: break
    }
    return (1 / Ball.rimGap, (1 - Ball.epsilon) / r)
  }
}
