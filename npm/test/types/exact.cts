// Under exactOptionalPropertyTypes: every option may be undefined, which counts as left out.
import ruvector = require('@ruvector/gnn');
import attention = require('@ruvector/gnn/attention');

/** The same options, each of them undefined. */
type Undefined<T> = { [Key in keyof T]-?: {} extends Pick<T, Key> ? undefined : T[Key] };
declare function all<T>(): Undefined<T>;

const options: [
  ruvector.StoreEntry, ruvector.StoreColumns, ruvector.StoreOptions, ruvector.StoreInsertOptions, ruvector.StoreSearchOptions, ruvector.StoreFilterOptions, ruvector.SearchOptions,
  ruvector.HyperbolicOptions, ruvector.ThreadOptions, ruvector.AsyncOptions, ruvector.AttentionConfig, ruvector.CompressionLevelConfig, ruvector.HNSWOptions, ruvector.IndexOptions,
  ruvector.ViewOptions, ruvector.IndexSearchOptions<number>, ruvector.IndexBatchOptions, ruvector.IndexProgress, ruvector.IndexAddOptions, ruvector.IndexRemoveOptions,
] = [
  all<ruvector.StoreEntry>(), all<ruvector.StoreColumns>(), all<ruvector.StoreOptions>(), all<ruvector.StoreInsertOptions>(), all<ruvector.StoreSearchOptions>(), all<ruvector.StoreFilterOptions>(),
  all<ruvector.SearchOptions>(), all<ruvector.HyperbolicOptions>(), all<ruvector.ThreadOptions>(), all<ruvector.AsyncOptions>(), all<ruvector.AttentionConfig>(),
  all<ruvector.CompressionLevelConfig>(), all<ruvector.HNSWOptions>(), all<ruvector.IndexOptions>(), all<ruvector.ViewOptions>(), all<ruvector.IndexSearchOptions<number>>(),
  all<ruvector.IndexBatchOptions>(), all<ruvector.IndexProgress>(), all<ruvector.IndexAddOptions>(), all<ruvector.IndexRemoveOptions>(),
];
const mechanisms: [
  attention.ScaledDotProductOptions, attention.MultiHeadOptions, attention.FlashOptions, attention.LinearAttentionOptions, attention.LocalGlobalOptions, attention.HyperbolicOptions,
  attention.ManifoldOptions, attention.LorentzCascadeOptions, attention.MixedCurvatureOptions, attention.EdgeOptions, attention.PositionOptions, attention.LevelOptions, attention.KindOptions,
  attention.FeatureOptions, attention.EdgeFeaturedOptions, attention.GraphRoPEOptions, attention.DualSpaceOptions, attention.GraphLatentOptions, attention.HNSWAwareOptions,
  attention.StructuralOptions, attention.GraphPipelineOptions, attention.MoEOptions, attention.LearnedRoutingOptions, attention.DynamicHeadsOptions, attention.MaskOptions,
  attention.AsyncMaskOptions, attention.ParallelAttentionConfig,
] = [
  all<attention.ScaledDotProductOptions>(), all<attention.MultiHeadOptions>(), all<attention.FlashOptions>(), all<attention.LinearAttentionOptions>(), all<attention.LocalGlobalOptions>(),
  all<attention.HyperbolicOptions>(), all<attention.ManifoldOptions>(), all<attention.LorentzCascadeOptions>(), all<attention.MixedCurvatureOptions>(), all<attention.EdgeOptions>(),
  all<attention.PositionOptions>(), all<attention.LevelOptions>(), all<attention.KindOptions>(), all<attention.FeatureOptions>(), all<attention.EdgeFeaturedOptions>(), all<attention.GraphRoPEOptions>(),
  all<attention.DualSpaceOptions>(), all<attention.GraphLatentOptions>(), all<attention.HNSWAwareOptions>(), all<attention.StructuralOptions>(), all<attention.GraphPipelineOptions>(),
  all<attention.MoEOptions>(), all<attention.LearnedRoutingOptions>(), all<attention.DynamicHeadsOptions>(), all<attention.MaskOptions>(), all<attention.AsyncMaskOptions>(),
  all<attention.ParallelAttentionConfig>(),
];
const index = new ruvector.HNSWIndex({ dim: 3, keys: undefined, metric: undefined, M: undefined }), store = ruvector.VectorStore.open('x', { dim: undefined });
void [index.updateAsync(1, [1], { signal: undefined }), index.removeAsync(1, { signal: undefined }), index.saveAsync('x', { stamp: undefined, signal: undefined }), index.searchAsync([1], 1, { signal: undefined })];
void [store.search([1], { where: undefined, k: undefined }), store.deleteAsync('a', { signal: undefined }), ruvector.HNSWIndex.loadAsync('x', { signal: undefined }), new ruvector.RuvectorLayer(1, 1, 1, 0, { seed: undefined })];
// What an undefined value would mean in a predicate is not to be guessed.
// @ts-expect-error undefined is no value
store.search([1], { where: { lang: undefined } });
// @ts-expect-error nor one of an operator
store.search([1], { where: { lang: { $eq: undefined } } });
export { mechanisms, options };
