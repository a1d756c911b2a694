import CRuvectorSupport
import RuvectorCore

/// Trains a model: batches of samples go forward through it, a loss compares the outputs with what is wanted, its gradient goes
/// back through the model, optimizers change the parameters.
///
///     ∇ = mean over `accumulate` batches of ∇loss(model(batch))     ∇ ← ∇ · min(1, clipNorm/(|∇| + 1e-6))     θ ← optimizer(θ, ∇)
///
/// The trainer has copies of the model and of the optimizers; its weights are all there is to a run (parameters, optimizers'
/// state, how far it is), so that a run which goes on from them is the same, bit for bit. Work is done in units (a forward pass, a
/// loss, a backward pass, an update) as many as the caller asks for at a time. What fails leaves the parameters as they were
/// before its step.
///
/// Samples of an epoch are shuffled by the seed and the epoch's number; random decisions of the model depend on the seed and the
/// step's. Results do not depend on threads.
/// - Complexity: that of the model, the loss and the optimizers; memory for a copy of the data, of the parameters and their gradient.
public final class Trainer: Mechanism, @unchecked Sendable {
  // MARK: - Options

  public static let family: StaticString = "trainer"
  public static let name: StaticString = "trainer"
  public static let options = [
    Option("model", .children(1...1), "What is trained: any member with weights and a gradient."),
    Option("optimizers", .children(1...64), "One a group of parameters, each of that size."),
    Option("loss", .children(0...1), standard: 0, "What is made small; without one the caller says gradients."),
    Option("schedule", .children(0...1), standard: 0, "The learning rate of the first group at each step."),
    Option("penalty", .children(0...1), standard: 0, "EWC: what is added to the loss for parameters that move."),
    Option("batchSize", .integer(0...1_000_000_000), standard: 0, "Samples of a batch; 0: all of them."),
    Option("accumulate", .integer(1...1_000_000), standard: 1, "Batches of a step."),
    Option("clipNorm", .number(0...1e30), standard: 0, "Longest gradient; longer ones are cut. 0: any length."),
    Option("shuffle", .flag, standard: 1, "1: samples come in a new order in each epoch."),
    Option("dropLast", .flag, standard: 0, "1: a last batch that is smaller is left out."),
    Option("seed", .seed, standard: 0, "Seed of all random decisions."),
  ]
  let batchSize: Int
  let accumulate: Int
  let clipNorm: Double
  let isShuffled: Bool
  let dropsLast: Bool
  public let seed: UInt64

  // MARK: - Parts

  let model: any Mechanism
  let trainable: Trainable
  let optimizers: [any Mechanism]
  let loss: (any Loss)?
  let schedule: (any Schedule)?
  let penalty: EWC?
  private let lossMember: (any Mechanism)?
  private let scheduleMember: (any Mechanism)?

  // MARK: - State

  public let parameters: Parameters
  let progress: TrainingProgress
  let gradients: AlignedBuffer<Float>
  /// Training, validation.
  var data: [TrainingData]
  /// The optimizer of each parameter; nil: it stays as it is.
  var groups: [Int?]
  var step = OpenStep()
  /// Draws the subgraph of a batch; nil: batches see the whole graph.
  var sampler: NeighborSampler?

  /// `.invalidConfig` for a model without a gradient, a loss or an optimizer that is none.
  public convenience init(_ settings: Settings) throws(RuvectorError) {
    let model = try settings.children("model")[0], optimizers = try settings.children("optimizers")
    let forward = try operation("forward", of: model)
    guard let forward else {
      throw .expected("a member with forward and backward", for: "model", received: "another", .invalidConfig)
    }
    let loss = try settings.children("loss").first, schedule = try settings.children("schedule").first
    let lossOperation = try loss.flatMap { (loss) throws(RuvectorError) in try operation("forward", of: loss) }
    if loss != nil, (loss?.facet as? LossFacet) == nil || lossOperation == nil {
      throw .expected("a loss", for: "loss", received: "another member", .invalidConfig)
    }
    if schedule != nil, (schedule?.facet as? ScheduleFacet) == nil {
      throw .expected("a schedule", for: "schedule", received: "another member", .invalidConfig)
    }
    let penalty = try settings.children("penalty").first
    if let penalty, (penalty.facet as? PenaltyFacet) == nil || penalty.size(of: "size") != model.parameters.total {
      throw .expected("EWC of size \(model.parameters.total)", for: "penalty", received: "another", .invalidConfig)
    }
    for optimizer in optimizers where (optimizer.facet as? OptimizerFacet) == nil {
      throw .expected("optimizers", for: "optimizers", received: "another member", .invalidConfig)
    }
    var parts: [(prefix: String, parameters: Parameters)] = [("model.", model.parameters)]
    for (i, one) in optimizers.enumerated() { parts.append(("optimizers.\(i).", one.parameters)) }
    let progress = try Parameters(TrainingProgress.slots)
    parts.append(("progress.", progress))
    self.init(
      settings, model, optimizers, loss, schedule, (penalty?.facet as? PenaltyFacet)?.penalty,
      try Parameters(joining: parts), TrainingProgress(progress),
      try AlignedBuffer(count: model.parameters.total, repeating: 0, for: "gradients"),
      [TrainingData(model: forward, loss: lossOperation), TrainingData(model: forward, loss: lossOperation)])
  }

