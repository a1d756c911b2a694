// Ruvector for Swift: types of `@ruvector/gnn/attention`, in the place of `@ruvector/attention`. Every function throws a
// RuvectorError (its `code` is stable) and never ends the process; `…Async` ones reject. Vectors and matrices are those
// of the main entry; all results are 32-bit floats.
import { AsyncOptions, Like, Matrix, ThreadOptions, Vector } from './index.js';
export { RuvectorError } from './index.js';
export type { AsyncOptions, Like, Matrix, PackedMatrix, RuvectorErrorCode, ThreadOptions, Vector } from './index.js';

// ---- What all mechanisms share ------------------------------------------------------------------------------------

/** Which keys are seen: true (or a byte other than 0) = attend. A query that sees none gives zeros. */
export type MaskRow = readonly boolean[] | Uint8Array;

export interface MaskOptions extends ThreadOptions {
  /** One row of n for all queries, m rows of n, or m · n flags in one piece. */
  mask?: MaskRow | readonly MaskRow[];
  /** m + 1 rising numbers: query i sees keys offsets[i] up to, not including, offsets[i + 1] (a graph in CSR form). */
  offsets?: Uint32Array | Int32Array | readonly number[];
  /**
   * Which keys each query sees, in the place of masks and offsets: keys and values are gathered, O(count · (dim + v)). For
   * mechanisms whose queries stand alone; ERR_UNSUPPORTED for `causal`, LocalGlobalAttention, and experts with a capacity.
   */
  pattern?: SparsityPattern;
}
/**
 * Which of n keys each of m queries sees, in CSR form. Query i stands at key pᵢ = i + ⌊(n − m + 1)/2⌋: its own for m = n. Unions
 * make the patterns of Longformer (local ∪ global), Sparse Transformers (local ∪ strided) and Big Bird (local ∪ random ∪ global).
 *
 * Errors: ERR_INVALID_ARG (types, offsets that fall, keys that are not there or twice in a row), ERR_OUT_OF_RANGE (numbers, more
 * than 2³⁰ pairs), ERR_DIMENSION_MISMATCH (`union`), ERR_INVALID_CONFIG (seed), ERR_EMPTY_INPUT, ERR_OUT_OF_MEMORY.
 */
export class SparsityPattern {
  private constructor();
  /** |j − pᵢ| ≤ ⌊window/2⌋ */
  static local(queries: number, keys: number, window: number): SparsityPattern;
  /** j ≡ pᵢ modulo stride */
  static strided(queries: number, keys: number, stride: number): SparsityPattern;
  /** ⌊j/size⌋ = ⌊pᵢ/size⌋ */
  static block(queries: number, keys: number, size: number): SparsityPattern;
  /** perRow different keys a query (all where there are fewer); another pattern each time where `seed` is left out. */
  static random(queries: number, keys: number, perRow: number, seed?: number | bigint): SparsityPattern;
  /** j < tokens; for m = n > 1 the first tokens see every key. */
  static global(queries: number, keys: number, tokens: number): SparsityPattern;
  /** A graph: row i has the keys indices[offsets[i]] up to, not including, indices[offsets[i + 1]]. Rows are sorted. */
  static fromCsr(
    offsets: Uint32Array | Int32Array | readonly number[], indices: Uint32Array | Int32Array | readonly number[], keys: number): SparsityPattern;
  /** The pairs that are in one of the two. O(count). */
  union(other: SparsityPattern): SparsityPattern;
  /** 1 where a query sees a key, row after row: a `mask` for small m · n. */
  toMask(): Uint8Array;
  /** A copy: m + 1 numbers, rising from 0. */
  readonly offsets: Uint32Array;
  /** A copy: the keys, rising in each row. */
  readonly indices: Uint32Array;
  /** m */
  readonly queries: number;
  /** n */
  readonly keys: number;
  /** Pairs of a query and a key that it sees. */
  readonly count: number;
  /** count / (m · n) */
  readonly density: number;
}

export interface AsyncMaskOptions extends MaskOptions, AsyncOptions {}

/** A packed matrix, row after row; itself an argument wherever a Matrix is. */
export interface AttentionOutput { data: Float32Array; rows: number; dim: number }

