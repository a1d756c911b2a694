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

  /// Numbers of the output of a call that is bound to "forward". (Those of attention depend on the width of the values.)
  open func outputCount(of call: Call) throws(RuvectorError) -> Int { call.outputCount }

  /// Adds the gradients of that pass: to `toInputs`, a place an input port or nil where it is not wanted, packed rows; and to
  /// those of the parameters. `outputGradient` is as long as the output.
  open func backward(
    _ call: Call, _ context: AnyObject?, outputGradient: UnsafePointer<Float>,
    toInputs: [UnsafeMutablePointer<Float>?], parameters: Gradients, _ mode: Mode, _ control: Control
  ) throws(RuvectorError) {
    throw unknown("backward", of: [])
  }
}

/// A member that has the operations "forward" and "backward" only: nothing is kept, backward computes again.
public final class RecomputingTrainable: Trainable {
  private let member: any Mechanism

  public init(_ member: any Mechanism) { self.member = member }

  public override func forward(_ call: Call, _ mode: Mode, _ control: Control) throws(RuvectorError) -> AnyObject? {
    _ = try member.run("forward", call.buffers, control)
    return nil
  }

  public override func backward(
    _ call: Call, _ context: AnyObject?, outputGradient: UnsafePointer<Float>,
    toInputs: [UnsafeMutablePointer<Float>?], parameters: Gradients, _ mode: Mode, _ control: Control
  ) throws(RuvectorError) {
    var buffers = call.buffers
    let count = try outputCount(of: call), output = UnsafeMutablePointer(mutating: outputGradient)
    let shape = call.operation.outputs[0].shape.count, rows = shape == 2 ? call.firstOutputSide : 1
    buffers[buffers.count - 1] =
      shape == 2
      ? .floats(output, rows: rows, columns: rows == 0 ? 0 : count / rows) : .floats(output, count: count)
    // The gradients of all inputs, one after the other, and those of the parameters.
    var sizes: [Int] = [], total = member.parameters.total
    for (port, tensor) in zip(call.operation.inputs, call.buffers) {
      sizes.append(port.isDifferentiable && !tensor.isLeftOut ? tensor.rows * tensor.columns : 0)
      total += sizes[sizes.count - 1]
    }
    let all = try AlignedBuffer<Float>(count: total, for: "gradients")
    buffers.append(.floats(all.pointer, count: total, isWritable: true))
    _ = try member.run("backward", buffers, control)
    var place = all.pointer
    let kernels = Kernels.current
    for (size, out) in zip(sizes, toInputs) {
      if let out { kernels.add(out, place, out, size) }
      place += size
    }
    kernels.add(parameters.all, place, parameters.all, member.parameters.total)
  }
}
