// One query against many rows. Four rows at a time share the loads of the query; every row keeps two
// accumulators of its own in both forms below, so a row's bits do not depend on its neighbours.

import CRuvectorSupport

func dotRows(
  _ q: In, _ rows: In, _ stride: Int, _ count: Int, _ dim: Int, _ dots: Out
) {
  var r = 0
  while r &+ 4 <= count {
    let p0 = rows + r &* stride, p1 = p0 + stride, p2 = p1 + stride, p3 = p2 + stride
    var a0 = V(repeating: 0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0
    var i = 0
    while i &+ 2 &* lanes <= dim {
      let u = load(q + i), v = load(q + i + lanes)
      a0 = fma(a0, u, load(p0 + i))
      a1 = fma(a1, u, load(p1 + i))
      a2 = fma(a2, u, load(p2 + i))
      a3 = fma(a3, u, load(p3 + i))
      b0 = fma(b0, v, load(p0 + i + lanes))
      b1 = fma(b1, v, load(p1 + i + lanes))
      b2 = fma(b2, v, load(p2 + i + lanes))
      b3 = fma(b3, v, load(p3 + i + lanes))
      i &+= 2 &* lanes
    }
    dots[r] = finishDot(a0 + b0, q, p0, i, dim)
    dots[r &+ 1] = finishDot(a1 + b1, q, p1, i, dim)
    dots[r &+ 2] = finishDot(a2 + b2, q, p2, i, dim)
    dots[r &+ 3] = finishDot(a3 + b3, q, p3, i, dim)
    r &+= 4
  }
  while r < count {
    let p = rows + r &* stride
    var a = V(repeating: 0), b = a
    var i = 0
    while i &+ 2 &* lanes <= dim {
      a = fma(a, load(q + i), load(p + i))
      b = fma(b, load(q + i + lanes), load(p + i + lanes))
      i &+= 2 &* lanes
    }
    dots[r] = finishDot(a + b, q, p, i, dim)
    r &+= 1
  }
}

@inline(__always) func finishDot(_ a: V, _ q: In, _ p: In, _ from: Int, _ dim: Int) -> Float {
  var a = a, i = from
  if i &+ lanes <= dim {
    a = fma(a, load(q + i), load(p + i))
    i &+= lanes
  }
  var s = total(a)
  while i < dim {
    s = fma(s, q[i], p[i])
    i &+= 1
  }
  return s
}

func squaredL2Rows(
  _ q: In, _ rows: In, _ stride: Int, _ count: Int, _ dim: Int, _ distances: Out
) {
  var r = 0
  while r &+ 4 <= count {
    let p0 = rows + r &* stride, p1 = p0 + stride, p2 = p1 + stride, p3 = p2 + stride
    var a0 = V(repeating: 0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0
    var i = 0
    while i &+ 2 &* lanes <= dim {
      let u = load(q + i), v = load(q + i + lanes)
      let d0 = u - load(p0 + i), d1 = u - load(p1 + i), d2 = u - load(p2 + i), d3 = u - load(p3 + i)
      a0 = fma(a0, d0, d0)
      a1 = fma(a1, d1, d1)
      a2 = fma(a2, d2, d2)
      a3 = fma(a3, d3, d3)
      let e0 = v - load(p0 + i + lanes), e1 = v - load(p1 + i + lanes)
      let e2 = v - load(p2 + i + lanes), e3 = v - load(p3 + i + lanes)
      b0 = fma(b0, e0, e0)
      b1 = fma(b1, e1, e1)
      b2 = fma(b2, e2, e2)
      b3 = fma(b3, e3, e3)
      i &+= 2 &* lanes
    }
    distances[r] = finishL2(a0 + b0, q, p0, i, dim)
    distances[r &+ 1] = finishL2(a1 + b1, q, p1, i, dim)
    distances[r &+ 2] = finishL2(a2 + b2, q, p2, i, dim)
    distances[r &+ 3] = finishL2(a3 + b3, q, p3, i, dim)
    r &+= 4
  }
  while r < count {
    let p = rows + r &* stride
    var a = V(repeating: 0), b = a
    var i = 0
    while i &+ 2 &* lanes <= dim {
      let d = load(q + i) - load(p + i), e = load(q + i + lanes) - load(p + i + lanes)
      a = fma(a, d, d)
      b = fma(b, e, e)
      i &+= 2 &* lanes
    }
    distances[r] = finishL2(a + b, q, p, i, dim)
    r &+= 1
  }
}

@inline(__always) func finishL2(_ a: V, _ q: In, _ p: In, _ from: Int, _ dim: Int) -> Float {
  var a = a, i = from
  if i &+ lanes <= dim {
    let d = load(q + i) - load(p + i)
    a = fma(a, d, d)
    i &+= lanes
  }
  var s = total(a)
  while i < dim {
    let d = q[i] - p[i]
    s = fma(s, d, d)
    i &+= 1
  }
  return s
}

func dotNormRows(
  _ q: In, _ rows: In, _ stride: Int, _ count: Int, _ dim: Int, _ dots: Out, _ norms: Out
) {
  var r = 0
  while r < count {
    let p = rows + r &* stride
    var a = V(repeating: 0), b = a, m = a, n = a
    var i = 0
    while i &+ 2 &* lanes <= dim {
      let u = load(p + i), v = load(p + i + lanes)
      a = fma(a, load(q + i), u)
      b = fma(b, load(q + i + lanes), v)
      m = fma(m, u, u)
      n = fma(n, v, v)
      i &+= 2 &* lanes
    }
    dots[r] = finishDot(a + b, q, p, i, dim)
    norms[r] = finishDot(m + n, p, p, i, dim)
    r &+= 1
  }
}

func squaredL2NormRows(
  _ q: In, _ rows: In, _ stride: Int, _ count: Int, _ dim: Int, _ distances: Out,
  _ norms: UnsafeMutablePointer<Double>
) {
  squaredL2Rows(q, rows, stride, count, dim, distances)
  squaredNormRows(rows, stride, count, dim, norms)
}

func squaredNormRows(
  _ rows: In, _ stride: Int, _ count: Int, _ dim: Int, _ norms: UnsafeMutablePointer<Double>
) {
  var r = 0
  while r < count {
    norms[r] = squaredNorm(rows + r &* stride, dim)
    r &+= 1
  }
}

func combineRows(
  _ x: In, _ rows: In, _ stride: Int, _ count: Int, _ dim: Int, _ y: Out
) {
  // Columns in strips of four vectors, so that y stays in registers while the rows go by.
  var i = 0
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
