// @ruvector/gnn/attention as a CommonJS user sees it.
import attention = require('@ruvector/gnn/attention');
import main = require('@ruvector/gnn');
import {
  Attention, AttentionGradients, AttentionOutput, AttentionParameter, AttentionType, AttentionWeights, BatchAttentionResult, FlashOptions, MaskOptions, MaskRow,
  Matrix, MultiHeadOptions, ParallelAttentionConfig, ScaledDotProductOptions, Vector,
} from '@ruvector/gnn/attention';

/** Whether two types are the same, not merely assignable. */
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;
declare function expectType<T extends true>(value: T): void;
expectType<Equal<typeof attention.RuvectorError, typeof main.RuvectorError>>(true);
expectType<Equal<Matrix, main.Matrix>>(true);

const q: Vector = new Float32Array(4), k: Matrix[] = [[q], { data: q, rows: 1, dim: 4 }, { data: [1, 2, 3, 4], dims: [1, 4] }];
const multi: MultiHeadOptions = { dim: 4, numHeads: 2, projections: true, causal: false, seed: 1n }, flash: FlashOptions = { dim: 4, blockSize: 64 };
const scaled: ScaledDotProductOptions = { dim: 4, temperature: 0.5 };
const all: Attention[] = [
  new attention.DotProductAttention(4), new attention.DotProductAttention(4, 1), new attention.DotProductAttention({ dim: 4 }),
  new attention.ScaledDotProductAttention(4), new attention.ScaledDotProductAttention(scaled),
  new attention.MultiHeadAttention(4, 2), new attention.MultiHeadAttention(multi), new attention.FlashAttention(4, 64), new attention.FlashAttention(flash),
];
const masks: MaskRow[] = [[true, false], new Uint8Array(2)];
const options: MaskOptions = { mask: masks, offsets: [0, 1], threads: 2 };
const one = new attention.MultiHeadAttention(multi);
const computed = one.compute([1, 2, 3, 4], k[0], k[1]), masked = one.computeWithMask(q, k[0], k[0], [true]), soon = one.computeAsync(q, k[0], k[0], { threads: 2, mask: [true] });
expectType<Equal<typeof computed, Float32Array>>(true);
expectType<Equal<typeof masked, Float32Array>>(true);
expectType<Equal<typeof soon, Promise<Float32Array>>>(true);
const batch = one.computeBatch(k[0], k[0], k[0], options), batchSoon = one.computeBatchAsync(q, k[0], k[0], { ...options, signal: new AbortController().signal });
expectType<Equal<typeof batch, AttentionOutput>>(true);
expectType<Equal<typeof batchSoon, Promise<AttentionOutput>>>(true);
const again = one.computeBatch(batch, batch, batch), weights = one.attentionWeights(q, k[0], options), gradients = one.backward(q, k[0], k[0], batch, options);
expectType<Equal<typeof weights, AttentionWeights>>(true);
expectType<Equal<typeof gradients, AttentionGradients>>(true);
expectType<Equal<typeof gradients.parameters, Float32Array>>(true);
const gradientsSoon = one.backwardAsync(q, k[0], k[0], q, { signal: undefined });
expectType<Equal<typeof gradientsSoon, Promise<AttentionGradients>>>(true);
const parameters: readonly AttentionParameter[] = one.parameters, floats = one.getWeights(), json: string = one.toJson(), loaded = attention.MultiHeadAttention.fromJson(json);
expectType<Equal<typeof floats, Float32Array>>(true);
expectType<Equal<typeof loaded, attention.MultiHeadAttention>>(true);
expectType<Equal<typeof loaded.seed, number | bigint>>(true);
one.setWeights([1, 2]);
const numbers: number[] = [one.dim, one.numHeads, one.headDim, new attention.FlashAttention(4).blockSize, new attention.ScaledDotProductAttention(4).temperature];
const flags: boolean[] = [one.projections, one.causal, one.closed];
one.close();

