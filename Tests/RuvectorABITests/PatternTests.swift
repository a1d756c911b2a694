import CRuvector
import Testing

@testable import RuvectorABI

/// Patterns of sparsity as C asks for them, and attention over one.
struct PatternTests {
  private func pattern(
    _ kind: String, _ parameter: UInt64, rows: UInt64 = 3, columns: UInt64 = 3, seed: UInt64 = 0
  ) -> (offsets: [UInt32], indices: [UInt32]) {
    var error = rv_error(), count: UInt64 = 99
    let offsets = Memory<UInt32>([UInt32](repeating: 9, count: Int(rows) + 1))
    var starts = offsets.buffer()
    // Once for the number, once for the keys.
    #expect(rv_sparsity_pattern(kind, rows, columns, parameter, seed, &starts, nil, &count, &error) == 0)
    let indices = Memory<UInt32>([UInt32](repeating: 9, count: Int(count)))
    var places = indices.buffer()
    #expect(rv_sparsity_pattern(kind, rows, columns, parameter, seed, &starts, &places, nil, &error) == 0)
    return (offsets.values, indices.values)
  }

  @Test func everyKind() {
    #expect(pattern("local", 2) == ([0, 2, 5, 7], [0, 1, 0, 1, 2, 1, 2]))
    #expect(pattern("strided", 2) == ([0, 2, 3, 5], [0, 2, 1, 0, 2]))
    #expect(pattern("block", 2) == ([0, 2, 4, 5], [0, 1, 0, 1, 2]))
    #expect(pattern("global", 1) == ([0, 3, 4, 5], [0, 1, 2, 0, 0]))
    #expect(pattern("global", 1, rows: 2) == ([0, 1, 2], [0, 0]))
    #expect(pattern("local", 2, rows: 0) == ([0], []))
    let drawn = pattern("random", 2, rows: 50, columns: 9, seed: 7)
    #expect(drawn.offsets == (0...50).map { UInt32(2 * $0) })
    for i in 0..<50 {
      let (first, second) = (drawn.indices[2 * i], drawn.indices[2 * i + 1])
      #expect(first < second && second < 9)
    }
    #expect(drawn == pattern("random", 2, rows: 50, columns: 9, seed: 7))
    #expect(drawn.indices != pattern("random", 2, rows: 50, columns: 9, seed: 8).indices)
  }

  @Test func whatIsRefused() {
    var error = rv_error(), count: UInt64 = 0
    let offsets = Memory<UInt32>([9, 9, 9, 9]), indices = Memory<UInt32>([9, 9])
    var starts = offsets.buffer(), places = indices.buffer()
    func make(_ kind: String?, _ parameter: UInt64, _ rows: UInt64 = 3) -> Int32 {
      rv_sparsity_pattern(kind, rows, 3, parameter, 0, &starts, nil, &count, &error)
    }
    #expect(make("ring", 1) == 3)
    #expect(message(error) == "expected one of local, strided, block, random, global for kind, received \"ring\"")
    #expect(make(nil, 1) == 3)
    #expect(make("strided", 0) == 5)
    #expect(message(error) == "expected an integer in 1...1073741824 for stride, received 0")
    #expect(make("block", .max) == 5)
    #expect(make("local", 2, .max) == 5)
    #expect(make("local", 2, 4) == 1, "room for 4 offsets, 5 wanted")
    #expect(rv_sparsity_pattern("local", 3, 3, 2, 0, &starts, &places, &count, &error) == 1)
    #expect(count == 7 && offsets.values == [0, 2, 5, 7], "told in spite of the room")
    #expect(rv_sparsity_pattern("local", 3, 3, 2, 0, nil, nil, &count, &error) == 3)
  }

  @Test func attentionOverAPattern() {
    let dim = Memory(Array("dim".utf8CString))
    var option = rv_option(), error = rv_error(), attention: OpaquePointer?, written: UInt64 = 0
    (option.key, option.kind, option.integer) = (UnsafePointer(dim.pointer), RV_INTEGER.rawValue, 1)
    #expect(rv_create("attention", "scaled_dot_product", &option, 1, &attention, &error) == 0)
    defer { rv_release(attention) }
    // Scores of 0: the mean of the values that a query sees.
    let q = Memory<Float>([0, 0]), k = Memory<Float>([1, 2, 3]), v = Memory<Float>([1, 10, 100])
    let none = Memory<Float>([]), bytes = Memory<UInt8>([])
    let offsets = Memory<UInt32>([0, 2, 3]), keys = Memory<UInt32>([0, 2, 1]), out = Memory<Float>([9, 9])
    func run(_ operation: String, _ places: Memory<UInt32>) -> Int32 {
      let buffers = [
        q.buffer(rows: 2), k.buffer(rows: 3), v.buffer(rows: 3), bytes.buffer(), offsets.buffer(), none.buffer(),
        none.buffer(), none.buffer(), places.buffer(), out.buffer(),
      ]
      return rv_run(attention, operation, buffers, buffers.count, &written, nil, &error)
    }
    #expect(run("sparse forward", keys) == 0, "\(message(error))")
    #expect(written == 2 && out.values == [50.5, 10])
    #expect(run("sparse forward", Memory([0, 3, 1])) == 3)
    #expect(message(error) == "expected numbers below 3 for indices, received 3 at element 1")
    #expect(run("sparse sideways", keys) == 3)
  }
}
