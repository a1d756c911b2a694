import CRuvectorSupport
import RuvectorCore

/// What a call attends with: m queries, n keys with their values, and which query may see which key.
public struct AttentionInput {
  /// [m, d]
  public var queries: MatrixView
  /// [n, d]
  public var keys: MatrixView
  /// [n, v]
  public var values: MatrixView
  /// 0: not seen. `maskStride` 0: one row of n bytes for all queries, else a row of n each.
  public var mask: UnsafePointer<UInt8>?
  public var maskStride: Int
  /// m + 1 rising numbers: query i sees keys offsets[i]..<offsets[i + 1] only (a graph in CSR form).
  public var offsets: UnsafePointer<UInt32>?

  public init(
    queries: MatrixView, keys: MatrixView, values: MatrixView, mask: UnsafePointer<UInt8>? = nil,
    maskStride: Int = 0, offsets: UnsafePointer<UInt32>? = nil
  ) {
    (self.queries, self.keys, self.values) = (queries, keys, values)
    (self.mask, self.maskStride, self.offsets) = (mask, maskStride, offsets)
  }

  /// The keys of query `i` that its offsets leave; all of them without offsets.
  func keys(of i: Int) -> Range<Int> {
    guard let offsets else { return 0..<keys.rows }
    return Int(offsets[i])..<Int(offsets[i + 1])
  }
}

/// Where gradients are added: d(loss)/d(argument), packed rows. nil: not wanted.
public struct AttentionGradients {
  /// [m, d]
  public var queries: UnsafeMutablePointer<Float>?
  /// [n, d]
  public var keys: UnsafeMutablePointer<Float>?
  /// [n, v]
  public var values: UnsafeMutablePointer<Float>?
  /// All parameters, in their order.
  public var parameters: UnsafeMutablePointer<Float>?

  public init(
    queries: UnsafeMutablePointer<Float>? = nil, keys: UnsafeMutablePointer<Float>? = nil,
    values: UnsafeMutablePointer<Float>? = nil, parameters: UnsafeMutablePointer<Float>? = nil
  ) {
    (self.queries, self.keys, self.values, self.parameters) = (queries, keys, values, parameters)
  }
}

/// A mechanism that mixes values by how their keys fit a query. No state changes in a call: any number of threads may
/// share one; `backward` computes again what it needs instead of keeping it.
public protocol Attention: Mechanism {
  /// Width of queries and keys.
  var dim: Int { get }
  /// Heads whose weights can be told apart.
  var heads: Int { get }
  /// Width of an output for values of width `v`; `.dimensionMismatch` for widths that do not fit.
  func outputDim(values v: Int) throws(RuvectorError) -> Int
  /// `out` [m, outputDim], packed. A query that sees no key gives zeros.
  func forward(_ input: AttentionInput, into out: UnsafeMutablePointer<Float>, _ control: Control) throws(RuvectorError)
  /// The weights behind `forward`: `out` [heads, m, n]; each row sums to 1, or to 0 where nothing is seen.
  func weights(_ input: AttentionInput, into out: UnsafeMutablePointer<Float>, _ control: Control) throws(RuvectorError)
  /// Adds to `gradients` what `outputGradient` [m, outputDim] gives through `forward`.
  func backward(
    _ input: AttentionInput, outputGradient: UnsafePointer<Float>, into gradients: AttentionGradients,
    _ control: Control
  ) throws(RuvectorError)
}

extension Attention {
  public static var family: StaticString { "attention" }
  public var heads: Int { 1 }

  /// Refuses input that does not fit this mechanism.
  public func check(_ input: AttentionInput) throws(RuvectorError) {
    let n = input.keys.rows, m = input.queries.rows
    if m > 0, input.queries.dim != dim { throw .dimension("queries[0]", expected: dim, received: input.queries.dim) }
    if n > 0, input.keys.dim != dim { throw .dimension("keys[0]", expected: dim, received: input.keys.dim) }
    guard input.values.rows == n else {
      throw .expected("\(n) rows, one a key", for: "values", received: "\(input.values.rows)", .dimensionMismatch)
    }
    guard n <= Int(Int32.max), m <= Int(Int32.max) else {
      throw .expected("at most 2^31 - 1 rows", for: "keys", received: "more", .outOfRange)
    }
    guard let offsets = input.offsets else { return }
    for i in 0..<m where offsets[i] > offsets[i + 1] || offsets[i + 1] > UInt32(n) {
      throw .expected(
        "rising numbers up to \(n)", for: "offsets", received: "\(offsets[i]), \(offsets[i + 1]) at element \(i)",
        .invalidArgument)
    }
  }

  /// "forward":  queries [m, d], keys [n, d], values [n, v], mask, offsets, output [m · outputDim]
  /// "weights":  the same with output [heads · m · n]
  /// "backward": … offsets, output gradient [m · outputDim], output: the gradients of queries, keys, values and
  ///             parameters one after the other
  ///
  /// mask: bytes, none, n or m · n of them. offsets: u32, none or m + 1.
  public func run(
    _ operation: String, _ buffers: [Tensor], _ control: Control
  ) throws(RuvectorError) -> Int {
    let isBackward = operation.utf8.elementsEqual("backward".utf8)
    let isForward = operation.utf8.elementsEqual("forward".utf8)
    guard isBackward || isForward || operation.utf8.elementsEqual("weights".utf8) else {
      throw unknown(operation, expected: "one of forward, weights, backward")
    }
    try requireBuffers(isBackward ? 7 : 6, for: operation, buffers)
    let input = try readInput(buffers)
    try check(input)
    let m = input.queries.rows, n = input.keys.rows, v = input.values.dim
    let width = try outputDim(values: v)
    if isForward {
      let count = try size(m, width, "output")
      try forward(input, into: buffers[5].output("output", count: count), control)
      return count
    }
    if !isBackward {
      let count = try size(size(heads, m, "weights"), n, "weights")
      try weights(input, into: buffers[5].output("output", count: count), control)
      return count
    }
    let given = try size(m, width, "outputGradient")
    let gradient = try buffers[5].floats("outputGradient", count: given)
    try requireFinite(gradient, count: given, for: "outputGradient")
    let sizes = [
      try size(m, dim, "gradients"), try size(n, dim, "gradients"), try size(n, v, "gradients"),
      parameters.reduce(0) { $0 + $1.values.count },
    ]
    var total = 0
    for part in sizes { total = try size(1, part, plus: total, "gradients") }
    let out = try buffers[6].output("output", count: total)
    out.update(repeating: 0, count: total)
    try backward(
      input, outputGradient: gradient,
      into: AttentionGradients(
        queries: out, keys: out + sizes[0], values: out + sizes[0] + sizes[1],
        parameters: out + sizes[0] + sizes[1] + sizes[2]), control)
    try requireRange(out, total, input)
    return total
  }

  /// a · b + c, which 32 bits may not hold.
  private func size(_ a: Int, _ b: Int, plus c: Int = 0, _ name: String) throws(RuvectorError) -> Int {
    let (product, overflow) = a.multipliedReportingOverflow(by: b)
    let (sum, carry) = product.addingReportingOverflow(c)
    guard !overflow, !carry else {
      throw .expected("sizes that fit in memory", for: name, received: "more", .outOfMemory)
    }
    return sum
  }

  private func readInput(_ buffers: [Tensor]) throws(RuvectorError) -> AttentionInput {
    var input = AttentionInput(
      queries: try buffers[0].matrix("queries"), keys: try buffers[1].matrix("keys"),
      values: try buffers[2].matrix("values"))
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
    return input
  }
}
