import RuvectorCore
import TestSupport
import Testing

@testable import RuvectorIndex

/// Filters of every form and selectivity against a scan: k results whenever k matches exist, none that is not allowed.
struct FilterTests {
  @Test func allFormsAndShares() throws {
    let n = 700, dim = 12, k = 8, data = clustered(n, dim, centres: 25, seed: 31)
    let keys = (0..<n).map { Int64($0 * 2) }
    let indexes = [
      try HNSWIndex(names(.cosine, .f32, dim, [("M", 6), ("efConstruction", 40)])),
      try BruteForceIndex(names(.cosine, .f32, dim)),
    ]
    for index in indexes as [VectorIndex] {
      try index.add(keys, data)
      try index.remove([0, 10, 20])
    }
    let live = keys.filter { ![0, 10, 20].contains($0) }
    var random = Random(seed: 5), hits = 0, wanted = 0
    for share in [0.0, 0.002, 0.02, 0.3, 0.9, 1] {
      let allowed = live.filter { _ in random.uniform() < share } + [0, 999_999, -4]
      let set = Set(allowed), query = Array(data[(17 * dim)..<(18 * dim)])
      let matches = live.filter { set.contains($0) }, others = live.filter { !set.contains($0) }
      var bits = [UInt8](repeating: 0, count: n / 4 + 1)
      for key in allowed where key >= 0 && key < n * 2 { bits[Int(key) / 8] |= 1 << UInt8(key % 8) }
      func nearest(_ from: [Int64]) -> [Int64] {
        from.map { key -> (Int64, Double) in
          (key, oracle(.cosine, query, Array(data[(Int(key / 2) * dim)..<((Int(key / 2) + 1) * dim)])))
        }.sorted { $0.1 < $1.1 }.prefix(k).map { $0.0 }
      }
      for index in indexes as [VectorIndex] {
        try allowed.withUnsafeBufferPointer { list in
          try bits.withUnsafeBytes { map in
            guard let list = list.baseAddress else { return }
            let forms: [(Filter, [Int64])] = [
              (.keys(.integers(list, allowed.count), allow: true), matches),
              (.keys(.integers(list, allowed.count), allow: false), others),
              (.bits(map, allow: true), matches), (.bits(map, allow: false), others),
            ]
            for (filter, from) in forms {
              let found = try index.find(query, k: k, ef: 20, filter: filter).map { $0.key }
              #expect(found.count == min(k, from.count))
              #expect(Set(found).isSubset(of: Set(from)))
              hits += Set(found).intersection(nearest(from)).count
              wanted += found.count
            }
          }
        }
      }
    }
    print("recall with filters \(hits) of \(wanted)")
    #expect(Double(hits) >= 0.98 * Double(wanted))
  }

  /// Those that are allowed lie behind many others: the pool of a walk has room for so many of these, and no more.
  @Test func poolsKeepToTheirRoom() throws {
    let n = 4000, dim = 4, index = try HNSWIndex(names(.l2, .f32, dim, [("M", 6), ("efConstruction", 24)]))
    var generator = SeededGenerator(7), data: [Float] = []
    for _ in 0..<n { data += generator.normals(dim) }
    try index.add((0..<n).map { Int64($0) }, data)
    let far = (0..<n).filter { data[$0 * dim] > 1 }, bits = try SlotBits(n, filled: false), kernels = Kernels.current
    for slot in far { bits.set(slot, true) }
    var ended = 0
    for i in 0..<40 {
      let walker = try index.takeWalker(), others = 20 + i, ef = 8
      try index.rows.prepare(walker.query, [-1 - Float(i) / 40, 0, 0, 0], "query")
      try walker.begin(ef: 4096, count: n)
      walker.unmarkAndStart(index.descend(walker, to: 0, kernels))
      let admission = Marked(sight: index.sight, chains: nil, bits: bits.view)
      // From within those that are allowed the walk has its `ef` at once, and then meets the others.
      walker.start(Walker.entry(walker.key(far[i], kernels), UInt32(far[i])))
      if !walker.walk(0, ef: ef, index, kernels, admission, others: others) { ended += 1 }
      #expect(walker.size <= ef + others + 1)
      index.giveBack(walker)
    }
    #expect(ended > 10)
  }

  @Test func wrongKinds() throws {
    let strings = try HNSWIndex(names(.l2, .f32, 2) + [("keys", .text("string"))]), words = try Words(["a"])
    let row = try AlignedBuffer<Float>(count: 2, repeating: 1), key = try AlignedBuffer<Int64>(count: 1, repeating: 1)
    try strings.add(words.list, MatrixView(row.pointer, rows: 1, dim: 2))
    func find(_ filter: Filter) -> RuvectorError? {
      failure { () throws(RuvectorError) in _ = try strings.find([1, 2], k: 1, filter: filter) }
    }
    #expect(find(.bits(UnsafeRawBufferPointer(start: key.pointer, count: 8), allow: true))?.code == .invalidArgument)
    let other = find(.keys(.integers(key.pointer, 1), allow: true))
    #expect(other?.message == "expected strings for filter, received the other kind")
    #expect(find(.keys(.integers(key.pointer, 0), allow: false)) == nil)
    #expect(find(.keys(words.list, allow: false)) == nil)
  }
}
