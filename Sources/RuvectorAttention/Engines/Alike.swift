import RuvectorCore

// What mechanisms forward alike: those that have one engine a call say how it is made, and forward, weights and backward stand here
// once a kind of engine.

/// A mechanism that is softmax attention in slices of its rows (``Heads``) and nothing else.
public protocol SlicedAttention: Attention {
  func slices(_ input: AttentionInput) -> Heads
}

extension SlicedAttention {
  public func forward(
    _ input: AttentionInput, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    try slices(input).forward(into: out, control)
  }

  public func weights(
    _ input: AttentionInput, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    try slices(input).weights(into: out, control)
  }

  public func backward(
    _ input: AttentionInput, outputGradient: UnsafePointer<Float>, into gradients: AttentionGradients,
    _ control: Control
  ) throws(RuvectorError) {
    try slices(input).backward(outputGradient: outputGradient, into: gradients, control)
  }
}

/// Heads over rows that a mechanism has made of queries and keys, which this keeps.
public struct MadeHeads {
  let queries, keys: Rows
  let heads: Heads

  /// Refuses rows that are not finite, by the names of those that they were made from.
  init(
    _ input: AttentionInput, queries: Rows, keys: Rows, count: Int, scale: Double
  ) throws(RuvectorError) {
    try queries.require(from: input.queries, "queries")
    try keys.require(from: input.keys, "keys")
    (self.queries, self.keys) = (queries, keys)
    heads = Heads(
      input: input.replacing(queries: queries.view, keys: keys.view), count: count, scale: scale, isCausal: false)
  }
}

/// Gradients of rows that a mechanism has made.
public struct MadeGradients {
  let queries, keys: Rows

  init(_ made: MadeHeads) throws(RuvectorError) {
    queries = try Rows(made.queries.view.rows, made.queries.view.dim)
    keys = try Rows(made.keys.view.rows, made.keys.view.dim)
    queries.zero()
    keys.zero()
  }
}

/// A mechanism that changes queries and keys, row by row, before softmax attention in slices.
public protocol RowMakingAttention: Attention {
  func made(_ input: AttentionInput, _ control: Control) throws(RuvectorError) -> MadeHeads
  /// Adds to `gradients` of queries, keys and parameters what the gradients of the made rows give.
  func backward(
    _ made: MadeGradients, _ input: AttentionInput, into gradients: AttentionGradients, _ control: Control
  ) throws(RuvectorError)
}

extension RowMakingAttention {
  public func forward(
    _ input: AttentionInput, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    let made = try made(input, control)
    try made.heads.forward(into: out, control)
    withExtendedLifetime(made) {}
  }

  public func weights(
    _ input: AttentionInput, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    let made = try made(input, control)
    try made.heads.weights(into: out, control)
    withExtendedLifetime(made) {}
  }

  public func backward(
    _ input: AttentionInput, outputGradient: UnsafePointer<Float>, into gradients: AttentionGradients,
    _ control: Control
  ) throws(RuvectorError) {
    let made = try made(input, control), rows = try MadeGradients(made)
    let inner = AttentionGradients(
      queries: rows.queries.memory.pointer, keys: rows.keys.memory.pointer, values: gradients.values)
    try made.heads.backward(outputGradient: outputGradient, into: inner, control)
    try backward(rows, input, into: gradients, control)
    withExtendedLifetime(made) {}
  }
}

/// A mechanism whose heads have spaces of their own (``ManifoldHeads``).
public protocol SpacedAttention: Attention {
  func spaces(_ input: AttentionInput) throws(RuvectorError) -> ManifoldHeads
  /// Numbers that the gradient of the spaces has: what `add` gets.
  var spaceParameters: Int { get }
  /// Adds the gradient of what the spaces are made by to that of the parameters.
  func add(_ gradient: [Double], to parameters: Gradients)
}

extension SpacedAttention {
  public func outputDim(values v: Int) throws(RuvectorError) -> Int { try requirePoints(v, dim) }

  public func forward(
    _ input: AttentionInput, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    try spaces(input).forward(into: out, control)
    try requireRange(out, input.queries.rows * dim, input)
  }

  public func weights(
    _ input: AttentionInput, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    try spaces(input).weights(into: out, control)
  }

  public func backward(
    _ input: AttentionInput, outputGradient: UnsafePointer<Float>, into gradients: AttentionGradients,
    _ control: Control
  ) throws(RuvectorError) {
    var gradient = [Double](repeating: 0, count: spaceParameters)
    try spaces(input).backward(outputGradient: outputGradient, into: gradients, parameters: &gradient, control)
    if let parameters = gradients.parameters { add(gradient, to: parameters) }
  }
}
