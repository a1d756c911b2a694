import CRuvectorSupport
import RuvectorCore

/// Chooses neighbours that lie in different directions (Malkov and Yashunin 2018, algorithm 4, without its two additions):
/// from near to far, a candidate is kept if it is nearer to the target than to each one kept before.
///
/// In a tree-like space nearly everybody is nearer to their common ancestor than to each other, and three links would be left:
/// with hyperbolic metrics the nearest of those passed over fill the list up to M (the paper's keepPrunedConnections).
///
/// Of inner products, nearer means what `Centre` says: candidates come in the order of one key and are compared by another.
///
/// Computed the other way round, a kept one against all candidates left, which gives the same choice by calls for many rows.
final class Selection {
  private let rows: VectorRows
  private let query: QueryVector
  private var room = 0
  private var ids: AlignedBuffer<UInt32>
  private var places: AlignedBuffer<UnsafeRawPointer>
  private var isPinned: AlignedBuffer<Bool>
  /// All candidates, near to far, to fill from.
  private var all: AlignedBuffer<UInt32>
  private let filled: Int
  private var toTarget: AlignedBuffer<Float>
  private var toKept: AlignedBuffer<Float>
  /// What was chosen, near to far, with their pins.
  private(set) var kept: AlignedBuffer<UInt32>
  private(set) var count = 0
  private var entries: [Walker.Entry] = []
  private let centre: Centre?
  /// The target's direction, of inner products.
  private let aim: QueryVector?

  init(_ index: HNSWIndex) throws(RuvectorError) {
    rows = index.rows
    filled = index.metric.isHyperbolic || index.metric == .ip ? index.m : 0
    all = try AlignedBuffer(count: 0, for: "index")
    query = try QueryVector(index.rows)
    ids = try AlignedBuffer(count: 0, for: "index")
    places = try AlignedBuffer(count: 0, for: "index")
    isPinned = try AlignedBuffer(count: 0, for: "index")
    toTarget = try AlignedBuffer(count: 0, for: "index")
    toKept = try AlignedBuffer(count: 0, for: "index")
    kept = try AlignedBuffer(count: 2 * index.m + 1, for: "index")
    centre = index.centre
    aim = centre == nil ? nil : try QueryVector(index.rows)
    try reserve(256)
  }

  private func reserve(_ n: Int) throws(RuvectorError) {
    guard n > room else { return }
    ids = try AlignedBuffer(count: n, for: "index")
    places = try AlignedBuffer(count: n, for: "index")
    isPinned = try AlignedBuffer(count: n, for: "index")
    all = try AlignedBuffer(count: n, for: "index")
    toTarget = try AlignedBuffer(count: n, for: "index")
    toKept = try AlignedBuffer(count: n, for: "index")
    room = n
  }

  /// From what a walk found: at most `limit` of them, no removed ones, not `target` itself.
  func choose(
    _ walker: Walker, _ limit: Int, _ index: HNSWIndex, except target: Int, _ kernels: KernelTable
  ) throws(RuvectorError) {
    try reserve(walker.size)
    var n = 0
    for i in 0..<walker.size {
      let entry = walker.pool[i], id = Walker.id(entry)
      guard id != target, !index.isEmpty(id) else { continue }
      ids[n] = UInt32(truncatingIfNeeded: id)
      isPinned[n] = false
      toTarget[n] = Walker.key(entry)
      n += 1
    }
    choose(n, target, limit, pins: 0, kernels)
  }

  /// From places (without repetitions) with pins on some: all pinned ones, at most `limit` in all.
  func choose(
    for target: Int, from candidates: [UInt32], _ limit: Int, _ kernels: KernelTable
  ) throws(RuvectorError) {
    try reserve(candidates.count)
    if let centre {
      _ = rows.prepare(query, row: target, less: centre.mean.pointer, centre.pull)
    } else {
      rows.prepare(query, row: target)
    }
    let map = rows.map(query)
    for (i, candidate) in candidates.enumerated() {
      ids[i] = candidate & ~Links.pinned
      places[i] = UnsafeRawPointer(map[Int(ids[i])])
      VectorRows.prefetch(places[i], min(map.stride, 1024))
    }
    rows.keys(query, ids.pointer, places.pointer, candidates.count, kernels, toTarget.pointer)
    entries.removeAll(keepingCapacity: true)
    var pins = 0
    for (i, candidate) in candidates.enumerated() {
      let isPin = candidate >= Links.pinned
      entries.append(Walker.entry(toTarget[i], ids[i]) | (isPin ? 1 : 0))
      if isPin { pins += 1 }
    }
    entries.sort()
    for (i, entry) in entries.enumerated() {
      ids[i] = UInt32(truncatingIfNeeded: Walker.id(entry))
      isPinned[i] = entry & 1 != 0
      toTarget[i] = Walker.key(entry)
    }
    choose(candidates.count, target, limit, pins: pins, kernels)
  }

