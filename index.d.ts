// Ruvector for Swift: types of the main entry. Every function throws a RuvectorError (its `code` is stable) and never
// ends the process. Formulas, precision and boundary behaviour: docs/numerics.md.
import type { EdgeFeaturedAttention } from './npm/entries/attention.js';
import type { Impression, LearningReport, LearnOptions, RankExplanation } from './npm/types/ranking.js';
import type { ActivationOptions, AggregationOptions, HNSWOptions, IndexOptions, Rows, RuvectorLayerV2, Sequential, WeightFiles } from './npm/types/generated.js';
export * from './npm/types/generated.js';
export * from './npm/types/embedding.js';
export * from './npm/types/ranking.js';
export * from './npm/types/train.js';

declare global {
  /** For `using` and `await using` (TypeScript 5.2), as lib.esnext.disposable and @types/node declare them. */
  interface SymbolConstructor {
    readonly dispose: unique symbol;
    readonly asyncDispose: unique symbol;
  }
}

/** Stable error codes; docs/troubleshooting.md names cause and cure of each. */
export type RuvectorErrorCode =
  | 'ERR_DIMENSION_MISMATCH' | 'ERR_EMPTY_INPUT' | 'ERR_INVALID_ARG' | 'ERR_INVALID_CONFIG' | 'ERR_OUT_OF_RANGE'
  | 'ERR_NON_FINITE' | 'ERR_OUT_OF_MEMORY' | 'ERR_IO' | 'ERR_BUSY' | 'ERR_CLOSED' | 'ERR_WRONG_HANDLE'
  | 'ERR_DUPLICATE_KEY' | 'ERR_NOT_FOUND' | 'ERR_CORRUPT' | 'ERR_UNSUPPORTED' | 'ERR_ABORTED' | 'ERR_NO_BINARY' | 'ERR_TRAP';

/** The one error of the library. The message has the form "expected X for name, received Y". */
export class RuvectorError extends Error {
  constructor(code: RuvectorErrorCode, message: string, options?: { cause?: unknown });
  readonly code: RuvectorErrorCode;
}

/** An array of numbers. Float32Array is read in place; the others are converted to 32-bit floats. */
export type NumberArray = Float32Array | Float64Array | readonly number[];

/**
 * A tensor as onnxruntime and transformers.js declare theirs. Its elements have to be floats ('float32', 'float64';
 * ERR_INVALID_ARG for others) in the processor's memory (ERR_UNSUPPORTED elsewhere: `await tensor.getData()`).
 */
export interface Tensor { readonly data: ArrayBufferView | readonly unknown[]; readonly dims: readonly number[]; readonly type: string }

/** A vector: an array of numbers, or a tensor or ndarray of dims [n] or, as models give them for one text, [1, n]. */
export type Vector =
  | NumberArray
  | Tensor
  | { readonly data: NumberArray; readonly dims: readonly number[] }
  | { readonly data: NumberArray; readonly shape: readonly number[] };

/** A matrix in one piece, row after row: our own form, the tensors of onnxruntime and transformers.js (dims [n, dim]), ndarrays. */
export type PackedMatrix =
  | { readonly data: NumberArray; readonly rows: number; readonly dim: number }
  | Tensor
  | { readonly data: NumberArray; readonly dims: readonly number[] }
  | { readonly data: NumberArray; readonly shape: readonly number[] };

/** n vectors of one length. Fastest for repeated queries: a VectorSet; for a single one: a PackedMatrix. */
export type Matrix = readonly Vector[] | PackedMatrix;

/** What a search looks through. */
export type Candidates = Matrix | VectorSet;

/** For `VectorSet.open` in a worker of the same process; survives structured cloning. */
export interface VectorSetToken { readonly vectorSet: number }

/**
 * Candidates that stay in native memory (64-byte aligned, checked for NaN once, norms and ball factors cached).
 * The rows never change. Memory: 4 · size · (dim + 1) bytes; from the first hyperbolic search on 4 · size more, and a
 * second copy of the rows where some have to be moved into the ball. What belongs to the ball is kept for one curvature
 * and projection at a time: alternating between two computes it again each time.
 */
export class VectorSet {
  /**
   * Copies the vectors. O(size · dim).
   * @throws ERR_DIMENSION_MISMATCH for ragged rows, ERR_EMPTY_INPUT for rows of length 0, ERR_NON_FINITE,
   *   ERR_OUT_OF_MEMORY
   */
  constructor(vectors: Matrix);
  /** The set behind a token made in any thread of this process; shared, not copied. @throws ERR_NOT_FOUND when it is gone */
  static open(token: VectorSetToken): VectorSet;
  /** Number of vectors. (Like `dim` and `token`: ERR_CLOSED after `close()`.) */
  readonly size: number;
  /** Elements a vector. */
  readonly dim: number;
  /** Post it to a worker and open it there; valid while any thread has the set open. */
  readonly token: VectorSetToken;
  /** A copy of vector `index`. @throws ERR_OUT_OF_RANGE */
  get(index: number): Float32Array;
  /** True after `close()`. */
  readonly closed: boolean;
  /** Frees the native memory once calls in flight are done; later calls give ERR_CLOSED. Closing twice is fine. */
  close(): void;
  [Symbol.dispose](): void;
}

// ---- Graphs -------------------------------------------------------------------------------------------------------

/** Whole numbers: nodes, or places of entries. */
export type IndexArray = Uint32Array | Int32Array | readonly number[];

/** Edges in CSR form: node i, a target, has the sources indices[offsets[i]] up to, not including, indices[offsets[i + 1]]. */
export interface GraphArrays {
  /** One more than there are nodes, rising from 0 to the number of indices. */
  readonly offsets: IndexArray;
  /** A source an entry, each below `columns`. */
  readonly indices: IndexArray;
  /** Source nodes. Default: as many as there are nodes. */
  readonly columns?: number | undefined;
  /** A number an entry, finite. Default: all are 1. */
  readonly weights?: Vector | undefined;
  /** Whether the sources of a node rise and repetitions become one entry, with the sum of their weights. Default false. */
  readonly coalesce?: boolean | undefined;
}

/** How a graph is made of edges. */
export interface GraphOptions {
  /** Target nodes. */
  readonly nodes: number;
  /** Source nodes. Default: as many. */
  readonly columns?: number | undefined;
  /** A number an edge, finite. Default: all are 1. */
  readonly weights?: Vector | undefined;
  /** Whether the sources of a node rise and repetitions become one entry, with the sum of their weights. Default false. */
  readonly coalesce?: boolean | undefined;
}

/** Edges as pairs, source, target, source, target and so on; or in columns. */
export type EdgePairs = IndexArray | { readonly sources: IndexArray; readonly targets: IndexArray };

/** For `Graph.open` in a worker of the same process; survives structured cloning. */
export interface GraphToken { readonly graph: number }

/**
 * A directed graph that stays in native memory, checked once, for layers that pass messages from the sources of a node to the
 * node. It never changes. Entries keep their order, and every one counts, repetitions and loops too: what belongs to edges
 * (features, weights) is one row an entry. At most 2³¹ − 2 nodes, sources and entries each. Memory: 4 · (nodes + edges) bytes, 4 · edges
 * more with weights, and as much again while it is made; what layers need besides (the edges with loops, with normalised weights, by source) is made at the first call that needs it and kept:
 * 4 to 20 bytes an edge.
 */
export class Graph {
  /**
   * Copies the arrays. O(nodes + edges).
   * @throws ERR_INVALID_ARG for offsets that fall, or do not lead from 0 to the number of indices, and for sources that there are
   *   not; ERR_EMPTY_INPUT without offsets, ERR_OUT_OF_RANGE, ERR_OUT_OF_MEMORY
   */
  constructor(graph: GraphArrays);
  /**
   * The graph of these edges. Those of one target keep their order: edges sorted by target are the entries in their order.
   * `nodes`: target nodes; `columns`: source nodes (default: as many). O(nodes + edges).
   * @throws as the constructor, ERR_DIMENSION_MISMATCH for half a pair
   */
  static fromEdges(pairs: EdgePairs, options: GraphOptions): Graph;
  /**
   * The graph of an edge index as PyTorch Geometric has it: a row of sources and a row of targets. O(nodes + edges).
   * @throws as `fromEdges`
   */
  static fromEdgeIndex(
    edgeIndex: readonly [IndexArray, IndexArray] | { readonly data: IndexArray; readonly rows: 2; readonly dim: number }, options: GraphOptions,
  ): Graph;
  /** The graph in which node i has the sources `lists[i]`; weights are those of the entries in their order. @throws as the constructor */
  static fromAdjacency(lists: readonly IndexArray[], options?: Partial<GraphOptions>): Graph;
  /**
   * A level of an HNSWIndex as a graph: node i is the vector of `keys[i]`, its sources are what that is linked to.
   * @throws as `index.toCSR`
   */
  static fromIndex<K extends IndexKey>(index: HNSWIndex<K>, level?: number): { graph: Graph; keys: IndexKeys<K> };
  /** The graph behind a token made in any thread of this process; shared, not copied. @throws ERR_NOT_FOUND when it is gone */
  static open(token: GraphToken): Graph;
  /** Target nodes. (Like the other properties: ERR_CLOSED after `close()`.) */
  readonly nodes: number;
  /** Source nodes. */
  readonly columns: number;
  /** Entries of all nodes. */
  readonly edges: number;
  /** A copy: one more than there are nodes. */
  readonly offsets: Uint32Array;
  /** A copy: one an entry. */
  readonly indices: Uint32Array;
  /** A copy: one an entry; undefined where all are 1. */
  readonly weights: Float32Array | undefined;
  /** How many entries each node has. */
  readonly degrees: Uint32Array;
  /** The same edges the other way round; O(nodes + edges). (Without nodes here, as many sources as nodes there: nodes without sources are no graph.) */
  reversed(): Graph;
  /** The graph as a file of the format safetensors: tensors "offsets", "indices" and, where it has them, "weights". @throws ERR_NOT_FOUND, ERR_IO */
  save(path: string): void;
  /** The same bytes. */
  toBuffer(): Uint8Array;
  /** The graph of such a file, or of its bytes. @throws ERR_CORRUPT for anything else, ERR_NOT_FOUND, ERR_IO */
  static load(source: string | Uint8Array): Graph;
  /** Post it to a worker and open it there; valid while any thread has the graph open. */
  readonly token: GraphToken;
  /** True after `close()`. */
  readonly closed: boolean;
  /** Frees the native memory once calls in flight are done; later calls give ERR_CLOSED. Closing twice is fine. */
  close(): void;
  [Symbol.dispose](): void;
}

