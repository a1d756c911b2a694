// Training an embedding in the Poincaré ball or on the hyperboloid (RuvectorTraining/PoincareTable.swift): rows of doubles, eight
// lanes at every level, no logarithm: exp(−d) = 1/(x + √(x² − 1)) for x = cosh d.

import CRuvectorSupport

private typealias E = SIMD8<Double>

@inline(__always) private func at(_ p: UnsafePointer<Double>) -> E {
  UnsafeRawPointer(p).loadUnaligned(as: E.self)
}
@inline(__always) private func put(_ x: E, _ p: UnsafeMutablePointer<Double>) {
  UnsafeMutableRawPointer(p).storeBytes(of: x, as: E.self)
}
@inline(__always) private func fused(_ c: E, _ a: E, _ b: E) -> E {
  #if FMA
    c.addingProduct(a, b)
  #else
    c + a * b
  #endif
}
@inline(__always) private func all(_ x: Double) -> E { E(repeating: x) }

/// Below this cosh d − 1 two points are one: their direction is rounding.
@inline(__always) private var least: E { E(repeating: 1e-20) }

/// Squares of the differences of u and a row, eight partial sums. `u` of the first block and of the last are in registers.
@inline(__always) private func partial(
  _ u: UnsafePointer<Double>, _ first: E, _ v: UnsafePointer<Double>, _ blocks: Int, _ signs: E
) -> E {
  if blocks == 1 {
    let d = first - at(v)
    return d * d * signs
  }
  var d = first - at(v), sum = d * d, i = 8
  let end = 8 &* (blocks &- 1)
  while i < end {
    d = at(u + i) - at(v + i)
    sum = fused(sum, d, d)
    i &+= 8
  }
  d = at(u + end) - at(v + end)
  return fused(sum, d * signs, d)
}

@inline(__always) private func sum4(_ a: E, _ b: E, _ c: E, _ d: E) -> SIMD4<Double> {
  #if FMA && arch(x86_64)
    rv_sum4x8_double(a, b, c, d)
  #else
    SIMD4(total8(a), total8(b), total8(c), total8(d))
  #endif
}

func embeddingPair(_ b: rv_embedding_batch, _ pair: Int, _ next: UnsafePointer<UInt32>?) -> Double {
  if b.hyperboloid != 0 { return pairOnHyperboloid(b, pair, next) }
  switch b.stride {
  case 8: return pairInBall1(b, pair, next)
  case 16: return pairInBall2(b, pair, next)
  default: return pairInBall(b, pair, next)
  }
}

// A function for each: in one, the compiler does not unroll them all.
@inline(never) private func pairInBall1(_ b: rv_embedding_batch, _ pair: Int, _ next: UnsafePointer<UInt32>?) -> Double
{
  pairGradients(b, pair, next, 1, true)
}
@inline(never) private func pairInBall2(_ b: rv_embedding_batch, _ pair: Int, _ next: UnsafePointer<UInt32>?) -> Double
{
  pairGradients(b, pair, next, 2, true)
}
@inline(never) private func pairInBall(_ b: rv_embedding_batch, _ pair: Int, _ next: UnsafePointer<UInt32>?) -> Double {
  pairGradients(b, pair, next, b.stride &>> 3, true)
}
@inline(never) private func pairOnHyperboloid(
  _ b: rv_embedding_batch, _ pair: Int, _ next: UnsafePointer<UInt32>?
) -> Double {
  pairGradients(b, pair, next, b.stride &>> 3, false)
}

