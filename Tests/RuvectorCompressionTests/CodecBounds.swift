import Foundation
import RuvectorCompression
import TestSupport

/// Vectors a codec must survive, with a name for the failure message. Their lengths are multiples of 8.
func vectors(seed: UInt64) -> [(label: String, x: [Float])] {
  var g = SeededGenerator(seed)
  var oneHot = [Float](repeating: 0, count: 64)
  oneHot[17] = 1
  var heavy = g.normals(256)
  heavy[3] = 40
  heavy[200] = -60
  return [
    ("normal 8", g.normals(8)),
    ("normal 96", g.normals(96)),
    ("normal 768", g.normals(768)),
    ("shifted", g.normals(128, scale: 0.01, mean: 100)),
    ("uniform", (0..<160).map { _ in Float(g.uniform()) }),
    ("exponential", (0..<160).map { _ in Float(-log(g.uniform())) }),
    ("two values", (0..<72).map { _ in g.uniform() < 0.3 ? -2 : 5 }),
    ("constant", [Float](repeating: 0.3, count: 40)),
    ("zeros", [Float](repeating: 0, count: 16)),
    ("negative zeros", [Float](repeating: -0.0, count: 16)),
    ("one-hot", oneHot),
    ("outliers", heavy),
    ("tiny", g.normals(64, scale: 1e-30)),
    ("subnormal", g.normals(64, scale: 1e-41)),
    ("least", [Float](repeating: .leastNonzeroMagnitude, count: 8)),
    ("thousands", g.normals(64, scale: 5000)),
    ("huge", g.normals(64, scale: 3e37)),
    (
      "greatest",
      (0..<64).map { $0 % 3 == 0 ? -Float.greatestFiniteMagnitude : .greatestFiniteMagnitude }
    ),
    (
      "greatest and least",
      (0..<64).map { $0 % 7 == 0 ? -Float.greatestFiniteMagnitude : .leastNonzeroMagnitude }
    ),
    ("sorted", g.normals(128).sorted()),
  ]
}

// MARK: - The stated error bounds, in Double

/// The first breach of the bound that the codec's documentation states, or nil.
func breach(of codec: any Codec, _ x: [Float], _ y: [Float]) -> String? {
  guard x.count == y.count else { return "length \(y.count)" }
  if let bad = y.firstIndex(where: { !$0.isFinite }) { return "not finite at \(bad)" }
  switch codec {
  case let codec as HalfCodec:
    let s = Double(codec.scale)
    for i in x.indices {
      let bound = (0x1p-11 + 0x1p-23) * abs(Double(x[i])) + 0x1p-25 / s
      // Twice the least Float for the rounding of subnormal results.
      if abs(Double(y[i]) - Double(x[i])) > bound + 3e-45 { return "\(x[i]) became \(y[i])" }
    }
  case let codec as PQ8Codec:
    let length = x.count / codec.subvectors
    for start in stride(from: 0, to: x.count, by: length) {
      let part = x[start..<start + length].map(Double.init)
      let a = part.min() ?? 0
      let b = part.max() ?? 0
      let bound =
        (b - a) / Double(2 * (codec.centroids - 1)) + 0x1p-23 * max(abs(a), abs(b)) + 2e-45
      for i in start..<start + length where abs(Double(y[i]) - Double(x[i])) > bound {
        return "\(x[i]) became \(y[i]), element \(i), bound \(bound)"
      }
      if a == b, y[start..<start + length].contains(where: { Double($0) != a }) {
        return "constant part at \(start) not exact"
      }
    }
  case let codec as PQ4Codec:
    let outlier = outliers(x, codec.outlierThreshold)
    let length = x.count / codec.subvectors
    for start in stride(from: 0, to: x.count, by: length) {
      let kept = (start..<start + length).filter { !outlier[$0] }
      for i in start..<start + length where outlier[i] && y[i] != x[i] {
        return "outlier \(x[i]) became \(y[i])"
      }
      let error = kept.map { pow(Double(y[$0]) - Double(x[$0]), 2) }.reduce(0, +)
      let values = kept.map { Double(x[$0]) }
      let most = values.map { abs($0) }.max() ?? 0
      let rounding = Double(kept.count) * pow(0x1p-22 * most + 3e-45, 2)
      let (spread, unfitted) = plainQuantiser(values)
      if error > min(spread, unfitted) * 1.000001 + rounding {
        return "part at \(start): error \(error), spread \(spread), unfitted \(unfitted)"
      }
      if spread == 0, kept.contains(where: { y[$0] != x[$0] }) { return "constant part not exact" }
    }
  case let codec as BinaryCodec:
    for i in x.indices where y[i] != (x[i] > codec.threshold ? 1 : -1) {
      return "\(x[i]) became \(y[i])"
    }
  default: return "no bound written for this codec"
  }
  return nil
}

/// |x − mean| > τ·sd.
func outliers(_ x: [Float], _ τ: Double) -> [Bool] {
  let first = Double(x[0])
  let mean = first + x.map { Double($0) - first }.reduce(0, +) / Double(x.count)
  let variance = x.map { pow(Double($0) - mean, 2) }.reduce(0, +) / Double(x.count)
  return x.map { abs(Double($0) - mean) > τ * variance.squareRoot() }
}

/// Σ(x − mean)², and the squared error of Max's four levels on the plain mean and standard deviation.
func plainQuantiser(_ x: [Double]) -> (spread: Double, error: Double) {
  guard let first = x.first else { return (0, 0) }
  let mean = first + x.map { $0 - first }.reduce(0, +) / Double(x.count)
  let spread = x.map { pow($0 - mean, 2) }.reduce(0, +)
  let sd = (spread / Double(x.count)).squareRoot()
  let levels = [-1.510, -0.4528, 0.4528, 1.510].map { mean + sd * $0 }
  let error = x.map { x in levels.map { pow(x - $0, 2) }.min() ?? 0 }.reduce(0, +)
  return (spread, error)
}
