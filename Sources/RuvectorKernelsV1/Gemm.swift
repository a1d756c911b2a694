// The inner tile of the matrix product: 6 rows x 2 vectors, twelve accumulators in registers at every level.

@inline(__always) var tileRows: Int { 6 }
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
        var w = 0
        while w < width {
          store(load(from + k &* step + w), o + w)
          w &+= lanes
        }
        o += width
        k &+= 1
      }
    } else {
      var w = 0
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
  _ a: In, _ b: In, _ depth: Int, _ c: Out, _ stride: Int, _ rows: Int, _ columns: Int
) {
  var c00 = V(repeating: 0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00
  var c30 = c00, c31 = c00, c40 = c00, c41 = c00, c50 = c00, c51 = c00
  var p = a, q = b, k = 0
  while k < depth {
    let u = load(q), v = load(q + lanes)
    let w0 = V(repeating: p[0]), w1 = V(repeating: p[1]), w2 = V(repeating: p[2])
    c00 = fma(c00, w0, u)
    c01 = fma(c01, w0, v)
    c10 = fma(c10, w1, u)
    c11 = fma(c11, w1, v)
    c20 = fma(c20, w2, u)
    c21 = fma(c21, w2, v)
    let w3 = V(repeating: p[3]), w4 = V(repeating: p[4]), w5 = V(repeating: p[5])
    c30 = fma(c30, w3, u)
    c31 = fma(c31, w3, v)
    c40 = fma(c40, w4, u)
    c41 = fma(c41, w4, v)
    c50 = fma(c50, w5, u)
    c51 = fma(c51, w5, v)
    p += tileRows
    q += tileColumns
    k &+= 1
  }
  put(c00, c01, c, columns)
  if rows > 1 { put(c10, c11, c + stride, columns) }
  if rows > 2 { put(c20, c21, c + 2 &* stride, columns) }
  if rows > 3 { put(c30, c31, c + 3 &* stride, columns) }
  if rows > 4 { put(c40, c41, c + 4 &* stride, columns) }
  if rows > 5 { put(c50, c51, c + 5 &* stride, columns) }
}

@inline(__always) func put(_ u: V, _ v: V, _ c: Out, _ columns: Int) {
  if columns == tileColumns {
    store(load(c) + u, c)
    store(load(c + lanes) + v, c + lanes)
  } else if columns >= lanes {
    store(load(c) + u, c)
    let rest = columns &- lanes
    storeTail(loadTail(In(c + lanes), rest) + v, c + lanes, rest)
  } else {
    storeTail(loadTail(In(c), columns) + u, c, columns)
  }
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
