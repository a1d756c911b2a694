import RuvectorCore

/// Pools whose keys are exact.
extension Walker {
  /// Replaces the keys of the pool's first `count` entries by exact ones, and sorts these. Marks of `markFartherHalf` stay.
  func rerank(_ count: Int, _ rows: VectorRows, _ kernels: KernelTable) throws(RuvectorError) {
    var done = 0
    while done < count {
      let n = min(room, count - done)
      for i in 0..<n { ids[i] = UInt32(truncatingIfNeeded: Walker.id(pool[done + i])) }
      try rows.exactKeys(query, ids.pointer, n, places.pointer, kernels, keys.pointer)
      for i in 0..<n { pool[done + i] = Walker.entry(keys[i], ids[i]) | pool[done + i] & 1 }
      done += n
    }
    size = min(size, count)
    for i in 1..<max(size, 1) {
      let entry = pool[i]
      var at = i
      while at > 0, pool[at - 1] > entry {
        pool[at] = pool[at - 1]
        at -= 1
      }
      pool[at] = entry
    }
  }

  /// In place of the marks that tell whose links have been followed.
  func markFartherHalf() {
    for i in 0..<size { pool[i] = i < size / 2 ? pool[i] & ~1 : pool[i] | 1 }
  }

  func marked(inFirst count: Int) -> Int {
    (0..<min(count, size)).reduce(0) { $0 + Int(pool[$1] & 1) }
  }
}
