import RuvectorCore

/// The operations by name (``Attention/run(_:_:_:)``).
extension AnyAttention {
  func run(
    _ operation: String, _ buffers: [Tensor], _ control: Control, of known: [Operation], _ mode: Mode = .evaluation
  ) throws(RuvectorError) -> Int {
    if operation.utf8.starts(with: "sparse ".utf8) { return try runSparse(operation, buffers, control) }
    if operation.utf8.elementsEqual("feed".utf8) { return try feed(buffers, control) }
    if operation.utf8.elementsEqual("finish".utf8) { return try finish(buffers) }
    if operation.utf8.elementsEqual("merge".utf8) { return try merge(buffers) }
    let isBackward = operation.utf8.elementsEqual("backward".utf8)
    let isForward = operation.utf8.elementsEqual("forward".utf8)
    guard isBackward || isForward || operation.utf8.elementsEqual("weights".utf8) else {
      throw unknown(operation, of: known)
    }
    let isPlain = buffers.count == (isBackward ? 5 : 4), last = buffers.count - 1
    if !isPlain { try requireBuffers(isBackward ? 10 : 9, for: operation, buffers) }
    var input = try readInput(buffers, isPlain: isPlain)
    input.mode = mode
    try check(input)
    let m = input.queries.rows, n = input.keys.rows
    let width = try mechanism.outputDim(values: input.values.dim)
    if isForward {
      let count = try size(m, width, "output")
      try mechanism.forward(input, into: buffers[last].output("output", count: count), control)
      return count
    }
    if !isBackward {
      let count = try size(size(heads, m, "weights"), n, "weights")
      try mechanism.weights(input, into: buffers[last].output("output", count: count), control)
      return count
    }
    let given = try size(m, width, "outputGradient")
    let gradient = try buffers[last - 1].floats("outputGradient", count: given)
    try requireFinite(gradient, count: given, for: "outputGradient")
    return try withGradients(input, buffers[last]) { (gradients) throws(RuvectorError) in
      try mechanism.backward(input, outputGradient: gradient, into: gradients, control)
    }
  }

  /// `body` with room in `buffer` for the gradients of queries, keys, values, parameters and edges, one after the other, 0 at
  /// first; returns their floats.
  func withGradients(
    _ input: AttentionInput, _ buffer: Tensor, _ body: (AttentionGradients) throws(RuvectorError) -> Void
  ) throws(RuvectorError) -> Int {
    let m = input.queries.rows, n = input.keys.rows
    let sizes = [
      try size(m, dim, "gradients"), try size(n, dim, "gradients"), try size(n, input.values.dim, "gradients"),
      mechanism.parameters.total, try size(input.edges?.rows ?? 0, edgeDim, "gradients"),
    ]
    var total = 0
    for part in sizes { total = try size(1, part, plus: total, "gradients") }
    let out = try buffer.output("output", count: total)
    out.update(repeating: 0, count: total)
    let k = out + sizes[0], v = k + sizes[1], p = v + sizes[2], e = p + sizes[3]
    try body(
      AttentionGradients(
        queries: out, keys: k, values: v, parameters: Gradients(p), edges: input.edges == nil ? nil : e))
    try requireRange(out, total, input)
    return total
  }

  /// a · b + c, which 32 bits may not hold.
  func size(_ a: Int, _ b: Int, plus c: Int = 0, _ name: String) throws(RuvectorError) -> Int {
    let (product, overflow) = a.multipliedReportingOverflow(by: b)
    let (sum, carry) = product.addingReportingOverflow(c)
    guard !overflow, !carry else {
      throw .expected("sizes that fit in memory", for: name, received: "more", .outOfMemory)
    }
    return sum
  }

  /// `isPlain`: of queries, keys and values alone.
  func readInput(_ buffers: [Tensor], isPlain: Bool = false) throws(RuvectorError) -> AttentionInput {
    var input = AttentionInput(
      queries: try buffers[0].matrix("queries"), keys: try buffers[1].matrix("keys"),
      values: try buffers[2].matrix("values"))
    if isPlain { return input }
    let m = input.queries.rows, n = input.keys.rows
    let mask = try buffers[3].bytes("mask")
    if mask.count > 0 {
      guard mask.count == n || (n > 0 && mask.count % n == 0 && mask.count / n == m) else {
        throw .expected("\(n) or \(m) x \(n) elements", for: "mask", received: "\(mask.count)", .dimensionMismatch)
      }
      input.mask = mask.baseAddress.map { UnsafePointer($0.assumingMemoryBound(to: UInt8.self)) }
      input.maskStride = mask.count == n ? 0 : n
    }
    if buffers[4].columns > 0 { input.offsets = try buffers[4].readIndices("offsets", count: m + 1) }
    if buffers[5].columns > 0 { input.queryContext = try buffers[5].matrix("queryContext") }
    if buffers[6].columns > 0 { input.keyContext = try buffers[6].matrix("keyContext") }
    if buffers[7].columns > 0 { input.edges = try buffers[7].matrix("edges") }
    return input
  }
}
