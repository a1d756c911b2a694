import CRuvectorSupport

/// Running softmax over a stream (Milakov and Gimelshein 2018, "Online normalizer calculation for softmax").
///
/// Holds m = max x and Σ exp((x − m) / T) of what it has seen; the sum is kept in Double. Merging two of them in
/// a fixed order gives the same bits for any split of the work.
public struct OnlineSoftmax {
  public private(set) var maximum = -Float.infinity
  public private(set) var sum = 0.0
  /// 1 / T, at most the largest Float (so that 0 / T stays 0 at the smallest temperatures).
  public let inverseTemperature: Float

  public init(temperature: Double) {
    inverseTemperature = Float(min(1 / temperature, Double(Float.greatestFiniteMagnitude)))
  }

  /// Takes in `count` logits; `scratch` has room for as many.
  public mutating func add(
    _ logits: UnsafePointer<Float>, count: Int, maximum top: Float, scratch: UnsafeMutablePointer<Float>,
    _ kernels: KernelTable
  ) {
    guard count > 0 else { return }
    raise(to: top)
    sum += Double(kernels.exponential_sum(logits, maximum, inverseTemperature, scratch, count))
  }

  public mutating func merge(_ other: OnlineSoftmax) {
    guard other.sum > 0 else { return }
    raise(to: other.maximum)
    sum += other.sum * rv_exp(Double((other.maximum - maximum) * inverseTemperature))
  }

  /// The probability of one logit among all seen.
  public func weight(_ logit: Float) -> Float {
    Float(rv_exp(Double((logit - maximum) * inverseTemperature)) / sum)
  }

  private mutating func raise(to top: Float) {
    guard top > maximum else { return }
    if sum > 0 { sum *= rv_exp(Double((maximum - top) * inverseTemperature)) }
    maximum = top
  }
}

/// Softmax in place: x_i ← exp((x_i − max x) / T) / Σ. No effect for n = 0.
public func softmax(
  _ x: UnsafeMutablePointer<Float>, count: Int, temperature: Double = 1, _ kernels: KernelTable = Kernels.current
) {
  guard count > 0 else { return }
  let inverse = Float(min(1 / temperature, Double(Float.greatestFiniteMagnitude)))
  let sum = kernels.exponential_sum(x, kernels.maximum(x, count), inverse, x, count)
  kernels.scale(1 / sum, x, x, count)
}
