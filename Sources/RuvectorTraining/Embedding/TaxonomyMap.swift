import CRuvectorSupport
import RuvectorCore

/// A map from embeddings (of texts, say) into the Poincaré ball, where the nodes of a taxonomy have points: attention to the nodes,
///
///     y = x/|x|      q = W y      a = softmax(K q)      z = Vᵀ a      p = tanh(|z|) z/|z|
///
/// x [n, inDim], W [hiddenDim, inDim]; of each node a key in K [nodes, hiddenDim] and a value in V [nodes, size], its point seen from
/// the origin (log₀ of it, K = −1); p [n, size], no farther out than |p| = 1 − 1e-5. A row of zeros is led to the mean of the values.
///
/// TaxonomyHead makes the weights: keys W y of the nodes' own embeddings times a sharpness, values of trained points (PoincareEmbedding).
/// All of them have gradients. - Complexity: O(n · (inDim · hiddenDim + nodes · (hiddenDim + size))), of memory 64 rows of `nodes`.
///
/// Reference: scaled dot-product attention (Vaswani et al. 2017, equation 1) over a memory of nodes; with keys that are fixed, the
/// regression of Nadaraya and Watson (1964) in the tangent space of the origin. Not for classes without a hierarchy.
public final class TaxonomyMap: Mechanism, Sendable {
  // MARK: - Options

  public static let family: StaticString = "head"
  public static let name: StaticString = "taxonomy"
  public static let options = [
    Option("inDim", .integer(1...65536), "Width of embeddings."),
    Option("hiddenDim", .integer(1...65536), "Width in which embeddings are compared with nodes."),
    Option("size", .integer(1...1024), "Dimensions of the ball."),
    Option("nodes", .integer(1...(1 << 26)), "Number of nodes."),
    Option("seed", .seed, standard: 0, "Of the initial weights."),
  ]
  private static let forward = Operation(
    "forward", [.input("embeddings", ["n", "inDim"])], [Port("points", ["n", "size"])])
  // q: what is compared with keys.
  private static let hidden = Operation(
    "hidden", [Port("embeddings", ["n", "inDim"])], [Port("queries", ["n", "hiddenDim"])])
  public static let operations = [forward, forward.backward(), hidden]

  public static func slots(_ settings: Settings) -> [Slot] {
    let inDim = settings.integer("inDim"), hidden = settings.integer("hiddenDim")
    let size = settings.integer("size"), nodes = settings.integer("nodes")
    return [
      Slot("projection", [hidden, inDim], .xavierNormal(fanIn: inDim, fanOut: hidden)),
      Slot("keys", [nodes, hidden], .xavierNormal(fanIn: 1, fanOut: 1)),
      Slot("values", [nodes, size], .xavierNormal(fanIn: size, fanOut: size)),
    ]
  }

  // MARK: - Creation

  nonisolated(unsafe) public let parameters: Parameters
  public let optionValues: [Double]
  public let seed: UInt64
  nonisolated(unsafe) private let projection: Parameter, keys: Parameter, values: Parameter
  private let inDim: Int, hidden: Int, size: Int, nodes: Int

  public convenience init(_ settings: Settings) throws(RuvectorError) {
    self.init(settings, try Parameters(Self.slots(settings), seed: settings.seed("seed")))
  }

  private init(_ settings: Settings, _ parameters: Parameters) {
    self.parameters = parameters
    projection = parameters["projection"]
    keys = parameters["keys"]
    values = parameters["values"]
    inDim = settings.integer("inDim")
    hidden = settings.integer("hiddenDim")
    size = settings.integer("size")
    nodes = settings.integer("nodes")
    seed = settings.seed("seed")
    optionValues = [Double(inDim), Double(hidden), Double(size), Double(nodes), settings.number("seed")]
  }

  public func size(of side: StaticString) -> Int? {
    if side.matches("inDim") { return inDim }
    if side.matches("hiddenDim") { return hidden }
    return side.matches("size") ? size : nil
  }

