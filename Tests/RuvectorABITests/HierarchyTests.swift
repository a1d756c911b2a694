import CRuvector
import Testing

@testable import RuvectorABI

/// The walk of V2 as C calls it: a set and a matrix, a layer and none, the nodes kept.
struct HierarchyTests {
  private let query = Self.memory([0.1, 0.1] as [Float])
  private let level = Self.memory([0.1, 0.2, 0.3, 0.1, -0.2, 0.4] as [Float])
  private let out = Self.memory([0, 0, 0, 0] as [Float])
  private let indices = Self.memory([9, 9, 9, 9] as [UInt32])
  private let weights = Self.memory([0, 0, 0, 0] as [Float])
  private let key = Self.memory(Array("k".utf8CString))

  private static func memory<T>(_ values: [T]) -> UnsafeMutablePointer<T> {
    let pointer = UnsafeMutablePointer<T>.allocate(capacity: values.count)
    pointer.initialize(from: values, count: values.count)
    return pointer
  }

  private func buffer(_ data: UnsafeMutableRawPointer, _ type: rv_type, _ rows: UInt64, _ dim: UInt64 = 0) -> rv_buffer
  {
    rv_buffer(
      data: data, type: type.rawValue, rank: dim == 0 ? 1 : 2, dims: (rows, dim, 0, 0), stride: 0, writable: 1,
      reserved: 0)
  }

  private func makeLayer() -> OpaquePointer? {
    var error = rv_error(), layer: OpaquePointer?
    let keys = ["inputDim", "hiddenDim", "heads"].map { Self.memory(Array($0.utf8CString)) }
    defer { for key in keys { key.deallocate() } }
    var options = [rv_option](repeating: rv_option(), count: 3)
    for (i, value) in [2.0, 4, 2].enumerated() {
      options[i].key = UnsafePointer(keys[i])
      options[i].kind = RV_NUMBER.rawValue
      options[i].number = value
    }
    #expect(rv_create("layer", "ruvector", options, 3, &layer, &error) == 0)
    return layer
  }

  @Test func twoLevels() {
    defer { for p in [query, level, out, weights] { p.deallocate() } }
    var error = rv_error(), set: OpaquePointer?
    var rows = buffer(level, RV_F32, 3, 2)
    #expect(rv_vectors_create(&rows, &set, &error) == 0)
    let layer = makeLayer()
    var output = buffer(out, RV_F32, 4), i = buffer(indices, RV_U32, 4), w = buffer(weights, RV_F32, 4)
    var k = rv_option()
    (k.key, k.kind, k.number) = (UnsafePointer(key), RV_NUMBER.rawValue, 2)
    var count: UInt64 = 0
    func walk(_ layers: [OpaquePointer?]) -> Int32 {
      rv_hierarchical_forward_v2(
        "hyperbolic", &k, 1, query, 2, [rv_buffer(), rows], [set, nil], 2, layers, layers.count, nil, &output,
        &count, &i, &w, nil, nil, &error)
    }
    #expect(walk([nil, layer]) == 0)
    #expect(count == 4)
    for j in 0..<4 { #expect(out[j].isFinite && out[j] != 0 && indices[j] < 3) }
    #expect(indices[0] != indices[1] && indices[2] != indices[3])
    for j in [0, 2] { #expect(abs(weights[j] + weights[j + 1] - 1) < 1e-6 && weights[j] >= weights[j + 1]) }
    #expect(walk([nil]) == 1)
    w.dims.0 = 3
    #expect(walk([nil, layer]) == 1)
    rv_vectors_release(set)
    rv_release(layer)
    indices.deallocate()
    key.deallocate()
  }
}
