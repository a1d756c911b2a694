import CRuvectorSupport
import RuvectorCore

/// Whether a smaller storage tells rows apart, found out from the rows themselves.
///
/// Halves and bytes move each element by some δ (a byte by up to 1/254 of the row's largest element), so the key of a row y
/// at distance d from a query is off by about 2 |d| δ. That is harmless while keys of neighbours lie farther apart. It is not
/// where all rows lie far from the origin (1000 ± 1, latitudes), or where one element is larger than all others: then the
/// order of keys is that of rounding.
///
/// Some rows are taken as queries (`probe`). Of all rows that are offered, each finds its 20 nearest by floats: how far apart
/// are the 10th and the 20th, and how far does the storage move such keys? Measured on normal rows with one constant element of
/// growing size, the recall@10 of bytes with floats beside leaves .99 where the second is .4 to .5 of the first; 1 gives .9.
/// Ordinary rows have .02 to .2.
final class Sharpness {
  /// The second as a share of the first from which a probe calls rows blurred.
  static let limit = 0.4
  private static let neighbours = 20
  /// So many queries; more where an error follows.
  static let probes = 16
  static let probesWithoutFloats = 64
  /// Of fewer rows a search orders all by floats.
  static let fewest = 10
  /// So many have to speak where an error follows.
  static let fewestWithoutFloats = 32

  private struct Neighbour {
    var key: Float
    /// The squared distance; how the storage moves the key, and the variance of that if errors are random.
    var distance = 0.0
    var shift = 0.0
    var noise = 0.0

    /// Of two that are at one distance and moved alike there is no order to keep.
    func isTwin(of other: Neighbour) -> Bool {
      key == other.key && distance == other.distance && shift == other.shift && noise == other.noise
    }
  }
  private struct Probe {
    let number: Int
    let row: AlignedBuffer<Float>
    /// The row, or for inner products less the mean of all probes.
    let query: AlignedBuffer<Float>
    var nearest: [Neighbour] = []
  }

  private let rows: VectorRows
  private let kernels = Kernels.current
  private var list: [Probe] = []
  private var offered = 0

  init(_ rows: VectorRows) { self.rows = rows }

  /// The row with this number among those that are going to be offered is a query.
  func probe(_ row: UnsafePointer<Float>, number: Int) throws(RuvectorError) {
    let width = rows.space.width
    let own = try AlignedBuffer<Float>(count: width, for: "vectors")
    own.pointer.update(from: row, count: width)
    let query = try AlignedBuffer<Float>(count: width, for: "vectors")
    list.append(Probe(number: number, row: own, query: query))
  }

  /// All probes are there.
  func begin() {
    for i in 0..<rows.space.width {
      let mean = list.reduce(0) { $0 + $1.row[i] / Float(list.count) }
      for probe in list { probe.query[i] = probe.row[i] - (rows.space.metric == .ip ? mean : 0) }
    }
  }

  /// `share`: of a row that has gone through the storage already, its error as a share of the largest; nil for one as it was given.
  func offer(_ row: UnsafePointer<Float>, share: Double? = nil) {
    let width = rows.space.width, metric = rows.space.metric
    for p in list.indices where list[p].number != offered {
      let query = list[p].query.pointer
      var new = Neighbour(key: 0)
      if metric == .ip {
        kernels.dot_rows(query, row, width, 1, width, &new.key)
        new.key = -new.key
      } else {
        kernels.squared_l2_rows(query, row, width, 1, width, &new.key)
      }
      let count = list[p].nearest.count
      if count == Sharpness.neighbours, new.key >= list[p].nearest[count - 1].key { continue }
      let step = rows.step(row)
      var squares = 0.0, variances = 0.0
      for i in 0..<width {
        let apart = Double(row[i]) - Double(list[p].row[i]), q = Double(query[i])
        new.distance += apart * apart
        // The key changes by so much for each unit of error.
        let slope = metric == .ip ? -q : metric == .cosine ? -2 * q : 2 * apart
        let variance = rows.variance(row[i], step)
        variances += variance
        new.noise += slope * slope * variance
        if share != nil { continue }
        let error = Double(rows.rounded(row[i], step)) - Double(row[i])
        new.shift += slope * error + (metric == .l2 ? error * error : 0)
        squares += error * error
      }
      new.noise *= share ?? (variances > 0 ? squares / variances : 0)
      var at = count
      while at > 0, list[p].nearest[at - 1].key > new.key { at -= 1 }
      if at > 0, list[p].nearest[at - 1].isTwin(of: new) { continue }
      list[p].nearest.insert(new, at: at)
      if count == Sharpness.neighbours { list[p].nearest.removeLast() }
    }
    offered += 1
  }

