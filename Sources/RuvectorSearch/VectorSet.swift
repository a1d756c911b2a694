import RuvectorCore
import RuvectorGeometry

/// Candidates that stay in native memory: n × d floats, packed and 64-byte aligned, checked for NaN and infinity
/// once, with the norms cached. The fast path for repeated queries.
///
/// The rows never change, so any number of threads may search one set; the factors of the hyperbolic metric are
/// computed at the first search with a curvature and kept for the next ones with the same curvature.
public final class VectorSet: @unchecked Sendable {
  let buffer: AlignedBuffer<Float>
  public let rows: Int
  public let dim: Int

  /// 1/|y|, 0 for a zero row.
  let inverseNorms: AlignedBuffer<Float>
  /// Rows whose squared norm leaves the safe range of Float arithmetic; scored in Double.
  let extremes: [Int]

  private let lock: Lock
  private var view: BallView?

  /// Copies `rows` × `dim` floats. `.emptyInput` for dim 0 with rows, `.nonFinite` for NaN or infinity (the message
  /// names row and element), `.outOfMemory`. O(rows · dim).
  public convenience init(copying data: UnsafePointer<Float>, rows: Int, dim: Int) throws(RuvectorError) {
    let (count, overflow) = rows.multipliedReportingOverflow(by: dim)
    guard !overflow, rows >= 0, dim >= 0, UInt32(exactly: rows) != nil else {
      throw .expected("sizes that fit in memory", for: "vectors", received: "\(rows) x \(dim)", .outOfMemory)
    }
    guard rows == 0 || dim > 0 else {
      throw .expected("at least 1 element", for: "vectors[0]", received: "0", .emptyInput)
    }
    // Everything that throws comes before the object: Embedded Swift leaks one that ends half made.
    let lock = try Lock()
    let buffer = try AlignedBuffer<Float>(copying: data, count: count, for: "vectors")
    let inverseNorms = try AlignedBuffer<Float>(count: rows, for: "norms")
    var extremes: [Int] = []
    for r in 0..<rows {
      let n2 = squaredNorm(buffer.pointer + r * dim, dim)
      guard n2.isFinite else {
        for i in 0..<dim where !buffer[r * dim + i].isFinite {
          throw .expected(
            "finite numbers", for: "vectors[\(r)]",
            received: "\(text(Double(buffer[r * dim + i]))) at element \(i)", .nonFinite)
        }
        continue
      }
      inverseNorms[r] = n2 > 0 ? Float(min(1 / n2.squareRoot(), Double(Float.greatestFiniteMagnitude))) : 0
      if n2 > 0, n2 < SafeRange.low || n2 > SafeRange.high { extremes.append(r) }
    }
    self.init(buffer, inverseNorms, extremes, rows: rows, dim: dim, lock)
  }

  private init(
    _ buffer: AlignedBuffer<Float>, _ inverseNorms: AlignedBuffer<Float>, _ extremes: [Int], rows: Int, dim: Int,
    _ lock: Lock
  ) {
    (self.buffer, self.inverseNorms, self.extremes, self.lock) = (buffer, inverseNorms, extremes, lock)
    (self.rows, self.dim) = (rows, dim)
  }

  public var matrix: MatrixView { MatrixView(buffer.pointer, rows: rows, dim: dim) }

  /// Native memory held, in bytes.
  public var byteCount: Int { (rows &* dim &+ rows) &* 4 }

  /// The set placed in `ball`: computed once, then shared.
  func view(from ball: Ball) throws(RuvectorError) -> BallView {
    if let known = lock.locked({ view }), known.ball == ball { return known }
    let made = try BallView(self, ball)
    lock.locked { view = made }
    return made
  }
}

/// Squared norms whose Float arithmetic neither overflows nor loses digits to underflow.
enum SafeRange {
  static let low = 1e-24
  static let high = 1e36
  @inline(__always) static func contains(_ n2: Float) -> Bool { n2 > 1e-24 && n2 < 1e36 }
}

/// Rows placed in a ball with their factors 1/(1 − c|y|²). Where no row moves, the rows are the set's own.
final class BallView {
  let ball: Ball
  let factors: AlignedBuffer<Float>
  private let projected: AlignedBuffer<Float>?
  private let own: AlignedBuffer<Float>
  var base: UnsafePointer<Float> { UnsafePointer((projected ?? own).pointer) }

  init(_ set: VectorSet, _ ball: Ball) throws(RuvectorError) {
    self.ball = ball
    own = set.buffer
    factors = try AlignedBuffer(count: set.rows, for: "ball factors")
    let dim = set.dim
    var projected: AlignedBuffer<Float>?
    for r in 0..<set.rows {
      let (factor, shrink) = ball.place(squaredNorm(own.pointer + r * dim, dim))
      factors[r] = Float(factor)
      guard shrink != 1 else { continue }
      if projected == nil { projected = try AlignedBuffer(copying: own.pointer, count: own.count, for: "ball") }
      if let p = projected?.pointer { scaleRow(p + r * dim, dim, shrink, into: p + r * dim, Kernels.current) }
    }
    self.projected = projected
  }
}

/// out ← factor · x, whose products fit in Float although the factor need not (it may be subnormal, or infinite).
func scaleRow(
  _ x: UnsafePointer<Float>, _ dim: Int, _ factor: Double, into out: UnsafeMutablePointer<Float>,
  _ kernels: KernelTable
) {
  if Float(factor).isNormal {
    kernels.scale(Float(factor), x, out, dim)
  } else {
    for i in 0..<dim { out[i] = Float(Double(x[i]) * factor) }
  }
}
