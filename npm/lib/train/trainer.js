'use strict';

// Trainer: fits a model to data. What a step is, an engine knows (native-engine.js, own-engine.js); here are epochs, validation,
// early stopping, progress and states.
const native = require('../native.js');
const inputs = require('../inputs.js');
const { guard } = require('../guard.js');
const { Handle } = require('../handle.js');
const { cancellable, checkFlag, threads: threadsOf, unlessAborted } = require('../async.js');
const { Member, stateOf } = require('../members/member.js');
const { has, inPlace, isInstance, mismatch, RuvectorError, tagOf, unexpected } = require('../errors.js');
const { readSizes } = require('../gnn/sampler.js');
const { randomSeed } = require('../random.js');
const { NativeEngine } = require('./native-engine.js');
const { OwnEngine } = require('./own-engine.js');
const { pathOf, writeFileAsync } = require('../files.js');
const { packRun, prepareCheckpoint, readCheckpoint, unpackRun } = require('./state.js');

const OPTIONS = ['model', 'loss', 'optimizer', 'schedule', 'penalty', 'batchSize', 'accumulate', 'clipNorm', 'shuffle', 'dropLast', 'sampleSizes', 'seed'];
const FIT = ['epochs', 'checkpoint', 'validation', 'patience', 'minDelta', 'restoreBest', 'onProgress', 'onEpoch', 'signal', 'threads'];

/** The state of a member of a family, or an error that names the argument. */
function memberOf(value, family, name, wanted) {
  let state;
  try {
    state = stateOf(value);
  } catch {
    throw mismatch('ERR_WRONG_HANDLE', wanted, name, inPlace(value));
  }
  if (family !== undefined && state.row.family !== family) throw mismatch('ERR_WRONG_HANDLE', wanted, name, inPlace(value));
  return state;
}

/** A model, or what an object is made of that has one: a GNNEmbedder, a GraphSAGE. */
function modelOf(value) {
  const holds = typeof value === 'object' && value !== null && !Handle.looksLike(value) && !has(value, 'parameters') && has(value, 'model');
  return holds && isInstance(value.model, Member) ? value.model : value;
}

/** The options that are numbers, as the native side takes them. */
function numbersOf(given) {
  const flag = (name, standard) => {
    const value = given[name] ?? standard;
    if (typeof value !== 'boolean') throw unexpected('ERR_INVALID_ARG', 'true or false', name, value);
    return Number(value);
  };
  const seed = given.seed ?? randomSeed(), number = (name, standard, fits, wanted) => {
    const value = inputs.number(given[name], name, standard);
    if (fits(value)) return value;
    throw unexpected('ERR_INVALID_CONFIG', wanted, name, value);
  };
  if (typeof seed !== 'bigint' && !Number.isSafeInteger(seed)) throw unexpected('ERR_INVALID_CONFIG', 'an integer', 'seed', seed);
  return {
    given: seed,
    numbers: {
      batchSize: number('batchSize', 0, (x) => Number.isInteger(x) && x >= 0 && x <= 1e9, 'an integer in 0...1000000000'),
      accumulate: number('accumulate', 1, (x) => Number.isInteger(x) && x >= 1 && x <= 1e6, 'an integer in 1...1000000'),
      clipNorm: number('clipNorm', 0, (x) => x >= 0 && x <= 1e30, 'a number in 0...1e30'),
      shuffle: flag('shuffle', true), dropLast: flag('dropLast', false), seed: BigInt.asUintN(64, BigInt(seed)),
    },
  };
}

/** Where checkpoints are written, after how many epochs, and whether the fit goes on from the one that is there. */
function checkpointOf(value) {
  if (value === undefined) return undefined;
  const { path, every = 1, resume = false } = typeof value === 'string' ? { path: value } : inputs.required(value, ['path', 'every', 'resume'], 'checkpoint');
  if (!(Number.isSafeInteger(inputs.number(every, 'checkpoint.every')) && every >= 1)) throw unexpected('ERR_OUT_OF_RANGE', 'an integer >= 1', 'checkpoint.every', every);
  if (typeof resume !== 'boolean') throw unexpected('ERR_INVALID_ARG', 'true or false', 'checkpoint.resume', resume);
  return { path: pathOf(path, 'checkpoint.path'), every, resume };
}