  private init(
    _ settings: Settings, _ model: any Mechanism, _ optimizers: [any Mechanism], _ loss: (any Mechanism)?,
    _ schedule: (any Mechanism)?, _ penalty: EWC?, _ parameters: Parameters, _ progress: TrainingProgress,
    _ gradients: AlignedBuffer<Float>, _ data: [TrainingData]
  ) {
    (self.model, self.optimizers, self.parameters) = (model, optimizers, parameters)
    (self.progress, self.gradients, self.data) = (progress, gradients, data)
    (lossMember, scheduleMember, self.penalty) = (loss, schedule, penalty)
    self.loss = (loss?.facet as? LossFacet)?.loss
    self.schedule = (schedule?.facet as? ScheduleFacet)?.schedule
    trainable = (model.facet as? Trainable) ?? RecomputingTrainable(model)
    groups = model.parameters.map { _ in 0 }
    (batchSize, accumulate) = (settings.integer("batchSize"), settings.integer("accumulate"))
    (clipNorm, isShuffled) = (settings.number("clipNorm"), settings.flag("shuffle"))
    (dropsLast, seed) = (settings.flag("dropLast"), settings.seed("seed"))
  }

  public var optionValues: [Double] {
    [
      1, Double(optimizers.count), loss == nil ? 0 : 1, schedule == nil ? 0 : 1, penalty == nil ? 0 : 1,
      Double(batchSize), Double(accumulate),
      clipNorm, isShuffled ? 1 : 0, dropsLast ? 1 : 0, Double(seed),
    ]
  }

  /// A trainer goes on where its weights are; it is not copied.
  public func clone() throws(RuvectorError) -> any Mechanism {
    throw .expected("a member that can be copied", for: "trainer", received: "a trainer", .unsupported)
  }

  public static func slots(_ settings: Settings) throws(RuvectorError) -> [Slot] { TrainingProgress.slots }

  // MARK: - Operations

  private static let report = [Port("report", ["report"])]
  // All of them, so that none runs beside another.
  private static func changing(_ name: StaticString, _ inputs: [Port], _ outputs: [Port]) -> Operation {
    Operation(name, inputs, outputs, changesMember: true)
  }
  public static let operations: [Operation] = [
    // Optimizers of the parameters, by number; 2³² − 1: none.
    changing("assign", [Port("groups", ["groups"], .uint32)], [Port("groups", [1])]),
    // A model over a graph sees a subgraph around the nodes of a batch: entries a node and hop (below 0: all); one 0: the graph.
    changing("sample", [Port("sizes", ["sizes"])], [Port("sizes", [1])]),
    // The values of one field (see `TrainingData`) of the training set 0 or the validation set 1.
    changing(
      "load",
      [
        Port("place", [3]), Port("numbers", ["rows", "dim"], .float32, .optional),
        Port("integers", ["integers"], .uint32, .optional),
        Port("graph", ["nodes", "columns", "edges"], .graph, .optional),
        Port("offsets", ["ends"], .uint32, .optional),
      ], [Port("samples", [1])]),
    changing("ready", [Port("set", [1])], [Port("samples", [1])]),
    // So many units of the next steps.
    changing("advance", [Port("units", [1]), Port("history", ["epochs"], .float32, .optional)], report),
    // A step in the caller's hands: a forward pass, whose outputs are read; then the loss and its gradient.
    changing("begin", [Port("history", ["epochs"], .float32, .optional)], report),
    changing("outputs", [Port("set", [1])], [Port("outputs", ["outputs"]), Port("samples", ["batch"])]),
    changing("end", [Port("loss", [1]), Port("outputGradient", ["outputs"])], report),
    // The mean loss of the validation set's batches from one on, without training.
    changing("evaluate", [Port("batches", [2])], [Port("loss", [3])]),
    // Drops what is done of a step.
    changing("drop", [Port("step", [1])], report),
  ]