/** The same class by its other name. */
export const CSRGraph: typeof Graph;
export type CSRGraph = Graph;

// ---- Layers over graphs (the others: npm/types/generated.d.ts) ------------------------------------------------------

/** What a GNNEmbedder is made of. */
export interface GNNConfig {
  /** Kind of the layers. Default 'sage'. */
  readonly layer?: 'gcn' | 'gat' | 'gatv2' | 'sage' | 'transformer' | undefined;
  /** Width of a vector. */
  readonly inputDim: number;
  /** Width of an embedding. Default: inputDim. */
  readonly outputDim?: number | undefined;
  /** Width between layers, a multiple of `numHeads`. Default: outputDim. */
  readonly hiddenDim?: number | undefined;
  /** 1...16. Default 2. */
  readonly numLayers?: number | undefined;
  /** Heads of all layers but the last, of kinds that have heads. Default 1. */
  readonly numHeads?: number | undefined;
  /** Width of an edge's row, for kinds that read edges. Default 0. */
  readonly edgeDim?: number | undefined;
  /** Share of the numbers between layers that training leaves out. Default 0. */
  readonly dropout?: number | undefined;
  /** Between layers. Default 'relu'. */
  readonly activation?: ActivationOptions['function'];
  /** Whether embeddings have length 1. Default false. */
  readonly normalize?: boolean | undefined;
  /** Random where left out. */
  readonly seed?: number | bigint | undefined;
}

export interface RLNavigatorOptions {
  /** Of neighbours: as many nodes as `vectors` has rows. Copied, as they are. */
  graph: Graph;
  vectors: Matrix;
  /** Numbers of the sketch by which nodes are known before they are measured, 1...1024. Default 32. */
  sketch?: number | undefined;
  /** Where walks begin. Default 0. */
  start?: number | undefined;
  /** Of the sketch and of the walks of `train`. Random where left out. */
  seed?: number | undefined;
}
/**
 * Walks a neighbour graph towards a query by a learned policy, which measures a vector only where it goes: of the nodes that it has seen
 * and not been to, it takes the one with the largest w · f, f = (cosine of the sketches, cosine of where it was seen from, ln(1 + degree)).
 * `train`: REINFORCE with a baseline (Williams 1992). On an HNSW graph it measures fewer vectors than a search by distances, and takes more
 * time than `HNSWIndex.search` (docs/findings.md).
 * @throws ERR_DIMENSION_MISMATCH, ERR_NON_FINITE, ERR_OUT_OF_RANGE, ERR_INVALID_ARG, ERR_WRONG_HANDLE
 */
export class RLNavigator {
  constructor(options: RLNavigatorOptions);
  readonly nodes: number;
  readonly dim: number;
  readonly seed: number;
  /** w. */
  getWeights(): Float64Array;
  setWeights(weights: Vector): void;
  /** The `k` (10) nearest of the `hops` (100) nodes that the policy goes to; `evaluations`: how many it was at. */
  search(query: Vector, options?: { k?: number | undefined; hops?: number | undefined }): { indices: number[]; similarities: number[]; evaluations: number };
  /** Learns to get to the nearest node in few hops; `rewards`: the mean of each episode. An abort or an error leaves w as it was. */
  train(queries: Matrix, options?: {
    episodes?: number | undefined; hops?: number | undefined; learningRate?: number | undefined; signal?: AbortSignal | undefined;
    onProgress?: ((progress: { readonly episode: number; readonly episodes: number; readonly reward: number; readonly done: number }) => void) | undefined;
  }): Promise<{ rewards: number[] }>;
}

/** Vectors and a graph -> embeddings: a Sequential of layers of one kind. Train `model` with a Trainer. */
export class GNNEmbedder {
  /** @throws ERR_INVALID_ARG, ERR_INVALID_CONFIG, ERR_OUT_OF_MEMORY */
  constructor(config: GNNConfig);
  /** With defaults. */
  readonly config: Readonly<Required<GNNConfig>>;
  /** The layers; closed with the embedder. */
  readonly model: Sequential;
  /** Embeddings of the nodes: vectors [n, inputDim], a graph of n nodes -> [n, outputDim]. @throws as `Sequential.forward` */
  encode(vectors: Matrix, graph: Graph, edgeAttr?: Matrix | undefined, options?: ThreadOptions): Rows;
  encodeAsync(vectors: Matrix, graph: Graph, edgeAttr?: Matrix | undefined, options?: AsyncOptions): Promise<Rows>;
  readonly closed: boolean;
  close(): void;
}

/** What a GraphSAGE is made of. */
export interface GraphSAGEConfig {
  /** Width of a vector. */
  readonly inputDim: number;
  /** Width between layers. Default: outputDim. */
  readonly hiddenDim?: number | undefined;
  /** Width of an embedding. Default: inputDim. */
  readonly outputDim?: number | undefined;
  /** 1...16. Default 2. */
  readonly numLayers?: number | undefined;
  /** Default 'mean'. */
  readonly aggregator?: 'mean' | 'max' | 'sum' | 'lstm' | undefined;
  /** Neighbours of a node in each hop of a minibatch, one number a layer; Infinity: all. Default 10 each. */
  readonly sampleSizes?: readonly number[] | undefined;
  /** Share of the numbers between layers that training leaves out. Default 0. */
  readonly dropout?: number | undefined;
  /** Between layers. Default 'relu'. */
  readonly activation?: ActivationOptions['function'];
  /** Whether embeddings have length 1. Default false. */
  readonly normalize?: boolean | undefined;
  /** Random where left out. */
  readonly seed?: number | bigint | undefined;
}

/** Several GraphSAGELayers as one model (Hamilton, Ying, Leskovec 2017). Nodes that training has not seen are answered like others. */
export class GraphSAGE {
  /** @throws ERR_INVALID_ARG, ERR_INVALID_CONFIG, ERR_OUT_OF_MEMORY */
  constructor(config: GraphSAGEConfig);
  /** With defaults. */
  readonly config: Readonly<Required<GraphSAGEConfig>>;
  /** The layers; closed with it. Train it with a Trainer, in minibatches with its option `sampleSizes`. */
  readonly model: Sequential;
  /** Rows of all nodes. `adjacency`: a Graph, the sources of each node, or CSR arrays. */
  forward(features: Matrix, adjacency: Graph | readonly IndexArray[] | GraphArrays, options?: ThreadOptions): Rows;
  /** The same under the name of GNNEmbedder. */
  encode(features: Matrix, adjacency: Graph | readonly IndexArray[] | GraphArrays, edgeAttr?: undefined, options?: ThreadOptions): Rows;
  /**
   * Rows of some nodes, in their order, over neighbourhoods of `sampleSizes`, drawn anew in each call by the seed (or by `step`). With
   * whole neighbourhoods they are those of `forward`.
   */
  forwardMinibatch(
    features: Matrix, adjacency: Graph | readonly IndexArray[] | GraphArrays, batchNodes: IndexArray, options?: ThreadOptions & { step?: number | undefined }): Rows;
  readonly closed: boolean;
  close(): void;
}

/** What a NeighborSampler draws. */
export interface Sample {
  /** Of the nodes asked for and those found, in that order. Degrees are those of the whole graph. */
  graph: Graph;
  /** Of each of its nodes the number in the whole graph. */
  nodes: Uint32Array;
  /** Of each node asked for its row in the subgraph. */
  rows: Uint32Array;
  /** Of each of its entries the place in the whole graph. */
  entries: Uint32Array;
}

/**
 * Draws subgraphs around nodes, hop by hop: of a node in hop h at most `sizes[h]` entries (Infinity, or -1: all), and its loops. What is drawn for a node depends on the
 * seed, the step and the node alone. O(entries drawn) and a table of the graph's nodes.
 */
export class NeighborSampler {
  constructor(options: { sizes: readonly number[]; seed?: number | bigint | undefined });
  readonly sizes: number[];
  readonly seed: number | bigint;
  /** Each call is another step where `step` is left out. @throws ERR_INVALID_ARG for nodes that there are not */
  sample(graph: Graph, nodes: IndexArray, step?: number): Sample;
  /** What a layer, a Sequential or an embedder gives for some nodes of a graph, in their order. */
  forward(
    model: GNN, features: Matrix, graph: Graph | readonly IndexArray[] | GraphArrays, nodes: IndexArray,
    options?: ThreadOptions & { step?: number | undefined; edgeAttr?: Matrix | undefined }): Rows;
}

/** Whatever makes rows of nodes from rows of nodes: an embedder, or a layer over graphs. */
export type GNN =
  | { encode(vectors: Matrix, graph: Graph, edgeAttr?: undefined, options?: ThreadOptions): Rows }
  | { forward(vectors: Matrix, graph: Graph, edgeAttr?: Matrix | undefined, options?: ThreadOptions): Rows }
  | { forward(vectors: Matrix, graph: Graph, options?: ThreadOptions): Rows };

/** How candidates are ranked anew. */
export interface GnnSearchOptions {
  /** How many the index finds first. Default: 50, or 4 k where that is more. */
  readonly candidates?: number | undefined;
  /** Sources of a candidate that the layer sees. Default 8. */
  readonly neighbors?: number | undefined;
  /** Nearest candidates that the query is linked to, as if it had been inserted. Default 8. */
  readonly queryLinks?: number | undefined;
  /** Edges of one's own with their weights, in the place of the links of the index; the query's own links have weight 1. */
  readonly graph?: Graph | undefined;
  /** The key of each of its nodes; of a store the id. Default: the node's number as a key of the index. */
  readonly keys?: readonly IndexKey[] | Float64Array | BigInt64Array | undefined;
  /** w of w z(cosine of embeddings) + (1 − w) z(−distance of the index); with 1 (the default) the score is the cosine. */
  readonly gnnWeight?: number | undefined;
  /** T of the weights. Default 1. */
  readonly temperature?: number | undefined;
  /** As of a search. */
  readonly ef?: number | undefined;
  readonly threads?: number | undefined;
}

