'use strict';
// Written by npm/scripts/esm.js: a part of the main entry.
const {
  Activation,
  Aggregation,
  CSRGraph,
  Dropout,
  GATLayer,
  GATv2Layer,
  GCNLayer,
  GNNEmbedder,
  Graph,
  GraphSAGELayer,
  LayerNorm,
  Linear,
  MessagePassing,
  RLNavigator,
  Sequential,
  TransformerLayer,
} = require('../lib/index.js');

module.exports = {
  Activation,
  Aggregation,
  CSRGraph,
  Dropout,
  GATLayer,
  GATv2Layer,
  GCNLayer,
  GNNEmbedder,
  Graph,
  GraphSAGELayer,
  LayerNorm,
  Linear,
  MessagePassing,
  RLNavigator,
  Sequential,
  TransformerLayer,
};