/** The options of a fit, read. */
function fitOptions(options) {
  const given = inputs.options(options, FIT), { epochs = 1, validation, patience, minDelta = 0, restoreBest = validation !== undefined, onProgress, onEpoch } = given;
  const count = (value, name) => {
    if (!(Number.isSafeInteger(inputs.number(value, name)) && value >= 1)) throw unexpected('ERR_OUT_OF_RANGE', 'an integer >= 1', name, value);
  };
  count(epochs, 'epochs');
  if (patience !== undefined) count(patience, 'patience');
  if (!(inputs.number(minDelta, 'minDelta') >= 0)) throw unexpected('ERR_OUT_OF_RANGE', 'a number >= 0', 'minDelta', minDelta);
  if (typeof restoreBest !== 'boolean') throw unexpected('ERR_INVALID_ARG', 'true or false', 'restoreBest', restoreBest);
  for (const [name, value] of Object.entries({ onProgress, onEpoch })) if (value !== undefined && typeof value !== 'function') throw unexpected('ERR_INVALID_ARG', 'a function', name, value);
  return { epochs, checkpoint: checkpointOf(given.checkpoint), validation, patience, minDelta, restoreBest, onProgress, onEpoch, signal: given.signal, threads: threadsOf(given.threads) };
}

/** Models that a fit is on: two of them would overwrite each other's weights. */
const fitted = new WeakSet();

let isTrainer;
class Trainer extends Handle {
  #model;
  #loss;
  #engine;
  #seed;
  /** What batches are made of, but for the samples. */
  #batches;
  /** Samples of the epoch in whose middle a state was saved that the run goes on from; undefined: of any number. */
  #samples;
  #history = { loss: [], validationLoss: [] };
  #running = false;

  constructor(options) {
    const given = inputs.required(options, OPTIONS), { loss, optimizer = 'adam', schedule, penalty } = given, model = modelOf(given.model);
    const isOwn = typeof model === 'object' && model !== null && !Handle.looksLike(model) && has(model, 'forward');
    if (!isOwn) memberOf(model, undefined, 'model', 'a member with weights, or an object with parameters, forward and backward');
    const lossState = typeof loss === 'function' ? undefined : memberOf(loss, 'loss', 'loss', 'a loss or a function');
    if (schedule !== undefined) memberOf(schedule, 'schedule', 'schedule', 'a schedule');
    if (penalty !== undefined) memberOf(penalty, 'continual', 'penalty', 'an EWC');
    const sizes = given.sampleSizes === undefined ? undefined : readSizes(given.sampleSizes, 'sampleSizes');
    if (sizes && isOwn) throw unexpected('ERR_INVALID_CONFIG', 'a member as the model', 'sampleSizes', given.sampleSizes);
    const { given: seed, numbers } = numbersOf(given), engine = new (isOwn ? OwnEngine : NativeEngine)({ model, loss, lossState, optimizer, schedule, penalty, sampleSizes: sizes }, numbers);
    // Every Handle has a native object. A trainer of the caller's own model needs none: the smallest one stands in.
    super(engine.handle ?? native.create('schedule', 'constant', []), Trainer);
    this.#model = model;
    this.#loss = loss;
    this.#engine = engine;
    this.#seed = seed;
    const { batchSize, accumulate, shuffle, dropLast } = numbers;
    this.#batches = { batchSize, accumulate, shuffle, dropLast };
  }

  /** The seed of all random decisions: of order, of dropout. */
  get seed() {
    return this.#seed;
  }

