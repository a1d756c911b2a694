import RuvectorCore

/// Nodes by their rows, to find those that are equal to new ones: equal floats of what is stored (0 and −0 are equal), and equal
/// factors. The writer's.
final class Likeness {
  private let rows: VectorRows
  private var table: KeyTable
  private var count = 0
  /// Nodes below this are still to be entered.
  private var missing = 0
  private let row: AlignedBuffer<Float>
  private let other: AlignedBuffer<Float>

  init(_ rows: VectorRows) throws(RuvectorError) {
    self.rows = rows
    table = try KeyTable()
    row = try AlignedBuffer(count: rows.space.width, for: "index")
    other = try AlignedBuffer(count: rows.space.width, for: "index")
  }

  var byteCount: Int { table.byteCount }

  /// What becomes of the rows of a matrix.
  struct Plan {
    enum Origin {
      /// The first of its kind.
      case new
      /// Equal to a node's row.
      case node(Int)
      /// Equal to an earlier row of the matrix.
      case row(Int)
    }
    fileprivate(set) var origins: [Origin] = []
    fileprivate var hashes: [UInt64] = []
    /// The rows that are new.
    fileprivate(set) var new: [Int] = []
    var hasTwins: Bool { new.count < origins.count }
  }

  /// Compares rows, which are as they must be, with the nodes there are and with each other. `isUsed`: which of a file's have
  /// vectors still.
  func plan(_ matrix: MatrixView, _ isUsed: (Int) -> Bool = { _ in true }) throws(RuvectorError) -> Plan {
    if missing > 0 { try enter(upTo: missing, isUsed) }
    let n = matrix.rows
    var plan = Plan(), own = try KeyTable(count: n > 1 ? n : 0)
    plan.origins.reserveCapacity(n)
    plan.hashes.reserveCapacity(n)
    for r in 0..<n {
      let factor = try rows.rounded(matrix.row(r), into: row), hash = hash(row, factor)
      plan.hashes.append(hash)
      if let node = find(hash, factor) {
        plan.origins.append(.node(node))
        continue
      }
      let earlier = n == 1 ? nil : own.view.find(hash) { plan.hashes[$0] == hash && isEqual(matrix, $0, factor) }
      if let earlier {
        plan.origins.append(.row(earlier))
        continue
      }
      plan.origins.append(.new)
      plan.new.append(r)
      if n > 1 { own.insert(r, hash) }
    }
    try reserve(plan.new.count)
    return plan
  }

  /// Enters the node of a row that was new.
  func enter(_ node: Int, _ plan: Plan, row r: Int) {
    table.insert(node, plan.hashes[r])
    count &+= 1
  }

  /// Forgets a node, whose row is still there.
  func forget(_ node: Int) {
    guard missing == 0 else { return }
    if let hash = try? hash(ofNode: node), table.remove(node, hash) { count &-= 1 }
  }

  func removeAll() {
    table.removeAll()
    (count, missing) = (0, 0)
  }

  /// So many nodes of a file wait until something is added, which takes some 5 ms then: who only reads needs none of it. More
  /// would hold up a single `add` for too long.
  static let mostMissing = 65536

  /// The nodes of a file.
  func adopt(
    upTo end: Int, later most: Int = Likeness.mostMissing, _ isUsed: (Int) -> Bool
  ) throws(RuvectorError) {
    if end <= most { missing = end } else { try enter(upTo: end, isUsed) }
  }

  /// Enters those of so many nodes that are in use; of equal ones, which files of earlier releases have, the first. (They have one
  /// hash: each search for one of them would pass all the others.)
  func enter(upTo end: Int, _ isUsed: (Int) -> Bool) throws(RuvectorError) {
    let hashes = try AlignedBuffer<UInt64>(count: end, for: "index")
    table = try KeyTable(count: end)
    count = 0
    for node in 0..<end where isUsed(node) {
      let factor = try rows.load(node, into: row.pointer), hash = hash(row, factor)
      hashes[node] = hash
      let known = table.view.find(hash) { hashes[$0] == hash && isRow($0, factor) }
      guard known == nil else { continue }
      table.insert(node, hash)
      count &+= 1
    }
    missing = 0
  }

  private func reserve(_ more: Int) throws(RuvectorError) {
    try table.reserve(more, live: count) { (try? hash(ofNode: $0)) ?? 0 }
  }

  private func hash(ofNode node: Int) throws(RuvectorError) -> UInt64 {
    hash(other, try rows.load(node, into: other.pointer))
  }

  /// The node whose row is `row`.
  private func find(_ hash: UInt64, _ factor: Double) -> Int? {
    table.view.find(hash) { isRow($0, factor) }
  }

  private func isRow(_ node: Int, _ factor: Double) -> Bool {
    guard let known = try? rows.load(node, into: other.pointer) else { return false }
    return Float(known) == Float(factor) && isSame()
  }

  private func isEqual(_ matrix: MatrixView, _ r: Int, _ factor: Double) -> Bool {
    guard let known = try? rows.rounded(matrix.row(r), into: other) else { return false }
    return Float(known) == Float(factor) && isSame()
  }

  private func isSame() -> Bool {
    for i in 0..<row.count where row[i] != other[i] { return false }
    return true
  }

  // MARK: Hashes

  /// Sixteen hashes side by side (Jenkins' one-at-a-time, a word a step), mixed in the end.
  private func hash(_ row: AlignedBuffer<Float>, _ factor: Double) -> UInt64 {
    var lanes = SIMD16<UInt32>(repeating: 0x9e37_79b9), at = 0
    while at < row.count {
      var words = SIMD16<UInt32>()
      if at &+ 16 <= row.count {
        let floats = UnsafeRawPointer(row.pointer + at).loadUnaligned(as: SIMD16<Float>.self)
        words = unsafeBitCast(floats + 0, to: SIMD16<UInt32>.self)
      } else {
        for i in at..<row.count { words[i &- at] = (row[i] + 0).bitPattern }
      }
      lanes ^= words
      lanes &+= lanes &<< 10
      lanes ^= lanes &>> 6
      at &+= 16
    }
    // A sum of odd multiples, mixed once more.
    let words = unsafeBitCast(lanes, to: SIMD8<UInt64>.self)
    var sum = UInt64(Float(factor).bitPattern), odd: UInt64 = 0x9e37_79b9_7f4a_7c15
    for i in 0..<8 {
      sum &+= words[i] &* odd
      odd &*= 0xd134_2543_de82_ef95
    }
    var random = Random(seed: sum)
    return random.next()
  }
}
