import CRuvectorSupport
import RuvectorCore
import RuvectorGeometry

/// Attention in a space other than ℝⁿ, in heads that are contiguous slices, each with a space of its own: what Hyperbolic,
/// Manifold, LorentzCascade and MixedCurvature share.
///
///     s_ij = −d(Q_i, K_j)/T   or   −d(Q_i, K_j)²/T        p = softmax(s)        o_i = mean(V, p_i)
///
/// Q, K, V are the points of the stored rows (`Manifold`), distances and means those of the head's space. A query that
/// sees no key gives 0.
/// - Complexity: O(m · n · d); memory beyond input and output 16 n · d bytes.
/// - Precision: Double throughout, rounded once.
public struct ManifoldHeads {
  let input: AttentionInput
  /// One a head.
  let spaces: [any Manifold]
  let temperature: Double
  let isSquared: Bool

  /// The first column of each head.
  private var starts: [Int] {
    var starts: [Int] = [], at = 0
    for space in spaces {
      starts.append(at)
      at += space.dim
    }
    return starts
  }

  // MARK: - Points

  /// Rows placed in a space: [rows, stride].
  private final class Points {
    let memory: AlignedBuffer<Double>
    let stride: Int

    init(_ x: MatrixView, _ space: any Manifold, from column: Int, _ name: String) throws(RuvectorError) {
      let (count, overflow) = x.rows.multipliedReportingOverflow(by: space.stride)
      guard !overflow else {
        throw .expected("sizes that fit in memory", for: name, received: "more", .outOfMemory)
      }
      memory = try AlignedBuffer(count: count, for: "points")
      stride = space.stride
      for r in 0..<x.rows {
        try requireFinite(x.row(r) + column, count: space.dim, for: "\(name)[\(r)]")
        space.place(x.row(r) + column, into: memory.pointer + r * stride)
      }
    }

    func point(_ r: Int) -> UnsafeMutablePointer<Double> { memory.pointer + r * stride }
  }

  /// One head with its keys and values placed.
  private final class Head {
    let space: any Manifold
    let column: Int
    let keys, values: Points

    init(_ input: AttentionInput, _ space: any Manifold, from column: Int) throws(RuvectorError) {
      (self.space, self.column) = (space, column)
      let keys = try Points(input.keys, space, from: column, "keys")
      self.keys = keys
      let isShared = input.values.base == input.keys.base && input.values.stride == input.keys.stride
      values = isShared ? keys : try Points(input.values, space, from: column, "values")
    }
  }

  private func heads() throws(RuvectorError) -> [Head] {
    var heads: [Head] = []
    for (space, start) in zip(spaces, starts) { heads.append(try Head(input, space, from: start)) }
    return heads
  }

  /// Memory for one query.
  private final class Scratch {
    let query: AlignedBuffer<Double>
    /// d_ij and p_ij of the keys in `range`.
    let distances, weights: AlignedBuffer<Double>
    var range = 0..<0

    init(stride: Int, keys n: Int) throws(RuvectorError) {
      query = try AlignedBuffer(count: stride)
      distances = try AlignedBuffer(count: n)
      weights = try AlignedBuffer(count: n)
    }
  }

  private func scratch() throws(RuvectorError) -> Scratch {
    try Scratch(stride: spaces.reduce(0) { max($0, $1.stride) }, keys: input.keys.rows)
  }

  // MARK: - One query

  /// Distances and weights of query `i`; false where it sees nothing.
  private func weigh(_ i: Int, _ head: Head, _ work: Scratch) throws(RuvectorError) -> Bool {
    let space = head.space, q = input.queries.row(i) + head.column, range = input.keys(of: i)
    try requireFinite(q, count: space.dim, for: "queries[\(i)]")
    space.place(q, into: work.query.pointer)
    work.range = range
    let d = work.distances.pointer, w = work.weights.pointer
    var top = -Double.infinity, isFinite = true
    for (at, j) in range.enumerated() {
      d[at] = 0
      w[at] = -.infinity
      guard input.shows(i, j) else { continue }
      d[at] = space.distance(work.query.pointer, head.keys.point(j))
      w[at] = -(isSquared ? d[at] * d[at] : d[at]) / temperature
      isFinite = isFinite && w[at].isFinite
      top = max(top, w[at])
    }
    guard isFinite else {
      throw .expected("distances that fit in Double", for: "keys", received: "an overflow", .outOfRange)
    }
    guard top > -.infinity else { return false }
    var total = 0.0
    for at in 0..<range.count {
      w[at] = Double.exp(w[at] - top)
      total += w[at]
    }
    for at in 0..<range.count { w[at] /= total }
    return true
  }

  private func points(_ head: Head, _ work: Scratch) -> WeightedPoints {
    WeightedPoints(
      head.values.point(work.range.lowerBound), stride: head.values.stride, weights: work.weights.pointer,
      count: work.range.count)
  }

