import CRuvectorSupport

private struct Body {
  let run: (Int) -> Void
}

/// Calls `body(i)` once for each `i` in `0..<count`, on up to `threads` threads, and returns when all are done.
///
/// Which thread runs which index is not defined, so `body` must write to places that belong to its index; results
/// that are combined afterwards in index order do not depend on the thread count. Threads sleep between jobs.
/// Give it chunks of some 100 µs or more.
public func parallelFor(threads: Int, count: Int, _ body: (Int) -> Void) {
  if threads <= 1 || count <= 1 {
    for i in 0..<max(count, 0) { body(i) }
    return
  }
  withoutActuallyEscaping(body) { escaping in
    var box = Body(run: escaping)
    withUnsafeMutablePointer(to: &box) { pointer in
      rv_parallel(
        threads, count,
        { context, index in
          context?.assumingMemoryBound(to: Body.self).pointee.run(index)
        }, UnsafeMutableRawPointer(pointer))
    }
  }
}
