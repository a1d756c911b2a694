'use strict';

// The mechanisms, one row a class. Ranges and defaults of options are known to the native side only.
//   mechanism   its native name
//   options     what the object form takes, in the names of OPTIONS; each becomes a getter
//   positional  the arguments of the form `new Name(dim, …)` of @ruvector/attention; `ignored` ones may follow
//   unread      options in the types of @ruvector/attention that have no effect there, nor here
//   fixed       options that this form implies, or what makes them of its arguments
//   floats      parameters that given options make: so much memory a JSON text must pay for
//   outputDim   width of an output (default: of the values)
//   base        the class it extends where that is not Attention
//   prepare     completes the options, before experts are made
//   inBlocks    whether keys may come in blocks (blocks.js), by the options
//   choices     experts that a query has at most
//   required    options without a default (default: dim)
//   dim         the width of queries where that is no option of its own
//   headDim     the width of a head (default: dim / numHeads)
//   signed      the curvature keeps its sign (elsewhere |K| counts, as in @ruvector/attention)
//   context, keyOnly, features, edges    see extras.js
//   members     methods, getters and static functions besides those of all (members.js)

const { AVERAGING, expertsByName } = require('./experts.js');
const { ROWS } = require('../row-places.js');

/** How an option is checked, and its native name where that is another. */
const OPTIONS = {
  dim: { kind: 'number' },
  numHeads: { kind: 'number', native: 'heads' },
  blockSize: { kind: 'number' },
  temperature: { kind: 'number' },
  causal: { kind: 'flag' },
  projections: { kind: 'flag' },
  numFeatures: { kind: 'number', native: 'features' },
  elu: { kind: 'flag' },
  localWindow: { kind: 'number', native: 'window' },
  globalTokens: { kind: 'number' },
  seed: { kind: 'seed' },
  experts: { kind: 'experts' },
  numExperts: { kind: 'number', native: null },
  topK: { kind: 'number' },
  expertCapacity: { kind: 'number', native: 'capacityFactor' },
  balance: { kind: 'number' },
  hard: { kind: 'flag' },
  threshold: { kind: 'number' },
  curvature: { kind: 'number', toNative: (x, { signed }) => (signed ? x : -Math.abs(x)) },
  squared: { kind: 'flag' },
  model: { kind: 'word' },
  maps: { kind: 'flag' },
  frechet: { kind: 'flag' },
  curvatureFrom: { kind: 'number' },
  curvatureTo: { kind: 'number' },
  euclideanDim: { kind: 'number' },
  hyperbolicDim: { kind: 'number' },
  sphericalDim: { kind: 'number' },
  hyperbolicCurvature: { kind: 'number' },
  sphericalCurvature: { kind: 'number' },
  nodeDim: { kind: 'number', native: 'dim' },
  edgeDim: { kind: 'number' },
  outputHeadDim: { kind: 'number', native: 'headDim' },
  concatHeads: { kind: 'flag', native: 'concat' },
  addSelfLoops: { kind: 'flag', native: 'selfLoops' },
  negativeSlope: { kind: 'number' },
  version: { kind: 'word' },
  maxPosition: { kind: 'number' },
  base: { kind: 'number' },
  scalingFactor: { kind: 'number' },
  levelScale: { kind: 'number' },
  levels: { kind: 'number' },
  euclideanWeight: { kind: 'number' },
  hyperbolicWeight: { kind: 'number' },
};

/** Parameters of experts {class, options}, and of a gate over them. */
const gatedFloats = ({ dim, experts }) => experts.reduce(
  (sum, { class: name, options }) => sum + (MECHANISMS[name].floats?.(options) ?? 0), experts.length * (dim + 1));

/** Width of a head of EdgeFeaturedAttention, and its parameters. */
const edgeHeadDim = ({ nodeDim, numHeads, outputHeadDim }) => outputHeadDim || nodeDim / numHeads;
const edgeFloats = (config) => config.numHeads * edgeHeadDim(config) * (2 * config.nodeDim + config.edgeDim + (config.version === 'v1' ? 3 : 1));
const parts = ({ euclideanDim, hyperbolicDim, sphericalDim }) => [euclideanDim, hyperbolicDim, sphericalDim];