const type: AttentionType = attention.AttentionType.Flash, config: ParallelAttentionConfig = { attentionType: type, dim: 4, blockSize: 64, curvature: 1 };
const batches: Promise<BatchAttentionResult>[] = [
  attention.batchAttentionCompute(k[0], k, k, 4), attention.batchFlashAttentionCompute(k[0], k, k, 4, 64, { threads: 2 }), attention.parallelAttentionCompute(config, k[0], k, k),
];
const singles: Promise<Float32Array>[] = [attention.computeAttentionAsync(q, k[0], k[0], 4), attention.computeFlashAttentionAsync(q, k[0], k[0], 4, 64)];
const points = [
  attention.scaledDotAttention(q, k[0], k[0]), attention.projectToPoincareBall([1], 1), attention.mobiusAddition(new Float32Array(1), [1], 1), attention.expMap([1], [1], 1), attention.logMap([1], [1]),
];
expectType<Equal<typeof points, Float32Array[]>>(true);
const distance: number = attention.poincareDistance(q, q, 1), features: string[] = attention.info().features, text: string = attention.version();

const expert: attention.ExpertDescription = { class: 'FlashAttention', options: { dim: 4 } };
const moeOptions: attention.MoEOptions = { dim: 4, experts: ['local', expert, one], topK: 2, expertCapacity: 0, balance: 0.01, seed: 1n };
const moe = new attention.MoEAttention(moeOptions), simple = attention.MoEAttention.simple(4, 4, 2), mixture: attention.Mixture = moe;
const routing = moe.getRouting(k[0]), usage = mixture.getExpertUsage(q);
expectType<Equal<typeof routing, attention.ExpertRouting>>(true);
expectType<Equal<typeof routing.experts, Int32Array>>(true);
expectType<Equal<typeof usage, attention.ExpertUsage>>(true);
expectType<Equal<typeof simple, attention.MoEAttention>>(true);
const descriptions: readonly attention.ExpertDescription[] = moe.experts, counts: number[] = [moe.numExperts, moe.topK, moe.expertCapacity, moe.balance, usage.balanceLoss];

const moeConfig: attention.MoEConfig = { dim: 4, numExperts: 4, topK: 2, expertDim: 8 }, dualConfig: attention.DualSpaceConfig = { dim: 4, curvature: 1, euclideanWeight: 1, hyperbolicWeight: 0 };
const edgeConfig: attention.EdgeFeaturedConfig = { nodeDim: 4, edgeDim: 2, numHeads: 2 }, ropeConfig: attention.RoPeConfig = { dim: 4, maxPosition: 16 };
expectType<Equal<attention.MoEConfig['numExperts'] | attention.MoEConfig['topK'] | attention.DualSpaceConfig['curvature'], number>>(true);
export const inItsTypes: attention.Attention[] = [
  new attention.MoEAttention(moeConfig), new attention.MoEAttention(4, 4, 2), new attention.DualSpaceAttention(dualConfig), new attention.DualSpaceAttention(4, 1, 0.5, 0.5),
  new attention.EdgeFeaturedAttention(edgeConfig), new attention.GraphRoPeAttention(ropeConfig),
];
export const itsResults: (Promise<attention.BatchResult> | Promise<attention.BenchmarkResult>)[] = [
  attention.parallelAttentionCompute(config as attention.ParallelConfig, k[0], k, k), attention.benchmarkAttention('Flash', 4, 8, 2)];
const routed = new attention.LearnedRoutingAttention({ dim: 4, experts: ['global', moe], temperature: 1, hard: true, seed: 1 });
const gated = new attention.DynamicHeadsAttention({ dim: 4, numHeads: 2, threshold: 0.1 }), gates = gated.getGates(k[0]);
expectType<Equal<typeof gates, AttentionOutput>>(true);
export const more: (number | boolean)[] = [routed.temperature, routed.hard, routed.getRouting(q).k, gated.threshold, gated.headDim];

const pattern: attention.SparsityPattern = attention.SparsityPattern.local(2, 2, 1).union(attention.SparsityPattern.fromCsr([0, 1, 1], Int32Array.of(0), 2));
const sparse = one.attentionWeights(k[0], k[0], { pattern }), dense = one.attentionWeights(k[0], k[0], { mask: pattern.toMask() });
expectType<Equal<typeof sparse, attention.SparseAttentionWeights>>(true);
expectType<Equal<typeof dense, AttentionWeights>>(true);
export const seen: (number | Uint32Array)[] = [pattern.count, pattern.density, pattern.queries, pattern.keys, pattern.offsets, sparse.indices];

