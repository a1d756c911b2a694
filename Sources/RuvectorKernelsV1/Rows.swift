// One query against many rows. Each row is read to its end before the next: four streams side by side, which share
// the loads of the query, take 1.7 to 2.9 times as long from memory on Zen 4, whose prefetcher loses them within a
// page. Instead the first vectors of the query stay in registers (Held): with one load of 512 bits a cycle, the second
// operand's loads would take as long as the row's own. Only the sums across lanes are made for four rows together.
// Every row is added in the same order whether it goes alone or among four, so a row's bits do not depend on its
// neighbours.

import CRuvectorSupport

/// Matrices of up to this many floats (128 kB: weights) lie in L1 or L2, where sharing the loads wins 15 % and more.
private var nearFloats: Int { 32767 }

/// Told of four packed rows about to be read: asks for a line of every 2 kB, 16 kB ahead, for L2. The prefetchers of the CPU
/// stop at the end of a page (4 kB); begun beyond it, they have the next ones under way: JavaScript's arrays are read from
/// memory a quarter faster on Zen 4, what lies in L3 or in pages of 2 MB 1 % slower. (More lines, or L1 as their place, and
/// the gain is gone.)
@inline(__always) func announce(_ p: In, _ stride: Int, _ dim: Int) {
  guard stride == dim else { return }
  var i = 0
  while i < 4 &* dim {
    rv_prefetch_outer(p + 4096 + i)
    i &+= 512
  }
}

func dotRows(
  _ q: In, _ rows: In, _ stride: Int, _ count: Int, _ dim: Int, _ dots: Out
) {
  if Held.fits(dim) { return dotRowsHeld(q, rows, stride, count, dim, dots) }
  let whole = dim & ~(lanes &- 1), near = count &* dim <= nearFloats
  var r = 0
  while r &+ 4 <= count {
    let p0 = rows + r &* stride, p1 = p0 + stride, p2 = p1 + stride, p3 = p2 + stride
    announce(p0, stride, dim)
    if near { dotFour(q, p0, p1, p2, p3, dim, dots + r) } else { dotFourFar(q, p0, p1, p2, p3, dim, dots + r) }
    dotFourTails(q, p0, p1, p2, p3, whole, dim, dots + r)
    r &+= 4
  }
  while r < count {
    let p = rows + r &* stride
    dots[r] = dotTail(total(dotLanes(q, p, dim)), q, p, whole, dim)
    r &+= 1
  }
}

private func dotRowsHeld(_ q: In, _ rows: In, _ stride: Int, _ count: Int, _ dim: Int, _ dots: Out) {
  let whole = dim & ~(lanes &- 1), held = Held(q)
  var r = 0
  while r &+ 4 <= count {
    let p0 = rows + r &* stride, p1 = p0 + stride, p2 = p1 + stride, p3 = p2 + stride
    announce(p0, stride, dim)
    let s0 = held.dotLanes(q, p0, dim), s1 = held.dotLanes(q, p1, dim)
    let s2 = held.dotLanes(q, p2, dim), s3 = held.dotLanes(q, p3, dim)
    store4(totals(s0, s1, s2, s3), dots + r)
    dotFourTails(q, p0, p1, p2, p3, whole, dim, dots + r)
    r &+= 4
  }
  while r < count {
    let p = rows + r &* stride
    dots[r] = dotTail(total(held.dotLanes(q, p, dim)), q, p, whole, dim)
    r &+= 1
  }
}

/// Four rows, each read to its end before the next; without the rest behind whole vectors.
@inline(__always)
func dotFourFar(_ q: In, _ p0: In, _ p1: In, _ p2: In, _ p3: In, _ dim: Int, _ dots: Out) {
  let s0 = dotLanes(q, p0, dim), s1 = dotLanes(q, p1, dim), s2 = dotLanes(q, p2, dim), s3 = dotLanes(q, p3, dim)
  store4(totals(s0, s1, s2, s3), dots)
}

/// Adds what lies behind the whole vectors of four rows.
@inline(__always)
func dotFourTails(
  _ q: In, _ p0: In, _ p1: In, _ p2: In, _ p3: In, _ whole: Int, _ dim: Int, _ dots: Out
) {
  guard whole < dim else { return }
  dots[0] = dotTail(dots[0], q, p0, whole, dim)
  dots[1] = dotTail(dots[1], q, p1, whole, dim)
  dots[2] = dotTail(dots[2], q, p2, whole, dim)
  dots[3] = dotTail(dots[3], q, p3, whole, dim)
}

/// The products of whole vectors, added lane by lane: even ones and odd ones.
@inline(__always) func dotLanes(_ q: In, _ p: In, _ dim: Int) -> V {
  var a = V(repeating: 0), b = a
  var i = 0
  while i &+ 2 &* lanes <= dim {
    a = fma(a, load(q + i), load(p + i))
    b = fma(b, load(q + i + lanes), load(p + i + lanes))
    i &+= 2 &* lanes
  }
  if i &+ lanes <= dim { a = fma(a, load(q + i), load(p + i)) }
  return a + b
}

