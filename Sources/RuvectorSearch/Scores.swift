import RuvectorCore

/// The logits of all candidates (see ``StreamingSearch``: the cosine, or −distance), for those who need more of them
/// than the k best. `out` [n].
///
/// The same bits for any number of threads. Errors as ``differentiableSearch(queries:_:metric:k:temperature:_:named:control:)``.
/// - Complexity: O(n · d), one pass over the candidates.
public func scores(
  query: UnsafePointer<Float>, _ candidates: Candidates, metric: Metric, into out: UnsafeMutablePointer<Float>,
  named name: String = "candidates", control: Control = .none
) throws(RuvectorError) {
  let n = candidates.rows
  let prepared = try PreparedQuery(query, dim: candidates.dim, metric: metric, temperature: 1, candidates: name)
  var view: BallView?
  if case .set(let set) = candidates, case .poincare(let ball) = metric { view = try set.view(from: ball) }
  let kernels = Kernels.current
  let blocks = (n + searchBlock - 1) / searchBlock
  let workers = max(1, min(control.threads, blocks / 16))
  var scratch: [Scratch] = []
  for _ in 0..<workers { scratch.append(try Scratch()) }
  let first = try FirstFailure()
  parallelFor(threads: workers, count: workers) { worker in
    do throws(RuvectorError) {
      var state = QueryState(prepared, k: 0, record: out)
      for block in (blocks * worker / workers)..<(blocks * (worker + 1) / workers) {
        try control.check()
        let range = (block * searchBlock)..<min((block + 1) * searchBlock, n)
        switch candidates {
        case .set(let set): try state.consume(set, view, range, scratch[worker], kernels)
        case .matrix(let rows):
          try state.consume(.packed(rows.slice(range)), base: range.lowerBound, scratch[worker], kernels)
        }
      }
    } catch {
      first.note(worker, error)
    }
  }
  if let error = first.error { throw error }
}
