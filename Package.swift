// swift-tools-version: 6.1
import PackageDescription

// The arrows between targets go one way (A <- B: B imports A):
// kernels <- Core <- Geometry, Graph, Training <- Attention, Compression, Search <- Hierarchy, Index <- Ruvector, Store (beside it) <- ABI <-
// Calls <- the Node addon, the wasm module.

/// `RUVECTOR_TARGET=wasm32` leaves out the instruction sets of the machine that compiles.
let wasm = Context.environment["RUVECTOR_TARGET"] == "wasm32"

/// Kernel targets are optimised in debug builds too: unoptimised SIMD code is some 440 times slower.
/// `cpu` sets the instruction set of the whole module (`-Xcc -march` reaches Swift code as well).
func kernels(_ name: String, cpu: String? = nil, _ defines: String...) -> Target {
  var flags = ["-O", "-enforce-exclusivity=unchecked"]
  if let cpu { flags += ["-Xcc", "-march=\(cpu)"] }
  return .target(
    name: name, dependencies: ["CRuvectorSupport"],
    swiftSettings: defines.map { .define($0) } + [.unsafeFlags(flags)])
}

var levels: [Target] = [kernels("RuvectorKernelsScalar")]
#if arch(x86_64)
  levels += [kernels("RuvectorKernelsV1")]
  if !wasm {
    levels += [
      kernels("RuvectorKernelsV3", cpu: "x86-64-v3", "FMA"),
      kernels("RuvectorKernelsV4", cpu: "x86-64-v4", "FMA", "WIDE"),
    ]
  }
#elseif arch(arm64)
  levels += [kernels("RuvectorKernelsV1", cpu: nil, "FMA")]
#else
  levels += [kernels("RuvectorKernelsV1")]
#endif

/// Debug builds, and with `RUVECTOR_CHECKS=1` the optimised one that `npm test` runs the tests of Swift on, look for overlapping
/// accesses; that costs 4 % of adding vectors.
let unchecked: [SwiftSetting] =
  Context.environment["RUVECTOR_CHECKS"] == "1"
  ? [] : [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]

/// The standard library that is linked in front of the toolchain's own: one of which the linker may leave out what nothing
/// reaches (npm/scripts/collectable.js).
let runtime = Context.environment["RUVECTOR_RUNTIME"].map { [$0] } ?? []

/// The library, module by module.
let modules: [Target] = [
  .target(
    name: "RuvectorCore",
    dependencies: ["CRuvectorSupport"] + levels.map { .target(name: $0.name) }, swiftSettings: unchecked),
  .target(name: "RuvectorGeometry", dependencies: ["RuvectorCore"]),
  .target(name: "RuvectorSearch", dependencies: ["RuvectorCore", "RuvectorGeometry"]),
  .target(
    name: "RuvectorAttention", dependencies: ["CRuvectorSupport", "RuvectorCore", "RuvectorGeometry"],
    swiftSettings: unchecked),
  .target(
    name: "RuvectorIndex",
    dependencies: ["CRuvectorSupport", "RuvectorCompression", "RuvectorCore", "RuvectorGeometry"],
    swiftSettings: unchecked),
  .target(name: "RuvectorCompression", dependencies: ["RuvectorCore"]),
  .target(name: "RuvectorGraph", dependencies: ["CRuvectorSupport", "RuvectorCore", "RuvectorGeometry"]),
  .target(
    name: "RuvectorHierarchy",
    dependencies: ["CRuvectorSupport", "RuvectorAttention", "RuvectorCore", "RuvectorGeometry", "RuvectorSearch"]),
  .target(
    name: "RuvectorTraining", dependencies: ["CRuvectorSupport", "RuvectorCore", "RuvectorGeometry"],
    swiftSettings: unchecked),
  .target(
    name: "Ruvector",
    dependencies: [
      "RuvectorCore", "RuvectorGeometry", "RuvectorAttention", "RuvectorCompression", "RuvectorSearch",
      "RuvectorGraph", "RuvectorHierarchy", "RuvectorIndex", "RuvectorTraining",
    ]),
]

let support: [Target] = [
  .target(name: "CRuvectorSupport", linkerSettings: [.linkedLibrary("m", .when(platforms: [.linux]))]),
  .target(name: "CRuvector"),
  .target(name: "CRuvectorCalls", dependencies: ["CRuvector", "CRuvectorSupport", "RuvectorABI"]),
]

