import CRuvectorSupport
import RuvectorCore

/// A pattern in a caller's memory.
struct PatternView {
  let rows: Int
  let offsets: UnsafePointer<UInt32>
  let indices: UnsafePointer<UInt32>
  let count: Int

  /// Refuses offsets that fall or do not lead from 0 to `count`, and keys that there are not.
  func check(columns: Int, rising: Bool = false) throws(RuvectorError) {
    guard offsets[0] == 0, Int(offsets[rows]) == count else {
      throw .expected(
        "numbers from 0 to \(count)", for: "offsets", received: "\(offsets[0]) to \(offsets[rows])", .invalidArgument)
    }
    for i in 0..<rows {
      guard offsets[i] <= offsets[i + 1] else {
        throw .expected(
          "rising numbers", for: "offsets", received: "a smaller one at element \(i + 1)", .invalidArgument)
      }
      for place in Int(offsets[i])..<min(Int(offsets[i + 1]), count) {
        guard indices[place] < UInt32(clamping: columns) else {
          throw .expected(
            "numbers below \(columns)", for: "indices", received: "\(indices[place]) at element \(place)",
            .invalidArgument)
        }
        if rising, place > Int(offsets[i]), indices[place - 1] >= indices[place] {
          throw .expected(
            "rising numbers in each row", for: "indices", received: "\(indices[place]) at element \(place)",
            .invalidArgument)
        }
      }
    }
  }
}

/// Attention over a ``SparsityPattern``: query i sees the keys of row i, whatever their order in memory. Keys and values are
/// gathered row after row, where every query has a run of its own, in blocks of bounded size; gradients are added back.
/// Works for every mechanism whose queries stand alone (`isRowwise`); edges, where a mechanism reads them, are one row a pair
/// of the pattern, in its order.
/// - Complexity: O(count · (d + v)) beside the mechanism's own work on count pairs; memory O(16,384 · (d + v)) a thread, or
///   that of the longest row.
extension Attention {
  /// `out` [m, outputDim].
  public func forward(
    _ input: AttentionInput, over pattern: SparsityPattern, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    try any.forward(input, over: pattern.view, into: out, control)
  }

  /// The weights of the pairs, in the order of the pattern: `out` [heads, count].
  public func weights(
    _ input: AttentionInput, over pattern: SparsityPattern, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    try any.weights(input, over: pattern.view, into: out, control)
  }

  /// Adds to `gradients` what `outputGradient` [m, outputDim] gives.
  public func backward(
    _ input: AttentionInput, over pattern: SparsityPattern, outputGradient: UnsafePointer<Float>,
    into gradients: AttentionGradients, _ control: Control
  ) throws(RuvectorError) {
    try any.backward(input, over: pattern.view, outputGradient: outputGradient, into: gradients, control)
  }
}

extension AnyAttention {
  func forward(
    _ input: AttentionInput, over pattern: PatternView, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    let width = try checkSparse(input, pattern), blocks = blocks(pattern)
    let quiet = Control(cancelFlag: control.cancelFlag)
    try forChunks(of: blocks.count - 1, chunk: 1, control) { (one, _) throws(RuvectorError) in
      let queries = blocks[one.lowerBound]..<blocks[one.upperBound]
      let block = try GatheredBlock(input, pattern, queries)
      try mechanism.forward(block.input, into: out + queries.lowerBound * width, quiet)
      withExtendedLifetime(block) {}
    }
  }

  func weights(
    _ input: AttentionInput, over pattern: PatternView, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    _ = try checkSparse(input, pattern)
    let quiet = Control(cancelFlag: control.cancelFlag)
    // One query at a time: a block's weights would be those of all its queries for all its keys.
    try forChunks(of: pattern.rows, chunk: 16, control) { (queries, _) throws(RuvectorError) in
      for i in queries {
        let start = Int(pattern.offsets[i]), count = Int(pattern.offsets[i + 1]) - start
        let block = try GatheredBlock(input, pattern, i..<(i + 1))
        let p = try AlignedBuffer<Float>(count: heads * count, for: "weights")
        try mechanism.weights(block.input, into: p.pointer, quiet)
        for h in 0..<heads { (out + h * pattern.count + start).update(from: p.pointer + h * count, count: count) }
        withExtendedLifetime(block) {}
      }
    }
  }

