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
/// Where many vectors lie on a spot, seen from the others, those on the target's spot lie in front of what is outside as often as not:
/// they are about as far from it as the target is. So of candidates that end with others four times as far, or more, those before
/// that edge get half of the room; and what is left of it goes to those behind, without regard to those before (``edge``).
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
  /// The first key behind the edge; infinite where there is none.
  private var edge = Float.infinity
  /// Candidates behind it, and their keys.
  private var outside: [(id: UInt32, key: Float)] = []
  /// Of the last choice: whether there was an edge, and whether there was room for more than was found behind it.
  var hasEdge: Bool { edge < .infinity }
  private(set) var hasRoomOutside = false
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
    findEdge(n)
    // How many come from before the edge, and where those from behind it begin among the kept.
    var inside = hasEdge ? (free + 1) / 2 : free, outer = 0
    func take(_ n: Int, comparedFrom first: Int) {
      for start in stride(from: 0, to: n, by: Selection.window) where count < limit {
        var left = min(Selection.window, n - start)
        for i in start..<(start + left) { places[i] = UnsafeRawPointer(map[Int(ids[i])]) }
        if let aim, let own {
          rows.keys(aim, ids.pointer + start, places.pointer + start, left, kernels, toTarget.pointer + start)
          for i in start..<(start + left) { toTarget[i] = (toTarget[i] + own.offset) * own.inverse }
        }
        for k in first..<count where left > 0 && free > 0 {
          left = compare(Int(kept[k] & ~Links.pinned), start, start, left, kernels)
        }
        while left > 0, count < limit {
          let nearest = ids[start], isInside = toTarget[start] < edge
          let isTaken = isPinned[start] || (free > 0 && (!isInside || inside > 0))
          if isTaken {
            if !isPinned[start] {
              free -= 1
              if isInside { inside -= 1 }
            }
            kept[count] = nearest | (isPinned[start] ? Links.pinned : 0)
            count += 1
            if isInside { outer = count }
          }
          if free == 0 {
            left = keepPinned(start + 1, start, left - 1)
          } else if isTaken {
            left = compare(Int(nearest), start + 1, start, left - 1, kernels)
          } else {
            left = skip(start + 1, start, left - 1)
          }
        }
      }
    }
    take(n, comparedFrom: 0)
    if hasEdge, free > 0 {
      let rest = outside.count
      var left = 0
      for i in 0..<rest where !(outer..<count).contains(where: { kept[$0] & ~Links.pinned == outside[i].id }) {
        (ids[left], toTarget[left], isPinned[left]) = (outside[i].id, outside[i].key, false)
        left += 1
      }
      take(left, comparedFrom: outer)
    }
    hasRoomOutside = hasEdge && free > 0
    fill(from: n, upTo: min(limit, filled))
  }

  /// The last of n candidates behind which the next is four times as far from the target, or more, and what comes behind it; of inner
  /// products no such thing is said.
  private func findEdge(_ n: Int) {
    (edge, hasRoomOutside) = (.infinity, false)
    guard aim == nil, n > 1 else { return }
    // 1 − cos of vectors that are nearly equal is what rounding makes of it.
    let isCosine = rows.space.metric == .cosine, shift: Float = isCosine ? 1 : 0, least: Float = isCosine ? 1e-6 : 0
    var at = 0, bar = 16 * max(toTarget[0] + shift, least)
    for i in 1..<n {
      let far = toTarget[i] + shift
      if far >= bar, far > 0 { at = i }
      bar = 16 * max(far, least)
    }
    guard at > 0 else { return }
    edge = toTarget[at]
    outside.removeAll(keepingCapacity: true)
    for i in at..<n { outside.append((ids[i], toTarget[i])) }
  }

  /// Those behind one that is passed over, without a comparison.
  private func skip(_ first: Int, _ to: Int, _ count: Int) -> Int {
    for i in 0..<max(count, 0) { move(first + i, to: to + i) }
    return max(count, 0)
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
