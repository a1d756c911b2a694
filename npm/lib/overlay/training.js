'use strict';

// The training half of @ruvector/attention by its names and forms, over the members of this package. docs/migration.md says where
// that package is wrong.
const inputs = require('../inputs.js');
const { guard } = require('../guard.js');
const { matrix } = require('../matrices.js');
const classes = require('../members/classes.js');
const { DecayType, CurriculumScheduler, TemperatureAnnealing } = require('../train/annealing.js');
const { isList, lengthOf, mismatch, unexpected } = require('../errors.js');
const { DotProductAttention } = /** @type {any} */ (require('../attention/classes.js'));

const MiningStrategy = Object.freeze({ Random: 'Random', HardNegative: 'HardNegative', SemiHard: 'SemiHard', DistanceWeighted: 'DistanceWeighted' });

// ---- losses ----

const one = (value, name) => [inputs.vector(value, name)];
const rows = (list, name) => (isList(list) && list.length === 0 ? undefined : list ?? (() => { throw unexpected('ERR_INVALID_ARG', 'an array of vectors', name, list); })());

let isOfAnchor;
/** A loss of one anchor, its positive and some negatives. */
class OfAnchor {
  #loss;

  constructor(loss) {
    this.#loss = loss;
  }

  compute(anchor, positive, negatives) {
    return this.#loss.forward(one(anchor, 'anchor'), one(positive, 'positive'), rows(negatives, 'negatives'));
  }

  /** `gradients` is the anchor's, as in @ruvector/attention; those of the others stand beside it. */
  computeWithGradients(anchor, positive, negatives) {
    const { loss, anchor: gradients, positive: toPositive, negatives: toNegatives } = this.#loss.valueAndGradients(one(anchor, 'anchor'), one(positive, 'positive'), rows(negatives, 'negatives'));
    return { loss, gradients, positiveGradients: toPositive, negativeGradients: toNegatives ?? new Float32Array(0) };
  }

  static {
    isOfAnchor = (value) => typeof value === 'object' && value !== null && #loss in value;
  }
}
guard(OfAnchor, isOfAnchor);

let isInfoNceLoss;
class InfoNceLoss extends OfAnchor {
  #temperature;

  constructor(temperature) {
    if (Number.isNaN(inputs.number(temperature, 'temperature'))) throw unexpected('ERR_INVALID_CONFIG', 'a number', 'temperature', temperature);
    super(new classes.InfoNCELoss({ temperature: Math.max(temperature, 0.01) }));
    this.#temperature = temperature;
  }

  /** As it was given; at least .01 counts. */
  get temperature() {
    return this.#temperature;
  }

  static {
    isInfoNceLoss = (value) => typeof value === 'object' && value !== null && #temperature in value;
  }
}
guard(InfoNceLoss, isInfoNceLoss);

let isLocalContrastiveLoss;
class LocalContrastiveLoss extends OfAnchor {
  #margin;

  constructor(margin) {
    super(new classes.LocalContrastiveLoss({ margin: inputs.number(margin, 'margin') }));
    this.#margin = margin;
  }

  get margin() {
    return this.#margin;
  }

  static {
    isLocalContrastiveLoss = (value) => typeof value === 'object' && value !== null && #margin in value;
  }
}
guard(LocalContrastiveLoss, isLocalContrastiveLoss);

let isSpectralRegularization;
class SpectralRegularization {
  #loss;
  #weight;

  constructor(weight) {
    this.#loss = new classes.SpectralRegularization({ weight: inputs.number(weight, 'weight') });
    this.#weight = weight;
  }

  computeBatch(embeddings) {
    return this.#loss.forward(embeddings);
  }

  computeWithGradients(embeddings) {
    const { loss, x } = this.#loss.valueAndGradients(embeddings);
    return { loss, gradients: x };
  }

  get weight() {
    return this.#weight;
  }

  static {
    isSpectralRegularization = (value) => typeof value === 'object' && value !== null && #loss in value;
  }
}
guard(SpectralRegularization, isSpectralRegularization);

// ---- optimizers ----

let isOfSize;
/** An optimizer of `size` parameters with a learning rate that may be set. */
class OfSize {
  #type;
  #options;
  #native;
  #rate;

  constructor(type, options) {
    this.#type = type;
    this.#options = options;
    this.#rate = inputs.number(options.learningRate, 'learningRate');
    this.#native = new type(options);
  }

  /** New parameters. */
  step(params, gradients) {
    return this.#native.step(params, gradients, this.#rate);
  }

  /** The same in place: `params` must be a Float32Array. */
  stepInPlace(params, gradients) {
    this.#native.stepInPlace(params, gradients, this.#rate);
  }

