import CRuvectorSupport

/// SplitMix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators"): every random choice of
/// the library comes from one of these, and its seed is an option.
public struct Random {
  @usableFromInline var state: UInt64
  @usableFromInline var spare: Double?

  @inlinable public init(seed: UInt64) { state = seed }

  @inlinable public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// Uniform in [0, 1), 53 random bits.
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Uniform in [low, high).
  public mutating func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * uniform() }

  /// Uniform in 0..<bound for bound > 0; 0 otherwise. (Bias below bound / 2⁶⁴.)
  public mutating func below(_ bound: Int) -> Int {
    bound > 0 ? Int(next().multipliedFullWidth(by: UInt64(bound)).high) : 0
  }

  /// Standard normal (Marsaglia and Bray 1964, the polar method: two at a time, one kept for the next call).
  public mutating func normal() -> Double {
    if let value = spare {
      spare = nil
      return value
    }
    while true {
      let x = uniform(-1, 1), y = uniform(-1, 1), s = x * x + y * y
      guard s > 0, s < 1 else { continue }
      let factor = (-2 * rv_log(s) / s).squareRoot()
      spare = y * factor
      return x * factor
    }
  }

  /// Normal weights with variance 2 / (fanIn + fanOut) (Glorot and Bengio 2010, eq. 12).
  public mutating func xavierNormal(_ out: UnsafeMutablePointer<Float>, count: Int, fanIn: Int, fanOut: Int) {
    let deviation = (2 / (Double(fanIn) + Double(fanOut))).squareRoot()
    for i in 0..<count { out[i] = Float(deviation * normal()) }
  }

  /// Normal weights with variance 2 / fanIn (He et al. 2015, eq. 10), for layers that end in a ReLU.
  public mutating func kaimingNormal(_ out: UnsafeMutablePointer<Float>, fanIn: Int, fanOut: Int) {
    let deviation = (2 / Double(fanIn)).squareRoot()
    for i in 0..<(fanIn &* fanOut) { out[i] = Float(deviation * normal()) }
  }
}
