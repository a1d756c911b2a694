import CRuvectorSupport
import RuvectorCore

/// Which experts answer which query, and with what share: the table that a ``Router`` makes.
final class Routing {
  let queries, count, experts: Int
  /// [m, k]: the experts of a query, the best first; −1 where it has fewer than k.
  let chosen: AlignedBuffer<Int32>
  /// [m, k]: g, the softmax over the logits of a query's experts; each row sums to 1.
  let gates: AlignedBuffer<Float>
  /// [m, experts]: l.
  let logits: AlignedBuffer<Double>
  /// [m, experts]: p, the softmax over all logits.
  let probabilities: AlignedBuffer<Float>
  /// Places in `chosen`, expert after expert, those of one expert in the order of the queries.
  private let places: AlignedBuffer<UInt32>
  private let rows: AlignedBuffer<UInt32>
  private var starts: [Int]

  init(queries m: Int, count k: Int, experts: Int) throws(RuvectorError) {
    (queries, count, self.experts) = (m, k, experts)
    guard m <= Int(Int32.max) / (2 * max(k, experts)) else {
      throw .expected("at most 2^31 - 1 choices", for: "queries", received: "more", .outOfRange)
    }
    chosen = try AlignedBuffer(count: m * k, repeating: -1, for: "routing")
    gates = try AlignedBuffer(count: m * k, repeating: 0, for: "routing")
    logits = try AlignedBuffer(count: m * experts, for: "routing")
    probabilities = try AlignedBuffer(count: m * experts, for: "routing")
    places = try AlignedBuffer(count: m * k, for: "routing")
    rows = try AlignedBuffer(count: m * k, for: "routing")
    starts = [Int](repeating: 0, count: experts + 1)
  }

  /// Sorts the choices by experts, once all are made.
  func index() {
    for place in 0..<(queries * count) where chosen[place] >= 0 { starts[Int(chosen[place]) + 1] += 1 }
    for e in 0..<experts { starts[e + 1] += starts[e] }
    var next = starts
    for place in 0..<(queries * count) where chosen[place] >= 0 {
      let e = Int(chosen[place])
      places[next[e]] = UInt32(truncatingIfNeeded: place)
      rows[next[e]] = UInt32(truncatingIfNeeded: place / count)
      next[e] += 1
    }
  }

  /// Queries that expert `e` answers.
  func load(_ e: Int) -> Int { starts[e + 1] - starts[e] }
  /// Their numbers, rising, and their places in `chosen`.
  func rows(_ e: Int) -> UnsafePointer<UInt32> { UnsafePointer(rows.pointer + starts[e]) }
  func places(_ e: Int) -> UnsafePointer<UInt32> { UnsafePointer(places.pointer + starts[e]) }
}

extension Routing {
  /// [m, 2, k]: experts (−1: none), then shares; returns the numbers written.
  func write(into out: UnsafeMutablePointer<Float>) -> Int {
    for i in 0..<queries {
      for c in 0..<count {
        out[i * 2 * count + c] = Float(chosen[i * count + c])
        out[i * 2 * count + count + c] = gates[i * count + c]
      }
    }
    return 2 * queries * count
  }
}

/// A learned gate: logits l = W q + b, probabilities p = softmax(l/T) over the experts.
///
/// W [experts, d], b [experts]; softmax in Double.
struct Router {
  let linear: Linear
  var temperature = 1.0
  var experts: Int { linear.outDim }

  let parameters: Parameters

  /// Xavier-normal from the option `seed`, bias 0.
  static func slots(_ settings: Settings, experts: Int) -> [Slot] {
    Slot.linear("gate.weight", "gate.bias", settings.integer("dim"), experts)
  }

  init(_ settings: Settings, experts: Int, temperature: Double = 1) throws(RuvectorError) {
    parameters = try Parameters(Self.slots(settings, experts: experts), seed: settings.seed("seed"))
    linear = parameters.linear("gate.weight", "gate.bias")
    self.temperature = temperature
  }

  /// The `k` best experts of each query, none with more than `capacity` queries (nil: any number). Choices are made in
  /// rounds: every query's first, in the order of the queries, then every query's second; an expert that is full is passed
  /// over. Ties go to the lower number.
  func route(
    _ queries: MatrixView, best k: Int, capacity: Int? = nil, _ control: Control
  ) throws(RuvectorError) -> Routing {
    let m = queries.rows, E = experts, routing = try Routing(queries: m, count: k, experts: E)
    let logits = routing.logits.pointer
    try linear.applyExactly(rows: queries, into: logits, control)
    var room = [Int](repeating: capacity ?? m, count: E)
    for round in 0..<k {
      try control.check()
      for i in 0..<m {
        let mine = routing.chosen.pointer + i * k
        var best = -1
        for e in 0..<E where room[e] > 0 && (best < 0 || logits[i * E + e] > logits[i * E + best]) {
          var isNew = true
          for r in 0..<round where mine[r] == Int32(truncatingIfNeeded: e) { isNew = false }
          if isNew { best = e }
        }
        guard best >= 0 else { continue }
        mine[round] = Int32(truncatingIfNeeded: best)
        room[best] -= 1
      }
    }
    for i in 0..<m { share(i, logits + i * E, routing) }
    routing.index()
    return routing
  }

