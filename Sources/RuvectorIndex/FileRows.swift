import RuvectorCore

#if hasFeature(Embedded)
  /// There are no files in WebAssembly.
  enum FileRows {
    var width: Int { switch self {} }
    func read(_: Int, into _: UnsafeMutablePointer<Float>, _: Int) throws(RuvectorError) {}
  }
#else
  /// Rows of floats that stay in a file.
  final class FileRows {
    /// Floats a row with its padding.
    let width: Int
    private let file: OpenFile
    private let offset: Int
    private let stride: Int

    init(_ file: OpenFile, offset: Int, stride: Int) {
      (self.file, self.offset, self.stride) = (file, offset, stride)
      width = stride / 4
    }

    /// The first `count` floats of a row. `.io`, where the file has become shorter too.
    func read(_ id: Int, into out: UnsafeMutablePointer<Float>, _ count: Int) throws(RuvectorError) {
      try file.read(offset + id * stride, into: out, 4 * count)
    }
  }
#endif
