// Prints what the registry knows of its members as JSON: names, options with their ranges, defaults and notes, operations with
// their ports, the weights of an example; and of the kinds of indexes: names, options. npm/scripts/typegen.js makes JavaScript, types and documentation of it, with what the
// comment above each class says.
import Ruvector

#if DEBUG
  /// A text of JSON that is written as it is made.
  struct JSON {
    let text: String

    init(_ text: String) {
      var quoted = "\""
      for scalar in text.unicodeScalars { quoted += scalar == "\"" || scalar == "\\" ? "\\\(scalar)" : "\(scalar)" }
      self.text = quoted + "\""
    }

    init(_ fields: KeyValuePairs<String, JSON?>) {
      text =
        "{" + fields.compactMap { key, value in value.map { "\(JSON(key).text):\($0.text)" } }.joined(separator: ",")
        + "}"
    }

    init(_ list: [JSON]) { text = "[" + list.map(\.text).joined(separator: ",") + "]" }
    init(_ number: Double) { text = number == number.rounded() ? "\(Int64(number))" : "\(number)" }
    init(_ flag: Bool) { text = "\(flag)" }
  }

  func json(_ option: Option) -> JSON {
    let kind: String
    var choices: JSON?
    switch option.kind {
    case .integer: kind = "integer"
    case .number, .positive, .negative: kind = "number"
    case .flag: kind = "flag"
    case .seed: kind = "seed"
    case .choice(let names): (kind, choices) = ("choice", JSON(names.map { JSON("\($0)") }))
    case .children: kind = "children"
    }
    return JSON([
      "name": JSON("\(option.name)"), "kind": JSON(kind), "wanted": JSON(option.wanted), "note": JSON("\(option.note)"),
      "standard": option.standard.map { JSON($0) }, "before": option.before.map { JSON($0) }, "choices": choices,
    ])
  }

  func json(_ port: Port) -> JSON {
    JSON([
      "name": JSON("\(port.name)"), "type": JSON("\(port.type)"), "need": JSON("\(port.need)"),
      "shape": JSON(
        port.shape.map { side in
          switch side {
          case .fixed(let size): JSON("\(size)")
          case .named(let name): JSON("\(name)")
          }
        }), "differentiable": JSON(port.isDifferentiable),
    ])
  }

  /// The weights of a member with every option that has no default at 8, two children of that width; nil for one that is made of
  /// members of several families.
  func example(_ member: Member) throws -> JSON? {
    guard !member.family.matches("trainer") else { return nil }
    var given: [(key: String, value: OptionValue)] = [], words: [String] = []
    for option in member.options where option.standard == nil {
      if case .children(let range) = option.kind {
        let child =
          member.family.matches("walk")
          ? try Registry.make(
            family: "layer", name: "ruvector",
            [("inputDim", .number(8)), ("hiddenDim", .number(8)), ("heads", .number(2))])
          : "\(member.family)" == "attention" || option.name.matches("attention")
            ? try Registry.make(family: "attention", name: "scaled_dot_product", [("dim", .number(8))])
            : try Registry.make(
              family: "dense", name: "linear", [("inChannels", .number(8)), ("outChannels", .number(8))])
        let count = min(2, range.upperBound)
        for _ in 0..<count { given.append(("\(option.name)", .child(child))) }
        words.append("\(count == 1 ? "one" : "two") \(option.name)")
      } else {
        given.append(("\(option.name)", .number(8)))
        words.append("\(option.name) 8")
      }
    }
    let parameters = try member.make(given).parameters.map { parameter in
      JSON(["name": JSON(parameter.name), "shape": JSON(parameter.shape.map { JSON(Double($0)) })])
    }
    return JSON(["options": JSON(words.joined(separator: ", ")), "parameters": JSON(parameters)])
  }

  let members = try Registry.members.map { member in
    JSON([
      "family": JSON("\(member.family)"), "name": JSON("\(member.name)"), "type": JSON(member.type),
      "options": JSON(member.options.map(json)),
      "operations": JSON(
        member.operations.map {
          JSON([
            "name": JSON("\($0.name)"), "inputs": JSON($0.inputs.map(json)), "outputs": JSON($0.outputs.map(json)),
            "changesMember": JSON($0.changesMember),
          ])
        }), "example": try example(member),
    ])
  }
  let indexes = IndexKind.all.map { kind in
    JSON([
      "name": JSON("\(kind.name)"), "type": JSON("\(kind.title)"), "options": JSON(kind.options.map(json)),
    ])
  }
  print(JSON(["members": JSON(members), "indexes": JSON(indexes)]).text)
#else
  fatalError("a debug build is wanted: release builds hold no prose")
#endif