  public func perform(_ call: Call, _ control: Control) throws(RuvectorError) -> Int {
    guard let x = try call.matrix("embeddings") else { return 0 }
    let out = try call.output()
    if call.isNamed("forward") {
      try points(x, out, control)
    } else if call.isNamed("hidden") {
      var start = 0
      while start < x.rows {
        let end = min(start + Self.chunk, x.rows), w = try query(x.slice(start..<end), 0, control)
        (out + start * hidden).update(from: w.q.pointer, count: w.rows * hidden)
        start = end
      }
    } else if let toX = try call.output("embeddings"), let toAll = try call.output("parameters"),
      let g = try call.matrix("outputGradient")
    {
      out.update(repeating: 0, count: call.outputCount)
      try backward(x, g, toX, Gradients(toAll), control)
    }
    try call.requireFiniteOutput()
    return call.outputCount
  }

  // MARK: - Forward

  /// Rows that are worked on together.
  private static let chunk = 64
  /// The length of z whose point is 1 − 1e-5 away from the origin: no point lies farther out.
  private static let longest = 6.103_033_822_758_9

  /// What a chunk of rows needs on its way.
  private struct Work {
    let rows: Int
    /// Unit rows, and 1/|x|.
    let y: AlignedBuffer<Float>
    let inverse: AlignedBuffer<Double>
    let q: AlignedBuffer<Float>
    let a: AlignedBuffer<Float>
    let z: AlignedBuffer<Float>
  }

  /// As far as q, with room for the attention to so many nodes.
  private func query(_ x: MatrixView, _ nodes: Int, _ control: Control) throws(RuvectorError) -> Work {
    try control.check()
    let n = x.rows, kernels = Kernels.current
    let w = Work(
      rows: n, y: try AlignedBuffer(rows: n, columns: inDim, for: "rows"),
      inverse: try AlignedBuffer(count: n, for: "rows"),
      q: try AlignedBuffer(rows: n, columns: hidden, for: "rows"),
      a: try AlignedBuffer(rows: n, columns: nodes, for: "rows"),
      z: try AlignedBuffer(rows: n, columns: size, for: "rows"))
    for r in 0..<n {
      let row = x.row(r), y = w.y.pointer + r * inDim, norm = kernels.squared_norm(row, inDim).squareRoot()
      w.inverse[r] = norm == 0 ? 0 : 1 / norm
      for i in 0..<inDim { y[i] = norm == 0 ? 0 : Float(Double(row[i]) / norm) }
    }
    try gemm(
      m: n, n: hidden, k: inDim, .rows(w.y.pointer, stride: inDim), .transposed(projection.pointer, stride: inDim),
      w.q.pointer, cStride: hidden, accumulate: false, threads: control.threads)
    return w
  }

  /// As far as z.
  private func work(_ x: MatrixView, _ control: Control) throws(RuvectorError) -> Work {
    let n = x.rows, kernels = Kernels.current, w = try query(x, nodes, control)
    try gemm(
      m: n, n: nodes, k: hidden, .rows(w.q.pointer, stride: hidden), .transposed(keys.pointer, stride: hidden),
      w.a.pointer, cStride: nodes, accumulate: false, threads: control.threads)
    for r in 0..<n {
      let a = w.a.pointer + r * nodes
      let sum = kernels.exponential_sum(a, kernels.maximum(a, nodes), 1, a, nodes)
      kernels.scale(1 / sum, a, a, nodes)
    }
    try gemm(
      m: n, n: size, k: nodes, .rows(w.a.pointer, stride: nodes), .rows(values.pointer, stride: size), w.z.pointer,
      cStride: size, accumulate: false, threads: control.threads)
    return w
  }

  private func points(_ x: MatrixView, _ out: UnsafeMutablePointer<Float>, _ control: Control) throws(RuvectorError) {
    var start = 0
    while start < x.rows {
      let end = min(start + Self.chunk, x.rows), w = try work(x.slice(start..<end), control)
      for r in 0..<w.rows {
        let z = w.z.pointer + r * size, p = out + (start + r) * size
        let length = Kernels.current.squared_norm(z, size).squareRoot(), factor = Self.share(length)
        for i in 0..<size { p[i] = Float(factor * Double(z[i])) }
      }
      start = end
    }
  }

