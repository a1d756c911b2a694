import CRuvectorSupport
import RuvectorCompression
import RuvectorCore

/// How far rows are from each other and from queries.
extension VectorRows {
  /// A caller's vector for the walk and for exact keys.
  func prepare(_ query: QueryVector, _ x: UnsafePointer<Float>, _ name: @autoclosure () -> String) throws(RuvectorError)
  {
    query.factor = Float(try space.place(x, into: query.floats.pointer, name()))
    query.isOfFloats = isBlurred
    if storage == .i8, !query.isOfFloats { encode(query) }
  }

  /// The codes of a query's floats.
  func encode(_ query: QueryVector) {
    query.isOfFloats = false
    var largest: Float = 0
    for i in 0..<space.width { largest = max(largest, query.floats[i].magnitude) }
    // 12 bits, fewer where the sum of so many products would leave 32.
    let top = Float(max(127, min(2047, Int(Int32.max) / (127 * padded))))
    let scale = largest / top, inverse = scale.isNormal ? 1 / scale : 0
    var squares = 0.0
    for i in 0..<space.width {
      let code = VectorRows.nearest(query.floats[i] * inverse)
      query.codes[i] = Int16(min(max(code, -top), top))
      squares += Double(code) * Double(code)
    }
    (query.scale, query.norm2) = (scale, Float(Double(scale) * Double(scale) * squares))
  }

  /// The row at `id` as the walk sees it, to compare it with others.
  func prepare(_ query: QueryVector, row id: Int) {
    query.isOfFloats = isBlurred
    if query.isOfFloats, let exact {
      query.floats.pointer.update(from: exact[id].assumingMemoryBound(to: Float.self), count: exact.stride / 4)
      return
    }
    switch storage {
    case .f32:
      query.floats.pointer.update(from: walked[id].assumingMemoryBound(to: Float.self), count: padded)
    case .f16:
      let halves = walked[id].assumingMemoryBound(to: UInt16.self)
      for i in 0..<padded { query.floats[i] = HalfFloat.value(bits: halves[i]) }
    case .i8:
      let codes = walked[id].assumingMemoryBound(to: Int8.self)
      for i in 0..<padded { query.codes[i] = Int16(codes[i]) }
      query.scale = sidePlace(id)?[0] ?? 0
      query.norm2 = sideFloats == 2 ? sidePlace(id)?[1] ?? 0 : 0
      return
    }
    query.factor = sidePlace(id)?[0] ?? 1
  }

  /// The same less `share` of `centre`, of which there are floats too. Its length.
  func prepare(_ query: QueryVector, row id: Int, less centre: UnsafePointer<Float>, _ share: Float) -> Float {
    let floats = query.floats.pointer, width = space.width
    prepare(query, row: id)
    let isOfCodes = storage == .i8 && !query.isOfFloats
    if isOfCodes, share == 0 { return query.scale * VectorRows.length(query.codes.pointer, width) }
    if isOfCodes { decode(id, into: floats) }
    if share > 0 {
      for i in 0..<width { floats[i] -= share * centre[i] }
    }
    if isOfCodes { encode(query) }
    var square: Float = 0
    Kernels.current.dot_rows(floats, floats, width, 1, width, &square)
    return square.squareRoot()
  }

  private static func length(_ codes: UnsafePointer<Int16>, _ width: Int) -> Float {
    var sum: Int32 = 0  // 127² · 65536 fits
    for i in 0..<width { sum &+= Int32(codes[i]) &* Int32(codes[i]) }
    return Float(sum).squareRoot()
  }

  func decode(_ id: Int, into out: UnsafeMutablePointer<Float>) {
    let codes = walked[id].assumingMemoryBound(to: Int8.self), scale = sidePlace(id)?[0] ?? 0
    for i in 0..<space.width { out[i] = scale * Float(codes[i]) }
  }

  /// out[i] = κ(query, row ids[i]), rows[i] being its place in `map(query)`; as the walk sees them.
  @inline(__always)
  func keys(
    _ query: QueryVector, _ ids: UnsafePointer<UInt32>, _ rows: UnsafePointer<UnsafeRawPointer>, _ count: Int,
    _ kernels: KernelTable, _ out: UnsafeMutablePointer<Float>
  ) {
    if query.isOfFloats { return keysOfFloats(query, rows, count, (exact ?? walked).stride / 4, kernels, out) }
    switch storage {
    case .f32:
      if space.metric.isProduct {
        kernels.dot_scattered(query.floats.pointer, rows, count, padded, out)
      } else {
        kernels.squared_l2_scattered(query.floats.pointer, rows, count, padded, out)
      }
    case .f16:
      if space.metric.isProduct {
        kernels.dot_half_scattered(query.floats.pointer, rows, count, padded, out)
      } else {
        kernels.squared_l2_half_scattered(query.floats.pointer, rows, count, padded, out)
      }
    case .i8:
      kernels.dot_codes_scattered(query.codes.pointer, rows, count, padded, out)
      guard let side else { return }
      if sideFloats == 1 {
        for i in 0..<count {
          out[i] = -out[i] * (query.scale * side[Int(ids[i])].assumingMemoryBound(to: Float.self)[0])
        }
      } else {
        for i in 0..<count {
          let beside = side[Int(ids[i])].assumingMemoryBound(to: Float.self)
          out[i] = max(0, query.norm2 + beside[1] - 2 * query.scale * beside[0] * out[i])
        }
      }
      return
    }
    if space.metric.isProduct {
      for i in 0..<count { out[i] = -out[i] }
    } else if let side {
      for i in 0..<count {
        out[i] *= query.factor * side[Int(ids[i])].assumingMemoryBound(to: Float.self)[0]
      }
    }
  }

  /// The same from floats, as exact as they can be had. `.io` where they are read from a file.
  func exactKeys(
    _ query: QueryVector, _ ids: UnsafePointer<UInt32>, _ count: Int, _ rows: UnsafeMutablePointer<UnsafeRawPointer>,
    _ kernels: KernelTable, _ out: UnsafeMutablePointer<Float>
  ) throws(RuvectorError) {
    if let unread {
      rows[0] = UnsafeRawPointer(query.other.pointer)
      for i in 0..<count {
        try unread.read(Int(ids[i]), into: query.other.pointer, space.width)
        keysOfFloats(query, rows, 1, unread.width, kernels, out + i)
      }
      return
    }
    let records = exact ?? walked
    for i in 0..<count {
      rows[i] = UnsafeRawPointer(records[Int(ids[i])])
      VectorRows.prefetch(rows[i], min(records.stride, 1024))
    }
    if let exact {
      keysOfFloats(query, rows, count, exact.stride / 4, kernels, out)
    } else {
      keys(query, ids, rows, count, kernels, out)
    }
  }

  /// κ of rows of floats beside a smaller storage, which has no hyperbolic metrics.
  private func keysOfFloats(
    _ query: QueryVector, _ rows: UnsafePointer<UnsafeRawPointer>, _ count: Int, _ width: Int, _ kernels: KernelTable,
    _ out: UnsafeMutablePointer<Float>
  ) {
    guard space.metric.isProduct else {
      return kernels.squared_l2_scattered(query.floats.pointer, rows, count, width, out)
    }
    kernels.dot_scattered(query.floats.pointer, rows, count, width, out)
    for i in 0..<count { out[i] = -out[i] }
  }

  @inline(__always) static func prefetch(_ row: UnsafeRawPointer, _ bytes: Int) {
    var at = 0
    while at < bytes {
      rv_prefetch(row + at)
      at &+= 64
    }
  }
}
