'use strict';

// The mechanisms, one row a class. Ranges and defaults of options are known to the native side only.
//   mechanism   its native name
//   options     what the object form takes, in the names of OPTIONS; each becomes a getter
//   positional  the arguments of the form `new Name(dim, …)` of @ruvector/attention; `ignored` ones may follow
//   fixed       options that this form implies
//   floats      parameters that given options make: so much memory a JSON text must pay for
//   outputDim   width of an output (default: of the values)
//   base        the class it extends where that is not Attention
//   prepare     completes the options, before experts are made
//   choices     experts that a query has at most

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
};

/** Parameters of experts {class, options}, and of a gate over them. */
const gatedFloats = ({ dim, experts }) => experts.reduce(
  (sum, { class: name, options }) => sum + (MECHANISMS[name].floats?.(options) ?? 0), experts.length * (dim + 1));

const MECHANISMS = {
  DotProductAttention: { mechanism: 'scaled_dot_product', options: ['dim'], positional: ['dim'], ignored: ['scale'] },
  ScaledDotProductAttention: { mechanism: 'scaled_dot_product', options: ['dim', 'temperature', 'causal'], positional: ['dim'] },
  MultiHeadAttention: {
    mechanism: 'multi_head', options: ['dim', 'numHeads', 'projections', 'causal', 'seed'], positional: ['dim', 'numHeads'],
    fixed: { projections: false, seed: 0 }, floats: ({ dim, projections }) => (projections ? 4 * (dim * dim + dim) : 0),
  },
  FlashAttention: { mechanism: 'flash', options: ['dim', 'blockSize', 'numHeads', 'causal'], positional: ['dim', 'blockSize'] },
  LinearAttention: { mechanism: 'linear', options: ['dim', 'numFeatures', 'elu', 'seed'], positional: ['dim', 'numFeatures'], fixed: { seed: 0 } },
  LocalGlobalAttention: {
    mechanism: 'local_global', options: ['dim', 'localWindow', 'globalTokens', 'numHeads'], positional: ['dim', 'localWindow', 'globalTokens'],
  },
  MoEAttention: {
    mechanism: 'moe', options: ['dim', 'numExperts', 'topK', 'expertCapacity', 'experts', 'balance', 'seed'], positional: ['dim'],
    choices: ({ topK }) => topK, base: () => require('./mixture.js').MixtureOfExperts, floats: gatedFloats,
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
