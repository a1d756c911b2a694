// Written by npm/scripts/typegen.js.
// Errors of all constructors: ERR_INVALID_ARG (types), ERR_INVALID_CONFIG (ranges, unknown options), ERR_OUT_OF_MEMORY; of all
// operations: ERR_INVALID_ARG, ERR_DIMENSION_MISMATCH, ERR_NON_FINITE, ERR_OUT_OF_RANGE (a result beyond 32-bit floats),
// ERR_OUT_OF_MEMORY, ERR_CLOSED, ERR_WRONG_HANDLE; `…Async` ones reject, with ERR_ABORTED once `signal` fires.
import type { AsyncOptions, Graph, IndexKey, KindOfKey, Matrix, RuvectorLayer, ThreadOptions, Vector } from '../../index.js';
import type { Expert } from '../entries/attention.js';
import type { IndexRows, MinibatchOptions, Rows, V2Options, WeightFiles } from './members.js';
export * from './members.js';

/** The options of a RuvectorLayer by name. */
export interface RuvectorLayerOptions {
  /** Width of the node and its neighbours. Integer in 1...65536. */
  inputDim: number;
  /** Width of the output; a multiple of heads. Integer in 1...65536. */
  hiddenDim: number;
  /** Attention heads. Integer in 1...65536. */
  heads: number;
  /** Constant factor 1 - dropout before the layer norm. Number in 0...1. Default 0. */
  dropout?: number | undefined;
  /** Added to the variance in the layer norm. Number in 1e-30...1. Default 0.00001. */
  eps?: number | undefined;
  /** Seed of the initial weights. Random where left out (read it from the object). */
  seed?: number | bigint | undefined;
}

/** What a walk is made of: layers, or what they are made from. They are copied. */
export type WalkLayer =
  | RuvectorLayer
  | RuvectorLayerV2
  | { readonly class: 'RuvectorLayer'; readonly options: RuvectorLayerOptions }
  | { readonly class: 'RuvectorLayerV2'; readonly options: RuvectorLayerV2Options };

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
  | HyperbolicGNNLayer
  | { readonly class: 'HyperbolicGNNLayer'; readonly options: HyperbolicGNNLayerOptions }
  | Aggregation
  | { readonly class: 'Aggregation'; readonly options?: AggregationOptions }
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

export interface RuvectorLayerV2Options {
  /** Width of the node and its neighbours. Integer in 1...65536. */
  inputDim: number;
  /** Width of the output. Integer in 1...65536. */
  hiddenDim: number;
  /** A mechanism of attention of width hiddenDim; it is copied. 1 member. */
  attention: Expert;
  /** true: the mechanism sees points of the Poincare ball. Default false. */
  ball?: boolean | undefined;
  /** K < 0 of that ball. Number in -1000000...-1e-6. Default -1. */
  curvature?: number | undefined;
  /** Added to the variance in the layer norm. Number in 1e-30...1. Default 0.00001. */
  eps?: number | undefined;
  /** Seed of the initial weights. Random where left out (read it from the object). */
  seed?: number | bigint | undefined;
}

/**
 * RuvectorLayer with any mechanism of attention in it:
 *
 *     h = W_msg x + b            m_i = W_msg N_i + b
 *     a = φ⁻¹(attention(φ(h), φ(M), φ(M)))        φ: exp₀ with `ball`, else the identity
 *     g = Σ ŵ_i m_i              ŵ = w/Σw, or 1/n without weights and where Σw ≤ 0
 *     u = W_agg (a + g) + b      y = GatedUnit(u, h): a GRU and a layer norm
 *
 * More: docs/options.md.
 */
export class RuvectorLayerV2 {
  constructor(options: RuvectorLayerV2Options);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): RuvectorLayerV2;
  readonly inputDim: number;
  readonly hiddenDim: number;
  readonly attention: Expert;
  readonly ball: boolean;
  readonly curvature: number;
  readonly eps: number;
  readonly seed: number | bigint;
  /** node [in], neighbors [neighbors, in], edgeWeights [neighbors] → output [hidden]. */
  forward(node: Vector, neighbors: Matrix | Vector, edgeWeights?: Vector | undefined, options?: ThreadOptions): Float32Array;
  forwardAsync(node: Vector, neighbors: Matrix | Vector, edgeWeights?: Vector | undefined, options?: AsyncOptions): Promise<Float32Array>;
  /**
   * node [in], neighbors [neighbors, in], edgeWeights [neighbors], outputGradient [hidden] → node [in], neighbors [neighbors,
   * in], edgeWeights [neighbors], parameters [parameters].
   */
  backward(node: Vector, neighbors: Matrix | Vector, edgeWeights: Vector | undefined, outputGradient: Vector, options?: ThreadOptions): { node: Float32Array; neighbors: Float32Array; edgeWeights?: Float32Array | undefined; parameters: Float32Array };
  backwardAsync(node: Vector, neighbors: Matrix | Vector, edgeWeights: Vector | undefined, outputGradient: Vector, options?: AsyncOptions): Promise<{ node: Float32Array; neighbors: Float32Array; edgeWeights?: Float32Array | undefined; parameters: Float32Array }>;
  /** With HyperbolicAttention in the ball. Options: the mechanism's, `seed`, `eps`. */
  static withHyperbolic(inputDim: number, hiddenDim: number, options?: V2Options & { curvature?: number | undefined; temperature?: number | undefined; maps?: boolean | undefined; frechet?: boolean | undefined }): RuvectorLayerV2;
  /** With EdgeFeaturedAttention (GATv2). */
  static withEdgeFeatured(inputDim: number, hiddenDim: number, options?: V2Options & { edgeDim?: number | undefined; numHeads?: number | undefined; negativeSlope?: number | undefined; version?: 'v1' | 'v2' | undefined }): RuvectorLayerV2;
  static withDualSpace(
    inputDim: number, hiddenDim: number, options?: V2Options & { curvature?: number | undefined; euclideanWeight?: number | undefined; hyperbolicWeight?: number | undefined; temperature?: number | undefined }): RuvectorLayerV2;
  /** With MoEAttention; experts 'global' and 'local', of which a node has one, unless told. */
  static withMoE(inputDim: number, hiddenDim: number, options?: V2Options & { experts?: readonly Expert[] | undefined; topK?: number | undefined; expertCapacity?: number | undefined; balance?: number | undefined }): RuvectorLayerV2;
  static withMultiHead(inputDim: number, hiddenDim: number, options?: V2Options & { numHeads?: number | undefined }): RuvectorLayerV2;
  /** With any mechanism of width hiddenDim. */
  static withAttention(inputDim: number, hiddenDim: number, options: V2Options & { attention: Expert }): RuvectorLayerV2;
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

export interface RuvectorLayerV2 extends WeightFiles {}

export interface HierarchicalModelOptions {
  /** A RuvectorLayer or RuvectorLayerV2 a level; they are copied. 1...64 members. */
  layers: readonly WalkLayer[];
  /** Nodes kept a level. Integer in 1...16777216. Default 5. */
  k?: number | undefined;
  /** T of the softmax over the kept nodes. Number in 1e-6...1000000. Default 1. */
  temperature?: number | undefined;
}

/**
 * Walks down a hierarchy, as a model that is trained as a whole: `hierarchicalForwardV2` in its mode 'standard', a layer a level.
 *
 *     e ← the query;  for each level l:   s_j = cos(e, E_j)   keep the k best   w = softmax(s/T) over the kept
 *                                         e ← layer_l(½ (e + Σ w_j E_j), neighbours E, edge weights w)
 *
 * More: docs/options.md.
 */