  /** Forgets what it has seen. */
  reset() {
    const old = this.#native;
    this.#native = new this.#type(this.#options);
    old.close();
  }

  get learningRate() {
    return this.#rate;
  }

  set learningRate(rate) {
    if (!(inputs.number(rate, 'learningRate') >= 0 && Number.isFinite(rate))) throw unexpected('ERR_OUT_OF_RANGE', 'a finite number >= 0', 'learningRate', rate);
    this.#rate = rate;
  }

  static {
    isOfSize = (value) => typeof value === 'object' && value !== null && #native in value;
  }
}
guard(OfSize, isOfSize);

class SgdOptimizer extends OfSize {
  constructor(size, learningRate, momentum = 0, weightDecay = 0) {
    super(classes.SGD, { size, learningRate, momentum, weightDecay });
  }

  static withMomentum(size, learningRate, momentum) {
    return new SgdOptimizer(size, learningRate, momentum);
  }

  static withWeightDecay(size, learningRate, momentum, weightDecay) {
    return new SgdOptimizer(size, learningRate, momentum, weightDecay);
  }
}

/** Its weight decay is apart from the gradient, as that of AdamW. */
class AdamOptimizer extends OfSize {
  constructor(size, learningRate, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weightDecay = 0) {
    super(classes.AdamW, { size, learningRate, beta1, beta2, eps, weightDecay });
  }

  static withBetas(size, learningRate, beta1, beta2) {
    return new AdamOptimizer(size, learningRate, beta1, beta2);
  }

  static withConfig(size, learningRate, beta1, beta2, eps, weightDecay) {
    return new AdamOptimizer(size, learningRate, beta1, beta2, eps, weightDecay);
  }
}

let isAdamWOptimizer;
class AdamWOptimizer extends OfSize {
  #weightDecay;

  constructor(size, learningRate, weightDecay, beta1 = 0.9, beta2 = 0.999) {
    super(classes.AdamW, { size, learningRate, weightDecay, beta1, beta2 });
    this.#weightDecay = weightDecay;
  }

  static withBetas(size, learningRate, weightDecay, beta1, beta2) {
    return new AdamWOptimizer(size, learningRate, weightDecay, beta1, beta2);
  }

  get weightDecay() {
    return this.#weightDecay;
  }

  static {
    isAdamWOptimizer = (value) => typeof value === 'object' && value !== null && #weightDecay in value;
  }
}
guard(AdamWOptimizer, isAdamWOptimizer);

// ---- schedules ----

let isLearningRateScheduler;
class LearningRateScheduler {
  #schedule;
  #total;
  #step = 0;

  constructor(learningRate, warmup, total, minimum = 1e-7) {
    this.#schedule = new classes.CosineSchedule({ start: inputs.number(learningRate, 'learningRate'), end: inputs.number(minimum, 'minLr'), warmup: inputs.number(warmup, 'warmup'), total: Math.max(1, inputs.number(total, 'total')) });
    this.#total = total;
  }

  static withMinLr(learningRate, warmup, total, minimum) {
    return new LearningRateScheduler(learningRate, warmup, total, minimum);
  }

  getLr() {
    return this.#schedule.value(this.#step);
  }

  /** The rate of this step; then the next begins. */
  step() {
    const rate = this.getLr();
    this.#step++;
    return rate;
  }

  reset() {
    this.#step = 0;
  }

  get currentStep() {
    return this.#step;
  }

  get progress() {
    return this.#total === 0 ? 1 : Math.min(1, this.#step / this.#total);
  }

  static {
    isLearningRateScheduler = (value) => typeof value === 'object' && value !== null && #schedule in value;
  }
}
guard(LearningRateScheduler, isLearningRateScheduler);

// ---- mining ----

const STRATEGIES = { Random: 'random', HardNegative: 'hardest', SemiHard: 'semiHard', DistanceWeighted: 'distanceWeighted' };

let isHardNegativeMiner;
class HardNegativeMiner {
  #options;
  #miners = new Map();

  constructor(strategy, options) {
    if (typeof strategy !== 'string') throw unexpected('ERR_INVALID_ARG', 'a string', 'strategy', strategy);
    const name = Object.hasOwn(STRATEGIES, strategy) ? STRATEGIES[strategy] : strategy;
    // As there: semi-hard ones by Euclidean distance, the hardest by cosine.
    this.#options = { strategy: name, metric: name === 'semiHard' ? 'euclidean' : 'cosine', ...inputs.options(options, ['margin', 'metric', 'seed']) };
    this.#of(1).close(); // what is wrong is said here
    this.#miners.clear();
  }

