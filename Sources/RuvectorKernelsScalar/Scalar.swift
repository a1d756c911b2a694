// The plain form of every kernel: what each one computes, one element at a time, sums in Double. It documents
// the SIMD forms and is the oracle they are tested against; it is also a level of its own
// (`RUVECTOR_SIMD=scalar`).

import CRuvectorSupport

typealias In = UnsafePointer<Float>
typealias Out = UnsafeMutablePointer<Float>

@inline(__always) func total(_ n: Int, _ term: (Int) -> Double) -> Double {
  var s = 0.0
  for i in 0..<n { s += term(i) }
  return s
}

@inline(__always) func map(_ n: Int, _ y: Out, _ value: (Int) -> Float) {
  for i in 0..<n { y[i] = value(i) }
}

func dot(_ x: In, _ y: In, _ n: Int) -> Float { Float(total(n) { Double(x[$0]) * Double(y[$0]) }) }

func squaredL2(_ x: In, _ y: In, _ n: Int) -> Float {
  Float(
    total(n) {
      let d = Double(x[$0]) - Double(y[$0])
      return d * d
    })
}

@inline(__always) func floats(_ p: UnsafeRawPointer) -> In { p.assumingMemoryBound(to: Float.self) }

/// Element i of a row of halves, by its definition: ±2^(exponent − 15) (1 + fraction / 1024), without the 1 for exponent 0.
func half(_ p: UnsafeRawPointer, _ i: Int) -> Double {
  let bits = Int((p + 2 * i).loadUnaligned(as: UInt16.self))
  let exponent = bits >> 10 & 31, fraction = Double(bits & 1023) / 1024
  var size = exponent == 0 ? fraction : 1 + fraction
  for _ in 0..<max(exponent, 1) { size *= 2 }
  size *= 0x1p-15
  return bits & 0x8000 == 0 ? size : -size
}

func squaredNorm(_ x: In, _ n: Int) -> Double { total(n) { Double(x[$0]) * Double(x[$0]) } }

func maximum(_ x: In, _ n: Int) -> Float {
  var m = -Float.infinity
  for i in 0..<n where x[i] > m { m = x[i] }
  return m
}

func argmax(_ x: In, _ n: Int) -> Int {
  guard n > 0 else { return -1 }
  var best = 0
  for i in 0..<n where x[i] > x[best] || (x[best].isNaN && !x[i].isNaN) { best = i }
  return best
}

func exponentialSum(_ x: In, _ shift: Float, _ scale: Float, _ y: Out, _ n: Int) -> Float {
  Float(
    total(n) {
      y[$0] = rv_expf((x[$0] - shift) * scale)
      return Double(y[$0])
    })
}

func combineRows(_ x: In, _ rows: In, _ stride: Int, _ count: Int, _ dim: Int, _ y: Out) {
  for i in 0..<dim { y[i] = Float(Double(y[i]) + total(count) { Double(x[$0]) * Double(rows[$0 * stride + i]) }) }
}

func spreadRows(
  _ a: In, _ b: In, _ x: In, _ rows: In, _ stride: Int, _ count: Int, _ dim: Int, _ y: Out, _ out: Out, _ adds: Bool
) {
  combineRows(a, rows, stride, count, dim, y)
  for r in 0..<count {
    for i in 0..<dim {
      let sum = Double(a[r]) * Double(x[i]) + Double(b[r]) * Double(rows[r * stride + i])
      out[r * dim + i] = Float(adds ? Double(out[r * dim + i]) + sum : sum)
    }
  }
}

func leakyDotRows(
  _ q: In, _ a: In, _ slope: Float, _ rows: In, _ stride: Int, _ count: Int, _ dim: Int, _ out: Out
) {
  for r in 0..<count {
    out[r] = Float(
      total(dim) {
        let z = Double(q[$0]) + Double(rows[r * stride + $0])
        return Double(a[$0]) * max(z, Double(slope) * z)
      })
  }
}

/// The entries of node i.
func entries(_ offsets: UnsafePointer<UInt32>, _ i: Int) -> Range<Int> { Int(offsets[i])..<Int(offsets[i + 1]) }

func gatherRows(
  _ offsets: UnsafePointer<UInt32>, _ indices: UnsafePointer<UInt32>, _ places: UnsafePointer<UInt32>?, _ weights: In?,
  _ step: Int, _ x: In, _ stride: Int, _ first: Int, _ last: Int, _ dim: Int, _ out: Out, _ outStride: Int, _ adds: Bool
) {
  for i in first..<max(first, last) {
    for c in 0..<dim {
      var sum = adds ? Double(out[i * outStride + c]) : 0
      for e in entries(offsets, i) {
        let w = weights.map { $0[(places.map { Int($0[e]) } ?? e) * step] } ?? 1
        sum += Double(w) * Double(x[Int(indices[e]) * stride + c])
      }
      out[i * outStride + c] = Float(sum)
    }
  }
}

