import RuvectorCore

/// Every function of ``PoincareBall`` and ``Lorentz`` by name: the one door for other languages.
///
/// The functions of the hyperboloid have the prefix `lorentz`, except the two conversions. To add a
/// function: a case here, its row in `row`, its line in `evaluate`.
public enum GeometryFunction: CaseIterable, Sendable {
  case mobiusAdd, mobiusSub, mobiusScalarMul, mobiusMatvec, gyration
  case expMap, expMap0, logMap, logMap0, geodesic, transp
  case dist, dist0, projx, egrad2rgrad, lambdaX
  case weightedMidpoint, frechetMean
  case toLorentz, toPoincare
  case lorentzInner, lorentzDist, lorentzProjx, lorentzExpMap, lorentzLogMap, lorentzTransp

  /// What one argument is. Every argument is passed as an array of Doubles.
  public enum Role: Sendable {
    /// 1 element.
    case scalar
    /// A point or a tangent vector: as many elements as the other vectors of the call.
    case vector
    /// [m][n] row by row; n elements in the vector beside it.
    case matrix
    /// Rows of `dim` elements each, row by row.
    case points
    /// One element per row of `points`.
    case weights
  }

  /// What a function returns. A scalar is an array of 1 element.
  public enum Result: Sendable { case scalar, vector }

  /// The name by which other languages call the function: that of the Swift case.
  public var name: StaticString { row.name }

  /// The arguments, in order.
  public var arguments: [Role] { row.arguments }

  public var result: Result { row.result }

  private var row: (name: StaticString, arguments: [Role], result: Result) {
    switch self {
    case .mobiusAdd: ("mobiusAdd", [.vector, .vector], .vector)
    case .mobiusSub: ("mobiusSub", [.vector, .vector], .vector)
    case .mobiusScalarMul: ("mobiusScalarMul", [.scalar, .vector], .vector)
    case .mobiusMatvec: ("mobiusMatvec", [.matrix, .vector], .vector)
    case .gyration: ("gyration", [.vector, .vector, .vector], .vector)
    case .expMap: ("expMap", [.vector, .vector], .vector)
    case .expMap0: ("expMap0", [.vector], .vector)
    case .logMap: ("logMap", [.vector, .vector], .vector)
    case .logMap0: ("logMap0", [.vector], .vector)
    case .geodesic: ("geodesic", [.scalar, .vector, .vector], .vector)
    case .transp: ("transp", [.vector, .vector, .vector], .vector)
    case .dist: ("dist", [.vector, .vector], .scalar)
    case .dist0: ("dist0", [.vector], .scalar)
    case .projx: ("projx", [.vector], .vector)
    case .egrad2rgrad: ("egrad2rgrad", [.vector, .vector], .vector)
    case .lambdaX: ("lambdaX", [.vector], .scalar)
    case .weightedMidpoint: ("weightedMidpoint", [.points, .weights], .vector)
    case .frechetMean: ("frechetMean", [.points, .weights], .vector)
    case .toLorentz: ("toLorentz", [.vector], .vector)
    case .toPoincare: ("toPoincare", [.vector], .vector)
    case .lorentzInner: ("lorentzInner", [.vector, .vector], .scalar)
    case .lorentzDist: ("lorentzDist", [.vector, .vector], .scalar)
    case .lorentzProjx: ("lorentzProjx", [.vector], .vector)
    case .lorentzExpMap: ("lorentzExpMap", [.vector, .vector], .vector)
    case .lorentzLogMap: ("lorentzLogMap", [.vector, .vector], .vector)
    case .lorentzTransp: ("lorentzTransp", [.vector, .vector, .vector], .vector)
    }
  }

  // MARK: - Lookup

  /// The function of that name, given as UTF-8.
  ///
  /// - Throws: `invalidArgument` with the list of names.
  public static func named(_ name: UnsafeBufferPointer<UInt8>) throws(RuvectorError) -> GeometryFunction {
    for function in allCases where function.isNamed(name) { return function }
    var names = ""
    for function in allCases {
      names += names.isEmpty ? "one of " : ", "
      names += function.text
    }
    // 40 bytes are enough to recognise what was meant
    let received = String(decoding: UnsafeBufferPointer(rebasing: name.prefix(40)), as: UTF8.self)
    throw .expected(names, for: "the geometry function", received: received, .invalidArgument)
  }

