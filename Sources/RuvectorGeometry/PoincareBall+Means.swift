import RuvectorCore

extension PoincareBall {
  // MARK: - Closed form

  /// The weighted midpoint ½ ⊗ (Σ w λ_x x / Σ w (λ_x − 1)): Ungar's gyromidpoint, which is the
  /// Lorentz centroid seen in the ball.
  ///
  /// It minimises Σ w cosh(√c d(m, x)), so far points pull exponentially; ``frechetMean(_:dim:weights:tolerance:maxIterations:)``
  /// minimises Σ w d². For two points of equal weight both are `geodesic(0.5, …)`. Independent of
  /// the order, up to rounding, and of a common factor of the weights. The error is at most about
  /// ε λ² in distance, λ the largest factor. For points that come in parts: ``MidpointState``.
  ///
  /// - Parameters:
  ///   - points: rows × dim coordinates, row by row.
  ///   - dim: coordinates of one point, ≥ 1.
  ///   - weights: one finite number ≥ 0 per row, not all 0.
  /// - Returns: `dim` coordinates.
  /// - Throws: the rules of ``PoincareBall``; `invalidArgument` for other weights or dim < 1;
  ///   `dimensionMismatch` if `points` is not a multiple of `dim` or `weights` has not one element per row.
  /// - Complexity: O(rows·dim).
  ///
  /// References: Ungar 2008; Law, Liao, Snell, Zemel 2019, "Lorentzian Distance Learning for Hyperbolic
  /// Representations", theorem 3.2 (the Lorentz centroid).
  public func weightedMidpoint(
    _ points: [Scalar], dim: Int, weights: [Scalar]
  ) throws(RuvectorError) -> [Scalar] {
    try Scalar.rounded(midpoint(weighted(points, dim: dim, weights: weights)).at)
  }

  // MARK: - Karcher mean

  /// The Fréchet (Karcher) mean: the point that minimises F(m) = ½ Σ w d(m, x)² / Σ w.
  ///
  /// The minimum is unique, since the ball has negative curvature. It is found by ``frechetDescent(_:dim:weights:tolerance:maxIterations:)``,
  /// which also tells how near it came; this function returns the best point of the steps allowed.
  ///
  /// - Parameters:
  ///   - points: rows × dim coordinates, row by row.
  ///   - dim: coordinates of one point, ≥ 1.
  ///   - weights: one finite number ≥ 0 per row, not all 0.
  ///   - tolerance: the Riemannian norm of grad F, a distance, at which to stop; a finite number ≥ 0,
  ///     1e-9 by default. The mean is then within that distance of the point returned, because F is
  ///     1-strongly convex. (Rounding to `Float` comes on top.) Points near the rim limit what can be
  ///     reached: the rounding of λ leaves a gradient of about ε λ d.
  ///   - maxIterations: the largest number of steps, ≥ 1; 256 by default.
  /// - Throws: as ``weightedMidpoint(_:dim:weights:)``; `invalidArgument` for another tolerance or number.
  /// - Complexity: O(rows·dim) per step.
  ///
  /// Reference: Karcher 1977, "Riemannian center of mass and mollifier smoothing".
  public func frechetMean(
    _ points: [Scalar], dim: Int, weights: [Scalar], tolerance: Scalar = 1e-9, maxIterations: Int = 256
  ) throws(RuvectorError) -> [Scalar] {
    try frechetDescent(
      points, dim: dim, weights: weights, tolerance: tolerance, maxIterations: maxIterations
    ).mean
  }

  /// The Riemannian gradient −Σ w log_m(x) / Σ w of F(m) = ½ Σ w d(m, x)² / Σ w at m; its Riemannian norm
  /// is λ_m times its length. Arguments and errors as ``weightedMidpoint(_:dim:weights:)``.
  public func frechetGradient(
    _ m: [Scalar], _ points: [Scalar], dim: Int, weights: [Scalar]
  ) throws(RuvectorError) -> [Scalar] {
    let rows = try weighted(points, dim: dim, weights: weights)
    try check("m", m.count, is: dim)
    return try Scalar.rounded(scaled(-1, slope(at: point(m, "m"), rows).step))
  }

