extension Mode {
  /// That of part k of a layer: its random decisions are others.
  public func part(_ k: Int) -> Mode {
    isTraining ? .training(seed: mixed(seed &+ mixed(UInt64(truncatingIfNeeded: k) &+ 1)), step: step) : self
  }
}

/// SplitMix64's output function: every bit of the result depends on every bit of x.
@inlinable @inline(__always)
public func mixed(_ x: UInt64) -> UInt64 {
  var z = x &+ 0x9e37_79b9_7f4a_7c15
  z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
  z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
  return z ^ (z >> 31)
}

/// What dropout does with element i: the factor 1/(1 − p) with probability 1 − p, else 0; a function of seed, step and i.
public struct Mask {
  @usableFromInline let key: UInt64
  @usableFromInline let threshold: UInt64
  @usableFromInline let kept: Float

  /// nil where nothing is dropped.
  public init?(_ probability: Double, _ mode: Mode) {
    guard mode.isTraining, probability > 0 else { return nil }
    key = mixed(mode.seed ^ mixed(mode.step))
    threshold = UInt64(probability * 0x1p53)
    kept = Float(1 / (1 - probability))
  }

  @inlinable @inline(__always)
  public func factor(_ i: Int) -> Float {
    mixed(key ^ (UInt64(truncatingIfNeeded: i) &* 0xd134_2543_de82_ef95)) >> 11 < threshold ? 0 : kept
  }
}
