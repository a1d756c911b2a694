import CRuvectorSupport

/// A linear map on many rows at once, by matrix products, and its gradient.
extension Linear {
  /// Y ← X Wᵀ + b: X [rows, in], `out` [rows, out] packed. O(rows · in · out).
  public func apply(
    rows x: MatrixView, into out: UnsafeMutablePointer<Float>, _ control: Control = .none
  ) throws(RuvectorError) {
    for r in 0..<x.rows { (out + r * outDim).update(from: bias.pointer, count: outDim) }
    try gemm(
      m: x.rows, n: outDim, k: inDim, .rows(x.base, stride: x.stride), .transposed(weight.pointer, stride: inDim), out,
      cStride: outDim, accumulate: true, threads: control.threads)
  }

  /// The same into memory of its own.
  public func apply(rows x: MatrixView, _ control: Control = .none) throws(RuvectorError) -> AlignedBuffer<Float> {
    let out = try AlignedBuffer<Float>(count: x.rows * outDim, for: "projection")
    try apply(rows: x, into: out.pointer, control)
    return out
  }

  /// With G = dL/dY [rows, out] packed: dX += G W ([rows, in] packed), and in `parameters` dW += Gᵀ X ([out, in]) and
  /// db += Σ G ([out]). nil: not wanted.
  public func backward(
    _ x: MatrixView, _ g: UnsafePointer<Float>, into dX: UnsafeMutablePointer<Float>?,
    parameters: Gradients?, _ control: Control = .none
  ) throws(RuvectorError) {
    if let dX {
      try gemm(
        m: x.rows, n: inDim, k: outDim, .rows(g, stride: outDim), .rows(weight.pointer, stride: inDim), dX,
        cStride: inDim, accumulate: true, threads: control.threads)
    }
    guard let parameters else { return }
    try gemm(
      m: outDim, n: inDim, k: x.rows, .transposed(g, stride: outDim), .rows(x.base, stride: x.stride),
      parameters[weight],
      cStride: inDim, accumulate: true, threads: control.threads)
    let bias = parameters[bias], kernels = Kernels.current
    for r in 0..<x.rows { kernels.add(bias, g + r * outDim, bias, outDim) }
  }
}