@inline(__always) private func pairGradients(
  _ b: rv_embedding_batch, _ pair: Int, _ next: UnsafePointer<UInt32>?, _ blocks: Int, _ isBall: Bool
) -> Double {
  let stride = 8 &* blocks, last = stride &- 1, count = b.count, table = b.table
  let ids = b.ids + pair &* b.room, t = b.t + pair &* b.room, a = b.a + pair &* b.room
  let u = table + Int(ids[count]) &* stride, first = at(u), signs = at(b.signs)

  // Squares into t, the last places into a.
  var k = 0
  while k < count {
    let p0 = table + Int(ids[k]) &* stride
    // Behind the end the last row again: its results are overwritten.
    let p1 = table + Int(ids[k &+ 1 < count ? k &+ 1 : k]) &* stride
    let p2 = table + Int(ids[k &+ 2 < count ? k &+ 2 : k]) &* stride
    let p3 = table + Int(ids[k &+ 3 < count ? k &+ 3 : k]) &* stride
    if let next {
      for i in 0..<4 {
        let row = table + Int(next[k &+ i]) &* stride
        var block = 0
        while block < blocks {
          rv_prefetch(row + 8 &* block)
          block &+= 1
        }
      }
    }
    let sums = sum4(
      partial(u, first, p0, blocks, signs), partial(u, first, p1, blocks, signs), partial(u, first, p2, blocks, signs),
      partial(u, first, p3, blocks, signs))
    UnsafeMutableRawPointer(t + k).storeBytes(of: sums, as: SIMD4<Double>.self)
    if isBall { (a[k], a[k &+ 1], a[k &+ 2], a[k &+ 3]) = (p0[last], p1[last], p2[last], p3[last]) }
    k &+= 4
  }
  let whole = (count &+ 7) & ~7
  k = count
  while k < whole {  // so far away that nothing is left of them
    (t[k], a[k]) = (1e100, 1)
    k &+= 1
  }

  // t ← e times the slope, a ← what the gradient to v has of v.
  let one = all(1), inverse = isBall ? 1 / u[last] : 1
  var e = E(repeating: 0), own = e, sum = e
  var e0 = 0.0, slope0 = 0.0, own0 = 0.0, near0 = 0.0
  k = 0
  while k < whole {
    let square = at(t + k)
    let near: E, factor: E, raw: E
    if isBall {
      let inverseOfV = one / at(a + k)
      near = square * inverseOfV
      factor = inverseOfV * all(4 * inverse)
      raw = near * all(2 * inverse)
    } else {
      near = all(0)
      factor = one
      raw = square * all(0.5)
    }
    let isOne = raw .< least, x = raw.replacing(with: least, where: isOne)
    let root = rv_sqrt8_double(x * (x + all(2))), far = one + x + root, q = one / (root * far)
    e = q * root
    let slope = (q * far * factor).replacing(with: E(repeating: 0), where: isOne), product = e * slope,
      ofU = fused(one, square, all(inverse))
    if isBall {
      own = fused(own, product, ofU)
      put(one + near, a + k)
    }
    sum += e
    put(product, t + k)
    if k == 0 { (e0, slope0, own0, near0) = (e[0], slope[0], ofU[0], near[0]) }
    k &+= 8
  }
  let total = total8(sum), share = -1 / total
  let shares = all(share)
  k = 0
  while k < whole {
    let s = at(t + k) * shares
    put(s, t + k)
    put(isBall ? at(a + k) * s : all(0), a + k)
    k &+= 8
  }
  t[0] += slope0
  if isBall { a[0] = (1 + near0) * t[0] }

  // What u is drawn to.
  let y = b.vectors + 2 &* pair &* stride, g = y + stride
  var block = 0
  while block < blocks {
    let from = table + 8 &* block
    var g0 = E(repeating: 0), g1 = g0, g2 = g0, g3 = g0
    k = 0
    while k &+ 4 <= count {
      g0 = fused(g0, all(t[k]), at(from + Int(ids[k]) &* stride))
      g1 = fused(g1, all(t[k &+ 1]), at(from + Int(ids[k &+ 1]) &* stride))
      g2 = fused(g2, all(t[k &+ 2]), at(from + Int(ids[k &+ 2]) &* stride))
      g3 = fused(g3, all(t[k &+ 3]), at(from + Int(ids[k &+ 3]) &* stride))
      k &+= 4
    }
    while k < count {
      g0 = fused(g0, all(t[k]), at(from + Int(ids[k]) &* stride))
      k &+= 1
    }
    put((g0 + g1) + (g2 + g3), g + 8 &* block)
    put(at(u + 8 &* block), y + 8 &* block)
    block &+= 1
  }
  if isBall { (y[last], g[last]) = (0, 0) }
  t[count] = 1
  a[count] = isBall ? total8(own) * share + slope0 * own0 : 0
  return -e0 * share
}

func embeddingApply(_ b: rv_embedding_batch, _ list: UnsafePointer<UInt32>, _ count: Int, _ rate: Double, _ rim: Double)
{
  guard b.hyperboloid == 0 else { return moveOnHyperboloid(b, list, count, rate, rim) }
  switch b.stride {
  case 8: moveInBall(b, list, count, rate, rim, 1)
  case 16: moveInBall(b, list, count, rate, rim, 2)
  default: moveInBall(b, list, count, rate, rim, b.stride &>> 3)
  }
}

/// The row that is moved a few entries later comes into the cache.
@inline(__always) private func fetch(
  _ b: rv_embedding_batch, _ list: UnsafePointer<UInt32>, _ i: Int, _ count: Int, _ blocks: Int
) {
  guard i &+ 8 < count else { return }
  let ahead = b.table + Int(b.ids[Int(list[2 &* i &+ 16])]) &* (8 &* blocks)
  rv_prefetch(ahead)
  if blocks > 1 { rv_prefetch(ahead + 8) }
}

