import RuvectorCore
import RuvectorTraining
import TestSupport
import Testing

@Suite struct LaplacianRegularizerTests {
  /// Edges (0, 1), (0, 2), (2, 3) both ways, with weights; node 4 has none.
  static let offsets: [UInt32] = [0, 2, 3, 5, 6, 6], indices: [UInt32] = [1, 2, 0, 0, 3, 2]
  static let weights: [Float] = [0.5, 2, 0.5, 2, 1.5, 1.5]

  static func graph() throws -> ResidentGraph {
    try offsets.withUnsafeBufferPointer { o in
      try indices.withUnsafeBufferPointer { try ResidentGraph(offsets: o, indices: $0) }
    }
  }

  /// tr(Xᵀ L X) by the matrix, L = D − W or I − D^−½ W D^−½ (0 for nodes without weight), and its gradient 2 L X.
  static func oracle(_ x: [Float], dim d: Int, isWeighted: Bool, isNormalized: Bool) -> (
    value: Double, gradient: [Double]
  ) {
    let n = 5
    var w = [[Double]](repeating: [Double](repeating: 0, count: n), count: n)
    for i in 0..<n {
      for e in Int(offsets[i])..<Int(offsets[i + 1]) { w[i][Int(indices[e])] += isWeighted ? Double(weights[e]) : 1 }
    }
    let degrees = w.map { $0.reduce(0, +) }
    var l = w
    for i in 0..<n {
      for j in 0..<n {
        let own = i == j ? degrees[i] : 0, scale = (degrees[i] * degrees[j]).squareRoot()
        l[i][j] = isNormalized ? (scale > 0 ? (own - w[i][j]) / scale : 0) : own - w[i][j]
      }
    }
    var gradient = [Double](repeating: 0, count: n * d), value = 0.0
    for i in 0..<n {
      for j in 0..<n {
        for c in 0..<d {
          gradient[i * d + c] += 2 * l[i][j] * Double(x[j * d + c])
          value += Double(x[i * d + c]) * l[i][j] * Double(x[j * d + c])
        }
      }
    }
    return (value, gradient)
  }

  @Test(arguments: [false, true], [false, true]) func valueAndGradient(_ isWeighted: Bool, _ isNormalized: Bool) throws
  {
    var g = SeededGenerator(5)
    let d = 3, x = g.normals(15), exact = Self.oracle(x, dim: d, isWeighted: isWeighted, isNormalized: isNormalized)
    let edges: Argument = isWeighted ? .vector(Self.weights) : .none
    for (reduction, share) in [("sum", 2.0), ("mean", 2.0 / 5)] {
      let loss = try LaplacianRegularizer.make([
        ("reduction", .text(reduction)), ("weight", .number(2)), ("normalized", .number(isNormalized ? 1 : 0)),
      ])
      let both: [Argument] = [.matrix(x, rows: 5, columns: d), .graph(try Self.graph()), edges]
      let value = try perform(loss, "forward", both, outputs: 1)[0]
      #expect(abs(Double(value) - exact.value * share) < 1e-5 * max(1, exact.value))
      let slopes = try perform(loss, "backward", both + [.vector([0.5])], outputs: 15)
      for (a, b) in zip(slopes, exact.gradient) { #expect(abs(Double(a) - b * share * 0.5) < 1e-5) }
    }
  }
}
