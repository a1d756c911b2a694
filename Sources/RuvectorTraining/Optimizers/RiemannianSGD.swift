import RuvectorCore
import RuvectorGeometry

/// Stochastic gradient descent on a manifold, a point a row:
///
///     r = grad_x(g + weightDecay x)     b ← r at first, momentum b + (1 − dampening) r later     r ← r + momentum b (Nesterov), or b
///     x ← R_x(−learningRate r),   b ← b carried to the new point
///
/// grad_x makes the Riemannian gradient of the Euclidean one g. R_x is, in the ball, x + u drawn back to where points may lie (with
/// `exact` the exponential map), on the hyperboloid the exponential map. A row of the hyperboloid begins with its time-like
/// coordinate. `manifold: 'euclidean'` is SGD.
/// - Errors: rows beyond the ball are drawn back to its rim.
/// - Complexity: O(size). Memory `size` floats with momentum, none without. Precision: Double, rounded once a step.
///
/// References: Bonnabel 2013, "Stochastic gradient descent on Riemannian manifolds"; Bécigneul, Ganea 2019, "Riemannian adaptive
/// optimization methods". Names: geoopt's RiemannianSGD, whose buffer begins with the Euclidean gradient, which is no tangent.
public final class RiemannianSGD: Optimizer, @unchecked Sendable {
  // MARK: - Options

  public static let name: StaticString = "riemannianSgd"
  public static let options =
    [OptimizerOption.size] + RowManifold.options + [
      OptimizerOption.learningRate(0.001), OptimizerOption.momentum, OptimizerOption.dampening,
      OptimizerOption.nesterov, OptimizerOption.weightDecay(0, "Times the point, added to the Euclidean gradient."),
    ]
  public let size: Int
  public let learningRate: Double
  private let manifold: RowManifold
  private let momentum: Double
  private let dampening: Double
  private let isNesterov: Bool
  private let weightDecay: Double

  // MARK: - State

  public let parameters: Parameters
  private let steps: StepCount
  private let buffer: Parameter?

  public static func slots(_ settings: Settings) throws(RuvectorError) -> [Slot] {
    let size = settings.integer("size")
    return [StepCount.slot] + (settings.number("momentum") > 0 ? [Slot("momentum", [size], .zeros)] : [])
  }

  // MARK: - Creation

  public init(_ settings: Settings) throws(RuvectorError) {
    manifold = try RowManifold(settings)
    (size, learningRate) = (settings.integer("size"), settings.number("learningRate"))
    (momentum, dampening) = (settings.number("momentum"), settings.number("dampening"))
    (isNesterov, weightDecay) = (settings.flag("nesterov"), settings.number("weightDecay"))
    parameters = try Parameters(Self.slots(settings))
    steps = StepCount(parameters)
    buffer = momentum > 0 ? parameters["momentum"] : nil
  }

  public var optionValues: [Double] {
    [Double(size)] + manifold.values + [learningRate, momentum, dampening, isNesterov ? 1 : 0, weightDecay]
  }

  // MARK: - Step

  public func step(_ parts: [Part], learningRate: Double, _ control: Control) throws(RuvectorError) {
    let isFirst = steps.next() == 1, share = isFirst ? 1 : 1 - dampening
    try manifold.forRows(parts, control) { (part, at) throws(RuvectorError) in
      let place = part.parameters + at, x = manifold.point(place)
      let r = try manifold.gradient(x, part.gradients + at, scale: part.scale, decay: weightDecay)
      guard let buffer else {
        return manifold.write(try manifold.retract(x, r.map { -learningRate * $0 }), to: place)
      }
      let memory = buffer.pointer + part.offset + at
      var b = manifold.point(memory)
      for i in b.indices { b[i] = momentum * b[i] + share * r[i] }
      let direction = isNesterov ? zip(r, b).map { $0 + momentum * $1 } : b
      let end = try manifold.retract(x, direction.map { -learningRate * $0 })
      manifold.write(try manifold.transport(x, end, b), to: memory)
      manifold.write(end, to: place)
    }
  }
}
