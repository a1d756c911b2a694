import CRuvectorSupport
import RuvectorCore

/// What is done of the step that is on its way.
struct OpenStep {
  enum Unit { case forward, loss, backward, update }

  var next = Unit.forward
  /// Batches of it that are in the gradient.
  var batches = 0
  var batch: Batch?
  var gradient: AlignedBuffer<Float>?
  /// Losses of its batches and their samples.
  var loss = 0.0
  var samples = 0
  /// What stays from one step to the next: of the last step, of the last epoch, and the order of an epoch.
  var lastLoss = 0.0
  var lastNorm = 0.0
  var epochLoss = 0.0
  var known: (epoch: Int, order: [Int])?

  /// A step that has not begun, after this one.
  var following: OpenStep {
    var next = OpenStep()
    (next.lastLoss, next.lastNorm, next.epochLoss, next.known) = (lastLoss, lastNorm, epochLoss, known)
    return next
  }
}

/// How far a run is: in weights, so that it is saved with them. Large numbers are two floats each.
final class TrainingProgress {
  static let slots = [
    Slot("epoch", [2], .zeros), Slot("batch", [2], .zeros), Slot("step", [2], .zeros), Slot("loss", [4], .zeros),
  ]
  private let all: Parameters

  init(_ all: Parameters) { self.all = all }

  var epoch: Int {
    get { read("epoch") }
    set { write("epoch", newValue) }
  }
  /// The batch of the epoch that is next.
  var batch: Int {
    get { read("batch") }
    set { write("batch", newValue) }
  }
  var step: Int {
    get { read("step") }
    set { write("step", newValue) }
  }

  /// (They are weights, which callers may set to anything.)
  private func read(_ name: StaticString) -> Int { Int(min(StepCount(all[name]).value, 0x1p30)) }
  private func write(_ name: StaticString, _ value: Int) { StepCount(all[name]).value = Double(value) }

  /// Losses times samples of the epoch so far, to 48 bits.
  var loss: Double {
    get { pair(0) }
    set { setPair(0, newValue) }
  }
  /// Samples of the epoch so far.
  var samples: Double {
    get { pair(2) }
    set { setPair(2, newValue) }
  }

  private func pair(_ at: Int) -> Double { Double(all["loss"][at]) + Double(all["loss"][at + 1]) }
  private func setPair(_ at: Int, _ value: Double) {
    let high = Float(value)
    (all["loss"][at], all["loss"][at + 1]) = (high, Float(value - Double(high)))
  }
}

extension Trainer {
  // MARK: - Units

  func runSteps(_ call: Call, _ control: Control) throws(RuvectorError) {
    if call.isNamed("drop") { return drop() }
    let history = try call.vector("history") ?? UnsafeBufferPointer(start: nil, count: 0)
    if call.isNamed("begin") {
      guard step.next == .forward else { throw noBatch }
      return try undoing { () throws(RuvectorError) in try forward(control) }
    }
    if call.isNamed("end") {
      guard step.next == .loss, let batch = step.batch, let loss = try call.vector("loss")?[0],
        let gradient = try call.vector("outputGradient")?.baseAddress
      else { throw noBatch }
      return try undoing { () throws(RuvectorError) in
        let own = try AlignedBuffer<Float>(copying: gradient, count: batch.outputs.count, for: "gradient")
        try take(Double(loss), own)
        try backward(control)
        if step.next == .update { try update(history, control) }
      }
    }
    guard loss != nil else { throw .expected("a loss", for: "trainer", received: "none", .invalidArgument) }
    let units = try call.vector("units")?[0] ?? 0
    guard units >= 0, units <= 1_000_000 else {
      throw .expected("a number in 0...1000000", for: "units", received: text(Double(units)), .outOfRange)
    }
    for _ in 0..<Int(units) {
      try undoing { () throws(RuvectorError) in
        switch step.next {
        case .forward: try forward(control)
        case .loss: try measure()
        case .backward: try backward(control)
        case .update: try update(history, control)
        }
      }
      // the end of an epoch is the caller's to see
      if step.next == .forward, step.batches == 0, progress.batch == 0 { break }
    }
  }

  /// What fails leaves the parameters as they were, and the step not begun.
  private func undoing(_ body: () throws(RuvectorError) -> Void) throws(RuvectorError) {
    do throws(RuvectorError) {
      try body()
    } catch {
      drop()
      throw error
    }
  }

