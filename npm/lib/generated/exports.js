'use strict';
// Written by npm/scripts/esm.js.
const { lazily } = require('../lazily.js');

module.exports = lazily([
  [() => require('../library.js'), ['init', 'simdLevel', 'version']],
  [() => require('../overlay/compress.js'), ['TensorCompress', 'getCompressionLevel']],
  [() => require('../embedding/poincare.js'), ['PoincareEmbedding']],
  [() => require('../embedding/taxonomy.js'), ['TaxonomyHead']],
  [() => require('../errors.js'), ['RuvectorError']],
  [() => require('../geometry.js'), ['dist', 'dist0', 'egrad2rgrad', 'expMap', 'expMap0', 'frechetMean', 'geodesic', 'gyration', 'lambdaX', 'logMap', 'logMap0', 'mobiusAdd', 'mobiusMatvec', 'mobiusScalarMul', 'mobiusSub', 'poincareDistance', 'projx', 'toLorentz', 'toPoincare', 'transp', 'weightedMidpoint']],
  [() => require('../gnn/embedder.js'), ['GNNEmbedder']],
  [() => require('../gnn/message-passing.js'), ['MessagePassing']],
  [() => require('../gnn/navigator.js'), ['RLNavigator']],
  [() => require('../graph.js'), ['CSRGraph', 'Graph']],
  [() => require('../overlay/hierarchical.js'), ['hierarchicalForward']],
  [() => require('../overlay/hierarchical-v2.js'), ['hierarchicalForwardV2', 'hierarchicalForwardV2Async']],
  [() => require('../indexes/brute-force.js'), ['BruteForceIndex']],
  [() => require('../indexes/filter.js'), ['PreparedFilter']],
  [() => require('../indexes/hnsw.js'), ['HNSWIndex']],
  [() => require('../indexes/merge.js'), ['mergeTopK']],
  [() => require('../members/classes.js'), ['Activation', 'Adam', 'AdamW', 'Aggregation', 'BCEWithLogitsLoss', 'ConstantSchedule', 'ContrastiveLoss', 'CosineRestartsSchedule', 'CosineSchedule', 'CrossEntropyLoss', 'Dropout', 'EWC', 'ExponentialSchedule', 'FixedWeights', 'GATLayer', 'GATv2Layer', 'GCNLayer', 'GradNorm', 'GraphSAGELayer', 'InfoNCELoss', 'L2Regularizer', 'LaplacianRegularizer', 'LayerNorm', 'Linear', 'LinearSchedule', 'ListwiseSoftmaxLoss', 'LocalContrastiveLoss', 'MSELoss', 'NegativeMiner', 'NormRegularizer', 'OrthogonalityRegularizer', 'PlateauSchedule', 'ReplayBuffer', 'RiemannianAdam', 'RiemannianSGD', 'SGD', 'Sequential', 'SpectralRegularization', 'StepSchedule', 'TaxonomyMap', 'TransformerLayer', 'TripletMarginLoss', 'UncertaintyWeights']],
  [() => require('../overlay/layer.js'), ['RuvectorLayer']],
  [() => require('../ranking/reranker.js'), ['Reranker']],
  [() => require('../train/annealing.js'), ['CurriculumScheduler', 'DecayType', 'TemperatureAnnealing']],
  [() => require('../train/functions.js'), ['bce', 'contrastive', 'crossEntropy', 'infoNce', 'l2', 'laplacian', 'listwiseSoftmax', 'localContrastive', 'mse', 'normPenalty', 'orthogonality', 'spectral', 'triplet']],
  [() => require('../train/mining.js'), ['sampleHardNegatives', 'sampleHardNegativesAsync']],
  [() => require('../train/trainer.js'), ['Trainer']],
  [() => require('../search.js'), ['differentiableSearch', 'differentiableSearchHyperbolic']],
  [() => require('../search-batch.js'), ['differentiableSearchAsync', 'differentiableSearchBatch', 'differentiableSearchBatchAsync', 'differentiableSearchHyperbolicAsync', 'differentiableSearchHyperbolicBatch', 'differentiableSearchHyperbolicBatchAsync']],
  [() => require('../store/vector-store.js'), ['VectorStore']],
  [() => require('../vector-set.js'), ['VectorSet']],
]);
