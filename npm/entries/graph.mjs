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
  GraphSAGE,
  GraphSAGELayer,
  HyperbolicGNNLayer,
  LayerNorm,
  Linear,
  MessagePassing,
  NeighborSampler,
  RLNavigator,
  Sequential,
  TransformerLayer,
  searchWithGnn,
} = graph;
