import CRuvectorSupport
import RuvectorCore

/// Points in hyperbolic space for the nodes of a hierarchy, trained so that what is above a node lies nearer than what is not:
///
///     L = −log( exp(−d(u, v)) / (exp(−d(u, v)) + Σₖ exp(−d(u, vₖ))) )     for a pair (u, v), v above u, and nodes vₖ that are not
///     d(x, y) = acosh(1 + 2 |x − y|²/((1 − |x|²)(1 − |y|²)))               in the ball, K = −1
///     x ← R_x(−α g)     g the Riemannian gradient, R_x(w) = x + w in the ball, the exponential map on the hyperboloid
///
/// The gradients of a batch are taken at the points before it, and move them one after another, each by the rate `alpha`: what the
/// authors call lr is batchSize times that, for the mean over the batch. Whatever the manifold, the weights are points of the ball.
/// Points stay `epsilon` away from the sphere; on the hyperboloid no step is longer than 1.
///
/// - Complexity: O(negative · size) a pair. Precision: double, weights rounded once; a log of nothing: exp(−d) = 1/(x + √(x² − 1)).
///
/// References: Nickel and Kiela 2017, "Poincaré Embeddings for Learning Hierarchical Representations", equations 3 to 6; 2018,
/// "Learning Continuous Hierarchies in the Lorentz Model of Hyperbolic Geometry". Names: gensim's PoincareModel.
///
/// In JavaScript: the class PoincareEmbedding, which knows nodes by name (docs/poincare-embedding.md). It is for hierarchies; on
/// other data, and where dimensions are cheap, Euclidean embeddings do as well.
public final class PoincareEmbedding: Mechanism, @unchecked Sendable {
  // MARK: - Options

  public static let family: StaticString = "embedding"
  public static let name: StaticString = "poincare"
  public static let options = [
    Option("nodes", .integer(1...(1 << 26)), "Number of nodes."),
    Option("size", .integer(1...1024), standard: 10, "Dimensions."),
    Option("negative", .integer(1...4096), standard: 50, "Nodes that a pair is told apart from."),
    Option("epsilon", .number(1e-9...0.5), standard: 1e-5, "How far from the sphere all points stay."),
    Option(
      "initRange", .number(1e-9...0.01), standard: 1e-4, "Coordinates are at first uniform between minus this and this."
    ),
    Option(
      "dampening", .number(0...4), standard: 0.25,
      "Power of the frequency with which a node stands in pairs, by which it is drawn as a negative; 0: all alike."),
    Option("batchSize", .integer(1...65536), standard: 10, "Pairs of a batch."),
    Option(
      "manifold", .choice(["ball", "hyperboloid"]), standard: 0,
      "Where points are moved: the model of hyperbolic space."),
    Option("seed", .seed, standard: 0, "Of all that is random."),
  ]

  // MARK: - Operations

  public static let operations = [
    // Nodes below and above, a pair each; starts at epoch 0 where it is. Gives the number of pairs.
    Operation(
      "relations", [Port("children", ["pairs"], .uint32), Port("parents", ["pairs"], .uint32)],
      [Port("count", [1], .float64)]),
    // alpha, pairs -> the sum of the losses, pairs done, the epoch and the pairs of it that are done. It ends with a whole batch and
    // at the latest with an epoch. Until another operation wants the weights, they are as before, and setting them is without effect.
    Operation("train", [Port("settings", [2], .float64)], [Port("progress", [4], .float64)]),
    // Of each query: the ranks of what is above it among what is not, added up; how many; their average precision.
    Operation("ranks", [Port("queries", ["q"], .uint32)], [Port("figures", ["q", 3], .float64)]),
    // The weights as training has made them.
    Operation("points", [], [Port("points", ["nodes", "size"])]),
    // The points in doubles, as the manifold has them.
    Operation("save", [], [Port("state", ["state"], .float64)]),
    // Those, the epoch to go on with and the pairs of it that are done.
    Operation(
      "load", [Port("state", ["state"], .float64), Port("place", [2], .float64)], [Port("count", [1], .float64)]),
  ]

  public static func slots(_ settings: Settings) -> [Slot] {
    [Slot("points", [settings.integer("nodes"), settings.integer("size")], .zeros)]
  }

  // MARK: - Creation

  public let parameters: Parameters
  public let optionValues: [Double]
  public let seed: UInt64
  private let points: Parameter
  private let nodes: Int, size: Int, negative: Int, batchSize: Int
  private let isBall: Bool
  private let epsilon: Double, dampening: Double
  private let lock: Lock
  private var table: PoincareTable?
  private var trainer: PoincareTrainer?
  /// Whether the table is trained and the weights do not say it yet.
  private var isAhead = false

