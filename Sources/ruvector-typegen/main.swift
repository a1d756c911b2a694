// Prints what the registry knows of its members as JSON: names, options with their ranges, defaults and notes, operations with
// their ports, and what the comment above each class says. npm/scripts/typegen.js makes JavaScript, types and documentation of it.
//
//   ruvector-typegen <folder Sources>
import Foundation
import Ruvector
import RuvectorCore

struct Described: Encodable {
  struct Option: Encodable {
    let name, kind, wanted, note: String
    let standard: Double?
    let choices: [String]?
  }
  struct Port: Encodable {
    let name, type, need: String
    let shape: [String]
    let differentiable: Bool
  }
  struct Operation: Encodable {
    let name: String
    let inputs, outputs: [Port]
  }

  /// The weights of a member with some options.
  struct Example: Encodable {
    struct Parameter: Encodable {
      let name: String
      let shape: [Int]
    }
    let options: String
    let parameters: [Parameter]
  }

  let family, name, type, doc: String
  let example: Example
  let options: [Option]
  let operations: [Operation]
}

/// Class -> the comment above it.
func comments(in folder: String) -> [String: String] {
  var found: [String: String] = [:]
  let files = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
  for file in files.sorted() where file.hasSuffix(".swift") {
    guard let text = try? String(contentsOfFile: folder + "/" + file, encoding: .utf8) else { continue }
    var comment: [String] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("///") {
        comment.append(String(line.dropFirst(3).first == " " ? line.dropFirst(4) : line.dropFirst(3)))
        continue
      }
      if line.hasPrefix("public final class "), !comment.isEmpty {
        found[String(line.dropFirst(19).prefix { $0.isLetter || $0.isNumber })] = comment.joined(separator: "\n")
      }
      comment = []
    }
  }
  return found
}

func described(_ option: Option) -> Described.Option {
  var kind: String, choices: [String]?
  switch option.kind {
  case .integer: kind = "integer"
  case .number, .positive, .negative: kind = "number"
  case .flag: kind = "flag"
  case .seed: kind = "seed"
  case .choice(let names): (kind, choices) = ("choice", names.map { "\($0)" })
  case .children: kind = "children"
  }
  return Described.Option(
    name: "\(option.name)", kind: kind, wanted: option.wanted, note: "\(option.note)", standard: option.standard,
    choices: choices)
}

func described(_ port: RuvectorCore.Port) -> Described.Port {
  Described.Port(
    name: "\(port.name)", type: "\(port.type)", need: "\(port.need)",
    shape: port.shape.map { side in
      switch side {
      case .fixed(let size): "\(size)"
      case .named(let name): "\(name)"
      }
    }, differentiable: port.isDifferentiable)
}

/// Every option without a default at 8, two children of that width.
func example(_ member: Member) throws -> Described.Example {
  var given: [(key: String, value: OptionValue)] = [], words: [String] = []
  for option in member.options where option.standard == nil {
    switch option.kind {
    case .children:
      for _ in 0..<2 {
        given.append(
          (
            "\(option.name)",
            .child(try Registry.make(family: "attention", name: "scaled_dot_product", [("dim", .number(8))]))
          ))
      }
      words.append("two \(option.name)")
    case .choice: break
    default:
      given.append(("\(option.name)", .number(8)))
      words.append("\(option.name) 8")
    }
  }
  let made = try member.make(given)
  return Described.Example(
    options: words.joined(separator: ", "),
    parameters: made.parameters.map { Described.Example.Parameter(name: $0.name, shape: $0.shape) })
}

let arguments = CommandLine.arguments
guard arguments.count == 2 else {
  FileHandle.standardError.write(Data("usage: ruvector-typegen <folder Sources>\n".utf8))
  exit(2)
}
let docs = comments(in: arguments[1])
let members = try Registry.members.map { member in
  Described(
    family: "\(member.family)", name: "\(member.name)", type: member.type, doc: docs[member.type] ?? "",
    example: try example(member),
    options: member.options.map(described),
    operations: member.operations.map {
      Described.Operation(name: "\($0.name)", inputs: $0.inputs.map(described), outputs: $0.outputs.map(described))
    })
}
let encoder = JSONEncoder()
encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
FileHandle.standardOutput.write(try encoder.encode(members))
