import RuvectorCore

/// Walkers for searches, one each, and the one writer.
extension VectorIndex {
  func takeWalker() throws(RuvectorError) -> Walker {
    if let known = tableLock.locked({ walkers.popLast() }) {
      known.evaluations = 0
      return known
    }
    return try Walker(rows, room: walkerRoom)
  }

  func giveBack(_ walker: Walker) {
    tableLock.locked {
      walkers.append(walker)
      lastEvaluations = walker.evaluations
    }
  }

  /// Runs `body` as the one writer. `.busy` while there is another, unless the caller waits for it; `.unsupported` for a mapped
  /// file.
  func write<T>(
    waiting: Bool = false, _ body: () throws(RuvectorError) -> T
  ) throws(RuvectorError) -> T {
    try beginWriting(waiting)
    defer {
      noteBytes()
      writerLock.release()
    }
    return try body()
  }

  @inline(never) private func beginWriting(_ waiting: Bool) throws(RuvectorError) {
    guard !isReadOnly else {
      throw .expected("an index in memory", for: "this", received: "a view of a file", .unsupported)
    }
    if waiting { return writerLock.acquire() }
    guard writerLock.tryAcquire() else {
      throw RuvectorError(.busy, "expected an index without a writer, received one that is being written to")
    }
  }
}
