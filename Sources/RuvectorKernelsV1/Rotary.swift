// Rotary embedding: pairs of elements as complex numbers, turned by angles whose cosines and sines are given.

import CRuvectorSupport

func rotatePairs(_ x: In, _ cosines: In, _ sines: In, _ h: Int, _ out: Out) {
  var i = 0
  while i &+ lanes <= h {
    let c = load(cosines + i), s = load(sines + i), a = load(x + i), b = load(x + h + i)
    store(fma(a * c, V(repeating: 0) - b, s), out + i)
    store(fma(a * s, b, c), out + h + i)
    i &+= lanes
  }
  while i < h {
    let a = x[i], b = x[h &+ i]
    out[i] = fma(a * cosines[i], -b, sines[i])
    out[h &+ i] = fma(a * sines[i], b, cosines[i])
    i &+= 1
  }
}

func turnProducts(_ x: DoubleIn, _ y: DoubleIn, _ h: Int, _ cosines: Out, _ sines: Out) {
  var i = 0
  while i &+ lanes <= h {
    let a = load(x + i), b = load(x + h + i), c = load(y + i), d = load(y + h + i)
    store(narrow(a * c - b * d), cosines + i)
    store(narrow(b * c + a * d), sines + i)
    i &+= lanes
  }
  while i < h {
    let a = x[i], b = x[h &+ i], c = y[i], d = y[h &+ i]
    cosines[i] = Float(a * c - b * d)
    sines[i] = Float(b * c + a * d)
    i &+= 1
  }
}
