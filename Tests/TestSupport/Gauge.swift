/// Collects errors in some unit, the largest seen and the first beyond its bound.
public struct Gauge {
  /// The largest error, in units.
  public private(set) var worst = 0.0
  /// Where the first error beyond its bound was.
  public private(set) var breach: String?

  public init() {}

  /// `bound` is in units. Equal values (infinities too) and two NaNs have no error.
  @inline(__always)
  public mutating func see<T: BinaryFloatingPoint>(
    _ got: T, _ exact: Double, unit: Double, bound: Double, _ place: @autoclosure () -> String
  ) {
    let got = Double(got)
    if got == exact || (got.isNaN && exact.isNaN) { return }
    let error = (got - exact).magnitude / unit
    if error > worst { worst = error }
    if !(error <= bound), breach == nil {
      breach = "\(place()): \(got) instead of \(exact), \(error) units of \(unit), bound \(bound)"
    }
  }

  /// Records a fact that must hold.
  public mutating func require(_ fact: Bool, _ place: @autoclosure () -> String) {
    if !fact, breach == nil { breach = place() }
  }
}

/// Half a unit in the last place of 1: the relative error of one rounding to Float.
public let roundoff = 0x1p-24

/// The unit in the last place at `x`, of Float; subnormals have that of the least one.
@inline(__always)
public func ulp(_ x: Double) -> Double {
  let magnitude = x.magnitude
  return magnitude < 0x1p-126 ? 0x1p-149 : magnitude.binade * 0x1p-23
}
