import RuvectorCore

#if hasFeature(Embedded)
  /// Not in WebAssembly, of which each kilobyte is downloaded: there is none.
  enum Sketch {
    static func make(of _: HNSWIndex, adding _: Int) throws(RuvectorError) -> Sketch? { nil }
    var rows: VectorRows { switch self {} }
    func add(_: Int) throws(RuvectorError) {}
    func order(_: Walker, _: KernelTable) throws(RuvectorError) -> Int { 0 }
    func isGood(strayed _: Int, ofWalks _: Int) -> Bool { true }
  }
#else
  /// Rows of bytes beside the floats or halves of an index, while a call adds many vectors: walking takes most of the time of building, and
  /// most of that is reading rows, of which these have a quarter of the bytes. The candidates that a walk finds are ordered by
  /// floats, and links are chosen by floats.
  ///
  /// Whether bytes are good enough the candidates tell: where floats put many of those in front that bytes had put behind, as among
  /// vectors that lie nearer to each other than bytes can tell apart, the rest of the call walks floats.
  final class Sketch {
    let rows: VectorRows
    private let index: HNSWIndex
    private let row: AlignedBuffer<Float>
    private var looked = 0
    private var strayed = 0

    /// Shorter rows come fast enough as floats.
    private static let leastWidth = 96
    /// Vectors in the index for each added one up to which bytes of all of them are worth making.
    private static let largestShare = 16

    /// nil where floats are as well walked themselves.
    static func make(of index: HNSWIndex, adding count: Int) throws(RuvectorError) -> Sketch? {
      let rows = index.rows
      guard rows.storage != .i8, !index.metric.isHyperbolic, rows.space.width >= leastWidth,
        count > index.efConstruction, count >= index.nextNode / largestShare
      else { return nil }
      return try Sketch(index)
    }

    private init(_ index: HNSWIndex) throws(RuvectorError) {
      rows = try VectorRows(index.rows.space, .i8, rerank: false, first: index.rows.walked.capacity)
      row = try AlignedBuffer(count: rows.space.width, for: "index")
      self.index = index
      for id in 0..<index.nextNode { try add(id) }
    }

    func add(_ id: Int) throws(RuvectorError) {
      _ = try index.rows.load(id, into: row.pointer)
      rows.store(row.pointer, factor: 1, at: id)
    }

    /// Orders what a walk found by floats; the number of those now among the first M that were in the farther half.
    func order(_ walker: Walker, _ kernels: KernelTable) throws(RuvectorError) -> Int {
      walker.markFartherHalf()
      try walker.rerank(walker.size, index.rows, kernels)
      return walker.marked(inFirst: index.m)
    }

    /// Adds up what `order` returned, for walks that found as much as they may; whether bytes are good enough so far.
    func isGood(strayed: Int, ofWalks walks: Int) -> Bool {
      self.strayed += strayed
      looked += walks * index.m
      return self.strayed * 20 <= max(looked, 8 * index.m)
    }
  }
#endif
