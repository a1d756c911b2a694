'use strict';

// The mechanisms, one row a class. Ranges and defaults of options are known to the native side only.
//   mechanism   its native name
//   options     what the object form takes, in the names of OPTIONS; each becomes a getter
//   positional  the arguments of the form `new Name(dim, …)` of @ruvector/attention; `ignored` ones may follow
//   fixed       options that this form implies
//   floats      parameters that given options make: so much memory a JSON text must pay for
//   outputDim   width of an output (default: of the values)

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
};

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
};
for (const [name, row] of Object.entries(MECHANISMS)) Object.assign(row, { name });

module.exports = { MECHANISMS, OPTIONS };
