import RuvectorCore
import TestSupport
import Testing

@testable import RuvectorIndex

/// Two that write and two that read, at once: equal vectors, crowds of nearly equal ones, filters of every kind, repair in slices,
/// what is staged and shown or given up. `npm run sanitize -- thread` watches the memory.
@Suite struct ThreadTests {
  private static let dim = 8
  private static let values = SeededGenerator(5).rows(40)

  private struct Vectors {
    private var random: Random
    init(_ seed: UInt64) { random = Random(seed: seed) }

    /// Of each kind some: one of a few values, one of a crowd around one of them, one of its own.
    mutating func next(_ shift: Float) -> [Float] {
      let value = values[random.below(values.count)]
      switch random.below(4) {
      case 0: return values[0].map { $0 + shift + 1e-5 * Float(random.normal()) }
      case 1: return value.map { $0 + shift }
      default: return value.map { $0 + shift + Float(random.normal()) }
      }
    }
    mutating func below(_ n: Int) -> Int { random.below(n) }
  }

  /// What must not fail because another writer is at work.
  private static func patiently(_ body: () throws(RuvectorError) -> Void) throws(RuvectorError) {
    while true {
      do throws(RuvectorError) { return try body() } catch { if error.code != .busy { throw error } }
    }
  }

  /// Keys below 4,000 come and go; those from 10,000 on are staged.
  private static func change(_ index: VectorIndex, _ seed: UInt64, shift: Float) throws(RuvectorError) {
    var vectors = Vectors(seed), there: Set<Int64> = []
    for step in 0..<60 {
      let keys = Array(Set((0..<(1 + vectors.below(30))).map { _ in Int64(vectors.below(4000)) }))
      let data = keys.flatMap { _ in vectors.next(step > 40 ? shift : 0) }
      try patiently { () throws(RuvectorError) in
        try index.add(keys, data, replacing: true, threads: 1 + step % 2)
      }
      there.formUnion(keys)
      guard step % 3 == 2 else { continue }
      let gone = Array(there.prefix(1 + vectors.below(60)))
      try patiently { () throws(RuvectorError) in try index.remove(gone) }
      there.subtract(gone)
    }
  }

  private static func stageAndRepair(_ index: VectorIndex, _ seed: UInt64) throws(RuvectorError) {
    var vectors = Vectors(seed), next: Int64 = 10000
    for step in 0..<60 {
      let count = 1 + vectors.below(20), data = (0..<count).flatMap { _ in vectors.next(0) }
      let keys = (0..<count).map { next + Int64($0) }, old = Array(keys.map { $0 - 40 }.filter { $0 >= 10000 })
      let outcome: Result<Void, RuvectorError> = data.withUnsafeBufferPointer { d in
        keys.withUnsafeBufferPointer { k in
          old.withUnsafeBufferPointer { o in
            guard let d = d.baseAddress, let k = k.baseAddress else { return .success(()) }
            do throws(RuvectorError) {
              let ticket = try index.stage(0, MatrixView(d, rows: count, dim: dim))
              if step % 4 == 3 { return .success(try index.discard(ticket)) }
              let removing = o.baseAddress.map { KeyList.integers($0, o.count) }
              return .success(try index.commit(ticket, .integers(k, count), removing: removing))
            } catch { return .failure(error) }
          }
        }
      }
      try outcome.get()
      next += Int64(count)
      _ = try index.repair(32)
    }
  }

  private static func read(_ index: VectorIndex, _ seed: UInt64) throws(RuvectorError) {
    var vectors = Vectors(seed)
    let bits = [UInt8](repeating: 0b0101_1011, count: 500)
    var keys = (0..<600).map { _ in Int64(vectors.below(4000)) }
    keys += (0..<200).map { 10000 + Int64($0) * 3 }
    var prepared: [PreparedFilter] = []
    for step in 0..<160 {
      let query = vectors.next(0), few = Array(keys[..<(1 + vectors.below(keys.count - 1))])
      let outcome: Result<Void, RuvectorError> = few.withUnsafeBufferPointer { list in
        bits.withUnsafeBytes { bytes in
          guard let first = list.baseAddress else { return .success(()) }
          let listed = KeyList.integers(first, list.count), isAllowed = step % 2 == 0
          do throws(RuvectorError) {
            if step % 10 == 0 { prepared.append(try index.prepare(.keys(listed, allow: isAllowed))) }
            if step % 10 == 5 { prepared.append(try index.prepare(.bits(bytes, allow: isAllowed))) }
            if prepared.count > 6 { prepared.removeFirst().close() }
            if let one = prepared.last {
              if case .success = Result(catching: { () throws(RuvectorError) in try one.extend(listed) }) {
                try one.shrink(listed)
              }
              _ = one.size
            }
            var filters: [Filter] = [.all, .keys(listed, allow: isAllowed), .bits(bytes, allow: isAllowed)]
            filters += prepared.map { .prepared($0) }
            for filter in filters {
              let found = try index.find(query, k: 10, filter: filter)
              if Set(found.map(\.key)).count != found.count { throw RuvectorError(.corrupt, "a key twice") }
              if zip(found, found.dropFirst()).contains(where: { $0.distance > $1.distance }) {
                throw RuvectorError(.corrupt, "not in order")
              }
            }
            if let graph = index as? HNSWIndex {
              _ = try graph.statistics()
              _ = try index.reading { () throws(RuvectorError) in graph.neighbors(of: vectors.below(500), level: 0) }
            }
            return .success(())
          } catch { return .failure(error) }
        }
      }
      try outcome.get()
      _ = (index.has(Int64(vectors.below(4000))), index.size, index.byteCount)
    }
    for one in prepared { one.close() }
  }

