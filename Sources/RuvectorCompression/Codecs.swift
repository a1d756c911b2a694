import RuvectorCore

/// One line of the registry: a codec's name, its options, and how to make one.
public struct CodecEntry: Sendable {
  /// The codec's name.
  public let name: StaticString
  /// The codec's options.
  public let options: [CodecOption]
  /// Makes a codec from unchecked options.
  public let make: @Sendable (_ options: [(key: String, value: Double)]) throws(RuvectorError) -> any Codec

  init<C: Codec>(_ codec: C.Type) {
    name = codec.name
    options = codec.options
    make = { (options) throws(RuvectorError) -> any Codec in
      try C(CodecSettings(C.self, options))
    }
  }
}

/// The registry of codecs. A new codec is its file, one line here, and its test.
public enum Codecs {
  /// All codecs, the most exact first.
  public static var all: [CodecEntry] {
    [
      CodecEntry(HalfCodec.self),
      CodecEntry(PQ8Codec.self),
      CodecEntry(PQ4Codec.self),
      CodecEntry(BinaryCodec.self),
    ]
  }

  /// A codec by name.
  ///
  /// ```swift
  /// let codec = try Codecs.make("half", [("scale", 0.5)])
  /// ```
  ///
  /// - Throws: `.invalidArgument` for an unknown name (listing the known ones); `.invalidConfig` for an
  ///   unknown option or a value out of range.
  public static func make(
    _ name: String, _ options: [(key: String, value: Double)] = []
  ) throws(RuvectorError) -> any Codec {
    let all = Codecs.all
    guard let entry = all.first(where: { spells($0.name, name) }) else {
      throw .expected(
        "one of \(list(all.map { $0.name }))", for: "codec", received: quoted(name), .invalidArgument)
    }
    return try entry.make(options)
  }
}
