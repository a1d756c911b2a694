// From dot products and distances to the scores that searches rank by.

func cosineScores(_ dots: In, _ norms: In, _ inverseQueryNorm: Float, _ scores: Out, _ n: Int) {
  var i = 0
  while i &+ lanes <= n {
    store(cosine(load(dots + i), load(norms + i), V(repeating: inverseQueryNorm)), scores + i)
    i &+= lanes
  }
  if i < n {
    let count = n &- i
    storeTail(
      cosine(loadTail(dots + i, count), loadTail(norms + i, count), V(repeating: inverseQueryNorm)), scores + i,
      count)
  }
}

@inline(__always) func cosine(_ dot: V, _ norm: V, _ inverseQueryNorm: V) -> V {
  let zero = V(repeating: 0)
  return (dot * inverseQueryNorm / squareRoot(norm)).replacing(with: zero, where: norm .== zero)
}

func poincareKeys(_ squaredL2: In, _ norms: In, _ c: Float, _ keys: Out, _ n: Int) {
  let cv = V(repeating: c), one = V(repeating: 1)
  var i = 0
  while i < n {
    let count = n &- i
    if count < lanes {
      storeTail(loadTail(squaredL2 + i, count) / (one - cv * loadTail(norms + i, count)), keys + i, count)
    } else {
      store(load(squaredL2 + i) / (one - cv * load(norms + i)), keys + i)
    }
    i &+= lanes
  }
}

// (One call of the function for whole and part vectors: see Elementwise.swift.)
func poincareDistances(_ keys: In, _ a: Float, _ b: Float, _ distances: Out, _ n: Int) {
  let av = V(repeating: a), bv = V(repeating: b)
  var i = 0
  while i < n {
    let count = n &- i
    let z = av * (count < lanes ? loadTail(keys + i, count) : load(keys + i))
    let d = bv * inverseHyperbolicSine(ofRoot: z)
    if count < lanes { storeTail(d, distances + i, count) } else { store(d, distances + i) }
    i &+= lanes
  }
}

/// asinh √z for z >= 0. Relative error below 4 ε: s + s³ p(s²) for s < ½, ln(s + √(1 + s²)) above.
@inline(__always) func inverseHyperbolicSine(ofRoot z: V) -> V {
  let s = squareRoot(z)
  var p = V(repeating: -0.014_288_508)
  p = fma(V(repeating: 0.028_783_606), p, z)
  p = fma(V(repeating: -0.044_506_513), p, z)
  p = fma(V(repeating: 0.074_995_823), p, z)
  p = fma(V(repeating: -0.166_666_64), p, z)
  let near = fma(s, s * z, p)
  let far = logarithm(s + squareRoot(V(repeating: 1) + z))
  return far.replacing(with: near, where: z .< V(repeating: 0.25))
}

/// See rv_kernels.h. Vector columns one after the other, so that maximum, shift and sum stay in registers.
func softmaxLanes(
  _ x: Out, _ count: Int, _ scale: Float, _ maxima: Out, _ sums: Out, _ shrinks: Out
) {
  let a = V(repeating: scale), low = V(repeating: -Float.infinity)
  var column = 0
  while column < tileColumns {
    let p = x + column, end = p + count &* tileColumns
    let old = load(maxima + column)
    var top = old, second = low
    var at = p
    while at + tileColumns < end {
      top = larger(load(at), top)
      second = larger(load(at + tileColumns), second)
      at += 2 &* tileColumns
    }
    if at < end { top = larger(load(at), top) }
    top = larger(second, top)
    store(top, maxima + column)
    // Nothing seen yet: any finite shift gives zeros.
    let shift = top.replacing(with: V(repeating: 0), where: top .== low)
    store(exponential((old - shift) * a), shrinks + column)
    var sum = V(repeating: 0)
    at = p
    while at < end {
      let e = exponential((load(at) - shift) * a)
      store(e, at)
      sum += e
      at += tileColumns
    }
    store(sum, sums + column)
    column &+= lanes
  }
}
