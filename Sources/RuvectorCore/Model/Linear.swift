import CRuvectorSupport

/// y = W x + b with W row-major [out][in] and b [out]: the affine map of layers, on two slots of theirs (`Slot.linear`).
public final class Linear {
  public let weight: Parameter
  public let bias: Parameter
  public let inDim: Int
  public let outDim: Int

  public init(_ weight: Parameter, _ bias: Parameter) {
    (self.weight, self.bias) = (weight, bias)
    (outDim, inDim) = (weight.shape[0], weight.shape[1])
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

extension Parameters {
  /// The affine map of two slots.
  public func linear(_ weight: StaticString, _ bias: StaticString) -> Linear { Linear(self[weight], self[bias]) }
}
