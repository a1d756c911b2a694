import CRuvectorSupport

/// The floating-point types the geometry works in: `Float` for speed, `Double` for reference.
///
/// The transcendental functions come from libm through C, because the library avoids Foundation
/// (and compiles as Embedded Swift).
public protocol RealScalar: BinaryFloatingPoint {
  static func exp(_ x: Self) -> Self
  static func log(_ x: Self) -> Self
  static func tanh(_ x: Self) -> Self
  static func atanh(_ x: Self) -> Self
  static func asinh(_ x: Self) -> Self
  static func acosh(_ x: Self) -> Self
  static func cosh(_ x: Self) -> Self
  static func sinh(_ x: Self) -> Self
}

extension Float: RealScalar {
  public static func exp(_ x: Float) -> Float { rv_expf(x) }
  public static func log(_ x: Float) -> Float { rv_logf(x) }
  public static func tanh(_ x: Float) -> Float { rv_tanhf(x) }
  public static func atanh(_ x: Float) -> Float { rv_atanhf(x) }
  public static func asinh(_ x: Float) -> Float { rv_asinhf(x) }
  public static func acosh(_ x: Float) -> Float { rv_acoshf(x) }
  public static func cosh(_ x: Float) -> Float { rv_coshf(x) }
  public static func sinh(_ x: Float) -> Float { rv_sinhf(x) }
}

extension Double: RealScalar {
  public static func exp(_ x: Double) -> Double { rv_exp(x) }
  public static func log(_ x: Double) -> Double { rv_log(x) }
  public static func tanh(_ x: Double) -> Double { rv_tanh(x) }
  public static func atanh(_ x: Double) -> Double { rv_atanh(x) }
  public static func asinh(_ x: Double) -> Double { rv_asinh(x) }
  public static func acosh(_ x: Double) -> Double { rv_acosh(x) }
  public static func cosh(_ x: Double) -> Double { rv_cosh(x) }
  public static func sinh(_ x: Double) -> Double { rv_sinh(x) }
}
