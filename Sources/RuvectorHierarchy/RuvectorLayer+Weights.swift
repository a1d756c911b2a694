import RuvectorCore

extension RuvectorLayer: WalkLayer {
  public static let name: StaticString = "ruvector"
  public static let options = [
    Option("inputDim", .integer(1...Int64(maximumDim)), "Width of the node and its neighbours."),
    Option("hiddenDim", .integer(1...Int64(maximumDim)), "Width of the output; a multiple of heads."),
    Option("heads", .integer(1...Int64(maximumDim)), "Attention heads."),
    Option("dropout", .number(0...1), standard: 0, "Constant factor 1 - dropout before the layer norm."),
    Option("eps", .number(1e-30...1), standard: 1e-5, "Added to the variance in the layer norm."),
    Option("seed", .seed, standard: 0, "Seed of the initial weights."),
  ]

  public convenience init(_ settings: Settings) throws(RuvectorError) {
    try self.init(
      inputDim: settings.integer("inputDim"), hiddenDim: settings.integer("hiddenDim"),
      heads: settings.integer("heads"), dropout: settings.number("dropout"), seed: settings.seed("seed"),
      epsilon: settings.number("eps"))
  }

  public var optionValues: [Double] {
    [Double(inputDim), Double(hiddenDim), Double(heads), dropout, epsilon, Double(seed)]
  }

  public static let operations = [forward, forward.backward()]
  private static let forward = Operation(
    "forward",
    [.input("node", ["in"]), .input("neighbors", ["n", "in"]), .input("edgeWeights", ["weights"], .optional)],
    [Port("output", ["hidden"])])

  public func size(of side: StaticString) -> Int? {
    side.matches("in") ? inputDim : side.matches("hidden") ? hiddenDim : nil
  }

  /// A good "forward" goes straight to its formula: a small layer takes no longer than to bind its buffers.
  public func run(_ operation: String, _ buffers: [Tensor], _ control: Control) throws(RuvectorError) -> Int {
    guard buffers.count == 4, ("forward" as StaticString).matches(operation), buffers[0].rank == 1,
      buffers[0].columns == inputDim, buffers[1].rank == 2, buffers[1].columns == inputDim, buffers[2].rank == 1
    else { return try runBound(operation, buffers, control) }
    let weights = UnsafeBufferPointer(start: try buffers[2].floats("edgeWeights"), count: buffers[2].columns)
    try forward(
      buffers[0].floats("node"), neighbors: buffers[1].matrix("neighbors"), edgeWeights: weights,
      into: buffers[3].output("output", count: hiddenDim))
    return hiddenDim
  }

  public func perform(_ call: Call, _ control: Control) throws(RuvectorError) -> Int {
    try runWalkLayer(self, call)
  }

  /// Weights are Xavier-normal from `seed`, biases 0, gamma 1, beta 0.
  public static func slots(_ settings: Settings) -> [Slot] {
    slots(inputDim: settings.integer("inputDim"), hiddenDim: settings.integer("hiddenDim"))
  }

  static func slots(inputDim: Int, hiddenDim h: Int) -> [Slot] {
    var slots = Slot.linear("w_msg.weights", "w_msg.bias", inputDim, h)
    slots += Slot.linear("w_agg.weights", "w_agg.bias", h, h)
    slots += Slot.linear("w_update.w_z.weights", "w_update.w_z.bias", h, h)
    slots += Slot.linear("w_update.u_z.weights", "w_update.u_z.bias", h, h)
    slots += Slot.linear("w_update.w_r.weights", "w_update.w_r.bias", h, h)
    slots += Slot.linear("w_update.u_r.weights", "w_update.u_r.bias", h, h)
    slots += Slot.linear("w_update.w_h.weights", "w_update.w_h.bias", h, h)
    slots += Slot.linear("w_update.u_h.weights", "w_update.u_h.bias", h, h)
    slots += Slot.linear("attention.q_linear.weights", "attention.q_linear.bias", h, h)
    slots += Slot.linear("attention.k_linear.weights", "attention.k_linear.bias", h, h)
    slots += Slot.linear("attention.v_linear.weights", "attention.v_linear.bias", h, h)
    slots += Slot.linear("attention.out_linear.weights", "attention.out_linear.bias", h, h)
    return slots + [Slot("norm.gamma", [h], .ones), Slot("norm.beta", [h], .zeros)]
  }
}