  /// Candidates that are looked at together: mostly the choice is made before the farther ones matter.
  private static let window = 32

  private func choose(_ n: Int, _ target: Int, _ limit: Int, pins: Int, _ kernels: KernelTable) {
    var free = limit - pins
    query.isOfFloats = rows.isBlurred
    let map = rows.map(query)
    let own = aim.map { direction(target, $0) }
    count = 0
    if filled > 0 {
      for i in 0..<n { all[i] = ids[i] }
    }
    for start in stride(from: 0, to: n, by: Selection.window) where count < limit {
      var left = min(Selection.window, n - start)
      for i in start..<(start + left) { places[i] = UnsafeRawPointer(map[Int(ids[i])]) }
      if let aim, let own {
        rows.keys(aim, ids.pointer + start, places.pointer + start, left, kernels, toTarget.pointer + start)
        for i in start..<(start + left) { toTarget[i] = (toTarget[i] + own.offset) * own.inverse }
      }
      for k in 0..<count where left > 0 && free > 0 {
        left = compare(Int(kept[k] & ~Links.pinned), start, start, left, kernels)
      }
      while left > 0, count < limit {
        let nearest = ids[start]
        if isPinned[start] || free > 0 {
          if !isPinned[start] { free -= 1 }
          kept[count] = nearest | (isPinned[start] ? Links.pinned : 0)
          count += 1
        }
        if free > 0 {
          left = compare(Int(nearest), start + 1, start, left - 1, kernels)
        } else {
          left = keepPinned(start + 1, start, left - 1)
        }
      }
    }
    fill(from: n, upTo: min(limit, filled))
  }

  /// Of `count` candidates from `first` on, moves those that are no nearer to `chosen` than to the target, and pinned ones, to
  /// `to`; their number.
  private func compare(_ chosen: Int, _ first: Int, _ to: Int, _ count: Int, _ kernels: KernelTable) -> Int {
    guard count > 0 else { return 0 }
    if aim == nil { rows.prepare(query, row: chosen) }
    let its = aim.map { _ in direction(chosen, query) }
    rows.keys(query, ids.pointer + first, places.pointer + first, count, kernels, toKept.pointer)
    if let its {
      for i in 0..<count { toKept[i] = (toKept[i] + its.offset) * its.inverse }
    }
    var end = to
    for i in 0..<count where isPinned[first + i] || toKept[i] >= toTarget[first + i] {
      move(first + i, to: end)
      end += 1
    }
    return end - to
  }

  /// A row for keys of directions: (κ + offset) · inverse.
  private func direction(_ id: Int, _ query: QueryVector) -> (offset: Float, inverse: Float) {
    guard let centre else { return (0, 1) }
    let length = rows.prepare(query, row: id, less: centre.mean.pointer, centre.share)
    var offset: Float = 0
    if centre.share > 0 {
      for i in 0..<rows.space.width { offset += query.floats[i] * centre.mean[i] }
    }
    return (offset, length > 0 ? 1 / length : 0)
  }

  private func keepPinned(_ first: Int, _ to: Int, _ count: Int) -> Int {
    var end = to
    for i in 0..<max(count, 0) where isPinned[first + i] {
      move(first + i, to: end)
      end += 1
    }
    return end - to
  }

  private func fill(from n: Int, upTo limit: Int) {
    var at = 0
    while count < limit, at < n {
      let candidate = all[at]
      at += 1
      if (0..<count).contains(where: { kept[$0] & ~Links.pinned == candidate }) { continue }
      kept[count] = candidate
      count += 1
    }
  }

  private func move(_ i: Int, to: Int) {
    (ids[to], places[to], isPinned[to], toTarget[to]) = (ids[i], places[i], isPinned[i], toTarget[i])
  }
}
