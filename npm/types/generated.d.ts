// Written by npm/scripts/typegen.js.
// Errors of all constructors: ERR_INVALID_ARG (types), ERR_INVALID_CONFIG (ranges, unknown options), ERR_OUT_OF_MEMORY; of all
// operations: ERR_INVALID_ARG, ERR_DIMENSION_MISMATCH, ERR_NON_FINITE, ERR_OUT_OF_RANGE (a result beyond 32-bit floats),
// ERR_OUT_OF_MEMORY, ERR_CLOSED, ERR_WRONG_HANDLE; `…Async` ones reject, with ERR_ABORTED once `signal` fires.
import type { AsyncOptions, Graph, Matrix, ThreadOptions, Vector } from '../../index.js';
import type { Expert } from '../../attention.js';

/** A packed matrix, row after row; itself an argument wherever a Matrix is. */
export interface Rows { data: Float32Array; rows: number; dim: number }

export interface GATv2LayerOptions {
  /** Width of a node's row. Integer in 1...65536. */
  inChannels: number;
  /** Width of a head. Integer in 1...65536. */
  outChannels: number;
  /** Heads, each with weights of its own. Integer in 1...1024. Default 1. */
  heads?: number | undefined;
  /** true: heads one after the other; false: their mean. Default true. */
  concat?: boolean | undefined;
  /** Slope of LeakyReLU below 0. Number in 0...1. Default 0.2. */
  negativeSlope?: number | undefined;
  /** Width of an edge's row; 0: edges are not read. Integer in 0...65536. Default 0. */
  edgeDim?: number | undefined;
  /** true: each node is a source of its own; loops of the graph are left out. Default true. */
  addSelfLoops?: boolean | undefined;
  /** true: a learned vector is added to every output row. Default true. */
  bias?: boolean | undefined;
  /** Seed of the initial weights. Random where left out (read it from the object). */
  seed?: number | bigint | undefined;
}

/**
 * A layer of graph attention in which every node may rank its sources differently:
 *
 *     s_ij^h = a^h · LeakyReLU(W_l^h x_j + W_r^h x_i + W_e^h e_ij)      α_ij^h = softmax over the sources j of i
 *     o_i^h  = Σ_j α_ij^h W_l^h x_j                                     o_i = concat_h o_i^h, or their mean, + b
 *
 * More: docs/options.md.
 */