  /// Whether the storage does not tell the offered rows apart. With floats beside: a quarter of the probes say so (what is less the
  /// index finds while it adds and searches). Without, an error follows: half of them say so, or some so much that searches would
  /// miss a hundredth of the nearest.
  var isBlurred: Bool {
    var blurred = 0, missed = 0.0
    let spread = spread
    for probe in list {
      let blur = blur(probe, spread)
      if blur > Sharpness.limit { blurred += 1 }
      missed += min(1, 0.1 * blur * blur)
    }
    if rows.isReranked { return blurred > 0 && 4 * blurred >= list.count }
    return blurred > 0 && 2 * blurred >= list.count || missed > 0.01 * Double(list.count)
  }

  /// How far the storage moves the keys of a probe's neighbours, as a share of the distance between them: of the nearer half or the
  /// farther, whichever is worse (small clusters end between the two).
  private func blur(_ probe: Probe, _ spread: Double) -> Double {
    let half = probe.nearest.count / 2
    return max(blur(probe, probe.nearest[..<half], spread), blur(probe, probe.nearest[half...], spread))
  }

  /// The mean squared distance of probes from their mean.
  private var spread: Double {
    var sum = 0.0
    for i in 0..<rows.space.width {
      var first = 0.0, second = 0.0
      for probe in list {
        let apart = Double(probe.row[i]) - Double(list[0].row[i])
        first += apart
        second += apart * apart
      }
      sum += second - first * first / Double(list.count)
    }
    return sum / Double(max(list.count, 1))
  }

  private func blur(_ probe: Probe, _ some: ArraySlice<Neighbour>, _ spread: Double) -> Double {
    guard let first = some.first, let last = some.last else { return 0 }
    let length2 = kernels.squared_norm(probe.row.pointer, probe.row.count)
    // Equal but for rounding, beside what lies between others (a column of times is long, and they differ by little of it), or like all.
    if last.distance <= 1e-10 * min(length2, spread) || spread <= 1e-12 * length2 { return 0 }
    let part = 1 / Double(some.count)
    var mean = 0.0, deviation = 0.0, noise = 0.0
    for one in some {
      mean += part * one.shift
      noise += part * one.noise
    }
    for one in some { deviation += part * (one.shift - mean) * (one.shift - mean) }
    // Distances of bytes come from squared lengths and products, which are rounded, too.
    let least = rows.storage == .i8 && rows.space.metric == .l2 ? 0x1p-23 * length2 : 0
    let error = max(max(deviation, noise).squareRoot(), least), gap = Double(last.key) - Double(first.key)
    return error > 0 ? error / max(gap, 1e-30) : 0
  }

  /// At most `most` of 0 ..< n, and their order: one of each part, anywhere in it (rows often come in turns).
  static func sample(_ n: Int, _ most: Int) -> [Int] {
    guard n > most else { return Array(0..<n) }
    var random = Random(seed: UInt64(n))
    return (0..<most).map { part in
      let first = part * n / most
      return first + random.below((part + 1) * n / most - first)
    }
  }
}

/// New vectors whose neighbours a smaller storage did not tell apart, among the last thousand or so: where only a part of the rows
/// is such, what all of them are does not show it.
struct Blur {
  private var looked = 0
  private var blurred = 0

  /// Counts more; whether they are few.
  mutating func isRare(_ more: Int, of walks: Int) -> Bool {
    looked += walks
    blurred += more
    let isRare = blurred * 50 <= max(looked, 250)
    while looked > 1024 { (looked, blurred) = (looked / 2, blurred / 2) }
    return isRare
  }
}

/// How far rows lie from their mean, before a storage without floats rounds them.
final class Spread {
  private let sums: AlignedBuffer<Double>
  private var squares = 0.0
  private var count = 0

  /// nil where floats tell.
  init?(_ rows: VectorRows) throws(RuvectorError) {
    if rows.storage == .f32 || rows.isReranked { return nil }
    sums = try AlignedBuffer(count: rows.space.width, repeating: 0, for: "index")
  }

  func add(_ row: UnsafePointer<Float>) {
    for i in 0..<sums.count { sums[i] += Double(row[i]) }
    squares += Kernels.current.squared_norm(row, sums.count)
    count += 1
  }

  /// Of an element, in the mean; and the mean square.
  var variance: (of: Double, square: Double) {
    let inverse = 1 / Double(max(count, 1))
    var square = 0.0
    for i in 0..<sums.count { square += sums[i] * inverse * sums[i] * inverse }
    let width = Double(sums.count)
    return (max(0, squares * inverse - square) / width, squares * inverse / width)
  }
}

extension VectorIndex {
  /// Stored rows, and new ones of a batch, that are looked at.
  private static let looked = 4096

