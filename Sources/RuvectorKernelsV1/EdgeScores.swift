// Scores of edges, [entry][head], and their softmax over the entries of a node.

import CRuvectorSupport

#if WIDE
  @inline(__always) func swapped(_ x: V, _ s: Int) -> V {
    switch s {
    case 8: rv_swap8_16(x)
    case 4: rv_swap4_16(x)
    case 2: rv_swap2_16(x)
    default: rv_swap1_16(x)
    }
  }
#elseif FMA && arch(x86_64)
  @inline(__always) func swapped(_ x: V, _ s: Int) -> V {
    switch s {
    case 4: rv_swap4_8(x)
    case 2: rv_swap2_8(x)
    default: rv_swap1_8(x)
    }
  }
#else
  @inline(__always) func swapped(_ x: V, _ s: Int) -> V { s == 2 ? rv_swap2_4(x) : rv_swap1_4(x) }
#endif

func edgeScores(
  _ offsets: Whole, _ indices: Whole, _ sources: In, _ targets: In, _ edges: In?, _ slope: Float, _ heads: Int,
  _ first: Int, _ last: Int, _ out: Out
) {
  guard first < last else { return }
  let end = Int(offsets[last])
  var i = first, e = Int(offsets[first])
  while i < last {
    let stop = Int(offsets[i &+ 1]), t = targets + i &* heads
    while e < stop {
      if e &+ 16 < end { rv_prefetch(sources + Int(indices[e &+ 16]) &* heads) }
      let s = sources + Int(indices[e]) &* heads, o = out + e &* heads
      var h = 0
      while h &+ 8 <= heads {
        var z = load8(s + h) + load8(t + h)
        if let edges { z += load8(edges + e &* heads + h) }
        store8(rv_max8(z, z * slope), o + h)
        h &+= 8
      }
      if h &+ 4 <= heads {
        var z = load4(s + h) + load4(t + h)
        if let edges { z += load4(edges + e &* heads + h) }
        store4(rv_max4(z, z * slope), o + h)
        h &+= 4
      }
      while h < heads {
        var z = s[h] + t[h]
        if let edges { z += edges[e &* heads &+ h] }
        o[h] = z > 0 ? z : slope * z
        h &+= 1
      }
      e &+= 1
    }
    i &+= 1
  }
}

func edgeSoftmax(_ offsets: Whole, _ heads: Int, _ first: Int, _ last: Int, _ scores: Out) {
  var i = first
  let repeats = lanes % heads == 0
  while i < last {
    let start = Int(offsets[i]), count = Int(offsets[i &+ 1]) &- start
    if count > 0 {
      if repeats {
        softmaxRepeated(scores + start &* heads, count &* heads, heads)
      } else {
        softmaxColumns(scores + start &* heads, count, heads)
      }
    }
    i &+= 1
  }
}

/// `n` scores whose heads repeat within a vector.
@inline(__always)
private func softmaxRepeated(_ x: Out, _ n: Int, _ heads: Int) {
  let whole = n & ~(lanes &- 1)
  var rest = V(repeating: -Float.infinity), top = rest, i = 0
  while i < whole {
    top = larger(load(x + i), top)
    i &+= lanes
  }
  if i < n {
    var k = 0
    while i &+ k < n {
      rest[k] = x[i &+ k]
      k &+= 1
    }
    top = larger(rest, top)
  }
  var s = lanes / 2
  while s >= heads {
    top = larger(swapped(top, s), top)
    s /= 2
  }
  // A head of which the rest alone has nothing has been seen in whole vectors, or there are none: -inf - -inf stays out of the
  // way as a lane that is not stored, and is 0 in the sum.
  var sum = V(repeating: 0)
  i = 0
  while i < n {  // one call of `exponential`: see Elementwise.swift
    let z = exponential((i < whole ? load(x + i) : rest) - top)
    if i < whole {
      store(z, x + i)
      sum += z
    } else {
      storeTail(z, x + i, n &- i)
      sum += loadTail(x + i, n &- i)
    }
    i &+= lanes
  }
  s = lanes / 2
  while s >= heads {
    sum += swapped(sum, s)
    s /= 2
  }
  let share = V(repeating: 1) / sum
  i = 0
  while i < whole {
    store(load(x + i) * share, x + i)
    i &+= lanes
  }
  var k = 0
  while i &+ k < n {
    x[i &+ k] *= share[k]
    k &+= 1
  }
}

