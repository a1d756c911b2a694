import CRuvectorSupport
import RuvectorCore

/// Local and global attention (Beltagy, Peters, Cohan 2020, "Longformer"): exact softmax attention over a window around
/// each query and the first `globalTokens` keys:
///
///     o_i = Σ_{j ∈ S_i} softmax_j(q_i · k_j / √d) v_j      S_i = {0 … g − 1} ∪ {p_i − ⌊w/2⌋ … p_i + ⌊w/2⌋}
///
/// q [m, d], k [n, d], v [n, any width], w `window`, g `globalTokens`. Query i stands at key p_i = i + ⌊(n − m + 1)/2⌋: at
/// its own in self-attention (m = n), in the middle for one query alone (as in `@ruvector/attention`). In self-attention
/// of more than one query the global tokens see every key, as in the paper. Masks, offsets and heads as everywhere.
/// - Complexity: O(m · (w + g) · (d + v)).
public final class LocalGlobal: SlicedAttention, Sendable {
  // MARK: - Options

  public static let name: StaticString = "local_global"
  public static let options = [
    AttentionOption.dim, AttentionOption.heads,
    Option("window", .integer(0...2_147_483_646), "Width w of the window: w/2 keys on each side, and its own."),
    Option("globalTokens", .integer(0...2_147_483_646), standard: 0, "Keys that every query sees."),
  ]
  public let dim: Int
  public let heads: Int
  /// w
  public let window: Int
  /// g
  public let globalTokens: Int

  // MARK: - Creation

  public init(_ settings: Settings) throws(RuvectorError) {
    dim = settings.integer("dim")
    heads = try AttentionOption.heads(settings, dim: dim)
    window = settings.integer("window")
    globalTokens = settings.integer("globalTokens")
  }

  public var optionValues: [Double] { [Double(dim), Double(heads), Double(window), Double(globalTokens)] }

  public var isRowwise: Bool { false }

  public func outputDim(values v: Int) throws(RuvectorError) -> Int { try requireHeads(heads, divide: v) }

  public func slices(_ input: AttentionInput) -> Heads {
    Heads(
      input: input, count: heads, scale: 1 / Double(dim / heads).squareRoot(), isCausal: false,
      window: Window(half: window / 2, global: globalTokens))
  }
}
