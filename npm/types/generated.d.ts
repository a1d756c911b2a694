// Written by npm/scripts/typegen.js.
// Errors of all constructors: ERR_INVALID_ARG (types), ERR_INVALID_CONFIG (ranges, unknown options), ERR_OUT_OF_MEMORY; of all
// operations: ERR_INVALID_ARG, ERR_DIMENSION_MISMATCH, ERR_NON_FINITE, ERR_OUT_OF_RANGE (a result beyond 32-bit floats),
// ERR_OUT_OF_MEMORY, ERR_CLOSED, ERR_WRONG_HANDLE; `…Async` ones reject, with ERR_ABORTED once `signal` fires.
import type { AsyncOptions, Graph, Matrix, ThreadOptions, Vector } from '../../index.js';
import type { Expert } from '../../attention.js';

/** A packed matrix, row after row; itself an argument wherever a Matrix is. */
export interface Rows { data: Float32Array; rows: number; dim: number }

/** What a Sequential is made of: layers, or what they are made from. They are copied. */
export type Layer =
  | GCNLayer
  | { readonly class: 'GCNLayer'; readonly options: GCNLayerOptions }
  | GATLayer
  | { readonly class: 'GATLayer'; readonly options: GATLayerOptions }
  | GATv2Layer
  | { readonly class: 'GATv2Layer'; readonly options: GATv2LayerOptions }
  | GraphSAGELayer
  | { readonly class: 'GraphSAGELayer'; readonly options: GraphSAGELayerOptions }
  | TransformerLayer
  | { readonly class: 'TransformerLayer'; readonly options: TransformerLayerOptions }
  | Sequential
  | { readonly class: 'Sequential'; readonly options: SequentialOptions }
  | Linear
  | { readonly class: 'Linear'; readonly options: LinearOptions }
  | LayerNorm
  | { readonly class: 'LayerNorm'; readonly options: LayerNormOptions }
  | Dropout
  | { readonly class: 'Dropout'; readonly options?: DropoutOptions }
  | Activation
  | { readonly class: 'Activation'; readonly options?: ActivationOptions };

export interface GCNLayerOptions {
  /** Width of a node's row. Integer in 1...65536. */
  inChannels: number;
  /** Width of an output row. Integer in 1...65536. */
  outChannels: number;
  /** What an edge's weight is divided by: the root of both nodes' degrees, the target's degree, nothing. Default 'symmetric'. */
  normalization?: 'symmetric' | 'row' | 'none' | undefined;
  /** true: nodes without a loop get one of weight 1. Default true. */
  addSelfLoops?: boolean | undefined;
  /** true: a learned vector is added to every output row. Default true. */
  bias?: boolean | undefined;
  /** Seed of the initial weights. Random where left out (read it from the object). */
  seed?: number | bigint | undefined;
}

/**
 * A graph convolution:
 *
 *     o_i = Σ_j w_ij W x_j + b        w_ij = a_ij / √(d_i d_j),   d_i = Σ_j a_ij
 *
 * More: docs/options.md.
 */
