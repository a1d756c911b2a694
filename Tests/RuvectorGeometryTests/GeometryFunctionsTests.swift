import RuvectorCore
import Testing

@testable import RuvectorGeometry

@Suite struct GeometryFunctionsTests {
  func call(_ name: String, _ vectors: [[Double]], dim: Int = 0, K: Double = -1) throws -> [Double] {
    let name = Array(name.utf8)
    return try name.withUnsafeBufferPointer { (bytes) throws(RuvectorError) -> [Double] in
      try GeometryFunction.evaluate(bytes, curvature: K, vectors: vectors, dim: dim)
    }
  }

  @Test func badInputsGiveTheirCode() throws {
    for name in ["", "mobius", "mobiusAddd", "MobiusAdd", "mobiusadd", "\u{0}"] {
      #expect(code { _ = try call(name, [[0], [0]]) } == .invalidArgument)
    }
    #expect(
      code { _ = try GeometryFunction.evaluate(.init(start: nil, count: 0), curvature: -1, vectors: []) }
        == .invalidArgument)
    #expect(code { _ = try call("dist", [[0]]) } == .invalidArgument)
    #expect(code { _ = try call("dist", [[0], [0], [0]]) } == .invalidArgument)
    #expect(code { _ = try call("dist", [[0], [0]], K: 1) } == .invalidConfig)
    #expect(code { _ = try call("geodesic", [[], [0], [0]]) } == .dimensionMismatch)
    #expect(code { _ = try call("mobiusScalarMul", [[1, 2], [0]]) } == .dimensionMismatch)
    #expect(code { _ = try call("weightedMidpoint", [[0], [1]]) } == .invalidArgument)
    do { _ = try call("distt", []) } catch let error as RuvectorError {
      #expect(error.message.hasPrefix("expected one of mobiusAdd, mobiusSub, "))
      #expect(error.message.hasSuffix("lorentzTransp for the geometry function, received distt"))
    }
  }

  /// Every function, called by name with arguments of its roles, gives what its method gives.
  @Test func everyFunctionIsItsMethod() throws {
    let K = -0.7
    let ball = try PoincareBall<Double>(curvature: K)
    let lorentz = try Lorentz<Double>(curvature: K)
    let x = [0.1, -0.4, 0.3], y = [-0.5, 0.2, 0.6], v = [1.0, 2, -1]
    let X = try ball.toLorentz(x), Y = try ball.toLorentz(y)
    let V = [0.0, 1, -1, 2]
    let matrix = [1, 0.5, 0, 0, -1, 0.25]
    func expected(_ function: GeometryFunction) throws -> ([[Double]], [Double]) {
      switch function {
      case .mobiusAdd: ([x, y], try ball.mobiusAdd(x, y))
      case .mobiusSub: ([x, y], try ball.mobiusSub(x, y))
      case .mobiusScalarMul: ([[0.3], x], try ball.mobiusScalarMul(0.3, x))
      case .mobiusMatvec: ([matrix, x], try ball.mobiusMatvec(matrix, x))
      case .gyration: ([x, y, v], try ball.gyration(x, y, v))
      case .expMap: ([x, v], try ball.expMap(x, v))
      case .expMap0: ([v], try ball.expMap0(v))
      case .logMap: ([x, y], try ball.logMap(x, y))
      case .logMap0: ([y], try ball.logMap0(y))
      case .geodesic: ([[0.3], x, y], try ball.geodesic(0.3, x, y))
      case .transp: ([x, y, v], try ball.transp(x, y, v))
      case .dist: ([x, y], [try ball.dist(x, y)])
      case .dist0: ([x], [try ball.dist0(x)])
      case .projx: ([v], try ball.projx(v))
      case .egrad2rgrad: ([x, v], try ball.egrad2rgrad(x, v))
      case .lambdaX: ([x], [try ball.lambdaX(x)])
      case .weightedMidpoint: ([x + y, [1, 3]], try ball.weightedMidpoint(x + y, dim: 3, weights: [1, 3]))
      case .frechetMean: ([x + y, [1, 3]], try ball.frechetMean(x + y, dim: 3, weights: [1, 3]))
      case .toLorentz: ([x], try ball.toLorentz(x))
      case .toPoincare: ([X], try lorentz.toPoincare(X))
      case .lorentzInner: ([X, V], [try lorentz.inner(X, V)])
      case .lorentzDist: ([X, Y], [try lorentz.dist(X, Y)])
      case .lorentzProjx: ([V], try lorentz.projx(V))
      case .lorentzExpMap: ([X, V], try lorentz.expMap(X, V))
      case .lorentzLogMap: ([X, Y], try lorentz.logMap(X, Y))
      case .lorentzTransp: ([X, Y, V], try lorentz.transp(X, Y, V))
      }
    }
    var seen: [[Double]] = []
    for function in GeometryFunction.allCases {
      let (vectors, result) = try expected(function)
      #expect("\(function.name)" == "\(function)")
      #expect(vectors.count == function.arguments.count)
      #expect(try call("\(function.name)", vectors, dim: 3, K: K) == result, "\(function)")
      #expect(function.result == .vector || result.count == 1)
      #expect(!seen.contains(result), "\(function) gives what another gives")
      seen.append(result)
    }
  }
}
