import Foundation
import RuvectorCore
import TestSupport
import Testing

@testable import RuvectorIndex

/// Files: what is read is what was saved; what is damaged is told, whatever the damage.
struct IndexFileTests {
  private func path(_ name: String) -> String {
    FileManager.default.temporaryDirectory.appendingPathComponent(
      "ruvector-\(ProcessInfo.processInfo.processIdentifier)-\(name)"
    ).path
  }

  private func made(_ metric: IndexMetric, _ storage: RowStorage, n: Int = 200) throws -> HNSWIndex {
    let dim = 10, (data, width) = points(metric, clustered(n, dim, centres: 12, seed: 41), dim)
    let index = try HNSWIndex(
      names(metric, storage, width, [("M", 4), ("efConstruction", 30), ("ef", 33), ("seed", 77)]))
    try index.add((0..<n).map { Int64($0) }, data)
    try index.remove((0..<(n / 4)).map { Int64($0 * 3) })
    return index
  }

  @Test(arguments: [(IndexMetric.cosine, RowStorage.f32), (.l2, .i8), (.ip, .f16), (.lorentz, .f32)])
  func whatIsReadIsWhatWasSaved(_ metric: IndexMetric, _ storage: RowStorage) throws {
    let index = try made(metric, storage), file = path("\(metric)-\(storage)")
    defer { try? FileManager.default.removeItem(atPath: file) }
    try index.save(file, stamp: 12345)
    let query = try index.vector(1)
    let (loaded, stamp) = try VectorIndex.load(file), (viewed, _) = try VectorIndex.view(file)
    let (verified, _) = try VectorIndex.view(file, verify: true), (read, _) = try VectorIndex.view(file, floats: .read)
    #expect(stamp == 12345)
    #expect(read.rows.exact == nil && (read.rows.unread != nil) == (viewed.rows.exact != nil))
    for other in [loaded, viewed, verified, read] {
      let graph = try #require(other as? HNSWIndex)
      #expect(
        graph.size == index.size && graph.m == 4 && graph.ef == 33 && graph.metric == metric && graph.storage == storage
      )
      #expect(try graph.brokenInvariant() == nil)
      #expect(graph.has(1) && !graph.has(3))
      #expect(try graph.vector(1) == query)
      let (a, b) = (try graph.find(query, k: 20), try index.find(query, k: 20))
      #expect(a.map { $0.key } == b.map { $0.key } && a.map { $0.distance } == b.map { $0.distance })
    }
    // A copy goes on as the original does; a view does not change.
    let more = points(metric, clustered(50, 10, centres: 5, seed: 42), 10).data
    for one in [index, loaded] { try one.add((1000..<1050).map { Int64($0) }, more) }
    let graph = try #require(loaded as? HNSWIndex)
    #expect(try graph.csr(level: 0).indices == index.csr(level: 0).indices)
    #expect(failure { () throws(RuvectorError) in try viewed.remove([1]) }?.code == .unsupported)
  }

  /// The bytes of a file in memory: as many as are counted without any, none where there is not room for all.
  @Test(arguments: [(IndexMetric.cosine, RowStorage.f32), (.l2, .i8)])
  func bytesInMemory(_ metric: IndexMetric, _ storage: RowStorage) throws {
    let index = try made(metric, storage), file = path("memory-\(metric)")
    defer { try? FileManager.default.removeItem(atPath: file) }
    try index.save(file, stamp: 7)
    let saved = try [UInt8](Data(contentsOf: URL(fileURLWithPath: file)))
    #expect(try index.save(into: nil, room: 0, stamp: 7) == saved.count)
    let room = try AlignedBuffer<UInt8>(count: saved.count + 1, repeating: 99)
    #expect(try index.save(into: room.pointer, room: saved.count, stamp: 7) == saved.count)
    #expect((0..<saved.count).allSatisfy { room[$0] == saved[$0] } && room[saved.count] == 99)
    room.pointer.update(repeating: 99, count: saved.count)
    #expect(try index.save(into: room.pointer, room: 5000, stamp: 7) == saved.count)
    #expect((5000...saved.count).allSatisfy { room[$0] == 99 }, "nothing behind the room")
    let (copy, stamp) = try saved.withUnsafeBytes { try VectorIndex.load($0.baseAddress, $0.count) }
    #expect(stamp == 7 && copy.size == index.size)
    #expect(try #require(copy as? HNSWIndex).brokenInvariant() == nil)
    #expect(failure { () throws(RuvectorError) in _ = try VectorIndex.load(nil, 0) }?.code == .corrupt)
  }

  @Test func strings() throws {
    let words = (0..<90).map { String(repeating: "é", count: $0 % 5) + "\($0)" }
    let dim = 3, given = try Words(words), file = path("strings")
    defer { try? FileManager.default.removeItem(atPath: file) }
    var generator = SeededGenerator(1)
    let data = generator.normals(90 * dim), rows = try AlignedBuffer<Float>(count: 90 * dim)
    for i in data.indices { rows[i] = data[i] }
    let index = try BruteForceIndex(names(.l2, .f32, dim) + [("keys", .text("string"))])
    try index.add(given.list, MatrixView(rows.pointer, rows: 90, dim: dim))
    try index.remove(given.first(10))
    try index.save(file)
    for other in [try VectorIndex.load(file).index, try VectorIndex.view(file).index] {
      for i in 0..<90 { #expect(other.has(given.list, i) == (i >= 10)) }
      var found: [String] = []
      _ = try other.search(rows.pointer + 30 * dim, k: 1) { (_, place, _) throws(RuvectorError) in
        let text = UnsafeBufferPointer(start: other.keys.bytes(place), count: other.keys.length(place))
        found.append(String(decoding: text, as: UTF8.self))
      }
      #expect(found == [words[30]])
    }
  }

  @Test func emptyIndexesAndWrongFiles() throws {
    let file = path("empty")
    defer { try? FileManager.default.removeItem(atPath: file) }
    let index = try HNSWIndex(names(.cosine, .f32, 4))
    try index.save(file)
    for other in [try VectorIndex.load(file).index, try VectorIndex.view(file, verify: true).index] {
      #expect(try other.size == 0 && other.find([1, 2, 3, 4], k: 3).isEmpty && !other.has(1))
    }
    func code(_ text: String) -> RuvectorError.Code? {
      failure { () throws(RuvectorError) in _ = try VectorIndex.load(text) }?.code
    }
    #expect(code("/nowhere/at/all") == .notFound && code("/tmp") == .io)
    #expect(failure { () throws(RuvectorError) in try index.save("/nowhere/at/all") }?.code == .notFound)
    try Data("hello".utf8).write(to: URL(fileURLWithPath: file))
    #expect(code(file) == .corrupt)
    try Data(count: 4096).write(to: URL(fileURLWithPath: file))
    #expect(code(file) == .corrupt)
  }

  /// Random damage: bits, bytes, runs, cuts, also with the header's checksum made right again. Never a crash; a copy is never
  /// made of a damaged file; a view may answer, but within its memory (the sanitizers watch).
  @Test func damage() throws {
    let index = try made(.l2, .f32, n: 120), file = path("damage"), query = try index.vector(1)
    defer { try? FileManager.default.removeItem(atPath: file) }
    try index.save(file)
    let good = try Data(contentsOf: URL(fileURLWithPath: file))
    var random = Random(seed: 3), refused = 0, viewed = 0
    for round in 0..<400 {
      var bad = good
      for _ in 0...random.below(3) {
        // Bytes that are no padding, mostly.
        var at = random.below(bad.count)
        for _ in 0..<50 where good[at] == 0 { at = random.below(bad.count) }
        bad[at] = UInt8(truncatingIfNeeded: random.next())
      }
      if round % 5 == 0 { bad = bad.prefix(random.below(bad.count)) }
      if round % 3 == 0, bad.count >= IndexFile.tableRoom(1) { Self.restamp(&bad) }
      try bad.write(to: URL(fileURLWithPath: file))
      if bad == good { continue }
      let loading = failure { () throws(RuvectorError) in _ = try VectorIndex.load(file) }
      if let loading {
        refused += 1
        #expect([.corrupt, .unsupported].contains(loading.code), "\(loading)")
      }
      let viewing = failure { () throws(RuvectorError) in try Self.use(file, dim: query.count) }
      if let viewing {
        #expect([.corrupt, .unsupported, .outOfRange, .outOfMemory].contains(viewing.code), "\(viewing)")
      } else {
        viewed += 1
      }
    }
    print("damaged files: \(refused) of 400 refused, \(viewed) viewed")
    #expect(refused > 250 && viewed > 50)
  }

  /// Everything that reads a view.
  private static func use(_ file: String, dim: Int) throws(RuvectorError) {
    let view = try VectorIndex.view(file).index
    _ = try view.find([Float](repeating: 0.5, count: view.dim), k: 9, ef: 50)
    _ = view.has(5)
    guard let graph = view as? HNSWIndex else { return }
    _ = try graph.csr(level: 1)
    _ = try graph.statistics()
    _ = try graph.reading { () throws(RuvectorError) in try graph.shortestPathDistance(1, 50) }
  }

  /// The header's checksum over what it holds now.
  private static func restamp(_ data: inout Data) {
    let at = IndexFile.headerBytes - 8
    for i in 0..<8 { data[at + i] = 0 }
    var hash = XXHash64()
    data.withUnsafeBytes { bytes in
      if let base = bytes.baseAddress { hash.add(base, IndexFile.tableRoom(1)) }
    }
    for i in 0..<8 { data[at + i] = UInt8(truncatingIfNeeded: hash.value >> UInt64(8 * i)) }
  }
}
