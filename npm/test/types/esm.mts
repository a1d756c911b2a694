// An ESM user: named imports, the default import and the namespace are the same things.
import ruvector, {
  RuvectorError, RuvectorLayer, TensorCompress, VectorSet, differentiableSearch, differentiableSearchAsync, differentiableSearchBatch,
  differentiableSearchBatchAsync, differentiableSearchHyperbolic, differentiableSearchHyperbolicAsync, differentiableSearchHyperbolicBatch,
  differentiableSearchHyperbolicBatchAsync, dist, dist0, egrad2rgrad, expMap, expMap0, frechetMean, geodesic, getCompressionLevel, gyration,
  hierarchicalForward, hierarchicalForwardV2, hierarchicalForwardV2Async, init, lambdaX, logMap, logMap0, mobiusAdd, mobiusMatvec, mobiusScalarMul, mobiusSub, poincareDistance, projx, simdLevel,
  toLorentz, toPoincare, transp, version, weightedMidpoint, type Candidates, type HyperbolicSearchResult, type SearchResult, type VectorSetToken,
} from '@ruvector/gnn';
import wasm, { differentiableSearch as wasmSearch } from '@ruvector/gnn/wasm';
import * as all from '@ruvector/gnn';

/** Whether two types are the same, not merely assignable. */
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;
declare function expectType<T extends true>(value: T): void;
const x = new Float32Array(3), set = new VectorSet([x]), layer: RuvectorLayer = new all.RuvectorLayer(3, 4, 2, 0.1, 1n);

expectType<Equal<typeof ruvector.VectorSet, typeof VectorSet>>(true);
expectType<Equal<typeof all.RuvectorError, typeof RuvectorError>>(true);
expectType<Equal<typeof ruvector.differentiableSearch, typeof differentiableSearch>>(true);

const search: SearchResult = differentiableSearch(x, set, 1), ball: HyperbolicSearchResult = differentiableSearchHyperbolic(x, set, 1);
const awaited = await Promise.all([
  differentiableSearchAsync(x, set, 1), differentiableSearchHyperbolicAsync(x, set, 1), differentiableSearchBatchAsync([x], set, 1),
  differentiableSearchHyperbolicBatchAsync([x], set, 1, -1, { signal: new AbortController().signal }),
]);
expectType<Equal<typeof awaited[2]['similarities'], Float32Array>>(true);
expectType<Equal<typeof awaited[3]['distances'], Float32Array>>(true);
const batches = [differentiableSearchBatch([x], set, 1).k, differentiableSearchHyperbolicBatch([x], set, 1).k];
expectType<Equal<typeof batches, number[]>>(true);

const points = [
  mobiusAdd(x, x), mobiusSub(x, x), mobiusScalarMul(1, x), mobiusMatvec([x], x), gyration(x, x, x), expMap(x, x), expMap0(x), logMap(x, x), logMap0(x), projx(x),
  egrad2rgrad(x, x), transp(x, x, x), geodesic(0.5, x, x), weightedMidpoint([x]), frechetMean([x]), toLorentz(x), toPoincare(x), layer.forward(x),
  hierarchicalForward(x, [set], [layer]), hierarchicalForwardV2(x, [set], ['identity'], { mode: 'hyperbolic' }), new TensorCompress().decompress('{}'), set.get(0),
];
expectType<Equal<typeof points, Float32Array[]>>(true);
const numbers = [dist(x, x), dist0(x), poincareDistance(x, x), lambdaX(x)], texts: string[] = [init(), simdLevel(), version(), getCompressionLevel(1)];
expectType<Equal<typeof numbers, number[]>>(true);
const walked: Promise<Float32Array> = hierarchicalForwardV2Async(x, [set], undefined, { mode: 'standard' });
const token: VectorSetToken = set.token, candidates: Candidates = set;

// @ts-expect-error no such export
import { nothing } from '@ruvector/gnn';
// @ts-expect-error not the constructor's types
new RuvectorLayer('3', 4, 2);
// @ts-expect-error Float32Array in, Float32Array out
const list: number[] = layer.forward(x);

export { ball, candidates, list, search, texts, token };

const same: typeof differentiableSearch = wasmSearch, through: typeof differentiableSearch = wasm.differentiableSearch;
same(new Float32Array(1), [], through(new Float32Array(1), [], 1).indices.length);
import attention, { DotProductAttention, type AttentionOutput } from '@ruvector/gnn/attention';
const output: AttentionOutput = new DotProductAttention(3).computeBatch([x], [x], [x]), dot: DotProductAttention = new attention.DotProductAttention(3);
import * as whole from '@ruvector/gnn/wasm/attention';
const inWasm: AttentionOutput = new whole.attention.DotProductAttention(3).computeBatch([x], [x], [x]);
export { dot, inWasm, output };
