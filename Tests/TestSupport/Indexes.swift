import RuvectorCore

/// `count` clusters' points in `dim` dimensions, one after the other; neighbours are worth finding in them.
public func clustered(_ count: Int, _ dim: Int, centres: Int, spread: Double = 0.25, seed: UInt64) -> [Float] {
  var generator = SeededGenerator(seed)
  let middle = generator.directions(centres, dim)
  var out: [Float] = []
  out.reserveCapacity(count * dim)
  for _ in 0..<count {
    let c = Int(generator.next() % UInt64(centres)) * dim
    for d in 0..<dim { out.append(middle[c + d] + Float(spread * generator.normal() / Double(dim).squareRoot())) }
  }
  return out
}

/// The shortest sublist of `operations` (by leaving out ever smaller runs) that still fails.
public func shrunk<T>(_ operations: [T], _ fails: ([T]) -> Bool) -> [T] {
  var list = operations, size = max(list.count / 2, 1)
  while size >= 1 {
    var at = 0, isShorter = false
    while at < list.count {
      let shorter = Array(list[..<at]) + Array(list[min(at + size, list.count)...])
      if fails(shorter) {
        list = shorter
        isShorter = true
      } else {
        at += size
      }
    }
    if size == 1, !isShorter { break }
    size = size == 1 ? 1 : size / 2
  }
  return list
}
