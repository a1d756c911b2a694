import CRuvectorSupport
import RuvectorCore
import RuvectorGeometry

/// The scores of ``DualSpace`` for one call, and their gradient.
final class DualScores {
  let layer: DualSpace
  let input: AttentionInput
  /// W_eᵀ W_e q [m, d], or the queries.
  private let folded: Rows?
  /// W_h q, W_h k, or R q, R k with the triangular factor of W_h, or the rows themselves.
  let queryPoints: MatrixView
  private(set) var keyPoints: MatrixView
  private var owners: [Rows]
  private let queries: BallRows
  /// nil: see `ready`.
  private var keys: BallRows?
  /// With projections and few queries: both scores [m, n], and W_h k nowhere.
  private var ready: (euclidean: Rows, hyperbolic: Rows)?
  private let ball: Ball
  /// R where it stands for W_h.
  private let triangle: Triangle?
  private var map: UnsafePointer<Float>? {
    (triangle?.rows.pointer ?? layer.projections?.hyperbolic.pointer).map { UnsafePointer($0) }
  }

  /// `keepsKeys`: what a gradient needs. (What may throw comes before the object or after it: Embedded Swift keeps the memory
  /// of one that is half made.)
  static func make(
    _ layer: DualSpace, _ input: AttentionInput, keepsKeys: Bool = false, _ control: Control
  ) throws(RuvectorError) -> DualScores {
    let ball = Ball(c: -layer.curvature, projection: .clip)
    guard let p = layer.projections else {
      let scores = DualScores(layer, input, ball, nil, nil, nil, try BallRows(input.queries, ball, "queries"))
      scores.keys = try BallRows(input.keys, ball, "keys")
      return scores
    }
    let d = layer.dim, folded = try Rows(input.queries.rows, d)
    let inner = try DualSpace.project(input.queries, p.euclidean.pointer, control)
    try gemm(
      m: input.queries.rows, n: d, k: d, .rows(inner.memory.pointer, stride: d),
      .rows(p.euclidean.pointer, stride: d), folded.memory.pointer, cStride: d, threads: control.threads)
    let triangle =
      keepsKeys ? nil : try p.triangle.triangle(of: p.hyperbolic.pointer, dim: d, forRows: input.keys.rows)
    let q = try DualSpace.project(input.queries, triangle?.rows.pointer ?? p.hyperbolic.pointer, control)
    try q.require(from: input.queries, "queries")
    let scores = DualScores(layer, input, ball, triangle, folded, q, try BallRows(q.view, ball, "queries"))
    if keepsKeys || 2 * input.queries.rows > d {
      try scores.project(control)
      scores.keys = try BallRows(scores.keyPoints, ball, "keys")
    } else {
      try scores.readBlocks(control)
    }
    return scores
  }

  private init(
    _ layer: DualSpace, _ input: AttentionInput, _ ball: Ball, _ triangle: Triangle?, _ folded: Rows?, _ points: Rows?,
    _ queries: BallRows
  ) {
    (self.layer, self.input, self.ball, self.triangle) = (layer, input, ball, triangle)
    (self.folded, self.queries) = (folded, queries)
    (queryPoints, keyPoints, owners) = (points?.view ?? input.queries, input.keys, points.map { [$0] } ?? [])
  }

  /// W_h k of all keys.
  private func project(_ control: Control) throws(RuvectorError) {
    guard let map else { return }
    let k = try DualSpace.project(input.keys, map, control)
    try k.require(from: input.keys, "keys")
    keyPoints = k.view
    owners.append(k)
  }

  private func packedMap() throws(RuvectorError) -> PackedMatrix? {
    if let triangle { return triangle.map }
    guard let map else { return nil }
    return try PackedMatrix(.transposed(map, stride: layer.dim), rows: layer.dim, columns: layer.dim)
  }