  /// |p|/|z|.
  private static func share(_ length: Double) -> Double {
    length < 1e-4 ? 1 - length * length / 3 : rv_tanh(min(length, longest)) / length
  }

  // MARK: - Gradient

  private func backward(
    _ x: MatrixView, _ g: MatrixView, _ toX: UnsafeMutablePointer<Float>, _ to: Gradients, _ control: Control
  ) throws(RuvectorError) {
    let threads = control.threads
    var start = 0
    while start < x.rows {
      let end = min(start + Self.chunk, x.rows), w = try work(x.slice(start..<end), control), n = w.rows
      // dz: p = f(r) z/r, r = |z|; the part of g along z by f', the rest by f/r.
      let dz = try AlignedBuffer<Float>(rows: n, columns: size, for: "rows")
      for r in 0..<n {
        let z = w.z.pointer + r * size, given = g.row(start + r)
        let length = Kernels.current.squared_norm(z, size).squareRoot(), across = Self.share(length)
        let point = length * across, along = length > Self.longest ? 0 : 1 - point * point
        var inner = 0.0
        for i in 0..<size { inner += Double(given[i]) * Double(z[i]) }
        let part = length == 0 ? 0 : (along - across) * inner / (length * length)
        for i in 0..<size { dz[r * size + i] = Float(across * Double(given[i]) + part * Double(z[i])) }
      }
      // dV += aᵀ dz; ds = a (V dz − ⟨a, V dz⟩).
      try gemm(
        m: nodes, n: size, k: n, .transposed(w.a.pointer, stride: nodes), .rows(dz.pointer, stride: size), to[values],
        cStride: size, accumulate: true, threads: threads)
      let ds = try AlignedBuffer<Float>(rows: n, columns: nodes, for: "rows")
      try gemm(
        m: n, n: nodes, k: size, .rows(dz.pointer, stride: size), .transposed(values.pointer, stride: size), ds.pointer,
        cStride: nodes, accumulate: false, threads: threads)
      for r in 0..<n {
        let a = w.a.pointer + r * nodes, d = ds.pointer + r * nodes
        var mean = 0.0
        for i in 0..<nodes { mean += Double(a[i]) * Double(d[i]) }
        for i in 0..<nodes { d[i] = Float(Double(a[i]) * (Double(d[i]) - mean)) }
      }
      // dK += dsᵀ q; dq = ds K; dW += dqᵀ y; dy = dq W.
      try gemm(
        m: nodes, n: hidden, k: n, .transposed(ds.pointer, stride: nodes), .rows(w.q.pointer, stride: hidden), to[keys],
        cStride: hidden, accumulate: true, threads: threads)
      let dq = try AlignedBuffer<Float>(rows: n, columns: hidden, for: "rows")
      try gemm(
        m: n, n: hidden, k: nodes, .rows(ds.pointer, stride: nodes), .rows(keys.pointer, stride: hidden), dq.pointer,
        cStride: hidden, accumulate: false, threads: threads)
      try gemm(
        m: hidden, n: inDim, k: n, .transposed(dq.pointer, stride: hidden), .rows(w.y.pointer, stride: inDim),
        to[projection], cStride: inDim, accumulate: true, threads: threads)
      let dy = toX + start * inDim
      try gemm(
        m: n, n: inDim, k: hidden, .rows(dq.pointer, stride: hidden), .rows(projection.pointer, stride: inDim), dy,
        cStride: inDim, accumulate: false, threads: threads)
      // dx = (dy − ⟨dy, y⟩ y)/|x|.
      for r in 0..<n {
        let y = w.y.pointer + r * inDim, d = dy + r * inDim
        var inner = 0.0
        for i in 0..<inDim { inner += Double(d[i]) * Double(y[i]) }
        for i in 0..<inDim { d[i] = Float((Double(d[i]) - inner * Double(y[i])) * w.inverse[r]) }
      }
      start = end
    }
  }
}