const ball = new attention.HyperbolicAttention({ dim: 4, curvature: -1, maps: true, frechet: false }), bent: attention.ManifoldOptions = { dim: 4, curvature: 1, model: 'lorentz' };
const withEdges = new attention.EdgeFeaturedAttention({ nodeDim: 4, edgeDim: 2, numHeads: 2, version: 'v1' }), rope: attention.GraphRoPeAttention = new attention.GraphRoPEAttention(4, 16);
const parts = new attention.DualSpaceAttention(4, 1).getSpaceContributions(k[0], k[0]), pipeline = new attention.GraphAttentionPipeline({ dim: 4 });
expectType<Equal<typeof parts, attention.SpaceContributions>>(true);
const edges = new attention.HNSWEdgeFeatureExtractor().extract({ distances: [1, 2], levels: [0, 1] });
export const placed: Float32Array[] = [
  rope.computeBatch(k[0], k[0], k[0], { queryPositions: [1, 2], keyPositions: [3, 4], queryLevels: [0, 0], mask: [true, true] }).data, rope.applyRotary(q, 3),
  withEdges.computeWithEdges(q, k[0], k[0], edges), pipeline.backward(q, k[0], k[0], q, { edges, keyKinds: [0, 1] }).queries, ball.compute(q, k[0], k[0]),
  new attention.ManifoldAttention(bent).compute(q, k[0], k[0]), new attention.MixedCurvatureAttention({ hyperbolicDim: 4 }).compute(q, k[0], k[0]),
  new attention.LorentzCascadeAttention(4, 2).compute(q, k[0], k[0]), new attention.StructuralAttention(4).computeBatch(q, k[0], k[0], { keyFeatures: k[0] }).data,
  new attention.HNSWAwareAttention({ dim: 4, levels: 3 }).computeBatch(q, k[0], k[0], { keyLevels: [0, 1] }).data,
  new attention.GraphLatentAttention(4).computeBatch(q, k[0], k[0], { keyKinds: [0, 1] }).data,
];
export const lists: readonly attention.Attention[] = [ball, withEdges, rope, pipeline];
const statistics = attention.graphStatistics(pattern, { seed: 1 }), table = attention.structuralFeatures({ offsets: [0, 1, 2], indices: [1, 0] });
expectType<Equal<typeof table, AttentionOutput>>(true);
const choice = attention.recommendMechanism(statistics, { queries: 1, keys: 2, dim: 4, normBound: 1 }), other: attention.MechanismChoice = choice.alternatives[0];
export const found: (string | number | undefined)[] = [choice.mechanism, other.class, ...other.reasons, statistics.relativeHyperbolicity];

// @ts-expect-error made by its static methods
new attention.SparsityPattern();
// @ts-expect-error no such expert
new attention.MoEAttention({ dim: 4, experts: ['distant'] });
// @ts-expect-error not constructed itself
new attention.Attention();
// @ts-expect-error text is no width
new attention.FlashAttention('4');
// @ts-expect-error no such option
new attention.FlashAttention({ dim: 4, block: 2 });
// @ts-expect-error values are missing
one.compute(q, k[0]);
// @ts-expect-error a flag is true or false
one.computeWithMask(q, k[0], k[0], ['yes']);
// @ts-expect-error the synchronous form takes no signal
one.computeBatch(q, k[0], k[0], { signal: new AbortController().signal });
// @ts-expect-error read-only
one.dim = 5;
// @ts-expect-error no such type
attention.parallelAttentionCompute({ attentionType: 'Spherical', dim: 4 }, k[0], k, k);
// @ts-expect-error Flash reads no edges
one.computeBatch(q, k[0], k[0], { edges: k[0] });
// @ts-expect-error the width is missing
new attention.EdgeFeaturedAttention({ nodeDim: 4 });

export { counts, descriptions };
export { again, all, batches, distance, features, flags, numbers, parameters, singles, text };
