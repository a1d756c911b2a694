// Sums of rows along the edges of a graph. Columns go in strips of whole vectors that stay in registers while a node's rows go
// by; every column is added to in the order of the entries, whatever the strip. Rows lie anywhere: those of entries ahead, of the
// next nodes too, are asked for in time.

import CRuvectorSupport

typealias Whole = UnsafePointer<UInt32>

/// The edges of some nodes and their weights.
struct Edges {
  let offsets: Whole, indices: Whole
  let places: Whole?
  let weights: In?
  let step: Int
  /// The entry behind the last one.
  let end: Int

  @inline(__always) func weight(_ e: Int) -> Float {
    guard let weights else { return 1 }
    guard let places else { return weights[e &* step] }
    return weights[Int(places[e]) &* step]
  }

  /// How many entries ahead rows are asked for.
  @inline(__always) static var ahead: Int { 12 }

  /// Asks for `lines` lines of the row of an entry ahead of e.
  @inline(__always) func announce(_ e: Int, _ x: In, _ stride: Int, _ lines: Int) {
    let next = e &+ Edges.ahead
    guard next < end else { return }
    let p = x + Int(indices[next]) &* stride
    var i = 0
    while i < lines {
      rv_prefetch(p + 16 &* i)
      i &+= 1
    }
  }
}

func gatherRows(
  _ offsets: Whole, _ indices: Whole, _ places: Whole?, _ weights: In?, _ step: Int, _ x: In, _ stride: Int,
  _ first: Int, _ last: Int, _ dim: Int, _ out: Out, _ outStride: Int, _ adds: Bool
) {
  guard first < last else { return }
  let edges = Edges(
    offsets: offsets, indices: indices, places: places, weights: weights, step: step, end: Int(offsets[last]))
  var c = 0
  while c &+ 8 &* lanes <= dim {
    gatherEight(edges, x + c, stride, first, last, out + c, outStride, adds)
    c &+= 8 &* lanes
  }
  if c &+ 4 &* lanes <= dim {
    gatherFour(edges, x + c, stride, first, last, out + c, outStride, adds)
    c &+= 4 &* lanes
  }
  if c &+ 2 &* lanes <= dim {
    gatherTwo(edges, x + c, stride, first, last, out + c, outStride, adds)
    c &+= 2 &* lanes
  }
  if c &+ lanes <= dim {
    gatherOne(edges, x + c, stride, first, last, out + c, outStride, adds)
    c &+= lanes
  }
  if lanes > 8, c &+ 8 <= dim {
    gatherEightColumns(edges, x + c, stride, first, last, out + c, outStride, adds)
    c &+= 8
  }
  if lanes > 4, c &+ 4 <= dim {
    gatherFourColumns(edges, x + c, stride, first, last, out + c, outStride, adds)
    c &+= 4
  }
  while c < dim {
    var i = first
    while i < last {
      let place = i &* outStride &+ c, stop = Int(offsets[i &+ 1])
      var s = adds ? out[place] : 0, e = Int(offsets[i])
      while e < stop {
        s = fma(s, edges.weight(e), x[Int(indices[e]) &* stride &+ c])
        e &+= 1
      }
      out[place] = s
      i &+= 1
    }
    c &+= 1
  }
}

/// What a sum begins with: what is there, or 0.
@inline(__always) private func start(_ o: Out, _ adds: Bool) -> V { adds ? load(o) : V(repeating: 0) }

private func gatherEight(
  _ edges: Edges, _ x: In, _ stride: Int, _ first: Int, _ last: Int, _ out: Out, _ outStride: Int, _ adds: Bool
) {
  var i = first, e = Int(edges.offsets[first])
  while i < last {
    let stop = Int(edges.offsets[i &+ 1]), o = out + i &* outStride
    var a = start(o, adds), b = start(o + lanes, adds)
    var c = start(o + 2 &* lanes, adds), d = start(o + 3 &* lanes, adds)
    var f = start(o + 4 &* lanes, adds), g = start(o + 5 &* lanes, adds)
    var h = start(o + 6 &* lanes, adds), k = start(o + 7 &* lanes, adds)
    while e < stop {
      edges.announce(e, x, stride, lanes / 2)
      let w = V(repeating: edges.weight(e)), p = x + Int(edges.indices[e]) &* stride
      a = fma(a, w, load(p))
      b = fma(b, w, load(p + lanes))
      c = fma(c, w, load(p + 2 &* lanes))
      d = fma(d, w, load(p + 3 &* lanes))
      f = fma(f, w, load(p + 4 &* lanes))
      g = fma(g, w, load(p + 5 &* lanes))
      h = fma(h, w, load(p + 6 &* lanes))
      k = fma(k, w, load(p + 7 &* lanes))
      e &+= 1
    }
    store(a, o)
    store(b, o + lanes)
    store(c, o + 2 &* lanes)
    store(d, o + 3 &* lanes)
    store(f, o + 4 &* lanes)
    store(g, o + 5 &* lanes)
    store(h, o + 6 &* lanes)
    store(k, o + 7 &* lanes)
    i &+= 1
  }
}

