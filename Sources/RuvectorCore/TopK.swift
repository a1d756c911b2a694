/// The `k` best of a stream of (score, index), higher scores first, ties by lower index.
///
/// A binary heap with the worst kept entry at the root: O(log k) for an entry that gets in, one comparison for
/// one that does not. Memory grows with what is kept, not with `k`.
public struct TopK {
  public struct Entry: Equatable, BitwiseCopyable {
    public let score: Float
    public let index: UInt32

    public init(score: Float, index: UInt32) {
      self.score = score
      self.index = index
    }

    @inlinable func isBetter(than other: Entry) -> Bool {
      score > other.score || (score == other.score && index < other.index)
    }
  }

  public private(set) var entries: [Entry] = []
  private var k: Int

  public init(_ k: Int) {
    self.k = k
    entries.reserveCapacity(min(k, 256))
  }

  /// Forgets everything, keeping the memory.
  public mutating func reset(_ k: Int) {
    self.k = k
    entries.removeAll(keepingCapacity: true)
  }

  /// Scores at or below this cannot get in if their index is higher than all seen.
  public var threshold: Float { entries.count < k ? -Float.infinity : (k == 0 ? .infinity : entries[0].score) }
  public var isFull: Bool { entries.count >= k }

  public mutating func insert(_ entry: Entry) {
    if entries.count < k {
      entries.append(entry)
      siftUp(entries.count - 1)
    } else if k > 0, entry.isBetter(than: entries[0]) {
      entries[0] = entry
      siftDown(entries.count)
    }
  }

  /// Offers scores[i] with index base + i, in order.
  public mutating func insert(_ scores: UnsafePointer<Float>, count: Int, base: Int) {
    var i = 0
    while i < count, entries.count < k {
      insert(Entry(score: scores[i], index: UInt32(truncatingIfNeeded: base &+ i)))
      i &+= 1
    }
    guard k > 0 else { return }
    var bar = threshold
    while i < count {
      if scores[i] > bar {
        insert(Entry(score: scores[i], index: UInt32(truncatingIfNeeded: base &+ i)))
        bar = entries[0].score
      }
      i &+= 1
    }
  }

  /// Heapsort in place: best first. The heap is an ordinary list afterwards; `reset` before the next use.
  public mutating func sort() {
    var n = entries.count
    while n > 1 {
      n -= 1
      entries.swapAt(0, n)
      siftDown(n)
    }
  }

  private mutating func siftUp(_ start: Int) {
    var child = start
    while child > 0 {
      let parent = (child &- 1) / 2
      guard entries[parent].isBetter(than: entries[child]) else { return }
      entries.swapAt(parent, child)
      child = parent
    }
  }

  private mutating func siftDown(_ count: Int) {
    var parent = 0
    while true {
      var worst = 2 &* parent &+ 1
      guard worst < count else { return }
      if worst &+ 1 < count, entries[worst].isBetter(than: entries[worst &+ 1]) { worst &+= 1 }
      guard entries[parent].isBetter(than: entries[worst]) else { return }
      entries.swapAt(parent, worst)
      parent = worst
    }
  }
}
