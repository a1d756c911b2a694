import Foundation
import RuvectorCore
import RuvectorGeometry
import RuvectorSearch
import TestSupport

/// n candidates and what the formulas say about them, in Double.
struct Space {
  let dim: Int
  let query: [Float]
  let rows: [Float]
  let metric: Metric
  /// Logits: cosines, or negative distances.
  let logits: [Double]
  /// What Float arithmetic may do to each logit.
  let bounds: [Double]
  /// Indices, best first.
  let order: [Int]
  var n: Int { dim == 0 ? 0 : rows.count / dim }

  init(query: [Float], rows: [Float], _ metric: Metric) {
    (self.query, self.rows, self.metric, dim) = (query, rows, metric, query.count)
    var logits: [Double] = [], bounds: [Double] = []
    for r in 0..<rows.count / dim {
      let y = rows[r * dim..<(r + 1) * dim]
      switch metric {
      case .cosine:
        logits.append(cosine(query[...], y))
        bounds.append(2 * Double(dim + 8) * roundoff)
      case .poincare(let ball):
        let (d, bound) = Self.distance(query[...], y, ball)
        logits.append(-d)
        bounds.append(bound)
      }
    }
    (self.logits, self.bounds) = (logits, bounds)
    order = logits.indices.sorted { logits[$0] > logits[$1] || (logits[$0] == logits[$1] && $0 < $1) }
  }

  /// A point of the ball with 1/(1 − c|y|²), and whether its coordinates were moved (rounded to Float).
  private static func place(_ x: ArraySlice<Float>, _ ball: Ball) -> (
    y: [Double], factor: Double, moved: Bool
  ) {
    let x = x.map { Double($0) }, c = ball.c
    let r = (c * x.reduce(0) { $0 + $1 * $1 }).squareRoot(), rim = 1 - 1e-5
    let t = ball.projection == .clip ? r : tanh(r)
    if t > rim { return (x.map { $0 * rim / r }, 1 / (1 - rim * rim), true) }
    if ball.projection == .clip || r == 0 { return (x, 1 / (1 - t * t), false) }
    return (x.map { $0 * t / r }, 1 / (1 - t * t), true)
  }

  /// d = (2/√c) asinh(√c |q − y| / √((1 − c|q|²)(1 − c|y|²))), and its bound: moved coordinates are rounded by
  /// u(|q| + |y|) in all, the sum of squares by (dim + 10) u, asinh by 6 ε.
  static func distance(_ q: ArraySlice<Float>, _ y: ArraySlice<Float>, _ ball: Ball) -> (Double, Double) {
    let (q, fq, movedQ) = place(q, ball), (y, fy, movedY) = place(y, ball)
    func norm(_ x: [Double]) -> Double { x.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    let gap = norm(zip(q, y).map { $0 - $1 }), k = (ball.c * fq * fy).squareRoot(), s = k * gap
    let b = 2 / ball.c.squareRoot()
    var slack = gap * Double(q.count + 10) * roundoff
    if movedQ || movedY { slack += roundoff * (norm(q) + norm(y)) }
    return (b * asinh(s), b * (asinh(s + k * slack) - asinh(s)) + 12 * roundoff * b * asinh(s))
  }

  /// Softmax over all.
  func weights(_ temperature: Double) -> [Double] {
    guard let first = order.first else { return [] }
    let e = logits.map { exp(($0 - logits[first]) / temperature) }
    let sum = e.reduce(0, +)
    return e.map { $0 / sum }
  }

  /// What is wrong with a result, or nil.
  func breach(_ found: Found, k: Int, _ temperature: Double, weights: [Double]) -> String? {
    let sign: Double = metric == .cosine ? 1 : -1
    guard found.indices.count == min(max(k, 0), n) else { return "\(found.indices.count) results" }
    guard Set(found.indices).count == found.indices.count else { return "an index twice" }
    let widest = bounds.max() ?? 0
    // Two logits in an exponent, argument and sum rounded; beyond that only what Float holds.
    let spread = expm1(min(2 * widest / temperature, 600)) + 520 * roundoff
    for (j, index) in found.indices.enumerated() {
      let i = Int(index), value = sign * Double(found.values[j])
      guard i < n else { return "index \(i)" }
      if abs(value - logits[i]) > bounds[i] {
        return "value \(value) of \(i), exact \(logits[i]) ± \(bounds[i])"
      }
      // The j-th best, or one as good as Float can tell.
      let best = order[j]
      if abs(logits[i] - logits[best]) > bounds[i] + widest {
        return "place \(j): \(i) (\(logits[i])) instead of \(best) (\(logits[best]))"
      }
      if j > 0, sign * Double(found.values[j - 1]) < value { return "values out of order at \(j)" }
      if j > 0, found.weights[j - 1] < found.weights[j] { return "weights out of order at \(j)" }
      let w = Double(found.weights[j]), exact = weights[i]
      let t = (logits[i] - logits[order[0]]) / temperature
      if abs(w - exact) > exact * (spread + 4 * roundoff * abs(t)) + 0x1p-126 {
        return "weight \(w) of \(i), exact \(exact)"
      }
      // The weights among themselves are those of the values returned.
      let ratio = exp((value - sign * Double(found.values[0])) / temperature) * Double(found.weights[0])
      if abs(w - ratio) > ratio * 4 * roundoff * (1 + abs(t) + 600 * abs(t) * roundoff) + 0x1p-126 {
        return "weight \(w) of \(i) beside \(ratio)"
      }
    }
    if found.indices.count == n, n > 0 {
      let sum = found.weights.reduce(0) { $0 + Double($1) }
      if abs(sum - 1) > 520 * roundoff { return "sum of all weights \(sum)" }
    }
    return nil
  }
}

/// The results of one query.
struct Found: Equatable {
  var indices: [UInt32] = []
  var weights: [Float] = []
  var values: [Float] = []

