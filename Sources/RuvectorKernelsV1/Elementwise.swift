// exp, log, tanh and the logistic function: polynomials of our own, so that every platform (wasm too) gets the
// same curve. Coefficients: Chebyshev interpolation of the remainder named beside them, rounded to Float.

import CRuvectorSupport

@inline(__always) func bits(_ x: V) -> I { unsafeBitCast(x, to: I.self) }
@inline(__always) func floats(_ x: I) -> V { unsafeBitCast(x, to: V.self) }

/// e^x. Relative error below 2 ε for results in the normal range; +inf above 88.72, gradual underflow below -87.3;
/// NaN stays NaN.
@inline(__always) func exponential(_ x: V) -> V {
  var x = x.replacing(with: V(repeating: -110), where: x .< V(repeating: -110))
  x = x.replacing(with: V(repeating: 100), where: x .> V(repeating: 100))
  // x = n ln 2 + r, |r| <= ln 2 / 2; adding 1.5 2^23 rounds to an integer that sits in the low bits.
  let magic = V(repeating: 12_582_912)
  let t = fma(magic, x, V(repeating: 1.442_695_04))
  let n = t - magic
  var r = fma(x, n, V(repeating: -0.693_359_375))
  r = fma(r, n, V(repeating: 2.121_944_4e-4))
  // e^r = 1 + r + r² p(r)
  var p = V(repeating: 0.001_392_617_6)
  p = fma(V(repeating: 0.008_363_173), p, r)
  p = fma(V(repeating: 0.041_666_556), p, r)
  p = fma(V(repeating: 0.166_665_78), p, r)
  p = fma(V(repeating: 0.5), p, r)
  p = fma(fma(V(repeating: 1), r, V(repeating: 1)), p, r * r)
  // 2^n in two factors: neither leaves the normal range, their product may (inf, subnormal).
  let whole = bits(t) &- bits(magic)
  let half = whole &>> I(repeating: 1)
  let bias = I(repeating: 127), shift = I(repeating: 23)
  return p * floats((half &+ bias) &<< shift) * floats(((whole &- half) &+ bias) &<< shift)
}

/// ln x. Error below 2 ε relative (absolute near x = 1: below ε |x - 1|); -inf at 0, NaN below, +inf at +inf.
@inline(__always) func logarithm(_ x: V) -> V {
  // Subnormals are lifted by 2^23 first.
  let small = x .< V(repeating: 1.175_494_4e-38)
  let y = x.replacing(with: x * V(repeating: 8_388_608), where: small)
  let offset = V(repeating: 0).replacing(with: V(repeating: -23), where: small)
  // y = 2^e m with m in [sqrt ½, sqrt 2): subtracting the bits of sqrt ½ moves the binade's border there.
  let base = I(repeating: 0x3f35_04f3)
  let shifted = bits(y) &- base
  let e = (shifted &>> I(repeating: 23))
  let m = floats((shifted & I(repeating: 0x007f_ffff)) &+ base)
  let magic = V(repeating: 12_582_912)
  let ef = (floats(bits(magic) &+ e) - magic) + offset
  // ln m = 2 s + s³ p(s²), s = (m - 1)/(m + 1)
  let s = (m - V(repeating: 1)) / (m + V(repeating: 1))
  let z = s * s
  var p = V(repeating: 0.295_800_45)
  p = fma(V(repeating: 0.399_887_77), p, z)
  p = fma(V(repeating: 0.666_666_87), p, z)
  let tail = fma(ef * V(repeating: -2.121_944_4e-4), s * z, p)
  var r = fma(fma(tail, s, V(repeating: 2)), ef, V(repeating: 0.693_359_375))
  r = r.replacing(with: V(repeating: -Float.infinity), where: x .== V(repeating: 0))
  r = r.replacing(with: V(repeating: Float.infinity), where: x .== V(repeating: Float.infinity))
  let valid = x .>= V(repeating: 0)  // false for NaN
  return V(repeating: Float.nan).replacing(with: r, where: valid)
}

/// tanh x. Relative error below 4 ε.
@inline(__always) func hyperbolicTangent(_ x: V) -> V {
  let sign = bits(x) & I(repeating: Int32(bitPattern: 0x8000_0000))
  let a = floats(bits(x) & I(repeating: 0x7fff_ffff))
  // tanh x = x + x³ p(x²) below 0.625, 1 - 2 / (e^2x + 1) above
  let z = a * a
  var p = V(repeating: 0.002_292_744_8)
  p = fma(V(repeating: -0.008_343_945), p, z)
  p = fma(V(repeating: 0.021_768_918), p, z)
  p = fma(V(repeating: -0.053_959_26), p, z)
  p = fma(V(repeating: 0.133_333_04), p, z)
  p = fma(V(repeating: -0.333_333_34), p, z)
  let near = fma(a, a * z, p)
  let far = V(repeating: 1) - V(repeating: 2) / (exponential(a + a) + V(repeating: 1))
  let r = far.replacing(with: near, where: a .< V(repeating: 0.625))
  return floats(bits(r) | sign)
}

/// 1 / (1 + e^-x). Relative error below 4 ε down to x = -87, 0 below -88.72.
@inline(__always) func logistic(_ x: V) -> V {
  V(repeating: 1) / (V(repeating: 1) + exponential(V(repeating: 0) - x))
}

// Each function is called in one place, loads and stores apart: where it is called in two, the compiler leaves it out
// of line, and vectors of 512 bits go there and back, and are worked on, in four parts.

func exponential(_ x: In, _ y: Out, _ n: Int) {
  var i = 0
  while i < n {
    let count = n &- i
    let z = exponential(count < lanes ? loadTail(x + i, count) : load(x + i))
    if count < lanes { storeTail(z, y + i, count) } else { store(z, y + i) }
    i &+= lanes
  }
}

func logarithm(_ x: In, _ y: Out, _ n: Int) {
  var i = 0
  while i < n {
    let count = n &- i
    let z = logarithm(count < lanes ? loadTail(x + i, count) : load(x + i))
    if count < lanes { storeTail(z, y + i, count) } else { store(z, y + i) }
    i &+= lanes
  }
}

func hyperbolicTangent(_ x: In, _ y: Out, _ n: Int) {
  var i = 0
  while i < n {
    let count = n &- i
    let z = hyperbolicTangent(count < lanes ? loadTail(x + i, count) : load(x + i))
    if count < lanes { storeTail(z, y + i, count) } else { store(z, y + i) }
    i &+= lanes
  }
}

func logistic(_ x: In, _ y: Out, _ n: Int) {
  var i = 0
  while i < n {
    let count = n &- i
    let z = logistic(count < lanes ? loadTail(x + i, count) : load(x + i))
    if count < lanes { storeTail(z, y + i, count) } else { store(z, y + i) }
    i &+= lanes
  }
}

func exponentialSum(_ x: In, _ shift: Float, _ scale: Float, _ y: Out, _ n: Int) -> Float {
  let b = V(repeating: shift), a = V(repeating: scale)
  var s = V(repeating: 0), i = 0
  while i &+ lanes <= n {
    let e = exponential((load(x + i) - b) * a)
    store(e, y + i)
    s += e
    i &+= lanes
  }
  var r = total(s)
  if i < n {
    storeTail(exponential((loadTail(x + i, n &- i) - b) * a), y + i, n &- i)
    while i < n {
      r += y[i]
      i &+= 1
    }
  }
  return r
}
