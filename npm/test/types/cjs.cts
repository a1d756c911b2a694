// A CommonJS user: every export with the exact type of its result.
import ruvector = require('@ruvector/gnn');
import wasm = require('@ruvector/gnn/wasm');
import {
  BatchResult, Candidates, CompressionLevel, CompressionLevelConfig, CosineBatchResult, HyperbolicBatchResult, HyperbolicSearchResult, Like,
  Matrix, PackedMatrix, RuvectorErrorCode, SearchResult, Vector, VectorSetToken, AsyncOptions, HyperbolicOptions, SearchOptions, StoreResult, StoredEntry, TrackedResults, ThreadOptions,
  Where,
} from '@ruvector/gnn';

/** Whether two types are the same, not merely assignable. */
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;
declare function expectType<T extends true>(value: T): void;

expectType<Equal<typeof wasm.differentiableSearch, typeof ruvector.differentiableSearch>>(true);

const f32 = new Float32Array(3), f64 = new Float64Array(3), numbers = [1, 2, 3], frozen: readonly number[] = numbers;
const vectors: Vector[] = [f32, f64, numbers, frozen];
const packed: PackedMatrix[] = [{ data: f32, rows: 1, dim: 3 }, { data: numbers, dims: [1, 3] }, { data: f64, shape: [1, 3] as const }];
const set = new ruvector.VectorSet([f32]);
const matrices: Matrix[] = [[f32], [f64], [numbers], [frozen, f32], ...packed];
const candidates: Candidates[] = [...matrices, set];
const controller = new AbortController();
const options: AsyncOptions & HyperbolicOptions & SearchOptions & ThreadOptions = { temperature: 1, threads: 2, signal: controller.signal, projection: 'expmap' };

// VectorStore
const store = ruvector.VectorStore.open('x.db', { dim: 3, metric: 'l2', synchronous: 'normal' });
expectType<Equal<typeof store, ruvector.VectorStore>>(true);
const entry = store.get('a'), where: Where = { year: { $gte: 1 }, at: { $lt: new Date() }, born: new Date(), tags: { $contains: 'x' }, kinds: { $containsAny: ['x', 1, null] }, 'a.b': 'x', $or: [{ live: true }, { $not: { tag: { $in: ['a', null] } } }] };
expectType<Equal<typeof entry, StoredEntry | undefined>>(true);
const stored: [string, string[], Promise<string[]>] = [
  store.insert({ vector: numbers }, { replace: true }), store.insertBatch([{ id: 'a', vector: f32, metadata: { x: [1] } }]),
  store.insertBatchAsync({ vectors: [f32], ids: ['a'] }, { threads: 2, signal: controller.signal, onProgress: (share: number) => void share }),
];
const written: [Promise<string>, Promise<boolean>, Promise<number>, Promise<void>] = [
  store.insertAsync({ vector: f32 }, { replace: true, signal: controller.signal, onProgress: (share: number) => void share }),
  store.deleteAsync('a', { signal: controller.signal }), store.deleteBatchAsync(['a']), store.closeAsync(),
];
const allowed = store.prepareFilter({ filter: { deny: new Set(['a']) }, where });
expectType<Equal<typeof allowed, ruvector.PreparedFilter>>(true);
// @ts-expect-error what is missing is { $exists: false }
store.search(f32, { where: { lang: undefined } });
// @ts-expect-error nothing to compare with
store.search(f32, { where: { tags: () => 1 } });
const lang: string | undefined = store.path;
store.search(f32, { where: { ...(lang !== undefined && { lang }), $and: [where] } });
const filters: [ruvector.PreparedFilter, ruvector.PreparedFilter] = [store.prepareFilter({ filter: ['a'] }), store.prepareFilter({ where: { year: 1 } })];
const filtered: [StoreResult[], Promise<StoreResult[]>] = [store.search(f32, { filter: allowed, where }), store.searchAsync(f32, { filter: allowed, signal: controller.signal })];
const nearest = store.search(f32, { k: 3, ef: 64, filter: new Set(['a']), where });
expectType<Equal<typeof nearest, StoreResult[]>>(true);
const tracked: TrackedResults = store.search(f32, { rerank: true, track: true, explore: 0.1, explain: true, candidates: 50 });
store.observe(tracked.impression, ['a']);
store.observe({ query: f32, shown: ['a'], swapped: [0, 1] }, []);
// @ts-expect-error only what is tracked has an impression
const untracked = store.search(f32, { rerank: true }).impression;
const learned: Promise<ruvector.LearningReport> = store.learn({ examination: 'auto', onProgress: ({ done }) => done, signal: controller.signal });
const ranked: { id: string; score: number } | undefined = new ruvector.Reranker({ dim: 4 }).rerank(f32, { ids: ['a'], vectors: [f32], scores: [1] }, { k: 1 })[0];
const later: Promise<StoreResult[]> = store.searchAsync(f32, { filter: { deny: ['a'] }, signal: controller.signal });
const known: [boolean, boolean, number, number | undefined, string | undefined, number, number, string] = [
  store.has('a'), store.delete('a'), store.deleteBatch(['a']), store.keyOf('a'), store.idOf(1), store.size, store.dim, store.path,
];
const everything: Matrix = store.getAllVectors(), graph: ruvector.HNSWIndex = store.getHnswGraph();
expectType<Equal<typeof graph.token, ruvector.IndexToken>>(true);
const graphs: [ruvector.HNSWIndex<string>, ruvector.BruteForceIndex] = [ruvector.HNSWIndex.open<string>(graph.token), ruvector.BruteForceIndex.open({ index: 1 })];