  public func size(of side: StaticString) -> Int? {
    if side.matches("report") { return 8 }
    if side.matches("groups") { return model.parameters.count }
    if side.matches("outputs") { return step.batch?.outputs.count ?? 0 }
    return side.matches("batch") ? step.batch?.samples.count ?? 0 : nil
  }

  public func perform(_ call: Call, _ control: Control) throws(RuvectorError) -> Int {
    let out = try call.output()
    if call.isNamed("assign") {
      try assign(call.indices("groups") ?? UnsafeBufferPointer(start: nil, count: 0))
      out[0] = Float(groups.count)
    } else if call.isNamed("sample") {
      try setSampler(call.vector("sizes"))
      out[0] = Float(sampler?.sizes.count ?? 0)
    } else if call.isNamed("load") {
      try load(call)
      out[0] = 0
    } else if call.isNamed("ready") {
      let set = data[try place(call.vector("set")?[0], below: 2, "set")]
      try set.finish()
      out[0] = Float(set.samples)
    } else if call.isNamed("outputs") {
      guard let batch = step.batch else { throw noBatch }
      out.update(from: batch.outputs.pointer, count: batch.outputs.count)
      for (i, sample) in batch.samples.enumerated() { out[batch.outputs.count + i] = Float(sample) }
    } else if call.isNamed("evaluate") {
      guard let range = try call.vector("batches") else { return 0 }
      try evaluate(from: Int(range[0]), Int(range[1]), into: out, control)
    } else {
      try runSteps(call, control)
      report(into: out)
    }
    return call.outputCount
  }

  private func setSampler(_ numbers: UnsafeBufferPointer<Float>?) throws(RuvectorError) {
    guard let numbers else { return }
    var sizes: [Int] = []
    for x in numbers {
      guard let size = Int(exactly: x) else {
        throw .expected("whole numbers", for: "sampleSizes", received: text(Double(x)), .invalidConfig)
      }
      sizes.append(size)
    }
    sampler = sizes == [0] ? nil : try NeighborSampler(sizes: sizes, seed: seed)
  }

  var noBatch: RuvectorError { .expected("a step that has begun", for: "trainer", received: "none", .invalidArgument) }

  private func place(_ number: Float?, below count: Int, _ name: String) throws(RuvectorError) -> Int {
    guard let number, let place = Int(exactly: number), (0..<count).contains(place) else {
      throw .expected("a number below \(count)", for: name, received: text(Double(number ?? .nan)), .outOfRange)
    }
    return place
  }

  // MARK: - Data and groups

  private func load(_ call: Call) throws(RuvectorError) {
    guard let numbers = try call.vector("place") else { return }
    let set = data[try place(numbers[0], below: 2, "set")]
    let at = try place(numbers[1], below: set.count + 1, "field")
    let layout = Field.Layout(rawValue: try place(numbers[2], below: 3, "layout")) ?? .shared
    if at == set.placeOfOutputRows { return try set.setOutputRows(call.indices("integers")) }
    if call.buffers.dropFirst().dropLast().allSatisfy({ $0.isLeftOut }) { return set.set(at, nil) }
    let graph = call.buffers[3].type == .graph ? try call.graph("graph") : nil
    set.set(
      at,
      try Field(
        layout, floats: call.matrix("numbers"), integers: call.indices("integers"), graph: graph,
        offsets: call.indices("offsets")))
  }

  private func assign(_ list: UnsafeBufferPointer<UInt32>) throws(RuvectorError) {
    var assigned: [Int?] = [], sizes = optimizers.map { _ in 0 }
    for (i, parameter) in model.parameters.enumerated() {
      let group = Int(exactly: list[i]).flatMap { $0 < optimizers.count ? $0 : nil }
      assigned.append(group)
      if let group { sizes[group] += parameter.count }
    }
    for (i, size) in sizes.enumerated() {
      guard let optimizer = (optimizers[i].facet as? OptimizerFacet)?.optimizer, optimizer.size == size else {
        throw .expected(
          "an optimizer of size \(size)", for: "optimizers[\(i)]", received: "another", .dimensionMismatch)
      }
    }
    groups = assigned
  }
}

private func operation(_ name: StaticString, of member: any Mechanism) throws(RuvectorError) -> Operation? {
  member.knownOperations.first { $0.name.matches(name) }
}
