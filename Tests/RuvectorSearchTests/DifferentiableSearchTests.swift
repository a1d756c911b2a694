import Foundation
import RuvectorCore
import RuvectorSearch
import TestSupport
import Testing

@Suite struct DifferentiableSearchTests {
  struct Shape: CustomTestStringConvertible {
    let dim, n: Int
    var testDescription: String { "\(n) x \(dim)" }
  }

  static let shapes = [1, 3, 5, 17, 128].flatMap { dim in
    [0, 1, 511, 512, 513, 9000].map { Shape(dim: dim, n: $0) }
  }
  static let temperatures = [1e-6, 0.01, 1, 100]

  static func metrics() throws -> [(String, Metric)] {
    [
      ("cosine", .cosine), ("K = -1", try .poincare(curvature: -1)),
      ("K = -0.3", try .poincare(curvature: -0.3)),
      ("K = -2, expmap", try .poincare(curvature: -2, projection: .expMap)),
    ]
  }

  /// Points at all depths of the ball, on the rim, beyond it, the origin and a few twins.
  static func rows(_ shape: Shape) -> [Float] {
    var g = SeededGenerator(UInt64(shape.dim * 10_007 + shape.n)), all: [Float] = []
    for r in 0..<shape.n {
      let length: Double
      switch r % 8 {
      case 0: length = 1 - exp(-10 * g.uniform())
      case 1: length = 1 + g.uniform()
      case 2: length = 1e-3 * g.uniform()
      default: length = g.uniform()
      }
      if r % 101 == 100 {
        all += [Float](repeating: 0, count: shape.dim)
      } else if r % 11 == 10 {
        all += all.suffix(3 * shape.dim).prefix(shape.dim)
      } else {
        all += g.directions(1, shape.dim, length: length)
      }
    }
    return all
  }

  /// Matrix, resident set and blocks of odd size, all against the oracle.
  @Test(arguments: shapes) func againstOracle(_ shape: Shape) throws {
    let rows = Self.rows(shape), n = shape.n
    var g = SeededGenerator(77)
    let query = g.directions(1, shape.dim, length: 0.6)
    let set = try vectorSet(rows, dim: shape.dim)
    for (name, metric) in try Self.metrics() {
      let space = Space(query: query, rows: rows, metric)
      for T in n == 9000 ? [0.01, 1] : Self.temperatures {
        let weights = space.weights(T)
        for k in n == 9000 ? [10, n] : [0, 1, 10, n, n + 5] {
          let place = "\(name), T \(T), k \(k)"
          func check(_ found: Found, _ path: String) {
            let breach = space.breach(found, k: k, T, weights: weights)
            #expect(breach == nil, "\(path), \(place)")
          }
          check(try search([query], .set(set), metric, k: k, temperature: T)[0], "set")
          let matrix = try withMatrix(rows, dim: shape.dim) { (view) throws(RuvectorError) in
            try search([query], .matrix(view), metric, k: k, temperature: T)[0]
          }
          check(matrix, "matrix")
          let whole = try stream(query, rows, metric, k: k, temperature: T, block: max(n, 1))
          check(whole, "stream")
          let parts = try stream(query, rows, metric, k: k, temperature: T, block: 77)
          check(parts, "blocks of 77")
          #expect(parts.indices == whole.indices && parts.values == whole.values, "\(place)")
        }
      }
    }
  }

  /// Twins come in the order of their numbers.
  @Test func tiesByLowerIndex() throws {
    var g = SeededGenerator(5)
    let one = g.directions(1, 19, length: 0.5), other = g.directions(1, 19, length: 0.4)
    for n in [7, 600, 8200] {
      let rows = (0..<n).flatMap { $0 % 2 == 0 ? one : other }
      for (name, metric) in try Self.metrics() {
        let found = try search([one], .set(vectorSet(rows, dim: 19)), metric, k: n)[0]
        let evens = (0..<n).filter { $0 % 2 == 0 }, odds = (0..<n).filter { $0 % 2 == 1 }
        #expect(found.indices == (evens + odds).map { UInt32($0) }, "\(name) \(n)")
        #expect(try stream(one, rows, metric, k: 3, block: 5).indices == [0, 2, 4])
      }
    }
  }

  /// The same bits for any number of threads, alone or among others, whatever k asks besides.
  @Test func bitsDoNotDependOnTheCompany() throws {
    let dim = 9, n = 20_000
    var g = SeededGenerator(8)
    let rows = Self.rows(Shape(dim: dim, n: n)),
      queries = (0..<19).map { _ in g.directions(1, dim, length: 0.7) }
    let set = try vectorSet(rows, dim: dim)
    for (name, metric) in try Self.metrics() {
      for T in [1e-3, 1] {
        let alone = try queries.map { try search([$0], .set(set), metric, k: 12, temperature: T)[0] }
        for threads in [1, 2, 3, 8] {
          let batch = try search(
            queries, .set(set), metric, k: 12, temperature: T, control: Control(threads: threads))
          #expect(batch == alone, "\(name) T \(T) threads \(threads)")
        }
        let matrix = try withMatrix(rows, dim: dim) { (view) throws(RuvectorError) -> [[Found]] in
          [
            try search(queries, .matrix(view), metric, k: 12, temperature: T),
            try search(queries, .matrix(view), metric, k: 12, temperature: T, control: Control(threads: 3)),
          ]
        }
        #expect(matrix[0] == matrix[1], "\(name) T \(T)")
      }
    }
  }

