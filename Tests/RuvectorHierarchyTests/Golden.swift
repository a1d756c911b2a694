import Foundation
import RuvectorCore
import RuvectorHierarchy

/// The vectors in Tests/Fixtures/ruvector_golden.json (see the README there).
struct Golden {
  struct Forward {
    let layer: String
    let node: [Float]
    let neighbors: [[Float]]
    let weights: [Float]
    let output: [Float]
  }
  struct Hierarchy {
    let query: [Float]
    let levels: [[[Float]]]
    let layers: [String]
    let output: [Float]
  }
  struct Search {
    let query: [Float]
    let candidates: [[Float]]
    let k: Int
    let temperature: Double
    let indices: [Int]
    let weights: [Float]
  }

  let layers: [String: String]
  let forward: [Forward]
  let hierarchies: [Hierarchy]
  let searches: [Search]

  init() throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures/ruvector_golden.json")
    let all = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any] ?? [:]
    func list(_ key: String) -> [[String: Any]] { all[key] as? [[String: Any]] ?? [] }
    layers = all["layers"] as? [String: String] ?? [:]
    forward = list("forward").map {
      Forward(
        layer: $0["layer"] as? String ?? "", node: floats($0["node"]),
        neighbors: ($0["neighbors"] as? [Any] ?? []).map(floats), weights: floats($0["edge_weights"]),
        output: floats($0["output"]))
    }
    hierarchies = list("hierarchical_forward").map {
      Hierarchy(
        query: floats($0["query"]),
        levels: ($0["layer_embeddings"] as? [[Any]] ?? []).map { $0.map(floats) },
        layers: $0["layers"] as? [String] ?? [], output: floats($0["output"]))
    }
    searches = list("differentiable_search").map {
      let result = $0["result"] as? [String: Any] ?? [:]
      return Search(
        query: floats($0["query"]), candidates: ($0["candidates"] as? [Any] ?? []).map(floats),
        k: $0["k"] as? Int ?? -1, temperature: $0["temperature"] as? Double ?? -1,
        indices: result["indices"] as? [Int] ?? [], weights: floats(result["weights"]))
    }
  }

  /// A layer by name, or from its JSON.
  func layer(_ name: String) throws -> RuvectorLayer {
    let json = layers[name] ?? name
    let all = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any] ?? [:]
    func part(_ path: String) -> Any? {
      path.split(separator: ".").reduce(all as Any?) { ($0 as? [String: Any])?[String($1)] }
    }
    func array(_ path: String) -> (shape: [Int], values: [Float]) {
      let array = part(path) as? [String: Any] ?? [:]
      return (array["dim"] as? [Int] ?? [], floats(array["data"]))
    }
    let weights = array("w_msg.weights").shape
    let made = try RuvectorLayer(
      inputDim: weights[1], hiddenDim: weights[0], heads: part("attention.num_heads") as? Int ?? 0,
      dropout: part("dropout") as? Double ?? -1, seed: 1)
    for parameter in made.parameters {
      let (shape, values) = array("\(parameter.name)")
      guard shape == parameter.shape, values.count == parameter.count else {
        throw RuvectorError(.corrupt, "\(parameter.name): \(shape), expected \(parameter.shape)")
      }
      parameter.pointer.update(from: values, count: values.count)
    }
    return made
  }
}

private func floats(_ list: Any?) -> [Float] { (list as? [NSNumber] ?? []).map(\.floatValue) }
