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
  'GraphSAGELayer',
  'LayerNorm',
  'Linear',
  'MessagePassing',
  'RLNavigator',
  'Sequential',
  'TransformerLayer',
]);
