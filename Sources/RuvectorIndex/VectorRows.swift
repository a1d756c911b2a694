import CRuvectorSupport
import RuvectorCompression
import RuvectorCore

/// The vectors of an index by place, in one or two forms: what the walk reads (`walked`), and floats for exact distances
/// (`exact`, or `unread` where they stay in a file; neither where the walk reads floats).
///
/// A row of the walk is padded with zeros, which change no key; what else a key needs (factor, scale, norm) lies beside.
final class VectorRows {
  let space: Space
  let storage: RowStorage
  /// Elements a row with its padding.
  let padded: Int
  let walked: Records
  let exact: Records?
  let unread: FileRows?
  /// f32, f16 of the ball: factor. i8: scale, and the squared norm of the decoded row for differences. Nothing else: nil.
  let side: Records?
  let sideFloats: Int
  /// Not 0 once walks go by the floats beside, because the smaller storage does not tell the rows apart (see `Sharpness`).
  private let blur: AlignedBuffer<UInt32>

  struct Layout {
    let walkedStride: Int
    let exactStride: Int
    let sideFloats: Int
    let padded: Int
    let shift: Int

    init(_ space: Space, _ storage: RowStorage) {
      let width = space.width
      switch storage {
      case .i8: padded = (width + 31) & ~31
      default: padded = width < 16 ? (width + 3) & ~3 : (width + 15) & ~15
      }
      walkedStride = storage == .f32 ? 4 * padded : storage == .f16 ? 2 * padded : padded
      exactStride = 4 * (width < 16 ? (width + 3) & ~3 : (width + 15) & ~15)
      sideFloats = storage == .i8 ? (space.metric == .l2 ? 2 : 1) : space.metric.isHyperbolic ? 1 : 0
      // Pieces of some 4 MB of rows, which the system backs with large pages; one shift for all parts of an index.
      var shift = 6
      while shift < 20, (walkedStride << shift) < 1 << 22 { shift += 1 }
      self.shift = shift
    }
  }

  convenience init(_ space: Space, _ storage: RowStorage, rerank: Bool, first: Int) throws(RuvectorError) {
    let layout = Layout(space, storage)
    let walked = try Records(stride: layout.walkedStride, first: first, shift: layout.shift)
    let exact =
      rerank && storage != .f32
      ? try Records(stride: layout.exactStride, first: first, shift: layout.shift) : nil
    let side =
      layout.sideFloats > 0
      ? try Records(stride: 4 * layout.sideFloats, first: first, shift: layout.shift) : nil
    try self.init(space, storage, layout, walked, exact, nil, side)
  }

  init(
    _ space: Space, _ storage: RowStorage, _ layout: Layout, _ walked: Records, _ exact: Records?, _ unread: FileRows?,
    _ side: Records?
  ) throws(RuvectorError) {
    blur = try AlignedBuffer(count: 1, repeating: 0, for: "index")
    (self.space, self.storage, padded, sideFloats) = (space, storage, layout.padded, layout.sideFloats)
    (self.walked, self.exact, self.unread, self.side) = (walked, exact, unread, side)
  }

  /// Whether distances are more exact than those of the walk.
  var isReranked: Bool { exact != nil || unread != nil }

  var isBlurred: Bool { rv_load_acquire(blur.pointer) != 0 }
  /// From the next query on, walks go by the floats that lie beside.
  func walkFloats() { rv_store_release(blur.pointer, exact == nil ? 0 : 1) }

  /// Where the rows lie that a query is compared with.
  @inline(__always) func map(_ query: QueryVector) -> Records.Map {
    query.isOfFloats ? (exact ?? walked).map : walked.map
  }

  /// What has a record for each place.
  var parts: [Records] { [walked] + [exact, side].compactMap { $0 } }
  var byteCount: Int { walked.byteCount &+ (exact?.byteCount ?? 0) &+ (side?.byteCount ?? 0) }
  /// Bytes that one vector takes.
  var stride: Int { walked.stride &+ (exact?.stride ?? 0) &+ (side?.stride ?? 0) }

