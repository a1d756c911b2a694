// The inner tile of the matrix product: two vectors wide and as high as the registers allow (14 rows with 32 vector
// registers, 6 with 16). The accumulators are spelled out: arrays of them do not stay in registers.

import CRuvectorSupport

#if WIDE
  @inline(__always) var tileRows: Int { 14 }
#else
  @inline(__always) var tileRows: Int { 6 }
#endif
@inline(__always) var tileColumns: Int { 2 &* lanes }

func gemmPack(
  _ x: In, _ line: Int, _ step: Int, _ lines: Int, _ depth: Int, _ width: Int, _ out: Out
) {
  var panel = 0, o = out
  while panel < lines {
    let count = lines &- panel < width ? lines &- panel : width
    let from = x + panel &* line
    if count == width && line == 1 && width % lanes == 0 {  // lines lie side by side: whole vectors
      var k = 0
      while k < depth {
        // Each k is another page of a large matrix: no hardware prefetcher follows.
        rv_prefetch(from + (k &+ 12) &* step)
        rv_prefetch(from + (k &+ 12) &* step + 16)
        var w = 0
        while w < width {
          store(load(from + k &* step + w), o + w)
          w &+= lanes
        }
        o += width
        k &+= 1
      }
    } else if count == width && line == 1 {  // side by side, but not in whole vectors
      var k = 0
      while k < depth {
        let p = from + k &* step
        var w = 0
        while w &+ 4 <= width {
          UnsafeMutableRawPointer(o + w).storeBytes(
            of: UnsafeRawPointer(p + w).loadUnaligned(as: SIMD4<Float>.self), as: SIMD4<Float>.self)
          w &+= 4
        }
        while w < width {
          o[w] = p[w]
          w &+= 1
        }
        o += width
        k &+= 1
      }
    } else {
      var w = 0
      while step == 1 && w &+ 4 <= count {  // four lines at a time, transposed in registers
        let p0 = from + w &* line, p1 = p0 + line, p2 = p1 + line, p3 = p2 + line
        var k = 0
        while k &+ 4 <= depth {
          rv_transpose4(p0 + k, p1 + k, p2 + k, p3 + k, o + k &* width + w, width)
          k &+= 4
        }
        while k < depth {
          let t = o + k &* width + w
          (t[0], t[1], t[2], t[3]) = (p0[k], p1[k], p2[k], p3[k])
          k &+= 1
        }
        w &+= 4
      }
      while w < width {
        var k = 0
        if w < count {
          let p = from + w &* line
          while k < depth {
            o[k &* width &+ w] = p[k &* step]
            k &+= 1
          }
        } else {
          while k < depth {
            o[k &* width &+ w] = 0
            k &+= 1
          }
        }
        w &+= 1
      }
      o += width &* depth
    }
    panel &+= width
  }
}

func gemmTile(
  _ a: In, _ b: In, _ depth: Int, _ c: Out, _ stride: Int, _ rows: Int, _ columns: Int, _ accumulate: Int32
) {
  tile(a, 1, tileRows, b, depth, c, stride, rows, columns, accumulate)
}

/// The same with the rows of A where the caller has them, `aStride` from one to the next: all `tileRows` of them.
func gemmTileRows(
  _ a: In, _ aStride: Int, _ b: In, _ depth: Int, _ c: Out, _ stride: Int, _ columns: Int, _ accumulate: Int32
) {
  tile(a, aStride, 1, b, depth, c, stride, tileRows, columns, accumulate)
}

