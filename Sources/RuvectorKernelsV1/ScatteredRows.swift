// One query against rows anywhere in memory: what an index does at each node of its graph. Products and distances alone;
// NormRows.swift has those with norms. The caller asks for the rows beforehand (rv_prefetch): only it knows them early.

import CRuvectorSupport

typealias Places = UnsafePointer<UnsafeRawPointer>

@inline(__always) func floats(_ p: UnsafeRawPointer) -> In { p.assumingMemoryBound(to: Float.self) }

func dotScattered(_ q: In, _ rows: Places, _ count: Int, _ dim: Int, _ out: Out) {
  let whole = dim & ~(lanes &- 1)
  var r = 0
  while r &+ 4 <= count {
    let p0 = floats(rows[r]), p1 = floats(rows[r &+ 1]), p2 = floats(rows[r &+ 2]), p3 = floats(rows[r &+ 3])
    dotFourFar(q, p0, p1, p2, p3, dim, out + r)
    dotFourTails(q, p0, p1, p2, p3, whole, dim, out + r)
    r &+= 4
  }
  while r < count {
    let p = floats(rows[r])
    out[r] = dotTail(total(dotLanes(q, p, dim)), q, p, whole, dim)
    r &+= 1
  }
}

func squaredL2Scattered(_ q: In, _ rows: Places, _ count: Int, _ dim: Int, _ out: Out) {
  let whole = dim & ~(lanes &- 1)
  var r = 0
  while r < count {
    let p = floats(rows[r])
    out[r] = l2Tail(total(l2Lanes(q, p, dim)), q, p, whole, dim)
    r &+= 1
  }
}

func dotHalfScattered(_ q: In, _ rows: Places, _ count: Int, _ dim: Int, _ out: Out) {
  var r = 0
  while r < count {
    let p = rows[r]
    var a = V(repeating: 0), b = a
    var i = 0
    while i &+ 2 &* lanes <= dim {
      a = fma(a, load(q + i), halves(p + 2 &* i))
      b = fma(b, load(q + i + lanes), halves(p + 2 &* (i &+ lanes)))
      i &+= 2 &* lanes
    }
    if i &+ lanes <= dim {
      a = fma(a, load(q + i), halves(p + 2 &* i))
      i &+= lanes
    }
    var s = total(a + b)
    while i < dim {
      s = fma(s, q[i], half(p, i))
      i &+= 1
    }
    out[r] = s
    r &+= 1
  }
}

func squaredL2HalfScattered(_ q: In, _ rows: Places, _ count: Int, _ dim: Int, _ out: Out) {
  var r = 0
  while r < count {
    let p = rows[r]
    var a = V(repeating: 0), b = a
    var i = 0
    while i &+ 2 &* lanes <= dim {
      let t = load(q + i) - halves(p + 2 &* i), u = load(q + i + lanes) - halves(p + 2 &* (i &+ lanes))
      a = fma(a, t, t)
      b = fma(b, u, u)
      i &+= 2 &* lanes
    }
    if i &+ lanes <= dim {
      let t = load(q + i) - halves(p + 2 &* i)
      a = fma(a, t, t)
      i &+= lanes
    }
    var s = total(a + b)
    while i < dim {
      let t = q[i] - half(p, i)
      s = fma(s, t, t)
      i &+= 1
    }
    out[r] = s
    r &+= 1
  }
}

@inline(__always) func half(_ p: UnsafeRawPointer, _ i: Int) -> Float {
  let bits = UInt32((p + 2 &* i).loadUnaligned(as: UInt16.self))
  let size = Float(bitPattern: (bits & 0x7fff) &<< 13) * 0x1p112
  return Float(bitPattern: size.bitPattern | (bits & 0x8000) &<< 16)
}

func dotCodesScattered(_ q: UnsafePointer<Int16>, _ rows: Places, _ count: Int, _ dim: Int, _ out: Out) {
  var r = 0
  while r < count {
    let p = rows[r].assumingMemoryBound(to: Int8.self)
    var a = I(repeating: 0), b = a
    var i = 0
    while i &+ 4 &* lanes <= dim {
      a = a &+ rv_madd_codes(q + i, p + i)
      b = b &+ rv_madd_codes(q + i + 2 &* lanes, p + i + 2 &* lanes)
      i &+= 4 &* lanes
    }
    if i < dim { a = a &+ rv_madd_codes(q + i, p + i) }
    out[r] = Float(rv_total_pairs(a &+ b))
    r &+= 1
  }
}
