import Foundation
import RuvectorCore
import TestSupport
import Testing

@testable import RuvectorGeometry

/// A space by its textbook formulas on stored coordinates, curvature K free: what the manifolds must agree with.
struct SpaceOracle {
  enum Kind { case euclidean, poincare, lorentz, sphere }
  var kind: Kind
  var K: Double

  func dot(_ x: [Double], _ y: [Double]) -> Double { zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } }

  func place(_ x: [Double]) -> [Double] {
    let n = dot(x, x).squareRoot(), r = 1 / abs(K).squareRoot()
    switch kind {
    case .poincare where n > (1 - 1e-5) * r: return x.map { $0 / n * (1 - 1e-5) * r }
    case .sphere: return n > 0 ? x.map { $0 / n * r } : x.indices.map { $0 == 0 ? r : 0 }
    default: return x
    }
  }

  func distance(_ x: [Double], _ y: [Double]) -> Double {
    let (x, y) = (place(x), place(y)), δ = zip(x, y).map { $0 - $1 }, s = abs(K).squareRoot()
    switch kind {
    case .euclidean: return dot(δ, δ).squareRoot()
    case .poincare: return acosh(1 - 2 * K * dot(δ, δ) / ((1 + K * dot(x, x)) * (1 + K * dot(y, y)))) / s
    case .lorentz:
      let α = (1 - K * dot(x, x)).squareRoot() * (1 - K * dot(y, y)).squareRoot() + K * dot(x, y)
      return acosh(max(1, α)) / s
    case .sphere: return acos(max(-1, min(1, K * dot(x, y)))) / s
    }
  }

  func mean(_ x: [[Double]], _ w: [Double]) -> [Double] {
    let x = x.map { place($0) }, s = abs(K).squareRoot()
    func sum(_ factor: ([Double]) -> Double) -> [Double] {
      x[0].indices.map { i in zip(x, w).reduce(0) { $0 + $1.1 * factor($1.0) * $1.0[i] } }
    }
    switch kind {
    case .euclidean: return sum { _ in 1 / w.reduce(0, +) }
    case .poincare:
      let λ = x.map { 2 / (1 + K * dot($0, $0)) }
      let excess = zip(λ, w).reduce(0) { $0 + ($1.0 - 1) * $1.1 }
      let u = sum { 2 / (1 + K * dot($0, $0)) / excess }
      return u.map { $0 / (1 + (1 + K * dot(u, u)).squareRoot()) }
    case .lorentz:
      let time = zip(x, w).reduce(0) { $0 + (1 - K * dot($1.0, $1.0)).squareRoot() * $1.1 }, S = sum { _ in 1 }
      return S.map { $0 / (time * time + K * dot(S, S)).squareRoot() }
    case .sphere:
      let S = sum { _ in 1 }
      return S.map { $0 / dot(S, S).squareRoot() / s }
    }
  }

  /// The manifold under test.
  func made(dim: Int) throws(RuvectorError) -> any Manifold {
    switch kind {
    case .euclidean: EuclideanManifold(dim: dim)
    case .poincare: try PoincareManifold(dim: dim, curvature: K)
    case .lorentz: try LorentzManifold(dim: dim, curvature: K)
    case .sphere: try SphereManifold(dim: dim, curvature: K)
    }
  }
}

/// A product of spaces by the same formulas; one space of weight 1 is that space.
struct ProductOracle {
  var spaces: [SpaceOracle]
  var dims: [Int]
  var β: [Double]

  func parts(_ x: [Double]) -> [[Double]] {
    var at = 0
    return dims.map { d in
      defer { at += d }
      return Array(x[at..<at + d])
    }
  }

  func distance(_ x: [Double], _ y: [Double]) -> Double {
    let (a, b) = (parts(x), parts(y))
    return spaces.indices.reduce(0) { $0 + β[$1] * pow(spaces[$1].distance(a[$1], b[$1]), 2) }.squareRoot()
  }

  func mean(_ x: [[Double]], _ w: [Double]) -> [Double] {
    spaces.indices.flatMap { s in spaces[s].mean(x.map { parts($0)[s] }, w) }
  }

  /// With ln β and ln|K| moved by `step`, in the order of ``ProductManifold``.
  func moved(_ parameter: Int, by step: Double) -> ProductOracle {
    var other = self, curved = spaces.indices.filter { spaces[$0].kind != .euclidean }
    if parameter < β.count {
      other.β[parameter] *= exp(step)
    } else {
      curved.removeFirst(parameter - β.count)
      other.spaces[curved[0]].K *= exp(step)
    }
    return other
  }
}

