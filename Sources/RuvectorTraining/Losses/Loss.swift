import CRuvectorSupport
import RuvectorCore

/// A loss: a number that is least where its inputs are as wanted, and its gradients with respect to all of them. Regularisers are
/// losses of one input.
///
/// Its operations come from its input ports (`lossOperations`): "forward" gives the number, "backward" the gradients,
/// "valueAndGradients" both from one pass.
public protocol Loss: Mechanism {
  /// The loss of a call of one of its operations; adds `to.scale` times the gradients where `to` has places for them.
  /// Sums are made in Double.
  func evaluate(_ call: Call, _ to: LossGradients) throws(RuvectorError) -> Double
  /// Whether it sets places that are unset, so that nobody has to write zeros there first.
  var setsGradients: Bool { get }
}

/// Where the gradients of a loss are added: packed rows, a place an input or none where it is not wanted.
public struct LossGradients {
  public let scale: Double
  /// Whether the places hold anything: they are to be set, not added to.
  public let isUnset: Bool
  private let places: [(name: StaticString, place: UnsafeMutablePointer<Float>)]

  public init(
    scale: Double, isUnset: Bool = false, _ places: [(name: StaticString, place: UnsafeMutablePointer<Float>)]
  ) {
    (self.scale, self.isUnset, self.places) = (scale, isUnset, places)
  }

  /// For the value alone.
  public static var none: LossGradients { LossGradients(scale: 1, []) }

  public subscript(name: StaticString) -> UnsafeMutablePointer<Float>? {
    for (known, place) in places where known.matches(name) { return place }
    return nil
  }
}

/// A loss as training reaches it. (Embedded Swift casts an object to its class, but not to another protocol.)
public final class LossFacet: Facet {
  public let loss: any Loss

  init(_ loss: any Loss) { self.loss = loss }
}

/// The operations of a loss of these inputs. Those that are differentiable have gradients.
func lossOperations(_ inputs: [Port]) -> [Operation] {
  let forward = Operation("forward", inputs, [Port("loss", [1])])
  let backward = forward.backward(hasParameters: false)
  return [forward, backward, Operation("valueAndGradients", inputs, forward.outputs + backward.outputs)]
}

/// How a loss of many rows or elements becomes one number.
enum Reduction {
  static let option = Option("reduction", .choice(["mean", "sum"]), standard: 0, "Mean or sum over all elements.")
  static let ofRows = Option("reduction", .choice(["mean", "sum"]), standard: 0, "Mean or sum over the rows.")
}

extension Loss {
  public static var family: StaticString { "loss" }
  public var facet: Facet? { LossFacet(self) }
  public var setsGradients: Bool { false }
  public func perform(_ call: Call, _ control: Control) throws(RuvectorError) -> Int { try runLoss(self, call) }
}

/// (Once, and not once a class: WebAssembly has no generics at run time.)
private func runLoss(_ loss: any Loss, _ call: Call) throws(RuvectorError) -> Int {
  let out = try call.output(), count = call.outputCount
  let value: Double
  if call.isNamed("forward") {
    value = try loss.evaluate(call, .none)
    out[0] = Float(value)
  } else {
    if !loss.setsGradients { out.update(repeating: 0, count: count) }
    var places: [(name: StaticString, place: UnsafeMutablePointer<Float>)] = []
    for port in call.operation.inputs where port.isDifferentiable {
      if let place = try call.output(port.name) { places.append((port.name, place)) }
    }
    let scale = Double(try call.vector("outputGradient")?[0] ?? 1)
    value = try loss.evaluate(call, LossGradients(scale: scale, isUnset: loss.setsGradients, places))
    if let place = try call.output("loss") { place[0] = Float(value) }
  }
  guard value.isFinite else { throw try call.whatIsNotFinite() }  // a gradient may be finite all the same
  try call.requireFiniteOutput()
  return count
}

extension Call {
  /// A required matrix with at least one element: the mean over none is no number.
  func elements(_ name: StaticString) throws(RuvectorError) -> MatrixView {
    guard let found = try matrix(name), found.rows > 0, found.dim > 0 else {
      throw .expected("at least 1 element", for: "\(name)", received: "0", .emptyInput)
    }
    return found
  }
}
