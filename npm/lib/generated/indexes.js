'use strict';
// Written by npm/scripts/typegen.js.

/** Kind of index -> its options by name. */
const INDEXES = {
  hnsw: {
    dim: { kind: 'integer', least: 1, most: 65536 },
    metric: { kind: 'choice' },
    curvature: { kind: 'number' },
    storage: { kind: 'choice' },
    rerank: { kind: 'flag' },
    capacity: { kind: 'integer', least: 0, most: 2147483646 },
    keys: { kind: 'choice' },
    M: { kind: 'integer', least: 2, most: 100 },
    efConstruction: { kind: 'integer', least: 1, most: 65536 },
    ef: { kind: 'integer', least: 1, most: 1048576 },
    seed: { kind: 'seed' },
  },
  brute_force: {
    dim: { kind: 'integer', least: 1, most: 65536 },
    metric: { kind: 'choice' },
    curvature: { kind: 'number' },
    storage: { kind: 'choice' },
    rerank: { kind: 'flag' },
    capacity: { kind: 'integer', least: 0, most: 2147483646 },
    keys: { kind: 'choice' },
  },
};

module.exports = { INDEXES };
