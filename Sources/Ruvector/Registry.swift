/// Every mechanism, one line each: what `rv_create` can make.
public enum Registry {
  /// Member `name` of `family`. `.invalidArgument` for unknown names, `.invalidConfig` for impossible options.
  public static func make(
    family: String, name: String, _ options: [(key: String, value: OptionValue)]
  ) throws(RuvectorError) -> any Mechanism {
    if RuvectorLayer.family.matches(family) {
      if RuvectorLayer.name.matches(name) { return try RuvectorLayer.make(options) }
      throw .expected("\"ruvector\"", for: "name of a layer", received: "\"\(name)\"", .invalidArgument)
    }
    throw .expected("one of layer, codec", for: "family", received: "\"\(family)\"", .invalidArgument)
  }
}