  // MARK: Writing and reading rows

  /// Stores a placed row (`width` floats) at `id`.
  func store(_ row: UnsafePointer<Float>, factor: Double, at id: Int) {
    let width = space.width
    if let exact { VectorRows.copy(row, width, into: exact[id], padded: exact.stride / 4) }
    switch storage {
    case .f32: VectorRows.copy(row, width, into: walked[id], padded: padded)
    case .f16:
      let out = walked[id].assumingMemoryBound(to: UInt16.self)
      for i in 0..<width { out[i] = VectorRows.half(row[i]) }
      for i in width..<padded { out[i] = 0 }
    case .i8:
      var largest: Float = 0
      for i in 0..<width { largest = max(largest, row[i].magnitude) }
      let out = walked[id].assumingMemoryBound(to: Int8.self)
      // A row of subnormal numbers has the codes of zero.
      let scale = largest / 127, inverse = scale.isNormal ? 1 / scale : 0
      var squares: Int64 = 0
      for i in 0..<width {
        let code = Int32(VectorRows.nearest(min(max(row[i] * inverse, -127), 127)))
        out[i] = Int8(truncatingIfNeeded: code)
        squares &+= Int64(code &* code)
      }
      for i in width..<padded { out[i] = 0 }
      if let beside = sidePlace(id) {
        beside[0] = scale
        if sideFloats == 2 { beside[1] = Float(Double(scale) * Double(scale) * Double(squares)) }
      }
    }
    if storage != .i8, let beside = sidePlace(id) { beside[0] = Float(factor) }
  }

  private static func copy(
    _ row: UnsafePointer<Float>, _ width: Int, into place: UnsafeMutableRawPointer, padded: Int
  ) {
    let out = place.assumingMemoryBound(to: Float.self)
    out.update(from: row, count: width)
    for i in width..<padded { out[i] = 0 }
  }

  /// The nearest whole number of one below 2²², ties to even; without a function of the system's library.
  @inline(__always) static func nearest(_ x: Float) -> Float { (x + 12_582_912) - 12_582_912 }

  /// The half nearest to x, the largest one beyond the range of halves.
  static func half(_ x: Float) -> UInt16 {
    HalfFloat.bits(nearest: min(max(Double(x), -HalfFloat.greatest), HalfFloat.greatest))
  }

  @inline(__always) func sidePlace(_ id: Int) -> UnsafeMutablePointer<Float>? {
    side?[id].assumingMemoryBound(to: Float.self)
  }

  /// `load` of this row comes soon.
  func prefetch(_ id: Int) {
    guard unread == nil else { return }
    let records = exact ?? walked
    VectorRows.prefetch(records[id], min(records.stride, 1024))
  }

  /// The best row there is, `width` floats, and its factor.
  func load(_ id: Int, into out: UnsafeMutablePointer<Float>) throws(RuvectorError) -> Double {
    let width = space.width
    if let unread {
      try unread.read(id, into: out, width)
    } else if let exact {
      out.update(from: exact[id].assumingMemoryBound(to: Float.self), count: width)
    } else {
      switch storage {
      case .f32: out.update(from: walked[id].assumingMemoryBound(to: Float.self), count: width)
      case .f16:
        let halves = walked[id].assumingMemoryBound(to: UInt16.self)
        for i in 0..<width { out[i] = HalfFloat.value(bits: halves[i]) }
      case .i8: decode(id, into: out)
      }
    }
    return storage != .i8 ? Double(sidePlace(id)?[0] ?? 1) : 1
  }

  /// What `load` will give of a caller's vector once it is stored: the floats, and its factor.
  func rounded(_ x: UnsafePointer<Float>, into out: AlignedBuffer<Float>) throws(RuvectorError) -> Double {
    let factor = try space.place(x, into: out.pointer, "vector")
    if storage != .f32, !isReranked { round(out.pointer) }
    return factor
  }
}