  /// The last third of what is added lies off centre, where there are such vectors: bytes do not tell them apart.
  @Test(arguments: [("l2", "f32"), ("cosine", "i8"), ("ip", "f32"), ("l2", "i8"), ("brute", "f32")])
  func everythingAtOnce(_ kind: (String, String)) throws {
    let options: [(key: String, value: OptionValue)] = [
      ("dim", .integer(Int64(Self.dim))), ("storage", .text(kind.1)),
      ("metric", .text(kind.0 == "brute" ? "l2" : kind.0)),
    ]
    let graph: [(key: String, value: OptionValue)] = [("M", .integer(6)), ("efConstruction", .integer(24))]
    let index: VectorIndex =
      try kind.0 == "brute" ? BruteForceIndex(options) : HNSWIndex(options + graph)
    var first = Vectors(3)
    try index.add(Array(0..<300), (0..<300).flatMap { _ in first.next(0) })
    let failures = try FirstFailure(), threads = 4
    parallelFor(threads: threads, count: threads) { t in
      do throws(RuvectorError) {
        switch t {
        case 0: try Self.change(index, 11, shift: kind == ("l2", "i8") ? 1000 : 0)
        case 1: try Self.stageAndRepair(index, 12)
        default: try Self.read(index, UInt64(20 + t))
        }
      } catch { failures.note(t, error) }
    }
    #expect(failures.error.map { "\($0)" } == nil)
    if let graph = index as? HNSWIndex {
      #expect(graph.twins != nil && graph.hasPlateaus)
      #expect(try graph.brokenInvariant() == nil)
    }
  }

  /// Strings as keys: their texts move to new memory while others look keys up.
  @Test func keysThatAreStrings() throws {
    let all = try Words((0..<3000).map { "key number \($0) \(String(repeating: "x", count: $0 % 40))" })
    let index = try HNSWIndex(
      names(.l2, .f32, Self.dim, [("M", 6), ("efConstruction", 24)]) + [("keys", .text("string"))])
    let failures = try FirstFailure(),
      words = try (0..<3000).map { try Words(["key number \($0) \(String(repeating: "x", count: $0 % 40))"]) }
    parallelFor(threads: 3, count: 3) { t in
      do throws(RuvectorError) {
        var vectors = Vectors(UInt64(t + 31))
        if t == 0 {
          for round in 0..<4 {
            let data = (0..<800).flatMap { _ in vectors.next(0) }
            let outcome: Result<Void, RuvectorError> = data.withUnsafeBufferPointer { d in
              guard let d = d.baseAddress else { return .success(()) }
              do throws(RuvectorError) {
                return .success(
                  try index.add(all.first(800), MatrixView(d, rows: 800, dim: Self.dim), replacing: .known))
              } catch { return .failure(error) }
            }
            try outcome.get()
            for i in 0..<(700 + round) { try index.remove(words[i].list) }
          }
        } else {
          let prepared = try index.prepare(.keys(all.first(1500), allow: t == 1))
          for step in 0..<300 {
            let query = vectors.next(0)
            for filter in [Filter.all, .keys(all.first(1 + step * 5), allow: step % 2 == 0), .prepared(prepared)] {
              _ = try index.search(query, k: 5, filter: filter) { (_, place, _) throws(RuvectorError) in
                if index.keys.length(place) < 10 { throw RuvectorError(.corrupt, "a key that is none") }
              }
            }
            _ = index.has(words[vectors.below(3000)].list)
          }
          prepared.close()
        }
      } catch { failures.note(t, error) }
    }
    #expect(failures.error.map { "\($0)" } == nil)
    #expect(try index.brokenInvariant() == nil)
  }
}

extension SeededGenerator {
  fileprivate func rows(_ count: Int) -> [[Float]] {
    var own = self
    return (0..<count).map { _ in own.normals(8) }
  }
}