/// The same for four rows side by side.
@inline(__always)
func dotFour(_ q: In, _ p0: In, _ p1: In, _ p2: In, _ p3: In, _ dim: Int, _ dots: Out) {
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
  }
  store4(totals(a0 + b0, a1 + b1, a2 + b2, a3 + b3), dots)
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
  if Held.fits(dim) { return squaredL2RowsHeld(q, rows, stride, count, dim, distances) }
  let whole = dim & ~(lanes &- 1)
  var r = 0
  while r &+ 4 <= count {
    let p0 = rows + r &* stride, p1 = p0 + stride, p2 = p1 + stride, p3 = p2 + stride
    announce(p0, stride, dim)
    let s0 = l2Lanes(q, p0, dim), s1 = l2Lanes(q, p1, dim), s2 = l2Lanes(q, p2, dim), s3 = l2Lanes(q, p3, dim)
    store4(totals(s0, s1, s2, s3), distances + r)
    l2FourTails(q, p0, p1, p2, p3, whole, dim, distances + r)
    r &+= 4
  }
  while r < count {
    let p = rows + r &* stride
    distances[r] = l2Tail(total(l2Lanes(q, p, dim)), q, p, whole, dim)
    r &+= 1
  }
}

private func squaredL2RowsHeld(
  _ q: In, _ rows: In, _ stride: Int, _ count: Int, _ dim: Int, _ distances: Out
) {
  let whole = dim & ~(lanes &- 1), held = Held(q)
  var r = 0
  while r &+ 4 <= count {
    let p0 = rows + r &* stride, p1 = p0 + stride, p2 = p1 + stride, p3 = p2 + stride
    announce(p0, stride, dim)
    let s0 = held.l2Lanes(q, p0, dim), s1 = held.l2Lanes(q, p1, dim)
    let s2 = held.l2Lanes(q, p2, dim), s3 = held.l2Lanes(q, p3, dim)
    store4(totals(s0, s1, s2, s3), distances + r)
    l2FourTails(q, p0, p1, p2, p3, whole, dim, distances + r)
    r &+= 4
  }
  while r < count {
    let p = rows + r &* stride
    distances[r] = l2Tail(total(held.l2Lanes(q, p, dim)), q, p, whole, dim)
    r &+= 1
  }
}

/// Adds what lies behind the whole vectors of four rows.
@inline(__always)
func l2FourTails(_ q: In, _ p0: In, _ p1: In, _ p2: In, _ p3: In, _ whole: Int, _ dim: Int, _ distances: Out) {
  guard whole < dim else { return }
  distances[0] = l2Tail(distances[0], q, p0, whole, dim)
  distances[1] = l2Tail(distances[1], q, p1, whole, dim)
  distances[2] = l2Tail(distances[2], q, p2, whole, dim)
  distances[3] = l2Tail(distances[3], q, p3, whole, dim)
}

/// The squared differences of whole vectors, added lane by lane.
@inline(__always) func l2Lanes(_ q: In, _ p: In, _ dim: Int) -> V {
  var a = V(repeating: 0), b = a, c = a, d = a
  var i = 0
  while i &+ 4 &* lanes <= dim {
    let t = load(q + i) - load(p + i)
    let u = load(q + i + lanes) - load(p + i + lanes)
    let v = load(q + i + 2 &* lanes) - load(p + i + 2 &* lanes)
    let w = load(q + i + 3 &* lanes) - load(p + i + 3 &* lanes)
    a = fma(a, t, t)
    b = fma(b, u, u)
    c = fma(c, v, v)
    d = fma(d, w, w)
    i &+= 4 &* lanes
  }
  while i &+ lanes <= dim {
    let t = load(q + i) - load(p + i)
    a = fma(a, t, t)
    i &+= lanes
  }
  return (a + b) + (c + d)
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

func squaredNormRows(
  _ rows: In, _ stride: Int, _ count: Int, _ dim: Int, _ norms: UnsafeMutablePointer<Double>
) {
  let whole = dim & ~(lanes &- 1)
  var r = 0
  while r &+ 4 <= count {
    let p0 = rows + r &* stride, p1 = p0 + stride, p2 = p1 + stride, p3 = p2 + stride, out = norms + r
    announce(p0, stride, dim)
    let s0 = normLanes(p0, dim), s1 = normLanes(p1, dim), s2 = normLanes(p2, dim), s3 = normLanes(p3, dim)
    UnsafeMutableRawPointer(out).storeBytes(of: totals(s0, s1, s2, s3), as: SIMD4<Double>.self)
    if whole < dim {
      out[0] = normTail(out[0], p0, whole, dim)
      out[1] = normTail(out[1], p1, whole, dim)
      out[2] = normTail(out[2], p2, whole, dim)
      out[3] = normTail(out[3], p3, whole, dim)
    }
    r &+= 4
  }
  while r < count {
    norms[r] = squaredNorm(rows + r &* stride, dim)
    r &+= 1
  }
}
