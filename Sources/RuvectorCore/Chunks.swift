import CRuvectorSupport

/// Calls `body` for each chunk of `chunk` of `count` rows, `times` over, on up to `control.threads` threads. Chunks do
/// not depend on the thread count, so neither do the bits of what each writes to places of its own; of several errors
/// the one that a single thread would have met first is thrown.
public func forChunks(
  of count: Int, chunk: Int = 16, times: Int = 1, _ control: Control,
  _ body: (_ rows: Range<Int>, _ time: Int) throws(RuvectorError) -> Void
) throws(RuvectorError) {
  let chunks = (count + chunk - 1) / chunk
  let first = try FirstFailure()
  parallelFor(threads: control.threads, count: chunks * times) { c in
    do throws(RuvectorError) {
      try control.check()
      let start = c % chunks * chunk
      try body(start..<min(start + chunk, count), c / chunks)
    } catch {
      first.note(c, error)
    }
  }
  if let error = first.error { throw error }
}
