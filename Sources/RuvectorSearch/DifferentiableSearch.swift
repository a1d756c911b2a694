import CRuvectorSupport
import RuvectorCore

/// Soft search: w_i = exp(l_i / T) / Σ_j exp(l_j / T) over *all* candidates, of which the `k` best are returned,
/// best first, not renormalised.
///
///     l_i = cos(q, y_i)           metric .cosine
///     l_i = −d(q, y_i)            metric .poincare
///
/// n candidates, d width. One pass over the candidates: scores, running softmax and a bounded heap together.
/// Ranked by score (not by weight, which underflows at low temperatures), ties by lower index.
/// - Complexity: O(n · d + k log k) time, O(k) memory beyond the input.
/// - Precision: scores in Float, softmax sum in Double; norms and ball factors in Double from the stored
///   coordinates.
///
/// For candidates that pass by in blocks use this class; for resident ones ``differentiableSearch(queries:_:metric:k:temperature:_:named:control:)``.
public final class StreamingSearch {
  private var state: QueryState
  /// The chunks before, merged in their order as ``differentiableSearch(queries:_:metric:k:temperature:_:named:control:)``
  /// does it: the same bits, as long as rows come in multiples of 512.
  private var earlier: QueryState?
  private let scratch: Scratch
  private let kernels = Kernels.current
  private var seen = 0

  /// `.emptyInput`, `.nonFinite` for the query; `.outOfRange` for a temperature that is not a finite number > 0.
  public convenience init(
    query: UnsafePointer<Float>, dim: Int, metric: Metric, k: Int, temperature: Double,
    candidates: String = "candidates"
  ) throws(RuvectorError) {
    let query = try PreparedQuery(
      query, dim: dim, metric: metric, temperature: temperature, candidates: candidates)
    self.init(QueryState(query, k: max(k, 0)), try Scratch())
  }

  private init(_ state: QueryState, _ scratch: Scratch) {
    (self.state, self.scratch) = (state, scratch)
  }

  /// Starts over with another query, keeping the memory.
  public func restart(
    query: UnsafePointer<Float>, dim: Int, metric: Metric, k: Int, temperature: Double,
    candidates: String = "candidates"
  ) throws(RuvectorError) {
    var best = state.best
    best.reset(max(k, 0))
    state = QueryState(
      try PreparedQuery(query, dim: dim, metric: metric, temperature: temperature, candidates: candidates),
      k: max(k, 0))
    state.best = best
    earlier = nil
    seen = 0
  }

  /// Puts a full chunk with the earlier ones.
  private func closeChunk() {
    if var sum = earlier {
      sum.merge(state)
      earlier = sum
    } else {
      earlier = state
    }
    state = QueryState(state.query, k: state.k)
  }

  /// The next rows of the candidates. `.dimensionMismatch`, `.nonFinite`.
  public func feed(_ rows: MatrixView) throws(RuvectorError) { try feed(.packed(rows)) }

  /// The next rows, wherever they lie: the same bits as packed. `.dimensionMismatch`, `.nonFinite`.
  public func feed(_ rows: ScatteredRows) throws(RuvectorError) { try feed(.scattered(rows)) }

  private func feed(_ rows: PassingRows) throws(RuvectorError) {
    guard rows.count > 0 else { return }
    guard rows.dim == state.query.dim else {
      throw .dimension("\(state.query.candidates)[\(seen)]", expected: state.query.dim, received: rows.dim)
    }
    guard UInt32(exactly: seen + rows.count) != nil else {
      throw .expected("at most \(UInt32.max) rows", for: "candidates", received: "more", .outOfRange)
    }
    var r = 0
    while r < rows.count {
      if seen > 0, seen % searchChunk == 0 { closeChunk() }
      let end = min(r + searchBlock, rows.count)
      try state.consume(rows.slice(r..<end), base: seen, scratch, kernels)
      seen += end - r
      r = end
    }
  }

  /// All rows of a set, with its cached norms.
  public func feed(_ set: VectorSet) throws(RuvectorError) {
    guard set.rows > 0 else { return }
    guard set.dim == state.query.dim else {
      throw .dimension("\(state.query.candidates)[\(seen)]", expected: state.query.dim, received: set.dim)
    }
    guard seen == 0 else {
      throw .expected("a set as the only candidates", for: "search", received: "\(seen) rows before", .unsupported)
    }
    var view: BallView?
    if case .poincare(let ball) = state.query.metric { view = try set.view(from: ball) }
    var r = 0
    while r < set.rows {
      if r > 0, r % searchChunk == 0 { closeChunk() }
      let end = min(r + searchBlock, set.rows)
      try state.consume(set, view, r..<end, scratch, kernels)
      r = end
    }
    seen = set.rows
  }

  public func feed(_ candidates: Candidates) throws(RuvectorError) {
    switch candidates {
    case .set(let set): try feed(set)
    case .matrix(let rows): try feed(rows)
    }
  }

  /// How many results `finish` will give.
  public var resultCount: Int { min(state.k, state.best.entries.count + (earlier?.best.entries.count ?? 0)) }

  /// Calls `body` for each result, best first. `value` is the distance (Poincaré) or the cosine.
  public func finish(_ body: (_ index: UInt32, _ weight: Float, _ value: Float) -> Void) {
    guard var sum = earlier else { return state.finish(body) }
    sum.merge(state)
    sum.finish(body)
  }
}

