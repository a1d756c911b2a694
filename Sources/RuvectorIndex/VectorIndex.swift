import CRuvectorSupport
import RuvectorCore
import RuvectorGeometry

/// What every index is: vectors by place, keys, and who may do what when. How vectors are found, its subclasses say.
///
/// Any number of threads may read while one writes: a reader sees what was there when it began. A second writer at the same
/// time gets `.busy`. Writers that move or reuse memory wait for the readers of that moment, each a single search at most.
public class VectorIndex: @unchecked Sendable {
  /// Options that all kinds have.
  static let commonOptions: [Option] = [
    Option("dim", .integer(1...65536), "Elements a vector."),
    Option("metric", .choice(["cosine", "l2", "ip", "poincare", "lorentz"]), standard: 0, "How vectors are compared."),
    Option("curvature", .negative, standard: -1, "Sectional curvature of the hyperbolic metrics."),
    Option("storage", .choice(["f32", "f16", "i8"]), standard: 0, "How rows are stored for the search."),
    Option("rerank", .flag, standard: 1, "Keep floats beside a smaller storage, to order the last candidates exactly."),
    Option(
      "capacity", .integer(0...2_147_483_646), standard: 0, "Vectors to have memory for at once; it grows by itself."),
    Option(
      "keys", .choice(["number", "bigint", "string"]), standard: 0,
      "What vectors are named by: 64-bit integers (of which JavaScript makes numbers or bigints) or strings."),
  ]

  /// The options as given or defaulted, by which a file recreates them.
  let settings: Settings
  let rows: VectorRows
  public let keys: Keys
  /// Readers hold it to read; a writer takes it alone where it moves or reuses memory.
  let lock: SharedLock
  /// Guards the hash table of keys and the small variables.
  let tableLock: Lock
  /// One byte a place: 1 where there is no vector (any more). Changed under `lock` alone.
  let gone: Records
  /// [places handed out, those of removed vectors that a search may meet, entry point of a graph], for readers.
  private let published: AlignedBuffer<UInt32>
  /// The first place never used, and places to use again. The writer's.
  var nextPlace = 0
  var free: [UInt32] = []
  /// Under `tableLock`.
  private var isWriting = false
  private var walkers: [Walker] = []
  private var lastEvaluations = 0
  /// Whether the memory is a mapped file's.
  public let isReadOnly: Bool

  /// The records of an index, empty or a file's.
  struct Parts {
    let rows: VectorRows
    let keys: Keys
    let gone: Records
    var isReadOnly = false

    init(_ settings: Settings) throws(RuvectorError) {
      let space = try VectorIndex.space(settings), storage = try VectorIndex.storage(settings, space)
      let shift = VectorRows.Layout(space, storage).shift, first = max(settings.integer("capacity"), 16)
      rows = try VectorRows(space, storage, rerank: settings.flag("rerank"), first: first)
      keys = try Keys(VectorIndex.keyKind(settings), first: first, shift: shift)
      gone = try Records(stride: 1, first: first, shift: shift)
    }

    init(_ rows: VectorRows, _ keys: Keys, _ gone: Records, isReadOnly: Bool) {
      (self.rows, self.keys, self.gone, self.isReadOnly) = (rows, keys, gone, isReadOnly)
    }
  }

  init(_ settings: Settings, _ parts: Parts) throws(RuvectorError) {
    let lock = try SharedLock(), tableLock = try Lock(), published = try AlignedBuffer<UInt32>(count: 3, for: "index")
    (self.settings, rows, keys, gone) = (settings, parts.rows, parts.keys, parts.gone)
    (self.lock, self.tableLock, self.published, isReadOnly) = (lock, tableLock, published, parts.isReadOnly)
    publish(places: 0, deleted: 0, entry: .max)
  }

  static func space(_ settings: Settings) throws(RuvectorError) -> Space {
    let metric = IndexMetric(rawValue: UInt8(settings.choice("metric"))) ?? .cosine, dim = settings.integer("dim")
    guard metric != .lorentz || dim >= 2 else {
      throw .expected("an integer in 2...65536", for: "dim", received: "\(dim)", .invalidConfig)
    }
    let curvature = settings.number("curvature")
    guard !metric.isHyperbolic || (-1e30 ... -1e-30).contains(curvature) else {
      throw .expected("a number in -1e30...-1e-30", for: "curvature", received: text(curvature), .invalidConfig)
    }
    return Space(metric, dim: dim, c: metric.isHyperbolic ? -settings.number("curvature") : 1)
  }

