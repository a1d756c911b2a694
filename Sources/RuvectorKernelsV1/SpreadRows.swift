// The gradient of products of one vector with many rows, in one pass over the rows. They go in blocks that stay in L1 while strips of
// columns go over them, so that y stays in registers; every element of y is added to in the order of the rows.

import CRuvectorSupport

/// Rows of about this many floats are a block: they and what is written beside them are in L1 together.
private var blockFloats: Int { 2048 }

func spreadRows(
  _ a: In, _ b: In, _ x: In, _ rows: In, _ stride: Int, _ count: Int, _ dim: Int, _ y: Out, _ out: Out, _ adds: Bool
) {
  let block = max(4, blockFloats / max(dim, 1))
  var r = 0
  while r < count {
    let n = min(block, count &- r), p = rows + r &* stride, to = out + r &* dim
    if adds {
      spreadBlock(a + r, b + r, x, p, stride, n, dim, y, to, true)
    } else {
      spreadBlock(a + r, b + r, x, p, stride, n, dim, y, to, false)
    }
    r &+= n
  }
}

@inline(__always)
private func spreadBlock(
  _ a: In, _ b: In, _ x: In, _ rows: In, _ stride: Int, _ count: Int, _ dim: Int, _ y: Out, _ out: Out, _ adds: Bool
) {
  var i = 0
  while i &+ 4 &* lanes <= dim {
    var s = load(y + i), t = load(y + i + lanes), u = load(y + i + 2 &* lanes), v = load(y + i + 3 &* lanes)
    let x0 = load(x + i), x1 = load(x + i + lanes), x2 = load(x + i + 2 &* lanes), x3 = load(x + i + 3 &* lanes)
    var p = rows + i, to = out + i, r = 0
    while r < count {
      if r & 3 == 0, i == 0 { announce(p, stride, dim) }
      let α = V(repeating: a[r]), β = V(repeating: b[r])
      let p0 = load(p), p1 = load(p + lanes), p2 = load(p + 2 &* lanes), p3 = load(p + 3 &* lanes)
      s = fma(s, α, p0)
      t = fma(t, α, p1)
      u = fma(u, α, p2)
      v = fma(v, α, p3)
      store(fma(fma(adds ? load(to) : V(repeating: 0), α, x0), β, p0), to)
      store(fma(fma(adds ? load(to + lanes) : V(repeating: 0), α, x1), β, p1), to + lanes)
      store(fma(fma(adds ? load(to + 2 &* lanes) : V(repeating: 0), α, x2), β, p2), to + 2 &* lanes)
      store(fma(fma(adds ? load(to + 3 &* lanes) : V(repeating: 0), α, x3), β, p3), to + 3 &* lanes)
      p += stride
      to += dim
      r &+= 1
    }
    store(s, y + i)
    store(t, y + i + lanes)
    store(u, y + i + 2 &* lanes)
    store(v, y + i + 3 &* lanes)
    i &+= 4 &* lanes
  }
  while i &+ lanes <= dim {
    var s = load(y + i), p = rows + i, to = out + i, r = 0
    let x0 = load(x + i)
    while r < count {
      let α = V(repeating: a[r]), p0 = load(p)
      s = fma(s, α, p0)
      store(fma(fma(adds ? load(to) : V(repeating: 0), α, x0), V(repeating: b[r]), p0), to)
      p += stride
      to += dim
      r &+= 1
    }
    store(s, y + i)
    i &+= lanes
  }
  while i < dim {
    var s = y[i], p = rows + i, to = out + i, r = 0
    while r < count {
      s = fma(s, a[r], p[0])
      to[0] = fma(fma(adds ? to[0] : 0, a[r], x[i]), b[r], p[0])
      p += stride
      to += dim
      r &+= 1
    }
    y[i] = s
    i &+= 1
  }
}
