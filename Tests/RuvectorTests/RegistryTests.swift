import Ruvector
import TestSupport
import Testing

/// The contract of every registered mechanism. A new one joins by being registered.
@Suite struct RegistryTests {
  /// A trainer is made of members of other families: it has its own tests.
  static let names = Registry.members.filter { !$0.family.matches("trainer") }.map { "\($0.family) \($0.name)" }

  static func member(_ name: String) throws -> Member {
    try #require(Registry.members.first { "\($0.family) \($0.name)" == name })
  }

  /// Values for the options that have no default.
  static func required(_ member: Member) throws -> [(key: String, value: OptionValue)] {
    try member.options.filter { $0.standard == nil }.flatMap { option -> [(key: String, value: OptionValue)] in
      let value: OptionValue
      switch option.kind {
      case .children: value = try child(of: member)
      case .choice(let names): value = .text("\(names[0])")
      default: value = .number(4)
      }
      return [(key: String, value: OptionValue)](
        repeating: ("\(option.name)", value), count: option.kind.most)
    }
  }

  static func child(of member: Member) throws -> OptionValue {
    if member.family.matches("graph") {
      let sides: [(key: String, value: OptionValue)] = [("inChannels", .number(4)), ("outChannels", .number(4))]
      return .child(try Registry.make(family: "dense", name: "linear", sides))
    }
    if member.family.matches("walk") {
      let sides: [(key: String, value: OptionValue)] = [("inputDim", .number(4)), ("hiddenDim", .number(4))]
      return .child(try Registry.make(family: "layer", name: "ruvector", sides + [("heads", .number(1))]))
    }
    return .child(try Registry.make(family: "attention", name: "scaled_dot_product", [("dim", .number(4))]))
  }

