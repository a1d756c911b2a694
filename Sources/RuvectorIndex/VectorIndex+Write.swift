import CRuvectorSupport
import RuvectorCore

extension VectorIndex {
  /// Checks everything that can be checked beforehand; removes what is replaced. The rows in the order of their insertion:
  /// shuffled where a kind wants that.
  func accept(_ list: KeyList, _ matrix: MatrixView, replacing: Bool) throws(RuvectorError) -> [Int] {
    let n = matrix.rows
    guard list.count == n else {
      throw .expected("as many keys as vectors (\(n))", for: "keys", received: "\(list.count)", .dimensionMismatch)
    }
    guard matrix.dim == dim else {
      throw .dimension(n == 1 ? "vector" : "vectors[0]", expected: dim, received: matrix.dim)
    }
    guard list.kind == keys.kind else { throw wrongKind("keys") }
    let scratch = try AlignedBuffer<Float>(count: rows.space.width, for: "vectors")
    for r in 0..<n {
      _ = try rows.space.place(matrix.row(r), into: scratch.pointer, n == 1 ? "vector" : "vectors[\(r)]")
    }
    if n > 1 { try requireDifferent(list) }
    var known: [Int] = []
    for i in 0..<n where place(of: list, i) != nil {
      guard replacing else {
        throw .expected("a new key", for: n == 1 ? "key" : "keys[\(i)]", received: list.text(i), .duplicateKey)
      }
      known.append(i)
    }
    let live = keys.count - known.count
    guard live + n <= Links.largestID else {
      throw .expected("at most \(Links.largestID) vectors", for: "index", received: "\(live + n)", .outOfRange)
    }
    if !known.isEmpty { try lock.writing { () throws(RuvectorError) in try drop(list, known) } }
    let reserved = tableLock.locked { () -> Result<Void, RuvectorError> in
      do throws(RuvectorError) {
        return .success(try keys.reserve(n, bytes: list.byteCount))
      } catch { return .failure(error) }
    }
    try reserved.get()
    return order(n)
  }

  /// A table of the list's own finds repetitions.
  private func requireDifferent(_ list: KeyList) throws(RuvectorError) {
    let own = try Keys(list.kind, first: list.count, shift: 6)
    try own.reserve(list.count, bytes: list.byteCount)
    for i in 0..<list.count {
      guard own.find(list, i) == nil else {
        throw .expected("different keys", for: "keys[\(i)]", received: "\(list.text(i)) again", .duplicateKey)
      }
      own.insert(list, i, at: i)
    }
  }

  /// Memory for `n` more vectors; in one piece where there are none yet.
  func makeRoom(_ n: Int) throws(RuvectorError) {
    let wanted = nextPlace + max(0, n - free.count)
    guard wanted > gone.capacity else { return }
    try lock.writing { () throws(RuvectorError) in
      for records in parts {
        if nextPlace == 0 { try records.replace(first: wanted) } else { try records.grow(to: wanted) }
      }
    }
  }

  /// Puts row r and its key at a place that `prepare` may write to before anybody sees it.
  func store(
    _ list: KeyList, _ matrix: MatrixView, _ r: Int, _ scratch: AlignedBuffer<Float>,
    _ prepare: (Int) throws(RuvectorError) -> Void
  ) throws(RuvectorError) -> Int {
    let factor = try rows.space.place(matrix.row(r), into: scratch.pointer, "vectors[\(r)]")
    let known = free.popLast(), id = known.map { Int($0) } ?? nextPlace
    func fill() throws(RuvectorError) {
      try prepare(id)
      rows.store(scratch.pointer, factor: factor, at: id)
      setGone(id, false)
      tableLock.locked { keys.insert(list, r, at: id) }
    }
    if known == nil {
      try fill()
      nextPlace += 1
    } else {
      // Readers that look at all places look at this one too.
      try lock.writing { () throws(RuvectorError) in
        try fill()
        reused()
      }
    }
    return id
  }

  /// Excludes readers.
  func forget(_ id: Int) {
    setGone(id, true)
    tableLock.locked { keys.remove(at: id) }
    publish(deleted: deleted + 1)
  }
}