/// Row x ← factor x, all of it.
@inline(__always) private func scaleRow(_ x: UnsafeMutablePointer<Double>, _ factor: Double, _ blocks: Int) {
  var block = 0
  while block < blocks {
    put(at(x + 8 &* block) * all(factor), x + 8 &* block)
    block &+= 1
  }
}

@inline(__always) private func moveInBall(
  _ b: rv_embedding_batch, _ list: UnsafePointer<UInt32>, _ count: Int, _ rate: Double, _ rim: Double, _ blocks: Int
) {
  let table = b.table, ids = b.ids, vectors = b.vectors, ts = b.t, ks = b.a, signs = at(b.signs)
  let stride = 8 &* blocks, last = stride &- 1, end = stride &- 8, quarter = 0.25 * rate, most = rim * rim
  var i = 0
  while i < count {
    fetch(b, list, i, count, blocks)
    let entry = Int(list[2 &* i]), x = table + Int(ids[entry]) &* stride, y = vectors + Int(list[2 &* i &+ 1]) &* stride
    i &+= 1
    let gap = x[last], s = quarter * gap * gap, keep = all(1 - s * ks[entry]), take = all(s * ts[entry])
    var ending = fused(keep * at(x + end), take, at(y + end))
    var sum = ending * ending * signs, from = 0
    while from < end {
      let moved = fused(keep * at(x + from), take, at(y + from))
      sum = fused(sum, moved, moved)
      put(moved, x + from)
      from &+= 8
    }
    let norm = total8(sum)
    ending[7] = 1 - norm
    put(ending, x + end)  // in one: a later load of the whole finds it
    if norm > most {
      scaleRow(x, rim / norm.squareRoot(), blocks)
      x[last] = 1 - most
    }
  }
}

private func moveOnHyperboloid(
  _ b: rv_embedding_batch, _ list: UnsafePointer<UInt32>, _ count: Int, _ rate: Double, _ rim: Double
) {
  let stride = b.stride, last = stride &- 1, blocks = stride &>> 3, end = stride &- 8, signs = at(b.signs)
  let most = rim * rim - 1
  var i = 0
  while i < count {
    fetch(b, list, i, count, blocks)
    let entry = Int(list[2 &* i]), x = b.table + Int(b.ids[entry]) &* stride
    let y = b.vectors + Int(list[2 &* i &+ 1]) &* stride
    i &+= 1
    var withY = at(x + end) * at(y + end) * signs, ofY = at(y + end) * at(y + end) * signs, from = 0
    while from < end {
      withY = fused(withY, at(x + from), at(y + from))
      ofY = fused(ofY, at(y + from), at(y + from))
      from &+= 8
    }
    let inner = total8(withY), square = total8(ofY) + inner * inner
    var factor = rate * b.t[entry], z = square * factor * factor
    if !(z > 0) { z = 0 }
    if z > 1 {
      factor /= z.squareRoot()
      z = 1
    }
    // cosh √z and sinh √z/√z for z ≤ 1, to a rounding.
    var c = 1 + z / 182 * (1 + z / 240), h = 1 + z / 210 * (1 + z / 272)
    c = 1 + z / 56 * (1 + z / 90 * (1 + z / 132 * c))
    h = 1 + z / 72 * (1 + z / 110 * (1 + z / 156 * h))
    c = 1 + z / 2 * (1 + z / 12 * (1 + z / 30 * c))
    h = 1 + z / 6 * (1 + z / 20 * (1 + z / 42 * h))
    let keep = all(c + h * factor * inner), take = all(h * factor)
    var moved = fused(keep * at(x + end), take, at(y + end))
    put(moved, x + end)
    x[last] = 0
    moved = at(x + end)
    var sum = moved * moved
    from = 0
    while from < end {
      moved = fused(keep * at(x + from), take, at(y + from))
      sum = fused(sum, moved, moved)
      put(moved, x + from)
      from &+= 8
    }
    var norm = total8(sum)
    if norm > most {
      scaleRow(x, (most / norm).squareRoot(), blocks)
      norm = most
    }
    x[last] = (1 + norm).squareRoot()
  }
}

func embeddingKeys(
  _ b: rv_embedding_batch, _ q: UnsafePointer<Double>, _ rows: UnsafePointer<Double>, _ count: Int,
  _ keys: UnsafeMutablePointer<Double>
) {
  let stride = b.stride, last = stride &- 1, blocks = stride &>> 3, isBall = b.hyperboloid == 0
  let signs = at(b.signs), first = at(q), scale = isBall ? 2 / q[last] : 0.5
  var r = 0
  while r < count {
    let p = rows + r &* stride, square = total8(partial(q, first, p, blocks, signs))
    keys[r] = scale * (square > 0 ? square : 0) / (isBall ? p[last] : 1)
    r &+= 1
  }
}
