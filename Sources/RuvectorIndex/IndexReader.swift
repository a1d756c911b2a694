#if !hasFeature(Embedded)  // there are no files in WebAssembly
  import RuvectorCore

  /// One file on its way to an index.
  struct IndexReader {
    let file: OpenFile
    let header: IndexFile
    private let settings: Settings
    private let layout: VectorRows.Layout
    private let space: Space
    private let storage: RowStorage
    var places: Int { Int(header.places) }
    var nodes: Int { Int(header.nodeCount) }

    init(_ file: OpenFile) throws(RuvectorError) {
      self.file = file
      guard file.byteCount >= IndexFile.tableRoom(1) else {
        throw .expected("an index file", for: quotedPath(file.path), received: "\(file.byteCount) bytes", .corrupt)
      }
      let bytes = try AlignedBuffer<UInt8>(count: min(file.byteCount, IndexFile.tableRoom(2)), for: "file")
      try file.read(0, into: bytes.pointer, bytes.count)
      header = try IndexFile(bytes, fileBytes: file.byteCount, file.path)
      do throws(RuvectorError) {
        settings = try IndexReader.settings(header)
        space = try VectorIndex.space(settings)
        storage = try VectorIndex.storage(settings, space)
      } catch { throw RuvectorError(.corrupt, "\(quotedPath(file.path)): \(error.message)") }
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
      .expected("\(what) as it was saved", for: quotedPath(file.path), received: "a damaged one", .corrupt)
    }

    /// A section of exactly so many bytes; none for 0.
    func section(_ which: IndexFile.Section, _ bytes: Int, _ what: String) throws(RuvectorError) -> IndexFile
      .Entry?
    {
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
      _ = try section(.rows, layout.walkedStride * nodes, "the section of rows")
      _ = try section(.gone, places, "the section of gone")
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
        _ = try section(.chains, Twins.slotStride * places, "the section of chains")
        let twins = try Twins(slots: max(places, 16), nodes: max(nodes, 16), shift: layout.shift)
        try fill(twins.slots, .chains, places)
        try fill(twins.nodes, .heads, nodes)
        index.adopt(twins)
      }
      if parts.keys.kind == .string { try adoptStrings(index) }
      try check(index, links: true)
      try index.keys.index(live: Int(header.live), upTo: places) { !index.isGone($0) }
      try readFree(index)
      publish(index)
      try (index as? HNSWIndex).map { (graph) throws(RuvectorError) in
        try graph.likeness.adopt(upTo: nodes) { !graph.isEmpty($0) }
        try graph.centre?.settle(graph)
      }
      if try !index.areToldApart(most: 4096) { index.rows.walkFloats() }
      return index
    }

    private func fill(_ records: Records, _ which: IndexFile.Section, _ count: Int) throws(RuvectorError) {
      let what = "the section of \(which)"
      guard let entry = try section(which, records.stride * count, what) else { return }
      try file.read(entry.offset, into: records[0], entry.bytes)
      var hash = XXHash64()
      hash.add(records[0], entry.bytes)
      guard hash.value == entry.hash else { throw damaged(what) }
    }

    private func adoptStrings(_ index: VectorIndex) throws(RuvectorError) {
      let entry = header.section(.strings), count = entry?.bytes ?? 0
      let strings = try AlignedBuffer<UInt8>(count: count, for: "keys")
      if let entry {
        try file.read(entry.offset, into: strings.pointer, count)
        var hash = XXHash64()
        hash.add(strings.pointer, count)
        guard hash.value == entry.hash else { throw damaged("the section of strings") }
      }
      try checkStrings(index, strings.pointer, count)
      index.keys.adopt(strings, upTo: places) { !index.isGone($0) }
    }

    private func readFree(_ index: VectorIndex) throws(RuvectorError) {
      guard let entry = header.section(.free), entry.bytes > 0 else { return }
      let count = entry.bytes / 4, list = try AlignedBuffer<UInt32>(count: count, for: "file")
      guard entry.bytes % 4 == 0, count <= nodes else { throw damaged("the section of free places") }
      try file.read(entry.offset, into: list.pointer, entry.bytes)
      var hash = XXHash64()
      hash.add(list.pointer, entry.bytes)
      guard hash.value == entry.hash else { throw damaged("the section of free places") }
      let isListed = try AlignedBuffer<Bool>(count: nodes, repeating: false, for: "file")
      for i in 0..<count {
        let id = Int(list[i])
        guard id < nodes, index.isEmpty(id), !isListed[id] else { throw damaged("the section of free places") }
        isListed[id] = true
        index.free.append(list[i])
      }
    }

    // MARK: A view

    func view(verify: Bool, _ floats: VectorIndex.Floats) throws(RuvectorError) -> VectorIndex {
      let map = try file.map()
      if verify {
        for entry in header.sections {
          var hash = XXHash64()
          hash.add(map.base + entry.offset, entry.bytes)
          guard hash.value == entry.hash else { throw damaged("the section of \(entry.section)") }
        }
      }
      func records(_ which: IndexFile.Section, _ stride: Int, _ count: Int) throws(RuvectorError) -> Records {
        let entry = try section(which, stride * count, "the section of \(which)")
        return try Records(stride: stride, mapped: map.base + (entry?.offset ?? 0), count: count, owner: map)
      }
      let walked = try records(.rows, layout.walkedStride, nodes)
      let isReranked = settings.flag("rerank") && storage != .f32
      let exact = isReranked && floats == .mapped ? try records(.exact, layout.exactStride, nodes) : nil
      let unread = isReranked && floats == .read ? try unreadRows() : nil
      let side = layout.sideFloats > 0 ? try records(.side, 4 * layout.sideFloats, nodes) : nil
      let rows = try VectorRows(space, storage, layout, walked, exact, unread, side)
      let kind = VectorIndex.keyKind(settings)
      let strings = kind == .string ? header.section(.strings).map { map.base + $0.offset } ?? map.base : nil
      let keys = try Keys(kind, mapped: records(.keys, 8, places), strings: strings, live: Int(header.live))
      let parts = VectorIndex.Parts(rows, keys, try records(.gone, 1, places), isReadOnly: true)
      let index: VectorIndex
      if header.kind == 1 {
        let m = Int(header.m)
        let links = Links(
          m: m, nodes: try records(.nodes, Links.nodeStride, nodes), ground: try records(.ground, 8 * m, nodes),
          upper: try records(.upper, 4 * m, Int(header.upperCount)), upperCount: Int(header.upperCount))
        index = try HNSWIndex(settings, parts, links, sequence: header.sequence)
      } else {
        index = try BruteForceIndex(settings, parts)
      }
      if header.version > 1 {
        index.adopt(
          Twins(
            slots: try records(.chains, Twins.slotStride, places), nodes: try records(.heads, Twins.nodeStride, nodes)))
      }
      if let strings { try checkStrings(index, strings, header.section(.strings)?.bytes ?? 0) }
      try check(index, links: verify)
      try readFree(index)
      index.isTableMissing = true
      publish(index)
      if try !index.areToldApart(most: 512) {
        // A walk reads too many rows to ask the system for each.
        if floats == .read { return try view(verify: false, .mapped) }
        index.rows.walkFloats()
      }
      return index
    }

    private func unreadRows() throws(RuvectorError) -> FileRows {
      let entry = try section(.exact, layout.exactStride * nodes, "the section of exact")
      return FileRows(file, offset: entry?.offset ?? 0, stride: layout.exactStride)
    }

    // MARK: Both

    private func links(
      _ make: (Int, Int) throws(RuvectorError) -> Records
    ) throws(RuvectorError) -> Links {
      let m = Int(header.m), upperCount = Int(header.upperCount)
      for (which, bytes) in [
        (IndexFile.Section.nodes, Links.nodeStride * nodes), (.ground, 8 * m * nodes), (.upper, 4 * m * upperCount),
      ] { _ = try section(which, bytes, "the section of \(which)") }
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

    private func publish(_ index: VectorIndex) {
      (index.nextPlace, index.nextNode) = (places, nodes)
      if index.twins != nil, !index.isReadOnly {
        index.freeSlots = (0..<places).filter { index.isGone($0) }.map { UInt32($0) }
      }
      index.liveCount = Int(header.live)
      if let graph = index as? HNSWIndex, !index.isReadOnly { graph.waiting = waiting(graph) }
      index.publish(
        places: places, deleted: Int(header.deleted), entry: header.entry, free: index.free.count,
        nodes: nodes, plateaus: header.plateaus != 0)
      index.noteBytes()
    }
  }
#endif
