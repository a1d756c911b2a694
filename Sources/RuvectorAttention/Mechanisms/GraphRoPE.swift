import CRuvectorSupport
import RuvectorCore

/// Rotary position embedding by distance in a graph:
///
///     s_ij = (R(p_i) q_i · R(p_j) k_j)/√(d/heads) = (q_i · R(p_j − p_i) k_j)/√(d/heads)      o_i = Σ_j softmax_j(s_ij) v_j
///     R(p) turns the pair (x_t, x_{t+h}) of each head by p σ^l/scalingFactor · base^(−2t/w),   w = d/heads, h = ⌊w/2⌋
///
/// The context of a query or key is (p, l): its position p ≥ 0, such as a distance in hops (``encodeDistance(_:maxPosition:)``),
/// and its level l, whose frequencies are σ = `levelScale` times those of the level below. On one level the score depends
/// on p_j − p_i only. Without context queries stand at 0 and keys at 0, 1, 2, …; positions count up to
/// `maxPosition` − 1. The last coordinate of a head of odd width is not turned.
/// - Complexity: O((m + n) · d + m · n · (d + v)). Precision: Float, angles in Double.
///
/// Reference: Su, Lu, Pan, Murtadha, Wen, Liu 2021, "RoFormer: Enhanced Transformer with Rotary Position Embedding",
/// equations 14 to 16 and 34.
public final class GraphRoPE: RowMakingAttention, Sendable {
  // MARK: - Options

  public static let name: StaticString = "graph_rope"
  public static let options = [
    AttentionOption.dim, AttentionOption.heads,
    Option("maxPosition", .integer(1...1_048_576), standard: 512, "Positions count up to this one minus 1."),
    Option("base", .number(1e-6...1e12), standard: 10_000, "Ratio of the highest to the lowest frequency."),
    Option("scalingFactor", .number(1e-3...1e12), standard: 1, "Positions are divided by it."),
    Option("levelScale", .number(1e-3...1), standard: 1, "Frequencies of a level against those of the level below."),
  ]
  public let dim: Int
  public let heads: Int
  public let maxPosition: Int
  public let base: Double
  public let scalingFactor: Double
  /// σ
  public let levelScale: Double
  public var contextDim: Int { 2 }
  nonisolated(unsafe) private let turns: RotaryTurns  // never written to

  // MARK: - Creation

  public init(_ settings: Settings) throws(RuvectorError) {
    dim = settings.integer("dim")
    heads = try AttentionOption.heads(settings, dim: dim)
    maxPosition = settings.integer("maxPosition")
    base = settings.number("base")
    scalingFactor = settings.number("scalingFactor")
    levelScale = settings.number("levelScale")
    // θ of position 1 for each pair of a head
    let width = Double(dim / heads), step = Double.log(base), scale = scalingFactor
    turns = try RotaryTurns(
      frequencies: (0..<dim / heads / 2).map { Double.exp(-2 * Double($0) / width * step) / scale })
  }

  public var optionValues: [Double] {
    [Double(dim), Double(heads), Double(maxPosition), base, scalingFactor, levelScale]
  }

  public func outputDim(values v: Int) throws(RuvectorError) -> Int { try requireHeads(heads, divide: v) }

  // MARK: - Positions

  /// A position that tells near distances exactly and far ones by their order of magnitude: d up to 8,
  /// 8 + min(⌈log₂ d⌉, maxPosition − 8) beyond, at most maxPosition.
  public static func encodeDistance(_ distance: Int, maxPosition: Int) -> Int {
    guard distance > 8 else { return max(distance, 0) }
    let bits = Int.bitWidth - (distance - 1).leadingZeroBitCount
    return 8 + min(bits, max(maxPosition - 8, 0))
  }

  /// (p, l) of a row, checked.
  private func place(_ context: MatrixView?, _ r: Int, standard: Int, _ name: @autoclosure () -> String)
    throws(RuvectorError) -> Double
  {
    guard let row = context?.row(r) else { return Double(min(standard, maxPosition - 1)) }
    return try place(Double(row[0]), level: Double(row[1]), name() + "[0]", name() + "[1]")
  }

  private func place(
    _ p: Double, level: Double, _ position: @autoclosure () -> String, _ name: @autoclosure () -> String
  ) throws(RuvectorError) -> Double {
    guard p >= 0 else { throw .expected("positions >= 0", for: position(), received: text(p), .outOfRange) }
    guard level >= 0, level <= 64, level == level.rounded() else {
      throw .expected("levels 0, 1, ... 64", for: name(), received: text(level), .outOfRange)
    }
    var scale = 1.0
    for _ in 0..<Int(level) { scale *= levelScale }
    return min(p, Double(maxPosition - 1)) * scale
  }

