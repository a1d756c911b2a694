// The training half of @ruvector/attention by its names. What is different here: docs/migration.md.
import type { Matrix, Vector } from '../../index.js';

export { CurriculumScheduler, DecayType, TemperatureAnnealing } from './train.js';

export const MiningStrategy: Readonly<{ Random: 'Random'; HardNegative: 'HardNegative'; SemiHard: 'SemiHard'; DistanceWeighted: 'DistanceWeighted' }>;

/** The gradient of the anchor, and those of the others. */
export interface LossResult { loss: number; gradients: Float32Array; positiveGradients: Float32Array; negativeGradients: Float32Array }

/** −ln of the softmax of the positive's cosine among the negatives'; temperatures below .01 count as .01. */
export class InfoNceLoss {
  constructor(temperature: number);
  compute(anchor: Vector, positive: Vector, negatives: readonly Vector[]): number;
  computeWithGradients(anchor: Vector, positive: Vector, negatives: readonly Vector[]): LossResult;
  readonly temperature: number;
}

/** Mean over the negatives of max(0, |a − p| − |a − n| + margin). */
export class LocalContrastiveLoss {
  constructor(margin: number);
  compute(anchor: Vector, positive: Vector, negatives: readonly Vector[]): number;
  computeWithGradients(anchor: Vector, positive: Vector, negatives: readonly Vector[]): LossResult;
  readonly margin: number;
}

/** weight times the variance of the columns' variances. */
export class SpectralRegularization {
  constructor(weight: number);
  computeBatch(embeddings: Matrix): number;
  computeWithGradients(embeddings: Matrix): { loss: number; gradients: Float32Array };
  readonly weight: number;
}

declare class OfSize {
  /** New parameters. */
  step(params: Vector, gradients: Vector): Float32Array;
  stepInPlace(params: Float32Array, gradients: Vector): void;
  /** Forgets what it has seen. */
  reset(): void;
  learningRate: number;
}

export class SgdOptimizer extends OfSize {
  constructor(size: number, learningRate: number, momentum?: number, weightDecay?: number);
  static withMomentum(size: number, learningRate: number, momentum: number): SgdOptimizer;
  static withWeightDecay(size: number, learningRate: number, momentum: number, weightDecay: number): SgdOptimizer;
}

/** Its weight decay is apart from the gradient, as that of AdamW. */
export class AdamOptimizer extends OfSize {
  constructor(size: number, learningRate: number, beta1?: number, beta2?: number, eps?: number, weightDecay?: number);
  static withBetas(size: number, learningRate: number, beta1: number, beta2: number): AdamOptimizer;
  static withConfig(size: number, learningRate: number, beta1: number, beta2: number, eps: number, weightDecay: number): AdamOptimizer;
}

export class AdamWOptimizer extends OfSize {
  constructor(size: number, learningRate: number, weightDecay: number, beta1?: number, beta2?: number);
  static withBetas(size: number, learningRate: number, weightDecay: number, beta1: number, beta2: number): AdamWOptimizer;
  readonly weightDecay: number;
}

/** A warm-up, then half a cosine down to a minimum (1e-7). */
export class LearningRateScheduler {
  constructor(learningRate: number, warmup: number, total: number, minimum?: number);
  static withMinLr(learningRate: number, warmup: number, total: number, minimum: number): LearningRateScheduler;
  getLr(): number;
  /** The rate of this step; then the next begins. */
  step(): number;
  reset(): void;
  readonly currentStep: number;
  readonly progress: number;
}

/** Chooses negatives by their distance to the anchor; always as many as are asked for and there are. */
export class HardNegativeMiner {
  constructor(strategy: 'Random' | 'HardNegative' | 'SemiHard' | 'DistanceWeighted' | 'hardest' | 'semiHard' | 'distanceWeighted' | 'random',
    options?: { margin?: number; metric?: 'cosine' | 'euclidean'; seed?: number | bigint });
  static withMargin(strategy: string, margin: number): HardNegativeMiner;
  /** The temperature has no effect. */
  static withTemperature(strategy: string, temperature: number): HardNegativeMiner;
  static hardest(options?: { seed?: number | bigint }): HardNegativeMiner;
  static semiHard(margin: number, options?: { seed?: number | bigint }): HardNegativeMiner;
  static distanceWeighted(options?: { seed?: number | bigint }): HardNegativeMiner;
  static random(options?: { seed?: number | bigint }): HardNegativeMiner;
  mine(anchor: Vector, positive: Vector, candidates: Matrix, n: number): number[];
  mine(anchor: Vector, candidates: Matrix, k: number): number[];
}

/** The other rows of a batch. */
export class InBatchMiner {
  includePositive(): InBatchMiner;
  getNegatives(anchor: number, positive: number, batch: number): number[];
}

/** Attention over the vectors that were pushed. */
export class StreamProcessor {
  constructor(dim: number, maxBuffer: number);
  /** false where there is no room. */
  push(vector: Vector): boolean;
  process(query: Vector): Float32Array;
  clear(): void;
  readonly size: number;
  readonly isFull: boolean;
}