  /// Whether the storage tells the rows of `matrix`, which are valid, apart from each other and from those stored. Looks at
  /// batches that are large enough to say something, and at single rows together with stored ones whenever a fifth of all is
  /// new. O(dim) for 16 · 4096 pairs of rows at most.
  func tellsApart(_ matrix: MatrixView) throws(RuvectorError) -> Bool {
    let n = matrix.rows, all = n + tableLock.locked { liveCount }, isDue = all >= nextExamination
    if rows.storage == .f32 || rows.isBlurred { return true }
    if rows.storage == .f16 {
      let row = try AlignedBuffer<Float>(count: rows.space.width, for: "vectors")
      for r in 0..<n {
        _ = try rows.space.place(matrix.row(r), into: row.pointer, "vectors[\(r)]")
        if rows.isBeyondHalves(row.pointer) { return false }
      }
    }
    let fewest = rows.isReranked ? Sharpness.fewest : Sharpness.fewestWithoutFloats
    guard all >= fewest, n >= fewest || isDue else { return true }
    // Without floats, new rows by themselves say more than beside stored ones, if they are enough; beside those there are more.
    if !rows.isReranked, n >= fewest, try !tellsApart(matrix, areOldRead: false) { return false }
    if rows.isReranked || isDue, try !tellsApart(matrix, areOldRead: isDue) { return false }
    if isDue { nextExamination = all + all / 4 + 1 }
    return true
  }

  private func tellsApart(_ matrix: MatrixView, areOldRead: Bool) throws(RuvectorError) -> Bool {
    let found = Sharpness(rows), row = try AlignedBuffer<Float>(count: rows.space.width, for: "vectors")
    let new = Sharpness.sample(matrix.rows, VectorIndex.looked)
    let old =
      !areOldRead
      ? [] : Sharpness.sample(nextPlace, VectorIndex.looked).filter { !isGone($0) }
    let count = new.count + old.count
    // The share of the largest error of their kind that new rows have: what stored rows had, which without floats have lost
    // theirs; then new ones are compared as they will be.
    var share = 0.0, measured = 0
    let isRounded = !rows.isReranked && !old.isEmpty
    func read(_ i: Int) throws(RuvectorError) -> Double? {
      if i < new.count {
        _ = try rows.space.place(matrix.row(new[i]), into: row.pointer, "vectors[\(new[i])]")
        if isRounded, i < measured { rows.round(row.pointer) }
      } else {
        _ = try rows.load(chains.node(old[i - new.count]), into: row.pointer)
      }
      return isRounded ? share : nil
    }
    for i in 0..<new.count where isRounded {
      _ = try read(i)
      let largest = rows.variance(row.pointer)
      if largest > 0 { share += rows.noise(row.pointer) / largest / Double(new.count) }
    }
    measured = new.count
    for i in Sharpness.sample(count, rows.isReranked ? Sharpness.probes : Sharpness.probesWithoutFloats) {
      _ = try read(i)
      try found.probe(row.pointer, number: i)
    }
    found.begin()
    var mean = 0.0
    for i in 0..<count {
      let noise = try read(i)
      found.offer(row.pointer, share: noise)
      if let noise { mean += noise * rows.variance(row.pointer) / Double(count) }
    }
    if found.isBlurred { return false }
    // Rows may have become one.
    if isRounded, let (variance, square) = spread?.variance, variance < 25 * mean, variance > 1e-10 * square {
      return false
    }
    return true
  }

  /// The same of stored rows with floats beside: up to `most` of them.
  func areToldApart(most: Int) throws(RuvectorError) -> Bool {
    guard rows.storage != .f32, rows.isReranked else { return true }
    let found = Sharpness(rows), row = try AlignedBuffer<Float>(count: rows.space.width, for: "vectors")
    let ids = Sharpness.sample(nextPlace, most).filter { !isGone($0) }
    for i in Sharpness.sample(ids.count, Sharpness.probes) {
      _ = try rows.load(chains.node(ids[i]), into: row.pointer)
      try found.probe(row.pointer, number: i)
    }
    found.begin()
    for id in ids {
      _ = try rows.load(chains.node(id), into: row.pointer)
      if rows.storage == .f16, rows.isBeyondHalves(row.pointer) { return false }
      found.offer(row.pointer)
    }
    return !found.isBlurred
  }

  var blurredError: RuvectorError {
    .expected(
      "vectors that storage \"\(rows.storage)\" tells apart (others: storage \"f32\", or rerank)", for: "vectors",
      received: rows.storage == .i8
        ? "some whose differences are below its steps, of 1/127 of the largest element"
        : "some whose differences are below its steps, or elements beyond 65504", .outOfRange)
  }
}
