import RuvectorCore

/// The orthogonality regulariser: the rows of a matrix are to be orthonormal, or its columns where it has fewer of them.
///
///     L = weight |X Xᵀ − I|²  (n ≤ d)     weight |Xᵀ X − I|²  (n > d)     dL/dX = 4 weight (X Xᵀ − I) X, or 4 weight X (Xᵀ X − I)
///
/// x [n, d]; |·| the Frobenius norm.
/// - Complexity: O(n · d · min(n, d)). Memory O(min(n, d)²). Precision: products in Float, their sum in Double.
///
/// Reference: Brock et al. 2017, "Neural photo editing with introspective adversarial networks", section 4.3 (its square).
public final class OrthogonalityRegularizer: Loss, Sendable {
  // MARK: - Options

  public static let name: StaticString = "orthogonality"
  public static let options = [regularizerWeight]
  public static let operations = lossOperations([.input("x", ["n", "d"])])
  private let weight: Double

  // MARK: - Creation

  public init(_ settings: Settings) { weight = settings.number("weight") }

  public var optionValues: [Double] { [weight] }

  // MARK: - Value and gradients

  public func evaluate(_ call: Call, _ to: LossGradients) throws(RuvectorError) -> Double {
    let x = try call.elements("x"), n = x.rows, d = x.dim, side = min(n, d), isWide = n <= d
    let gram = try AlignedBuffer<Float>(rows: side, columns: side, for: "products")
    let rows = Operand.rows(x.base, stride: x.stride), columns = Operand.transposed(x.base, stride: x.stride)
    try gemm(
      m: side, n: side, k: max(n, d), isWide ? rows : columns, isWide ? columns : rows, gram.pointer, cStride: side)
    var sum = 0.0
    for i in 0..<side {
      gram[i * side + i] -= 1
      for j in 0..<side { sum += Double(gram[i * side + j]) * Double(gram[i * side + j]) }
    }
    if let out = to["x"] {
      let factor = Float(4 * weight * to.scale), kernels = Kernels.current
      for i in 0..<side { kernels.scale(factor, gram.pointer + i * side, gram.pointer + i * side, side) }
      let middle = Operand.rows(gram.pointer, stride: side)
      try gemm(
        m: n, n: d, k: side, isWide ? middle : rows, isWide ? rows : middle, out, cStride: d, accumulate: true)
    }
    return weight * sum
  }
}
