import CRuvectorSupport
import RuvectorCore

extension RuvectorLayer {
  /// The formula of ``RuvectorLayer`` in Double, one step after the other: for input so large that Float overflows
  /// on the way although the result (a layer norm) fits. `.outOfRange` if it does not.
  func forwardInDouble(
    _ node: UnsafePointer<Float>, neighbors: MatrixView, edgeWeights: UnsafeBufferPointer<Float>,
    into out: UnsafeMutablePointer<Float>
  ) throws(RuvectorError) {
    let h = apply(message, (0..<inputDim).map { Double(node[$0]) })
    var y = h
    var factor = 1.0
    if neighbors.rows > 0 {
      var m: [[Double]] = []
      for i in 0..<neighbors.rows {
        m.append(apply(message, (0..<inputDim).map { Double(neighbors.row(i)[$0]) }))
      }
      var x = attention(h, m)
      let total = edgeWeights.reduce(0) { $0 + Double($1) }
      for i in 0..<min(m.count, edgeWeights.count) {
        let w = total > 0 ? Double(edgeWeights[i]) / total : 1 / Double(edgeWeights.count)
        for j in 0..<hiddenDim { x[j] += w * m[i][j] }
      }
      let u = apply(aggregate, x)
      let z = sum(apply(updateInput, u), apply(updateHidden, h)).map(logistic)
      let r = sum(apply(resetInput, u), apply(resetHidden, h)).map(logistic)
      let gated = (0..<hiddenDim).map { r[$0] * h[$0] }
      let c = sum(apply(candidateInput, u), apply(candidateHidden, gated)).map { rv_tanh($0) }
      for i in 0..<hiddenDim { y[i] = (1 - z[i]) * h[i] + z[i] * c[i] }
      factor = 1 - dropout
    }
    let mean = y.reduce(0, +) / Double(hiddenDim)
    let variance = y.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } * factor * factor / Double(hiddenDim)
    for i in 0..<hiddenDim {
      let value = (y[i] - mean) * factor / (variance + epsilon).squareRoot() * Double(gamma[i]) + Double(beta[i])
      guard value.magnitude <= Double(Float.greatestFiniteMagnitude) else {
        throw .expected("a result that fits in Float", for: "output", received: text(value), .outOfRange)
      }
      out[i] = Float(value)
    }
  }

  private func attention(_ h: [Double], _ m: [[Double]]) -> [Double] {
    let q = apply(query, h), keys = m.map { apply(key, $0) }, values = m.map { apply(value, $0) }
    var heads = [Double](repeating: 0, count: hiddenDim)
    for head in 0..<self.heads {
      let slice = (head * headDim)..<((head + 1) * headDim)
      let s = keys.map { k in slice.reduce(0) { $0 + q[$1] * k[$1] } / Double(headDim).squareRoot() }
      let top = s.reduce(-Double.infinity) { $1 > $0 ? $1 : $0 }
      let e = s.map { rv_exp($0 - top) }
      let total = e.reduce(0, +)
      for i in m.indices { for j in slice { heads[j] += e[i] / total * values[i][j] } }
    }
    return apply(output, heads)
  }

  private func apply(_ linear: Linear, _ x: [Double]) -> [Double] {
    (0..<linear.outDim).map { o in
      var s = Double(linear.bias[o])
      for i in 0..<linear.inDim { s += Double(linear.weight[o * linear.inDim + i]) * x[i] }
      return s
    }
  }

  private func sum(_ x: [Double], _ y: [Double]) -> [Double] { x.indices.map { x[$0] + y[$0] } }

  private func logistic(_ x: Double) -> Double { 1 / (1 + rv_exp(-x)) }
}