/// Candidates of a search: resident, or memory of the caller.
public enum Candidates {
  case set(VectorSet)
  case matrix(MatrixView)

  /// All of them; a set must outlive the view.
  public var matrix: MatrixView {
    switch self {
    case .set(let set): set.matrix
    case .matrix(let matrix): matrix
    }
  }
  /// Candidate `index`, `dim` floats.
  public func row(_ index: Int) -> UnsafePointer<Float> { matrix.row(index) }
  public var rows: Int { matrix.rows }
  public var dim: Int { matrix.dim }
}

/// Where the results of `queries` searches go: min(k, n) entries a query, one query after the other.
public struct SearchOutput {
  public let indices: UnsafeMutablePointer<UInt32>
  public let weights: UnsafeMutablePointer<Float>
  /// Distances (Poincaré) or cosines; may be absent.
  public let values: UnsafeMutablePointer<Float>?

  public init(
    indices: UnsafeMutablePointer<UInt32>, weights: UnsafeMutablePointer<Float>,
    values: UnsafeMutablePointer<Float>? = nil
  ) {
    (self.indices, self.weights, self.values) = (indices, weights, values)
  }
}

/// Soft search (see ``StreamingSearch``) of several queries in one pass over the candidates. Returns the number of
/// results a query, min(k, n).
///
/// Work is cut into chunks of 8,192 rows whatever the thread count, and merged in their order: the same bits for
/// any number of threads, and for a query alone or among others.
@discardableResult
public func differentiableSearch(
  queries: MatrixView, _ candidates: Candidates, metric: Metric, k: Int, temperature: Double,
  _ output: SearchOutput, named name: String = "candidates", control: Control = .none
) throws(RuvectorError) -> Int {
  let n = candidates.rows, results = min(max(k, 0), n)
  guard UInt32(exactly: n) != nil else {
    throw .expected("at most \(UInt32.max) rows", for: "candidates", received: "\(n)", .outOfRange)
  }
  var prepared: [PreparedQuery] = []
  for q in 0..<queries.rows {
    prepared.append(
      try PreparedQuery(
        queries.row(q), dim: queries.dim, metric: metric, temperature: temperature, candidates: name,
        name: queries.rows == 1 ? "query" : "queries[\(q)]"))
  }
  guard n > 0, queries.rows > 0 else { return 0 }
  guard candidates.dim == queries.dim else {
    throw .dimension("\(name)[0]", expected: queries.dim, received: candidates.dim)
  }
  var view: BallView?
  if case .set(let set) = candidates, case .poincare(let ball) = metric { view = try set.view(from: ball) }

  let chunk = searchChunk
  let chunks = (n + chunk - 1) / chunk
  let kernels = Kernels.current
  // Queries in groups of 16 read each block of candidates once.
  var first = 0
  while first < queries.rows {
    let group = prepared[first..<min(first + 16, queries.rows)]
    var total = group.map { QueryState($0, k: results) }
    // As many chunks at a time as there are threads, each with its own states, then merged in order.
    let workers = min(control.threads, chunks)
    if results > 1 << 20 {  // Swift's arrays end the process where memory ends: ask first
      _ = try AlignedBuffer<TopK.Entry>(count: 2 * results * group.count, for: "results")
    }
    var scratch: [Scratch] = []
    for _ in 0..<workers { scratch.append(try Scratch()) }
    var done = 0
    while done < chunks {
      let wave = min(workers, chunks - done)
      let part = Wave(count: wave)
      parallelFor(threads: wave, count: wave) { worker in
        var states = group.map { QueryState($0, k: results) }
        do throws(RuvectorError) {
          let start = (done + worker) * chunk
          var r = start
          while r < min(start + chunk, n) {
            try control.check()
            let range = r..<min(r + searchBlock, n)
            for q in states.indices {
              switch candidates {
              case .set(let set): try states[q].consume(set, view, range, scratch[worker], kernels)
              case .matrix(let rows):
                try states[q].consume(.packed(rows.slice(range)), base: r, scratch[worker], kernels)
              }
            }
            r = range.upperBound
          }
          part.results[worker] = .success(states)
        } catch {
          part.results[worker] = .failure(error)
        }
      }
      for w in 0..<wave {
        let states = try part.results[w].get()
        for q in states.indices { total[q].merge(states[q]) }
      }
      done += wave
      control.report((Double(first) + Double(group.count) * Double(done) / Double(chunks)) / Double(queries.rows))
    }
    for q in total.indices {
      var at = (first + q) * results
      total[q].finish { index, weight, value in
        output.indices[at] = index
        output.weights[at] = weight
        output.values?[at] = value
        at += 1
      }
    }
    first += group.count
  }
  return results
}

/// Results of chunks that run at the same time; each worker writes its own place.
private final class Wave: @unchecked Sendable {
  let results: UnsafeMutableBufferPointer<Result<[QueryState], RuvectorError>>

  init(count: Int) {
    results = .allocate(capacity: count)
    results.initialize(repeating: .success([]))
  }

  deinit {
    results.deinitialize()
    results.deallocate()
  }
}
