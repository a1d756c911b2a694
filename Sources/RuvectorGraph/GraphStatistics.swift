import CRuvectorSupport
import RuvectorCore

/// What a graph looks like, in numbers.
public struct GraphStatistics: Equatable, Sendable {
  public var nodes = 0
  /// Entries of all rows, without loops and repetitions: an undirected edge counts twice.
  public var edges = 0
  public var meanDegree = 0.0
  public var maxDegree = 0
  /// The third standardised moment of the degrees: 0 where all are alike or symmetric, large with few hubs.
  public var degreeSkew = 0.0
  /// Steps between two nodes far apart, by a double sweep: at most the diameter of the component of the node with the most
  /// neighbours, equal to it in trees.
  public var depth = 0
  /// δ ≥ 0, the largest found: of the three sums of distances that pair up four nodes, half the difference of the two larger
  /// ones (Gromov 1987's four-point condition). 0 in trees. An estimate from below.
  public var hyperbolicity = 0.0
  /// The mean over the nodes of the part of their pairs of neighbours that are neighbours.
  public var clustering = 0.0

  /// 2δ/depth, 0...1 in undirected graphs: 0 in trees, 1 in cycles and grids.
  public var relativeHyperbolicity: Double { depth > 0 ? min(1, 2 * hyperbolicity / Double(depth)) : 0 }

  public init() {}

  /// Distances are counted from up to `sources` nodes, drawn from `seed` among those that the node with the most neighbours
  /// reaches; δ is the largest of 16,384 quadruples of them. Same seed, same numbers.
  /// - Complexity: O(sources · (N + edges)), and the clustering's Σ min(Σ degrees of neighbours, 8 degree²).
  public init(_ graph: CSRGraph, sources: Int = 32, seed: UInt64 = 0) throws(RuvectorError) {
    (nodes, edges) = (graph.nodes, graph.edges)
    guard nodes > 0 else { return }
    meanDegree = Double(edges) / Double(nodes)
    var hub = 0, second = 0.0, third = 0.0
    for i in 0..<nodes {
      let d = Double(graph.degree(i)) - meanDegree
      second += d * d
      third += d * d * d
      if graph.degree(i) > graph.degree(hub) { hub = i }
    }
    maxDegree = graph.degree(hub)
    let deviation = (second / Double(nodes)).squareRoot()
    degreeSkew = deviation > 0 ? third / Double(nodes) / (deviation * deviation * deviation) : 0
    let marks = try AlignedBuffer<UInt32>(count: nodes, repeating: 0, for: "graph")
    var sum = 0.0
    for i in 0..<nodes { sum += graph.clustering(i, marks: marks.pointer) }
    clustering = sum / Double(nodes)
    try walk(graph, from: hub, sources: max(4, sources), seed)
  }

  private mutating func walk(_ graph: CSRGraph, from hub: Int, sources: Int, _ seed: UInt64) throws(RuvectorError) {
    let steps = try AlignedBuffer<Int32>(count: nodes, for: "graph")
    let queue = try AlignedBuffer<UInt32>(count: nodes, for: "graph")
    let far = graph.distances(from: hub, into: steps.pointer, queue: queue.pointer)
    // The component lies in the queue, in the order in which it was found.
    var component: [UInt32] = [], count = 0
    for i in 0..<nodes where steps[i] >= 0 { count += 1 }
    var random = Random(seed: seed)
    if count <= sources {
      for place in 0..<count { component.append(queue[place]) }
    } else {
      for _ in 0..<sources { component.append(queue[random.below(count)]) }
    }
    let last = graph.distances(from: far, into: steps.pointer, queue: queue.pointer)
    depth = Int(steps[last])
    let k = component.count
    var d = [Int32](repeating: 0, count: k * k)
    for (a, source) in component.enumerated() {
      let end = graph.distances(from: Int(source), into: steps.pointer, queue: queue.pointer)
      depth = max(depth, Int(steps[end]))
      for (b, other) in component.enumerated() { d[a * k + b] = steps[Int(other)] }
    }
    guard k >= 4 else { return }
    for _ in 0..<16_384 {
      let a = random.below(k), b = random.below(k), c = random.below(k), e = random.below(k)
      let parts = [d[a * k + b], d[c * k + e], d[a * k + c], d[b * k + e], d[a * k + e], d[b * k + c]]
      var isWhole = true
      for part in parts where part < 0 { isWhole = false }
      guard isWhole else { continue }
      let x = parts[0] + parts[1], y = parts[2] + parts[3], z = parts[4] + parts[5]
      let top = max(x, max(y, z)), bottom = min(x, min(y, z)), middle = x + y + z - top - bottom
      hyperbolicity = max(hyperbolicity, Double(top - middle) / 2)
    }
  }
}