// Indexes
const words = new ruvector.HNSWIndex<string>({ dim: 3, keys: 'string' }), exact = new ruvector.BruteForceIndex<bigint>({ dim: 3, keys: 'bigint' });
// The kind of the keys is inferred from the option.
const inferred = [new ruvector.HNSWIndex({ dim: 3, keys: 'string' }), new ruvector.HNSWIndex({ dim: 3, keys: 'bigint', M: 8 }), new ruvector.HNSWIndex({ dim: 3, keys: 'number' }), new ruvector.HNSWIndex({ dim: 3 })] as const;
expectType<Equal<typeof inferred, readonly [ruvector.HNSWIndex<string>, ruvector.HNSWIndex<bigint>, ruvector.HNSWIndex, ruvector.HNSWIndex<number>]>>(true);
const inferredExact = [new ruvector.BruteForceIndex({ keys: 'string', dim: 3 }), new ruvector.BruteForceIndex({ keys: 'bigint', dim: 3, storage: 'i8' }), new ruvector.BruteForceIndex({ dim: 3 })] as const;
expectType<Equal<typeof inferredExact, readonly [ruvector.BruteForceIndex<string>, ruvector.BruteForceIndex<bigint>, ruvector.BruteForceIndex]>>(true);
const named = inferred[0].search(f32, 1).keys, read = ruvector.HNSWIndex.load<string>('x'), seen = ruvector.HNSWIndex.view<bigint>('x', { verify: true });
expectType<Equal<typeof named, string[]>>(true);
expectType<Equal<[typeof read, typeof seen], [ruvector.HNSWIndex<string>, ruvector.HNSWIndex<bigint>]>>(true);
const kept: Uint8Array = read.toBuffer({ stamp: 3 }), taken = ruvector.HNSWIndex.fromBuffer<string>(kept), plainBytes = ruvector.BruteForceIndex.fromBuffer(new ArrayBuffer(8));
expectType<Equal<[typeof taken, typeof plainBytes], [ruvector.HNSWIndex<string>, ruvector.BruteForceIndex]>>(true);
const keptLater: Promise<Uint8Array> = taken.toBufferAsync({ signal: new AbortController().signal }), takenLater: Promise<ruvector.HNSWIndex<bigint>> = ruvector.HNSWIndex.fromBufferAsync<bigint>(Uint8Array.of(1));
// @ts-expect-error: a path is for load
ruvector.HNSWIndex.fromBuffer('x');
declare const kind: 'string' | 'number', settings: ruvector.HNSWOptions<string>;
const oneOfTwo: ruvector.HNSWIndex<string> | ruvector.HNSWIndex = new ruvector.HNSWIndex({ dim: 3, keys: kind }), fromSettings: ruvector.HNSWIndex<string> = new ruvector.HNSWIndex(settings);
class Plain extends ruvector.HNSWIndex {}
class Named extends ruvector.HNSWIndex<string> { constructor() { super({ dim: 3, keys: 'string' }); } }
const subclasses: [ruvector.HNSWIndex, ruvector.HNSWIndex<string>] = [new Plain({ dim: 3 }), new Named()];
declare const unknownIndex: unknown;
if (unknownIndex instanceof ruvector.HNSWIndex) unknownIndex.search(f32, 1);
// @ts-expect-error no such kind
new ruvector.HNSWIndex({ dim: 3, keys: 'uuid' });
// @ts-expect-error keys are strings
inferred[0].add(1, f32);
// @ts-expect-error the type and the option contradict each other
new ruvector.HNSWIndex<bigint>({ dim: 3, keys: 'string' });
void [oneOfTwo, fromSettings, subclasses];

