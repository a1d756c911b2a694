import Foundation
import RuvectorCore
import RuvectorSearch
import TestSupport
import Testing

@Suite struct VectorSetTests {
  @Test func impossibleSizes() {
    func error(_ rows: Int, _ dim: Int) -> RuvectorError? {
      failure { () throws(RuvectorError) in _ = try VectorSet(copying: [1], rows: rows, dim: dim) }
    }
    for (rows, dim) in [(Int.max, 2), (-1, 2), (2, -1), (1 << 33, 1), (1 << 31, 1 << 31)] {
      #expect(error(rows, dim)?.code == .outOfMemory, "\(rows) x \(dim)")
    }
    #expect(
      error(2, 0) == RuvectorError(.emptyInput, "expected at least 1 element for vectors[0], received 0"))
  }

  @Test func contents() throws {
    var data: [Float] = [1, 2, 3, 4, 5, 6]
    let set = try vectorSet(data, dim: 3)
    data[4] = 0  // the set has its own copy
    #expect(set.rows == 2 && set.dim == 3 && set.matrix.row(1)[1] == 5 && set.byteCount == 32)
    #expect(UInt(bitPattern: set.matrix.base) % 64 == 0)
    #expect(try vectorSet([], dim: 0).rows == 0)
    #expect(
      try search([[1, 2]], .set(VectorSet(copying: [1], rows: 0, dim: 2)), .cosine, k: 3)[0] == Found())
  }

  /// Each thread with its own curvature, again and again: the cached view never mixes them.
  @Test func manyCurvaturesAtOnce() throws {
    var g = SeededGenerator(4)
    let set = try vectorSet(g.directions(2000, 12, length: 1.5), dim: 12),
      query = g.directions(1, 12, length: 0.4)
    let metrics = try [-0.1, -0.5, -1, -3].map { try Metric.poincare(curvature: $0) } + [.cosine]
    let expected = try metrics.map { try search([query], .set(set), $0, k: 20)[0] }
    let wrong = Failures()
    DispatchQueue.concurrentPerform(iterations: 40) { i in
      for round in 0..<5 {
        let which = (i + round) % metrics.count
        let found = try? search(
          [query], .set(set), metrics[which], k: 20, control: Control(threads: 1 + i % 3))
        if found?[0] != expected[which] { wrong.add() }
      }
    }
    #expect(wrong.count == 0)
  }

  private final class Failures: @unchecked Sendable {
    private let lock = NSLock()
    private(set) var count = 0
    func add() {
      lock.lock()
      count += 1
      lock.unlock()
    }
  }
}
