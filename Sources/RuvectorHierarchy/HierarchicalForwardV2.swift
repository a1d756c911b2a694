import RuvectorCore
import RuvectorSearch

/// Walk down the levels of a hierarchy, coarse to fine (`hierarchicalForwardV2` of the RFC): at each level the `mode`
/// keeps the k best nodes, joins their aggregate with the current embedding and lets the level's layer act on it.
///
///     e ← start(query);   for each level l:   kept ← keep(e, E_l),   m ← combine(e, kept),   e ← layer(m, kept) or m
///
/// - Parameters:
///   - query: the first e.
///   - levels: widths follow the layers, d_l = inputDim_l = hiddenDim_{l−1}; an empty level is skipped with its layer.
///   - layers: one a level, nil for the identity (pure descent: the right choice without trained weights).
///   - mode: from ``HierarchyModes``.
///   - control: threads (for the searches), cancelling, progress.
///   - onLevel: called after each level that is not empty, with its number, the e it began with and the nodes kept.
/// - Returns: e after the last level (hiddenDim of the last layer used, or the query's width), rounded to Float.
/// - Throws: `.dimensionMismatch` naming level or layer, `.nonFinite`, `.outOfRange`, `.aborted`.
/// - Complexity: O(Σ n_l · d_l) plus the layers.
///
/// Against V1 (``hierarchicalForward(query:levels:layers:control:)``): the weights of the kept nodes sum to 1 (there
/// they shrink as 5/n), and the geometry is a choice.
public func hierarchicalForwardV2(
  query: UnsafeBufferPointer<Float>, levels: [Candidates], layers: [(any WalkLayer)?], mode: any HierarchyMode,
  control: Control = .none, onLevel: (_ level: Int, _ e: [Double], _ kept: KeptNodes) -> Void = { _, _, _ in }
) throws(RuvectorError) -> [Float] {
  guard layers.count == levels.count else {
    throw .expected("\(levels.count) layers", for: "layers", received: "\(layers.count)", .dimensionMismatch)
  }
  guard let base = query.baseAddress, !query.isEmpty else {
    throw .expected("at least 1 element", for: "query", received: "0", .emptyInput)
  }
  try requireFinite(base, count: query.count, for: "query")
  var e = try mode.start(query.map { Double($0) })
  for l in levels.indices where levels[l].rows > 0 {
    try control.check()
    let level = levels[l], name = "layerEmbeddings[\(l)]"
    guard level.dim == e.count else { throw .dimension(name + "[0]", expected: e.count, received: level.dim) }
    if let layer = layers[l], layer.inputDim != e.count {
      throw .expected(
        "a layer with inputDim \(e.count)", for: "layers[\(l)]", received: "\(layer.inputDim)", .dimensionMismatch)
    }
    let kept = try mode.keep(e.map { Float($0) }, level, number: l, name, control)
    let next = try mode.step(e, kept, layers[l])
    onLevel(l, e, kept)
    e = next
    control.report(Double(l + 1) / Double(levels.count))
  }
  return e.map { Float($0) }
}
