import RuvectorCore

/// The bytes of one file on their way to an index.
struct IndexReader {
  let source: any ByteSource
  let header: IndexFile
  let settings: Settings
  let layout: VectorRows.Layout
  let space: Space
  let storage: RowStorage
  var places: Int { Int(header.places) }
  var nodes: Int { Int(header.nodeCount) }

  init(_ source: any ByteSource) throws(RuvectorError) {
    self.source = source
    guard source.byteCount >= IndexFile.tableRoom(1) else {
      throw .expected("an index file", for: source.name, received: "\(source.byteCount) bytes", .corrupt)
    }
    let bytes = try AlignedBuffer<UInt8>(count: min(source.byteCount, IndexFile.tableRoom(2)), for: "file")
    try source.read(0, into: bytes.pointer, bytes.count)
    header = try IndexFile(bytes, fileBytes: source.byteCount, source.name)
    do throws(RuvectorError) {
      settings = try IndexReader.settings(header)
      space = try VectorIndex.space(settings)
      storage = try VectorIndex.storage(settings, space)
    } catch { throw RuvectorError(.corrupt, "\(source.name): \(error.message)") }
    layout = VectorRows.Layout(space, storage)
  }

  private static func settings(_ header: IndexFile) throws(RuvectorError) -> Settings {
    let kind = header.kind == 1 ? HNSWIndex.kind : BruteForceIndex.kind
    var given: [(key: String, value: OptionValue)] = [
      ("dim", .integer(Int64(header.dim))),
      ("metric", kind.choice("metric", header.metric)), ("storage", kind.choice("storage", header.storage)),
      ("rerank", .integer(Int64(header.rerank))), ("keys", kind.choice("keys", header.keys)),
      ("curvature", .number(header.curvature)),
      ("capacity", .integer(Int64(header.places))),
    ]
    guard header.kind == 1 else { return try kind.settings(given) }
    given += [
      ("M", .integer(Int64(header.m))), ("efConstruction", .integer(Int64(header.efConstruction))),
      ("ef", .integer(Int64(header.ef))), ("seed", .integer(Int64(bitPattern: header.seed))),
    ]
    return try kind.settings(given)
  }

  func damaged(_ what: String) -> RuvectorError {
    .expected("\(what) as it was saved", for: source.name, received: "a damaged one", .corrupt)
  }

  /// A section of exactly `count` records; none for 0.
  func section(_ which: IndexFile.Section, _ stride: Int, _ count: Int) throws(RuvectorError) -> IndexFile.Entry? {
    let what = "the section of \(which.name)", (bytes, overflow) = stride.multipliedReportingOverflow(by: count)
    guard !overflow else { throw damaged(what) }
    guard let entry = header.section(which), entry.bytes > 0 else {
      if bytes == 0 { return nil }
      throw damaged(what)
    }
    guard entry.bytes == bytes else { throw damaged(what) }
    return entry
  }

  // MARK: A copy

  func load() throws(RuvectorError) -> VectorIndex {
    // Sizes first: memory follows them.
    _ = try section(.rows, layout.walkedStride, nodes)
    _ = try section(.gone, 1, places)
    let parts = try VectorIndex.Parts(settings, nodes: nodes)
    try fill(parts.rows.walked, .rows, nodes)
    if let exact = parts.rows.exact { try fill(exact, .exact, nodes) }
    if let side = parts.rows.side { try fill(side, .side, nodes) }
    try fill(parts.states, .gone, places)
    try fill(parts.keys.records, .keys, places)
    let index: VectorIndex
    if header.kind == 1 {
      let links = try links { (stride, first) throws(RuvectorError) in
        try Records(stride: stride, first: max(first, 16), shift: layout.shift)
      }
      for (records, which, count) in [
        (links.nodes, IndexFile.Section.nodes, nodes), (links.ground, .ground, nodes),
        (links.upper, .upper, Int(header.upperCount)),
      ] { try fill(records, which, count) }
      index = try HNSWIndex(settings, parts, links, sequence: header.sequence)
    } else {
      index = try BruteForceIndex(settings, parts)
    }
    if header.version > 1 {
      _ = try section(.chains, Twins.slotStride, places)
      let twins = try Twins(slots: max(places, 16), nodes: max(nodes, 16), shift: layout.shift)
      try fill(twins.slots, .chains, places)
      try fill(twins.nodes, .heads, nodes)
      index.adopt(twins)
    }
    if parts.keys.kind == .string { try adoptStrings(index) }
    try check(index, links: true)
    try index.keys.index(live: Int(header.live), upTo: places) { !index.isGone($0) }
    try readFree(index)
    try publish(index)
    try (index as? HNSWIndex).map { (graph) throws(RuvectorError) in
      try graph.likeness.adopt(upTo: nodes) { !graph.isEmpty($0) }
      try graph.centre?.settle(graph)
    }
    if try !index.areToldApart(most: 4096) { index.rows.walkFloats() }
    return index
  }

