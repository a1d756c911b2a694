import RuvectorCore

/// A kind of index: the name by which it is made, and the options that it takes.
public struct IndexKind: Sendable {
  public let name: StaticString
  /// The name of its class, for messages and for other languages.
  public let title: StaticString
  public let options: [Option]

  public static let all = [HNSWIndex.kind, BruteForceIndex.kind]

  /// `.invalidArgument`
  static func named(_ name: String) throws(RuvectorError) -> IndexKind {
    for kind in all where kind.name.matches(name) { return kind }
    throw .expected("\"hnsw\" or \"brute_force\"", for: "kind", received: quoted(name), .invalidArgument)
  }

  /// A name of those that an option chooses from, as a file has it: by its place.
  func choice(_ option: StaticString, _ place: UInt32) -> OptionValue {
    for one in options where one.name.matches(option) {
      if case .choice(let names) = one.kind, place < UInt32(names.count) { return .text("\(names[Int(place)])") }
    }
    return .text("?")
  }

  /// Options as given or defaulted. `.invalidConfig`.
  func settings(_ given: [(key: String, value: OptionValue)]) throws(RuvectorError) -> Settings {
    try Settings(of: title, options, given)
  }
}

extension VectorIndex {
  public final var kind: IndexKind { self is HNSWIndex ? HNSWIndex.kind : BruteForceIndex.kind }

  /// JSON: kind, options as it was made with, instruction set.
  public final var description: String {
    "{\"kind\":\"\(kind.name)\",\"simd\":\"\(Kernels.level)\",\"options\":\(settings.json)}"
  }

  /// Whether an index of this kind would be made with these options and, empty, take the rows of `matrix`, those under these keys:
  /// the errors of `make` and `add`, memory apart. Nothing is stored. O(rows · dim).
  public static func check(
    _ kind: String, _ given: [(key: String, value: OptionValue)], _ list: KeyList? = nil, _ matrix: MatrixView? = nil
  ) throws(RuvectorError) {
    let settings = try IndexKind.named(kind).settings(given)
    let space = try space(settings), storage = try storage(settings, space)
    if let list, let matrix { try requireAsMany(list, matrix.rows) }
    if let matrix {
      try space.check(matrix, scratch: AlignedBuffer<Float>(count: space.width, for: "vectors"))
      // Whether a storage without floats beside it tells rows apart is seen by what an empty index keeps to see it by.
      if storage != .f32, !settings.flag("rerank") {
        try BruteForceIndex(settings, Parts(settings, nodes: 0)).requireSharp(matrix)
      }
    }
    if let list {
      guard list.kind == keyKind(settings) else { throw wrongKind("keys", wanted: keyKind(settings)) }
      if list.count > 1 { try requireDifferent(list) }
    }
  }
}
