/// Options as given, checked against a mechanism's table: unknown names (the message says the closest right one),
/// missing ones, wrong kinds and values outside their range are `.invalidConfig`. Of two values for one name the
/// later counts, except for lists of children.
public struct Settings {
  private let options: [Option]
  private var values: [OptionValue]
  /// Lists of children, an entry an option.
  private var lists: [[any Mechanism]]

  /// `mechanism` is the name for messages.
  public init(
    of mechanism: StaticString, _ options: [Option], _ given: [(key: String, value: OptionValue)] = []
  ) throws(RuvectorError) {
    self.options = options
    var found: [OptionValue?] = options.map { $0.standard.map { .number($0) } }
    lists = options.map { _ in [] }
    for (key, value) in given {
      guard let at = options.firstIndex(where: { $0.name.matches(key) }) else {
        throw Self.unknown(key, of: mechanism, options.map { $0.name })
      }
      found[at] = try options[at].check(value)
      if case .child(let child) = value { lists[at].append(child) }
    }
    values = []
    for (i, (option, value)) in zip(options, found).enumerated() {
      if case .children(let range) = option.kind, value != nil, !range.contains(lists[i].count) {
        throw .expected(option.wanted, for: "\(option.name)", received: "\(lists[i].count)", .invalidConfig)
      }
      guard let value else {
        throw .expected(option.wanted, for: "\(option.name)", received: "nothing", .invalidConfig)
      }
      values.append(value)
    }
  }

  public func integer(_ name: StaticString) -> Int {
    switch value(name) {
    case .integer(let x): Int(truncatingIfNeeded: x)
    case .number(let x): Int(exactly: x) ?? 0
    default: 0
    }
  }

  public func flag(_ name: StaticString) -> Bool { number(name) == 1 }

  /// The place of the name chosen.
  public func choice(_ name: StaticString) -> Int { integer(name) }

  public func number(_ name: StaticString) -> Double {
    switch value(name) {
    case .integer(let x): Double(x)
    case .number(let x): x
    default: 0
    }
  }

  /// All 64 bits of an integer seed. A whole number counts as that integer, any other as its bit pattern.
  public func seed(_ name: StaticString) -> UInt64 {
    switch value(name) {
    case .integer(let x): UInt64(bitPattern: x)
    case .number(let x): x.magnitude < 9e15 && x == x.rounded() ? UInt64(bitPattern: Int64(x)) : x.bitPattern
    default: 0
    }
  }

  /// How many children are given.
  public func count(_ name: StaticString) -> Int {
    for (option, list) in zip(options, lists) where option.name.matches(name) { return list.count }
    return 0
  }

  /// Floats that the children's weights have.
  public var childParameters: Int {
    var total = 0
    for list in lists { for child in list { total += child.parameters.total } }
    return total
  }

  /// Copies of the children given, with weights of their own. `.invalidConfig` for a nesting of more than 8 levels.
  public func children(_ name: StaticString) throws(RuvectorError) -> [any Mechanism] {
    var copies: [any Mechanism] = []
    for (option, list) in zip(options, lists) where option.name.matches(name) {
      for child in list {
        guard depth(of: child) < Self.deepest else {
          throw .expected(
            "at most \(Self.deepest) levels of mechanisms", for: "\(name)", received: "more", .invalidConfig)
        }
        copies.append(try child.clone())
      }
    }
    return copies
  }

  /// Levels of mechanisms in mechanisms.
  private static let deepest = 8

  private func depth(of mechanism: any Mechanism) -> Int {
    1 + mechanism.children.reduce(0) { max($0, depth(of: $1)) }
  }

  private static func unknown(_ key: String, of mechanism: StaticString, _ names: [StaticString])
    -> RuvectorError
  {
    guard let closest = closest(names, to: key) else {
      return .expected("no option", for: "\(mechanism)", received: quoted(key), .invalidConfig)
    }
    return .expected(
      "\(closest) or another of \(list(names))", for: "option of \(mechanism)", received: quoted(key),
      .invalidConfig)
  }

  private func value(_ name: StaticString) -> OptionValue? {
    for (option, value) in zip(options, values) where option.name.matches(name) { return value }
    return nil
  }
}

extension Settings {
  /// The options in JSON, as given or defaulted; but for children, which describe themselves. Numbers as `text` writes them.
  public var json: String {
    var all = ""
    for (option, value) in zip(options, values) {
      let written: String
      switch (option.kind, value) {
      // Whatever it was given as: NaN is a seed, and no JSON.
      case (.seed, _): written = "\(Int64(bitPattern: seed(option.name)))"
      case (_, .integer(let x)): written = option.json(Double(x))
      case (_, .number(let x)): written = option.json(x)
      default: continue
      }
      all += (all.utf8.isEmpty ? "" : ",") + "\"\(option.name)\":\(written)"
    }
    return "{" + all + "}"
  }
}
