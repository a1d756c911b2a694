import CRuvectorSupport
import Foundation
import RuvectorCore
import TestSupport
import Testing

/// The kernels of embeddings in hyperbolic space, at every level, against the formulas written out with acosh, their central
/// differences, and the exponential map (RuvectorKernelsV1/Embedding.swift).
@Suite struct EmbeddingKernelsTests {
  /// A batch of `pairs` pairs over rows of its own.
  final class Batch {
    var table: [Double], ids: [UInt32], t: [Double], a: [Double], vectors: [Double], signs: [Double]
    let size: Int, stride: Int, count: Int, room: Int, nodes: Int, isBall: Bool

    init(nodes: Int, size: Int, count: Int, pairs: Int, isBall: Bool, radius: Double, _ g: inout SeededGenerator) {
      (self.size, self.count, self.nodes, self.isBall) = (size, count, nodes, isBall)
      stride = (size + 8) & ~7
      room = (count + 8) & ~7
      signs = [1, 1, 1, 1, 1, 1, 1, isBall ? 0 : -1]
      table = []
      for _ in 0..<nodes {
        var x = (0..<size).map { _ in Double.random(in: -1...1, using: &g) }
        let norm = x.reduce(0) { $0 + $1 * $1 }.squareRoot(), r = radius * Double.random(in: 0.1...1, using: &g)
        x = x.map { $0 / norm * r }
        table += Self.row(x, stride, isBall)
      }
      ids = []
      for _ in 0..<pairs {
        var all = (0..<nodes).map(UInt32.init)
        all.shuffle(using: &g)
        ids += all[0..<(count + 1)] + [UInt32](repeating: all[count], count: room - count - 1)
      }
      t = [Double](repeating: .nan, count: pairs * room)
      a = t
      vectors = [Double](repeating: .nan, count: 2 * pairs * stride)
    }

    /// The row of a point of the ball.
    static func row(_ x: [Double], _ stride: Int, _ isBall: Bool) -> [Double] {
      let square = x.reduce(0) { $0 + $1 * $1 }, gap = 1 - square
      var row = [Double](repeating: 0, count: stride)
      for i in x.indices { row[i] = isBall ? x[i] : 2 * x[i] / gap }
      row[stride - 1] = isBall ? gap : (1 + square) / gap
      return row
    }

    func call<T>(_ body: (inout rv_embedding_batch) -> T) -> T {
      table.withUnsafeMutableBufferPointer { table in
        ids.withUnsafeBufferPointer { ids in
          t.withUnsafeMutableBufferPointer { t in
            a.withUnsafeMutableBufferPointer { a in
              vectors.withUnsafeMutableBufferPointer { vectors in
                signs.withUnsafeBufferPointer { signs in
                  var batch = rv_embedding_batch(
                    table: table.baseAddress!, stride: stride, size: size, hyperboloid: isBall ? 0 : 1,
                    signs: signs.baseAddress!, ids: ids.baseAddress!, t: t.baseAddress!, a: a.baseAddress!,
                    vectors: vectors.baseAddress!, count: count, room: room)
                  return body(&batch)
                }
              }
            }
          }
        }
      }
    }

    func coordinates(_ node: Int) -> [Double] { Array(table[node * stride..<node * stride + size]) }
    func row(_ node: Int) -> [Double] { Array(table[node * stride..<(node + 1) * stride]) }
  }

  static func distance(_ x: [Double], _ y: [Double], _ isBall: Bool) -> Double {
    func square(_ x: [Double]) -> Double { x.reduce(0) { $0 + $1 * $1 } }
    let δ = zip(x, y).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    if isBall { return acosh(1 + 2 * δ / ((1 - square(x)) * (1 - square(y)))) }
    return acosh(
      max(1, (1 + square(x)).squareRoot() * (1 + square(y)).squareRoot() - zip(x, y).reduce(0) { $0 + $1.0 * $1.1 }))
  }

  /// −log of v's share; `points[0]` is u, then v and the negatives.
  static func loss(_ points: [[Double]], _ isBall: Bool) -> Double {
    let e = points.dropFirst().map { exp(-distance(points[0], $0, isBall)) }
    return -log(e[0] / e.reduce(0, +))
  }

