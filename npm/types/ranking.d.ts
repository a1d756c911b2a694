// Learning from use: Reranker, and what a VectorStore says of it (docs/learning-from-use.md).
import type { Matrix, Vector } from '../../index.js';

/** What was shown to somebody. Ids by rank, the best first. */
export interface Impression {
  readonly query: Vector;
  readonly shown: readonly string[];
  /** The model whose order was shown (`learning().model`). Default 0. */
  readonly model?: number | null | undefined;
  /** Two ranks, from 0, of results that changed places by chance. */
  readonly swapped?: readonly [number, number] | null | undefined;
}

/** Candidates of a first stage. Higher scores are better; the order does not matter. Ids differ. */
export interface RankCandidates {
  readonly ids: readonly string[];
  readonly vectors: Matrix;
  readonly scores: Vector;
}

/** Why a result stands where it does: the two sum to `score`. */
export interface RankExplanation {
  /** What the first stage's score gives: scale · (score − mean)/deviation over the candidates. */
  readonly firstStage: number;
  /** What the learned attention of the query to the candidate gives, times the share in use. */
  readonly attention: number;
}

export interface LearnOptions {
  /**
   * How often a result at rank r (from 1) is looked at: r^−η. A number is η, 0...10 (0: everything that is shown is looked at). 'auto'
   * (default) fits it to swapped results (`explore`), and takes η = 1 where fewer than 200 were swapped.
   */
  examination?: 'auto' | number | undefined;
  /** Hears of the share that is done, 0...1; what it throws is the outcome. */
  onProgress?: ((progress: { readonly done: number }) => void) | undefined;
  /** Aborting rejects with ERR_ABORTED; the order in use stays. */
  signal?: AbortSignal | undefined;
  /** 1...256. Default 1. The outcome does not depend on it. */
  threads?: number | undefined;
}
export interface RerankerLearnOptions extends LearnOptions {
  /**
   * What the first stage finds for a query now, some 50 candidates; asked for each distinct query that was observed. `shown`: at most 50 ids that it has
   * shown, those that were clicked first. Only candidates among which they are teach something: where a filter was in use, give what was shown.
   */
  candidates: (query: Float32Array, shown: readonly string[]) => RankCandidates | Promise<RankCandidates>;
}

export interface LearningReport {
  /** Observations that are kept, and that there were. */
  readonly observations: number;
  readonly observed: number;
  /** Distinct queries among those that are kept. */
  readonly queries: number;
  /** The number of the model: 0 before there is one; it rises with each that comes into use, and when all is forgotten. */
  readonly model: number;
  /** The share of the learned part in use: 0 (the static order), 0.25, 0.5, 0.75, 1. */
  readonly share: number;
  /** Whether the last learning has come into use; false: the order before it stays. */
  readonly live: boolean;
  /** η, of 'fitted' the interval of 95 %; 'prior': too little was swapped. Undefined before the first learning. */
  readonly examination: { readonly exponent: number; readonly low?: number; readonly high?: number; readonly source: 'fitted' | 'prior' | 'given'; readonly swaps: number } | undefined;
  /** Of the last learning, in DCG@10 of queries that the model did not see, one vote a query: mean, interval of 95 %, Student's t. */
  readonly gain: { readonly mean: number; readonly low: number; readonly high: number; readonly t: number } | undefined;
  /** Distinct queries that had something to say. */
  readonly lists: number;
  /** Of the weights and m. */
  readonly bytes: number;
}

export interface RerankerOptions {
  /** Width of queries and candidates, 1...16384. */
  dim: number;
  /** Width in which they are compared, 1...4096. Default 128. */
  rank?: number | undefined;
  /** Observations that are kept, of more a fair sample; 1...1e7. Default 100,000. */
  maxObservations?: number | undefined;
  /**
   * Random where left out (read it from the object). One that is given decides `explore`, too: by it and the numbers of observations and explored searches so
   * far, so that a process that loads the same bytes for each search always swaps the same; leave it out there.
   */
  seed?: number | bigint | undefined;
}
export interface RerankOptions {
  /** Default 10. At most 65,536 with `track`. */
  k?: number | undefined;
  /** Whether the hits have an `impression` for `observe`. Default false. */
  track?: boolean | undefined;
  /** The share of tracked searches, 0...1, in which two results change places, so that η can be fitted. Default 0. */
  explore?: number | undefined;
  /** Whether each hit says why it stands where it does. Default false. */
  explain?: boolean | undefined;
}
export interface RerankedHit {
  readonly id: string;
  /** What the order is by. */
  readonly score: number;
  /** The place among the candidates that were given. */
  readonly place: number;
  readonly explain?: RankExplanation | undefined;
}

/**
 * Puts the candidates of any first stage in an order that is learned from what people click: s_j = scale · first_j + α ⟨Bᵀ A (q − m), x_j⟩, q
 * and x_j of length one, m most of the mean of queries, first_j the first stage's scores with mean 0 and deviation 1. A new one keeps the first stage's order. A learned
 * order comes into use only where it is better, beyond doubt, for queries it has not seen.
 * O(rank · dim + n · dim) for n candidates. @throws ERR_DIMENSION_MISMATCH, ERR_NON_FINITE, ERR_INVALID_ARG, ERR_OUT_OF_RANGE, ERR_CLOSED
 */
export class Reranker {
  /** @throws ERR_INVALID_CONFIG, ERR_INVALID_ARG, ERR_OUT_OF_RANGE (`maxObservations`) */
  constructor(options: RerankerOptions);
  readonly dim: number;
  readonly rank: number;
  readonly seed: number | bigint;
  readonly maxObservations: number;
  /** The `k` best candidates; with `track` the array has a property `impression`, a text that survives JSON. */
  rerank(query: Vector, candidates: RankCandidates, options: RerankOptions & { track: true }): RerankedHit[] & { readonly impression: string };
  rerank(query: Vector, candidates: RankCandidates, options?: RerankOptions): RerankedHit[];
  /** Notes which ids of an impression were clicked; none at all is an observation, too. @throws ERR_INVALID_ARG (not shown), ERR_CORRUPT (cut, of another Reranker: one that was loaded from its bytes is the same) */
  observe(impression: string | Impression, clicked: readonly string[]): void;
  /** Learns from all that is kept. Rejects with ERR_EMPTY_INPUT (no observations), ERR_BUSY (one in flight), ERR_ABORTED; the order in use stays. */
  learn(options: RerankerLearnOptions): Promise<LearningReport>;
  learning(): LearningReport;
  /** Back to the first stage's order; what was observed goes, too. @throws ERR_BUSY while it learns */
  forget(): void;
  /** Weights and observations. */
  toBuffer(): Uint8Array;
  /** @throws ERR_CORRUPT */
  static fromBuffer(bytes: Uint8Array | ArrayBuffer): Reranker;
  readonly closed: boolean;
  close(): void;
}
