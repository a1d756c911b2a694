import Foundation
import CRuvector
import Testing

@testable import RuvectorABI

/// Indexes as C calls them, on points of a line: key i at (i, 1).
struct IndexTests {
  private let numbers = Memory<Double>((0..<20).map { Double($0) })
  private let places = Memory<UInt32>([UInt32](repeating: 0, count: 64))

  private func made(_ kind: String, keys: String = "number") -> OpaquePointer? {
    func text(_ string: String) -> Memory<CChar> { Memory(Array(string.utf8CString)) }
    let texts = ["dim", "metric", "keys", "l2", keys].map(text)
    var options = [rv_option(), rv_option(), rv_option()], error = rv_error(), index: OpaquePointer?
    for i in 0..<3 { options[i].key = UnsafePointer(texts[i].pointer) }
    (options[0].kind, options[0].number) = (RV_NUMBER.rawValue, 2)
    (options[1].kind, options[1].text) = (RV_TEXT.rawValue, UnsafePointer(texts[3].pointer))
    (options[2].kind, options[2].text) = (RV_TEXT.rawValue, UnsafePointer(texts[4].pointer))
    #expect(withExtendedLifetime(texts) { rv_index_create(kind, options, 3, &index, &error) } == 0)
    return index
  }

  private func figures(_ index: OpaquePointer?) -> rv_index_figures {
    var out = rv_index_figures(), error = rv_error()
    out.size = UInt32(MemoryLayout<rv_index_figures>.size)
    #expect(rv_index_info(index, &out, &error) == 0)
    return out
  }

