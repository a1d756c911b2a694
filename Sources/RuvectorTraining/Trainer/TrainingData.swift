import RuvectorCore

/// What a model is trained or measured on: a field a port of its "forward" and of the loss behind the first.
final class TrainingData {
  /// How a model answers a batch.
  enum Way {
    /// One call gives the outputs of all samples, of which a batch takes some: a layer over a graph.
    case whole
    /// A sample is a row of the call: rows are put together.
    case rows
    /// A call a sample.
    case each
  }

  private let inputs: [Port]
  private let targets: [Port]
  private let output: Port
  private var fields: [Field?]
  /// Which output row a sample is; nil: the sample's number. Of the way `whole`.
  private var outputRows: AlignedBuffer<UInt32>?

  private let roomsOfFields: [Room]
  private(set) var way = Way.rows
  private(set) var samples = 0

  init(model: Operation, loss: Operation?) {
    inputs = model.inputs
    targets = Array(loss?.inputs.dropFirst() ?? [])
    output = model.outputs[0]
    fields = (inputs + targets).map { _ in nil }
    roomsOfFields = (inputs + targets).map { _ in Room() }
  }

  var count: Int { fields.count }

  /// The number of `outputRows` among the fields: behind the others.
  var placeOfOutputRows: Int { fields.count }

  func set(_ place: Int, _ field: Field?) { fields[place] = field }

  func setOutputRows(_ list: UnsafeBufferPointer<UInt32>?) throws(RuvectorError) {
    outputRows = nil
    guard let list, let base = list.baseAddress else { return }
    outputRows = try AlignedBuffer(copying: base, count: list.count, for: "rows")
  }

  /// To be called when all fields are there: finds the way, and how many samples there are. `.invalidArgument` where a required
  /// field is missing, `.dimensionMismatch` where fields have different numbers of samples.
  func finish() throws(RuvectorError) {
    var count: Int?
    var name = ""
    for (port, field) in zip(inputs + targets, fields) {
      guard let field else {
        guard port.need == .required else { continue }
        throw .expected("values", for: "\(port.name)", received: "none", .invalidArgument)
      }
      guard let its = field.samples else { continue }
      if let count, its != count {
        throw .expected(
          "\(count) samples, as of \(name),", for: "\(port.name)", received: "\(its)", .dimensionMismatch)
      }
      (count, name) = (its, "\(port.name)")
    }
    way = findWay()
    if way == .whole, let outputRows { count = outputRows.count }
    if way == .whole, let outputRows, let its = targetSamples, its != outputRows.count {
      throw .expected(
        "\(outputRows.count) samples, as of rows,", for: "targets", received: "\(its)", .dimensionMismatch)
    }
    guard let count, count > 0 else {
      throw .expected("at least 1 sample", for: "data", received: "none", .emptyInput)
    }
    samples = count
  }

  private var targetSamples: Int? {
    for field in fields.dropFirst(inputs.count) { if let count = field?.samples { return count } }
    return nil
  }

  /// A batch is one call where each sample's values are rows of what has as many rows as the output.
  private func findWay() -> Way {
    let own = zip(inputs, fields).filter { $0.1 != nil && $0.1?.layout != .shared }
    if own.isEmpty { return .whole }
    guard output.shape.count == 2, case .named(let rows) = output.shape[0] else { return .each }
    for (port, field) in own {
      guard field?.layout == .row, case .named(let side) = port.shape[0], side.matches(rows) else { return .each }
    }
    return .rows
  }

  /// The arguments of the model for one sample.
  func inputs(of sample: Int) -> [Tensor] {
    inputs.indices.map { fields[$0]?.of(sample, rank: inputs[$0].shape.count) ?? .none(inputs[$0]) }
  }

  /// The arguments for several samples at once, or for all of them.
  func inputs(of samples: [Int]) throws(RuvectorError) -> [Tensor] { try tensors(0..<inputs.count, of: samples) }

  static var noGraph: RuvectorError { .expected("a graph", for: "data", received: "none", .invalidArgument) }

  /// The graph that the model reads, where it reads one.
  var graph: ResidentGraph? {
    for (port, field) in zip(inputs, fields) where port.type == .graph { return field?.graph }
    return nil
  }

  /// The arguments of the model for a subgraph: that graph, and the rows of its nodes and entries. With the memory they are in.
  func inputs(
    of part: ResidentGraph, _ origin: ResidentGraph.Origin, _ whole: ResidentGraph
  ) throws(RuvectorError) -> ([Tensor], [AlignedBuffer<Float>]) {
    var tensors: [Tensor] = [], memory: [AlignedBuffer<Float>] = []
    for (port, field) in zip(inputs, fields) {
      guard let field else {
        tensors.append(.none(port))
        continue
      }
      if port.type == .graph {
        tensors.append(Tensor(part))
        continue
      }
      let all = field.whole(rank: port.shape.count)
      guard port.type == .float32, all.rank == 2, let from = all.data?.assumingMemoryBound(to: Float.self) else {
        tensors.append(all)
        continue
      }
      // A row an entry where that is what the port has, else a row a node.
      let isOfEdges = all.rows == whole.edges && isOfEdges(port), list = isOfEdges ? origin.entries : origin.nodes
      guard isOfEdges || all.rows == whole.nodes else {
        throw .expected("\(whole.nodes) rows", for: "\(port.name)", received: "\(all.rows)", .dimensionMismatch)
      }
      let rows = try AlignedBuffer<Float>(rows: list.count, columns: all.columns, for: "batch")
      for i in 0..<list.count {
        (rows.pointer + i * all.columns).update(from: from + Int(list[i]) * all.columns, count: all.columns)
      }
      memory.append(rows)
      tensors.append(.floats(rows.pointer, rows: list.count, columns: all.columns))
    }
    return (tensors, memory)
  }

  /// Whether the port's rows are those of the graph's entries.
  private func isOfEdges(_ port: Port) -> Bool {
    for graph in inputs where graph.type == .graph {
      if case .named(let edges) = graph.shape[2], case .named(let own) = port.shape[0] { return edges.matches(own) }
    }
    return false
  }

  /// What the loss compares the outputs of samples with.
  func targets(of samples: [Int]) throws(RuvectorError) -> [Tensor] {
    try tensors(inputs.count..<fields.count, of: samples)
  }

  private func tensors(_ range: Range<Int>, of samples: [Int]) throws(RuvectorError) -> [Tensor] {
    var all: [Tensor] = []
    for i in range {
      let port = i < inputs.count ? inputs[i] : targets[i - inputs.count]
      all.append(try fields[i]?.of(samples, rank: port.shape.count, roomsOfFields[i]) ?? .none(port))
    }
    return all
  }

  /// The output row of a sample. `.invalidArgument` where there is none.
  func outputRow(of sample: Int, of rows: Int) throws(RuvectorError) -> Int {
    let row = outputRows.map { Int($0[sample]) } ?? sample
    guard row < rows else {
      throw .expected("numbers below \(rows)", for: "rows", received: "\(row) at element \(sample)", .invalidArgument)
    }
    return row
  }
}
