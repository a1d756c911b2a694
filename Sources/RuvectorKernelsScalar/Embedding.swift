// The plain form of RuvectorKernelsV1/Embedding.swift.

import CRuvectorSupport

typealias Doubles = UnsafeMutablePointer<Double>

/// Below this cosh d − 1 two points are one: their direction is rounding.
private let least = 1e-20

/// ⟨x, y⟩ of the hyperboloid, of the ball the product of the coordinates.
private func product(_ b: rv_embedding_batch, _ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>) -> Double {
  let last = b.stride - 1
  return total(b.size) { x[$0] * y[$0] } - (b.hyperboloid != 0 ? x[last] * y[last] : 0)
}

/// |x − y|².
private func square(_ b: rv_embedding_batch, _ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>) -> Double {
  let time = x[b.stride - 1] - y[b.stride - 1]
  return max(0, total(b.size) { (x[$0] - y[$0]) * (x[$0] - y[$0]) } - (b.hyperboloid != 0 ? time * time : 0))
}

func embeddingPair(_ b: rv_embedding_batch, _ pair: Int, _ next: UnsafePointer<UInt32>?) -> Double {
  let first = pair * b.room, stride = b.stride, last = stride - 1, isBall = b.hyperboloid == 0
  func row(_ k: Int) -> Doubles { b.table + Int(b.ids[first + k]) * stride }
  let u = row(b.count), t = b.t + first, a = b.a + first, gap = u[last]
  var sum = 0.0, shares: [(e: Double, slope: Double, ofU: Double, ofV: Double)] = []
  for k in 0..<b.count {
    let v = row(k), square = square(b, u, v)
    let raw = isBall ? 2 * square / (gap * v[last]) : square / 2, x = max(least, raw), root = (x * (x + 2)).squareRoot()
    let slope = raw < least ? 0 : 1 / root
    shares.append((1 / (1 + x + root), isBall ? slope * 4 / (gap * v[last]) : slope, square / gap, square / v[last]))
    sum += shares[k].e
  }
  let y = b.vectors + 2 * pair * stride, g = y + stride
  for i in 0..<stride { (y[i], g[i]) = (u[i], 0) }
  var own = 0.0
  for k in 0..<b.count {
    let v = row(k), (e, slope, ofU, ofV) = shares[k]
    t[k] = ((k == 0 ? 1 : 0) - e / sum) * slope
    a[k] = isBall ? t[k] * (1 + ofV) : 0
    own += isBall ? t[k] * (1 + ofU) : 0
    for i in 0..<stride { g[i] += t[k] * v[i] }
  }
  if isBall { (y[last], g[last]) = (0, 0) }
  (t[b.count], a[b.count]) = (1, own)
  return shares[0].e / sum
}

func embeddingApply(_ b: rv_embedding_batch, _ list: UnsafePointer<UInt32>, _ count: Int, _ rate: Double, _ rim: Double)
{
  let last = b.stride - 1
  for i in 0..<count {
    let entry = Int(list[2 * i]), x = b.table + Int(b.ids[entry]) * b.stride
    let y = b.vectors + Int(list[2 * i + 1]) * b.stride, t = b.t[entry], a = b.a[entry]
    if b.hyperboloid == 0 {
      let s = rate * x[last] * x[last] / 4
      for j in 0..<b.size { x[j] -= s * (a * x[j] - t * y[j]) }
      let norm = total(b.size) { x[$0] * x[$0] }
      if norm > rim * rim { for j in 0..<b.size { x[j] *= rim / norm.squareRoot() } }
      x[last] = 1 - min(norm, rim * rim)
    } else {
      let inner = product(b, x, y), factor = rate * t
      let length = (max(0, product(b, y, y) + inner * inner)).squareRoot() * factor.magnitude
      let part = length > 1 ? factor / length : factor, z = min(length, 1)
      let along = z < 1e-4 ? part : part * rv_sinh(z) / z
      for j in 0..<b.size { x[j] = rv_cosh(z) * x[j] + along * (y[j] + inner * x[j]) }
      var norm = total(b.size) { x[$0] * x[$0] }
      let most = rim * rim - 1
      if norm > most {
        for j in 0..<b.size { x[j] *= (most / norm).squareRoot() }
        norm = most
      }
      x[last] = (1 + norm).squareRoot()
    }
  }
}

func embeddingKeys(
  _ b: rv_embedding_batch, _ q: UnsafePointer<Double>, _ rows: UnsafePointer<Double>, _ count: Int, _ keys: Doubles
) {
  for r in 0..<count {
    let x = rows + r * b.stride, square = square(b, q, x)
    keys[r] = b.hyperboloid == 0 ? 2 * square / (q[b.stride - 1] * x[b.stride - 1]) : square / 2
  }
}
