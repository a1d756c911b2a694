import RuvectorCore
import RuvectorTraining
import TestSupport
import Testing

@Suite struct MSELossTests {
  /// An operation on two matrices.
  func run(
    _ loss: any Mechanism, _ operation: String, _ x: [Float], _ y: [Float], dim: Int, scale: Float? = nil
  ) throws(RuvectorError) -> [Float] {
    let both = [x, y].map { Argument.matrix($0, rows: dim == 0 ? 0 : $0.count / dim, columns: dim) }
    let isForward = operation == "forward"
    return try perform(
      loss, operation, both + (isForward ? [] : [scale.map { .vector([$0]) } ?? .none]),
      outputs: isForward ? 1 : x.count + y.count)
  }

  static func make(_ reduction: String) throws(RuvectorError) -> MSELoss {
    MSELoss(try Settings(of: MSELoss.name, MSELoss.options, [("reduction", .text(reduction))]))
  }

  @Test(arguments: ["mean", "sum"]) func valueAndGradients(_ reduction: String) throws {
    let loss = try Self.make(reduction)
    var g = SeededGenerator(3)
    for (n, d) in [(1, 1), (3, 5), (70, 9)] {
      let x = (0..<n * d).map { _ in Float.random(in: -2...2, using: &g) }
      let y = (0..<n * d).map { _ in Float.random(in: -2...2, using: &g) }
      let share = reduction == "mean" ? 1 / Double(n * d) : 1
      let exact = zip(x, y).reduce(0) { $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1)) } * share
      #expect(try run(loss, "forward", x, y, dim: d) == [Float(exact)])
      for scale in [nil, -0.5] as [Float?] {
        let all = try run(loss, "backward", x, y, dim: d, scale: scale)
        for i in 0..<n * d {
          let slope = Float(2 * (Double(x[i]) - Double(y[i])) * share * Double(scale ?? 1))
          #expect(all[i] == slope && all[n * d + i] == -slope)
        }
      }
    }
  }

  @Test func wrong() throws {
    let loss = try Self.make("mean")
    for (x, y, d, code) in [
      ([], [], 3, RuvectorError.Code.emptyInput), ([.nan], [1], 1, .nonFinite), ([1], [.infinity], 1, .nonFinite),
      ([3e38], [-3e38], 1, .outOfRange),
    ] as [([Float], [Float], Int, RuvectorError.Code)] {
      for operation in ["forward", "backward"] {
        let error = failure { () throws(RuvectorError) in _ = try run(loss, operation, x, y, dim: d) }
        #expect(error?.code == code, "\(operation) \(x) \(y)")
      }
    }
  }
}
