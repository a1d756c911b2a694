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
  /// [m, c] and [n, c]: what a mechanism asks of queries and keys beside their coordinates (``Attention/contextDim``),
  /// such as positions, levels, structural features. nil: zeros, or what the mechanism says.
  public var queryContext: MatrixView?
  public var keyContext: MatrixView?
  /// [m · n, e] (row i · n + j between query i and key j) or [n, e] (row j, whatever the query); nil: zeros.
  public var edges: MatrixView?
  /// Where the queries are some of a larger batch (see ``SubBatch``): their m own ends of the runs at `offsets`, their
  /// numbers in that batch, rising, and its size. What looks at places uses `place(of:)` and `batch`.
  var ends: UnsafePointer<UInt32>?
  /// Whether this is a pass of training, in which mechanisms drop some of their weights.
  public var mode = Mode.evaluation
  var places: UnsafePointer<UInt32>?
  var size: Int?

  public init(
    queries: MatrixView, keys: MatrixView, values: MatrixView, mask: UnsafePointer<UInt8>? = nil,
    maskStride: Int = 0, offsets: UnsafePointer<UInt32>? = nil, queryContext: MatrixView? = nil,
    keyContext: MatrixView? = nil, edges: MatrixView? = nil
  ) {
    (self.queries, self.keys, self.values) = (queries, keys, values)
    (self.mask, self.maskStride, self.offsets) = (mask, maskStride, offsets)
    (self.queryContext, self.keyContext, self.edges) = (queryContext, keyContext, edges)
  }

  /// The keys of query `i` that its offsets leave; all of them without offsets.
  func keys(of i: Int) -> Range<Int> {
    guard let offsets else { return 0..<keys.rows }
    return Int(offsets[i])..<Int(ends?[i] ?? offsets[i + 1])
  }

  /// Whether the mask shows key `j` to query `i`.
  @inline(__always)
  func shows(_ i: Int, _ j: Int) -> Bool { mask.map { $0[i &* maskStride &+ j] != 0 } ?? true }

  /// The edge between query `i` and key `j`.
  func edge(_ i: Int, _ j: Int) -> Int? {
    edges.map { $0.rows == keys.rows ? j : i * keys.rows + j }
  }

  /// The same call with rows in the place of queries and keys.
  func replacing(queries: MatrixView, keys: MatrixView) -> AttentionInput {
    var other = self
    (other.queries, other.keys) = (queries, keys)
    return other
  }

  /// The number of query `i` in its batch.
  func place(of i: Int) -> Int { places.map { Int($0[i]) } ?? i }

  /// Queries of the batch: m, or more where these are some of it.
  var batch: Int { size ?? queries.rows }
}

/// Where gradients are added: d(loss)/d(argument), packed rows. nil: not wanted.
public struct AttentionGradients {
  /// [m, d]
  public var queries: UnsafeMutablePointer<Float>?
  /// [n, d]
  public var keys: UnsafeMutablePointer<Float>?
  /// [n, v]
  public var values: UnsafeMutablePointer<Float>?
  public var parameters: Gradients?
  /// As many as there are edges.
  public var edges: UnsafeMutablePointer<Float>?

  public init(
    queries: UnsafeMutablePointer<Float>? = nil, keys: UnsafeMutablePointer<Float>? = nil,
    values: UnsafeMutablePointer<Float>? = nil, parameters: Gradients? = nil,
    edges: UnsafeMutablePointer<Float>? = nil
  ) {
    (self.queries, self.keys, self.values, self.parameters) = (queries, keys, values, parameters)
    self.edges = edges
  }
}

