import CRuvector
import Testing

@testable import RuvectorABI

/// The C boundary as a careless C program uses it: NULLs, wrong ranks, impossible sizes.
struct BoundaryTests {
  private func vector(_ data: UnsafeMutablePointer<Float>?, _ count: UInt64) -> rv_buffer {
    rv_buffer(
      data: data, type: RV_F32.rawValue, rank: 1, dims: (count, 0, 0, 0), stride: 0, writable: 1, reserved: 0)
  }

  private func matrix(_ data: UnsafeMutablePointer<Float>?, _ rows: UInt64, _ dim: UInt64, stride: UInt64 = 0)
    -> rv_buffer
  {
    rv_buffer(
      data: data, type: RV_F32.rawValue, rank: 2, dims: (rows, dim, 0, 0), stride: stride, writable: 1, reserved: 0)
  }

  @Test func everyFunctionSurvivesNull() {
    var error = rv_error()
    #expect(rv_start(&error) == 0)
    #expect(rv_create(nil, nil, nil, 0, nil, &error) == 3)
    #expect(rv_run(nil, "forward", nil, 0, nil, nil, &error) == 10)
    #expect(rv_weights_count(nil, nil, nil) == 10)
    #expect(rv_vectors_create(nil, nil, nil) == 3)
    #expect(rv_differentiable_search(nil, nil, nil, 1, 1, nil, nil, nil, nil, nil, &error) == 3)
    #expect(rv_search_begin(nil, nil, 0, 0, RV_CLIP, 0, 1, &error) == 10)
    #expect(rv_hierarchical_forward(nil, 1, nil, nil, 0, nil, 0, nil, nil, nil, &error) == 3)
    #expect(
      rv_hierarchical_forward_v2(
        nil, nil, 0, nil, 1, nil, nil, 0, nil, 0, nil, nil, nil, nil, nil, nil, nil, &error) == 3)
    #expect(rv_geometry(nil, -1, 2, nil, 0, nil, nil, &error) == 3)
    rv_release(nil)
    rv_vectors_release(nil)
    rv_search_release(nil)
    rv_vectors_info(nil, nil, nil, nil)
    #expect(rv_retain(nil) == nil)
    #expect(rv_vectors_token(nil) == 0)
  }

  /// A count of SIZE_MAX, which Swift reads as -1, is one of nothing.
  @Test func countsBeyondAnyMemory() {
    var error = rv_error(), made: OpaquePointer?, count: UInt64 = 9
    let query = Memory<Float>([1, 2]), room = Memory<Float>([9, 9]), routes = Memory<Float>([9, 9])
    var (out, routing) = (room.buffer(), routes.buffer())
    #expect(rv_hierarchical_forward(query.pointer, 2, nil, nil, -1, nil, -1, &out, &count, nil, &error) == 0)
    #expect(count == 2 && room.values == [1, 2])
    #expect(
      rv_hierarchical_forward_v2(
        "hyperbolic", nil, -1, query.pointer, 2, nil, nil, -1, nil, -1, nil, &out, &count, nil, nil, &routing, nil,
        &error) == 0)
    #expect(count == 2 && routes.values == [9, 9])
    #expect(rv_create("attention", "flash", nil, -1, &made, &error) != 0 && made == nil)
    #expect(rv_index_create("hnsw", nil, -1, &made, &error) != 0 && made == nil)
    #expect(rv_geometry("mobiusAdd", -1, 2, nil, -1, nil, nil, &error) != 0)
    #expect(rv_kernel("sum", nil, -1, 1, nil, &error) != 0)
  }

  @Test func buffersAreCheckedAgainstTheirOwnFields() {
    var error = rv_error()
    var out: OpaquePointer?
    var data: [Float] = [1, 2, 3, 4]
    data.withUnsafeMutableBufferPointer { p in
      var wrongType = matrix(p.baseAddress, 2, 2)
      wrongType.type = 99
      #expect(rv_vectors_create(&wrongType, &out, &error) == 3)
      var wrongRank = matrix(p.baseAddress, 2, 2)
      wrongRank.rank = 3
      #expect(rv_vectors_create(&wrongRank, &out, &error) == 3)
      var overlapping = matrix(p.baseAddress, 2, 2, stride: 1)
      #expect(rv_vectors_create(&overlapping, &out, &error) == 1)
      var absurd = matrix(p.baseAddress, 1 << 39, 1 << 39)
      #expect(rv_vectors_create(&absurd, &out, &error) != 0)
      var thin = matrix(p.baseAddress, 1 << 39, 0)
      #expect(rv_vectors_create(&thin, &out, &error) == 2)
      var null = matrix(nil, 2, 2)
      #expect(rv_vectors_create(&null, &out, &error) == 3)
      #expect(message(error) == "expected memory for vectors, received a null pointer")
      #expect(out == nil)
    }
  }

  @Test func tokensLiveAsLongAsReferences() {
    var error = rv_error()
    var first: OpaquePointer?, second: OpaquePointer?
    var data: [Float] = [1, 2, 3, 4]
    data.withUnsafeMutableBufferPointer { p in
      var rows = matrix(p.baseAddress, 2, 2)
      #expect(rv_vectors_create(&rows, &first, &error) == 0)
    }
    let token = rv_vectors_token(first)
    #expect(rv_vectors_open(token, &second, &error) == 0)
    rv_vectors_release(first)
    var row: [Float] = [0, 0]
    #expect(rv_vectors_row(second, 1, &row, 2, &error) == 0)
    #expect(row == [3, 4])
    #expect(rv_vectors_row(second, 2, &row, 2, &error) == 5)
    rv_vectors_release(second)
    #expect(rv_vectors_open(token, &second, &error) == 13)
  }

  @Test func aWriterIsRefusedWhileAReaderRuns() throws {
    var error = rv_error()
    var layer: OpaquePointer?
    let created = "inputDim".withCString { input in
      "hiddenDim".withCString { hidden in
        "heads".withCString { heads in
          func integer(_ key: UnsafePointer<CChar>, _ value: Int64) -> rv_option {
            var option = rv_option()
            (option.key, option.kind, option.integer) = (key, RV_INTEGER.rawValue, value)
            return option
          }
          return rv_create(
            "layer", "ruvector", [integer(input, 2), integer(hidden, 2), integer(heads, 1)], 3, &layer, &error)
        }
      }
    }
    #expect(created == 0, "\(message(error))")
    var count: UInt64 = 0
    #expect(rv_weights_count(layer, &count, &error) == 0)
    let weights = [Float](repeating: 0.5, count: Int(count))
    var gamma: [Float] = [0, 0]
    let handle = try Opaque.object(layer, MechanismHandle.self, "layer")
    try handle.beginRead()
    #expect(rv_weights_set(layer, nil, weights, count, &error) == 9)
    handle.endRead()
    #expect(rv_weights_set(layer, nil, weights, count, &error) == 0)
    #expect(rv_weights_set(layer, nil, weights, count - 1, &error) == 1)
    #expect(rv_weights_get(layer, "norm.gamma", &gamma, 2, &error) == 0)
    #expect(rv_weights_get(layer, "norm.delta", &gamma, 2, &error) == 13)

    var length = 0
    var text = [CChar](repeating: 1, count: 16)
    #expect(rv_describe(layer, &text, 16, &length, &error) == 0)
    #expect(length > 16 && text[15] == 0)
    rv_release(layer)
  }

  @Test func longMessagesAreCutBetweenCharacters() {
    var error = rv_error()
    let name = String(repeating: "é", count: 200)
    var out: OpaquePointer?
    #expect(rv_create("layer", name, nil, 0, &out, &error) == 3)
    let text = message(error)
    #expect(text.utf8.count <= 255 && !text.contains("\u{fffd}"))
  }

  @Test func progressReachesOneAndCancellingStops() {
    final class Seen { var last = 0.0 }
    let seen = Seen()
    var cancel: UInt32 = 0
    var rows = [Float](repeating: 1, count: 20_000 * 2)
    var query: [Float] = [1, 0], weights: [Float] = [0], indices: [UInt32] = [0]
    var error = rv_error(), results: UInt64 = 0
    func run() -> Int32 {
      rows.withUnsafeMutableBufferPointer { r in
        query.withUnsafeMutableBufferPointer { q in
          weights.withUnsafeMutableBufferPointer { w in
            indices.withUnsafeMutableBufferPointer { i in
              withUnsafePointer(to: &cancel) { flag in
                var queries = matrix(q.baseAddress, 1, 2), candidates = matrix(r.baseAddress, 20_000, 2)
                var out = vector(w.baseAddress, 1)
                var at = rv_buffer(
                  data: i.baseAddress, type: RV_U32.rawValue, rank: 1, dims: (1, 0, 0, 0), stride: 0, writable: 1,
                  reserved: 0)
                var control = rv_control(
                  size: UInt32(MemoryLayout<rv_control>.size), threads: 2, cancel: flag,
                  progress: { user, done in
                    if let user { Unmanaged<Seen>.fromOpaque(user).takeUnretainedValue().last = done }
                  }, user: Unmanaged.passUnretained(seen).toOpaque())
                return rv_differentiable_search(
                  &queries, nil, &candidates, 1, 1, &at, &out, nil, &results, &control, &error)
              }
            }
          }
        }
      }
    }
    #expect(run() == 0)
    #expect(seen.last == 1)
    #expect(results == 1 && indices[0] == 0)
    cancel = 1
    #expect(run() == 16)
  }
}
