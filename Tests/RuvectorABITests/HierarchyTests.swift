import CRuvector
import Testing

@testable import RuvectorABI

/// Walks as C calls them; of V2: a set and a matrix, a layer and none, the nodes kept.
struct HierarchyTests {
  private func makeLayer() -> OpaquePointer? {
    var error = rv_error(), layer: OpaquePointer?
    let keys = ["inputDim", "hiddenDim", "heads"].map { Memory(Array($0.utf8CString)) }
    var options = [rv_option](repeating: rv_option(), count: 3)
    for (i, value) in [2.0, 4, 2].enumerated() {
      options[i].key = UnsafePointer(keys[i].pointer)
      options[i].kind = RV_NUMBER.rawValue
      options[i].number = value
    }
    #expect(withExtendedLifetime(keys) { rv_create("layer", "ruvector", options, 3, &layer, &error) } == 0)
    return layer
  }

  private func makeSoftmax() -> OpaquePointer? {
    let dim = Memory(Array("dim".utf8CString))
    var option = rv_option(), error = rv_error(), attention: OpaquePointer?
    (option.key, option.kind, option.number) = (UnsafePointer(dim.pointer), RV_NUMBER.rawValue, 2)
    #expect(rv_create("attention", "scaled_dot_product", &option, 1, &attention, &error) == 0)
    return attention
  }

  @Test func twoLevels() {
    let query = Memory<Float>([0.1, 0.1]), level = Memory<Float>([0.1, 0.2, 0.3, 0.1, -0.2, 0.4])
    let out = Memory<Float>([0, 0, 0, 0]), weights = Memory<Float>([0, 0, 0, 0])
    let indices = Memory<UInt32>([9, 9, 9, 9])
    let key = Memory(Array("k".utf8CString))
    var error = rv_error(), set: OpaquePointer?
    var rows = level.buffer(rows: 3)
    #expect(rv_vectors_create(&rows, &set, &error) == 0)
    let layer = makeLayer()
    var output = out.buffer(), i = indices.buffer(), w = weights.buffer()
    var k = rv_option()
    (k.key, k.kind, k.number) = (UnsafePointer(key.pointer), RV_NUMBER.rawValue, 2)
    var count: UInt64 = 0
    func walk(_ layers: [OpaquePointer?]) -> Int32 {
      defer { withExtendedLifetime((level, key)) {} }
      return rv_hierarchical_forward_v2(
        "hyperbolic", &k, 1, query.pointer, 2, [rv_buffer(), rows], [set, nil], 2, layers, layers.count, nil, &output,
        &count, &i, &w, nil, nil, &error)
    }
    #expect(walk([nil, layer]) == 0)
    #expect(count == 4)
    let nodes = indices.values, shares = weights.values
    #expect(out.values.allSatisfy { $0.isFinite && $0 != 0 } && nodes.allSatisfy { $0 < 3 })
    #expect(nodes[0] != nodes[1] && nodes[2] != nodes[3])
    for j in [0, 2] { #expect(abs(shares[j] + shares[j + 1] - 1) < 1e-6 && shares[j] >= shares[j + 1]) }
    #expect(walk([nil]) == 1)
    w.dims.0 = 3
    #expect(walk([nil, layer]) == 1)
    rv_vectors_release(set)
    rv_release(layer)
  }

  /// Of a level with one node the walk is the step alone: the softmax of one score is 1.
  @Test func forwardAndStep() {
    var error = rv_error(), count: UInt64 = 9
    let query = Memory<Float>([0.1, -0.3]), node = Memory<Float>([0.4, 0.2]), one = Memory<Float>([1])
    let walked = Memory<Float>([0, 0, 0, 0]), stepped = Memory<Float>([0, 0, 0, 0])
    var (q, n, w, out, step) = (
      query.buffer(), node.buffer(rows: 1), one.buffer(), walked.buffer(), stepped.buffer()
    )
    let layer = makeLayer(), other = makeSoftmax()
    func walk(_ layers: [OpaquePointer?], dim: UInt64 = 2) -> Int32 {
      rv_hierarchical_forward(query.pointer, dim, &n, nil, 1, layers, layers.count, &out, &count, nil, &error)
    }
    #expect(walk([layer]) == 0 && count == 4)
    #expect(rv_hierarchical_step(layer, &q, &n, &w, &step, &error) == 0)
    #expect(walked.values == stepped.values && walked.values.allSatisfy { $0.isFinite && $0 != 0 })
    #expect(walk([]) == 0 && count == 2 && Array(walked.values.prefix(2)) == query.values, "without levels the query")
    #expect(walk([nil]) == RV_INVALID_ARGUMENT.rawValue)
    #expect(walk([layer], dim: 0) == RV_EMPTY_INPUT.rawValue)
    #expect(walk([other]) == RV_WRONG_HANDLE.rawValue)
    #expect(rv_hierarchical_step(other, &q, &n, &w, &step, &error) == RV_WRONG_HANDLE.rawValue)
    #expect(rv_hierarchical_step(nil, &q, &n, &w, &step, &error) == RV_CLOSED.rawValue)
    #expect(rv_hierarchical_step(layer, &w, &n, &w, &step, &error) == RV_DIMENSION_MISMATCH.rawValue)
    step.dims.0 = 3
    #expect(rv_hierarchical_step(layer, &q, &n, &w, &step, &error) == RV_DIMENSION_MISMATCH.rawValue)
    query.pointer[1] = .infinity
    #expect(walk([layer]) == RV_NON_FINITE.rawValue)
    rv_release(layer)
    rv_release(other)
  }
}
