import Foundation
import RuvectorAttention
import RuvectorCore
import TestSupport
import Testing

/// A batch of attention with arrays: what every test of this folder calls mechanisms with.
struct Batch {
  var queries, keys, values: [[Float]]
  var mask: [[UInt8]]?
  var offsets: [UInt32]?
  var queryContext, keyContext, edges: [[Float]]?

  init(_ g: inout SeededGenerator, _ m: Int, _ n: Int, _ d: Int, _ v: Int, scale: Double = 1) {
    queries = (0..<m).map { _ in g.normals(d, scale: scale) }
    keys = (0..<n).map { _ in g.normals(d, scale: scale) }
    values = (0..<n).map { _ in g.normals(v) }
  }

  /// Calls `body` with the rows in memory, each row followed by `gap` NaNs.
  func withInput<T>(
    dim: Int, values v: Int, gap: Int = 0, _ body: (AttentionInput) throws(RuvectorError) -> T
  ) throws(RuvectorError) -> T {
    func memory(_ rows: [[Float]]) throws(RuvectorError) -> AlignedBuffer<Float> {
      let flat = rows.flatMap { $0 + [Float](repeating: .nan, count: gap) }
      return try AlignedBuffer(copying: flat, count: flat.count)
    }
    let q = try memory(queries), k = try memory(keys), w = try memory(values)
    let masks = mask?.flatMap { $0 } ?? []
    let bytes = try AlignedBuffer(copying: masks, count: masks.count)
    let places = try AlignedBuffer(copying: offsets ?? [], count: offsets?.count ?? 0)
    let qc = try memory(queryContext ?? []), kc = try memory(keyContext ?? []), e = try memory(edges ?? [])
    func view(_ rows: [[Float]]?, _ memory: AlignedBuffer<Float>) -> MatrixView? {
      rows.map {
        MatrixView(memory.pointer, rows: $0.count, dim: $0.first?.count ?? 0, stride: ($0.first?.count ?? 0) + gap)
      }
    }
    let input = AttentionInput(
      queries: MatrixView(q.pointer, rows: queries.count, dim: dim, stride: dim + gap),
      keys: MatrixView(k.pointer, rows: keys.count, dim: dim, stride: dim + gap),
      values: MatrixView(w.pointer, rows: values.count, dim: v, stride: v + gap),
      mask: mask == nil ? nil : UnsafePointer(bytes.pointer), maskStride: (mask?.count ?? 0) == 1 ? 0 : keys.count,
      offsets: offsets == nil ? nil : UnsafePointer(places.pointer), queryContext: view(queryContext, qc),
      keyContext: view(keyContext, kc), edges: view(edges, e))
    return try withExtendedLifetime((q, k, w, bytes, places, (qc, kc, e))) { () throws(RuvectorError) in try body(input)
    }
  }
}

extension Attention {
  /// All parameters, one after the other.
  var flat: [Double] { parameters.flatMap { p in (0..<p.count).map { Double(p[$0]) } } }

  /// Adds small normal numbers to every parameter, so that none is special.
  func shake(_ seed: UInt64, scale: Double = 0.2) {
    var g = SeededGenerator(seed)
    for p in parameters {
      for (i, x) in g.normals(p.count, scale: scale).enumerated() { p[i] += x }
    }
  }

  /// A query by itself has what it has in the batch: the same bits, or, where runs of keys become masks, nearly.
  func checkAlone(_ batch: Batch, _ all: [Float], _ queries: [Int]) throws {
    let width = all.count / batch.queries.count, keys = batch.keys.count
    for i in queries {
      var one = batch
      one.queries = [batch.queries[i]]
      one.mask = batch.mask.map { [$0[i]] }
      if let offsets = batch.offsets {
        one.offsets = nil
        one.mask = [(0..<keys).map { offsets[i] <= $0 && $0 < offsets[i + 1] ? 1 : 0 }]
      }
      let alone = try forward(one)
      if batch.offsets == nil {
        #expect(alone == Array(all[i * width..<(i + 1) * width]), "\(i)")
      } else {
        #expect(distance(alone, all[i * width..<(i + 1) * width].map { Double($0) }) < 2e-6, "\(i)")
      }
      #expect(try forward(one, Control(threads: 3)) == alone)
    }
  }

  func forward(_ batch: Batch, gap: Int = 0, _ control: Control = .none) throws(RuvectorError) -> [Float] {
    let v = batch.values.first?.count ?? dim
    return try batch.withInput(dim: dim, values: v, gap: gap) { (input) throws(RuvectorError) in
      try check(input)
      let count = batch.queries.count * (try outputDim(values: v))
      let out = try AlignedBuffer<Float>(count: count + 1, repeating: .nan)
      try forward(input, into: out.pointer, control)
      precondition(out[count].isNaN, "wrote behind the output")
      return (0..<count).map { out[$0] }
    }
  }

  func weights(_ batch: Batch) throws(RuvectorError) -> [Float] {
    try batch.withInput(dim: dim, values: batch.values.first?.count ?? dim) { (input) throws(RuvectorError) in
      let count = heads * batch.queries.count * batch.keys.count
      let out = try AlignedBuffer<Float>(count: count, repeating: .nan)
      try weights(input, into: out.pointer, .none)
      return (0..<count).map { out[$0] }
    }
  }

