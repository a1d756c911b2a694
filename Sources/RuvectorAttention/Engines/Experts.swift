import CRuvectorSupport
import RuvectorCore

/// Mechanisms that answer for each other, query by query: o_i = Σ_c g_ic expert_c(q_i, K, V) over the experts that a
/// ``Routing`` chose. What MixtureOfExperts and LearnedRouting share.
///
/// The queries of an expert are run together, as a ``SubBatch``; each expert once a call, in their order: the same bits for
/// any number of threads.
struct Experts {
  let all: [any Attention]
  /// What their queries and keys may come with; those that read none get none.
  let contextDim, edgeDim: Int

  /// Copies of the children called `name`. `.invalidConfig` unless all are mechanisms of attention of width `dim`.
  init(_ settings: Settings, _ name: StaticString, dim: Int) throws(RuvectorError) {
    var all: [any Attention] = []
    var context = 0, edge = 0
    for (e, child) in try settings.children(name).enumerated() {
      guard let expert = (child.facet as? AttentionFacet)?.attention else {
        throw .expected("a mechanism of attention", for: "\(name)[\(e)]", received: "another", .invalidConfig)
      }
      guard expert.dim == dim else {
        throw .expected("a mechanism with dim \(dim)", for: "\(name)[\(e)]", received: "\(expert.dim)", .invalidConfig)
      }
      for (mine, its) in [(context, expert.contextDim), (edge, expert.edgeDim)] where mine > 0 && its > 0 && mine != its
      {
        throw .expected(
          "contexts and edges of one width", for: "\(name)[\(e)]", received: "\(its) besides \(mine)", .invalidConfig)
      }
      (context, edge) = (max(context, expert.contextDim), max(edge, expert.edgeDim))
      all.append(expert)
    }
    (self.all, contextDim, edgeDim) = (all, context, edge)
  }

  static func option(_ name: StaticString) -> Option {
    Option(name, .children(1...64), "Mechanisms of attention of the same width; they are copied.")
  }

  var isRowwise: Bool { all.reduce(true) { $0 && $1.isRowwise } }

  /// Those of the gate (part 0), then of each expert e (part 1 + e): "experts.0.query.weight", …
  func parameters(behind gate: Parameters, _ name: StaticString) throws(RuvectorError) -> Parameters {
    var parts = [(prefix: "", parameters: gate)]
    for (e, expert) in all.enumerated() { parts.append(("\(name).\(e).", expert.parameters)) }
    return try Parameters(joining: parts)
  }

  /// The width that all give for values of width `v`.
  func outputDim(values v: Int, _ name: StaticString) throws(RuvectorError) -> Int {
    var width: Int?
    for (e, expert) in all.enumerated() {
      let its = try expert.outputDim(values: v)
      if let width, width != its {
        throw .expected(
          "outputs of \(width) elements", for: "\(name)[\(e)]", received: "\(its)", .dimensionMismatch)
      }
      width = its
    }
    return width ?? v
  }

  /// `body` for each expert that has queries: its number, their sub-batch, rows and places.
  private func forEach(
    _ input: AttentionInput, _ routing: Routing, _ control: Control,
    _ body: (
      _ e: Int, _ batch: AttentionInput, _ rows: UnsafePointer<UInt32>, _ places: UnsafePointer<UInt32>
    ) throws(RuvectorError) -> Void
  ) throws(RuvectorError) {
    for e in all.indices where routing.load(e) > 0 {
      try control.check()
      var its = input
      if all[e].contextDim == 0 { (its.queryContext, its.keyContext) = (nil, nil) }
      if all[e].edgeDim == 0 { its.edges = nil }
      let batch = try SubBatch(of: its, routing.rows(e), count: routing.load(e))
      try body(e, batch.input, routing.rows(e), routing.places(e))
      withExtendedLifetime(batch) {}
    }
  }

  // MARK: - Forward

