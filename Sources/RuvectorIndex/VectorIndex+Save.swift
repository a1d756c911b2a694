import RuvectorCore

extension VectorIndex {
  #if !hasFeature(Embedded)  // there are no files in WebAssembly
    /// Writes the index to a file, which is whole or not there: beside it first, then to the disk, then renamed. Searches go on;
    /// `.busy` while there is a writer. `stamp` is any number of the caller's, given back by `load` (say, of the last change
    /// that the index has seen). O(bytes), at the speed of the disk.
    public final func save(_ path: String, stamp: UInt64 = 0, control: Control = .none) throws(RuvectorError) {
      try write { () throws(RuvectorError) in
        let file = try NewFile(path)
        try put(into: file, stamp, control)
        try file.commit()
      }
    }
  #endif

  /// Writes the bytes that such a file has to memory, where it has room for them, and says how many they are.
  public final func save(
    into out: UnsafeMutableRawPointer?, room: Int, stamp: UInt64 = 0, control: Control = .none
  ) throws(RuvectorError) -> Int {
    try write { () throws(RuvectorError) in
      let memory = MemorySink(out, room: room)
      try put(into: memory, stamp, control)
      return memory.position
    }
  }

  private func put(into sink: any ByteSink, _ stamp: UInt64, _ control: Control) throws(RuvectorError) {
    var header = describe()
    header.stamp = stamp
    try sink.writeZeros(header.tableRoom)
    for (section, records, count) in sections where count > 0 {
      try control.check()
      try put(section, sink, &header) { (write) throws(RuvectorError) in
        switch section {
        case .gone: try putStates(write)
        case .rows, .exact, .side: try putLive(records, nextNode, isLive, standIn(for:), write)
        case .keys: try putLive(records, nextPlace, { state($0) == SlotState.live }, { _ in nil }, write)
        default: try records.forEachPiece(count, write)
        }
      }
    }
    if let twins { try putChains(twins, sink, &header) }
    if keys.kind == .string { try putStrings(sink, &header) }
    if !free.isEmpty {
      let list = try AlignedBuffer<UInt32>(count: free.count, for: "file")
      for (i, id) in free.enumerated() { list[i] = id }
      try put(.free, sink, &header) { (write) throws(RuvectorError) in try write(list.pointer, 4 * free.count) }
    }
    let table = try header.encoded(fileBytes: sink.position)
    try sink.rewrite(table.pointer, table.count)
  }

  private typealias Write = (UnsafeMutableRawPointer, Int) throws(RuvectorError) -> Void

  private func put(
    _ section: IndexFile.Section, _ sink: any ByteSink, _ header: inout IndexFile,
    _ body: (Write) throws(RuvectorError) -> Void
  ) throws(RuvectorError) {
    try sink.pad(to: IndexFile.alignment)
    var entry = IndexFile.Entry(section: section, offset: sink.position), hash = XXHash64()
    try body { (data, bytes) throws(RuvectorError) in
      if sink.isKept { hash.add(data, bytes) }
      try sink.write(data, bytes)
    }
    (entry.bytes, entry.hash) = (sink.position - entry.offset, hash.value)
    header.sections.append(entry)
  }

  /// Records of vectors that are there. What has been removed is not in the file: where others still pass it, a record of a
  /// neighbour leads their way (`standIn`), elsewhere there are zeros.
  private func putLive(
    _ records: Records, _ count: Int, _ isLive: (Int) -> Bool, _ standIn: (Int) -> Int?, _ write: Write
  ) throws(RuvectorError) {
    if isPlain, free.isEmpty, freeSlots.isEmpty { return try records.forEachPiece(count, write) }
    let zeros = try AlignedBuffer<UInt8>(count: records.stride, repeating: 0, for: "file")
    let stride = records.stride, piece = try AlignedBuffer<UInt8>(count: max(stride, 1 << 18), for: "file")
    var used = 0
    for id in 0..<count {
      if used + stride > piece.count {
        try write(piece.pointer, used)
        used = 0
      }
      let from = isLive(id) ? id : standIn(id)
      let record = from.map { UnsafeRawPointer(records[$0]) } ?? UnsafeRawPointer(zeros.pointer)
      UnsafeMutableRawPointer(piece.pointer + used).copyMemory(from: record, byteCount: stride)
      used += stride
    }
    try write(piece.pointer, used)
  }

