import CRuvectorSupport
import RuvectorCore

/// Riemannian stochastic gradient descent over pairs, in batches: the gradients of a batch are taken at the points before it, and
/// move them one after another. A function of the seed, the epoch and the place of a pair in it: threads change no bit.
final class PoincareTrainer {
  let relations: PoincareRelations
  private let table: PoincareTable
  private let negative: Int
  private let batchSize: Int
  private let seed: UInt64
  /// Of the pairs of this epoch, those before `position` are done.
  private(set) var epoch = 0
  private(set) var position = 0
  private var isShuffled = false
  private let order: AlignedBuffer<UInt32>

  /// Entries of a pair, and those of a pair that are compared with u.
  private let room: Int
  private var count: Int { negative + 1 }
  private var ids: AlignedBuffer<UInt32>
  private var nextIds: AlignedBuffer<UInt32>
  private let t: AlignedBuffer<Double>
  private let a: AlignedBuffer<Double>
  private let vectors: AlignedBuffer<Double>
  private let shares: AlignedBuffer<Double>
  /// Every entry of a batch with its vector, in order.
  private let list: AlignedBuffer<UInt32>
  private let marks: AlignedBuffer<UInt64>
  private var team: Team?

  init(_ table: PoincareTable, _ relations: PoincareRelations, negative: Int, batchSize: Int, seed: UInt64)
    throws(RuvectorError)
  {
    (self.table, self.relations, self.negative, self.seed) = (table, relations, negative, seed)
    self.batchSize = min(batchSize, relations.pairs)
    room = (negative + 9) & ~7
    let entries = self.batchSize * room
    order = try AlignedBuffer(count: relations.pairs, for: "relations")
    ids = try AlignedBuffer(count: entries, repeating: 0, for: "batch")
    nextIds = try AlignedBuffer(count: entries, repeating: 0, for: "batch")
    t = try AlignedBuffer(count: entries, repeating: 0, for: "batch")
    a = try AlignedBuffer(count: entries, repeating: 0, for: "batch")
    vectors = try AlignedBuffer(rows: 2 * self.batchSize, columns: table.stride, for: "batch")
    shares = try AlignedBuffer(count: self.batchSize, for: "batch")
    list = try AlignedBuffer(count: 2 * self.batchSize * (negative + 2), for: "batch")
    marks = try AlignedBuffer(count: PoincareMarks.words(table.count), repeating: 0, for: "batch")
    var at = list.pointer
    for pair in 0..<self.batchSize { at = listPair(pair, at) { _ in true } }
  }

  /// Appends the entries of a pair with their vectors: rows are moved along u, u along what it is drawn to.
  private func listPair(
    _ pair: Int, _ to: UnsafeMutablePointer<UInt32>, _ wanted: (Int) -> Bool
  ) -> UnsafeMutablePointer<UInt32> {
    var at = to
    for k in 0...count where wanted(pair * room + k) {
      at[0] = UInt32(truncatingIfNeeded: pair * room + k)
      at[1] = UInt32(truncatingIfNeeded: 2 * pair + (k == count ? 1 : 0))
      at += 2
    }
    return at
  }

  /// Goes on with an epoch, so many pairs of which are done.
  func seek(_ epoch: Int, _ position: Int) { (self.epoch, self.position, isShuffled) = (epoch, position, false) }

  // MARK: - Steps

  /// Batches of this epoch, until `pairs` are done or the epoch ends. The sum of the losses, and the pairs done.
  func run(_ pairs: Int, rate: Double, _ control: Control) throws(RuvectorError) -> (loss: Double, pairs: Int) {
    if !isShuffled { shuffle() }
    let end = pairs >= relations.pairs - position ? relations.pairs : min(relations.pairs, position + pairs)
    let threads = min(control.threads, 16)
    let (loss, done) =
      threads > 1 && batchSize >= 2 * Team.least
      ? try runTeam(end, rate, threads) : runAlone(end, rate)
    if position == relations.pairs { seek(epoch + 1, 0) }
    return (loss, done)
  }

