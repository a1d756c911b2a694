import RuvectorCore

/// A layer that a walk down a hierarchy can go through: one node and its neighbours give one row. The family "layer".
public protocol WalkLayer: Mechanism {
  /// Width of the node and its neighbours.
  var inputDim: Int { get }
  /// Width of the output.
  var hiddenDim: Int { get }
  /// `out` [hiddenDim] from a node [inputDim], its neighbours [n, inputDim] and their weights.
  func forward(
    _ node: UnsafePointer<Float>, neighbors: MatrixView, edgeWeights: UnsafeBufferPointer<Float>,
    into out: UnsafeMutablePointer<Float>
  ) throws(RuvectorError)
}

/// What such a layer is to others. (Embedded Swift casts an object to its class, but not to another protocol.)
public final class WalkFacet: Facet {
  public let layer: any WalkLayer

  init(_ layer: any WalkLayer) { self.layer = layer }
}

extension WalkLayer {
  public static var family: StaticString { "layer" }
  public var facet: Facet? { WalkFacet(self) }
}
