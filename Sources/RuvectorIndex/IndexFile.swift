import RuvectorCore

/// The format of index files (docs/file-format.md): a header, a table of sections, sections at multiples of 4096 bytes. All
/// numbers are little-endian. Version 1, or 2 where equal vectors share nodes.
struct IndexFile {
  static let magic: UInt64 = 0x5845_444e_4956_5552  // "RUVINDEX"
  static let alignment = 4096
  static let headerBytes = 192
  static let sectionBytes = 32

  enum Section: UInt32, CaseIterable {
    case rows = 1, exact, side, gone, keys, strings, free, nodes, ground, upper
    // Of version 2.
    case chains, heads

    static func count(_ version: UInt32) -> Int { version == 1 ? 10 : 12 }

    var name: StaticString {
      switch self {
      case .rows: "rows"
      case .exact: "exact"
      case .side: "side"
      case .gone: "gone"
      case .keys: "keys"
      case .strings: "strings"
      case .free: "free"
      case .nodes: "nodes"
      case .ground: "ground"
      case .upper: "upper"
      case .chains: "chains"
      case .heads: "heads"
      }
    }
  }

  struct Entry {
    var section: Section
    var offset = 0
    var bytes = 0
    var hash: UInt64 = 0
  }

  // Of the header, in its order.
  var kind: UInt32 = 0
  var metric: UInt32 = 0
  var storage: UInt32 = 0
  /// 1: floats are kept beside a smaller storage.
  var rerank: UInt32 = 0
  /// 0, 1: integers; 2: strings.
  var keys: UInt32 = 0
  var dim: UInt32 = 0
  var m: UInt32 = 0
  var efConstruction: UInt32 = 0
  var ef: UInt32 = 0
  var entry: UInt32 = 0
  var places: UInt32 = 0
  var live: UInt32 = 0
  var deleted: UInt32 = 0
  var upperCount: UInt32 = 0
  var curvature = 0.0
  var seed: UInt64 = 0
  var sequence: UInt64 = 0
  var stamp: UInt64 = 0
  /// As many as places in version 1.
  var nodeCount: UInt32 = 0
  /// 1 where some node has seen a plateau only when it came; earlier releases say 0.
  var plateaus: UInt32 = 0
  var version: UInt32 = 1
  var sections: [Entry] = []

  static func tableRoom(_ version: UInt32) -> Int { headerBytes + Section.count(version) * sectionBytes }
  var tableRoom: Int { Self.tableRoom(version) }

  func section(_ wanted: Section) -> Entry? { sections.first { $0.section == wanted } }

  // MARK: Bytes

  /// Header and table; the last 8 bytes of the header are the checksum of all of it with zeros there.
  func encoded(fileBytes: Int) throws(RuvectorError) -> AlignedBuffer<UInt8> {
    let out = try AlignedBuffer<UInt8>(count: tableRoom, repeating: 0, for: "file")
    let p = UnsafeMutableRawPointer(out.pointer)
    func put<T: FixedWidthInteger>(_ at: Int, _ value: T) {
      p.storeBytes(of: value.littleEndian, toByteOffset: at, as: T.self)
    }
    put(0, Self.magic)
    put(8, version)
    put(12, UInt32(sections.count))
    put(16, UInt64(fileBytes))
    let words = [
      kind, metric, storage, rerank, keys, dim, m, efConstruction, ef, entry, places, live, deleted, upperCount,
    ]
    for (i, word) in words.enumerated() { put(24 + 4 * i, word) }
    put(80, curvature.bitPattern)
    put(88, seed)
    put(96, sequence)
    put(104, stamp)
    if version > 1 { put(112, nodeCount) }
    put(116, plateaus)
    for (i, entry) in sections.enumerated() {
      let at = Self.headerBytes + i * Self.sectionBytes
      put(at, entry.section.rawValue)
      put(at + 8, UInt64(entry.offset))
      put(at + 16, UInt64(entry.bytes))
      put(at + 24, entry.hash)
    }
    var hash = XXHash64()
    hash.add(p, tableRoom)
    put(Self.headerBytes - 8, hash.value)
    return out
  }

  /// From the first bytes of a file. `.corrupt` where anything is not as it must be.
  init(_ bytes: AlignedBuffer<UInt8>, fileBytes: Int, _ name: String) throws(RuvectorError) {
    let p = UnsafeMutableRawPointer(bytes.pointer)
    func get<T: FixedWidthInteger>(_ at: Int, _: T.Type) -> T {
      T(littleEndian: p.load(fromByteOffset: at, as: T.self))
    }
    func require(_ holds: Bool, _ wanted: String, _ received: String) throws(RuvectorError) {
      guard holds else { throw .expected(wanted, for: name, received: received, .corrupt) }
    }
    try require(
      bytes.count >= Self.tableRoom(1) && get(0, UInt64.self) == Self.magic, "an index file", "another file")
    version = get(8, UInt32.self)
    guard version == 1 || version == 2 else {
      throw .expected("version 1 or 2", for: name, received: "version \(version)", .unsupported)
    }
    let room = Self.tableRoom(version), most = Section.count(version)
    try require(bytes.count >= room, "a table of sections", "\(fileBytes) bytes")
    let hash = get(Self.headerBytes - 8, UInt64.self)
    p.storeBytes(of: 0, toByteOffset: Self.headerBytes - 8, as: UInt64.self)
    var own = XXHash64()
    own.add(p, room)
    try require(own.value == hash, "a header with its checksum", "a damaged one")
    let stated = get(16, UInt64.self)
    try require(stated == UInt64(fileBytes), "\(stated) bytes", "\(fileBytes)")
    let words = (0..<14).map { get(24 + 4 * $0, UInt32.self) }
    (kind, metric, storage, rerank, keys) = (words[0], words[1], words[2], words[3], words[4])
    (dim, m, efConstruction, ef, entry) = (words[5], words[6], words[7], words[8], words[9])
    (places, live, deleted, upperCount) = (words[10], words[11], words[12], words[13])
    curvature = Double(bitPattern: get(80, UInt64.self))
    (seed, sequence, stamp) = (get(88, UInt64.self), get(96, UInt64.self), get(104, UInt64.self))
    nodeCount = version == 1 ? places : get(112, UInt32.self)
    plateaus = get(116, UInt32.self)
    let count = get(12, UInt32.self)
    try require(count <= UInt32(most), "at most \(most) sections", "\(count)")
    for i in 0..<Int(count) {
      let at = Self.headerBytes + i * Self.sectionBytes
      let offset = get(at + 8, UInt64.self), bytes = get(at + 16, UInt64.self)
      guard let section = Section(rawValue: get(at, UInt32.self)), section.rawValue <= UInt32(most),
        offset % UInt64(Self.alignment) == 0,
        offset <= stated, bytes <= stated - offset, self.section(section) == nil
      else { throw .expected("sections within the file", for: name, received: "others", .corrupt) }
      sections.append(
        Entry(section: section, offset: Int(offset), bytes: Int(bytes), hash: get(at + 24, UInt64.self)))
    }
    try require(live <= places && places <= UInt32(Int32.max), "as many vectors as places", "more")
    try require(nodeCount <= UInt32(Int32.max), "as many nodes as numbers", "more")
    try require(max(deleted, upperCount) <= UInt32(Int32.max), "as many links as numbers", "more")
  }

  init() {}
}