private func softmaxColumns(_ x: Out, _ count: Int, _ heads: Int) {
  let n = count &* heads
  var h = 0
  while h < heads {
    var top = -Float.infinity, i = h
    while i < n {
      top = pick(x[i], top)
      i &+= heads
    }
    i = h
    while i < n {
      x[i] -= top
      i &+= heads
    }
    h &+= 1
  }
  exponential(In(x), x, n)
  h = 0
  while h < heads {
    var sum: Float = 0, i = h
    while i < n {
      sum += x[i]
      i &+= heads
    }
    let share = 1 / sum
    i = h
    while i < n {
      x[i] *= share
      i &+= heads
    }
    h &+= 1
  }
}

func edgeSoftmaxSlopes(
  _ offsets: Whole, _ heads: Int, _ first: Int, _ last: Int, _ shares: In, _ slopes: Out
) {
  var i = first
  while i < last {
    let start = Int(offsets[i]) &* heads, stop = Int(offsets[i &+ 1]) &* heads
    var h = 0
    while h &+ 8 <= heads {
      var sum = SIMD8<Float>(repeating: 0), at = start &+ h
      while at < stop {
        sum = fma8(sum, load8(shares + at), load8(In(slopes + at)))
        at &+= heads
      }
      at = start &+ h
      while at < stop {
        store8(load8(shares + at) * (load8(In(slopes + at)) - sum), slopes + at)
        at &+= heads
      }
      h &+= 8
    }
    if h &+ 4 <= heads {
      var sum = SIMD4<Float>(repeating: 0), at = start &+ h
      while at < stop {
        sum = fma4(sum, load4(shares + at), load4(In(slopes + at)))
        at &+= heads
      }
      at = start &+ h
      while at < stop {
        store4(load4(shares + at) * (load4(In(slopes + at)) - sum), slopes + at)
        at &+= heads
      }
      h &+= 4
    }
    while h < heads {
      var sum: Float = 0, at = start &+ h
      while at < stop {
        sum = fma(sum, shares[at], slopes[at])
        at &+= heads
      }
      at = start &+ h
      while at < stop {
        slopes[at] = shares[at] * (slopes[at] - sum)
        at &+= heads
      }
      h &+= 1
    }
    i &+= 1
  }
}

func edgeScoreSlopes(
  _ offsets: Whole, _ indices: Whole, _ sources: In, _ targets: In, _ edges: In?, _ slope: Float, _ heads: Int,
  _ first: Int, _ last: Int, _ slopes: Out, _ targetSlopes: Out
) {
  guard first < last else { return }
  let end = Int(offsets[last])
  var i = first
  while i < last {
    let start = Int(offsets[i]), stop = Int(offsets[i &+ 1]), t = targets + i &* heads, out = targetSlopes + i &* heads
    var h = 0
    while h &+ 8 <= heads {
      var sum = SIMD8<Float>(repeating: 0), e = start
      let own = load8(t + h)
      while e < stop {
        if e &+ 16 < end { rv_prefetch(sources + Int(indices[e &+ 16]) &* heads) }
        var z = load8(sources + Int(indices[e]) &* heads + h) + own
        if let edges { z += load8(edges + e &* heads + h) }
        let d = load8(In(slopes + e &* heads + h))
        let s = (d * slope).replacing(with: d, where: z .> SIMD8<Float>(repeating: 0))
        store8(s, slopes + e &* heads + h)
        sum += s
        e &+= 1
      }
      store8(sum, out + h)
      h &+= 8
    }
    if h &+ 4 <= heads {
      var sum = SIMD4<Float>(repeating: 0), e = start
      let own = load4(t + h)
      while e < stop {
        var z = load4(sources + Int(indices[e]) &* heads + h) + own
        if let edges { z += load4(edges + e &* heads + h) }
        let d = load4(In(slopes + e &* heads + h))
        let s = (d * slope).replacing(with: d, where: z .> SIMD4<Float>(repeating: 0))
        store4(s, slopes + e &* heads + h)
        sum += s
        e &+= 1
      }
      store4(sum, out + h)
      h &+= 4
    }
    while h < heads {
      var sum: Float = 0, e = start
      while e < stop {
        var z = sources[Int(indices[e]) &* heads &+ h] + t[h]
        if let edges { z += edges[e &* heads &+ h] }
        if z <= 0 { slopes[e &* heads &+ h] *= slope }
        sum += slopes[e &* heads &+ h]
        e &+= 1
      }
      out[h] = sum
      h &+= 1
    }
    i &+= 1
  }
}