  /// Both scores, W_h k of some 70 keys at a time: used while it lies in the inner caches. The bits are those of projected
  /// keys in memory.
  private func readBlocks(_ control: Control) throws(RuvectorError) {
    let d = layer.dim, m = input.queries.rows, n = input.keys.rows
    let euclidean = try Rows(m, n), hyperbolic = try Rows(m, n)
    guard let map = try packedMap() else { return }
    try forChunks(of: n, chunk: 8 * map.blockRows, control) { (chunk, _) throws(RuvectorError) in
      let z = try Rows(map.blockRows, d), scratch = try map.scratch()
      var first = chunk.lowerBound
      while first < chunk.upperBound {
        let end = min(first + map.blockRows, chunk.upperBound), count = end - first
        let rows = input.keys.slice(first..<end)
        map.multiply(
          .rows(rows.base, stride: rows.stride), rows: count, into: z.memory.pointer, cStride: d, scratch: scratch)
        if Kernels.current.non_finite_probe(z.memory.pointer, count * d) != 0 {
          for r in 0..<count { try requireFinite(rows.row(r), count: d, for: "keys[\(first + r)]") }
          throw .expected("a result that fits in Float", for: "keys", received: "an overflow", .outOfRange)
        }
        let keys = try BallRows(z.view.slice(0..<count), ball, "keys")
        for i in 0..<m {
          let seen = input.keys(of: i).clamped(to: first..<end)
          guard !seen.isEmpty else { continue }
          read(
            i, seen, keys, from: first, euclidean: euclidean.row(i) + seen.lowerBound,
            hyperbolic: hyperbolic.row(i) + seen.lowerBound)
        }
        first = end
      }
    }
    ready = (euclidean, hyperbolic)
  }

  /// Memory for one query.
  final class Scratch {
    let weights, distances: AlignedBuffer<Float>
    var range = 0..<0

    init(_ input: AttentionInput) throws(RuvectorError) {
      weights = try AlignedBuffer(count: input.keys.rows, for: "weights")
      distances = try AlignedBuffer(count: input.keys.rows, for: "weights")
    }
  }

  /// (W_e q · W_e k)/√d and −d of one query and some keys.
  func read(
    _ i: Int, _ range: Range<Int>, euclidean: UnsafeMutablePointer<Float>, hyperbolic: UnsafeMutablePointer<Float>
  ) {
    if let ready {
      euclidean.update(from: ready.euclidean.row(i) + range.lowerBound, count: range.count)
      hyperbolic.update(from: ready.hyperbolic.row(i) + range.lowerBound, count: range.count)
    } else if let keys {
      read(i, range, keys, from: 0, euclidean: euclidean, hyperbolic: hyperbolic)
    }
  }

  /// The same; `keys` begin with number `first`.
  private func read(
    _ i: Int, _ range: Range<Int>, _ keys: BallRows, from first: Int, euclidean: UnsafeMutablePointer<Float>,
    hyperbolic: UnsafeMutablePointer<Float>
  ) {
    let kernels = Kernels.current, d = layer.dim, count = range.count, k = keys.view, start = range.lowerBound - first
    let q = folded.map { UnsafePointer($0.row(i)) } ?? input.queries.row(i)
    kernels.dot_rows(q, input.keys.row(range.lowerBound), input.keys.stride, count, d, euclidean)
    kernels.scale(1 / Float(d).squareRoot(), euclidean, euclidean, count)
    kernels.squared_l2_rows(queries.view.row(i), k.row(start), k.stride, count, d, hyperbolic)
    kernels.multiply(hyperbolic, keys.factors.pointer + start, hyperbolic, count)
    kernels.poincare_distances(
      hyperbolic, Float(ball.c) * queries.factors[i], Float(-2 / ball.c.squareRoot()), hyperbolic, count)
  }

  /// p of query `i`; false where it sees nothing.
  func weigh(_ i: Int, _ work: Scratch) throws(RuvectorError) -> Bool {
    let range = input.keys(of: i), count = range.count, kernels = Kernels.current
    let p = work.weights.pointer, t = Float(layer.temperature)
    work.range = range
    read(i, range, euclidean: p, hyperbolic: work.distances.pointer)
    kernels.scale(Float(layer.euclideanWeight) / t, p, p, count)
    kernels.axpy(Float(layer.hyperbolicWeight) / t, work.distances.pointer, p, count)
    if kernels.non_finite_probe(p, count) != 0 { try exactScores(i, range, into: p) }
    var seen = input.mask == nil && count > 0
    if input.mask != nil {
      for (at, j) in range.enumerated() { if input.shows(i, j) { seen = true } else { p[at] = -.infinity } }
    }
    guard seen else { return false }
    let sum = kernels.exponential_sum(p, kernels.maximum(p, count), 1, p, count)
    kernels.scale(1 / sum, p, p, count)
    return true
  }

