import CRuvectorSupport

/// SplitMix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators"): every random choice of
/// the library comes from one of these, and its seed is an option.
public struct Random {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
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

  /// Standard normal (Box and Muller 1958).
  public mutating func normal() -> Double {
    let r = (-2 * rv_log(1 - uniform())).squareRoot()
    return r * rv_cos(2 * Double.pi * uniform())
  }

  /// Normal weights with variance 2 / (fanIn + fanOut) (Glorot and Bengio 2010, eq. 12).
  public mutating func xavierNormal(_ out: UnsafeMutablePointer<Float>, fanIn: Int, fanOut: Int) {
    let deviation = (2 / (Double(fanIn) + Double(fanOut))).squareRoot()
    for i in 0..<(fanIn &* fanOut) { out[i] = Float(deviation * normal()) }
  }

  /// Normal weights with variance 2 / fanIn (He et al. 2015, eq. 10), for layers that end in a ReLU.
  public mutating func kaimingNormal(_ out: UnsafeMutablePointer<Float>, fanIn: Int, fanOut: Int) {
    let deviation = (2 / Double(fanIn)).squareRoot()
    for i in 0..<(fanIn &* fanOut) { out[i] = Float(deviation * normal()) }
  }
}
