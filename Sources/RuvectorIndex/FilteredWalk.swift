import RuvectorCore

/// The search of a graph in which only some nodes count, by the cheapest way that finds them:
///
/// 1. Few nodes are looked at one by one.
/// 2. Else the usual walk, whose pool holds nodes that do not count beside those that do: all there is to do where those that
///    count are near the query as often as elsewhere. Of few that count it keeps fewer, down to a quarter of `ef`: with the others
///    between them these are as many nodes as a larger `ef` would keep.
/// 3. Where it meets too many others: the walk over all nodes until `ef` that count have been found, and if that takes about as
///    long as looking at each node that counts, just that.
struct FilteredWalk: FilteredSearch {
  let walker: Walker
  private let graph: HNSWIndex
  let k: Int
  private let ef: Int
  let kernels: KernelTable

  init(_ walker: Walker, _ graph: HNSWIndex, k: Int, ef: Int, _ kernels: KernelTable) {
    (self.walker, self.graph, self.k, self.ef, self.kernels) = (walker, graph, k, ef, kernels)
  }

  func run<A: Admission>(_ admission: A, count: Int, _: VectorIndex) throws(RuvectorError) {
    let nodes = graph.nodeCount, looks = count + admission.effort(walker.limit)
    guard count > max(k, 64) else { return scan(admission) }
    // So many that count, in a pool of so many nodes on the average.
    let least = min(ef, k + k / 2), width = max(least, count >= nodes / 4 ? ef : count >= nodes / 8 ? ef / 2 : ef / 4)
    let apart = Double(nodes) / Double(count), pool = Int(min(Double(width) * apart, 0x1p24))
    let others = min(max(4 * ef, 2 * pool), 64 * ef) + 64
    // Up to so many distances a look at each that counts is the better choice: it finds all of them. A walk looks at as many as
    // without a filter where most nodes count, at several times as many where few do, and finds fewer of them. (What a node of
    // its pool costs beside distances, random links above all, is as long as 28 of these.)
    let few = (count >= nodes / 2 ? 1 : count >= nodes / 4 ? 2 : count >= nodes / 8 ? 4 : 14) * ef * graph.m
    guard looks > (count >= nodes / 8 ? few : max(few, 28 * pool)) else { return scan(admission) }
    try walker.widen(width + others + 1)
    let start = graph.descend(walker, to: 0, kernels)
    walker.unmarkAndStart(start)
    let most = graph.hasPlateaus ? count : 0
    let isDone = try walker.leavePlateau(ef: width, of: most, room: 2 * others, kernels) {
      walker.walk(0, ef: $0, graph, kernels, admission, others: others)
    }
    if isDone {
      // Those that count begin behind many others, as on a shell around the query: there are as many directions as if all of
      // these had been asked for.
      let hole = walker.position(admission)
      if Double(hole) > max(Double(ef / 2), 2 * apart) {
        try walker.widen(width + 2 * hole + others + 1)
        walker.unmarkAndStart(start)
        _ = walker.walk(0, ef: width + hole, graph, kernels, admission, others: hole + others)
      }
    } else if !walker.wander(admission, ef: ef, graph, kernels, from: start, budget: looks / 6) {
      // (A distance on the way costs two or three of those in a row, which find all.)
      return scan(admission)
    }
    walker.keep(admission)
    if !walker.holds(min(k, count), admission, graph.chains) { scan(admission) }
  }

  private func scan<A: Admission>(_ admission: A) { walker.scan(admission, ef: ef, graph, kernels) }
}