  /// The scores in Double, up to a constant: the first place where NaN and infinity are looked for.
  private func exactScores(_ i: Int, _ range: Range<Int>, into p: UnsafeMutablePointer<Float>) throws(RuvectorError) {
    let d = layer.dim, space = try PoincareManifold(dim: d, curvature: layer.curvature)
    let a = try AlignedBuffer<Double>(count: space.stride), b = try AlignedBuffer<Double>(count: space.stride)
    try requireFinite(input.queries.row(i), count: d, for: "queries[\(i)]")
    func mapped(_ x: UnsafePointer<Float>) -> [Double] {
      guard let w = layer.projections?.euclidean else { return (0..<d).map { Double(x[$0]) } }
      return (0..<d).map { r in (0..<d).reduce(0) { $0 + Double(w[r * d + $1]) * Double(x[$1]) } }
    }
    let q = mapped(input.queries.row(i)), point = try AlignedBuffer<Float>(count: d)
    space.place(queryPoints.row(i), into: a.pointer)
    var exact: [Double] = []
    for j in range {
      try requireFinite(input.keys.row(j), count: d, for: "keys[\(j)]")
      if ready != nil, let map {
        let k = try DualSpace.project(input.keys.slice(j..<(j + 1)), map, .none)
        point.pointer.update(from: k.row(0), count: d)
      } else {
        point.pointer.update(from: keyPoints.row(j), count: d)
      }
      space.place(point.pointer, into: b.pointer)
      let k = mapped(input.keys.row(j))
      let dot = (0..<d).reduce(0.0) { $0 + q[$1] * k[$1] } / Double(d).squareRoot()
      let distance = space.distance(a.pointer, b.pointer)
      exact.append((layer.euclideanWeight * dot - layer.hyperbolicWeight * distance) / layer.temperature)
    }
    var top = -Double.infinity
    for (at, j) in range.enumerated() where input.shows(i, j) { top = max(top, exact[at]) }
    for at in exact.indices { p[at] = Float(exact[at] - top) }
    for at in exact.indices where p[at].isNaN || p[at] == .infinity { p[at] = -.infinity }
  }
}

extension DualSpace {
  // MARK: - Gradient

