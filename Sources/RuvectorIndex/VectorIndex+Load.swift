import RuvectorCore

extension VectorIndex {
  /// An index from the bytes that `save` wrote to memory, as `load` makes it of a file. They are copied before they are looked at.
  public static func load(_ bytes: UnsafeRawPointer?, _ count: Int) throws(RuvectorError) -> (
    index: VectorIndex, stamp: UInt64
  ) {
    let reader = try IndexReader(MemorySource(bytes, count))
    return (try reader.load(), reader.header.stamp)
  }

  #if !hasFeature(Embedded)  // there are no files in WebAssembly
    /// An index from a file that `save` wrote: a copy in memory, every checksum looked at. Memory is asked for only as far as the
    /// file has bytes for it. `.notFound`, `.io`, `.corrupt`, `.unsupported` (another version).
    public static func load(_ path: String) throws(RuvectorError) -> (index: VectorIndex, stamp: UInt64) {
      let file = try OpenFile(path), reader = try IndexReader(file)
      return (try reader.load(), reader.header.stamp)
    }

    /// How floats beside a smaller storage come out of a file.
    public enum Floats: Sendable {
      /// As memory: fastest, and pages that were touched stay with the process until the system wants them back.
      case mapped
      /// Row by row as they are needed: the process holds none of them; a few system calls a search.
      case read
    }

    /// The same file as memory: nothing is read before it is needed, nothing can be changed, and other processes share its
    /// pages. Opens in O(places) for the few bytes a vector that must be right beforehand. Rows and links are checked against
    /// their checksums only if `verify`; damaged ones give wrong results, never others' memory. The file must not be cut short
    /// while it is open (to replace it, as `save` does, is fine).
    public static func view(
      _ path: String, verify: Bool = false, floats: Floats = .mapped
    ) throws(RuvectorError) -> (index: VectorIndex, stamp: UInt64) {
      let file = try OpenFile(path), reader = try IndexReader(file)
      return (try reader.view(file, verify: verify, floats), reader.header.stamp)
    }
  #endif
}
