import CRuvector
import Ruvector

@inline(never) func graph(_ index: VectorIndex) throws(RuvectorError) -> HNSWIndex {
  guard let graph = index as? HNSWIndex else {
    throw .expected("an index with a graph", for: "index", received: "a brute force index", .unsupported)
  }
  return graph
}

@implementation @_cdecl("rv_index_pair")
public func rv_index_pair(
  _ handle: OpaquePointer?, _ a: UInt64, _ b: UInt64, _ out: UnsafePointer<rv_buffer>?,
  _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let index = try index(handle)
    let out = try tensor(out, "out").doubleOutput("out", count: 3)
    try index.reading { () throws(RuvectorError) in
      let a = try index.requireNode(a), b = try index.requireNode(b)
      out[0] = Double(try index.distance(a, b))
      let graph = index as? HNSWIndex
      out[1] = Double(graph?.commonLayer(a, b) ?? -1)
      out[2] = Double(try graph?.shortestPathDistance(a, b) ?? -1)
    }
  }
}

@implementation @_cdecl("rv_index_level")
public func rv_index_level(
  _ handle: OpaquePointer?, _ place: UInt64, _ level: UnsafeMutablePointer<UInt64>?,
  _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let graph = try graph(index(handle))
    try graph.reading { () throws(RuvectorError) in
      level?.pointee = UInt64(graph.level(of: try graph.requireNode(place)) ?? 0)
    }
  }
}

@implementation @_cdecl("rv_index_neighbors")
public func rv_index_neighbors(
  _ handle: OpaquePointer?, _ place: UInt64, _ level: UInt64, _ places: UnsafePointer<rv_buffer>?,
  _ count: UnsafeMutablePointer<UInt64>?, _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let graph = try graph(index(handle)), tensor = try tensor(places, "places")
    let out = try tensor.indices("places", count: 0)
    let found = try graph.reading { () throws(RuvectorError) in
      graph.neighbors(of: try graph.requireNode(place), level: Int(clamping: level))
    }
    for i in 0..<min(found.count, tensor.columns) { out[i] = UInt32(found[i]) }
    count?.pointee = UInt64(found.count)
  }
}

@implementation @_cdecl("rv_index_search_layer")
public func rv_index_search_layer(
  _ handle: OpaquePointer?, _ query: UnsafePointer<rv_buffer>?, _ k: UInt64, _ level: UInt64, _ ef: UInt64,
  _ places: UnsafePointer<rv_buffer>?, _ distances: UnsafePointer<rv_buffer>?, _ count: UnsafeMutablePointer<UInt64>?,
  _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let graph = try graph(index(handle)), query = try tensor(query, "query").floats("query", count: graph.dim)
    let k = min(Int(clamping: k), graph.placeCount)
    let places = try tensor(places, "places").indices("places", count: k)
    let distances = try tensor(distances, "distances").output("distances", count: k)
    guard ef <= 1 << 20 else {
      throw .expected("an integer in 1...1048576", for: "ef", received: "\(ef)", .invalidConfig)
    }
    var n = 0
    try graph.searchLayer(query, k: k, level: Int(clamping: level), ef: Int(ef)) {
      (place, distance) throws(RuvectorError) in
      (places[n], distances[n]) = (UInt32(place), distance)
      n += 1
    }
    count?.pointee = UInt64(n)
  }
}

@implementation @_cdecl("rv_index_csr")
public func rv_index_csr(
  _ handle: OpaquePointer?, _ level: UInt64, _ counts: UnsafePointer<rv_buffer>?, _ places: UnsafePointer<rv_buffer>?,
  _ offsets: UnsafePointer<rv_buffer>?, _ indices: UnsafePointer<rv_buffer>?, _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let graph = try graph(index(handle)), counts = try tensor(counts, "counts").doubleOutput("counts", count: 2)
    let csr = try graph.csr(level: Int(clamping: level))
    (counts[0], counts[1]) = (Double(csr.nodes.count), Double(csr.indices.count))
    let places = try tensor(places, "places"), offsets = try tensor(offsets, "offsets")
    let indices = try tensor(indices, "indices")
    guard places.columns >= csr.nodes.count, offsets.columns >= csr.offsets.count, indices.columns >= csr.indices.count
    else { return }
    let p = try places.indices("places", count: 0), o = try offsets.indices("offsets", count: 0)
    let x = try indices.indices("indices", count: 0)
    for i in csr.nodes.indices { p[i] = csr.nodes[i] }
    for i in csr.offsets.indices { o[i] = csr.offsets[i] }
    for i in csr.indices.indices { x[i] = csr.indices[i] }
  }
}

@implementation @_cdecl("rv_index_statistics")
public func rv_index_statistics(
  _ handle: OpaquePointer?, _ levels: UnsafePointer<rv_buffer>?, _ degrees: UnsafePointer<rv_buffer>?,
  _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let graph = try graph(index(handle)), found = try graph.statistics()
    let levels = try tensor(levels, "levels").indices("levels", count: 32)
    let degrees = try tensor(degrees, "degrees").indices("degrees", count: 2 * graph.m + 1)
    levels.update(repeating: 0, count: 32)
    for i in found.levels.indices { levels[i] = UInt32(found.levels[i]) }
    for i in found.degrees.indices { degrees[i] = UInt32(found.degrees[i]) }
  }
}

@implementation @_cdecl("rv_merge_top_k")
public func rv_merge_top_k(
  _ distances: UnsafePointer<rv_buffer>?, _ bounds: UnsafePointer<rv_buffer>?, _ k: UInt64,
  _ chosen: UnsafePointer<rv_buffer>?, _ count: UnsafeMutablePointer<UInt64>?, _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let all = try tensor(distances, "distances"), floats = try all.floats("distances")
    let limits = try tensor(bounds, "bounds"), ends = try limits.readIndices("bounds", count: limits.columns)
    var parts: [UnsafeBufferPointer<Float>] = []
    for p in 0..<max(limits.columns - 1, 0) {
      guard ends[p] <= ends[p + 1], Int(ends[p + 1]) <= all.columns else {
        throw .expected("numbers that rise", for: "bounds", received: "\(ends[p + 1])", .invalidArgument)
      }
      parts.append(UnsafeBufferPointer(start: floats + Int(ends[p]), count: Int(ends[p + 1] - ends[p])))
    }
    let k = min(Int(clamping: k), all.columns)
    let out = try tensor(chosen, "chosen").indices("chosen", count: k)
    var n = 0
    try mergeTopK(parts, k) { part, rank in
      out[n] = ends[part] + UInt32(rank)
      n += 1
    }
    count?.pointee = UInt64(n)
  }
}
