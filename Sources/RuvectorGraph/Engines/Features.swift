import CRuvectorSupport
import RuvectorCore

/// Rows of features of which most are 0, in CSR form: row r has `values[k]` in column `columns[k]`, k in
/// `offsets[r] ..< offsets[r + 1]`, rising.
public final class SparseRows: @unchecked Sendable {
  public let rows: Int
  public let dim: Int
  /// [rows + 1]
  public let offsets: AlignedBuffer<Int>
  public let columns: AlignedBuffer<UInt32>
  public let values: AlignedBuffer<Float>

  init(
    rows: Int, dim: Int, offsets: AlignedBuffer<Int>, columns: AlignedBuffer<UInt32>, values: AlignedBuffer<Float>
  ) {
    (self.rows, self.dim, self.offsets, self.columns, self.values) = (rows, dim, offsets, columns, values)
  }

  /// The same places with other values.
  func with(_ values: AlignedBuffer<Float>) -> SparseRows {
    SparseRows(rows: rows, dim: dim, offsets: offsets, columns: columns, values: values)
  }

  /// Rows narrower than this are not looked at: dense products are as fast.
  static let narrowest = 64
  /// One in so many elements may differ from 0.
  private static let rarity = 12

  /// The rows of `x` where at most one element in 12 differs from 0; nil for others, most of which the first rows betray.
  /// O(elements), one pass.
  static func found(in x: MatrixView, _ control: Control) throws(RuvectorError) -> SparseRows? {
    guard x.dim >= narrowest, x.rows > 0 else { return nil }
    let few = min(x.rows, 16)
    var probe = 0
    for r in 0..<few {
      for c in 0..<x.dim where x.row(r)[c] != 0 { probe += 1 }
    }
    guard probe <= few * x.dim / 4 else { return nil }
    let most = x.rows * (x.dim / rarity)
    let offsets = try AlignedBuffer<Int>(count: x.rows + 1, for: "x")
    // With room for a row beyond: more are noticed behind it.
    let columns = try AlignedBuffer<UInt32>(count: most + x.dim, for: "x")
    let values = try AlignedBuffer<Float>(count: most + x.dim, for: "x")
    var count = 0
    for r in 0..<x.rows {
      if r % 1024 == 0 { try control.check() }
      offsets[r] = count
      count = write(x.row(r), x.dim, to: columns.pointer, values.pointer, at: count)
      if count > most { return nil }
    }
    offsets[x.rows] = count
    return SparseRows(rows: x.rows, dim: x.dim, offsets: offsets, columns: columns, values: values)
  }

  /// Writes those of n elements that differ from 0 from place `at` on; returns the place behind them.
  private static func write(
    _ x: UnsafePointer<Float>, _ n: Int, to columns: UnsafeMutablePointer<UInt32>,
    _ values: UnsafeMutablePointer<Float>, at first: Int
  ) -> Int {
    let raw = UnsafeRawPointer(x)
    var at = first, i = 0
    while i &+ 16 <= n {
      // Blocks of zeros, most of all, are passed over as a whole; in others every element is written, and stays where it is not
      // 0 (a branch for each would be guessed wrong).
      let p = raw + 4 &* i
      let a = p.loadUnaligned(as: SIMD2<UInt64>.self) | (p + 16).loadUnaligned(as: SIMD2<UInt64>.self)
      let b = (p + 32).loadUnaligned(as: SIMD2<UInt64>.self) | (p + 48).loadUnaligned(as: SIMD2<UInt64>.self)
      let all = a | b
      let end = all[0] | all[1] == 0 ? i : i &+ 16
      var c = i
      while c < end {
        columns[at] = UInt32(truncatingIfNeeded: c)
        values[at] = x[c]
        at &+= x[c] != 0 ? 1 : 0
        c &+= 1
      }
      i &+= 16
    }
    while i < n {
      if x[i] != 0 {
        columns[at] = UInt32(truncatingIfNeeded: i)
        values[at] = x[i]
        at &+= 1
      }
      i &+= 1
    }
    return at
  }
}

