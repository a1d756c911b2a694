import CRuvectorSupport
import RuvectorCore

/// Graph attention with features on edges:
///
///     v2   s_ij^h = a^h · LeakyReLU(W_s^h q_i + W_t^h k_j + W_e^h e_ij)                          (GATv2)
///     v1   s_ij^h = LeakyReLU(a_s^h · W_s^h q_i + a_t^h · W_t^h k_j + a_e^h · W_e^h e_ij)        (GAT)
///     o_i^h = W_t^h Σ_j softmax_j(s_ij^h) v_j          o_i = concat_h o_i^h, or their mean
///
/// q [m, d] targets, k [n, d] sources, v [n, d] (the sources' rows in a graph layer), e [edgeDim] (zeros where none are
/// given); W_s, W_t [heads · w, d], W_e [heads · w, edgeDim], w = `headDim`, or d/heads where that is 0. With `selfLoops`
/// each target is a source of its own, with the values q_i and an edge of zeros; its share is not part of `weights`, whose
/// rows then sum to less than 1. LeakyReLU(z) = max(z, slope · z).
///
/// In v1 one ranking of the sources serves every target; v2 may rank them differently for each (Brody et al., theorem 1).
/// - Complexity: v2 O((m + n) · d · h · w + m · n · h · w), v1 O(h · d · (w + n) + m · n · h), averages O(m · n · h · d); edges
///   of pairs O(m · n · h · w · edgeDim). Memory beyond input and output O(n · h · min(m, w)), or O(n · h · w) for gradients
///   and edges of pairs.
/// - Precision: Float; what leaves Float is done again in Double.
///
/// References: Brody, Alon, Yahav 2022, "How Attentive are Graph Attention Networks?", equation 7; Veličković et al. 2018,
/// "Graph Attention Networks", equations 3 to 6. Names: PyTorch Geometric's GATv2Conv.
public final class EdgeFeatured: Attention, @unchecked Sendable {
  // MARK: - Options

  public static let name: StaticString = "edge_featured"
  public static let options = [
    AttentionOption.dim,
    Option("edgeDim", .integer(1...65_536), "Width of the features of an edge."),
    AttentionOption.heads,
    Option("headDim", .integer(0...65_536), standard: 0, "Width w of a head; 0: dim/heads."),
    Option("concat", .flag, standard: 1, "1: heads one after the other; 0: their mean."),
    Option(
      "selfLoops", .flag, standard: 0, "1: each query is a key of its own, too; its share is not part of the weights."),
    Option("negativeSlope", .number(0...1), standard: 0.2, "Slope of LeakyReLU below 0."),
    Option("version", .choice(["v2", "v1"]), standard: 0, "v2: GATv2; v1: GAT."),
    Option("seed", .seed, standard: 0, "Seed of the initial weights."),
  ]
  public let dim: Int
  public let edgeDim: Int
  public let heads: Int
  /// w
  public let headDim: Int
  public let isConcatenated: Bool
  public let hasSelfLoops: Bool
  public let negativeSlope: Double
  /// Whether this is GAT rather than GATv2.
  public let isFirst: Bool
  public let seed: UInt64
  private let givenHeadDim: Int
  /// heads · w
  var rows: Int { heads * headDim }

  // MARK: - Weights

  public let parameters: Parameters
  /// W_s, W_t [h · w, d]; W_e [h · w, edgeDim].
  let query, key, edge: Parameter
  /// v2: a [h, w]. v1: a_s, a_t, a_e one after the other, [3 h, w].
  let attention: Parameter

  /// W_s, W_t, W_e by number.
  func weight(_ side: Int) -> Parameter { side == 0 ? query : side == 1 ? key : edge }

