import CRuvectorSupport
import RuvectorCore

/// Chooses negatives for anchors among candidates. d is the distance from the anchor, d₊ that of its positive:
///
///     hardest           the k nearest
///     semiHard          d₊ < d < d₊ + margin, the nearest of them first; too few: the nearest of the others behind them
///     distanceWeighted  drawn with weights 1/q(max(d, ½)), q(d) = d^(D−2) (1 − d²/4)^((D−3)/2): as many of each distance on the sphere
///     degree            drawn with weights degree^¾
///     mixed             half of them the nearest, the others drawn by degree (without degrees: evenly)
///     random            drawn evenly
///
/// d = 1 − cos, or Euclidean; `distanceWeighted` takes the Euclidean distance of the directions. No candidate is chosen twice for an
/// anchor. Each call draws anew: the state counts the calls, so that a run which goes on draws what it would have drawn.
/// - Errors: fewer than k candidates; `semiHard` without positives; `degree` without degrees.
/// - Complexity: O(n · m · (d + log m)).
///
/// References: Schroff, Kalenichenko, Philbin 2015, "FaceNet" (semi-hard); Wu, Manmatha, Smola, Krähenbühl 2017, "Sampling matters
/// in deep embedding learning", equations 3 and 4 (distance-weighted); Mikolov et al. 2013 (the exponent ¾); Efraimidis, Spirakis
/// 2006 (drawing without repetition).
public final class NegativeMiner: Mechanism, @unchecked Sendable {
  // MARK: - Options

  public static let family: StaticString = "miner"
  public static let name: StaticString = "negatives"
  public static let options = [
    Option(
      "strategy", .choice(["hardest", "semiHard", "distanceWeighted", "degree", "mixed", "random"]), standard: 0,
      "How they are chosen."),
    Option("k", .integer(1...1_000_000), standard: 1, "Negatives of an anchor."),
    Option("margin", .number(0...1e30), standard: 0.1, "How much farther than the positive semi-hard ones may be."),
    Option("metric", .choice(["cosine", "euclidean"]), standard: 0, "1 less the cosine, or the Euclidean distance."),
    Option("seed", .seed, standard: 0, "Seed of what is drawn."),
  ]
  private enum Strategy: Int { case hardest, semiHard, distanceWeighted, degree, mixed, random }
  private let strategy: Strategy
  private let k: Int
  private let margin: Double
  private let isCosine: Bool
  public let seed: UInt64

  // MARK: - State

  public let parameters: Parameters
  private let calls: StepCount

  public static func slots(_ settings: Settings) throws(RuvectorError) -> [Slot] { [StepCount.slot] }

  // MARK: - Creation

  public init(_ settings: Settings) throws(RuvectorError) {
    strategy = Strategy(rawValue: settings.choice("strategy")) ?? .hardest
    (k, margin) = (settings.integer("k"), settings.number("margin"))
    (isCosine, seed) = (settings.choice("metric") == 0, settings.seed("seed"))
    parameters = try Parameters(Self.slots(settings))
    calls = StepCount(parameters)
  }

  public var optionValues: [Double] { [Double(strategy.rawValue), Double(k), margin, isCosine ? 0 : 1, Double(seed)] }

  // MARK: - Operations

  public static let operations = [
    Operation(
      "mine",
      [
        Port("anchor", ["n", "d"]), Port("candidates", ["m", "d"]), Port("positive", ["n", "d"], .float32, .optional),
        Port("degrees", ["m"], .float32, .optional),
      ], [Port("indices", ["n", "k"], .uint32)], changesMember: true)
  ]

  public func size(of side: StaticString) -> Int? { side.matches("k") ? k : nil }

