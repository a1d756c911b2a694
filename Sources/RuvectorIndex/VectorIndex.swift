import CRuvectorSupport
import RuvectorCore
import RuvectorGeometry

/// What every index is: vectors by place, keys, and who may do what when. How vectors are found, its subclasses say.
///
/// Any number of threads may read while one writes: a reader sees what was there when it began. A second writer at the same
/// time gets `.busy`. Writers that move or reuse memory wait for the readers of that moment, each a single search at most.
///
/// Each vector has a slot, a number by which its key and its state are known, and a node, which has its row (and in a graph its
/// links). The two are the same number until a graph has equal vectors, which share a node (see `Twins`). What a call adds and replaces becomes visible at once
/// or not at all (see `SlotState`). Whatever concerns all slots (repair of a graph, a larger table of keys, strings that move)
/// is done in slices, some at each change.
public class VectorIndex: @unchecked Sendable {
  /// The options as given or defaulted, by which a file recreates them.
  let settings: Settings
  let rows: VectorRows
  public let keys: Keys
  /// Readers hold it to read; a writer takes it alone where it moves or reuses memory.
  let lock: SharedLock
  /// Guards the hash table of keys and the small variables.
  let tableLock: Lock
  /// One byte a slot: its `SlotState`.
  let states: Records
  /// Which slots share a node; nil as long as none do. A writer sets it while it excludes readers.
  private(set) var twins: Twins?
  /// [slots handed out, nodes without a vector that a search may meet, entry point of a graph, `Sight` of readers, staged and
  /// leaving vectors, free nodes, nodes handed out, whether nodes have seen a plateau only when they came], for readers.
  private let published: AlignedBuffer<UInt32>
  /// The first slot and the first node never used; nodes to use again, and, where slots are others, slots. The writer's.
  var nextPlace = 0
  var nextNode = 0
  var free: [UInt32] = []
  var freeSlots: [UInt32] = []
  /// What was staged by calls that have ended. The writer's.
  var batches: [Staged] = []
  /// A row that is on its way. The writer's.
  let scratch: AlignedBuffer<Float>
  /// Vectors from which on it is looked at again whether a smaller storage tells them apart. The writer's.
  var nextExamination = 0
  let spread: Spread?
  /// Whether the rows that are about to be stored are not told apart. The writer's.
  var isBlurring = false
  /// Steps of repair that removed vectors still have to pay for. The writer's.
  var owed = 0
  /// The writer's, for the length of a call.
  let writerLock: Lock
  /// Under `tableLock`.
  var liveCount = 0
  var filters: [PreparedFilter] = []
  var walkers: [Walker] = []
  var lastEvaluations = 0
  private var knownBytes = 0
  /// Whether the memory is a mapped file's.
  public let isReadOnly: Bool

  /// The records of an index, empty or a file's.
  struct Parts {
    let rows: VectorRows
    let keys: Keys
    let states: Records
    var isReadOnly = false

    /// `nodes`: where they are not as many as slots.
    init(_ settings: Settings, nodes: Int? = nil) throws(RuvectorError) {
      let space = try VectorIndex.space(settings), storage = try VectorIndex.storage(settings, space)
      let shift = VectorRows.Layout(space, storage).shift, first = max(settings.integer("capacity"), 16)
      rows = try VectorRows(space, storage, rerank: settings.flag("rerank"), first: nodes.map { max($0, 16) } ?? first)
      keys = try Keys(VectorIndex.keyKind(settings), first: first, shift: shift)
      states = try Records(stride: 1, first: first, shift: shift)
    }

    init(_ rows: VectorRows, _ keys: Keys, _ states: Records, isReadOnly: Bool) {
      (self.rows, self.keys, self.states, self.isReadOnly) = (rows, keys, states, isReadOnly)
    }
  }

  init(_ settings: Settings, _ parts: Parts) throws(RuvectorError) {
    scratch = try AlignedBuffer(count: parts.rows.space.width, for: "vectors")
    let published = try AlignedBuffer<UInt32>(count: 8, for: "index")
    let lock = try SharedLock(), tableLock = try Lock(), writerLock = try Lock()
    (self.settings, rows, keys, states) = (settings, parts.rows, parts.keys, parts.states)
    (self.lock, self.tableLock, self.writerLock) = (lock, tableLock, writerLock)
    (self.published, isReadOnly) = (published, parts.isReadOnly)
    spread = try Spread(parts.rows)
    publish(places: 0, deleted: 0, entry: .max, seen: Sight.before, pending: 0, free: 0, nodes: 0, plateaus: false)
    noteBytes()
  }

  // MARK: What is in it

  public var dim: Int { rows.space.dim }
  public var metric: IndexMetric { rows.space.metric }
  public var storage: RowStorage { rows.storage }
  public var curvature: Double { settings.number("curvature") }
  public var size: Int { tableLock.locked { liveCount } }

