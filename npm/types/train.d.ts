// Training: what is written by hand beside the classes that come from the registry (generated.d.ts). Guide: docs/training.md.
import type { AsyncOptions, BruteForceIndex, Graph, HNSWIndex, IndexKey, Matrix, Vector } from '../../index.js';
import type { AdamOptions, AnySchedule, EWC, IndexRows, OptimizersByName } from './generated.js';

/** A member with weights, forward and backward: attention, RuvectorLayer, layers over graphs, Sequential, HierarchicalModel. */
export interface TrainableMember {
  readonly parameters: readonly { readonly name: string; readonly shape: readonly number[] }[];
  getWeights(): Float32Array;
  setWeights(weights: Vector): void;
  readonly closed: boolean;
}

/** A model of your own: parameters in one Float32Array, which the trainer changes in place. */
export interface TrainableObject {
  readonly parameters: Float32Array;
  /** A row of output a sample. `samples`: which of the data they are, or, with `rows`, these; `step`: for random decisions. */
  forward(inputs: Readonly<Record<string, any>>, samples: Uint32Array, step: number): Matrix | Promise<Matrix>;
  /** The gradient of the parameters, given that of the output [samples, width] of the last `forward`. */
  backward(inputs: Readonly<Record<string, any>>, outputGradient: { data: Float32Array; rows: number; dim: number }, samples: Uint32Array, step: number): Float32Array | Promise<Float32Array>;
}

/** A loss of your own: the outputs of a batch, a row a sample, and which samples they are. `gradient` is as long as the outputs. */
export type LossFunction = (outputs: { data: Float32Array; rows: number; dim: number }, samples: Uint32Array) =>
  | { loss: number; gradient: Matrix | Vector }
  | Promise<{ loss: number; gradient: Matrix | Vector }>;

/**
 * Parameters by name: a name or its beginning up to a point ('attention' means all of `attention.…`), a RegExp (g means nothing, y the
 * beginning of a name), or several. One that no parameter has is ERR_INVALID_CONFIG.
 */
export type ParameterNames = string | RegExp | readonly (string | RegExp)[];

/** `step`: an optimizer itself has it, and is none of these. */
type Groups<Options> = { step?: never; groups?: readonly ({ parameters: ParameterNames } & Partial<Omit<Options, 'size'>>)[] | undefined; frozen?: ParameterNames | undefined };
type OptimizerOf<Name extends keyof OptimizersByName> = { type: Name } & Omit<OptimizersByName[Name], 'size'> & Groups<OptimizersByName[Name]>;
/** Those whose options all have defaults. */
type FreeOptimizer = { [Name in keyof OptimizersByName]: {} extends Omit<OptimizersByName[Name], 'size'> ? Name : never }[keyof OptimizersByName];

/** An optimizer by name, or with its options; `groups` have options of their own, `frozen` parameters stay as they are. */
export type OptimizerChoice =
  | FreeOptimizer
  | { [Name in keyof OptimizersByName]: OptimizerOf<Name> }[keyof OptimizersByName]
  | ({ type?: undefined } & Partial<Omit<AdamOptions, 'size'>> & Groups<AdamOptions>);

