import RuvectorCore

extension RuvectorLayer: Mechanism {
  public static let family: StaticString = "layer"
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

  /// "forward":  node [in], neighbors [n, in], edge weights [m], output [hidden]
  /// "backward": … edge weights [m], output gradient [hidden], output: the gradients of node, neighbors, edge weights and
  ///             parameters one after the other
  public func run(
    _ operation: String, _ buffers: [Tensor], _ control: Control
  ) throws(RuvectorError) -> Int {
    if operation.utf8.elementsEqual("backward".utf8) { return try runBackward(buffers) }
    guard operation.utf8.elementsEqual("forward".utf8) else {
      throw unknown(operation, expected: "forward or backward")
    }
    try requireBuffers(4, for: operation, buffers)
    let weights = UnsafeBufferPointer(start: try buffers[2].floats("edgeWeights"), count: buffers[2].columns)
    try forward(
      buffers[0].floats("node", count: inputDim), neighbors: buffers[1].matrix("neighbors"),
      edgeWeights: weights, into: buffers[3].output("output", count: hiddenDim))
    return hiddenDim
  }

  private func runBackward(_ buffers: [Tensor]) throws(RuvectorError) -> Int {
    try requireBuffers(5, for: "backward", buffers)
    let neighbors = try buffers[1].matrix("neighbors")
    let weights = UnsafeBufferPointer(start: try buffers[2].floats("edgeWeights"), count: buffers[2].columns)
    let rest = inputDim + weights.count + parameters.reduce(0) { $0 + $1.values.count }
    let (rows, overflow) = neighbors.rows.multipliedReportingOverflow(by: inputDim)
    let (total, carry) = rows.addingReportingOverflow(rest)
    guard !overflow, !carry else {
      throw .expected("sizes that fit in memory", for: "gradients", received: "more", .outOfMemory)
    }
    let node = try buffers[0].floats("node", count: inputDim)
    let gradient = try buffers[3].floats("outputGradient", count: hiddenDim)
    let out = try buffers[4].output("output", count: total)
    out.update(repeating: 0, count: total)
    let places = LayerGradients(
      node: out, neighbors: out + inputDim, edgeWeights: out + inputDim + rows,
      parameters: out + inputDim + rows + weights.count)
    try backward(node, neighbors: neighbors, edgeWeights: weights, outputGradient: gradient, into: places)
    return total
  }

  /// Every weight, in the order in which they are saved. The names are the paths in the layer's JSON.
  public var parameters: [Parameter] {
    func pair(_ weights: StaticString, _ bias: StaticString, _ linear: Linear) -> [Parameter] {
      [
        Parameter(weights, [linear.outDim, linear.inDim], linear.weight),
        Parameter(bias, [linear.outDim], linear.bias),
      ]
    }
    return pair("w_msg.weights", "w_msg.bias", message)
      + pair("w_agg.weights", "w_agg.bias", aggregate)
      + pair("w_update.w_z.weights", "w_update.w_z.bias", updateInput)
      + pair("w_update.u_z.weights", "w_update.u_z.bias", updateHidden)
      + pair("w_update.w_r.weights", "w_update.w_r.bias", resetInput)
      + pair("w_update.u_r.weights", "w_update.u_r.bias", resetHidden)
      + pair("w_update.w_h.weights", "w_update.w_h.bias", candidateInput)
      + pair("w_update.u_h.weights", "w_update.u_h.bias", candidateHidden)
      + pair("attention.q_linear.weights", "attention.q_linear.bias", query)
      + pair("attention.k_linear.weights", "attention.k_linear.bias", key)
      + pair("attention.v_linear.weights", "attention.v_linear.bias", value)
      + pair("attention.out_linear.weights", "attention.out_linear.bias", output)
      + [
        Parameter("norm.gamma", [hiddenDim], gamma),
        Parameter("norm.beta", [hiddenDim], beta),
      ]
  }
}
