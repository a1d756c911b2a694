import RuvectorCore

/// Pools whose keys are exact.
extension Walker {
  /// Replaces the keys of the pool's first `count` entries by exact ones, and sorts these. Marks of `markFartherHalf` stay.
  ///
  /// The result: whether the walk's keys did not tell them apart. What was left behind the last entry belongs among the nearest if
  /// its key is off by the distance between the two; keys of ordinary rows are off by a few hundredths to a fifth of that (see
  /// `Sharpness`, whose limit this is).
  @discardableResult
  func rerank(_ count: Int, _ rows: VectorRows, _ kernels: KernelTable) throws(RuvectorError) -> Bool {
    let last = count > 0 ? Double(Walker.key(pool[count - 1])) : 0
    var done = 0, errors = 0.0, squares = 0.0
    while done < count {
      let n = min(room, count - done)
      for i in 0..<n { ids[i] = UInt32(truncatingIfNeeded: Walker.id(pool[done + i])) }
      try rows.exactKeys(query, ids.pointer, n, places.pointer, kernels, keys.pointer)
      for i in 0..<n {
        let error = Double(keys[i]) - Double(Walker.key(pool[done + i]))
        errors += error
        squares += error * error
        pool[done + i] = Walker.entry(keys[i], ids[i]) | pool[done + i] & 1
      }
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
    guard count > 1 else { return false }
    let mean = errors / Double(count), variance = max(0, squares / Double(count) - mean * mean)
    let gap = last + mean - Double(Walker.key(pool[count / 2]))
    // Also where walks have keys that are no numbers; rows that are all equal are told apart by nothing.
    return !(variance.squareRoot() <= Sharpness.limit * max(0, gap))
  }

  /// In place of the marks that tell whose links have been followed.
  func markFartherHalf() {
    for i in 0..<size { pool[i] = i < size / 2 ? pool[i] & ~1 : pool[i] | 1 }
  }

  func marked(inFirst count: Int) -> Int {
    (0..<min(count, size)).reduce(0) { $0 + Int(pool[$1] & 1) }
  }
}