/** p[h][i][j] = data[(h · queries + i) · keys + j]. Each row sums to 1, or is 0 where a query sees no key. */
export interface AttentionWeights { data: Float32Array; heads: number; queries: number; keys: number }

/** Of a pattern, p[h] of the pair in place t = data[h · count + t]. */
export interface SparseAttentionWeights extends AttentionWeights { offsets: Uint32Array; indices: Uint32Array }

/** d(loss)/d(argument), packed like the arguments; views of one buffer. */
export interface AttentionGradients {
  /** m · dim */
  queries: Float32Array;
  /** n · dim */
  keys: Float32Array;
  /** n · width of the values */
  values: Float32Array;
  /** Of all parameters, in the order of `getWeights()`; empty where there are none. */
  parameters: Float32Array;
}

/** A named block of parameters: row-major [rows, columns] or [length]. */
export interface AttentionParameter { readonly name: string; readonly shape: readonly number[] }

/**
 * A mechanism of attention: m queries [m, dim], n keys [n, dim] and their values [n, v] give m outputs. Not constructed
 * itself. Calls change nothing but `setWeights`: any number may be in flight. Results do not depend on `threads`.
 *
 * Errors of all methods: ERR_INVALID_ARG (types), ERR_DIMENSION_MISMATCH, ERR_EMPTY_INPUT (rows of length 0), ERR_NON_FINITE,
 * ERR_OUT_OF_RANGE (threads; a result beyond 32-bit floats), ERR_OUT_OF_MEMORY, ERR_CLOSED.
 */
export abstract class Attention {
  protected constructor();
  /**
   * One query: Σⱼ pⱼ vⱼ with the weights p of the mechanism.
   * @returns as many elements as a value has (MultiHeadAttention with projections: dim)
   * @throws also ERR_EMPTY_INPUT without keys
   */
  compute(query: Vector, keys: Matrix, values: Matrix): Float32Array;
  /** The same over the keys whose flag is true; zeros where none is. @throws ERR_DIMENSION_MISMATCH for other than n flags */
  computeWithMask(query: Vector, keys: Matrix, values: Matrix, mask: MaskRow): Float32Array;
  /** `compute` off the event loop; arguments are copied first. Rejects with ERR_ABORTED once `signal` fires. */
  computeAsync(query: Vector, keys: Matrix, values: Matrix, options?: AsyncOptions & { mask?: MaskRow }): Promise<Float32Array>;
  /** Many queries in one call (a vector is one query). Without keys: zeros (what the projections make of them). */
  computeBatch(queries: Matrix | Vector, keys: Matrix, values: Matrix, options?: MaskOptions): AttentionOutput;
  computeBatchAsync(queries: Matrix | Vector, keys: Matrix, values: Matrix, options?: AsyncMaskOptions): Promise<AttentionOutput>;
  /** The weights p behind `computeBatch`, for explanation. heads · m · n floats. */
  attentionWeights(queries: Matrix | Vector, keys: Matrix, options: MaskOptions & { pattern: SparsityPattern }): SparseAttentionWeights;
  attentionWeights(queries: Matrix | Vector, keys: Matrix, options?: MaskOptions): AttentionWeights;
  /**
   * The gradients that `outputGradient` = d(loss)/d(output) gives. Computes again what it needs: nothing is kept
   * between calls.
   * @param outputGradient m · (width of an output) numbers: a matrix or one vector
   */
  backward(
    queries: Matrix | Vector, keys: Matrix, values: Matrix, outputGradient: Matrix | Vector, options?: MaskOptions): AttentionGradients;
  backwardAsync(
    queries: Matrix | Vector, keys: Matrix, values: Matrix, outputGradient: Matrix | Vector, options?: AsyncMaskOptions
  ): Promise<AttentionGradients>;
  /** Names and shapes of the parameters, in the order of `getWeights`. */
  readonly parameters: readonly AttentionParameter[];
  /** A copy of all parameters, one after the other; empty where there are none. */
  getWeights(): Float32Array;
  /** Replaces all parameters. @throws ERR_DIMENSION_MISMATCH, ERR_NON_FINITE, ERR_BUSY while a call is in flight */
  setWeights(weights: Vector): void;
  /** Class, options and weights as JSON, for `fromJson` of the same class. */
  toJson(): string;
  readonly closed: boolean;
  /** Frees the native memory once calls in flight are done; later calls give ERR_CLOSED. Closing twice is fine. */
  close(): void;
}

