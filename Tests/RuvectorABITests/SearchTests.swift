import CRuvector
import Testing

@testable import RuvectorABI

/// The searches as C calls them, on figures worked out by hand: the query (1, 0) and rows at 90, 0 and 180 degrees.
struct SearchTests {
  private let query = Memory<Float>([1, 0])
  private let rows = Memory<Float>([0, 1, 2, 0, -1, 0])
  private let indices = Memory<UInt32>([9, 9])
  private let weights = Memory<Float>([9, 9])
  private let values = Memory<Float>([9, 9])

  /// exp(1), exp(0) and exp(−1) over their sum: the softmax of the cosines.
  private let shares: [Float] = [0.66524096, 0.24472847]

  private func isClose(_ a: [Float], _ b: [Float]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) < 1e-6 }
  }

  @Test func cosineOverASetAndOverAMatrix() {
    var error = rv_error(), set: OpaquePointer?, count: UInt64 = 0
    var matrix = rows.buffer(rows: 3), queries = query.buffer(rows: 1)
    var (i, w, v) = (indices.buffer(), weights.buffer(), values.buffer())
    #expect(rv_vectors_create(&matrix, &set, &error) == 0)
    #expect(rv_differentiable_search(&queries, set, nil, 2, 1, &i, &w, &v, &count, nil, &error) == 0)
    #expect(
      count == 2 && indices.values == [1, 0] && isClose(values.values, [1, 0]) && isClose(weights.values, shares))

    // k > n and one query are fine; room for fewer results, wrong types, neither set nor matrix are not
    var short = Memory<UInt32>([9]).buffer(), doubles = Memory<Double>([9, 9]).buffer()
    #expect(rv_differentiable_search(&queries, nil, &matrix, 2, 1, &short, &w, nil, nil, nil, &error) == 1)
    #expect(rv_differentiable_search(&queries, nil, &matrix, 2, 1, &i, &doubles, nil, nil, nil, &error) == 3)
    #expect(rv_differentiable_search(&queries, nil, nil, 2, 1, &i, &w, nil, nil, nil, &error) == 3)
    #expect(rv_differentiable_search(&queries, nil, &matrix, 2, 0, &i, &w, nil, nil, nil, &error) == 5)
    var readOnly = i
    readOnly.writable = 0
    #expect(rv_differentiable_search(&queries, nil, &matrix, 2, 1, &readOnly, &w, nil, nil, nil, &error) == 3)
    rv_vectors_release(set)
  }

  @Test func hyperbolicOverASet() {
    let points = Memory<Float>([0, 0, 0.5, 0, 0.6, 0]), origin = Memory<Float>([0, 0])
    var error = rv_error(), set: OpaquePointer?, count: UInt64 = 0
    var matrix = points.buffer(rows: 3), queries = origin.buffer(rows: 1)
    var (i, w, v) = (indices.buffer(), weights.buffer(), values.buffer())
    #expect(rv_vectors_create(&matrix, &set, &error) == 0)
    let again = rv_vectors_retain(set)
    rv_vectors_release(set)
    func search(_ curvature: Double, _ projection: rv_projection) -> Int32 {
      rv_differentiable_search_hyperbolic(
        &queries, again, nil, 2, curvature, projection, 1, &i, &w, &v, &count, nil, &error)
    }
    #expect(search(-1, RV_CLIP) == 0)
    // d(0, x) = 2 artanh|x|, so that exp(−d) = (1 − |x|)/(1 + |x|): 1, 1/3 and 1/4
    #expect(indices.values == [0, 1] && isClose(values.values, [0, 1.0986123]))
    #expect(isClose(weights.values, [12.0 / 19, 4.0 / 19]))
    #expect(search(1, RV_CLIP) == 4)
    #expect(search(-1, rv_projection(rawValue: 7)) == 3)
    rv_vectors_release(again)
  }

  @Test func inBlocks() {
    var error = rv_error(), search: OpaquePointer?, count: UInt64 = 0
    #expect(rv_search_create(&search, &error) == 0)
    for _ in 0..<2 {  // a search can be used again
      #expect(rv_search_begin(search, query.pointer, 2, 0, RV_CLIP, 2, 1, &error) == 0)
      #expect(rv_search_feed(search, rows.pointer, 1, 2, &error) == 0)
      #expect(rv_search_feed(search, rows.pointer + 2, 2, 2, &error) == 0)
      #expect(
        rv_search_finish(search, indices.pointer, weights.pointer, values.pointer, 2, &count, &error) == 0)
      #expect(count == 2 && indices.values == [1, 0] && isClose(weights.values, shares))
    }
    #expect(rv_search_begin(search, query.pointer, 2, 0, RV_CLIP, 2, 1, &error) == 0)
    let first = UnsafePointer(rows.pointer)
    #expect(rv_search_feed_scattered(search, [first, first + 2, first + 4], 3, 2, &error) == 0)
    #expect(
      rv_search_finish(search, indices.pointer, weights.pointer, values.pointer, 2, &count, &error) == 0)
    #expect(count == 2 && indices.values == [1, 0] && isClose(weights.values, shares))
    #expect(rv_search_feed_scattered(search, [first, nil], 2, 2, &error) == 3)
    #expect(rv_search_feed_scattered(search, nil, 2, 2, &error) == 3)
    #expect(rv_search_feed_scattered(search, nil, 0, 2, &error) == 0)
    #expect(rv_search_begin(search, query.pointer, 2, -1, RV_EXPMAP, 1, 1, &error) == 0)
    #expect(rv_search_feed(search, rows.pointer, 1, 3, &error) == 1)
    #expect(rv_search_begin(search, query.pointer, 0, -1, RV_CLIP, 1, 1, &error) == 2)
    #expect(rv_search_begin(search, nil, 2, -1, RV_CLIP, 1, 1, &error) == 3)
    #expect(rv_search_feed(search, nil, 1, 2, &error) == 3)
    rv_search_release(search)
  }

  @Test func geometryByName() {
    let x = Memory<Double>([0.5, 0]), y = Memory<Double>([0, 0]), out = Memory<Double>([9])
    var error = rv_error(), count: UInt64 = 0, room = out.buffer()
    let points = [x.buffer(), y.buffer()]
    #expect(rv_geometry("dist", -1, 2, points, 2, &room, &count, &error) == 0)
    #expect(count == 1 && abs(out.values[0] - 1.0986122886681098) < 1e-15)
    #expect(rv_geometry("distance", -1, 2, points, 2, &room, &count, &error) == 3)
    #expect(rv_geometry("mobiusAdd", -1, 2, points, 2, &room, &count, &error) == 1, "room for one number")
    #expect(rv_geometry("dist", -1, 2, [Memory<UInt32>([1, 2]).buffer()], 1, &room, &count, &error) == 3)
  }

  @Test func yardsticksDoTheirWork() {
    let x = Memory<Float>([0, 1, 2, 3]), y = Memory<Float>([9, 9, 9, 9]), z = Memory<Float>([9, 9, 9, 9])
    var error = rv_error(), work = 0.0
    let buffers = [x.buffer(), y.buffer(), z.buffer()]
    #expect(rv_kernel("sum", buffers, 1, 0, &work, &error) == 0 && work == 16, "bytes")
    #expect(rv_kernel("exp", buffers, 2, 0, &work, &error) == 0 && work == 4)
    #expect(isClose(y.values.map { $0 / 20 }, [0.05, 0.13591409, 0.36945280, 1.0042768]))
    #expect(rv_kernel("gemm", [x.buffer(), x.buffer(), z.buffer()], 3, 2, &work, &error) == 0 && work == 16)
    #expect(z.values == [2, 3, 6, 11])
    #expect(rv_kernel("softmax", buffers, 1, 0, &work, &error) == 0 && abs(x.values.reduce(0, +) - 1) < 1e-6)
    #expect(rv_kernel("fma", nil, 0, 1000, &work, &error) == 0 && work >= 2000)
    #expect(rv_kernel("exp", buffers, 1, 0, &work, &error) == 3)
    #expect(rv_kernel("gemm", buffers, 3, 1 << 40, &work, &error) == 5)
    #expect(rv_kernel("gemm", buffers, 3, 3, &work, &error) == 1)
    #expect(rv_kernel("dot", buffers, 1, 0, &work, &error) == 3)
  }

  @Test func versions() throws {
    #expect(rv_abi_version() == UInt32(RV_ABI_VERSION))
    #expect(String(cString: try #require(rv_version())).split(separator: ".").count == 3)
    #expect(["scalar", "v1", "v3", "v4", "neon"].contains(String(cString: try #require(rv_simd_level()))))
  }
}
