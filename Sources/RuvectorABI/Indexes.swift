import CRuvector
import Ruvector

private let indexes = Tokens<VectorIndex>()

@inline(never) private func shared(_ handle: OpaquePointer?) throws(RuvectorError) -> Shared<VectorIndex> {
  try Opaque.object(handle, Shared<VectorIndex>.self, "index")
}

/// The index of a handle, to read from.
@inline(never) func index(_ handle: OpaquePointer?) throws(RuvectorError) -> VectorIndex { try shared(handle).object }

/// The index of a handle, for what a writer does. `.unsupported` where it was opened by its token.
@inline(never) func writable(_ handle: OpaquePointer?) throws(RuvectorError) -> VectorIndex {
  let shared = try shared(handle)
  guard !shared.isOpened else {
    throw .expected("the index itself", for: "this", received: "a read-only one, opened by its token", .unsupported)
  }
  return shared.object
}

@implementation @_cdecl("rv_index_create")
public func rv_index_create(
  _ kind: UnsafePointer<CChar>?, _ options: UnsafePointer<rv_option>?, _ option_count: Int,
  _ out: UnsafeMutablePointer<OpaquePointer?>?, _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let out = try require(out, "out")
    out.pointee = nil
    var reading = Reading()
    defer { reading.end() }
    let name = try string(kind, "kind"), given = try given(options, option_count, &reading)
    out.pointee = Opaque.retain(indexes.add(try VectorIndex.make(name, given)))
  }
}

@implementation @_cdecl("rv_index_retain")
public func rv_index_retain(_ handle: OpaquePointer?) -> OpaquePointer? {
  guard let object = try? shared(handle) else { return nil }
  return Opaque.retain(object)
}

@implementation @_cdecl("rv_index_release")
public func rv_index_release(_ handle: OpaquePointer?) { Opaque.release(handle, Shared<VectorIndex>.self) }

@implementation @_cdecl("rv_index_info")
public func rv_index_info(
  _ handle: OpaquePointer?, _ out: UnsafeMutablePointer<rv_index_figures>?, _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let shared = try shared(handle), index = shared.object, out = try require(out, "out")
    let room = UInt32(MemoryLayout<rv_index_figures>.size)
    guard out.pointee.size >= room else {
      throw .expected("at least \(room)", for: "out.size", received: "\(out.pointee.size)", .invalidArgument)
    }
    let graph = index as? HNSWIndex
    out.pointee = rv_index_figures(
      size: out.pointee.size, read_only: shared.isOpened || index.isReadOnly ? 1 : 0,
      max_level: Int64(graph?.maxLevel ?? -2), vectors: UInt64(index.size), dim: UInt64(index.dim),
      places: UInt64(index.placeCount), bytes: UInt64(index.byteCount), bytes_per_vector: index.bytesPerVector,
      removed: UInt64(index.removedCount), evaluations: UInt64(index.evaluationsOfLastSearch),
      ef: UInt64(graph?.ef ?? 0), links: UInt64(graph?.m ?? 0), curvature: index.curvature)
  }
}

@implementation @_cdecl("rv_index_describe")
public func rv_index_describe(
  _ handle: OpaquePointer?, _ out: UnsafeMutablePointer<CChar>?, _ capacity: Int,
  _ length: UnsafeMutablePointer<Int>?, _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in write(try index(handle).description, out, capacity, length) }
}

@implementation @_cdecl("rv_index_check")
public func rv_index_check(
  _ kind: UnsafePointer<CChar>?, _ options: UnsafePointer<rv_option>?, _ option_count: Int,
  _ keys: UnsafePointer<rv_buffer>?, _ offsets: UnsafePointer<rv_buffer>?, _ matrix: UnsafePointer<rv_buffer>?,
  _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    var reading = Reading()
    defer { reading.end() }
    let name = try string(kind, "kind"), given = try given(options, option_count, &reading)
    let rows = matrix == nil ? nil : try tensor(matrix, "vectors").matrix("vectors")
    guard keys != nil else { return try VectorIndex.check(name, given, nil, rows) }
    try withKeys(keys, offsets, "keys") { (list) throws(RuvectorError) in
      try VectorIndex.check(name, given, list, rows)
    }
  }
}

