// Ruvector for Swift: types of `@ruvector/gnn/attention`, in the place of `@ruvector/attention`. Every function throws a
// RuvectorError (its `code` is stable) and never ends the process; `…Async` ones reject. Vectors and matrices are those
// of the main entry; all results are 32-bit floats.
import { AsyncOptions, Graph, GraphArrays, HNSWIndex, IndexArray, IndexKey, Like, Matrix, Rows, ThreadOptions, Vector } from '../../index.js';
import type {
  ScaledDotProductOptions, MultiHeadOptions, FlashOptions, LinearAttentionOptions, LocalGlobalOptions, HyperbolicOptions,
  ManifoldOptions, LorentzCascadeOptions, MixedCurvatureOptions, EdgeFeaturedOptions, GraphRoPEOptions, DualSpaceOptions,
  GraphLatentOptions, HNSWAwareOptions, StructuralOptions, GraphPipelineOptions, MoEOptions, LearnedRoutingOptions, DynamicHeadsOptions, WeightFiles,
} from '../types/generated.js';
export type {
  ScaledDotProductOptions, MultiHeadOptions, FlashOptions, LinearAttentionOptions, LocalGlobalOptions, HyperbolicOptions,
  ManifoldOptions, LorentzCascadeOptions, MixedCurvatureOptions, EdgeFeaturedOptions, GraphRoPEOptions, DualSpaceOptions,
  GraphLatentOptions, HNSWAwareOptions, StructuralOptions, GraphPipelineOptions, MoEOptions, LearnedRoutingOptions, DynamicHeadsOptions,
} from '../types/generated.js';
export * from '../types/overlay-training.js';
export { RuvectorError } from '../../index.js';
/** As @ruvector/attention calls a vector. */
export type ArrayInput = Vector;
export type { AsyncOptions, Like, Matrix, NumberArray, PackedMatrix, RuvectorErrorCode, Tensor, ThreadOptions, Vector } from '../../index.js';

// ---- What all mechanisms share ------------------------------------------------------------------------------------

/** Which keys are seen: true (or a byte other than 0) = attend. A query that sees none gives zeros. */
export type MaskRow = readonly boolean[] | Uint8Array;

export interface MaskOptions extends ThreadOptions {
  /** One row of n for all queries, m rows of n, or m · n flags in one piece. */
  mask?: MaskRow | readonly MaskRow[] | undefined;
  /** m + 1 rising numbers: query i sees keys offsets[i] up to, not including, offsets[i + 1] (a graph in CSR form). */
  offsets?: Uint32Array | Int32Array | readonly number[] | undefined;
  /**
   * Which keys each query sees, in the place of masks and offsets: keys and values are gathered, O(count · (dim + v)). For
   * mechanisms whose queries stand alone; ERR_UNSUPPORTED for `causal`, LocalGlobalAttention, experts with a capacity, and
   * where a mechanism reads positions, levels, kinds or features and those of the keys are left out.
   */
  pattern?: SparsityPattern | undefined;
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
  /** As many as the edges that were passed. */
  edges?: Float32Array | undefined;
}

/** A named block of parameters: row-major [rows, columns] or [length]. */
export interface AttentionParameter { readonly name: string; readonly shape: readonly number[] }

/** What is known of the keys of a query in a graph, one number or row a key. */
export interface GraphMetadata {
  /** Positions of GraphRoPEAttention (the query stands at 0); edges of a mechanism with edgeDim 4. */
  distances?: Vector | undefined;
  /** Levels. */
  hnswLayers?: Vector | undefined;
  /** Edges of a mechanism with edgeDim 1. */
  edgeWeights?: Vector | undefined;
  /** Features of StructuralAttention, and those of the query. */
  structuralFeatures?: Matrix | undefined;
  queryFeatures?: Matrix | undefined;
  /** Level of the query. Default 0. */
  queryLayer?: number | undefined;
}

export interface AttentionDescription {
  class: string;
  /** Its name in Swift and C (docs/options.md). */
  mechanism: string;
  options: Record<string, unknown>;
  /** Width of queries and keys. */
  hiddenDim: number;
  /** Whether there may be another number of keys in each call: always. */
  supportsVariableLength: boolean;
  /** Of n queries over n keys: 'linear', 'quadratic', or in words. With a pattern of sparsity: its pairs. */
  complexity: string;
  /** How many numbers its weights are. */
  parameters: number;
}