@Suite struct ManifoldTests {
  static let one: [ProductOracle] = [
    .init(spaces: [.init(kind: .euclidean, K: 0)], dims: [3], β: [1]),
    .init(spaces: [.init(kind: .poincare, K: -1)], dims: [3], β: [1]),
    .init(spaces: [.init(kind: .poincare, K: -2.5)], dims: [2], β: [1]),
    .init(spaces: [.init(kind: .lorentz, K: -1)], dims: [3], β: [1]),
    .init(spaces: [.init(kind: .lorentz, K: -0.2)], dims: [4], β: [1]),
    .init(spaces: [.init(kind: .sphere, K: 1)], dims: [3], β: [1]),
    .init(spaces: [.init(kind: .sphere, K: 3)], dims: [2], β: [1]),
  ]
  static let all =
    one + [
      .init(
        spaces: [
          .init(kind: .euclidean, K: 0), .init(kind: .poincare, K: -0.7), .init(kind: .sphere, K: 2),
          .init(kind: .lorentz, K: -1.5),
        ], dims: [2, 3, 2, 1], β: [1.5, 0.5, 2, 0.7])
    ]

  static func make(_ o: ProductOracle) throws -> any Manifold {
    var parts: [any Manifold] = []
    for (space, dim) in zip(o.spaces, o.dims) { parts.append(try space.made(dim: dim)) }
    return parts.count == 1 ? parts[0] : ProductManifold(parts, weights: o.β)
  }

  /// Stored rows; the last lies beyond the rim of every ball here, one is the origin (which on the sphere has no
  /// direction, and no gradient).
  static func rows(_ g: inout SeededGenerator, _ o: ProductOracle) -> [[Float]] {
    let isRound = o.spaces.contains { $0.kind == .sphere }
    return (0..<5).map { i in g.normals(o.dims.reduce(0, +), scale: i == 4 ? 30 : i == 3 && !isRound ? 0 : 0.3) }
  }

  static func points(_ space: any Manifold, _ rows: [[Float]]) -> [Double] {
    var all = [Double](repeating: 0, count: rows.count * space.stride)
    all.withUnsafeMutableBufferPointer { p in
      for (i, row) in rows.enumerated() { space.place(row, into: p.baseAddress! + i * space.stride) }
    }
    return all
  }

  /// Through `place`: from gradients of points to those of rows.
  static func pull(_ space: any Manifold, _ rows: [[Float]], _ points: [Double], _ g: [Double]) -> [Double] {
    var out: [Double] = []
    for (i, row) in rows.enumerated() {
      var gx = [Float](repeating: 0, count: space.dim)
      points.withUnsafeBufferPointer { p in
        g.withUnsafeBufferPointer { g in
          let at = i * space.stride
          space.addPlaceGradient(row, p.baseAddress! + at, g.baseAddress! + at, into: &gx)
        }
      }
      out += gx.map { Double($0) }
    }
    return out
  }

