import RuvectorCore
import RuvectorGraph
import TestSupport
import Testing

/// GraphSAGELayer with an LSTM over the sources, against its formula in Double, one source after the other.
@Suite struct GraphSAGELSTMTests {
  static let d = 3, w = 2

  static func layer() throws -> GraphSAGELayer {
    let layer = try GraphSAGELayer(
      Settings(
        of: GraphSAGELayer.name, GraphSAGELayer.options,
        [
          ("inChannels", .number(Double(d))), ("outChannels", .number(Double(w))), ("aggr", .text("lstm")),
          ("seed", .integer(3)),
        ]))
    var g = SeededGenerator(5)
    for parameter in layer.parameters {
      for i in 0..<parameter.count { parameter[i] += Float.random(in: -0.4...0.4, using: &g) }
    }
    return layer
  }

  static func graph(_ sources: [[UInt32]]) throws -> ResidentGraph {
    var offsets: [UInt32] = [0]
    for list in sources { offsets.append(offsets[offsets.count - 1] + UInt32(list.count)) }
    let indices = sources.flatMap { $0 }
    return try offsets.withUnsafeBufferPointer { o in
      try indices.withUnsafeBufferPointer { try ResidentGraph(offsets: o, indices: $0) }
    }
  }

  /// The formula: x and the parameters one after the other.
  static func exact(_ sources: [[UInt32]], _ z: [Double]) -> [Double] {
    var at = 0
    func take(_ rows: Int, _ columns: Int) -> [[Double]] {
      defer { at += rows * columns }
      return (0..<rows).map { r in (0..<columns).map { z[at + r * columns + $0] } }
    }
    let x = take(sources.count, d), wi = take(4 * d, d), wh = take(4 * d, d), bi = take(1, 4 * d)[0]
    let bh = take(1, 4 * d)[0], wl = take(w, d), b = take(1, w)[0], wr = take(w, d)
    func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
    func σ(_ x: Double) -> Double { 1 / (1 + Double.exp(-x)) }
    func tanh(_ x: Double) -> Double { 2 * σ(2 * x) - 1 }
    return sources.indices.flatMap { i -> [Double] in
      var h = [Double](repeating: 0, count: d), c = h
      for j in sources[i] {
        let t = (0..<4 * d).map { dot(wi[$0], x[Int(j)]) + bi[$0] + dot(wh[$0], h) + bh[$0] }
        for k in 0..<d {
          c[k] = σ(t[d + k]) * c[k] + σ(t[k]) * tanh(t[2 * d + k])
          h[k] = σ(t[3 * d + k]) * tanh(c[k])
        }
      }
      return (0..<w).map { dot(wl[$0], h) + b[$0] + dot(wr[$0], x[i]) }
    }
  }

  /// Numbers of x and of the parameters, as `exact` takes them.
  static func numbers(_ x: AlignedBuffer<Float>, _ layer: GraphSAGELayer) -> [Double] {
    var all = (0..<x.count).map { Double(x[$0]) }
    for p in layer.parameters { all += (0..<p.count).map { Double(p[$0]) } }
    return all
  }

  static func features(_ n: Int) throws -> AlignedBuffer<Float> {
    var g = SeededGenerator(11)
    let x = try AlignedBuffer<Float>(count: n * d)
    for i in 0..<x.count { x[i] = Float.random(in: -1...1, using: &g) }
    return x
  }

  /// 0 to 6 sources a node, and one node with more than backward goes through together.
  static func large() -> [[UInt32]] {
    var g = SeededGenerator(17)
    return (0..<150).map { i in
      (0..<(i == 70 ? 9000 : i % 7)).map { _ in UInt32.random(in: 0..<150, using: &g) }
    }
  }