/** A graph as whole-graph forms take it: a Graph, the sources of each node, or CSR arrays. */
export type GraphLike = Graph | readonly IndexArray[] | GraphArrays;

/** Where whole-graph forms find neighbours beside a node's sources. */
export interface LatentOptions extends ThreadOptions {
  /** An index of the nodes. Default: no latent neighbours. */
  index?: HNSWIndex<never> | HNSWIndex<IndexKey> | HNSWIndex | undefined;
  /** The key of each node. Default: its number. */
  keys?: readonly IndexKey[] | Float64Array | BigInt64Array | undefined;
  /** How many of the nearest a node gets that are not its sources. Default 10. */
  kLatent?: number | undefined;
  /** The level of the index that is searched. Default 0. */
  level?: number | undefined;
}

/**
 * A mechanism of attention: m queries [m, dim], n keys [n, dim] and their values [n, v] give m outputs. Not constructed
 * itself. Calls change nothing but `setWeights`: any number may be in flight. Results do not depend on `threads`.
 *
 * Errors of all methods: ERR_INVALID_ARG (types), ERR_DIMENSION_MISMATCH, ERR_EMPTY_INPUT (rows of length 0), ERR_NON_FINITE,
 * ERR_OUT_OF_RANGE (threads; a result beyond 32-bit floats), ERR_OUT_OF_MEMORY, ERR_CLOSED.
 */
export abstract class Attention<Extra = {}> {
  protected constructor();
  /**
   * One query: Σⱼ pⱼ vⱼ with the weights p of the mechanism.
   * @returns as many elements as a value has (MultiHeadAttention with projections: dim)
   * @throws also ERR_EMPTY_INPUT without keys
   */
  compute(query: Vector, keys: Matrix, values: Matrix): Float32Array;
  /** `compute`, as older versions of @ruvector/attention called it. */
  computeRaw(query: Vector, keys: Matrix, values: Matrix): Float32Array;
  /** The same over the keys whose flag is true; zeros where none is. @throws ERR_DIMENSION_MISMATCH for other than n flags */
  computeWithMask(query: Vector, keys: Matrix, values: Matrix, mask: MaskRow): Float32Array;
  /** `compute` off the event loop; arguments are copied first. Rejects with ERR_ABORTED once `signal` fires. */
  computeAsync(query: Vector, keys: Matrix, values: Matrix, options?: AsyncOptions & { mask?: MaskRow | undefined } & Extra): Promise<Float32Array>;
  /** Many queries in one call (a vector is one query). Without keys: zeros (what the projections make of them). */
  computeBatch(queries: Matrix | Vector, keys: Matrix, values: Matrix, options?: MaskOptions & Extra): AttentionOutput;
  computeBatchAsync(queries: Matrix | Vector, keys: Matrix, values: Matrix, options?: AsyncMaskOptions & Extra): Promise<AttentionOutput>;
  /**
   * One query whose keys are in several places: the state after some of them. Elsewhere, other keys give other states; `merge` joins
   * them, `finish` gives the output, within rounding what `compute` gives over all keys; the same bits where one state was fed all keys in
   * turn, in parts of multiples of 512 (FlashAttention: of its blockSize). `state`: goes on from there. `first`: the position of the first key, where a mechanism looks at positions (0). A state is
   * a few numbers (2 · heads + width of a value + 1): send it to another process.
   * @throws ERR_UNSUPPORTED for mechanisms other than DotProduct-, ScaledDotProduct-, MultiHead- (without projections), Flash- and
   *   GraphRoPEAttention; ERR_EMPTY_INPUT without keys and state; ERR_NON_FINITE for a state that was damaged;
   *   ERR_OUT_OF_RANGE for scores or sums beyond 32-bit floats
   */
  feed(query: Vector, keys: Matrix, values: Matrix, options?: { state?: Float64Array | undefined; first?: number | undefined }): Float64Array;
  /** The state of the keys of all of them, in any order. */
  merge(states: readonly Float64Array[]): Float64Array;
  /** The output of a state. @throws ERR_OUT_OF_RANGE where it is beyond 32-bit floats */
  finish(state: Float64Array): Float32Array;
  /** The weights p behind `computeBatch`, for explanation. heads · m · n floats. */
  attentionWeights(queries: Matrix | Vector, keys: Matrix, options: MaskOptions & Extra & { pattern: SparsityPattern }): SparseAttentionWeights;
  attentionWeights(queries: Matrix | Vector, keys: Matrix, options?: MaskOptions & Extra): AttentionWeights;
  /**
   * The gradients that `outputGradient` = d(loss)/d(output) gives. Computes again what it needs: nothing is kept
   * between calls.
   * @param outputGradient m · (width of an output) numbers: a matrix or one vector
   */
  backward(
    queries: Matrix | Vector, keys: Matrix, values: Matrix, outputGradient: Matrix | Vector, options?: MaskOptions & Extra): AttentionGradients;
  backwardAsync(
    queries: Matrix | Vector, keys: Matrix, values: Matrix, outputGradient: Matrix | Vector, options?: AsyncMaskOptions & Extra
  ): Promise<AttentionGradients>;
  /** `compute` with what is known of the keys in a graph: the mechanism takes what it reads, the rest has no effect. */
  forwardWithMetadata(query: Vector, keys: Matrix, values: Matrix, metadata: GraphMetadata): Float32Array;
  /** What it is and what it costs. */
  describe(): AttentionDescription;
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
  [Symbol.dispose](): void;
}