  static func near(_ a: [Double], _ b: [Double], _ bound: Double) -> Bool {
    let top = b.map(\.magnitude).max() ?? 0
    return a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= bound * max(top, 1e-3) }
  }

  @Test(arguments: all.indices) func distances(_ index: Int) throws {
    let o = Self.all[index], space = try Self.make(o)
    var g = SeededGenerator(UInt64(index) + 1)
    let rows = Self.rows(&g, o), p = Self.points(space, rows)
    let exact = rows.map { $0.map { Double($0) } }
    for i in rows.indices {
      for j in rows.indices {
        let (a, b) = (
          Array(p[i * space.stride..<(i + 1) * space.stride]), Array(p[j * space.stride..<(j + 1) * space.stride])
        )
        let d = space.distance(a, b), wanted = o.distance(exact[i], exact[j])
        // acosh and acos lose half of the digits near 0.
        #expect(abs(d - wanted) <= 2e-6 * (1 + wanted), "\(i) \(j)")
        #expect(abs(d - space.distance(b, a)) <= 4e-16 * d)
        #expect(i == j ? d == 0 : d > 0 || wanted < 1e-6)
        guard i < j, wanted > 1e-3 else { continue }
        var gp = [Double](repeating: 0, count: a.count), gq = gp
        var parameters = [Double](repeating: 0, count: space.parameterCount)
        space.addDistanceGradient(1.5, a, b, p: &gp, q: &gq, parameters: &parameters)
        let got = Self.pull(space, [rows[i], rows[j]], a + b, gp + gq), dim = space.dim
        let differences = (0..<2 * dim).map { c in
          difference(1e-5) { step in
            var x = exact[i] + exact[j]
            x[c] += step * (abs(x[c]) > 5 ? 10 : 1)
            return o.distance(Array(x[..<dim]), Array(x[dim...])) * 1.5 / (abs(x[c]) > 5 ? 10 : 1)
          }
        }
        #expect(Self.near(got, differences, 1e-4), "\(i) \(j): \(got) \(differences)")
        // ln β stands first in products only
        let skipped = o.spaces.count == 1 ? 1 : 0
        let moved = parameters.indices.map { k in
          difference(1e-5) { o.moved(k + skipped, by: $0).distance(exact[i], exact[j]) * 1.5 }
        }
        #expect(Self.near(parameters, moved, 1e-5), "\(i) \(j): \(parameters) \(moved)")
      }
    }
  }

  @Test(arguments: all.indices) func means(_ index: Int) throws {
    let o = Self.all[index], space = try Self.make(o), dim = space.dim
    var g = SeededGenerator(UInt64(index) + 40)
    let rows = Self.rows(&g, o), p = Self.points(space, rows), exact = rows.map { $0.map { Double($0) } }
    let hasBall = o.spaces.contains { $0.kind == .poincare }
    for weights in [[0.3, 0.2, 0.1, 0.25, 0.15], [0, 1, 0, 0, 0], [2, 0, 5, 0, 1e-3], [0.2, 0.3, 0.5, 0, 0]] {
      var m = [Double](repeating: .nan, count: dim)
      let points = WeightedPoints(p, stride: space.stride, weights: weights, count: 5)
      defer { withExtendedLifetime((p, weights)) {} }  // the points only point there
      space.mean(points, into: &m)
      let wanted = o.mean(exact, weights)
      #expect(Self.near(m, wanted, 1e-9), "\(m) \(wanted)")
      let direction = g.normals(dim).map { Double($0) }
      func loss(_ m: [Double]) -> Double { zip(m, direction).reduce(0) { $0 + $1.0 * $1.1 } }
      var gp = [Double](repeating: 0, count: p.count), gw = [Double](repeating: 0, count: 5)
      var parameters = [Double](repeating: 0, count: space.parameterCount)
      space.addMeanGradient(direction, points, points: &gp, weights: &gw, parameters: &parameters)
      let steps = (0..<5).map { j in
        difference(j == 4 && weights[4] < 0.01 && hasBall ? 1e-11 : 1e-6) { step in  // λ is 1e5 on the rim
          var w = weights
          w[j] += step
          return loss(o.mean(exact, w))
        }
      }
      #expect(Self.near(gw, steps, 1e-4), "weights \(gw) \(steps)")
      let got = Self.pull(space, rows, p, gp)
      let differences = (0..<5 * dim).map { c in
        let step = abs(exact[c / dim][c % dim]) > 5 ? 1e-3 : 1e-6
        return difference(step) { step in
          var x = exact
          x[c / dim][c % dim] += step
          return loss(o.mean(x, weights))
        }
      }
      #expect(Self.near(got, differences, 1e-4), "\(got) \(differences)")
      let skipped = o.spaces.count == 1 ? 1 : 0
      let moved = parameters.indices.map { k in
        difference(1e-6) { loss(o.moved(k + skipped, by: $0).mean(exact, weights)) }
      }
      #expect(Self.near(parameters, moved, 1e-5), "\(parameters) \(moved)")
    }
  }

  private func difference(_ step: Double, _ f: (Double) -> Double) -> Double { (f(step) - f(-step)) / (2 * step) }

  @Test func meansOfOppositePoints() throws {
    let sphere = try SphereManifold(dim: 2, curvature: 1)
    let p = Self.points(sphere, [[1, 0], [-1, 0]])
    var m = [0.0, 0]
    let weights = [0.5, 0.5], points = WeightedPoints(p, stride: 2, weights: weights, count: 2)
    sphere.mean(points, into: &m)
    withExtendedLifetime((p, weights)) {}  // the points only point there
    #expect(m == [1, 0])
    #expect(abs(sphere.distance([1, 0], [-1, 0]) - .pi) < 1e-15)
  }

  @Test func curvatures() {
    for K in [0.0, 1.0, Double.nan, -Double.infinity] {
      #expect(
        failure { () throws(RuvectorError) in _ = try PoincareManifold(dim: 2, curvature: K) }?.code == .invalidConfig)
      #expect(
        failure { () throws(RuvectorError) in _ = try LorentzManifold(dim: 2, curvature: K) }?.code == .invalidConfig)
      #expect(
        failure { () throws(RuvectorError) in _ = try SphereManifold(dim: 2, curvature: -K) }?.code == .invalidConfig)
    }
  }

  /// Near the rim and for tiny distances, where formulas that cancel have no digits: against the ball's own functions.
  @Test func extremes() throws {
    let ball = try PoincareBall<Double>(curvature: -1)
    let a: [Float] = [0.999, 0.03], b: [Float] = [0.99900001, 0.030000001], c: [Float] = [0.001, -0.5]
    let space = try PoincareManifold(dim: 2, curvature: -1), p = Self.points(space, [a, b, c])
    for (i, j, x, y) in [(0, 1, a, b), (0, 2, a, c)] {
      let d = p.withUnsafeBufferPointer { space.distance($0.baseAddress! + i * 4, $0.baseAddress! + j * 4) }
      let wanted = try ball.dist(x.map { Double($0) }, y.map { Double($0) })
      #expect(abs(d - wanted) <= 1e-12 * wanted)
    }
    let lorentz = try LorentzManifold(dim: 2, curvature: -1)
    let far = Self.points(lorentz, [[1e8, 1], [1e8, 1.5]])
    let d = far.withUnsafeBufferPointer { lorentz.distance($0.baseAddress!, $0.baseAddress! + 3) }
    #expect(abs(d - 2 * asinh(0.25)) < 1e-6)  // |Y - X|_L = 1/2
  }

  /// Against the mean of ``PoincareBall`` with points moved a little.
  @Test(arguments: [-1.0, -2.5]) func karcherMeans(_ K: Double) throws {
    let space = try KarcherManifold(dim: 3, curvature: K), ball = try PoincareBall<Double>(curvature: K)
    var g = SeededGenerator(17)
    let rows = (0..<6).map { i in g.normals(3, scale: i == 5 ? 9 : 0.3) }, p = Self.points(space, rows)
    let exact = rows.map { $0.map { Double($0) } }
    for weights in [[0.1, 0.2, 0.3, 0.1, 0.25, 0.05], [0, 1, 0, 0, 0, 0], [1, 0, 2, 0, 0.5, 0]] {
      func mean(_ x: [[Double]], _ w: [Double]) throws -> [Double] {
        try ball.frechetMean(x.flatMap { $0 }, dim: 3, weights: w, tolerance: 1e-12)
      }
      var m = [0.0, 0, 0]
      let points = WeightedPoints(p, stride: space.stride, weights: weights, count: 6)
      defer { withExtendedLifetime((p, weights)) {} }  // the points only point there
      space.mean(points, into: &m)
      #expect(Self.near(m, try mean(exact, weights), 1e-8))
      let direction = g.normals(3).map { Double($0) }
      var gp = [Double](repeating: 0, count: p.count), gw = [Double](repeating: 0, count: 6), none = [0.0]
      space.addMeanGradient(direction, points, points: &gp, weights: &gw, parameters: &none)
      func loss(_ x: [[Double]], _ w: [Double]) throws -> Double {
        zip(try mean(x, w), direction).reduce(0) { $0 + $1.0 * $1.1 }
      }
      for j in 0..<6 where weights[j] > 0 {
        let sides = try [1e-5, -1e-5].map { step in
          var w = weights
          w[j] += step
          return try loss(exact, w)
        }
        let slope = (sides[0] - sides[1]) / 2e-5
        #expect(abs(gw[j] - slope) < 1e-5 * (1 + abs(slope)), "weight \(j): \(gw[j]) \(slope)")
      }
      let got = Self.pull(space, rows, p, gp)
      for c in 0..<18 {
        let step = c >= 15 ? 1e-2 : 1e-5
        let sides = try [step, -step].map { step in
          var x = exact
          x[c / 3][c % 3] += step
          return try loss(x, weights)
        }
        let slope = (sides[0] - sides[1]) / (2 * step)
        #expect(abs(got[c] - slope) < 1e-4 * (0.01 + abs(slope)), "coordinate \(c): \(got[c]) \(slope)")
      }
      #expect(none == [0])
    }
  }
}
