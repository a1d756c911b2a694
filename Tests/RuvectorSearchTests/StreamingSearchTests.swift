import RuvectorCore
import RuvectorSearch
import TestSupport
import Testing

@Suite struct StreamingSearchTests {
  static let rows: [Float] = {
    var g = SeededGenerator(2)
    return g.directions(1300, 6, length: 0.8)
  }()

  @Test func restartForgets() throws {
    var g = SeededGenerator(3)
    let first = g.directions(1, 6, length: 0.5), second = g.directions(1, 2, length: 0.5)
    let search = try StreamingSearch(query: first, dim: 6, metric: .cosine, k: 5, temperature: 1)
    try feed(search, Self.rows, dim: 6, block: 50)
    #expect(search.resultCount == 5)
    try search.restart(query: second, dim: 2, metric: .poincare(curvature: -1), k: 700, temperature: 0.1)
    #expect(search.resultCount == 0)
    let fewer = Array(Self.rows.prefix(1000))
    try feed(search, fewer, dim: 2, block: 33)
    #expect(search.resultCount == 500)
    let expected = try stream(second, fewer, .poincare(curvature: -1), k: 700, temperature: 0.1, block: 33)
    #expect(finish(search) == expected)
  }

  @Test func scatteredRowsHaveTheBitsOfPackedOnes() throws {
    let query = Array(Self.rows.prefix(6))
    var rows = Self.rows
    rows.replaceSubrange(6 * 600..<6 * 601, with: [0, 0, 0, 0, 0, 0])
    rows.replaceSubrange(6 * 700..<6 * 701, with: [1e-20, 0, 0, 0, 0, 0])
    try rows.withUnsafeBufferPointer { rows in
      guard let p = rows.baseAddress else { return }
      let pointers = (0..<1300).map { p + $0 * 6 }
      for (name, metric) in try DifferentiableSearchTests.metrics() {
        let packed = try StreamingSearch(query: query, dim: 6, metric: metric, k: 40, temperature: 0.3)
        try packed.feed(MatrixView(p, rows: 1300, dim: 6))
        let scattered = try StreamingSearch(query: query, dim: 6, metric: metric, k: 40, temperature: 0.3)
        try pointers.withUnsafeBufferPointer { pointers in
          guard let first = pointers.baseAddress else { return }
          try scattered.feed(ScatteredRows(first, count: 1300, dim: 6))
        }
        #expect(finish(scattered) == finish(packed), "\(name)")
      }
      let bad: [Float] = [1, 2, 3, .nan, 5, 6]
      try bad.withUnsafeBufferPointer { bad in
        guard let b = bad.baseAddress else { return }
        let search = try StreamingSearch(query: query, dim: 6, metric: .cosine, k: 4, temperature: 1)
        [p, p, b, p].withUnsafeBufferPointer { pointers in
          guard let first = pointers.baseAddress else { return }
          let error = failure { () throws(RuvectorError) in
            try search.feed(ScatteredRows(first, count: 4, dim: 6))
          }
          #expect(error?.code == .nonFinite && error?.message.contains("candidates[2]") == true)
          let narrow = failure { () throws(RuvectorError) in
            try search.feed(ScatteredRows(first, count: 1, dim: 5))
          }
          #expect(narrow?.code == .dimensionMismatch)
        }
      }
    }
  }

  @Test func candidatesOfAnotherWidth() throws {
    let search = try StreamingSearch(
      query: [1, 0, 0, 0, 0, 0], dim: 6, metric: .cosine, k: 5, temperature: 1, candidates: "level")
    try feed(search, Self.rows, dim: 6, block: 500)
    let error = failure { () throws(RuvectorError) in try feed(search, [1, 2, 3], dim: 3, block: 1) }
    #expect(error == .dimension("level[1300]", expected: 6, received: 3))
    // No rows of any width are no candidates.
    try search.feed(MatrixView([1], rows: 0, dim: 9))
    #expect(finish(search).indices.count == 5)
  }

  @Test func wholeSets() throws {
    let set = try vectorSet(Self.rows, dim: 6), query = Array(Self.rows.prefix(6))
    for (name, metric) in try DifferentiableSearchTests.metrics() {
      let search = try StreamingSearch(query: query, dim: 6, metric: metric, k: 9, temperature: 0.3)
      try search.feed(.set(set))
      let once = try RuvectorSearchTests.search([query], .set(set), metric, k: 9, temperature: 0.3)[0]
      #expect(finish(search) == once, "\(name)")
      let again = failure { () throws(RuvectorError) in try search.feed(set) }
      #expect(again?.code == .unsupported)
    }
    let narrow = try StreamingSearch(query: query, dim: 5, metric: .cosine, k: 9, temperature: 1)
    let error = failure { () throws(RuvectorError) in try narrow.feed(set) }
    #expect(error == .dimension("candidates[0]", expected: 5, received: 6))
    try narrow.feed(vectorSet([], dim: 3))
    #expect(narrow.resultCount == 0)
  }
}
