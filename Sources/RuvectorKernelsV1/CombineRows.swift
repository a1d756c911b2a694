// Weighted sums of rows. Columns go in strips of whole vectors, so that y stays in registers while the rows go by; every
// element of y is added to in the order of the rows, whatever the strip.

func combineRows(
  _ x: In, _ rows: In, _ stride: Int, _ count: Int, _ dim: Int, _ y: Out
) {
  // Strips of eight or four vectors. Rows that come from memory want the wide one: where it holds a whole row, they are
  // read from end to end.
  var i = 0
  while i &+ 8 &* lanes <= dim {
    var a = load(y + i), b = load(y + i + lanes), c = load(y + i + 2 &* lanes), d = load(y + i + 3 &* lanes)
    var e = load(y + i + 4 &* lanes), f = load(y + i + 5 &* lanes), g = load(y + i + 6 &* lanes)
    var h = load(y + i + 7 &* lanes)
    var p = rows + i, r = 0
    while r < count {
      if r & 3 == 0, i == 0 { announce(p, stride, dim) }
      let w = V(repeating: x[r])
      a = fma(a, w, load(p))
      b = fma(b, w, load(p + lanes))
      c = fma(c, w, load(p + 2 &* lanes))
      d = fma(d, w, load(p + 3 &* lanes))
      e = fma(e, w, load(p + 4 &* lanes))
      f = fma(f, w, load(p + 5 &* lanes))
      g = fma(g, w, load(p + 6 &* lanes))
      h = fma(h, w, load(p + 7 &* lanes))
      p += stride
      r &+= 1
    }
    store(a, y + i)
    store(b, y + i + lanes)
    store(c, y + i + 2 &* lanes)
    store(d, y + i + 3 &* lanes)
    store(e, y + i + 4 &* lanes)
    store(f, y + i + 5 &* lanes)
    store(g, y + i + 6 &* lanes)
    store(h, y + i + 7 &* lanes)
    i &+= 8 &* lanes
  }
  while i &+ 4 &* lanes <= dim {
    var a = load(y + i), b = load(y + i + lanes), c = load(y + i + 2 &* lanes), d = load(y + i + 3 &* lanes)
    var p = rows + i, r = 0
    while r < count {
      let w = V(repeating: x[r])
      a = fma(a, w, load(p))
      b = fma(b, w, load(p + lanes))
      c = fma(c, w, load(p + 2 &* lanes))
      d = fma(d, w, load(p + 3 &* lanes))
      p += stride
      r &+= 1
    }
    store(a, y + i)
    store(b, y + i + lanes)
    store(c, y + i + 2 &* lanes)
    store(d, y + i + 3 &* lanes)
    i &+= 4 &* lanes
  }
  while i &+ lanes <= dim {
    var a = load(y + i), p = rows + i, r = 0
    while r < count {
      a = fma(a, V(repeating: x[r]), load(p))
      p += stride
      r &+= 1
    }
    store(a, y + i)
    i &+= lanes
  }
  while i < dim {
    var a = y[i], p = rows + i, r = 0
    while r < count {
      a = fma(a, x[r], p[0])
      p += stride
      r &+= 1
    }
    y[i] = a
    i &+= 1
  }
}
