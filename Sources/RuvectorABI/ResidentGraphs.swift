import CRuvector
import Ruvector

private let graphs = Tokens<ResidentGraph>()

private func shared(_ handle: OpaquePointer?, _ name: String) throws(RuvectorError) -> Shared<ResidentGraph> {
  try Opaque.object(handle, Shared<ResidentGraph>.self, name)
}

func residentGraph(_ handle: OpaquePointer?, _ name: String = "graph") throws(RuvectorError) -> ResidentGraph {
  try shared(handle, name).object
}

private func indices(
  _ buffer: UnsafePointer<rv_buffer>?, _ name: String
) throws(RuvectorError) -> UnsafeBufferPointer<UInt32> {
  let tensor = try tensor(buffer, name)
  return UnsafeBufferPointer(start: try tensor.readIndices(name, count: tensor.columns), count: tensor.columns)
}

@implementation @_cdecl("rv_graph_create")
public func rv_graph_create(
  _ offsets: UnsafePointer<rv_buffer>?, _ indices: UnsafePointer<rv_buffer>?, _ weights: UnsafePointer<rv_buffer>?,
  _ columns: UInt64, _ coalesce: Int32, _ out: UnsafeMutablePointer<OpaquePointer?>?,
  _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let out = try require(out, "out")
    out.pointee = nil
    var list: UnsafeBufferPointer<Float>?
    if weights != nil {
      let tensor = try tensor(weights, "weights")
      list = UnsafeBufferPointer(start: try tensor.floats("weights"), count: tensor.columns)
    }
    var graph = try ResidentGraph(
      offsets: RuvectorABI.indices(offsets, "offsets"), indices: RuvectorABI.indices(indices, "indices"),
      columns: columns == 0 ? nil : Int(clamping: columns), weights: list)
    if coalesce != 0 { graph = try graph.coalesced() }
    out.pointee = Opaque.retain(graphs.add(graph))
  }
}

@implementation @_cdecl("rv_graph_retain")
public func rv_graph_retain(_ handle: OpaquePointer?) -> OpaquePointer? {
  guard let object = try? shared(handle, "graph") else { return nil }
  return Opaque.retain(object)
}

@implementation @_cdecl("rv_graph_release")
public func rv_graph_release(_ handle: OpaquePointer?) { Opaque.release(handle, Shared<ResidentGraph>.self) }

@implementation @_cdecl("rv_graph_info")
public func rv_graph_info(
  _ handle: OpaquePointer?, _ nodes: UnsafeMutablePointer<UInt64>?, _ columns: UnsafeMutablePointer<UInt64>?,
  _ edges: UnsafeMutablePointer<UInt64>?, _ bytes: UnsafeMutablePointer<UInt64>?
) {
  guard let graph = try? residentGraph(handle) else { return }
  nodes?.pointee = UInt64(graph.nodes)
  columns?.pointee = UInt64(graph.columns)
  edges?.pointee = UInt64(graph.edges)
  bytes?.pointee = UInt64(graph.byteCount)
}

@implementation @_cdecl("rv_graph_copy")
public func rv_graph_copy(
  _ handle: OpaquePointer?, _ offsets: UnsafePointer<rv_buffer>?, _ indices: UnsafePointer<rv_buffer>?,
  _ weights: UnsafePointer<rv_buffer>?, _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let graph = try residentGraph(handle)
    for (list, out, name) in [(graph.offsets, offsets, "offsets"), (graph.indices, indices, "indices")] {
      guard let out else { continue }
      try tensor(out, name).indices(name, count: list.count).update(from: list.pointer, count: list.count)
    }
    guard weights != nil else { return }
    let out = try tensor(weights, "weights").output("weights", count: graph.edges)
    if let own = graph.weights {
      out.update(from: own.pointer, count: own.count)
    } else {
      out.update(repeating: 1, count: graph.edges)
    }
  }
}

@implementation @_cdecl("rv_graph_is_weighted")
public func rv_graph_is_weighted(_ handle: OpaquePointer?) -> Int32 {
  (try? residentGraph(handle))?.weights == nil ? 0 : 1
}

@implementation @_cdecl("rv_graph_token")
public func rv_graph_token(_ handle: OpaquePointer?) -> UInt64 { (try? shared(handle, "graph"))?.token ?? 0 }

@implementation @_cdecl("rv_graph_open")
public func rv_graph_open(
  _ token: UInt64, _ out: UnsafeMutablePointer<OpaquePointer?>?, _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let out = try require(out, "out")
    out.pointee = nil
    out.pointee = Opaque.retain(try graphs.open(token, "Graph"))
  }
}

@implementation @_cdecl("rv_graph_sample")
public func rv_graph_sample(
  _ handle: OpaquePointer?, _ nodes: UnsafePointer<rv_buffer>?, _ sizes: UnsafePointer<rv_buffer>?, _ seed: UInt64,
  _ step: UInt64, _ out: UnsafeMutablePointer<OpaquePointer?>?, _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let out = try require(out, "out")
    out.pointee = nil
    let graph = try residentGraph(handle), list = try tensor(sizes, "sizes"), numbers = try list.floats("sizes")
    var each: [Int] = []
    for h in 0..<list.columns {
      guard let size = Int(exactly: numbers[h]) else {
        throw .expected("whole numbers", for: "sizes", received: text(Double(numbers[h])), .invalidConfig)
      }
      each.append(size)
    }
    let sampler = try NeighborSampler(sizes: each, seed: seed)
    out.pointee = Opaque.retain(graphs.add(try sampler.sample(graph, around: indices(nodes, "nodes"), step: step)))
  }
}

@implementation @_cdecl("rv_graph_origin")
public func rv_graph_origin(
  _ handle: OpaquePointer?, _ nodes: UnsafePointer<rv_buffer>?, _ entries: UnsafePointer<rv_buffer>?,
  _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    guard let origin = try residentGraph(handle).origin else {
      throw .expected("a graph that was drawn from another", for: "graph", received: "a whole one", .unsupported)
    }
    for (list, out, name) in [(origin.nodes, nodes, "nodes"), (origin.entries, entries, "entries")] {
      try tensor(out, name).indices(name, count: list.count).update(from: list.pointer, count: list.count)
    }
  }
}
