'use strict';

const native = require('./native.js');

/** Says that the native library is loaded; nothing needs to be called first. */
const init = () => 'Ruvector GNN Node.js bindings initialized';

/** The instruction set in use: 'scalar', 'v1', 'v3', 'v4', 'neon' or 'simd128' (WebAssembly). */
const simdLevel = () => native.simdLevel();

/** The version of the native library. */
const version = () => native.version();

module.exports = {
  ...require('./compress.js'),
  ...require('./geometry.js'),
  ...require('./members/classes.js').graph,
  ...require('./members/classes.js').losses,
  ...require('./hierarchical-v2.js'),
  ...require('./search-batch.js'),
  BruteForceIndex: require('./indexes/brute-force.js').BruteForceIndex,
  Graph: require('./graph.js').Graph,
  HNSWIndex: require('./indexes/hnsw.js').HNSWIndex,
  PreparedFilter: require('./indexes/filter.js').PreparedFilter,
  RuvectorError: require('./errors.js').RuvectorError,
  RuvectorLayer: require('./layer.js').RuvectorLayer,
  VectorSet: require('./vector-set.js').VectorSet,
  VectorStore: require('./store/vector-store.js').VectorStore,
  differentiableSearch: require('./search.js').differentiableSearch,
  differentiableSearchHyperbolic: require('./search.js').differentiableSearchHyperbolic,
  hierarchicalForward: require('./hierarchical.js').hierarchicalForward,
  init,
  mergeTopK: require('./indexes/merge.js').mergeTopK,
  simdLevel,
  version,
};
