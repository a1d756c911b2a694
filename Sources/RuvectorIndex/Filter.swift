import RuvectorCore

/// Which keys a search may return.
public enum Filter {
  case all
  /// These keys only, or all but these. Keys that are not in the index do not count.
  case keys(KeyList, allow: Bool)
  /// Integer key i where bit i of the bytes is set (bit i % 8 of byte i / 8), or all but those.
  case bits(UnsafeRawBufferPointer, allow: Bool)
}

/// A filter for one index: places instead of keys.
struct PlaceFilter {
  private let bits: AlignedBuffer<UInt8>
  private(set) var allowedCount = 0

  /// One pass over the keys of the filter, or over the places where it is bits. The index is being read.
  init(_ filter: Filter, _ index: VectorIndex, places: Int) throws(RuvectorError) {
    bits = try AlignedBuffer(count: places, repeating: 0, for: "filter")
    switch filter {
    case .all: bits.pointer.update(repeating: 1, count: places)
    case .keys(let list, let allow):
      guard list.kind == index.keys.kind || list.count == 0 else {
        throw index.wrongKind("filter")
      }
      if !allow { bits.pointer.update(repeating: 1, count: places) }
      index.tableLock.locked {
        index.makeTable()
        for i in 0..<list.count {
          if let id = index.keys.find(list, i), id < places { bits[id] = allow ? 1 : 0 }
        }
      }
    case .bits(let map, let allow):
      guard index.keys.kind == .integer else {
        throw .expected(
          "keys", for: "filter", received: "bits, which an index of strings has none for", .invalidArgument)
      }
      for id in 0..<places {
        let key = index.keys.integer(id)
        let isSet = key >= 0 && key < Int64(map.count) * 8 && map[Int(key >> 3)] >> UInt8(key & 7) & 1 == 1
        bits[id] = isSet == allow ? 1 : 0
      }
    }
    for id in 0..<places where bits[id] != 0 {
      if index.isGone(id) { bits[id] = 0 } else { allowedCount += 1 }
    }
  }

  @inline(__always) func allows(_ id: Int) -> Bool { bits[id] != 0 }

  var places: Int { bits.count }
}