  /// 0 for a vector, 1 for none: what is staged does not count.
  private func putStates(_ write: Write) throws(RuvectorError) {
    let piece = try AlignedBuffer<UInt8>(count: min(nextPlace, 1 << 16), for: "file")
    var at = 0
    while at < nextPlace {
      let n = min(piece.count, nextPlace - at)
      for i in 0..<n { piece[i] = state(at + i) == SlotState.live ? 0 : 1 }
      try write(piece.pointer, n)
      at += n
    }
  }

  /// Strings one after the other, each as its length (u32) and its bytes, at multiples of 4; `keys` holds where they begin.
  private func putStrings(_ sink: any ByteSink, _ header: inout IndexFile) throws(RuvectorError) {
    let offsets = try AlignedBuffer<UInt64>(count: nextPlace, repeating: 0, for: "file")
    let padded = try AlignedBuffer<UInt8>(count: 1 << 16, for: "file")
    var at = 0
    try put(.strings, sink, &header) { (write) throws(RuvectorError) in
      for id in 0..<nextPlace where state(id) == SlotState.live {
        let n = keys.length(id), size = (n + 7) & ~3
        offsets[id] = UInt64(at)
        at += size
        let piece = size <= padded.count ? padded : try AlignedBuffer<UInt8>(count: size, for: "file")
        let p = UnsafeMutableRawPointer(piece.pointer)
        p.storeBytes(of: UInt32(n).littleEndian, as: UInt32.self)
        piece.pointer[size - 1] = 0
        piece.pointer[size - 2] = 0
        piece.pointer[size - 3] = 0
        (p + 4).copyMemory(from: keys.bytes(id), byteCount: n)
        try write(p, size)
      }
    }
    try put(.keys, sink, &header) { (write) throws(RuvectorError) in try write(offsets.pointer, 8 * nextPlace) }
  }

  /// The chains of equal vectors: what is staged is in none.
  private func putChains(_ twins: Twins, _ sink: any ByteSink, _ header: inout IndexFile) throws(RuvectorError) {
    let saved = try Twins(slots: max(nextPlace, 1), nodes: max(nextNode, 1), shift: twins.slots.map.shift)
    for slot in 0..<nextPlace { saved.link(slot).update(repeating: Twins.none, count: 3) }
    for node in 0..<nextNode {
      saved.empty(node)
      var slot = twins.chains.first(node)
      while slot != Twins.none {
        if state(Int(slot)) == SlotState.live { saved.append(Int(slot), to: node) }
        slot = twins.chains.next(slot)
      }
    }
    try put(.chains, sink, &header) { (write) throws(RuvectorError) in try saved.slots.forEachPiece(nextPlace, write)
    }
    try put(.heads, sink, &header) { (write) throws(RuvectorError) in try saved.nodes.forEachPiece(nextNode, write) }
  }

  private var sections: [(IndexFile.Section, Records, Int)] {
    var list: [(IndexFile.Section, Records, Int)] = [(.rows, rows.walked, nextNode)]
    if let exact = rows.exact { list.append((.exact, exact, nextNode)) }
    if let side = rows.side { list.append((.side, side, nextNode)) }
    list.append((.gone, states, nextPlace))
    if keys.kind == .integer { list.append((.keys, keys.records, nextPlace)) }
    if let links = (self as? HNSWIndex)?.links {
      list += [
        (.nodes, links.nodes, nextNode), (.ground, links.ground, nextNode), (.upper, links.upper, links.upperCount),
      ]
    }
    return list
  }

  private func describe() -> IndexFile {
    var file = IndexFile()
    file.metric = UInt32(rows.space.metric.rawValue)
    file.storage = UInt32(rows.storage.rawValue)
    file.rerank = settings.flag("rerank") ? 1 : 0
    file.keys = UInt32(keyChoice)
    file.dim = UInt32(dim)
    file.curvature = settings.number("curvature")
    (file.entry, file.places, file.live) = (entry, UInt32(nextPlace), UInt32(size))
    file.nodeCount = UInt32(nextNode)
    file.plateaus = hasPlateaus ? 1 : 0
    if twins == nil {
      file.deleted = UInt32(deleted + pending)
    } else {
      file.version = 2
      file.deleted = UInt32((0..<nextNode).reduce(-free.count) { $0 + (isLive($1) ? 0 : 1) })
    }
    guard let graph = self as? HNSWIndex else {
      file.kind = 2
      return file
    }
    file.kind = 1
    (file.m, file.efConstruction, file.ef) = (UInt32(graph.m), UInt32(graph.efConstruction), UInt32(graph.ef))
    (file.seed, file.sequence, file.upperCount) = (graph.seed, graph.sequence, UInt32(graph.links.upperCount))
    return file
  }
}