/// A mechanism that mixes values by how their keys fit a query. No state changes in a call: any number of threads may
/// share one; `backward` computes again what it needs instead of keeping it.
public protocol Attention: Mechanism {
  /// Width of queries and keys.
  var dim: Int { get }
  /// Heads whose weights can be told apart.
  var heads: Int { get }
  /// Numbers of context a query and a key may come with; 0: none.
  var contextDim: Int { get }
  /// Width of the features of an edge; 0: edges are not read.
  var edgeDim: Int { get }
  /// Width of an output where that does not depend on the values.
  var width: Int? { get }
  /// Whether a query's output depends neither on the other queries of a call nor on the places of queries and keys in it:
  /// what patterns of sparsity ask for.
  var isRowwise: Bool { get }
  /// Width of an output for values of width `v`; `.dimensionMismatch` for widths that do not fit.
  func outputDim(values v: Int) throws(RuvectorError) -> Int
  /// Where heads of softmax attention are all there is to this mechanism: `body` with those of one query over a run of keys,
  /// the first of them the `first`-th of its call. False where they are not.
  func heads(
    _ input: AttentionInput, from first: Int, _ body: (Heads) throws(RuvectorError) -> Void
  ) throws(RuvectorError) -> Bool
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

/// A mechanism of attention as the child of another mechanism, and as training reaches it.
public final class AttentionFacet: Trainable {
  public let attention: any Attention
  /// Its name in the registry: a class behind a protocol cannot be asked for it in WebAssembly.
  let name: StaticString

  init(_ attention: any Attention, _ name: StaticString) { (self.attention, self.name) = (attention, name) }

  public override func outputCount(of call: Call) throws(RuvectorError) -> Int {
    let (count, overflow) = try call.buffers[0].rows.multipliedReportingOverflow(
      by: attention.outputDim(values: call.buffers[2].columns))
    return overflow ? Int.max : count
  }

  public override func forward(_ call: Call, _ mode: Mode, _ control: Control) throws(RuvectorError) -> AnyObject? {
    _ = try AnyAttention(mechanism: attention, name: name).run("forward", call.buffers, control, of: [], mode)
    return nil
  }

  public override func backward(
    _ call: Call, _ context: AnyObject?, outputGradient: UnsafePointer<Float>,
    toInputs: [UnsafeMutablePointer<Float>?], parameters: Gradients, _ mode: Mode, _ control: Control
  ) throws(RuvectorError) {
    var input = try AnyAttention(mechanism: attention, name: name).readInput(call.buffers)
    input.mode = mode
    let places = AttentionGradients(
      queries: toInputs[0], keys: toInputs[1], values: toInputs[2], parameters: parameters, edges: toInputs[7])
    try attention.backward(input, outputGradient: outputGradient, into: places, control)
  }
}

extension Attention {
  public var facet: Facet? { AttentionFacet(self, Self.name) }
  public static var family: StaticString { "attention" }
  public static var operations: [Operation] { AttentionOperation.all }
  public func size(of side: StaticString) -> Int? { any.size(of: side) }
  public var heads: Int { 1 }
  public var width: Int? { nil }
  public var contextDim: Int { 0 }
  public var edgeDim: Int { 0 }
  public var isRowwise: Bool { true }
  public func heads(
    _ input: AttentionInput, from first: Int, _ body: (Heads) throws(RuvectorError) -> Void
  ) throws(RuvectorError) -> Bool { false }

  /// Refuses input that does not fit this mechanism.
  public func check(_ input: AttentionInput) throws(RuvectorError) { try any.check(input) }

  /// The operations by name, as the C boundary calls them:
  ///
  ///     "forward"    queries [m, d], keys [n, d], values [n, v], mask, offsets, query context [m, c], key context [n, c],
  ///                  edges [n or m · n, e], output [m · outputDim]
  ///     "weights"    the same with output [heads · m · n]
  ///     "backward"   … edges, output gradient [m · outputDim], output: the gradients of queries, keys, values,
  ///                  parameters and edges one after the other
  ///
  ///     "feed"       query [1, d], keys [n, d], values [n, v], state (f64, 2 · heads + v + 1): one query whose keys come in blocks
  ///     "merge"      another state, state: the state of the keys of both
  ///     "finish"     state, output [v]; 0 in the place of v where Float does not hold it ("forward" does it in Double)
  ///
  /// The five from mask to edges may be left out together. mask: bytes, none, n or m · n of them. offsets: u32, none or m + 1.
  /// Contexts and edges: matrices, without columns where there are none. "sparse forward", "sparse weights", "sparse backward":
  /// see ``SparsityPattern``; indices [count] (u32) stand behind the edges, offsets [m + 1] lead into them, there is no mask, and
  /// the output of "sparse weights" is [heads · count]. "feed" and "finish": of mechanisms that have ``heads(_:from:_:)``; a
  /// state is zeros at first, and the bits are those of "forward" where blocks are multiples of the mechanism's own (512
  /// keys, or `blockSize`).
  public func run(_ operation: String, _ buffers: [Tensor], _ control: Control) throws(RuvectorError) -> Int {
    try runAttention(operation, buffers, control)
  }