  /** What has been measured: an element an epoch. */
  get history() {
    return { loss: [...this.#history.loss], validationLoss: [...this.#history.validationLoss] };
  }

  /**
   * Trains. Resolves to the history; rejects with ERR_ABORTED, ERR_NON_FINITE (the step is named) and what callers' functions throw,
   * the model with the weights of the last step that was made.
   */
  async fit(data, options) {
    Handle.of(this, Trainer, 'this');
    const run = fitOptions(options);
    if (this.#running) throw mismatch('ERR_BUSY', 'no fit in flight', 'this', 'one');
    if (fitted.has(this.#model)) throw mismatch('ERR_BUSY', 'no fit in flight', 'model', 'one of another trainer');
    this.#requireOpen();
    if (run.validation !== undefined && typeof this.#loss === 'function') throw mismatch('ERR_UNSUPPORTED', 'a loss of the library', 'validation', 'a function as the loss');
    this.#running = true;
    fitted.add(this.#model);
    try {
      if (typeof data !== 'function') this.#load(data, run.checkpoint?.resume);
      if (run.validation !== undefined) this.#engine.load(1, run.validation, 'validation');
      return await cancellable(run.signal, (flag) => this.#train(run, typeof data === 'function' ? data : undefined, { threads: run.threads, flag, signal: run.signal }));
    } finally {
      this.#running = false;
      fitted.delete(this.#model);
    }
  }

  /** `dataOf`: makes the data of each epoch, where they are not the same for all. */
  async #train({ epochs, checkpoint, validation, patience = Infinity, minDelta, restoreBest, onProgress, onEpoch }, dataOf, control) {
    const engine = this.#engine, { report } = engine;
    const { epoch: done, ...reached } = await this.#begin(checkpoint);
    let { best, bestWeights, waiting } = reached;
    engine.drop();
    const first = report[1] - done;
    try {
      for (let epoch = done; epoch < epochs && waiting < patience; epoch++) {
        engine.epoch = epoch + 1;
        if (dataOf) {
          await this.#sync();
          this.#load(await unlessAborted(control.signal, dataOf({ epoch: epoch + 1, epochs, model: this.#model })));
          checkFlag(control.flag);
        }
        const history = this.#history, target = first + epoch + 1, measured = Float32Array.from(history.validationLoss.length > 0 ? history.validationLoss : history.loss);
        while (report[1] < target) {
          await engine.advance(control, measured);
          this.#samples = undefined;
          if (report[1] === target) history.loss.push(report[5]);
          onProgress?.({ epoch: epoch + 1, epochs, step: report[0], loss: report[3], gradientNorm: report[4], done: (epoch + (report[1] === target ? 1 : report[2] / report[6])) / epochs });
          checkFlag(control.flag);
          this.#requireOpen();
        }
        if (validation !== undefined) history.validationLoss.push(await engine.evaluate(control));
        const value = validation !== undefined ? history.validationLoss.at(-1) : report[5];
        if (value < best - minDelta) {
          [best, waiting] = [value, 0];
          if (restoreBest) bestWeights = this.#modelWeights();
        } else waiting++;
        const isLast = epoch + 1 === epochs || waiting >= patience;
        if (checkpoint && (isLast || (epoch + 1) % checkpoint.every === 0)) await writeFileAsync(checkpoint.path, packRun(this.#run(), { epoch: epoch + 1, best, bestWeights, waiting }));
        if (onEpoch) {
          await this.#sync();
          await unlessAborted(control.signal, onEpoch({ epoch: epoch + 1, epochs, loss: report[5], validationLoss: validation === undefined ? undefined : value, model: this.#model }));
        }
      }
      if (restoreBest && bestWeights) {
        const all = engine.weights();
        all.set(bestWeights);
        engine.setWeights(all);
      }
    } finally {
      if (!this.closed) {
        engine.drop();
        await this.#sync();
      }
    }
    this.#requireOpen();
    return this.history;
  }

  /** What was learned would be lost: the model, or this, was closed meanwhile. (A model of the caller's cannot be.) */
  #requireOpen() {
    Handle.of(this, Trainer, 'this');
    if (this.#model instanceof Member && this.#model.closed) throw mismatch('ERR_CLOSED', 'an open model', 'model', 'a closed one');
  }

  /** How far the fit is: at its beginning, or where its checkpoint was written. */
  async #begin(checkpoint) {
    const start = { epoch: 0, best: Infinity, bestWeights: undefined, waiting: 0 };
    if (!checkpoint) return start;
    await prepareCheckpoint(checkpoint.path);
    const bytes = checkpoint.resume ? await readCheckpoint(checkpoint.path) : undefined;
    return (bytes && this.#restore(bytes)) ?? start;
  }

  /** The rest of an epoch that was begun with so many samples is of as many. `isOther`: a checkpoint takes the place of that run. */
  #load(data, isOther = false) {
    this.#engine.load(0, data, 'data');
    const { samples } = this.#engine;
    if (this.#samples !== undefined && samples !== this.#samples && !isOther) throw mismatch('ERR_DIMENSION_MISMATCH', `${this.#samples} samples, as in the first part of the epoch,`, 'data', samples);
  }

  #run() {
    const engine = this.#engine;
    engine.drop(); // the report says how far the run is
    const middle = engine.report[2] > 0 ? { samples: this.#samples ?? engine.samples ?? 0, ...this.#batches } : undefined;
    return { names: engine.names, seed: this.seed, history: this.#history, weights: engine.weights(), middle };
  }

  /** Takes over a run; how far its fit was. */
  #restore(bytes) {
    const { names, modelFloats } = this.#engine, { weights, history, middle, fit } = unpackRun(bytes, { names, seed: this.seed, modelFloats, batches: this.#batches });
    try {
      this.#engine.setWeights(weights);
    } catch (cause) {
      throw cause?.code === 'ERR_OUT_OF_RANGE' ? new RuvectorError('ERR_CORRUPT', `expected the state of a trainer: ${cause.message}`, { cause }) : cause;
    }
    this.#samples = middle?.samples;
    this.#history = { loss: [...history.loss], validationLoss: [...history.validationLoss] };
    return fit;
  }

  #modelWeights() {
    return this.#engine.weights().slice(0, this.#engine.modelFloats);
  }

  /** The model gets the weights that training has reached, as soon as no call of it is in flight. (One of the caller's has them.) */
  async #sync() {
    if (!(this.#model instanceof Member) || this.#model.closed || this.closed) return;
    const weights = this.#modelWeights();
    for (;;) {
      try {
        this.#model.setWeights(weights);
        return;
      } catch (error) {
        if (error.code !== 'ERR_BUSY') throw error;
        await new Promise((resolve) => { setTimeout(resolve, 1); });
      }
    }
  }

  /** All there is to the run, as bytes: parameters, the optimizers' state, the history. */
  state() {
    Handle.of(this, Trainer, 'this');
    if (this.#running) throw mismatch('ERR_BUSY', 'no fit in flight', 'this', 'one');
    return packRun(this.#run());
  }

  /** Goes on from `state()` of a trainer of the same parts, or from the bytes of its checkpoint. ERR_CORRUPT for anything else. */
  setState(bytes) {
    Handle.of(this, Trainer, 'this');
    if (this.#running) throw mismatch('ERR_BUSY', 'no fit in flight', 'this', 'one');
    if (tagOf(bytes) !== 'Uint8Array') throw unexpected('ERR_INVALID_ARG', 'a Uint8Array', 'state', bytes);
    this.#restore(bytes);
    if (this.#model instanceof Member) this.#model.setWeights(this.#modelWeights());
  }

  close() {
    if (!this.closed) this.#engine.close();
    super.close();
  }

  static {
    isTrainer = (value) => typeof value === 'object' && value !== null && #engine in value;
  }
}
guard(Trainer, isTrainer);

module.exports = { Trainer };
