import CRuvectorSupport
import RuvectorCore

/// Feature maps φ with φ(q)·φ(k) in the place of exp(q·k/√d), for attention in linear time.
///
///     positive (FAVOR+):   φ(x)_r = exp(ω_r·y − |y|²/2)/√M,  y = x/d^¼       E[φ(q)·φ(k)] = exp(q·k/√d)
///     elu:                 φ(x)_r = elu(x_r) + 1                              (M = d; another kernel, not an estimate)
///
/// ω [M, d]: blocks of d orthogonal directions, each with the length of a Gaussian vector (Choromanski et al. 2021,
/// "Rethinking Attention with Performers", equations 5 and 8 and section 2.4; Katharopoulos et al. 2020 for elu + 1).
struct RandomFeatures {
  /// ω; nil: elu.
  let directions: AlignedBuffer<Float>?
  /// ω/d^¼
  private let scaled: AlignedBuffer<Float>?
  let dim: Int
  /// M
  let count: Int

  init(elu dim: Int) { (directions, scaled, self.dim, count) = (nil, nil, dim, dim) }

  init(dim: Int, count: Int, seed: UInt64) throws(RuvectorError) {
    guard count <= (1 << 30) / dim else {
      throw .expected("at most 2^30 numbers", for: "features", received: "\(count) x \(dim)", .outOfMemory)
    }
    let memory = try AlignedBuffer<Float>(count: dim * count, for: "features")
    let block = try AlignedBuffer<Double>(count: dim * min(dim, count), for: "features")
    var random = Random(seed: seed)
    for r in 0..<count {
      let before = r % dim, x = block.pointer + before * dim
      var left = 0.0
      repeat {
        for i in 0..<dim { x[i] = random.normal() }
        left = dot(x, x, dim)
        // Against the directions before it, again where less than a tenth is left of it: that has lost digits.
        var whole: Double
        repeat {
          whole = left
          for b in 0..<before { add(-dot(x, block.pointer + b * dim, dim), block.pointer + b * dim, x, dim) }
          left = dot(x, x, dim)
        } while left < whole / 100
      } while left < 1e-12
      let length = left.squareRoot()
      for i in 0..<dim { x[i] /= length }
      var gaussian = 0.0
      for _ in 0..<dim {
        let z = random.normal()
        gaussian += z * z
      }
      for i in 0..<dim { memory[r * dim + i] = Float(x[i] * gaussian.squareRoot()) }
    }
    let scaled = try AlignedBuffer<Float>(count: dim * count, for: "features"), root = Double(dim).squareRoot()
    for i in 0..<scaled.count { scaled[i] = Float(Double(memory[i]) / root.squareRoot()) }
    (directions, self.scaled, self.dim, self.count) = (memory, scaled, dim, count)
  }

  /// ω·y (positive), which is ln φ + |y|²/2 up to a factor of all, or φ (elu), of rows: `out` [rows, M].
  func exponents(_ x: MatrixView, into out: UnsafeMutablePointer<Float>, _ control: Control) throws(RuvectorError) {
    guard let scaled else {
      for r in 0..<x.rows {
        for i in 0..<dim {
          out[r * dim + i] = x.row(r)[i] > 0 ? x.row(r)[i] + 1 : Float(Double.exp(Double(x.row(r)[i])))
        }
      }
      return
    }
    try gemm(
      m: x.rows, n: count, k: dim, .rows(x.base, stride: x.stride), .transposed(scaled.pointer, stride: dim), out,
      cStride: count, threads: control.threads)
  }

  /// |y|²/2 of rows.
  func halves(_ x: MatrixView, into out: UnsafeMutablePointer<Double>) {
    Kernels.current.squared_norm_rows(x.base, x.stride, x.rows, x.dim, out)
    let root = Double(dim).squareRoot()
    for r in 0..<x.rows { out[r] /= 2 * root }
  }

  /// ln φ (positive) or φ (elu) of one row in Double: no finite row leaves it. `scaled`: without |y|²/2, up to a factor of the
  /// row, which a quotient does not see.
  func exponents(of x: UnsafePointer<Float>, scaled: Bool, into out: UnsafeMutablePointer<Double>) {
    guard let directions else {
      for i in 0..<dim { out[i] = x[i] > 0 ? Double(x[i]) + 1 : Double.exp(Double(x[i])) }
      return
    }
    let root = Double(dim).squareRoot(), scale = 1 / root.squareRoot()
    var half = 0.0
    for i in 0..<dim where !scaled { half += Double(x[i]) * Double(x[i]) / root / 2 }
    for r in 0..<count {
      var sum = 0.0
      for i in 0..<dim { sum += Double(directions[r * dim + i]) * (scale * Double(x[i])) }
      out[r] = sum - half
    }
  }

  /// From `d` = dL/dφ [rows, M] and φ to dX += …: [rows, d], rows `stride` apart.
  func backward(
    _ x: MatrixView, _ φ: UnsafePointer<Float>, _ d: UnsafeMutablePointer<Float>, into dX: UnsafeMutablePointer<Float>
  ) throws(RuvectorError) {
    let kernels = Kernels.current
    guard let directions else {
      for r in 0..<x.rows {
        for i in 0..<dim { dX[r * dim + i] += d[r * dim + i] * (x.row(r)[i] > 0 ? 1 : φ[r * dim + i]) }
      }
      return
    }
    kernels.multiply(d, φ, d, x.rows * count)  // dL/d(ln φ)
    let root = Double(dim).squareRoot(), scale = Float(1 / root.squareRoot())
    let g = try AlignedBuffer<Float>(count: x.rows * dim, for: "gradients")
    try gemm(
      m: x.rows, n: dim, k: count, .rows(d, stride: count), .rows(directions.pointer, stride: dim), g.pointer,
      cStride: dim)
    for r in 0..<x.rows {
      kernels.axpy(scale, g.pointer + r * dim, dX + r * dim, dim)
      kernels.axpy(-kernels.sum(d + r * count, count) / Float(root), x.row(r), dX + r * dim, dim)
    }
  }
}

/// Σ x_i y_i, in eight sums.
@inline(__always)
private func dot(_ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ n: Int) -> Double {
  var sums = SIMD8<Double>(repeating: 0), total = 0.0, i = 0
  while i &+ 8 <= n {
    let a = UnsafeRawPointer(x + i).loadUnaligned(as: SIMD8<Double>.self)
    sums += a * UnsafeRawPointer(y + i).loadUnaligned(as: SIMD8<Double>.self)
    i &+= 8
  }
  while i < n {
    total += x[i] * y[i]
    i &+= 1
  }
  return total + sums.sum()
}

/// y += a x
@inline(__always)
private func add(_ a: Double, _ x: UnsafePointer<Double>, _ y: UnsafeMutablePointer<Double>, _ n: Int) {
  for i in 0..<n { y[i] += a * x[i] }
}
