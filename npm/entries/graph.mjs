// Written by npm/scripts/esm.js.
import graph from './graph.js';

export default graph;
export const {
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
} = graph;
