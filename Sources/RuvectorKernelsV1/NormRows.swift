// Products or distances of one query with many rows, and the norms of the rows, in one pass; rows one after the other in
// memory, or anywhere. The order of reading and adding is that of Rows.swift.

import CRuvectorSupport

func dotNormRows(
  _ q: In, _ rows: In, _ stride: Int, _ count: Int, _ dim: Int, _ dots: Out, _ norms: Out
) {
  var r = 0
  while r &+ 4 <= count {
    let p = rows + r &* stride
    announce(p, stride, dim)
    dotNormFour(q, p, p + stride, p + 2 &* stride, p + 3 &* stride, dim, dots + r, norms + r)
    r &+= 4
  }
  while r < count {
    dotNorm(q, rows + r &* stride, dim, dots + r, norms + r)
    r &+= 1
  }
}

func dotNormScattered(_ q: In, _ rows: UnsafePointer<In>, _ count: Int, _ dim: Int, _ dots: Out, _ norms: Out) {
  var r = 0
  while r &+ 4 <= count {
    if r &+ 8 <= count {
      fetch(rows[r &+ 4], dim)
      fetch(rows[r &+ 5], dim)
      fetch(rows[r &+ 6], dim)
      fetch(rows[r &+ 7], dim)
    }
    dotNormFour(q, rows[r], rows[r &+ 1], rows[r &+ 2], rows[r &+ 3], dim, dots + r, norms + r)
    r &+= 4
  }
  while r < count {
    dotNorm(q, rows[r], dim, dots + r, norms + r)
    r &+= 1
  }
}

/// Asks for a row that is read soon: nothing announces the place of a scattered one.
@inline(__always) func fetch(_ p: In, _ dim: Int) {
  var i = 0
  while i < dim {
    rv_prefetch(p + i)
    i &+= 16
  }
}

@inline(__always)
func dotNormFour(_ q: In, _ p0: In, _ p1: In, _ p2: In, _ p3: In, _ dim: Int, _ dots: Out, _ norms: Out) {
  let (s0, n0) = dotNormLanes(q, p0, dim), (s1, n1) = dotNormLanes(q, p1, dim)
  let (s2, n2) = dotNormLanes(q, p2, dim), (s3, n3) = dotNormLanes(q, p3, dim)
  store4(totals(s0, s1, s2, s3), dots)
  store4(totals(n0, n1, n2, n3), norms)
  let whole = dim & ~(lanes &- 1)
  guard whole < dim else { return }
  finishDotNorm(q, p0, whole, dim, dots, norms)
  finishDotNorm(q, p1, whole, dim, dots + 1, norms + 1)
  finishDotNorm(q, p2, whole, dim, dots + 2, norms + 2)
  finishDotNorm(q, p3, whole, dim, dots + 3, norms + 3)
}

@inline(__always) func dotNorm(_ q: In, _ p: In, _ dim: Int, _ dot: Out, _ norm: Out) {
  let (s, n) = dotNormLanes(q, p, dim)
  (dot[0], norm[0]) = (total(s), total(n))
  finishDotNorm(q, p, dim & ~(lanes &- 1), dim, dot, norm)
}

/// Products and squares of whole vectors, each added lane by lane: even ones and odd ones.
@inline(__always) func dotNormLanes(_ q: In, _ p: In, _ dim: Int) -> (V, V) {
  var a = V(repeating: 0), b = a, m = a, n = a
  var i = 0
  while i &+ 2 &* lanes <= dim {
    let y = load(p + i), z = load(p + i + lanes)
    a = fma(a, load(q + i), y)
    b = fma(b, load(q + i + lanes), z)
    m = fma(m, y, y)
    n = fma(n, z, z)
    i &+= 2 &* lanes
  }
  if i &+ lanes <= dim {
    let y = load(p + i)
    a = fma(a, load(q + i), y)
    m = fma(m, y, y)
  }
  return (a + b, m + n)
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
    let p = rows + r &* stride
    announce(p, stride, dim)
    l2NormFour(q, p, p + stride, p + 2 &* stride, p + 3 &* stride, dim, distances + r, norms + r)
    r &+= 4
  }
  while r < count {
    l2Norm(q, rows + r &* stride, dim, distances + r, norms + r)
    r &+= 1
  }
}

func squaredL2NormScattered(
  _ q: In, _ rows: UnsafePointer<In>, _ count: Int, _ dim: Int, _ distances: Out, _ norms: Out
) {
  var r = 0
  while r &+ 4 <= count {
    if r &+ 8 <= count {
      fetch(rows[r &+ 4], dim)
      fetch(rows[r &+ 5], dim)
      fetch(rows[r &+ 6], dim)
      fetch(rows[r &+ 7], dim)
    }
    l2NormFour(q, rows[r], rows[r &+ 1], rows[r &+ 2], rows[r &+ 3], dim, distances + r, norms + r)
    r &+= 4
  }
  while r < count {
    l2Norm(q, rows[r], dim, distances + r, norms + r)
    r &+= 1
  }
}

@inline(__always)
func l2NormFour(_ q: In, _ p0: In, _ p1: In, _ p2: In, _ p3: In, _ dim: Int, _ distances: Out, _ norms: Out) {
  let (s0, n0) = l2NormLanes(q, p0, dim), (s1, n1) = l2NormLanes(q, p1, dim)
  let (s2, n2) = l2NormLanes(q, p2, dim), (s3, n3) = l2NormLanes(q, p3, dim)
  store4(totals(s0, s1, s2, s3), distances)
  store4(totals(n0, n1, n2, n3), norms)
  let whole = dim & ~(lanes &- 1)
  guard whole < dim else { return }
  finishL2Norm(q, p0, whole, dim, distances, norms)
  finishL2Norm(q, p1, whole, dim, distances + 1, norms + 1)
  finishL2Norm(q, p2, whole, dim, distances + 2, norms + 2)
  finishL2Norm(q, p3, whole, dim, distances + 3, norms + 3)
}

@inline(__always) func l2Norm(_ q: In, _ p: In, _ dim: Int, _ distance: Out, _ norm: Out) {
  let (s, n) = l2NormLanes(q, p, dim)
  (distance[0], norm[0]) = (total(s), total(n))
  finishL2Norm(q, p, dim & ~(lanes &- 1), dim, distance, norm)
}

/// Squared differences and squares of whole vectors, each added lane by lane: even ones and odd ones.
@inline(__always) func l2NormLanes(_ q: In, _ p: In, _ dim: Int) -> (V, V) {
  var a = V(repeating: 0), b = a, m = a, n = a
  var i = 0
  while i &+ 2 &* lanes <= dim {
    let y = load(p + i), z = load(p + i + lanes)
    let t = load(q + i) - y, u = load(q + i + lanes) - z
    a = fma(a, t, t)
    b = fma(b, u, u)
    m = fma(m, y, y)
    n = fma(n, z, z)
    i &+= 2 &* lanes
  }
  if i &+ lanes <= dim {
    let y = load(p + i), t = load(q + i) - y
    a = fma(a, t, t)
    m = fma(m, y, y)
  }
  return (a + b, m + n)
}

@inline(__always)
func finishL2Norm(_ q: In, _ p: In, _ from: Int, _ dim: Int, _ distance: Out, _ norm: Out) {
  distance[0] = l2Tail(distance[0], q, p, from, dim)
  norm[0] = dotTail(norm[0], p, p, from, dim)
}
