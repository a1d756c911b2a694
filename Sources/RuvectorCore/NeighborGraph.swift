/// A graph of vectors in levels, as graph layers and attention see any index: nodes are places, numbers below `placeCount`
/// (some of which may hold nothing).
public protocol NeighborGraph: AnyObject {
  var placeCount: Int { get }
  /// −1 for a graph without nodes.
  var maxLevel: Int { get }
  /// The highest level that has the node; nil where there is none.
  func level(of node: Int) -> Int?
  /// Those the node is linked to at one of its levels.
  func neighbors(of node: Int, level: Int) -> [Int]
  /// The distance of two nodes.
  func distance(_ a: Int, _ b: Int) throws(RuvectorError) -> Float
  /// The `k` nearest nodes of one level, by a walk with `ef` candidates; `body` gets node and distance, best first.
  func searchLayer(
    _ query: UnsafePointer<Float>, k: Int, level: Int, ef: Int, _ body: (Int, Float) throws(RuvectorError) -> Void
  ) throws(RuvectorError)
}