  private func isNamed(_ other: UnsafeBufferPointer<UInt8>) -> Bool {
    let name = name
    guard name.utf8CodeUnitCount == other.count else { return false }
    for i in 0..<other.count where name.utf8Start[i] != other[i] { return false }
    return true
  }

  /// The name as a string, for messages.
  private var text: String {
    let name = name
    return String(
      decoding: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount), as: UTF8.self)
  }

  // MARK: - Call

  /// Calls the function of that name.
  ///
  /// - Parameters:
  ///   - name: UTF-8, one of the names of ``GeometryFunction``.
  ///   - curvature: K < 0.
  ///   - vectors: the arguments in the order of ``arguments``, each an array of Doubles.
  ///   - dim: the number of coordinates of one row, for functions with an argument of role `points`; not
  ///     read by the others.
  /// - Returns: the result; 1 element if ``result`` is `scalar`.
  /// - Throws: `invalidArgument` for an unknown name or another number of arguments, `dimensionMismatch`
  ///   for a scalar that has not 1 element, then as the function itself.
  public static func evaluate(
    _ name: UnsafeBufferPointer<UInt8>, curvature: Double, vectors: [[Double]], dim: Int = 0
  ) throws(RuvectorError) -> [Double] {
    try named(name).evaluate(curvature: curvature, vectors: vectors, dim: dim)
  }

  /// Calls this function; arguments as in ``evaluate(_:curvature:vectors:dim:)``.
  public func evaluate(
    curvature: Double, vectors v: [[Double]], dim: Int = 0
  ) throws(RuvectorError) -> [Double] {
    let roles = arguments
    guard v.count == roles.count else {
      throw .expected("\(roles.count) arguments", for: text, received: "\(v.count)", .invalidArgument)
    }
    for (role, argument) in zip(roles, v) where role == .scalar {
      try check("the scalar of \(text)", argument.count, is: 1)
    }
    let ball = try PoincareBall(curvature: curvature)
    let lorentz = try Lorentz(curvature: curvature)
    switch self {
    case .mobiusAdd: return try ball.mobiusAdd(v[0], v[1])
    case .mobiusSub: return try ball.mobiusSub(v[0], v[1])
    case .mobiusScalarMul: return try ball.mobiusScalarMul(v[0][0], v[1])
    case .mobiusMatvec: return try ball.mobiusMatvec(v[0], v[1])
    case .gyration: return try ball.gyration(v[0], v[1], v[2])
    case .expMap: return try ball.expMap(v[0], v[1])
    case .expMap0: return try ball.expMap0(v[0])
    case .logMap: return try ball.logMap(v[0], v[1])
    case .logMap0: return try ball.logMap0(v[0])
    case .geodesic: return try ball.geodesic(v[0][0], v[1], v[2])
    case .transp: return try ball.transp(v[0], v[1], v[2])
    case .dist: return [try ball.dist(v[0], v[1])]
    case .dist0: return [try ball.dist0(v[0])]
    case .projx: return try ball.projx(v[0])
    case .egrad2rgrad: return try ball.egrad2rgrad(v[0], v[1])
    case .lambdaX: return [try ball.lambdaX(v[0])]
    case .weightedMidpoint: return try ball.weightedMidpoint(v[0], dim: dim, weights: v[1])
    case .frechetMean: return try ball.frechetMean(v[0], dim: dim, weights: v[1])
    case .toLorentz: return try ball.toLorentz(v[0])
    case .toPoincare: return try lorentz.toPoincare(v[0])
    case .lorentzInner: return [try lorentz.inner(v[0], v[1])]
    case .lorentzDist: return [try lorentz.dist(v[0], v[1])]
    case .lorentzProjx: return try lorentz.projx(v[0])
    case .lorentzExpMap: return try lorentz.expMap(v[0], v[1])
    case .lorentzLogMap: return try lorentz.logMap(v[0], v[1])
    case .lorentzTransp: return try lorentz.transp(v[0], v[1], v[2])
    }
  }
}
