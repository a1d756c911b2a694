import CRuvectorSupport
import RuvectorCore
import RuvectorGeometry

/// Attention that scores in two spaces at once, Euclidean and hyperbolic:
///
///     s_ij = (ω_E (W_e q_i · W_e k_j)/√d − ω_H d(W_h q_i, W_h k_j))/T        o_i = W_o Σ_j softmax_j(s_ij) v_j
///
/// d is the distance in the Poincaré ball of sectional curvature K (points beyond the rim are pulled back to it). W_e, W_h,
/// W_o [d, d] are learned; without `projections` they are the identity, and values may have any width. A query that sees
/// no key gives 0.
/// - Complexity: O(m · d² + n · d² + m · n · (d + v)): the Euclidean map is folded into the queries, W_eᵀW_e q, and of
///   W_h = Q R many keys meet R only, which is triangular (`Triangle`): distances do not see the rotation Q. Without
///   projections O(m · n · (d + v)). Memory beyond input and output O(n · min(2 m, d)) without gradients, else O(n · d).
/// - Precision: Float; scores that leave it again in Double.
///
/// The mechanism of `@ruvector/attention`, whose maps are fixed random numbers. Reference for the distance:
/// `PoincareManifold`.
public final class DualSpace: Attention, @unchecked Sendable {
  // MARK: - Options

  public static let name: StaticString = "dual_space"
  public static let options = [
    AttentionOption.dim,
    Option("curvature", .number(-1e30 ... -1e-30), standard: -1, "Sectional curvature K of the ball."),
    Option("euclideanWeight", .number(0...1e6), standard: 0.5, "Weight of the Euclidean score."),
    Option("hyperbolicWeight", .number(0...1e6), standard: 0.5, "Weight of the distance in the ball."),
    AttentionOption.temperature,
    Option("projections", .flag, standard: 1, "1: learned W_e, W_h, W_o, and values dim wide; 0: none."),
    Option("seed", .seed, standard: 0, "Seed of the initial weights."),
  ]
  public let dim: Int
  public let curvature: Double
  public let euclideanWeight: Double
  public let hyperbolicWeight: Double
  public let temperature: Double
  public let seed: UInt64

  // MARK: - Weights

  public let parameters: Parameters

  struct Projections {
    /// W_e, W_h, W_o, [d, d] each.
    let euclidean, hyperbolic, output: Parameter
    /// R of W_h = Q R.
    let triangle: Triangle.Kept
  }
  let projections: Projections?

  /// Xavier-normal from `seed`.
  public static func slots(_ settings: Settings) -> [Slot] {
    guard settings.flag("projections") else { return [] }
    let dim = settings.integer("dim"), start = Slot.Start.xavierNormal(fanIn: dim, fanOut: dim)
    return [
      Slot("euclidean.weight", [dim, dim], start), Slot("hyperbolic.weight", [dim, dim], start),
      Slot("output.weight", [dim, dim], start),
    ]
  }

  // MARK: - Creation

  public init(_ settings: Settings) throws(RuvectorError) {
    dim = settings.integer("dim")
    curvature = settings.number("curvature")
    euclideanWeight = settings.number("euclideanWeight")
    hyperbolicWeight = settings.number("hyperbolicWeight")
    temperature = settings.number("temperature")
    seed = settings.seed("seed")
    parameters = try Parameters(Self.slots(settings), seed: seed)
    projections =
      !settings.flag("projections")
      ? nil
      : Projections(
        euclidean: parameters["euclidean.weight"], hyperbolic: parameters["hyperbolic.weight"],
        output: parameters["output.weight"], triangle: try Triangle.Kept())
  }

  public var optionValues: [Double] {
    [
      Double(dim), curvature, euclideanWeight, hyperbolicWeight, temperature, projections == nil ? 0 : 1, Double(seed),
    ]
  }

  public func outputDim(values v: Int) throws(RuvectorError) -> Int {
    projections == nil ? v : try requirePoints(v, dim)
  }

