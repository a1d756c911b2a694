import CRuvectorSupport
import RuvectorCore

/// A hierarchical navigable small world graph (Malkov and Yashunin 2018, arXiv 1603.09320): approximate nearest neighbours in
/// O(log n) distance evaluations.
///
/// - Building: batches of a growing size see the graph as it was before them, so they are computed on any number of threads
///   with one result (Manohar et al. 2024, "ParlayANN", §4). The graph depends on the options, what was added before and the
///   order within the call. O(n · efConstruction · M · dim · log n).
/// - Searching: `ef` candidates are kept, at least k. O((ef + log n) · M · dim).
/// - At level 0 a tree of links that are never pruned connects all vectors (see `Links`).
/// - Removing marks a vector; searches pass it until the graph has been repaired around it (see `Repair`), a few nodes at each
///   removal, and its slot is used again.
public final class HNSWIndex: VectorIndex, @unchecked Sendable {
  public static let kind = IndexKind(
    name: "hnsw", title: "HNSWIndex",
    options: VectorIndex.commonOptions + [
      Option(
        "M", .integer(2...100), standard: 16,
        "Links a vector at levels above 0, twice as many at level 0: more for hard data, at 8 M bytes a vector."),
      Option(
        "efConstruction", .integer(1...65536), standard: 200,
        "Candidates that inserting looks at: more for a better graph and a slower build."),
      Option(
        "ef", .integer(1...1_048_576), standard: 64,
        "Candidates that a search keeps (at least k), unless it says otherwise: recall for speed."),
      Option("seed", .seed, standard: 1, "Seed of the levels and the order of insertion."),
    ])

  /// Links a vector at levels above 0.
  public let m: Int
  public let efConstruction: Int
  let seed: UInt64
  let links: Links
  /// Vectors ever added: the number that decides a level.
  var sequence: UInt64
  private var currentEf: Int
  /// Removed nodes that links still lead to, and what is being done about earlier ones. The writer's.
  var waiting: [UInt32] = []
  /// Nodes that were added last.
  private(set) var latest: [UInt32] = []
  var repair: Repair?
  /// Nodes by their rows. The writer's.
  let likeness: Likeness
  /// The writer's.
  var blur = Blur()
  /// Of inner products; other metrics have none.
  let centre: Centre?

  /// Options by name: see `kind`. `.invalidConfig`.
  public convenience init(_ given: [(key: String, value: OptionValue)]) throws(RuvectorError) {
    let settings = try HNSWIndex.kind.settings(given)
    let parts = try Parts(settings), first = max(settings.integer("capacity"), 16)
    try self.init(settings, parts, Links(m: settings.integer("M"), first: first, shift: parts.rows.walked.map.shift))
  }

  init(_ settings: Settings, _ parts: Parts, _ links: Links, sequence: UInt64 = 0) throws(RuvectorError) {
    m = settings.integer("M")
    efConstruction = settings.integer("efConstruction")
    seed = settings.seed("seed")
    currentEf = settings.integer("ef")
    (self.links, self.sequence) = (links, sequence)
    likeness = try Likeness(parts.rows)
    centre = try Centre(parts.rows)
    try super.init(settings, parts)
  }

  /// Candidates that a search keeps by default.
  public var ef: Int { tableLock.locked { currentEf } }

  public func setEf(_ ef: Int) throws(RuvectorError) {
    guard ef >= 1, ef <= 1 << 20 else {
      throw .expected("an integer in 1...1048576", for: "ef", received: "\(ef)", .invalidConfig)
    }
    tableLock.locked { currentEf = ef }
  }

  override var nodeParts: [Records] { super.nodeParts + [links.nodes, links.ground] }
  override var walkerRoom: Int { 2 * m }
  override func countBytes() -> Int { super.countBytes() &+ links.byteCount &+ likeness.byteCount }
  public override var bytesPerVector: Double {
    super.bytesPerVector + Double(links.nodes.stride + links.ground.stride + KeyTable.bytesPerEntry)
      + Double(links.upper.stride) / Double(m - 1)
  }

  // MARK: Searching

  override func find(
    _ walker: Walker, k: Int, ef: Int?, places: Int, _ filter: Filter, _ kernels: KernelTable
  ) throws(RuvectorError) {
    let start = entry, width = min(max(k, ef ?? self.ef), places), hidden = deleted + pending
    // A few that are not seen are walked to like all others, each in a place of its own, and then left.
    if case .all = filter, hidden <= width / 16 {
      try walker.begin(ef: width + hidden, count: nodesUsed)
      guard start != Links.end else { return }
      walker.unmarkAndStart(descend(walker, to: 0, kernels))
      if hasPlateaus {
        _ = try walker.leavePlateau(ef: width + hidden, of: places, room: 0, kernels) {
          walker.walk(0, ef: $0, self, kernels)
          return true
        }
      } else {
        walker.walk(0, ef: width + hidden, self, kernels)
      }
      let sight = sight
      if hidden > 0 { walker.keep(Seen(sight: sight, chains: chains)) }
      // More may have gone meanwhile.
      if hidden == 0 || walker.size >= min(k, size) || chains != nil {
        return try settle(walker, k, Seen(sight: sight, chains: nil), kernels)
      }
    }
    let search = FilteredWalk(walker, self, k: k, ef: width, kernels)
    try walker.begin(ef: width, count: nodesUsed)
    guard start != Links.end else { return }
    try resolve(filter, places, search)
  }