  public convenience init(_ settings: Settings) throws(RuvectorError) {
    self.init(settings, try Parameters(Self.slots(settings)), try Lock())
    var random = Random(seed: seed)
    let range = settings.number("initRange")
    for i in 0..<points.count { points[i] = Float(random.uniform(-range, range)) }
  }

  private init(_ settings: Settings, _ parameters: Parameters, _ lock: Lock) {
    (self.parameters, self.lock) = (parameters, lock)
    points = parameters["points"]
    nodes = settings.integer("nodes")
    size = settings.integer("size")
    negative = settings.integer("negative")
    batchSize = settings.integer("batchSize")
    isBall = settings.choice("manifold") == 0
    (epsilon, dampening) = (settings.number("epsilon"), settings.number("dampening"))
    seed = settings.seed("seed")
    optionValues = [
      Double(nodes), Double(size), Double(negative), epsilon, settings.number("initRange"), dampening,
      Double(batchSize), isBall ? 0 : 1, settings.number("seed"),
    ]
  }

  public func size(of side: StaticString) -> Int? {
    if side.matches("nodes") { return nodes }
    if side.matches("size") { return size }
    return side.matches("state") ? nodes * PoincareTable.stride(size) : nil
  }

  // MARK: - Calls

  /// `.busy` where another call trains it.
  public func run(_ operation: String, _ buffers: [Tensor], _ control: Control) throws(RuvectorError) -> Int {
    let known = try find(operation, in: Self.operations)
    try requireBuffers(known.inputs.count + 1, for: operation, buffers)
    guard lock.tryAcquire() else {
      throw RuvectorError(.busy, "expected one call at a time for an embedding, received another")
    }
    defer { lock.release() }
    let out = buffers[buffers.count - 1]
    if known.name.matches("relations") { return try setRelations(buffers[0], buffers[1], out) }
    if known.name.matches("train") { return try train(buffers[0], out, control) }
    if known.name.matches("points") { return try writePoints(out) }
    if known.name.matches("ranks") { return try ranks(buffers[0], out, control) }
    if known.name.matches("save") { return try save(out) }
    return try load(buffers[0], buffers[1], out)
  }

  /// The points in doubles, as training has left them, which the weights then say, or as somebody has set the weights since.
  private func currentTable() throws(RuvectorError) -> PoincareTable {
    if let table {
      if isAhead { table.write(to: points.pointer) } else { table.update(from: points.pointer) }
      isAhead = false
      return table
    }
    let table = try PoincareTable(count: nodes, size: size, isBall: isBall, epsilon: epsilon)
    for r in 0..<nodes { table.set(r) { Double(points[r * size + $0]) } }
    self.table = table
    return table
  }

  private func setRelations(_ children: Tensor, _ parents: Tensor, _ out: Tensor) throws(RuvectorError) -> Int {
    let count = children.columns, table = try currentTable()
    guard count > 0 else { throw .expected("at least 1 pair", for: "children", received: "0", .emptyInput) }
    let below = try children.readIndices("children", count: count),
      above = try parents.readIndices("parents", count: count)
    let result = try out.doubleOutput("output", count: 1)
    let relations = try PoincareRelations(
      nodes: nodes, children: below, parents: above, count: count, power: dampening)
    trainer = try PoincareTrainer(table, relations, negative: negative, batchSize: batchSize, seed: seed)
    result[0] = Double(count)
    return 1
  }

  private func theTrainer() throws(RuvectorError) -> PoincareTrainer {
    guard let trainer else { throw .expected("relations", for: "this", received: "none", .invalidArgument) }
    return trainer
  }

  private func train(_ settings: Tensor, _ out: Tensor, _ control: Control) throws(RuvectorError) -> Int {
    let given = try settings.doubles("settings"), trainer = try theTrainer()
    guard given.count == 2 else { throw .dimension("settings", expected: 2, received: given.count) }
    guard given[0] > 0, given[0] <= 1000 else {
      throw .expected("a number in 0...1000, not 0", for: "alpha", received: text(given[0]), .outOfRange)
    }
    guard given[1] >= 1 else {
      throw .expected("a number >= 1", for: "pairs", received: text(given[1]), .outOfRange)
    }
    let result = try out.doubleOutput("output", count: 4)
    try control.check()
    if !isAhead { _ = try currentTable() }
    let (loss, done) = try trainer.run(Int(min(given[1], 2e9)), rate: given[0], control)
    isAhead = true
    (result[0], result[1], result[2], result[3]) = (
      loss, Double(done), Double(trainer.epoch), Double(trainer.position)
    )
    return 4
  }

