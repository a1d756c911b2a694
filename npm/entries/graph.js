'use strict';
// Written by npm/scripts/esm.js: a part of the main entry.
const { part } = require('../lib/lazily.js');

module.exports = part(require('../lib/index.js'), [
  'Activation',
  'Aggregation',
  'CSRGraph',
  'Dropout',
  'GATLayer',
  'GATv2Layer',
  'GCNLayer',
  'GNNEmbedder',
  'Graph',
  'GraphSAGE',
  'GraphSAGELayer',
  'HyperbolicGNNLayer',
  'LayerNorm',
  'Linear',
  'MessagePassing',
  'NeighborSampler',
  'RLNavigator',
  'Sequential',
  'TransformerLayer',
  'searchWithGnn',
]);
