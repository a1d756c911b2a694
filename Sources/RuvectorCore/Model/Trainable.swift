import CRuvectorSupport

/// How a forward pass is meant.
public struct Mode: Sendable {
  /// Whether what only training does (dropout, sampling) happens.
  public let isTraining: Bool
  /// Random decisions are functions of these two and of a place (layer, element), never of an order: threads and repeated
  /// passes agree.
  public let seed: UInt64
  public let step: UInt64

  public static let evaluation = Mode(isTraining: false, seed: 0, step: 0)

  public static func training(seed: UInt64, step: UInt64) -> Mode { Mode(isTraining: true, seed: seed, step: step) }
}

/// What training needs of a member: a forward pass that keeps what its backward pass wants, several of them in flight.
///
/// A member whose `facet` is none is trained through its operations, whose backward recomputes (`RecomputingTrainable`).
open class Trainable: Facet {
  /// Fills the output of `call`, which is bound to "forward"; returns what `backward` wants to know of this pass.
  open func forward(_ call: Call, _ mode: Mode, _ control: Control) throws(RuvectorError) -> AnyObject? {
    throw unknown("\(call.operation.name)", of: [])
  }

  /// Adds the gradients of that pass: to `toInputs`, a place an input port or nil where it is not wanted, packed rows; and to
  /// those of the parameters. `outputGradient` is as long as the output.
  open func backward(
    _ call: Call, _ context: AnyObject?, outputGradient: UnsafePointer<Float>,
    toInputs: [UnsafeMutablePointer<Float>?], parameters: Gradients, _ mode: Mode, _ control: Control
  ) throws(RuvectorError) {
    throw unknown("backward", of: [])
  }
}
