import CRuvector
import Testing

@testable import RuvectorABI

/// Statistics, features and recommendations of graphs as C asks for them, on graphs small enough to count by hand.
struct GraphTests {
  /// A star: node 0 with the neighbours 1, 2 and 3.
  private let offsets = Memory<UInt32>([0, 3, 4, 5, 6])
  private let indices = Memory<UInt32>([1, 2, 3, 0, 0, 0])
  private let numbers = Memory<Double>([Double](repeating: 9, count: 8))

  @Test func statisticsOfAStar() {
    var error = rv_error()
    var rows = offsets.buffer(), list = indices.buffer(), out = numbers.buffer()
    #expect(rv_graph_statistics(&rows, &list, 4, 1, &out, &error) == 0)
    let all = numbers.values
    // Degrees 3, 1, 1, 1: mean 1.5, deviation √0.75, third moment (3.375 − 3 · 0.125)/4 = 0.75. A tree: δ = 0.
    #expect(all[0] == 4 && all[1] == 6 && all[2] == 1.5 && all[3] == 3)
    #expect(abs(all[4] - 0.75 / (0.75 * 0.75.squareRoot())) < 1e-12)
    #expect(all[5] == 2 && all[6] == 0 && all[7] == 0)

    for sources in [UInt64(3), 1025, .max] {
      #expect(rv_graph_statistics(&rows, &list, sources, 1, &out, &error) == 5)
      #expect(message(error) == "expected an integer in 4...1024 for sources, received \(sources)")
    }
    var short = Memory<Double>([0, 0]).buffer(), floats = Memory<Float>([Float](repeating: 0, count: 8)).buffer()
    #expect(rv_graph_statistics(&rows, &list, 4, 1, &short, &error) == 1)
    #expect(rv_graph_statistics(&rows, &list, 4, 1, &floats, &error) == 3)
    #expect(rv_graph_statistics(&rows, &list, 4, 1, nil, &error) == 3)
    #expect(message(error) == "expected a pointer for output, received NULL")
    #expect(rv_graph_statistics(nil, &list, 4, 1, &out, &error) == 3)
    let far = Memory<UInt32>([1, 2, 4, 0, 0, 0])
    var beyond = far.buffer()
    #expect(rv_graph_statistics(&rows, &beyond, 4, 1, &out, &error) == 3)
    let falling = Memory<UInt32>([0, 3, 2, 5, 6])
    var back = falling.buffer()
    #expect(rv_graph_statistics(&back, &list, 4, 1, &out, &error) == 3)
  }

  @Test func featuresOfAStar() {
    let features = Memory<Float>([Float](repeating: 9, count: 16))
    var error = rv_error()
    var rows = offsets.buffer(), list = indices.buffer(), out = features.buffer()
    func run(_ damping: Double, _ tolerance: Double, _ iterations: UInt64 = 1000) -> Int32 {
      rv_structural_features(&rows, &list, damping, tolerance, iterations, &out, &error)
    }
    #expect(run(0.5, 1e-12) == 0)
    // r0 = 1/8 + 3 r1/2, r1 = 1/8 + r0/6: r0 = 5/12, r1 = 7/36
    let expected: [[Float]] = [[3, 1.3862944, 0, 5.0 / 3], [1, 0.6931472, 0, 7.0 / 9]]
    for i in 0..<4 {
      for c in 0..<4 { #expect(abs(features.values[4 * i + c] - expected[min(i, 1)][c]) < 1e-6, "\(i), \(c)") }
    }
    // No iterations: every rank is the mean.
    #expect(run(0.5, 1e-12, 0) == 0 && features.values[3] == 1 && features.values[7] == 1)
    for (damping, code) in [(1, Int32(5)), (-0.1, 5), (Double.nan, 5), (0, 0)] { #expect(run(damping, 1e-9) == code) }
    for tolerance in [0, -1, .nan, .infinity] {
      #expect(run(0.85, tolerance) == 5)
      #expect(message(error).hasPrefix("expected a finite number > 0 for tolerance, received "))
    }
    out.dims.0 = 15
    #expect(run(0.85, 1e-9) == 1)
    #expect(message(error) == "expected room for 16 elements for output, received 15")
  }

  @Test func recommendations() {
    var error = rv_error(), length = 0
    let text = Memory<CChar>([CChar](repeating: 7, count: 4096))
    func recommend(_ statistics: Memory<Double>?, edges: Int32 = 0, norm: Double = .nan, capacity: Int = 4096) -> Int32
    {
      guard var view = statistics?.buffer() else {
        return rv_recommend_mechanism(nil, 100_000, 100_000, 64, edges, norm, text.pointer, capacity, &length, &error)
      }
      return rv_recommend_mechanism(&view, 10, 10, 64, edges, norm, text.pointer, capacity, &length, &error)
    }
    func json() -> String {
      String(decoding: text.values.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    #expect(recommend(nil) == 0)
    #expect(
      json().hasPrefix("[{\"mechanism\":\"local_global\",\"reasons\":[\"100000 x 100000 pairs")
        && json().hasSuffix("]}]"))
    #expect(length == json().utf8.count)
    #expect(recommend(nil, norm: 4) == 0)
    #expect(json().hasPrefix("[{\"mechanism\":\"linear\""), "|x|²/√d = 2")
    #expect(recommend(nil, norm: 5) == 0 && !json().contains("\"linear\""))
    #expect(recommend(nil, edges: 1) == 0 && json().hasPrefix("[{\"mechanism\":\"edge_featured\""))
    // nodes, edges, mean degree, largest, skew, depth, δ, clustering
    let tree = Memory<Double>([1000, 1998, 1.998, 3, 0.1, 9, 0, 0])
    #expect(recommend(tree) == 0 && json().hasPrefix("[{\"mechanism\":\"hyperbolic\""))
    let hubs = Memory<Double>([1000, 1998, 1.998, 900, 25, 2, 0, 0])
    #expect(recommend(hubs) == 0 && json().hasPrefix("[{\"mechanism\":\"structural\""))

    // A text that does not fit is cut and ended; its whole length is told.
    let whole = length
    #expect(recommend(hubs, capacity: 8) == 0)
    #expect(length == whole && json() == "[{\"mech")
    #expect(text.values[7] == 0)
    #expect(recommend(hubs, capacity: 0) == 0 && length == whole)

    #expect(recommend(Memory([1, 2, 3])) == 1)
    #expect(message(error) == "expected 8 elements for statistics, received 3")
    for (place, bad) in [(0, -1.0), (5, .infinity), (4, .nan), (1, 1e17)] {
      var list = tree.values
      list[place] = bad
      #expect(recommend(Memory(list)) == 3)
      #expect(message(error).hasSuffix("at element \(place)"), "\(message(error))")
    }
  }
}
