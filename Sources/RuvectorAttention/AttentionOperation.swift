import RuvectorCore

/// The operations of every mechanism of attention, described. What they read stands in `AnyAttention` (Attention+Run.swift): masks,
/// offsets, contexts and edges may be left out together or one by one, and have one shape or another.
enum AttentionOperation {
  private static let rows: [Port] = [
    .input("queries", ["m", "dim"]), .input("keys", ["n", "dim"]), .input("values", ["n", "v"]),
  ]
  private static let extras = [
    Port("mask", ["m", "n"], .uint8, .free), Port("offsets", ["m + 1"], .uint32, .free),
    Port("queryContext", ["m", "context"], .float32, .free), Port("keyContext", ["n", "context"], .float32, .free),
    Port("edges", ["pairs", "edgeDim"], .float32, .free, isDifferentiable: true),
  ]
  private static let output = Port("output", ["m", "width"])
  private static let outputGradient = Port("outputGradient", ["m * width"])
  private static let gradients = [
    Port("queries", ["m", "dim"]), Port("keys", ["n", "dim"]), Port("values", ["n", "v"]),
    Port("parameters", ["parameters"]), Port("edges", ["pairs", "edgeDim"]),
  ]

  /// Of masks and runs of keys.
  static let dense = [
    Operation("forward", rows + extras, [output]),
    Operation("weights", rows + extras, [Port("output", ["heads", "m", "n"])]),
    Operation("backward", rows + extras + [outputGradient], gradients),
  ]
  /// Over a pattern of sparsity: `offsets` lead into `indices`.
  private static let sparse = [
    Operation("sparse forward", rows + extras + [Port("indices", ["pairs"], .uint32)], [output]),
    Operation(
      "sparse weights", rows + extras + [Port("indices", ["pairs"], .uint32)], [Port("output", ["heads", "pairs"])]),
    Operation(
      "sparse backward", rows + extras + [Port("indices", ["pairs"], .uint32), outputGradient], gradients),
  ]
  /// One query whose keys come in blocks, or are in several places.
  private static let blocks = [
    Operation("feed", rows, [Port("state", ["state"], .float64)]),
    Operation("merge", [Port("other", ["state"], .float64)], [Port("state", ["state"], .float64)]),
    Operation("finish", [Port("state", ["state"], .float64)], [Port("output", ["v"])]),
  ]
  static let all = dense + sparse + blocks

  /// An operation on queries alone.
  static func ofQueries(_ name: StaticString, _ output: [Side]) -> Operation {
    Operation(name, [Port("queries", ["m", "dim"])], [Port("output", output)])
  }
}
