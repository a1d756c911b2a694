import CRuvectorSupport
import RuvectorCore

/// Puts the candidates of a search in another order: attention of a query to them over learned projections, beside the scores that the
/// first stage gave,
///
///     t = Bᵀ A q      s_j = scale · first_j + ⟨t, x_j⟩      p = softmax(s)
///
/// q [dim] the query, x_j [dim] the candidates, A ("query") and B ("key") [rank, dim]: ⟨t, x⟩ = (A q)·(B x) is the logit of one head of
/// `rank` numbers. Only the query is projected: what a search costs beyond its candidates' dot products is 2 · rank · dim. B begins as
/// zeros, so that a new ranker keeps the order of the first stage.
///
/// "train" makes steps of AdamW on the listwise loss, weighted by how much relevance a list has: L = −Σ_j y_j ln p_j, its mean over the
/// lists of a step. Lists are drawn without repetition, in an order that the seed decides; the first 20 steps grow in length.
///
/// - Complexity: a step of b lists of k candidates costs O(b · dim · (rank + k)). Precision: Float, sums of softmax in Double.
///
/// Reference: Cao et al. 2007, "Learning to rank: from pairwise approach to listwise approach"; Vaswani et al. 2017, equation 1.
public final class BilinearRanker: Mechanism, @unchecked Sendable {
  // MARK: - Options

  public static let family: StaticString = "ranker"
  public static let name: StaticString = "bilinear"
  public static let options = [
    Option("dim", .integer(1...16384), "Width of queries and candidates."),
    Option("rank", .integer(1...4096), standard: 128, "Width in which they are compared."),
    Option("scale", .number(0...1000), standard: 1.5, "Of the first stage's scores, to begin with."),
    Option("seed", .seed, standard: 0, "Of the initial weights."),
  ]
  /// Lists of candidates by their numbers among `rows`, one list after the other: n · k of them.
  private static let lists = [
    Port("queries", ["n", "dim"]), Port("rows", ["m", "dim"]), Port("places", ["entries"], .uint32),
    Port("first", ["n", "k"]),
  ]
  public static let operations = [
    Operation("forward", lists, [Port("scores", ["n", "k"])]),
    Operation("project", [Port("queries", ["n", "dim"])], [Port("projected", ["n", "dim"])]),
    // The loss of the lists, and its gradient.
    Operation(
      "gradients", lists + [Port("relevance", ["n", "k"])], [Port("loss", [1]), Port("parameters", ["parameters"])]),
    // Steps from plan[0] on, plan[1] of them, of plan[2] lists; learning rate, weight decay, number of the order.
    Operation(
      "train", lists + [Port("relevance", ["n", "k"]), Port("plan", [6], .float64)], [Port("loss", [1])],
      changesMember: true),
  ]
  private static let warmUp = 20

  public static func slots(_ settings: Settings) -> [Slot] {
    let dim = settings.integer("dim"), rank = settings.integer("rank")
    return [
      Slot("query", [rank, dim], .xavierNormal(fanIn: dim, fanOut: dim)),
      Slot("key", [rank, dim], .zeros), Slot("scale", [1], .zeros),
    ]
  }

  // MARK: - Creation

  public let parameters: Parameters
  public let optionValues: [Double]
  public let seed: UInt64
  private let query: Parameter, key: Parameter, scale: Parameter
  private let dim: Int, rank: Int
  private let lock: Lock
  /// Means of gradients and their squares, from the first step on.
  private var moments: AlignedBuffer<Float>?

  public convenience init(_ settings: Settings) throws(RuvectorError) {
    self.init(settings, try Parameters(Self.slots(settings), seed: settings.seed("seed")), try Lock())
    scale[0] = Float(settings.number("scale"))
  }

  private init(_ settings: Settings, _ parameters: Parameters, _ lock: Lock) {
    (self.parameters, self.lock) = (parameters, lock)
    (query, key, scale) = (parameters["query"], parameters["key"], parameters["scale"])
    (dim, rank) = (settings.integer("dim"), settings.integer("rank"))
    seed = settings.seed("seed")
    optionValues = [Double(dim), Double(rank), settings.number("scale"), settings.number("seed")]
  }