/** A candidate, ranked anew. */
export interface GnnResult<K = IndexKey> {
  key: K;
  score: number;
  /** Its share of softmax(score/T) over all candidates. */
  weight: number;
  /** That of the index. */
  distance: number;
  /** Of layers with weights of edges (`forwardWithAttention`): what the candidate got from its sources, largest first. */
  attention?: { key: K; weight: number }[] | undefined;
}

/** The same of a store. */
export interface GnnStoreResult { id: string; score: number; weight: number; distance: number; metadata: unknown; attention?: { id: string; weight: number }[] | undefined }

/**
 * The k best of the candidates that an index (or a store) finds, by the embeddings that a layer over their graph gives to them and to the
 * query. Rows are those of the index (of length 1 where its metric is 'cosine', the query then, too): train the layer on such, for the
 * task; an untrained one ranks at random. O(candidates) calls of the index and one of the layer.
 * @throws ERR_DIMENSION_MISMATCH, ERR_OUT_OF_RANGE, ERR_WRONG_HANDLE, ERR_INVALID_ARG
 */
export function searchWithGnn<K extends IndexKey>(index: HNSWIndex<K> | BruteForceIndex<K>, query: Vector, gnn: GNN, k: number, options?: GnnSearchOptions): GnnResult<K>[];
export function searchWithGnn(store: VectorStore, query: Vector, gnn: GNN, k: number, options?: GnnSearchOptions & Pick<StoreSearchOptions, 'filter' | 'where'>): GnnStoreResult[];

/**
 * A layer of one's own: `aggregate` is native, `update` is what a subclass writes.
 */
export class MessagePassing {
  constructor(options?: AggregationOptions);
  readonly aggr: 'sum' | 'mean' | 'max';
  /** What the sources of each node have in common (see Aggregation). */
  aggregate(x: Matrix, graph: Graph, options?: ThreadOptions): Rows;
  /** Its gradient: that of x. */
  aggregateBackward(x: Matrix, graph: Graph, outputGradient: Matrix, options?: ThreadOptions): Float32Array;
  /** The new rows of nodes; here what `aggregate` gave. */
  update(aggregated: Rows, x: Matrix, graph: Graph): Rows;
  /** update(aggregate(x, graph), x, graph) */
  forward(x: Matrix, graph: Graph, options?: ThreadOptions): Rows;
  readonly closed: boolean;
  close(): void;
}

// ---- Stores -------------------------------------------------------------------------------------------------------

/** What belongs to a vector besides its id: any object that JSON can hold. */
export type Metadata = { [field: string]: any };

/** An entry as it is inserted. Without an `id` it gets a random UUID. */
export interface StoreEntry { readonly id?: string | undefined; readonly vector: Vector; readonly metadata?: Metadata | null | undefined }
/** Many entries in columns: lists of one length. */
export interface StoreColumns { readonly ids?: readonly (string | undefined)[] | undefined; readonly vectors: Matrix; readonly metadata?: readonly (Metadata | null | undefined)[] | undefined }
/** An entry as it is kept: the vector exactly as it was inserted, the metadata as JSON keeps it. */
export interface StoredEntry { id: string; vector: Float32Array; metadata: Metadata | undefined }
/** `distance` is the metric's (IndexMetric): 1 − cosine, |q − y|², 1 − q·y, or that of the hyperbolic space. */
export interface StoreResult {
  id: string;
  distance: number;
  metadata: Metadata | undefined;
  /** With `rerank`: what the order is by. */
  score?: number | undefined;
  /** With `explain`. */
  explain?: RankExplanation | undefined;
}
/** Results of a search with `track`: what `observe` wants to know, as a text that survives JSON, a browser and time. */
export type TrackedResults = StoreResult[] & { readonly impression: string };

/** A value that a field is compared with; a Date as JSON keeps it, '2026-01-02T03:04:05.000Z'. */
export type WhereValue = string | number | boolean | null | Date;
/**
 * What is said of one field. Strings compare by code points, numbers with numbers only; other types never hold for $gt and so on.
 * Where the field is an array, each of these holds if it holds for an element; $ne, $nin and $not are the opposite of $eq, $in and
 * what they are given: $ne holds for an array without the value.
 */
export interface FieldCondition {
  $eq?: WhereValue;
  /** Not equal, or not there. */
  $ne?: WhereValue;
  $gt?: string | number | Date;
  $gte?: string | number | Date;
  $lt?: string | number | Date;
  $lte?: string | number | Date;
  $in?: readonly WhereValue[];
  $nin?: readonly WhereValue[];
  /** An array that has this element. */
  $contains?: WhereValue;
  /** An array that has one of these. */
  $containsAny?: readonly WhereValue[];
  $exists?: boolean;
  $not?: FieldCondition | WhereValue;
}
/**
 * A predicate about metadata. A field may be a path, `'author.name'`, which leads through arrays of objects, too; a value alone means
 * $eq; all that is said has to hold. null is JSON's null; what is not there is `{ $exists: false }`, and undefined is refused. A field that
 * no entry has is nowhere: a predicate about it holds for no entry, its opposite for all.
 */
export type Where = { $and?: readonly Where[]; $or?: readonly Where[]; $not?: Where } & WhereFields;
export interface WhereFields { [field: string]: FieldCondition | WhereValue | Where | readonly Where[] }

/**
 * `dim`, `metric` and `curvature` are written into the store; of the others that are HNSWIndex's: with others than the last time (`ef` apart) the
 * index is built anew.
 */
export interface StoreOptions extends Omit<HNSWOptions, 'dim' | 'capacity' | 'keys' | 'seed'> {
  /** Elements a vector; needed where the store is new, else checked. */
  dim?: number | undefined;
  /** Of the index, as of HNSWIndex. */
  seed?: number | undefined;
  /** Whether to make a store where there is none (true, unless `readOnly`), or to fail with ERR_IO or ERR_NOT_FOUND. */
  create?: boolean | undefined;
  /**
   * To read from only: what changes the store gives ERR_UNSUPPORTED, and no file is made or changed but SQLite's own beside a store that
   * others write. Left out, it is what the file system says: a store in a folder or on a medium that cannot be written to opens
   * read-only (containers, Lambda), if it was closed cleanly; nothing may change such a file while it is open.
   */
  readOnly?: boolean | undefined;
  /** 'full' (default): what a call has acknowledged survives a loss of power; 'normal': a crash of the process only, faster. */
  synchronous?: 'full' | 'normal' | undefined;
  /** Milliseconds to wait for writes of other connections (those of other processes, say) before ERR_BUSY. Default 5000. */
  patience?: number | undefined;
  /** Changes after which the index is saved in the middle of a write. Default: half of the index, 10,000 at least. */
  saveEvery?: number | undefined;
  /** Observations that are kept, of more a fair sample; 1...1e7. Default 100,000. Of this opening: a lower one than before counts at the next `observe` or `learn`; left out, a longer log stays as long. */
  maxObservations?: number | undefined;
}
export interface StoreInsertOptions extends ThreadOptions {
  /** Whether entries with known ids take the place of the old ones (false: ERR_DUPLICATE_KEY, and nothing is inserted). */
  replace?: boolean | undefined;
  /**
   * Told of the share of the index' work that is done, rising to 1; the transaction follows then. Where the call is asynchronous, 0
   * first, and then every 50 ms or so; else now and then. What it throws is the call's own error, and nothing is inserted. Not
   * called where there is nothing to insert.
   */
  onProgress?: ((done: number) => void) | undefined;
}
export interface StoreSearchOptions {
  /** Results wanted, 10 by default; as many as fit and hold are given. */
  k?: number | undefined;
  /** Candidates that the index keeps: more find better, slower. */
  ef?: number | undefined;
  /**
   * Ids that may be found, or not; ids that no entry has count for nothing. Looked up in the table at each search: O(ids). For many
   * searches: what `prepareFilter` of this store has made.
   */
  filter?: StoreIdFilter | PreparedFilter | undefined;
  /** What has to hold for the metadata. */
  where?: Where | undefined;
  /** The learned order instead of that by distance. Default false. Entries that came after it was learned are ranked like all others. */
  rerank?: boolean | undefined;
  /** With `rerank`: how many of the nearest are put in order. Default 50, at least `k`. */
  candidates?: number | undefined;
  /** Whether the results have an `impression` for `observe`. Default false. */
  track?: boolean | undefined;
  /** The share of tracked searches, 0...1, in which two results change places: without it nobody can tell what is not good from what is not looked at. Default 0. */
  explore?: number | undefined;
  /** With `explore`: of the chance that this search takes, 0...4294967295. Random where left out. */
  seed?: number | undefined;
  /** With `rerank`: whether each result says why it stands where it does. Default false. */
  explain?: boolean | undefined;
}
/** Ids that may be found: a list or a Set of them, `{ allow }` with one of these, or `{ deny }` with those that may not. */
export type StoreIdFilter =
  | readonly string[] | ReadonlySet<string>
  | { readonly allow: readonly string[] | ReadonlySet<string> } | { readonly deny: readonly string[] | ReadonlySet<string> };
/** Which entries a prepared filter allows; at least one of the two, both have to hold. */
export interface StoreFilterOptions {
  filter?: StoreIdFilter | undefined;
  where?: Where | undefined;
}

/**
 * A durable store in one file: vectors, string ids and metadata in an SQLite database, an HNSWIndex beside it (`path`.hnsw).
 * The database is the truth: when a write returns, it is on the disk, and a process that is killed at any moment loses nothing
 * that was acknowledged. The index is saved now and then, and brought up to date or built anew when the store is opened.
 * Any number of processes and workers may have the same file open; a search sees what they had committed when it was called.
 *
 * A write happens as a whole or not at all, in the table and in the index, and its outcome says which: what is returned or resolved is
 * in the file, of what throws or rejects nothing is. Searches meanwhile find, of an entry that is replaced, the old vector or the
 * new one, once. Asynchronous writes of one store take their turns, in the order of the calls; one that blocks meanwhile gives ERR_BUSY
 * (searches do not).
 *
 * SQLite is the system's library (libsqlite3.so.0, Debian's package libsqlite3-0; RUVECTOR_SQLITE names another file), looked
 * for when the first store is opened. Not in WebAssembly. docs/vector-store.md
 */
