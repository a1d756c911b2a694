import CRuvectorSupport
import RuvectorCore

/// A function of each element:
///
///     relu: max(x, 0)                     leaky_relu: max(x, slope · x)         elu: x above 0, e^x − 1 below
///     gelu: x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2                          sigmoid: 1 / (1 + e^−x)         tanh
///
/// At 0 the slope of relu and leaky_relu is that below 0.
/// - Complexity: O(n · width).
///
/// References: Clevert, Unterthiner, Hochreiter 2016 (elu); Hendrycks, Gimpel 2016 (gelu, its tanh form). Names: PyTorch's
/// functions.
public final class ActivationLayer: FreeLayer, @unchecked Sendable {
  public enum Function: Int, Sendable { case relu, leakyReLU, elu, gelu, sigmoid, tanh }

  public static let name: StaticString = "activation"
  public static let options = [
    Option(
      "function", .choice(["relu", "leaky_relu", "elu", "gelu", "sigmoid", "tanh"]), standard: 0, "Which function."),
    Option("negativeSlope", .number(0...1), standard: 0.01, "Slope of leaky_relu below 0."),
  ]
  public let function: Function
  public let negativeSlope: Double

  public init(_ settings: Settings) throws(RuvectorError) {
    function = Function(rawValue: settings.choice("function")) ?? .relu
    negativeSlope = settings.number("negativeSlope")
  }

  public var optionValues: [Double] { [Double(function.rawValue), negativeSlope] }
  public var keepsSome: Bool { false }

  private static let root: Float = 0.797_884_56
  private static let cubic: Float = 0.044_715

  /// f of a row; `work` [n] is scratch.
  private func apply(
    _ x: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>, _ n: Int, _ kernels: KernelTable
  ) {
    switch function {
    case .relu: for c in 0..<n { out[c] = x[c] > 0 ? x[c] : x[c] * 0 }  // NaN stays NaN
    case .leakyReLU:
      let slope = Float(negativeSlope)
      for c in 0..<n { out[c] = x[c] > 0 ? x[c] : slope * x[c] }
    case .elu:
      for c in 0..<n { out[c] = x[c] > 0 ? 0 : x[c] }
      kernels.exponential(out, out, n)
      for c in 0..<n { out[c] = x[c] > 0 ? x[c] : out[c] - 1 }
    case .gelu:
      for c in 0..<n { out[c] = Self.root * (x[c] + Self.cubic * x[c] * x[c] * x[c]) }
      kernels.hyperbolic_tangent(out, out, n)
      for c in 0..<n { out[c] = 0.5 * x[c] * (1 + out[c]) }
    case .sigmoid: kernels.logistic(x, out, n)
    case .tanh: kernels.hyperbolic_tangent(x, out, n)
    }
  }

  public func forward(
    _ input: GraphInput, into out: UnsafeMutablePointer<Float>, _ mode: Mode, keeps: Bool, _ control: Control
  ) throws(RuvectorError) -> Kept? {
    let x = try input.x.written(), n = x.view.dim, kernels = Kernels.current
    try forChunks(of: x.view.rows, chunk: nodesOfPart, control) { (rows, _) in
      for r in rows { apply(x.view.row(r), out + r * n, n, kernels) }
    }
    _ = x.memory
    return nil
  }

  /// dx = g f'(x).
  public func backward(
    _ input: GraphInput, _ kept: Kept?, outputGradient: UnsafePointer<Float>, into gradients: GraphGradients,
    _ mode: Mode, _ control: Control
  ) throws(RuvectorError) {
    guard let toX = gradients.x else { return }
    let input = try input.x.written(), n = input.view.dim, kernels = Kernels.current
    try forChunks(of: input.view.rows, chunk: nodesOfPart, control) { (rows, _) throws(RuvectorError) in
      let work = try AlignedBuffer<Float>(count: n, for: "rows"), y = work.pointer
      for r in rows {
        let x = input.view.row(r), g = outputGradient + r * n, out = toX + r * n
        switch function {
        case .relu: for c in 0..<n { out[c] += x[c] > 0 ? g[c] : 0 }
        case .leakyReLU:
          let slope = Float(negativeSlope)
          for c in 0..<n { out[c] += x[c] > 0 ? g[c] : slope * g[c] }
        case .elu:
          apply(x, y, n, kernels)
          for c in 0..<n { out[c] += x[c] > 0 ? g[c] : g[c] * (y[c] + 1) }
        case .gelu:
          for c in 0..<n { y[c] = Self.root * (x[c] + Self.cubic * x[c] * x[c] * x[c]) }
          kernels.hyperbolic_tangent(y, y, n)
          for c in 0..<n {
            // Where tanh is ±1 its slope is 0, however large what that is multiplied by.
            let inner = Self.root * (1 + 3 * Self.cubic * x[c] * x[c]), slope = 1 - y[c] * y[c]
            out[c] += g[c] * 0.5 * (1 + y[c] + (slope == 0 ? 0 : x[c] * slope * inner))
          }
        case .sigmoid:
          apply(x, y, n, kernels)
          for c in 0..<n { out[c] += g[c] * y[c] * (1 - y[c]) }
        case .tanh:
          apply(x, y, n, kernels)
          for c in 0..<n { out[c] += g[c] * (1 - y[c] * y[c]) }
        }
      }
    }
    _ = input.memory
  }
}
