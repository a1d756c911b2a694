import RuvectorCore

/// Many nodes that are near to each other and far from the query: seen from there none of them is nearer than the others, and what
/// is nearer may lie behind any of them, so that a walk that has filled its pool with them may have ended too early.
extension Walker {
  /// No plateau makes a pool wider than this.
  static let widestPool = 4096

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

  /// Whether the farther half of the pool is such nodes: some of it, all the way, lie a quarter as far from the last one, or less,
  /// as that one from the query.
  func isOnPlateau(_ kernels: KernelTable) -> Bool {
    let count = min(8, size / 2, room), half = size - size / 2
    guard count >= 4 else { return false }
    let last = Walker.id(pool[size - 1]), key = Walker.key(pool[size - 1])
    rows.prepare(another, row: last)
    guard another.isOfFloats == query.isOfFloats else { return false }  // it has just changed
    for i in 0..<count { gather(Walker.id(pool[size - 1 - (i + 1) * (half - 1) / count]), i) }
    if rows.space.metric == .ip { gather(last, count - 1) }
    rows.keys(another, ids.pointer, places.pointer, count, kernels, keys.pointer)
    switch rows.space.metric {
    case .l2, .poincare, .lorentz:
      for i in 0..<count where 16 * keys[i] >= key { return false }
    case .cosine:
      for i in 0..<count where 16 * (1 + keys[i]) >= 1 + key { return false }
    case .ip:
      // By the angle to the query, whose length makes no difference, and how much of the last row the others are.
      let square = -keys[count - 1], q = Float(kernels.squared_norm(query.floats.pointer, rows.space.width))
      let far = 1 + key / (square * q).squareRoot()
      for i in 0..<(count - 1) where 16 * (1 + keys[i] / square).magnitude >= far { return false }
    }
    return true
  }
}
