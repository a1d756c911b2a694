import RuvectorCore

/// The `k` best of partial results, each sorted by distance, of disjoint sets of vectors (shards): exactly what one search over
/// all of them gives. Ties by the part, then by the rank in it. `take(part, rank)` is called for each, best first.
/// O(parts + k log parts).
public func mergeTopK(
  _ parts: [UnsafeBufferPointer<Float>], _ k: Int, _ take: (Int, Int) -> Void
) throws(RuvectorError) {
  for (p, part) in parts.enumerated() {
    for i in part.indices {
      guard part[i].isFinite else {
        throw .expected(
          "finite numbers", for: "parts[\(p)].distances", received: "\(text(Double(part[i]))) at element \(i)",
          .nonFinite)
      }
      guard i == 0 || part[i - 1] <= part[i] else {
        throw .expected(
          "distances that rise", for: "parts[\(p)].distances", received: "a smaller one at element \(i)",
          .invalidArgument)
      }
    }
  }
  var next = Array(repeating: 0, count: parts.count)
  // A heap of parts by their next distance.
  func isBefore(_ a: Int, _ b: Int) -> Bool {
    let x = parts[a][next[a]], y = parts[b][next[b]]
    return x < y || (x == y && a < b)
  }
  var heap: [Int] = parts.indices.filter { !parts[$0].isEmpty }
  func sift(_ start: Int) {
    var parent = start
    while true {
      var least = 2 * parent + 1
      guard least < heap.count else { return }
      if least + 1 < heap.count, isBefore(heap[least + 1], heap[least]) { least += 1 }
      guard isBefore(heap[least], heap[parent]) else { return }
      heap.swapAt(parent, least)
      parent = least
    }
  }
  for i in stride(from: heap.count / 2 - 1, through: 0, by: -1) { sift(i) }
  var taken = 0
  while taken < k, let part = heap.first {
    take(part, next[part])
    taken += 1
    next[part] += 1
    if next[part] == parts[part].count {
      let last = heap.removeLast()
      if !heap.isEmpty { heap[0] = last }
    }
    if !heap.isEmpty { sift(0) }
  }
}
