import CRuvector
import Ruvector

private func graph(
  _ offsets: UnsafePointer<rv_buffer>?, _ indices: UnsafePointer<rv_buffer>?
) throws(RuvectorError) -> CSRGraph {
  let rows = try tensor(offsets, "offsets"), list = try tensor(indices, "indices")
  return try CSRGraph(
    offsets: UnsafeBufferPointer(start: rows.readIndices("offsets", count: rows.columns), count: rows.columns),
    indices: UnsafeBufferPointer(start: list.readIndices("indices", count: list.columns), count: list.columns))
}

@implementation @_cdecl("rv_graph_statistics")
public func rv_graph_statistics(
  _ offsets: UnsafePointer<rv_buffer>?, _ indices: UnsafePointer<rv_buffer>?, _ sources: UInt64, _ seed: UInt64,
  _ out: UnsafePointer<rv_buffer>?, _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    guard (4...1024).contains(sources) else {
      throw .expected("an integer in 4...1024", for: "sources", received: "\(sources)", .outOfRange)
    }
    let all = try GraphStatistics(graph(offsets, indices), sources: Int(clamping: sources), seed: seed)
    let out = try tensor(out, "output").doubleOutput("output", count: 8)
    out[0] = Double(all.nodes)
    out[1] = Double(all.edges)
    out[2] = all.meanDegree
    out[3] = Double(all.maxDegree)
    out[4] = all.degreeSkew
    out[5] = Double(all.depth)
    out[6] = all.hyperbolicity
    out[7] = all.clustering
  }
}

@implementation @_cdecl("rv_structural_features")
public func rv_structural_features(
  _ offsets: UnsafePointer<rv_buffer>?, _ indices: UnsafePointer<rv_buffer>?, _ damping: Double, _ tolerance: Double,
  _ iterations: UInt64, _ out: UnsafePointer<rv_buffer>?, _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let graph = try graph(offsets, indices)
    let out = try tensor(out, "output").output("output", count: StructuralFeatures.width * graph.nodes)
    try StructuralFeatures.write(
      graph, damping: damping, tolerance: tolerance, iterations: Int(clamping: min(iterations, 1 << 20)), into: out)
  }
}

@implementation @_cdecl("rv_recommend_mechanism")
public func rv_recommend_mechanism(
  _ statistics: UnsafePointer<rv_buffer>?, _ queries: UInt64, _ keys: UInt64, _ dim: UInt64, _ edges: Int32,
  _ norm_bound: Double, _ out: UnsafeMutablePointer<CChar>?, _ capacity: Int, _ length: UnsafeMutablePointer<Int>?,
  _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    var known: GraphStatistics?
    if statistics != nil { known = try read(tensor(statistics, "statistics").doubles("statistics")) }
    let task = AttentionTask(
      queries: Int(clamping: queries), keys: Int(clamping: keys), dim: Int(clamping: dim), hasEdgeFeatures: edges != 0,
      normBound: norm_bound.isNaN ? nil : norm_bound)
    var json = ""
    for choice in recommendMechanism(known, for: task).choices {
      var reasons = ""
      for reason in choice.reasons { reasons += (reasons.utf8.isEmpty ? "" : ",") + "\"\(reason)\"" }
      json += (json.utf8.isEmpty ? "[" : ",") + "{\"mechanism\":\"\(choice.mechanism)\",\"reasons\":[\(reasons)]}"
    }
    write(json + "]", out, capacity, length)
  }
}

private func read(_ numbers: [Double]) throws(RuvectorError) -> GraphStatistics {
  guard numbers.count == 8 else { throw .dimension("statistics", expected: 8, received: numbers.count) }
  for (i, x) in numbers.enumerated() where !x.isFinite || (i != 4 && !(0...0x1p53).contains(x)) {
    throw .expected("finite numbers", for: "statistics", received: "\(text(x)) at element \(i)", .invalidArgument)
  }
  var all = GraphStatistics()
  (all.nodes, all.edges) = (Int(clamping: Int64(numbers[0])), Int(clamping: Int64(numbers[1])))
  (all.meanDegree, all.maxDegree) = (numbers[2], Int(clamping: Int64(numbers[3])))
  (all.degreeSkew, all.depth) = (numbers[4], Int(clamping: Int64(numbers[5])))
  (all.hyperbolicity, all.clustering) = (numbers[6], numbers[7])
  return all
}