  /// The pairs of an epoch in its order (Fisher and Yates).
  private func shuffle() {
    for i in 0..<relations.pairs { order[i] = UInt32(truncatingIfNeeded: i) }
    var random = Random(seed: mixed(0))
    var i = relations.pairs - 1
    while i > 0 {
      let j = random.below(i + 1), x = order[i]
      order[i] = order[j]
      order[j] = x
      i -= 1
    }
    isShuffled = true
  }

  /// A seed for a place of this epoch; 0: the order.
  private func mixed(_ place: Int) -> UInt64 {
    var one = Random(seed: seed),
      two = Random(seed: one.next() ^ UInt64(truncatingIfNeeded: epoch) &* 0xd134_2543_de82_ef95)
    var three = Random(seed: two.next() ^ UInt64(truncatingIfNeeded: place) &* 0xd1b5_4a32_d192_ed03)
    return three.next()
  }

  private func batch(_ ids: AlignedBuffer<UInt32>) -> rv_embedding_batch {
    rv_embedding_batch(
      table: table.rows.pointer, stride: table.stride, size: table.size, hyperboloid: table.isBall ? 0 : 1,
      signs: table.signs.pointer, ids: UnsafePointer(ids.pointer), t: t.pointer, a: a.pointer, vectors: vectors.pointer,
      count: count, room: room)
  }

  /// The entries of the pair at `place` of the epoch: v, its negatives, u.
  @inline(__always) private func draw(
    _ place: Int, _ out: UnsafeMutablePointer<UInt32>, _ base: UInt64, _ marks: PoincareMarks
  ) {
    let pair = Int(order.pointer[place]), u = relations.children.pointer[pair], v = relations.parents.pointer[pair]
    let first = Int(relations.offsets.pointer[Int(u)]), end = Int(relations.offsets.pointer[Int(u) &+ 1])
    let above = relations.above.pointer
    var i = first
    while i < end {
      marks.set(above[i])
      i &+= 1
    }
    marks.set(u)
    var mix = Random(seed: base ^ UInt64(truncatingIfNeeded: place &+ 1) &* 0xd1b5_4a32_d192_ed03)
    var random = Random(seed: mix.next())
    out[0] = v
    let isEven = relations.isEven
    var k = 1, tries = 0
    while k <= negative {
      let bits = random.next(), one = relations.node(high: bits)
      if !marks.has(one) {
        out[k] = one
        k &+= 1
      } else {
        tries &+= 1
        if tries > 8 &* negative { break }
      }
      // Where all are as likely, 64 random bits are good for two.
      if !isEven { continue }
      let two = relations.nodeOfEqual(low: bits)
      if !marks.has(two) {
        out[k] = two  // there is room for one more than are wanted: the place of u, which comes behind
        k &+= 1
      }
    }
    // Related to nearly all: what was found again. To all: nothing to tell v apart from, and points that are one have no gradient.
    let found = k &- 1
    if found == 0 { out[0] = u }
    while k <= negative {
      out[k] = found == 0 ? u : out[k &- found]
      k &+= 1
    }
    k = count
    while k < room {
      out[k] = u
      k &+= 1
    }
    i = first
    while i < end {
      marks.clear(above[i])
      i &+= 1
    }
    marks.clear(u)
  }

  private func baseOfDraws() -> UInt64 { mixed(1) }

