// Embeddings of hierarchies: PoincareEmbedding, TaxonomyHead.
import type { AsyncOptions, HNSWIndex, HNSWOptions, Matrix, ThreadOptions, Vector } from '../../index.js';

/** [child, ancestor], by name. */
export type Relation = readonly [child: string, ancestor: string] | readonly string[];
/** Pairs of numbers of names: pair i says that names[parents[i]] is above names[children[i]]. */
export interface PackedRelations {
  readonly names: readonly string[];
  readonly children: Uint32Array | readonly number[];
  readonly parents: Uint32Array | readonly number[];
}
/** A learning rate, 0 < rate ≤ 1000, or one for each epoch. */
export type Rate = number | ((epoch: number) => number);

/** gensim's spellings (`burn_in`, `batch_size`, `init_range`, …) and the authors' (`burnin`, `batchsize`) are understood too; these count. */
export interface PoincareEmbeddingOptions {
  /** Dimensions, 1...1024. Default 10. */
  size?: number | undefined;
  /** Another name of `size`. */
  dim?: number | undefined;
  /** Learning rate of a pair (gensim's name): gradients of a batch are summed. Default 0.05. */
  alpha?: Rate | undefined;
  /** Learning rate for the mean of a batch (the authors' name): `alpha` is lr / batchSize then. */
  lr?: Rate | undefined;
  /** Nodes that a pair is told apart from, 1...4096. Default 50. */
  negative?: number | undefined;
  /** Another name of `negative`, the authors'. */
  negs?: number | undefined;
  /** How far from the sphere points stay, 1e-9...0.5. Default 1e-5. */
  epsilon?: number | undefined;
  /** Coordinates are at first uniform in ± this, 1e-9...0.01. Default 1e-4. */
  initRange?: number | undefined;
  /** Power of the frequency of a node in pairs by which it is drawn as a negative, 0...4; 0: all alike. Default 0.25. */
  dampening?: number | undefined;
  /** Epochs at the beginning with a small rate. Default 20. */
  burnIn?: number | undefined;
  /** That rate. Default a hundredth of `alpha`. */
  burnInAlpha?: number | undefined;
  /**
   * Pairs of a batch, 1...65536. From 64 on, `threads` share a batch. Default 10. A batch is one call, which an abort does not end: 65536
   * pairs of 1,000 negatives take seconds.
   */
  batchSize?: number | undefined;
  /** Epochs of `fit` and `train` where they do not say. Default 300. */
  epochs?: number | undefined;
  /** The model of hyperbolic space in which points are moved. Vectors are points of the ball either way. Default 'ball'. */
  manifold?: 'ball' | 'hyperboloid' | undefined;
  /** Random where left out (read it from the object). */
  seed?: number | bigint | undefined;
}