export interface TrainerOptions {
  /** Of a GNNEmbedder or GraphSAGE its `model` is trained. */
  model: TrainableMember | TrainableObject | { readonly model: TrainableMember };
  /** A loss of the library (its first input is the model's output), or a function. */
  loss: { valueAndGradients(...inputs: never[]): { loss: number } } | LossFunction;
  /** Default 'adam'. */
  optimizer?: OptimizerChoice | undefined;
  /** The learning rate of the first group at each step, >= 0; those of others keep their ratio to it. */
  schedule?: AnySchedule | undefined;
  /** Holds parameters near where they were; of as many parameters as the model has. */
  penalty?: EWC | undefined;
  /** Samples of a batch. Default 0: all of them. */
  batchSize?: number | undefined;
  /** Batches of a step; the gradient is their mean. Default 1. */
  accumulate?: number | undefined;
  /** Longest gradient; longer ones are cut. Default 0: any length. */
  clipNorm?: number | undefined;
  /** Whether samples come in a new order in each epoch. Default true. */
  shuffle?: boolean | undefined;
  /**
   * Of models over a graph: a batch sees a subgraph around its nodes, of a node in hop h at most `sampleSizes[h]` entries (Infinity: all);
   * one number a layer that passes messages. Drawn by the seed and the step. Default: the whole graph. Validation sees the whole graph.
   */
  sampleSizes?: readonly number[] | undefined;
  /** Whether a last batch that is smaller is left out. Default false. */
  dropLast?: boolean | undefined;
  /** Seed of all random decisions. Random where left out (read it from the object). */
  seed?: number | bigint | undefined;
}

/** A row a sample; or a matrix (list of rows) a sample; or one value for all samples (a graph; keys and values of attention). */
export type Samples = Matrix | Vector | readonly Matrix[] | Graph | Uint32Array | Int32Array;

export interface TrainingData {
  /** By the names of the inputs of the model's forward; an only one may stand alone. */
  inputs: Samples | Readonly<Record<string, Samples | undefined>>;
  /** By the names of the loss's inputs behind the first; an only one may stand alone. Not where the loss is a function. */
  targets?: Samples | Readonly<Record<string, Samples | undefined>> | undefined;
  /**
   * Over a graph: which nodes are the samples, in the order of the targets. Default: all of them, of which each has a target then (else
   * ERR_DIMENSION_MISMATCH). A model of your own gets them as its `samples`, and the inputs whole.
   */
  rows?: Uint32Array | Int32Array | readonly number[] | undefined;
}

/**
 * Makes the data of each epoch: negatives mined anew with what the model has learned, an augmentation, a part of a large file. The
 * model has its weights; a promise is waited for. (A run that is to be resumed bit for bit needs the same data of an epoch again.)
 */
export type EpochData = (epoch: { epoch: number; epochs: number; model: any }) => TrainingData | Promise<TrainingData>;

export interface TrainingProgress {
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Steps of all runs of the trainer. */
  readonly step: number;
  /** Of the last step. */
  readonly loss: number;
  /** Length of its gradient before it was cut. */
  readonly gradientNorm: number;
  /** Share of the epochs, 0...1. */
  readonly done: number;
}

/**
 * Checkpoints of a fit. The file is written beside its place and moved there: after a kill it is the old one or the new one. Trainers
 * that go on from it need the same parts, data and seed (give one: a random seed is another in each process).
 */
export interface Checkpoint {
  readonly path: string;
  /** Epochs between two of them; the last epoch has one always. Default 1. */
  readonly every?: number | undefined;
  /** Whether the fit goes on from the file where there is one, to the same number of epochs in all. Default false: it replaces it. */
  readonly resume?: boolean | undefined;
}

export interface FitOptions extends AsyncOptions {
  /** Default 1. */
  epochs?: number | undefined;
  /** A file of all there is to the run and to this fit, written after every epoch, or after every so many. */
  checkpoint?: string | Checkpoint | undefined;
  /** Measured after each epoch, without dropout, in batches of `batchSize`: each is one job, so that one of very many samples holds a thread for long. */
  validation?: TrainingData | undefined;
  /** Epochs without a better loss (of validation where there is one) after which training ends. Default: never. */
  patience?: number | undefined;
  /** What counts as better. Default 0. */
  minDelta?: number | undefined;
  /** Whether the model gets the weights of the best epoch at the end. Default: true with validation. */
  restoreBest?: boolean | undefined;
  /** After each job of some milliseconds. */
  onProgress?: ((progress: TrainingProgress) => void) | undefined;
  /** After each epoch, the model with its weights; a promise is waited for. */
  onEpoch?: ((epoch: { epoch: number; epochs: number; loss: number; validationLoss: number | undefined; model: any }) => unknown) | undefined;
}