  /// `out` [m, width].
  func forward(
    _ input: AttentionInput, _ routing: Routing, width: Int, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    let kernels = Kernels.current, m = input.queries.rows
    out.update(repeating: 0, count: m * width)
    try forEach(input, routing, control) { (e, batch, rows, places) throws(RuvectorError) in
      let o = try AlignedBuffer<Float>(count: batch.queries.rows * width, for: "outputs")
      try all[e].forward(batch, into: o.pointer, control)
      for r in 0..<batch.queries.rows {
        kernels.axpy(routing.gates[Int(places[r])], o.pointer + r * width, out + Int(rows[r]) * width, width)
      }
    }
    try requireRange(out, m * width, input)
  }

  /// `out` [m, n]: Σ_c g_ic times the mean over the heads of the expert's weights.
  func weights(
    _ input: AttentionInput, _ routing: Routing, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    let kernels = Kernels.current, n = input.keys.rows
    out.update(repeating: 0, count: input.queries.rows * n)
    try forEach(input, routing, control) { (e, batch, rows, places) throws(RuvectorError) in
      let heads = all[e].heads, count = batch.queries.rows
      let (size, overflow) = (heads * count).multipliedReportingOverflow(by: n)
      guard !overflow else {
        throw .expected("sizes that fit in memory", for: "weights", received: "more", .outOfMemory)
      }
      let p = try AlignedBuffer<Float>(count: size, for: "weights")
      try all[e].weights(batch, into: p.pointer, control)
      for h in 0..<heads {
        for r in 0..<count {
          kernels.axpy(
            routing.gates[Int(places[r])] / Float(heads), p.pointer + (h * count + r) * n, out + Int(rows[r]) * n, n)
        }
      }
    }
  }

  // MARK: - Gradient

  /// δ_ic = dL/dg_ic = G_i · expert_c(q_i) into `δ` [m, k], with G = dL/do [m, width].
  func products(
    _ input: AttentionInput, _ routing: Routing, _ G: UnsafePointer<Float>, width: Int,
    into δ: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    let kernels = Kernels.current
    δ.update(repeating: 0, count: routing.queries * routing.count)
    try forEach(input, routing, control) { (e, batch, rows, places) throws(RuvectorError) in
      let o = try AlignedBuffer<Float>(count: batch.queries.rows * width, for: "outputs")
      try all[e].forward(batch, into: o.pointer, control)
      for r in 0..<batch.queries.rows {
        δ[Int(places[r])] = kernels.dot(G + Int(rows[r]) * width, o.pointer + r * width, width)
      }
    }
  }

  /// Adds what G gives through the experts, the shares being constant; `joined` is what `gradients.parameters` is laid out by.
  func backward(
    _ input: AttentionInput, _ routing: Routing, _ G: UnsafePointer<Float>, width: Int,
    into gradients: AttentionGradients, _ joined: Parameters, _ control: Control
  ) throws(RuvectorError) {
    let kernels = Kernels.current, d = input.queries.dim
    try forEach(input, routing, control) { (e, batch, rows, places) throws(RuvectorError) in
      let count = batch.queries.rows
      let g = try AlignedBuffer<Float>(count: count * width, for: "gradients")
      let dQ = try AlignedBuffer<Float>(count: count * d, repeating: 0, for: "gradients")
      for r in 0..<count {
        kernels.scale(routing.gates[Int(places[r])], G + Int(rows[r]) * width, g.pointer + r * width, width)
      }
      var its = gradients
      its.queries = gradients.queries == nil ? nil : dQ.pointer
      its.parameters = gradients.parameters?.part(1 + e, of: joined)
      // Edges of queries (not of keys) are copies too.
      let part = count < input.queries.rows && batch.edges?.rows != input.edges?.rows ? input.keys.rows * edgeDim : 0
      let dE = try AlignedBuffer<Float>(count: count * part, repeating: 0, for: "gradients")
      if batch.edges == nil { its.edges = nil } else if part > 0 { its.edges = dE.pointer }
      try all[e].backward(batch, outputGradient: g.pointer, into: its, control)
      for r in 0..<count {
        let i = Int(rows[r])
        if let all = gradients.queries { kernels.add(all + i * d, dQ.pointer + r * d, all + i * d, d) }
        if let all = gradients.edges, part > 0, its.edges != nil {
          kernels.add(all + i * part, dE.pointer + r * part, all + i * part, part)
        }
      }
    }
  }
}
