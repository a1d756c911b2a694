#if !hasFeature(Embedded)  // there are no files in WebAssembly
  import RuvectorCore

  /// A file as memory.
  extension IndexReader {
    func view(_ file: OpenFile, verify: Bool, _ floats: VectorIndex.Floats) throws(RuvectorError) -> VectorIndex {
      let map = try file.map()
      if verify {
        for entry in header.sections {
          var hash = XXHash64()
          hash.add(map.base + entry.offset, entry.bytes)
          guard hash.value == entry.hash else { throw damaged("the section of \(entry.section.name)") }
        }
      }
      func records(_ which: IndexFile.Section, _ stride: Int, _ count: Int) throws(RuvectorError) -> Records {
        let entry = try section(which, stride, count)
        return try Records(stride: stride, mapped: map.base + (entry?.offset ?? 0), count: count, owner: map)
      }
      let walked = try records(.rows, layout.walkedStride, nodes)
      let isReranked = settings.flag("rerank") && storage != .f32
      let exact = isReranked && floats == .mapped ? try records(.exact, layout.exactStride, nodes) : nil
      let unread = isReranked && floats == .read ? try unreadRows(file) : nil
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
      try publish(index)
      if try !index.areToldApart(most: 512) {
        // A walk reads too many rows to ask the system for each.
        if floats == .read { return try view(file, verify: false, .mapped) }
        index.rows.walkFloats()
      }
      return index
    }

    private func unreadRows(_ file: OpenFile) throws(RuvectorError) -> FileRows {
      let entry = try section(.exact, layout.exactStride, nodes)
      return FileRows(file, offset: entry?.offset ?? 0, stride: layout.exactStride)
    }
  }
#endif
