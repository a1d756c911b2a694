import CRuvectorSupport
import RuvectorCore

/// Scaled dot-product attention (Vaswani et al. 2017, "Attention Is All You Need", equation 1):
///
///     o_i = Σ_j softmax_j(q_i · k_j / (T √d)) v_j
///
/// q [m, d], k [n, d], v [n, any width], T `temperature`. A mask, offsets (each query its own keys) and `causal` (query i
/// sees keys up to i + n − m) say what is seen; a query that sees nothing gives 0. With `normalize` the score is
/// q_i · k_j / (T |q_i| |k_j|), the cosine, which does not grow with d (lengths below 1e-12 count as that). `dropout`: in training (a
/// Trainer's), each weight of the softmax is 0 with that probability, else divided by 1 − dropout.
/// - Complexity: O(m · n · (d + v)), memory beyond input and output O(1): the softmax runs along (`SoftmaxHead`).
public final class ScaledDotProduct: Attention, Sendable {
  // MARK: - Options

  public static let name: StaticString = "scaled_dot_product"
  public static let options = [
    AttentionOption.dim, AttentionOption.temperature, AttentionOption.causal,
    Option(
      "normalize", .flag, standard: 0, before: 0,
      "1: scores are cosines over T: queries and keys are scaled to length 1 first."),
    AttentionOption.dropout,
  ]
  public let dim: Int
  /// T
  public let temperature: Double
  /// Whether query i sees keys up to i + n − m only.
  public let isCausal: Bool
  /// Whether scores are cosines.
  public let normalizes: Bool
  /// Share of the weights that training leaves out.
  public let dropout: Double

  // MARK: - Creation

  public init(_ settings: Settings) throws(RuvectorError) {
    dim = settings.integer("dim")
    temperature = settings.number("temperature")
    isCausal = settings.flag("causal")
    normalizes = settings.flag("normalize")
    dropout = settings.number("dropout")
  }

  public var optionValues: [Double] {
    [Double(dim), temperature, isCausal ? 1 : 0, normalizes ? 1 : 0, dropout]
  }

  public var isRowwise: Bool { !isCausal }

  public func outputDim(values v: Int) -> Int { v }

  /// `body` with the rows as they are scored.
  private func withHeads(
    _ input: AttentionInput, _ body: (Heads) throws(RuvectorError) -> Void
  ) throws(RuvectorError) {
    guard normalizes else {
      let scale = 1 / (temperature * Double(dim).squareRoot())
      return try body(Heads(input: input, count: 1, scale: scale, isCausal: isCausal, dropout: dropout))
    }
    let q = try unit(input.queries, "queries"), k = try unit(input.keys, "keys")
    try body(
      Heads(
        input: input.replacing(queries: q.view, keys: k.view), count: 1, scale: 1 / temperature, isCausal: isCausal,
        dropout: dropout))
    withExtendedLifetime((q, k)) {}
  }

  public func heads(
    _ input: AttentionInput, from first: Int, _ body: (Heads) throws(RuvectorError) -> Void
  ) throws(RuvectorError) -> Bool {
    try withHeads(input, body)
    return true
  }

  // MARK: - Forward

  public func forward(
    _ input: AttentionInput, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    try withHeads(input) { (heads) throws(RuvectorError) in try heads.forward(into: out, control) }
  }

  public func weights(
    _ input: AttentionInput, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    try withHeads(input) { (heads) throws(RuvectorError) in try heads.weights(into: out, control) }
  }

  // MARK: - Gradient

  /// Through the length, x̂ = x/|x|: dx = (dx̂ − x̂ (x̂ · dx̂))/|x|.
  public func backward(
    _ input: AttentionInput, outputGradient: UnsafePointer<Float>, into gradients: AttentionGradients,
    _ control: Control
  ) throws(RuvectorError) {
    guard normalizes else {
      return try withHeads(input) { (heads) throws(RuvectorError) in
        try heads.backward(outputGradient: outputGradient, into: gradients, control)
      }
    }
    let q = try Rows(input.queries.rows, dim), k = try Rows(input.keys.rows, dim)
    q.zero()
    k.zero()
    var inner = gradients
    (inner.queries, inner.keys) = (q.memory.pointer, k.memory.pointer)
    try withHeads(input) { (heads) throws(RuvectorError) in
      try heads.backward(outputGradient: outputGradient, into: inner, control)
    }
    for (x, g, out) in [(input.queries, q, gradients.queries), (input.keys, k, gradients.keys)] {
      guard let out else { continue }
      for r in 0..<x.rows { addThroughLength(x.row(r), g.row(r), to: out + r * dim) }
    }
  }

  private func addThroughLength(
    _ x: UnsafePointer<Float>, _ g: UnsafePointer<Float>, to out: UnsafeMutablePointer<Float>
  ) {
    let length = length(of: x)
    var along = 0.0
    if length > shortest { for c in 0..<dim { along += Double(x[c]) * Double(g[c]) / length } }
    for c in 0..<dim { out[c] += Float((Double(g[c]) - Double(x[c]) / length * along) / length) }
  }

  private var shortest: Double { 1e-12 }

  private func length(of x: UnsafePointer<Float>) -> Double {
    var sum = 0.0
    for c in 0..<dim { sum += Double(x[c]) * Double(x[c]) }
    return max(sum.squareRoot(), shortest)
  }

  private func unit(_ x: MatrixView, _ name: String) throws(RuvectorError) -> Rows {
    let rows = try Rows(x.rows, dim)
    for r in 0..<x.rows {
      let length = length(of: x.row(r))
      for c in 0..<dim { rows.row(r)[c] = Float(Double(x.row(r)[c]) / length) }
    }
    try rows.require(from: x, name)
    return rows
  }
}

/// Options that several mechanisms share.
enum AttentionOption {
  static let dim = Option("dim", .integer(1...65_536), "Width of queries and keys.")
  static let heads = Option(
    "heads", .integer(1...65_536), standard: 1, "Heads, a divisor of dim: contiguous slices of the width.")
  static let temperature = Option(
    "temperature", .positive, standard: 1, "T > 0 of the softmax; lower is sharper.")
  static let dropout = Option(
    "dropout", .number(0...0.999), standard: 0, before: 0,
    "Share of the weights of the softmax that training leaves out.")
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
