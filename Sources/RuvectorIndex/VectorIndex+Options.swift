import RuvectorCore
import RuvectorGeometry

/// What an index is made by.
extension VectorIndex {
  /// Options that all kinds have.
  static let commonOptions: [Option] = [
    Option("dim", .integer(1...65536), "Elements a vector."),
    Option("metric", .choice(["cosine", "l2", "ip", "poincare", "lorentz"]), standard: 0, "How vectors are compared."),
    Option("curvature", .negative, standard: -1, "Sectional curvature of the hyperbolic metrics."),
    Option(
      "storage", .choice(["f32", "f16", "i8"]), standard: 0,
      "How rows are stored for the search; i8: a byte an element and a scale a row, a quarter of the memory traffic. Hyperbolic metrics take f32 alone."
    ),
    Option(
      "rerank", .flag, standard: 1,
      "1: floats are kept beside a smaller storage, to order the last candidates exactly."),
    Option(
      "capacity", .integer(0...2_147_483_646), standard: 0,
      "Vectors to have memory for at once. Without it an index starts with room for 16 and doubles up to some 4 MB of rows, then grows by pieces of that size; a batch into an empty index takes what it needs in one piece."
    ),
    Option(
      "keys", .choice(["number", "bigint", "string"]), standard: 0,
      "What vectors are named by: 64-bit integers (of which JavaScript makes numbers or bigints) or strings."),
  ]

  static func space(_ settings: Settings) throws(RuvectorError) -> Space {
    let metric = IndexMetric(rawValue: UInt8(settings.choice("metric"))) ?? .cosine, dim = settings.integer("dim")
    guard metric != .lorentz || dim >= 2 else {
      throw .expected("an integer in 2...65536", for: "dim", received: "\(dim)", .invalidConfig)
    }
    let curvature = settings.number("curvature")
    guard !metric.isHyperbolic || (-1e30 ... -1e-30).contains(curvature) else {
      throw .expected("a number in -1e30...-1e-30", for: "curvature", received: text(curvature), .invalidConfig)
    }
    return Space(metric, dim: dim, c: metric.isHyperbolic ? -settings.number("curvature") : 1)
  }

  static func storage(_ settings: Settings, _ space: Space) throws(RuvectorError) -> RowStorage {
    let storage = RowStorage(rawValue: UInt8(settings.choice("storage"))) ?? .f32
    guard storage == .f32 || !space.metric.isHyperbolic else {
      throw .expected(
        "\"f32\" (near the rim fewer bits lose the order of hyperbolic distances)", for: "storage",
        received: storage == .f16 ? "\"f16\"" : "\"i8\"", .invalidConfig)
    }
    return storage
  }

  /// A "hnsw" or "brute_force" index with options by name. `.invalidArgument`, `.invalidConfig`.
  public static func make(_ kind: String, _ given: [(key: String, value: OptionValue)]) throws(RuvectorError)
    -> VectorIndex
  {
    try IndexKind.named(kind).name.matches("hnsw") ? HNSWIndex(given) : BruteForceIndex(given)
  }

  static func keyKind(_ settings: Settings) -> KeyKind { settings.choice("keys") == 2 ? .string : .integer }
  /// The place of the option `keys` in its names.
  var keyChoice: Int { settings.choice("keys") }
}
