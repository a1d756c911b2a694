import RuvectorCore
import RuvectorSearch

/// How ``hierarchicalForwardV2(query:levels:layers:mode:control:onLevel:)`` takes one step: which nodes of a level it
/// keeps, how they join the current embedding e, and how a layer acts on the result. One mode = one file, and one line
/// in ``HierarchyModes``.
public protocol HierarchyMode: AnyObject {
  static var name: StaticString { get }
  static var options: [Option] { get }
  init(_ settings: Settings) throws(RuvectorError)

  /// Nodes kept a level.
  var k: Int { get }
  /// The query where the walk starts; e of the first level.
  func start(_ query: [Double]) throws(RuvectorError) -> [Double]
  /// The k best nodes of `level` (the `number`-th from 0, called `name` in messages) for e, best first, with the softmax of their scores (over the kept alone).
  func keep(
    _ e: UnsafePointer<Float>, _ level: Candidates, number: Int, _ name: String, _ control: Control
  ) throws(RuvectorError) -> KeptNodes
  /// e joined by the aggregate of the kept nodes.
  func combine(_ e: [Double], _ kept: KeptNodes) throws(RuvectorError) -> [Double]
  /// The layer on the combined embedding, its neighbours being the kept nodes.
  func apply(_ layer: any WalkLayer, _ combined: [Double], _ kept: KeptNodes) throws(RuvectorError) -> [Double]
  /// Both: e of the next level; nil: the identity.
  func step(_ e: [Double], _ kept: KeptNodes, _ layer: (any WalkLayer)?) throws(RuvectorError) -> [Double]
}

extension HierarchyMode {
  public func step(_ e: [Double], _ kept: KeptNodes, _ layer: (any WalkLayer)?) throws(RuvectorError) -> [Double] {
    let combined = try combine(e, kept)
    return try layer.map { (layer) throws(RuvectorError) in try apply(layer, combined, kept) } ?? combined
  }
}

/// The modes by name, one line each.
public enum HierarchyModes {
  public static let all = [
    HierarchyModeMember(StandardHierarchy.self),
    HierarchyModeMember(HyperbolicHierarchy.self),
    HierarchyModeMember(DualSpaceHierarchy.self),
    HierarchyModeMember(EdgeFeaturedHierarchy.self),
    HierarchyModeMember(MoEHierarchy.self),
  ]

  /// `.invalidConfig` for unknown names and impossible options.
  public static func make(
    _ name: String, _ options: [(key: String, value: OptionValue)] = []
  ) throws(RuvectorError) -> any HierarchyMode {
    if let member = all.first(where: { $0.name.matches(name) }) { return try member.make(options) }
    throw .expected("one of \(list(all.map { $0.name }))", for: "mode", received: quoted(name), .invalidConfig)
  }
}

/// A mode that can be made by name.
public struct HierarchyModeMember: Sendable {
  public let name: StaticString
  public let options: [Option]
  public let make: @Sendable ([(key: String, value: OptionValue)]) throws(RuvectorError) -> any HierarchyMode

  init<M: HierarchyMode & Sendable>(_ mode: M.Type) {
    (name, options) = (mode.name, mode.options)
    make = { (given) throws(RuvectorError) -> any HierarchyMode in
      try M(Settings(of: M.name, M.options, given))
    }
  }
}

/// Options that all modes share.
enum HierarchyOption {
  static let k = Option("k", .integer(1...16_777_216), standard: 5, "Nodes kept a level.")
  static let temperature = Option(
    "temperature", .positive, standard: 1, "T > 0 of the softmax over the kept nodes.")
  static let curvature = Option(
    "curvature", .negative, standard: -1, "Sectional curvature K < 0 of the ball.")
}

/// The nodes of a level that a step keeps, best first.
public final class KeptNodes {
  /// The level they are of.
  public let level: Candidates
  /// Their numbers in it.
  public let indices: AlignedBuffer<UInt32>
  /// Sum 1.
  public let weights: AlignedBuffer<Float>
  public var count: Int { indices.count }
  /// Which experts chose them (``MoEHierarchy``).
  public internal(set) var routing: HierarchyRouting?

  /// Room for `count` nodes; the caller fills it.
  init(_ level: Candidates, count: Int) throws(RuvectorError) {
    self.level = level
    indices = try AlignedBuffer(count: count, for: "k")
    weights = try AlignedBuffer(count: count, for: "k")
  }

  /// The k nearest of `level` by `metric`, with the softmax of their logits / `temperature`.
  convenience init(
    nearest e: UnsafePointer<Float>, _ level: Candidates, _ name: String, _ metric: Metric, k: Int,
    temperature: Double, _ control: Control
  ) throws(RuvectorError) {
    try self.init(level, count: min(k, level.rows))
    let values = try AlignedBuffer<Float>(count: count)
    try differentiableSearch(
      queries: MatrixView(e, rows: 1, dim: level.dim), level, metric: metric, k: count, temperature: temperature,
      SearchOutput(indices: indices.pointer, weights: weights.pointer, values: values.pointer), named: name,
      control: control)
    let sign: Float = metric == .cosine ? 1 : -1
    for j in 0..<count { values[j] *= sign }
    weigh(values.pointer, temperature)
  }

  /// weights ← softmax(logits / T), logits falling.
  func weigh(_ logits: UnsafePointer<Float>, _ temperature: Double) {
    var total = 0.0
    for j in 0..<count { total += Double.exp((Double(logits[j]) - Double(logits[0])) / temperature) }
    for j in 0..<count {
      weights[j] = Float(Double.exp((Double(logits[j]) - Double(logits[0])) / temperature) / total)
    }
  }

  /// Node `j` of the kept, in Double.
  func node(_ j: Int) -> [Double] {
    let row = level.row(Int(indices[j]))
    return (0..<level.dim).map { Double(row[$0]) }
  }

  /// Σ w_j f(N_j)
  func mean(_ map: ([Double]) throws(RuvectorError) -> [Double]) throws(RuvectorError) -> [Double] {
    var sum = [Double](repeating: 0, count: level.dim)
    for j in 0..<count {
      let x = try map(node(j)), w = Double(weights[j])
      for i in sum.indices { sum[i] += w * x[i] }
    }
    return sum
  }

  /// `layer` at `x` with the nodes, each through `map`, as its neighbours.
  func neighbors(
    of x: [Double], _ layer: any WalkLayer, _ map: ([Double]) throws(RuvectorError) -> [Double]
  ) throws(RuvectorError) -> [Double] {
    let d = level.dim
    let memory = try AlignedBuffer<Float>(count: (count + 1) * d + layer.hiddenDim, for: "k")
    for i in 0..<d { memory[count * d + i] = Float(x[i]) }
    for j in 0..<count {
      let y = try map(node(j))
      for i in 0..<d { memory[j * d + i] = Float(y[i]) }
    }
    let out = memory.pointer + (count + 1) * d
    try layer.forward(
      memory.pointer + count * d, neighbors: MatrixView(memory.pointer, rows: count, dim: d),
      edgeWeights: UnsafeBufferPointer(start: weights.pointer, count: count), into: out)
    return (0..<layer.hiddenDim).map { Double(out[$0]) }
  }
}
