// Sums along the edges of a graph with a weight for each head, and the products of heads. Heads are parts of `width` columns.

import CRuvectorSupport

extension Edges {
  /// Where what belongs to entry e lies.
  @inline(__always) func place(_ e: Int) -> Int {
    guard let places else { return e }
    return Int(places[e])
  }

  /// Asks for the weights of an entry ahead of e, where they lie apart.
  @inline(__always) func announceWeights(_ e: Int, _ weights: In) {
    guard let places, e &+ Edges.ahead < end else { return }
    rv_prefetch(weights + Int(places[e &+ Edges.ahead]) &* step)
  }
}

func gatherHeads(
  _ offsets: Whole, _ indices: Whole, _ places: Whole?, _ weights: In, _ heads: Int, _ width: Int, _ x: In,
  _ stride: Int, _ first: Int, _ last: Int, _ out: Out, _ outStride: Int
) {
  guard first < last else { return }
  let edges = Edges(
    offsets: offsets, indices: indices, places: places, weights: weights, step: heads, end: Int(offsets[last]))
  let all = heads &* width
  var c = 0
  if heads > 1, width % lanes == 0, all % (4 &* lanes) == 0 {
    while c < all {
      headsOfVectors(edges, weights, c, width, x + c, stride, first, last, out + c, outStride)
      c &+= 4 &* lanes
    }
  } else if heads > 1, lanes > 4, width % 8 == 0, all % 64 == 0 {
    while c < all {
      headsOfEights(edges, weights, c, width, x + c, stride, first, last, out + c, outStride)
      c &+= 64
    }
  } else {
    var h = 0
    while h < heads {
      gatherRows(
        offsets, indices, places, weights + h, heads, x + h &* width, stride, first, last, width, out + h &* width,
        outStride, false)
      h &+= 1
    }
  }
}

/// Four whole vectors from column `c` on, each within one head.
private func headsOfVectors(
  _ edges: Edges, _ weights: In, _ c: Int, _ width: Int, _ x: In, _ stride: Int, _ first: Int, _ last: Int,
  _ out: Out, _ outStride: Int
) {
  let h0 = c / width, h1 = (c &+ lanes) / width
  let h2 = (c &+ 2 &* lanes) / width, h3 = (c &+ 3 &* lanes) / width
  var i = first, e = Int(edges.offsets[first])
  while i < last {
    let stop = Int(edges.offsets[i &+ 1])
    var s0 = V(repeating: 0), s1 = s0, s2 = s0, s3 = s0
    while e < stop {
      edges.announce(e, x, stride, lanes / 4)
      edges.announceWeights(e, weights)
      let w = weights + edges.place(e) &* edges.step, p = x + Int(edges.indices[e]) &* stride
      s0 = fma(s0, V(repeating: w[h0]), load(p))
      s1 = fma(s1, V(repeating: w[h1]), load(p + lanes))
      s2 = fma(s2, V(repeating: w[h2]), load(p + 2 &* lanes))
      s3 = fma(s3, V(repeating: w[h3]), load(p + 3 &* lanes))
      e &+= 1
    }
    let o = out + i &* outStride
    store(s0, o)
    store(s1, o + lanes)
    store(s2, o + 2 &* lanes)
    store(s3, o + 3 &* lanes)
    i &+= 1
  }
}

/// 64 columns from column `c` on in parts of eight, each within one head.
private func headsOfEights(
  _ edges: Edges, _ weights: In, _ c: Int, _ width: Int, _ x: In, _ stride: Int, _ first: Int, _ last: Int,
  _ out: Out, _ outStride: Int
) {
  let h0 = c / width, h1 = (c &+ 8) / width
  let h2 = (c &+ 16) / width, h3 = (c &+ 24) / width
  let h4 = (c &+ 32) / width, h5 = (c &+ 40) / width
  let h6 = (c &+ 48) / width, h7 = (c &+ 56) / width
  var i = first, e = Int(edges.offsets[first])
  while i < last {
    let stop = Int(edges.offsets[i &+ 1])
    var s0 = SIMD8<Float>(repeating: 0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0
    while e < stop {
      edges.announce(e, x, stride, 4)
      edges.announceWeights(e, weights)
      let w = weights + edges.place(e) &* edges.step, p = x + Int(edges.indices[e]) &* stride
      s0 = fma8(s0, SIMD8(repeating: w[h0]), load8(p))
      s1 = fma8(s1, SIMD8(repeating: w[h1]), load8(p + 8))
      s2 = fma8(s2, SIMD8(repeating: w[h2]), load8(p + 16))
      s3 = fma8(s3, SIMD8(repeating: w[h3]), load8(p + 24))
      s4 = fma8(s4, SIMD8(repeating: w[h4]), load8(p + 32))
      s5 = fma8(s5, SIMD8(repeating: w[h5]), load8(p + 40))
      s6 = fma8(s6, SIMD8(repeating: w[h6]), load8(p + 48))
      s7 = fma8(s7, SIMD8(repeating: w[h7]), load8(p + 56))
      e &+= 1
    }
    let o = out + i &* outStride
    store8(s0, o)
    store8(s1, o + 8)
    store8(s2, o + 16)
    store8(s3, o + 24)
    store8(s4, o + 32)
    store8(s5, o + 40)
    store8(s6, o + 48)
    store8(s7, o + 56)
    i &+= 1
  }
}

func headDots(
  _ offsets: Whole, _ indices: Whole, _ g: In, _ gStride: Int, _ x: In, _ stride: Int, _ heads: Int, _ width: Int,
  _ first: Int, _ last: Int, _ out: Out
) {
  guard first < last else { return }
  let edges = Edges(
    offsets: offsets, indices: indices, places: nil, weights: nil, step: 1, end: Int(offsets[last]))
  let lines = (heads &* width &+ 15) / 16, ahead = lines < 8 ? lines : 8
  var i = first, e = Int(offsets[first])
  while i < last {
    let stop = Int(offsets[i &+ 1]), q = g + i &* gStride
    while e < stop {
      edges.announce(e, x, stride, ahead)
      let p = x + Int(indices[e]) &* stride, o = out + e &* heads
      var h = 0
      if width == 8, lanes > 4 {
        while h &+ 4 <= heads {
          let u = q + h &* 8, v = p + h &* 8
          store4(
            rv_sum4x8(
              load8(u) * load8(v), load8(u + 8) * load8(v + 8), load8(u + 16) * load8(v + 16),
              load8(u + 24) * load8(v + 24)), o + h)
          h &+= 4
        }
      }
      while h < heads {
        o[h] = shortDot(q + h &* width, p + h &* width, width)
        h &+= 1
      }
      e &+= 1
    }
    i &+= 1
  }
}

@inline(__always) private func shortDot(_ x: In, _ y: In, _ n: Int) -> Float {
  var i = 0, s: Float = 0
  if n >= lanes {
    var a = V(repeating: 0)
    while i &+ lanes <= n {
      a = fma(a, load(x + i), load(y + i))
      i &+= lanes
    }
    s = total(a)
  }
  while i &+ 4 <= n {
    s += total4(load4(x + i) * load4(y + i))
    i &+= 4
  }
  while i < n {
    s = fma(s, x[i], y[i])
    i &+= 1
  }
  return s
}
