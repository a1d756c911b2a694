import CRuvectorSupport
import RuvectorCore

/// Which of n keys each of m queries sees, in CSR form: row i has the keys `indices[offsets[i] ..< offsets[i + 1]]`, rising and
/// without repetition.
///
/// Where a pattern goes by places, query i stands at key p_i = i + ⌊(n − m + 1)/2⌋, as in ``LocalGlobal``: at its own for m = n.
///
///     local(w)      |j − p_i| ≤ ⌊w/2⌋                       Beltagy, Peters, Cohan 2020, "Longformer"
///     strided(s)    j ≡ p_i mod s                           Child, Gray, Radford, Sutskever 2019, "Sparse Transformers"
///     block(b)      ⌊j/b⌋ = ⌊p_i/b⌋                         Qiu et al. 2019, "Blockwise Self-Attention"
///     random(r)     r keys, drawn anew for each query        Zaheer et al. 2020, "Big Bird"
///     global(t)     j < t; for m = n > 1 the first t queries see every key
///
/// Their unions are the patterns of those papers: `local(w).union(strided(s))`, `local(w).union(random(r)).union(global(t))`.
public final class SparsityPattern: @unchecked Sendable {
  /// m
  public let rows: Int
  /// n
  public let columns: Int
  /// [m + 1], rising from 0
  public let offsets: AlignedBuffer<UInt32>
  /// [count]
  public let indices: AlignedBuffer<UInt32>
  /// Pairs of a query and a key that it sees.
  public var count: Int { indices.count }
  /// Their part of all pairs; 0 where there are none.
  public var density: Double { rows == 0 || columns == 0 ? 0 : Double(count) / Double(rows) / Double(columns) }

  /// What makes a pattern by its rows.
  public enum Kind: Sendable {
    /// Keys around the query's place: half of `window` on each side and its own.
    case local(window: Int)
    /// Every `stride`-th key, counted from the query's place.
    case strided(Int)
    /// The keys of the same block of `size`.
    case block(size: Int)
    /// `perRow` different keys (all where there are fewer), from `seed` and the number of the query.
    case random(perRow: Int, seed: UInt64)
    /// The first `tokens` keys, and for m = n > 1 every key for the first `tokens` queries.
    case global(tokens: Int)
  }

  // MARK: - Creation

  /// `.outOfRange` for a stride or block below 1, negative numbers and more than 2³⁰ pairs. O(m + count); random rows
  /// O(perRow · log perRow) each.
  public init(_ kind: Kind, rows: Int, columns: Int) throws(RuvectorError) {
    try Self.check(kind, rows, columns)
    offsets = try AlignedBuffer(count: rows + 1, repeating: 0, for: "pattern")
    (self.rows, self.columns) = (rows, columns)
    let shape = Shape(kind: kind, m: rows, n: columns)
    var total = 0
    for i in 0..<rows {
      total += shape.count(i)
      guard total <= Self.most else { throw Self.tooMany }
      offsets[i + 1] = UInt32(total)
    }
    indices = try AlignedBuffer(count: total, for: "pattern")
    for i in 0..<rows { shape.fill(i, indices.pointer + Int(offsets[i])) }
  }

  /// From a graph: `offsets` [m + 1] rising from 0, `indices` below `columns`, rising in each row.
  public init(
    offsets: UnsafeBufferPointer<UInt32>, indices: UnsafeBufferPointer<UInt32>, columns: Int
  ) throws(RuvectorError) {
    guard offsets.count > 0, let first = offsets.baseAddress else {
      throw .expected("at least 1 element", for: "offsets", received: "0", .emptyInput)
    }
    self.offsets = try AlignedBuffer(copying: first, count: offsets.count, for: "pattern")
    self.indices = try AlignedBuffer(count: indices.count, for: "pattern")
    if let base = indices.baseAddress { self.indices.pointer.update(from: base, count: indices.count) }
    (rows, self.columns) = (offsets.count - 1, columns)
    try view.check(columns: columns, rising: true)
  }

  private init(_ rows: Int, _ columns: Int, _ offsets: AlignedBuffer<UInt32>, _ indices: AlignedBuffer<UInt32>) {
    (self.rows, self.columns, self.offsets, self.indices) = (rows, columns, offsets, indices)
  }

  /// The pairs that are in one of the two. `.dimensionMismatch` unless they have the same rows and columns. O(count).
  public func union(_ other: SparsityPattern) throws(RuvectorError) -> SparsityPattern {
    guard rows == other.rows, columns == other.columns else {
      throw .expected(
        "\(rows) x \(columns)", for: "pattern", received: "\(other.rows) x \(other.columns)", .dimensionMismatch)
    }
    let merged = try AlignedBuffer<UInt32>(count: count + other.count, for: "pattern")
    let offsets = try AlignedBuffer<UInt32>(count: rows + 1, repeating: 0, for: "pattern")
    var total = 0
    for i in 0..<rows {
      var a = Int(self.offsets[i]), b = Int(other.offsets[i])
      let endA = Int(self.offsets[i + 1]), endB = Int(other.offsets[i + 1])
      while a < endA || b < endB {
        let x = a < endA ? indices[a] : UInt32.max, y = b < endB ? other.indices[b] : UInt32.max
        merged[total] = min(x, y)
        total += 1
        if x <= y { a += 1 }
        if y <= x { b += 1 }
      }
      guard total <= Self.most else { throw Self.tooMany }
      offsets[i + 1] = UInt32(total)
    }
    return SparsityPattern(rows, columns, offsets, try AlignedBuffer(copying: merged.pointer, count: total))
  }

