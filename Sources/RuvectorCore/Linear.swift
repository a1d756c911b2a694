import CRuvectorSupport

/// y = W x + b with W row-major [out][in] and b [out]: the affine map of layers. Owns its weights.
public final class Linear {
  /// W, `outDim` × `inDim`, row-major.
  public let weight: AlignedBuffer<Float>
  /// b, `outDim`.
  public let bias: AlignedBuffer<Float>
  public let inDim: Int
  public let outDim: Int

  /// Xavier-normal weights, zero bias.
  public init(_ inDim: Int, _ outDim: Int, random: inout Random) throws(RuvectorError) {
    let (count, overflow) = inDim.multipliedReportingOverflow(by: outDim)
    guard !overflow else {
      throw .expected("sizes that fit in memory", for: "weights", received: "\(outDim) x \(inDim)", .outOfMemory)
    }
    weight = try AlignedBuffer(count: count, for: "weights")
    bias = try AlignedBuffer(count: outDim, repeating: 0, for: "bias")
    (self.inDim, self.outDim) = (inDim, outDim)
    random.xavierNormal(weight.pointer, fanIn: inDim, fanOut: outDim)
  }

  /// y ← W x + b. O(in · out).
  public func apply(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ kernels: KernelTable) {
    kernels.dot_rows(x, weight.pointer, inDim, outDim, inDim, y)
    kernels.add(y, bias.pointer, y, outDim)
  }

  /// y ← W x.
  public func applyWeight(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ kernels: KernelTable) {
    kernels.dot_rows(x, weight.pointer, inDim, outDim, inDim, y)
  }

  /// x += Wᵀ y: the same weights read the other way, as gradients and folded projections need them.
  public func addTransposed(_ y: UnsafePointer<Float>, _ x: UnsafeMutablePointer<Float>, _ kernels: KernelTable) {
    kernels.combine_rows(y, weight.pointer, inDim, outDim, inDim, x)
  }
}