func rotatePairs(_ x: In, _ cosines: In, _ sines: In, _ h: Int, _ out: Out) {
  for i in 0..<h {
    let a = Double(x[i]), b = Double(x[h + i]), c = Double(cosines[i]), s = Double(sines[i])
    (out[i], out[h + i]) = (Float(a * c - b * s), Float(a * s + b * c))
  }
}

func frechetTerms(
  _ squares: UnsafePointer<Double>, _ gaps: UnsafePointer<Double>, _ weights: UnsafePointer<Double>, _ c: Double,
  _ gap: Double, _ n: Int, _ factors: UnsafeMutablePointer<Double>, _ sums: UnsafeMutablePointer<Double>
) {
  for i in 0..<n {
    let n2 = c * squares[i], z = (n2 / (gap * gaps[i])).squareRoot(), q = z == 0 ? 1 : rv_asinh(z) / z
    let k = weights[i] * q / (gaps[i] * (1 + z * z).squareRoot())
    factors[i] = k * gap
    sums[0] += k * (gap + n2)
    sums[1] += weights[i] * z * z * q * q
  }
}

/// Four lanes, as wide as the tiles of this level.
func softmaxLanes(
  _ x: Out, _ count: Int, _ scale: Float, _ maxima: Out, _ sums: Out, _ shrinks: Out
) {
  for lane in 0..<4 {
    var top = maxima[lane]
    for k in 0..<count where x[k * 4 + lane] > top { top = x[k * 4 + lane] }
    let shift = top == -Float.infinity ? 0 : top
    shrinks[lane] = rv_expf((maxima[lane] - shift) * scale)
    maxima[lane] = top
    sums[lane] = Float(
      total(count) {
        x[$0 * 4 + lane] = rv_expf((x[$0 * 4 + lane] - shift) * scale)
        return Double(x[$0 * 4 + lane])
      })
  }
}

func gemmPack(
  _ x: In, _ line: Int, _ step: Int, _ lines: Int, _ depth: Int, _ width: Int, _ out: Out
) {
  for panel in 0..<(lines + width - 1) / width {
    for k in 0..<depth {
      for w in 0..<width {
        let l = panel * width + w
        out[(panel * depth + k) * width + w] = l < lines ? x[l * line + k * step] : 0
      }
    }
  }
}

func gemmTile(
  _ a: In, _ b: In, _ depth: Int, _ c: Out, _ stride: Int, _ rows: Int, _ columns: Int,
  _ accumulate: Int32
) {
  for i in 0..<rows {
    for j in 0..<columns {
      let s = Float(total(depth) { Double(a[$0 * 4 + i]) * Double(b[$0 * 4 + j]) })
      c[i * stride + j] = accumulate != 0 ? c[i * stride + j] + s : s
    }
  }
}

func gemmTileRows(
  _ a: In, _ aStride: Int, _ b: In, _ depth: Int, _ c: Out, _ stride: Int, _ columns: Int, _ accumulate: Int32
) {
  for i in 0..<4 {
    for j in 0..<columns {
      let s = Float(total(depth) { Double(a[i * aStride + $0]) * Double(b[$0 * 4 + j]) })
      c[i * stride + j] = accumulate != 0 ? c[i * stride + j] + s : s
    }
  }
}

func multiplyAddPeak(_ steps: Int) -> Float {
  var c: Float = 1e-3
  for _ in 0..<steps { c = c * 0.999 + 1e-3 }
  return c
}