/** What `onProgress` gets, some 30 times a second. */
export interface EmbeddingProgress {
  /** Epochs that are done, since the beginning, and how many there will be. */
  readonly epoch: number;
  readonly epochs: number;
  /** Share of this call that is done. */
  readonly done: number;
  /** Mean loss of a pair in the last epoch. */
  readonly loss: number | undefined;
}
export interface EmbeddingTrainOptions {
  epochs?: number | undefined;
  /** Instead of the constructor's. */
  alpha?: Rate | undefined;
  lr?: Rate | undefined;
  /** Default 1. They share batches of 64 pairs and more, and change no bit. */
  threads?: number | undefined;
  onProgress?: ((progress: EmbeddingProgress) => void) | undefined;
  /** Ends training between two batches with ERR_ABORTED: what has been done until then stays. */
  signal?: AbortSignal | undefined;
}
export interface EmbeddingFitOptions extends EmbeddingTrainOptions {
  /** All names there may be, in their order: a relation with another end is ERR_NOT_FOUND. Default: the names as they come. */
  nodes?: readonly string[] | undefined;
  /** Relations are direct ones: what follows from them is added. Default false. */
  closure?: boolean | undefined;
}
export interface EmbeddingReport {
  /** Epochs since the beginning. */
  epochs: number;
  /** Mean loss of a pair in each epoch of this call. */
  losses: number[];
  nodes: number;
  pairs: number;
}
export interface EmbeddingFitReport extends EmbeddingReport {
  /** Groups of nodes that are above each other. They are trained as they are. */
  cycles: string[][];
  /** Nodes that a relation has twice; such relations are left out. */
  loops: string[];
}
export interface Neighbor { name: string; distance: number }
export interface EvaluateOptions {
  /** Default: all. */
  nodes?: readonly string[] | undefined;
  threads?: number | undefined;
  onProgress?: ((progress: { readonly done: number }) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Points in hyperbolic space for the nodes of a hierarchy, trained so that what is above a node lies nearer than what is not (Nickel
 * and Kiela 2017, 2018). More: docs/poincare-embedding.md.
 *
 * One call that trains, evaluates or saves at a time (ERR_BUSY); the others see the points of the last that has ended.
 */
export class PoincareEmbedding {
  /** @throws ERR_INVALID_CONFIG, ERR_OUT_OF_RANGE (rates), ERR_INVALID_ARG */
  constructor(options?: PoincareEmbeddingOptions);
  /**
   * Learns relations from the beginning. Where it is aborted after some batches, what they have made stays, and `train` goes on.
   * @throws ERR_EMPTY_INPUT, ERR_NOT_FOUND (an unknown end), ERR_INVALID_ARG, ERR_OUT_OF_RANGE (rates), ERR_BUSY, ERR_CLOSED, ERR_ABORTED
   */
  fit(relations: readonly Relation[] | PackedRelations, options?: EmbeddingFitOptions): Promise<EmbeddingFitReport>;
  /** The same at once, on this thread. */
  fitSync(relations: readonly Relation[] | PackedRelations, options?: EmbeddingFitOptions): EmbeddingFitReport;
  /** Goes on with the same relations: after 2 + 3 epochs the bits are those of 5. */
  train(options?: EmbeddingTrainOptions): Promise<EmbeddingReport>;
  trainSync(options?: EmbeddingTrainOptions): EmbeddingReport;
  /** Names in the order of `vectors()`. */
  readonly names: string[];
  /** How many. */
  readonly count: number;
  has(name: string): boolean;
  /** The point of a node, in the ball of curvature −1. @throws ERR_NOT_FOUND */
  vector(name: string): Float32Array;
  vectors(): { data: Float32Array; rows: number; dim: number };
  /** Distance of nodes, or points, in the ball. */
  distance(a: string | Vector, b: string | Vector): number;
  /** |x| of a node's point: small for general ones. */
  norm(name: string): number;
  /** The k nodes nearest to a node (not itself) or a point, exactly. Default 10. */
  nearest(where: string | Vector, k?: number): Neighbor[];
  /** The nearest that lie closer to the origin: what the embedding takes for ancestors. */
  ancestors(where: string | Vector, k?: number): Neighbor[];
  /** The nearest that lie farther out. */
  descendants(where: string | Vector, k?: number): Neighbor[];
  /** Of what is above a node, among all that is not: mean rank over pairs, mean average precision over nodes. Of equals, the worse. */
  evaluate(options?: EvaluateOptions): Promise<{ meanRank: number; map: number; pairs: number; nodes: number }>;
  evaluateSync(options?: EvaluateOptions): { meanRank: number; map: number; pairs: number; nodes: number };
  meanRank(options?: EvaluateOptions): Promise<number>;
  map(options?: EvaluateOptions): Promise<number>;
  /** All points by name, of metric 'poincare'. */
  toIndex(options?: Pick<HNSWOptions, 'M' | 'efConstruction' | 'ef' | 'seed' | 'capacity'>): HNSWIndex<string>;
  /** Names, relations and points in doubles: `train` goes on from them to the same bits. A rate that is a function is not saved. */
  toBuffer(): Uint8Array;
  /** @throws ERR_CORRUPT */
  static fromBuffer(bytes: Uint8Array | ArrayBuffer): PoincareEmbedding;
  /** Writes a file, which takes the place of another at once. @throws ERR_IO */
  save(path: string): void;
  /** @throws ERR_NOT_FOUND, ERR_IO, ERR_CORRUPT */
  static load(path: string): PoincareEmbedding;
  readonly size: number;
  readonly dim: number;
  readonly negative: number;
  readonly epsilon: number;
  readonly initRange: number;
  readonly dampening: number;
  readonly batchSize: number;
  readonly manifold: 'ball' | 'hyperboloid';
  readonly burnIn: number;
  /** undefined where it is a function. */
  readonly alpha: number | undefined;
  readonly burnInAlpha: number | undefined;
  /** Out of a file a number wherever that holds it. */
  readonly seed: number | bigint;
  /** Epochs that it is trained for. */
  readonly epoch: number;
  readonly closed: boolean;
  /** Frees the native memory; calls in flight end with ERR_CLOSED. Closing twice is fine. */
  close(): void;
  [Symbol.dispose](): void;
}

export interface TaxonomyHeadOptions extends PoincareEmbeddingOptions {
  /** Width in which embeddings are compared. Default 256. */
  hiddenDim?: number | undefined;
  /** How much the nodes most like an embedding count. Default: found by `fit` on the nodes themselves. */
  sharpness?: number | undefined;
}
/** Embeddings by name: a Map, an object, or rows with their names. */
export type NamedEmbeddings = ReadonlyMap<string, Vector> | Readonly<Record<string, Vector>> | { readonly names: readonly string[]; readonly vectors: Matrix };

/**
 * Where in a taxonomy new texts belong: nodes get points (PoincareEmbedding), and an embedding is led to the mean of the points of those
 * nodes whose own embeddings are like it (TaxonomyMap). What all embeddings have in common, their mean, is taken off. More: docs/poincare-embedding.md.
 */
export class TaxonomyHead {
  constructor(options?: TaxonomyHeadOptions);
  /**
   * Learns where nodes lie from relations [child, ancestor], all of whose ends have an embedding, and how embeddings tell it. Nodes
   * without relations are left out (`left` of them). Both are read before it returns; all other work leaves the event loop its turns.
   * @throws ERR_NOT_FOUND, ERR_EMPTY_INPUT, ERR_DIMENSION_MISMATCH, ERR_NON_FINITE, ERR_BUSY, ERR_CLOSED, ERR_ABORTED (it is as before)
   */
  fit(embeddings: NamedEmbeddings, relations: readonly Relation[] | PackedRelations, options?: Omit<EmbeddingFitOptions, 'nodes'>): Promise<EmbeddingFitReport & { sharpness: number; left: number }>;
  fitSync(embeddings: NamedEmbeddings, relations: readonly Relation[] | PackedRelations, options?: Omit<EmbeddingFitOptions, 'nodes'>): EmbeddingFitReport & { sharpness: number; left: number };
  /** The point of an embedding in the ball; of several, rows. */
  project(embedding: Float32Array | Float64Array | readonly number[], options?: ThreadOptions): Float32Array;
  project(embeddings: Matrix, options?: ThreadOptions): { data: Float32Array; rows: number; dim: number };
  projectAsync(embedding: Float32Array | Float64Array | readonly number[], options?: AsyncOptions): Promise<Float32Array>;
  projectAsync(embeddings: Matrix, options?: AsyncOptions): Promise<{ data: Float32Array; rows: number; dim: number }>;
  /** The k nodes nearest to where an embedding is led. Default 10. */
  nearest(embedding: Vector, k?: number): Neighbor[];
  /** The nearest of those that lie closer to the origin. */
  ancestors(embedding: Vector, k?: number): Neighbor[];
  /** The points of the nodes; closed with the head. */
  readonly embedding: PoincareEmbedding;
  readonly names: string[];
  readonly hiddenDim: number;
  readonly size: number;
  readonly seed: number | bigint;
  readonly sharpness: number | undefined;
  /** Width of embeddings, once it is fitted. */
  readonly inDim: number | undefined;
  readonly closed: boolean;
  toBuffer(): Uint8Array;
  /** @throws ERR_CORRUPT */
  static fromBuffer(bytes: Uint8Array | ArrayBuffer): TaxonomyHead;
  save(path: string): void;
  static load(path: string): TaxonomyHead;
  close(): void;
  [Symbol.dispose](): void;
}
