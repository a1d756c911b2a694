// Scores of GATv2: one query against many projected rows. As in Rows.swift a row is added in the same order whether it
// goes alone or among four.

func leakyDotRows(
  _ q: In, _ a: In, _ slope: Float, _ rows: In, _ stride: Int, _ count: Int, _ dim: Int, _ out: Out
) {
  let s = V(repeating: slope)
  var r = 0
  while r &+ 4 <= count {
    let p0 = rows + r &* stride, p1 = p0 + stride, p2 = p1 + stride, p3 = p2 + stride
    var t0 = V(repeating: 0), t1 = t0, t2 = t0, t3 = t0
    var i = 0
    while i &+ lanes <= dim {
      let u = load(q + i), w = load(a + i)
      let z0 = u + load(p0 + i), z1 = u + load(p1 + i), z2 = u + load(p2 + i), z3 = u + load(p3 + i)
      t0 = fma(t0, w, larger(z0, s * z0))
      t1 = fma(t1, w, larger(z1, s * z1))
      t2 = fma(t2, w, larger(z2, s * z2))
      t3 = fma(t3, w, larger(z3, s * z3))
      i &+= lanes
    }
    store4(totals(t0, t1, t2, t3), out + r)
    if i < dim {
      out[r] = leakyTail(out[r], q, a, slope, p0, i, dim)
      out[r &+ 1] = leakyTail(out[r &+ 1], q, a, slope, p1, i, dim)
      out[r &+ 2] = leakyTail(out[r &+ 2], q, a, slope, p2, i, dim)
      out[r &+ 3] = leakyTail(out[r &+ 3], q, a, slope, p3, i, dim)
    }
    r &+= 4
  }
  while r < count {
    let p = rows + r &* stride
    var t = V(repeating: 0), i = 0
    while i &+ lanes <= dim {
      let z = load(q + i) + load(p + i)
      t = fma(t, load(a + i), larger(z, s * z))
      i &+= lanes
    }
    out[r] = leakyTail(total(t), q, a, slope, p, i, dim)
    r &+= 1
  }
}

@inline(__always)
func leakyTail(_ sum: Float, _ q: In, _ a: In, _ slope: Float, _ p: In, _ from: Int, _ dim: Int) -> Float {
  var t = sum, i = from
  while i < dim {
    let z = q[i] + p[i]
    t = fma(t, a[i], z > 0 ? z : slope * z)
    i &+= 1
  }
  return t
}
