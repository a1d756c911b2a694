'use strict';
// Written by npm/scripts/typegen.js.

const OPERATIONS = [
  { forward: { inputs: [{ name: 'x', type: 'float32', need: 'required', shape: ['n', 'inChannels'] }, { name: 'graph', type: 'graph', need: 'required', shape: ['n', 'n', 'edges'] }, { name: 'edgeAttr', type: 'float32', need: 'optional', shape: ['edges', 'edgeDim'] }], outputs: [{ name: 'output', type: 'float32', need: 'required', shape: ['n', 'width'] }] }, backward: { inputs: [{ name: 'x', type: 'float32', need: 'required', shape: ['n', 'inChannels'] }, { name: 'graph', type: 'graph', need: 'required', shape: ['n', 'n', 'edges'] }, { name: 'edgeAttr', type: 'float32', need: 'optional', shape: ['edges', 'edgeDim'] }, { name: 'outputGradient', type: 'float32', need: 'required', shape: ['n', 'width'] }], outputs: [{ name: 'x', type: 'float32', need: 'required', shape: ['n', 'inChannels'] }, { name: 'edgeAttr', type: 'float32', need: 'optional', shape: ['edges', 'edgeDim'] }, { name: 'parameters', type: 'float32', need: 'required', shape: ['parameters'] }] } },
  { forward: { inputs: [{ name: 'input', type: 'float32', need: 'required', shape: ['n', 'd'] }, { name: 'target', type: 'float32', need: 'required', shape: ['n', 'd'] }], outputs: [{ name: 'loss', type: 'float32', need: 'required', shape: ['1'] }] }, backward: { inputs: [{ name: 'input', type: 'float32', need: 'required', shape: ['n', 'd'] }, { name: 'target', type: 'float32', need: 'required', shape: ['n', 'd'] }, { name: 'outputGradient', type: 'float32', need: 'optional', shape: ['1'] }], outputs: [{ name: 'input', type: 'float32', need: 'required', shape: ['n', 'd'] }, { name: 'target', type: 'float32', need: 'required', shape: ['n', 'd'] }] } },
  { forward: { inputs: [{ name: 'embeddings', type: 'float32', need: 'required', shape: ['n', 'inDim'] }], outputs: [{ name: 'points', type: 'float32', need: 'required', shape: ['n', 'size'] }] }, backward: { inputs: [{ name: 'embeddings', type: 'float32', need: 'required', shape: ['n', 'inDim'] }, { name: 'outputGradient', type: 'float32', need: 'required', shape: ['n', 'size'] }], outputs: [{ name: 'embeddings', type: 'float32', need: 'required', shape: ['n', 'inDim'] }, { name: 'parameters', type: 'float32', need: 'required', shape: ['parameters'] }] }, hidden: { inputs: [{ name: 'embeddings', type: 'float32', need: 'required', shape: ['n', 'inDim'] }], outputs: [{ name: 'queries', type: 'float32', need: 'required', shape: ['n', 'hiddenDim'] }] } },
];

