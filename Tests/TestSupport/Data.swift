import Foundation
import RuvectorCore

/// SplitMix64: equal seeds give equal data everywhere.
public struct SeededGenerator: RandomNumberGenerator {
  private var random: Random
  public init(_ seed: UInt64) { random = Random(seed: seed) }
  public mutating func next() -> UInt64 { random.next() }
  /// In (0, 1).
  public mutating func uniform() -> Double { (Double(next() >> 11) + 0.5) * 0x1p-53 }
  public mutating func normal() -> Double { sqrt(-2 * log(uniform())) * cos(2 * .pi * uniform()) }
  public mutating func normals(_ n: Int, scale: Double = 1, mean: Double = 0) -> [Float] {
    (0..<n).map { _ in Float(mean + scale * normal()) }
  }
  /// `rows` points of `dim` coordinates, one after the other, each of the given length.
  public mutating func directions(_ rows: Int, _ dim: Int, length: Double = 1) -> [Float] {
    (0..<rows).flatMap { _ in
      let x = (0..<dim).map { _ in normal() }
      let norm = x.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return x.map { Float($0 / norm * length) }
    }
  }
}

/// The error `body` throws, or nil.
public func failure(_ body: () throws(RuvectorError) -> Void) -> RuvectorError? {
  do { try body() } catch { return error }
  return nil
}
