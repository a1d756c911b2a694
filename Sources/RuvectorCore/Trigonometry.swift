// Sine, cosine and arc tangent by polynomials of our own: the same bits on every platform, WebAssembly (which brings
// no libm) included.

/// (sin x, cos x) for |x| ≤ 2²⁰ · π/2, to 2 ulp of 1.
///
/// Cody and Waite 1980: x = k π/2 + r with π/2 in three parts of 33, 33 and 53 bits (k has at most 20, so the products
/// are exact), |r| ≤ π/4; then the Taylor polynomials of r.
public func sineCosine(_ x: Double) -> (sine: Double, cosine: Double) {
  let k = (x * 0.636_619_772_367_581_343_08).rounded()
  let r =
    ((x - k * 1.570_796_326_734_125_614_17) - k * 6.077_100_506_303_965_976_60e-11) - k
    * 2.022_266_248_795_950_631_54e-21
  let z = r * r
  // sin r = r (1 − z/(2·3) (1 − z/(4·5) (1 − …))), cos r = 1 − z/(1·2) (1 − z/(3·4) (1 − …))
  var s = 1.0, c = 1.0, n = 18.0
  while n > 0 {
    s = 1 - z / (n * (n + 1)) * s
    c = 1 - z / ((n - 1) * n) * c
    n -= 2
  }
  s *= r
  switch Int64(k) & 3 {
  case 0: return (s, c)
  case 1: return (c, -s)
  case 2: return (-s, -c)
  default: return (-c, s)
  }
}

/// atan(y/x) for x, y ≥ 0, in 0...π/2; 0 for (0, 0). To 4 ulp.
///
/// tan(θ/2) = t/(1 + √(1 + t²)) brings t below 0.1, where the series of atan ends after 8 terms.
public func arctangent(_ y: Double, over x: Double) -> Double {
  guard y > 0 else { return 0 }
  guard y <= x else { return .pi / 2 - arctangent(x, over: y) }
  var t = y / x
  for _ in 0..<3 { t /= 1 + (1 + t * t).squareRoot() }
  let z = t * t
  var sum = 0.0, odd = 17.0
  while odd > 0 {
    sum = 1 / odd - sum * z
    odd -= 2
  }
  return 8 * t * sum
}