  static func == (a: Found, b: Found) -> Bool {
    a.indices == b.indices && a.weights.map(\.bitPattern) == b.weights.map(\.bitPattern)
      && a.values.map(\.bitPattern) == b.values.map(\.bitPattern)
  }
}

/// Several queries at once, through `differentiableSearch`.
func search(
  _ queries: [[Float]], _ candidates: Candidates, _ metric: Metric, k: Int, temperature: Double = 1,
  control: Control = .none
) throws(RuvectorError) -> [Found] {
  let dim = queries[0].count, room = min(max(k, 0), candidates.rows)
  var flat = Array(queries.joined()) + [0]
  var indices = [UInt32](repeating: .max, count: room * queries.count + 1)
  var weights = [Float](repeating: .nan, count: indices.count), values = weights
  var result: Result<Int, RuvectorError> = .success(0)
  flat.withUnsafeMutableBufferPointer { q in
    indices.withUnsafeMutableBufferPointer { i in
      weights.withUnsafeMutableBufferPointer { w in
        values.withUnsafeMutableBufferPointer { v in
          let output = SearchOutput(indices: i.baseAddress!, weights: w.baseAddress!, values: v.baseAddress!)
          let matrix = MatrixView(q.baseAddress!, rows: queries.count, dim: dim)
          do throws(RuvectorError) {
            result = .success(
              try differentiableSearch(
                queries: matrix, candidates, metric: metric, k: k, temperature: temperature, output,
                control: control))
          } catch { result = .failure(error) }
        }
      }
    }
  }
  let count = try result.get()
  precondition(indices.last == .max && weights.last!.isNaN, "wrote behind the end")
  return queries.indices.map {
    let range = $0 * count..<($0 + 1) * count
    return Found(indices: Array(indices[range]), weights: Array(weights[range]), values: Array(values[range]))
  }
}

/// A matrix for the length of `body`.
func withMatrix<T>(
  _ rows: [Float], dim: Int, _ body: (MatrixView) throws(RuvectorError) -> T
) throws(RuvectorError) -> T {
  let memory = try AlignedBuffer(copying: rows, count: rows.count)
  return try withExtendedLifetime(memory) { () throws(RuvectorError) -> T in
    try body(MatrixView(memory.pointer, rows: rows.count / dim, dim: dim))
  }
}

func vectorSet(_ rows: [Float], dim: Int) throws(RuvectorError) -> VectorSet {
  try VectorSet(copying: rows, rows: dim == 0 ? 0 : rows.count / dim, dim: dim)
}

/// The candidates in blocks, through `StreamingSearch`.
func stream(
  _ query: [Float], _ rows: [Float], _ metric: Metric, k: Int, temperature: Double = 1, block: Int
) throws(RuvectorError) -> Found {
  let search = try StreamingSearch(
    query: query, dim: query.count, metric: metric, k: k, temperature: temperature)
  try feed(search, rows, dim: query.count, block: block)
  return finish(search)
}

func feed(_ search: StreamingSearch, _ rows: [Float], dim: Int, block: Int) throws(RuvectorError) {
  try withMatrix(rows, dim: dim) { (all) throws(RuvectorError) in
    var start = 0
    while start < all.rows {
      let end = min(start + block, all.rows)
      try search.feed(all.slice(start..<end))
      start = end
    }
  }
}

func finish(_ search: StreamingSearch) -> Found {
  var found = Found()
  search.finish { index, weight, value in
    found.indices.append(index)
    found.weights.append(weight)
    found.values.append(value)
  }
  return found
}
