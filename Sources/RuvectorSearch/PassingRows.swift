import RuvectorCore

/// Rows of equal width anywhere in memory: `count` pointers to `dim` floats each.
public struct ScatteredRows {
  public let rows: UnsafePointer<UnsafePointer<Float>>
  public let count: Int
  public let dim: Int

  public init(_ rows: UnsafePointer<UnsafePointer<Float>>, count: Int, dim: Int) {
    (self.rows, self.count, self.dim) = (rows, count, dim)
  }
}

/// Candidates that belong to the caller, seen once. Where a row lies does not change a bit of its score.
enum PassingRows {
  case packed(MatrixView)
  case scattered(ScatteredRows)

  var count: Int {
    switch self {
    case .packed(let matrix): matrix.rows
    case .scattered(let rows): rows.count
    }
  }

  var dim: Int {
    switch self {
    case .packed(let matrix): matrix.dim
    case .scattered(let rows): rows.dim
    }
  }

  func row(_ r: Int) -> UnsafePointer<Float> {
    switch self {
    case .packed(let matrix): matrix.row(r)
    case .scattered(let rows): rows.rows[r]
    }
  }

  func slice(_ range: Range<Int>) -> PassingRows {
    switch self {
    case .packed(let matrix): .packed(matrix.slice(range))
    case .scattered(let rows):
      .scattered(ScatteredRows(rows.rows + range.lowerBound, count: range.count, dim: rows.dim))
    }
  }
}