const both: ruvector.VectorIndex<string>[] = [words, new ruvector.BruteForceIndex<string>({ dim: 3, keys: 'string' })];
for (const one of both) one.addBatch(['a'], [f32], { threads: 2, replace: true });
const changes: Promise<void>[] = [
  words.addBatchAsync(new Set(['a']), [f32], { threads: 2, replace: true, signal: controller.signal, onProgress: (share: number) => void share }),
  words.updateAsync('a', numbers, { signal: controller.signal }), words.removeAsync('a', { signal: controller.signal }),
  words.removeBatchAsync(['a'], { signal: controller.signal, onProgress: (share: number) => void share }), exact.removeAsync(1n), exact.removeBatchAsync(BigInt64Array.of(1n)),
];
const prepared = words.prepareFilter({ deny: ['a'] });
expectType<Equal<typeof prepared, ruvector.PreparedFilter>>(true);
expectType<Equal<typeof prepared.size, number>>(true);
expectType<Equal<typeof prepared.closed, boolean>>(true);
expectType<Equal<ReturnType<typeof prepared.close>, void>>(true);
for (const filter of [graph.prepareFilter([1]), graph.prepareFilter(new Set([1])), graph.prepareFilter(Uint8Array.of(1)), graph.prepareFilter({ allow: Float64Array.of(1) }), exact.prepareFilter([1n])]) filter.close();
const given: ruvector.IndexFilter<string>[] = [['a'], new Set(['a']), { allow: ['a'] }, { deny: new Set(['a']) }];
for (const filter of [...given, prepared]) {
  const found = words.search(f32, 3, { ef: 9, filter });
  expectType<Equal<typeof found.keys, string[]>>(true);
  void [words.searchAsync(f32, 3, { filter, signal: controller.signal }), words.searchBatchAsync([f32], 3, { filter }), words.searchBatch([f32], 3, { filter, threads: 2 }).counts];
}

// VectorSet
expectType<Equal<typeof set, ruvector.VectorSet>>(true);
expectType<Equal<typeof set.size, number>>(true);
expectType<Equal<typeof set.dim, number>>(true);
expectType<Equal<typeof set.token, VectorSetToken>>(true);
expectType<Equal<typeof set.closed, boolean>>(true);
const row = set.get(0), closing = set.close(), opened = ruvector.VectorSet.open(set.token);
expectType<Equal<typeof row, Float32Array>>(true);
expectType<Equal<typeof closing, void>>(true);
expectType<Equal<typeof opened, ruvector.VectorSet>>(true);
for (const m of matrices) new ruvector.VectorSet(m);

// Graph
const edgeList = new ruvector.Graph({ offsets: Uint32Array.of(0, 1), indices: [0] }), edgesToken: ruvector.GraphToken = edgeList.token;
const edgeLists = [new ruvector.Graph({ offsets: [0], indices: new Int32Array(0), columns: 3 }), ruvector.Graph.fromEdges([0, 1], { nodes: 2 }), ruvector.Graph.open(edgesToken),
  ruvector.Graph.fromEdges({ sources: Uint32Array.of(0), targets: [1] as const }, { nodes: 2, columns: 4 }), new ruvector.Graph(edgeList)];
expectType<Equal<typeof edgeLists, ruvector.Graph[]>>(true);
const edgeCounts = [edgeList.nodes, edgeList.columns, edgeList.edges], edgeArrays = [edgeList.offsets, edgeList.indices];
expectType<Equal<typeof edgeCounts, number[]>>(true);
expectType<Equal<typeof edgeArrays, Uint32Array[]>>(true);
expectType<Equal<typeof edgeList.closed, boolean>>(true);
// @ts-expect-error nodes are needed
ruvector.Graph.fromEdges([0, 1]);
// @ts-expect-error whole numbers
new ruvector.Graph({ offsets: [0], indices: f32 });
// @ts-expect-error another token
ruvector.Graph.open(set.token);
// @ts-expect-error it never changes
edgeList.indices = new Uint32Array(1);