  @Test func unknownNames() {
    for name in ["", "Half", "pq", "pq88", "half\0", "pq8 ", "ruvector"] {
      let error = failure { () throws(RuvectorError) in _ = try Registry.make(family: "codec", name: name) }
      let wanted = "expected one of half, pq8, pq4, binary for codec, received \(quoted(name))"
      #expect(error == RuvectorError(.invalidArgument, wanted))
    }
    let layer = failure { () throws(RuvectorError) in _ = try Registry.make(family: "layer", name: "half") }
    #expect(
      layer == RuvectorError(.invalidArgument, "expected one of ruvector, ruvector_v2 for layer, received \"half\""))
    let family = failure { () throws(RuvectorError) in _ = try Registry.make(family: "layers", name: "half") }
    var families: [String] = []
    for member in Registry.members where !families.contains("\(member.family)") { families.append("\(member.family)") }
    let all = families.joined(separator: ", ")
    #expect(family == RuvectorError(.invalidArgument, "expected one of \(all) for family, received \"layers\""))
  }

  @Test(arguments: names) func namesAndDescription(_ name: String) throws {
    let member = try Self.member(name)
    let made = try Registry.make(family: "\(member.family)", name: "\(member.name)", try Self.required(member))
    #expect(made.optionValues.count == member.options.count)
    for (value, option) in zip(made.optionValues, member.options) {
      #expect(
        value == option.standard ?? (option.kind.isChoice ? 0 : option.kind.isChildren ? Double(option.kind.most) : 4),
        "\(option.name)")
    }
    #expect(
      made.description.hasPrefix("{\"family\":\"\(member.family)\",\"name\":\"\(member.name)\",\"simd\":"))
  }

  @Test(arguments: names) func everyOptionIsChecked(_ name: String) throws {
    let member = try Self.member(name)
    for option in member.options {
      let key = "\(option.name)"
      #if DEBUG
        #expect("\(option.note)".hasSuffix("."))
      #endif
      var good: [OptionValue] = [], bad: [OptionValue] = [.text("4")]
      if !option.kind.isChildren { bad.append(try Self.child(of: member)) }
      switch option.kind {
      case .integer(let range):
        good = [.number(4), .integer(4)]
        for x in [range.lowerBound - 1, range.upperBound + 1] { bad += [.integer(x), .number(Double(x))] }
        bad += [Double.nan, .infinity, -.infinity, 4.5, 1e300, -1e300].map { .number($0) }
        if let standard = option.standard { #expect(range.contains(Int64(standard))) }
      case .number(let range):
        #expect(option.standard.map { range.contains($0) } ?? true)
        good = [range.lowerBound, range.upperBound, (range.lowerBound + range.upperBound) / 2].map {
          .number($0)
        }
        bad += [Double.nan, .infinity, -.infinity, range.lowerBound.nextDown, range.upperBound.nextUp]
          .map { .number($0) }
      case .positive, .negative:
        let sign = option.kind.isNegative ? -1.0 : 1
        #expect(option.standard.map { $0 * sign > 0 } ?? true)
        good = [1e-30, 1, 5e30].map { .number($0 * sign) } + [.integer(Int64(3 * sign))]
        bad += [0, -sign, -1e-300 * sign, .nan, .infinity, -.infinity].map { .number($0) } + [.integer(0)]
      case .flag:
        good = [.number(0), .number(1), .integer(0), .integer(1)]
        bad += [.number(0.5), .number(-1), .number(2), .number(.nan), .integer(2)]
      case .seed: good = [.integer(-5), .number(3)]
      case .choice(let names):
        good = names.map { .text("\($0)") }
        bad += [.text(""), .text("\(names[0]) "), .number(0), .integer(0)]
      case .children(let range):
        // Of one child alone a second is too many.
        good = range.upperBound > 1 ? [try Self.child(of: member)] : []
        #expect(range.lowerBound >= 1 && (range.contains(5) || range.upperBound == 1))
        bad += [.number(1), .integer(1), .number(.nan)]
      }
      let given = try Self.required(member)
      for value in good { _ = try member.make(given + [(key, value)]) }
      for value in bad {
        let error = failure { () throws(RuvectorError) in
          _ = try member.make(given + [(key, value)])
        }
        #expect(error?.code == .invalidConfig, "\(name) \(key) \(value)")
        #expect(error?.message.contains("for \(key), received ") == true)
      }
    }
    let required = try Self.required(member)
    let error = failure { () throws(RuvectorError) in
      _ = try member.make(required + [("no_such_option", .number(1))])
    }
    #expect(error?.code == .invalidConfig)
    #expect(error?.message.contains(" for option of \(member.name), received \"no_such_option\"") == true)
  }

  /// A copy has the same options and weights, in memory of its own.
  @Test(arguments: names) func clones(_ name: String) throws {
    let member = try Self.member(name), made = try member.make(try Self.required(member))
    for p in made.parameters { for i in 0..<p.count { p[i] += Float(i % 7) / 8 } }
    let copy = try made.clone()
    #expect(copy.description == made.description)
    #expect(copy.optionValues == made.optionValues && copy.seed == made.seed)
    #expect(copy.parameters.count == made.parameters.count)
    for (mine, its) in zip(made.parameters, copy.parameters) {
      #expect(mine.pointer != its.pointer)
      #expect((0..<mine.count).allSatisfy { mine[$0] == its[$0] }, "\(mine.name)")
    }
  }

  @Test(arguments: names) func unknownOperation(_ name: String) throws {
    let member = try Self.member(name)
    let made = try member.make(try Self.required(member))
    let error = failure { () throws(RuvectorError) in _ = try made.run("no such thing", [], .none) }
    #expect(error?.code == .invalidArgument)
    #expect(error?.message.hasSuffix("for operation, received \"no such thing\"") == true)
  }
}

extension Option.Kind {
  fileprivate var isChoice: Bool {
    if case .choice = self { true } else { false }
  }
  fileprivate var isNegative: Bool {
    if case .negative = self { true } else { false }
  }
  /// How many children the tests give; 1 of other options.
  fileprivate var most: Int {
    if case .children(let range) = self { min(4, range.upperBound) } else { 1 }
  }
  fileprivate var isChildren: Bool {
    if case .children = self { true } else { false }
  }
}