  private func drop() {
    step = step.following
    gradients.pointer.update(repeating: 0, count: gradients.count)
  }

  private var mode: Mode { .training(seed: seed, step: UInt64(progress.step)) }

  /// Batches of an epoch.
  private func batches(of set: TrainingData) -> Int {
    let size = size(of: set)
    return max(1, dropsLast ? set.samples / size : (set.samples + size - 1) / size)
  }

  private func size(of set: TrainingData) -> Int { batchSize == 0 ? set.samples : min(batchSize, set.samples) }

  private func forward(_ control: Control) throws(RuvectorError) {
    guard data[0].samples > 0 else {
      throw .expected("data", for: "trainer", received: "none", .emptyInput)
    }
    if progress.batch + step.batches >= batches(of: data[0]) { progress.batch = 0 }  // of other data, or set by hand
    let size = size(of: data[0]), first = (progress.batch + step.batches) * size
    let samples = order()[first..<min(first + size, data[0].samples)]
    step.batch = try Batch(Array(samples), of: data[0], model, trainable, mode, sampler, control)
    step.next = .loss
  }

  /// The samples in the order of this epoch (Fisher and Yates, from the end), kept until the next.
  private func order() -> [Int] {
    let count = data[0].samples
    if let known = step.known, known.epoch == progress.epoch, known.order.count == count { return known.order }
    var order = Array(0..<count)
    if isShuffled {
      var random = Random(seed: seed &+ UInt64(progress.epoch) &* 0xd134_2543_de82_ef95)
      for i in stride(from: count - 1, to: 0, by: -1) { order.swapAt(i, random.below(i + 1)) }
    }
    step.known = (progress.epoch, order)
    return order
  }

  private func measure() throws(RuvectorError) {
    guard let batch = step.batch, let loss else { throw noBatch }
    let gradient = try AlignedBuffer<Float>(count: batch.outputs.count, repeating: 0, for: "gradient")
    let value = try value(of: loss, batch, data[0], gradient.pointer)
    try take(value, gradient)
  }

  private func value(
    of loss: any Loss, _ batch: Batch, _ set: TrainingData, _ gradient: UnsafeMutablePointer<Float>?
  ) throws(RuvectorError) -> Double {
    let call = try loss.bound("forward", [batch.tensor] + set.targets(of: batch.samples) + [.none])
    let first = call.operation.inputs[0].name
    return try loss.evaluate(call, gradient.map { LossGradients(scale: 1, [(first, $0)]) } ?? .none)
  }

  private func take(_ loss: Double, _ gradient: AlignedBuffer<Float>) throws(RuvectorError) {
    guard loss.isFinite, Kernels.current.non_finite_probe(gradient.pointer, gradient.count) == 0 else {
      var received = "a loss of \(text(loss))"
      if loss.isFinite {
        for i in 0..<gradient.count where !gradient.pointer[i].isFinite {
          received = "a gradient of \(text(Double(gradient.pointer[i]))) at element \(i)"
          break
        }
      }
      throw .expected("a finite loss and gradient", for: stepName, received: received, .nonFinite)
    }
    let count = step.batch?.samples.count ?? 0
    (step.gradient, step.next) = (gradient, .backward)
    step.loss += loss * Double(count)
    step.samples += count
  }

  private func backward(_ control: Control) throws(RuvectorError) {
    guard let batch = step.batch, let gradient = step.gradient else { throw noBatch }
    try batch.backward(
      trainable, gradient: gradient.pointer, into: Gradients(gradients.pointer), mode, control)
    (step.batch, step.gradient) = (nil, nil)
    step.batches += 1
    let isLast = progress.batch + step.batches == batches(of: data[0])
    step.next = isLast || step.batches == accumulate ? .update : .forward
  }

  /// What errors call the step that is under way. Epochs are counted from 1, as people count them.
  private var stepName: String { "step \(progress.step) (epoch \(progress.epoch + 1))" }

