import RuvectorCore

/// A loss of two matrices of one shape: a number that is least where `input` is what `target` says, and its gradients.
public protocol Loss: Mechanism {
  /// The loss.
  func value(_ input: MatrixView, _ target: MatrixView) throws(RuvectorError) -> Double
  /// Adds `scale` times the gradients to `toInput` and `toTarget`, packed rows that are 0 at first.
  func backward(
    _ input: MatrixView, _ target: MatrixView, scale: Double, toInput: UnsafeMutablePointer<Float>,
    toTarget: UnsafeMutablePointer<Float>
  ) throws(RuvectorError)
}

private enum LossOperation {
  static let forward = Operation(
    "forward", [.input("input", ["n", "d"]), .input("target", ["n", "d"])], [Port("loss", [1])])
  static let all = [forward, forward.backward(hasParameters: false)]
}

/// How a loss of many elements becomes one number.
enum Reduction {
  static let option = Option("reduction", .choice(["mean", "sum"]), standard: 0, "Mean or sum over all elements.")
}

extension Loss {
  public static var family: StaticString { "loss" }
  public static var operations: [Operation] { LossOperation.all }

  public func perform(_ call: Call, _ control: Control) throws(RuvectorError) -> Int { try runLoss(self, call) }
}

/// (Once, and not once a class: WebAssembly has no generics at run time.)
private func runLoss(_ loss: any Loss, _ call: Call) throws(RuvectorError) -> Int {
  guard let input = try call.matrix("input"), let target = try call.matrix("target") else { return 0 }
  guard input.rows > 0, input.dim > 0 else {
    throw .expected("at least 1 element", for: "input", received: "0", .emptyInput)
  }
  let out = try call.output(), count = call.outputCount
  if call.isNamed("forward") {
    out[0] = Float(try loss.value(input, target))
  } else if let toInput = try call.output("input"), let toTarget = try call.output("target") {
    out.update(repeating: 0, count: count)
    let scale = Double(try call.vector("outputGradient")?[0] ?? 1)
    try loss.backward(input, target, scale: scale, toInput: toInput, toTarget: toTarget)
  }
  try call.requireFiniteOutput()
  return count
}