  @inline(__always) var placesUsed: Int { Int(rv_load_acquire(published.pointer)) }
  @inline(__always) var nodesUsed: Int { Int(rv_load_acquire(UnsafePointer(published.pointer) + 6)) }
  /// Whether some node has seen a plateau only when it came, or was in a crowd (see `Walker.leavePlateau`): others may be hidden.
  @inline(__always) var hasPlateaus: Bool { rv_load_acquire(UnsafePointer(published.pointer) + 7) != 0 }
  @inline(__always) var chains: Chains? { twins?.chains }
  @inline(__always) var deleted: Int { Int(rv_load_acquire(UnsafePointer(published.pointer) + 1)) }
  @inline(__always) var entry: UInt32 { rv_load_acquire(UnsafePointer(published.pointer) + 2) }
  @inline(__always) var sight: Sight { Sight(states.map, rv_load_acquire(UnsafePointer(published.pointer) + 3)) }
  @inline(__always) var pending: Int { Int(rv_load_acquire(UnsafePointer(published.pointer) + 4)) }
  /// Nodes at which a walk may arrive, more or less: all but the free ones.
  @inline(__always) var nodeCount: Int {
    max(0, nodesUsed - Int(rv_load_acquire(UnsafePointer(published.pointer) + 5)))
  }
  /// Whether every node that a walk may meet holds a vector that is seen.
  @inline(__always) var isPlain: Bool { deleted == 0 && pending == 0 }

  func publish(
    places: Int? = nil, deleted: Int? = nil, entry: UInt32? = nil, seen: UInt32? = nil, pending: Int? = nil,
    free: Int? = nil, nodes: Int? = nil, plateaus: Bool? = nil
  ) {
    if let places { rv_store_release(published.pointer, UInt32(places)) }
    if let deleted { rv_store_release(published.pointer + 1, UInt32(deleted)) }
    if let entry { rv_store_release(published.pointer + 2, entry) }
    if let seen { rv_store_release(published.pointer + 3, seen) }
    if let pending { rv_store_release(published.pointer + 4, UInt32(pending)) }
    if let free { rv_store_release(published.pointer + 5, UInt32(free)) }
    if let nodes { rv_store_release(published.pointer + 6, UInt32(nodes)) }
    if let plateaus { rv_store_release(published.pointer + 7, plateaus ? 1 : 0) }
  }

  @inline(__always) func state(_ id: Int) -> UInt8 { rv_load_byte(states[id]) }
  func setState(_ id: Int, _ state: UInt8) { rv_store_byte(states[id], state) }
  /// Whether a slot holds nothing, or nothing any more after a flip. The writer's.
  @inline(__always) func isGone(_ id: Int) -> Bool { state(id) == SlotState.gone || state(id) == SlotState.leaving }
  /// Whether a node is one that new links should not lead to. The writer's.
  @inline(__always) func isEmpty(_ node: Int) -> Bool { chains.slot(of: node) { !isGone($0) } == nil }
  /// Whether a node has a vector that is in the index whatever becomes of batches. The writer's.
  func isLive(_ node: Int) -> Bool { chains.slot(of: node) { state($0) == SlotState.live } != nil }
  /// The slot of a vector at a node, of equal ones the oldest that is seen. A reader's.
  @inline(__always) func slot(of node: Int, _ sight: Sight) -> Int? { chains.slot(of: node) { sight.sees($0) } }

  /// Whether the table of keys is still to be made (of a mapped file). Under `tableLock`.
  var isTableMissing = false

  func place(of list: KeyList, _ i: Int) -> Int? { tableLock.locked { findPlace(list, i) } }

  /// The slot of key i. Under `tableLock`.
  func findPlace(_ list: KeyList, _ i: Int) -> Int? {
    makeTable()
    let sight = sight
    return keys.find(list, i) { sight.sees($0) }
  }

  /// The table of keys of a mapped file, for the first who asks. Under `tableLock`.
  func makeTable() {
    guard isTableMissing else { return }
    isTableMissing = (try? keys.index(live: keys.count, upTo: placesUsed) { !isGone($0) }) == nil
  }

  /// Bytes taken; the keys and their table are a part of it.
  public final var byteCount: Int { tableLock.locked { knownBytes } }

  /// The same, counted. The writer's.
  func countBytes() -> Int {
    rows.byteCount &+ keys.byteCount &+ states.byteCount &+ (twins?.byteCount ?? 0)
  }

  final func noteBytes() { tableLock.locked { knownBytes = countBytes() } }

  /// Bytes that one more vector takes, without its key.
  public var bytesPerVector: Double { Double(rows.stride + states.stride) }

  /// Vectors whose distance the last search of any thread looked at.
  public var evaluationsOfLastSearch: Int { tableLock.locked { lastEvaluations } }

  // MARK: Searching

