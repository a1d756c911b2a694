import CRuvectorSupport
import RuvectorCore

/// The memory of one walk through the graph, reused from walk to walk: marks of the nodes seen, and the best ones so far.
///
/// An entry of the pool is one number, ordered by key and then by place: the key's bits (moved so that they rise with it),
/// the place, and whether its links have been followed.
final class Walker {
  typealias Entry = UInt64

  /// What is walked.
  let rows: VectorRows
  let query: QueryVector
  /// A row to compare others with.
  let another: QueryVector
  private(set) var pool: AlignedBuffer<Entry>
  var size = 0
  private(set) var marks: AlignedBuffer<UInt8>
  private(set) var epoch: UInt8 = 0
  /// Places below this may be visited.
  private(set) var limit = 0
  // One node's neighbours.
  let ids: AlignedBuffer<UInt32>
  let places: AlignedBuffer<UnsafeRawPointer>
  let keys: AlignedBuffer<Float>
  /// Nodes whose distance was computed, since the walker was taken.
  var evaluations = 0
  let room: Int
  /// Whether the last search by a smaller storage has to be made again by floats.
  var isBlurred = false

  init(_ rows: VectorRows, room: Int) throws(RuvectorError) {
    self.rows = rows
    query = try QueryVector(rows)
    another = try QueryVector(rows)
    pool = try AlignedBuffer(count: 256, for: "search")
    marks = try AlignedBuffer(count: 1024, repeating: 0, for: "search")
    self.room = room
    ids = try AlignedBuffer(count: room, for: "search")
    places = try AlignedBuffer(count: room, for: "search")
    keys = try AlignedBuffer(count: room, for: "search")
  }

  @inline(__always) static func entry(_ key: Float, _ id: UInt32) -> Entry {
    let bits = (key + 0).bitPattern  // −0 becomes 0: equal keys have equal bits
    let rising = bits ^ (UInt32(bitPattern: Int32(bitPattern: bits) &>> 31) | 0x8000_0000)
    return UInt64(rising) &<< 32 | UInt64(id) &<< 1
  }
  @inline(__always) static func key(_ entry: Entry) -> Float {
    let rising = UInt32(truncatingIfNeeded: entry &>> 32)
    return Float(bitPattern: rising ^ (rising >= 0x8000_0000 ? 0x8000_0000 : 0xffff_ffff))
  }
  @inline(__always) static func id(_ entry: Entry) -> Int { Int(UInt32(truncatingIfNeeded: entry) &>> 1) }

  /// Room for a pool of `ef` and marks for `count` nodes; nobody is marked.
  func begin(ef: Int, count: Int) throws(RuvectorError) {
    if pool.count < ef &+ 1 { pool = try AlignedBuffer(count: ef &+ ef / 2 &+ 1, for: "ef") }
    if marks.count < count {
      marks = try AlignedBuffer(count: count &+ count / 4, repeating: 0, for: "search")
      epoch = 0
    }
    limit = count
    if epoch == .max {
      marks.pointer.update(repeating: 0, count: marks.count)
      epoch = 0
    }
    epoch &+= 1
    size = 0
  }

  /// Nobody is marked any more; the pool stays. At most 254 times between two `begin`s (there are 32 levels).
  func unmark() {
    if epoch == .max {
      marks.pointer.update(repeating: 0, count: marks.count)
      epoch = 0
    }
    epoch &+= 1
  }

  @inline(__always) func mark(_ id: Int) { marks.pointer[id] = epoch }
  @inline(__always) func isMarked(_ id: Int) -> Bool { marks.pointer[id] == epoch }

  /// Row `id` is the i-th of those that `compute` will look at.
  @inline(__always) func gather(_ id: Int, _ i: Int) {
    let map = rows.map(query), row = UnsafeRawPointer(map[id])
    VectorRows.prefetch(row, min(map.stride, 512))
    ids.pointer[i] = UInt32(truncatingIfNeeded: id)
    places.pointer[i] = row
  }