  /// Greedily from the entry point, which there is, or from the hub, to the level above `level`.
  func descend(_ walker: Walker, to level: Int, _ kernels: KernelTable) -> Walker.Entry {
    var nearest = beginning(walker, level, kernels)
    let top = links.level(Walker.id(nearest))
    for l in stride(from: top, to: level, by: -1) { nearest = walker.descend(nearest, l, self, kernels) }
    return nearest
  }

  // MARK: Writing

  /// Shuffled: a caller's order is often by groups, whose members would not see each other.
  override func order(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    var random = Random(seed: seed ^ sequence &* 0x9e37_79b9_7f4a_7c15)
    for i in stride(from: count - 1, to: 0, by: -1) { order.swapAt(i, random.below(i + 1)) }
    return order
  }

  /// The most vectors that are inserted without seeing each other.
  private static let largestBatch = 1024

  override func insert(
    _ order: [Int], _ matrix: MatrixView, _ slots: AlignedBuffer<UInt32>, _ control: Control
  ) throws(RuvectorError) {
    let builder = try Builder(self, control, adding: order.count)
    var done = 0
    while done < order.count {
      try control.check()
      let top = entry == Links.end ? -1 : links.level(Int(entry))
      // As many as a 32nd of what the call has added: they do not see each other, and an eighth cost 1 % of recall among 2,000.
      // Alone, whoever rises above the top.
      let most = min(order.count - done, HNSWIndex.largestBatch, max(1, done / 32))
      var batch: [UInt32] = []
      while batch.count < most {
        let level = level(of: sequence)
        if level > top, !batch.isEmpty { break }
        let (node, slot) = try store(matrix, order[done]) { (node) throws(RuvectorError) in
          try place(node, level: level)
        }
        slots[order[done]] = UInt32(slot)
        try centre?.count(node)
        sequence += 1
        done += 1
        batch.append(UInt32(node))
        if level > top { break }
      }
      try centre?.settle(self)
      try builder.connect(batch)
      latest = Array((latest + batch).suffix(Builder.company))
      publish(places: nextPlace, nodes: nextNode)
      if let first = batch.first, links.level(Int(first)) > top { publish(entry: first) }
      if centre != nil, batch.contains(where: { links.level(Int($0)) >= hubLevel }) { try chooseHub() }
      control.report(Double(done) / Double(order.count))
    }
  }

  /// A node without links; excludes readers where the lists above level 0 have to grow.
  private func place(_ id: Int, level: Int) throws(RuvectorError) {
    if links.needsRoom(level) {
      try lock.writing { () throws(RuvectorError) in try links.place(id, level: level) }
    } else {
      try links.place(id, level: level)
    }
  }

  /// Level of the vector with this number: P(level ≥ l) = M^−l.
  private func level(of sequence: UInt64) -> Int {
    var random = Random(seed: seed &+ sequence &* 0xd134_2543_de82_ef95)
    let u = 1 - random.uniform()
    return min(Int(-rv_log(u) / rv_log(Double(m))), Links.topLevel)
  }

  override func plan(_ matrix: MatrixView) throws(RuvectorError) -> Likeness.Plan? {
    try likeness.plan(matrix) { !isEmpty($0) }
  }
  override func enter(_ node: Int, _ plan: Likeness.Plan, row: Int) { likeness.enter(node, plan, row: row) }
  override func forget(_ node: Int) { likeness.forget(node) }

  override func tidy(_ nodes: [UInt32]) {
    waiting += nodes
    if let centre { for node in nodes { try? centre.count(Int(node), leaving: true) } }
  }

  override func repairLinks(_ steps: Int) throws(RuvectorError) -> Bool {
    if repair == nil, isRepairDue {
      try centre?.settle(self)
      repair = try Repair(self, waiting)
      waiting = []
    }
    guard let repair else { return false }
    if try repair.advance(steps, self) { self.repair = nil }
    return self.repair != nil || isRepairDue
  }

  private var isRepairDue: Bool { waiting.count >= max(32, tableLock.locked { liveCount } / 8) }

  override func standIn(for id: Int) -> Int? {
    let list = links.list(id, 0)
    return (0..<links.count(id, 0)).map { Int(list[$0] & ~Links.pinned) }.first(where: isLive)
  }

  override func reused() {}

  override func reset() {
    super.reset()
    links.removeAll()
    likeness.removeAll()
    (waiting, repair, latest) = ([], nil, [])
    centre?.forgetAll()
  }
}