const MEMBERS = [
  { family: 'layer', name: 'ruvector', type: 'RuvectorLayer', options: [['inputDim', 'integer'], ['hiddenDim', 'integer'], ['heads', 'integer'], ['dropout', 'number'], ['eps', 'number'], ['seed', 'seed']] },
  { family: 'attention', name: 'scaled_dot_product', type: 'ScaledDotProduct', options: [['dim', 'integer'], ['temperature', 'number'], ['causal', 'flag']] },
  { family: 'attention', name: 'multi_head', type: 'MultiHead', options: [['dim', 'integer'], ['heads', 'integer'], ['projections', 'flag'], ['causal', 'flag'], ['seed', 'seed']] },
  { family: 'attention', name: 'flash', type: 'FlashAttention', options: [['dim', 'integer'], ['heads', 'integer'], ['blockSize', 'integer'], ['causal', 'flag']] },
  { family: 'attention', name: 'linear', type: 'LinearAttention', options: [['dim', 'integer'], ['features', 'integer'], ['elu', 'flag'], ['seed', 'seed']] },
  { family: 'attention', name: 'local_global', type: 'LocalGlobal', options: [['dim', 'integer'], ['heads', 'integer'], ['window', 'integer'], ['globalTokens', 'integer']] },
  { family: 'attention', name: 'graph_rope', type: 'GraphRoPE', options: [['dim', 'integer'], ['heads', 'integer'], ['maxPosition', 'integer'], ['base', 'number'], ['scalingFactor', 'number'], ['levelScale', 'number']] },
  { family: 'attention', name: 'structural', type: 'Structural', options: [['dim', 'integer'], ['heads', 'integer'], ['features', 'integer'], ['seed', 'seed']] },
  { family: 'attention', name: 'hnsw_aware', type: 'HNSWAware', options: [['dim', 'integer'], ['heads', 'integer'], ['levels', 'integer'], ['seed', 'seed']] },
  { family: 'attention', name: 'edge_featured', type: 'EdgeFeatured', options: [['dim', 'integer'], ['edgeDim', 'integer'], ['heads', 'integer'], ['headDim', 'integer'], ['concat', 'flag'], ['selfLoops', 'flag'], ['negativeSlope', 'number'], ['version', 'choice'], ['seed', 'seed']] },
  { family: 'attention', name: 'dual_space', type: 'DualSpace', options: [['dim', 'integer'], ['curvature', 'number'], ['euclideanWeight', 'number'], ['hyperbolicWeight', 'number'], ['temperature', 'number'], ['projections', 'flag'], ['seed', 'seed']] },
  { family: 'attention', name: 'graph_latent', type: 'GraphLatent', options: [['dim', 'integer'], ['heads', 'integer'], ['seed', 'seed']] },
  { family: 'attention', name: 'graph_pipeline', type: 'GraphPipeline', options: [['dim', 'integer'], ['edgeDim', 'integer'], ['heads', 'integer'], ['maxPosition', 'integer'], ['seed', 'seed']] },
  { family: 'attention', name: 'hyperbolic', type: 'Hyperbolic', options: [['dim', 'integer'], ['curvature', 'number'], ['temperature', 'number'], ['maps', 'flag'], ['frechet', 'flag']] },
  { family: 'attention', name: 'manifold', type: 'ManifoldAttention', options: [['dim', 'integer'], ['heads', 'integer'], ['curvature', 'number'], ['model', 'choice'], ['temperature', 'number'], ['squared', 'flag']] },
  { family: 'attention', name: 'lorentz_cascade', type: 'LorentzCascade', options: [['dim', 'integer'], ['heads', 'integer'], ['curvatureFrom', 'number'], ['curvatureTo', 'number'], ['temperature', 'number']] },
  { family: 'attention', name: 'mixed_curvature', type: 'MixedCurvature', options: [['euclideanDim', 'integer'], ['hyperbolicDim', 'integer'], ['sphericalDim', 'integer'], ['hyperbolicCurvature', 'number'], ['sphericalCurvature', 'number'], ['temperature', 'number']] },
  { family: 'attention', name: 'moe', type: 'MixtureOfExperts', options: [['dim', 'integer'], ['experts', 'children'], ['topK', 'integer'], ['capacityFactor', 'number'], ['balance', 'number'], ['seed', 'seed']] },
  { family: 'attention', name: 'learned_routing', type: 'LearnedRouting', options: [['dim', 'integer'], ['experts', 'children'], ['temperature', 'number'], ['hard', 'flag'], ['seed', 'seed']] },
  { family: 'attention', name: 'dynamic_heads', type: 'DynamicHeads', options: [['dim', 'integer'], ['heads', 'integer'], ['threshold', 'number'], ['causal', 'flag'], ['seed', 'seed']] },
  { family: 'codec', name: 'half', type: 'HalfCodec', options: [['scale', 'number']] },
  { family: 'codec', name: 'pq8', type: 'PQ8Codec', options: [['subvectors', 'integer'], ['centroids', 'integer']] },
  { family: 'codec', name: 'pq4', type: 'PQ4Codec', options: [['subvectors', 'integer'], ['outlierThreshold', 'number']] },
  { family: 'codec', name: 'binary', type: 'BinaryCodec', options: [['threshold', 'number']] },
  { family: 'graph', name: 'gatv2', type: 'GATv2Layer', options: [['inChannels', 'integer'], ['outChannels', 'integer'], ['heads', 'integer'], ['concat', 'flag'], ['negativeSlope', 'number'], ['edgeDim', 'integer'], ['addSelfLoops', 'flag'], ['bias', 'flag'], ['seed', 'seed']], operations: OPERATIONS[0] },
  { family: 'loss', name: 'mse', type: 'MSELoss', options: [['reduction', 'choice']], operations: OPERATIONS[1] },
  { family: 'embedding', name: 'poincare', type: 'PoincareEmbedding', options: [['nodes', 'integer'], ['size', 'integer'], ['negative', 'integer'], ['epsilon', 'number'], ['initRange', 'number'], ['dampening', 'number'], ['batchSize', 'integer'], ['manifold', 'choice'], ['seed', 'seed']] },
  { family: 'head', name: 'taxonomy', type: 'TaxonomyMap', options: [['inDim', 'integer'], ['hiddenDim', 'integer'], ['size', 'integer'], ['nodes', 'integer'], ['seed', 'seed']], operations: OPERATIONS[2] },
];

module.exports = { MEMBERS };