  @Test func described() {
    func json(_ index: OpaquePointer?, _ capacity: Int = 1024) -> (text: String, length: Int) {
      let room = Memory<CChar>([CChar](repeating: 1, count: 1024))
      var length = 0, error = rv_error()
      #expect(rv_index_describe(index, room.pointer, capacity, &length, &error) == 0)
      return (String(cString: room.pointer), length)
    }
    let graph = made("hnsw"), plain = made("brute_force", keys: "string"), simd = String(cString: rv_simd_level())
    let common = """
      "dim":2,"metric":"l2","curvature":-1,"storage":"f32","rerank":1,"capacity":0,"keys"
      """
    let text = json(graph).text
    #expect(
      text == """
        {"kind":"hnsw","simd":"\(simd)","options":{\(common):"number","M":16,"efConstruction":200,"ef":64,"seed":1}}
        """)
    #expect(json(plain).text == "{\"kind\":\"brute_force\",\"simd\":\"\(simd)\",\"options\":{\(common):\"string\"}}")
    #expect(json(graph, 8).text == "{\"kind\"" && json(graph, 8).length == text.utf8.count)
    var length = 0, error = rv_error()
    #expect(rv_index_describe(graph, nil, 0, &length, &error) == 0 && length == text.utf8.count)
    #expect(rv_index_describe(nil, nil, 0, &length, &error) == RV_CLOSED.rawValue)
    rv_index_release(graph)
    rv_index_release(plain)
  }

  private var points: Memory<Float> { Memory<Float>((0..<20).flatMap { [Float($0), 1] }) }

  @Test(arguments: ["hnsw", "brute_force"]) func lifetimeAndSearch(_ kind: String) {
    var error = rv_error(), index = made(kind), bytes: UInt64 = 0, count: UInt64 = 0
    let points = points, query = Memory<Float>([4.4, 1])
    var keys = numbers.buffer(), matrix = points.buffer(rows: 20), one = query.buffer(rows: 1)
    #expect(rv_index_add(index, &keys, nil, &matrix, 0, nil, &error) == 0)
    #expect(rv_index_add(index, &keys, nil, &matrix, 0, nil, &error) == RV_DUPLICATE_KEY.rawValue)
    #expect(rv_index_add(index, &keys, nil, &matrix, 1, nil, &error) == 0)
    let found = Memory<Double>([0, 0, 0]), distances = Memory<Float>([0, 0, 0]), counts = Memory<UInt32>([0])
    var (f, d, c) = (found.buffer(), distances.buffer(), counts.buffer())
    func search(_ filter: rv_filter = RV_ALL, _ with: UnsafePointer<rv_buffer>? = nil) -> Int32 {
      rv_index_search(index, &one, 3, 0, filter, with, nil, nil, &f, nil, &d, &c, &bytes, nil, &error)
    }
    #expect(search() == 0)
    #expect(found.values == [4, 5, 3] && counts.values == [3] && abs(distances.values[0] - 0.16) < 1e-5)
    let allowed = Memory<Double>([9, 2, 77]), bits = Memory<UInt8>([0b110])
    var (a, b) = (allowed.buffer(), bits.buffer())
    #expect(search(RV_ALLOW, &a) == 0 && counts.values == [2] && Array(found.values.prefix(2)) == [2, 9])
    #expect(search(RV_DENY_BITS, &b) == 0 && found.values == [4, 5, 3])
    #expect(search(RV_ALLOW_BITS, &b) == 0 && counts.values == [2] && Array(found.values.prefix(2)) == [2, 1])
    #expect(search(rv_filter(rawValue: 9)) == RV_INVALID_ARGUMENT.rawValue)
    #expect(search(RV_ALLOW, nil) == RV_INVALID_ARGUMENT.rawValue)

    var p = places.buffer(), info = figures(index)
    #expect(info.vectors == 20 && info.dim == 2 && info.places >= 20 && info.bytes > 1000 && info.bytes_per_vector > 8)
    #expect(info.evaluations > 0 && info.removed <= 40 && info.curvature == -1 && info.read_only == 0)
    #expect((info.max_level >= 0 && info.ef == 64 && info.links == 16) == (kind == "hnsw"))
    #expect((info.max_level == -2 && info.ef == 0 && info.links == 0) == (kind != "hnsw"))
    info.size -= 8
    #expect(rv_index_info(index, &info, &error) == RV_INVALID_ARGUMENT.rawValue)
    #expect(message(error).hasPrefix("expected at least \(info.size + 8) for out.size, received \(info.size)"))
    #expect(rv_index_info(index, nil, &error) == RV_INVALID_ARGUMENT.rawValue)
    #expect(rv_index_places(index, &a, nil, &p, &error) == 0 && places.values[2] == .max)
    let there = Memory<UInt32>([places.values[0]]), nowhere = Memory<UInt32>([9999]), name = Memory<Double>([0])
    var place = there.buffer()
    var n = name.buffer()
    #expect(rv_index_names(index, &place, &n, nil, &bytes, &error) == 0 && name.values == [9])
    place = nowhere.buffer()
    #expect(rv_index_names(index, &place, &n, nil, &bytes, &error) == RV_NOT_FOUND.rawValue)
    #expect(rv_index_all(index, &p, &count, &error) == 0 && count == 20)
    let row = Memory<Float>([0, 0]), last = Memory<Double>([19])
    var (r, l) = (row.buffer(), last.buffer())
    #expect(rv_index_get(index, &l, nil, &r, &error) == 0 && row.values == [19, 1])
    #expect(rv_index_get(index, &a, nil, &r, &error) == RV_DIMENSION_MISMATCH.rawValue)
    let two = Memory<Double>([9, 2]), both = Memory<Float>([0, 0, 0, 0]), far = Memory<Float>([0, 0])
    var (t, v, x, q) = (two.buffer(), both.buffer(), far.buffer(), query.buffer())
    #expect(rv_index_get(index, &t, nil, &v, &error) == 0 && both.values == [9, 1, 2, 1])
    #expect(rv_index_distances(index, &q, &t, nil, &x, &error) == 0)
    #expect(abs(far.values[0] - 21.16) < 1e-4 && abs(far.values[1] - 5.76) < 1e-4)
    #expect(rv_index_distances(index, &q, &a, nil, &x, &error) == RV_DIMENSION_MISMATCH.rawValue)
    #expect(rv_index_distances(index, &q, &a, nil, &d, &error) == RV_NOT_FOUND.rawValue)
    #expect(rv_index_distances(index, &v, &t, nil, &x, &error) == RV_DIMENSION_MISMATCH.rawValue)
    #expect(rv_index_remove(index, &l, nil, nil, &error) == 0)
    #expect(rv_index_remove(index, &l, nil, nil, &error) == RV_NOT_FOUND.rawValue)
    let half = Memory<Double>([0.5])
    var wrong = half.buffer()
    #expect(rv_index_remove(index, &wrong, nil, nil, &error) == RV_INVALID_ARGUMENT.rawValue)
    #expect(rv_index_set_ef(index, 33, &error) == (kind == "hnsw" ? 0 : RV_UNSUPPORTED.rawValue))
    #expect(rv_index_clear(index, &error) == 0 && figures(index).vectors == 0)
    #expect(rv_index_retain(index) == index)
    rv_index_release(index)
    rv_index_release(index)
    index = nil
    #expect(rv_index_clear(index, &error) == RV_CLOSED.rawValue)
    #expect(rv_index_create("tree", nil, 0, &index, &error) == RV_INVALID_ARGUMENT.rawValue && index == nil)
  }

  @Test(arguments: ["hnsw", "brute_force"]) func asBytes(_ kind: String) {
    var error = rv_error(), count: UInt64 = 0, stamp: UInt64 = 0, copy: OpaquePointer?
    let index = made(kind), points = points
    var keys = numbers.buffer(), matrix = points.buffer(rows: 20)
    #expect(rv_index_add(index, &keys, nil, &matrix, 0, nil, &error) == 0)
    #expect(rv_index_to_bytes(index, nil, 9, &count, nil, &error) == 0 && count > 4096)
    let memory = Memory<UInt8>([UInt8](repeating: 0, count: Int(count)))
    var bytes = memory.buffer()
    #expect(rv_index_to_bytes(index, &bytes, 9, &count, nil, &error) == 0 && count == UInt64(memory.count))
    #expect(rv_index_from_bytes(&bytes, &copy, &stamp, &error) == 0 && stamp == 9 && figures(copy).vectors == 20)
    rv_index_release(copy)
    memory.pointer[4100] ^= 1
    #expect(rv_index_from_bytes(&bytes, &copy, nil, &error) == RV_CORRUPT.rawValue && copy == nil)
    #expect(rv_index_from_bytes(&matrix, &copy, nil, &error) == RV_INVALID_ARGUMENT.rawValue)
    #expect(rv_index_from_bytes(nil, &copy, nil, &error) == RV_INVALID_ARGUMENT.rawValue)
    #expect(rv_index_from_bytes(&bytes, nil, nil, &error) == RV_INVALID_ARGUMENT.rawValue)
    bytes.writable = 0
    #expect(rv_index_to_bytes(index, &bytes, 9, &count, nil, &error) == RV_INVALID_ARGUMENT.rawValue)
    rv_index_release(index)
    #expect(rv_index_to_bytes(nil, nil, 9, &count, nil, &error) == RV_CLOSED.rawValue)
  }

  /// What is staged is shown as `rv_index_add` would show it; after an error it is still staged.
  @Test(arguments: ["hnsw", "brute_force"]) func stagedAsAdded(_ kind: String) {
    var error = rv_error(), ticket: UInt64 = 0
    let index = made(kind), points = points, others = Memory<Float>((0..<20).flatMap { [Float($0) + 100, 1] })
    var keys = numbers.buffer(), matrix = points.buffer(rows: 20), new = others.buffer(rows: 20)
    #expect(rv_index_accepts(index, &keys, nil, &matrix, 0, &error) == 0 && figures(index).vectors == 0)
    #expect(rv_index_accepts(index, &keys, nil, &matrix, 2, &error) == RV_NOT_FOUND.rawValue)
    #expect(rv_index_stage(index, &ticket, &matrix, nil, &error) == 0)
    #expect(rv_index_add_staged(index, ticket, &keys, nil, 2, &error) == RV_NOT_FOUND.rawValue)
    #expect(rv_index_add_staged(index, ticket, &keys, nil, 0, &error) == 0 && figures(index).vectors == 20)
    #expect(rv_index_add_staged(index, ticket, &keys, nil, 0, &error) == RV_NOT_FOUND.rawValue, "the ticket has ended")
    #expect(rv_index_accepts(index, &keys, nil, &new, 0, &error) == RV_DUPLICATE_KEY.rawValue)
    ticket = 0
    #expect(rv_index_stage(index, &ticket, &new, nil, &error) == 0)
    #expect(rv_index_add_staged(index, ticket, &keys, nil, 0, &error) == RV_DUPLICATE_KEY.rawValue)
    #expect(rv_index_add_staged(index, ticket, &keys, nil, 1, &error) == 0 && figures(index).vectors == 20)
    let one = Memory<Double>([7]), found = Memory<Float>([0, 0])
    var (key, out) = (one.buffer(), found.buffer())
    #expect(rv_index_get(index, &key, nil, &out, &error) == 0 && found.values == [107, 1])
    rv_index_release(index)
  }

  /// Several queries in one call, each with the results it has alone; the places of results that are not there stay 0.
  @Test(arguments: ["hnsw", "brute_force"]) func batches(_ kind: String) {
    var error = rv_error()
    let index = made(kind), points = points
    var keys = numbers.buffer(), matrix = points.buffer(rows: 20)
    #expect(rv_index_add(index, &keys, nil, &matrix, 0, nil, &error) == 0)
    let queries = Memory<Float>([4.4, 1, 17.9, 1]), allowed = Memory<Double>([17, 4])
    let found = Memory<Double>([9, 9, 9, 9, 9, 9]), distances = Memory<Float>([9, 9, 9, 9, 9, 9])
    let counts = Memory<UInt32>([9, 9])
    var (q, a, f, d, c) = (
      queries.buffer(rows: 2), allowed.buffer(), found.buffer(), distances.buffer(), counts.buffer()
    )
    func search(_ k: UInt64, _ ef: UInt64 = 0, _ filter: rv_filter = RV_ALL) -> Int32 {
      rv_index_search(index, &q, k, ef, filter, &a, nil, nil, &f, nil, &d, &c, nil, nil, &error)
    }
    #expect(search(3, 20) == 0 && found.values == [4, 5, 3, 18, 17, 19] && counts.values == [3, 3])
    #expect(abs(distances.values[0] - 0.16) < 1e-5 && abs(distances.values[3] - 0.01) < 1e-5)
    #expect(search(3, 0, RV_ALLOW) == 0 && found.values == [4, 17, 0, 17, 4, 0] && counts.values == [2, 2])
    #expect(search(4) == RV_DIMENSION_MISMATCH.rawValue, "no room for 8 results")
    #expect(search(.max) == RV_OUT_OF_MEMORY.rawValue)
    #expect(search(3, 1 << 20 + 1) == RV_INVALID_CONFIG.rawValue)
    queries.pointer[2] = .nan
    #expect(search(3) == RV_NON_FINITE.rawValue && message(error).contains("queries[1]"))
    q = queries.buffer(rows: 1)
    #expect(search(1) == RV_DIMENSION_MISMATCH.rawValue, "four numbers are no point of a plane")
    rv_index_release(index)
  }

  /// An index opened by its token reads what the other writes, writes nothing, and keeps it alive; the other way round too.
  @Test(arguments: ["hnsw", "brute_force"]) func openedByToken(_ kind: String) {
    var error = rv_error(), opened: OpaquePointer?, again: OpaquePointer?, count: UInt64 = 0
    let first = made(kind), token = rv_index_token(first), points = points
    #expect(token != 0 && rv_index_open_token(token, &opened, &error) == 0 && rv_index_token(opened) == token)
    var keys = numbers.buffer(), matrix = points.buffer(rows: 20), p = places.buffer()
    #expect(rv_index_add(first, &keys, nil, &matrix, 0, nil, &error) == 0)
    #expect(rv_index_all(opened, &p, &count, &error) == 0 && count == 20)
    #expect(figures(first).read_only == 0 && figures(opened).read_only == 1)
    let refused = [
      rv_index_add(opened, &keys, nil, &matrix, 1, nil, &error), rv_index_remove(opened, &keys, nil, nil, &error),
      rv_index_clear(opened, &error), rv_index_set_ef(opened, 5, &error), rv_index_save(opened, "x", 0, nil, &error),
    ]
    #expect(refused.allSatisfy { $0 == RV_UNSUPPORTED.rawValue } && message(error).contains("by its token"))
    #expect(rv_index_open_token(token, &again, &error) == 0)
    rv_index_release(again)
    #expect(rv_index_retain(opened) == opened)
    rv_index_release(opened)
    rv_index_release(first)
    #expect(rv_index_all(opened, &p, &count, &error) == 0 && count == 20, "alive without the first")
    #expect(rv_index_open_token(token, &again, &error) == 0, "and to be opened again")
    rv_index_release(opened)
    #expect(rv_index_clear(again, &error) == RV_UNSUPPORTED.rawValue, "nobody can write any more")
    rv_index_release(again)
    #expect(rv_index_open_token(token, &again, &error) == RV_NOT_FOUND.rawValue && again == nil)
    #expect(rv_index_open_token(token, nil, &error) == RV_INVALID_ARGUMENT.rawValue && rv_index_token(nil) == 0)
  }

  @Test func noTwoKindsShareAToken() {
    var error = rv_error(), set: OpaquePointer?, opened: OpaquePointer?
    let index = made("hnsw"), points = points
    var matrix = points.buffer(rows: 20)
    #expect(rv_vectors_create(&matrix, &set, &error) == 0)
    #expect(rv_index_open_token(rv_vectors_token(set), &opened, &error) == RV_NOT_FOUND.rawValue)
    #expect(rv_vectors_open(rv_index_token(index), &opened, &error) == RV_NOT_FOUND.rawValue)
    rv_vectors_release(set)
    rv_index_release(index)
  }

  /// Searches through openings that come and go beside the one writer: each sees a whole index.
  @Test(arguments: ["hnsw", "brute_force"]) func searchedWhileItGrows(_ kind: String) {
    let first = made(kind), token = rv_index_token(first)
    nonisolated(unsafe) let index = first
    DispatchQueue.concurrentPerform(iterations: 3) { thread in
      var error = rv_error()
      for round in 0..<200 {
        let row = Memory<Float>([Float(round), 1]), key = Memory<Double>([Double(round)])
        if thread == 0 {
          var (k, m) = (key.buffer(), row.buffer(rows: 1))
          #expect(rv_index_add(index, &k, nil, &m, 0, nil, &error) == 0)
          continue
        }
        var opened: OpaquePointer?
        #expect(rv_index_open_token(token, &opened, &error) == 0)
        let distance = Memory<Float>([0]), counts = Memory<UInt32>([0])
        var (q, k, d, c) = (row.buffer(rows: 1), key.buffer(), distance.buffer(), counts.buffer())
        #expect(rv_index_search(opened, &q, 1, 0, RV_ALL, nil, nil, nil, &k, nil, &d, &c, nil, nil, &error) == 0)
        let away = key.values[0] - Double(round)
        #expect(counts.values == [0] || Double(distance.values[0]) == away * away, "a key and its own distance")
        rv_index_release(opened)
      }
    }
    rv_index_release(first)
  }

  @Test func strings() {
    var error = rv_error(), bytes: UInt64 = 0
    let index = made("hnsw", keys: "string"), points = Memory<Float>([0, 0, 5, 5]),
      text = Memory<UInt8>(Array("abcd".utf8))
    let offsets = Memory<UInt32>([0, 1, 4]), falling = Memory<UInt32>([0, 3, 1]), far = Memory<UInt32>([0, 1, 9])
    var (t, o, m) = (text.buffer(), offsets.buffer(), points.buffer(rows: 2))
    var (f, x) = (falling.buffer(), far.buffer())
    #expect(rv_index_add(index, &t, &f, &m, 0, nil, &error) == RV_INVALID_ARGUMENT.rawValue)
    #expect(rv_index_add(index, &t, &x, &m, 0, nil, &error) == RV_OUT_OF_RANGE.rawValue)
    #expect(rv_index_add(index, &t, nil, &m, 0, nil, &error) == RV_INVALID_ARGUMENT.rawValue)
    #expect(rv_index_add(index, &t, &o, &m, 0, nil, &error) == 0)
    let query = Memory<Float>([5, 4]), distances = Memory<Float>([0, 0]), counts = Memory<UInt32>([0])
    let short = Memory<UInt8>([0]), room = Memory<UInt8>([0, 0, 0, 0]), ends = Memory<UInt32>([9, 9, 9])
    var (q, d, c) = (query.buffer(rows: 1), distances.buffer(), counts.buffer())
    var (s, r, e) = (short.buffer(), room.buffer(), ends.buffer())
    #expect(rv_index_search(index, &q, 2, 0, RV_ALL, nil, nil, nil, &s, &e, &d, &c, &bytes, nil, &error) == 0)
    #expect(bytes == 4)
    #expect(rv_index_search(index, &q, 2, 0, RV_ALL, nil, nil, nil, &r, &e, &d, &c, &bytes, nil, &error) == 0)
    #expect(room.values == Array("bcda".utf8) && ends.values == [0, 3, 4])
    rv_index_release(index)
  }

  @Test func stagedCommittedRepaired() {
    var error = rv_error(), ticket: UInt64 = 0, other: UInt64 = 77, more: Int32 = 9
    let index = made("brute_force"), points = points, few = Memory<Double>([1, 2, 3]), gone = Memory<Double>([2, 99])
    var (keys, matrix, k, g) = (numbers.buffer(), points.buffer(rows: 20), few.buffer(), gone.buffer())
    #expect(rv_index_stage(index, &ticket, &matrix, nil, &error) == 0 && ticket > 0)
    #expect(rv_index_stage(index, &other, &matrix, nil, &error) == RV_NOT_FOUND.rawValue)
    #expect(rv_index_stage(index, nil, &matrix, nil, &error) == RV_INVALID_ARGUMENT.rawValue)
    #expect(rv_index_clear(index, &error) == RV_BUSY.rawValue)
    #expect(figures(index).vectors == 0)
    #expect(rv_index_commit(index, ticket, &k, nil, nil, nil, &error) == RV_DIMENSION_MISMATCH.rawValue)
    #expect(rv_index_commit(index, ticket, &keys, nil, nil, nil, &error) == 0)
    #expect(figures(index).vectors == 20)
    #expect(rv_index_commit(index, ticket, &keys, nil, nil, nil, &error) == RV_NOT_FOUND.rawValue)
    let none = Memory<Double>([])
    var n = none.buffer()
    #expect(rv_index_commit(index, 0, &n, nil, &g, nil, &error) == 0)
    #expect(figures(index).vectors == 19)
    #expect(rv_index_repair(index, 100, &more, &error) == 0 && more == 0)
    ticket = 0
    #expect(rv_index_stage(index, &ticket, &matrix, nil, &error) == 0)
    #expect(rv_index_discard(index, ticket, &error) == 0 && rv_index_discard(index, ticket, &error) == 0)
    #expect(figures(index).vectors == 19)
    #expect(rv_index_discard(nil, 1, &error) == RV_CLOSED.rawValue)
    rv_index_release(index)
  }

  @Test func preparedFilters() {
    var error = rv_error(), filter: OpaquePointer?, size: UInt64 = 0, bytes: UInt64 = 0
    let index = made("hnsw"), points = points, few = Memory<Double>([1, 2, 99]), query = Memory<Float>([7, 1])
    var (keys, matrix, k) = (numbers.buffer(), points.buffer(rows: 20), few.buffer())
    #expect(rv_index_add(index, &keys, nil, &matrix, 0, nil, &error) == 0)
    #expect(rv_index_prepare(index, rv_filter(9), &k, nil, nil, &filter, &error) == RV_INVALID_ARGUMENT.rawValue)
    #expect(rv_index_prepare(index, RV_ALLOW, &k, nil, nil, &filter, &error) == 0)
    rv_prepared_info(filter, &size, &bytes)
    #expect(size == 2 && bytes > 0)
    let found = Memory<Double>([0, 0, 0, 0]), distances = Memory<Float>([0, 0, 0, 0]), counts = Memory<UInt32>([0])
    var (q, f, d, c) = (query.buffer(rows: 1), found.buffer(), distances.buffer(), counts.buffer())
    func search(_ one: OpaquePointer?) -> [Double] {
      let code = rv_index_search(one, &q, 4, 0, RV_ALL, nil, nil, filter, &f, nil, &d, &c, nil, nil, &error)
      return code == 0 ? found.values.prefix(Int(counts.values[0])).sorted() : [-Double(code)]
    }
    #expect(search(index) == [1, 2])
    let three = Memory<Double>([3]), two = Memory<Double>([2])
    var (t, w) = (three.buffer(), two.buffer())
    #expect(
      rv_prepared_extend(filter, &t, nil, nil, &error) == 0 && rv_prepared_shrink(filter, &w, nil, nil, &error) == 0)
    #expect(search(index) == [1, 3])
    #expect(rv_index_remove(index, &t, nil, nil, &error) == 0)
    #expect(search(index) == [1])
    let stranger = made("hnsw")
    var m = points.buffer(rows: 20)
    #expect(rv_index_add(stranger, &keys, nil, &m, 0, nil, &error) == 0)
    #expect(search(stranger) == [-Double(RV_WRONG_HANDLE.rawValue)])
    #expect(rv_prepared_retain(filter) == filter)
    rv_prepared_release(filter)
    #expect(search(index) == [1])
    rv_prepared_release(filter)
    #expect(rv_prepared_retain(nil) == nil && rv_prepared_extend(nil, &t, nil, nil, &error) == RV_CLOSED.rawValue)
    rv_prepared_info(nil, &size, &bytes)
    rv_index_release(index)
    rv_index_release(stranger)
  }

  @Test func graphAndMerge() {
    var error = rv_error(), level: UInt64 = 9, count: UInt64 = 0
    let index = made("hnsw"), exact = made("brute_force"), points = points
    var keys = numbers.buffer(), matrix = points.buffer(rows: 20), p = places.buffer()
    #expect(rv_index_add(index, &keys, nil, &matrix, 0, nil, &error) == 0)
    #expect(rv_index_places(index, &keys, nil, &p, &error) == 0)
    let at = places.values
    let three = Memory<Double>([0, 0, 0])
    var t = three.buffer()
    #expect(
      rv_index_pair(index, UInt64(at[2]), UInt64(at[5]), &t, &error) == 0 && three.values[0] == 9
        && three.values[2] >= 1)
    #expect(rv_index_pair(index, 99, 0, &t, &error) == RV_NOT_FOUND.rawValue)
    #expect(rv_index_level(index, UInt64(at[2]), &level, &error) == 0 && level < 32)
    #expect(rv_index_level(exact, 0, &level, &error) == RV_UNSUPPORTED.rawValue)
    #expect(rv_index_neighbors(index, UInt64(at[2]), 0, &p, &count, &error) == 0 && count > 0)
    let query = Memory<Float>([7, 1]), distances = Memory<Float>([9, 9])
    var (q, d) = (query.buffer(), distances.buffer())
    #expect(
      rv_index_search_layer(index, &q, 2, 0, 20, &p, &d, &count, &error) == 0 && count == 2 && distances.values[0] == 0)
    let sizes = Memory<Double>([0, 0]), offsets = Memory<UInt32>([UInt32](repeating: 0, count: 21))
    let indices = Memory<UInt32>([UInt32](repeating: 0, count: 1000)), none = Memory<UInt32>([0])
    var (s, o, x, z) = (sizes.buffer(), offsets.buffer(), indices.buffer(), none.buffer())
    #expect(rv_index_csr(index, 0, &s, &z, &z, &z, &error) == 0 && sizes.values[0] == 20 && none.values == [0])
    #expect(rv_index_csr(index, 0, &s, &p, &o, &x, &error) == 0 && Double(offsets.values[20]) == sizes.values[1])
    let levels = Memory<UInt32>([UInt32](repeating: 0, count: 32)),
      degrees = Memory<UInt32>([UInt32](repeating: 0, count: 33))
    var (v, g) = (levels.buffer(), degrees.buffer())
    #expect(rv_index_statistics(index, &v, &g, &error) == 0 && degrees.values.reduce(0, +) == 20)
    let all = Memory<Float>([1, 4, 2, 3]), bounds = Memory<UInt32>([0, 2, 4]), bad = Memory<UInt32>([0, 9])
    var (a, b, w) = (all.buffer(), bounds.buffer(), bad.buffer())
    #expect(
      rv_merge_top_k(&a, &b, 3, &p, &count, &error) == 0 && count == 3 && Array(places.values.prefix(3)) == [0, 2, 3])
    #expect(rv_merge_top_k(&a, &w, 3, &p, &count, &error) == RV_INVALID_ARGUMENT.rawValue)
    rv_index_release(index)
    rv_index_release(exact)
  }

  @Test func files() {
    var error = rv_error(), stamp: UInt64 = 0, other: OpaquePointer?
    let index = made("hnsw"), name = "ruvector-\(ProcessInfo.processInfo.processIdentifier).rvi"
    let path = FileManager.default.temporaryDirectory.appendingPathComponent(name).path
    #expect(rv_index_save(index, path, 7, nil, &error) == 0)
    for how in [RV_LOAD, RV_VIEW, rv_open(RV_VIEW.rawValue | RV_VERIFY.rawValue | RV_READ_FLOATS.rawValue)] {
      #expect(rv_index_open(path, how, &other, &stamp, &error) == 0 && stamp == 7)
      rv_index_release(other)
    }
    #expect(rv_index_open("/nowhere", RV_LOAD, &other, &stamp, &error) == RV_NOT_FOUND.rawValue && other == nil)
    #expect(rv_index_open(path, RV_VERIFY, &other, &stamp, &error) == RV_INVALID_ARGUMENT.rawValue && other == nil)
    #expect(rv_index_save(index, nil, 7, nil, &error) == RV_INVALID_ARGUMENT.rawValue)
    rv_index_release(index)
    unlink(path)
  }
}
