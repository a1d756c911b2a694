import RuvectorCore

extension IndexReader {
  /// What must hold for the index not to look outside its memory.
  func check(_ index: VectorIndex, links isDeep: Bool) throws(RuvectorError) {
    var live = 0
    for id in 0..<places {
      guard index.state(id) <= SlotState.gone else { throw damaged("the list of vectors") }
      if !index.isGone(id) { live += 1 }
    }
    guard live == Int(header.live), Int(header.deleted) <= (index.twins == nil ? places - live : nodes) else {
      throw damaged("the list of vectors")
    }
    if let twins = index.twins { try check(twins, index, live) }
    guard let graph = index as? HNSWIndex else { return }
    let links = graph.links
    guard header.entry == Links.end ? live == 0 : header.entry < header.nodeCount else {
      throw damaged("the entry point")
    }
    for id in 0..<nodes {
      let level = links.level(id)
      guard level <= Links.topLevel,
        level == 0 || UInt64(links.firstUpper(id)) + UInt64(level) <= UInt64(links.upperCount)
      else {
        throw damaged("the section of nodes")
      }
    }
    guard isDeep else { return }
    for id in 0..<nodes {
      for level in 0...links.level(id) {
        let list = links.list(id, level)
        for i in 0..<links.count(id, level) {
          let neighbor = Int(list[i] & ~Links.pinned)
          guard neighbor < nodes, level == 0 || links.level(neighbor) >= level || index.isEmpty(id) else {
            throw damaged("the links")
          }
        }
      }
    }
  }

  /// Each vector is in one chain, and chains end.
  private func check(_ twins: Twins, _ index: VectorIndex, _ live: Int) throws(RuvectorError) {
    guard index is HNSWIndex else { throw damaged("the section of chains") }
    var found = 0
    for node in 0..<nodes {
      var slot = twins.first(node).pointee, before = Twins.none
      while slot != Twins.none {
        guard slot < header.places, !index.isGone(Int(slot)), found < live else {
          throw damaged("the section of chains")
        }
        let link = twins.link(Int(slot))
        guard link[0] == UInt32(node), before == Twins.none || link[2] == before else {
          throw damaged("the section of chains")
        }
        found += 1
        before = slot
        slot = link[1]
      }
      let first = twins.first(node).pointee
      guard first == Twins.none || twins.link(Int(first))[2] == before else { throw damaged("the section of chains") }
    }
    guard found == live else { throw damaged("the section of chains") }
  }

  func checkStrings(_ index: VectorIndex, _ base: UnsafeMutableRawPointer, _ bytes: Int) throws(RuvectorError) {
    for id in 0..<places where !index.isGone(id) {
      let offset = index.keys.records[id].load(as: UInt64.self)
      guard offset % 4 == 0, offset < UInt64(bytes), bytes - Int(offset) >= 4,
        UInt64((base + Int(offset)).load(as: UInt32.self)) <= UInt64(bytes - Int(offset) - 4)
      else { throw damaged("the section of strings") }
    }
  }
}
