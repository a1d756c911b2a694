import RuvectorAttention
import RuvectorCore
import TestSupport
import Testing

/// Dropout of the weights of softmax attention, as training asks for it: the formula with its mask in Double, the gradient against
/// central differences of the same draw.
@Suite struct AttentionDropoutTests {
  static let m = 3, n = 5, d = 4, share = 0.4
  static let mode = Mode.training(seed: 7, step: 3)

  static func make(_ name: StaticString) throws -> any Attention {
    let given: [(key: String, value: OptionValue)] = [("dim", .number(Double(d))), ("dropout", .number(share))]
    if name.matches("multi_head") {
      return try MultiHead(
        Settings(of: name, MultiHead.options, given + [("heads", .number(2)), ("projections", .number(0))]))
    }
    return try ScaledDotProduct(Settings(of: name, ScaledDotProduct.options, given + [("normalize", .number(1))]))
  }

  /// Queries, keys and values one after the other.
  static func run(_ attention: any Attention, _ z: [Float], _ mode: Mode) throws -> [Float] {
    var out = [Float](repeating: 0, count: m * d)
    try z.withUnsafeBufferPointer { z in
      let p = try #require(z.baseAddress)
      var input = AttentionInput(
        queries: MatrixView(p, rows: m, dim: d), keys: MatrixView(p + m * d, rows: n, dim: d),
        values: MatrixView(p + (m + n) * d, rows: n, dim: d))
      input.mode = mode
      try attention.forward(input, into: &out, .none)
    }
    return out
  }

  @Test(arguments: ["scaled_dot_product", "multi_head"] as [String])
  func forwardAndGradient(name: String) throws {
    let attention = try Self.make(name == "multi_head" ? "multi_head" : "scaled_dot_product")
    var g = SeededGenerator(2)
    let z = g.normals((Self.m + 2 * Self.n) * Self.d), up = g.normals(Self.m * Self.d)
    let plain = try Self.run(attention, z, .evaluation), dropped = try Self.run(attention, z, Self.mode)
    let again = try Self.run(attention, z, Self.mode)
    let later = try Self.run(attention, z, .training(seed: 7, step: 4))
    #expect(plain != dropped && dropped == again && dropped != later)
    // The weights are known; the mask is a function of the place.
    let heads = attention.heads, m = Self.m, n = Self.n, d = Self.d
    var p = [Float](repeating: 0, count: heads * m * n)
    try z.withUnsafeBufferPointer { z in
      let base = try #require(z.baseAddress)
      try attention.weights(
        AttentionInput(
          queries: MatrixView(base, rows: m, dim: d), keys: MatrixView(base + m * d, rows: n, dim: d),
          values: MatrixView(base + (m + n) * d, rows: n, dim: d)), into: &p, .none)
    }
    let mask = try #require(Mask(Self.share, Self.mode)), width = d / heads
    var zeros = 0
    for h in 0..<heads {
      for i in 0..<m {
        for c in 0..<width {
          var sum = 0.0
          for j in 0..<n {
            let factor = mask.factor((h * m + i) * n + j)
            if factor == 0 { zeros += 1 } else { #expect(abs(factor - Float(1 / (1 - Self.share))) < 1e-6) }
            sum += Double(p[(h * m + i) * n + j]) * Double(factor) * Double(z[(m + n + j) * d + h * width + c])
          }
          #expect(abs(Double(dropped[i * d + h * width + c]) - sum) < 1e-5)
        }
      }
    }
    #expect(zeros > 0)
    var gradient = [Float](repeating: 0, count: z.count)
    try z.withUnsafeBufferPointer { z in
      let base = try #require(z.baseAddress)
      var input = AttentionInput(
        queries: MatrixView(base, rows: m, dim: d), keys: MatrixView(base + m * d, rows: n, dim: d),
        values: MatrixView(base + (m + n) * d, rows: n, dim: d))
      input.mode = Self.mode
      try gradient.withUnsafeMutableBufferPointer { out in
        let q = try #require(out.baseAddress)
        try attention.backward(
          input, outputGradient: up,
          into: AttentionGradients(queries: q, keys: q + m * d, values: q + (m + n) * d), .none)
      }
    }
    for i in z.indices {
      var above = z, below = z
      above[i] += 1.0 / 128
      below[i] -= 1.0 / 128
      let pair = try [above, below].map { y in
        zip(try Self.run(attention, y, Self.mode), up).reduce(0) { $0 + Double($1.0) * Double($1.1) }
      }
      #expect(abs(Double(gradient[i]) - (pair[0] - pair[1]) * 64) < 3e-3)
    }
  }
}