// Search
for (const c of candidates) for (const q of vectors) ruvector.differentiableSearch(q, c, 2);
const cosine = ruvector.differentiableSearch(f32, [f32], 2, 0.5);
expectType<Equal<typeof cosine, SearchResult>>(true);
expectType<Equal<typeof cosine.indices, number[]>>(true);
expectType<Equal<typeof cosine.weights, number[]>>(true);
const ball = ruvector.differentiableSearchHyperbolic(f32, set, 2, -1, { temperature: 1, projection: 'clip' });
expectType<Equal<typeof ball, HyperbolicSearchResult>>(true);
expectType<Equal<typeof ball.indices, number[]>>(true);
expectType<Equal<typeof ball.weights, Float32Array>>(true);
const rfc: { indices: number[]; weights: Float32Array } = ruvector.differentiableSearchHyperbolic(f32, [f32], 2, 1);
const cosineAsync = ruvector.differentiableSearchAsync(f32, [f32], 2, 1, options);
expectType<Equal<typeof cosineAsync, Promise<SearchResult>>>(true);
const ballAsync = ruvector.differentiableSearchHyperbolicAsync(f32, [f32], 2, undefined, options);
expectType<Equal<typeof ballAsync, Promise<HyperbolicSearchResult>>>(true);
const batch = ruvector.differentiableSearchBatch([f32], set, 2, { threads: 4, temperature: 1 });
expectType<Equal<typeof batch, CosineBatchResult>>(true);
expectType<Equal<typeof batch.indices, Uint32Array>>(true);
expectType<Equal<typeof batch.similarities, Float32Array>>(true);
const ballBatch = ruvector.differentiableSearchHyperbolicBatch({ data: f32, rows: 1, dim: 3 }, set, 2, -1, { threads: 4, projection: 'expmap' });
expectType<Equal<typeof ballBatch, HyperbolicBatchResult>>(true);
expectType<Equal<typeof ballBatch.distances, Float32Array>>(true);
const common: BatchResult[] = [batch, ballBatch];
const batchAsync = ruvector.differentiableSearchBatchAsync([f32], set, 2, options);
expectType<Equal<typeof batchAsync, Promise<CosineBatchResult>>>(true);
const ballBatchAsync = ruvector.differentiableSearchHyperbolicBatchAsync([f32], set, 2, -1, options);
expectType<Equal<typeof ballBatchAsync, Promise<HyperbolicBatchResult>>>(true);

// Layer and hierarchy
const layer = new ruvector.RuvectorLayer(3, 4, 2);
for (const seed of [7, 7n, { seed: 7 }, { seed: 7n }, {}]) new ruvector.RuvectorLayer(3, 4, 2, 0.1, seed);
const floats = layer.forward(f32, [f32], f32), fromDoubles = layer.forward(f64), list = layer.forward(numbers, packed[0], numbers);
expectType<Equal<typeof floats, Float32Array>>(true);
expectType<Equal<typeof fromDoubles, Float32Array>>(true);
expectType<Equal<typeof list, number[]>>(true);
const layerGradients = layer.backward(new Float32Array(3), [[1, 2, 3]], undefined, [1, 2, 3, 4]), layerWeights = layer.getWeights();
expectType<Equal<typeof layerGradients, ruvector.LayerGradients>>(true);
expectType<Equal<typeof layerGradients.edgeWeights, Float32Array>>(true);
expectType<Equal<typeof layerWeights, Float32Array>>(true);
const layerParameters: readonly { readonly name: string; readonly shape: readonly number[] }[] = layer.parameters;
layer.setWeights(layerWeights);
export { layerParameters };
const json = layer.toJson(), parsed = ruvector.RuvectorLayer.fromJson(json);
expectType<Equal<typeof json, string>>(true);
expectType<Equal<typeof parsed, ruvector.RuvectorLayer>>(true);
expectType<Equal<typeof layer.inputDim, number>>(true);
expectType<Equal<typeof layer.hiddenDim, number>>(true);
expectType<Equal<typeof layer.heads, number>>(true);
expectType<Equal<typeof layer.dropout, number>>(true);
expectType<Equal<typeof layer.seed, number | bigint | undefined>>(true);
expectType<Equal<typeof layer.closed, boolean>>(true);
layer.close();
const down = ruvector.hierarchicalForward(f32, [[f32], set, packed[0]], [json, layer]), downList = ruvector.hierarchicalForward(frozen, [], []);
expectType<Equal<typeof down, Float32Array>>(true);
expectType<Equal<typeof downList, number[]>>(true);
const walked = ruvector.hierarchicalForwardV2(f32, [[f32], set, packed[0]], [json, layer, 'identity'], { mode: 'dual_space', euclideanWeight: 0.5, k: 3 });
const rfcWalk: Float32Array = ruvector.hierarchicalForwardV2(f32, [[f32]], [json], { mode: 'moe', numExperts: 4, topK: 2, curvature: 1 });
const explained = ruvector.hierarchicalForwardV2(frozen, [], undefined, { mode: 'hyperbolic', explain: true });
const walkedAsync = ruvector.hierarchicalForwardV2Async(f32, [], [], { mode: 'standard' }, options);
expectType<Equal<typeof walked, Float32Array>>(true);
expectType<Equal<typeof explained, ruvector.HierarchyWalk>>(true);
expectType<Equal<typeof walkedAsync, Promise<Float32Array>>>(true);
const anyConfig: ruvector.AttentionConfig = { mode: 'standard' }, either = ruvector.hierarchicalForwardV2(f32, [], [], anyConfig);
expectType<Equal<typeof either, Float32Array | ruvector.HierarchyWalk>>(true);

