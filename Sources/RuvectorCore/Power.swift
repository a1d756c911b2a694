import CRuvectorSupport

/// x^y for x ≥ 0, as e^(y ln x), which is there on every platform (WebAssembly brings no libm). Relative error about
/// (1 + |y ln x|) ε. 0^0 = 1.
public func power(_ x: Double, _ y: Double) -> Double {
  if y == 0 { return 1 }
  return x == 0 ? (y > 0 ? 0 : .infinity) : rv_exp(y * rv_log(x))
}
