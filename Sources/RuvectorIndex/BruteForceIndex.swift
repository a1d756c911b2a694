import RuvectorCore

/// Looks at every vector: exact, without a graph to build, and the faster choice up to some ten thousand vectors.
///
/// Adding is O(dim), removing O(1), searching O(n · dim), at the speed of memory.
public final class BruteForceIndex: VectorIndex, @unchecked Sendable {
  public static let kind = IndexKind(
    name: "brute_force", title: "BruteForceIndex", options: VectorIndex.commonOptions)

  /// Options by name: see `kind`. `.invalidConfig`.
  public convenience init(_ given: [(key: String, value: OptionValue)]) throws(RuvectorError) {
    let settings = try BruteForceIndex.kind.settings(given)
    try self.init(settings, Parts(settings))
  }

  override init(_ settings: Settings, _ parts: Parts) throws(RuvectorError) { try super.init(settings, parts) }
}
