/// The value of an option as it arrives from C.
public enum OptionValue {
  case number(Double)
  case integer(Int64)
  case text(String)
  /// One of a list: options of kind `.children` are given once a child.
  case child(any Mechanism)
}

/// One option of a mechanism: the single source of its checks, messages and documentation.
public struct Option: Sendable {
  public enum Kind: Sendable {
    case integer(ClosedRange<Int64>)
    case number(ClosedRange<Double>)
    /// A finite number > 0.
    case positive
    /// A finite number < 0.
    case negative
    /// 0 or 1.
    case flag
    /// Any 64-bit pattern.
    case seed
    /// One of some names; its value is the place of the name.
    case choice([StaticString])
    /// So many mechanisms. They are copied: two mechanisms share no state.
    case children(ClosedRange<Int>)
  }

  public let name: StaticString
  public let kind: Kind
  /// nil: the option must be given.
  public let standard: Double?
  #if !hasFeature(Embedded)  // where nobody reads them and each kilobyte is downloaded
    /// One sentence.
    public let note: StaticString
  #endif

  public init(_ name: StaticString, _ kind: Kind, standard: Double? = nil, _ note: StaticString) {
    (self.name, self.kind, self.standard) = (name, kind, standard)
    #if !hasFeature(Embedded)
      self.note = note
    #endif
  }

  /// "an integer in 1...16".
  public var wanted: String {
    switch kind {
    case .integer(let range): "an integer in \(range.lowerBound)...\(range.upperBound)"
    case .number(let range) where range.upperBound.isInfinite && range.lowerBound.isInfinite:
      "a finite number"
    case .number(let range): "a number in \(text(range.lowerBound))...\(text(range.upperBound))"
    case .positive: "a finite number > 0"
    case .negative: "a finite number < 0"
    case .flag: "0 or 1"
    case .seed: "an integer"
    case .choice(let names): "one of \(list(names))"
    case .children(let range): "\(range.lowerBound)...\(range.upperBound) mechanisms"
    }
  }

  /// A value in JSON.
  func json(_ value: Double) -> String {
    guard case .choice(let names) = kind, let at = Int(exactly: value), names.indices.contains(at) else {
      return text(value)
    }
    return "\"\(names[at])\""
  }

  fileprivate func check(_ value: OptionValue) throws(RuvectorError) -> OptionValue {
    let name = "\(self.name)"
    switch (kind, value) {
    case (.seed, .integer), (.seed, .number): return value
    case (.integer(let range), .integer(let x)) where range.contains(x): return value
    case (.integer(let range), .number(let x)) where x == x.rounded() && x.magnitude < 9e15:
      if range.contains(Int64(x)) { return .integer(Int64(x)) }
    case (.number(let range), .number(let x)) where x.isFinite && range.contains(x): return value
    case (.number(let range), .integer(let x)) where range.contains(Double(x)): return .number(Double(x))
    case (.positive, .number(let x)) where x > 0 && x.isFinite: return value
    case (.positive, .integer(let x)) where x > 0: return .number(Double(x))
    case (.negative, .number(let x)) where x < 0 && x.isFinite: return value
    case (.negative, .integer(let x)) where x < 0: return .number(Double(x))
    case (.flag, .number(let x)) where x == 0 || x == 1: return value
    case (.flag, .integer(let x)) where x == 0 || x == 1: return value
    case (.choice(let names), .text(let word)):
      if let at = names.firstIndex(where: { $0.matches(word) }) { return .integer(Int64(at)) }
    case (.children, .child): return value
    default: break
    }
    let received: String
    switch value {
    case .number(let x): received = text(x)
    case .integer(let x): received = "\(x)"
    case .text(let x): received = quoted(x)
    case .child: received = "a mechanism"
    }
    throw .expected(wanted, for: name, received: received, .invalidConfig)
  }
}

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
      case (.seed, .integer(let x)): written = "\(x)"
      case (_, .integer(let x)): written = option.json(Double(x))
      case (_, .number(let x)): written = option.json(x)
      default: continue
      }
      all += (all.utf8.isEmpty ? "" : ",") + "\"\(option.name)\":\(written)"
    }
    return "{" + all + "}"
  }
}