  /// The same for mechanisms with operations of their own.
  func runAttention(
    _ operation: String, _ buffers: [Tensor], _ control: Control
  ) throws(RuvectorError) -> Int {
    try any.run(operation, buffers, control, of: Self.operations)
  }

  var any: AnyAttention { AnyAttention(mechanism: self, name: Self.name) }
}

/// A mechanism behind its protocol: what all mechanisms share stands here once, and not once a class (WebAssembly has no
/// generics at run time).
struct AnyAttention {
  let mechanism: any Attention
  let name: StaticString

  var dim: Int { mechanism.dim }
  var heads: Int { mechanism.heads }
  var contextDim: Int { mechanism.contextDim }
  var edgeDim: Int { mechanism.edgeDim }

  /// The sides of ports that the options fix.
  func size(of side: StaticString) -> Int? {
    if side.matches("dim") { return dim }
    if side.matches("heads") { return heads }
    if side.matches("context") { return contextDim }
    if side.matches("edgeDim") { return edgeDim }
    return side.matches("width") ? mechanism.width : nil
  }

  // MARK: - Checks

  /// Refuses input that does not fit this mechanism.
  func check(_ input: AttentionInput) throws(RuvectorError) {
    let n = input.keys.rows, m = input.queries.rows
    if m > 0, input.queries.dim != dim { throw .dimension("queries[0]", expected: dim, received: input.queries.dim) }
    if n > 0, input.keys.dim != dim { throw .dimension("keys[0]", expected: dim, received: input.keys.dim) }
    guard input.values.rows == n else {
      throw .expected("\(n) rows, one a key", for: "values", received: "\(input.values.rows)", .dimensionMismatch)
    }
    guard Int64(n) <= Int64(Int32.max), Int64(m) <= Int64(Int32.max) else {
      throw .expected("at most 2^31 - 1 rows", for: "keys", received: "more", .outOfRange)
    }
    try checkExtras(input)
    guard let offsets = input.offsets else { return }
    for i in 0..<m where offsets[i] > offsets[i + 1] || offsets[i + 1] > UInt32(n) {
      throw .expected(
        "rising numbers up to \(n)", for: "offsets", received: "\(offsets[i]), \(offsets[i + 1]) at element \(i)",
        .invalidArgument)
    }
  }

  private func checkExtras(_ input: AttentionInput) throws(RuvectorError) {
    let n = input.keys.rows, m = input.queries.rows
    for (name, view, rows) in [("queryContext", input.queryContext, m), ("keyContext", input.keyContext, n)] {
      guard let view else { continue }
      guard contextDim > 0 else { throw .expected("none", for: name, received: "some", .invalidArgument) }
      guard view.rows == rows else {
        throw .expected("\(rows) rows", for: name, received: "\(view.rows)", .dimensionMismatch)
      }
      if rows > 0, view.dim != contextDim {
        throw .dimension(name + "[0]", expected: contextDim, received: view.dim)
      }
      for r in 0..<rows { try requireFinite(view.row(r), count: view.dim, for: "\(name)[\(r)]") }
    }
    guard let edges = input.edges else { return }
    guard edgeDim > 0 else { throw .expected("none", for: "edges", received: "some", .invalidArgument) }
    let (pairs, overflow) = m.multipliedReportingOverflow(by: n)
    guard edges.rows == n || (!overflow && edges.rows == pairs) else {
      throw .expected("\(n) or \(m) x \(n) rows", for: "edges", received: "\(edges.rows)", .dimensionMismatch)
    }
    if edges.rows > 0, edges.dim != edgeDim {
      throw .dimension("edges[0]", expected: edgeDim, received: edges.dim)
    }
  }
}
