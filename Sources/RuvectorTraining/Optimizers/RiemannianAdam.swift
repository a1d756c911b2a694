import RuvectorCore
import RuvectorGeometry

/// Adam on a manifold, a point a row:
///
///     r = grad_x(g + weightDecay x)     m ← β₁ m + (1 − β₁) r     v ← β₂ v + (1 − β₂) ⟨r, r⟩_x   (one number a row)
///     x ← R_x(−learningRate m̂/(√v̂ + ε)),   m ← m carried to the new point
///
/// with m̂, v̂ as Adam has them, grad_x and R_x as `RiemannianSGD`. `manifold: 'euclidean'` has one v a number: it is Adam.
/// - Complexity: O(size). Memory 2 `size` floats. Precision: Double, rounded once a step.
///
/// Reference: Bécigneul, Ganea 2019, "Riemannian adaptive optimization methods". Names: geoopt's RiemannianAdam.
public final class RiemannianAdam: Optimizer, @unchecked Sendable {
  // MARK: - Options

  public static let name: StaticString = "riemannianAdam"
  public static let options =
    [OptimizerOption.size] + RowManifold.options + [
      OptimizerOption.learningRate(0.001), OptimizerOption.beta1, OptimizerOption.beta2, OptimizerOption.eps,
      OptimizerOption.weightDecay(0, "Times the point, added to the Euclidean gradient."),
    ]
  public let size: Int
  public let learningRate: Double
  private let manifold: RowManifold
  private let beta1: Double
  private let beta2: Double
  private let eps: Double
  private let weightDecay: Double

  // MARK: - State

  public let parameters: Parameters
  private let steps: StepCount
  private let first: Parameter
  private let second: Parameter

  public static func slots(_ settings: Settings) throws(RuvectorError) -> [Slot] {
    let size = settings.integer("size")
    return [
      StepCount.slot, Slot("firstMoment", [size], .zeros), Slot("secondMoment", [size], .zeros, values: .notNegative),
    ]
  }

  // MARK: - Creation

  public init(_ settings: Settings) throws(RuvectorError) {
    manifold = try RowManifold(settings)
    (size, learningRate) = (settings.integer("size"), settings.number("learningRate"))
    (beta1, beta2, eps) = (settings.number("beta1"), settings.number("beta2"), settings.number("eps"))
    weightDecay = settings.number("weightDecay")
    parameters = try Parameters(Self.slots(settings))
    steps = StepCount(parameters)
    (first, second) = (parameters["firstMoment"], parameters["secondMoment"])
  }

  public var optionValues: [Double] {
    [Double(size)] + manifold.values + [learningRate, beta1, beta2, eps, weightDecay]
  }

  // MARK: - Step

  public func step(_ parts: [Part], learningRate: Double, _ control: Control) throws(RuvectorError) {
    let t = steps.next(), correction1 = 1 - power(beta1, t), correction2 = 1 - power(beta2, t)
    try manifold.forRows(parts, control) { (part, at) throws(RuvectorError) in
      let place = part.parameters + at, x = manifold.point(place), state = part.offset + at
      let r = try manifold.gradient(x, part.gradients + at, scale: part.scale, decay: weightDecay)
      var m = manifold.point(first.pointer + state), direction = m
      let squares = try manifold.squares(x, r)
      for i in m.indices {
        m[i] = beta1 * m[i] + (1 - beta1) * r[i]
        let v = max(0, beta2 * Double(second[state + i]) + (1 - beta2) * squares[i])
        second[state + i] = Float(v)
        direction[i] = -learningRate * (m[i] / correction1) / ((v / correction2).squareRoot() + eps)
      }
      let end = try manifold.retract(x, direction)
      manifold.write(try manifold.transport(x, end, m), to: first.pointer + state)
      manifold.write(end, to: place)
    }
  }
}