  /// Keys of the first n rows gathered.
  func compute(_ n: Int, _ kernels: KernelTable) {
    rows.keys(query, ids.pointer, places.pointer, n, kernels, keys.pointer)
    evaluations &+= n
  }

  /// κ of one place.
  func key(_ id: Int, _ kernels: KernelTable) -> Float {
    ids[0] = UInt32(truncatingIfNeeded: id)
    places[0] = UnsafeRawPointer(rows.map(query)[id])
    rows.keys(query, ids.pointer, places.pointer, 1, kernels, keys.pointer)
    evaluations &+= 1
    return keys[0]
  }

  /// κ of two places, from floats where there are some.
  func exactKey(_ a: Int, _ b: Int, _ kernels: KernelTable) throws(RuvectorError) -> Float {
    if rows.isReranked { _ = try rows.load(a, into: query.floats.pointer) } else { rows.prepare(query, row: a) }
    ids[0] = UInt32(truncatingIfNeeded: b)
    try rows.exactKeys(query, ids.pointer, 1, places.pointer, kernels, keys.pointer)
    return keys[0]
  }

  /// Puts the neighbours of `id` that were not seen yet into `ids`, their keys into `keys`; their number.
  @inline(__always)
  func expand(_ id: Int, _ level: Int, _ index: HNSWIndex, _ kernels: KernelTable) -> Int {
    // Of a mapped file that nobody has verified, a link may lead anywhere.
    if level > 0, index.links.level(id) < level { return 0 }
    let links = UnsafePointer(index.links.list(id, level)), room = index.links.room(level)
    let map = rows.map(query), near = min(map.stride, 128)
    let marks = marks.pointer, ids = ids.pointer, places = places.pointer
    var n = 0, i = 0
    while i < room {
      let link = rv_load_acquire(links + i)
      i &+= 1
      if link == Links.end { break }
      let neighbour = link & ~Links.pinned
      guard neighbour < limit, marks[Int(neighbour)] != epoch else { continue }
      marks[Int(neighbour)] = epoch
      let row = UnsafeRawPointer(map[Int(neighbour)])
      VectorRows.prefetch(row, near)
      ids[n] = neighbour
      places[n] = row
      n &+= 1
    }
    rows.keys(query, ids, places, n, kernels, keys.pointer)
    evaluations &+= n
    return n
  }

  /// Greedy walk at `level` from `start`: the node none of whose neighbours is nearer.
  func descend(_ start: Entry, _ level: Int, _ index: HNSWIndex, _ kernels: KernelTable) -> Entry {
    var best = start, isMoving = true
    while isMoving {
      isMoving = false
      let n = expand(Walker.id(best), level, index, kernels)
      for i in 0..<n {
        let entry = Walker.entry(keys[i], ids[i])
        if entry < best {
          best = entry
          isMoving = true
        }
      }
    }
    return best
  }

  /// Forgets the pool and starts it with `entry`, which is marked.
  func start(_ entry: Entry) {
    pool[0] = entry & ~1
    size = 1
    mark(Walker.id(entry))
  }

  /// The nearest of these nodes is the first of the pool, if it is a quarter as far as that, or less.
  func meet(_ nodes: [UInt32], ef: Int, _ kernels: KernelTable) {
    var n = 0
    for node in nodes where n < room && Int(node) < limit && !isMarked(Int(node)) {
      gather(Int(node), n)
      n += 1
    }
    guard n > 0 else { return }
    compute(n, kernels)
    let nearest = (0..<n).map { Walker.entry(keys[$0], ids[$0]) }.min() ?? .max
    guard isMuchNearer(Walker.key(nearest), than: Walker.key(pool[0])) else { return }
    mark(Walker.id(nearest))
    (pool.pointer + 1).update(from: pool.pointer, count: size)
    pool[0] = nearest
    size = min(size + 1, ef)
  }

  func unmarkAndStart(_ entry: Entry) {
    unmark()
    start(entry)
  }

  /// The pool found at one level is where the next one starts.
  func restart() {
    unmark()
    for i in 0..<size {
      pool[i] &= ~1
      mark(Walker.id(pool[i]))
    }
  }