  func backward(
    _ input: AttentionInput, over pattern: PatternView, outputGradient: UnsafePointer<Float>,
    into gradients: AttentionGradients, _ control: Control
  ) throws(RuvectorError) {
    let width = try checkSparse(input, pattern), blocks = blocks(pattern), kernels = Kernels.current
    let d = input.keys.dim, v = input.values.dim
    // One block after the other: two of them may add to the same key.
    for b in 0..<(blocks.count - 1) {
      try control.check()
      let queries = blocks[b]..<blocks[b + 1], first = queries.lowerBound
      let block = try GatheredBlock(input, pattern, queries), n = block.input.keys.rows
      let own = try AlignedBuffer<Float>(count: n * (d + v), repeating: 0, for: "gradients")
      let dK = own.pointer, dV = dK + n * d, start = Int(pattern.offsets[first])
      try mechanism.backward(
        block.input, outputGradient: outputGradient + first * width,
        into: AttentionGradients(
          queries: gradients.queries.map { $0 + first * input.queries.dim }, keys: dK, values: dV,
          parameters: gradients.parameters, edges: gradients.edges.map { $0 + start * edgeDim }), control)
      for r in 0..<n {
        let j = Int(pattern.indices[start + r])
        if let keys = gradients.keys { kernels.add(keys + j * d, dK + r * d, keys + j * d, d) }
        if let values = gradients.values { kernels.add(values + j * v, dV + r * v, values + j * v, v) }
      }
      withExtendedLifetime(block) {}
    }
  }

  /// Where blocks of queries with some 16,384 pairs begin, and the end.
  private func blocks(_ pattern: PatternView) -> [Int] {
    var starts = [0]
    for i in 0..<pattern.rows {
      let first = starts[starts.count - 1]
      if i > first, Int(pattern.offsets[i + 1]) - Int(pattern.offsets[first]) > 16_384 { starts.append(i) }
    }
    if pattern.rows > 0 { starts.append(pattern.rows) }
    return starts
  }

  /// The width of an output, once everything fits.
  private func checkSparse(_ input: AttentionInput, _ pattern: PatternView) throws(RuvectorError) -> Int {
    guard mechanism.isRowwise else {
      throw .expected(
        "a mechanism whose queries stand alone", for: "pattern", received: notRowwise(name, mechanism.children),
        .unsupported)
    }
    guard contextDim == 0 || input.keyContext != nil else {
      throw .expected("the context of keys", for: "pattern of \(name)", received: "none", .unsupported)
    }
    guard input.mask == nil, input.offsets == nil else {
      throw .expected("no mask and no offsets", for: "pattern", received: "some", .invalidArgument)
    }
    guard pattern.rows == input.queries.rows else {
      throw .expected(
        "\(input.queries.rows) rows, one a query", for: "pattern", received: "\(pattern.rows)", .dimensionMismatch)
    }
    try pattern.check(columns: input.keys.rows)
    var plain = input
    plain.edges = nil
    try check(plain)
    if let edges = input.edges {
      guard edgeDim > 0 else { throw .expected("none", for: "edges", received: "some", .invalidArgument) }
      guard edges.rows == pattern.count else {
        throw .expected(
          "\(pattern.count) rows, one a pair", for: "edges", received: "\(edges.rows)", .dimensionMismatch)
      }
      if edges.rows > 0, edges.dim != edgeDim { throw .dimension("edges[0]", expected: edgeDim, received: edges.dim) }
    }
    return try mechanism.outputDim(values: input.values.dim)
  }

