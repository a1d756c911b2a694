/// A mechanism that can be made by name.
public struct Member: Sendable {
  public let family: StaticString
  public let name: StaticString
  public let options: [Option]
  public let operations: [Operation]
  /// Makes one from options by name.
  public let make: @Sendable ([(key: String, value: OptionValue)]) throws(RuvectorError) -> any Mechanism
  /// Floats that the weights of such a one would have: what a text that claims to hold them must pay for.
  public let parameters: @Sendable ([(key: String, value: OptionValue)]) throws(RuvectorError) -> Int
  #if DEBUG  // what ruvector-typegen prints
    /// The name of its class.
    public let type: String
  #endif

  /// `type`: the name of its class in other languages, where that is another.
  init<M: Mechanism & Sendable>(_ mechanism: M.Type, as type: StaticString? = nil) {
    family = mechanism.family
    name = mechanism.name
    options = mechanism.options
    operations = mechanism.operations
    make = { (given) throws(RuvectorError) -> any Mechanism in try M.make(given) }
    parameters = { (given) throws(RuvectorError) -> Int in
      let settings = try Settings(of: M.name, M.options, given)
      return try Slot.total(M.slots(settings)) + settings.childParameters
    }
    #if DEBUG
      self.type = type.map { "\($0)" } ?? "\(M.self)"
    #endif
  }
}

/// Every mechanism, one line each: what `rv_create` can make. A new one is its file, its line here, and its test.
public enum Registry {
  public static let members =
    [Member(RuvectorLayer.self)] + attention + codecs + graph + losses + optimizers + schedules + trainers + helpers
    + embeddings + rankers

  #if hasFeature(Embedded)
    /// There the link decides whether it is in (npm/scripts/wasm.sh): one compilation makes both WebAssembly modules.
    private static let attention: [Member] = {
      var list: [Member] = []
      withUnsafeMutablePointer(to: &list) { rv_wasm_attention($0) }
      return list
    }()
  #else
    private static let attention = mechanisms
  #endif
  fileprivate static let mechanisms = walks + general + blockwise + curved + mixtures

  // What the traits of Package.swift leave out is not linked.
  #if fullAttention
    private static let walks = [Member(RuvectorLayerV2.self), Member(HierarchicalModel.self)]
    private static let general = [
      Member(ScaledDotProduct.self),
      Member(MultiHead.self),
      Member(LinearAttention.self),
      Member(LocalGlobal.self),
      Member(GraphRoPE.self),
      Member(Structural.self),
      Member(HNSWAware.self),
      Member(EdgeFeatured.self),
      Member(GraphLatent.self),
      Member(GraphPipeline.self),
      Member(DynamicHeads.self),
    ]
  #else
    private static let walks: [Member] = []
    private static let general: [Member] = []
  #endif

  #if flash
    private static let blockwise = [Member(FlashAttention.self)]
  #else
    private static let blockwise: [Member] = []
  #endif

  #if hyperbolic
    private static let curved = [
      Member(DualSpace.self),
      Member(Hyperbolic.self),
      Member(ManifoldAttention.self),
      Member(LorentzCascade.self),
      Member(MixedCurvature.self),
    ]
  #else
    private static let curved: [Member] = []
  #endif

  #if moe
    private static let mixtures = [Member(MixtureOfExperts.self), Member(LearnedRouting.self)]
  #else
    private static let mixtures: [Member] = []
  #endif

  private static let codecs = [
    Member(HalfCodec.self),
    Member(PQ8Codec.self),
    Member(PQ4Codec.self),
    Member(BinaryCodec.self),
  ]

  private static let graph = [
    Member(GCNLayer.self),
    Member(GATLayer.self),
    Member(GATv2Layer.self),
    Member(GraphSAGELayer.self),
    Member(TransformerLayer.self),
    Member(HyperbolicGNNLayer.self),
    Member(AggregationLayer.self, as: "Aggregation"),
    Member(Sequential.self),
    Member(LinearLayer.self, as: "Linear"),
    Member(LayerNormLayer.self, as: "LayerNorm"),
    Member(DropoutLayer.self, as: "Dropout"),
    Member(ActivationLayer.self, as: "Activation"),
  ]

  private static let losses = [
    Member(MSELoss.self),
    Member(CrossEntropyLoss.self),
    Member(BCEWithLogitsLoss.self),
    Member(ListwiseSoftmaxLoss.self),
    Member(InfoNCELoss.self),
    Member(TripletMarginLoss.self),
    Member(ContrastiveLoss.self),
    Member(LocalContrastiveLoss.self),
    Member(LaplacianRegularizer.self),
    Member(OrthogonalityRegularizer.self),
    Member(NormRegularizer.self),
    Member(L2Regularizer.self),
    Member(SpectralRegularization.self),
  ]

  private static let optimizers = [
    Member(SGD.self),
    Member(Adam.self),
    Member(AdamW.self),
    Member(RiemannianSGD.self),
    Member(RiemannianAdam.self),
  ]

  private static let schedules = [
    Member(ConstantSchedule.self),
    Member(CosineSchedule.self),
    Member(LinearSchedule.self),
    Member(ExponentialSchedule.self),
    Member(StepSchedule.self),
    Member(CosineRestartsSchedule.self),
    Member(PlateauSchedule.self),
  ]

  /// What training needs beside losses and optimizers.
  private static let helpers = [
    Member(NegativeMiner.self),
    Member(EWC.self),
    Member(ReplayBuffer.self),
    Member(FixedWeights.self),
    Member(UncertaintyWeights.self),
    Member(GradNorm.self),
  ]

  private static let trainers = [
    Member(Trainer.self)
  ]

  private static let embeddings = [
    Member(PoincareEmbedding.self),
    Member(TaxonomyMap.self),
  ]

  private static let rankers = [
    Member(BilinearRanker.self)
  ]

  /// Member `name` of `family`. `.invalidArgument` for unknown names, `.invalidConfig` for impossible options.
  public static func make(
    family: String, name: String, _ options: [(key: String, value: OptionValue)] = []
  ) throws(RuvectorError) -> any Mechanism {
    try member(family: family, name: name).make(options)
  }

  /// What it knows of member `name` of `family`. `.invalidArgument`.
  public static func member(family: String, name: String) throws(RuvectorError) -> Member {
    let relatives = members.filter { $0.family.matches(family) }
    guard !relatives.isEmpty else {
      var families: [StaticString] = []
      for member in members where !families.contains(where: { $0.matches(member.family) }) {
        families.append(member.family)
      }
      throw .expected("one of \(list(families))", for: "family", received: quoted(family), .invalidArgument)
    }
    guard let member = relatives.first(where: { $0.name.matches(name) }) else {
      throw .expected(
        "one of \(list(relatives.map { $0.name }))", for: family, received: quoted(name), .invalidArgument)
    }
    return member
  }
}

#if hasFeature(Embedded)
  /// The mechanisms of attention, and what is made of any, for `rv_wasm_attention`.
  @_cdecl("rv_wasm_mechanisms")
  public func mechanisms(_ list: UnsafeMutableRawPointer) {
    list.assumingMemoryBound(to: [Member].self).pointee = Registry.mechanisms
  }
#endif