private func gatherFour(
  _ edges: Edges, _ x: In, _ stride: Int, _ first: Int, _ last: Int, _ out: Out, _ outStride: Int, _ adds: Bool
) {
  var i = first, e = Int(edges.offsets[first])
  while i < last {
    let stop = Int(edges.offsets[i &+ 1]), o = out + i &* outStride
    var a = start(o, adds), b = start(o + lanes, adds)
    var c = start(o + 2 &* lanes, adds), d = start(o + 3 &* lanes, adds)
    while e < stop {
      edges.announce(e, x, stride, lanes / 4)
      let w = V(repeating: edges.weight(e)), p = x + Int(edges.indices[e]) &* stride
      a = fma(a, w, load(p))
      b = fma(b, w, load(p + lanes))
      c = fma(c, w, load(p + 2 &* lanes))
      d = fma(d, w, load(p + 3 &* lanes))
      e &+= 1
    }
    store(a, o)
    store(b, o + lanes)
    store(c, o + 2 &* lanes)
    store(d, o + 3 &* lanes)
    i &+= 1
  }
}

private func gatherTwo(
  _ edges: Edges, _ x: In, _ stride: Int, _ first: Int, _ last: Int, _ out: Out, _ outStride: Int, _ adds: Bool
) {
  var i = first, e = Int(edges.offsets[first])
  while i < last {
    let stop = Int(edges.offsets[i &+ 1]), o = out + i &* outStride
    var a = start(o, adds), b = start(o + lanes, adds)
    while e < stop {
      edges.announce(e, x, stride, (lanes &+ 7) / 8)
      let w = V(repeating: edges.weight(e)), p = x + Int(edges.indices[e]) &* stride
      a = fma(a, w, load(p))
      b = fma(b, w, load(p + lanes))
      e &+= 1
    }
    store(a, o)
    store(b, o + lanes)
    i &+= 1
  }
}

private func gatherOne(
  _ edges: Edges, _ x: In, _ stride: Int, _ first: Int, _ last: Int, _ out: Out, _ outStride: Int, _ adds: Bool
) {
  var i = first, e = Int(edges.offsets[first])
  while i < last {
    let stop = Int(edges.offsets[i &+ 1]), o = out + i &* outStride
    var a = start(o, adds)
    while e < stop {
      edges.announce(e, x, stride, 1)
      let w = V(repeating: edges.weight(e)), p = x + Int(edges.indices[e]) &* stride
      a = fma(a, w, load(p))
      e &+= 1
    }
    store(a, o)
    i &+= 1
  }
}

private func gatherEightColumns(
  _ edges: Edges, _ x: In, _ stride: Int, _ first: Int, _ last: Int, _ out: Out, _ outStride: Int, _ adds: Bool
) {
  var i = first, e = Int(edges.offsets[first])
  while i < last {
    let stop = Int(edges.offsets[i &+ 1]), o = out + i &* outStride
    var a = adds ? load8(o) : SIMD8<Float>(repeating: 0)
    while e < stop {
      edges.announce(e, x, stride, 1)
      let w = SIMD8<Float>(repeating: edges.weight(e)), p = x + Int(edges.indices[e]) &* stride
      a = fma8(a, w, load8(p))
      e &+= 1
    }
    store8(a, o)
    i &+= 1
  }
}

private func gatherFourColumns(
  _ edges: Edges, _ x: In, _ stride: Int, _ first: Int, _ last: Int, _ out: Out, _ outStride: Int, _ adds: Bool
) {
  var i = first, e = Int(edges.offsets[first])
  while i < last {
    let stop = Int(edges.offsets[i &+ 1]), o = out + i &* outStride
    var a = adds ? load4(o) : SIMD4<Float>(repeating: 0)
    while e < stop {
      edges.announce(e, x, stride, 1)
      let w = SIMD4<Float>(repeating: edges.weight(e)), p = x + Int(edges.indices[e]) &* stride
      a = fma4(a, w, load4(p))
      e &+= 1
    }
    store4(a, o)
    i &+= 1
  }
}

@inline(__always) func load4(_ p: In) -> SIMD4<Float> { UnsafeRawPointer(p).loadUnaligned(as: SIMD4<Float>.self) }
@inline(__always) func load8(_ p: In) -> SIMD8<Float> { UnsafeRawPointer(p).loadUnaligned(as: SIMD8<Float>.self) }
@inline(__always) func store8(_ x: SIMD8<Float>, _ p: Out) {
  UnsafeMutableRawPointer(p).storeBytes(of: x, as: SIMD8<Float>.self)
}
@inline(__always) func fma4(_ c: SIMD4<Float>, _ a: SIMD4<Float>, _ b: SIMD4<Float>) -> SIMD4<Float> {
  #if FMA
    c.addingProduct(a, b)
  #else
    c + a * b
  #endif
}
@inline(__always) func fma8(_ c: SIMD8<Float>, _ a: SIMD8<Float>, _ b: SIMD8<Float>) -> SIMD8<Float> {
  #if FMA
    c.addingProduct(a, b)
  #else
    c + a * b
  #endif
}