  static func storage(_ settings: Settings, _ space: Space) throws(RuvectorError) -> RowStorage {
    let storage = RowStorage(rawValue: UInt8(settings.choice("storage"))) ?? .f32
    guard storage == .f32 || !space.metric.isHyperbolic else {
      throw .expected(
        "\"f32\" (near the rim fewer bits lose the order of hyperbolic distances)", for: "storage",
        received: storage == .f16 ? "\"f16\"" : "\"i8\"", .invalidConfig)
    }
    return storage
  }

  /// A "hnsw" or "brute_force" index with options by name. `.invalidArgument`, `.invalidConfig`.
  public static func make(_ kind: String, _ given: [(key: String, value: OptionValue)]) throws(RuvectorError)
    -> VectorIndex
  {
    if kind.utf8.elementsEqual("hnsw".utf8) { return try HNSWIndex(given) }
    if kind.utf8.elementsEqual("brute_force".utf8) { return try BruteForceIndex(given) }
    throw .expected("\"hnsw\" or \"brute_force\"", for: "kind", received: quoted(kind), .invalidArgument)
  }

  static func keyKind(_ settings: Settings) -> KeyKind { settings.choice("keys") == 2 ? .string : .integer }
  /// The place of the option `keys` in its names.
  public var keyChoice: Int { settings.choice("keys") }

  // MARK: What is in it

  public var dim: Int { rows.space.dim }
  public var metric: IndexMetric { rows.space.metric }
  public var storage: RowStorage { rows.storage }
  public var curvature: Double { settings.number("curvature") }
  public var size: Int { tableLock.locked { keys.count } }

  @inline(__always) var placesUsed: Int { Int(rv_load_acquire(published.pointer)) }
  @inline(__always) var deleted: Int { Int(rv_load_acquire(UnsafePointer(published.pointer) + 1)) }
  @inline(__always) var entry: UInt32 { rv_load_acquire(UnsafePointer(published.pointer) + 2) }

  func publish(places: Int? = nil, deleted: Int? = nil, entry: UInt32? = nil) {
    if let places { rv_store_release(published.pointer, UInt32(places)) }
    if let deleted { rv_store_release(published.pointer + 1, UInt32(deleted)) }
    if let entry { rv_store_release(published.pointer + 2, entry) }
  }

  @inline(__always) func isGone(_ id: Int) -> Bool { gone[id].load(as: UInt8.self) != 0 }
  func setGone(_ id: Int, _ value: Bool) { gone[id].storeBytes(of: value ? 1 : 0, as: UInt8.self) }

  /// Whether the table of keys is still to be made (of a mapped file). Under `tableLock`.
  var isTableMissing = false

  func place(of list: KeyList, _ i: Int) -> Int? {
    tableLock.locked {
      makeTable()
      return keys.find(list, i)
    }
  }

  /// The table of keys of a mapped file, for the first who asks. Under `tableLock`.
  func makeTable() {
    guard isTableMissing else { return }
    isTableMissing = (try? keys.index(live: keys.count, upTo: placesUsed) { !isGone($0) }) == nil
  }

  /// Bytes taken; the keys and their table are a part of it.
  public var byteCount: Int { rows.byteCount &+ keys.byteCount &+ gone.byteCount }

  /// Bytes that one more vector takes, without its key.
  public var bytesPerVector: Double { Double(rows.stride + gone.stride) }

  /// Vectors whose distance the last search of any thread looked at.
  public var evaluationsOfLastSearch: Int { tableLock.locked { lastEvaluations } }

  // MARK: Searching

  /// Leaves at least the `k` nearest in the walker's pool, those there are, by the keys of the walk.
  func find(
    _ walker: Walker, k: Int, ef: Int?, places: Int, _ filter: Filter, _ kernels: KernelTable
  ) throws(RuvectorError) {
    let width = !rows.isReranked ? k : min(places, max(2 * k, k + 8))
    try walker.begin(ef: width, count: places)
    if case .all = filter, deleted == 0 {
      walker.scan(ef: width, kernels) { _ in true }
    } else {
      let allowed = try PlaceFilter(filter, self, places: places)
      walker.scan(ef: width, kernels) { allowed.allows($0) }
    }
  }

