import RuvectorCore

/// One loss of several: the sum of a term of each, which has a parameter a task. Precision: Double, rounded once.
public protocol LossWeighing: Mechanism {
  var tasks: Int { get }
  /// What a loss counts, and how that changes with the loss and with its parameter.
  func term(_ task: Int, _ loss: Double) -> (value: Double, toLoss: Double, toParameter: Double)
}

private let forward = Operation("forward", [.input("losses", ["tasks"])], [Port("loss", [1])])

extension LossWeighing {
  public static var family: StaticString { "balancing" }
  public static var options: [Option] { [Option("tasks", .integer(1...65_536), "Losses that are weighed.")] }
  public static var operations: [Operation] { [forward, forward.backward()] }
  public var optionValues: [Double] { [Double(tasks)] }

  public func size(of side: StaticString) -> Int? { side.matches("tasks") ? tasks : nil }

  public func perform(_ call: Call, _ control: Control) throws(RuvectorError) -> Int { try runWeighing(self, call) }
}

/// (Once, and not once a class: WebAssembly has no generics at run time.)
private func runWeighing(_ weighing: any LossWeighing, _ call: Call) throws(RuvectorError) -> Int {
  guard let losses = try call.vector("losses") else { return 0 }
  let out = try call.output(), tasks = weighing.tasks
  if call.isNamed("forward") {
    var sum = 0.0
    for i in 0..<tasks { sum += weighing.term(i, Double(losses[i])).value }
    out[0] = Float(sum)
  } else {
    let scale = Double(try call.vector("outputGradient")?[0] ?? 1)
    for i in 0..<tasks {
      let (_, toLoss, toParameter) = weighing.term(i, Double(losses[i]))
      (out[i], out[tasks + i]) = (Float(scale * toLoss), Float(scale * toParameter))
    }
  }
  try call.requireFiniteOutput()
  return call.outputCount
}
