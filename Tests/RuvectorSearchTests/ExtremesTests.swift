import Foundation
import RuvectorCore
import RuvectorGeometry
import RuvectorSearch
import TestSupport
import Testing

/// Magnitudes at the ends of Float, and points outside the ball.
@Suite struct ExtremesTests {
  /// Directions with lengths from 1e-44 to 1e38, alone and mixed in one vector.
  static func rows(_ n: Int, _ dim: Int, _ lengths: [Double]) -> [Float] {
    var g = SeededGenerator(UInt64(n * dim))
    return (0..<n).flatMap { g.directions(1, dim, length: lengths[$0 % lengths.count]) }
  }

  /// The same cosine within the bound, whatever the lengths; subnormal coordinates have few digits of their own.
  @Test(arguments: [[1e30], [1e-30], [1e-38], [1e38], [1e30, 1, 1e-30], [3e18, 1e-12, 1e-13, 9e17]])
  func cosine(_ lengths: [Double]) throws {
    for dim in [1, 3, 17, 128] {
      let rows = Self.rows(600, dim, lengths)
      for length in [1, 1e30, 1e-30, 1e38, 1e-40] {
        var g = SeededGenerator(6)
        let query = g.directions(1, dim, length: length)
        let space = Space(query: query, rows: rows, .cosine)
        for T in [0.01, 1] {
          let weights = space.weights(T)
          let place = "lengths \(lengths) query \(length) dim \(dim)"
          let set = try search([query], .set(vectorSet(rows, dim: dim)), .cosine, k: 600, temperature: T)[0]
          let setBreach = space.breach(set, k: 600, T, weights: weights)
          #expect(setBreach == nil, "set, \(place)")
          let streamed = try stream(query, rows, .cosine, k: 600, temperature: T, block: 99)
          let breach = space.breach(streamed, k: 600, T, weights: weights)
          #expect(breach == nil, "stream, \(place)")
        }
      }
    }
  }

  /// Huge and tiny coordinates in one vector; the greatest Float; single least numbers.
  @Test func mixedCoordinates() throws {
    let big = Float.greatestFiniteMagnitude, least = Float.leastNonzeroMagnitude
    let rows: [[Float]] = [
      [big, big, big], [-big, big, 1], [1e30, 1e-30, 1], [least, 0, 0], [-least, least, least], [0, 0, 0],
      [1, 1, 1], [-0.0, 0, 0], [big, 0, least],
    ]
    for query: [Float] in [[1, 2, 3], [big, -big, big], [least, 0, 0], [1e30, 1, -1e-30]] {
      let flat = rows.flatMap { $0 }, space = Space(query: query, rows: flat, .cosine),
        weights = space.weights(1)
      let set = try search([query], .set(vectorSet(flat, dim: 3)), .cosine, k: 9)[0]
      let breach = space.breach(set, k: 9, 1, weights: weights)
      #expect(breach == nil, "\(query)")
      let streamed = try stream(query, flat, .cosine, k: 9, block: 2)
      let streamBreach = space.breach(streamed, k: 9, 1, weights: weights)
      #expect(streamBreach == nil, "\(query)")
    }
  }

  @Test func zeroVectors() throws {
    let rows: [Float] = [1, 0, 0, 0, 0, 1, -1, 0]
    for (query, order, values) in [
      ([Float(0), 0], [UInt32(0), 1, 2, 3], [Float(0), 0, 0, 0]), ([1, 0], [0, 1, 2, 3], [1, 0, 0, -1]),
    ] {
      for found in [
        try search([query], .set(vectorSet(rows, dim: 2)), .cosine, k: 4)[0],
        try stream(query, rows, .cosine, k: 4, block: 3),
      ] {
        #expect(found.indices == order && found.values == values)
        if query[0] == 0 { #expect(found.weights == [0.25, 0.25, 0.25, 0.25]) }
      }
    }
    // The origin of the ball is an ordinary point.
    let found = try search(
      [[0, 0]], .set(vectorSet([0, 0, 0.5, 0], dim: 2)), .poincare(curvature: -1), k: 2)[0]
    #expect(
      found.indices == [0, 1] && found.values[0] == 0 && abs(found.values[1] - Float(2 * atanh(0.5))) < 1e-6)
  }

  /// Points outside the ball count as their projections to the rim, however far; queries too.
  @Test(arguments: [-1e-4, -1.0, -25, -1e6]) func outsideTheBall(_ K: Double) throws {
    // The longest are near the greatest Float, where the factor that shrinks them is subnormal.
    let lengths = [0.5, 1e-3, 2, 1e4, 1e30, 1e38, 1e-30].map { $0 / (-K).squareRoot() }
    let dim = 6, rows = Self.rows(700, dim, lengths.map { $0 > 1e34 ? 2e38 : $0 })
    for projection in [Ball.Projection.clip, .expMap] {
      let metric = try Metric.poincare(curvature: K, projection: projection)
      for length in [0.3, 1.0, 7, 1e30] {
        var g = SeededGenerator(3)
        let query = g.directions(1, dim, length: length / (-K).squareRoot())
        let space = Space(query: query, rows: rows, metric)
        for T in [0.1, 10] {
          let weights = space.weights(T)
          let set = try search([query], .set(vectorSet(rows, dim: dim)), metric, k: 700, temperature: T)[0]
          let setBreach = space.breach(set, k: 700, T, weights: weights)
          #expect(setBreach == nil, "set, K \(K) \(projection) query \(length) T \(T)")
          let streamed = try stream(query, rows, metric, k: 700, temperature: T, block: 64)
          let breach = space.breach(streamed, k: 700, T, weights: weights)
          #expect(breach == nil, "stream, K \(K) \(projection) query \(length) T \(T)")
        }
      }
    }
  }

  /// Where a distance does not fit in Float that is said, not returned as infinity.
  @Test(arguments: [-1e-300, -1e-90, -1e90, -1e300]) func absurdCurvature(_ K: Double) throws {
    let rows: [Float] = [0.1, 0.2, 0.3, 0.4, 1, 1], query: [Float] = [0.5, 0.5]
    for found in [
      Result { () throws(RuvectorError) in try stream(query, rows, .poincare(curvature: K), k: 3, block: 2) },
      Result { () throws(RuvectorError) in
        try search([query], .set(vectorSet(rows, dim: 2)), .poincare(curvature: K), k: 3)[0]
      },
    ] {
      switch found {
      case .success(let found):
        #expect(found.values.allSatisfy { $0.isFinite } && found.weights.allSatisfy { $0.isFinite })
      case .failure(let error): #expect(error.code == .outOfRange, "\(error.message)")
      }
    }
  }
}