@implementation @_cdecl("rv_index_set_ef")
public func rv_index_set_ef(_ handle: OpaquePointer?, _ ef: UInt64, _ error: UnsafeMutablePointer<rv_error>?) -> Int32 {
  status(error) { () throws(RuvectorError) in try graph(writable(handle)).setEf(Int(clamping: ef)) }
}

func replacing(_ number: Int32) -> VectorIndex.Replacing { number == 0 ? .none : number == 2 ? .all : .known }

@implementation @_cdecl("rv_index_add")
public func rv_index_add(
  _ handle: OpaquePointer?, _ keys: UnsafePointer<rv_buffer>?, _ offsets: UnsafePointer<rv_buffer>?,
  _ matrix: UnsafePointer<rv_buffer>?, _ replacing: Int32, _ control: UnsafePointer<rv_control>?,
  _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let index = try writable(handle), matrix = try tensor(matrix, "vectors").matrix("vectors")
    try withKeys(keys, offsets, "keys") { (list) throws(RuvectorError) in
      try index.add(
        list, matrix, replacing: RuvectorABI.replacing(replacing), control: RuvectorABI.control(control))
    }
  }
}

@implementation @_cdecl("rv_index_remove")
public func rv_index_remove(
  _ handle: OpaquePointer?, _ keys: UnsafePointer<rv_buffer>?, _ offsets: UnsafePointer<rv_buffer>?,
  _ control: UnsafePointer<rv_control>?, _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let index = try writable(handle), control = try RuvectorABI.control(control)
    try withKeys(keys, offsets, "keys") { (list) throws(RuvectorError) in try index.remove(list, control: control) }
  }
}

@implementation @_cdecl("rv_index_clear")
public func rv_index_clear(_ handle: OpaquePointer?, _ error: UnsafeMutablePointer<rv_error>?) -> Int32 {
  status(error) { () throws(RuvectorError) in try writable(handle).clear() }
}

@implementation @_cdecl("rv_index_places")
public func rv_index_places(
  _ handle: OpaquePointer?, _ keys: UnsafePointer<rv_buffer>?, _ offsets: UnsafePointer<rv_buffer>?,
  _ places: UnsafePointer<rv_buffer>?, _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let index = try index(handle)
    try withKeys(keys, offsets, "keys") { (list) throws(RuvectorError) in
      let out = try tensor(places, "places").indices("places", count: list.count)
      for i in 0..<list.count { out[i] = index.place(ofKey: list, i).map { UInt32($0) } ?? .max }
    }
  }
}

@implementation @_cdecl("rv_index_get")
public func rv_index_get(
  _ handle: OpaquePointer?, _ keys: UnsafePointer<rv_buffer>?, _ offsets: UnsafePointer<rv_buffer>?,
  _ out: UnsafePointer<rv_buffer>?, _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let index = try index(handle), out = try tensor(out, "out")
    try withKeys(keys, offsets, "key") { (list) throws(RuvectorError) in
      try index.get(list, into: try out.output("out", count: index.dim * list.count))
    }
  }
}

@implementation @_cdecl("rv_index_distances")
public func rv_index_distances(
  _ handle: OpaquePointer?, _ query: UnsafePointer<rv_buffer>?, _ keys: UnsafePointer<rv_buffer>?,
  _ offsets: UnsafePointer<rv_buffer>?, _ distances: UnsafePointer<rv_buffer>?,
  _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let index = try index(handle), query = try tensor(query, "query").floats("query", count: index.dim)
    let out = try tensor(distances, "distances")
    try withKeys(keys, offsets, "keys") { (list) throws(RuvectorError) in
      try index.distances(query, to: list, into: try out.output("distances", count: list.count))
    }
  }
}

