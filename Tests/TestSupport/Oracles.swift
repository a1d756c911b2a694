import Foundation

// The slow, obvious way, in Double.

/// Σ terms and Σ |terms|.
public struct Sum {
  public var value = 0.0
  public var magnitude = 0.0
  public init() {}
  @inline(__always) public mutating func add(_ term: Double) {
    value += term
    magnitude += term.magnitude
  }
}

public func dot(_ x: ArraySlice<Float>, _ y: ArraySlice<Float>) -> Sum {
  var s = Sum()
  for (a, b) in zip(x, y) { s.add(Double(a) * Double(b)) }
  return s
}

public func squaredL2(_ x: ArraySlice<Float>, _ y: ArraySlice<Float>) -> Sum {
  var s = Sum()
  for (a, b) in zip(x, y) { s.add((Double(a) - Double(b)) * (Double(a) - Double(b))) }
  return s
}

/// q·y / (|q| |y|), 0 where a norm is 0.
public func cosine(_ a: [Float], _ b: [Float]) -> Double { cosine(a[...], b[...]) }

public func cosine(_ a: ArraySlice<Float>, _ b: ArraySlice<Float>) -> Double {
  let aa = dot(a, a).value, bb = dot(b, b).value
  return aa == 0 || bb == 0 ? 0 : dot(a, b).value / (aa.squareRoot() * bb.squareRoot())
}

/// C = A B with A(i, l) = a(i, l) and so on; also Σ |terms| of each element.
public func product(
  m: Int, n: Int, k: Int, _ a: (Int, Int) -> Float, _ b: (Int, Int) -> Float
) -> [Sum] {
  var c = [Sum](repeating: Sum(), count: m * n)
  for i in 0..<m {
    for l in 0..<k {
      let x = Double(a(i, l))
      for j in 0..<n { c[i * n + j].add(x * Double(b(l, j))) }
    }
  }
  return c
}