/// Element (i, k) of A is `a[i · s + k · step]`. Few pointers with steps of 1, 2, 4 and 8 s reach all rows: each is an
/// address of one instruction.
@inline(__always)
func tile(
  _ a: In, _ s: Int, _ step: Int, _ b: In, _ depth: Int, _ c: Out, _ stride: Int, _ rows: Int, _ columns: Int,
  _ accumulate: Int32
) {
  let zero = V(repeating: 0)
  // Rows as callers have them come from memory, as a rule one behind the other: those of the next tile are asked for meanwhile.
  let next = a + tileRows &* s
  #if WIDE
    var c00 = zero, c01 = zero, c10 = zero, c11 = zero, c20 = zero, c21 = zero, c30 = zero, c31 = zero
    var c40 = zero, c41 = zero, c50 = zero, c51 = zero, c60 = zero, c61 = zero, c70 = zero, c71 = zero
    var c80 = zero, c81 = zero, c90 = zero, c91 = zero, ca0 = zero, ca1 = zero, cb0 = zero, cb1 = zero
    var cc0 = zero, cc1 = zero, cd0 = zero, cd1 = zero
    var p0 = a, p3 = a + 3 &* s, p6 = a + 6 &* s, p9 = a + 9 &* s, p12 = a + 12 &* s, q = b, k = 0
    while k < depth {
      let u = load(q), v = load(q + lanes)
      if step == 1 { rv_prefetch(next + tileRows &* k) }
      let w0 = V(repeating: p0[0])
      c00 = fma(c00, w0, u)
      c01 = fma(c01, w0, v)
      let w1 = V(repeating: p0[s])
      c10 = fma(c10, w1, u)
      c11 = fma(c11, w1, v)
      let w2 = V(repeating: p0[2 &* s])
      c20 = fma(c20, w2, u)
      c21 = fma(c21, w2, v)
      let w3 = V(repeating: p3[0])
      c30 = fma(c30, w3, u)
      c31 = fma(c31, w3, v)
      let w4 = V(repeating: p0[4 &* s])
      c40 = fma(c40, w4, u)
      c41 = fma(c41, w4, v)
      let w5 = V(repeating: p3[2 &* s])
      c50 = fma(c50, w5, u)
      c51 = fma(c51, w5, v)
      let w6 = V(repeating: p6[0])
      c60 = fma(c60, w6, u)
      c61 = fma(c61, w6, v)
      let w7 = V(repeating: p3[4 &* s])
      c70 = fma(c70, w7, u)
      c71 = fma(c71, w7, v)
      let w8 = V(repeating: p0[8 &* s])
      c80 = fma(c80, w8, u)
      c81 = fma(c81, w8, v)
      let w9 = V(repeating: p9[0])
      c90 = fma(c90, w9, u)
      c91 = fma(c91, w9, v)
      let wa = V(repeating: p6[4 &* s])
      ca0 = fma(ca0, wa, u)
      ca1 = fma(ca1, wa, v)
      let wb = V(repeating: p3[8 &* s])
      cb0 = fma(cb0, wb, u)
      cb1 = fma(cb1, wb, v)
      let wc = V(repeating: p12[0])
      cc0 = fma(cc0, wc, u)
      cc1 = fma(cc1, wc, v)
      let wd = V(repeating: p9[4 &* s])
      cd0 = fma(cd0, wd, u)
      cd1 = fma(cd1, wd, v)
      p0 += step
      p3 += step
      p6 += step
      p9 += step
      p12 += step
      q += tileColumns
      k &+= 1
    }
    put(c00, c01, c, columns, accumulate)
    if rows > 1 { put(c10, c11, c + stride, columns, accumulate) }
    if rows > 2 { put(c20, c21, c + 2 &* stride, columns, accumulate) }
    if rows > 3 { put(c30, c31, c + 3 &* stride, columns, accumulate) }
    if rows > 4 { put(c40, c41, c + 4 &* stride, columns, accumulate) }
    if rows > 5 { put(c50, c51, c + 5 &* stride, columns, accumulate) }
    if rows > 6 { put(c60, c61, c + 6 &* stride, columns, accumulate) }
    if rows > 7 { put(c70, c71, c + 7 &* stride, columns, accumulate) }
    if rows > 8 { put(c80, c81, c + 8 &* stride, columns, accumulate) }
    if rows > 9 { put(c90, c91, c + 9 &* stride, columns, accumulate) }
    if rows > 10 { put(ca0, ca1, c + 10 &* stride, columns, accumulate) }
    if rows > 11 { put(cb0, cb1, c + 11 &* stride, columns, accumulate) }
    if rows > 12 { put(cc0, cc1, c + 12 &* stride, columns, accumulate) }
    if rows > 13 { put(cd0, cd1, c + 13 &* stride, columns, accumulate) }
  #else
    var c00 = zero, c01 = zero, c10 = zero, c11 = zero, c20 = zero, c21 = zero, c30 = zero, c31 = zero
    var c40 = zero, c41 = zero, c50 = zero, c51 = zero
    var p0 = a, p3 = a + 3 &* s, q = b, k = 0
    while k < depth {
      let u = load(q), v = load(q + lanes)
      if step == 1 { rv_prefetch(next + tileRows &* k) }
      let w0 = V(repeating: p0[0])
      c00 = fma(c00, w0, u)
      c01 = fma(c01, w0, v)
      let w1 = V(repeating: p0[s])
      c10 = fma(c10, w1, u)
      c11 = fma(c11, w1, v)
      let w2 = V(repeating: p0[2 &* s])
      c20 = fma(c20, w2, u)
      c21 = fma(c21, w2, v)
      let w3 = V(repeating: p3[0])
      c30 = fma(c30, w3, u)
      c31 = fma(c31, w3, v)
      let w4 = V(repeating: p0[4 &* s])
      c40 = fma(c40, w4, u)
      c41 = fma(c41, w4, v)
      let w5 = V(repeating: p3[2 &* s])
      c50 = fma(c50, w5, u)
      c51 = fma(c51, w5, v)
      p0 += step
      p3 += step
      q += tileColumns
      k &+= 1
    }
    put(c00, c01, c, columns, accumulate)
    if rows > 1 { put(c10, c11, c + stride, columns, accumulate) }
    if rows > 2 { put(c20, c21, c + 2 &* stride, columns, accumulate) }
    if rows > 3 { put(c30, c31, c + 3 &* stride, columns, accumulate) }
    if rows > 4 { put(c40, c41, c + 4 &* stride, columns, accumulate) }
    if rows > 5 { put(c50, c51, c + 5 &* stride, columns, accumulate) }
  #endif
}

