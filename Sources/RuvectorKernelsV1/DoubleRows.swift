// Rows of floats with sums in double: what the mean of a cloud of points needs, whose gradient is a difference of large sums.
// The order of reading and adding is that of Rows.swift and CombineRows.swift.

import CRuvectorSupport

func squaredL2RowsDouble(_ q: DoubleIn, _ rows: In, _ stride: Int, _ count: Int, _ dim: Int, _ out: DoubleOut) {
  let whole = dim & ~(lanes &- 1)
  var r = 0
  while r &+ 4 <= count {
    let p0 = rows + r &* stride, p1 = p0 + stride, p2 = p1 + stride, p3 = p2 + stride
    announce(p0, stride, dim)
    var s0 = D(repeating: 0), s1 = s0, s2 = s0, s3 = s0
    var i = 0
    while i < whole {
      let x = load(q + i)
      let t0 = x - widen(load(p0 + i)), t1 = x - widen(load(p1 + i))
      let t2 = x - widen(load(p2 + i)), t3 = x - widen(load(p3 + i))
      s0 = fma(s0, t0, t0)
      s1 = fma(s1, t1, t1)
      s2 = fma(s2, t2, t2)
      s3 = fma(s3, t3, t3)
      i &+= lanes
    }
    UnsafeMutableRawPointer(out + r).storeBytes(of: totals(s0, s1, s2, s3), as: SIMD4<Double>.self)
    if whole < dim {
      out[r] = squaredL2Tail(out[r], q, p0, whole, dim)
      out[r &+ 1] = squaredL2Tail(out[r &+ 1], q, p1, whole, dim)
      out[r &+ 2] = squaredL2Tail(out[r &+ 2], q, p2, whole, dim)
      out[r &+ 3] = squaredL2Tail(out[r &+ 3], q, p3, whole, dim)
    }
    r &+= 4
  }
  while r < count {
    let p = rows + r &* stride
    var s = D(repeating: 0), i = 0
    while i < whole {
      let t = load(q + i) - widen(load(p + i))
      s = fma(s, t, t)
      i &+= lanes
    }
    out[r] = squaredL2Tail(total(s), q, p, whole, dim)
    r &+= 1
  }
}

@inline(__always) func squaredL2Tail(_ sum: Double, _ q: DoubleIn, _ p: In, _ from: Int, _ dim: Int) -> Double {
  var s = sum, i = from
  while i < dim {
    let t = q[i] - Double(p[i])
    s += t * t
    i &+= 1
  }
  return s
}

func combineRowsDouble(_ x: DoubleIn, _ rows: In, _ stride: Int, _ count: Int, _ dim: Int, _ y: DoubleOut) {
  var i = 0
  while i &+ 4 &* lanes <= dim {
    var a = load(y + i), b = load(y + i + lanes), c = load(y + i + 2 &* lanes), d = load(y + i + 3 &* lanes)
    var p = rows + i, r = 0
    while r < count {
      let w = D(repeating: x[r])
      a = fma(a, w, widen(load(p)))
      b = fma(b, w, widen(load(p + lanes)))
      c = fma(c, w, widen(load(p + 2 &* lanes)))
      d = fma(d, w, widen(load(p + 3 &* lanes)))
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
      a = fma(a, D(repeating: x[r]), widen(load(p)))
      p += stride
      r &+= 1
    }
    store(a, y + i)
    i &+= lanes
  }
  while i < dim {
    var a = y[i], p = rows + i, r = 0
    while r < count {
      a += x[r] * Double(p[0])
      p += stride
      r &+= 1
    }
    y[i] = a
    i &+= 1
  }
}
