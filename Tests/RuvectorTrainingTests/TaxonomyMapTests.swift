import Foundation
import RuvectorCore
import RuvectorTraining
import TestSupport
import Testing

@Suite struct TaxonomyMapTests {
  static let inDim = 7, hidden = 5, size = 3, nodes = 9

  static func make() throws(RuvectorError) -> TaxonomyMap {
    try TaxonomyMap(
      Settings(
        of: TaxonomyMap.name, TaxonomyMap.options,
        [
          ("inDim", .number(Double(inDim))), ("hiddenDim", .number(Double(hidden))), ("size", .number(Double(size))),
          ("nodes", .number(Double(nodes))), ("seed", .integer(2)),
        ]))
  }

  /// An operation on packed matrices.
  static func call(
    _ map: TaxonomyMap, _ operation: String, _ matrices: [(data: [Float], dim: Int)], out count: Int, threads: Int = 1
  ) throws(RuvectorError) -> [Float] {
    let inputs = matrices.map { ($0.dim, PoincareEmbeddingTests.Buffer($0.data)) }
    let out = PoincareEmbeddingTests.Buffer([Float](repeating: .nan, count: count))
    let tensors = inputs.map { dim, buffer in
      Tensor(
        buffer.memory.baseAddress, .float32, rank: 2, rows: buffer.count / dim, columns: dim, stride: dim,
        isWritable: false)
    }
    defer { withExtendedLifetime(inputs) {} }  // arrays may go after their last use
    _ = try map.run(operation, tensors + [out.tensor(.float32)], Control(threads: threads))
    return out.values
  }

  /// The formula, in doubles.
  static func point(_ x: [Double], _ w: [Double]) -> [Double] {
    let norm = x.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let y = x.map { norm == 0 ? 0 : $0 / norm }
    let q = (0..<hidden).map { h in (0..<inDim).reduce(0) { $0 + w[h * inDim + $1] * y[$1] } }
    let keys = hidden * inDim, values = keys + nodes * hidden
    let e = (0..<nodes).map { i in exp((0..<hidden).reduce(0) { $0 + w[keys + i * hidden + $1] * q[$1] }) }
    let z = (0..<size).map { c in
      (0..<nodes).reduce(0) { $0 + e[$1] * w[values + $1 * size + c] } / e.reduce(0, +)
    }
    let length = z.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return length == 0 ? z : z.map { tanh(length) * $0 / length }
  }

  @Test func formulaAndGradients() throws {
    let map = try Self.make(), n = 70, d = Self.inDim
    var g = SeededGenerator(4)
    let x = (0..<n * d).map { _ in Float.random(in: -1...1, using: &g) }
    let w = map.parameters.flatMap { p in (0..<p.count).map { Double(p[$0]) } }
    let points = try Self.call(map, "forward", [(x, d)], out: n * Self.size)
    #expect(try Self.call(map, "forward", [(x, d)], out: n * Self.size, threads: 3) == points)
    for r in 0..<n {
      let exact = Self.point(x[r * d..<(r + 1) * d].map(Double.init), w)
      for c in 0..<Self.size { #expect(abs(Double(points[r * Self.size + c]) - exact[c]) < 1e-5) }
    }
    let given = (0..<n * Self.size).map { _ in Float.random(in: -1...1, using: &g) }
    let all = try Self.call(map, "backward", [(x, d), (given, Self.size)], out: n * d + w.count)
    func loss(_ x: [Double], _ w: [Double]) -> Double {
      (0..<n).reduce(0.0) { sum, r in
        let p = Self.point(Array(x[r * d..<(r + 1) * d]), w)
        return sum + (0..<Self.size).reduce(0) { $0 + p[$1] * Double(given[r * Self.size + $1]) }
      }
    }
    let at = x.map(Double.init), h = 1e-5
    for i in stride(from: 0, to: n * d, by: 13) {
      var (up, down) = (at, at)
      up[i] += h
      down[i] -= h
      #expect(abs(Double(all[i]) - (loss(up, w) - loss(down, w)) / (2 * h)) < 1e-4, "embedding \(i)")
    }
    for i in w.indices {
      var (up, down) = (w, w)
      up[i] += h
      down[i] -= h
      let difference = (loss(at, up) - loss(at, down)) / (2 * h)
      #expect(abs(Double(all[n * d + i]) - difference) < 1e-4 * (1 + abs(difference)), "parameter \(i)")
    }
    let hidden = try Self.call(map, "hidden", [(x, d)], out: n * Self.hidden)
    let norm = (0..<d).reduce(0.0) { $0 + at[$1] * at[$1] }.squareRoot()
    #expect(abs(Double(hidden[0]) - (0..<d).reduce(0) { $0 + w[$1] * at[$1] / norm }) < 1e-5)
  }

  /// A row of zeros, values far out, no rows, NaN.
  @Test func edges() throws {
    let map = try Self.make(), d = Self.inDim, zero = [Float](repeating: 0, count: d)
    let mean = try Self.call(map, "forward", [(zero, d)], out: Self.size)
    let w = map.parameters.flatMap { p in (0..<p.count).map { Double(p[$0]) } }
    for (x, y) in zip(mean, Self.point(zero.map(Double.init), w)) { #expect(abs(Double(x) - y) < 1e-6) }
    let values = map.parameters["values"]
    for i in 0..<values.count { values[i] *= 1e4 }
    let far = try Self.call(map, "forward", [(zero, d)], out: Self.size)
    let length = far.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    #expect(length < 1 && length > 0.9999)
    let slopes = try Self.call(map, "backward", [(zero, d), ([1, 1, 1], Self.size)], out: d + map.parameters.total)
    #expect(slopes.allSatisfy { $0.isFinite })
    #expect(try Self.call(map, "forward", [([], d)], out: 0) == [])
    let error = failure { () throws(RuvectorError) in
      _ = try Self.call(map, "forward", [([.nan] + [Float](repeating: 1, count: d - 1), d)], out: Self.size)
    }
    #expect(error?.code == .nonFinite)
  }
}
