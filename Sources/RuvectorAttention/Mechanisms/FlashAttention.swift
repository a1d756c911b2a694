import CRuvectorSupport
import RuvectorCore

/// Exact attention in tiles with a running softmax (Dao, Fu, Ermon, Rudra, Ré 2022, "FlashAttention"; Milakov and
/// Gimelshein 2018), with heads and a causal option:
///
///     o_i = concat_h Σ_j softmax_j(q_i^h · k_j^h / √(d/heads)) v_j^h
///
/// q [m, d], k [n, d], v [n, w]; heads are contiguous slices of d and w. The numbers are those of exact attention;
/// `blockSize` keys are looked at together, which changes speed and the last bits only.
/// - Complexity: O(m · n · (d + w)), half of it when causal; memory beyond input and output O(blockSize).
public final class FlashAttention: SlicedAttention, Sendable {
  // MARK: - Options

  public static let name: StaticString = "flash"
  public static let options = [
    AttentionOption.dim, AttentionOption.heads,
    Option(
      "blockSize", .integer(1...65_536), standard: 512,
      "Keys looked at together: a matter of speed and of the last bits."),
    AttentionOption.causal,
  ]
  public let dim: Int
  public let heads: Int
  /// Keys a block.
  public let blockSize: Int
  /// Whether query i sees keys up to i + n − m only.
  public let isCausal: Bool

  // MARK: - Creation

  public init(_ settings: Settings) throws(RuvectorError) {
    dim = settings.integer("dim")
    heads = try AttentionOption.heads(settings, dim: dim)
    blockSize = settings.integer("blockSize")
    isCausal = settings.flag("causal")
  }

  public var optionValues: [Double] { [Double(dim), Double(heads), Double(blockSize), isCausal ? 1 : 0] }

  public var isRowwise: Bool { !isCausal }

  public func outputDim(values v: Int) throws(RuvectorError) -> Int { try requireHeads(heads, divide: v) }

  public func slices(_ input: AttentionInput) -> Heads {
    Heads(
      input: input, count: heads, scale: 1 / Double(dim / heads).squareRoot(), isCausal: isCausal, block: blockSize)
  }

  public func heads(
    _ input: AttentionInput, from first: Int, _ body: (Heads) throws(RuvectorError) -> Void
  ) throws(RuvectorError) -> Bool {
    try body(slices(input))
    return true
  }
}

/// `v`, which `heads` must divide.
func requireHeads(_ heads: Int, divide v: Int) throws(RuvectorError) -> Int {
  guard v % heads == 0 else {
    throw .expected("a multiple of \(heads) heads", for: "values[0]", received: "\(v) elements", .dimensionMismatch)
  }
  return v
}