/// The rows that a layer reads: as they lie in memory, or the few of their elements that are not 0.
public enum Features {
  case dense(MatrixView)
  case sparse(SparseRows)

  /// Sparse where it pays.
  public init(_ x: MatrixView, _ control: Control) throws(RuvectorError) {
    if let sparse = try SparseRows.found(in: x, control) { self = .sparse(sparse) } else { self = .dense(x) }
  }

  public var rows: Int {
    switch self {
    case .dense(let x): x.rows
    case .sparse(let x): x.rows
    }
  }
  public var dim: Int {
    switch self {
    case .dense(let x): x.dim
    case .sparse(let x): x.dim
    }
  }
  /// Whether there is neither NaN nor infinity.
  var isFinite: Bool {
    let kernels = Kernels.current
    switch self {
    case .sparse(let x): return !kernels.non_finite_probe(x.values.pointer, x.offsets[x.rows]).isNaN
    case .dense(let x):
      for r in 0..<x.rows where kernels.non_finite_probe(x.row(r), x.dim).isNaN { return false }
      return true
    }
  }
  var isSparse: Bool { if case .sparse = self { true } else { false } }

  /// The rows as they lie in memory, written there where they are sparse.
  func written() throws(RuvectorError) -> (view: MatrixView, memory: AlignedBuffer<Float>?) {
    switch self {
    case .dense(let x): return (x, nil)
    case .sparse(let x):
      let memory = try AlignedBuffer<Float>(rows: x.rows, columns: x.dim, for: "x")
      memory.pointer.initialize(repeating: 0, count: memory.count)
      for r in 0..<x.rows {
        for k in x.offsets[r]..<x.offsets[r + 1] { memory[r * x.dim + Int(x.columns[k])] = x.values[k] }
      }
      return (MatrixView(memory.pointer, rows: x.rows, dim: x.dim), memory)
    }
  }

  // MARK: - Products

  /// out ← X Wᵀ (+ b), W [out, in], `out` [n, out] packed; `then` gets the rows of each part as soon as they are done.
  /// O(non-zeros · out).
  func times(
    _ weight: Parameter, bias: Parameter? = nil, into out: UnsafeMutablePointer<Float>, _ control: Control,
    then: (Range<Int>) -> Void = { _ in }
  ) throws(RuvectorError) {
    let n = weight.shape[0], kernels = Kernels.current
    switch self {
    case .dense(let x):
      let matrix = try PackedMatrix(.transposed(weight.pointer, stride: x.dim), rows: x.dim, columns: n)
      let block = matrix.blockRows
      try forChunks(of: x.rows, chunk: 4 * block, control) { (rows, _) throws(RuvectorError) in
        let scratch = try matrix.scratch()
        var r = rows.lowerBound
        while r < rows.upperBound {
          let count = min(block, rows.upperBound - r), place = out + r * n
          matrix.multiply(.rows(x.row(r), stride: x.stride), rows: count, into: place, cStride: n, scratch: scratch)
          if let bias { for i in 0..<count { kernels.add(place + i * n, bias.pointer, place + i * n, n) } }
          r += count
        }
        then(rows)
      }
    case .sparse(let x):
      let turned = try AlignedBuffer<Float>(count: weight.count, for: "weights")
      transpose(weight.pointer, rows: n, columns: x.dim, into: turned.pointer)
      try forChunks(of: x.rows, chunk: 64, control) { (rows, _) in
        for r in rows {
          let place = out + r * n
          if let bias { place.update(from: bias.pointer, count: n) } else { place.update(repeating: 0, count: n) }
          for k in x.offsets[r]..<x.offsets[r + 1] {
            kernels.axpy(x.values[k], turned.pointer + Int(x.columns[k]) * n, place, n)
          }
        }
        then(rows)
      }
    }
  }