  public func size(of side: StaticString) -> Int? { side.matches("dim") ? dim : nil }

  // MARK: - Calls

  public func perform(_ call: Call, _ control: Control) throws(RuvectorError) -> Int {
    if call.isNamed("project") {
      guard let q = try call.matrix("queries") else { return 0 }
      let projected = try AlignedBuffer<Float>(rows: q.rows, columns: rank, for: "projected")
      try project(q, projected.pointer, try call.output(), control)
    } else if call.isNamed("forward") {
      let lists = try Lists(call), batch = try Batch(lists.n, lists.k, dim: dim, rank: rank)
      let all = UnsafeBufferPointer(start: nil as UnsafePointer<UInt32>?, count: 0)
      try forward(lists, all, batch, control)
      try call.output().update(from: batch.scores.pointer, count: lists.n * lists.k)
    } else if call.isNamed("gradients") {
      let lists = try Lists(call), batch = try Batch(lists.n, lists.k, dim: dim, rank: rank)
      let all = UnsafeBufferPointer(start: nil as UnsafePointer<UInt32>?, count: 0)
      guard let loss = try call.output("loss"), let to = try call.output("parameters") else { return 0 }
      to.update(repeating: 0, count: parameters.total)
      loss[0] = Float(try backward(lists, all, batch, Gradients(to), control))
    } else {
      try train(call, control)
    }
    try call.requireFiniteOutput()
    return call.outputCount
  }

  /// The caller's buffers, checked.
  private struct Lists {
    let queries: MatrixView
    let rows: MatrixView
    let places: UnsafeBufferPointer<UInt32>
    let first: MatrixView
    let relevance: MatrixView?
    var n: Int { first.rows }
    var k: Int { first.dim }

    init(_ call: Call) throws(RuvectorError) {
      guard let queries = try call.matrix("queries"), let rows = try call.matrix("rows"),
        let places = try call.indices("places"), let first = try call.matrix("first")
      else { throw .expected("lists", for: "queries", received: "none", .emptyInput) }
      (self.queries, self.rows, self.places, self.first) = (queries, rows, places, first)
      relevance = call.isNamed("forward") ? nil : try call.matrix("relevance")
      guard first.rows > 0, first.dim > 0 else {
        throw .expected("at least 1 candidate of 1 query", for: "first", received: "none", .emptyInput)
      }
      guard places.count == first.rows * first.dim else {
        throw .dimension("places", expected: first.rows * first.dim, received: places.count)
      }
      for (i, place) in places.enumerated() where place >= rows.rows {
        throw .expected("numbers below \(rows.rows)", for: "places[\(i)]", received: "\(place)", .outOfRange)
      }
    }
  }

  /// Memory of some lists at once.
  private final class Batch {
    let queries, inner, projected, toProjected, toInner, scores: AlignedBuffer<Float>
    let losses, ofScale: AlignedBuffer<Double>
    let lists: Int

    init(_ lists: Int, _ k: Int, dim: Int, rank: Int) throws(RuvectorError) {
      self.lists = lists
      queries = try AlignedBuffer(rows: lists, columns: dim, for: "batch")
      inner = try AlignedBuffer(rows: lists, columns: rank, for: "batch")
      projected = try AlignedBuffer(rows: lists, columns: dim, for: "batch")
      toProjected = try AlignedBuffer(rows: lists, columns: dim, for: "batch")
      toInner = try AlignedBuffer(rows: lists, columns: rank, for: "batch")
      scores = try AlignedBuffer(rows: lists, columns: k, for: "batch")
      losses = try AlignedBuffer(count: lists, for: "batch")
      ofScale = try AlignedBuffer(count: lists, for: "batch")
    }
  }

  // MARK: - Forward