// ---- Mechanisms ---------------------------------------------------------------------------------------------------
// Constructors throw ERR_INVALID_ARG (types), ERR_INVALID_CONFIG (ranges, unknown options) and ERR_OUT_OF_MEMORY; each
// `fromJson` ERR_CORRUPT for anything but the `toJson()` of its class.

/** softmax(q·K/√dim) V: scaled dot-product attention without options, as in @ruvector/attention. O(m · n · (dim + v)). */
export class DotProductAttention extends Attention {
  /**
   * @param dim width of queries and keys, 1...65536
   * @param scale has no effect: the README of @ruvector/attention names it, its binary ignores it, and results are kept.
   *   ScaledDotProductAttention has a temperature.
   */
  constructor(dim: number, scale?: number);
  constructor(options: { dim: number });
  static fromJson(json: string): DotProductAttention;
  readonly dim: number;
}

export interface ScaledDotProductOptions {
  /** Width of queries and keys, 1...65536. */
  dim: number;
  /** T > 0; lower is sharper. Default 1. */
  temperature?: number;
  /** Query i sees keys up to i + n − m only. Default false. */
  causal?: boolean;
}

/** softmax(q·K/(T√dim)) V (Vaswani et al. 2017, equation 1). O(m · n · (dim + v)). */
export class ScaledDotProductAttention extends Attention {
  constructor(dim: number);
  constructor(options: ScaledDotProductOptions);
  static fromJson(json: string): ScaledDotProductAttention;
  readonly dim: number;
  readonly temperature: number;
  readonly causal: boolean;
}

export interface MultiHeadOptions {
  /** Width of queries and keys, 1...65536. */
  dim: number;
  /** Heads, a divisor of dim. Default 1. */
  numHeads?: number;
  /** Learned W_q, W_k, W_v, W_o [dim, dim] with biases [dim]; values must be dim wide then. Default true. */
  projections?: boolean;
  /** Query i sees keys up to i + n − m only. Default false. */
  causal?: boolean;
  /** Of the Xavier-normal initial weights; random where left out (read it from `seed`). */
  seed?: number | bigint;
}

/**
 * W_o concatₕ softmax(qʰ·Kʰ/√(dim/heads)) Vʰ + b_o, q = W_q Q + b_q and so on (Vaswani et al. 2017, section 3.2.2); heads are
 * contiguous slices. Without projections W and b are left out. O((m + n) · dim² + m · n · dim).
 */
export class MultiHeadAttention extends Attention {
  /** As in @ruvector/attention: no projections. */
  constructor(dim: number, numHeads?: number);
  /** With learned projections, unless `projections` is false. */
  constructor(options: MultiHeadOptions);
  static fromJson(json: string): MultiHeadAttention;
  readonly dim: number;
  readonly numHeads: number;
  /** dim / numHeads */
  readonly headDim: number;
  readonly projections: boolean;
  readonly causal: boolean;
  /** 0 for the form (dim, numHeads), which has no weights. */
  readonly seed: number | bigint;
}

export interface FlashOptions {
  /** Width of queries and keys, 1...65536. */
  dim: number;
  /** Keys looked at together, 1...65536: speed and the last bits. Default 512. */
  blockSize?: number;
  /** Heads, a divisor of dim; no projections. Default 1. */
  numHeads?: number;
  /** Query i sees keys up to i + n − m only. Default false. */
  causal?: boolean;
}

/** Exact softmax attention in tiles (Dao et al. 2022): memory beyond input and output O(blockSize). O(m · n · (dim + v)). */
export class FlashAttention extends Attention {
  constructor(dim: number, blockSize?: number);
  constructor(options: FlashOptions);
  static fromJson(json: string): FlashAttention;
  readonly dim: number;
  readonly blockSize: number;
  readonly numHeads: number;
  /** dim / numHeads */
  readonly headDim: number;
  readonly causal: boolean;
}