  /// The steps of ``frechetMean(_:dim:weights:tolerance:maxIterations:)``: Riemannian gradient descent
  /// m ← exp_m(−τ grad F(m)) from the weighted midpoint.
  ///
  /// τ is 1 first, then the length of Barzilai and Borwein: τ|g|²/(|g|² − ⟨g', g_new⟩), g' the old gradient
  /// transported to the new point. (The Hessian of F is between 1 and ρ coth ρ, ρ = √c·distance, up to 24 at
  /// the rim: steps of a fixed length zigzag.) A step must lower F, or, where the change of F is below its
  /// rounding, lower the norm of the gradient; otherwise τ is halved. It stops when no τ > 2⁻³⁰ helps.
  ///
  /// Reference for τ: Barzilai, Borwein 1988, "Two-Point Step Size Gradient Methods".
  public func frechetDescent(
    _ points: [Scalar], dim: Int, weights: [Scalar], tolerance: Scalar = 1e-9, maxIterations: Int = 256
  ) throws(RuvectorError) -> FrechetDescent<Scalar> {
    let rows = try weighted(points, dim: dim, weights: weights)
    guard tolerance.isFinite, tolerance >= 0 else {
      throw .expected(
        "a finite number ≥ 0", for: "tolerance", received: "a negative number, NaN or infinity",
        .invalidArgument)
    }
    guard maxIterations >= 1 else {
      throw .expected(
        "an integer ≥ 1", for: "maxIterations", received: "\(maxIterations)", .invalidArgument)
    }
    let end = descend(from: try midpoint(rows), tolerance: Double(tolerance), maxIterations: maxIterations) {
      slope(at: $0, rows)
    }
    return FrechetDescent(
      mean: try Scalar.rounded(end.point.at), gradientNorm: end.norm, iterations: end.iterations,
      converged: end.norm <= Double(tolerance))
  }

  /// The steps from m, whose slope is F(m), −grad F(m) and its Riemannian norm.
  func descend(
    from m: BallPoint, tolerance: Double, maxIterations: Int,
    slope: (BallPoint) -> (value: Double, step: [Double], norm: Double)
  ) -> (point: BallPoint, norm: Double, iterations: Int) {
    var m = m, here = slope(m), τ = 1.0, iterations = 0
    while here.norm > tolerance, iterations < maxIterations, τ > 0x1p-30 {
      iterations += 1
      let at = exponential(m, scaled(τ, here.step))
      let next = point(at, norm: norm(at))
      let there = slope(next)
      // λ d ε bounds the rounding of a distance; F is a mean of squares of distances
      let rounding = 8 * 0x1p-52 * (2 / m.gap) * (here.value + there.value)
      let isLower = there.value < here.value - rounding
      if isLower || (there.value <= here.value + rounding && there.norm < here.norm) {
        // −grad on both sides, so the product has the sign of that of the gradients
        let old = scaled(next.gap / m.gap, gyrated(next, -m, here.step))
        let product = dot(old, there.step) * (2 / next.gap) * (2 / next.gap)
        let square = here.norm * here.norm
        τ = square > product ? min(1, max(0x1p-6, τ * square / (square - product))) : 1
        (m, here) = (next, there)
      } else {
        τ /= 2
      }
    }
    return (m, here.norm, iterations)
  }

  // MARK: - In Double

  /// Points with weights in 0...1, the largest being 1 (so that no sum overflows).
  typealias Weighted = [(point: BallPoint, weight: Double)]

  func weighted(_ points: [Scalar], dim: Int, weights: [Scalar]) throws(RuvectorError) -> Weighted {
    let n = try rows("points", points.count, dim: dim)
    try check("weights", weights.count, is: n)
    var largest = 0.0
    for i in 0..<n {
      guard weights[i].isFinite, weights[i] >= 0 else { throw .weight(at: i) }
      largest = max(largest, Double(weights[i]))
    }
    guard largest > 0 else {
      throw .expected("a sum > 0", for: "weights", received: "a sum of 0", .invalidArgument)
    }
    let flat = try Scalar.widened(points, "points")
    var result: Weighted = []
    result.reserveCapacity(n)
    for i in 0..<n {
      let row = Array(flat[i * dim..<(i + 1) * dim])
      let length = norm(row)
      guard length.isFinite else { throw .overflow("the norm of a point") }
      result.append((point(row, norm: length), Double(weights[i]) / largest))
    }
    return result
  }

  func midpoint(_ rows: Weighted) throws(RuvectorError) -> BallPoint {
    var state = MidpointState(self)
    for (x, w) in rows { state.add(x, weight: w) }
    return try state.midpoint()
  }

  /// F(m), the step −grad F(m) = Σ w log_m(x)/Σ w and its Riemannian norm.
  func slope(at m: BallPoint, _ rows: Weighted) -> (value: Double, step: [Double], norm: Double) {
    var value = 0.0
    var total = 0.0
    var step = scaled(0, m.at)
    for (x, w) in rows {
      let d = distance(m, x)
      value += w * d * d / 2
      accumulate(w, logarithm(m, x), into: &step)
      total += w
    }
    let mean = scaled(1 / total, step)
    return (value / total, mean, 2 / m.gap * norm(mean))
  }
}

/// The end of a search for the Fréchet mean.
public struct FrechetDescent<Scalar: RealScalar> {
  /// The mean, `dim` coordinates.
  public let mean: [Scalar]
  /// The Riemannian norm of the gradient there, before rounding to `Scalar`: a bound on the distance to the
  /// true mean.
  public let gradientNorm: Double
  /// Steps tried.
  public let iterations: Int
  /// Whether `gradientNorm` reached the tolerance.
  public let converged: Bool
}

extension FrechetDescent: Sendable where Scalar: Sendable {}