const MECHANISMS = {
  DotProductAttention: { mechanism: 'scaled_dot_product', options: ['dim'], positional: ['dim'], ignored: ['scale'], inBlocks: () => true },
  ScaledDotProductAttention: { mechanism: 'scaled_dot_product', options: ['dim', 'temperature', 'causal'], positional: ['dim'], inBlocks: () => true },
  MultiHeadAttention: {
    mechanism: 'multi_head', options: ['dim', 'numHeads', 'projections', 'causal', 'seed'], positional: ['dim', 'numHeads'],
    fixed: { projections: false, seed: 0 }, inBlocks: ({ projections }) => !projections, floats: ({ dim, projections }) => (projections ? 4 * (dim * dim + dim) : 0),
  },
  FlashAttention: { mechanism: 'flash', options: ['dim', 'blockSize', 'numHeads', 'causal'], positional: ['dim', 'blockSize'], inBlocks: ({ blockSize }) => ROWS % blockSize === 0 },
  LinearAttention: { mechanism: 'linear', options: ['dim', 'numFeatures', 'elu', 'seed'], positional: ['dim', 'numFeatures'], fixed: { seed: 0 } },
  LocalGlobalAttention: {
    mechanism: 'local_global', options: ['dim', 'localWindow', 'globalTokens', 'numHeads'], positional: ['dim', 'localWindow', 'globalTokens'],
  },
  HyperbolicAttention: {
    mechanism: 'hyperbolic', options: ['dim', 'curvature', 'temperature', 'maps', 'frechet'], positional: ['dim', 'curvature'],
    fixed: { frechet: true }, floats: ({ dim, maps }) => (maps ? 3 * dim * dim : 0),
  },
  ManifoldAttention: {
    mechanism: 'manifold', options: ['dim', 'numHeads', 'curvature', 'model', 'temperature', 'squared'], positional: ['dim', 'curvature'],
    signed: true, floats: ({ numHeads, curvature }) => (curvature === 0 ? 0 : numHeads),
  },
  LorentzCascadeAttention: {
    mechanism: 'lorentz_cascade', options: ['dim', 'numHeads', 'curvatureFrom', 'curvatureTo', 'temperature'], positional: ['dim', 'numHeads'],
    floats: ({ numHeads }) => numHeads,
  },
  MixedCurvatureAttention: {
    mechanism: 'mixed_curvature', positional: [],
    options: ['euclideanDim', 'hyperbolicDim', 'sphericalDim', 'hyperbolicCurvature', 'sphericalCurvature', 'temperature'],
    dim: (config) => parts(config).reduce((a, b) => a + b), prepare: (config) => { config.hyperbolicDim ??= 0; },
    floats: (config) => parts(config).reduce((sum, dim, i) => sum + (dim > 0 ? (i === 0 ? 1 : 2) : 0), 0),
  },
  EdgeFeaturedAttention: {
    mechanism: 'edge_featured', positional: [], required: ['nodeDim', 'edgeDim'], edges: true, dim: ({ nodeDim }) => nodeDim, headDim: edgeHeadDim, floats: edgeFloats,
    options: ['nodeDim', 'edgeDim', 'numHeads', 'concatHeads', 'addSelfLoops', 'negativeSlope', 'outputHeadDim', 'version', 'seed'],
    outputDim: (config) => edgeHeadDim(config) * (config.concatHeads ? config.numHeads : 1),
  },
  GraphRoPEAttention: {
    mechanism: 'graph_rope', context: ['position', 'level'], positional: ['dim', 'maxPosition'], inBlocks: () => true,
    options: ['dim', 'numHeads', 'maxPosition', 'base', 'scalingFactor', 'levelScale'],
  },
  DualSpaceAttention: {
    mechanism: 'dual_space', positional: ['dim', 'curvature', 'euclideanWeight', 'hyperbolicWeight'],
    options: ['dim', 'curvature', 'euclideanWeight', 'hyperbolicWeight', 'temperature', 'projections', 'seed'],
    floats: ({ dim, projections }) => (projections ? 3 * dim * dim : 0),
  },
  GraphLatentAttention: {
    mechanism: 'graph_latent', options: ['dim', 'numHeads', 'seed'], positional: ['dim', 'numHeads'], context: ['kind'], keyOnly: ['kind'],
    floats: ({ dim }) => 3 * dim * dim,
  },
  HNSWAwareAttention: {
    mechanism: 'hnsw_aware', options: ['dim', 'numHeads', 'levels', 'seed'], positional: ['dim', 'numHeads'], context: ['level'],
    floats: ({ dim, numHeads, levels }) => levels * (dim + numHeads * levels),
  },
  StructuralAttention: {
    mechanism: 'structural', options: ['dim', 'numHeads', 'numFeatures', 'seed'], positional: ['dim', 'numHeads'], features: true,
    floats: ({ dim, numFeatures }) => dim * numFeatures,
  },
  GraphAttentionPipeline: {
    mechanism: 'graph_pipeline', options: ['dim', 'edgeDim', 'numHeads', 'maxPosition', 'seed'], positional: ['dim'], edges: true,
    context: ['position', 'level', 'kind'], keyOnly: ['kind'], floats: ({ dim, edgeDim }) => dim * (2 * dim + edgeDim + 1) + 3 * dim * dim,
  },
  MoEAttention: {
    mechanism: 'moe', options: ['dim', 'numExperts', 'topK', 'expertCapacity', 'experts', 'balance', 'seed'], positional: ['dim', 'numExperts', 'topK'],
    fixed: ({ numExperts }) => ({ experts: expertsByName(numExperts ?? 4, AVERAGING), seed: 0 }), unread: ['expertDim', 'noiseStd'], choices: ({ topK }) => topK, base: () => require('./mixture.js').MixtureOfExperts, floats: gatedFloats,
    prepare: (config) => require('./mixture.js').prepareMixture(config),
  },
  LearnedRoutingAttention: {
    mechanism: 'learned_routing', options: ['dim', 'numExperts', 'experts', 'temperature', 'hard', 'seed'], positional: ['dim'],
    choices: ({ hard, numExperts }) => (hard ? 1 : numExperts), base: () => require('./mixture.js').Mixture, floats: gatedFloats,
    prepare: (config) => require('./mixture.js').prepareExperts(config),
  },
  DynamicHeadsAttention: {
    mechanism: 'dynamic_heads', options: ['dim', 'numHeads', 'threshold', 'causal', 'seed'], positional: ['dim', 'numHeads'],
    base: () => require('./mixture.js').GatedHeads, floats: ({ dim, numHeads }) => 4 * (dim * dim + dim) + numHeads * (dim + 1),
  },
};
for (const [name, row] of Object.entries(MECHANISMS)) Object.assign(row, { name });

module.exports = { MECHANISMS, OPTIONS };