  /// Rows turned by their positions, or (with `isInverse`) gradients turned back and added.
  private func turn(
    _ x: MatrixView, _ context: MatrixView?, isKeys: Bool, from first: Int = 0, isInverse: Bool = false,
    into out: UnsafeMutablePointer<Float>
  ) throws(RuvectorError) {
    let table = try RotaryTable(turns, isInverse: isInverse), width = dim / heads, kernels = Kernels.current
    let turned = isInverse ? try AlignedBuffer<Float>(count: dim) : nil
    for r in 0..<x.rows {
      try table.move(
        to: try place(context, r, standard: isKeys ? first + r : 0, isKeys ? "keyContext[\(r)]" : "queryContext[\(r)]"))
      let row = out + r * dim, place = turned?.pointer ?? row
      for h in 0..<heads { table.rotate(x.row(r) + h * width, into: place + h * width, width: width) }
      if turned != nil { kernels.add(row, place, row, dim) }
    }
  }

  private func made(_ input: AttentionInput, from first: Int) throws(RuvectorError) -> MadeHeads {
    let q = try Rows(input.queries.rows, dim), k = try Rows(input.keys.rows, dim)
    try turn(input.queries, input.queryContext, isKeys: false, into: q.memory.pointer)
    try turn(input.keys, input.keyContext, isKeys: true, from: first, into: k.memory.pointer)
    return try MadeHeads(input, queries: q, keys: k, count: heads, scale: 1 / Double(dim / heads).squareRoot())
  }

  public func made(_ input: AttentionInput, _ control: Control) throws(RuvectorError) -> MadeHeads {
    try made(input, from: 0)
  }

  public static let operations =
    AttentionOperation.all + [
      Operation(
        "rotate",
        [Port("vectors", ["n", "dim"]), Port("positions", ["n"]), Port("levels", ["n"], .float32, .optional)],
        [Port("output", ["n", "dim"])])
    ]

  /// "rotate": rows turned by their positions and levels (0 where they are left out).
  public func run(_ operation: String, _ buffers: [Tensor], _ control: Control) throws(RuvectorError) -> Int {
    guard operation.utf8.elementsEqual("rotate".utf8) else {
      return try runAttention(operation, buffers, control)
    }
    try requireBuffers(4, for: operation, buffers)
    let x = try buffers[0].matrix("vectors"), n = x.rows
    guard n == 0 || x.dim == dim else { throw .dimension("vectors[0]", expected: dim, received: x.dim) }
    let positions = try buffers[1].floats("positions", count: n)
    let levels = buffers[2].columns == 0 ? nil : try buffers[2].floats("levels", count: n)
    for r in 0..<n { try requireFinite(x.row(r), count: dim, for: "vectors[\(r)]") }
    try requireFinite(positions, count: n, for: "positions")
    if let levels { try requireFinite(levels, count: n, for: "levels") }
    let out = try buffers[3].output("output", count: n * dim), table = try RotaryTable(turns, isInverse: false)
    let width = dim / heads
    for r in 0..<n {
      try table.move(
        to: try place(Double(positions[r]), level: Double(levels?[r] ?? 0), "positions[\(r)]", "levels[\(r)]"))
      for h in 0..<heads { table.rotate(x.row(r) + h * width, into: out + r * dim + h * width, width: width) }
    }
    try requireRange(out, n * dim, AttentionInput(queries: x, keys: x, values: x))
    return n * dim
  }

  public func heads(
    _ input: AttentionInput, from first: Int, _ body: (Heads) throws(RuvectorError) -> Void
  ) throws(RuvectorError) -> Bool {
    let made = try made(input, from: first)
    try body(made.heads)
    withExtendedLifetime(made) {}
    return true
  }

  // MARK: - Gradient

  /// R is orthogonal: gradients are turned back.
  public func backward(
    _ made: MadeGradients, _ input: AttentionInput, into gradients: AttentionGradients, _ control: Control
  ) throws(RuvectorError) {
    let (q, k) = (made.queries.view, made.keys.view)
    if let out = gradients.queries { try turn(q, input.queryContext, isKeys: false, isInverse: true, into: out) }
    if let out = gradients.keys { try turn(k, input.keyContext, isKeys: true, isInverse: true, into: out) }
  }
}