  /// y = W x for rows.
  static func project(_ x: MatrixView, _ weight: UnsafePointer<Float>, _ control: Control) throws(RuvectorError) -> Rows
  {
    let rows = try Rows(x.rows, x.dim)
    try gemm(
      m: x.rows, n: x.dim, k: x.dim, .rows(x.base, stride: x.stride), .transposed(weight, stride: x.dim),
      rows.memory.pointer, cStride: x.dim, threads: control.threads)
    return rows
  }

  // MARK: - Forward

  public func forward(
    _ input: AttentionInput, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    let scores = try DualScores.make(self, input, control), v = input.values.dim, kernels = Kernels.current
    let mixed = projections == nil ? nil : try Rows(input.queries.rows, v)
    let place = mixed?.memory.pointer ?? out
    try forChunks(of: input.queries.rows, control) { (queries, _) throws(RuvectorError) in
      let work = try DualScores.Scratch(input)
      for i in queries {
        let o = place + i * v
        o.update(repeating: 0, count: v)
        guard try scores.weigh(i, work) else { continue }
        kernels.combine_rows(
          work.weights.pointer, input.values.row(work.range.lowerBound), input.values.stride, work.range.count, v, o)
      }
    }
    if let mixed, let projections {
      try gemm(
        m: input.queries.rows, n: dim, k: dim, .rows(mixed.memory.pointer, stride: dim),
        .transposed(projections.output.pointer, stride: dim), out, cStride: dim, threads: control.threads)
    }
    try requireRange(out, input.queries.rows * v, input)
  }

  public func weights(
    _ input: AttentionInput, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    let scores = try DualScores.make(self, input, control), n = input.keys.rows
    try forChunks(of: input.queries.rows, control) { (queries, _) throws(RuvectorError) in
      let work = try DualScores.Scratch(input)
      for i in queries {
        let row = out + i * n
        row.update(repeating: 0, count: n)
        guard try scores.weigh(i, work) else { continue }
        (row + work.range.lowerBound).update(from: work.weights.pointer, count: work.range.count)
      }
    }
  }

  /// What each space says of a query and a key, before weights and temperature: (W_e q · W_e k)/√d into `euclidean`,
  /// −d(W_h q, W_h k) into `hyperbolic`, [m, n] each.
  public func contributions(
    _ input: AttentionInput, euclidean: UnsafeMutablePointer<Float>, hyperbolic: UnsafeMutablePointer<Float>,
    _ control: Control
  ) throws(RuvectorError) {
    let scores = try DualScores.make(self, input, control), n = input.keys.rows
    for i in 0..<input.queries.rows {
      scores.read(i, 0..<n, euclidean: euclidean + i * n, hyperbolic: hyperbolic + i * n)
    }
    try requireRange(euclidean, input.queries.rows * n, input)
    try requireRange(hyperbolic, input.queries.rows * n, input)
  }

  public static let operations =
    AttentionOperation.all + [
      Operation(
        "contributions", [Port("queries", ["m", "dim"]), Port("keys", ["n", "dim"])], [Port("output", [2, "m", "n"])])
    ]

  /// "contributions": the Euclidean ones first.
  public func run(_ operation: String, _ buffers: [Tensor], _ control: Control) throws(RuvectorError) -> Int {
    guard operation.utf8.elementsEqual("contributions".utf8) else {
      return try runAttention(operation, buffers, control)
    }
    try requireBuffers(3, for: operation, buffers)
    let keys = try buffers[1].matrix("keys")
    let input = AttentionInput(queries: try buffers[0].matrix("queries"), keys: keys, values: keys)
    try check(input)
    let (pairs, overflow) = input.queries.rows.multipliedReportingOverflow(by: keys.rows)
    let (count, carry) = pairs.multipliedReportingOverflow(by: 2)
    guard !overflow, !carry else {
      throw .expected("sizes that fit in memory", for: "output", received: "more", .outOfMemory)
    }
    let out = try buffers[2].output("output", count: count)
    try contributions(input, euclidean: out, hyperbolic: out + pairs, control)
    return count
  }
}
