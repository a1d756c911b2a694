import Foundation

/// q·y / (|q| |y|), 0 where a norm is 0.
public func cosine<A: Sequence, B: Sequence>(_ a: A, _ b: B) -> Double
where A.Element: BinaryFloatingPoint, B.Element: BinaryFloatingPoint {
  var ab = 0.0
  var aa = 0.0
  var bb = 0.0
  for (x, y) in zip(a, b) {
    ab += Double(x) * Double(y)
    aa += Double(x) * Double(x)
    bb += Double(y) * Double(y)
  }
  return aa == 0 || bb == 0 ? 0 : ab / (aa.squareRoot() * bb.squareRoot())
}