export class HierarchicalModel {
  constructor(options: HierarchicalModelOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): HierarchicalModel;
  readonly layers: readonly WalkLayer[];
  readonly k: number;
  readonly temperature: number;
  /** queries [n, in], nodes [nodes, width], levels [nodes] → output [n, hidden]. */
  forward(queries: Matrix | Vector, nodes: Matrix | Vector, levels: Uint32Array | Int32Array | readonly number[], options?: ThreadOptions): Rows;
  forwardAsync(queries: Matrix | Vector, nodes: Matrix | Vector, levels: Uint32Array | Int32Array | readonly number[], options?: AsyncOptions): Promise<Rows>;
  /**
   * queries [n, in], nodes [nodes, width], levels [nodes], outputGradient [n, hidden] → queries [n, in], nodes [nodes, width],
   * parameters [parameters].
   */
  backward(queries: Matrix | Vector, nodes: Matrix | Vector, levels: Uint32Array | Int32Array | readonly number[], outputGradient: Matrix | Vector, options?: ThreadOptions): { queries: Float32Array; nodes: Float32Array; parameters: Float32Array };
  backwardAsync(queries: Matrix | Vector, nodes: Matrix | Vector, levels: Uint32Array | Int32Array | readonly number[], outputGradient: Matrix | Vector, options?: AsyncOptions): Promise<{ queries: Float32Array; nodes: Float32Array; parameters: Float32Array }>;
  /** The layers with the weights that they have now, as objects of their own: for `hierarchicalForwardV2`, or a text each. */
  toLayers(): (RuvectorLayer | RuvectorLayerV2)[];
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

export interface HierarchicalModel extends WeightFiles {}

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
  /**
   * Rows of some nodes, in their order: the layer sees a subgraph around them, of a node in hop h at most `sizes[h]` entries
   * (Infinity: all), drawn by `seed` and `step`. One size a layer that passes messages.
   */
  forwardMinibatch(x: Matrix, graph: Graph, nodes: Uint32Array | Int32Array | readonly number[], options: MinibatchOptions): Rows;
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

export interface GCNLayer extends WeightFiles {}

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
  /**
   * Rows of some nodes, in their order: the layer sees a subgraph around them, of a node in hop h at most `sizes[h]` entries
   * (Infinity: all), drawn by `seed` and `step`. One size a layer that passes messages.
   */
  forwardMinibatch(x: Matrix, graph: Graph, nodes: Uint32Array | Int32Array | readonly number[], options: MinibatchOptions): Rows;
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

export interface GATLayer extends WeightFiles {}

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
  /** true: sources and targets have one affine map, W_l. Default false. */
  shareWeights?: boolean | undefined;
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
  readonly shareWeights: boolean;
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
  /**
   * Rows of some nodes, in their order: the layer sees a subgraph around them, of a node in hop h at most `sizes[h]` entries
   * (Infinity: all), drawn by `seed` and `step`. One size a layer that passes messages.
   */
  forwardMinibatch(x: Matrix, graph: Graph, nodes: Uint32Array | Int32Array | readonly number[], options: MinibatchOptions): Rows;
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

export interface GATv2Layer extends WeightFiles {}

export interface GraphSAGELayerOptions {
  /** Width of a node's row. Integer in 1...65536. */
  inChannels: number;
  /** Width of an output row. Integer in 1...65536. */
  outChannels: number;
  /** What becomes of a node's sources. Default 'mean'. */
  aggr?: 'mean' | 'max' | 'sum' | 'lstm' | undefined;
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
  readonly aggr: 'mean' | 'max' | 'sum' | 'lstm';
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
  /**
   * Rows of some nodes, in their order: the layer sees a subgraph around them, of a node in hop h at most `sizes[h]` entries
   * (Infinity: all), drawn by `seed` and `step`. One size a layer that passes messages.
   */
  forwardMinibatch(x: Matrix, graph: Graph, nodes: Uint32Array | Int32Array | readonly number[], options: MinibatchOptions): Rows;
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

export interface GraphSAGELayer extends WeightFiles {}

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
  /** true: a learned gate says how much of the own row and how much of the messages; with `rootWeight` alone. Default false. */
  beta?: boolean | undefined;
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
 *     β_i = σ(w · [m_i, r_i, m_i − r_i])      o_i = β_i r_i + (1 − β_i) m_i
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
  readonly beta: boolean;
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
  /**
   * Rows of some nodes, in their order: the layer sees a subgraph around them, of a node in hop h at most `sizes[h]` entries
   * (Infinity: all), drawn by `seed` and `step`. One size a layer that passes messages.
   */
  forwardMinibatch(x: Matrix, graph: Graph, nodes: Uint32Array | Int32Array | readonly number[], options: MinibatchOptions): Rows;
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

export interface TransformerLayer extends WeightFiles {}

export interface HyperbolicGNNLayerOptions {
  /** Width of a node's row. Integer in 1...65536. */
  inChannels: number;
  /** Width of an output row. Integer in 1...65536. */
  outChannels: number;
  /** K < 0, at first where it is learned. Number in -1000000...-1e-6. Default -1. */
  curvature?: number | undefined;
  /** true: the curvature is a parameter. Default false. */
  learnCurvature?: boolean | undefined;
  /** Weights of a node's sources. Default 'symmetric'. */
  aggregation?: 'symmetric' | 'mean' | 'attention' | undefined;
  /** σ, in the tangent space. Default 'none'. */
  activation?: 'none' | 'relu' | 'tanh' | undefined;
  /** What rows of x are. Default 'tangent'. */
  input?: 'tangent' | 'ball' | undefined;
  /** What output rows are. Default 'ball'. */
  output?: 'ball' | 'tangent' | undefined;
  /** true: a learned vector is added to every row in the tangent space. Default true. */
  bias?: boolean | undefined;
  /** Seed of the initial weights. Random where left out (read it from the object). */
  seed?: number | bigint | undefined;
}

/**
 * A convolution in the Poincaré ball of curvature K = −c, through its tangent space at the origin:
 *
 *     v_j = log₀(x_j)      a_i = Σ_j w_ij W v_j + b      o_i = exp₀(σ(a_i))
 *
 * More: docs/options.md.
 */
export class HyperbolicGNNLayer {
  constructor(options: HyperbolicGNNLayerOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): HyperbolicGNNLayer;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly curvature: number;
  readonly learnCurvature: boolean;
  readonly aggregation: 'symmetric' | 'mean' | 'attention';
  readonly activation: 'none' | 'relu' | 'tanh';
  readonly input: 'tangent' | 'ball';
  readonly output: 'ball' | 'tangent';
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
   * Rows of some nodes, in their order: the layer sees a subgraph around them, of a node in hop h at most `sizes[h]` entries
   * (Infinity: all), drawn by `seed` and `step`. One size a layer that passes messages.
   */
  forwardMinibatch(x: Matrix, graph: Graph, nodes: Uint32Array | Int32Array | readonly number[], options: MinibatchOptions): Rows;
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

export interface HyperbolicGNNLayer extends WeightFiles {}

export interface AggregationOptions {
  /** What becomes of a node's sources. Default 'sum'. */
  aggr?: 'sum' | 'mean' | 'max' | undefined;
}

/**
 * What the sources of each node have in common, without weights to learn:
 *
 *     o_i = agg_{j ∈ N(i)} w_ij x_j
 *
 * More: docs/options.md.
 */
export class Aggregation {
  constructor(options?: AggregationOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): Aggregation;
  readonly aggr: 'sum' | 'mean' | 'max';
  /** x [n, channels], graph a graph of n nodes → output [n, channels]. */
  forward(x: Matrix | Vector, graph: Graph, options?: ThreadOptions): Rows;
  forwardAsync(x: Matrix | Vector, graph: Graph, options?: AsyncOptions): Promise<Rows>;
  /** x [n, channels], graph a graph of n nodes, outputGradient [n, channels] → x [n, channels]. */
  backward(x: Matrix | Vector, graph: Graph, outputGradient: Matrix | Vector, options?: ThreadOptions): { x: Float32Array };
  backwardAsync(x: Matrix | Vector, graph: Graph, outputGradient: Matrix | Vector, options?: AsyncOptions): Promise<{ x: Float32Array }>;
  /**
   * Rows of some nodes, in their order: the layer sees a subgraph around them, of a node in hop h at most `sizes[h]` entries
   * (Infinity: all), drawn by `seed` and `step`. One size a layer that passes messages.
   */
  forwardMinibatch(x: Matrix, graph: Graph, nodes: Uint32Array | Int32Array | readonly number[], options: MinibatchOptions): Rows;
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

export interface Aggregation extends WeightFiles {}

export interface SequentialOptions {
  /** Layers of graphs or of single rows; they are copied. 1...64 members. */
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
  /**
   * Rows of some nodes, in their order: the layer sees a subgraph around them, of a node in hop h at most `sizes[h]` entries
   * (Infinity: all), drawn by `seed` and `step`. One size a layer that passes messages.
   */
  forwardMinibatch(x: Matrix, graph: Graph, nodes: Uint32Array | Int32Array | readonly number[], options: MinibatchOptions): Rows;
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

export interface Sequential extends WeightFiles {}

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

export interface Linear extends WeightFiles {}

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

export interface LayerNorm extends WeightFiles {}

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

export interface Dropout extends WeightFiles {}

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

export interface Activation extends WeightFiles {}

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
  backward(input: Matrix | Vector, target: Matrix | Vector, outputGradient?: number | Vector | undefined, options?: ThreadOptions): { input: Float32Array; target: Float32Array };
  backwardAsync(input: Matrix | Vector, target: Matrix | Vector, outputGradient?: number | Vector | undefined, options?: AsyncOptions): Promise<{ input: Float32Array; target: Float32Array }>;
  /** input [n, d], target [n, d] → loss [1], input [n, d], target [n, d]. */
  valueAndGradients(input: Matrix | Vector, target: Matrix | Vector, options?: ThreadOptions): { loss: number; input: Float32Array; target: Float32Array };
  valueAndGradientsAsync(input: Matrix | Vector, target: Matrix | Vector, options?: AsyncOptions): Promise<{ loss: number; input: Float32Array; target: Float32Array }>;
  /** `forward`. */
  compute(input: Matrix | Vector, target: Matrix | Vector, options?: ThreadOptions): number;
  /** `valueAndGradients`, the gradients apart. */
  computeWithGradients(input: Matrix | Vector, target: Matrix | Vector, options?: ThreadOptions): { loss: number; gradients: { input: Float32Array; target: Float32Array } };
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

export interface MSELoss extends WeightFiles {}

export interface CrossEntropyLossOptions {
  /** Mean or sum over the rows. Default 'mean'. */
  reduction?: 'mean' | 'sum' | undefined;
  /** Share of the probability that all classes have in common. Number in 0...1. Default 0. */
  labelSmoothing?: number | undefined;
}

/**
 * The cross-entropy of scores with the right class of each row:
 *
 *     p = softmax(x_r)     q_c = (1 − ε) [c = t_r] + ε/C     L_r = −Σ_c q_c ln p_c     L = mean_r L_r, or Σ_r L_r
 *     dL/dx_r = (p − q)/n, or p − q
 *
 * More: docs/options.md.
 */
export class CrossEntropyLoss {
  constructor(options?: CrossEntropyLossOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): CrossEntropyLoss;
  readonly reduction: 'mean' | 'sum';
  readonly labelSmoothing: number;
  /** input [n, classes], target [n] → loss [1]. */
  forward(input: Matrix | Vector, target: Uint32Array | Int32Array | readonly number[], options?: ThreadOptions): number;
  forwardAsync(input: Matrix | Vector, target: Uint32Array | Int32Array | readonly number[], options?: AsyncOptions): Promise<number>;
  /** input [n, classes], target [n], outputGradient [1] → input [n, classes]. */
  backward(input: Matrix | Vector, target: Uint32Array | Int32Array | readonly number[], outputGradient?: number | Vector | undefined, options?: ThreadOptions): { input: Float32Array };
  backwardAsync(input: Matrix | Vector, target: Uint32Array | Int32Array | readonly number[], outputGradient?: number | Vector | undefined, options?: AsyncOptions): Promise<{ input: Float32Array }>;
  /** input [n, classes], target [n] → loss [1], input [n, classes]. */
  valueAndGradients(input: Matrix | Vector, target: Uint32Array | Int32Array | readonly number[], options?: ThreadOptions): { loss: number; input: Float32Array };
  valueAndGradientsAsync(input: Matrix | Vector, target: Uint32Array | Int32Array | readonly number[], options?: AsyncOptions): Promise<{ loss: number; input: Float32Array }>;
  /** `forward`. */
  compute(input: Matrix | Vector, target: Uint32Array | Int32Array | readonly number[], options?: ThreadOptions): number;
  /** `valueAndGradients`, the gradients apart. */
  computeWithGradients(input: Matrix | Vector, target: Uint32Array | Int32Array | readonly number[], options?: ThreadOptions): { loss: number; gradients: { input: Float32Array } };
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

export interface CrossEntropyLoss extends WeightFiles {}

export interface BCEWithLogitsLossOptions {
  /** Mean or sum over all elements. Default 'mean'. */
  reduction?: 'mean' | 'sum' | undefined;
  /** Weight of what is wanted to be 1. Number in 0...1000000000. Default 1. */
  posWeight?: number | undefined;
}

/**
 * The binary cross-entropy of scores with probabilities, an element at a time:
 *
 *     L = mean −(p t ln σ(x) + (1 − t) ln(1 − σ(x)))     or their sum, p = posWeight
 *     dL/dx = ((1 − t) − (1 + (p − 1) t) σ(−x))/(n · d), or without the division     dL/dt = −x + (p − 1) ln(1 + e^−x)
 *
 * More: docs/options.md.
 */
export class BCEWithLogitsLoss {
  constructor(options?: BCEWithLogitsLossOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): BCEWithLogitsLoss;
  readonly reduction: 'mean' | 'sum';
  readonly posWeight: number;
  /** input [n, d], target [n, d] → loss [1]. */
  forward(input: Matrix | Vector, target: Matrix | Vector, options?: ThreadOptions): number;
  forwardAsync(input: Matrix | Vector, target: Matrix | Vector, options?: AsyncOptions): Promise<number>;
  /** input [n, d], target [n, d], outputGradient [1] → input [n, d], target [n, d]. */
  backward(input: Matrix | Vector, target: Matrix | Vector, outputGradient?: number | Vector | undefined, options?: ThreadOptions): { input: Float32Array; target: Float32Array };
  backwardAsync(input: Matrix | Vector, target: Matrix | Vector, outputGradient?: number | Vector | undefined, options?: AsyncOptions): Promise<{ input: Float32Array; target: Float32Array }>;
  /** input [n, d], target [n, d] → loss [1], input [n, d], target [n, d]. */
  valueAndGradients(input: Matrix | Vector, target: Matrix | Vector, options?: ThreadOptions): { loss: number; input: Float32Array; target: Float32Array };
  valueAndGradientsAsync(input: Matrix | Vector, target: Matrix | Vector, options?: AsyncOptions): Promise<{ loss: number; input: Float32Array; target: Float32Array }>;
  /** `forward`. */
  compute(input: Matrix | Vector, target: Matrix | Vector, options?: ThreadOptions): number;
  /** `valueAndGradients`, the gradients apart. */
  computeWithGradients(input: Matrix | Vector, target: Matrix | Vector, options?: ThreadOptions): { loss: number; gradients: { input: Float32Array; target: Float32Array } };
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

export interface BCEWithLogitsLoss extends WeightFiles {}

export interface ListwiseSoftmaxLossOptions {
  /** Mean or sum over the rows. Default 'mean'. */
  reduction?: 'mean' | 'sum' | undefined;
}

/**
 * The listwise loss of a ranking: the cross-entropy of the softmax of a list's scores with how relevant its entries are,
 *
 *     p = softmax(s_r)     L_r = −Σ_c t_rc ln p_c     L = mean_r L_r, or Σ_r L_r
 *     dL/ds_r = (p Σ_c t_rc − t_r)/n     dL/dt_rc = −ln p_c/n     or without the division
 *
 * More: docs/options.md.
 */
export class ListwiseSoftmaxLoss {
  constructor(options?: ListwiseSoftmaxLossOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): ListwiseSoftmaxLoss;
  readonly reduction: 'mean' | 'sum';
  /** scores [n, k], relevance [n, k] → loss [1]. */
  forward(scores: Matrix | Vector, relevance: Matrix | Vector, options?: ThreadOptions): number;
  forwardAsync(scores: Matrix | Vector, relevance: Matrix | Vector, options?: AsyncOptions): Promise<number>;
  /** scores [n, k], relevance [n, k], outputGradient [1] → scores [n, k], relevance [n, k]. */
  backward(scores: Matrix | Vector, relevance: Matrix | Vector, outputGradient?: number | Vector | undefined, options?: ThreadOptions): { scores: Float32Array; relevance: Float32Array };
  backwardAsync(scores: Matrix | Vector, relevance: Matrix | Vector, outputGradient?: number | Vector | undefined, options?: AsyncOptions): Promise<{ scores: Float32Array; relevance: Float32Array }>;
  /** scores [n, k], relevance [n, k] → loss [1], scores [n, k], relevance [n, k]. */
  valueAndGradients(scores: Matrix | Vector, relevance: Matrix | Vector, options?: ThreadOptions): { loss: number; scores: Float32Array; relevance: Float32Array };
  valueAndGradientsAsync(scores: Matrix | Vector, relevance: Matrix | Vector, options?: AsyncOptions): Promise<{ loss: number; scores: Float32Array; relevance: Float32Array }>;
  /** `forward`. */
  compute(scores: Matrix | Vector, relevance: Matrix | Vector, options?: ThreadOptions): number;
  /** `valueAndGradients`, the gradients apart. */
  computeWithGradients(scores: Matrix | Vector, relevance: Matrix | Vector, options?: ThreadOptions): { loss: number; gradients: { scores: Float32Array; relevance: Float32Array } };
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

export interface ListwiseSoftmaxLoss extends WeightFiles {}

export interface InfoNCELossOptions {
  /** Mean or sum over the rows. Default 'mean'. */
  reduction?: 'mean' | 'sum' | undefined;
  /** T: lower ones look at the hardest negatives only. Number in 0.0001...10000. Default 0.1. */
  temperature?: number | undefined;
  /** Cosine, or the inner product. Default 'cosine'. */
  similarity?: 'cosine' | 'dot' | undefined;
  /** true: the positives of other anchors are negatives. Default false. */
  inBatch?: boolean | undefined;
}

/**
 * InfoNCE: the softmax probability of the positive among the negatives.
 *
 *     s(a, x) = cos(a, x)/T, or a · x/T with `similarity: 'dot'`
 *     L = mean_r −ln(e^s(a_r, p_r) / (e^s(a_r, p_r) + Σ_j e^s(a_r, n_j)))     or their sum
 *
 * More: docs/options.md.
 */
export class InfoNCELoss {
  constructor(options?: InfoNCELossOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): InfoNCELoss;
  readonly reduction: 'mean' | 'sum';
  readonly temperature: number;
  readonly similarity: 'cosine' | 'dot';
  readonly inBatch: boolean;
  /** anchor [n, d], positive [n, d], negatives [m, d] → loss [1]. */
  forward(anchor: Matrix | Vector, positive: Matrix | Vector, negatives?: Matrix | Vector | undefined, options?: ThreadOptions): number;
  forwardAsync(anchor: Matrix | Vector, positive: Matrix | Vector, negatives?: Matrix | Vector | undefined, options?: AsyncOptions): Promise<number>;
  /** anchor [n, d], positive [n, d], negatives [m, d], outputGradient [1] → anchor [n, d], positive [n, d], negatives [m, d]. */
  backward(anchor: Matrix | Vector, positive: Matrix | Vector, negatives?: Matrix | Vector | undefined, outputGradient?: number | Vector | undefined, options?: ThreadOptions): { anchor: Float32Array; positive: Float32Array; negatives?: Float32Array | undefined };
  backwardAsync(anchor: Matrix | Vector, positive: Matrix | Vector, negatives?: Matrix | Vector | undefined, outputGradient?: number | Vector | undefined, options?: AsyncOptions): Promise<{ anchor: Float32Array; positive: Float32Array; negatives?: Float32Array | undefined }>;
  /** anchor [n, d], positive [n, d], negatives [m, d] → loss [1], anchor [n, d], positive [n, d], negatives [m, d]. */
  valueAndGradients(anchor: Matrix | Vector, positive: Matrix | Vector, negatives?: Matrix | Vector | undefined, options?: ThreadOptions): { loss: number; anchor: Float32Array; positive: Float32Array; negatives?: Float32Array | undefined };
  valueAndGradientsAsync(anchor: Matrix | Vector, positive: Matrix | Vector, negatives?: Matrix | Vector | undefined, options?: AsyncOptions): Promise<{ loss: number; anchor: Float32Array; positive: Float32Array; negatives?: Float32Array | undefined }>;
  /** `forward`. */
  compute(anchor: Matrix | Vector, positive: Matrix | Vector, negatives?: Matrix | Vector | undefined, options?: ThreadOptions): number;
  /** `valueAndGradients`, the gradients apart. */
  computeWithGradients(anchor: Matrix | Vector, positive: Matrix | Vector, negatives?: Matrix | Vector | undefined, options?: ThreadOptions): { loss: number; gradients: { anchor: Float32Array; positive: Float32Array; negatives?: Float32Array | undefined } };
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

export interface InfoNCELoss extends WeightFiles {}

export interface TripletMarginLossOptions {
  /** Mean or sum over the rows. Default 'mean'. */
  reduction?: 'mean' | 'sum' | undefined;
  /** What the distances are to differ by. Number in 0...1e30. Default 1. */
  margin?: number | undefined;
  /** Euclidean, or 1 less the cosine. Default 'euclidean'. */
  distance?: 'euclidean' | 'cosine' | undefined;
}

/**
 * The triplet loss: the positive is to be nearer to the anchor than the negative, by a margin.
 *
 *     L = mean_r max(0, d(a_r, p_r) − d(a_r, n_r) + margin)     or their sum
 *     d(x, y) = |x − y + 1e-6|, or 1 − cos(x, y) with `distance: 'cosine'`
 *
 * More: docs/options.md.
 */
export class TripletMarginLoss {
  constructor(options?: TripletMarginLossOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): TripletMarginLoss;
  readonly reduction: 'mean' | 'sum';
  readonly margin: number;
  readonly distance: 'euclidean' | 'cosine';
  /** anchor [n, d], positive [n, d], negative [n, d] → loss [1]. */
  forward(anchor: Matrix | Vector, positive: Matrix | Vector, negative: Matrix | Vector, options?: ThreadOptions): number;
  forwardAsync(anchor: Matrix | Vector, positive: Matrix | Vector, negative: Matrix | Vector, options?: AsyncOptions): Promise<number>;
  /** anchor [n, d], positive [n, d], negative [n, d], outputGradient [1] → anchor [n, d], positive [n, d], negative [n, d]. */
  backward(anchor: Matrix | Vector, positive: Matrix | Vector, negative: Matrix | Vector, outputGradient?: number | Vector | undefined, options?: ThreadOptions): { anchor: Float32Array; positive: Float32Array; negative: Float32Array };
  backwardAsync(anchor: Matrix | Vector, positive: Matrix | Vector, negative: Matrix | Vector, outputGradient?: number | Vector | undefined, options?: AsyncOptions): Promise<{ anchor: Float32Array; positive: Float32Array; negative: Float32Array }>;
  /** anchor [n, d], positive [n, d], negative [n, d] → loss [1], anchor [n, d], positive [n, d], negative [n, d]. */
  valueAndGradients(anchor: Matrix | Vector, positive: Matrix | Vector, negative: Matrix | Vector, options?: ThreadOptions): { loss: number; anchor: Float32Array; positive: Float32Array; negative: Float32Array };
  valueAndGradientsAsync(anchor: Matrix | Vector, positive: Matrix | Vector, negative: Matrix | Vector, options?: AsyncOptions): Promise<{ loss: number; anchor: Float32Array; positive: Float32Array; negative: Float32Array }>;
  /** `forward`. */
  compute(anchor: Matrix | Vector, positive: Matrix | Vector, negative: Matrix | Vector, options?: ThreadOptions): number;
  /** `valueAndGradients`, the gradients apart. */
  computeWithGradients(anchor: Matrix | Vector, positive: Matrix | Vector, negative: Matrix | Vector, options?: ThreadOptions): { loss: number; gradients: { anchor: Float32Array; positive: Float32Array; negative: Float32Array } };
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

export interface TripletMarginLoss extends WeightFiles {}

export interface ContrastiveLossOptions {
  /** Mean or sum over the rows. Default 'mean'. */
  reduction?: 'mean' | 'sum' | undefined;
  /** Distance from which other pairs cost nothing. Number in 0...1e30. Default 1. */
  margin?: number | undefined;
  /** Euclidean, or 1 less the cosine. Default 'euclidean'. */
  distance?: 'euclidean' | 'cosine' | undefined;
}

/**
 * The margin contrastive loss: pairs that belong together are to be near, others at least a margin apart.
 *
 *     L = mean_r y_r d_r² + (1 − y_r) max(0, margin − d_r)²     or their sum     d_r = |x_r − z_r + 1e-6|
 *
 * More: docs/options.md.
 */
export class ContrastiveLoss {
  constructor(options?: ContrastiveLossOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): ContrastiveLoss;
  readonly reduction: 'mean' | 'sum';
  readonly margin: number;
  readonly distance: 'euclidean' | 'cosine';
  /** input [n, d], other [n, d], similar [n] → loss [1]. */
  forward(input: Matrix | Vector, other: Matrix | Vector, similar: Vector, options?: ThreadOptions): number;
  forwardAsync(input: Matrix | Vector, other: Matrix | Vector, similar: Vector, options?: AsyncOptions): Promise<number>;
  /** input [n, d], other [n, d], similar [n], outputGradient [1] → input [n, d], other [n, d], similar [n]. */
  backward(input: Matrix | Vector, other: Matrix | Vector, similar: Vector, outputGradient?: number | Vector | undefined, options?: ThreadOptions): { input: Float32Array; other: Float32Array; similar: Float32Array };
  backwardAsync(input: Matrix | Vector, other: Matrix | Vector, similar: Vector, outputGradient?: number | Vector | undefined, options?: AsyncOptions): Promise<{ input: Float32Array; other: Float32Array; similar: Float32Array }>;
  /** input [n, d], other [n, d], similar [n] → loss [1], input [n, d], other [n, d], similar [n]. */
  valueAndGradients(input: Matrix | Vector, other: Matrix | Vector, similar: Vector, options?: ThreadOptions): { loss: number; input: Float32Array; other: Float32Array; similar: Float32Array };
  valueAndGradientsAsync(input: Matrix | Vector, other: Matrix | Vector, similar: Vector, options?: AsyncOptions): Promise<{ loss: number; input: Float32Array; other: Float32Array; similar: Float32Array }>;
  /** `forward`. */
  compute(input: Matrix | Vector, other: Matrix | Vector, similar: Vector, options?: ThreadOptions): number;
  /** `valueAndGradients`, the gradients apart. */
  computeWithGradients(input: Matrix | Vector, other: Matrix | Vector, similar: Vector, options?: ThreadOptions): { loss: number; gradients: { input: Float32Array; other: Float32Array; similar: Float32Array } };
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

export interface ContrastiveLoss extends WeightFiles {}

export interface LocalContrastiveLossOptions {
  /** What the distances are to differ by. Number in -1e30...1e30. Default 1. */
  margin?: number | undefined;
}

/**
 * The local contrastive loss: each positive is to be nearer to its anchor than every negative, by a margin.
 *
 *     L = mean_r mean_j max(0, |a_r − p_r| − |a_r − n_j| + margin)
 *
 * More: docs/options.md.
 */
export class LocalContrastiveLoss {
  constructor(options?: LocalContrastiveLossOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): LocalContrastiveLoss;
  readonly margin: number;
  /** anchor [n, d], positive [n, d], negatives [m, d] → loss [1]. */
  forward(anchor: Matrix | Vector, positive: Matrix | Vector, negatives?: Matrix | Vector | undefined, options?: ThreadOptions): number;
  forwardAsync(anchor: Matrix | Vector, positive: Matrix | Vector, negatives?: Matrix | Vector | undefined, options?: AsyncOptions): Promise<number>;
  /** anchor [n, d], positive [n, d], negatives [m, d], outputGradient [1] → anchor [n, d], positive [n, d], negatives [m, d]. */
  backward(anchor: Matrix | Vector, positive: Matrix | Vector, negatives?: Matrix | Vector | undefined, outputGradient?: number | Vector | undefined, options?: ThreadOptions): { anchor: Float32Array; positive: Float32Array; negatives?: Float32Array | undefined };
  backwardAsync(anchor: Matrix | Vector, positive: Matrix | Vector, negatives?: Matrix | Vector | undefined, outputGradient?: number | Vector | undefined, options?: AsyncOptions): Promise<{ anchor: Float32Array; positive: Float32Array; negatives?: Float32Array | undefined }>;
  /** anchor [n, d], positive [n, d], negatives [m, d] → loss [1], anchor [n, d], positive [n, d], negatives [m, d]. */
  valueAndGradients(anchor: Matrix | Vector, positive: Matrix | Vector, negatives?: Matrix | Vector | undefined, options?: ThreadOptions): { loss: number; anchor: Float32Array; positive: Float32Array; negatives?: Float32Array | undefined };
  valueAndGradientsAsync(anchor: Matrix | Vector, positive: Matrix | Vector, negatives?: Matrix | Vector | undefined, options?: AsyncOptions): Promise<{ loss: number; anchor: Float32Array; positive: Float32Array; negatives?: Float32Array | undefined }>;
  /** `forward`. */
  compute(anchor: Matrix | Vector, positive: Matrix | Vector, negatives?: Matrix | Vector | undefined, options?: ThreadOptions): number;
  /** `valueAndGradients`, the gradients apart. */
  computeWithGradients(anchor: Matrix | Vector, positive: Matrix | Vector, negatives?: Matrix | Vector | undefined, options?: ThreadOptions): { loss: number; gradients: { anchor: Float32Array; positive: Float32Array; negatives?: Float32Array | undefined } };
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

export interface LocalContrastiveLoss extends WeightFiles {}

export interface LaplacianRegularizerOptions {
  /** Mean or sum over the rows. Default 'mean'. */
  reduction?: 'mean' | 'sum' | undefined;
  /** What the regulariser is multiplied by. Number in 0...1e30. Default 1. */
  weight?: number | undefined;
  /** true: the normalised Laplacian. Default false. */
  normalized?: boolean | undefined;
}

/**
 * The Laplacian (spectral) regulariser: rows that an edge joins are to be alike.
 *
 *     L = ½ weight Σ_ij w_ij |x_i/√g_i − x_j/√g_j|²     of a symmetric graph: weight · tr(Xᵀ (D − W) X)
 *
 * More: docs/options.md.
 */
export class LaplacianRegularizer {
  constructor(options?: LaplacianRegularizerOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): LaplacianRegularizer;
  readonly reduction: 'mean' | 'sum';
  readonly weight: number;
  readonly normalized: boolean;
  /** x [n, d], graph a graph of n nodes, edgeWeight [edges] → loss [1]. */
  forward(x: Matrix | Vector, graph: Graph, edgeWeight?: Vector | undefined, options?: ThreadOptions): number;
  forwardAsync(x: Matrix | Vector, graph: Graph, edgeWeight?: Vector | undefined, options?: AsyncOptions): Promise<number>;
  /** x [n, d], graph a graph of n nodes, edgeWeight [edges], outputGradient [1] → x [n, d]. */
  backward(x: Matrix | Vector, graph: Graph, edgeWeight?: Vector | undefined, outputGradient?: number | Vector | undefined, options?: ThreadOptions): { x: Float32Array };
  backwardAsync(x: Matrix | Vector, graph: Graph, edgeWeight?: Vector | undefined, outputGradient?: number | Vector | undefined, options?: AsyncOptions): Promise<{ x: Float32Array }>;
  /** x [n, d], graph a graph of n nodes, edgeWeight [edges] → loss [1], x [n, d]. */
  valueAndGradients(x: Matrix | Vector, graph: Graph, edgeWeight?: Vector | undefined, options?: ThreadOptions): { loss: number; x: Float32Array };
  valueAndGradientsAsync(x: Matrix | Vector, graph: Graph, edgeWeight?: Vector | undefined, options?: AsyncOptions): Promise<{ loss: number; x: Float32Array }>;
  /** `forward`. */
  compute(x: Matrix | Vector, graph: Graph, edgeWeight?: Vector | undefined, options?: ThreadOptions): number;
  /** `valueAndGradients`, the gradients apart. */
  computeWithGradients(x: Matrix | Vector, graph: Graph, edgeWeight?: Vector | undefined, options?: ThreadOptions): { loss: number; gradients: { x: Float32Array } };
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

export interface LaplacianRegularizer extends WeightFiles {}

export interface OrthogonalityRegularizerOptions {
  /** What the regulariser is multiplied by. Number in 0...1e30. Default 1. */
  weight?: number | undefined;
}

/**
 * The orthogonality regulariser: the rows of a matrix are to be orthonormal, or its columns where it has fewer of them.
 *
 *     L = weight |X Xᵀ − I|²  (n ≤ d)     weight |Xᵀ X − I|²  (n > d)     dL/dX = 4 weight (X Xᵀ − I) X, or 4 weight X (Xᵀ X − I)
 *
 * More: docs/options.md.
 */
export class OrthogonalityRegularizer {
  constructor(options?: OrthogonalityRegularizerOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): OrthogonalityRegularizer;
  readonly weight: number;
  /** x [n, d] → loss [1]. */
  forward(x: Matrix | Vector, options?: ThreadOptions): number;
  forwardAsync(x: Matrix | Vector, options?: AsyncOptions): Promise<number>;
  /** x [n, d], outputGradient [1] → x [n, d]. */
  backward(x: Matrix | Vector, outputGradient?: number | Vector | undefined, options?: ThreadOptions): { x: Float32Array };
  backwardAsync(x: Matrix | Vector, outputGradient?: number | Vector | undefined, options?: AsyncOptions): Promise<{ x: Float32Array }>;
  /** x [n, d] → loss [1], x [n, d]. */
  valueAndGradients(x: Matrix | Vector, options?: ThreadOptions): { loss: number; x: Float32Array };
  valueAndGradientsAsync(x: Matrix | Vector, options?: AsyncOptions): Promise<{ loss: number; x: Float32Array }>;
  /** `forward`. */
  compute(x: Matrix | Vector, options?: ThreadOptions): number;
  /** `valueAndGradients`, the gradients apart. */
  computeWithGradients(x: Matrix | Vector, options?: ThreadOptions): { loss: number; gradients: { x: Float32Array } };
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

export interface OrthogonalityRegularizer extends WeightFiles {}

export interface NormRegularizerOptions {
  /** Mean or sum over the rows. Default 'mean'. */
  reduction?: 'mean' | 'sum' | undefined;
  /** What the regulariser is multiplied by. Number in 0...1e30. Default 1. */
  weight?: number | undefined;
  /** The length wanted. Number in 0...1e30. Default 1. */
  norm?: number | undefined;
}

/**
 * The norm penalty: rows are to have a given length.
 *
 *     L = weight · mean_r (|x_r| − norm)²     or their sum     dL/dx_r = 2 weight (|x_r| − norm) x_r/|x_r|, divided by n for the mean
 *
 * More: docs/options.md.
 */
export class NormRegularizer {
  constructor(options?: NormRegularizerOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): NormRegularizer;
  readonly reduction: 'mean' | 'sum';
  readonly weight: number;
  readonly norm: number;
  /** x [n, d] → loss [1]. */
  forward(x: Matrix | Vector, options?: ThreadOptions): number;
  forwardAsync(x: Matrix | Vector, options?: AsyncOptions): Promise<number>;
  /** x [n, d], outputGradient [1] → x [n, d]. */
  backward(x: Matrix | Vector, outputGradient?: number | Vector | undefined, options?: ThreadOptions): { x: Float32Array };
  backwardAsync(x: Matrix | Vector, outputGradient?: number | Vector | undefined, options?: AsyncOptions): Promise<{ x: Float32Array }>;
  /** x [n, d] → loss [1], x [n, d]. */
  valueAndGradients(x: Matrix | Vector, options?: ThreadOptions): { loss: number; x: Float32Array };
  valueAndGradientsAsync(x: Matrix | Vector, options?: AsyncOptions): Promise<{ loss: number; x: Float32Array }>;
  /** `forward`. */
  compute(x: Matrix | Vector, options?: ThreadOptions): number;
  /** `valueAndGradients`, the gradients apart. */
  computeWithGradients(x: Matrix | Vector, options?: ThreadOptions): { loss: number; gradients: { x: Float32Array } };
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

export interface NormRegularizer extends WeightFiles {}

export interface L2RegularizerOptions {
  /** What the regulariser is multiplied by. Number in 0...1e30. Default 1. */
  weight?: number | undefined;
}

/**
 * The L2 penalty: numbers are to be small.
 *
 *     L = ½ weight Σ x²     dL/dx = weight x
 *
 * More: docs/options.md.
 */
export class L2Regularizer {
  constructor(options?: L2RegularizerOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): L2Regularizer;
  readonly weight: number;
  /** x [n, d] → loss [1]. */
  forward(x: Matrix | Vector, options?: ThreadOptions): number;
  forwardAsync(x: Matrix | Vector, options?: AsyncOptions): Promise<number>;
  /** x [n, d], outputGradient [1] → x [n, d]. */
  backward(x: Matrix | Vector, outputGradient?: number | Vector | undefined, options?: ThreadOptions): { x: Float32Array };
  backwardAsync(x: Matrix | Vector, outputGradient?: number | Vector | undefined, options?: AsyncOptions): Promise<{ x: Float32Array }>;
  /** x [n, d] → loss [1], x [n, d]. */
  valueAndGradients(x: Matrix | Vector, options?: ThreadOptions): { loss: number; x: Float32Array };
  valueAndGradientsAsync(x: Matrix | Vector, options?: AsyncOptions): Promise<{ loss: number; x: Float32Array }>;
  /** `forward`. */
  compute(x: Matrix | Vector, options?: ThreadOptions): number;
  /** `valueAndGradients`, the gradients apart. */
  computeWithGradients(x: Matrix | Vector, options?: ThreadOptions): { loss: number; gradients: { x: Float32Array } };
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

export interface L2Regularizer extends WeightFiles {}

export interface SpectralRegularizationOptions {
  /** What the regulariser is multiplied by. Number in 0...1e30. Default 1. */
  weight?: number | undefined;
}

/**
 * The variance of the variances of a batch's columns: columns are to spread alike.
 *
 *     v_c = mean_r (x_rc − m_c)²,  m_c = mean_r x_rc     L = weight · mean_c (v_c − v̄)²,  v̄ = mean_c v_c
 *     dL/dx_rc = 4 weight (v_c − v̄)(x_rc − m_c)/(n · d)
 *
 * More: docs/options.md.
 */
export class SpectralRegularization {
  constructor(options?: SpectralRegularizationOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): SpectralRegularization;
  readonly weight: number;
  /** x [n, d] → loss [1]. */
  forward(x: Matrix | Vector, options?: ThreadOptions): number;
  forwardAsync(x: Matrix | Vector, options?: AsyncOptions): Promise<number>;
  /** x [n, d], outputGradient [1] → x [n, d]. */
  backward(x: Matrix | Vector, outputGradient?: number | Vector | undefined, options?: ThreadOptions): { x: Float32Array };
  backwardAsync(x: Matrix | Vector, outputGradient?: number | Vector | undefined, options?: AsyncOptions): Promise<{ x: Float32Array }>;
  /** x [n, d] → loss [1], x [n, d]. */
  valueAndGradients(x: Matrix | Vector, options?: ThreadOptions): { loss: number; x: Float32Array };
  valueAndGradientsAsync(x: Matrix | Vector, options?: AsyncOptions): Promise<{ loss: number; x: Float32Array }>;
  /** `forward`. */
  compute(x: Matrix | Vector, options?: ThreadOptions): number;
  /** `valueAndGradients`, the gradients apart. */
  computeWithGradients(x: Matrix | Vector, options?: ThreadOptions): { loss: number; gradients: { x: Float32Array } };
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

export interface SpectralRegularization extends WeightFiles {}

export interface SGDOptions {
  /** Parameters, in numbers. Integer in 1...1073741824. */
  size: number;
  /** Length of a step. Number in 1e-30...1e30. Default 0.001. */
  learningRate?: number | undefined;
  /** Share of the last step that goes into the next. Number in 0...0.999999. Default 0. */
  momentum?: number | undefined;
  /** Share of the gradient that momentum leaves out. Number in 0...1. Default 0. */
  dampening?: number | undefined;
  /** true: Nesterov's momentum. Default false. */
  nesterov?: boolean | undefined;
  /** Times the parameters, added to the gradient. Number in 0...1e30. Default 0. */
  weightDecay?: number | undefined;
}

/**
 * Stochastic gradient descent:
 *
 *     g ← g + weightDecay θ     b ← g at first, momentum b + (1 − dampening) g later     g ← g + momentum b (Nesterov), or b
 *     θ ← θ − learningRate g
 *
 * More: docs/options.md.
 */
export class SGD {
  constructor(options: SGDOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): SGD;
  readonly size: number;
  readonly learningRate: number;
  readonly momentum: number;
  readonly dampening: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
  /**
   * parameters [size], gradients [size], learningRate [1] → parameters [size]. Changes the object: asynchronous calls take their
   * turns, others are ERR_BUSY meanwhile; rejected with ERR_ABORTED, it has not happened.
   */
  step(parameters: Vector, gradients: Vector, learningRate?: number | Vector | undefined, options?: ThreadOptions): Float32Array;
  stepAsync(parameters: Vector, gradients: Vector, learningRate?: number | Vector | undefined, options?: AsyncOptions): Promise<Float32Array>;
  /** `step` of a Float32Array, in place. */
  stepInPlace(parameters: Float32Array, gradients: Vector, learningRate?: number | Vector | undefined, options?: ThreadOptions): void;
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

export interface SGD extends WeightFiles {}

export interface AdamOptions {
  /** Parameters, in numbers. Integer in 1...1073741824. */
  size: number;
  /** Length of a step. Number in 1e-30...1e30. Default 0.001. */
  learningRate?: number | undefined;
  /** Decay of the mean of gradients. Number in 0...0.999999. Default 0.9. */
  beta1?: number | undefined;
  /** Decay of the mean of their squares. Number in 0..<1. Default 0.999. */
  beta2?: number | undefined;
  /** Added to the root of the mean of squares. Number in 0...1. Default 1e-8. */
  eps?: number | undefined;
  /** Times the parameters, added to the gradient. Number in 0...1e30. Default 0. */
  weightDecay?: number | undefined;
}

/**
 * Adam, with the weight decay in the gradient:
 *
 *     g ← g + weightDecay θ     m ← β₁ m + (1 − β₁) g     v ← β₂ v + (1 − β₂) g²
 *     θ ← θ − learningRate m̂/(√v̂ + ε),   m̂ = m/(1 − β₁ᵗ),   v̂ = v/(1 − β₂ᵗ)   after t steps
 *
 * More: docs/options.md.
 */
export class Adam {
  constructor(options: AdamOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): Adam;
  readonly size: number;
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
  /**
   * parameters [size], gradients [size], learningRate [1] → parameters [size]. Changes the object: asynchronous calls take their
   * turns, others are ERR_BUSY meanwhile; rejected with ERR_ABORTED, it has not happened.
   */
  step(parameters: Vector, gradients: Vector, learningRate?: number | Vector | undefined, options?: ThreadOptions): Float32Array;
  stepAsync(parameters: Vector, gradients: Vector, learningRate?: number | Vector | undefined, options?: AsyncOptions): Promise<Float32Array>;
  /** `step` of a Float32Array, in place. */
  stepInPlace(parameters: Float32Array, gradients: Vector, learningRate?: number | Vector | undefined, options?: ThreadOptions): void;
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

export interface Adam extends WeightFiles {}

export interface AdamWOptions {
  /** Parameters, in numbers. Integer in 1...1073741824. */
  size: number;
  /** Length of a step. Number in 1e-30...1e30. Default 0.001. */
  learningRate?: number | undefined;
  /** Decay of the mean of gradients. Number in 0...0.999999. Default 0.9. */
  beta1?: number | undefined;
  /** Decay of the mean of their squares. Number in 0..<1. Default 0.999. */
  beta2?: number | undefined;
  /** Added to the root of the mean of squares. Number in 0...1. Default 1e-8. */
  eps?: number | undefined;
  /** Share of the parameters that a step of length 1 takes away. Number in 0...1e30. Default 0.01. */
  weightDecay?: number | undefined;
}

/**
 * Adam, with the weight decay apart from the gradient:
 *
 *     θ ← (1 − learningRate · weightDecay) θ, then a step of Adam with the plain gradient
 *
 * More: docs/options.md.
 */
export class AdamW {
  constructor(options: AdamWOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): AdamW;
  readonly size: number;
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
  /**
   * parameters [size], gradients [size], learningRate [1] → parameters [size]. Changes the object: asynchronous calls take their
   * turns, others are ERR_BUSY meanwhile; rejected with ERR_ABORTED, it has not happened.
   */
  step(parameters: Vector, gradients: Vector, learningRate?: number | Vector | undefined, options?: ThreadOptions): Float32Array;
  stepAsync(parameters: Vector, gradients: Vector, learningRate?: number | Vector | undefined, options?: AsyncOptions): Promise<Float32Array>;
  /** `step` of a Float32Array, in place. */
  stepInPlace(parameters: Float32Array, gradients: Vector, learningRate?: number | Vector | undefined, options?: ThreadOptions): void;
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

export interface AdamW extends WeightFiles {}

export interface RiemannianSGDOptions {
  /** Parameters, in numbers. Integer in 1...1073741824. */
  size: number;
  /** Numbers of a row, a divisor of size; on the hyperboloid with the time-like one. Integer in 1...65536. */
  dim: number;
  /** Where the rows lie. Default 'poincare'. */
  manifold?: 'euclidean' | 'poincare' | 'lorentz' | undefined;
  /** Sectional curvature K < 0. Number in -1000000000000...-1e-12. Default -1. */
  curvature?: number | undefined;
  /** true: steps in the ball follow geodesics, instead of straight lines. Default false. */
  exact?: boolean | undefined;
  /** Length of a step. Number in 1e-30...1e30. Default 0.001. */
  learningRate?: number | undefined;
  /** Share of the last step that goes into the next. Number in 0...0.999999. Default 0. */
  momentum?: number | undefined;
  /** Share of the gradient that momentum leaves out. Number in 0...1. Default 0. */
  dampening?: number | undefined;
  /** true: Nesterov's momentum. Default false. */
  nesterov?: boolean | undefined;
  /** Times the point, added to the Euclidean gradient. Number in 0...1e30. Default 0. */
  weightDecay?: number | undefined;
}

/**
 * Stochastic gradient descent on a manifold, a point a row:
 *
 *     r = grad_x(g + weightDecay x)     b ← r at first, momentum b + (1 − dampening) r later     r ← r + momentum b (Nesterov), or b
 *     x ← R_x(−learningRate r),   b ← b carried to the new point
 *
 * More: docs/options.md.
 */
export class RiemannianSGD {
  constructor(options: RiemannianSGDOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): RiemannianSGD;
  readonly size: number;
  readonly dim: number;
  readonly manifold: 'euclidean' | 'poincare' | 'lorentz';
  readonly curvature: number;
  readonly exact: boolean;
  readonly learningRate: number;
  readonly momentum: number;
  readonly dampening: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
  /**
   * parameters [size], gradients [size], learningRate [1] → parameters [size]. Changes the object: asynchronous calls take their
   * turns, others are ERR_BUSY meanwhile; rejected with ERR_ABORTED, it has not happened.
   */
  step(parameters: Vector, gradients: Vector, learningRate?: number | Vector | undefined, options?: ThreadOptions): Float32Array;
  stepAsync(parameters: Vector, gradients: Vector, learningRate?: number | Vector | undefined, options?: AsyncOptions): Promise<Float32Array>;
  /** `step` of a Float32Array, in place. */
  stepInPlace(parameters: Float32Array, gradients: Vector, learningRate?: number | Vector | undefined, options?: ThreadOptions): void;
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

export interface RiemannianSGD extends WeightFiles {}

export interface RiemannianAdamOptions {
  /** Parameters, in numbers. Integer in 1...1073741824. */
  size: number;
  /** Numbers of a row, a divisor of size; on the hyperboloid with the time-like one. Integer in 1...65536. */
  dim: number;
  /** Where the rows lie. Default 'poincare'. */
  manifold?: 'euclidean' | 'poincare' | 'lorentz' | undefined;
  /** Sectional curvature K < 0. Number in -1000000000000...-1e-12. Default -1. */
  curvature?: number | undefined;
  /** true: steps in the ball follow geodesics, instead of straight lines. Default false. */
  exact?: boolean | undefined;
  /** Length of a step. Number in 1e-30...1e30. Default 0.001. */
  learningRate?: number | undefined;
  /** Decay of the mean of gradients. Number in 0...0.999999. Default 0.9. */
  beta1?: number | undefined;
  /** Decay of the mean of their squares. Number in 0..<1. Default 0.999. */
  beta2?: number | undefined;
  /** Added to the root of the mean of squares. Number in 0...1. Default 1e-8. */
  eps?: number | undefined;
  /** Times the point, added to the Euclidean gradient. Number in 0...1e30. Default 0. */
  weightDecay?: number | undefined;
}

/**
 * Adam on a manifold, a point a row:
 *
 *     r = grad_x(g + weightDecay x)     m ← β₁ m + (1 − β₁) r     v ← β₂ v + (1 − β₂) ⟨r, r⟩_x   (one number a row)
 *     x ← R_x(−learningRate m̂/(√v̂ + ε)),   m ← m carried to the new point
 *
 * More: docs/options.md.
 */
export class RiemannianAdam {
  constructor(options: RiemannianAdamOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): RiemannianAdam;
  readonly size: number;
  readonly dim: number;
  readonly manifold: 'euclidean' | 'poincare' | 'lorentz';
  readonly curvature: number;
  readonly exact: boolean;
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
  /**
   * parameters [size], gradients [size], learningRate [1] → parameters [size]. Changes the object: asynchronous calls take their
   * turns, others are ERR_BUSY meanwhile; rejected with ERR_ABORTED, it has not happened.
   */
  step(parameters: Vector, gradients: Vector, learningRate?: number | Vector | undefined, options?: ThreadOptions): Float32Array;
  stepAsync(parameters: Vector, gradients: Vector, learningRate?: number | Vector | undefined, options?: AsyncOptions): Promise<Float32Array>;
  /** `step` of a Float32Array, in place. */
  stepInPlace(parameters: Float32Array, gradients: Vector, learningRate?: number | Vector | undefined, options?: ThreadOptions): void;
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

export interface RiemannianAdam extends WeightFiles {}

export interface ConstantScheduleOptions {
  /** The value that warm-up leads to. Number in -1e30...1e30. Default 0.001. */
  start?: number | undefined;
  /** First steps, in which step t has (t + 1)/warmup of the start. Integer in 0...1000000000. Default 0. */
  warmup?: number | undefined;
}

/**
 * The same number, after a warm-up:
 *
 *     t < warmup: start (t + 1)/warmup     else start
 *
 * More: docs/options.md.
 */
export class ConstantSchedule {
  constructor(options?: ConstantScheduleOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): ConstantSchedule;
  readonly start: number;
  readonly warmup: number;
  /** step [1], history [epochs] → value [1]. */
  value(step: number | Vector, history?: Vector | undefined, options?: ThreadOptions): number;
  valueAsync(step: number | Vector, history?: Vector | undefined, options?: AsyncOptions): Promise<number>;
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

export interface ConstantSchedule extends WeightFiles {}

export interface CosineScheduleOptions {
  /** The value that warm-up leads to. Number in -1e30...1e30. Default 0.001. */
  start?: number | undefined;
  /** The value at the end. Number in -1e30...1e30. Default 0. */
  end?: number | undefined;
  /** Steps, those of warm-up included. Integer in 1...1000000000. */
  total: number;
  /** First steps, in which step t has (t + 1)/warmup of the start. Integer in 0...1000000000. Default 0. */
  warmup?: number | undefined;
}

/**
 * Half a cosine from the start to the end, after a warm-up:
 *
 *     t < warmup: start (t + 1)/warmup     else end + (start − end)(1 + cos π p)/2,  p = min(1, (t − warmup)/max(1, total − warmup))
 *
 * More: docs/options.md.
 */
export class CosineSchedule {
  constructor(options: CosineScheduleOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): CosineSchedule;
  readonly start: number;
  readonly end: number;
  readonly total: number;
  readonly warmup: number;
  /** step [1], history [epochs] → value [1]. */
  value(step: number | Vector, history?: Vector | undefined, options?: ThreadOptions): number;
  valueAsync(step: number | Vector, history?: Vector | undefined, options?: AsyncOptions): Promise<number>;
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

export interface CosineSchedule extends WeightFiles {}

export interface LinearScheduleOptions {
  /** The value that warm-up leads to. Number in -1e30...1e30. Default 0.001. */
  start?: number | undefined;
  /** The value at the end. Number in -1e30...1e30. Default 0. */
  end?: number | undefined;
  /** Steps, those of warm-up included. Integer in 1...1000000000. */
  total: number;
  /** First steps, in which step t has (t + 1)/warmup of the start. Integer in 0...1000000000. Default 0. */
  warmup?: number | undefined;
}

/**
 * A line from the start to the end, after a warm-up:
 *
 *     t < warmup: start (t + 1)/warmup     else start + (end − start) p,  p = min(1, (t − warmup)/max(1, total − warmup))
 *
 * More: docs/options.md.
 */
export class LinearSchedule {
  constructor(options: LinearScheduleOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): LinearSchedule;
  readonly start: number;
  readonly end: number;
  readonly total: number;
  readonly warmup: number;
  /** step [1], history [epochs] → value [1]. */
  value(step: number | Vector, history?: Vector | undefined, options?: ThreadOptions): number;
  valueAsync(step: number | Vector, history?: Vector | undefined, options?: AsyncOptions): Promise<number>;
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

export interface LinearSchedule extends WeightFiles {}

export interface ExponentialScheduleOptions {
  /** The value that warm-up leads to. Number in -1e30...1e30. Default 0.001. */
  start?: number | undefined;
  /** The factor. Number in 0...1. Default 0.99. */
  gamma?: number | undefined;
  /** The least value. Number in -1e30...1e30. Default 0. */
  minimum?: number | undefined;
  /** First steps, in which step t has (t + 1)/warmup of the start. Integer in 0...1000000000. Default 0. */
  warmup?: number | undefined;
}

/**
 * A fixed factor a step, after a warm-up, down to a minimum:
 *
 *     t < warmup: start (t + 1)/warmup     else max(minimum, start · gammaᵗ⁻ʷᵃʳᵐᵘᵖ)
 *
 * More: docs/options.md.
 */
export class ExponentialSchedule {
  constructor(options?: ExponentialScheduleOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): ExponentialSchedule;
  readonly start: number;
  readonly gamma: number;
  readonly minimum: number;
  readonly warmup: number;
  /** step [1], history [epochs] → value [1]. */
  value(step: number | Vector, history?: Vector | undefined, options?: ThreadOptions): number;
  valueAsync(step: number | Vector, history?: Vector | undefined, options?: AsyncOptions): Promise<number>;
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

export interface ExponentialSchedule extends WeightFiles {}

export interface StepScheduleOptions {
  /** The value that warm-up leads to. Number in -1e30...1e30. Default 0.001. */
  start?: number | undefined;
  /** Steps between two changes. Integer in 1...1000000000. */
  every: number;
  /** The factor. Number in 0...1. Default 0.1. */
  gamma?: number | undefined;
  /** The least value. Number in -1e30...1e30. Default 0. */
  minimum?: number | undefined;
  /** First steps, in which step t has (t + 1)/warmup of the start. Integer in 0...1000000000. Default 0. */
  warmup?: number | undefined;
}

/**
 * A factor every so many steps, after a warm-up, down to a minimum:
 *
 *     t < warmup: start (t + 1)/warmup     else max(minimum, start · gamma^⌊(t − warmup)/every⌋)
 *
 * More: docs/options.md.
 */
export class StepSchedule {
  constructor(options: StepScheduleOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): StepSchedule;
  readonly start: number;
  readonly every: number;
  readonly gamma: number;
  readonly minimum: number;
  readonly warmup: number;
  /** step [1], history [epochs] → value [1]. */
  value(step: number | Vector, history?: Vector | undefined, options?: ThreadOptions): number;
  valueAsync(step: number | Vector, history?: Vector | undefined, options?: AsyncOptions): Promise<number>;
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

export interface StepSchedule extends WeightFiles {}

export interface CosineRestartsScheduleOptions {
  /** The value that warm-up leads to. Number in -1e30...1e30. Default 0.001. */
  start?: number | undefined;
  /** The value at the end. Number in -1e30...1e30. Default 0. */
  end?: number | undefined;
  /** Steps of the first period. Integer in 1...1000000000. */
  period: number;
  /** How much longer each period is than the one before. Integer in 1...1000. Default 1. */
  factor?: number | undefined;
  /** First steps, in which step t has (t + 1)/warmup of the start. Integer in 0...1000000000. Default 0. */
  warmup?: number | undefined;
}

/**
 * Half cosines one after the other, each `factor` times as long as the one before:
 *
 *     end + (start − end)(1 + cos(π u/T))/2     u steps into a period of T;   T = period at first
 *
 * More: docs/options.md.
 */
export class CosineRestartsSchedule {
  constructor(options: CosineRestartsScheduleOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): CosineRestartsSchedule;
  readonly start: number;
  readonly end: number;
  readonly period: number;
  readonly factor: number;
  readonly warmup: number;
  /** step [1], history [epochs] → value [1]. */
  value(step: number | Vector, history?: Vector | undefined, options?: ThreadOptions): number;
  valueAsync(step: number | Vector, history?: Vector | undefined, options?: AsyncOptions): Promise<number>;
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

export interface CosineRestartsSchedule extends WeightFiles {}

export interface PlateauScheduleOptions {
  /** The value that warm-up leads to. Number in -1e30...1e30. Default 0.001. */
  start?: number | undefined;
  /** The factor. Number in 0...1. Default 0.1. */
  factor?: number | undefined;
  /** Epochs without improvement that are let pass. Integer in 0...1000000. Default 10. */
  patience?: number | undefined;
  /** Improvements of a smaller share do not count. Number in 0...1. Default 0.0001. */
  threshold?: number | undefined;
  /** Epochs after a change that do not count. Integer in 0...1000000. Default 0. */
  cooldown?: number | undefined;
  /** The least value. Number in -1e30...1e30. Default 0. */
  minimum?: number | undefined;
  /** First steps, in which step t has (t + 1)/warmup of the start. Integer in 0...1000000000. Default 0. */
  warmup?: number | undefined;
}

/**
 * A factor whenever the measure has not improved for some epochs:
 *
 *     a number of the history is better where it is below (1 − threshold) · best;  after more than `patience` worse ones in a row
 *     the value is multiplied by `factor`, not below the minimum, and `cooldown` epochs do not count
 *
 * More: docs/options.md.
 */
export class PlateauSchedule {
  constructor(options?: PlateauScheduleOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): PlateauSchedule;
  readonly start: number;
  readonly factor: number;
  readonly patience: number;
  readonly threshold: number;
  readonly cooldown: number;
  readonly minimum: number;
  readonly warmup: number;
  /** step [1], history [epochs] → value [1]. */
  value(step: number | Vector, history?: Vector | undefined, options?: ThreadOptions): number;
  valueAsync(step: number | Vector, history?: Vector | undefined, options?: AsyncOptions): Promise<number>;
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

export interface PlateauSchedule extends WeightFiles {}

export interface NegativeMinerOptions {
  /** How they are chosen. Default 'hardest'. */
  strategy?: 'hardest' | 'semiHard' | 'distanceWeighted' | 'degree' | 'mixed' | 'random' | undefined;
  /** Negatives of an anchor. Integer in 1...1000000. Default 1. */
  k?: number | undefined;
  /** How much farther than the positive semi-hard ones may be. Number in 0...1e30. Default 0.1. */
  margin?: number | undefined;
  /** 1 less the cosine, or the Euclidean distance. Default 'cosine'. */
  metric?: 'cosine' | 'euclidean' | undefined;
  /** Seed of what is drawn. Random where left out (read it from the object). */
  seed?: number | bigint | undefined;
}

/**
 * Chooses negatives for anchors among candidates. d is the distance from the anchor, d₊ that of its positive:
 *
 *     hardest           the k nearest
 *     semiHard          d₊ < d < d₊ + margin, the nearest of them first; too few: the nearest of the others behind them
 *     distanceWeighted  drawn with weights 1/q(max(d, ½)), q(d) = d^(D−2) (1 − d²/4)^((D−3)/2): as many of each distance on the sphere
 *     degree            drawn with weights degree^¾
 *     mixed             half of them the nearest, the others drawn by degree (without degrees: evenly)
 *     random            drawn evenly
 *
 * More: docs/options.md.
 */
export class NegativeMiner {
  constructor(options?: NegativeMinerOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): NegativeMiner;
  readonly strategy: 'hardest' | 'semiHard' | 'distanceWeighted' | 'degree' | 'mixed' | 'random';
  readonly k: number;
  readonly margin: number;
  readonly metric: 'cosine' | 'euclidean';
  readonly seed: number | bigint;
  /**
   * anchor [n, d], candidates [m, d], positive [n, d], degrees [m] → indices [n, k]. Changes the object: asynchronous calls take
   * their turns, others are ERR_BUSY meanwhile; rejected with ERR_ABORTED, it has not happened.
   */
  mine(anchor: Matrix | Vector, candidates: Matrix | Vector, positive?: Matrix | Vector | undefined, degrees?: Vector | undefined, options?: ThreadOptions): IndexRows;
  mineAsync(anchor: Matrix | Vector, candidates: Matrix | Vector, positive?: Matrix | Vector | undefined, degrees?: Vector | undefined, options?: AsyncOptions): Promise<IndexRows>;
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

export interface NegativeMiner extends WeightFiles {}

export interface EWCOptions {
  /** Parameters, in numbers. Integer in 1...1073741824. */
  size: number;
  /** How strongly parameters are held. Number in 0...1e30. Default 1. */
  lambda?: number | undefined;
  /** What a consolidation leaves of the older importance. Number in 0...1. Default 1. */
  decay?: number | undefined;
}

/**
 * Elastic weight consolidation: parameters that mattered for what was learned before are kept near their old values.
 *
 *     L(θ) = ½ λ Σ F_i (θ_i − θ*_i)²     dL/dθ_i = λ F_i (θ_i − θ*_i)
 *     F = mean of the squares of the gradients that were observed (the diagonal of the Fisher information)
 *
 * More: docs/options.md.
 */
export class EWC {
  constructor(options: EWCOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): EWC;
  readonly size: number;
  readonly lambda: number;
  readonly decay: number;
  /** values [size] → loss [1]. */
  forward(values: Vector, options?: ThreadOptions): number;
  forwardAsync(values: Vector, options?: AsyncOptions): Promise<number>;
  /** values [size], outputGradient [1] → values [size]. */
  backward(values: Vector, outputGradient?: number | Vector | undefined, options?: ThreadOptions): { values: Float32Array };
  backwardAsync(values: Vector, outputGradient?: number | Vector | undefined, options?: AsyncOptions): Promise<{ values: Float32Array }>;
  /**
   * gradients [n, size] → observed [1]. Changes the object: asynchronous calls take their turns, others are ERR_BUSY meanwhile;
   * rejected with ERR_ABORTED, it has not happened.
   */
  observe(gradients: Matrix | Vector, options?: ThreadOptions): number;
  observeAsync(gradients: Matrix | Vector, options?: AsyncOptions): Promise<number>;
  /**
   * values [size] → observed [1]. Changes the object: asynchronous calls take their turns, others are ERR_BUSY meanwhile;
   * rejected with ERR_ABORTED, it has not happened.
   */
  consolidate(values: Vector, options?: ThreadOptions): number;
  consolidateAsync(values: Vector, options?: AsyncOptions): Promise<number>;
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

export interface EWC extends WeightFiles {}

export interface ReplayBufferOptions {
  /** Numbers of a row. Integer in 1...65536. */
  width: number;
  /** Rows that are kept of all. Integer in 1...16777216. Default 1000. */
  capacity?: number | undefined;
  /** Last rows that are kept. Integer in 1...1048576. Default 100. */
  recent?: number | undefined;
  /** Rows that `sample` draws, with repetitions. Integer in 1...1048576. Default 32. */
  k?: number | undefined;
  /** Seed of what is kept and drawn. Random where left out (read it from the object). */
  seed?: number | bigint | undefined;
}

/**
 * Rows of the past for training again, and a test whether the present is another world.
 *
 *     reservoir: row t > capacity takes the place of a random one with probability capacity/t, so that each row seen is kept with
 *     the same probability     drift = mean over columns of |mean of the recent rows − mean of the reservoir|/its deviation
 *
 * More: docs/options.md.
 */
export class ReplayBuffer {
  constructor(options: ReplayBufferOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): ReplayBuffer;
  readonly width: number;
  readonly capacity: number;
  readonly recent: number;
  readonly k: number;
  readonly seed: number | bigint;
  /**
   * rows [n, width] → seen [1]. Changes the object: asynchronous calls take their turns, others are ERR_BUSY meanwhile; rejected
   * with ERR_ABORTED, it has not happened.
   */
  add(rows: Matrix | Vector, options?: ThreadOptions): number;
  addAsync(rows: Matrix | Vector, options?: AsyncOptions): Promise<number>;
  /**
   *  → rows [k, width]. Changes the object: asynchronous calls take their turns, others are ERR_BUSY meanwhile; rejected with
   * ERR_ABORTED, it has not happened.
   */
  sample(options?: ThreadOptions): Rows;
  sampleAsync(options?: AsyncOptions): Promise<Rows>;
  /**  → drift [1]. */
  drift(options?: ThreadOptions): number;
  driftAsync(options?: AsyncOptions): Promise<number>;
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

export interface ReplayBuffer extends WeightFiles {}

export interface FixedWeightsOptions {
  /** Losses that are weighed. Integer in 1...65536. */
  tasks: number;
}

/**
 * One loss of several, each times a weight that the caller has chosen:
 *
 *     L = Σ_i w_i L_i     dL/dL_i = w_i     dL/dw_i = L_i
 *
 * More: docs/options.md.
 */
export class FixedWeights {
  constructor(options: FixedWeightsOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): FixedWeights;
  readonly tasks: number;
  /** losses [tasks] → loss [1]. */
  forward(losses: Vector, options?: ThreadOptions): number;
  forwardAsync(losses: Vector, options?: AsyncOptions): Promise<number>;
  /** losses [tasks], outputGradient [1] → losses [tasks], parameters [parameters]. */
  backward(losses: Vector, outputGradient?: number | Vector | undefined, options?: ThreadOptions): { losses: Float32Array; parameters: Float32Array };
  backwardAsync(losses: Vector, outputGradient?: number | Vector | undefined, options?: AsyncOptions): Promise<{ losses: Float32Array; parameters: Float32Array }>;
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

export interface FixedWeights extends WeightFiles {}

export interface UncertaintyWeightsOptions {
  /** Losses that are weighed. Integer in 1...65536. */
  tasks: number;
}

/**
 * One loss of several, weighed by how uncertain each is, which is learned:
 *
 *     L = Σ_i e^−s_i L_i + s_i     dL/dL_i = e^−s_i     dL/ds_i = 1 − e^−s_i L_i     s_i = ln σ_i²
 *
 * More: docs/options.md.
 */
export class UncertaintyWeights {
  constructor(options: UncertaintyWeightsOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): UncertaintyWeights;
  readonly tasks: number;
  /** losses [tasks] → loss [1]. */
  forward(losses: Vector, options?: ThreadOptions): number;
  forwardAsync(losses: Vector, options?: AsyncOptions): Promise<number>;
  /** losses [tasks], outputGradient [1] → losses [tasks], parameters [parameters]. */
  backward(losses: Vector, outputGradient?: number | Vector | undefined, options?: ThreadOptions): { losses: Float32Array; parameters: Float32Array };
  backwardAsync(losses: Vector, outputGradient?: number | Vector | undefined, options?: AsyncOptions): Promise<{ losses: Float32Array; parameters: Float32Array }>;
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

export interface UncertaintyWeights extends WeightFiles {}

export interface GradNormOptions {
  /** How strongly tasks that lag are pulled. Number in 0...100. Default 1.5. */
  alpha?: number | undefined;
  /** Length of a step of the weights. Number in 0...1000000000. Default 0.025. */
  learningRate?: number | undefined;
}

/**
 * Weights of several losses, led so that all are learned at the same pace:
 *
 *     G_i = w_i |∇L_i|     r_i = (L_i/L_i(0)) / mean_j (L_j/L_j(0))     w_i ← w_i − learningRate · sign(G_i − Ḡ r_iᵅ) |∇L_i|
 *     then w · tasks/Σ w: the weights keep their sum
 *
 * More: docs/options.md.
 */
export class GradNorm {
  constructor(options?: GradNormOptions);
  /** From `toJson()`. ERR_CORRUPT for anything else. */
  static fromJson(json: string): GradNorm;
  readonly alpha: number;
  readonly learningRate: number;
  /** weights [tasks], losses [tasks], firstLosses [tasks], norms [tasks] → weights [tasks]. */
  update(weights: Vector, losses: Vector, firstLosses: Vector, norms: Vector, options?: ThreadOptions): Float32Array;
  updateAsync(weights: Vector, losses: Vector, firstLosses: Vector, norms: Vector, options?: AsyncOptions): Promise<Float32Array>;
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

export interface GradNorm extends WeightFiles {}

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

export interface TaxonomyMap extends WeightFiles {}

/** MSELoss made for one call: the loss and its gradients. */
export function mse(input: Matrix | Vector, target: Matrix | Vector, options?: MSELossOptions): { loss: number; gradients: { input: Float32Array; target: Float32Array } };

/** CrossEntropyLoss made for one call: the loss and its gradients. */
export function crossEntropy(input: Matrix | Vector, target: Uint32Array | Int32Array | readonly number[], options?: CrossEntropyLossOptions): { loss: number; gradients: { input: Float32Array } };

/** BCEWithLogitsLoss made for one call: the loss and its gradients. */
export function bce(input: Matrix | Vector, target: Matrix | Vector, options?: BCEWithLogitsLossOptions): { loss: number; gradients: { input: Float32Array; target: Float32Array } };

/** ListwiseSoftmaxLoss made for one call: the loss and its gradients. */
export function listwiseSoftmax(scores: Matrix | Vector, relevance: Matrix | Vector, options?: ListwiseSoftmaxLossOptions): { loss: number; gradients: { scores: Float32Array; relevance: Float32Array } };

/** InfoNCELoss made for one call: the loss and its gradients. */
export function infoNce(anchor: Matrix | Vector, positive: Matrix | Vector, negatives?: Matrix | Vector | undefined, options?: InfoNCELossOptions): { loss: number; gradients: { anchor: Float32Array; positive: Float32Array; negatives?: Float32Array | undefined } };

/** TripletMarginLoss made for one call: the loss and its gradients. */
export function triplet(anchor: Matrix | Vector, positive: Matrix | Vector, negative: Matrix | Vector, options?: TripletMarginLossOptions): { loss: number; gradients: { anchor: Float32Array; positive: Float32Array; negative: Float32Array } };

/** ContrastiveLoss made for one call: the loss and its gradients. */
export function contrastive(input: Matrix | Vector, other: Matrix | Vector, similar: Vector, options?: ContrastiveLossOptions): { loss: number; gradients: { input: Float32Array; other: Float32Array; similar: Float32Array } };

/** LocalContrastiveLoss made for one call: the loss and its gradients. */
export function localContrastive(anchor: Matrix | Vector, positive: Matrix | Vector, negatives?: Matrix | Vector | undefined, options?: LocalContrastiveLossOptions): { loss: number; gradients: { anchor: Float32Array; positive: Float32Array; negatives?: Float32Array | undefined } };

/** LaplacianRegularizer made for one call: the loss and its gradients. */
export function laplacian(x: Matrix | Vector, graph: Graph, edgeWeight?: Vector | undefined, options?: LaplacianRegularizerOptions): { loss: number; gradients: { x: Float32Array } };

/** OrthogonalityRegularizer made for one call: the loss and its gradients. */
export function orthogonality(x: Matrix | Vector, options?: OrthogonalityRegularizerOptions): { loss: number; gradients: { x: Float32Array } };

/** NormRegularizer made for one call: the loss and its gradients. */
export function normPenalty(x: Matrix | Vector, options?: NormRegularizerOptions): { loss: number; gradients: { x: Float32Array } };

/** L2Regularizer made for one call: the loss and its gradients. */
export function l2(x: Matrix | Vector, options?: L2RegularizerOptions): { loss: number; gradients: { x: Float32Array } };

/** SpectralRegularization made for one call: the loss and its gradients. */
export function spectral(x: Matrix | Vector, options?: SpectralRegularizationOptions): { loss: number; gradients: { x: Float32Array } };

/** Any schedule. */
export type AnySchedule = ConstantSchedule | CosineSchedule | LinearSchedule | ExponentialSchedule | StepSchedule | CosineRestartsSchedule | PlateauSchedule;

/** The options of each optimizer. */
export interface OptimizersByName {
  sgd: SGDOptions;
  adam: AdamOptions;
  adamW: AdamWOptions;
  riemannianSgd: RiemannianSGDOptions;
  riemannianAdam: RiemannianAdamOptions;
}

export interface ScaledDotProductOptions {
  /** Width of queries and keys. Integer in 1...65536. */
  dim: number;
  /** T > 0 of the softmax; lower is sharper. Finite number > 0. Default 1. */
  temperature?: number | undefined;
  /** true: query i sees keys up to i + n - m only. Default false. */
  causal?: boolean | undefined;
  /** true: scores are cosines over T: queries and keys are scaled to length 1 first. Default false. */
  normalize?: boolean | undefined;
  /** Share of the weights of the softmax that training leaves out. Number in 0...0.999. Default 0. */
  dropout?: number | undefined;
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
  /** Share of the weights of the softmax that training leaves out. Number in 0...0.999. Default 0. */
  dropout?: number | undefined;
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
  /** Mechanisms of attention of the same width; they are copied. 1...64 members. Default four by name. */
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
  /** Mechanisms of attention of the same width; they are copied. 1...64 members. Default four by name. */
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

/** What all indexes are made with. `keys` makes the type of the index: `new HNSWIndex({ dim, keys: 'string' })` is an HNSWIndex<string>. */
export interface IndexOptions<K extends IndexKey = number> {
  /** Elements a vector. Integer in 1...65536. */
  dim: number;
  /** How vectors are compared. Default 'cosine'. */
  metric?: 'cosine' | 'l2' | 'ip' | 'poincare' | 'lorentz' | undefined;
  /** Sectional curvature of the hyperbolic metrics. Finite number < 0. Default -1. */
  curvature?: number | undefined;
  /**
   * How rows are stored for the search; i8: a byte an element and a scale a row, a quarter of the memory traffic. Hyperbolic
   * metrics take f32 alone. Default 'f32'.
   */
  storage?: 'f32' | 'f16' | 'i8' | undefined;
  /** true: floats are kept beside a smaller storage, to order the last candidates exactly. Default true. */
  rerank?: boolean | undefined;
  /**
   * Vectors to have memory for at once. Without it an index starts with room for 16 and doubles up to some 4 MB of rows, then
   * grows by pieces of that size; a batch into an empty index takes what it needs in one piece. Integer in 0...2147483646.
   * Default 0.
   */
  capacity?: number | undefined;
  /** What vectors are named by: 64-bit integers (of which JavaScript makes numbers or bigints) or strings. Default 'number'. */
  keys?: KindOfKey<K> | undefined;
}

export interface HNSWOptions<K extends IndexKey = number> extends IndexOptions<K> {
  /**
   * Links a vector at levels above 0, twice as many at level 0: more for hard data, at 8 M bytes a vector. Integer in 2...100.
   * Default 16.
   */
  M?: number | undefined;
  /** Candidates that inserting looks at: more for a better graph and a slower build. Integer in 1...65536. Default 200. */
  efConstruction?: number | undefined;
  /** Candidates that a search keeps (at least k), unless it says otherwise: recall for speed. Integer in 1...1048576. Default 64. */
  ef?: number | undefined;
  /** Seed of the levels and the order of insertion. Default 1. */
  seed?: number | bigint | undefined;
}