  /// The parameters change here, all of them, or none.
  private func update(_ history: UnsafeBufferPointer<Float>, _ control: Control) throws(RuvectorError) {
    if let penalty {
      let values = try AlignedBuffer<Float>(count: gradients.count, for: "parameters")
      for parameter in model.parameters {
        (values.pointer + parameter.offset).update(from: parameter.pointer, count: parameter.count)
      }
      penalty.addGradient(values.pointer, scale: Double(step.batches), to: gradients.pointer)
    }
    let square = Kernels.current.squared_norm(gradients.pointer, gradients.count)
    guard square <= Double(Float.greatestFiniteMagnitude) else {
      // Of a longer one the square is no Float, which optimizers need.
      let wanted = square.isFinite ? "a gradient no longer than 1.84e19" : "a finite gradient"
      let received = square.isFinite ? "one of length \(text(square.squareRoot()))" : text(square.squareRoot())
      throw .expected(wanted, for: stepName, received: received, .nonFinite)
    }
    let norm = square.squareRoot() / Double(step.batches)
    let clip = clipNorm > 0 ? min(1, clipNorm / (norm + 1e-6)) : 1
    let scale = Float(clip / Double(step.batches)), factor = try rates(history)
    var steps: [OptimizerStep] = []
    for (i, member) in optimizers.enumerated() {
      guard let optimizer = (member.facet as? OptimizerFacet)?.optimizer else { continue }
      var parts: [Part] = [], offset = 0, squares = 0.0
      for (parameter, group) in zip(model.parameters, groups) where group == i {
        parts.append(
          Part(
            parameter.pointer, gradients.pointer + parameter.offset, count: parameter.count, offset: offset,
            scale: scale))
        offset += parameter.count
        squares += Double(Kernels.current.dot(parameter.pointer, parameter.pointer, parameter.count))
      }
      steps.append(
        OptimizerStep(
          optimizer: optimizer, parts: parts, learningRate: optimizer.learningRate * factor,
          squares: (squares, square * Double(scale) * Double(scale))))
    }
    try makeSteps(steps, for: stepName, control)
    progress.loss += step.loss
    progress.samples += Double(step.samples)
    progress.step += 1
    progress.batch += step.batches
    (step.lastLoss, step.lastNorm) = (step.loss / Double(max(step.samples, 1)), norm)
    drop()
    guard progress.batch >= batches(of: data[0]) else { return }
    step.epochLoss = progress.loss / max(progress.samples, 1)
    (progress.loss, progress.samples, progress.batch) = (0, 0, 0)
    progress.epoch += 1
  }

  /// What the learning rates of all groups are multiplied by: the schedule's over the first group's own.
  /// `.outOfRange` for a rate that would lead uphill, or that is no number.
  private func rates(_ history: UnsafeBufferPointer<Float>) throws(RuvectorError) -> Double {
    guard let schedule, let first = (optimizers[0].facet as? OptimizerFacet)?.optimizer else { return 1 }
    let rate = schedule.value(at: Double(progress.step), history: history)
    guard rate >= 0, rate.isFinite else {
      throw .expected("a finite rate >= 0 of the schedule", for: stepName, received: text(rate), .outOfRange)
    }
    return rate / first.learningRate
  }

  /// Steps, epochs, batches done of the epoch, loss of the last step, norm of its gradient, mean loss of the last whole epoch,
  /// batches of an epoch, width of the outputs of a batch that is on its way.
  func report(into out: UnsafeMutablePointer<Float>) {
    let all = data[0].samples > 0 ? batches(of: data[0]) : 0
    (out[0], out[1], out[2]) = (Float(progress.step), Float(progress.epoch), Float(progress.batch))
    (out[3], out[4], out[5]) = (Float(step.lastLoss), Float(step.lastNorm), Float(step.epochLoss))
    (out[6], out[7]) = (Float(all), Float(step.batch?.width ?? 0))
  }

  // MARK: - Validation

  /// Losses times samples, samples, and batches of the validation set, for `count` batches from one on.
  func evaluate(
    from first: Int, _ count: Int, into out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    guard let loss, data[1].samples > 0 else {
      throw .expected("a loss and a validation set", for: "trainer", received: "none", .invalidArgument)
    }
    let size = size(of: data[1]), all = (data[1].samples + size - 1) / size
    var sum = 0.0, samples = 0
    for b in min(max(first, 0), all)..<min(max(first, 0) + max(count, 0), all) {
      let list = Array(b * size..<min((b + 1) * size, data[1].samples))
      let batch = try Batch(list, of: data[1], model, trainable, .evaluation, nil, control)
      sum += try value(of: loss, batch, data[1], nil) * Double(list.count)
      samples += list.count
    }
    (out[0], out[1], out[2]) = (Float(sum), Float(samples), Float(all))
  }
}
