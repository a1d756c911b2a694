import CRuvectorSupport
import RuvectorCore

/// In training each element is 0 with probability p, else divided by 1 − p; otherwise the rows as they are:
///
///     y = m ⊙ x / (1 − p)
///
/// m is a function of the seed and the step of training, of the layer's place and of the element, so that threads and repeated
/// passes agree; of rows of which most elements are 0 only the others are looked at, with the same result.
/// - Complexity: O(n · width), or the elements that are not 0.
///
/// Reference: Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov 2014, "Dropout". Names: PyTorch's Dropout.
public final class DropoutLayer: FreeLayer, @unchecked Sendable {
  public static let name: StaticString = "dropout"
  public static let options = [
    Option("p", .number(0...0.999), standard: 0.5, "Share of the elements that training leaves out.")
  ]
  public let p: Double

  public init(_ settings: Settings) throws(RuvectorError) { p = settings.number("p") }

  public var optionValues: [Double] { [p] }
  public var keepsSome: Bool { false }

  public func passed(_ input: GraphInput, _ mode: Mode, _ control: Control) throws(RuvectorError) -> Features? {
    guard let mask = Mask(p, mode) else { return input.x }
    guard case .sparse(let x) = input.x else { return nil }
    let values = try AlignedBuffer<Float>(count: x.offsets[x.rows], for: "rows")
    for r in 0..<x.rows {
      for k in x.offsets[r]..<x.offsets[r + 1] {
        values[k] = x.values[k] * mask.factor(r * x.dim + Int(x.columns[k]))
      }
    }
    return .sparse(x.with(values))
  }

  public func forward(
    _ input: GraphInput, into out: UnsafeMutablePointer<Float>, _ mode: Mode, keeps: Bool, _ control: Control
  ) throws(RuvectorError) -> Kept? {
    let x = try input.x.written(), n = x.view.dim, mask = Mask(p, mode)
    try forChunks(of: x.view.rows, chunk: nodesOfPart, control) { (rows, _) in
      for r in rows {
        let row = x.view.row(r), place = out + r * n
        place.update(from: row, count: n)
        if let mask { for c in 0..<n { place[c] *= mask.factor(r * n + c) } }
      }
    }
    _ = x.memory
    return nil
  }

  public func backward(
    _ input: GraphInput, _ kept: Kept?, outputGradient g: UnsafePointer<Float>, into gradients: GraphGradients,
    _ mode: Mode, _ control: Control
  ) throws(RuvectorError) {
    guard let out = gradients.x else { return }
    let n = input.x.dim, mask = Mask(p, mode)
    try forChunks(of: input.x.rows, chunk: nodesOfPart, control) { (rows, _) in
      for k in rows.lowerBound * n..<rows.upperBound * n { out[k] += g[k] * (mask?.factor(k) ?? 1) }
    }
  }
}