  @Test func forwardOfManyGroups() throws {
    let sources = Self.large(), layer = try Self.layer(), x = try Self.features(sources.count)
    let input = GraphInput(x: MatrixView(x.pointer, rows: sources.count, dim: Self.d), graph: try Self.graph(sources))
    let out = try AlignedBuffer<Float>(count: sources.count * Self.w),
      exact = Self.exact(sources, Self.numbers(x, layer))
    for threads in [1, 2] {
      out.pointer.update(repeating: .nan, count: out.count)
      _ = try layer.forward(input, into: out.pointer, .evaluation, keeps: false, Control(threads: threads))
      for i in 0..<out.count { #expect(abs(Double(out[i]) - exact[i]) < 3e-6, "\(i)") }
    }
    _ = x
  }

  @Test func gradients() throws {
    let sources: [[UInt32]] = [[1, 2, 2], [], [2], [0, 3, 6, 3], [5], [4, 4, 4, 1], [0, 1, 2, 3, 4, 5]]
    let n = sources.count, layer = try Self.layer(), x = try Self.features(n)
    let input = GraphInput(x: MatrixView(x.pointer, rows: n, dim: Self.d), graph: try Self.graph(sources))
    let out = try AlignedBuffer<Float>(count: n * Self.w), g = try AlignedBuffer<Float>(count: n * Self.w)
    for i in 0..<g.count { g[i] = Float(i % 5) / 4 - 0.5 }
    let kept = try layer.forward(input, into: out.pointer, .evaluation, keeps: true, Control(threads: 1))
    let toX = try AlignedBuffer<Float>(count: x.count, repeating: 0)
    let toParameters = try AlignedBuffer<Float>(count: layer.parameters.total, repeating: 0)
    try layer.backward(
      input, kept, outputGradient: UnsafePointer(g.pointer),
      into: GraphGradients(x: toX.pointer, parameters: Gradients(toParameters.pointer)), .evaluation,
      Control(threads: 1))
    let z = Self.numbers(x, layer)
    func value(_ z: [Double]) -> Double {
      zip(Self.exact(sources, z), 0..<g.count).reduce(0) { $0 + $1.0 * Double(g[$1.1]) }
    }
    for i in z.indices {
      var more = z, less = z
      more[i] += 1e-5
      less[i] -= 1e-5
      let slope = (value(more) - value(less)) / 2e-5
      let given = i < x.count ? toX[i] : toParameters[i - x.count]
      #expect(abs(Double(given) - slope) < 2e-5 * max(1, abs(slope)), "\(i): \(given), \(slope)")
    }
    _ = x
  }

  /// The same gradients in groups and waves as one node after the other, for any number of threads.
  @Test func gradientsOfManyGroups() throws {
    let sources = Self.large(), n = sources.count, layer = try Self.layer(), x = try Self.features(n)
    let g = try AlignedBuffer<Float>(count: n * Self.w)
    for i in 0..<g.count { g[i] = Float(i % 7) / 6 - 0.5 }
    func gradient(_ sources: [[UInt32]], _ threads: Int) throws -> [Float] {
      let input = GraphInput(x: MatrixView(x.pointer, rows: n, dim: Self.d), graph: try Self.graph(sources))
      let out = try AlignedBuffer<Float>(count: n * Self.w)
      let all = try AlignedBuffer<Float>(count: x.count + layer.parameters.total, repeating: 0)
      let kept = try layer.forward(input, into: out.pointer, .evaluation, keeps: true, Control(threads: threads))
      try layer.backward(
        input, kept, outputGradient: UnsafePointer(g.pointer),
        into: GraphGradients(x: all.pointer, parameters: Gradients(all.pointer + x.count)), .evaluation,
        Control(threads: threads))
      return (0..<all.count).map { all[$0] }
    }
    let whole = try gradient(sources, 1), none = try gradient(sources.map { _ in [] }, 1)
    #expect(try gradient(sources, 2) == whole)
    var sum = none
    for i in 0..<n where !sources[i].isEmpty {
      let alone = try gradient(sources.indices.map { $0 == i ? sources[$0] : [] }, 1)
      for k in sum.indices { sum[k] += alone[k] - none[k] }
    }
    for k in sum.indices { #expect(abs(sum[k] - whole[k]) < 1e-3 * max(1, abs(whole[k])), "\(k)") }
  }
}