@implementation @_cdecl("rv_index_all")
public func rv_index_all(
  _ handle: OpaquePointer?, _ places: UnsafePointer<rv_buffer>?, _ count: UnsafeMutablePointer<UInt64>?,
  _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let index = try index(handle), tensor = try tensor(places, "places"), out = try tensor.indices("places", count: 0)
    var n = 0
    try index.forEachPlace { (place) throws(RuvectorError) in
      if n < tensor.columns { out[n] = UInt32(place) }
      n += 1
    }
    count?.pointee = UInt64(n)
  }
}

@implementation @_cdecl("rv_index_save")
public func rv_index_save(
  _ handle: OpaquePointer?, _ path: UnsafePointer<CChar>?, _ stamp: UInt64, _ control: UnsafePointer<rv_control>?,
  _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let index = try writable(handle), path = try string(path, "path"), control = try RuvectorABI.control(control)
    #if hasFeature(Embedded)
      _ = (index, path, control)
      throw RuvectorError(.unsupported, "there are no files in WebAssembly")
    #else
      try index.save(path, stamp: stamp, control: control)
    #endif
  }
}

@implementation @_cdecl("rv_index_open")
public func rv_index_open(
  _ path: UnsafePointer<CChar>?, _ how: rv_open, _ out: UnsafeMutablePointer<OpaquePointer?>?,
  _ stamp: UnsafeMutablePointer<UInt64>?, _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let out = try require(out, "out"), path = try string(path, "path")
    out.pointee = nil
    #if hasFeature(Embedded)
      _ = path
      throw RuvectorError(.unsupported, "there are no files in WebAssembly")
    #else
      func has(_ flag: rv_open) -> Bool { how.rawValue & flag.rawValue != 0 }
      guard how == RV_LOAD || has(RV_VIEW), how.rawValue < 8 else {
        throw .expected("RV_LOAD, or RV_VIEW with its flags", for: "how", received: "\(how.rawValue)", .invalidArgument)
      }
      let opened =
        has(RV_VIEW)
        ? try VectorIndex.view(path, verify: has(RV_VERIFY), floats: has(RV_READ_FLOATS) ? .read : .mapped)
        : try VectorIndex.load(path)
      out.pointee = Opaque.retain(indexes.add(opened.index))
      stamp?.pointee = opened.stamp
    #endif
  }
}

@implementation @_cdecl("rv_index_to_bytes")
public func rv_index_to_bytes(
  _ handle: OpaquePointer?, _ out: UnsafePointer<rv_buffer>?, _ stamp: UInt64, _ bytes: UnsafeMutablePointer<UInt64>?,
  _ control: UnsafePointer<rv_control>?, _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let index = try writable(handle)
    let memory = out == nil ? nil : try tensor(out, "out").bytes("out", writable: true)
    let count = try index.save(
      into: memory?.baseAddress, room: memory?.count ?? 0, stamp: stamp, control: RuvectorABI.control(control))
    bytes?.pointee = UInt64(count)
  }
}

@implementation @_cdecl("rv_index_from_bytes")
public func rv_index_from_bytes(
  _ bytes: UnsafePointer<rv_buffer>?, _ out: UnsafeMutablePointer<OpaquePointer?>?,
  _ stamp: UnsafeMutablePointer<UInt64>?, _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let out = try require(out, "out")
    out.pointee = nil
    let memory = try tensor(bytes, "bytes").bytes("bytes")
    let opened = try VectorIndex.load(memory.baseAddress, memory.count)
    out.pointee = Opaque.retain(indexes.add(opened.index))
    stamp?.pointee = opened.stamp
  }
}

@implementation @_cdecl("rv_index_token")
public func rv_index_token(_ handle: OpaquePointer?) -> UInt64 { (try? shared(handle))?.token ?? 0 }

@implementation @_cdecl("rv_index_open_token")
public func rv_index_open_token(
  _ token: UInt64, _ out: UnsafeMutablePointer<OpaquePointer?>?, _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let out = try require(out, "out")
    out.pointee = nil
    out.pointee = Opaque.retain(try indexes.open(token, "index"))
  }
}

