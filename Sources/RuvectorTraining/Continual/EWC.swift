import CRuvectorSupport
import RuvectorCore

/// Elastic weight consolidation: parameters that mattered for what was learned before are kept near their old values.
///
///     L(θ) = ½ λ Σ F_i (θ_i − θ*_i)²     dL/dθ_i = λ F_i (θ_i − θ*_i)
///     F = mean of the squares of the gradients that were observed (the diagonal of the Fisher information)
///
/// `observe` takes gradients of single samples of the old task, `consolidate` the parameters θ* that it left. With `decay` γ, each
/// consolidation makes of the old F what is left of it, γ F, and adds the new one (online EWC). Before the first one L = 0.
/// - Complexity: O(size) a call, O(n · size) for n gradients. Memory 3 `size` floats.
///
/// References: Kirkpatrick et al. 2017, "Overcoming catastrophic forgetting in neural networks", equation 3; Schwarz et al. 2018,
/// "Progress & compress", section 3.2 (γ).
public final class EWC: Mechanism, @unchecked Sendable {
  // MARK: - Options

  public static let family: StaticString = "continual"
  public static let name: StaticString = "ewc"
  public static let options = [
    Option("size", .integer(1...1_073_741_824), "Parameters, in numbers."),
    Option("lambda", .number(0...1e30), standard: 1, "How strongly parameters are held."),
    Option("decay", .number(0...1), standard: 1, "What a consolidation leaves of the older importance."),
  ]
  private let size: Int
  private let lambda: Double
  private let decay: Double

  // MARK: - State

  public let parameters: Parameters
  private let importance: Parameter
  private let observed: Parameter
  private let anchor: Parameter
  private let count: Parameter

  public static func slots(_ settings: Settings) throws(RuvectorError) -> [Slot] {
    let size = settings.integer("size")
    return [
      Slot("importance", [size], .zeros), Slot("observed", [size], .zeros), Slot("anchor", [size], .zeros),
      Slot("count", [1], .zeros, values: .counts),
    ]
  }

  // MARK: - Creation

  public init(_ settings: Settings) throws(RuvectorError) {
    (size, lambda, decay) = (settings.integer("size"), settings.number("lambda"), settings.number("decay"))
    parameters = try Parameters(Self.slots(settings))
    (importance, observed) = (parameters["importance"], parameters["observed"])
    (anchor, count) = (parameters["anchor"], parameters["count"])
  }

  public var optionValues: [Double] { [Double(size), lambda, decay] }

  // MARK: - Operations

  private static let forward = Operation("forward", [.input("values", ["size"])], [Port("loss", [1])])
  public static let operations = [
    forward, forward.backward(hasParameters: false),
    Operation("observe", [Port("gradients", ["n", "size"])], [Port("observed", [1])], changesMember: true),
    Operation("consolidate", [Port("values", ["size"])], [Port("observed", [1])], changesMember: true),
  ]

  public var facet: Facet? { PenaltyFacet(self) }
  public func size(of side: StaticString) -> Int? { side.matches("size") ? size : nil }

  public func perform(_ call: Call, _ control: Control) throws(RuvectorError) -> Int {
    let out = try call.output()
    if call.isNamed("observe") {
      if let gradients = try call.matrix("gradients") { try observe(gradients) }
      out[0] = count[0]
    } else if let values = try call.vector("values")?.baseAddress {
      if call.isNamed("consolidate") {
        try requireFinite(values, count: size, for: "values")
        out[0] = count[0]
        consolidate(values)
      } else if call.isNamed("forward") {
        out[0] = Float(penalty(values))
      } else {
        out.update(repeating: 0, count: size)
        addGradient(values, scale: Double(try call.vector("outputGradient")?[0] ?? 1), to: out)
      }
    }
    try call.requireFiniteOutput()
    return call.outputCount
  }

  private func observe(_ gradients: MatrixView) throws(RuvectorError) {
    for r in 0..<gradients.rows { try requireGradient(gradients.row(r), count: size) }
    for r in 0..<gradients.rows {
      count[0] += 1
      let share = 1 / count[0], row = gradients.row(r)
      for i in 0..<size { observed[i] += share * (row[i] * row[i] - observed[i]) }
    }
  }

  private func consolidate(_ values: UnsafePointer<Float>) {
    for i in 0..<size { importance[i] = Float(decay) * importance[i] + observed[i] }
    observed.pointer.update(repeating: 0, count: size)
    count[0] = 0
    anchor.pointer.update(from: values, count: size)
  }

  // MARK: - Value and gradient

  func penalty(_ values: UnsafePointer<Float>) -> Double {
    var sum = 0.0
    for i in 0..<size {
      let change = Double(values[i]) - Double(anchor[i])
      sum += Double(importance[i]) * change * change
    }
    return 0.5 * lambda * sum
  }

  func addGradient(_ values: UnsafePointer<Float>, scale: Double, to out: UnsafeMutablePointer<Float>) {
    for i in 0..<size {
      out[i] += Float(scale * lambda * Double(importance[i]) * (Double(values[i]) - Double(anchor[i])))
    }
  }
}

/// A penalty of parameters as training reaches it. (Embedded Swift casts an object to its class, but not to another protocol.)
final class PenaltyFacet: Facet {
  let penalty: EWC

  init(_ penalty: EWC) { self.penalty = penalty }
}
