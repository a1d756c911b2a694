import CRuvector
import Ruvector

/// The levels and layers of a walk as C passes them.
private struct Walk {
  let query: UnsafeBufferPointer<Float>
  var levels: [Candidates] = []
  /// nil: the identity.
  var layers: [(any WalkLayer)?] = []
  /// Their handles, being read until `end`.
  private var reading: [MechanismHandle] = []

  init(query: UnsafePointer<Float>?, dim: UInt64) throws(RuvectorError) {
    let dim = try count(dim, "dim")
    guard dim > 0 else { throw .expected("at least 1 element", for: "query", received: "0", .emptyInput) }
    self.query = UnsafeBufferPointer(start: try require(query, "query"), count: dim)
  }

  mutating func add(
    levels: UnsafePointer<rv_buffer>?, _ sets: UnsafePointer<OpaquePointer?>?, count: Int
  ) throws(RuvectorError) {
    for l in 0..<max(count, 0) {
      let name = "layerEmbeddings[\(l)]"
      if let set = sets?[l] {
        self.levels.append(.set(try vectors(set, name)))
      } else {
        self.levels.append(.matrix(try tensor(require(levels, "levels")[l], name).matrix(name)))
      }
    }
  }

  mutating func add(layers: UnsafePointer<OpaquePointer?>?, count: Int) throws(RuvectorError) {
    for l in 0..<max(count, 0) {
      guard let pointer = try require(layers, "layers")[l] else {
        self.layers.append(nil)
        continue
      }
      let handle = try Opaque.object(pointer, MechanismHandle.self, "layers[\(l)]")
      let layer = try walkLayer(handle.mechanism, "layers[\(l)]")
      try handle.beginRead()
      reading.append(handle)
      self.layers.append(layer)
    }
  }

  func end() { for handle in reading { handle.endRead() } }
}

private func walkLayer(_ mechanism: any Mechanism, _ name: String) throws(RuvectorError) -> any WalkLayer {
  guard let layer = (mechanism.facet as? WalkFacet)?.layer else {
    throw .expected("a layer", for: name, received: "another mechanism", .wrongHandle)
  }
  return layer
}

/// `result` into `out`, its length into `count`.
private func give(
  _ result: [Float], _ out: UnsafePointer<rv_buffer>?, _ count: UnsafeMutablePointer<UInt64>?
) throws(RuvectorError) {
  try tensor(out, "output").output("output", count: result.count).update(from: result, count: result.count)
  count?.pointee = UInt64(result.count)
}

@implementation @_cdecl("rv_hierarchical_forward")
public func rv_hierarchical_forward(
  _ query: UnsafePointer<Float>?, _ dim: UInt64, _ levels: UnsafePointer<rv_buffer>?,
  _ sets: UnsafePointer<OpaquePointer?>?, _ level_count: Int, _ layers: UnsafePointer<OpaquePointer?>?,
  _ layer_count: Int, _ out: UnsafePointer<rv_buffer>?, _ out_count: UnsafeMutablePointer<UInt64>?,
  _ control: UnsafePointer<rv_control>?, _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    var walk = try Walk(query: query, dim: dim)
    defer { walk.end() }
    try requireFinite(try require(query, "query"), count: walk.query.count, for: "query")
    try walk.add(levels: levels, sets, count: level_count)
    try walk.add(layers: layers, count: layer_count)
    var known: [any WalkLayer] = []
    for (l, layer) in walk.layers.enumerated() { known.append(try require(layer, "layers[\(l)]")) }
    let result = try hierarchicalForward(
      query: walk.query, levels: walk.levels, layers: known, control: RuvectorABI.control(control))
    try give(result, out, out_count)
  }
}

@implementation @_cdecl("rv_hierarchical_step")
public func rv_hierarchical_step(
  _ layer: OpaquePointer?, _ current: UnsafePointer<rv_buffer>?, _ nodes: UnsafePointer<rv_buffer>?,
  _ weights: UnsafePointer<rv_buffer>?, _ out: UnsafePointer<rv_buffer>?, _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let nodes = try tensor(nodes, "nodes").matrix("nodes")
    let current = try tensor(current, "current").floats("current", count: nodes.dim)
    let weights = try tensor(weights, "weights").floats("weights", count: nodes.rows)
    let out = try tensor(out, "output")
    try Opaque.object(layer, MechanismHandle.self, "layer").read { (mechanism) throws(RuvectorError) in
      let layer = try walkLayer(mechanism, "layer")
      try hierarchicalStep(
        current, nodes: nodes, weights: weights, layer, into: out.output("output", count: layer.hiddenDim))
    }
  }
}

@implementation @_cdecl("rv_hierarchical_forward_v2")
public func rv_hierarchical_forward_v2(
  _ mode: UnsafePointer<CChar>?, _ options: UnsafePointer<rv_option>?, _ option_count: Int,
  _ query: UnsafePointer<Float>?, _ dim: UInt64, _ levels: UnsafePointer<rv_buffer>?,
  _ sets: UnsafePointer<OpaquePointer?>?, _ level_count: Int, _ layers: UnsafePointer<OpaquePointer?>?,
  _ layer_count: Int, _ router: UnsafePointer<rv_buffer>?, _ out: UnsafePointer<rv_buffer>?,
  _ out_count: UnsafeMutablePointer<UInt64>?, _ kept_indices: UnsafePointer<rv_buffer>?,
  _ kept_weights: UnsafePointer<rv_buffer>?, _ routing: UnsafePointer<rv_buffer>?,
  _ control: UnsafePointer<rv_control>?, _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    var reading = Reading()
    defer { reading.end() }
    let mode = try HierarchyModes.make(string(mode, "mode"), given(options, option_count, &reading))
    if let moe = mode as? MoEHierarchy, router != nil {
      let weights = try tensor(router, "router")
      if weights.columns > 0 { moe.router = try HierarchyRouter(weights.floats("router"), count: weights.columns) }
    }
    var walk = try Walk(query: query, dim: dim)
    defer { walk.end() }
    try walk.add(levels: levels, sets, count: level_count)
    try walk.add(layers: layers, count: layer_count)
    var room = 0
    for level in walk.levels { room += min(mode.k, level.rows) }
    let indices = kept_indices == nil ? nil : try tensor(kept_indices, "indices").indices("indices", count: room)
    let weights = kept_weights == nil ? nil : try tensor(kept_weights, "weights").output("weights", count: room)
    let width = HierarchyRouter.experts + HierarchyRouter.statistics
    let (numbers, overflow) = max(level_count, 0).multipliedReportingOverflow(by: width)
    guard !overflow else { throw .expected("fewer levels", for: "levels", received: "\(level_count)", .outOfMemory) }
    let routes = routing == nil ? nil : try tensor(routing, "routing").output("routing", count: numbers)
    routes?.update(repeating: 0, count: numbers)
    var at = 0
    let result = try hierarchicalForwardV2(
      query: walk.query, levels: walk.levels, layers: walk.layers, mode: mode, control: RuvectorABI.control(control)
    ) { level, _, kept in
      if let routes, let routing = kept.routing {
        for (i, x) in (routing.shares + routing.statistics).enumerated() { routes[level * width + i] = Float(x) }
      }
      indices.map { ($0 + at).update(from: kept.indices.pointer, count: kept.count) }
      weights.map { ($0 + at).update(from: kept.weights.pointer, count: kept.count) }
      at += kept.count
    }
    try give(result, out, out_count)
  }
}