  private func fill(_ records: Records, _ which: IndexFile.Section, _ count: Int) throws(RuvectorError) {
    guard let entry = try section(which, records.stride, count) else { return }
    try source.read(entry.offset, into: records[0], entry.bytes)
    var hash = XXHash64()
    hash.add(records[0], entry.bytes)
    guard hash.value == entry.hash else { throw damaged("the section of \(which.name)") }
  }

  private func adoptStrings(_ index: VectorIndex) throws(RuvectorError) {
    let entry = header.section(.strings), count = entry?.bytes ?? 0
    let strings = try AlignedBuffer<UInt8>(count: count, for: "keys")
    if let entry {
      try source.read(entry.offset, into: strings.pointer, count)
      var hash = XXHash64()
      hash.add(strings.pointer, count)
      guard hash.value == entry.hash else { throw damaged("the section of strings") }
    }
    try checkStrings(index, strings.pointer, count)
    index.keys.adopt(strings, upTo: places) { !index.isGone($0) }
  }

  func readFree(_ index: VectorIndex) throws(RuvectorError) {
    guard let entry = header.section(.free), entry.bytes > 0 else { return }
    let count = entry.bytes / 4, list = try AlignedBuffer<UInt32>(count: count, for: "file")
    guard entry.bytes % 4 == 0, count <= nodes else { throw damaged("the section of free places") }
    try source.read(entry.offset, into: list.pointer, entry.bytes)
    var hash = XXHash64()
    hash.add(list.pointer, entry.bytes)
    guard hash.value == entry.hash else { throw damaged("the section of free places") }
    let isListed = try AlignedBuffer<Bool>(count: nodes, repeating: false, for: "file")
    for i in 0..<count {
      guard list[i] < header.nodeCount else { throw damaged("the section of free places") }
      let id = Int(list[i])
      guard index.isEmpty(id), !isListed[id] else { throw damaged("the section of free places") }
      isListed[id] = true
      index.free.append(list[i])
    }
  }

  private func links(
    _ make: (Int, Int) throws(RuvectorError) -> Records
  ) throws(RuvectorError) -> Links {
    let m = Int(header.m), upperCount = Int(header.upperCount)
    _ = try section(.nodes, Links.nodeStride, nodes)
    _ = try section(.ground, 8 * m, nodes)
    _ = try section(.upper, 4 * m, upperCount)
    return Links(
      m: m, nodes: try make(Links.nodeStride, nodes), ground: try make(8 * m, nodes),
      upper: try make(4 * m, upperCount), upperCount: upperCount)
  }

  /// Removed nodes whose slots are not free yet.
  private func waiting(_ graph: HNSWIndex) -> [UInt32] {
    guard header.deleted > 0 else { return [] }
    var isFree = Array(repeating: false, count: nodes)
    for id in graph.free { isFree[Int(id)] = true }
    return (0..<nodes).filter { graph.isEmpty($0) && !isFree[$0] }.map { UInt32($0) }
  }

  func publish(_ index: VectorIndex) throws(RuvectorError) {
    (index.nextPlace, index.nextNode) = (places, nodes)
    if index.twins != nil, !index.isReadOnly {
      index.freeSlots = (0..<places).filter { index.isGone($0) }.map { UInt32($0) }
    }
    index.liveCount = Int(header.live)
    if let graph = index as? HNSWIndex, !index.isReadOnly { graph.waiting = waiting(graph) }
    index.publish(
      places: places, deleted: Int(header.deleted), entry: header.entry, free: index.free.count,
      nodes: nodes, plateaus: header.plateaus != 0)
    try (index as? HNSWIndex)?.chooseHub()
    index.noteBytes()
  }
}