  /// The mechanism whose queries do not stand alone, by its name, and its place among experts: `moe, whose experts[1] is
  /// local_global`.
  private func notRowwise(_ name: StaticString, _ children: [any Mechanism]) -> String {
    for (e, child) in children.enumerated() {
      guard let its = child.facet as? AttentionFacet, !its.attention.isRowwise else { continue }
      return "\(name), whose experts[\(e)] is \(notRowwise(its.name, its.attention.children))"
    }
    return children.isEmpty ? "\(name)" : "\(name) with room for so many queries an expert"
  }

  /// "sparse forward", "sparse weights", "sparse backward".
  func runSparse(_ operation: String, _ buffers: [Tensor], _ control: Control) throws(RuvectorError) -> Int {
    let isBackward = operation.utf8.elementsEqual("sparse backward".utf8)
    let isForward = operation.utf8.elementsEqual("sparse forward".utf8)
    guard isBackward || isForward || operation.utf8.elementsEqual("sparse weights".utf8) else {
      throw unknown(operation, of: AttentionOperation.all)
    }
    try requireBuffers(isBackward ? 11 : 10, for: operation, buffers)
    var input = try readInput(buffers)
    guard let offsets = input.offsets else {
      throw .expected("offsets", for: "pattern", received: "none", .invalidArgument)
    }
    let m = input.queries.rows, count = buffers[8].columns
    let pattern = PatternView(
      rows: m, offsets: offsets, indices: try buffers[8].readIndices("indices", count: count), count: count)
    input.offsets = nil
    let width = try checkSparse(input, pattern)
    if isForward {
      let size = try size(m, width, "output")
      try forward(input, over: pattern, into: buffers[9].output("output", count: size), control)
      return size
    }
    if !isBackward {
      let size = try size(heads, count, "weights")
      try weights(input, over: pattern, into: buffers[9].output("output", count: size), control)
      return size
    }
    let given = try size(m, width, "outputGradient")
    let gradient = try buffers[9].floats("outputGradient", count: given)
    try requireFinite(gradient, count: given, for: "outputGradient")
    return try withGradients(input, buffers[10]) { (gradients) throws(RuvectorError) in
      try backward(input, over: pattern, outputGradient: gradient, into: gradients, control)
    }
  }
}

/// Some queries with the keys, values and contexts that they see, one run after the other.
private final class GatheredBlock {
  private(set) var input: AttentionInput
  private var floats: [AlignedBuffer<Float>] = []
  private let starts: AlignedBuffer<UInt32>

  init(_ whole: AttentionInput, _ pattern: PatternView, _ queries: Range<Int>) throws(RuvectorError) {
    let first = Int(pattern.offsets[queries.lowerBound]), count = Int(pattern.offsets[queries.upperBound]) - first
    starts = try AlignedBuffer(count: queries.count + 1, for: "pattern")
    for i in 0...queries.count { starts[i] = pattern.offsets[queries.lowerBound + i] - UInt32(first) }
    input = whole
    input.queries = whole.queries.slice(queries)
    input.queryContext = whole.queryContext?.slice(queries)
    input.edges = whole.edges?.slice(first..<(first + count))
    // One query alone sees all of its keys.
    input.offsets = queries.count == 1 ? nil : UnsafePointer(starts.pointer)
    let rows = pattern.indices + first
    input.keys = try gather(whole.keys, rows, count)
    input.values = try gather(whole.values, rows, count)
    if let context = whole.keyContext { input.keyContext = try gather(context, rows, count) }
  }

  private func gather(
    _ matrix: MatrixView, _ rows: UnsafePointer<UInt32>, _ count: Int
  ) throws(RuvectorError) -> MatrixView {
    let (size, overflow) = count.multipliedReportingOverflow(by: matrix.dim)
    guard !overflow else {
      throw .expected("a size that fits in memory", for: "pattern", received: "more", .outOfMemory)
    }
    let memory = try AlignedBuffer<Float>(count: size, for: "pattern")
    for r in 0..<count {
      (memory.pointer + r * matrix.dim).update(from: matrix.row(Int(rows[r])), count: matrix.dim)
    }
    floats.append(memory)
    return MatrixView(memory.pointer, rows: count, dim: matrix.dim)
  }
}
