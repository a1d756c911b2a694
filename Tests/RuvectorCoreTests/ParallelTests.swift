import CRuvectorSupport
import Foundation
import RuvectorCore
import Testing

@Suite struct ParallelTests {
  /// Counts of calls; each index has its own place, so a lost or doubled call shows.
  final class Calls: @unchecked Sendable {
    let counts: UnsafeMutableBufferPointer<UInt32>
    init(_ n: Int) {
      counts = .allocate(capacity: n)
      counts.initialize(repeating: 0)
    }
    deinit { counts.deallocate() }
    var once: Bool { counts.allSatisfy { $0 == 1 } }
  }

  @Test(arguments: [-1, 0, 1, 2, 3, 8, 64, 1000]) func eachIndexOnce(_ threads: Int) {
    for n in [0, 1, 2, 3, 7, 100, 5000] {
      let calls = Calls(n)
      parallelFor(threads: threads, count: n) { calls.counts[$0] += 1 }
      #expect(calls.once, "threads \(threads) count \(n)")
    }
    parallelFor(threads: threads, count: -3) { _ in Issue.record("called for a negative count") }
  }

  @Test func nested() {
    let calls = Calls(40 * 50)
    parallelFor(threads: 4, count: 40) { i in
      parallelFor(threads: 3, count: 50) { j in calls.counts[i * 50 + j] += 1 }
    }
    #expect(calls.once)
  }

  @Test func manyJobs() {
    let calls = Calls(3)
    for _ in 0..<20_000 { parallelFor(threads: 3, count: 3) { calls.counts[$0] += 1 } }
    #expect(calls.counts.allSatisfy { $0 == 20_000 })
  }

  @Test func concurrentCallers() {
    let all = (0..<8).map { _ in Calls(2000) }
    DispatchQueue.concurrentPerform(iterations: 8) { caller in
      let calls = all[caller]
      for round in 0..<20 {
        parallelFor(threads: 4, count: 100) { calls.counts[round * 100 + $0] += 1 }
      }
    }
    for calls in all { #expect(calls.once) }
  }

  /// Work that takes its time is shared, and all of it is done when the call returns.
  @Test func returnsWhenDone() {
    for _ in 0..<20 {
      let calls = Calls(8)
      parallelFor(threads: 2, count: 8) { i in
        usleep(200)
        calls.counts[i] += 1
      }
      #expect(calls.once)
    }
  }
}