  /// p and g of query `i`. (l − max)/T: 0/T stays 0, and −∞ gives a share of 0.
  private func share(_ i: Int, _ logits: UnsafePointer<Double>, _ routing: Routing) {
    let E = experts, k = routing.count, chosen = routing.chosen.pointer + i * k
    var top = -Double.infinity, all = 0.0, sum = 0.0
    for e in 0..<E { top = max(top, logits[e]) }
    func power(_ e: Int, _ top: Double) -> Double { rv_exp((logits[e] - top) / temperature) }
    for e in 0..<E { all += power(e, top) }
    for e in 0..<E { routing.probabilities[i * E + e] = Float(power(e, top) / all) }
    guard k > 0, chosen[0] >= 0 else { return }
    let best = logits[Int(chosen[0])]
    for c in 0..<k where chosen[c] >= 0 { sum += power(Int(chosen[c]), best) }
    for c in 0..<k where chosen[c] >= 0 { routing.gates[i * k + c] = Float(power(Int(chosen[c]), best) / sum) }
  }

  // MARK: - Load balancing

  /// f_e: the share that expert e has of all the queries' `k` best choices, before any capacity.
  func choices(_ routing: Routing) -> [Double] {
    let m = routing.queries, E = experts, k = min(routing.count, E)
    var f = [Double](repeating: 0, count: E)
    for i in 0..<m {
      let l = routing.logits.pointer + i * E
      for e in 0..<E {
        var better = 0
        for other in 0..<E where l[other] > l[e] || (l[other] == l[e] && other < e) { better += 1 }
        if better < k { f[e] += 1 / Double(m * k) }
      }
    }
    return f
  }

  /// P_e: the mean of p over the queries.
  func means(_ routing: Routing) -> [Double] {
    let m = routing.queries, E = experts
    var P = [Double](repeating: 0, count: E)
    for i in 0..<m { for e in 0..<E { P[e] += Double(routing.probabilities[i * E + e]) / Double(m) } }
    return P
  }

  /// [2 · experts + 1]: the part of the queries that each expert has, P, and experts · Σ f P; returns their number.
  func writeUsage(_ routing: Routing, _ output: Tensor) throws(RuvectorError) -> Int {
    let E = experts, out = try output.output("output", count: 2 * E + 1)
    let f = choices(routing), P = means(routing)
    var loss = 0.0
    for e in 0..<E {
      out[e] = routing.queries > 0 ? Float(Double(routing.load(e)) / Double(routing.queries)) : 0
      out[E + e] = Float(P[e])
      loss += Double(E) * f[e] * P[e]
    }
    out[2 * E] = Float(loss)
    return 2 * E + 1
  }

  // MARK: - Gradient

  /// Adds what δ_ic = dL/dg_ic [m, k] and, with `balance`, the load-balancing loss give through the gate: to `dQ` [m, d]
  /// and, in `parameters`, to W and b.
  ///
  ///     dl_c += g_c (δ_c − Σ g δ)/T      dl_e += p_e (a_e − Σ p a)/T,  a_e = balance · experts · f_e/m
  func backward(
    _ queries: MatrixView, _ routing: Routing, _ δ: UnsafePointer<Float>, balance: Double = 0,
    into dQ: UnsafeMutablePointer<Float>?, parameters: Gradients?, _ control: Control
  ) throws(RuvectorError) {
    let m = routing.queries, E = experts, k = routing.count
    let dl = try AlignedBuffer<Float>(count: m * E, repeating: 0, for: "routing")
    let a = balance > 0 ? choices(routing).map { balance * Double(E) * $0 / Double(m) } : []
    for i in 0..<m {
      var mean = 0.0
      for c in 0..<k { mean += Double(routing.gates[i * k + c]) * Double(δ[i * k + c]) }
      for c in 0..<k where routing.chosen[i * k + c] >= 0 {
        let place = i * k + c
        dl[i * E + Int(routing.chosen[place])] = Float(
          Double(routing.gates[place]) * (Double(δ[place]) - mean) / temperature)
      }
      guard balance > 0 else { continue }
      let p = routing.probabilities.pointer + i * E
      var average = 0.0
      for e in 0..<E { average += Double(p[e]) * a[e] }
      for e in 0..<E { dl[i * E + e] += Float(Double(p[e]) * (a[e] - average) / temperature) }
    }
    try linear.backward(queries, dl.pointer, into: dQ, parameters: parameters, control)
  }
}

extension Linear {
  /// W q + b of every query, [m, out], in Double where Float does not hold it.
  func applyExactly(
    rows queries: MatrixView, into out: UnsafeMutablePointer<Double>, _ control: Control
  ) throws(RuvectorError) {
    let kernels = Kernels.current, floats = try apply(rows: queries, control)
    for i in 0..<queries.rows {
      for o in 0..<outDim { out[i * outDim + o] = Double(floats[i * outDim + o]) }
      if kernels.non_finite_probe(floats.pointer + i * outDim, outDim) == 0 { continue }
      let q = queries.row(i)
      try requireFinite(q, count: inDim, for: "queries[\(i)]")
      for o in 0..<outDim {
        var sum = Double(bias[o])
        for c in 0..<inDim { sum += Double(weight[o * inDim + c]) * Double(q[c]) }
        out[i * outDim + o] = sum
      }
    }
  }
}
