'use strict';

const { COMMON, VectorIndex, internals } = require('./vector-index.js');
const { MADE } = require('./hnsw.js');

/** Exact nearest neighbours: looks at every vector. */
class BruteForceIndex extends VectorIndex {
  constructor(options, made) {
    super('brute_force', options, COMMON, made?.[MADE]);
  }

  stats() {
    const { size, removed, bytes, bytesPerVector, evaluations } = internals.info(this);
    return { size, removed, bytes, bytesPerVector, evaluations };
  }
}

module.exports = { BruteForceIndex };
