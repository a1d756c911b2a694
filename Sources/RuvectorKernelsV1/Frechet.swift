// What each point adds to the gradient of a Fréchet mean in the Poincaré ball (RuvectorGeometry/FrechetRows.swift), with
// asinh in double.

import CRuvectorSupport

/// ln(1 + u), u ≥ 0, to about 2 ε.
@inline(__always) func logarithmOfOnePlus(_ u: D) -> D {
  let one = D(repeating: 1), y = one + u
  // y = 2^e m with m in [sqrt ½, sqrt 2): subtracting the bits of sqrt ½ moves the binade's border there.
  let base = L(repeating: 0x3fe6_a09e_667f_3bcd), shifted = unsafeBitCast(y, to: L.self) &- base
  let magic = D(repeating: 0x1p52)
  let e = unsafeBitCast((shifted &>> L(repeating: 52)) | unsafeBitCast(magic, to: L.self), to: D.self) - magic
  let m = unsafeBitCast((shifted & L(repeating: 0x000f_ffff_ffff_ffff)) &+ base, to: D.self)
  // ln m = 2 s (1 + z/3 + z²/5 + …), s = (m - 1)/(m + 1), z = s² < 0.0295
  let f = m - one, s = f / (m + one), z = s * s
  var p = D(repeating: 1 / 21.0)
  p = fma(D(repeating: 1 / 19.0), p, z)
  p = fma(D(repeating: 1 / 17.0), p, z)
  p = fma(D(repeating: 1 / 15.0), p, z)
  p = fma(D(repeating: 1 / 13.0), p, z)
  p = fma(D(repeating: 1 / 11.0), p, z)
  p = fma(D(repeating: 1 / 9.0), p, z)
  p = fma(D(repeating: 1 / 7.0), p, z)
  p = fma(D(repeating: 1 / 5.0), p, z)
  p = fma(D(repeating: 1 / 3.0), p, z)
  // What rounding took from 1 + u comes back as its first-order term.
  let lost = (u - (y - one)) / y
  return fma(fma(s + s, (s + s) * z, p) + lost, e, D(repeating: 0.693_147_180_559_945_3))
}

func frechetTerms(
  _ squares: DoubleIn, _ gaps: DoubleIn, _ weights: DoubleIn, _ c: Double, _ gap: Double, _ n: Int,
  _ factors: DoubleOut,
  _ sums: DoubleOut
) {
  let one = D(repeating: 1), zero = D(repeating: 0), c = D(repeating: c), gap = D(repeating: gap)
  var back = zero, value = zero, i = 0
  while i < n {
    let count = n &- i, isWhole = count >= lanes
    let δ2 = isWhole ? load(squares + i) : loadTail(squares + i, count, 0)
    let g = isWhole ? load(gaps + i) : loadTail(gaps + i, count, 1),
      w = isWhole ? load(weights + i) : loadTail(weights + i, count, 0)
    let n2 = c * δ2, z2 = n2 / (gap * g), z = squareRoot(z2), root = squareRoot(one + z2)
    let q = (logarithmOfOnePlus(z + z2 / (one + root)) / z).replacing(with: one, where: z .== zero)
    let k = w * q / (g * root)
    back += k * (gap + n2)
    value += w * z2 * q * q
    if isWhole { store(k * gap, factors + i) } else { storeTail(k * gap, factors + i, count) }
    i &+= lanes
  }
  sums[0] += total(back)
  sums[1] += total(value)
}