// Compression
const tensor = new ruvector.TensorCompress(), config: CompressionLevelConfig = { levelType: 'pq8', subvectors: 4, centroids: 16 };
const text = tensor.compress(f32, 0.5), text2 = tensor.compressWithLevel(numbers, config), back = tensor.decompress(text);
tensor.compressWithLevel(f64, { level_type: 'pq4', outlier_threshold: 3 });
expectType<Equal<typeof text, string>>(true);
expectType<Equal<typeof text2, string>>(true);
expectType<Equal<typeof back, Float32Array>>(true);
const level = ruvector.getCompressionLevel(0.5);
expectType<Equal<typeof level, CompressionLevel>>(true);
expectType<Equal<CompressionLevel, 'none' | 'half' | 'pq8' | 'pq4' | 'binary'>>(true);

// Geometry
const results = {
  add: ruvector.mobiusAdd(f32, numbers), sub: ruvector.mobiusSub(f32, f64, -1), scaled: ruvector.mobiusScalarMul(2, f32), matvec: ruvector.mobiusMatvec([f32], f32),
  gyr: ruvector.gyration(f32, f32, f32), exp: ruvector.expMap(f32, f32), exp0: ruvector.expMap0(f32), log: ruvector.logMap(f32, f32), log0: ruvector.logMap0(f32),
  proj: ruvector.projx(f32), grad: ruvector.egrad2rgrad(f32, f32), transported: ruvector.transp(f32, f32, f32), on: ruvector.geodesic(0.5, f32, f32),
  lorentz: ruvector.toLorentz(f32), poincare: ruvector.toPoincare(f32), mid: ruvector.weightedMidpoint([f32], numbers, -1), mean: ruvector.frechetMean([f64]),
};
expectType<typeof results[keyof typeof results] extends Float32Array ? true : false>(true);
const inDouble = ruvector.mobiusAdd(f64, f32), fromList = ruvector.expMap0(numbers);
expectType<Equal<typeof inDouble, Float64Array>>(true);
expectType<Equal<typeof fromList, Float32Array>>(true);
expectType<Equal<Like<Float64Array>, Float64Array>>(true);
const scalars = [ruvector.dist(f32, f64), ruvector.dist0(f32), ruvector.poincareDistance(f32, numbers, -2), ruvector.lambdaX(f32)];
expectType<Equal<typeof scalars, number[]>>(true);

// The library
const greeting = ruvector.init(), simd = ruvector.simdLevel(), version = ruvector.version();
expectType<Equal<typeof greeting, string>>(true);
expectType<Equal<typeof simd, 'scalar' | 'v1' | 'v3' | 'v4' | 'neon' | 'simd128'>>(true);
expectType<Equal<typeof version, string>>(true);
try {
  ruvector.init();
} catch (error) {
  if (error instanceof ruvector.RuvectorError) {
    expectType<Equal<typeof error.code, RuvectorErrorCode>>(true);
    if (error.code === 'ERR_CLOSED') throw new ruvector.RuvectorError('ERR_ABORTED', 'x', { cause: error });
    // @ts-expect-error no such code
    if (error.code === 'ERR_NOTHING') throw error;
  }
}

