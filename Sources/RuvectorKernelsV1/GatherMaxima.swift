// The largest of the rows along the edges of a graph.

import CRuvectorSupport

func gatherMaxima(
  _ offsets: Whole, _ indices: Whole, _ x: In, _ stride: Int, _ first: Int, _ last: Int, _ dim: Int, _ out: Out,
  _ outStride: Int
) {
  guard first < last else { return }
  let edges = Edges(
    offsets: offsets, indices: indices, places: nil, weights: nil, step: 1, end: Int(offsets[last]))
  let least = V(repeating: -Float.infinity), zero = V(repeating: 0)
  var i = first
  while i < last {
    let start = Int(offsets[i]), stop = Int(offsets[i &+ 1]), o = out + i &* outStride
    var c = 0
    while c &+ 4 &* lanes <= dim {
      var a = least, b = a, d = a, f = a, e = start
      while e < stop {
        edges.announce(e, x + c, stride, lanes / 4)
        let p = x + Int(indices[e]) &* stride + c
        a = larger(load(p), a)
        b = larger(load(p + lanes), b)
        d = larger(load(p + 2 &* lanes), d)
        f = larger(load(p + 3 &* lanes), f)
        e &+= 1
      }
      store(start < stop ? a : zero, o + c)
      store(start < stop ? b : zero, o + c + lanes)
      store(start < stop ? d : zero, o + c + 2 &* lanes)
      store(start < stop ? f : zero, o + c + 3 &* lanes)
      c &+= 4 &* lanes
    }
    while c &+ lanes <= dim {
      var a = least, e = start
      while e < stop {
        a = larger(load(x + Int(indices[e]) &* stride + c), a)
        e &+= 1
      }
      store(start < stop ? a : zero, o + c)
      c &+= lanes
    }
    while c < dim {
      var a = -Float.infinity, e = start
      while e < stop {
        a = pick(x[Int(indices[e]) &* stride &+ c], a)
        e &+= 1
      }
      o[c] = start < stop ? a : 0
      c &+= 1
    }
    i &+= 1
  }
}
