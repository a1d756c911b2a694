import RuvectorCore

/// The margin contrastive loss: pairs that belong together are to be near, others at least a margin apart.
///
///     L = mean_r y_r d_r² + (1 − y_r) max(0, margin − d_r)²     or their sum     d_r = |x_r − z_r + 1e-6|
///
/// input x, other z [n, d]; similar y [n]: 1 for pairs that belong together, 0 for others (anything between weighs both). With
/// `distance: 'cosine'` d = 1 − cos(x, z). Gradients of all three.
/// - Complexity: O(n · d). Precision: Double, rounded once.
///
/// Reference: Hadsell, Chopra, LeCun 2006, "Dimensionality reduction by learning an invariant mapping", equation 4 (without its ½).
public final class ContrastiveLoss: Loss, Sendable {
  // MARK: - Options

  public static let name: StaticString = "contrastive"
  public static let options = [
    Reduction.ofRows, Option("margin", .number(0...1e30), standard: 1, "Distance from which other pairs cost nothing."),
    RowDistance.option,
  ]
  public static let operations = lossOperations([
    .input("input", ["n", "d"]), .input("other", ["n", "d"]), .input("similar", ["n"]),
  ])
  private let isSum: Bool
  private let margin: Double
  private let distance: RowDistance

  // MARK: - Creation

  public init(_ settings: Settings) {
    (isSum, margin) = (settings.choice("reduction") == 1, settings.number("margin"))
    distance = RowDistance(rawValue: settings.choice("distance")) ?? .euclidean
  }

  public var optionValues: [Double] { [isSum ? 1 : 0, margin, Double(distance.rawValue)] }

  // MARK: - Value and gradients

  public func evaluate(_ call: Call, _ to: LossGradients) throws(RuvectorError) -> Double {
    let input = try call.elements("input"), other = try call.elements("other"), d = input.dim
    guard let similar = try call.vector("similar") else { return 0 }
    let share = isSum ? 1 : 1 / Double(input.rows), factor = to.scale * share
    var sum = 0.0
    for r in 0..<input.rows {
      let x = input.row(r), z = other.row(r), y = Double(similar[r]), pair = Pair(x, z, d, distance)
      let gap = max(0, margin - pair.distance), near = pair.distance * pair.distance
      sum += y * near + (1 - y) * gap * gap
      let slope = 2 * (y * pair.distance - (1 - y) * gap)
      pair.add(factor * slope, x, z, d, to["input"].map { $0 + r * d }, to["other"].map { $0 + r * d })
      if let out = to["similar"] { out[r] += Float(factor * (near - gap * gap)) }
    }
    return sum * share
  }
}