export class VectorStore {
  private constructor();
  /**
   * Opens the store in the file `path`, or makes it; ":memory:" for one that is never written.
   * @throws ERR_UNSUPPORTED without SQLite, ERR_IO, ERR_CORRUPT (no database), ERR_INVALID_ARG (somebody else's database),
   *   ERR_INVALID_CONFIG (other `dim`, `metric`, `curvature` than the store's)
   */
  static open(path: string, options?: StoreOptions): VectorStore;
  /** The same off the event loop: building a large index takes a while. Always rejects, never throws. */
  static openAsync(path: string, options?: StoreOptions): Promise<VectorStore>;
  /**
   * Stores one entry; its id. @throws ERR_DUPLICATE_KEY, ERR_DIMENSION_MISMATCH, ERR_NON_FINITE, ERR_OUT_OF_RANGE, ERR_INVALID_ARG, ERR_CLOSED,
   *   ERR_IO, ERR_BUSY (an asynchronous write of this store is in flight, or another connection writes for longer than `patience`)
   */
  insert(entry: StoreEntry, options?: StoreInsertOptions): string;
  /** Stores many entries in one transaction, all or none; their ids. Much faster than one by one: each transaction waits for the disk. */
  insertBatch(entries: readonly StoreEntry[] | StoreColumns, options?: StoreInsertOptions): string[];
  /**
   * `insert` and `insertBatch` off the event loop: arguments are checked and copied before the call returns. They reject with
   * ERR_ABORTED or ERR_CLOSED (`close`) only where the transaction had not begun: nothing is inserted then, and the same call may be made
   * again at once. Aborted later they resolve.
   */
  insertAsync(entry: StoreEntry, options?: StoreInsertOptions & AsyncOptions): Promise<string>;
  insertBatchAsync(entries: readonly StoreEntry[] | StoreColumns, options?: StoreInsertOptions & AsyncOptions): Promise<string[]>;
  get(id: string): StoredEntry | undefined;
  has(id: string): boolean;
  /** Deletes an entry; whether there was one. */
  delete(id: string): boolean;
  /** Deletes entries in one transaction; how many there were. @throws ERR_BUSY as `insert` */
  deleteBatch(ids: readonly string[]): number;
  /** The same off the event loop, with the outcomes of `insertAsync`. */
  deleteAsync(id: string, options?: { signal?: AbortSignal | undefined }): Promise<boolean>;
  deleteBatchAsync(ids: readonly string[], options?: { signal?: AbortSignal | undefined }): Promise<number>;
  /**
   * The entries nearest to `query` for which `filter` and `where` hold, best first. It first applies to the index what other connections
   * have committed (nothing of it while an asynchronous write of this store is in flight: `searchAsync` does).
   * @throws ERR_DIMENSION_MISMATCH, ERR_NON_FINITE, ERR_INVALID_ARG, ERR_CLOSED, ERR_WRONG_HANDLE (a filter that another store or an index prepared)
   */
  search(query: Vector, options: StoreSearchOptions & { track: true }): TrackedResults;
  search(query: Vector, options?: StoreSearchOptions): StoreResult[];
  /** The same off the event loop. An abort rejects at once. Searches that `close` finds in flight resolve. */
  searchAsync(query: Vector, options: StoreSearchOptions & { track: true; signal?: AbortSignal | undefined }): Promise<TrackedResults>;
  searchAsync(query: Vector, options?: StoreSearchOptions & { signal?: AbortSignal | undefined }): Promise<StoreResult[]>;
  /**
   * A filter for many searches of this store, which follows it: entries that are inserted later count if they are allowed, those that
   * are deleted do not, whoever wrote. It reads the ids or the metadata of the whole table once, on the calling thread; a search with
   * it looks at the entries that came since the last one. Once a program with its own SQL has changed an entry under its key, a
   * filter with `where` asks the whole table again.
   * @throws ERR_INVALID_ARG (neither `filter` nor `where`, other types), ERR_INVALID_CONFIG (other options), ERR_CLOSED
   */
  prepareFilter(options: StoreFilterOptions): PreparedFilter;
  /**
   * Notes what was clicked of the results of a search with `track`, in any process that has the file; no clicks are an observation, too. It
   * survives the end of the process (the log is synchronised with the disk at SQLite's next checkpoint).
   * @throws ERR_INVALID_ARG (an id that was not shown), ERR_CORRUPT (an impression that is cut, or another store's), ERR_BUSY as `insert`
   *   (not while `learn` writes what it has learned: it waits these few milliseconds)
   */
  observe(impression: string | Impression, clicked: readonly string[]): void;
  /** The same off the event loop; it waits for writes in flight. */
  observeAsync(impression: string | Impression, clicked: readonly string[]): Promise<void>;
  /**
   * Learns an order from what was observed: searches with `rerank` use it, in every process, if it is better beyond doubt for queries it
   * has not seen. Rejects with ERR_EMPTY_INPUT (no observations), ERR_BUSY (one in flight, or another process was faster, or all was forgotten),
   * ERR_ABORTED, ERR_CLOSED; the order in use then stays.
   */
  learn(options?: LearnOptions): Promise<LearningReport>;
  /** What was observed and learned, in this process and in others. */
  learning(): LearningReport;
  /** Back to the static order; what was observed goes, too. A `learn` in flight, in any process, then rejects with ERR_BUSY: nothing of it comes into use. @throws ERR_BUSY as `insert` */
  forget(): void;
  /** All ids and vectors, oldest first; may be passed where a Matrix is wanted. */
  getAllVectors(): { ids: string[]; data: Float32Array; rows: number; dim: number };
  /** The index, to read from: its keys are integers (`keyOf`, `idOf`), it changes and closes with the store. */
  getHnswGraph(): HNSWIndex;
  /** The index' key of an entry; undefined where there is none. */
  keyOf(id: string): number | undefined;
  idOf(key: number): string | undefined;
  readonly size: number;
  readonly dim: number;
  readonly metric: string;
  /** The file, as an absolute path. */
  readonly path: string;
  /** Whether it was opened to read from. */
  readonly readOnly: boolean;
  /** Saves the index now, so that the next opening has nothing to catch up with. @throws ERR_BUSY as `insert`, ERR_IO */
  save(): void;
  /** True from the first call of `close` or `closeAsync` on. */
  readonly closed: boolean;
  /**
   * Saves the index and closes the file; later calls give ERR_CLOSED. Searches in flight finish first. Asynchronous writes in flight whose
   * transaction has not begun reject with ERR_CLOSED, and nothing of them is written; where there are any, the index is not saved, and
   * the next opening catches up. A process that ends without it loses nothing. Closing twice is fine.
   */
  close(): void;
  [Symbol.dispose](): void;
  /** Waits for all that is in flight, writes too, saves the index off the event loop, and closes. New calls give ERR_CLOSED from now on. */
  closeAsync(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
  /** The entries that `search` finds, ranked anew by the embeddings of a layer over a graph: see the function searchWithGnn. */
  searchWithGnn(query: Vector, gnn: GNN, k: number, options?: GnnSearchOptions & Pick<StoreSearchOptions, 'filter' | 'where'>): GnnStoreResult[];
  /** `dim`, as the README of @ruvector/gnn calls it. */
  readonly dimensions: number;
}

/** The same class, as the README of @ruvector/gnn calls it. */
export const VectorDB: typeof VectorStore;
export type VectorDB = VectorStore;

// ---- Search -------------------------------------------------------------------------------------------------------

/** Best first, ties by lower index. Weights are shares of the softmax over *all* candidates (not renormalised). */
export interface SearchResult { indices: number[]; weights: number[] }
export interface HyperbolicSearchResult { indices: number[]; weights: Float32Array }

export interface SearchOptions {
  /** Softmax temperature T > 0; lower is sharper. Default 1. */
  temperature?: number | undefined;
}
export interface HyperbolicOptions extends SearchOptions {
  /**
   * How vectors are placed in the ball. 'clip' (default): they are points; those beyond the rim, as all unit-norm text
   * embeddings are, are pulled back to it, which leaves the cosine order and nearly uniform weights. 'expmap': they are
   * tangent vectors at the origin, x ↦ tanh(√c|x|) x/(√c|x|), queries too.
   */
  projection?: 'clip' | 'expmap' | undefined;
}
export interface ThreadOptions {
  /** Threads the call may use, 1...256. Default 1. Results do not depend on it. */
  threads?: number | undefined;
}
export interface AsyncOptions extends ThreadOptions {
  /**
   * Aborting rejects with ERR_ABORTED; its `cause` is the signal's reason. A call that only computes rejects at once. One that changes
   * an index or a store rejects when the work has stopped, and only if nothing has happened; else it resolves.
   */
  signal?: AbortSignal | undefined;
}

/**
 * Soft search by cosine: wᵢ = exp(cos(q, yᵢ)/T) / Σⱼ exp(cos(q, yⱼ)/T); the k best. Zero vectors have cosine 0.
 * k > n gives n results, k = 0 or no candidates give none. O(n · dim).
 * @throws ERR_DIMENSION_MISMATCH, ERR_EMPTY_INPUT (query), ERR_NON_FINITE, ERR_OUT_OF_RANGE (k, temperature),
 *   ERR_INVALID_ARG (types), ERR_CLOSED
 */
export function differentiableSearch(query: Vector, candidates: Candidates, k: number, temperature?: number): SearchResult;

/**
 * Soft search in the Poincaré ball of sectional curvature K: wᵢ = exp(−d(q, yᵢ)/T) / Σⱼ exp(−d(q, yⱼ)/T),
 * d = (2/√c) asinh(√c|q − y| / √((1 − c|q|²)(1 − c|y|²))), c = −K. Ranked by distance.
 * @param curvature default −1. A positive number counts as |K|.
 * @throws as differentiableSearch; ERR_INVALID_CONFIG for curvature 0, NaN or infinite, or an unknown projection
 */
export function differentiableSearchHyperbolic(
  query: Vector, candidates: Candidates, k: number, curvature?: number, options?: HyperbolicOptions): HyperbolicSearchResult;

/**
 * The same off the event loop, on one of libuv's threads (UV_THREADPOOL_SIZE, 4); in WebAssembly on later turns of it. Candidates other than a VectorSet are
 * copied first. Always rejects, never throws. An abort rejects at once.
 */
export function differentiableSearchAsync(
  query: Vector, candidates: Candidates, k: number, temperature?: number, options?: AsyncOptions): Promise<SearchResult>;
export function differentiableSearchHyperbolicAsync(
  query: Vector, candidates: Candidates, k: number, curvature?: number, options?: HyperbolicOptions & AsyncOptions
): Promise<HyperbolicSearchResult>;

/** m queries: `k` = min(k asked for, n) entries a query, query after query. */
export interface BatchResult {
  indices: Uint32Array;
  weights: Float32Array;
  /** Results a query. */
  k: number;
}
export interface CosineBatchResult extends BatchResult { similarities: Float32Array }
export interface HyperbolicBatchResult extends BatchResult { distances: Float32Array }

/** Several queries in one call: the candidates are read once for 16 queries. */
export function differentiableSearchBatch(
  queries: Matrix, candidates: Candidates, k: number, options?: SearchOptions & ThreadOptions): CosineBatchResult;
export function differentiableSearchHyperbolicBatch(
  queries: Matrix, candidates: Candidates, k: number, curvature?: number, options?: HyperbolicOptions & ThreadOptions
): HyperbolicBatchResult;
export function differentiableSearchBatchAsync(
  queries: Matrix, candidates: Candidates, k: number, options?: SearchOptions & AsyncOptions): Promise<CosineBatchResult>;
export function differentiableSearchHyperbolicBatchAsync(
  queries: Matrix, candidates: Candidates, k: number, curvature?: number, options?: HyperbolicOptions & AsyncOptions
): Promise<HyperbolicBatchResult>;

/** Options of differentiableSearchDualSpace. */
export interface DualSpaceSearchOptions {
  /** T > 0 of the softmax. Default 1. */
  temperature?: number | undefined;
  /** Sectional curvature of the ball. A positive number counts as |K|. Default −1. */
  curvature?: number | undefined;
  /** What becomes of candidates beyond the rim. Default 'clip'. */
  projection?: 'clip' | 'expmap' | undefined;
  /** w, 0...1. Default: found for the query. */
  euclideanWeight?: number | undefined;
}

/**
 * The k best by w·z(cosine) + (1 − w)·z(−d), d the Poincaré distance, z standardised over all candidates, with their share of the
 * softmax over all. Where w is left out each space counts by how far its k best stand out (the mean of their z). O(n · (dim + log n)), n
 * scores of memory.
 * @throws as differentiableSearchHyperbolic
 */
export function differentiableSearchDualSpace(
  query: Vector, candidates: Candidates, k: number, options?: DualSpaceSearchOptions): { indices: number[]; weights: Float32Array; euclideanWeight: number };

/** Who chose: the experts of hierarchicalForwardV2's mode moe, with their shares. */
export interface SearchRouting { expert: 'local' | 'hierarchical' | 'global' | 'structural'; probability: number }

/**
 * The k best by a mixture of searches (cosine, Poincaré distance, dot product, nearness) that a router weighs by the query and the
 * candidates: one level of hierarchicalForwardV2 in mode moe. Weights are over the k alone.
 * @throws as hierarchicalForwardV2
 */
export function adaptiveSearch(
  query: Vector, candidates: Candidates, k: number,
  options?: Pick<AttentionConfig, 'temperature' | 'curvature' | 'numExperts' | 'topK' | 'router'>): { indices: number[]; weights: Float32Array; routing: SearchRouting[] };


// ---- Layer and hierarchy ------------------------------------------------------------------------------------------

/** d(loss)/d(argument), packed like the arguments; views of one buffer. */
export interface LayerGradients {
  /** inputDim */
  node: Float32Array;
  /** n · inputDim */
  neighbors: Float32Array;
  /** One a weight (all of them 1 where they were left out). */
  edgeWeights: Float32Array;
  /** Of all parameters, in the order of `getWeights()`. */
  parameters: Float32Array;
}

/**
 * The graph layer of @ruvector/gnn: attention over the neighbours' messages plus their weighted mean, a GRU update,
 * layer norm. Its JSON is interchangeable with that package's.
 */
export class RuvectorLayer {
  /**
   * @param inputDim width of nodes, 1...65536
   * @param hiddenDim width of the output, a multiple of heads
   * @param heads attention heads
   * @param dropout 0...1, default 0.1: a constant factor 1 − dropout before the layer norm
   * @param seed of the Xavier-normal weights; random where left out (read it from `seed`)
   * @throws ERR_INVALID_CONFIG
   */
  constructor(inputDim: number, hiddenDim: number, heads: number, dropout?: number, seed?: number | bigint | { seed?: number | bigint | undefined });
  /**
   * @param neighbors default none
   * @param edgeWeights larger counts more; default all 1. As in @ruvector/gnn they are shares of their sum (equal shares where
   *   that is ≤ 0) and paired with the neighbours up to the shorter list; an empty list leaves the weighted mean out
   * @returns hiddenDim elements; a number[] where `node` is one
   * @throws ERR_DIMENSION_MISMATCH, ERR_NON_FINITE
   */
  forward(node: Exclude<Vector, readonly number[]>, neighbors?: Matrix, edgeWeights?: Vector): Float32Array;
  forward(node: readonly number[], neighbors?: Matrix, edgeWeights?: Vector): number[];
  forward(node: Vector, neighbors?: Matrix, edgeWeights?: Vector): Float32Array | number[];
  /**
   * The gradients that `outputGradient` = d(loss)/d(output) of `forward` with the same arguments gives. Computes again what it
   * needs: nothing is kept between calls. O(heads · (n · inputDim + inputDim · hiddenDim) + hiddenDim²).
   * @param outputGradient hiddenDim numbers
   * @throws also ERR_OUT_OF_RANGE where a gradient leaves 32-bit floats
   */
  backward(node: Vector, neighbors: Matrix | undefined, edgeWeights: Vector | undefined, outputGradient: Vector): LayerGradients;
  /** Names and shapes of the parameters, in the order of `getWeights`. */
  readonly parameters: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** A copy of all parameters, one after the other. */
  getWeights(): Float32Array;
  /** Replaces all parameters. @throws ERR_DIMENSION_MISMATCH, ERR_NON_FINITE, ERR_BUSY while a call is in flight */
  setWeights(weights: Vector): void;
  /** Weights and settings as JSON. */
  toJson(): string;
  /** @throws ERR_CORRUPT for malformed JSON, missing fields or shapes that do not fit each other */
  static fromJson(json: string): RuvectorLayer;
  readonly inputDim: number;
  readonly hiddenDim: number;
  readonly heads: number;
  readonly dropout: number;
  /** undefined for a layer read from JSON. */
  readonly seed: number | bigint | undefined;
  readonly closed: boolean;
  close(): void;
  [Symbol.dispose](): void;
}

export interface RuvectorLayer extends WeightFiles {}

/**
 * Descends a hierarchy: at each level the 5 nodes nearest by cosine, their weighted sum, the mean of it and the current
 * embedding, then the level's layer. Layers are RuvectorLayers or their JSON (parsed once, the last 16 are kept).
 * As many levels as both lists have; empty levels are skipped; without any the result is the query.
 * @returns as many elements as the last layer is wide; a number[] where `query` is one
 */
export function hierarchicalForward(
  query: Exclude<Vector, readonly number[]>, layerEmbeddings: readonly Candidates[], layers: readonly (string | RuvectorLayer)[]): Float32Array;
export function hierarchicalForward(
  query: readonly number[], layerEmbeddings: readonly Candidates[], layers: readonly (string | RuvectorLayer)[]): number[];
export function hierarchicalForward(
  query: Vector, layerEmbeddings: readonly Candidates[], layers: readonly (string | RuvectorLayer)[]): Float32Array | number[];

export type HierarchyMode = 'standard' | 'hyperbolic' | 'dual_space' | 'edge_featured' | 'moe';

/** Options of hierarchicalForwardV2; those of other modes are not read. */
export interface AttentionConfig {
  /** Which geometry finds and joins the nodes (see hierarchicalForwardV2). */
  mode: HierarchyMode;
  /** Nodes kept a level, 1...16777216. Default 5. */
  k?: number | undefined;
  /** T > 0 of the softmax (not edge_featured). Default 1. */
  temperature?: number | undefined;
  /** hyperbolic, dual_space, moe: sectional curvature, default −1. A positive number counts as |K|. */
  curvature?: number | undefined;
  /** dual_space: share of the cosine and the Euclidean mean, 0...1. Default .5. */
  euclideanWeight?: number | undefined;
  /** moe: experts asked, the first of local, hierarchical, global, structural, 1...4. Default 4. */
  numExperts?: number | undefined;
  /** moe: experts that answer, 1...4; at most numExperts do. Default 2. */
  topK?: number | undefined;
  /** moe: weights [4][8] of the gate over the statistics (HierarchyRouting), in the place of the fitted ones. */
  router?: Vector | readonly Vector[] | undefined;
  /** edge_featured: an EdgeFeaturedAttention with edgeDim 4 whose weights take the place of those by distance. */
  edgeAttention?: EdgeFeaturedAttention | undefined;
  /** Without effect: levels are always searched in one pass, in constant memory. */
  useFlash?: boolean | undefined;
  /** Return the nodes kept at each level as well. */
  explain?: boolean | undefined;
}

/** The walk of hierarchicalForwardV2 with what it kept, best first; nothing for an empty level. */
export interface HierarchyWalk {
  embedding: Float32Array;
  /** One entry a level. The weights of a level sum to 1; `routing` is there in mode moe. */
  levels: { indices: Uint32Array; weights: Float32Array; routing?: HierarchyRouting }[];
}

/** Who answered at a level of mode moe. */
export interface HierarchyRouting {
  /** Shares of local, hierarchical, global, structural; 0 for those not asked. Zeros for an empty level. */
  experts: Float32Array;
  /**
   * What the gate saw: 1, r(e), mean and deviation of r(E), mean, deviation and maximum of cos(e, E), ln(n)/10, with
   * r(x) = min(√|K| |x|, 1).
   */
  statistics: Float32Array;
}

/**
 * Descends a hierarchy, coarse to fine, in a geometry to choose. At each level with nodes E, e being the current embedding:
 * keep the k best by score s, w = softmax(s/T) over the kept, join their aggregate with e, let the level's layer act.
 *
 * - standard: s = cosine; e ← ½ (e + Σ wⱼEⱼ); the layer as in hierarchicalForward.
 * - hyperbolic: s = −d; e ← geodesic(½, e, weightedMidpoint(E, w)) =: m; the layer acts on v = logMap0(m), its neighbours
 *   logMap0(E), and its output y gives the direction: e ← expMap0(|v| y/|y|). Everything stays in the ball.
 * - dual_space: s = ω z(cosine) + (1 − ω) z(−d), standardised over the level, ω = euclideanWeight;
 *   e ← expMap0(ω logMap0(Euclidean mean) + (1 − ω) logMap0(hyperbolic one)); the layer as in hyperbolic.
 * - edge_featured: s = cosine; w ∝ 1/(1 − cosine + 1e-6) over the kept, or the weights of `edgeAttention` for the edges
 *   [1/(1 − cosine + 1e-6), level, ln(1 + kept), 1]; the rest as in standard.
 * - moe: experts local (standard), hierarchical (hyperbolic), global (softmax of e·E/T), structural (edge_featured) give each node
 *   a probability; a gate over statistics of query and level gives the experts shares; nodes are kept by the mixed
 *   probabilities, and the experts' steps are mixed (in the tangent space at the origin where hierarchical has a part).
 *
 * Against hierarchicalForward: the kept weights sum to 1 (there they shrink as 5/n); with standard, T = 1 and levels of at
 * most k nodes the two are equal. O(Σ nₗ·dₗ) plus the layers.
 *
 * @param layerEmbeddings the levels; width of the next = hiddenDim of the layer before. Empty levels are skipped.
 * @param layers one a level: a RuvectorLayer, its JSON (parsed once, the last 16 are kept) or 'identity'; undefined: all
 *   'identity' (pure descent, the right choice without trained weights)
 * @returns e after the last level, as wide as its layer; without levels the query (in the ball, if there is one)
 * @throws ERR_DIMENSION_MISMATCH (also for another number of layers than levels), ERR_EMPTY_INPUT (query), ERR_NON_FINITE,
 *   ERR_INVALID_CONFIG (values in `config`), ERR_INVALID_ARG (their types), ERR_OUT_OF_RANGE (a curvature whose distances do not
 *   fit in 32 bits), ERR_CORRUPT (JSON), ERR_CLOSED
 */
export function hierarchicalForwardV2(
  query: Vector, layerEmbeddings: readonly Candidates[], layers: readonly (string | RuvectorLayer | RuvectorLayerV2)[] | undefined,
  config: AttentionConfig & { explain: true }): HierarchyWalk;
export function hierarchicalForwardV2(
  query: Vector, layerEmbeddings: readonly Candidates[], layers: readonly (string | RuvectorLayer | RuvectorLayerV2)[] | undefined,
  config: AttentionConfig & { explain?: false | undefined }): Float32Array;
export function hierarchicalForwardV2(
  query: Vector, layerEmbeddings: readonly Candidates[], layers: readonly (string | RuvectorLayer | RuvectorLayerV2)[] | undefined,
  config: AttentionConfig): Float32Array | HierarchyWalk;

/**
 * The same off the event loop. Levels other than VectorSets are copied, and JSON is parsed, before it returns: pass
 * RuvectorLayer objects and VectorSets where the event loop must stay free.
 */
export function hierarchicalForwardV2Async(
  query: Vector, layerEmbeddings: readonly Candidates[], layers: readonly (string | RuvectorLayer | RuvectorLayerV2)[] | undefined,
  config: AttentionConfig & { explain: true }, options?: AsyncOptions): Promise<HierarchyWalk>;
export function hierarchicalForwardV2Async(
  query: Vector, layerEmbeddings: readonly Candidates[], layers: readonly (string | RuvectorLayer | RuvectorLayerV2)[] | undefined,
  config: AttentionConfig & { explain?: false | undefined }, options?: AsyncOptions): Promise<Float32Array>;
export function hierarchicalForwardV2Async(
  query: Vector, layerEmbeddings: readonly Candidates[], layers: readonly (string | RuvectorLayer | RuvectorLayerV2)[] | undefined,
  config: AttentionConfig, options?: AsyncOptions): Promise<Float32Array | HierarchyWalk>;

// ---- Compression --------------------------------------------------------------------------------------------------

export type CompressionLevel = 'none' | 'half' | 'pq8' | 'pq4' | 'binary';

/** Options of a level; those of other levels are not read. snake_case names are understood too. */
export interface CompressionLevelConfig {
  levelType: CompressionLevel;
  /** half: values are stored as binary16 of x · scale. Default 1. */
  scale?: number | undefined;
  /** pq8, pq4: parts with a range of their own; must divide the length. Default 8. */
  subvectors?: number | undefined;
  /** pq8: values an element can take, 2...256. Default 16. */
  centroids?: number | undefined;
  /** pq4: elements farther than this many standard deviations are stored exactly. Default 3. */
  outlierThreshold?: number | undefined;
  /** binary: elements above it become 1, the others −1. Default 0. */
  threshold?: number | undefined;
}

/** One vector to one JSON string and back. Reads everything @ruvector/gnn wrote. */
export class TensorCompress {
  constructor();
  /** At the level of getCompressionLevel(Math.fround(accessFreq)), as in @ruvector/gnn. @throws ERR_EMPTY_INPUT, ERR_NON_FINITE, ERR_DIMENSION_MISMATCH */
  compress(embedding: Vector, accessFreq: number): string;
  compressWithLevel(embedding: Vector, level: CompressionLevelConfig | { level_type: CompressionLevel; [option: string]: unknown }): string;
  /** @throws ERR_CORRUPT */
  decompress(json: string): Float32Array;
}

/** 'none' above .8, 'half' above .4, 'pq8' above .1, 'pq4' above .01, else 'binary' (NaN too). */
export function getCompressionLevel(accessFreq: number): CompressionLevel;

// ---- Geometry: the Poincaré ball of sectional curvature K < 0 (default −1), c = −K ----------------------------------
// Points beyond the rim are pulled back to radius (1 − 1e-5)/√c. All arithmetic is in double; the result is a
// Float64Array where the first vector is one, else a Float32Array (ERR_OUT_OF_RANGE where it does not fit). Matrices, and
// with them weightedMidpoint and frechetMean, are 32-bit. Here a positive curvature is ERR_INVALID_CONFIG.
// Errors: ERR_DIMENSION_MISMATCH, ERR_EMPTY_INPUT, ERR_NON_FINITE, ERR_INVALID_CONFIG (curvature), ERR_OUT_OF_RANGE.

/** x ⊕ y */
export function mobiusAdd<V extends Vector>(x: V, y: Vector, curvature?: number): Like<V>;
/** x ⊖ y = x ⊕ (−y) */
export function mobiusSub<V extends Vector>(x: V, y: Vector, curvature?: number): Like<V>;
/** r ⊗ x = tanh(r artanh(√c|x|)) x/(√c|x|) */
export function mobiusScalarMul<V extends Vector>(r: number, x: V, curvature?: number): Like<V>;
/** M ⊗ x: expMap0(M logMap0(x)) */
export function mobiusMatvec<V extends Vector>(matrix: Matrix, x: V, curvature?: number): Like<V>;
/** gyr[a, b] v = ⊖(a ⊕ b) ⊕ (a ⊕ (b ⊕ v)) */
export function gyration<V extends Vector>(a: V, b: Vector, v: Vector, curvature?: number): Like<V>;
/** exp_x(u): from x along the tangent vector u */
export function expMap<V extends Vector>(x: V, u: Vector, curvature?: number): Like<V>;
export function expMap0<V extends Vector>(u: V, curvature?: number): Like<V>;
/** log_x(y): the tangent vector at x that leads to y */
export function logMap<V extends Vector>(x: V, y: Vector, curvature?: number): Like<V>;
export function logMap0<V extends Vector>(y: V, curvature?: number): Like<V>;
/** d(x, y) = (2/√c) asinh(√c|x − y| / √((1 − c|x|²)(1 − c|y|²))) */
export function dist(x: Vector, y: Vector, curvature?: number): number;
/** d(0, x) */
export function dist0(x: Vector, curvature?: number): number;
/** The same as dist. */
export function poincareDistance(x: Vector, y: Vector, curvature?: number): number;
/** x, pulled back to the rim where it lies beyond */
export function projx<V extends Vector>(x: V, curvature?: number): Like<V>;
/** Euclidean gradient to Riemannian: g/λ² */
export function egrad2rgrad<V extends Vector>(x: V, gradient: Vector, curvature?: number): Like<V>;
/** λ_x = 2/(1 − c|x|²) */
export function lambdaX(x: Vector, curvature?: number): number;
/** Parallel transport of v from x to y along the geodesic */
export function transp<V extends Vector>(x: V, y: Vector, v: Vector, curvature?: number): Like<V>;
/** The point at t of the geodesic from x (t = 0) to y (t = 1) */
export function geodesic<V extends Vector>(t: number, x: V, y: Vector, curvature?: number): Like<V>;
/** Closed-form weighted centroid of points (Lorentz centroid); weights default to 1 */
export function weightedMidpoint(points: Matrix, weights?: Vector, curvature?: number): Float32Array;
/** argmin Σ w d²: the Karcher mean */
export function frechetMean(points: Matrix, weights?: Vector, curvature?: number): Float32Array;
/** Ball (n) to hyperboloid (n + 1, time first) and back */
export function toLorentz<V extends Vector>(x: V, curvature?: number): Like<V>;
export function toPoincare<V extends Vector>(x: V, curvature?: number): Like<V>;

export type Like<V> = V extends Float64Array ? Float64Array : Float32Array;

// ---- Indexes ------------------------------------------------------------------------------------------------------

/** What a vector is named by: safe integers, signed 64-bit bigints or strings; one kind an index. */
export type IndexKey = number | bigint | string;
/** Keys as results hold them. */
export type IndexKeys<K extends IndexKey> = K extends number ? Float64Array : K extends bigint ? BigInt64Array : string[];
/** What the option `keys` says, and the keys that it means. */
export type KeyKind = 'number' | 'bigint' | 'string';
export type KindOfKey<K extends IndexKey> = K extends number ? 'number' : K extends bigint ? 'bigint' : 'string';
export type KeyOfKind<Kind extends KeyKind> = Kind extends 'number' ? number : Kind extends 'bigint' ? bigint : string;
/** Keys as callers pass them: a Set, or an array (of the kind's typed array too). */
export type IndexKeyList<K extends IndexKey> = readonly K[] | ReadonlySet<K> | Float64Array | BigInt64Array;

/**
 * How vectors are compared, and what `distances` holds:
 * cosine: 1 − cos(x, y), 1 where a norm is 0; rows are stored with norm 1.
 * l2: |x − y|², as hnswlib and faiss. ip: 1 − x·y, as hnswlib.
 * poincare: the distance in the Poincaré ball, (2/√c) asinh √(c |x − y|² / ((1 − c|x|²)(1 − c|y|²))), c = −curvature; points beyond
 * the rim are pulled back to it.
 * lorentz: the same distance for points of the hyperboloid (x₀, x⃗), −x₀² + |x⃗|² = −1/c, time first.
 */
export type IndexMetric = NonNullable<IndexOptions['metric']>;

export interface ViewOptions {
  /** Look at the checksums of rows and links too. Default false. */
  verify?: boolean | undefined;
  /** Floats beside a smaller storage: as memory (default), or read from the file as they are needed. */
  floats?: 'mapped' | 'read' | undefined;
}

/**
 * Which keys a search may return: a Set or an array of keys; a bitmap (Uint8Array; keys that are numbers or bigints), where key i
 * counts if bit i % 8 of byte i >> 3 is set, and no others; or `{ allow }` or `{ deny }` with one of these. Keys that the index does
 * not have count for nothing. k results come back whenever k allowed vectors exist.
 *
 * What a filter costs: keys are converted on the calling thread and looked up one by one at each search, O(keys); of a bitmap only
 * the bits of the vectors that the search meets are looked at. For many searches with one filter: `prepareFilter`.
 */
export type IndexFilter<K extends IndexKey> =
  | IndexKeyList<K> | Uint8Array
  | { readonly allow: IndexKeyList<K> | Uint8Array } | { readonly deny: IndexKeyList<K> | Uint8Array };

/**
 * A filter for many searches, made by `prepareFilter` of an index or a store, for which it works alone (others: ERR_WRONG_HANDLE).
 * It follows what comes and goes: keys that are listed and added later count, as do those that `{ deny }` does not list; removed ones do
 * not. What it was made of may change afterwards without effect.
 *
 * A search with it makes no pass over keys, and waits for nobody. Memory: a bit for each place of the index, 12 to 16 bytes and its text
 * for each listed key, a bitmap's bytes. Each vector that comes costs a look-up more for each filter that is open, each one that
 * goes a bit. It keeps its index in memory: close it, or forget it.
 */
export class PreparedFilter {
  private constructor();
  /** Vectors in the index that are allowed. Of a store: entries that came since its last search with the filter are not counted yet. @throws ERR_CLOSED */
  readonly size: number;
  readonly closed: boolean;
  /** Ends the following and frees the memory. Searches in flight go on. Closing twice is fine. */
  close(): void;
  [Symbol.dispose](): void;
}
export interface IndexSearchOptions<K extends IndexKey> {
  /** Candidates that the search keeps, instead of the index's `ef`. */
  ef?: number | undefined;
  filter?: IndexFilter<K> | PreparedFilter | undefined;
}
/** Best first, ties by age. Typed arrays are views of shared memory: copy (`slice`) what is to be transferred. */
export interface IndexResult<K extends IndexKey> { keys: IndexKeys<K>; distances: Float32Array }
/** `k` is what was asked for, or the number of vectors where that is less. Query i has `counts[i]` results, from i · k on; behind them, up to (i + 1) · k, distances are Infinity and keys 0, 0n or ''. */
export interface IndexBatchResult<K extends IndexKey> extends IndexResult<K> { counts: Uint32Array; k: number }
export interface IndexBatchOptions extends ThreadOptions {
  /** Whether keys that are there get the new vector (false: ERR_DUPLICATE_KEY, and nothing is added). A key twice in one list is an error all the same. */
  replace?: boolean | undefined;
}
export interface IndexProgress {
  /**
   * Told of the share done: 0 before the call returns, then every 50 ms or so, rising, and 1 at the end of a call that succeeds. What
   * it throws is the call's own error, and nothing happens; thrown at the end, when all is done, it becomes a warning (reportError
   * where there is one).
   */
  onProgress?: ((share: number) => void) | undefined;
}
export interface IndexAddOptions extends IndexBatchOptions, AsyncOptions, IndexProgress {}
export interface IndexRemoveOptions extends IndexProgress {
  signal?: AbortSignal | undefined;
}
export interface IndexStats {
  size: number;
  /** Removed vectors that searches still pass, until the graph is repaired. */
  removed: number;
  /** Native memory taken, keys included. */
  bytes: number;
  /** What one more vector takes, without its key. */
  bytesPerVector: number;
  /** Distances that the last search computed. */
  evaluations: number;
}
export interface HNSWStats extends IndexStats {
  /** Vectors whose highest level is the i-th. */
  levels: number[];
  /** Vectors with i links at level 0. */
  degrees: number[];
}

/** For `open` of the same class in a worker of the same process; survives structured cloning. */
export interface IndexToken { readonly index: number }

/**
 * What HNSWIndex and BruteForceIndex share. Any number of calls may read while one writes, from whatever thread; a second
 * writer at the same time gets ERR_BUSY.
 *
 * A change happens as a whole or not at all: what throws or rejects, ERR_ABORTED included, has changed nothing. What a batch adds is hidden
 * until all of it is stored, and then shown at once, with what it replaces hidden: a reader finds, of a key that is replaced, the
 * old vector or the new one, never neither, never both. (A search that runs at the very moment in which a batch that replaces nothing
 * is shown, or a batch removed, may meet a part of it.)
 *
 * In an HNSWIndex, removing and replacing mark a vector, O(1). Searches pass marked vectors until the graph has been repaired around
 * them and their memory is used again. That begins when they are an eighth of the others (32 at least), looks at every vector, and goes
 * in slices: each vector that is removed or replaced pays 16 steps, of some 10 µs each where a vector has lost neighbours, and each
 * change up to 64 more of what earlier ones have left. No single call does the whole.
 */
export interface VectorIndex<K extends IndexKey = number> {
  readonly size: number;
  readonly dim: number;
  readonly metric: IndexMetric;
  readonly curvature: number;
  readonly storage: 'f32' | 'f16' | 'i8';
  /** Whether floats are kept beside a smaller storage. */
  readonly rerank: boolean;
  /** The option that it was made with; of an index from a file or bytes, the places in them. */
  readonly capacity: number;
  readonly keyKind: 'number' | 'bigint' | 'string';
  /** Whether it is a view of a file or was opened by its token: everything that changes it, and `save`, gives ERR_UNSUPPORTED. */
  readonly readOnly: boolean;
  /** Post it to a worker and open it there; valid while any thread has the index open. */
  readonly token: IndexToken;
  /** The number that `save` or `toBuffer` was given, for an index of a file or of bytes; else 0. */
  readonly stamp: number;
  /**
   * Adds a vector. With `replace`, a key that is there gets it.
   * @throws ERR_DUPLICATE_KEY, ERR_DIMENSION_MISMATCH, ERR_NON_FINITE, ERR_OUT_OF_RANGE (a norm beyond 1e18, a point off the hyperboloid,
   * vectors that a smaller `storage` without floats does not tell apart), ERR_BUSY
   */
  add(key: K, vector: Vector, options?: { replace?: boolean | undefined }): void;
  /** A new vector for a key that is there; readers find the old one or the new. @throws ERR_NOT_FOUND, and as `add` */
  update(key: K, vector: Vector): void;
  /** The same off the event loop. Rejects with ERR_ABORTED where the signal fired before the work began; once it is done it resolves. */
  updateAsync(key: K, vector: Vector, options?: { signal?: AbortSignal | undefined }): Promise<void>;
  /**
   * Adds vector i under key i, all of them or none. With `replace`, keys that are there get the new vector. The result does not depend
   * on `threads`. No vectors: nothing happens.
   * @throws as `add`; ERR_DUPLICATE_KEY also for a key that is twice in the list
   */
  addBatch(keys: IndexKeyList<K>, vectors: Matrix, options?: IndexBatchOptions): void;
  /**
   * The same off the event loop; keys and vectors are copied before it returns. Aborted, it rejects and leaves the index as it was, and
   * takes another call at once; if everything was done already, it resolves.
   */
  addBatchAsync(keys: IndexKeyList<K>, vectors: Matrix, options?: IndexAddOptions): Promise<void>;
  /** O(1), and 16 steps of repair where there is one. @throws ERR_NOT_FOUND, ERR_BUSY */
  remove(key: K): void;
  /** The same off the event loop, with the outcomes of `updateAsync`. */
  removeAsync(key: K, options?: { signal?: AbortSignal | undefined }): Promise<void>;
  /** O(keys), and 16 steps of repair for each. A key twice in the list counts once. @throws ERR_NOT_FOUND, before anything is removed; ERR_BUSY */
  removeBatch(keys: IndexKeyList<K>): void;
  /** The same off the event loop. An abort that comes later than the removal leaves its share of the repair to later changes; it resolves. */
  removeBatchAsync(keys: IndexKeyList<K>, options?: IndexRemoveOptions): Promise<void>;
  /** Removes everything. @throws ERR_BUSY */
  clear(): void;
  /**
   * A filter for many searches, which follows the index. O(keys) once, and O(size) for `{ deny }` and bitmaps, on the calling
   * thread; searches and a writer go on meanwhile. Of an index opened by its token or a view of a file, too.
   * @throws ERR_INVALID_ARG (other types, keys of another kind, a bitmap for strings), ERR_OUT_OF_RANGE (bigints beyond 64 bits), ERR_CLOSED
   */
  prepareFilter(filter: IndexFilter<K>): PreparedFilter;
  has(key: K): boolean;
  /** The stored vector: of norm 1 for 'cosine', rounded where no floats are kept. @throws ERR_NOT_FOUND */
  get(key: K): Float32Array;
  /** All keys. */
  keys(): IndexKeys<K>;
  /** The distance of two vectors of the index. @throws ERR_NOT_FOUND */
  distance(a: K, b: K): number;
  /** The k nearest. k > size gives size results. @throws ERR_DIMENSION_MISMATCH, ERR_NON_FINITE, ERR_OUT_OF_RANGE, ERR_INVALID_ARG, ERR_CLOSED, ERR_WRONG_HANDLE (a filter that another index prepared) */
  search(query: Vector, k: number, options?: IndexSearchOptions<K>): IndexResult<K>;
  searchAsync(query: Vector, k: number, options?: IndexSearchOptions<K> & { signal?: AbortSignal | undefined }): Promise<IndexResult<K>>;
  searchBatch(queries: Matrix, k: number, options?: IndexSearchOptions<K> & ThreadOptions): IndexBatchResult<K>;
  searchBatchAsync(queries: Matrix, k: number, options?: IndexSearchOptions<K> & AsyncOptions): Promise<IndexBatchResult<K>>;
  /**
   * Writes the index to a file (docs/file-format.md): beside it first, to the disk, then by its name, so that a crash leaves the
   * old file or the new one. `stamp`: any number of yours, given back by `load`. @throws ERR_IO, ERR_NOT_FOUND (no such
   *   folder), ERR_BUSY while there is a writer
   */
  save(path: string, options?: { stamp?: number | undefined }): void;
  /** The same off the event loop. Aborted before its end, it rejects and the old file stays. A writer meanwhile gets ERR_BUSY. */
  saveAsync(path: string, options?: { stamp?: number | undefined; signal?: AbortSignal | undefined }): Promise<void>;
  /**
   * The bytes that `save` would write, for `fromBuffer` or a file of your own: to send an index, or to keep it where there are no
   * files (WebAssembly). `stamp` as there. @throws ERR_OUT_OF_MEMORY, ERR_BUSY while there is a writer, ERR_UNSUPPORTED where `readOnly`
   */
  toBuffer(options?: { stamp?: number | undefined }): Uint8Array;
  /** The same off the event loop. A writer meanwhile gets ERR_BUSY. */
  toBufferAsync(options?: { stamp?: number | undefined; signal?: AbortSignal | undefined }): Promise<Uint8Array>;
  readonly closed: boolean;
  /** Frees the native memory once calls in flight are done. Closing twice is fine. */
  close(): void;
  [Symbol.dispose](): void;
}

/**
 * Approximate nearest neighbours: a hierarchical navigable small world graph (Malkov and Yashunin 2018), built in batches that
 * give one graph on any number of threads (Manohar et al. 2024). A search computes some (ef + log size) · M distances.
 * Memory without keys: `stats().bytesPerVector`.
 */
export interface HNSWIndex<K extends IndexKey = number> extends VectorIndex<K> {
  readonly M: number;
  readonly efConstruction: number;
  /** May be set at any time, for all threads. @throws ERR_OUT_OF_RANGE, ERR_UNSUPPORTED where it was opened by its token */
  ef: number;
  stats(): HNSWStats;
  /** −1 without vectors. */
  readonly maxLevel: number;
  /** The highest level that has the vector. @throws ERR_NOT_FOUND */
  nodeLevel(key: K): number;
  /** Those it is linked to at a level (0); none above its own. @throws ERR_NOT_FOUND */
  neighbors(key: K, level?: number): IndexKeys<K>;
  /** The highest level that has both. @throws ERR_NOT_FOUND */
  commonLayer(a: K, b: K): number;
  /** Links on a short way over the links of all levels, each end following its own until they meet; null without one (in a damaged view). @throws ERR_NOT_FOUND */
  shortestPathDistance(a: K, b: K): number | null;
  /** The k nearest of one level, by a walk with `ef` candidates (the index's). */
  searchLayer(query: Vector, k: number, level: number, ef?: number): IndexResult<K>;
  /** The links of a level in CSR form, for graph layers, attention and `graphStatistics`; `keys[i]` is the vector of row i. */
  toCSR(level?: number): { offsets: Uint32Array; indices: Uint32Array; keys: IndexKeys<K> };
}
/** The class HNSWIndex. */
export interface HNSWIndexConstructor {
  /** The kind of the keys is that of `keys`. (`_`: a type argument alone means the other form.) @throws ERR_INVALID_CONFIG */
  new <Kind extends KeyKind, _>(options: HNSWOptions<KeyOfKind<Kind>> & { readonly keys: Kind }): HNSWIndex<KeyOfKind<Kind>>;
  new <K extends IndexKey = number>(options: HNSWOptions<K>): HNSWIndex<K>;
  readonly prototype: HNSWIndex<any>;
  /**
   * An index from the bytes of `toBuffer`, or of a file that `save` wrote, which are copied; every checksum is looked at.
   * @throws ERR_CORRUPT, ERR_UNSUPPORTED (another version), ERR_OUT_OF_MEMORY, ERR_WRONG_HANDLE for the bytes of the other class
   */
  fromBuffer<K extends IndexKey = number>(bytes: Uint8Array | ArrayBuffer): HNSWIndex<K>;
  /** The same off the event loop. */
  fromBufferAsync<K extends IndexKey = number>(bytes: Uint8Array | ArrayBuffer, options?: { signal?: AbortSignal | undefined }): Promise<HNSWIndex<K>>;
  /** A copy of a file in memory, every checksum looked at. @throws ERR_NOT_FOUND, ERR_IO, ERR_CORRUPT, ERR_UNSUPPORTED (another version) */
  load<K extends IndexKey = number>(path: string): HNSWIndex<K>;
  loadAsync<K extends IndexKey = number>(path: string, options?: { signal?: AbortSignal | undefined }): Promise<HNSWIndex<K>>;
  /**
   * A file as read-only memory, opened at once and shared with other processes; checksums are looked at with `verify`. The file
   * must not be cut short meanwhile (replacing it, as `save` does, is fine). `floats: 'read'` leaves the floats beside a smaller
   * storage in the file and reads the few rows that a search needs (ERR_IO where it cannot): slower, but none of them stays
   * with the process.
   */
  view<K extends IndexKey = number>(path: string, options?: ViewOptions): HNSWIndex<K>;
  /**
   * The index behind a token made in any thread of this process, to read from and to search: its memory is shared, not copied, and
   * what its owner adds and removes is seen here. A writer's methods and the setter of `ef`, which all threads share, give
   * ERR_UNSUPPORTED (a search takes an `ef` of its own). Closing either leaves the other as it is. A method that asks for more
   * than one thing (`keys`, `distance` and those of the graph) may meet a removal in between: ERR_NOT_FOUND, or a vector that
   * has taken the place of the removed one.
   * @throws ERR_NOT_FOUND when no thread has it open, ERR_WRONG_HANDLE for the token of the other class
   */
  open<K extends IndexKey = number>(token: IndexToken): HNSWIndex<K>;
}
/** Approximate nearest neighbours; see the interface. */
export const HNSWIndex: HNSWIndexConstructor;

/** Exact nearest neighbours: looks at every vector, O(size · dim). The faster choice up to some ten thousand vectors. */
export interface BruteForceIndex<K extends IndexKey = number> extends VectorIndex<K> {
  stats(): IndexStats;
}
/** The class BruteForceIndex. */
export interface BruteForceIndexConstructor {
  /** The kind of the keys is that of `keys`. (`_`: a type argument alone means the other form.) @throws ERR_INVALID_CONFIG */
  new <Kind extends KeyKind, _>(options: IndexOptions<KeyOfKind<Kind>> & { readonly keys: Kind }): BruteForceIndex<KeyOfKind<Kind>>;
  new <K extends IndexKey = number>(options: IndexOptions<K>): BruteForceIndex<K>;
  readonly prototype: BruteForceIndex<any>;
  /** As those of HNSWIndex. */
  fromBuffer<K extends IndexKey = number>(bytes: Uint8Array | ArrayBuffer): BruteForceIndex<K>;
  fromBufferAsync<K extends IndexKey = number>(bytes: Uint8Array | ArrayBuffer, options?: { signal?: AbortSignal | undefined }): Promise<BruteForceIndex<K>>;
  load<K extends IndexKey = number>(path: string): BruteForceIndex<K>;
  loadAsync<K extends IndexKey = number>(path: string, options?: { signal?: AbortSignal | undefined }): Promise<BruteForceIndex<K>>;
  view<K extends IndexKey = number>(path: string, options?: ViewOptions): BruteForceIndex<K>;
  open<K extends IndexKey = number>(token: IndexToken): BruteForceIndex<K>;
}
/** Exact nearest neighbours; see the interface. */
export const BruteForceIndex: BruteForceIndexConstructor;

/**
 * The k best of the results of searches over disjoint sets of vectors (shards, machines): exactly what one search over all of
 * them gives. Ties by the order of the parts. O(parts + k log parts).
 * @throws ERR_INVALID_ARG (distances that fall, other types), ERR_NON_FINITE, ERR_DIMENSION_MISMATCH
 */
export function mergeTopK<Keys extends Float64Array | BigInt64Array | readonly unknown[]>(
  parts: readonly { readonly keys: Keys; readonly distances: Vector }[], k: number): { keys: Keys; distances: Float32Array };

// ---- The library --------------------------------------------------------------------------------------------------

/** For code written for @ruvector/gnn; nothing needs to be called first. */
export function init(): string;
/** The instruction set in use ('simd128': WebAssembly, docs/webassembly.md); the environment variable RUVECTOR_SIMD forces one. */
export function simdLevel(): 'scalar' | 'v1' | 'v3' | 'v4' | 'neon' | 'simd128';
export function version(): string;
