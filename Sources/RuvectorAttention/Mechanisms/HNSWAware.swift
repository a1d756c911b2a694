import CRuvectorSupport
import RuvectorCore

/// Attention that knows the levels of a hierarchical graph (an HNSW index):
///
///     s_ij^h = (q̃_i^h · k̃_j^h)/√(d/heads) + B^h[l_i, l_j]      q̃_i = q_i + E[l_i],   k̃_j = k_j + E[l_j]
///     o_i = concat_h Σ_j softmax_j(s_ij^h) v_j^h
///
/// l: the level of a query or key, its context (0 where there is none); levels from `levels` − 1 on share a row.
/// E [levels, d] (the level encoding) and B [heads, levels, levels] (how much a level attends to a level) are learned; E is
/// Xavier-normal at first, B is 0.
/// - Complexity: O(m · n · (d + heads · levels + v)): B enters as `levels` more coordinates of each head, B^h[l_i, ·]
///   beside q̃ and √(d/heads) e(l_j) beside k̃. Precision: Float.
///
/// References: Malkov, Yashunin 2020 (HNSW); Ying et al. 2021, "Graphormer", equations 5 and 6, for levels in the place
/// of degrees and distances.
public final class HNSWAware: RowMakingAttention, @unchecked Sendable {
  // MARK: - Options

  public static let name: StaticString = "hnsw_aware"
  public static let options = [
    AttentionOption.dim, AttentionOption.heads,
    Option("levels", .integer(1...64), standard: 8, "Levels that are told apart."),
    Option("seed", .seed, standard: 0, "Seed of the initial weights."),
  ]
  public let dim: Int
  public let heads: Int
  public let levels: Int
  public let seed: UInt64
  public var contextDim: Int { 1 }

  // MARK: - Weights

  public let parameters: Parameters
  /// E, [levels, d]
  let encoding: Parameter
  /// B, [heads, levels, levels]
  let bias: Parameter

  /// E is Xavier-normal from `seed`, B 0.
  public static func slots(_ settings: Settings) -> [Slot] {
    let dim = settings.integer("dim"), levels = settings.integer("levels")
    return [
      Slot("level.encoding", [levels, dim], .xavierNormal(fanIn: levels, fanOut: dim)),
      Slot("level.bias", [settings.integer("heads"), levels, levels], .zeros),
    ]
  }

  // MARK: - Creation

  public init(_ settings: Settings) throws(RuvectorError) {
    dim = settings.integer("dim")
    heads = try AttentionOption.heads(settings, dim: dim)
    levels = settings.integer("levels")
    seed = settings.seed("seed")
    parameters = try Parameters(Self.slots(settings), seed: seed)
    encoding = parameters["level.encoding"]
    bias = parameters["level.bias"]
  }

  public var optionValues: [Double] { [Double(dim), Double(heads), Double(levels), Double(seed)] }

  public func outputDim(values v: Int) throws(RuvectorError) -> Int { try requireHeads(heads, divide: v) }

  // MARK: - Rows

  private var width: Int { dim / heads }
  private var root: Float { Float(Double(width).squareRoot()) }

  private func level(_ context: MatrixView?, _ r: Int, _ name: @autoclosure () -> String) throws(RuvectorError) -> Int {
    guard let l = context.map({ Double($0.row(r)[0]) }) else { return 0 }
    guard l >= 0, l == l.rounded() else {
      throw .expected("levels 0, 1, 2, ...", for: name(), received: text(l), .outOfRange)
    }
    return min(Int(min(l, 1e6)), levels - 1)
  }

  /// Rows with their encoding, and behind each head's slice `levels` coordinates more.
  private func extended(_ x: MatrixView, _ context: MatrixView?, isKeys: Bool) throws(RuvectorError) -> Rows {
    let rows = try Rows(x.rows, dim + heads * levels), kernels = Kernels.current
    rows.zero()
    for r in 0..<x.rows {
      let l = try level(context, r, isKeys ? "keyContext[\(r)][0]" : "queryContext[\(r)][0]")
      for h in 0..<heads {
        let out = rows.row(r) + h * (width + levels)
        kernels.add(x.row(r) + h * width, encoding.pointer + l * dim + h * width, out, width)
        if isKeys {
          out[width + l] = root
        } else {
          (out + width).update(from: bias.pointer + (h * levels + l) * levels, count: levels)
        }
      }
    }
    return rows
  }

  public func made(_ input: AttentionInput, _ control: Control) throws(RuvectorError) -> MadeHeads {
    try MadeHeads(
      input, queries: extended(input.queries, input.queryContext, isKeys: false),
      keys: extended(input.keys, input.keyContext, isKeys: true), count: heads, scale: 1 / Double(width).squareRoot())
  }

  // MARK: - Gradient

  /// dq = dq̃, dk = dk̃; E gets both; B^h[l_i, ·] is the end of head h of q̃_i.
  public func backward(
    _ made: MadeGradients, _ input: AttentionInput, into gradients: AttentionGradients, _ control: Control
  ) throws(RuvectorError) {
    let kernels = Kernels.current
    let sides = [
      (made.queries, input.queryContext, gradients.queries, false), (made.keys, input.keyContext, gradients.keys, true),
    ]
    for (g, context, place, isKeys) in sides {
      for r in 0..<g.view.rows {
        let l = try level(context, r, "level")
        for h in 0..<heads {
          let from = g.row(r) + h * (width + levels)
          if let out = place.map({ $0 + r * dim + h * width }) { kernels.add(out, from, out, width) }
          guard let parameters = gradients.parameters else { continue }
          let e = parameters[encoding] + l * dim + h * width
          kernels.add(e, from, e, width)
          if !isKeys {
            let b = parameters[bias] + (h * levels + l) * levels
            kernels.add(b, from + width, b, levels)
          }
        }
      }
    }
  }
}