  /// The best-first walk at `level` (Malkov and Yashunin 2018, algorithm 2) from the pool as it is: the links of the nearest
  /// node not followed yet, until all of the `ef` nearest are followed.
  func walk(_ level: Int, ef: Int, _ index: HNSWIndex, _ kernels: KernelTable) {
    _ = walk(level, ef: ef, index, kernels, Everything(), others: 0)
  }

  /// The same where only admitted nodes count: the pool keeps the `ef` nearest of those and, as far as they are nearer, nodes
  /// that only lead on. False as soon as it would hold more than `others` of these.
  func walk<A: Admission>(
    _ level: Int, ef: Int, _ index: HNSWIndex, _ kernels: KernelTable, _ admission: A, others: Int
  ) -> Bool {
    let pool = pool.pointer, keys = keys.pointer, ids = ids.pointer, room = ef &+ others
    var cursor = 0, size = size, counted = 0
    for i in 0..<size where admission.admits(Walker.id(pool[i])) { counted &+= 1 }
    while cursor < size {
      let entry = pool[cursor]
      if entry & 1 != 0 {
        cursor &+= 1
        continue
      }
      pool[cursor] = entry | 1
      cursor &+= 1
      if cursor < size { prefetchLinks(Walker.id(pool[cursor]), level, index) }
      let n = expand(Walker.id(entry), level, index, kernels)
      var bar = counted == ef ? pool[size &- 1] : .max
      for i in 0..<n {
        let new = Walker.entry(keys[i], ids[i])
        guard new < bar else { continue }
        // Behind all that are smaller.
        var low = 0, high = size
        while low < high {
          let middle = (low &+ high) &>> 1
          if pool[middle] < new { low = middle &+ 1 } else { high = middle }
        }
        if admission.admits(Int(ids[i])) { counted &+= 1 }
        // The last one counts; it goes where there is one too many.
        let last = counted > ef ? size &- 1 : size
        if last > low { (pool + (low &+ 1)).update(from: pool + low, count: last &- low) }
        pool[low] = new
        if counted > ef { counted = ef } else { size &+= 1 }
        if counted == ef {
          // Vectors may be removed meanwhile: there may be none that counts any more.
          while size > 1, !admission.admits(Walker.id(pool[size &- 1])) { size &-= 1 }
          bar = pool[size &- 1]
        }
        if size > room {
          self.size = size
          return false
        }
        if low < cursor { cursor = low }
      }
    }
    self.size = size
    return true
  }

  /// Leaves admitted nodes in the pool only.
  func keep<A: Admission>(_ admission: A) {
    var n = 0
    for i in 0..<size where admission.admits(Walker.id(pool[i])) {
      pool[n] = pool[i]
      n += 1
    }
    size = n
  }

  @inline(__always) private func prefetchLinks(_ id: Int, _ level: Int, _ index: HNSWIndex) {
    guard level == 0 else { return }
    let list = index.links.ground[id], bytes = index.links.ground.stride
    rv_prefetch(list)
    if bytes > 64 { rv_prefetch(list + 64) }
  }

  /// Room for a pool of `ef`, which stays as it is.
  func widen(_ ef: Int) throws(RuvectorError) {
    guard pool.count < ef &+ 1 else { return }
    let larger = try AlignedBuffer<Entry>(count: ef &+ 1, for: "ef")
    larger.pointer.update(from: pool.pointer, count: size)
    pool = larger
  }

  /// Another pool.
  func replace(_ entries: [Entry]) throws(RuvectorError) {
    if pool.count < entries.count { pool = try AlignedBuffer(count: entries.count, for: "search") }
    for (i, entry) in entries.enumerated() { pool[i] = entry }
    size = entries.count
  }

  /// Puts a node into the pool, which keeps the `ef` nearest.
  func insert(_ new: Entry, _ ef: Int) {
    if ef == 0 || (size == ef && new > pool[size - 1]) { return }
    var at = size < ef ? size : size - 1
    while at > 0, pool[at - 1] > new {
      pool[at] = pool[at - 1]
      at -= 1
    }
    pool[at] = new
    if size < ef { size += 1 }
  }
}
