import CRuvectorSupport
import RuvectorCore
import RuvectorGeometry

/// How an index compares vectors. Everything inside works with a *key* κ, a Float that is smaller for nearer vectors and
/// cheap to compute; the distance that callers see follows from it for the few that are returned.
///
/// | metric | κ(x, y) | distance |
/// |---|---|---|
/// | `cosine` | −x̂·ŷ, rows stored with norm 1 | 1 − cos(x, y); 1 where a norm is 0 |
/// | `ip` | −x·y | 1 − x·y (hnswlib's; not a distance in the sense of geometry) |
/// | `l2` | \|x − y\|² | \|x − y\|² (as hnswlib and faiss) |
/// | `poincare` | c\|x − y\|² f(x) f(y), f = 1/(1 − c\|·\|²) | (2/√c) asinh √κ |
/// | `lorentz` | that of the points projected to the ball | the same; x = (x₀, x⃗), −x₀² + \|x⃗\|² = −1/c |
///
/// Points of a ball are stored as √c x, in the unit ball, where neither their squares nor κ leave the range of Float. A
/// hyperboloid point x has the ball point x⃗ / (1 + √c x₀) with f = (1 + √c x₀)/2 (Nickel and Kiela 2018, §3.3), where the
/// difference of near points does not cancel as that of x₀ does.
public enum IndexMetric: UInt8, CaseIterable, Sendable {
  case cosine, l2, ip, poincare, lorentz

  var isHyperbolic: Bool { self == .poincare || self == .lorentz }
  /// Whether κ comes from products (else from differences).
  var isProduct: Bool { self == .cosine || self == .ip }
}

/// How rows are stored for the walk through the graph.
public enum RowStorage: UInt8, CaseIterable, Sendable {
  /// 32-bit floats.
  case f32
  /// IEEE binary16, each element rounded to nearest.
  case f16
  /// 8 bits an element and a scale a row: y_i ≈ s b_i, s = max|y|/127.
  case i8
}

/// A metric over vectors of one width.
struct Space {
  let metric: IndexMetric
  /// Elements of a caller's vector.
  let dim: Int
  /// Elements of a stored row; one less for points of the hyperboloid.
  let width: Int
  /// −K for hyperbolic metrics, 1 elsewhere.
  let c: Double
  private let ball: Ball

  init(_ metric: IndexMetric, dim: Int, c: Double) {
    (self.metric, self.dim, self.c) = (metric, dim, c)
    width = metric == .lorentz ? dim - 1 : dim
    ball = Ball(c: c, projection: .clip)
  }

  /// The caller's vector as it is stored, `width` floats, and its factor f (1 where there is none).
  /// `.nonFinite`, `.outOfRange`: a norm or a point that the metric cannot hold.
  func place(
    _ x: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>, _ name: @autoclosure () -> String
  ) throws(RuvectorError) -> Double {
    let n2 = Kernels.current.squared_norm(x, dim)
    guard n2.isFinite else {
      var at = 0
      while at < dim - 1, x[at].isFinite { at += 1 }
      throw .expected("finite numbers", for: name(), received: "\(text(Double(x[at]))) at element \(at)", .nonFinite)
    }
    switch metric {
    case .cosine:
      let scale = n2 > 0 ? 1 / n2.squareRoot() : 0
      for i in 0..<dim { out[i] = Float(Double(x[i]) * scale) }
      return 1
    case .l2, .ip:
      guard n2 <= 1e36 else {
        throw .expected("a norm up to 1e18", for: name(), received: text(n2.squareRoot()), .outOfRange)
      }
      out.update(from: x, count: dim)
      return 1
    case .poincare:
      let (factor, shrink) = ball.place(n2)
      let scale = shrink * c.squareRoot()
      for i in 0..<dim { out[i] = Float(Double(x[i]) * scale) }
      return factor
    case .lorentz:
      let spatial = Kernels.current.squared_norm(x + 1, width)
      let time = (1 / c + spatial).squareRoot()
      guard (Double(x[0]) - time).magnitude <= 1e-3 * time else {
        throw .expected(
          "a point of the hyperboloid (first element \(text(time)))", for: name(), received: text(Double(x[0])),
          .outOfRange)
      }
      let t = 1 + c.squareRoot() * time
      let inside = min(1, (1 - Ball.epsilon) * t / max((c * spatial).squareRoot(), .leastNormalMagnitude))
      let scale = inside / t * c.squareRoot()
      for i in 0..<width { out[i] = Float(Double(x[i + 1]) * scale) }
      return min(t / 2, 1 / Ball.rimGap)
    }
  }

  /// Whether an index of this space takes the rows: `.dimensionMismatch`, and what `place` says. `scratch`: `width` floats.
  func check(_ matrix: MatrixView, scratch: AlignedBuffer<Float>) throws(RuvectorError) {
    let n = matrix.rows
    guard matrix.dim == dim else {
      throw .dimension(n == 1 ? "vector" : "vectors[0]", expected: dim, received: matrix.dim)
    }
    for r in 0..<n { _ = try place(matrix.row(r), into: scratch.pointer, n == 1 ? "vector" : "vectors[\(r)]") }
  }

  /// What `place` was given, of a stored row (of the unit row for `cosine`, of the point on the rim where it was beyond).
  func restore(_ row: UnsafePointer<Float>, factor: Double, into out: UnsafeMutablePointer<Float>) {
    let root = c.squareRoot()
    switch metric {
    case .lorentz:
      let t = 2 * factor
      out[0] = Float((t - 1) / root)
      for i in 0..<width { out[i + 1] = Float(Double(row[i]) * t / root) }
    case .poincare: for i in 0..<dim { out[i] = Float(Double(row[i]) / root) }
    default: out.update(from: row, count: dim)
    }
  }

  /// The distance that a key stands for.
  @inline(__always) func distance(_ key: Float) -> Float {
    switch metric {
    case .cosine: return min(2, max(0, 1 + key))
    case .ip: return 1 + key
    case .l2: return key
    case .poincare, .lorentz:
      return Float(2 / c.squareRoot() * rv_asinh(Double(max(key, 0)).squareRoot()))
    }
  }
}