  private func ranks(_ queries: Tensor, _ out: Tensor, _ control: Control) throws(RuvectorError) -> Int {
    let count = queries.columns, asked = try queries.readIndices("queries", count: count)
    let result = try out.doubleOutput("output", count: 3 * count), relations = try theTrainer().relations
    if isAhead { _ = try currentTable() }
    for i in 0..<count where Int(asked[i]) >= nodes {
      throw .expected("nodes below \(nodes)", for: "queries[\(i)]", received: "\(asked[i])", .outOfRange)
    }
    // What others get, rounded as it is.
    let table = try PoincareTable(count: nodes, size: size, isBall: true, epsilon: 1e-9)
    for r in 0..<nodes { table.set(r) { Double(points[r * size + $0]) } }
    try forChunks(of: count, chunk: 4, control) { (rows, _) throws(RuvectorError) in
      let keys = try AlignedBuffer<Double>(count: nodes, for: "ranks")
      for i in rows {
        try control.check()
        rankAbove(Int(asked[i]), table, relations, keys.pointer, result + 3 * i)
      }
    }
    return 3 * count
  }

  private func writePoints(_ out: Tensor) throws(RuvectorError) -> Int {
    let result = try out.output("output", count: points.count)
    _ = try currentTable()
    result.update(from: points.pointer, count: points.count)
    return points.count
  }

  private func save(_ out: Tensor) throws(RuvectorError) -> Int {
    let table = try currentTable(), count = nodes * table.stride
    try out.doubleOutput("output", count: count).update(from: table.rows.pointer, count: count)
    return count
  }

  private func load(_ state: Tensor, _ place: Tensor, _ out: Tensor) throws(RuvectorError) -> Int {
    let given = try state.doubles("state"), at = try place.doubles("place"), trainer = try theTrainer()
    let table = try currentTable(), count = nodes * table.stride
    let result = try out.doubleOutput("output", count: 1)
    guard given.count == count else { throw .dimension("state", expected: count, received: given.count) }
    guard at.count == 2 else { throw .dimension("place", expected: 2, received: at.count) }
    for (x, most) in [(at[0], 1e9), (at[1], Double(trainer.relations.pairs - 1))] {
      guard x >= 0, x <= most, x == x.rounded() else {
        throw .expected("integers of an epoch and a pair", for: "place", received: text(x), .outOfRange)
      }
    }
    for i in 0..<count where !given[i].isFinite {
      throw .expected("finite numbers", for: "state", received: text(given[i]), .nonFinite)
    }
    given.withUnsafeBufferPointer { if let all = $0.baseAddress { table.load(all) } }
    table.write(to: points.pointer)
    trainer.seek(Int(at[0]), Int(at[1]))
    result[0] = Double(nodes)
    return 1
  }
}

/// The ranks of what is above node u among all that is not, 1 the best, where of equals what is not comes first: their sum, how many
/// they are, and their average precision, to `out`.
private func rankAbove(
  _ u: Int, _ table: PoincareTable, _ relations: PoincareRelations, _ keys: UnsafeMutablePointer<Double>,
  _ out: UnsafeMutablePointer<Double>
) {
  (out[0], out[1], out[2]) = (0, 0, 0)
  let first = Int(relations.offsets[u]), end = Int(relations.offsets[u + 1])
  guard first < end else { return }
  var layout = table.layout
  Kernels.current.embedding_keys(
    &layout, table.rows.pointer + u * table.stride, table.rows.pointer, table.count, keys)
  var above: [Double] = []
  keys[u] = .infinity
  for i in first..<end {
    let v = Int(relations.above[i])
    guard keys[v] != .infinity else { continue }  // a pair that is there twice
    above.append(keys[v])
    keys[v] = .infinity
  }
  for i in 1..<max(1, above.count) {  // a few: insertion
    let x = above[i]
    var j = i
    while j > 0, above[j - 1] > x {
      above[j] = above[j - 1]
      j -= 1
    }
    above[j] = x
  }
  let most = above[above.count - 1]
  // others not farther than the i-th, and farther than the one before
  var closer = [Int](repeating: 0, count: above.count)
  for j in 0..<table.count where keys[j] <= most {
    var i = above.count - 1
    while i > 0, keys[j] <= above[i - 1] { i -= 1 }
    closer[i] += 1
  }
  var before = 0
  for i in above.indices {
    before += closer[i]
    out[0] += Double(1 + before)
    out[2] += Double(i + 1) / Double(before + i + 1)
  }
  out[1] = Double(above.count)
  out[2] /= Double(above.count)
}
