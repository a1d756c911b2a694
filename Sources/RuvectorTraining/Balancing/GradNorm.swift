import RuvectorCore

/// Weights of several losses, led so that all are learned at the same pace:
///
///     G_i = w_i |∇L_i|     r_i = (L_i/L_i(0)) / mean_j (L_j/L_j(0))     w_i ← w_i − learningRate · sign(G_i − Ḡ r_iᵅ) |∇L_i|
///     then w · tasks/Σ w: the weights keep their sum
///
/// `update` takes the weights w, the losses, the losses L(0) at the beginning, and the norms |∇L_i| of their gradients in the shared
/// parameters, all [tasks], and gives the new weights. Weights do not fall below 1e-6.
/// - Errors: losses and norms below 0, first losses that are not above 0.
///
/// Reference: Chen, Badrinarayanan, Lee, Rabinovich 2018, "GradNorm", equations 1 and 2, one step of gradient descent.
public final class GradNorm: Mechanism, @unchecked Sendable {
  // MARK: - Options

  public static let family: StaticString = "balancing"
  public static let name: StaticString = "gradNorm"
  public static let options = [
    Option("alpha", .number(0...100), standard: 1.5, "How strongly tasks that lag are pulled."),
    Option("learningRate", .number(0...1e9), standard: 0.025, "Length of a step of the weights."),
  ]
  private let alpha: Double
  private let learningRate: Double

  // MARK: - Creation

  public init(_ settings: Settings) {
    (alpha, learningRate) = (settings.number("alpha"), settings.number("learningRate"))
  }

  public var optionValues: [Double] { [alpha, learningRate] }

  // MARK: - Operations

  public static let operations = [
    Operation(
      "update",
      [
        Port("weights", ["tasks"]), Port("losses", ["tasks"]), Port("firstLosses", ["tasks"]), Port("norms", ["tasks"]),
      ],
      [Port("weights", ["tasks"])])
  ]

  public func perform(_ call: Call, _ control: Control) throws(RuvectorError) -> Int {
    guard let weights = try call.vector("weights"), let losses = try call.vector("losses"),
      let first = try call.vector("firstLosses"), let norms = try call.vector("norms"), weights.count > 0
    else { throw .expected("at least 1 element", for: "weights", received: "0", .emptyInput) }
    for (list, name) in [(weights, "weights"), (losses, "losses"), (first, "firstLosses"), (norms, "norms")] {
      for (i, x) in list.enumerated() {
        if let base = list.baseAddress { try requireFinite(base, count: list.count, for: name) }
        guard x > 0 || (x == 0 && list.baseAddress != first.baseAddress) else {
          throw .expected("numbers > 0", for: name, received: "\(text(Double(x))) at element \(i)", .outOfRange)
        }
      }
    }
    let out = try call.output(), tasks = Double(weights.count)
    var mean = 0.0, pace = 0.0, sum = 0.0
    for i in weights.indices {
      mean += Double(weights[i]) * Double(norms[i]) / tasks
      pace += Double(losses[i]) / Double(first[i]) / tasks
    }
    for i in weights.indices {
      let relative = pace > 0 ? Double(losses[i]) / Double(first[i]) / pace : 1
      let gap = Double(weights[i]) * Double(norms[i]) - mean * power(relative, alpha)
      let step = gap > 0 ? 1.0 : gap < 0 ? -1.0 : 0
      let moved = max(1e-6, Double(weights[i]) - learningRate * step * Double(norms[i]))
      out[i] = Float(min(moved, 1e30))
      sum += Double(out[i])
    }
    for i in weights.indices { out[i] = Float(Double(out[i]) * tasks / sum) }
    try call.requireFiniteOutput()
    return call.outputCount
  }
}
