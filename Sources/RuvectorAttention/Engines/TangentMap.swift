import CRuvectorSupport
import RuvectorCore
import RuvectorGeometry

/// A learned map of the Poincaré ball through the tangent space at the origin (Ganea, Bécigneul, Hofmann 2018, "Hyperbolic
/// Neural Networks", definition 3.2, Möbius matrix-vector multiplication):
///
///     y = expMap0(W logMap0(x))      logMap0(x) = atanh(√c|x|)/(√c|x|) x      expMap0(u) = tanh(√c|u|)/(√c|u|) u
///
/// W [d, d]; with the identity y = x. Points beyond the rim are pulled back to it on both sides.
/// - Complexity: O(d²) a row, as one matrix product for all. Precision: Float, lengths in Double.
final class TangentMap: @unchecked Sendable {
  /// W
  private let weight: Parameter
  private let dim: Int
  private let c: Double

  init(_ weight: Parameter, curvature: Double) { (self.weight, dim, c) = (weight, weight.shape[0], -curvature) }

  /// f(x) = s(|x|) x along each ray, with f' of its length.
  private struct Radial {
    let scale: Double
    /// s'(r)/r; nil where the length of the result is constant.
    let slope: Double?

    /// logMap0 at √c|x| = r, or at the rim.
    static func logarithm(_ r: Double, c: Double) -> Radial {
      let limit = 1 - Ball.epsilon
      guard r <= limit else { return Radial(scale: Double.atanh(limit) / r, slope: nil) }
      guard r > 1e-5 else { return Radial(scale: 1, slope: 0) }  // the next terms are r²/3, below Float
      let s = Double.atanh(r) / r
      return Radial(scale: s, slope: c * (1 / ((1 - r) * (1 + r)) - s) / (r * r))
    }

    /// expMap0 at √c|u| = r, up to the rim.
    static func exponential(_ r: Double, c: Double) -> Radial {
      guard r > 1e-5 else { return Radial(scale: 1, slope: 0) }
      let t = Double.tanh(r), limit = 1 - Ball.epsilon
      guard t <= limit else { return Radial(scale: limit / r, slope: nil) }
      let s = t / r
      return Radial(scale: s, slope: c * ((1 - t) * (1 + t) - s) / (r * r))
    }

    /// gx += J_f(x)ᵀ g
    func addGradient(
      _ x: UnsafePointer<Float>, _ g: UnsafePointer<Float>, _ n: Int, into gx: UnsafeMutablePointer<Float>
    ) {
      var along = 0.0, square = 0.0
      for i in 0..<n {
        along += Double(x[i]) * Double(g[i])
        square += Double(x[i]) * Double(x[i])
      }
      let radial = slope.map { $0 * along } ?? (square > 0 ? -scale * along / square : 0)
      for i in 0..<n { gx[i] += Float(scale * Double(g[i]) + radial * Double(x[i])) }
    }
  }

  private func radius(_ x: UnsafePointer<Float>) -> Double { (c * Kernels.current.squared_norm(x, dim)).squareRoot() }

  /// Images of rows and what the gradient needs again.
  final class Image {
    /// logMap0(x), W logMap0(x), y: [rows, d] each.
    let tangents, mapped, points: AlignedBuffer<Float>
    let view: MatrixView

    init(
      _ tangents: AlignedBuffer<Float>, _ mapped: AlignedBuffer<Float>, _ points: AlignedBuffer<Float>,
      _ view: MatrixView
    ) {
      (self.tangents, self.mapped, self.points, self.view) = (tangents, mapped, points, view)
    }
  }

  func apply(_ x: MatrixView, _ name: String, _ control: Control) throws(RuvectorError) -> Image {
    let count = x.rows * dim
    let tangents = try AlignedBuffer<Float>(count: count, for: "points")
    let mapped = try AlignedBuffer<Float>(count: count, for: "points")
    let points = try AlignedBuffer<Float>(count: count, for: "points")
    for r in 0..<x.rows {
      try requireFinite(x.row(r), count: dim, for: "\(name)[\(r)]")
      scaleRow(x.row(r), dim, Radial.logarithm(radius(x.row(r)), c: c).scale, into: tangents.pointer + r * dim)
    }
    try gemm(
      m: x.rows, n: dim, k: dim, .rows(tangents.pointer, stride: dim), .transposed(weight.pointer, stride: dim),
      mapped.pointer, cStride: dim, threads: control.threads)
    for r in 0..<x.rows {
      let u = mapped.pointer + r * dim
      guard Kernels.current.non_finite_probe(u, dim) == 0 else {
        throw .expected("a result that fits in Float", for: "weights", received: "an overflow", .outOfRange)
      }
      scaleRow(u, dim, Radial.exponential(radius(u), c: c).scale, into: points.pointer + r * dim)
    }
    return Image(tangents, mapped, points, MatrixView(points.pointer, rows: x.rows, dim: dim))
  }

  /// From `g` = dL/dy ([rows, d] packed) to dL/dx and, in `parameters`, dL/dW.
  func backward(
    _ x: MatrixView, _ image: Image, _ g: UnsafePointer<Float>, into dX: UnsafeMutablePointer<Float>?,
    parameters: Gradients?, _ control: Control
  ) throws(RuvectorError) {
    let count = x.rows * dim
    let inner = try AlignedBuffer<Float>(count: count, repeating: 0, for: "gradients")
    for r in 0..<x.rows {
      let u = image.mapped.pointer + r * dim
      Radial.exponential(radius(u), c: c).addGradient(u, g + r * dim, dim, into: inner.pointer + r * dim)
    }
    if let parameters {
      try gemm(
        m: dim, n: dim, k: x.rows, .transposed(inner.pointer, stride: dim),
        .rows(image.tangents.pointer, stride: dim), parameters[weight], cStride: dim, accumulate: true,
        threads: control.threads
      )
    }
    guard let dX else { return }
    let outer = try AlignedBuffer<Float>(count: count, for: "gradients")
    try gemm(
      m: x.rows, n: dim, k: dim, .rows(inner.pointer, stride: dim), .rows(weight.pointer, stride: dim), outer.pointer,
      cStride: dim, threads: control.threads)
    for r in 0..<x.rows {
      Radial.logarithm(radius(x.row(r)), c: c).addGradient(
        x.row(r), outer.pointer + r * dim, dim, into: dX + r * dim)
    }
  }
}

/// out ← factor · x, whose products fit in Float although the factor need not.
func scaleRow(_ x: UnsafePointer<Float>, _ n: Int, _ factor: Double, into out: UnsafeMutablePointer<Float>) {
  if Float(factor).isNormal {
    Kernels.current.scale(Float(factor), x, out, n)
  } else {
    for i in 0..<n { out[i] = Float(Double(x[i]) * factor) }
  }
}