export class GATv2Layer {
  constructor(options: GATv2LayerOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): GATv2Layer;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly heads: number;
  readonly concat: boolean;
  readonly negativeSlope: number;
  readonly edgeDim: number;
  readonly addSelfLoops: boolean;
  readonly bias: boolean;
  readonly seed: number | bigint;
  /** x [n, inChannels], graph a graph of n nodes, edgeAttr [edges, edgeDim] → output [n, width]. */
  forward(x: Matrix | Vector, graph: Graph, edgeAttr?: Matrix | Vector | undefined, options?: ThreadOptions): Rows;
  forwardAsync(x: Matrix | Vector, graph: Graph, edgeAttr?: Matrix | Vector | undefined, options?: AsyncOptions): Promise<Rows>;
  /**
   * x [n, inChannels], graph a graph of n nodes, edgeAttr [edges, edgeDim], outputGradient [n, width] → x [n, inChannels],
   * edgeAttr [edges, edgeDim], parameters [parameters].
   */
  backward(x: Matrix | Vector, graph: Graph, edgeAttr: Matrix | Vector | undefined, outputGradient: Matrix | Vector, options?: ThreadOptions): { x: Float32Array; edgeAttr?: Float32Array | undefined; parameters: Float32Array };
  backwardAsync(x: Matrix | Vector, graph: Graph, edgeAttr: Matrix | Vector | undefined, outputGradient: Matrix | Vector, options?: AsyncOptions): Promise<{ x: Float32Array; edgeAttr?: Float32Array | undefined; parameters: Float32Array }>;
  /** Names and shapes of the parameters, in the order of `getWeights`. */
  readonly parameters: readonly { readonly name: string; readonly shape: readonly number[] }[];
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

export interface MSELossOptions {
  /** Mean or sum over all elements. Default 'mean'. */
  reduction?: 'mean' | 'sum' | undefined;
}

/**
 * The mean squared error:
 *
 *     L = mean (x − y)²     or their sum     dL/dx = 2 (x − y)/(n · d), or 2 (x − y)     dL/dy = −dL/dx
 *
 * More: docs/options.md.
 */
export class MSELoss {
  constructor(options?: MSELossOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): MSELoss;
  readonly reduction: 'mean' | 'sum';
  /** input [n, d], target [n, d] → loss [1]. */
  forward(input: Matrix | Vector, target: Matrix | Vector, options?: ThreadOptions): number;
  forwardAsync(input: Matrix | Vector, target: Matrix | Vector, options?: AsyncOptions): Promise<number>;
  /** input [n, d], target [n, d], outputGradient [1] → input [n, d], target [n, d]. */
  backward(input: Matrix | Vector, target: Matrix | Vector, outputGradient?: Vector | undefined, options?: ThreadOptions): { input: Float32Array; target: Float32Array };
  backwardAsync(input: Matrix | Vector, target: Matrix | Vector, outputGradient?: Vector | undefined, options?: AsyncOptions): Promise<{ input: Float32Array; target: Float32Array }>;
  /** Names and shapes of the parameters, in the order of `getWeights`. */
  readonly parameters: readonly { readonly name: string; readonly shape: readonly number[] }[];
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

export interface TaxonomyMapOptions {
  /** Width of embeddings. Integer in 1...65536. */
  inDim: number;
  /** Width in which embeddings are compared with nodes. Integer in 1...65536. */
  hiddenDim: number;
  /** Dimensions of the ball. Integer in 1...1024. */
  size: number;
  /** Number of nodes. Integer in 1...67108864. */
  nodes: number;
  /** Of the initial weights. Random where left out (read it from the object). */
  seed?: number | bigint | undefined;
}

/**
 * A map from embeddings (of texts, say) into the Poincaré ball, where the nodes of a taxonomy have points: attention to the nodes,
 *
 *     y = x/|x|      q = W y      a = softmax(K q)      z = Vᵀ a      p = tanh(|z|) z/|z|
 *
 * More: docs/options.md.
 */
export class TaxonomyMap {
  constructor(options: TaxonomyMapOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): TaxonomyMap;
  readonly inDim: number;
  readonly hiddenDim: number;
  readonly size: number;
  readonly nodes: number;
  readonly seed: number | bigint;
  /** embeddings [n, inDim] → points [n, size]. */
  forward(embeddings: Matrix | Vector, options?: ThreadOptions): Rows;
  forwardAsync(embeddings: Matrix | Vector, options?: AsyncOptions): Promise<Rows>;
  /** embeddings [n, inDim], outputGradient [n, size] → embeddings [n, inDim], parameters [parameters]. */
  backward(embeddings: Matrix | Vector, outputGradient: Matrix | Vector, options?: ThreadOptions): { embeddings: Float32Array; parameters: Float32Array };
  backwardAsync(embeddings: Matrix | Vector, outputGradient: Matrix | Vector, options?: AsyncOptions): Promise<{ embeddings: Float32Array; parameters: Float32Array }>;
  /** embeddings [n, inDim] → queries [n, hiddenDim]. */
  hidden(embeddings: Matrix | Vector, options?: ThreadOptions): Rows;
  hiddenAsync(embeddings: Matrix | Vector, options?: AsyncOptions): Promise<Rows>;
  /** Names and shapes of the parameters, in the order of `getWeights`. */
  readonly parameters: readonly { readonly name: string; readonly shape: readonly number[] }[];
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

export interface ScaledDotProductOptions {
  /** Width of queries and keys. Integer in 1...65536. */
  dim: number;
  /** T > 0 of the softmax; lower is sharper. Finite number > 0. Default 1. */
  temperature?: number | undefined;
  /** true: query i sees keys up to i + n - m only. Default false. */
  causal?: boolean | undefined;
}

export interface MultiHeadOptions {
  /** Width of queries and keys. Integer in 1...65536. */
  dim: number;
  /** Heads, a divisor of dim: contiguous slices of the width. Integer in 1...65536. Default 1. */
  numHeads?: number | undefined;
  /** true: learned W_q, W_k, W_v, W_o with biases, and values dim wide; false: none. Default true. */
  projections?: boolean | undefined;
  /** true: query i sees keys up to i + n - m only. Default false. */
  causal?: boolean | undefined;
  /** Seed of the initial weights. Random where left out (read it from the object). */
  seed?: number | bigint | undefined;
}

export interface FlashOptions {
  /** Width of queries and keys. Integer in 1...65536. */
  dim: number;
  /** Heads, a divisor of dim: contiguous slices of the width. Integer in 1...65536. Default 1. */
  numHeads?: number | undefined;
  /** Keys looked at together: a matter of speed and of the last bits. Integer in 1...65536. Default 512. */
  blockSize?: number | undefined;
  /** true: query i sees keys up to i + n - m only. Default false. */
  causal?: boolean | undefined;
}

export interface LinearAttentionOptions {
  /** Width of queries and keys. Integer in 1...65536. */
  dim: number;
  /** Random features M; the error falls as 1/sqrt(M). Not read with elu: M is dim then. Integer in 1...65536. Default 64. */
  numFeatures?: number | undefined;
  /** true: elu(x) + 1 instead of random features. Default false. */
  elu?: boolean | undefined;
  /** Seed of the random features. Random where left out (read it from the object). */
  seed?: number | bigint | undefined;
}

export interface LocalGlobalOptions {
  /** Width of queries and keys. Integer in 1...65536. */
  dim: number;
  /** Heads, a divisor of dim: contiguous slices of the width. Integer in 1...65536. Default 1. */
  numHeads?: number | undefined;
  /** Width w of the window: w/2 keys on each side, and its own. Integer in 0...2147483646. */
  localWindow: number;
  /** Keys that every query sees. Integer in 0...2147483646. Default 0. */
  globalTokens?: number | undefined;
}

export interface HyperbolicOptions {
  /** Width of queries and keys. Integer in 1...65536. */
  dim: number;
  /** Sectional curvature K of the ball. Number in -1e30...-1e-30. Default -1. */
  curvature?: number | undefined;
  /** T > 0 of the softmax; lower is sharper. Finite number > 0. Default 1. */
  temperature?: number | undefined;
  /** true: learned W_q, W_k, W_v, at first the identity. Default false. */
  maps?: boolean | undefined;
  /** true: values are averaged by their Frechet mean, which takes 3 to 10 times as long as the midpoint. Default false. */
  frechet?: boolean | undefined;
}

export interface ManifoldOptions {
  /** Width of queries and keys. Integer in 1...65536. */
  dim: number;
  /** Heads, a divisor of dim: contiguous slices of the width. Integer in 1...65536. Default 1. */
  numHeads?: number | undefined;
  /** Sectional curvature of every head at first; its sign stays. Number in -1e30...1e30. Default -1. */
  curvature?: number | undefined;
  /** Coordinates of points where K < 0. Default 'poincare'. */
  model?: 'poincare' | 'lorentz' | undefined;
  /** T > 0 of the softmax; lower is sharper. Finite number > 0. Default 1. */
  temperature?: number | undefined;
  /** true: scores from squared distances. Default false. */
  squared?: boolean | undefined;
}

export interface LorentzCascadeOptions {
  /** Width of queries and keys. Integer in 1...65536. */
  dim: number;
  /** Heads, a divisor of dim: contiguous slices of the width. Integer in 1...65536. Default 1. */
  numHeads?: number | undefined;
  /** Sectional curvature of the first head at first. Number in -1e30...-1e-30. Default -0.1. */
  curvatureFrom?: number | undefined;
  /** Sectional curvature of the last head at first. Number in -1e30...-1e-30. Default -2. */
  curvatureTo?: number | undefined;
  /** T > 0 of the softmax; lower is sharper. Finite number > 0. Default 1. */
  temperature?: number | undefined;
}

export interface MixedCurvatureOptions {
  /** Width of the Euclidean part. Integer in 0...65536. Default 0. */
  euclideanDim?: number | undefined;
  /** Width of the hyperbolic part. Integer in 0...65536. Default 0. */
  hyperbolicDim?: number | undefined;
  /** Width of the spherical part. Integer in 0...65536. Default 0. */
  sphericalDim?: number | undefined;
  /** Curvature of the hyperbolic part at first. Number in -1e30...-1e-30. Default -1. */
  hyperbolicCurvature?: number | undefined;
  /** Curvature of the spherical part at first. Number in 1e-30...1e30. Default 1. */
  sphericalCurvature?: number | undefined;
  /** T > 0 of the softmax; lower is sharper. Finite number > 0. Default 1. */
  temperature?: number | undefined;
}

export interface EdgeFeaturedOptions {
  /** Width of queries and keys. Integer in 1...65536. */
  nodeDim: number;
  /** Width of the features of an edge. Integer in 1...65536. */
  edgeDim: number;
  /** Heads, a divisor of nodeDim: contiguous slices of the width. Integer in 1...65536. Default 1. */
  numHeads?: number | undefined;
  /** Width w of a head; 0: dim/heads. Integer in 0...65536. Default 0. */
  outputHeadDim?: number | undefined;
  /** true: heads one after the other; false: their mean. Default true. */
  concatHeads?: boolean | undefined;
  /** true: each query is a key of its own, too; its share is not part of the weights. Default false. */
  addSelfLoops?: boolean | undefined;
  /** Slope of LeakyReLU below 0. Number in 0...1. Default 0.2. */
  negativeSlope?: number | undefined;
  /** v2: GATv2; v1: GAT. Default 'v2'. */
  version?: 'v2' | 'v1' | undefined;
  /** Seed of the initial weights. Random where left out (read it from the object). */
  seed?: number | bigint | undefined;
}

export interface GraphRoPEOptions {
  /** Width of queries and keys. Integer in 1...65536. */
  dim: number;
  /** Heads, a divisor of dim: contiguous slices of the width. Integer in 1...65536. Default 1. */
  numHeads?: number | undefined;
  /** Positions count up to this one minus 1. Integer in 1...1048576. Default 512. */
  maxPosition?: number | undefined;
  /** Ratio of the highest to the lowest frequency. Number in 1e-6...1000000000000. Default 10000. */
  base?: number | undefined;
  /** Positions are divided by it. Number in 0.001...1000000000000. Default 1. */
  scalingFactor?: number | undefined;
  /** Frequencies of a level against those of the level below. Number in 0.001...1. Default 1. */
  levelScale?: number | undefined;
}

export interface DualSpaceOptions {
  /** Width of queries and keys. Integer in 1...65536. */
  dim: number;
  /** Sectional curvature K of the ball. Number in -1e30...-1e-30. Default -1. */
  curvature?: number | undefined;
  /** Weight of the Euclidean score. Number in 0...1000000. Default 0.5. */
  euclideanWeight?: number | undefined;
  /** Weight of the distance in the ball. Number in 0...1000000. Default 0.5. */
  hyperbolicWeight?: number | undefined;
  /** T > 0 of the softmax; lower is sharper. Finite number > 0. Default 1. */
  temperature?: number | undefined;
  /** true: learned W_e, W_h, W_o, and values dim wide; false: none. Default true. */
  projections?: boolean | undefined;
  /** Seed of the initial weights. Random where left out (read it from the object). */
  seed?: number | bigint | undefined;
}

export interface GraphLatentOptions {
  /** Width of queries and keys. Integer in 1...65536. */
  dim: number;
  /** Heads, a divisor of dim: contiguous slices of the width. Integer in 1...65536. Default 1. */
  numHeads?: number | undefined;
  /** Seed of the initial weights. Random where left out (read it from the object). */
  seed?: number | bigint | undefined;
}

export interface HNSWAwareOptions {
  /** Width of queries and keys. Integer in 1...65536. */
  dim: number;
  /** Heads, a divisor of dim: contiguous slices of the width. Integer in 1...65536. Default 1. */
  numHeads?: number | undefined;
  /** Levels that are told apart. Integer in 1...64. Default 8. */
  levels?: number | undefined;
  /** Seed of the initial weights. Random where left out (read it from the object). */
  seed?: number | bigint | undefined;
}

export interface StructuralOptions {
  /** Width of queries and keys. Integer in 1...65536. */
  dim: number;
  /** Heads, a divisor of dim: contiguous slices of the width. Integer in 1...65536. Default 1. */
  numHeads?: number | undefined;
  /** Structural features of a query or key. Integer in 1...4096. Default 4. */
  numFeatures?: number | undefined;
  /** Seed of the initial weights. Random where left out (read it from the object). */
  seed?: number | bigint | undefined;
}

export interface GraphPipelineOptions {
  /** Width of queries and keys. Integer in 1...65536. */
  dim: number;
  /** Width of the features of an edge. Integer in 1...65536. Default 4. */
  edgeDim?: number | undefined;
  /** Heads, a divisor of dim: contiguous slices of the width. Integer in 1...65536. Default 1. */
  numHeads?: number | undefined;
  /** Positions count up to this one minus 1. Integer in 1...1048576. Default 512. */
  maxPosition?: number | undefined;
  /** Seed of the initial weights. Random where left out (read it from the object). */
  seed?: number | bigint | undefined;
}

export interface MoEOptions {
  /** Width of queries and keys. Integer in 1...65536. */
  dim: number;
  /** Mechanisms of attention of the same width; they are copied. 1...64 mechanisms. Default four by name. */
  experts?: readonly Expert[] | undefined;
  /** Experts a query, at most as many as there are. Integer in 1...64. Default 2, or 1 of one. */
  topK?: number | undefined;
  /**
   * An expert takes at most so many times its even share of the queries; 0: any number; else at least 1. Number in 0...1000000.
   * Default 1.25.
   */
  expertCapacity?: number | undefined;
  /** Weight of the load-balancing loss in backward. Number in 0...1000000. Default 0. */
  balance?: number | undefined;
  /** Seed of the gate's initial weights. Random where left out (read it from the object). */
  seed?: number | bigint | undefined;
  /** In older types of @ruvector/attention; without effect there and here. */
  expertDim?: number | undefined;
  /** In older types of @ruvector/attention; without effect there and here. */
  noiseStd?: number | undefined;
}

export interface LearnedRoutingOptions {
  /** Width of queries and keys. Integer in 1...65536. */
  dim: number;
  /** Mechanisms of attention of the same width; they are copied. 1...64 mechanisms. Default four by name. */
  experts?: readonly Expert[] | undefined;
  /** T > 0 of the softmax; lower is sharper. Finite number > 0. Default 1. */
  temperature?: number | undefined;
  /** true: only the best expert answers a query. Default false. */
  hard?: boolean | undefined;
  /** Seed of the gate's initial weights. Random where left out (read it from the object). */
  seed?: number | bigint | undefined;
}

export interface DynamicHeadsOptions {
  /** Width of queries and keys. Integer in 1...65536. */
  dim: number;
  /** Heads, a divisor of dim: contiguous slices of the width. Integer in 1...65536. Default 1. */
  numHeads?: number | undefined;
  /** Heads whose gate is below it are left out for a query. Number in 0...1. Default 0. */
  threshold?: number | undefined;
  /** true: query i sees keys up to i + n - m only. Default false. */
  causal?: boolean | undefined;
  /** Seed of the initial weights. Random where left out (read it from the object). */
  seed?: number | bigint | undefined;
}