export interface LinearAttentionOptions {
  /** Width of queries and keys, 1...65536. */
  dim: number;
  /** Random features, 1...65536: the error falls as 1/√numFeatures. Default 64; with elu it is dim. */
  numFeatures?: number;
  /** The kernel (elu(q) + 1)·(elu(k) + 1) instead of an estimate of the softmax's. Default false. */
  elu?: boolean;
  /** Of the random features; random where left out (read it from `seed`). */
  seed?: number | bigint;
}

/**
 * φ(q)ᵀ(Σ φ(kⱼ)vⱼᵀ) / φ(q)·Σ φ(kⱼ) with positive random features of exp(q·k/√dim) (Performer: Choromanski et al. 2021) or
 * elu + 1 (Katharopoulos et al. 2020): linear in n. O((m + n) · numFeatures · (dim + v)). An estimate, good where |x|²/√dim is
 * at most about 2 for queries and keys, useless far beyond. `backward` takes one mask for all queries and no offsets
 * (ERR_UNSUPPORTED).
 */
export class LinearAttention extends Attention {
  /** As in @ruvector/attention; the features are drawn from seed 0. */
  constructor(dim: number, numFeatures?: number);
  constructor(options: LinearAttentionOptions);
  static fromJson(json: string): LinearAttention;
  readonly dim: number;
  readonly numFeatures: number;
  readonly elu: boolean;
  readonly seed: number | bigint;
}

export interface LocalGlobalOptions {
  /** Width of queries and keys, 1...65536. */
  dim: number;
  /** Width w of the window: w/2 keys (rounded down) on each side, and the query's own. */
  localWindow: number;
  /** The first keys, which every query sees. Default 0. */
  globalTokens?: number;
  /** Heads, a divisor of dim; no projections. Default 1. */
  numHeads?: number;
}

/**
 * Exact softmax attention over a window and the first keys (Beltagy et al. 2020). Query i stands at key i + ⌊(n − m + 1)/2⌋:
 * its own for m = n, the middle for one query alone, as in @ruvector/attention; for m = n > 1 the global tokens see every
 * key. O(m · (localWindow + globalTokens) · (dim + v)).
 */
export class LocalGlobalAttention extends Attention {
  constructor(dim: number, localWindow: number, globalTokens?: number);
  constructor(options: LocalGlobalOptions);
  static fromJson(json: string): LocalGlobalAttention;
  readonly dim: number;
  readonly localWindow: number;
  readonly globalTokens: number;
  readonly numHeads: number;
  /** dim / numHeads */
  readonly headDim: number;
}

/** local: a window and global tokens; hierarchical; global: every key alike; structural: learned projections. */
export type ExpertName = 'local' | 'hierarchical' | 'global' | 'structural';
/** What makes an expert: the class of this module and its options. */
export interface ExpertDescription { readonly class: string; readonly options: Readonly<Record<string, unknown>> }
/**
 * A mechanism inside another one: by name, by its class and options, or an object, whose options and weights are copied: the two
 * share nothing, and the object may be closed.
 */
export type Expert = ExpertName | ExpertDescription | Attention;

/** Who answers which query: entry i · k + c is query i's choice c, the best first. */
export interface ExpertRouting {
  /** Numbers of experts; −1 where a query has fewer than k (all with room are its own already). */
  experts: Int32Array;
  /** Shares of the chosen experts; they sum to 1 for each query. */
  probabilities: Float32Array;
  queries: number;
  k: number;
}
/** One number an expert. */
export interface ExpertUsage {
  /** The part of the queries that each answers. */
  shares: Float32Array;
  /** The mean over the queries of the gate's softmax. */
  probabilities: Float32Array;
  /** numExperts · Σ f P of the load-balancing loss, before its weight: 1 where all are used alike. */
  balanceLoss: number;
}

/** What mechanisms with experts share. */
export abstract class Mixture extends Attention {
  /** Copies of these: what was given, as classes and options. */
  readonly experts: readonly ExpertDescription[];
  readonly numExperts: number;
  getRouting(queries: Matrix | Vector): ExpertRouting;
  getExpertUsage(queries: Matrix | Vector): ExpertUsage;
}

