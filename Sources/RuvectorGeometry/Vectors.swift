import RuvectorCore

// The few vector operations of this module. All arithmetic is in Double: `Float` is a storage type here,
// converted at the door, because 1 − c|x|² near the rim of the ball has no correct digits to lose.

// MARK: - Doors

extension RealScalar {
  /// `x` in Double. Throws `emptyInput`, or `nonFinite` with the index of the first NaN or infinity.
  @_specialize(where Self == Float)
  @_specialize(where Self == Double)
  static func widened(_ x: [Self], _ name: String) throws(RuvectorError) -> [Double] {
    guard !x.isEmpty else { throw .expected("at least 1 element", for: name, received: "0", .emptyInput) }
    var result: [Double] = []
    result.reserveCapacity(x.count)
    for i in x.indices {
      guard x[i].isFinite else {
        throw .expected(
          "finite numbers", for: name, received: "NaN or infinity at index \(i)", .nonFinite)
      }
      result.append(Double(x[i]))
    }
    return result
  }

  /// `x` rounded to this type. Throws `outOfRange` where a value does not fit.
  @_specialize(where Self == Float)
  @_specialize(where Self == Double)
  static func rounded(_ x: [Double]) throws(RuvectorError) -> [Self] {
    var result: [Self] = []
    result.reserveCapacity(x.count)
    for value in x {
      let value = Self(value)
      guard value.isFinite else { throw .overflow("the result") }
      result.append(value)
    }
    return result
  }

  /// One finite number in Double.
  static func widened(_ x: Self, _ name: String) throws(RuvectorError) -> Double {
    guard x.isFinite else {
      throw .expected("a finite number", for: name, received: "NaN or infinity", .nonFinite)
    }
    return Double(x)
  }

  static func rounded(_ x: Double) throws(RuvectorError) -> Self {
    let value = Self(x)
    guard value.isFinite else { throw .overflow("the result") }
    return value
  }
}

extension RuvectorError {
  static func overflow(_ name: String) -> RuvectorError {
    .expected("a number within the range of the type", for: name, received: "an overflow", .outOfRange)
  }
}

/// `dimensionMismatch` unless `count` is `expected`.
func check(_ name: String, _ count: Int, is expected: Int) throws(RuvectorError) {
  guard count == expected else { throw .dimension(name, expected: expected, received: count) }
}

/// The number of rows in `count` elements of rows of `dim`.
func rows(_ name: String, _ count: Int, dim: Int) throws(RuvectorError) -> Int {
  guard dim > 0 else {
    throw .expected("an integer ≥ 1", for: "dim", received: "\(dim)", .invalidArgument)
  }
  guard count > 0 else { throw .expected("at least 1 row", for: name, received: "0", .emptyInput) }
  guard count % dim == 0 else {
    throw .expected(
      "a multiple of \(dim) elements", for: name, received: "\(count)", .dimensionMismatch)
  }
  return count / dim
}

/// The curvature K as √(−K). Throws `invalidConfig` unless K < 0 and finite.
func rootOfCurvature(_ curvature: Double) throws(RuvectorError) -> Double {
  guard curvature < 0, curvature.isFinite else {
    let received =
      curvature.isNaN ? "NaN" : curvature == 0 ? "0" : curvature > 0 ? "a number > 0" : "-infinity"
    throw .expected("a finite number < 0", for: "curvature", received: received, .invalidConfig)
  }
  return (-curvature).squareRoot()
}

// MARK: - Arithmetic

/// ⟨x, y⟩
func dot(_ x: [Double], _ y: [Double]) -> Double {
  var sum = 0.0
  for i in 0..<min(x.count, y.count) { sum += x[i] * y[i] }
  return sum
}

/// |x| without overflow or underflow on the way; infinite only when |x| itself exceeds Double.
func norm(_ x: [Double]) -> Double {
  let square = dot(x, x)
  if square > 1e-280, square < 1e300 { return square.squareRoot() }
  var largest = 0.0
  for value in x { largest = max(largest, abs(value)) }
  guard largest > 0, largest.isFinite else { return largest }
  var sum = 0.0
  for value in x { sum += (value / largest) * (value / largest) }
  return largest * sum.squareRoot()
}

/// a·x
func scaled(_ a: Double, _ x: [Double]) -> [Double] {
  var result = x
  for i in result.indices { result[i] *= a }
  return result
}

/// a·x + b·y
func combined(_ a: Double, _ x: [Double], _ b: Double, _ y: [Double]) -> [Double] {
  var result = x
  for i in 0..<min(x.count, y.count) { result[i] = a * x[i] + b * y[i] }
  return result
}

/// sum += a·x
func accumulate(_ a: Double, _ x: [Double], into sum: inout [Double]) {
  for i in 0..<min(x.count, sum.count) { sum[i] += a * x[i] }
}

// MARK: - Functions that are 1 at 0 (the limits K → 0, x → y)

/// asinh(z)/z. Below 1e-8 the next term of the series, z²/6, is under half an ulp of 1.
func asinhc(_ z: Double) -> Double { abs(z) < 1e-8 ? 1 : Double.asinh(z) / z }

/// tanh(t)/t. Below 1e-8 the next term of the series, t²/3, is under half an ulp of 1.
func tanhc(_ t: Double) -> Double { abs(t) < 1e-8 ? 1 : Double.tanh(t) / t }

/// sinh(t)/t. Below 1e-8 the next term of the series, t²/6, is under half an ulp of 1.
func sinhc(_ t: Double) -> Double { abs(t) < 1e-8 ? 1 : Double.sinh(t) / t }