  public func perform(_ call: Call, _ control: Control) throws(RuvectorError) -> Int {
    guard let anchors = try call.matrix("anchor"), let candidates = try call.matrix("candidates") else { return 0 }
    let positives = try call.matrix("positive"), degrees = try call.vector("degrees")
    guard candidates.rows >= k else {
      throw .expected("at least \(k) rows", for: "candidates", received: "\(candidates.rows)", .invalidArgument)
    }
    if strategy == .semiHard, positives == nil {
      throw .expected("a matrix", for: "positive", received: "nothing", .invalidArgument)
    }
    if strategy == .degree, degrees == nil {
      throw .expected("a vector", for: "degrees", received: "nothing", .invalidArgument)
    }
    for (rows, name) in [(anchors, "anchor"), (candidates, "candidates")] + (positives.map { [($0, "positive")] } ?? [])
    {
      for r in 0..<rows.rows { try requireFinite(rows.row(r), count: rows.dim, for: "\(name)[\(r)]") }
    }
    if let degrees {
      try requireFinite(degrees.baseAddress ?? candidates.base, count: degrees.count, for: "degrees")
      for (i, degree) in degrees.enumerated() where degree < 0 {
        throw .expected(
          "numbers >= 0", for: "degrees", received: "\(text(Double(degree))) at element \(i)", .outOfRange)
      }
    }
    let out = try call.indicesOutput(), turn = UInt64(calls.value + 1)
    try forChunks(of: anchors.rows, chunk: 8, control) { (rows, _) throws(RuvectorError) in
      for r in rows {
        var random = Random(seed: seed ^ (turn &* 0x9e37_79b9_7f4a_7c15 &+ UInt64(r) &* 0xd134_2543_de82_ef95))
        let distances = (0..<candidates.rows).map { distance(anchors.row(r), candidates.row($0), anchors.dim) }
        let near = positives.map { distance(anchors.row(r), $0.row(r), anchors.dim) }
        let chosen = choose(distances, near, degrees, anchors.dim, &random)
        for (i, one) in chosen.enumerated() { out[r * k + i] = UInt32(truncatingIfNeeded: one) }
      }
    }
    _ = calls.next()  // what was aborted has not happened
    return call.outputCount
  }

  // MARK: - Choice

  private func distance(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ d: Int) -> Double {
    let kernels = Kernels.current
    guard isCosine else { return Double(kernels.squared_l2(x, y, d)).squareRoot() }
    let squares = kernels.squared_norm(x, d) * kernels.squared_norm(y, d)
    return squares > 0 ? 1 - Double(kernels.dot(x, y, d)) / squares.squareRoot() : 1
  }

  private func choose(
    _ distances: [Double], _ near: Double?, _ degrees: UnsafeBufferPointer<Float>?, _ dim: Int, _ random: inout Random
  ) -> [Int] {
    func nearest(_ count: Int, where fits: (Int) -> Bool = { _ in true }) -> [Int] {
      var order = distances.indices.filter(fits)
      order.sort { distances[$0] == distances[$1] ? $0 < $1 : distances[$0] < distances[$1] }
      return Array(order.prefix(count))
    }
    func byDegree(_ i: Int) -> Double { degrees.map { 0.75 * rv_log(Double($0[i])) } ?? 0 }
    switch strategy {
    case .hardest: return nearest(k)
    case .semiHard:
      let near = near ?? 0
      let between = nearest(k) { distances[$0] > near && distances[$0] < near + margin }
      let taken = Taken(between, of: distances.count)
      return between + nearest(k - between.count) { !taken.has($0) }
    case .distanceWeighted:
      return draw(k, from: distances.count, &random) { logWeight(distances[$0], Double(dim)) }
    case .degree: return draw(k, from: distances.count, &random) { byDegree($0) }
    case .mixed:
      let hard = nearest((k + 1) / 2), taken = Taken(hard, of: distances.count)
      return hard
        + draw(k - hard.count, from: distances.count, &random) { taken.has($0) ? -.infinity : byDegree($0) }
    case .random: return draw(k, from: distances.count, &random) { _ in 0 }
    }
  }

  private struct Taken {
    private var list: [Bool]
    init(_ chosen: [Int], of count: Int) {
      list = [Bool](repeating: false, count: count)
      for i in chosen { list[i] = true }
    }
    func has(_ i: Int) -> Bool { list[i] }
  }

  /// ln 1/q of a distance between directions; with 1 − cos given, d² = 2 (1 − cos).
  private func logWeight(_ distance: Double, _ dim: Double) -> Double {
    let d = min(max(isCosine ? (2 * max(distance, 0)).squareRoot() : distance, 0.5), 1.999)
    return -(dim - 2) * rv_log(d) - (dim - 3) / 2 * rv_log(1 - d * d / 4)
  }

  /// The `count` largest of ln weight + Gumbel noise: a draw without repetition.
  private func draw(_ count: Int, from all: Int, _ random: inout Random, _ weight: (Int) -> Double) -> [Int] {
    var keys: [(key: Double, index: Int)] = []
    // 1 − uniform is in (0, 1]: its logarithm is a number.
    for i in 0..<all { keys.append((weight(i) - rv_log(-rv_log(1 - random.uniform())), i)) }
    keys.sort { $0.key == $1.key ? $0.index < $1.index : $0.key > $1.key }
    return keys.prefix(count).map { $0.index }
  }
}