@implementation @_cdecl("rv_index_names")
public func rv_index_names(
  _ handle: OpaquePointer?, _ places: UnsafePointer<rv_buffer>?, _ keys: UnsafePointer<rv_buffer>?,
  _ offsets: UnsafePointer<rv_buffer>?, _ bytes: UnsafeMutablePointer<UInt64>?, _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let index = try index(handle), list = try tensor(places, "places")
    let ids = try list.readIndices("places", count: list.columns)
    let output = try KeyOutput(index.keys, keys, offsets, count: list.columns)
    try index.reading { () throws(RuvectorError) in
      for i in 0..<list.columns { output.put(i, index.keys, try index.requireNode(UInt64(ids[i]))) }
    }
    bytes?.pointee = UInt64(output.bytes)
  }
}

@implementation @_cdecl("rv_index_search")
public func rv_index_search(
  _ handle: OpaquePointer?, _ queries: UnsafePointer<rv_buffer>?, _ k: UInt64, _ ef: UInt64, _ filter_kind: rv_filter,
  _ filter: UnsafePointer<rv_buffer>?, _ filter_offsets: UnsafePointer<rv_buffer>?, _ prepared: OpaquePointer?,
  _ keys: UnsafePointer<rv_buffer>?, _ offsets: UnsafePointer<rv_buffer>?, _ distances: UnsafePointer<rv_buffer>?,
  _ counts: UnsafePointer<rv_buffer>?,
  _ bytes: UnsafeMutablePointer<UInt64>?, _ control: UnsafePointer<rv_control>?,
  _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let index = try index(handle), queries = try tensor(queries, "queries").matrix("queries")
    guard queries.dim == index.dim || queries.rows == 0 else {
      throw .dimension(queries.rows == 1 ? "query" : "queries[0]", expected: index.dim, received: queries.dim)
    }
    guard ef <= 1 << 20 else {
      throw .expected("an integer in 1...1048576", for: "ef", received: "\(ef)", .invalidConfig)
    }
    let k = Int(clamping: k), (room, overflow) = k.multipliedReportingOverflow(by: queries.rows)
    guard !overflow else { throw .expected("sizes that fit in memory", for: "k", received: "\(k)", .outOfMemory) }
    let output = try KeyOutput(index.keys, keys, offsets, count: room)
    let distances = try tensor(distances, "distances").output("distances", count: room)
    let counts = try tensor(counts, "counts").indices("counts", count: queries.rows)
    let control = try RuvectorABI.control(control)
    try withFilter(filter_kind, filter, filter_offsets, prepared) { (filter) throws(RuvectorError) in
      try index.search(
        queries, k: k, ef: ef == 0 ? nil : Int(ef), filter: filter, output, distances, counts, control)
    }
    bytes?.pointee = UInt64(output.bytes)
  }
}

extension VectorIndex {
  /// Query after query; on the caller's threads where keys are numbers (strings follow each other).
  fileprivate func search(
    _ queries: MatrixView, k: Int, ef: Int?, filter: Filter, _ output: KeyOutput,
    _ distances: UnsafeMutablePointer<Float>,
    _ counts: UnsafeMutablePointer<UInt32>, _ control: Control
  ) throws(RuvectorError) {
    if queries.rows == 1 {
      counts[0] = UInt32(
        try search(queries.row(0), "query", k: k, ef: ef, filter: filter) {
          (rank, place, distance) throws(RuvectorError) in
          output.put(rank, keys, place)
          distances[rank] = distance
        })
      for i in Int(counts[0])..<k { output.skip(i) }
      return
    }
    let threads = keys.kind == .integer ? control.threads : 1
    let failure = try FirstFailure()
    parallelFor(threads: threads, count: queries.rows) { q in
      do throws(RuvectorError) {
        if q & 15 == 0 { try control.check() }
        if failure.error != nil { return }
        let found = try search(queries.row(q), "queries[\(q)]", k: k, ef: ef, filter: filter) {
          (rank, place, distance) throws(RuvectorError) in
          output.put(q * k + rank, keys, place)
          distances[q * k + rank] = distance
        }
        counts[q] = UInt32(found)
        for i in found..<k { output.skip(q * k + i) }
      } catch { failure.note(q, error) }
    }
    if let error = failure.error { throw error }
  }
}