  @Test(arguments: Levels.names, [true, false]) func gradients(_ level: String, _ isBall: Bool) {
    let kernels = Levels.table(level)
    var g = SeededGenerator(5), worst = 0.0
    for (size, count, radius) in [
      (1, 1, 0.5), (2, 3, 0.9), (5, 51, 0.8), (7, 8, 0.5), (8, 9, 0.7), (10, 51, 0.9), (15, 16, 0.6), (16, 7, 0.9),
      (23, 12, 0.5), (40, 5, 0.4),
    ] {
      let pairs = 3,
        b = Batch(
          nodes: count + 6, size: size, count: count, pairs: pairs, isBall: isBall, radius: radius, &g)
      for pair in 0..<pairs {
        let next = [UInt32](repeating: 0, count: b.room)
        let share = b.call { kernels.embedding_pair(&$0, pair, pair == 1 ? next : nil) }
        let first = pair * b.room, nodes = [Int(b.ids[first + count])] + (0..<count).map { Int(b.ids[first + $0]) }
        let points = nodes.map(b.coordinates)
        #expect(abs(-log(share) - Self.loss(points, isBall)) < 1e-9, "\(level) \(size)")
        let y = Array(b.vectors[2 * pair * b.stride..<(2 * pair + 1) * b.stride])
        let pull = Array(b.vectors[(2 * pair + 1) * b.stride..<(2 * pair + 2) * b.stride])
        if isBall { #expect(y.last == 0 && pull.last == 0) }
        for (k, node) in nodes.enumerated() {
          let entry = first + (k == 0 ? count : k - 1), x = b.coordinates(node)
          let t = b.t[entry], a = b.a[entry], other = k == 0 ? pull : y
          for i in 0..<size {
            var slope: Double
            if isBall {
              slope = a * x[i] - t * other[i]
            } else {
              // The space coordinates alone say where a point is: of the ambient gradient f0 along time, x0 moves by xi/x0. J turns
              // −t y into that gradient.
              slope = -t * other[i] - -t * other[b.stride - 1] * x[i] / b.row(node)[b.stride - 1]
            }
            let h = 1e-5 * (1 - x.reduce(0) { $0 + $1 * $1 } * (isBall ? 1 : 0))
            var (up, down) = (points, points)
            up[k][i] += h
            down[k][i] -= h
            let difference = (Self.loss(up, isBall) - Self.loss(down, isBall)) / (2 * h)
            slope -= difference
            worst = max(worst, abs(slope) / (1e-3 + abs(difference)))
          }
        }
      }
    }
    print("embedding gradients \(level) \(isBall ? "ball" : "hyperboloid"): worst \(worst)")
    #expect(worst < 1e-4)
  }

  @Test(arguments: Levels.names, [true, false]) func moves(_ level: String, _ isBall: Bool) {
    let kernels = Levels.table(level)
    var g = SeededGenerator(6), worst = 0.0
    for size in [1, 5, 7, 8, 10, 16, 30] {
      for rate in [0.01, 0.3, 20] {
        let b = Batch(nodes: 9, size: size, count: 4, pairs: 2, isBall: isBall, radius: 0.9, &g)
        let edge = 0.99, rim = isBall ? edge : (1 + edge * edge) / (1 - edge * edge)
        for p in 0..<2 { _ = b.call { kernels.embedding_pair(&$0, p, nil) } }
        var expected = (0..<9).map(b.row), list: [UInt32] = []
        for p in 0..<2 {
          for k in 0...4 {
            let entry = p * b.room + k, vector = 2 * p + (k == 4 ? 1 : 0), node = Int(b.ids[entry])
            list += [UInt32(entry), UInt32(vector)]
            let y = Array(b.vectors[vector * b.stride..<(vector + 1) * b.stride])
            expected[node] = Self.moved(expected[node], y, b.t[entry], b.a[entry], rate, rim, size, isBall)
          }
        }
        b.call { kernels.embedding_apply(&$0, list, list.count / 2, rate, rim) }
        for node in 0..<9 {
          for (x, y) in zip(b.row(node), expected[node]) { worst = max(worst, abs(x - y) / (1e-3 + abs(y))) }
          let x = b.coordinates(node), square = x.reduce(0) { $0 + $1 * $1 }
          #expect(square <= (isBall ? edge * edge : rim * rim - 1) * (1 + 1e-12))
          let last = isBall ? 1 - square : (1 + square).squareRoot()
          #expect(abs(b.row(node)[b.stride - 1] - last) < 1e-9 * max(1, last))
          #expect(b.row(node)[size..<(b.stride - 1)].allSatisfy { $0 == 0 })
        }
      }
    }
    print("embedding moves \(level) \(isBall ? "ball" : "hyperboloid"): worst \(worst)")
    #expect(worst < 1e-9)
  }

  /// One row moved, by the formulas.
  static func moved(
    _ row: [Double], _ y: [Double], _ t: Double, _ a: Double, _ rate: Double, _ rim: Double, _ size: Int, _ isBall: Bool
  ) -> [Double] {
    let last = row.count - 1, x = Array(row[0..<size])
    var moved: [Double]
    if isBall {
      let gap = 1 - x.reduce(0) { $0 + $1 * $1 }
      moved = (0..<size).map { x[$0] - rate * gap * gap / 4 * (a * x[$0] - t * y[$0]) }
      let norm = moved.reduce(0) { $0 + $1 * $1 }.squareRoot()
      if norm > rim { moved = moved.map { $0 * rim / norm } }
      return Batch.row(moved, row.count, true)
    }
    func product(_ x: [Double], _ y: [Double]) -> Double {
      (0..<size).reduce(0) { $0 + x[$1] * y[$1] } - x[last] * y[last]
    }
    let inner = product(row, y)
    var step = row.indices.map { rate * t * (y[$0] + inner * row[$0]) }
    let length = max(0, product(step, step)).squareRoot()
    if length > 1 { step = step.map { $0 / length } }
    let z = min(length, 1)
    moved = (0..<size).map { cosh(z) * row[$0] + (z > 0 ? sinh(z) / z : 1) * step[$0] }
    let norm = moved.reduce(0) { $0 + $1 * $1 }.squareRoot(), most = (rim * rim - 1).squareRoot()
    if norm > most { moved = moved.map { $0 * most / norm } }
    let padding = [Double](repeating: 0, count: row.count - size - 1)
    return moved + padding + [(1 + moved.reduce(0) { $0 + $1 * $1 }).squareRoot()]
  }

  @Test(arguments: Levels.names, [true, false]) func keys(_ level: String, _ isBall: Bool) {
    let kernels = Levels.table(level)
    var g = SeededGenerator(7)
    for size in [1, 5, 7, 8, 10, 30] {
      let b = Batch(nodes: 13, size: size, count: 4, pairs: 1, isBall: isBall, radius: 0.95, &g)
      var keys = [Double](repeating: .nan, count: 13)
      let table = b.table
      b.call { kernels.embedding_keys(&$0, table, table, 13, &keys) }
      for r in 0..<13 {
        let exact = cosh(Self.distance(b.coordinates(0), b.coordinates(r), isBall)) - 1
        #expect(abs(keys[r] - exact) < 1e-9 * (1 + exact), "\(level) \(size) \(r)")
      }
    }
  }

  /// Points that are one have no direction: nothing becomes infinite, and they stay where they are.
  @Test(arguments: Levels.names, [true, false]) func equalPoints(_ level: String, _ isBall: Bool) {
    let kernels = Levels.table(level)
    var g = SeededGenerator(8)
    let b = Batch(nodes: 6, size: 5, count: 5, pairs: 1, isBall: isBall, radius: 0.5, &g)
    for node in 0..<6 { for i in 0..<b.stride { b.table[node * b.stride + i] = b.table[i] } }
    let share = b.call { kernels.embedding_pair(&$0, 0, nil) }
    #expect(abs(share - 0.2) < 1e-12)
    let list: [UInt32] = (0...5).flatMap { [$0, $0 == 5 ? 1 : 0] }, before = b.table
    b.call { kernels.embedding_apply(&$0, list, 6, 0.1, isBall ? 0.99 : 100) }
    for (x, y) in zip(b.table, before) { #expect(abs(x - y) < 1e-5) }
  }
}
