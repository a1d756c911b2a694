/// A heap of entries, the smallest at the root.
struct Frontier {
  private var entries: [Walker.Entry] = []

  mutating func push(_ entry: Walker.Entry) {
    entries.append(entry)
    var child = entries.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard entries[child] < entries[parent] else { return }
      entries.swapAt(child, parent)
      child = parent
    }
  }

  mutating func pop() -> Walker.Entry? {
    guard let first = entries.first else { return nil }
    let last = entries.removeLast()
    guard !entries.isEmpty else { return first }
    entries[0] = last
    var parent = 0
    while true {
      var least = 2 * parent + 1
      guard least < entries.count else { return first }
      if least + 1 < entries.count, entries[least + 1] < entries[least] { least += 1 }
      guard entries[least] < entries[parent] else { return first }
      entries.swapAt(parent, least)
      parent = least
    }
  }
}
