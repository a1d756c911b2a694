import Foundation
import RuvectorCore
import TestSupport

@testable import RuvectorIndex

extension VectorIndex {
  func add(_ keys: [Int64], _ data: [Float], replacing: Bool = false, threads: Int = 1) throws(RuvectorError) {
    let dim = dim
    let result: Result<Void, RuvectorError> = keys.withUnsafeBufferPointer { k in
      data.withUnsafeBufferPointer { d in
        guard let k = k.baseAddress, let d = d.baseAddress else { return .success(()) }
        do throws(RuvectorError) {
          let matrix = MatrixView(d, rows: data.count / dim, dim: dim)
          return .success(
            try add(
              .integers(k, keys.count), matrix, replacing: replacing ? .known : .none,
              control: Control(threads: threads)))
        } catch { return .failure(error) }
      }
    }
    try result.get()
  }

  func remove(_ keys: [Int64]) throws(RuvectorError) {
    let result: Result<Void, RuvectorError> = keys.withUnsafeBufferPointer { k in
      guard let k = k.baseAddress else { return .success(()) }
      do throws(RuvectorError) { return .success(try remove(.integers(k, keys.count))) } catch {
        return .failure(error)
      }
    }
    try result.get()
  }

  func has(_ key: Int64) -> Bool {
    withUnsafePointer(to: key) { has(.integers($0, 1)) }
  }

  func vector(_ key: Int64) throws(RuvectorError) -> [Float] {
    var out = [Float](repeating: 0, count: dim)
    try withUnsafePointer(to: key) { (key) throws(RuvectorError) in try get(.integers(key, 1), into: &out) }
    return out
  }

  func find(_ query: [Float], k: Int, ef: Int? = nil, filter: Filter = .all) throws(RuvectorError) -> [(
    key: Int64, distance: Float
  )] {
    var found: [(key: Int64, distance: Float)] = []
    _ = try search(query, k: k, ef: ef, filter: filter) { (rank, place, distance) throws(RuvectorError) in
      found.append((keys.integer(place), distance))
    }
    return found
  }
}

/// Strings as keys arrive.
final class Words {
  private let bytes: AlignedBuffer<UInt8>
  private let offsets: AlignedBuffer<UInt32>
  private let count: Int
  init(_ words: [String]) throws(RuvectorError) {
    let all = words.flatMap { Array($0.utf8) }
    bytes = try AlignedBuffer(count: all.count)
    offsets = try AlignedBuffer(count: words.count + 1, repeating: 0)
    count = words.count
    for (i, byte) in all.enumerated() { bytes[i] = byte }
    for (i, word) in words.enumerated() { offsets[i + 1] = offsets[i] + UInt32(word.utf8.count) }
  }
  var list: KeyList { .strings(bytes.pointer, offsets.pointer, count) }
  func first(_ n: Int) -> KeyList { .strings(bytes.pointer, offsets.pointer, n) }
}

func names(_ metric: IndexMetric, _ storage: RowStorage, _ dim: Int, _ more: [(String, Int)] = []) -> [(
  key: String, value: OptionValue
)] {
  let metrics = ["cosine", "l2", "ip", "poincare", "lorentz"], storages = ["f32", "f16", "i8"]
  return [
    ("dim", .integer(Int64(dim))), ("metric", .text(metrics[Int(metric.rawValue)])),
    ("storage", .text(storages[Int(storage.rawValue)])),
  ] + more.map { ($0.0, .integer(Int64($0.1))) }
}

/// Points for a metric: of the ball, of the hyperboloid, or as they are; `width` floats each.
func points(_ metric: IndexMetric, _ data: [Float], _ dim: Int, c: Double = 1) -> (data: [Float], width: Int) {
  switch metric {
  case .poincare: return (data.map { $0 * 0.45 }, dim)
  case .lorentz:
    var out: [Float] = []
    for r in 0..<data.count / dim {
      let x = data[(r * dim)..<((r + 1) * dim)].map { Double($0) * 1.5 }
      out.append(Float((1 / c + x.reduce(0) { $0 + $1 * $1 }).squareRoot()))
      out += x.map { Float($0) }
    }
    return (out, dim + 1)
  default: return (data, dim)
  }
}

/// The distance by its definition, in Double.
func oracle(_ metric: IndexMetric, _ x: [Float], _ y: [Float], c: Double = 1) -> Double {
  let x = x.map { Double($0) }, y = y.map { Double($0) }
  func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
  let d2 = zip(x, y).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  switch metric {
  case .cosine:
    let n = (dot(x, x) * dot(y, y)).squareRoot()
    return n == 0 ? 1 : 1 - dot(x, y) / n
  case .l2: return d2
  case .ip: return 1 - dot(x, y)
  case .poincare:
    return acosh(1 + 2 * c * d2 / ((1 - c * dot(x, x)) * (1 - c * dot(y, y)))) / c.squareRoot()
  case .lorentz:
    let product = -x[0] * y[0] + dot(Array(x[1...]), Array(y[1...]))
    return acosh(max(1, -c * product)) / c.squareRoot()
  }
}
