import RuvectorCore

/// The search of a graph in which only some nodes count, by the cheapest way that finds them:
///
/// 1. Few nodes are looked at one by one.
/// 2. Else the usual walk, whose pool holds nodes that do not count beside those that do: all there is to do where half of the
///    nodes or more count, near the query too.
/// 3. Where it meets too many others, but some that count as often as elsewhere: leaps from one that counts to the next.
/// 4. Where hardly any that count are near the query: the walk over all nodes, and if that takes longer than looking at each
///    node that counts, just that.
struct FilteredWalk: FilteredSearch {
  let walker: Walker
  private let graph: HNSWIndex
  let k: Int
  private let ef: Int
  let kernels: KernelTable

  init(_ walker: Walker, _ graph: HNSWIndex, k: Int, ef: Int, _ kernels: KernelTable) {
    (self.walker, self.graph, self.k, self.ef, self.kernels) = (walker, graph, k, ef, kernels)
  }

  /// Nodes that do not count for which the pool of step 2 has room.
  private var others: Int { 4 * ef + 64 }
  /// Entries that the walker's pool has to have room for.
  var room: Int { ef + 2 * others }

  func run<A: Admission>(_ admission: A, count: Int, _: VectorIndex) throws(RuvectorError) {
    let nodes = graph.nodeCount, looks = count + admission.effort(walker.limit)
    // Up to so many distances a look at each that counts is the better choice: it finds all of them. A walk looks at as many as
    // without a filter where most nodes count, at several times as many where few do, and finds fewer of them.
    let walk = (count >= nodes / 2 ? 1 : count >= nodes / 4 ? 2 : count >= nodes / 8 ? 4 : 14) * ef * graph.m
    // Of fewer than a 32nd, those near the query are too far from each other to lead from one to the next.
    guard count > max(k, 64), count >= nodes / 32, looks > walk else { return scan(admission) }
    let start = graph.descend(walker, to: 0, kernels)
    walker.unmarkAndStart(start)
    let most = graph.hasPlateaus ? count : 0
    let isDone = try walker.leavePlateau(ef: ef, of: most, room: 2 * others, kernels) {
      walker.walk(0, ef: $0, graph, kernels, admission, others: others)
    }
    if isDone {
      // Those that count begin behind many others, as on a shell around the query: there are as many directions as if all of
      // these had been asked for.
      let hole = walker.position(admission)
      if hole > ef / 2 {
        walker.unmarkAndStart(start)
        _ = walker.walk(0, ef: ef + hole, graph, kernels, admission, others: others)
      }
    } else {
      let counted = walker.count(admission)
      if counted > 0, 4 * counted * nodes >= count * walker.size {
        walker.leap(admission, ef: count >= nodes / 8 ? ef : 3 * ef, graph, kernels)
      } else if !walker.wander(admission, ef: ef, graph, kernels, from: start, budget: looks) {
        return scan(admission)
      }
    }
    walker.keep(admission)
    if !walker.holds(min(k, count), admission, graph.chains) { scan(admission) }
  }

  private func scan<A: Admission>(_ admission: A) { walker.scan(admission, ef: ef, graph, kernels) }
}
