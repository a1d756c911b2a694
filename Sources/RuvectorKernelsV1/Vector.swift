// Reductions and maps over one or two vectors.

func dot(_ x: In, _ y: In, _ n: Int) -> Float {
  var a = V(repeating: 0), b = a, c = a, d = a
  var i = 0
  while i &+ 4 &* lanes <= n {
    a = fma(a, load(x + i), load(y + i))
    b = fma(b, load(x + i + lanes), load(y + i + lanes))
    c = fma(c, load(x + i + 2 &* lanes), load(y + i + 2 &* lanes))
    d = fma(d, load(x + i + 3 &* lanes), load(y + i + 3 &* lanes))
    i &+= 4 &* lanes
  }
  while i &+ lanes <= n {
    a = fma(a, load(x + i), load(y + i))
    i &+= lanes
  }
  var s = total((a + b) + (c + d))
  while i < n {
    s = fma(s, x[i], y[i])
    i &+= 1
  }
  return s
}

func squaredL2(_ x: In, _ y: In, _ n: Int) -> Float {
  var a = V(repeating: 0), b = a
  var i = 0
  while i &+ 2 &* lanes <= n {
    let u = load(x + i) - load(y + i)
    let v = load(x + i + lanes) - load(y + i + lanes)
    a = fma(a, u, u)
    b = fma(b, v, v)
    i &+= 2 &* lanes
  }
  while i &+ lanes <= n {
    let u = load(x + i) - load(y + i)
    a = fma(a, u, u)
    i &+= lanes
  }
  var s = total(a + b)
  while i < n {
    let u = x[i] - y[i]
    s = fma(s, u, u)
    i &+= 1
  }
  return s
}

func squaredNorm(_ x: In, _ n: Int) -> Double {
  normTail(total(normLanes(x, n)), x, n & ~(lanes &- 1), n)
}

/// The squares of whole vectors, added lane by lane.
@inline(__always) func normLanes(_ x: In, _ n: Int) -> D {
  var a = D(repeating: 0), i = 0
  while i &+ lanes <= n {
    let u = widen(load(x + i))
    a = fma(a, u, u)
    i &+= lanes
  }
  return a
}

@inline(__always) func normTail(_ sum: Double, _ x: In, _ from: Int, _ n: Int) -> Double {
  var s = sum, i = from
  while i < n {
    let u = Double(x[i])
    s += u * u
    i &+= 1
  }
  return s
}

func sum(_ x: In, _ n: Int) -> Float {
  var a = V(repeating: 0), b = a, c = a, d = a
  var i = 0
  while i &+ 4 &* lanes <= n {
    a += load(x + i)
    b += load(x + i + lanes)
    c += load(x + i + 2 &* lanes)
    d += load(x + i + 3 &* lanes)
    i &+= 4 &* lanes
  }
  while i &+ lanes <= n {
    a += load(x + i)
    i &+= lanes
  }
  var s = total((a + b) + (c + d))
  while i < n {
    s += x[i]
    i &+= 1
  }
  return s
}

func maximum(_ x: In, _ n: Int) -> Float {
  var a = V(repeating: -Float.infinity), b = a
  var i = 0
  while i &+ 2 &* lanes <= n {
    a = larger(load(x + i), a)
    b = larger(load(x + i + lanes), b)
    i &+= 2 &* lanes
  }
  var m = top(larger(a, b))
  while i < n {
    m = pick(x[i], m)
    i &+= 1
  }
  return m
}

func argmax(_ x: In, _ n: Int) -> Int {
  guard n > 0 else { return -1 }
  let m = maximum(x, n)
  var i = 0
  while i < n {
    if x[i] == m { return i }
    i &+= 1
  }
  return 0  // every element is NaN
}

func nonFiniteProbe(_ x: In, _ n: Int) -> Float {
  let zero = V(repeating: 0)
  var a = zero, b = a, c = a, d = a
  var i = 0
  while i &+ 4 &* lanes <= n {
    a = fma(a, load(x + i), zero)
    b = fma(b, load(x + i + lanes), zero)
    c = fma(c, load(x + i + 2 &* lanes), zero)
    d = fma(d, load(x + i + 3 &* lanes), zero)
    i &+= 4 &* lanes
  }
  while i &+ lanes <= n {
    a = fma(a, load(x + i), zero)
    i &+= lanes
  }
  var s = total((a + b) + (c + d))
  while i < n {
    s += x[i] * 0
    i &+= 1
  }
  return s
}

func axpy(_ a: Float, _ x: In, _ y: Out, _ n: Int) {
  let av = V(repeating: a)
  var i = 0
  while i &+ lanes <= n {
    store(fma(load(y + i), av, load(x + i)), y + i)
    i &+= lanes
  }
  while i < n {
    y[i] = fma(y[i], a, x[i])
    i &+= 1
  }
}

func scale(_ a: Float, _ x: In, _ y: Out, _ n: Int) {
  let av = V(repeating: a)
  var i = 0
  while i &+ lanes <= n {
    store(load(x + i) * av, y + i)
    i &+= lanes
  }
  while i < n {
    y[i] = x[i] * a
    i &+= 1
  }
}

func add(_ x: In, _ y: In, _ out: Out, _ n: Int) {
  var i = 0
  while i &+ lanes <= n {
    store(load(x + i) + load(y + i), out + i)
    i &+= lanes
  }
  while i < n {
    out[i] = x[i] + y[i]
    i &+= 1
  }
}

func multiply(_ x: In, _ y: In, _ out: Out, _ n: Int) {
  var i = 0
  while i &+ lanes <= n {
    store(load(x + i) * load(y + i), out + i)
    i &+= lanes
  }
  while i < n {
    out[i] = x[i] * y[i]
    i &+= 1
  }
}
