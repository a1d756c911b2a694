// One query against many rows. Four rows at a time share the loads of the query; every row is added in
// the same order whether it goes alone or among four, so a row's bits do not depend on its neighbours.

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
    if i &+ lanes <= dim {
      let u = load(q + i)
      a0 = fma(a0, u, load(p0 + i))
      a1 = fma(a1, u, load(p1 + i))
      a2 = fma(a2, u, load(p2 + i))
      a3 = fma(a3, u, load(p3 + i))
      i &+= lanes
    }
    store4(totals(a0 + b0, a1 + b1, a2 + b2, a3 + b3), dots + r)
    if i < dim {
      dots[r] = dotTail(dots[r], q, p0, i, dim)
      dots[r &+ 1] = dotTail(dots[r &+ 1], q, p1, i, dim)
      dots[r &+ 2] = dotTail(dots[r &+ 2], q, p2, i, dim)
      dots[r &+ 3] = dotTail(dots[r &+ 3], q, p3, i, dim)
    }
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
    if i &+ lanes <= dim {
      a = fma(a, load(q + i), load(p + i))
      i &+= lanes
    }
    dots[r] = dotTail(total(a + b), q, p, i, dim)
    r &+= 1
  }
}

@inline(__always) func dotTail(_ sum: Float, _ x: In, _ y: In, _ from: Int, _ dim: Int) -> Float {
  var s = sum, i = from
  while i < dim {
    s = fma(s, x[i], y[i])
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
    var a0 = V(repeating: 0), a1 = a0, a2 = a0, a3 = a0
    var i = 0
    while i &+ lanes <= dim {
      let u = load(q + i)
      let d0 = u - load(p0 + i), d1 = u - load(p1 + i), d2 = u - load(p2 + i), d3 = u - load(p3 + i)
      a0 = fma(a0, d0, d0)
      a1 = fma(a1, d1, d1)
      a2 = fma(a2, d2, d2)
      a3 = fma(a3, d3, d3)
      i &+= lanes
    }
    store4(totals(a0, a1, a2, a3), distances + r)
    if i < dim {
      distances[r] = l2Tail(distances[r], q, p0, i, dim)
      distances[r &+ 1] = l2Tail(distances[r &+ 1], q, p1, i, dim)
      distances[r &+ 2] = l2Tail(distances[r &+ 2], q, p2, i, dim)
      distances[r &+ 3] = l2Tail(distances[r &+ 3], q, p3, i, dim)
    }
    r &+= 4
  }
  while r < count {
    let p = rows + r &* stride
    var a = V(repeating: 0), i = 0
    while i &+ lanes <= dim {
      let d = load(q + i) - load(p + i)
      a = fma(a, d, d)
      i &+= lanes
    }
    distances[r] = l2Tail(total(a), q, p, i, dim)
    r &+= 1
  }
}

@inline(__always) func l2Tail(_ sum: Float, _ q: In, _ p: In, _ from: Int, _ dim: Int) -> Float {
  var s = sum, i = from
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
  while r &+ 4 <= count {
    let p0 = rows + r &* stride, p1 = p0 + stride, p2 = p1 + stride, p3 = p2 + stride
    var a0 = V(repeating: 0), a1 = a0, a2 = a0, a3 = a0, n0 = a0, n1 = a0, n2 = a0, n3 = a0
    var i = 0
    while i &+ lanes <= dim {
      let u = load(q + i), y0 = load(p0 + i), y1 = load(p1 + i), y2 = load(p2 + i), y3 = load(p3 + i)
      a0 = fma(a0, u, y0)
      a1 = fma(a1, u, y1)
      a2 = fma(a2, u, y2)
      a3 = fma(a3, u, y3)
      n0 = fma(n0, y0, y0)
      n1 = fma(n1, y1, y1)
      n2 = fma(n2, y2, y2)
      n3 = fma(n3, y3, y3)
      i &+= lanes
    }
    store4(totals(a0, a1, a2, a3), dots + r)
    store4(totals(n0, n1, n2, n3), norms + r)
    if i < dim {
      finishDotNorm(q, p0, i, dim, dots + r, norms + r)
      finishDotNorm(q, p1, i, dim, dots + r + 1, norms + r + 1)
      finishDotNorm(q, p2, i, dim, dots + r + 2, norms + r + 2)
      finishDotNorm(q, p3, i, dim, dots + r + 3, norms + r + 3)
    }
    r &+= 4
  }
  while r < count {
    let p = rows + r &* stride
    var a = V(repeating: 0), n = a, i = 0
    while i &+ lanes <= dim {
      let y = load(p + i)
      a = fma(a, load(q + i), y)
      n = fma(n, y, y)
      i &+= lanes
    }
    (dots[r], norms[r]) = (total(a), total(n))
    finishDotNorm(q, p, i, dim, dots + r, norms + r)
    r &+= 1
  }
}

@inline(__always)
func finishDotNorm(_ q: In, _ p: In, _ from: Int, _ dim: Int, _ dot: Out, _ norm: Out) {
  dot[0] = dotTail(dot[0], q, p, from, dim)
  norm[0] = dotTail(norm[0], p, p, from, dim)
}

func squaredL2NormRows(
  _ q: In, _ rows: In, _ stride: Int, _ count: Int, _ dim: Int, _ distances: Out, _ norms: Out
) {
  var r = 0
  while r &+ 4 <= count {
    let p0 = rows + r &* stride, p1 = p0 + stride, p2 = p1 + stride, p3 = p2 + stride
    var a0 = V(repeating: 0), a1 = a0, a2 = a0, a3 = a0, n0 = a0, n1 = a0, n2 = a0, n3 = a0
    var i = 0
    while i &+ lanes <= dim {
      let u = load(q + i), y0 = load(p0 + i), y1 = load(p1 + i), y2 = load(p2 + i), y3 = load(p3 + i)
      let d0 = u - y0, d1 = u - y1, d2 = u - y2, d3 = u - y3
      a0 = fma(a0, d0, d0)
      a1 = fma(a1, d1, d1)
      a2 = fma(a2, d2, d2)
      a3 = fma(a3, d3, d3)
      n0 = fma(n0, y0, y0)
      n1 = fma(n1, y1, y1)
      n2 = fma(n2, y2, y2)
      n3 = fma(n3, y3, y3)
      i &+= lanes
    }
    store4(totals(a0, a1, a2, a3), distances + r)
    store4(totals(n0, n1, n2, n3), norms + r)
    if i < dim {
      finishL2Norm(q, p0, i, dim, distances + r, norms + r)
      finishL2Norm(q, p1, i, dim, distances + r + 1, norms + r + 1)
      finishL2Norm(q, p2, i, dim, distances + r + 2, norms + r + 2)
      finishL2Norm(q, p3, i, dim, distances + r + 3, norms + r + 3)
    }
    r &+= 4
  }
  while r < count {
    let p = rows + r &* stride
    var a = V(repeating: 0), n = a, i = 0
    while i &+ lanes <= dim {
      let y = load(p + i), d = load(q + i) - y
      a = fma(a, d, d)
      n = fma(n, y, y)
      i &+= lanes
    }
    (distances[r], norms[r]) = (total(a), total(n))
    finishL2Norm(q, p, i, dim, distances + r, norms + r)
    r &+= 1
  }
}

@inline(__always)
func finishL2Norm(_ q: In, _ p: In, _ from: Int, _ dim: Int, _ distance: Out, _ norm: Out) {
  distance[0] = l2Tail(distance[0], q, p, from, dim)
  norm[0] = dotTail(norm[0], p, p, from, dim)
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