  // MARK: - Use

  /// The memory as an operation sees it; lives as long as the pattern.
  var view: PatternView {
    PatternView(
      rows: rows, offsets: UnsafePointer(offsets.pointer), indices: UnsafePointer(indices.pointer), count: count)
  }

  /// 1 where a query sees a key, else 0: `out` [m · n].
  public func mask(into out: UnsafeMutablePointer<UInt8>) {
    out.update(repeating: 0, count: rows * columns)
    for i in 0..<rows {
      for place in Int(offsets[i])..<Int(offsets[i + 1]) { out[i * columns + Int(indices[place])] = 1 }
    }
  }

  /// Rows, and pairs: 4 GB each.
  private static let most = 1 << 30
  private static var tooMany: RuvectorError {
    .expected("at most 2^30 pairs", for: "pattern", received: "more", .outOfRange)
  }

  private static func check(_ kind: Kind, _ rows: Int, _ columns: Int) throws(RuvectorError) {
    func require(_ value: Int, atLeast least: Int, _ name: String) throws(RuvectorError) {
      guard value >= least, value <= most else {
        throw .expected("an integer in \(least)...\(most)", for: name, received: "\(value)", .outOfRange)
      }
    }
    try require(rows, atLeast: 0, "rows")
    try require(columns, atLeast: 0, "columns")
    switch kind {
    case .local(let window): try require(window, atLeast: 0, "window")
    case .strided(let stride): try require(stride, atLeast: 1, "stride")
    case .block(let size): try require(size, atLeast: 1, "size")
    case .random(let perRow, _): try require(perRow, atLeast: 0, "perRow")
    case .global(let tokens): try require(tokens, atLeast: 0, "tokens")
    }
  }
}

/// The rows of a kind, one by one.
private struct Shape {
  let kind: SparsityPattern.Kind
  let m, n: Int

  private func place(_ i: Int) -> Int { i + (n - m + 1) >> 1 }

  /// The keys first, first + step, … below `end`; of random rows only their number counts.
  private func run(_ i: Int) -> (first: Int, end: Int, step: Int) {
    let p = place(i)
    switch kind {
    case .local(let window):
      let first = min(max(p - window / 2, 0), n)
      return (first, max(first, min(p + window / 2 + 1, n)), 1)
    case .strided(let stride): return ((p % stride + stride) % stride, n, stride)
    case .block(let size):
      guard p >= 0, p < n else { return (0, 0, 1) }
      return (p / size * size, min(p / size * size + size, n), 1)
    case .random(let perRow, _): return (0, min(perRow, n), 1)
    case .global(let tokens): return (0, m == n && m > 1 && i < tokens ? n : min(tokens, n), 1)
    }
  }

  func count(_ i: Int) -> Int {
    let (first, end, step) = run(i)
    return first < end ? (end - first + step - 1) / step : 0
  }

  func fill(_ i: Int, _ out: UnsafeMutablePointer<UInt32>) {
    let (first, end, step) = run(i)
    if case .random(_, let seed) = kind {
      return draw(end, out, Random(seed: seed &+ UInt64(i) &* 0xd134_2543_de82_ef95))
    }
    var j = first, at = 0
    while j < end {
      out[at] = UInt32(truncatingIfNeeded: j)
      (j, at) = (j + step, at + 1)
    }
  }

  /// `count` different numbers below n, rising (Floyd's sampling: Bentley and Floyd 1987).
  private func draw(_ count: Int, _ out: UnsafeMutablePointer<UInt32>, _ generator: Random) {
    var random = generator
    if count == n {
      for j in 0..<n { out[j] = UInt32(truncatingIfNeeded: j) }
      return
    }
    var known = 0
    for j in (n - count)..<n {
      let drawn = UInt32(truncatingIfNeeded: random.below(j + 1))
      var place = find(drawn, out, known)
      let value = place < known && out[place] == drawn ? UInt32(truncatingIfNeeded: j) : drawn
      if value != drawn { place = known }  // j is larger than all before
      var k = known
      while k > place {
        out[k] = out[k - 1]
        k -= 1
      }
      out[place] = value
      known += 1
    }
  }

  /// The first of `count` rising numbers that is not below `value`.
  private func find(_ value: UInt32, _ list: UnsafeMutablePointer<UInt32>, _ count: Int) -> Int {
    var low = 0, high = count
    while low < high {
      let middle = (low + high) / 2
      if list[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