/** What was measured, an element an epoch. */
export interface TrainingHistory { loss: number[]; validationLoss: number[] }

/**
 * Trains a model: minibatches in a seeded order, accumulation, clipping, groups of parameters, schedules, early stopping.
 *
 * A step is ∇ = mean over the batches of ∇loss(model(batch)), cut to clipNorm, then the optimizer's. Results do not depend on
 * threads, nor on whether the loss is a member or a function that computes the same. The model can be used meanwhile: it gets new
 * weights after each epoch that `onEpoch` sees, and at the end. Jobs take some milliseconds, so that searches are not held up.
 */
export class Trainer {
  /** @throws ERR_WRONG_HANDLE, ERR_INVALID_CONFIG, ERR_INVALID_ARG */
  constructor(options: TrainerOptions);
  readonly seed: number | bigint;
  /** Of all runs so far. */
  readonly history: TrainingHistory;
  /**
   * Trains for some epochs more. Rejects with ERR_ABORTED (the model has the weights of the last step that was made; it does not wait
   * for a promise of your functions that never settles), ERR_NON_FINITE (a loss or gradient that is no number; the message names the
   * step and the epoch of this fit, from 1; the weights are those before it), ERR_OUT_OF_RANGE (a step beyond Float's range, a rate of
   * the schedule below 0 or not finite; the step has not happened), ERR_IO and ERR_NOT_FOUND for checkpoints that cannot be
   * written (before the first step, if that is known; nothing is lost, and the next fit goes on), ERR_CORRUPT for those that are cut
   * or of another trainer (see `setState`), ERR_DIMENSION_MISMATCH and the like for data, ERR_BUSY while another fit of this trainer or of
   * the same model is on, ERR_CLOSED where the model or the trainer is closed meanwhile, and with what your functions throw.
   */
  fit(data: TrainingData | EpochData, options?: FitOptions): Promise<TrainingHistory>;
  /** All there is to the run: parameters, state of the optimizers, history. Write it to a file to go on later. @throws ERR_BUSY */
  state(): Uint8Array;
  /**
   * Goes on where `state()` of a trainer of the same parts and seed was, or its checkpoint, bit for bit. Checked are the names and shapes
   * of the model's parameters and of the optimizers' state, and the seed; in the middle of an epoch (after an abort) `batchSize`, `accumulate`,
   * `shuffle` and `dropLast` too, and the number of samples when the fit goes on (ERR_DIMENSION_MISMATCH). Rates, the loss, the
   * schedule, what the samples are: that they are the same is up to you. @throws ERR_CORRUPT for anything else
   */
  setState(state: Uint8Array): void;
  readonly closed: boolean;
  close(): void;
  [Symbol.dispose](): void;
}

/** A temperature on its way from start to end in so many steps: linear, start (end/start)^p, half a cosine, ten equal steps. */
export class TemperatureAnnealing {
  constructor(start: number, end: number, steps: number, decay?: DecayType | Lowercase<DecayType>);
  static withDecay(start: number, end: number, steps: number, decay: DecayType | Lowercase<DecayType>): TemperatureAnnealing;
  static linear(start: number, end: number, steps: number): TemperatureAnnealing;
  static exponential(start: number, end: number, steps: number): TemperatureAnnealing;
  static cosine(start: number, end: number, steps: number): TemperatureAnnealing;
  static step(start: number, end: number, steps: number): TemperatureAnnealing;
  /** The temperature of this step. */
  getTemp(): number;
  readonly temperature: number;
  readonly currentStep: number;
  /** The same; then the next step begins. */
  step(): number;
  reset(): void;
}

export type DecayType = 'Linear' | 'Exponential' | 'Cosine' | 'Step';
export const DecayType: Readonly<{ [Name in DecayType]: Name }>;