export interface MoEOptions {
  /** Width of queries and keys, 1...65536. */
  dim: number;
  /** Experts by name, the four in turn (each round with other options), where `experts` is left out: 1...64, default 4. */
  numExperts?: number;
  /** Experts a query, at most numExperts. Default 2, or 1 of one. */
  topK?: number;
  /**
   * An expert takes at most ⌈expertCapacity · topK · m / numExperts⌉ of m queries; the others go to their next best. 0: any
   * number. Default 1.25. Where experts are full, outputs depend on the other queries of a batch.
   */
  expertCapacity?: number;
  /** 1...64 mechanisms of width dim with outputs of one width. */
  experts?: readonly Expert[];
  /** α: `backward` adds the gradient of α · balanceLoss. Default 0; the paper has 0.01. */
  balance?: number;
  /** Of the gate's initial weights; random where left out (read it from `seed`). */
  seed?: number | bigint;
}

/**
 * Σₑ gₑ(q) expertₑ(q, K, V) over the topK experts with the largest logits W q + b, g their softmax (Shazeer et al. 2017; Fedus,
 * Zoph, Shazeer 2021). Each expert runs once a call, on the queries it answers. `attentionWeights` are the means over heads,
 * mixed alike. Parameters: gate.weight [numExperts, dim], gate.bias, then the experts' own (experts.0.…).
 */
export class MoEAttention extends Mixture {
  constructor(dim: number);
  constructor(options: MoEOptions);
  /** As in @ruvector/attention, with seed 0. */
  static simple(dim: number, numExperts: number, topK: number): MoEAttention;
  static fromJson(json: string): MoEAttention;
  readonly dim: number;
  readonly topK: number;
  readonly expertCapacity: number;
  readonly balance: number;
  readonly seed: number | bigint;
}

export interface LearnedRoutingOptions {
  /** Width of queries and keys, 1...65536. */
  dim: number;
  /** Experts by name, in turn, where `experts` is left out: 1...64, default 4. */
  numExperts?: number;
  /** 1...64 mechanisms of width dim with outputs of one width. */
  experts?: readonly Expert[];
  /** T > 0 of the gate's softmax; lower is sharper. Default 1. */
  temperature?: number;
  /** Only the best expert answers a query; the gate learns as if all did (straight-through). Default false. */
  hard?: boolean;
  /** Of the gate's initial weights; random where left out (read it from `seed`). */
  seed?: number | bigint;
}

/**
 * Σₑ pₑ(q) expertₑ(q, K, V) with p = softmax((W q + b)/T), or the best expert alone (Jacobs et al. 1991; Bengio et al. 2013): a
 * learned choice between mechanisms. Parameters as in MoEAttention; `getRouting` has k = numExperts, 1 when hard.
 */
export class LearnedRoutingAttention extends Mixture {
  constructor(dim: number);
  constructor(options: LearnedRoutingOptions);
  static fromJson(json: string): LearnedRoutingAttention;
  readonly dim: number;
  readonly temperature: number;
  readonly hard: boolean;
  readonly seed: number | bigint;
}

export interface DynamicHeadsOptions {
  /** Width of queries, keys and values, 1...16383. */
  dim: number;
  /** Heads, a divisor of dim. Default 1. */
  numHeads?: number;
  /** 0...1: heads whose gate is below it are left out, not computed, for a query. Default 0: none. */
  threshold?: number;
  /** Query i sees keys up to i + n − m only. Default false. */
  causal?: boolean;
  /** Of the Xavier-normal initial weights; random where left out (read it from `seed`). */
  seed?: number | bigint;
}

/**
 * W_o concatₕ(γₕ headₕ) + b_o, γₕ = σ(wₕ·q + bₕ): MultiHeadAttention with projections whose heads are gated by the query (Peng et
 * al. 2020). Parameters: gate.weight [numHeads, dim], gate.bias, then those of MultiHeadAttention.
 */
export class DynamicHeadsAttention extends Attention {
  constructor(dim: number, numHeads?: number);
  constructor(options: DynamicHeadsOptions);
  static fromJson(json: string): DynamicHeadsAttention;
  readonly dim: number;
  readonly numHeads: number;
  /** dim / numHeads */
  readonly headDim: number;
  readonly threshold: number;
  readonly causal: boolean;
  readonly seed: number | bigint;
  /** γ [m, numHeads], 0 where a head is left out. */
  getGates(queries: Matrix | Vector): AttentionOutput;
}

