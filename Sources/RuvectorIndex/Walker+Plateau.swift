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

  /// Whether the farther half of the pool is such nodes: its ends lie a quarter as far from each other, or less, as the last one
  /// from the query.
  func isOnPlateau(_ kernels: KernelTable) -> Bool {
    guard size >= 8 else { return false }
    let last = Walker.id(pool[size - 1]), middle = Walker.id(pool[size / 2]), key = Walker.key(pool[size - 1])
    let between = keyOfRow(last, middle, kernels)
    switch rows.space.metric {
    case .l2, .poincare, .lorentz: return 16 * between < key
    case .cosine: return 16 * (1 + between) < 1 + key
    case .ip:  // by the angles: where a product is large depends on the query's length
      let a = -keyOfRow(last, last, kernels), b = -keyOfRow(middle, middle, kernels)
      let q = Float(kernels.squared_norm(query.floats.pointer, rows.space.width))
      return 16 * (1 + between / (a * b).squareRoot()) < 1 + key / (a * q).squareRoot()
    }
  }

  /// κ of two nodes, as the walk sees them.
  private func keyOfRow(_ a: Int, _ b: Int, _ kernels: KernelTable) -> Float {
    rows.prepare(another, row: a)
    gather(b, 0)
    rows.keys(another, ids.pointer, places.pointer, 1, kernels, keys.pointer)
    return keys[0]
  }
}
