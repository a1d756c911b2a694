import CRuvectorSupport
import RuvectorCore

/// Layers one after the other, of graphs and of single rows, as one layer:
///
///     f(x) = layer_k(… layer_2(layer_1(x)) …)      skip 'none': f(x), 'add': x + f(x), 'concat': [x, f(x)]
///
/// All layers read the same graph; those that read rows of edges (`edgeDim` > 0) the same rows. A layer reads what the one
/// before gives; dropout and activations take any width, and at least one layer fixes one. Skip connections over some of the
/// layers: a Sequential among them. Parameters are the layers', behind their places: `0.lin.weight`.
/// - Complexity: that of the layers. Memory: one output of n rows at a time; in training all of them.
///
/// Names: PyTorch Geometric's Sequential.
public final class Sequential: GraphLayer, @unchecked Sendable {
  // MARK: - Options

  public static let name: StaticString = "sequential"
  public static let options = [
    Option("layers", .children(1...64), "Layers of graphs or of single rows; they are copied."),
    Option(
      "skip", .choice(["none", "add", "concat"]), standard: 0,
      "What is done with the input rows once layers are through."),
  ]
  public let children: [any Mechanism]
  private let layers: [any NodeLayer]
  private let skip: Int
  public let inChannels, edgeDim: Int
  public let parameters: Parameters

  // MARK: - Creation

  public convenience init(_ settings: Settings) throws(RuvectorError) {
    let children = try settings.children("layers")
    var layers: [any NodeLayer] = [], edgeDim = 0
    for (k, child) in children.enumerated() {
      guard let facet = child.facet as? LayerFacet else {
        throw .expected(
          "a layer of a graph or of rows", for: "layers[\(k)]", received: "another mechanism", .invalidConfig)
      }
      let its = facet.layer.edgeDim
      if its > 0, edgeDim > 0, its != edgeDim {
        throw .expected("edgeDim \(edgeDim)", for: "layers[\(k)]", received: "\(its)", .invalidConfig)
      }
      edgeDim = max(edgeDim, its)
      layers.append(facet.layer)
    }
    guard let first = layers.first(where: { $0.inChannels > 0 }) else {
      throw .expected("a layer that fixes a width", for: "layers", received: "none", .invalidConfig)
    }
    var width = first.inChannels
    for (k, layer) in layers.enumerated() {
      guard layer.inChannels == 0 || layer.inChannels == width else {
        throw .expected(
          "inChannels \(width), what the layers before give,", for: "layers[\(k)]", received: "\(layer.inChannels)",
          .invalidConfig)
      }
      width = layer.width(of: width)
    }
    let skip = settings.choice("skip")
    guard skip != 1 || width == first.inChannels else {
      throw .expected(
        "an output as wide as the input (\(first.inChannels)) to add it", for: "layers", received: "\(width)",
        .invalidConfig)
    }
    var parts: [(prefix: String, parameters: Parameters)] = []
    for (k, layer) in layers.enumerated() { parts.append(("\(k).", layer.parameters)) }
    self.init(
      children, layers, skip, inChannels: first.inChannels, edgeDim: edgeDim, try Parameters(joining: parts))
  }

  private init(
    _ children: [any Mechanism], _ layers: [any NodeLayer], _ skip: Int, inChannels: Int, edgeDim: Int,
    _ parameters: Parameters
  ) {
    (self.children, self.layers, self.skip, self.parameters) = (children, layers, skip, parameters)
    (self.inChannels, self.edgeDim) = (inChannels, edgeDim)
  }

  public var hidesNonFinite: Bool { layers.contains { $0.hidesNonFinite } }
  public var hops: Int { layers.reduce(0) { $0 + $1.hops } }
  public var optionValues: [Double] { [Double(children.count), Double(skip)] }

  /// Width of what the layers give.
  private func inner(_ inChannels: Int) -> Int { layers.reduce(inChannels) { $1.width(of: $0) } }

  public func width(of inChannels: Int) -> Int { inner(inChannels) + (skip == 2 ? inChannels : 0) }

  // MARK: - Forward

  /// Of one pass: what each layer read and kept, and the memory of the rows.
  private final class Pass: Kept {
    var inputs: [Features] = []
    var kept: [Kept?] = []
    var memory: [AlignedBuffer<Float>] = []
  }

