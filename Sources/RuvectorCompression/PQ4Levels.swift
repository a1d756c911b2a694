// What PQ4Codec fits to a vector: the rule of its outliers, the four levels of each subvector.

// MARK: - Outliers

/// |x − mean| > τ·(standard deviation), both over the whole vector.
struct OutlierRule {
  let mean: Double
  let limit: Double

  init(_ x: UnsafeBufferPointer<Float>, τ: Double) {
    // Sums about x₀, so that a constant vector has exactly its mean and no deviation.
    let x0 = Double(x[0])
    var sum = 0.0
    for i in 0..<x.count { sum += Double(x[i]) - x0 }
    let mean = x0 + sum / Double(x.count)
    var squares = 0.0
    for i in 0..<x.count {
      let δ = Double(x[i]) - mean
      squares += δ * δ
    }
    self.mean = mean
    limit = τ * (squares / Double(x.count)).squareRoot()
  }

  func isOutlier(_ x: Float) -> Bool { (Double(x) - mean).magnitude > limit }
}

// MARK: - The quantiser of one subvector

/// The four values μ + σ·L of one subvector.
struct PQ4Levels {
  let μ: Float
  let σ: Float
  // Values as decode gives them, rising.
  private let v0, v1, v2, v3: Float

  private static let inner = 0.4528  // L₁, L₂ = ∓inner
  private static let outer = 1.510  // L₀, L₃ = ∓outer
  private static let refinements = 8

  init(μ: Float, σ: Float) {
    func value(_ L: Double) -> Float {
      let most = Double(Float.greatestFiniteMagnitude)
      return Float(max(-most, min(most, Double(μ) + Double(σ) * L)))
    }
    self.μ = μ
    self.σ = σ
    v0 = value(-Self.outer)
    v1 = value(-Self.inner)
    v2 = value(Self.inner)
    v3 = value(Self.outer)
  }

  func value(_ code: UInt32) -> Float {
    switch code {
    case 0: v0
    case 1: v1
    case 2: v2
    default: v3
    }
  }

  /// The nearest level; of two equally near ones the lower.
  func code(_ x: Double) -> UInt32 {
    (x > (Double(v0) + Double(v1)) * 0.5 ? 1 : 0) &+ (x > (Double(v1) + Double(v2)) * 0.5 ? 1 : 0)
      &+ (x > (Double(v2) + Double(v3)) * 0.5 ? 1 : 0)
  }

  /// The levels for the elements of `x` that are no outliers.
  static func fitted(to x: UnsafeBufferPointer<Float>, _ rule: OutlierRule) -> PQ4Levels {
    var n = 0.0
    var c = 0.0  // the mean, by running updates: exact for equal elements
    var squares = 0.0
    for i in 0..<x.count where !rule.isOutlier(x[i]) {
      let δ = Double(x[i]) - c
      n += 1
      c += δ / n
      squares += δ * (Double(x[i]) - c)
    }
    guard n > 0 else { return PQ4Levels(μ: 0, σ: 0) }
    var best = PQ4Levels(μ: Float(c), σ: Float((squares / n).squareRoot()))
    var tally = Tally(x, rule, best, about: c)
    for _ in 0..<refinements {
      guard let next = tally.leastSquares(about: c) else { break }
      let nextTally = Tally(x, rule, next, about: c)
      guard nextTally.error < tally.error else { break }
      best = next
      tally = nextTally
    }
    return best
  }

  /// What one pass with given levels finds: the squared error, and the count and sum of each code's elements.
  private struct Tally {
    var error = 0.0
    // Number of elements, and Σ(x − c), for the codes 0...3.
    var n0 = 0.0, n1 = 0.0, n2 = 0.0, n3 = 0.0
    var p0 = 0.0, p1 = 0.0, p2 = 0.0, p3 = 0.0

    init(_ x: UnsafeBufferPointer<Float>, _ rule: OutlierRule, _ levels: PQ4Levels, about c: Double) {
      for i in 0..<x.count where !rule.isOutlier(x[i]) {
        let xi = Double(x[i])
        let code = levels.code(xi)
        let miss = xi - Double(levels.value(code))
        error += miss * miss
        switch code {
        case 0:
          n0 += 1
          p0 += xi - c
        case 1:
          n1 += 1
          p1 += xi - c
        case 2:
          n2 += 1
          p2 += xi - c
        default:
          n3 += 1
          p3 += xi - c
        }
      }
    }

    /// The least-squares μ, σ for these codes; nil when they leave σ open or are no Floats. Σ(x − c) = 0, since
    /// c is the mean.
    func leastSquares(about c: Double) -> PQ4Levels? {
      let n = n0 + n1 + n2 + n3
      let A = PQ4Levels.outer * (n3 - n0) + PQ4Levels.inner * (n2 - n1)
      let B = PQ4Levels.outer * PQ4Levels.outer * (n3 + n0) + PQ4Levels.inner * PQ4Levels.inner * (n2 + n1)
      let Q = PQ4Levels.outer * (p3 - p0) + PQ4Levels.inner * (p2 - p1)
      let σ = n * Q / (n * B - A * A)
      let μ = c - σ * A / n
      let (m, s) = (Float(μ), Float(σ))
      return m.isFinite && s.isFinite && s >= 0 ? PQ4Levels(μ: m, σ: s) : nil
    }
  }
}
