import RuvectorCore

// Möbius addition is computed through σ = x + y instead of ⟨x, y⟩, |x|² and |y|² (set c = 1, g = 1 − |·|²):
//
//   1 + 2⟨x,y⟩ + |y|²      =  g_x + |σ|²            (the factor of x; the factor of y is g_x)
//   1 + 2⟨x,y⟩ + |x|²|y|²  =  g_x g_y + |σ|²  =: D
//   x ⊕ y                  =  (g_x σ + |σ|² x) / D
//   |x ⊕ y|²               =  |σ|² / D
//   1 − |x ⊕ y|²           =  g_x g_y / D
//
// Both terms of D are ≥ 0, so nothing cancels where y → −x at the rim, where the usual form divides two
// numbers of size 1e-10 that are differences of numbers of size 1.

extension PoincareBall {
  /// Möbius addition
  /// x ⊕ y = ((1 + 2c⟨x,y⟩ + c|y|²)x + (1 − c|x|²)y) / (1 + 2c⟨x,y⟩ + c²|x|²|y|²).
  ///
  /// Neither commutative nor associative: see ``gyration(_:_:_:)``. 0 ⊕ x = x, (−x) ⊕ x = 0,
  /// (−x) ⊕ (x ⊕ y) = y. (Ungar 2008; Ganea et al. 2018, equation 4.)
  public func mobiusAdd(_ x: [Scalar], _ y: [Scalar]) throws(RuvectorError) -> [Scalar] {
    let (x, y) = try points(x, y)
    return try Scalar.rounded(sum(x, y.at, gap: y.gap))
  }

  /// Möbius subtraction x ⊖ y = x ⊕ (−y). (Ungar 2008.)
  public func mobiusSub(_ x: [Scalar], _ y: [Scalar]) throws(RuvectorError) -> [Scalar] {
    let (x, y) = try points(x, y)
    return try Scalar.rounded(sum(x, (-y).at, gap: y.gap))
  }

  /// Möbius scalar multiplication r ⊗ x = tanh(r atanh(√c|x|)) x/(√c|x|).
  ///
  /// 1 ⊗ x = x, (r + q) ⊗ x = r ⊗ x ⊕ q ⊗ x, d(0, r ⊗ x) = |r| d(0, x) up to the rim.
  /// (Ungar 2008; Ganea et al. 2018, definition 3.)
  public func mobiusScalarMul(_ r: Scalar, _ x: [Scalar]) throws(RuvectorError) -> [Scalar] {
    let r = try Scalar.widened(r, "r")
    let x = try point(x, "x")
    return try Scalar.rounded(shortened(x.at, by: r * logScale(x), limit: Self.rim).w)
  }

  /// Möbius matrix–vector multiplication M ⊗ x = exp_0(M log_0(x))
  /// = tanh(|Mx|/|x| atanh(√c|x|)) Mx/(√c|Mx|); the origin where Mx = 0.
  ///
  /// - Parameters:
  ///   - matrix: M, row-major, [m][n] (m·n elements, m ≥ 1).
  ///   - x: n coordinates.
  /// - Returns: m coordinates.
  /// - Throws: also `dimensionMismatch` if the elements of `matrix` are not a multiple of n.
  /// - Complexity: O(m·n). (Ganea et al. 2018, definition 4.)
  public func mobiusMatvec(_ matrix: [Scalar], _ x: [Scalar]) throws(RuvectorError) -> [Scalar] {
    let x = try point(x, "x")
    let n = x.at.count
    let m = try rows("matrix", matrix.count, dim: n)
    let matrix = try Scalar.widened(matrix, "matrix")
    var product = [Double](repeating: 0, count: m)
    for i in 0..<m {
      for j in 0..<n { product[i] += matrix[i * n + j] * x.at[j] }
    }
    guard norm(product).isFinite else { throw .overflow("|Mx|") }
    return try Scalar.rounded(shortened(product, by: logScale(x), limit: Self.rim).w)
  }

  /// The gyration gyr[a, b]v = ⊖(a ⊕ b) ⊕ (a ⊕ (b ⊕ v)), for any vector v: the rotation by which ⊕ misses
  /// associativity.
  ///
  /// Linear in v and an isometry, |gyr[a, b]v| = |v|; the identity if b = −a, or if a or b is 0.
  /// With σ = a + b and g = 1 − c|·|² it is
  /// v + 2c((g_a⟨b,v⟩ − ⟨σ,v⟩)σ + (c|σ|²⟨b,v⟩ + g_b⟨σ,v⟩)a)/(g_a g_b + c|σ|²).
  /// (Ungar 2008; this form follows from his by σ.)
  public func gyration(
    _ a: [Scalar], _ b: [Scalar], _ v: [Scalar]
  ) throws(RuvectorError) -> [Scalar] {
    let a = try point(a, "a")
    try check("b", b.count, is: a.at.count)
    let b = try point(b, "b")
    let v = try vector(v, "v", like: a)
    return try Scalar.rounded(gyrated(a, b, v))
  }

  // MARK: - In Double

  /// x ⊕ y, kept within the rim; `gap` = 1 − c|y|², and y may lie beyond the rim.
  func sum(_ x: BallPoint, _ y: [Double], gap: Double) -> [Double] {
    let σ = combined(1, x.at, 1, y)
    let n = s * norm(σ)
    let D = x.gap * gap + n * n
    let radius = n / D.squareRoot()
    let limit = radius > Self.rim ? Self.rim / radius : 1
    return combined(limit * x.gap / D, σ, limit * n * n / D, x.at)
  }

  /// w = tanh(√c|u|m) u/(√c|u|) and 1 − c|w|² = 1/cosh²(√c|u|m): the vector mu from the tangent space at
  /// the origin; √c|w| ≤ `limit`.
  func shortened(_ u: [Double], by m: Double, limit: Double = 1) -> (w: [Double], gap: Double) {
    let n = norm(u)
    guard n > 0 else { return (u, 1) }
    let t = s * n * m
    let cosh = Double.cosh(t)
    let gap = 1 / (cosh * cosh)
    if abs(t) < 1 { return (scaled(m * tanhc(t), u), gap) }
    let radius = max(-limit, min(limit, Double.tanh(t))) / s
    var w = u
    for i in w.indices { w[i] = w[i] / n * radius }
    return (w, gap)
  }

  /// gyr[a, b]v
  func gyrated(_ a: BallPoint, _ b: BallPoint, _ v: [Double]) -> [Double] {
    let σ = combined(1, a.at, 1, b.at)
    let n = s * norm(σ)
    let D = a.gap * b.gap + n * n
    let bv = s * dot(b.at, v)
    let σv = s * dot(σ, v)
    let p = 2 * s * (a.gap * bv - σv) / D
    let r = 2 * s * (n * n * bv + b.gap * σv) / D
    return combined(1, v, 1, combined(p, σ, r, a.at))
  }
}