/// The whole library as one module: Embedded Swift optimises anew, in each module, what that module imports, which takes more
/// more than twice as long. npm/scripts/wasm.sh stands in for the modules that are imported. There are no databases.
let whole: [Target] = [
  .target(
    name: "RuvectorABI", dependencies: ["CRuvector", "CRuvectorSupport"] + levels.map { .target(name: $0.name) },
    path: "Sources",
    exclude: (support + levels).map(\.name) + [
      "CNodeShim", "CSQLite", "CWasmShim", "RuvectorKernelsV3", "RuvectorKernelsV4", "RuvectorStore",
      "ruvector-typegen",
    ], sources: modules.map(\.name) + ["RuvectorABI"],
    swiftSettings: [.unsafeFlags(["-enforce-exclusivity=unchecked"])]),
  .target(
    name: "CWasmShim", dependencies: ["CRuvectorCalls"],
    cSettings: [.unsafeFlags(["-ffunction-sections", "-O2", "-fno-builtin"])]),
]

/// Optimising tests takes longer than they run without, but for those whose loops of Double are long.
func tests(_ name: String, _ dependencies: [Target.Dependency], isOptimized: Bool = false) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, swiftSettings: isOptimized ? [] : [.unsafeFlags(["-Onone"])])
}

let native: [Target] =
  modules + [
    .executableTarget(name: "ruvector-typegen", dependencies: ["Ruvector"]),
    .target(name: "CSQLite"),
    .target(name: "RuvectorStore", dependencies: ["CRuvectorSupport", "CSQLite", "RuvectorCore"]),
    .target(name: "RuvectorABI", dependencies: ["CRuvector", "Ruvector", "RuvectorStore"]),
    .target(
      name: "CNodeShim", dependencies: ["CRuvectorCalls"],
      linkerSettings: [
        // The Swift runtime goes into the addon. `nodelete`: dlclose after the last worker crashes otherwise.
        .unsafeFlags(runtime + ["-static-stdlib", "-Xlinker", "-z", "-Xlinker", "nodelete"])
      ]),
    .target(
      name: "TestSupport", dependencies: ["RuvectorCore"], path: "Tests/TestSupport",
      swiftSettings: [.unsafeFlags(["-O"])]),  // the oracles count every element
    tests("RuvectorABITests", ["RuvectorABI", "CRuvector", "CRuvectorCalls"]),
    tests("RuvectorCoreTests", ["CRuvectorSupport", "TestSupport"], isOptimized: true),
    tests("RuvectorGeometryTests", ["RuvectorGeometry", "TestSupport"]),
    tests("RuvectorCompressionTests", ["Ruvector", "TestSupport"]),
    tests(
      "RuvectorSearchTests", ["CRuvectorSupport", "RuvectorGeometry", "RuvectorSearch", "TestSupport"],
      isOptimized: true),
    tests("RuvectorGraphTests", ["RuvectorGraph", "TestSupport"], isOptimized: true),
    tests("RuvectorHierarchyTests", ["RuvectorAttention", "RuvectorHierarchy", "TestSupport"], isOptimized: true),
    tests("RuvectorIndexTests", ["RuvectorIndex", "RuvectorGeometry", "TestSupport"]),
    tests("RuvectorAttentionTests", ["RuvectorAttention", "RuvectorGeometry", "TestSupport"], isOptimized: true),
    tests("RuvectorTrainingTests", ["Ruvector", "TestSupport"]),
    tests("RuvectorStoreTests", ["RuvectorStore"]),
    tests("RuvectorTests", ["Ruvector", "TestSupport"]),
  ]

let package = Package(
  name: "ruvector-swift",
  products: wasm
    ? [.library(name: "ruvector-wasm", type: .static, targets: ["CWasmShim"])]
    : [
      .library(name: "Ruvector", targets: ["Ruvector"]),
      .library(name: "ruvector-node", type: .dynamic, targets: ["CNodeShim"]),
    ],
  traits: [
    .trait(name: "flash", description: "Attention in blocks: FlashAttention."),
    .trait(name: "hyperbolic", description: "Attention in curved spaces: Hyperbolic and four more."),
    .trait(
      name: "moe",
      description: "Attention by experts: MixtureOfExperts, LearnedRouting; and FlashAttention, to make them of.",
      enabledTraits: ["flash"]),
    .trait(
      name: "fullAttention",
      description: "All mechanisms of attention, and what may be made of any: RuvectorLayerV2, HierarchicalModel.",
      enabledTraits: ["hyperbolic", "moe"]),
    .default(enabledTraits: ["fullAttention"]),
  ],
  targets: levels + support + (wasm ? whole : native)
)