export interface Attention<Extra = {}> extends WeightFiles {}

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

/** softmax(q·K/(T√dim)) V (Vaswani et al. 2017, equation 1). O(m · n · (dim + v)). */
export class ScaledDotProductAttention extends Attention {
  constructor(dim: number);
  constructor(options: ScaledDotProductOptions);
  static fromJson(json: string): ScaledDotProductAttention;
  readonly dim: number;
  readonly temperature: number;
  readonly causal: boolean;
  /** Whether scores are cosines / T. Default false. */
  readonly normalize: boolean;
  /** Share of the weights that training leaves out. */
  readonly dropout: number;
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
  /** Share of the weights that training leaves out. */
  readonly dropout: number;
  /** What one head gives for a query, before the output projection: headDim numbers. @throws also ERR_OUT_OF_RANGE for other heads */
  headOutput(query: Vector, keys: Matrix, values: Matrix, head: number): Float32Array;
  /** 0 for the form (dim, numHeads), which has no weights. */
  readonly seed: number | bigint;
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

/**
 * φ(q)ᵀ(Σ φ(kⱼ)vⱼᵀ) / φ(q)·Σ φ(kⱼ) with positive random features of exp(q·k/√dim) (Performer: Choromanski et al. 2021) or
 * elu + 1 (Katharopoulos et al. 2020): linear in n. O((m + n) · numFeatures · (dim + v)). An estimate, good where |x|²/√dim is
 * at most about 2 for queries and keys, useless far beyond. With offsets, a pattern or a mask a query its work is that of the
 * pairs.
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

// Geometric mechanisms. A positive curvature counts as |K|, but for ManifoldAttention. Values are points of the queries' space
// and as wide; outputs are points too. Arithmetic in double, but for HyperbolicAttention with the midpoint.

/**
 * softmax(−d(q, K)/T) in the Poincaré ball, values averaged by their weighted midpoint or Fréchet mean (Gulcehre et al. 2019;
 * Ganea et al. 2018). Points beyond the rim are pulled back to it; outputs lie strictly inside. A query that sees no key
 * gives 0. O(m · n · dim).
 */
export class HyperbolicAttention extends Attention {
  /** As in @ruvector/attention: the Fréchet mean. */
  constructor(dim: number, curvature?: number);
  constructor(options: HyperbolicOptions);
  /** As in @ruvector/attention; `adaptive` has no effect there either. */
  static withConfig(dim: number, curvature: number, adaptive: boolean, temperature: number): HyperbolicAttention;
  static fromJson(json: string): HyperbolicAttention;
  readonly dim: number;
  readonly curvature: number;
  readonly temperature: number;
  readonly maps: boolean;
  readonly frechet: boolean;
}

/**
 * softmax(−d(q, K)/T) with the distance and mean of a space of constant curvature. Parameter: log_curvature [numHeads], ln|K| (none
 * for K = 0). O(m · n · dim).
 */
export class ManifoldAttention extends Attention {
  constructor(dim: number, curvature?: number);
  constructor(options: ManifoldOptions);
  static fromJson(json: string): ManifoldAttention;
  readonly dim: number;
  readonly numHeads: number;
  /** dim / numHeads */
  readonly headDim: number;
  /** K of every head at first. */
  readonly curvature: number;
  readonly model: 'poincare' | 'lorentz';
  readonly temperature: number;
  readonly squared: boolean;
}

/** Heads on hyperboloids of several curvatures, values averaged by their Lorentz centroid (Law et al. 2019). O(m · n · dim). */
export class LorentzCascadeAttention extends Attention {
  constructor(dim: number, numHeads?: number);
  constructor(options: LorentzCascadeOptions);
  static fromJson(json: string): LorentzCascadeAttention;
  readonly dim: number;
  readonly numHeads: number;
  /** dim / numHeads */
  readonly headDim: number;
  readonly curvatureFrom: number;
  readonly curvatureTo: number;
  readonly temperature: number;
}

/**
 * softmax(−Σ βₚ dₚ²/T) over a Euclidean, a hyperbolic and a spherical part (Gu et al. 2019). Parameters: log_weight, ln β of the parts
 * that are there, and log_curvature, ln|K| of the curved ones. O(m · n · dim).
 */
export class MixedCurvatureAttention extends Attention {
  constructor(options: MixedCurvatureOptions);
  static fromJson(json: string): MixedCurvatureAttention;
  /** The sum of the parts. */
  readonly dim: number;
  readonly euclideanDim: number;
  readonly hyperbolicDim: number;
  readonly sphericalDim: number;
  readonly hyperbolicCurvature: number;
  readonly sphericalCurvature: number;
  readonly temperature: number;
}

// Graph mechanisms.

/** What the edges are like; for `edges` of calls. */
export interface EdgeOptions {
  /** A row of edgeDim a key, or m · n rows (key after key of the first query, then of the next); zeros where left out. */
  edges?: Matrix | undefined;
}
/** Where queries and keys stand; numbers >= 0, one each. */
export interface PositionOptions {
  /** Default 0 each. */
  queryPositions?: Vector | undefined;
  /** Default 0, 1, 2, …; where other numbers of keys are given, 0. */
  keyPositions?: Vector | undefined;
  /** Integers 0...64. Default 0. */
  queryLevels?: Vector | undefined;
  keyLevels?: Vector | undefined;
}
export interface LevelOptions {
  /** Integers >= 0. Default 0. */
  queryLevels?: Vector | undefined;
  keyLevels?: Vector | undefined;
}
export interface KindOptions {
  /** 0: a graph neighbour, 1: a latent one. Default 0. */
  keyKinds?: Vector | undefined;
}
export interface FeatureOptions {
  /** numFeatures a query; zeros where left out. */
  queryFeatures?: Matrix | undefined;
  keyFeatures?: Matrix | undefined;
}

/**
 * Graph attention with features on edges: a·LeakyReLU(W_s q + W_t k + W_e e), heads W_t Σ p v (Brody et al. 2022, "How Attentive are
 * Graph Attention Networks?"; v1: Veličković et al. 2018). Outputs are numHeads · headDim wide, headDim for the mean.
 * Parameters: query.weight, key.weight, edge.weight, attention. O((m + n) · nodeDim · numHeads · headDim + m · n · numHeads · (headDim + nodeDim)).
 */
export class EdgeFeaturedAttention extends Attention<EdgeOptions> {
  constructor(options: EdgeFeaturedOptions);
  /** As in @ruvector/attention, with seed 0. */
  static simple(nodeDim: number, edgeDim: number, numHeads: number): EdgeFeaturedAttention;
  static fromJson(json: string): EdgeFeaturedAttention;
  /** `compute` with a row of edgeDim a key. */
  computeWithEdges(query: Vector, keys: Matrix, values: Matrix, edges: Matrix): Float32Array;
  /** Every node of a graph asks its sources: rows [n, width]. `edgeFeatures`: a row an entry of the graph. Without a gradient: train a GATv2Layer. */
  forward(features: Matrix, graph: GraphLike, options?: ThreadOptions & { edgeFeatures?: Matrix | undefined }): Rows;
  /** nodeDim */
  readonly dim: number;
  readonly nodeDim: number;
  readonly edgeDim: number;
  readonly numHeads: number;
  readonly headDim: number;
  readonly concatHeads: boolean;
  readonly addSelfLoops: boolean;
  readonly negativeSlope: number;
  readonly outputHeadDim: number;
  readonly version: 'v1' | 'v2';
  readonly seed: number | bigint;
}

/**
 * Softmax attention whose queries and keys are turned by their positions in a graph (RoFormer: Su et al. 2021): on one level
 * the scores depend on differences of positions only. O((m + n) · dim + m · n · (dim + v)).
 */
export class GraphRoPEAttention extends Attention<PositionOptions> {
  constructor(dim: number, maxPosition?: number);
  constructor(options: GraphRoPEOptions);
  static simple(dim: number, maxPosition: number): GraphRoPEAttention;
  static fromJson(json: string): GraphRoPEAttention;
  /** A distance in hops as a position: itself up to 8, then 8 + min(⌈log₂ distance⌉, max(0, maxPosition − 8)). */
  static distanceToPosition(distance: number, maxPosition: number): number;
  /** The same. */
  static encodeDistance(distance: number, maxPosition: number): number;
  computeWithPositions(query: Vector, keys: Matrix, values: Matrix, queryPosition: number, keyPositions: Vector): Float32Array;
  /** A vector turned by a position. */
  applyRotary(vector: Vector, position: number): Float32Array;
  /** The same of a level; of many rows, a position and a level each. */
  applyRotation(vector: Vector, distance: number, level?: number): Float32Array;
  applyRotation(embeddings: Matrix, distances: Vector, levels?: Vector): Rows;
  /** Query and key as their score sees them at this distance: the query stands at 0, so that their product depends on the distance only. */
  applyRelativeRotation(query: Vector, key: Vector, distance: number, level?: number): { query: Float32Array; key: Float32Array };
  /** A distance as ⌊width/2⌋ cosines and as many sines a head: products of two encodings depend on the difference of their distances. */
  encodeDistance(distance: number, level?: number): Float32Array;
  readonly dim: number;
  readonly numHeads: number;
  /** dim / numHeads */
  readonly headDim: number;
  readonly maxPosition: number;
  readonly base: number;
  readonly scalingFactor: number;
  readonly levelScale: number;
}
/** GraphRoPEAttention as @ruvector/attention spells it. */
export const GraphRoPeAttention: typeof GraphRoPEAttention;
export type GraphRoPeAttention = GraphRoPEAttention;

/**
 * W_o Σ softmax((w_E (W_e q·W_e k)/√dim − w_H d(W_h q, W_h k))/T) v: a dot product and a distance in the Poincaré ball at once.
 * O((m + n) · dim² + m · n · dim).
 */
export class DualSpaceAttention extends Attention {
  constructor(dim: number, curvature?: number, euclideanWeight?: number, hyperbolicWeight?: number);
  constructor(options: DualSpaceOptions);
  /** As in @ruvector/attention, with seed 0. */
  static simple(dim: number, curvature: number): DualSpaceAttention;
  static withWeights(dim: number, curvature: number, euclideanWeight: number, hyperbolicWeight: number): DualSpaceAttention;
  static fromJson(json: string): DualSpaceAttention;
  /** (W_e q·W_e k)/√dim and −d(W_h q, W_h k) for every query and key, before weights and temperature. */
  getSpaceContributions(queries: Matrix | Vector, keys: Matrix): SpaceContributions;
  readonly dim: number;
  readonly curvature: number;
  readonly euclideanWeight: number;
  readonly hyperbolicWeight: number;
  readonly temperature: number;
  readonly projections: boolean;
  readonly seed: number | bigint;
}

/**
 * q + W_o (β_g a_g + β_l a_l): softmax attention over graph neighbours and over latent ones (nearest in the embedding, by any
 * index), fused by cross-attention. Which a key is, `keyKinds` says. Parameters: fusion.query.weight, fusion.key.weight,
 * fusion.output.weight. O(m · n · dim + m · dim²).
 */
export class GraphLatentAttention extends Attention<KindOptions> {
  constructor(dim: number, numHeads?: number);
  constructor(options: GraphLatentOptions);
  static fromJson(json: string): GraphLatentAttention;
  readonly dim: number;
  readonly numHeads: number;
  /** dim / numHeads */
  readonly headDim: number;
  readonly seed: number | bigint;
  /** The k nearest at a level of an index that are not in `deny`. */
  findLatentNeighbors<K extends IndexKey>(index: HNSWIndex<K>, embedding: Vector, k: number, level?: number, options?: { deny?: readonly K[] | undefined }):
    { keys: ArrayLike<K>; distances: Float32Array };
  /** Every node of a graph asks its sources, and those that the index finds for it besides: rows [n, dim]. */
  forward(features: Matrix, graph: GraphLike, options?: LatentOptions): Rows;
  /** The same: (embeddings, adjacency, index, level). */
  forwardBatch(embeddings: Matrix, adjacency: GraphLike, index: LatentOptions['index'], level?: number, options?: Omit<LatentOptions, 'index' | 'level'>): Rows;
}

/**
 * Softmax attention with a learned encoding of the levels of a hierarchical graph: scores (q + E[l])·(k + E[l'])/√headDim + B[l, l']
 * (after Ying et al. 2021, "Graphormer"). Parameters: level.encoding [levels, dim], level.bias [numHeads, levels, levels].
 */
export class HNSWAwareAttention extends Attention<LevelOptions> {
  constructor(dim: number, numHeads?: number);
  constructor(options: HNSWAwareOptions);
  static fromJson(json: string): HNSWAwareAttention;
  readonly dim: number;
  readonly numHeads: number;
  /** dim / numHeads */
  readonly headDim: number;
  readonly levels: number;
  readonly seed: number | bigint;
}

/**
 * Softmax attention of q + U f and k + U f', f the structural features of a node (degree, clustering, PageRank …; no gradient), U
 * learned (after Ying et al. 2021, equation 5). O((m + n) · dim · numFeatures + m · n · (dim + v)).
 */
export class StructuralAttention extends Attention<FeatureOptions> {
  constructor(dim: number, numHeads?: number);
  constructor(options: StructuralOptions);
  static fromJson(json: string): StructuralAttention;
  readonly dim: number;
  readonly numHeads: number;
  /** dim / numHeads */
  readonly headDim: number;
  readonly numFeatures: number;
  readonly seed: number | bigint;
}

/**
 * EdgeFeaturedAttention, GraphRoPEAttention and GraphLatentAttention one after the other, the first two with a residual, trained
 * as one. `attentionWeights` are those of the last stage.
 */
export class GraphAttentionPipeline extends Attention<PositionOptions & KindOptions & EdgeOptions> {
  constructor(dim: number);
  constructor(options: GraphPipelineOptions);
  static fromJson(json: string): GraphAttentionPipeline;
  readonly dim: number;
  readonly edgeDim: number;
  readonly numHeads: number;
  /** dim / numHeads */
  readonly headDim: number;
  readonly maxPosition: number;
  readonly seed: number | bigint;
  /**
   * Every node of a graph asks its sources, and those that the index finds for it besides. Positions are steps from the node
   * `reference` (0), levels those of the index. Without `edgeFeatures` (a row an entry of the graph) and with edgeDim 4 edges have
   * the features of HNSWEdgeFeatureExtractor by the distance of their rows; latent ones have zeros beside the caller's.
   */
  forward(features: Matrix, graph: GraphLike, options?: LatentOptions & { edgeFeatures?: Matrix | undefined; reference?: number | undefined }): Rows;
}

/**
 * Softmax attention of each node to itself, to a window of its numbers, to the first nodes and to its sources in a graph: patterns of
 * sparsity over FlashAttention. O(pairs · dim).
 */
export class SparseGraphAttention {
  constructor(options: { dim: number; numHeads?: number | undefined; localWindow?: number | undefined; globalTokens?: number | undefined });
  readonly dim: number;
  readonly numHeads: number;
  readonly localWindow: number;
  readonly globalTokens: number;
  /** Who sees whom among n nodes; `count` says how many pairs there are. */
  attentionMask(n: number, graph?: GraphLike): SparsityPattern;
  forward(features: Matrix, graph?: GraphLike, options?: ThreadOptions): AttentionOutput;
  readonly closed: boolean;
  close(): void;
}

/** Four features an edge of a hierarchical graph, for `edges`: 1/(distance + 1e-6), level, ln(1 + degree), 1. */
export class HNSWEdgeFeatureExtractor {
  constructor();
  /** 4 */
  readonly edgeDim: number;
  /** One number >= 0 an edge; levels and degrees are 0 where left out. @throws ERR_OUT_OF_RANGE, ERR_NON_FINITE, ERR_DIMENSION_MISMATCH */
  extract(edges: { distances: Vector; levels?: Vector | undefined; degrees?: Vector | undefined }): AttentionOutput;
}

// Mechanisms made of others.

/**
 * local: LocalGlobalAttention (localWindow 32, globalTokens 8); hierarchical: HyperbolicAttention (curvature -1), which pulls values
 * beyond the unit ball back to its rim and needs them dim wide; global: ScaledDotProductAttention; structural:
 * EdgeFeaturedAttention (edgeDim 4). The second of a name has other options: read `experts`. For values of any length take
 * `'global'` and `'local'`, which average them, or experts of your own.
 */
export type ExpertName = 'local' | 'hierarchical' | 'global' | 'structural';
/** What makes an expert: the class of this module and its options. */
export interface ExpertDescription { readonly class: string; readonly options: Readonly<Record<string, unknown>> }
/**
 * A mechanism inside another one: by name, by its class and options, or an object, whose options and weights are copied: the two
 * share nothing, and the object may be closed.
 */
export type Expert = ExpertName | ExpertDescription | Attention;

/** What `MoEAttention.builder` gives: experts are added in their order. */
export interface MoEBuilder {
  addExpert(expert: Expert): MoEBuilder;
  /** LocalGlobalAttention without global tokens. */
  addLocalExpert(localWindow?: number): MoEBuilder;
  addHyperbolicExpert(curvature?: number): MoEBuilder;
  /** LocalGlobalAttention. */
  addSparseExpert(localWindow?: number, globalTokens?: number): MoEBuilder;
  addLinearExpert(numFeatures?: number): MoEBuilder;
  build(): MoEAttention;
}

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

/** What mechanisms with experts share; calls take the options that one of the experts does. */
export abstract class Mixture extends Attention<EdgeOptions & PositionOptions & KindOptions & FeatureOptions> {
  /** Copies of these: what was given, as classes and options. */
  readonly experts: readonly ExpertDescription[];
  readonly numExperts: number;
  getRouting(queries: Matrix | Vector): ExpertRouting;
  getExpertUsage(queries: Matrix | Vector): ExpertUsage;
}

/**
 * Σₑ gₑ(q) expertₑ(q, K, V) over the topK experts with the largest logits W q + b, g their softmax (Shazeer et al. 2017; Fedus,
 * Zoph, Shazeer 2021). Each expert runs once a call, on the queries it answers. `attentionWeights` are the means over heads,
 * mixed alike. Parameters: gate.weight [numExperts, dim], gate.bias, then the experts' own (experts.0.…).
 */
export class MoEAttention extends Mixture {
  /** A mixture with one expert more and the weights of this one, which stays as it is. */
  addExpert(expert: Expert): MoEAttention;
  /** A mixture that is put together. */
  static builder(options: { dim: number; topK?: number | undefined; expertCapacity?: number | undefined; balance?: number | undefined; seed?: number | bigint | undefined }): MoEBuilder;
  /** As `simple`. */
  constructor(dim: number, numExperts?: number, topK?: number);
  constructor(options: MoEOptions);
  /** The form of @ruvector/attention: `'global'` and `'local'` in turn as experts, whose outputs are averages of the values; seed 0. */
  static simple(dim: number, numExperts: number, topK: number): MoEAttention;
  static fromJson(json: string): MoEAttention;
  readonly dim: number;
  readonly topK: number;
  readonly expertCapacity: number;
  readonly balance: number;
  readonly seed: number | bigint;
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

// ---- Graphs -------------------------------------------------------------------------------------------------------

/** N nodes in CSR form: node i has the neighbours indices[offsets[i]] up to, not including, indices[offsets[i + 1]]. */
export interface CSRGraph {
  readonly offsets: Uint32Array | Int32Array | readonly number[];
  readonly indices: Uint32Array | Int32Array | readonly number[];
}

export interface GraphStatistics {
  nodes: number;
  /** Entries of all rows without loops and repetitions: an undirected edge, which is in both rows, counts twice. */
  edges: number;
  meanDegree: number;
  maxDegree: number;
  /** The third standardised moment of the degrees: large with few hubs. */
  degreeSkew: number;
  /** Steps between two nodes far apart (double sweep from the node with the most neighbours): at most the diameter. */
  depth: number;
  /** δ of Gromov's four-point condition, the largest of 16,384 quadruples: 0 in trees. */
  hyperbolicity: number;
  /** The mean part of a node's pairs of neighbours that are neighbours. */
  clustering: number;
}

/**
 * O(sources · (nodes + edges)) and the clustering's share. The same graph and seed give the same numbers.
 * @param options sources: nodes from which distances are counted, 4...1024, default 32; seed: of their choice, default 0
 * @throws ERR_INVALID_ARG (types, offsets that fall, nodes that are not there), ERR_OUT_OF_RANGE (sources), ERR_INVALID_CONFIG
 *   (seed), ERR_EMPTY_INPUT (no offsets)
 */
export function graphStatistics(
  graph: CSRGraph, options?: { sources?: number | undefined; seed?: number | undefined }): GraphStatistics & { relativeHyperbolicity: number };

/**
 * [N, 4]: degree, ln(1 + degree), clustering coefficient, N · PageRank (1 on average). An input for StructuralAttention, or
 * columns of any other.
 * @param options damping 0 up to, not including, 1, default 0.85; tolerance > 0, default 1e-9
 */
export function structuralFeatures(graph: CSRGraph, options?: { damping?: number | undefined; tolerance?: number | undefined }): AttentionOutput;

export interface MechanismChoice {
  /** As in `info().features`, with underscores. */
  mechanism: string;
  /** The class in this module. */
  class: string | undefined;
  /** In words, with the numbers that decided. */
  reasons: string[];
}
/**
 * Which mechanism fits a graph (undefined: none) and a task: rules of thumb, a starting point. Never 'linear' where
 * normBound²/√dim > 2 or is not known.
 * @param task queries, keys: their numbers; normBound: the largest |x| of them
 */
export function recommendMechanism(
  statistics: GraphStatistics | undefined,
  task: { queries: number; keys: number; dim: number; hasEdgeFeatures?: boolean | undefined; normBound?: number | undefined }
): MechanismChoice & { alternatives: MechanismChoice[] };

// ---- Functions of @ruvector/attention -----------------------------------------------------------------------------

/** softmax(q·K/√d) V with d the length of the query. */
export function scaledDotAttention(query: Vector, keys: Matrix, values: Matrix): Float32Array;
/** `new DotProductAttention(dim).computeAsync(…)`; dim is the length of the query where it is left out, here and below. */
export function computeAttentionAsync(query: Vector, keys: Matrix, values: Matrix, dim?: number, options?: AsyncOptions): Promise<Float32Array>;
/** `new FlashAttention(dim, blockSize).computeAsync(…)` */
export function computeFlashAttentionAsync(
  query: Vector, keys: Matrix, values: Matrix, dim?: number, blockSize?: number, options?: AsyncOptions): Promise<Float32Array>;
/** `new HyperbolicAttention(dim, curvature).computeAsync(…)` */
export function computeHyperbolicAttentionAsync(
  query: Vector, keys: Matrix, values: Matrix, dim?: number, curvature?: number, options?: AsyncOptions): Promise<Float32Array>;

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
  readonly Hyperbolic: 'Hyperbolic';
};
export type AttentionType = 'ScaledDotProduct' | 'Flash' | 'Linear' | 'LocalGlobal' | 'Hyperbolic';

/** Options of other mechanisms are not read. */
export interface ParallelAttentionConfig {
  attentionType: AttentionType;
  dim: number;
  /** Flash: default 512. */
  blockSize?: number | undefined;
  /** Linear: default 64. */
  numFeatures?: number | undefined;
  /** LocalGlobal: default 128. */
  localWindow?: number | undefined;
  /** LocalGlobal: default 8. */
  globalTokens?: number | undefined;
  /** Hyperbolic: default -1; |K| counts. */
  curvature?: number | undefined;
}
/** batchAttentionCompute with the mechanism by name; `threads` makes it parallel. @throws ERR_INVALID_CONFIG for another type */
export function parallelAttentionCompute(
  config: ParallelAttentionConfig, queries: Matrix, keys: readonly Matrix[], values: readonly Matrix[], options?: AsyncOptions
): Promise<BatchAttentionResult>;

export interface AttentionBenchmark {
  name: string; iterations: number; totalMs: number; avgMs: number; opsPerSec: number; minMs: number; maxMs: number;
}
/** Times `computeAsync` of one query over seqLength keys of our own, iterations times. @throws ERR_INVALID_CONFIG, ERR_OUT_OF_RANGE */
export function benchmarkAttention(attentionType: AttentionType, dim: number, seqLength: number, iterations: number): Promise<AttentionBenchmark>;

// Options are understood in snake_case, too (`num_experts`), as the wrapper `ruvector` passes them; types have their names here.

// The names that types of options and results have in @ruvector/attention, with the fields that it asks for.
export interface MoEConfig extends MoEOptions { numExperts: number; topK: number }
export interface EdgeFeaturedConfig extends EdgeFeaturedOptions { numHeads: number }
export interface RoPeConfig extends GraphRoPEOptions { maxPosition: number }
export interface DualSpaceConfig extends DualSpaceOptions { curvature: number; euclideanWeight: number; hyperbolicWeight: number }
export interface SpaceContributions { euclideanScores: Float32Array; hyperbolicScores: Float32Array }
export type ParallelConfig = ParallelAttentionConfig;
export type BatchResult = BatchAttentionResult;
export type BenchmarkResult = AttentionBenchmark;

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
