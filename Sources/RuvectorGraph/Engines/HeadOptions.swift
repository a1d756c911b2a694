import RuvectorCore

/// What layers of graph attention are made from: the options that they share, read.
public struct HeadOptions: Sendable {
  public let inChannels, outChannels, heads, edgeDim: Int
  public let isConcatenated, addsSelfLoops, hasResidual, hasBias: Bool
  public let negativeSlope, dropout: Double
  public let seed: UInt64
  /// Whether the layer makes loops of its own, and has the options that go with that.
  private let hasLoops: Bool

  /// In their order, with the options of the layer alone, flags, before the last two.
  static func options(hasLoops: Bool, bias: StaticString, _ own: [Option]) -> [Option] {
    var all = [
      Option("inChannels", .integer(1...65_536), "Width of a node's row."),
      Option("outChannels", .integer(1...65_536), "Width of a head."),
      Option("heads", .integer(1...1024), standard: 1, "Heads, each with weights of its own."),
      Option("concat", .flag, standard: 1, "1: heads one after the other; 0: their mean."),
    ]
    if hasLoops {
      all.append(Option("negativeSlope", .number(0...1), standard: 0.2, "Slope of LeakyReLU below 0."))
    }
    all += [
      Option("dropout", .number(0...0.999), standard: 0, "Share of the weights of edges that training leaves out."),
      Option("edgeDim", .integer(0...65_536), standard: 0, "Width of an edge's row; 0: edges are not read."),
    ]
    if hasLoops {
      all += [
        Option(
          "addSelfLoops", .flag, standard: 1, "1: each node is a source of its own; loops of the graph are left out."),
        Option("residual", .flag, standard: 0, "1: the node's own row is added through weights of its own."),
      ]
    }
    return all + own + [
      Option("bias", .flag, standard: 1, bias), Option("seed", .seed, standard: 0, "Seed of the initial weights."),
    ]
  }

  init(_ settings: Settings, hasLoops: Bool) {
    inChannels = settings.integer("inChannels")
    outChannels = settings.integer("outChannels")
    heads = settings.integer("heads")
    isConcatenated = settings.flag("concat")
    dropout = settings.number("dropout")
    edgeDim = settings.integer("edgeDim")
    hasBias = settings.flag("bias")
    seed = settings.seed("seed")
    negativeSlope = hasLoops ? settings.number("negativeSlope") : 0
    addsSelfLoops = hasLoops ? settings.flag("addSelfLoops") : false
    hasResidual = hasLoops ? settings.flag("residual") : false
    self.hasLoops = hasLoops
  }

  /// The values of `options`.
  func values(_ own: [Bool]) -> [Double] {
    func number(_ flag: Bool) -> Double { flag ? 1 : 0 }
    var all = [Double(inChannels), Double(outChannels), Double(heads), number(isConcatenated)]
    if hasLoops { all.append(negativeSlope) }
    all += [dropout, Double(edgeDim)]
    if hasLoops { all += [number(addsSelfLoops), number(hasResidual)] }
    for flag in own + [hasBias] { all.append(number(flag)) }
    return all + [Double(seed)]
  }

  /// heads · outChannels
  var all: Int { heads * outChannels }
  /// Of an output row.
  var width: Int { isConcatenated ? all : outChannels }

  // MARK: - Slots

  /// The affine map of nodes to all heads; without bias the weight alone.
  func map(_ weight: StaticString, _ bias: StaticString) -> [Slot] {
    Array(Slot.linear(weight, bias, inChannels, all).prefix(hasBias ? 2 : 1))
  }

  /// A vector a head.
  func vectors(_ name: StaticString) -> Slot {
    Slot(name, [heads, outChannels], .xavierNormal(fanIn: heads, fanOut: outChannels))
  }

  /// [rows, columns]
  func matrix(_ name: StaticString, _ rows: Int, _ columns: Int) -> Slot {
    Slot(name, [rows, columns], .xavierNormal(fanIn: columns, fanOut: rows))
  }

  /// Weights of edges, of the residual, and the bias of outputs, where they are asked for.
  var edgeWeights: [Slot] { edgeDim > 0 ? [matrix("lin_edge.weight", all, edgeDim)] : [] }
  var residualAndBias: [Slot] {
    (hasResidual ? [matrix("res.weight", width, inChannels)] : []) + (hasBias ? [Slot("bias", [width], .zeros)] : [])
  }
}
