import CRuvector
import Ruvector

@implementation @_cdecl("rv_differentiable_search")
public func rv_differentiable_search(
  _ queries: UnsafePointer<rv_buffer>?, _ set: OpaquePointer?, _ matrix: UnsafePointer<rv_buffer>?, _ k: UInt64,
  _ temperature: Double, _ indices: UnsafePointer<rv_buffer>?, _ weights: UnsafePointer<rv_buffer>?,
  _ values: UnsafePointer<rv_buffer>?, _ per_query: UnsafeMutablePointer<UInt64>?,
  _ control: UnsafePointer<rv_control>?, _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let outputs = Outputs(indices, weights, values)
    let results = try search(queries, set, matrix, .cosine, k, temperature, outputs, control)
    per_query?.pointee = results
  }
}

@implementation @_cdecl("rv_differentiable_search_hyperbolic")
public func rv_differentiable_search_hyperbolic(
  _ queries: UnsafePointer<rv_buffer>?, _ set: OpaquePointer?, _ matrix: UnsafePointer<rv_buffer>?, _ k: UInt64,
  _ curvature: Double, _ projection: rv_projection, _ temperature: Double, _ indices: UnsafePointer<rv_buffer>?,
  _ weights: UnsafePointer<rv_buffer>?, _ values: UnsafePointer<rv_buffer>?,
  _ per_query: UnsafeMutablePointer<UInt64>?, _ control: UnsafePointer<rv_control>?,
  _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let outputs = Outputs(indices, weights, values), metric = try ball(curvature, projection)
    let results = try search(queries, set, matrix, metric, k, temperature, outputs, control)
    per_query?.pointee = results
  }
}

private func ball(_ curvature: Double, _ projection: rv_projection) throws(RuvectorError) -> Metric {
  guard let projection = Ball.Projection(rawValue: projection.rawValue) else {
    throw .expected("RV_CLIP or RV_EXPMAP", for: "projection", received: "\(projection.rawValue)", .invalidArgument)
  }
  return try .poincare(curvature: curvature, projection: projection)
}

private struct Outputs {
  let indices, weights, values: UnsafePointer<rv_buffer>?

  init(
    _ indices: UnsafePointer<rv_buffer>?, _ weights: UnsafePointer<rv_buffer>?,
    _ values: UnsafePointer<rv_buffer>?
  ) {
    (self.indices, self.weights, self.values) = (indices, weights, values)
  }

  func room(_ count: Int) throws(RuvectorError) -> SearchOutput {
    SearchOutput(
      indices: try tensor(indices, "indices").indices("indices", count: count),
      weights: try tensor(weights, "weights").output("weights", count: count),
      values: values == nil ? nil : try tensor(values, "values").output("values", count: count))
  }
}

private func search(
  _ queries: UnsafePointer<rv_buffer>?, _ set: OpaquePointer?, _ matrix: UnsafePointer<rv_buffer>?,
  _ metric: Metric, _ k: UInt64, _ temperature: Double, _ outputs: Outputs,
  _ control: UnsafePointer<rv_control>?
) throws(RuvectorError) -> UInt64 {
  let queries = try tensor(queries, "queries").matrix("queries")
  let candidates: Candidates
  if let set {
    candidates = .set(try vectors(set))
  } else {
    candidates = .matrix(try tensor(matrix, "candidates").matrix("candidates"))
  }
  let results = Int(min(k, UInt64(candidates.rows)))
  let (room, overflow) = results.multipliedReportingOverflow(by: queries.rows)
  guard !overflow else {
    throw .expected("sizes that fit in memory", for: "results", received: "more", .outOfMemory)
  }
  return UInt64(
    try differentiableSearch(
      queries: queries, candidates, metric: metric, k: results, temperature: temperature, outputs.room(room),
      control: RuvectorABI.control(control)))
}

// MARK: - Candidates in blocks

/// The streaming search of one thread; its memory is kept from search to search.
final class SearchHandle {
  var search: StreamingSearch?
}

@implementation @_cdecl("rv_search_create")
public func rv_search_create(
  _ out: UnsafeMutablePointer<OpaquePointer?>?, _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    try require(out, "out").pointee = Opaque.retain(SearchHandle())
  }
}

@implementation @_cdecl("rv_search_release")
public func rv_search_release(_ handle: OpaquePointer?) { Opaque.release(handle, SearchHandle.self) }

@implementation @_cdecl("rv_search_begin")
public func rv_search_begin(
  _ handle: OpaquePointer?, _ query: UnsafePointer<Float>?, _ dim: UInt64, _ curvature: Double,
  _ projection: rv_projection, _ k: UInt64, _ temperature: Double, _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let handle = try Opaque.object(handle, SearchHandle.self, "search")
    let metric = curvature == 0 ? Metric.cosine : try ball(curvature, projection)
    let k = Int(clamping: k), dim = try count(dim, "dim")
    guard dim > 0 else { throw .expected("at least 1 element", for: "query", received: "0", .emptyInput) }
    let query = try require(query, "query")
    if let search = handle.search {
      try search.restart(query: query, dim: dim, metric: metric, k: k, temperature: temperature)
    } else {
      handle.search = try StreamingSearch(query: query, dim: dim, metric: metric, k: k, temperature: temperature)
    }
  }
}

private func begun(_ handle: OpaquePointer?) throws(RuvectorError) -> StreamingSearch {
  guard let search = try Opaque.object(handle, SearchHandle.self, "search").search else {
    throw .expected("rv_search_begin first", for: "search", received: "a search not begun", .invalidArgument)
  }
  return search
}

@implementation @_cdecl("rv_search_feed")
public func rv_search_feed(
  _ handle: OpaquePointer?, _ rows: UnsafePointer<Float>?, _ row_count: UInt64, _ dim: UInt64,
  _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let search = try begun(handle)
    guard row_count > 0 else { return }
    try search.feed(
      MatrixView(require(rows, "rows"), rows: count(row_count, "rows"), dim: count(dim, "dim")))
  }
}

@implementation @_cdecl("rv_search_feed_scattered")
public func rv_search_feed_scattered(
  _ handle: OpaquePointer?, _ rows: UnsafePointer<UnsafePointer<Float>?>?, _ row_count: UInt64, _ dim: UInt64,
  _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let search = try begun(handle)
    guard row_count > 0 else { return }
    let pointers = try require(rows, "rows"), n = try count(row_count, "rows")
    for r in 0..<n where pointers[r] == nil {
      throw .expected("a pointer", for: "rows[\(r)]", received: "NULL", .invalidArgument)
    }
    try pointers.withMemoryRebound(to: UnsafePointer<Float>.self, capacity: n) { rows throws(RuvectorError) in
      try search.feed(ScatteredRows(rows, count: n, dim: count(dim, "dim")))
    }
  }
}

@implementation @_cdecl("rv_search_finish")
public func rv_search_finish(
  _ handle: OpaquePointer?, _ indices: UnsafeMutablePointer<UInt32>?, _ weights: UnsafeMutablePointer<Float>?,
  _ values: UnsafeMutablePointer<Float>?, _ capacity: UInt64, _ count: UnsafeMutablePointer<UInt64>?,
  _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let search = try begun(handle)
    let indices = try require(indices, "indices"), weights = try require(weights, "weights")
    guard UInt64(search.resultCount) <= capacity else {
      throw .expected(
        "room for \(search.resultCount) results", for: "capacity", received: "\(capacity)", .dimensionMismatch)
    }
    var at = 0
    search.finish { index, weight, value in
      indices[at] = index
      weights[at] = weight
      values?[at] = value
      at += 1
    }
    count?.pointee = UInt64(at)
  }
}