@inline(__always)
func put(_ u: V, _ v: V, _ c: Out, _ columns: Int, _ accumulate: Int32) {
  if columns == tileColumns {
    if accumulate != 0 {
      store(load(c) + u, c)
      store(load(c + lanes) + v, c + lanes)
    } else {
      store(u, c)
      store(v, c + lanes)
    }
    return
  }
  let first = columns < lanes ? columns : lanes, rest = columns &- first
  storeTail(accumulate != 0 ? loadTail(In(c), first) + u : u, c, first)
  storeTail(accumulate != 0 ? loadTail(In(c + lanes), rest) + v : v, c + lanes, rest)
}

/// Twelve independent chains of multiply-add on registers: what the arithmetic units can do at most.
func multiplyAddPeak(_ steps: Int) -> Float {
  let w = V(repeating: 0.999), u = V(repeating: 1e-3)
  var c0 = u, c1 = u, c2 = u, c3 = u, c4 = u, c5 = u, c6 = u, c7 = u, c8 = u, c9 = u, ca = u, cb = u
  var k = 0
  while k < steps {
    c0 = fma(u, c0, w)
    c1 = fma(u, c1, w)
    c2 = fma(u, c2, w)
    c3 = fma(u, c3, w)
    c4 = fma(u, c4, w)
    c5 = fma(u, c5, w)
    c6 = fma(u, c6, w)
    c7 = fma(u, c7, w)
    c8 = fma(u, c8, w)
    c9 = fma(u, c9, w)
    ca = fma(u, ca, w)
    cb = fma(u, cb, w)
    k &+= 1
  }
  return total((((c0 + c1) + (c2 + c3)) + ((c4 + c5) + (c6 + c7))) + ((c8 + c9) + (ca + cb)))
}