  /// Unit-norm embeddings all end on the rim, where the hyperbolic order is that of the cosine.
  @Test(arguments: [3, 17, 128, 384]) func unitVectorsKeepTheCosineOrder(_ dim: Int) throws {
    var g = SeededGenerator(UInt64(dim))
    let n = 1000, rows = g.directions(n, dim), query = g.directions(1, dim),
      space = Space(query: query, rows: rows, .cosine)
    let set = try vectorSet(rows, dim: dim)
    for K in [-1.0, -4] {
      let found = try search([query], .set(set), .poincare(curvature: K), k: n)[0]
      let streamed = try stream(query, rows, .poincare(curvature: K), k: n, block: 333)
      for (j, index) in found.indices.enumerated() {
        // |q − y|² is summed in Float; that is all that may reorder.
        let gap = abs(space.logits[Int(index)] - space.logits[space.order[j]])
        #expect(gap <= 4 * Double(dim + 8) * roundoff, "K \(K) place \(j)")
      }
      #expect(streamed.indices == found.indices)
    }
  }

  // MARK: - Wrong input

  @Test func wrongArguments() throws {
    let set = try vectorSet([1, 0, 0, 1, 1, 1], dim: 3)
    func error(
      _ query: [Float] = [1, 0, 0], _ metric: Metric = .cosine, k: Int = 1, temperature: Double = 1,
      control: Control = .none
    ) -> RuvectorError? {
      failure { () throws(RuvectorError) in
        _ = try search([query], .set(set), metric, k: k, temperature: temperature, control: control)
      }
    }
    for T in [0, -0.0, -1, Double.nan, .infinity, -.infinity] {
      let message = "expected a finite number > 0 for temperature, received \(text(T))"
      #expect(error(temperature: T) == RuvectorError(.outOfRange, message))
      let streaming = failure { () throws(RuvectorError) in
        _ = try stream([1, 0, 0], [1, 0, 0], .cosine, k: 1, temperature: T, block: 1)
      }
      #expect(streaming?.code == .outOfRange)
    }
    for K in [0, -0.0, 1, Double.nan, -.infinity, .infinity] {
      let error = failure { () throws(RuvectorError) in _ = try Metric.poincare(curvature: K) }
      #expect(error?.code == .invalidConfig)
      #expect(error?.message.hasSuffix("for curvature, received \(text(K))") == true)
    }
    #expect(error([]) == RuvectorError(.emptyInput, "expected at least 1 element for query, received 0"))
    #expect(error([1, .nan, 0])?.message == "expected finite numbers for query, received NaN at element 1")
    #expect(error([1, 0, -.infinity])?.code == .nonFinite)
    #expect(error([1, 0]) == .dimension("candidates[0]", expected: 2, received: 3))
    for k in [-1, Int.min, 0] { #expect(try search([[1, 0, 0]], .set(set), .cosine, k: k)[0] == Found()) }
    #expect(try search([[1, 0, 0]], .set(set), .cosine, k: .max)[0].indices.count == 2)
  }

  @Test func nonFiniteCandidatesAreNamed() throws {
    for (_, metric) in try Self.metrics() {
      for (value, word) in [(Float.nan, "NaN"), (.infinity, "Infinity"), (-.infinity, "-Infinity")] {
        for (row, element) in [(0, 2), (511, 0), (700, 1), (1023, 4)] {
          var g = SeededGenerator(1), rows = g.directions(1024, 5, length: 0.5)
          rows[row * 5 + element] = value
          let query = g.directions(1, 5, length: 0.5)
          let tail = "received \(word) at element \(element)"
          let wanted = RuvectorError(.nonFinite, "expected finite numbers for candidates[\(row)], \(tail)")
          let streamed = failure { () throws(RuvectorError) in
            _ = try stream(query, rows, metric, k: 3, block: 100)
          }
          #expect(streamed == wanted)
          let matrix = failure { () throws(RuvectorError) in
            try withMatrix(rows, dim: 5) { (view) throws(RuvectorError) in
              _ = try search([query], .matrix(view), metric, k: 3)
            }
          }
          #expect(matrix == wanted)
          let set = failure { () throws(RuvectorError) in _ = try vectorSet(rows, dim: 5) }
          #expect(set == RuvectorError(.nonFinite, "expected finite numbers for vectors[\(row)], \(tail)"))
        }
      }
    }
  }

  @Test func cancelFlag() throws {
    var flag: UInt32 = 1
    let set = try vectorSet([Float](repeating: 1, count: 60_000), dim: 3)
    withUnsafePointer(to: &flag) { flag in
      for threads in [1, 3] {
        let error = failure { () throws(RuvectorError) in
          _ = try search(
            [[1, 0, 0]], .set(set), .cosine, k: 1, control: Control(threads: threads, cancelFlag: flag))
        }
        #expect(error?.code == .aborted)
      }
    }
  }

  @Test func progress() throws {
    var shares: [Double] = []
    let set = try vectorSet([Float](repeating: 1, count: 20_000), dim: 1)
    try withUnsafeMutablePointer(to: &shares) { shares in
      let control = Control(
        threads: 1,
        progress: { user, share in user?.assumingMemoryBound(to: [Double].self).pointee.append(share) },
        user: UnsafeMutableRawPointer(shares))
      _ = try search((0..<20).map { _ in [1] }, .set(set), .cosine, k: 1, control: control)
    }
    #expect(shares == shares.sorted() && shares.last == 1 && shares.count == 6)
  }
}
