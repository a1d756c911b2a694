import CRuvectorSupport
import RuvectorCore

/// Scaled dot-product attention (Vaswani et al. 2017, "Attention Is All You Need", equation 1):
///
///     o_i = Σ_j softmax_j(q_i · k_j / (T √d)) v_j
///
/// q [m, d], k [n, d], v [n, any width], T `temperature`. A mask, offsets (each query its own keys) and `causal` (query i
/// sees keys up to i + n − m) say what is seen; a query that sees nothing gives 0.
/// - Complexity: O(m · n · (d + v)), memory beyond input and output O(1): the softmax runs along (`SoftmaxHead`).
public final class ScaledDotProduct: Attention, Sendable {
  // MARK: - Options

  public static let name: StaticString = "scaled_dot_product"
  public static let options = [AttentionOption.dim, AttentionOption.temperature, AttentionOption.causal]
  public let dim: Int
  /// T
  public let temperature: Double
  /// Whether query i sees keys up to i + n − m only.
  public let isCausal: Bool

  // MARK: - Creation

  public init(_ settings: Settings) throws(RuvectorError) {
    dim = settings.integer("dim")
    temperature = settings.number("temperature")
    isCausal = settings.flag("causal")
  }

  public var optionValues: [Double] { [Double(dim), temperature, isCausal ? 1 : 0] }

  public var isRowwise: Bool { !isCausal }

  public func outputDim(values v: Int) -> Int { v }

  private func heads(_ input: AttentionInput) -> Heads {
    Heads(input: input, count: 1, scale: 1 / (temperature * Double(dim).squareRoot()), isCausal: isCausal)
  }

  public func heads(
    _ input: AttentionInput, from first: Int, _ body: (Heads) throws(RuvectorError) -> Void
  ) throws(RuvectorError) -> Bool {
    try body(heads(input))
    return true
  }

  // MARK: - Forward

  public func forward(
    _ input: AttentionInput, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    try heads(input).forward(into: out, control)
  }

  public func weights(
    _ input: AttentionInput, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    try heads(input).weights(into: out, control)
  }

  // MARK: - Gradient

  public func backward(
    _ input: AttentionInput, outputGradient: UnsafePointer<Float>, into gradients: AttentionGradients,
    _ control: Control
  ) throws(RuvectorError) {
    try heads(input).backward(outputGradient: outputGradient, into: gradients, control)
  }
}

/// Options that several mechanisms share.
enum AttentionOption {
  static let dim = Option("dim", .integer(1...65_536), "Width of queries and keys.")
  static let heads = Option(
    "heads", .integer(1...65_536), standard: 1, "Heads, a divisor of dim: contiguous slices of the width.")
  static let temperature = Option(
    "temperature", .positive, standard: 1, "T > 0 of the softmax; lower is sharper.")
  static let causal = Option("causal", .flag, standard: 0, "1: query i sees keys up to i + n - m only.")

  /// The heads of `settings`, which must divide `dim`.
  static func heads(_ settings: Settings, dim: Int) throws(RuvectorError) -> Int {
    let heads = settings.integer("heads")
    guard dim % heads == 0 else {
      throw .expected("a divisor of \(dim)", for: "heads", received: "\(heads)", .invalidConfig)
    }
    return heads
  }
}