// ---- Functions of @ruvector/attention -----------------------------------------------------------------------------

/** softmax(q·K/√d) V with d the length of the query. */
export function scaledDotAttention(query: Vector, keys: Matrix, values: Matrix): Float32Array;
/** `new DotProductAttention(dim).computeAsync(…)` */
export function computeAttentionAsync(query: Vector, keys: Matrix, values: Matrix, dim: number, options?: AsyncOptions): Promise<Float32Array>;
/** `new FlashAttention(dim, blockSize).computeAsync(…)` */
export function computeFlashAttentionAsync(
  query: Vector, keys: Matrix, values: Matrix, dim: number, blockSize?: number, options?: AsyncOptions): Promise<Float32Array>;

export interface BatchAttentionResult {
  /** One a query. */
  outputs: Float32Array[];
  elapsedMs: number;
  /** Queries a second. */
  throughput: number;
}
/**
 * Query i attends to its own keys[i] and values[i], of any number. (One set of keys for all queries: `computeBatch`.)
 * @throws ERR_DIMENSION_MISMATCH unless there are as many matrices as queries; ERR_EMPTY_INPUT for one without rows
 */
export function batchAttentionCompute(
  queries: Matrix, keys: readonly Matrix[], values: readonly Matrix[], dim: number, options?: AsyncOptions): Promise<BatchAttentionResult>;
/** The same with FlashAttention. */
export function batchFlashAttentionCompute(
  queries: Matrix, keys: readonly Matrix[], values: readonly Matrix[], dim: number, blockSize?: number, options?: AsyncOptions
): Promise<BatchAttentionResult>;

/** Mechanisms that parallelAttentionCompute knows. */
export const AttentionType: {
  readonly ScaledDotProduct: 'ScaledDotProduct'; readonly Flash: 'Flash'; readonly Linear: 'Linear'; readonly LocalGlobal: 'LocalGlobal';
};
export type AttentionType = 'ScaledDotProduct' | 'Flash' | 'Linear' | 'LocalGlobal';

/** Options of other mechanisms are not read. */
export interface ParallelAttentionConfig {
  attentionType: AttentionType;
  dim: number;
  /** Flash: default 512. */
  blockSize?: number;
  /** Linear: default 64. */
  numFeatures?: number;
  /** LocalGlobal: default 128. */
  localWindow?: number;
  /** LocalGlobal: default 8. */
  globalTokens?: number;
  curvature?: number;
}
/** batchAttentionCompute with the mechanism by name; `threads` makes it parallel. @throws ERR_INVALID_CONFIG for another type */
export function parallelAttentionCompute(
  config: ParallelAttentionConfig, queries: Matrix, keys: readonly Matrix[], values: readonly Matrix[], options?: AsyncOptions
): Promise<BatchAttentionResult>;

// The Poincaré ball. A positive curvature counts as |K| (default −1; 0, NaN and ±Infinity: ERR_INVALID_CONFIG). Arithmetic
// in double; Float64Array in, Float64Array out. The main entry has more of it.

/** x, pulled back to radius (1 − 1e-5)/√|K| where it lies beyond. */
export function projectToPoincareBall<V extends Vector>(vector: V, curvature?: number): Like<V>;
/** d(a, b) = (2/√c) asinh(√c|a − b| / √((1 − c|a|²)(1 − c|b|²))), c = |K| */
export function poincareDistance(a: Vector, b: Vector, curvature?: number): number;
/** a ⊕ b */
export function mobiusAddition<V extends Vector>(a: V, b: Vector, curvature?: number): Like<V>;
/** exp_base(tangent): from `base` along `tangent` (@ruvector/attention swaps the two) */
export function expMap<V extends Vector>(base: V, tangent: Vector, curvature?: number): Like<V>;
/** log_base(point): the tangent vector at `base` that leads to `point` (@ruvector/attention swaps the two) */
export function logMap<V extends Vector>(base: V, point: Vector, curvature?: number): Like<V>;

/** What this module is, and which mechanisms it has. */
export function info(): { name: string; version: string; description: string; features: string[] };
export function version(): string;
