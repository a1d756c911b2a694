import RuvectorCore
import RuvectorGeometry

/// The manifold on which the rows of parameters lie, as Riemannian optimizers use it.
struct RowManifold: Sendable {
  private enum Kind: Int { case euclidean, poincare, lorentz }
  private let kind: Kind
  let dim: Int
  let curvature: Double
  private let isExact: Bool

  static let options = [
    Option(
      "dim", .integer(1...65_536), "Numbers of a row, a divisor of size; on the hyperboloid with the time-like one."),
    Option("manifold", .choice(["euclidean", "poincare", "lorentz"]), standard: 1, "Where the rows lie."),
    Option("curvature", .number(-1e12 ... -1e-12), standard: -1, "Sectional curvature K < 0."),
    Option("exact", .flag, standard: 0, "1: steps in the ball follow geodesics, instead of straight lines."),
  ]

  init(_ settings: Settings) throws(RuvectorError) {
    dim = settings.integer("dim")
    kind = Kind(rawValue: settings.choice("manifold")) ?? .poincare
    (curvature, isExact) = (settings.number("curvature"), settings.flag("exact"))
    guard settings.integer("size") % dim == 0 else {
      throw .expected("a divisor of \(settings.integer("size"))", for: "dim", received: "\(dim)", .invalidConfig)
    }
    guard kind != .lorentz || dim > 1 else {
      throw .expected("an integer in 2...65536", for: "dim", received: "1", .invalidConfig)
    }
  }

  var values: [Double] { [Double(dim), Double(kind.rawValue), curvature, isExact ? 1 : 0] }

  /// `body` for each row of the parts.
  func forRows(
    _ parts: [Part], _ control: Control, _ body: (_ part: Part, _ at: Int) throws(RuvectorError) -> Void
  ) throws(RuvectorError) {
    let threads = Control(threads: control.threads)  // a step is not left half done
    for part in parts {
      guard part.count % dim == 0 else {
        throw .expected("rows of \(dim)", for: "parameters", received: "\(part.count) numbers", .dimensionMismatch)
      }
      try forChunks(of: part.count / dim, chunk: 64, threads) { (rows, _) throws(RuvectorError) in
        for row in rows { try body(part, row * dim) }
      }
    }
  }

  func point(_ place: UnsafePointer<Float>) -> [Double] { (0..<dim).map { Double(place[$0]) } }

  func write(_ x: [Double], to place: UnsafeMutablePointer<Float>) { for i in 0..<dim { place[i] = Float(x[i]) } }

  /// The Riemannian gradient of the Euclidean one.
  func gradient(
    _ x: [Double], _ g: UnsafePointer<Float>, scale: Float, decay: Double
  ) throws(RuvectorError) -> [Double] {
    var r = x
    for i in r.indices { r[i] = Double(scale) * Double(g[i]) + decay * x[i] }
    switch kind {
    case .euclidean: return r
    case .poincare: return try PoincareBall(curvature: curvature).egrad2rgrad(x, r)
    case .lorentz:
      r[0] = -r[0]
      let inner = try Lorentz(curvature: curvature).inner(x, r)
      for i in r.indices { r[i] -= curvature * inner * x[i] }
      return r
    }
  }

  /// What the second moment of each number adds: ⟨r, r⟩_x of the row, or of no manifold its own square.
  func squares(_ x: [Double], _ r: [Double]) throws(RuvectorError) -> [Double] {
    var square = 0.0
    switch kind {
    case .euclidean: return r.map { $0 * $0 }
    case .poincare:
      let λ = try PoincareBall(curvature: curvature).lambdaX(x)
      for y in r { square += λ * λ * y * y }
    case .lorentz: square = max(0, try Lorentz(curvature: curvature).inner(r, r))
    }
    return [Double](repeating: square, count: dim)
  }

  func retract(_ x: [Double], _ u: [Double]) throws(RuvectorError) -> [Double] {
    switch kind {
    case .euclidean: return zip(x, u).map { $0 + $1 }
    case .poincare:
      let ball = try PoincareBall(curvature: curvature)
      return try isExact ? ball.expMap(x, u) : ball.projx(zip(x, u).map { $0 + $1 })
    case .lorentz: return try Lorentz(curvature: curvature).expMap(x, u)
    }
  }

  func transport(_ x: [Double], _ y: [Double], _ v: [Double]) throws(RuvectorError) -> [Double] {
    switch kind {
    case .euclidean: v
    case .poincare: try PoincareBall(curvature: curvature).transp(x, y, v)
    case .lorentz: try Lorentz(curvature: curvature).transp(x, y, v)
    }
  }
}