  public func forward(
    _ input: GraphInput, into out: UnsafeMutablePointer<Float>, _ mode: Mode, keeps: Bool, _ control: Control
  ) throws(RuvectorError) -> Kept? {
    if let drawn = input.graph?.origin?.hops, drawn < hops {
      throw .expected(
        "at least \(hops) numbers, one a layer that passes messages,", for: "sizes", received: "\(drawn)",
        .invalidConfig)
    }
    let n = input.x.rows, pass = Pass(), last = inner(input.x.dim)
    var x = input.x, owner: AlignedBuffer<Float>?
    // With 'concat' the layers' rows lie apart from each other in the output.
    let apart = skip == 2 ? try AlignedBuffer<Float>(rows: n, columns: last, for: "rows") : nil
    let end = apart?.pointer ?? out
    for (k, layer) in layers.enumerated() {
      try control.check()
      let its = input.with(x), mode = mode.part(k), isLast = k == layers.count - 1
      if keeps { pass.inputs.append(x) }
      if let through = try layer.passed(its, mode, control) {
        if keeps { pass.kept.append(nil) }
        if isLast { try write(through, to: end) } else { x = through }
        continue
      }
      let width = layer.width(of: x.dim)
      let made = isLast ? nil : try AlignedBuffer<Float>(rows: n, columns: width, for: "rows")
      let kept = try layer.forward(its, into: made?.pointer ?? end, mode, keeps: keeps, control)
      guard let made else {
        if keeps { pass.kept.append(kept) }
        break
      }
      if keeps {
        pass.kept.append(kept)
        pass.memory.append(made)
      }
      x = .dense(MatrixView(made.pointer, rows: n, dim: width))
      owner = made
    }
    _ = owner
    if skip > 0 { try join(input.x, apart, last, into: out) }
    return keeps ? pass : nil
  }

  private func write(_ x: Features, to out: UnsafeMutablePointer<Float>) throws(RuvectorError) {
    let rows = try x.written()
    for r in 0..<rows.view.rows { (out + r * rows.view.dim).update(from: rows.view.row(r), count: rows.view.dim) }
    _ = rows.memory
  }

  private func join(
    _ x: Features, _ apart: AlignedBuffer<Float>?, _ width: Int, into out: UnsafeMutablePointer<Float>
  ) throws(RuvectorError) {
    let rows = try x.written(), d = x.dim
    for r in 0..<x.rows {
      if let apart {
        let place = out + r * (d + width)
        place.update(from: rows.view.row(r), count: d)
        (place + d).update(from: apart.pointer + r * width, count: width)
      } else {
        Kernels.current.add(out + r * d, rows.view.row(r), out + r * d, d)
      }
    }
    _ = rows.memory
  }

  // MARK: - Gradient

  /// From the last layer to the first; those before the first that has parameters are left out where the gradient of x is not
  /// wanted.
  public func backward(
    _ input: GraphInput, _ kept: Kept?, outputGradient: UnsafePointer<Float>, into gradients: GraphGradients,
    _ mode: Mode, _ control: Control
  ) throws(RuvectorError) {
    guard let pass = kept as? Pass else { return }
    let n = input.x.rows, d = input.x.dim, last = inner(d), kernels = Kernels.current
    var g = outputGradient, owner: AlignedBuffer<Float>?
    if skip == 2 {
      let made = try AlignedBuffer<Float>(rows: n, columns: last, for: "gradients")
      for r in 0..<n {
        let row = outputGradient + r * (d + last)
        (made.pointer + r * last).update(from: row + d, count: last)
        if let toX = gradients.x { kernels.add(toX + r * d, row, toX + r * d, d) }
      }
      (g, owner) = (UnsafePointer(made.pointer), made)
    } else if skip == 1, let toX = gradients.x {
      for r in 0..<n { kernels.add(toX + r * d, outputGradient + r * d, toX + r * d, d) }
    }
    for k in layers.indices.reversed() {
      try control.check()
      let its = input.with(pass.inputs[k]), dim = its.x.dim
      let wants = gradients.x != nil || isNeeded(before: k, gradients)
      guard wants || isNeeded(before: k + 1, gradients) else { break }
      let made = wants && k > 0 ? try AlignedBuffer<Float>(count: n * dim, repeating: 0, for: "gradients") : nil
      let places = GraphGradients(
        x: k > 0 ? made?.pointer : gradients.x, edgeAttr: layers[k].edgeDim > 0 ? gradients.edgeAttr : nil,
        parameters: gradients.parameters.part(k, of: parameters))
      try layers[k].backward(its, pass.kept[k], outputGradient: g, into: places, mode.part(k), control)
      if let made { (g, owner) = (UnsafePointer(made.pointer), made) }
    }
    _ = owner
  }

  /// Whether a layer before number `end` has something to learn or to give back.
  private func isNeeded(before end: Int, _ gradients: GraphGradients) -> Bool {
    layers[..<end].contains { $0.parameters.total > 0 || (gradients.edgeAttr != nil && $0.edgeDim > 0) }
  }
}
