import Foundation

/// Spaces by their textbook formulas: what mechanisms must agree with.
struct Space {
  var dim: Int
  /// Below 0: the ball, or with `isLorentz` space-like coordinates of the hyperboloid; above: the sphere.
  var K: Double
  var isLorentz = false

  func dot(_ x: [Double], _ y: [Double]) -> Double { zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } }

  func place(_ x: [Double]) -> [Double] {
    let n = dot(x, x).squareRoot(), r = 1 / abs(K).squareRoot()
    if K > 0 { return x.map { $0 / n * r } }
    return K < 0 && !isLorentz && n > (1 - 1e-5) * r ? x.map { $0 / n * (1 - 1e-5) * r } : x
  }

  func distance(_ a: [Double], _ b: [Double]) -> Double {
    let x = place(a), y = place(b), δ = zip(x, y).map { $0 - $1 }, s = abs(K).squareRoot()
    if K == 0 { return dot(δ, δ).squareRoot() }
    if K > 0 { return acos(max(-1, min(1, K * dot(x, y)))) / s }
    if isLorentz {
      let α = (1 - K * dot(x, x)).squareRoot() * (1 - K * dot(y, y)).squareRoot() + K * dot(x, y)
      return acosh(max(1, α)) / s
    }
    return 2 / s * asinh(s * (dot(δ, δ) / ((1 + K * dot(x, x)) * (1 + K * dot(y, y)))).squareRoot())
  }

  func mean(_ points: [[Double]], _ w: [Double]) -> [Double] {
    let x = points.map { place($0) }
    func sum(_ factor: ([Double]) -> Double) -> [Double] {
      (0..<dim).map { i in zip(x, w).reduce(0) { $0 + $1.1 * factor($1.0) * $1.0[i] } }
    }
    let S = sum { _ in 1 }
    if K == 0 { return S.map { $0 / w.reduce(0, +) } }
    if K > 0 { return S.map { $0 / dot(S, S).squareRoot() / K.squareRoot() } }
    if isLorentz {
      let time = zip(x, w).reduce(0) { $0 + (1 - K * dot($1.0, $1.0)).squareRoot() * $1.1 }
      return S.map { $0 / (time * time + K * dot(S, S)).squareRoot() }
    }
    let excess = zip(x, w).reduce(0) { $0 + (2 / (1 + K * dot($1.0, $1.0)) - 1) * $1.1 }
    let u = sum { 2 / (1 + K * dot($0, $0)) / excess }
    return u.map { $0 / (1 + (1 + K * dot(u, u)).squareRoot()) }
  }
}

/// Heads of products of spaces.
struct ManifoldOracle {
  /// One list a head.
  var heads: [[Space]]
  var β: [Double]?
  var T = 1.0
  var isSquared = false

  func weights(_ q: [[Double]], _ k: [[Double]], _ batch: Batch) -> [[[Double]]] {
    var at = 0
    return heads.map { spaces in
      let start = at
      at += spaces.reduce(0) { $0 + $1.dim }
      return q.indices.map { i in
        let s = k.indices.map { j -> Double in
          guard SoftmaxOracle().sees(batch, i, j) else { return -.infinity }
          var column = start, total = 0.0
          for (p, space) in spaces.enumerated() {
            let range = column..<column + space.dim
            let d = space.distance(Array(q[i][range]), Array(k[j][range]))
            total += (β?[p] ?? 1) * d * d
            column += space.dim
          }
          return -(isSquared ? total : total.squareRoot()) / T
        }
        let top = s.max() ?? 0, e = s.map { $0 == -.infinity ? 0 : exp($0 - top) }, sum = e.reduce(0, +)
        return e.map { sum == 0 ? 0 : $0 / sum }
      }
    }
  }

  func forward(_ q: [[Double]], _ k: [[Double]], _ v: [[Double]], _ batch: Batch) -> [[Double]] {
    let w = weights(q, k, batch)
    return q.indices.map { i in
      var at = 0
      return heads.indices.flatMap { h in
        heads[h].flatMap { space in
          let range = at..<at + space.dim
          at += space.dim
          let seen = w[h][i].contains { $0 > 0 }
          return seen ? space.mean(v.map { Array($0[range]) }, w[h][i]) : [Double](repeating: 0, count: space.dim)
        }
      }
    }
  }
}