  /// With g = W_oᵀ dL/do, ds_j = p_j (g·v_j − g·Σ p v)/T:
  ///
  ///     dW_o = dL/do (Σ p v)ᵀ     dv_j += p_j g
  ///     with Q = W_e q, K = W_e k:   dQ += ds ω_E/√d K,  dK += ds ω_E/√d Q,  dW_e = dQ qᵀ + dK kᵀ
  ///     with points W_h q, W_h k:   −ds ω_H ∂d (`PoincareManifold`), and W_h as W_e
  public func backward(
    _ input: AttentionInput, outputGradient: UnsafePointer<Float>, into gradients: AttentionGradients,
    _ control: Control
  ) throws(RuvectorError) {
    let scores = try DualScores.make(self, input, keepsKeys: true, control)
    let work = try DualScores.Scratch(input), kernels = Kernels.current
    let m = input.queries.rows, n = input.keys.rows, v = input.values.dim
    let space = try PoincareManifold(dim: dim, curvature: curvature)
    let euclidean = try projections.map { (p) throws(RuvectorError) in
      (
        try Self.project(input.queries, p.euclidean.pointer, control),
        try Self.project(input.keys, p.euclidean.pointer, control)
      )
    }
    let Q = euclidean?.0.view ?? input.queries, K = euclidean?.1.view ?? input.keys
    let points = try AlignedBuffer<Double>(count: (m + n) * space.stride, for: "points")
    let toPoints = try AlignedBuffer<Double>(count: (m + n) * space.stride, repeating: 0, for: "gradients")
    let k0 = m * space.stride
    for i in 0..<m { space.place(scores.queryPoints.row(i), into: points.pointer + i * space.stride) }
    for j in 0..<n { space.place(scores.keyPoints.row(j), into: points.pointer + k0 + j * space.stride) }
    let toQ = try Rows(m, dim), toK = try Rows(n, dim), mixed = try Rows(m, v), g = try Rows(m, v)
    for rows in [toQ, toK, mixed, g] { rows.zero() }
    if let projections {
      try gemm(
        m: m, n: dim, k: dim, .rows(outputGradient, stride: dim), .rows(projections.output.pointer, stride: dim),
        g.memory.pointer, cStride: dim, threads: control.threads)
    } else {
      g.memory.pointer.update(from: outputGradient, count: m * v)
    }
    let δ = try AlignedBuffer<Float>(count: n), scale = Float(euclideanWeight / Double(dim).squareRoot())
    var curvatureGradient = 0.0
    for i in 0..<m {
      if i % 16 == 0 { try control.check() }
      guard try scores.weigh(i, work) else { continue }
      let range = work.range, p = work.weights
      kernels.combine_rows(
        p.pointer, input.values.row(range.lowerBound), input.values.stride, range.count, v, mixed.row(i))
      kernels.dot_rows(g.row(i), input.values.row(range.lowerBound), input.values.stride, range.count, v, δ.pointer)
      let mean = kernels.dot(g.row(i), mixed.row(i), v)
      for (at, j) in range.enumerated() where p[at] != 0 {
        if let out = gradients.values { kernels.axpy(p[at], g.row(i), out + j * v, v) }
        let ds = p[at] * (δ[at] - mean) / Float(temperature)
        kernels.axpy(ds * scale, K.row(j), toQ.row(i), dim)
        kernels.axpy(ds * scale, Q.row(i), toK.row(j), dim)
        let a = i * space.stride, b = k0 + j * space.stride
        space.addDistanceGradient(
          -Double(ds) * hyperbolicWeight, points.pointer + a, points.pointer + b, p: toPoints.pointer + a,
          q: toPoints.pointer + b, parameters: &curvatureGradient)
      }
    }
    let toQueryPoints = try Rows(m, dim), toKeyPoints = try Rows(n, dim)
    let sides = [
      (input.queries, scores.queryPoints, toQ, toQueryPoints, 0, gradients.queries),
      (input.keys, scores.keyPoints, toK, toKeyPoints, k0, gradients.keys),
    ]
    for (x, placed, flat, curved, start, place) in sides {
      curved.zero()
      for r in 0..<x.rows {
        let at = start + r * space.stride
        space.addPlaceGradient(placed.row(r), points.pointer + at, toPoints.pointer + at, into: curved.row(r))
      }
      try pull(x, flat, projections?.euclidean, into: place, parameters: gradients.parameters, control)
      try pull(x, curved, projections?.hyperbolic, into: place, parameters: gradients.parameters, control)
    }
    if let output = projections?.output, let out = gradients.parameters?[output] {
      try gemm(
        m: dim, n: dim, k: m, .transposed(outputGradient, stride: dim), .rows(mixed.memory.pointer, stride: dim),
        out, cStride: dim, accumulate: true, threads: control.threads)
    }
    withExtendedLifetime((euclidean, scores)) {}
  }

  /// Through y = W x (nil: y = x): dX += dY W, dW += dYᵀ X.
  private func pull(
    _ x: MatrixView, _ g: Rows, _ weight: Parameter?, into dX: UnsafeMutablePointer<Float>?,
    parameters: Gradients?, _ control: Control
  ) throws(RuvectorError) {
    guard let weight else {
      if let dX { Kernels.current.add(dX, g.memory.pointer, dX, g.memory.count) }
      return
    }
    if let dX {
      try gemm(
        m: x.rows, n: dim, k: dim, .rows(g.memory.pointer, stride: dim), .rows(weight.pointer, stride: dim), dX,
        cStride: dim, accumulate: true, threads: control.threads)
    }
    if let parameters {
      try gemm(
        m: dim, n: dim, k: x.rows, .transposed(g.memory.pointer, stride: dim), .rows(x.base, stride: x.stride),
        parameters[weight], cStride: dim, accumulate: true, threads: control.threads)
    }
  }
}