  /// A q to `inner` and Bᵀ A q to `out`.
  private func project(
    _ q: MatrixView, _ inner: UnsafeMutablePointer<Float>, _ out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    if q.rows < 4 {  // a search: panels would not pay
      let kernels = Kernels.current
      for i in 0..<q.rows {
        let to = out + i * dim
        to.update(repeating: 0, count: dim)
        kernels.dot_rows(q.row(i), query.pointer, dim, rank, dim, inner + i * rank)
        kernels.combine_rows(inner + i * rank, key.pointer, dim, rank, dim, to)
      }
      return
    }
    try gemm(
      m: q.rows, n: rank, k: dim, .rows(q.row(0), stride: q.stride), .transposed(query.pointer, stride: dim), inner,
      cStride: rank, threads: control.threads)
    try gemm(
      m: q.rows, n: dim, k: rank, .rows(UnsafePointer(inner), stride: rank), .rows(key.pointer, stride: dim), out,
      cStride: dim, threads: control.threads)
  }

  /// The scores of the lists with these numbers (none: of all of them).
  private func forward(
    _ lists: Lists, _ chosen: UnsafeBufferPointer<UInt32>, _ batch: Batch, _ control: Control
  ) throws(RuvectorError) {
    let b = batch.lists, k = lists.k, kernels = Kernels.current
    func number(_ i: Int) -> Int { chosen.isEmpty ? i : Int(chosen[i]) }
    for i in 0..<b {
      (batch.queries.pointer + i * dim).update(from: lists.queries.row(number(i)), count: dim)
    }
    try project(
      MatrixView(batch.queries.pointer, rows: b, dim: dim), batch.inner.pointer, batch.projected.pointer, control)
    try forChunks(of: b, chunk: 8, control) { (range, _) throws(RuvectorError) in
      for i in range {
        let t = batch.projected.pointer + i * dim, out = batch.scores.pointer + i * k, list = number(i)
        let first = lists.first.row(list)
        for j in 0..<k {
          let x = lists.rows.row(Int(lists.places[list * k + j]))
          out[j] = scale[0] * first[j] + kernels.dot(t, x, dim)
        }
      }
    }
  }

  // MARK: - Gradient

  /// The loss; its gradients are added.
  private func backward(
    _ lists: Lists, _ chosen: UnsafeBufferPointer<UInt32>, _ batch: Batch, _ to: Gradients, _ control: Control
  ) throws(RuvectorError) -> Double {
    guard let relevance = lists.relevance else { return 0 }
    let b = batch.lists, k = lists.k, kernels = Kernels.current
    try forward(lists, chosen, batch, control)
    try forChunks(of: b, chunk: 8, control) { (range, _) throws(RuvectorError) in
      for i in range {
        let s = batch.scores.pointer + i * k, g = batch.toProjected.pointer + i * dim
        let list = chosen.isEmpty ? i : Int(chosen[i]), y = relevance.row(list), first = lists.first.row(list)
        var most = -Float.infinity, mass = 0.0, sum = 0.0, loss = 0.0, ofScale = 0.0
        for j in 0..<k { most = max(most, s[j]) }
        for j in 0..<k { sum += rv_exp(Double(s[j] - most)) }
        let logSum = rv_log(sum)
        for j in 0..<k {
          mass += Double(y[j])
          loss += Double(y[j]) * (logSum - Double(s[j] - most))
        }
        g.update(repeating: 0, count: dim)
        for j in 0..<k {
          let d = (rv_exp(Double(s[j] - most)) / sum * mass - Double(y[j])) / Double(b)
          kernels.axpy(Float(d), lists.rows.row(Int(lists.places[list * k + j])), g, dim)
          ofScale += d * Double(first[j])
        }
        (batch.losses[i], batch.ofScale[i]) = (loss, ofScale)
      }
    }
    // dB += (A q)ᵀ dt; d(A q) = B dt; dA += d(A q)ᵀ q.
    let dt = batch.toProjected.pointer, threads = control.threads
    try gemm(
      m: rank, n: dim, k: b, .transposed(batch.inner.pointer, stride: rank), .rows(dt, stride: dim), to[key],
      cStride: dim, accumulate: true, threads: threads)
    try gemm(
      m: b, n: rank, k: dim, .rows(dt, stride: dim), .transposed(key.pointer, stride: dim), batch.toInner.pointer,
      cStride: rank, threads: threads)
    try gemm(
      m: rank, n: dim, k: b, .transposed(batch.toInner.pointer, stride: rank),
      .rows(batch.queries.pointer, stride: dim), to[query], cStride: dim, accumulate: true, threads: threads)
    var loss = 0.0, ofScale = 0.0
    for i in 0..<b { (loss, ofScale) = (loss + batch.losses[i], ofScale + batch.ofScale[i]) }
    to[scale][0] += Float(ofScale)
    return loss / Double(b)
  }