export interface CurriculumStage {
  readonly name: string;
  /** 0...1 */
  readonly difficulty: number;
  /** Steps, or samples: what `step` counts. */
  readonly duration: number;
  readonly temperature: number;
  readonly negativeCount: number;
  readonly k: number;
}

/** Stages that a training goes through, each for a number of steps; the last one stays on. */
export class CurriculumScheduler {
  constructor();
  /** k and the temperature on lines from the first stage to the last. */
  static linear(stages: number, samplesPerStage: number, kStart: number, kEnd: number, tempStart: number, tempEnd: number): CurriculumScheduler;
  /** warm_up, easy, medium, hard: a quarter of the steps each. */
  static defaultCurriculum(total: number): CurriculumScheduler;
  addStage(stage: { name?: string; difficulty?: number; duration: number; temperature?: number; negativeCount?: number; k?: number }): this;
  /** The stage after `count` (default 1) more steps; null without stages. */
  step(count?: number): CurriculumStage | null;
  reset(): void;
  readonly currentStage: CurriculumStage | null;
  readonly currentParams: { k: number; temperature: number; stage: number };
  readonly stages: readonly CurriculumStage[];
  readonly difficulty: number;
  readonly temperature: number;
  readonly negativeCount: number;
  readonly isComplete: boolean;
  /** 0...1 */
  readonly progress: number;
}

export interface NegativeOptions {
  /** `distance` means `hardest`. Default 'hardest'. */
  strategy?: 'hardest' | 'distance' | 'semiHard' | 'distanceWeighted' | 'degree' | 'mixed' | 'random' | undefined;
  /** Negatives of an anchor. Default 1. */
  k?: number | undefined;
  /** A row an anchor; what 'semiHard' compares with. */
  positives?: Matrix | undefined;
  margin?: number | undefined;
  metric?: 'cosine' | 'euclidean' | undefined;
  seed?: number | bigint | undefined;
}

/** Over an index: its `pool` nearest that are not excluded are what is chosen among, by all strategies but 'degree'. */
export interface IndexNegativeOptions<K> extends NegativeOptions {
  /** A key or several for each anchor that are no negatives: its positives, itself. */
  exclude?: ArrayLike<K | readonly K[]> | undefined;
  /** Nearest that are chosen among. Default 4 k, at least 100. */
  pool?: number | undefined;
  /** Width of the search. Default: the pool and what is excluded, at least 64. */
  ef?: number | undefined;
  threads?: number | undefined;
}

/** Negatives out of an index, k an anchor, one anchor after the other; vectors as the index stores them (for cosine of length 1). */
export interface IndexNegatives<K> { keys: K[]; vectors: { data: Float32Array; rows: number; dim: number }; k: number }

/**
 * Negatives for each anchor: `NegativeMiner` made for one call, over candidates (their numbers [anchors, k]), or over an index, which
 * finds the nearest of many vectors (their keys and vectors). 'hardest' over an index is its nearest, of any metric; 'random' draws
 * evenly among the pool (Xiong et al. 2021, "Approximate nearest neighbor negative contrastive learning").
 * @throws ERR_INVALID_ARG for fewer than k candidates, ERR_UNSUPPORTED for 'degree' over an index
 */
export function sampleHardNegatives(anchors: Matrix, candidates: Matrix, options?: NegativeOptions & { degrees?: Vector | undefined }): IndexRows;
export function sampleHardNegatives<K extends IndexKey>(anchors: Matrix, index: HNSWIndex<K> | BruteForceIndex<K>, options?: IndexNegativeOptions<K>): IndexNegatives<K>;
/** The same off the event loop. */
export function sampleHardNegativesAsync(anchors: Matrix, candidates: Matrix, options?: NegativeOptions & { degrees?: Vector | undefined } & AsyncOptions): Promise<IndexRows>;
export function sampleHardNegativesAsync<K extends IndexKey>(anchors: Matrix, index: HNSWIndex<K> | BruteForceIndex<K>, options?: IndexNegativeOptions<K> & AsyncOptions): Promise<IndexNegatives<K>>;
