import RuvectorCore
import TestSupport
import Testing

@Suite struct TopKTests {
  typealias Entry = TopK.Entry

  /// All entries sorted, the first k.
  static func oracle(_ scores: [Float], _ k: Int) -> [Entry] {
    let all = scores.enumerated().map { Entry(score: $1, index: UInt32($0)) }
    return Array(
      all.sorted { $0.score > $1.score || ($0.score == $1.score && $0.index < $1.index) }.prefix(k))
  }

  static func kept(_ scores: [Float], _ k: Int, block: Int) -> [Entry] {
    var best = TopK(k)
    for start in stride(from: 0, to: scores.count, by: block) {
      let part = Array(scores[start..<min(start + block, scores.count)])
      best.insert(part, count: part.count, base: start)
    }
    best.sort()
    return best.entries
  }

  @Test(arguments: [0, 1, 2, 7, 100, 1000]) func againstSorting(_ n: Int) {
    var g = SeededGenerator(UInt64(n))
    let few = (0..<n).map { _ in Float(Int.random(in: 0..<5, using: &g)) }  // many ties
    let inputs: [[Float]] = [
      g.normals(n), few, g.normals(n).sorted(), g.normals(n).sorted(by: >), [Float](repeating: 2, count: n),
      [Float](repeating: -.infinity, count: n), few.map { $0 == 2 ? -.infinity : ($0 == 3 ? .infinity : $0) },
    ]
    for (which, scores) in inputs.enumerated() {
      for k in [0, 1, 2, 3, 10, n - 1, n, n + 5, Int.max] where k >= 0 {
        let expected = Self.oracle(scores, k)
        for block in [1, 3, 512] {
          #expect(
            Self.kept(scores, k, block: block) == expected, "n \(n) input \(which) k \(k) block \(block)")
        }
        // One by one, in any order.
        var best = TopK(3), shuffled = TopK(k)
        best.reset(k)
        for entry in Self.oracle(scores, n).shuffled(using: &g) { shuffled.insert(entry) }
        for entry in Self.oracle(scores, n).reversed() { best.insert(entry) }
        #expect(best.isFull == (n >= k))
        #expect(best.threshold == (n < k ? -.infinity : (k == 0 ? .infinity : expected[k - 1].score)))
        best.sort()
        shuffled.sort()
        #expect(best.entries == expected && shuffled.entries == expected, "n \(n) input \(which) k \(k)")
      }
    }
  }

  @Test func reset() {
    var best = TopK(2)
    best.insert([1, 5, 3], count: 3, base: 10)
    best.reset(1)
    #expect(best.entries.isEmpty)
    best.insert([0, 2], count: 2, base: 0)
    best.sort()
    #expect(best.entries == [Entry(score: 2, index: 1)])
  }

  /// Callers refuse NaN before; should one come, nothing crashes and no more than k stay.
  @Test func notANumber() {
    var g = SeededGenerator(4)
    for k in [0, 1, 5, 50] {
      let scores = g.normals(200).map { $0 > 0.5 ? .nan : $0 }
      #expect(Self.kept(scores, k, block: 64).count == k)
    }
  }

  @Test func indicesBeyondInt32() {
    var best = TopK(1)
    best.insert([1, 2], count: 2, base: Int(UInt32.max) - 1)
    #expect(best.entries == [Entry(score: 2, index: .max)])
  }
}