  static withMargin(strategy, margin) {
    return new HardNegativeMiner(strategy, { margin });
  }

  /** The temperature has no effect: weights by distance are those of Wu et al. 2017. */
  static withTemperature(strategy, temperature) {
    inputs.number(temperature, 'temperature');
    return new HardNegativeMiner(strategy);
  }

  static hardest(options) {
    return new HardNegativeMiner('hardest', options);
  }

  static semiHard(margin, options) {
    return new HardNegativeMiner('semiHard', { ...options, margin });
  }

  static distanceWeighted(options) {
    return new HardNegativeMiner('distanceWeighted', options);
  }

  static random(options) {
    return new HardNegativeMiner('random', options);
  }

  #of(k) {
    if (!this.#miners.has(k)) this.#miners.set(k, new classes.NegativeMiner({ ...this.#options, k }));
    return this.#miners.get(k);
  }

  /** Numbers of candidates: `mine(anchor, positive, candidates, n)`, or `mine(anchor, candidates, k)`. At most as many as there are. */
  mine(anchor, ...rest) {
    const [positive, candidates, n] = rest.length > 2 ? rest : [undefined, ...rest], all = matrix(candidates, 'candidates');
    if (!(Number.isInteger(inputs.number(n, 'n')) && n >= 0)) throw unexpected('ERR_OUT_OF_RANGE', 'an integer >= 0', 'n', n);
    const k = Math.min(n, all.rows);
    if (k === 0) return [];
    return Array.from(this.#of(k).mine(one(anchor, 'anchor'), all, positive === undefined ? undefined : one(positive, 'positive')).data);
  }

  static {
    isHardNegativeMiner = (value) => typeof value === 'object' && value !== null && #options in value;
  }
}
guard(HardNegativeMiner, isHardNegativeMiner);

let isInBatchMiner;
class InBatchMiner {
  #withPositive = false;

  includePositive() {
    const made = new InBatchMiner();
    made.#withPositive = true;
    return made;
  }

  /** All rows of the batch but the anchor's, and but the positive's where that is not wanted. */
  getNegatives(anchor, positive, batch) {
    for (const [name, value] of Object.entries({ anchor, positive, batch })) {
      if (!(Number.isInteger(inputs.number(value, name)) && value >= 0 && value <= 2 ** 24)) throw unexpected('ERR_OUT_OF_RANGE', 'an integer in 0...16777216', name, value);
    }
    return Array.from({ length: batch }, (_, i) => i).filter((i) => i !== anchor && (this.#withPositive || i !== positive));
  }

  static {
    isInBatchMiner = (value) => typeof value === 'object' && value !== null && #withPositive in value;
  }
}
guard(InBatchMiner, isInBatchMiner);

// ---- streams ----

let isStreamProcessor;
class StreamProcessor {
  #dim;
  #most;
  #rows = [];
  #attention;

  constructor(dim, maxBuffer) {
    this.#attention = new DotProductAttention(inputs.number(dim, 'dim'));
    if (!(Number.isSafeInteger(inputs.number(maxBuffer, 'maxBuffer')) && maxBuffer >= 1)) throw unexpected('ERR_OUT_OF_RANGE', 'an integer >= 1', 'maxBuffer', maxBuffer);
    this.#dim = dim;
    this.#most = maxBuffer;
  }

  /** Whether there was room. */
  push(vector) {
    const row = inputs.ownVector(vector, 'vector');
    if (lengthOf(row) !== this.#dim) throw mismatch('ERR_DIMENSION_MISMATCH', `${this.#dim} elements`, 'vector', lengthOf(row));
    if (this.#rows.length >= this.#most) return false;
    this.#rows.push(row);
    return true;
  }

  /** Attention of a query over what was pushed. */
  process(query) {
    return this.#attention.compute(query, this.#rows, this.#rows);
  }

  clear() {
    this.#rows = [];
  }

  get size() {
    return this.#rows.length;
  }

  get isFull() {
    return this.#rows.length >= this.#most;
  }

  static {
    isStreamProcessor = (value) => typeof value === 'object' && value !== null && #rows in value;
  }
}
guard(StreamProcessor, isStreamProcessor);

module.exports = {
  AdamOptimizer, AdamWOptimizer, CurriculumScheduler, DecayType, HardNegativeMiner, InBatchMiner, InfoNceLoss, LearningRateScheduler, LocalContrastiveLoss,
  MiningStrategy, SgdOptimizer, SpectralRegularization, StreamProcessor, TemperatureAnnealing,
};