  /// Gradients of Σ g · output: queries, keys, values, parameters, edges, one after the other.
  func backward(_ batch: Batch, _ g: [Float], _ control: Control = .none) throws(RuvectorError) -> [Float] {
    let v = batch.values.first?.count ?? dim
    return try batch.withInput(dim: dim, values: v) { (input) throws(RuvectorError) in
      let sizes = [
        batch.queries.count * dim, batch.keys.count * dim, batch.keys.count * v,
        parameters.reduce(0) { $0 + $1.count }, (batch.edges?.count ?? 0) * edgeDim,
      ]
      let total = sizes.reduce(0, +)
      let out = try AlignedBuffer<Float>(count: total, repeating: 0), p = out.pointer
      let behind = p + sizes[0] + sizes[1] + sizes[2]
      try backward(
        input, outputGradient: g,
        into: AttentionGradients(
          queries: p, keys: p + sizes[0], values: p + sizes[0] + sizes[1], parameters: Gradients(behind),
          edges: batch.edges == nil ? nil : behind + sizes[3]),
        control)
      return (0..<total).map { out[$0] }
    }
  }
}

/// The formula of softmax attention in Double, term by term.
struct SoftmaxOracle {
  var heads = 1
  var temperature = 1.0
  var isCausal = false
  /// Width of the window and number of global keys; nil: everything.
  var window: (Int, Int)?

  func sees(_ batch: Batch, _ i: Int, _ j: Int) -> Bool {
    if let mask = batch.mask, mask[mask.count == 1 ? 0 : i][j] == 0 { return false }
    if let offsets = batch.offsets, j < Int(offsets[i]) || j >= Int(offsets[i + 1]) { return false }
    if let (width, global) = window {
      let m = batch.queries.count, n = batch.keys.count
      let isGlobal = j < global || (m == n && m > 1 && i < global)
      let place = m == n ? i : i + Int((Double(n - m + 1) / 2).rounded(.down))
      if !isGlobal && abs(j - place) > width / 2 { return false }
    }
    return !isCausal || j <= i + batch.keys.count - batch.queries.count
  }

  /// [heads][m][n]
  func weights(_ q: [[Double]], _ k: [[Double]], _ batch: Batch) -> [[[Double]]] {
    let d = q.first?.count ?? 1, part = d / heads
    return (0..<heads).map { h in
      q.indices.map { i in
        let s = k.indices.map { j in
          sees(batch, i, j)
            ? (h * part..<(h + 1) * part).reduce(0) { $0 + q[i][$1] * k[j][$1] } / Double(part).squareRoot()
              / temperature
            : -Double.infinity
        }
        let top = s.max() ?? 0
        let e = s.map { $0 == -.infinity ? 0 : exp($0 - top) }, sum = e.reduce(0, +)
        return e.map { sum == 0 ? 0 : $0 / sum }
      }
    }
  }

  /// [m][v]
  func forward(_ q: [[Double]], _ k: [[Double]], _ v: [[Double]], _ batch: Batch) -> [[Double]] {
    let w = weights(q, k, batch), width = v.first?.count ?? q.first?.count ?? 1, part = width / heads
    return q.indices.map { i in
      (0..<width).map { c in v.indices.reduce(0) { $0 + w[c / part][i][$1] * v[$1][c] } }
    }
  }
}

/// What an oracle works on, in Double.
struct Exact {
  var queries, keys, values: [[Double]]
  var parameters: [Double]
  var edges: [[Double]]

  init(_ batch: Batch, _ parameters: [Double]) {
    (queries, keys, values) = (doubles(batch.queries), doubles(batch.keys), doubles(batch.values))
    (self.parameters, edges) = (parameters, doubles(batch.edges ?? []))
  }

  var flat: [Double] { (queries + keys + values).flatMap { $0 } + parameters + edges.flatMap { $0 } }

  /// The same shapes with other numbers.
  func with(_ x: [Double]) -> Exact {
    var other = self, at = 0
    func take(_ count: Int) -> [Double] {
      defer { at += count }
      return Array(x[at..<at + count])
    }
    other.queries = queries.map { take($0.count) }
    other.keys = keys.map { take($0.count) }
    other.values = values.map { take($0.count) }
    other.parameters = take(parameters.count)
    other.edges = edges.map { take($0.count) }
    return other
  }
}

/// How far the gradients of a mechanism are from central differences of its oracle.
func gradientError(
  _ mechanism: any Attention, _ batch: Batch, step: Double = 1e-5, _ oracle: (Exact) -> [Double]
) throws -> Double {
  let exact = Exact(batch, mechanism.flat)
  var g = SeededGenerator(77)
  let direction = g.normals(oracle(exact).count)
  let wanted = differences(exact.flat, step: step) { x in
    zip(oracle(exact.with(x)), direction).reduce(0) { $0 + $1.0 * Double($1.1) }
  }
  return distance(try mechanism.backward(batch, direction), wanted)
}

func doubles(_ rows: [[Float]]) -> [[Double]] { rows.map { $0.map { Double($0) } } }

/// max |x − exact| / max |exact|; infinite for another number of elements or NaN.
func distance(_ x: [Float], _ exact: [Double]) -> Double {
  guard x.count == exact.count, x.allSatisfy({ $0.isFinite }) else { return .infinity }
  let top = exact.map(\.magnitude).max() ?? 0
  let error = zip(x, exact).map { abs(Double($0) - $1) }.max() ?? 0
  return error == 0 ? 0 : error / top
}

/// Central differences of Σ g · f(x) at every x.
func differences(_ x: [Double], step: Double = 1e-5, _ f: ([Double]) -> Double) -> [Double] {
  x.indices.map { i in
    var up = x, down = x
    up[i] += step
    down[i] -= step
    return (f(up) - f(down)) / (2 * step)
  }
}
