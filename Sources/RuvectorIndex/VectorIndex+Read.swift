import CRuvectorSupport
import RuvectorCore

/// What readers do: look keys up, read vectors, search.
extension VectorIndex {
  /// The place of key i. `.notFound`. A reader's.
  func requirePlace(_ list: KeyList, _ i: Int = 0) throws(RuvectorError) -> Int {
    guard list.kind == keys.kind else { throw wrongKind("key") }
    guard let id = place(of: list, i) else {
      throw .expected("a key of the index", for: "key", received: list.text(i), .notFound)
    }
    return id
  }

  /// The nodes of keys `first` to `end`. `.notFound`. A reader's.
  private func requireNodes(
    _ list: KeyList, _ first: Int, _ end: Int, into out: UnsafeMutablePointer<UInt32>
  ) throws(RuvectorError) {
    let sight = sight
    var found = 0
    tableLock.locked {
      makeTable()
      keys.forEachSlot(list, first, end, { sight.sees($0) }) {
        out[found] = UInt32(truncatingIfNeeded: $0)
        found += 1
      }
    }
    // One that is missing says so.
    if found < end - first { for i in first..<end { out[i - first] = UInt32(try requirePlace(list, i)) } }
    for i in 0..<end - first { out[i] = UInt32(truncatingIfNeeded: chains.node(Int(out[i]))) }
  }

  /// A place as callers give it. `.notFound` where no vector is there. A reader's.
  public func requireNode(_ place: UInt64) throws(RuvectorError) -> Int {
    guard place < UInt64(placesUsed), sight.sees(Int(place)) else {
      throw .expected("the place of a vector", for: "place", received: "\(place)", .notFound)
    }
    return Int(place)
  }

  /// Numbers below this may be places.
  public var placeCount: Int { placesUsed }
  /// Nodes of removed vectors that searches still pass.
  public var removedCount: Int { deleted }
  /// The place of key i.
  public func place(ofKey list: KeyList, _ i: Int = 0) -> Int? { place(of: list, i) }

  /// The distance of the vectors at two places. A reader's.
  public func distance(_ a: Int, _ b: Int) throws(RuvectorError) -> Float {
    let walker = try takeWalker()
    defer { giveBack(walker) }
    return rows.space.distance(try walker.exactKey(chains.node(a), chains.node(b), Kernels.current))
  }

  func wrongKind(_ name: String) -> RuvectorError { Self.wrongKind(name, wanted: keys.kind) }

  static func wrongKind(_ name: String, wanted: KeyKind) -> RuvectorError {
    .expected(wanted == .integer ? "integers" : "strings", for: name, received: "the other kind", .invalidArgument)
  }

  public func has(_ list: KeyList, _ i: Int = 0) -> Bool { place(of: list, i) != nil }

  /// The vectors of the keys, one after the other: the stored ones, of norm 1 for `cosine`, rounded where no floats are kept. `.notFound`.
  public func get(_ list: KeyList, into out: UnsafeMutablePointer<Float>) throws(RuvectorError) {
    let row = try AlignedBuffer<Float>(count: rows.space.width, for: "vector")
    let nodes = try AlignedBuffer<UInt32>(count: list.count, for: "vector")
    try lock.reading { () throws(RuvectorError) in
      try requireNodes(list, 0, list.count, into: nodes.pointer)
      if list.count > 1 { for i in 0..<list.count { rows.prefetch(Int(nodes[i])) } }
      for i in 0..<list.count {
        let factor = try rows.load(Int(nodes[i]), into: row.pointer)
        rows.space.restore(row.pointer, factor: factor, into: out + i * dim)
      }
    }
  }

  /// The distance from `query` to the vector of each key, as `search` gives it. `.notFound`.
  public final func distances(
    _ query: UnsafePointer<Float>, to list: KeyList, into out: UnsafeMutablePointer<Float>
  ) throws(RuvectorError) {
    let walker = try takeWalker()
    defer { giveBack(walker) }
    try rows.prepare(walker.query, query, "query")
    let kernels = Kernels.current
    try lock.reading { () throws(RuvectorError) in
      var done = 0
      while done < list.count {
        let n = min(walker.room, list.count - done)
        try requireNodes(list, done, done + n, into: walker.ids.pointer)
        try rows.exactKeys(walker.query, walker.ids.pointer, n, walker.places.pointer, kernels, out + done)
        for i in done..<done + n { out[i] = rows.space.distance(out[i]) }
        done += n
      }
    }
  }

  /// Calls `body` with the place of each vector, in the order of places.
  public func forEachPlace(_ body: (Int) throws(RuvectorError) -> Void) throws(RuvectorError) {
    try lock.reading { () throws(RuvectorError) in
      let sight = sight
      for id in 0..<placesUsed where sight.sees(id) { try body(id) }
    }
  }

  /// Runs `body` while no vector's memory is reused.
  public final func reading<T>(_ body: () throws(RuvectorError) -> T) throws(RuvectorError) -> T {
    try lock.reading(body)
  }

  /// Calls `emit(rank, place, distance)` for the `k` nearest vectors to `query` that the filter allows, best first, ties by
  /// the node, equal vectors by their age. Fewer only where fewer are allowed. Distances are exact where the index has floats. `ef`: see `HNSWIndex`.
  public final func search(
    _ query: UnsafePointer<Float>, _ name: @autoclosure () -> String = "query", k: Int, ef: Int? = nil,
    filter: Filter = .all, _ emit: (Int, Int, Float) throws(RuvectorError) -> Void
  ) throws(RuvectorError) -> Int {
    let walker = try takeWalker()
    defer { giveBack(walker) }
    try rows.prepare(walker.query, query, name())
    lock.beginRead()
    defer { lock.end() }
    let places = placesUsed, k = min(k, places), kernels = Kernels.current
    guard k > 0 else { return 0 }
    try findSharp(walker, k: k, ef: ef, places: places, filter, kernels)
    let count = min(k, walker.size)
    for i in 0..<count {
      let found = walker.pool[i]
      try emit(i, Walker.id(found), rows.space.distance(Walker.key(found)))
    }
    return count
  }
}
