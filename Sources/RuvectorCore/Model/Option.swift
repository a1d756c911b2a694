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
    /// So many members. They are copied: two members share no state.
    case children(ClosedRange<Int>)
  }

  public let name: StaticString
  public let kind: Kind
  /// nil: the option must be given.
  public let standard: Double?
  #if DEBUG  // what the library runs with holds no prose: ruvector-typegen, which prints it, is a debug build
    /// One sentence.
    public let note: StaticString
    /// What a saved text means that is older than the option; nil: there is none.
    public let before: Double?
  #endif

  public init(_ name: StaticString, _ kind: Kind, standard: Double? = nil, before: Double? = nil, _ note: StaticString)
  {
    (self.name, self.kind, self.standard) = (name, kind, standard)
    #if DEBUG
      (self.note, self.before) = (note, before)
    #endif
  }

  /// "an integer in 1...16".
  public var wanted: String {
    switch kind {
    case .integer(let range): "an integer in \(range.lowerBound)...\(range.upperBound)"
    case .number(let range) where range.upperBound.isInfinite && range.lowerBound.isInfinite:
      "a finite number"
    case .number(let range): "a number in \(text(range.lowerBound))\(upTo(range.upperBound))"
    case .positive: "a finite number > 0"
    case .negative: "a finite number < 0"
    case .flag: "0 or 1"
    case .seed: "an integer"
    case .choice(let names): "one of \(list(names))"
    case .children(let range) where range.upperBound == 1: "1 member"
    case .children(let range): "\(range.lowerBound)...\(range.upperBound) members"
    }
  }

  /// "...0.5"; "..<1" of a number just below 1, which six digits would make 1 itself.
  private func upTo(_ bound: Double) -> String {
    let next = bound.rounded(.up)
    return bound < next && next - bound < 5e-7 * bound ? "..<\(text(next))" : "...\(text(bound))"
  }

  /// A value in JSON.
  func json(_ value: Double) -> String {
    guard case .choice(let names) = kind, let at = Int(exactly: value), names.indices.contains(at) else {
      return text(value)
    }
    return "\"\(names[at])\""
  }

  func check(_ value: OptionValue) throws(RuvectorError) -> OptionValue {
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
    case .child: received = "a member"
    }
    throw .expected(wanted, for: name, received: received, .invalidConfig)
  }
}