  /// dW += Gᵀ X with G [n, out] packed: the gradient of W in `times`. O(non-zeros · out). Rows go in parts whose number depends
  /// on n alone.
  func addWeightGradient(
    _ g: UnsafePointer<Float>, width n: Int, to out: UnsafeMutablePointer<Float>, _ control: Control
  ) throws(RuvectorError) {
    switch self {
    case .dense(let x):
      let sums = try Sums(of: x.rows, floats: n * x.dim, rowsOfPart: 4096)
      try sums.forParts(control) { (rows, place) throws(RuvectorError) in
        try control.check()
        try gemm(
          m: n, n: x.dim, k: rows.count, .transposed(g + rows.lowerBound * n, stride: n),
          .rows(x.row(rows.lowerBound), stride: x.stride), place, cStride: x.dim)
      }
      sums.add(from: 0, n * x.dim, to: out)
    case .sparse(let x):
      let sums = try Sums(of: x.rows, floats: n * x.dim, rowsOfPart: 1024, most: 4), kernels = Kernels.current
      try sums.forParts(control) { (rows, place) in
        for r in rows {
          for k in x.offsets[r]..<x.offsets[r + 1] {
            kernels.axpy(x.values[k], g + r * n, place + Int(x.columns[k]) * n, n)
          }
        }
      }
      let all = try AlignedBuffer<Float>(count: n * x.dim, repeating: 0, for: "gradients")
      sums.add(from: 0, all.count, to: all.pointer)
      let turned = try AlignedBuffer<Float>(count: all.count, for: "gradients")
      transpose(all.pointer, rows: x.dim, columns: n, into: turned.pointer)
      kernels.add(out, turned.pointer, out, all.count)
    }
  }
}

/// dX += G W with G [rows, out] packed, W [out, in]: the gradient of X in `times`.
func addInputGradient(
  _ g: UnsafePointer<Float>, rows n: Int, _ weight: Parameter, to out: UnsafeMutablePointer<Float>?, _ control: Control
) throws(RuvectorError) {
  guard let out else { return }
  let width = weight.shape[0], dim = weight.shape[1]
  let matrix = try PackedMatrix(.rows(weight.pointer, stride: dim), rows: width, columns: dim), block = matrix.blockRows
  try forChunks(of: n, chunk: 4 * block, control) { (rows, _) throws(RuvectorError) in
    let scratch = try matrix.scratch()
    var r = rows.lowerBound
    while r < rows.upperBound {
      let count = min(block, rows.upperBound - r)
      matrix.multiply(
        .rows(g + r * width, stride: width), rows: count, into: out + r * dim, cStride: dim, accumulate: true,
        scratch: scratch)
      r += count
    }
  }
}

/// y = W x + b, without b where there is none.
struct Map {
  let weight: Parameter
  let bias: Parameter?

  /// The gradients of W, b and x for G [n, out] packed.
  func backward(
    _ x: Features, _ g: UnsafePointer<Float>, into gradients: GraphGradients, _ control: Control
  ) throws(RuvectorError) {
    let width = weight.shape[0]
    try x.addWeightGradient(g, width: width, to: gradients.parameters[weight], control)
    if let bias { try addRows(g, rows: x.rows, width: width, to: gradients.parameters[bias], control) }
    try addInputGradient(g, rows: x.rows, weight, to: gradients.x, control)
  }
}

/// out += the sum of the rows of g [n, width].
func addRows(
  _ g: UnsafePointer<Float>, rows n: Int, width: Int, to out: UnsafeMutablePointer<Float>, _ control: Control
) throws(RuvectorError) {
  let sums = try Sums(of: n, floats: width, rowsOfPart: 4096), kernels = Kernels.current
  try sums.forParts(control) { (rows, place) in
    for i in rows { kernels.add(place, g + i * width, place, width) }
  }
  sums.add(from: 0, width, to: out)
}

/// out [columns, rows] ← the transpose of x [rows, columns].
private func transpose(
  _ x: UnsafePointer<Float>, rows: Int, columns: Int, into out: UnsafeMutablePointer<Float>
) {
  // Sixteen lines of the output at a time stay in the cache.
  var c0 = 0
  while c0 < columns {
    let end = min(c0 + 16, columns)
    for r in 0..<rows { for c in c0..<end { out[c * rows + r] = x[r * columns + c] } }
    c0 = end
  }
}