/// The kernels of this level.
public func kernelTable() -> rv_kernels {
  let name: StaticString = "scalar"
  return rv_kernels(
    level: UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self),
    dot: { dot($0, $1, $2) },
    squared_l2: { squaredL2($0, $1, $2) },
    squared_norm: { squaredNorm($0, $1) },
    sum: { x, n in Float(total(n) { Double(x[$0]) }) },
    maximum: { maximum($0, $1) },
    argmax: { argmax($0, $1) },
    non_finite_probe: { x, n in Float(total(n) { Double(x[$0]) * 0 }) },
    axpy: { a, x, y, n in map(n, y) { y[$0] + a * x[$0] } },
    scale: { a, x, y, n in map(n, y) { a * x[$0] } },
    add: { x, y, out, n in map(n, out) { x[$0] + y[$0] } },
    multiply: { x, y, out, n in map(n, out) { x[$0] * y[$0] } },
    exponential: { x, y, n in map(n, y) { rv_expf(x[$0]) } },
    logarithm: { x, y, n in map(n, y) { rv_logf(x[$0]) } },
    hyperbolic_tangent: { x, y, n in map(n, y) { rv_tanhf(x[$0]) } },
    logistic: { x, y, n in map(n, y) { 1 / (1 + rv_expf(-x[$0])) } },
    exponential_sum: { exponentialSum($0, $1, $2, $3, $4) },
    dot_rows: { q, rows, stride, count, dim, dots in map(count, dots) { dot(q, rows + $0 * stride, dim) } },
    squared_l2_rows: { q, rows, stride, count, dim, distances in
      map(count, distances) { squaredL2(q, rows + $0 * stride, dim) }
    },
    dot_norm_rows: { q, rows, stride, count, dim, dots, norms in
      map(count, dots) { dot(q, rows + $0 * stride, dim) }
      map(count, norms) { Float(squaredNorm(rows + $0 * stride, dim)) }
    },
    squared_l2_norm_rows: { q, rows, stride, count, dim, distances, norms in
      map(count, distances) { squaredL2(q, rows + $0 * stride, dim) }
      map(count, norms) { Float(squaredNorm(rows + $0 * stride, dim)) }
    },
    dot_norm_scattered: { q, rows, count, dim, dots, norms in
      map(count, dots) { dot(q, rows[$0], dim) }
      map(count, norms) { Float(squaredNorm(rows[$0], dim)) }
    },
    squared_l2_norm_scattered: { q, rows, count, dim, distances, norms in
      map(count, distances) { squaredL2(q, rows[$0], dim) }
      map(count, norms) { Float(squaredNorm(rows[$0], dim)) }
    },
    dot_scattered: { q, rows, count, dim, out in
      for r in 0..<count { out[r] = dot(q, floats(rows[r]), dim) }
    },
    squared_l2_scattered: { q, rows, count, dim, out in
      for r in 0..<count { out[r] = squaredL2(q, floats(rows[r]), dim) }
    },
    dot_half_scattered: { q, rows, count, dim, out in
      for r in 0..<count { out[r] = Float(total(dim) { Double(q[$0]) * half(rows[r], $0) }) }
    },
    squared_l2_half_scattered: { q, rows, count, dim, out in
      for r in 0..<count {
        out[r] = Float(
          total(dim) {
            let d = Double(q[$0]) - half(rows[r], $0)
            return d * d
          })
      }
    },
    dot_codes_scattered: { q, rows, count, dim, out in
      for r in 0..<count {
        let codes = rows[r].assumingMemoryBound(to: Int8.self)
        out[r] = Float(total(dim) { Double(q[$0]) * Double(codes[$0]) })
      }
    },
    squared_norm_rows: { rows, stride, count, dim, norms in
      for r in 0..<count { norms[r] = squaredNorm(rows + r * stride, dim) }
    },
    combine_rows: { combineRows($0, $1, $2, $3, $4, $5) },
    squared_l2_rows_double: { q, rows, stride, count, dim, squares in
      for r in 0..<count {
        squares[r] = total(dim) {
          let t = q[$0] - Double(rows[r * stride + $0])
          return t * t
        }
      }
    },
    combine_rows_double: { x, rows, stride, count, dim, y in
      for i in 0..<dim { y[i] += total(count) { x[$0] * Double(rows[$0 * stride + i]) } }
    },
    spread_rows: { spreadRows($0, $1, $2, $3, $4, $5, $6, $7, $8, $9) },
    frechet_terms: { frechetTerms($0, $1, $2, $3, $4, $5, $6, $7) },
    rotate_pairs: { rotatePairs($0, $1, $2, $3, $4) },
    turn_products: { x, y, h, cosines, sines in
      for i in 0..<h {
        cosines[i] = Float(x[i] * y[i] - x[h + i] * y[h + i])
        sines[i] = Float(x[h + i] * y[i] + x[i] * y[h + i])
      }
    },
    leaky_dot_rows: { leakyDotRows($0, $1, $2, $3, $4, $5, $6, $7) },
    adam_step: { p, g, m, v, n, constants in
      let c = constants.pointee
      for i in 0..<n {
        let slope = c.scale * g[i] + c.decay * p[i]
        m[i] = c.beta1 * m[i] + c.rest1 * slope
        v[i] = max(0, c.beta2 * v[i] + c.rest2 * slope * slope)  // callers may have set v to anything
        p[i] = c.shrink * p[i] - c.length * m[i] / (c.root * v[i].squareRoot() + c.eps)
      }
    },
    gather_rows: { gatherRows($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) },
    gather_heads: { offsets, indices, places, weights, heads, width, x, stride, first, last, out, outStride in
      for h in 0..<heads {
        gatherRows(
          offsets, indices, places, weights + h, heads, x + h * width, stride, first, last, width, out + h * width,
          outStride, false)
      }
    },
    gather_maxima: { offsets, indices, x, stride, first, last, dim, out, outStride in
      for i in first..<max(first, last) {
        let entries = entries(offsets, i)
        for c in 0..<dim {
          var top = -Float.infinity
          for e in entries { top = max(top, x[Int(indices[e]) * stride + c]) }
          out[i * outStride + c] = entries.isEmpty ? 0 : top
        }
      }
    },
    head_dots: { offsets, indices, g, gStride, x, stride, heads, width, first, last, out in
      for i in first..<max(first, last) {
        for e in entries(offsets, i) {
          let row = x + Int(indices[e]) * stride
          for h in 0..<heads { out[e * heads + h] = dot(g + i * gStride + h * width, row + h * width, width) }
        }
      }
    },
    edge_scores: { offsets, indices, sources, targets, edges, slope, heads, first, last, out in
      for i in first..<max(first, last) {
        for e in entries(offsets, i) {
          for h in 0..<heads {
            let z =
              sources[Int(indices[e]) * heads + h] + targets[i * heads + h] + (edges.map { $0[e * heads + h] } ?? 0)
            out[e * heads + h] = max(z, slope * z)
          }
        }
      }
    },
    edge_softmax: { offsets, heads, first, last, scores in
      for i in first..<max(first, last) {
        for h in 0..<heads {
          let entries = entries(offsets, i)
          var top = -Float.infinity, sum = 0.0
          for e in entries { top = max(top, scores[e * heads + h]) }
          for e in entries {
            scores[e * heads + h] = rv_expf(scores[e * heads + h] - top)
            sum += Double(scores[e * heads + h])
          }
          for e in entries { scores[e * heads + h] = Float(Double(scores[e * heads + h]) / sum) }
        }
      }
    },
    edge_softmax_slopes: { offsets, heads, first, last, shares, slopes in
      for i in first..<max(first, last) {
        for h in 0..<heads {
          var sum = 0.0
          for e in entries(offsets, i) { sum += Double(shares[e * heads + h]) * Double(slopes[e * heads + h]) }
          for e in entries(offsets, i) {
            let d = Double(slopes[e * heads + h])
            slopes[e * heads + h] = Float(Double(shares[e * heads + h]) * (d - sum))
          }
        }
      }
    },
    edge_score_slopes: {
      offsets, indices, sources, targets, edges, slope, heads, first, last, slopes, targetSlopes in
      for i in first..<max(first, last) {
        for h in 0..<heads {
          var sum = 0.0
          for e in entries(offsets, i) {
            let z =
              sources[Int(indices[e]) * heads + h] + targets[i * heads + h] + (edges.map { $0[e * heads + h] } ?? 0)
            if z <= 0 { slopes[e * heads + h] *= slope }
            sum += Double(slopes[e * heads + h])
          }
          targetSlopes[i * heads + h] = Float(sum)
        }
      }
    },
    cosine_scores: { dots, norms, inverseQueryNorm, scores, n in
      map(n, scores) { norms[$0] == 0 ? 0 : dots[$0] * inverseQueryNorm / norms[$0].squareRoot() }
    },
    poincare_keys: { squaredL2, norms, c, keys, n in
      map(n, keys) { squaredL2[$0] / (1 - c * norms[$0]) }
    },
    poincare_distances: { keys, a, b, distances, n in
      map(n, distances) { b * rv_asinhf((a * keys[$0]).squareRoot()) }
    },
    softmax_lanes: { softmaxLanes($0, $1, $2, $3, $4, $5) },
    embedding_pair: { embeddingPair($0.pointee, $1, $2) },
    embedding_apply: { embeddingApply($0.pointee, $1, $2, $3, $4) },
    embedding_keys: { embeddingKeys($0.pointee, $1, $2, $3, $4) },
    gemm_rows: 4,
    gemm_columns: 4,
    gemm_pack: { gemmPack($0, $1, $2, $3, $4, $5, $6) },
    gemm_tile: { gemmTile($0, $1, $2, $3, $4, $5, $6, $7) },
    gemm_tile_rows: { gemmTileRows($0, $1, $2, $3, $4, $5, $6, $7) },
    multiply_add_peak: { multiplyAddPeak($0) },
    multiply_add_width: 1
  )
}