export class GCNLayer {
  constructor(options: GCNLayerOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): GCNLayer;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly normalization: 'symmetric' | 'row' | 'none';
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

export interface GATLayerOptions {
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
  /** Share of the weights of edges that training leaves out. Number in 0...0.999. Default 0. */
  dropout?: number | undefined;
  /** Width of an edge's row; 0: edges are not read. Integer in 0...65536. Default 0. */
  edgeDim?: number | undefined;
  /** true: each node is a source of its own; loops of the graph are left out. Default true. */
  addSelfLoops?: boolean | undefined;
  /** true: the node's own row is added through weights of its own. Default false. */
  residual?: boolean | undefined;
  /** true: a learned vector is added to every output row. Default true. */
  bias?: boolean | undefined;
  /** Seed of the initial weights. Random where left out (read it from the object). */
  seed?: number | bigint | undefined;
}

/**
 * A layer of graph attention:
 *
 *     s_ij^h = LeakyReLU(a_s^h · W^h x_j + a_t^h · W^h x_i + a_e^h · W_e^h e_ij)      α_ij^h = softmax over the sources j of i
 *     o_i^h  = Σ_j α_ij^h W^h x_j                        o_i = concat_h o_i^h, or their mean, (+ W_r x_i) + b
 *
 * More: docs/options.md.
 */
export class GATLayer {
  constructor(options: GATLayerOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): GATLayer;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly heads: number;
  readonly concat: boolean;
  readonly negativeSlope: number;
  readonly dropout: number;
  readonly edgeDim: number;
  readonly addSelfLoops: boolean;
  readonly residual: boolean;
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
  /**
   * x [n, inChannels], graph a graph of n nodes, edgeAttr [edges, edgeDim] → output [n, width], attention [edges, heads], loops
   * [n, heads].
   */
  forwardWithAttention(x: Matrix | Vector, graph: Graph, edgeAttr?: Matrix | Vector | undefined, options?: ThreadOptions): { output: Rows; attention: Rows; loops: Rows };
  forwardWithAttentionAsync(x: Matrix | Vector, graph: Graph, edgeAttr?: Matrix | Vector | undefined, options?: AsyncOptions): Promise<{ output: Rows; attention: Rows; loops: Rows }>;
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
  /** Share of the weights of edges that training leaves out. Number in 0...0.999. Default 0. */
  dropout?: number | undefined;
  /** Width of an edge's row; 0: edges are not read. Integer in 0...65536. Default 0. */
  edgeDim?: number | undefined;
  /** true: each node is a source of its own; loops of the graph are left out. Default true. */
  addSelfLoops?: boolean | undefined;
  /** true: the node's own row is added through weights of its own. Default false. */
  residual?: boolean | undefined;
  /** true: a learned vector is added to every output row; the affine maps have biases. Default true. */
  bias?: boolean | undefined;
  /** Seed of the initial weights. Random where left out (read it from the object). */
  seed?: number | bigint | undefined;
}

/**
 * A layer of graph attention in which every node may rank its sources differently:
 *
 *     s_ij^h = a^h · LeakyReLU(W_l^h x_j + W_r^h x_i + W_e^h e_ij)      α_ij^h = softmax over the sources j of i
 *     o_i^h  = Σ_j α_ij^h W_l^h x_j                                     o_i = concat_h o_i^h, or their mean, (+ W_s x_i) + b
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
  readonly dropout: number;
  readonly edgeDim: number;
  readonly addSelfLoops: boolean;
  readonly residual: boolean;
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
  /**
   * x [n, inChannels], graph a graph of n nodes, edgeAttr [edges, edgeDim] → output [n, width], attention [edges, heads], loops
   * [n, heads].
   */
  forwardWithAttention(x: Matrix | Vector, graph: Graph, edgeAttr?: Matrix | Vector | undefined, options?: ThreadOptions): { output: Rows; attention: Rows; loops: Rows };
  forwardWithAttentionAsync(x: Matrix | Vector, graph: Graph, edgeAttr?: Matrix | Vector | undefined, options?: AsyncOptions): Promise<{ output: Rows; attention: Rows; loops: Rows }>;
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

export interface GraphSAGELayerOptions {
  /** Width of a node's row. Integer in 1...65536. */
  inChannels: number;
  /** Width of an output row. Integer in 1...65536. */
  outChannels: number;
  /** What becomes of a node's sources. Default 'mean'. */
  aggr?: 'mean' | 'max' | 'sum' | undefined;
  /** true: output rows have length 1. Default false. */
  normalize?: boolean | undefined;
  /** true: the node's own row is added through weights of its own. Default true. */
  rootWeight?: boolean | undefined;
  /** true: a learned vector is added to every output row. Default true. */
  bias?: boolean | undefined;
  /** Seed of the initial weights. Random where left out (read it from the object). */
  seed?: number | bigint | undefined;
}

/**
 * A layer that joins each node with what its sources have in common:
 *
 *     o_i = W_l agg_{j ∈ N(i)} x_j + W_r x_i + b
 *
 * More: docs/options.md.
 */
export class GraphSAGELayer {
  constructor(options: GraphSAGELayerOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): GraphSAGELayer;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly aggr: 'mean' | 'max' | 'sum';
  readonly normalize: boolean;
  readonly rootWeight: boolean;
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

export interface TransformerLayerOptions {
  /** Width of a node's row. Integer in 1...65536. */
  inChannels: number;
  /** Width of a head. Integer in 1...65536. */
  outChannels: number;
  /** Heads, each with weights of its own. Integer in 1...1024. Default 1. */
  heads?: number | undefined;
  /** true: heads one after the other; false: their mean. Default true. */
  concat?: boolean | undefined;
  /** Share of the weights of edges that training leaves out. Number in 0...0.999. Default 0. */
  dropout?: number | undefined;
  /** Width of an edge's row; 0: edges are not read. Integer in 0...65536. Default 0. */
  edgeDim?: number | undefined;
  /** true: the node's own row is added through weights of its own. Default true. */
  rootWeight?: boolean | undefined;
  /** true: the affine maps have biases. Default true. */
  bias?: boolean | undefined;
  /** Seed of the initial weights. Random where left out (read it from the object). */
  seed?: number | bigint | undefined;
}

/**
 * A layer of dot-product attention along edges, with the rows of edges in scores and messages:
 *
 *     s_ij^h = (W_q^h x_i + b) · (W_k^h x_j + b + W_e^h e_ij) / √out      α_ij^h = softmax over the sources j of i
 *     o_i^h  = Σ_j α_ij^h (W_v^h x_j + b + W_e^h e_ij)             o_i = concat_h o_i^h, or their mean, + W_s x_i + b
 *
 * More: docs/options.md.
 */
export class TransformerLayer {
  constructor(options: TransformerLayerOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): TransformerLayer;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly heads: number;
  readonly concat: boolean;
  readonly dropout: number;
  readonly edgeDim: number;
  readonly rootWeight: boolean;
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
  /**
   * x [n, inChannels], graph a graph of n nodes, edgeAttr [edges, edgeDim] → output [n, width], attention [edges, heads], loops
   * [n, heads].
   */
  forwardWithAttention(x: Matrix | Vector, graph: Graph, edgeAttr?: Matrix | Vector | undefined, options?: ThreadOptions): { output: Rows; attention: Rows; loops: Rows };
  forwardWithAttentionAsync(x: Matrix | Vector, graph: Graph, edgeAttr?: Matrix | Vector | undefined, options?: AsyncOptions): Promise<{ output: Rows; attention: Rows; loops: Rows }>;
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

export interface SequentialOptions {
  /** Layers of graphs or of single rows; they are copied. 1...64 mechanisms. */
  layers: readonly Layer[];
  /** What is done with the input rows once layers are through. Default 'none'. */
  skip?: 'none' | 'add' | 'concat' | undefined;
}

/**
 * Layers one after the other, of graphs and of single rows, as one layer:
 *
 *     f(x) = layer_k(… layer_2(layer_1(x)) …)      skip 'none': f(x), 'add': x + f(x), 'concat': [x, f(x)]
 *
 * More: docs/options.md.
 */
export class Sequential {
  constructor(options: SequentialOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): Sequential;
  readonly layers: readonly Layer[];
  readonly skip: 'none' | 'add' | 'concat';
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

export interface LinearOptions {
  /** Width of a row. Integer in 1...65536. */
  inChannels: number;
  /** Width of an output row. Integer in 1...65536. */
  outChannels: number;
  /** true: a learned vector is added to every output row. Default true. */
  bias?: boolean | undefined;
  /** Seed of the initial weights. Random where left out (read it from the object). */
  seed?: number | bigint | undefined;
}

/**
 * An affine map of each row:
 *
 *     y = W x + b
 *
 * More: docs/options.md.
 */
export class Linear {
  constructor(options: LinearOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): Linear;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly bias: boolean;
  readonly seed: number | bigint;
  /** x [n, inChannels] → output [n, width]. */
  forward(x: Matrix | Vector, options?: ThreadOptions): Rows;
  forwardAsync(x: Matrix | Vector, options?: AsyncOptions): Promise<Rows>;
  /** x [n, inChannels], outputGradient [n, width] → x [n, inChannels], parameters [parameters]. */
  backward(x: Matrix | Vector, outputGradient: Matrix | Vector, options?: ThreadOptions): { x: Float32Array; parameters: Float32Array };
  backwardAsync(x: Matrix | Vector, outputGradient: Matrix | Vector, options?: AsyncOptions): Promise<{ x: Float32Array; parameters: Float32Array }>;
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

export interface LayerNormOptions {
  /** Width of a row. Integer in 1...65536. */
  inChannels: number;
  /** Added to the variance. Number in 0...1. Default 0.00001. */
  eps?: number | undefined;
  /** true: γ and β are learned; false: 1 and 0. Default true. */
  affine?: boolean | undefined;
}

/**
 * Each row moved to mean 0 and variance 1, then scaled and shifted column by column:
 *
 *     y = γ ⊙ (x − mean) / √(variance + eps) + β
 *
 * More: docs/options.md.
 */
export class LayerNorm {
  constructor(options: LayerNormOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): LayerNorm;
  readonly inChannels: number;
  readonly eps: number;
  readonly affine: boolean;
  /** x [n, inChannels] → output [n, width]. */
  forward(x: Matrix | Vector, options?: ThreadOptions): Rows;
  forwardAsync(x: Matrix | Vector, options?: AsyncOptions): Promise<Rows>;
  /** x [n, inChannels], outputGradient [n, width] → x [n, inChannels], parameters [parameters]. */
  backward(x: Matrix | Vector, outputGradient: Matrix | Vector, options?: ThreadOptions): { x: Float32Array; parameters: Float32Array };
  backwardAsync(x: Matrix | Vector, outputGradient: Matrix | Vector, options?: AsyncOptions): Promise<{ x: Float32Array; parameters: Float32Array }>;
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

export interface DropoutOptions {
  /** Share of the elements that training leaves out. Number in 0...0.999. Default 0.5. */
  p?: number | undefined;
}

/**
 * In training each element is 0 with probability p, else divided by 1 − p; otherwise the rows as they are:
 *
 *     y = m ⊙ x / (1 − p)
 *
 * More: docs/options.md.
 */
export class Dropout {
  constructor(options?: DropoutOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): Dropout;
  readonly p: number;
  /** x [n, channels] → output [n, channels]. */
  forward(x: Matrix | Vector, options?: ThreadOptions): Rows;
  forwardAsync(x: Matrix | Vector, options?: AsyncOptions): Promise<Rows>;
  /** x [n, channels], outputGradient [n, channels] → x [n, channels]. */
  backward(x: Matrix | Vector, outputGradient: Matrix | Vector, options?: ThreadOptions): { x: Float32Array };
  backwardAsync(x: Matrix | Vector, outputGradient: Matrix | Vector, options?: AsyncOptions): Promise<{ x: Float32Array }>;
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

export interface ActivationOptions {
  /** Which function. Default 'relu'. */
  function?: 'relu' | 'leaky_relu' | 'elu' | 'gelu' | 'sigmoid' | 'tanh' | undefined;
  /** Slope of leaky_relu below 0. Number in 0...1. Default 0.01. */
  negativeSlope?: number | undefined;
}

/**
 * A function of each element:
 *
 *     relu: max(x, 0)                     leaky_relu: max(x, slope · x)         elu: x above 0, e^x − 1 below
 *     gelu: x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2                          sigmoid: 1 / (1 + e^−x)         tanh
 *
 * More: docs/options.md.
 */
export class Activation {
  constructor(options?: ActivationOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): Activation;
  readonly function: 'relu' | 'leaky_relu' | 'elu' | 'gelu' | 'sigmoid' | 'tanh';
  readonly negativeSlope: number;
  /** x [n, channels] → output [n, channels]. */
  forward(x: Matrix | Vector, options?: ThreadOptions): Rows;
  forwardAsync(x: Matrix | Vector, options?: AsyncOptions): Promise<Rows>;
  /** x [n, channels], outputGradient [n, channels] → x [n, channels]. */
  backward(x: Matrix | Vector, outputGradient: Matrix | Vector, options?: ThreadOptions): { x: Float32Array };
  backwardAsync(x: Matrix | Vector, outputGradient: Matrix | Vector, options?: AsyncOptions): Promise<{ x: Float32Array }>;
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
