'use strict';

// Numbers and stages that change while a model is trained: TemperatureAnnealing, CurriculumScheduler. They count their steps.
const inputs = require('../inputs.js');
const { guard } = require('../guard.js');
const { oneOf } = require('../closest.js');
const { mismatch, unexpected } = require('../errors.js');

const DecayType = Object.freeze({ Linear: 'Linear', Exponential: 'Exponential', Cosine: 'Cosine', Step: 'Step' });

/** Share of the way -> the temperature. */
const DECAYS = {
  Linear: (start, end, p) => start + (end - start) * p,
  Exponential: (start, end, p) => start * (end / start) ** p,
  Cosine: (start, end, p) => end + (start - end) * (1 + Math.cos(Math.PI * p)) / 2,
  Step: (start, end, p) => start + (end - start) * Math.floor(10 * p + 1e-9) / 10,
};

function positive(value, name) {
  if (inputs.number(value, name) > 0 && Number.isFinite(value)) return value;
  throw unexpected('ERR_OUT_OF_RANGE', 'a finite number > 0', name, value);
}

function steps(value, name, least = 1) {
  if (Number.isSafeInteger(inputs.number(value, name)) && value >= least) return value;
  throw unexpected('ERR_OUT_OF_RANGE', `an integer >= ${least}`, name, value);
}

let isTemperatureAnnealing;
class TemperatureAnnealing {
  #start;
  #end;
  #steps;
  #decay;
  #step = 0;

  constructor(start, end, count, decay = 'Linear') {
    this.#start = positive(start, 'start');
    this.#end = positive(end, 'end');
    this.#steps = steps(count, 'steps');
    if (typeof decay !== 'string') throw unexpected('ERR_INVALID_CONFIG', 'a string', 'decay', decay);
    const name = `${decay[0]?.toUpperCase()}${decay.slice(1)}`;
    if (!Object.hasOwn(DECAYS, name)) throw unexpected('ERR_INVALID_CONFIG', oneOf(Object.keys(DECAYS), decay), 'decay', decay);
    this.#decay = DECAYS[name];
  }

  static withDecay(start, end, count, decay) {
    return new TemperatureAnnealing(start, end, count, decay);
  }

  static linear(start, end, count) {
    return new TemperatureAnnealing(start, end, count, 'Linear');
  }

  static exponential(start, end, count) {
    return new TemperatureAnnealing(start, end, count, 'Exponential');
  }

  static cosine(start, end, count) {
    return new TemperatureAnnealing(start, end, count, 'Cosine');
  }

  static step(start, end, count) {
    return new TemperatureAnnealing(start, end, count, 'Step');
  }

  getTemp() {
    return this.#decay(this.#start, this.#end, Math.min(1, this.#step / this.#steps));
  }

  /** The temperature of this step; then the next begins. */
  step() {
    const now = this.getTemp();
    this.#step++;
    return now;
  }

  reset() {
    this.#step = 0;
  }

  get temperature() {
    return this.getTemp();
  }

  get currentStep() {
    return this.#step;
  }

  static {
    isTemperatureAnnealing = (value) => typeof value === 'object' && value !== null && #step in value;
  }
}
guard(TemperatureAnnealing, isTemperatureAnnealing);

const STAGE = ['name', 'difficulty', 'duration', 'temperature', 'negativeCount', 'k'];

let isCurriculumScheduler;
class CurriculumScheduler {
  #stages = [];
  #step = 0;

  /** `stages` stages of `samplesPerStage` samples, k and the temperature on lines from start to end. */
  static linear(stages, samplesPerStage, kStart, kEnd, tempStart, tempEnd) {
    const made = new CurriculumScheduler(), count = steps(stages, 'stages');
    if (count > 10000) throw unexpected('ERR_OUT_OF_RANGE', 'an integer in 1...10000', 'stages', stages);
    steps(samplesPerStage, 'samplesPerStage');
    for (const [name, value] of Object.entries({ kStart, kEnd })) steps(value, name);
    for (const [name, value] of Object.entries({ tempStart, tempEnd })) positive(value, name);
    for (let i = 0; i < count; i++) {
      const p = count === 1 ? 0 : i / (count - 1), k = Math.round(kStart + (kEnd - kStart) * p);
      made.addStage({ name: `stage_${i + 1}`, difficulty: (i + 1) / count, duration: samplesPerStage, temperature: tempStart + (tempEnd - tempStart) * p, negativeCount: k, k });
    }
    return made;
  }

  /** Four stages of a quarter of the steps each: warm_up, easy, medium, hard. */
  static defaultCurriculum(total) {
    const made = new CurriculumScheduler(), duration = Math.floor(steps(total, 'total', 4) / 4);
    for (const [name, difficulty, temperature, negativeCount] of [['warm_up', 0.1, 2, 5], ['easy', 0.3, 1, 10], ['medium', 0.6, 0.5, 20], ['hard', 1, 0.1, 50]]) {
      made.addStage({ name, difficulty, duration, temperature, negativeCount });
    }
    return made;
  }

  /** @returns {this} */
  addStage(stage) {
    const given = inputs.required(stage, STAGE, 'stage'), { name = `stage_${this.#stages.length + 1}`, difficulty = 1, duration, temperature = 1, negativeCount = 10, k = negativeCount } = given;
    if (typeof name !== 'string') throw unexpected('ERR_INVALID_ARG', 'a string', 'stage.name', name);
    if (!(inputs.number(difficulty, 'stage.difficulty') >= 0 && difficulty <= 1)) throw unexpected('ERR_OUT_OF_RANGE', 'a number in 0...1', 'stage.difficulty', difficulty);
    this.#stages.push(Object.freeze({ name, difficulty, duration: steps(duration, 'stage.duration'), temperature: positive(temperature, 'stage.temperature'), negativeCount: steps(negativeCount, 'stage.negativeCount', 0), k: steps(k, 'stage.k', 0) }));
    return this;
  }

  get #total() {
    return this.#stages.reduce((sum, { duration }) => sum + duration, 0);
  }

  /** The stage of a step; the last one for all behind it. */
  get #stage() {
    let end = 0;
    return this.#stages.find(({ duration }) => this.#step < (end += duration)) ?? this.#stages.at(-1);
  }

  /** The stage after `count` more steps (samples); null without stages. */
  step(count = 1) {
    this.#step += steps(count, 'count', 0);
    return this.#stage ?? null;
  }

  reset() {
    this.#step = 0;
  }

  get currentStage() {
    return this.#stage ?? null;
  }

  /** {k, temperature, stage}: of the stage that is on. */
  get currentParams() {
    if (this.#stages.length === 0) throw mismatch('ERR_EMPTY_INPUT', 'at least 1 stage', 'this', 'none');
    const { k, temperature } = this.#stage;
    return { k, temperature, stage: this.#stages.indexOf(this.#stage) };
  }

  get stages() {
    return [...this.#stages];
  }

  get difficulty() {
    return this.#stage?.difficulty ?? 1;
  }

  get temperature() {
    return this.#stage?.temperature ?? 1;
  }

  get negativeCount() {
    return this.#stage?.negativeCount ?? 10;
  }

  get isComplete() {
    return this.#step >= this.#total;
  }

  get progress() {
    return this.#total === 0 ? 1 : Math.min(1, this.#step / this.#total);
  }

  static {
    isCurriculumScheduler = (value) => typeof value === 'object' && value !== null && #step in value;
  }
}
guard(CurriculumScheduler, isCurriculumScheduler);

module.exports = { CurriculumScheduler, DecayType, TemperatureAnnealing };