  private func runAlone(_ end: Int, _ rate: Double) -> (Double, Int) {
    let kernels = Kernels.current, marks = PoincareMarks(bits: marks.pointer), base = baseOfDraws()
    var loss = 0.0, done = 0, size = min(batchSize, relations.pairs - position)
    for p in 0..<size { draw(position + p, ids.pointer + p * room, base, marks) }
    while true {
      var now = batch(ids)
      let after = position + size < end ? min(batchSize, relations.pairs - position - size) : 0
      for p in 0..<size {
        // What the next batch needs is fetched while this one is computed.
        if p < after { draw(position + size + p, nextIds.pointer + p * room, base, marks) }
        let following = p + 1 < size ? ids.pointer + (p + 1) * room : after > 0 ? nextIds.pointer : nil
        let share = kernels.embedding_pair(&now, p, following)
        loss -= rv_log(max(share, 1e-300))
      }
      kernels.embedding_apply(&now, list.pointer, size * (count + 1), rate, table.rim)
      position += size
      done += size
      guard after > 0 else { return (loss, done) }
      swap(&ids, &nextIds)
      size = after
    }
  }

  // MARK: - Threads

  /// What threads need: parts of a batch that draw and compute on their own, and lists of the entries that each thread moves.
  private final class Team {
    static let least = 32
    let threads: Int
    /// Pairs of a part.
    let part: Int
    let marks: AlignedBuffer<UInt64>
    let words: Int
    /// Of part p and thread h: its entries, and how many.
    let lists: AlignedBuffer<UInt32>
    let counts: AlignedBuffer<Int>
    let capacity: Int

    init(threads: Int, batchSize: Int, entries: Int, nodes: Int) throws(RuvectorError) {
      self.threads = threads
      part = max(Team.least, (batchSize + 63) / 64)
      words = PoincareMarks.words(nodes)
      let parts = (batchSize + part - 1) / part
      marks = try AlignedBuffer(count: parts * words, repeating: 0, for: "batch")
      capacity = 2 * part * entries
      lists = try AlignedBuffer(rows: parts * threads, columns: capacity, for: "batch")
      counts = try AlignedBuffer(count: parts * threads, repeating: 0, for: "batch")
    }
  }

  private func runTeam(_ end: Int, _ rate: Double, _ threads: Int) throws(RuvectorError) -> (Double, Int) {
    if team?.threads != threads {
      team = try Team(threads: threads, batchSize: batchSize, entries: count + 1, nodes: table.count)
    }
    guard let team else { return (0, 0) }
    let kernels = Kernels.current, base = baseOfDraws(), room = room, count = count
    // Rows by the cache lines they lie in, dealt to the threads in turn: which thread moves a row changes nothing.
    let rowsOf = UInt32(truncatingIfNeeded: threads)
    var loss = 0.0, done = 0
    while position < end {
      let size = min(batchSize, relations.pairs - position), parts = (size + team.part - 1) / team.part
      let now = batch(ids), position = position
      parallelFor(threads: threads, count: parts) { part in
        var mine = now
        let marks = PoincareMarks(bits: team.marks.pointer + part * team.words)
        let pairs = part * team.part..<min(size, (part + 1) * team.part), ids = self.ids.pointer
        for p in pairs { self.draw(position + p, ids + p * room, base, marks) }
        let counts = team.counts.pointer + part * threads, lists = team.lists.pointer + part * threads * team.capacity
        for h in 0..<threads { counts[h] = 0 }
        for p in pairs {
          let following = p + 1 < pairs.upperBound ? ids + (p + 1) * room : nil
          self.shares[p] = kernels.embedding_pair(&mine, p, following)
          var k = 0
          while k <= count {
            let entry = p &* room &+ k, h = Int(ids[entry] % rowsOf), at = lists + (h &* team.capacity &+ counts[h])
            at[0] = UInt32(truncatingIfNeeded: entry)
            at[1] = UInt32(truncatingIfNeeded: 2 &* p &+ (k == count ? 1 : 0))
            counts[h] &+= 2
            k &+= 1
          }
        }
      }
      parallelFor(threads: threads, count: threads) { h in
        var mine = now
        for part in 0..<parts {
          let place = part * threads + h
          kernels.embedding_apply(
            &mine, team.lists.pointer + place * team.capacity, team.counts[place] / 2, rate, self.table.rim)
        }
      }
      for p in 0..<size { loss -= rv_log(max(shares[p], 1e-300)) }
      self.position += size
      done += size
    }
    return (loss, done)
  }
}