  // MARK: Writing

  /// Adds row i of `matrix` under key i. All or nothing as far as keys and numbers decide: `.duplicateKey` (in the index or
  /// in the list), `.nonFinite`, `.outOfRange`; with `replacing` known keys get the new vector instead. A cancelled call
  /// (`.aborted`) leaves what it has added.
  public final func add(
    _ list: KeyList, _ matrix: MatrixView, replacing: Bool = false, control: Control = .none
  ) throws(RuvectorError) {
    try write { () throws(RuvectorError) in
      guard matrix.rows > 0 || list.count > 0 else { return }
      let order = try accept(list, matrix, replacing: replacing)
      try makeRoom(order.count)
      try insert(order, list, matrix, control)
    }
  }

  /// Stores the rows of `matrix` in this order.
  func insert(
    _ order: [Int], _ list: KeyList, _ matrix: MatrixView, _ control: Control
  ) throws(RuvectorError) {
    let scratch = try AlignedBuffer<Float>(count: rows.space.width, for: "vectors")
    for (i, r) in order.enumerated() {
      if i % 1024 == 0 {
        try control.check()
        control.report(Double(i) / Double(order.count))
      }
      _ = try store(list, matrix, r, scratch) { _ throws(RuvectorError) in }
      publish(places: nextPlace)
    }
    control.report(1)
  }

  /// Removes the vectors of these keys. `.notFound` before anything is removed.
  public final func remove(_ list: KeyList) throws(RuvectorError) {
    try write { () throws(RuvectorError) in
      for i in 0..<list.count { _ = try requirePlace(list, i) }
      try lock.writing { () throws(RuvectorError) in try drop(list, Array(0..<list.count)) }
    }
  }

  /// Removes known keys. Excludes readers.
  func drop(_ list: KeyList, _ which: [Int]) throws(RuvectorError) {
    var removed: [UInt32] = []
    for i in which {
      // A key may stand in the list twice.
      if let id = place(of: list, i) {
        forget(id)
        removed.append(UInt32(id))
      }
    }
    if keys.count == 0 { reset() } else { try tidy(removed) }
  }

  /// After vectors were removed. Excludes readers.
  func tidy(_ removed: [UInt32]) throws(RuvectorError) { free += removed }

  /// A free place holds a vector again. Excludes readers.
  func reused() { publish(deleted: deleted - 1) }

  /// The order in which `count` rows are inserted.
  func order(_ count: Int) -> [Int] { Array(0..<count) }

  /// Removes everything.
  public final func clear() throws(RuvectorError) {
    try write { () throws(RuvectorError) in
      lock.beginWrite()
      reset()
      lock.end()
    }
  }

  /// An index without vectors. Excludes readers.
  func reset() {
    (free, nextPlace) = ([], 0)
    tableLock.locked { keys.removeAll() }
    publish(places: 0, deleted: 0, entry: .max)
  }

  /// What has a record for each place.
  var parts: [Records] { rows.parts + [keys.records, gone] }

  // MARK: Walkers

  /// Neighbours that a walker looks at together.
  var walkerRoom: Int { 64 }

  final func takeWalker() throws(RuvectorError) -> Walker {
    if let known = tableLock.locked({ walkers.popLast() }) {
      known.evaluations = 0
      return known
    }
    return try Walker(rows, room: walkerRoom)
  }

  final func giveBack(_ walker: Walker) {
    tableLock.locked {
      walkers.append(walker)
      lastEvaluations = walker.evaluations
    }
  }

  /// Runs `body` as the one writer. `.busy` while there is another, `.unsupported` for a mapped file.
  final func write<T>(_ body: () throws(RuvectorError) -> T) throws(RuvectorError) -> T {
    try beginWriting()
    defer { tableLock.locked { isWriting = false } }
    return try body()
  }

  @inline(never) private final func beginWriting() throws(RuvectorError) {
    guard !isReadOnly else {
      throw .expected("an index in memory", for: "this", received: "a view of a file", .unsupported)
    }
    let isFree = tableLock.locked {
      let isFree = !isWriting
      isWriting = true
      return isFree
    }
    guard isFree else {
      throw RuvectorError(.busy, "expected an index without a writer, received one that is being written to")
    }
  }
}
