import CRuvectorSupport
import RuvectorCore

/// Each row moved to mean 0 and variance 1, then scaled and shifted column by column:
///
///     y = γ ⊙ (x − mean) / √(variance + eps) + β
///
/// Mean and variance (divided by the width) are those of one row. Equal elements give β, also with eps 0 (and then have no gradient).
/// - Complexity: O(n · width).
/// - Precision: Float, mean and variance in Double.
///
/// Reference: Ba, Kiros, Hinton 2016, "Layer Normalization". Names: PyTorch's LayerNorm.
public final class LayerNormLayer: DenseLayer, @unchecked Sendable {
  public static let name: StaticString = "layer_norm"
  public static let options = [
    Option("inChannels", .integer(1...65_536), "Width of a row."),
    Option("eps", .number(0...1), standard: 1e-5, "Added to the variance."),
    Option("affine", .flag, standard: 1, "1: γ and β are learned; 0: 1 and 0."),
  ]
  public let inChannels: Int
  public let eps: Double
  public let parameters: Parameters
  private let scale, shift: Parameter?

  /// γ begins at 1, β at 0.
  public static func slots(_ settings: Settings) -> [Slot] {
    let d = settings.integer("inChannels")
    return settings.flag("affine") ? [Slot("weight", [d], .ones), Slot("bias", [d], .zeros)] : []
  }

  public convenience init(_ settings: Settings) throws(RuvectorError) {
    self.init(settings, try Parameters(Self.slots(settings)))
  }

  private init(_ settings: Settings, _ parameters: Parameters) {
    self.parameters = parameters
    inChannels = settings.integer("inChannels")
    eps = settings.number("eps")
    scale = settings.flag("affine") ? parameters["weight"] : nil
    shift = settings.flag("affine") ? parameters["bias"] : nil
  }

  public var optionValues: [Double] { [Double(inChannels), eps, scale == nil ? 0 : 1] }
  public func width(of inChannels: Int) -> Int { inChannels }
  public var keepsSome: Bool { false }

  /// (x − mean) / √(variance + eps) of a row; returns 1 / √(variance + eps).
  private func standardize(_ x: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>) -> Double {
    let n = inChannels
    var mean = 0.0, variance = 0.0
    for c in 0..<n { mean += Double(x[c]) }
    mean /= Double(n)
    for c in 0..<n { variance += (Double(x[c]) - mean) * (Double(x[c]) - mean) }
    let sum = variance / Double(n) + eps, factor = sum > 0 ? 1 / sum.squareRoot() : 0
    for c in 0..<n { out[c] = Float((Double(x[c]) - mean) * factor) }
    return factor
  }

  public func forward(
    _ input: GraphInput, into out: UnsafeMutablePointer<Float>, _ mode: Mode, keeps: Bool, _ control: Control
  ) throws(RuvectorError) -> Kept? {
    let x = try input.x.written(), kernels = Kernels.current, n = inChannels
    try forChunks(of: x.view.rows, chunk: nodesOfPart, control) { (rows, _) in
      for r in rows {
        let place = out + r * n
        _ = standardize(x.view.row(r), into: place)
        if let scale { kernels.multiply(place, scale.pointer, place, n) }
        if let shift { kernels.add(place, shift.pointer, place, n) }
      }
    }
    _ = x.memory
    return nil
  }

  /// With z the standardized row, s its factor and h = g ⊙ γ: dx = s (h − mean h − z mean(h ⊙ z)), dγ = Σ g ⊙ z, dβ = Σ g.
  public func backward(
    _ input: GraphInput, _ kept: Kept?, outputGradient g: UnsafePointer<Float>, into gradients: GraphGradients,
    _ mode: Mode, _ control: Control
  ) throws(RuvectorError) {
    let x = try input.x.written(), kernels = Kernels.current, n = inChannels
    let sums = try Sums(of: x.view.rows, floats: 2 * n)
    try sums.forParts(control) { (rows, place) throws(RuvectorError) in
      let work = try AlignedBuffer<Float>(count: 2 * n, for: "rows"), z = work.pointer, h = z + n
      for r in rows {
        let factor = standardize(x.view.row(r), into: z), row = g + r * n
        kernels.multiply(row, z, h, n)
        kernels.add(place, h, place, n)
        kernels.add(place + n, row, place + n, n)
        guard let out = gradients.x.map({ $0 + r * n }) else { continue }
        if let scale { kernels.multiply(row, scale.pointer, h, n) } else { h.update(from: row, count: n) }
        var mean = 0.0, along = 0.0
        for c in 0..<n {
          mean += Double(h[c])
          along += Double(h[c]) * Double(z[c])
        }
        (mean, along) = (mean / Double(n), along / Double(n))
        for c in 0..<n { out[c] += Float(factor * (Double(h[c]) - mean - Double(z[c]) * along)) }
      }
    }
    _ = x.memory
    if let scale { sums.add(from: 0, n, to: gradients.parameters[scale]) }
    if let shift { sums.add(from: n, n, to: gradients.parameters[shift]) }
  }
}