  /// Xavier-normal from `seed`.
  public static func slots(_ settings: Settings) -> [Slot] {
    let dim = settings.integer("dim"), edgeDim = settings.integer("edgeDim"), heads = settings.integer("heads")
    let headDim = settings.integer("headDim") == 0 ? dim / heads : settings.integer("headDim")
    let rows = heads * headDim, kinds = settings.choice("version") == 1 ? 3 * heads : heads
    return [
      Slot("query.weight", [rows, dim], .xavierNormal(fanIn: dim, fanOut: rows)),
      Slot("key.weight", [rows, dim], .xavierNormal(fanIn: dim, fanOut: rows)),
      Slot("edge.weight", [rows, edgeDim], .xavierNormal(fanIn: edgeDim, fanOut: rows)),
      Slot("attention", [kinds, headDim], .xavierNormal(fanIn: headDim, fanOut: kinds)),
    ]
  }

  // MARK: - Creation

  public init(_ settings: Settings) throws(RuvectorError) {
    dim = settings.integer("dim")
    edgeDim = settings.integer("edgeDim")
    heads = settings.integer("heads")
    givenHeadDim = settings.integer("headDim")
    if givenHeadDim == 0, dim % heads != 0 {
      throw .expected("a divisor of \(dim)", for: "heads", received: "\(heads)", .invalidConfig)
    }
    headDim = givenHeadDim == 0 ? dim / heads : givenHeadDim
    isConcatenated = settings.flag("concat")
    hasSelfLoops = settings.flag("selfLoops")
    negativeSlope = settings.number("negativeSlope")
    isFirst = settings.choice("version") == 1
    seed = settings.seed("seed")
    parameters = try Parameters(Self.slots(settings), seed: seed)
    query = parameters["query.weight"]
    key = parameters["key.weight"]
    edge = parameters["edge.weight"]
    attention = parameters["attention"]
  }

  public var optionValues: [Double] {
    [
      Double(dim), Double(edgeDim), Double(heads), Double(givenHeadDim), isConcatenated ? 1 : 0,
      hasSelfLoops ? 1 : 0, negativeSlope, isFirst ? 1 : 0, Double(seed),
    ]
  }

  /// h · w, or w for the mean of heads.
  public var width: Int? { isConcatenated ? rows : headDim }

  /// Values are `dim` wide.
  public func outputDim(values v: Int) throws(RuvectorError) -> Int {
    guard v == dim else { throw .dimension("values[0]", expected: dim, received: v) }
    return isConcatenated ? rows : headDim
  }

  // MARK: - Forward

  public func forward(
    _ input: AttentionInput, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    let scores = try EdgeScores(self, input, control), outDim = isConcatenated ? rows : headDim
    let kernels = Kernels.current
    try forChunks(of: input.queries.rows, control) { (queries, _) throws(RuvectorError) in
      let work = try EdgeScores.Scratch(scores, heads: heads)
      for i in queries {
        let o = out + i * outDim
        o.update(repeating: 0, count: outDim)
        var isSeeing = true
        for h in 0..<heads where isSeeing { isSeeing = try scores.weigh(i, h, work, slot: h) }
        guard isSeeing else { continue }
        scores.average(i, work)
        for h in 0..<heads {
          let part = isConcatenated ? o + h * headDim : work.head.pointer
          kernels.dot_rows(
            work.average.pointer + h * dim, key.pointer + h * headDim * dim, dim, headDim, dim, part)
          if !isConcatenated { kernels.axpy(1 / Float(heads), part, o, headDim) }
        }
      }
    }
    try requireRange(out, input.queries.rows * outDim, input)
  }

  public func weights(
    _ input: AttentionInput, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    let scores = try EdgeScores(self, input, control), m = input.queries.rows, n = input.keys.rows
    try forChunks(of: m, control) { (queries, _) throws(RuvectorError) in
      let work = try EdgeScores.Scratch(scores)
      for i in queries {
        for h in 0..<heads {
          let row = out + (h * m + i) * n
          row.update(repeating: 0, count: n)
          guard try scores.weigh(i, h, work) else { continue }
          (row + work.range.lowerBound).update(from: work.weights.pointer, count: work.range.count)
        }
      }
    }
  }
}
