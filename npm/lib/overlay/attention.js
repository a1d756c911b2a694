'use strict';

// The mechanisms of attention by the names and forms of @ruvector/attention, a row a class. What an option is, the registry says.
//   mechanism   its native name
//   names       native option -> what it is called here (besides NAMES)
//   only        the options it has where those are not all
//   more        options of this side alone: name -> [kind, note]
//   type        of the options in TypeScript (default: the class without `Attention`, and `Options`)
//   optional    options that may be left out here although Swift has no default: name -> what then is
//   positional  the arguments of the form `new Name(dim, …)` of @ruvector/attention; `ignored` ones may follow
//   unread      options in the types of @ruvector/attention that have no effect there, nor here
//   fixed       options that this form implies, or what makes them of its arguments
//   required    options whose lack is a wrong type (default: dim)
//   prepare     completes the options, before experts are made
//   inBlocks    whether keys may come in blocks (blocks.js), by the options
//   choices     experts that a query has at most
//   headDim     the width of a head (default: dim / numHeads)
//   signed      the curvature keeps its sign (elsewhere |K| counts, as in @ruvector/attention)
//   base        what it shares with other classes: 'mixture', 'gated' (classes.js)
//   context, keyOnly, features, edges    see extras.js
//   complexity  of one query over n keys, for `describe` (default: quadratic, of n queries over n keys)
//   later       options that older texts lack: what those mean
const { ROWS } = require('../row-places.js');
const { memberOf, rowOf } = require('../members/rows.js');
const { AVERAGING, expertsByName, prepareExperts, prepareMixture } = require('./expert-names.js');

/** Native options that @ruvector/attention calls otherwise. */
const NAMES = {
  heads: 'numHeads', features: 'numFeatures', window: 'localWindow', capacityFactor: 'expertCapacity', headDim: 'outputHeadDim',
  concat: 'concatHeads', selfLoops: 'addSelfLoops',
};

const NUM_EXPERTS = ['integer', 'Experts by name, the first four in turn (each round with other options), where `experts` is left out: 1...64. Default 4.'];

const TABLE = {
  DotProductAttention: { mechanism: 'scaled_dot_product', only: ['dim'], positional: ['dim'], ignored: ['scale'], inBlocks: () => true },
  ScaledDotProductAttention: { mechanism: 'scaled_dot_product', positional: ['dim'], inBlocks: () => true },
  MultiHeadAttention: { mechanism: 'multi_head', positional: ['dim', 'numHeads'], fixed: { projections: false, seed: 0 }, inBlocks: ({ projections }) => !projections },
  FlashAttention: { mechanism: 'flash', positional: ['dim', 'blockSize'], inBlocks: ({ blockSize }) => ROWS % blockSize === 0 },
  LinearAttention: { mechanism: 'linear', type: 'LinearAttentionOptions', positional: ['dim', 'numFeatures'], fixed: { seed: 0 }, complexity: 'linear' },
  LocalGlobalAttention: { mechanism: 'local_global', positional: ['dim', 'localWindow', 'globalTokens'], complexity: 'linear' },
  HyperbolicAttention: { mechanism: 'hyperbolic', positional: ['dim', 'curvature'], fixed: { frechet: true } },
  ManifoldAttention: { mechanism: 'manifold', positional: ['dim', 'curvature'], signed: true },
  LorentzCascadeAttention: { mechanism: 'lorentz_cascade', positional: ['dim', 'numHeads'] },
  MixedCurvatureAttention: { mechanism: 'mixed_curvature', required: [], optional: { hyperbolicDim: '0' }, prepare: (config) => { config.hyperbolicDim ??= 0; } },
  EdgeFeaturedAttention: {
    mechanism: 'edge_featured', names: { dim: 'nodeDim' }, required: ['nodeDim', 'edgeDim'], edges: true,
    headDim: ({ nodeDim, numHeads, outputHeadDim }) => outputHeadDim || nodeDim / numHeads,
  },
  GraphRoPEAttention: { mechanism: 'graph_rope', context: ['position', 'level'], positional: ['dim', 'maxPosition'], inBlocks: () => true },
  DualSpaceAttention: { mechanism: 'dual_space', positional: ['dim', 'curvature', 'euclideanWeight', 'hyperbolicWeight'] },
  GraphLatentAttention: { mechanism: 'graph_latent', positional: ['dim', 'numHeads'], context: ['kind'], keyOnly: ['kind'] },
  HNSWAwareAttention: { mechanism: 'hnsw_aware', positional: ['dim', 'numHeads'], context: ['level'] },
  StructuralAttention: { mechanism: 'structural', positional: ['dim', 'numHeads'], features: true },
  GraphAttentionPipeline: { mechanism: 'graph_pipeline', type: 'GraphPipelineOptions', positional: ['dim'], edges: true, context: ['position', 'level', 'kind'], keyOnly: ['kind'] },
  MoEAttention: {
    mechanism: 'moe', more: { numExperts: NUM_EXPERTS }, optional: { experts: 'four by name', topK: '2, or 1 of one' }, positional: ['dim', 'numExperts', 'topK'],
    fixed: ({ numExperts }) => ({ experts: expertsByName(numExperts ?? 4, AVERAGING), seed: 0 }), unread: ['expertDim', 'noiseStd'],
    choices: ({ topK }) => topK, base: 'mixture', prepare: prepareMixture, complexity: 'that of topK experts',
  },
  LearnedRoutingAttention: {
    mechanism: 'learned_routing', more: { numExperts: NUM_EXPERTS }, optional: { experts: 'four by name' }, positional: ['dim'], choices: ({ hard, numExperts }) => (hard ? 1 : numExperts), base: 'mixture',
    prepare: prepareExperts, complexity: 'that of the experts',
  },
  DynamicHeadsAttention: { mechanism: 'dynamic_heads', positional: ['dim', 'numHeads'], base: 'gated' },
};

/** Class -> its row. */
const MECHANISMS = {};
for (const [name, { mechanism, names, signed, ...rest }] of Object.entries(TABLE)) {
  const member = memberOf('attention', mechanism);
  if (member === undefined) continue; // left out of this build
  const toNative = signed ? undefined : { curvature: (x) => -Math.abs(x) };
  MECHANISMS[name] = rowOf(member, name, { required: ['dim'], ...rest, names: { ...NAMES, ...names }, toNative });
}

module.exports = { MECHANISMS };