  // MARK: - Training

  private func train(_ call: Call, _ control: Control) throws(RuvectorError) {
    let lists = try Lists(call), plan = try Plan(call.buffers[5].doubles("plan"), lists: lists.n)
    let out = try call.output(), total = parameters.total
    guard lock.tryAcquire() else {
      throw RuvectorError(.busy, "expected one training at a time of a ranker, received another")
    }
    defer { lock.release() }
    if plan.from == 0 || moments == nil { moments = try AlignedBuffer(count: 2 * total, repeating: 0, for: "moments") }
    guard let moments else { return }
    let batch = try Batch(plan.batch, lists.k, dim: dim, rank: rank), kernels = Kernels.current
    let gradients = try AlignedBuffer<Float>(count: total, for: "gradients")
    let order = try AlignedBuffer<UInt32>(count: lists.n, for: "order")
    var round = -1, sum = 0.0
    for step in plan.from..<plan.from + plan.steps {
      try control.check()
      let perRound = lists.n / plan.batch
      if step / perRound != round {
        round = step / perRound
        shuffle(order, seed: plan.seed, round)
      }
      let chosen = UnsafeBufferPointer(
        start: UnsafePointer(order.pointer) + step % perRound * plan.batch, count: plan.batch)
      gradients.pointer.update(repeating: 0, count: total)
      let to = Gradients(gradients.pointer)
      sum += try backward(lists, chosen, batch, to, control)
      let rate = plan.rate * min(1, Double(step + 1) / Double(Self.warmUp))
      var at = 0
      for (parameter, decay) in [(query, plan.decay), (key, plan.decay), (scale, 0)] {
        var constants = rv_adam(
          scale: 1, decay: 0, shrink: Float(1 - rate * decay), beta1: 0.9, beta2: 0.999, rest1: 0.1, rest2: 0.001,
          length: Float(rate / (1 - power(0.9, Double(step + 1)))),
          root: Float(1 / (1 - power(0.999, Double(step + 1))).squareRoot()), eps: 1e-8)
        kernels.adam_step(
          parameter.pointer, to[parameter], moments.pointer + at, moments.pointer + total + at, parameter.count,
          &constants)
        at += parameter.count
      }
    }
    out[0] = Float(sum / Double(plan.steps))
  }

  private func shuffle(_ order: AlignedBuffer<UInt32>, seed: UInt64, _ round: Int) {
    var random = Random(seed: seed &+ UInt64(round) &* 0x9e37_79b9_7f4a_7c15)
    for i in 0..<order.count { order[i] = UInt32(i) }
    var i = order.count - 1
    while i > 0 {
      let j = random.below(i + 1), other = order[j]
      order[j] = order[i]
      order[i] = other
      i -= 1
    }
  }

  private struct Plan {
    let from: Int, steps: Int, batch: Int
    let rate: Double, decay: Double
    let seed: UInt64

    init(_ given: [Double], lists: Int) throws(RuvectorError) {
      for (i, range) in [0...1e9, 1...1e6, 1...1e6, 0...1, 0...1000, 0...9e15].enumerated() {
        guard range.contains(given[i]), i == 3 || i == 4 || given[i] == Double(Int64(given[i])) else {
          throw .expected(
            "a number in \(text(range.lowerBound))...\(text(range.upperBound))", for: "plan[\(i)]",
            received: text(given[i]), .outOfRange)
        }
      }
      (from, steps, batch) = (Int(given[0]), Int(given[1]), min(Int(given[2]), lists))
      (rate, decay, seed) = (given[3], given[4], UInt64(given[5]))
    }
  }
}