  /// Leaves the slots of at least the `k` nearest in the walker's pool, those there are, by their exact keys; by a walk over floats
  /// where bytes or halves do not tell apart what is near.
  final func findSharp(
    _ walker: Walker, k: Int, ef: Int?, places: Int, _ filter: Filter, _ kernels: KernelTable
  ) throws(RuvectorError) {
    walker.isBlurred = false
    try find(walker, k: k, ef: ef, places: places, filter, kernels)
    guard walker.isBlurred else { return }
    walker.query.isOfFloats = true
    try find(walker, k: k, ef: ef, places: places, filter, kernels)
  }

  /// The same by the keys that the walker's query has.
  func find(
    _ walker: Walker, k: Int, ef: Int?, places: Int, _ filter: Filter, _ kernels: KernelTable
  ) throws(RuvectorError) {
    let width = !rows.isReranked ? k : min(places, max(2 * k, k + 8))
    try walker.begin(ef: width, count: places)
    if case .all = filter, isPlain {
      walker.scan(ef: width, kernels)
      return try settle(walker, k, Everything(), kernels)
    }
    try resolve(filter, places, Scan(walker, k, width, kernels))
  }

  /// Of a pool of nodes by the keys of the walk makes one of slots by exact keys.
  @inline(__always)
  final func settle<A: Admission>(
    _ walker: Walker, _ k: Int, _ admission: A, _ kernels: KernelTable
  ) throws(RuvectorError) {
    if rows.isReranked {
      let isBlurred = try walker.rerank(min(walker.size, max(2 * k, k + 8)), rows, kernels)
      walker.isBlurred = isBlurred && rows.exact != nil && !walker.query.isOfFloats
    }
    if let chains { try walker.spread(k, admission, chains) }
  }

  /// The search that looks at all that is allowed.
  private struct Scan: FilteredSearch {
    let walker: Walker
    let k: Int
    let width: Int
    let kernels: KernelTable
    init(_ walker: Walker, _ k: Int, _ width: Int, _ kernels: KernelTable) {
      (self.walker, self.k, self.width, self.kernels) = (walker, k, width, kernels)
    }
    func run<A: Admission>(_ admission: A, count: Int, _ index: VectorIndex) {
      walker.scan(admission, ef: width, index, kernels)
    }
  }

  // MARK: What subclasses say

  /// Stores rows of `matrix` in this order, each hidden at a slot of its own that goes to `slots`, which has room for all.
  func insert(
    _ order: [Int], _ matrix: MatrixView, _ slots: AlignedBuffer<UInt32>, _ control: Control
  ) throws(RuvectorError) {
    for (i, r) in order.enumerated() {
      if i % 1024 == 0 {
        try control.check()
        control.report(Double(i) / Double(order.count))
      }
      slots[r] = UInt32(try store(matrix, r) { _ throws(RuvectorError) in }.slot)
    }
    publish(places: nextPlace, nodes: nextNode)
  }

  /// Which rows of a matrix are equal to others; nil where that makes no difference.
  func plan(_: MatrixView) throws(RuvectorError) -> Likeness.Plan? { nil }

  /// A node has the row that was the first of its kind.
  func enter(_: Int, _: Likeness.Plan, row _: Int) {}

  /// A node has lost its last vector; its row is still there.
  func forget(_: Int) {}

  /// After nodes have lost their last vector and readers of it have ended: they are free, or to be repaired first.
  func tidy(_ nodes: [UInt32]) { giveBack(nodes) }

  /// Nodes to be used again.
  final func giveBack(_ nodes: [UInt32]) {
    free += nodes
    publish(free: free.count)
  }

  /// At most so many steps of making nodes free; whether more is left to do.
  func repairLinks(_: Int) throws(RuvectorError) -> Bool { false }

  /// A node with a vector near to the removed one of a node that others pass; nil where nobody does.
  func standIn(for _: Int) -> Int? { nil }

  /// A free node is used again.
  func reused() { publish(deleted: deleted - 1) }

  /// The order in which `count` rows are inserted.
  func order(_ count: Int) -> [Int] { Array(0..<count) }

  /// An index without vectors. Excludes readers.
  func reset() {
    (free, freeSlots, nextPlace, nextNode, owed, twins) = ([], [], 0, 0, 0, nil)
    tableLock.locked {
      keys.removeAll()
      liveCount = 0
      for filter in filters { filter.forgetPlaces() }
    }
    publish(places: 0, deleted: 0, entry: .max, pending: 0, free: 0, nodes: 0, plateaus: false)
  }

  /// Nodes and slots are two things from now on. Excludes readers, who may not look keys up either.
  final func adopt(_ made: Twins) { twins = made }

  /// What has a record for each slot, and for each node.
  final var slotParts: [Records] { [keys.records, states] + (twins.map { [$0.slots] } ?? []) }
  var nodeParts: [Records] { rows.parts + (twins.map { [$0.nodes] } ?? []) }

  /// Neighbours that a walker looks at together.
  var walkerRoom: Int { 64 }
}