// Mistakes
// @ts-expect-error k is missing
ruvector.differentiableSearch(f32, [f32]);
// @ts-expect-error bytes are no vector
ruvector.differentiableSearch(new Uint8Array(3), [f32], 1);
// @ts-expect-error no such mode
ruvector.hierarchicalForwardV2(f32, [], [], { mode: 'euclidean' });
// @ts-expect-error a string is no vector
ruvector.differentiableSearch('abc', [f32], 1);
// @ts-expect-error dim is missing
ruvector.differentiableSearch(f32, { data: f32, rows: 1 }, 1);
// @ts-expect-error unknown projection
ruvector.differentiableSearchHyperbolic(f32, set, 1, -1, { projection: 'fold' });
// @ts-expect-error the synchronous form takes no signal
ruvector.differentiableSearchBatch([f32], set, 1, { signal: controller.signal });
// @ts-expect-error a promise
ruvector.differentiableSearchAsync(f32, set, 1).indices;
// @ts-expect-error read-only
set.size = 4;
// @ts-expect-error no token
ruvector.VectorSet.open(5);
// @ts-expect-error unknown level
tensor.compressWithLevel(f32, { levelType: 'lz4' });
// @ts-expect-error the level is missing
tensor.compressWithLevel(f32, { scale: 1 });
// @ts-expect-error numbers only
layer.forward([1n]);
// @ts-expect-error number[] in, number[] out
layer.forward(numbers).subarray(0);
// @ts-expect-error the direction comes first
ruvector.mobiusScalarMul(f32, 2);
// @ts-expect-error stores are opened
new ruvector.VectorStore();
// @ts-expect-error filters come from prepareFilter
new ruvector.PreparedFilter();
// @ts-expect-error keys of another kind
words.prepareFilter([1]);
// @ts-expect-error a filter is prepared of keys, not of a filter
words.prepareFilter(prepared);
// @ts-expect-error a filter of a store has to say something
store.prepareFilter();
// @ts-expect-error ids are strings
store.prepareFilter({ filter: [1] });
// @ts-expect-error only batches tell of progress
words.removeAsync('a', { onProgress() {} });
// @ts-expect-error true or false
words.addBatch(['a'], [f32], { replace: 1 });
// @ts-expect-error no vector
store.insert({ id: 'a' });
// @ts-expect-error no predicate
store.search(f32, { where: 'year > 3' });
// Training: optimizers by name or by options, any schedule.
const model = new ruvector.Linear({ inChannels: 2, outChannels: 1 }), fitting = { model, loss: new ruvector.MSELoss() };
for (const optimizer of ['sgd', 'adamW', { type: 'riemannianAdam', dim: 3, groups: [{ parameters: 'weight', learningRate: 1 }] }, { learningRate: 0.1, frozen: /bias/ }] as const) {
  new ruvector.Trainer({ ...fitting, optimizer, schedule: new ruvector.PlateauSchedule() });
}
// @ts-expect-error no optimizer of its own, but what one is made from
new ruvector.Trainer({ ...fitting, optimizer: new ruvector.SGD({ size: 3 }) });
// @ts-expect-error no such optimizer
new ruvector.Trainer({ ...fitting, optimizer: 'adagrad2' });
// @ts-expect-error no option of Adam's
new ruvector.Trainer({ ...fitting, optimizer: { type: 'adam', momentum: 0.9 } });
// Layers whose options all have defaults.
new ruvector.Sequential({ layers: [{ class: 'Aggregation' }, { class: 'Dropout' }] });
const trainable = new ruvector.GCNLayer({ inChannels: 2, outChannels: 2 }), squares = new ruvector.MSELoss(), rates = { type: 'sgd' as const, learningRate: 0.1 };
for (const optimizer of ['adamW' as const, rates, { learningRate: 0.1, frozen: 'bias' }]) new ruvector.Trainer({ model: trainable, loss: squares, optimizer });
// @ts-expect-error the options of an optimizer, not one that was made of them
new ruvector.Trainer({ model: trainable, loss: squares, optimizer: new ruvector.SGD({ size: 4 }) });
// @ts-expect-error nor another one
new ruvector.Trainer({ model: trainable, loss: squares, optimizer: new ruvector.RiemannianAdam({ size: 4 }) });
// @ts-expect-error no options
new ruvector.Trainer({ model: trainable, loss: squares, optimizer: new Date() });
// @ts-expect-error no such export
ruvector.nothing;

export { common, rfc };
