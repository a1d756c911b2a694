import RuvectorCore

/// Many nodes that are near to each other and far from the query: seen from there none of them is nearer than the others, and what
/// is nearer may lie behind any of them, so that a walk that has filled its pool with them may have ended too early.
extension Walker {
  /// No plateau makes a pool wider than this.
  static let widestPool = 4096
  /// So many nodes fill the pool of a search with the usual `ef`.
  static let crowd = 64

  /// Repeats a walk with a wider pool until that holds more than such nodes. `walk(ef)` gives false where it came to no end.
  func leavePlateau(
    ef: Int, of nodes: Int, room others: Int, _ kernels: KernelTable, _ walk: (Int) -> Bool
  ) throws(RuvectorError) -> Bool {
    var width = ef, isDone = walk(ef)
    while isDone, size >= width, width < min(Walker.widestPool, nodes), isOnPlateau(kernels) {
      width = min(4 * width, Walker.widestPool, nodes)
      try widen(width + others)
      restart()
      isDone = walk(width)
    }
    return isDone
  }

  /// Whether the farther half of the pool is such nodes, on one spot or on few: of nodes taken from it all the way, nearly each is
  /// a quarter as far from the next, or less, as from the query. (One spot after the other fills the pool where the way out of
  /// the nearest leads to others.)
  func isOnPlateau(_ kernels: KernelTable) -> Bool {
    let count = min(8, size / 2), half = size - size / 2
    guard count >= 4 else { return false }
    let q = rows.space.metric == .ip ? Float(kernels.squared_norm(query.floats.pointer, rows.space.width)) : 1
    var apart = 0
    for i in 0..<count {
      let one = pool[size - 1 - i * (half - 1) / count], next = pool[size - 1 - (i + 1) * (half - 1) / count]
      if areApart(one, next, q, kernels) { apart += 1 }
      if apart > 2 { return false }
    }
    return true
  }

  /// Whether a node is more than a quarter as far from another one as from the query, whose squared norm is q.
  private func areApart(_ one: Entry, _ other: Entry, _ q: Float, _ kernels: KernelTable) -> Bool {
    let key = Walker.key(one)
    rows.prepare(another, row: Walker.id(one))
    guard another.isOfFloats == query.isOfFloats else { return true }  // it has just changed
    gather(Walker.id(other), 0)
    gather(Walker.id(one), 1)
    rows.keys(another, ids.pointer, places.pointer, 2, kernels, keys.pointer)
    switch rows.space.metric {
    case .l2, .poincare, .lorentz: return 16 * keys[0] >= key
    case .cosine: return 16 * (1 + keys[0]) >= 1 + key
    case .ip:
      // By the angle to the query, whose length makes no difference, and how much of the one the other is.
      let square = -keys[1], far = 1 + key / (square * q).squareRoot()
      return 16 * (1 + keys[0] / square).magnitude >= far
    }
  }

  /// Whether a node is a quarter as far from the query as another one, or less; of inner products no such thing is said.
  func isMuchNearer(_ key: Float, than other: Float) -> Bool {
    switch rows.space.metric {
    case .l2, .poincare, .lorentz: return 16 * key <= other
    case .cosine: return 16 * (1 + key) <= 1 + other
    case .ip: return false
    }
  }

  /// Whether what a walk that keeps `ef` has found around a new node are so many on a spot that searches for others may end there: it
  /// is a 64th as wide, or less, as some other node is far. (One is asked, another by each new node.)
  func isInCrowd(_ ef: Int, _ id: Int, _ kernels: KernelTable) -> Bool {
    let count = min(ef, Walker.crowd)
    guard limit > 0, count >= 8, size >= count else { return false }
    let last = Walker.key(pool[count - 1])
    let mixed = UInt32(truncatingIfNeeded: id) &* 0x9e37_79b1  // of which 31 bits fit any Int
    let other = key(Int(mixed &>> 1) % limit, kernels)
    switch rows.space.metric {
    case .l2, .poincare, .lorentz: return 4096 * last < other
    case .cosine: return 4096 * (1 + last) < 1 + other
    case .ip: return false
    }
  }
}