  // MARK: - Forward

  /// `out` [m, Σ dim].
  func forward(into out: UnsafeMutablePointer<Float>, _ control: Control) throws(RuvectorError) {
    let heads = try heads(), width = input.values.dim
    try forChunks(of: input.queries.rows, control) { (queries, _) throws(RuvectorError) in
      let work = try scratch()
      var mean = [Double](repeating: 0, count: width)
      for i in queries {
        for head in heads {
          let o = out + i * width + head.column
          guard try weigh(i, head, work) else {
            o.update(repeating: 0, count: head.space.dim)
            continue
          }
          head.space.mean(points(head, work), into: &mean)
          for c in 0..<head.space.dim { o[c] = Float(mean[c]) }
        }
      }
    }
  }

  /// `out` [heads, m, n].
  func weights(into out: UnsafeMutablePointer<Float>, _ control: Control) throws(RuvectorError) {
    let heads = try heads(), m = input.queries.rows, n = input.keys.rows
    try forChunks(of: m, control) { (queries, _) throws(RuvectorError) in
      let work = try scratch()
      for (h, head) in heads.enumerated() {
        for i in queries {
          let row = out + (h * m + i) * n
          row.update(repeating: 0, count: n)
          guard try weigh(i, head, work) else { continue }
          for (at, j) in work.range.enumerated() { row[j] = Float(work.weights[at]) }
        }
      }
    }
  }

  // MARK: - Backward

  /// Adds the gradients; those of the spaces' parameters, one head after the other, go to `parameters` in Double.
  ///
  /// With ω_j = ∂L/∂p_j through the mean: ∂L/∂s_j = p_j (ω_j − Σ p ω), then ∂L/∂d_j = −∂L/∂s_j/T (times 2 d_j where
  /// squared).
  func backward(
    outputGradient: UnsafePointer<Float>, into gradients: AttentionGradients,
    parameters: UnsafeMutablePointer<Double>, _ control: Control
  ) throws(RuvectorError) {
    let heads = try heads(), width = input.values.dim
    var starts: [Int] = [], at = 0
    for head in heads {
      starts.append(at)
      at += head.space.parameterCount
    }
    try forChunks(of: heads.count, chunk: 1, control) { (part, _) throws(RuvectorError) in
      let h = part.lowerBound, head = heads[h]
      let toKeys = try AlignedBuffer<Double>(count: head.keys.memory.count, repeating: 0, for: "gradients")
      let toValues = try AlignedBuffer<Double>(count: head.values.memory.count, repeating: 0, for: "gradients")
      let work = try scratch()
      for i in 0..<input.queries.rows {
        if i % 16 == 0 { try control.check() }
        try backward(
          i, head, work, outputGradient + i * width, gradients, toKeys.pointer, toValues.pointer,
          parameters + starts[h])
      }
      func pull(_ x: MatrixView, _ points: Points, _ g: UnsafePointer<Double>, _ out: UnsafeMutablePointer<Float>?) {
        guard let out else { return }
        for r in 0..<x.rows {
          head.space.addPlaceGradient(
            x.row(r) + head.column, points.point(r), g + r * points.stride, into: out + r * x.dim + head.column)
        }
      }
      pull(input.keys, head.keys, toKeys.pointer, gradients.keys)
      pull(input.values, head.values, toValues.pointer, gradients.values)
    }
  }

  private func backward(
    _ i: Int, _ head: Head, _ work: Scratch, _ outputGradient: UnsafePointer<Float>, _ gradients: AttentionGradients,
    _ toKeys: UnsafeMutablePointer<Double>, _ toValues: UnsafeMutablePointer<Double>,
    _ parameters: UnsafeMutablePointer<Double>
  ) throws(RuvectorError) {
    guard try weigh(i, head, work) else { return }
    let space = head.space, range = work.range
    let g = (0..<space.dim).map { Double(outputGradient[head.column + $0]) }
    var ω = [Double](repeating: 0, count: range.count)
    space.addMeanGradient(
      g, points(head, work), points: toValues + range.lowerBound * head.values.stride, weights: &ω,
      parameters: parameters)
    var average = 0.0
    for at in 0..<range.count { average += work.weights[at] * ω[at] }
    var toQuery = [Double](repeating: 0, count: space.stride)
    for (at, j) in range.enumerated() where work.weights[at] != 0 {
      let slope = -work.weights[at] * (ω[at] - average) / temperature * (isSquared ? 2 * work.distances[at] : 1)
      space.addDistanceGradient(
        slope, work.query.pointer, head.keys.point(j), p: &toQuery, q: toKeys + j * head.keys.stride,
        parameters: parameters)
    }
    if let out = gradients.queries {
      space.addPlaceGradient(
        input.queries.row(i) + head.column, work.query.pointer, toQuery,
        into: out + i * input.queries.dim + head.column)
    }
  }
}
