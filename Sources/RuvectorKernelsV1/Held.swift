// The first eight vectors of a query, which stay in registers while rows go by: with one load of 512 bits a cycle (half
// that from the outer caches), the query's loads would take as long as the row's own. Sums in the order of `dotLanes` and
// `l2Lanes`: the same bits.

struct Held {
  let q0, q1, q2, q3, q4, q5, q6, q7: V

  static var width: Int { 8 &* lanes }

  /// Whether the query is held: all or most of it (of wider ones the rest is loaded anyway, and rows of 256 come from memory
  /// a fifth slower), and with fused sums only, which leave registers for it.
  @inline(__always) static func fits(_ dim: Int) -> Bool {
    #if FMA
      dim >= width && dim < 2 &* width
    #else
      false
    #endif
  }

  @inline(__always) init(_ q: In) {
    (q0, q1, q2, q3) = (load(q), load(q + lanes), load(q + 2 &* lanes), load(q + 3 &* lanes))
    let p = q + 4 &* lanes
    (q4, q5, q6, q7) = (load(p), load(p + lanes), load(p + 2 &* lanes), load(p + 3 &* lanes))
  }

  @inline(__always) func dotLanes(_ q: In, _ p: In, _ dim: Int) -> V {
    var a = V(repeating: 0), b = a
    a = fma(a, q0, load(p))
    b = fma(b, q1, load(p + lanes))
    a = fma(a, q2, load(p + 2 &* lanes))
    b = fma(b, q3, load(p + 3 &* lanes))
    a = fma(a, q4, load(p + 4 &* lanes))
    b = fma(b, q5, load(p + 5 &* lanes))
    a = fma(a, q6, load(p + 6 &* lanes))
    b = fma(b, q7, load(p + 7 &* lanes))
    var i = Held.width
    while i &+ 2 &* lanes <= dim {
      a = fma(a, load(q + i), load(p + i))
      b = fma(b, load(q + i + lanes), load(p + i + lanes))
      i &+= 2 &* lanes
    }
    if i &+ lanes <= dim { a = fma(a, load(q + i), load(p + i)) }
    return a + b
  }

  @inline(__always) func l2Lanes(_ q: In, _ p: In, _ dim: Int) -> V {
    var a = V(repeating: 0), b = a, c = a, d = a
    let t0 = q0 - load(p), t1 = q1 - load(p + lanes), t2 = q2 - load(p + 2 &* lanes)
    let t3 = q3 - load(p + 3 &* lanes), t4 = q4 - load(p + 4 &* lanes), t5 = q5 - load(p + 5 &* lanes)
    let t6 = q6 - load(p + 6 &* lanes), t7 = q7 - load(p + 7 &* lanes)
    a = fma(a, t0, t0)
    b = fma(b, t1, t1)
    c = fma(c, t2, t2)
    d = fma(d, t3, t3)
    a = fma(a, t4, t4)
    b = fma(b, t5, t5)
    c = fma(c, t6, t6)
    d = fma(d, t7, t7)
    var i = Held.width
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
}
