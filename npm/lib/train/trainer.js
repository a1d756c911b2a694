'use strict';

// Trainer: fit a model to data. Steps are made natively (Trainer.swift), a few milliseconds a job; between jobs the event loop turns,
// and parts that are functions of the caller run.
const native = require('../native.js');
const inputs = require('../inputs.js');
const { Handle } = require('../handle.js');
const { cancellable, checkFlag, threads: threadsOf } = require('../async.js');
const { handleOf, stateOf } = require('../members/member.js');
const { create, describe } = require('../members/create.js');
const { isList, lengthOf, mismatch, tagOf, unexpected } = require('../errors.js');
const { nameOf } = require('../known.js');
const { randomSeed } = require('../random.js');
const { fieldsOf, load } = require('./data.js');
const { groupsOf } = require('./groups.js');
const { pack, unpack } = require('./state.js');

/** Milliseconds that a job may take: searches wait for it where there is one thread. */
const JOB = 15;
const MOST_UNITS = 4096;
const NO_HISTORY = new Float32Array(0);
const OPTIONS = ['model', 'loss', 'optimizer', 'schedule', 'penalty', 'batchSize', 'accumulate', 'clipNorm', 'shuffle', 'dropLast', 'seed'];
const FIT = ['epochs', 'validation', 'patience', 'minDelta', 'restoreBest', 'onProgress', 'onEpoch', 'signal', 'threads'];

const alone = (...buffers) => [buffers, new Float64Array(2 * buffers.length).fill(-1)];

/** The state of a member, or an error that names the argument. */
function memberOf(value, family, name, wanted) {
  let state;
  try {
    state = stateOf(value);
  } catch {
    throw mismatch('ERR_WRONG_HANDLE', wanted, name, nameOf(value) ?? 'another object');
  }
  if (family !== undefined && state.row.family !== family) throw mismatch('ERR_WRONG_HANDLE', wanted, name, nameOf(value) ?? 'another object');
  return state;
}

class Trainer extends Handle {
  #model;
  #forward;
  #loss;
  #lossInputs;
  #config;
  #names;
  #modelFloats;
  #floats;
  #history = { loss: [], validationLoss: [] };
  #running = false;

  constructor(options) {
    const given = inputs.options(options ?? null, OPTIONS), { model, loss, optimizer = 'adam', schedule, penalty } = given;
    const state = memberOf(model, undefined, 'model', 'a member with weights');
    const forward = state.row.forward ?? state.row.operations?.forward;
    if (!forward || state.floats === 0) throw mismatch('ERR_INVALID_CONFIG', 'a member with weights, forward and backward', 'model', nameOf(model));
    const isFunction = typeof loss === 'function', lossState = isFunction ? undefined : memberOf(loss, 'loss', 'loss', 'a loss or a function');
    if (schedule !== undefined) memberOf(schedule, 'schedule', 'schedule', 'a schedule');
    if (penalty !== undefined) memberOf(penalty, 'continual', 'penalty', 'an EWC');
    const { optimizers, groups } = groupsOf(optimizer, state.parameters);
    const flag = (name, standard) => {
      const value = given[name] ?? standard;
      if (typeof value !== 'boolean') throw unexpected('ERR_INVALID_ARG', 'true or false', name, value);
      return Number(value);
    };
    const seed = given.seed ?? randomSeed();
    if (typeof seed !== 'bigint' && !Number.isSafeInteger(seed)) throw unexpected('ERR_INVALID_CONFIG', 'an integer', 'seed', seed);
    let handle;
    try {
      handle = native.create('trainer', 'trainer', [
        'model', handleOf(model), ...optimizers.flatMap((one) => ['optimizers', handleOf(one)]), ...lossState ? ['loss', handleOf(loss)] : [],
        ...schedule ? ['schedule', handleOf(schedule)] : [], ...penalty ? ['penalty', handleOf(penalty)] : [], 'batchSize', inputs.number(given.batchSize, 'batchSize', 0),
        'accumulate', inputs.number(given.accumulate, 'accumulate', 1), 'clipNorm', inputs.number(given.clipNorm, 'clipNorm', 0),
        'shuffle', flag('shuffle', true), 'dropLast', flag('dropLast', false), 'seed', BigInt.asUintN(64, BigInt(seed)),
      ]);
      const [buffers, shapes] = alone(groups, new Float32Array(1));
      native.run(handle, 'assign', buffers, shapes, 1, undefined);
    } catch (error) {
      if (handle) native.close(handle);
      throw error;
    } finally {
      for (const one of optimizers) one.close();
    }
    super(handle, Trainer);
    this.#model = model;
    this.#forward = forward;
    this.#loss = loss;
    this.#lossInputs = lossState?.row.operations.forward.inputs;
    this.#config = { seed };
    this.#names = describe(handle).weights.map(({ name, shape }) => ({ name, shape }));
    this.#modelFloats = state.floats;
    this.#floats = this.#names.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  }

  /** The seed of all random decisions: of order, of dropout. */
  get seed() {
    return this.#config.seed;
  }

  /** What has been measured: an element an epoch. */
  get history() {
    return { loss: [...this.#history.loss], validationLoss: [...this.#history.validationLoss] };
  }

  static #open(value) {
    return Handle.of(value, Trainer, 'this');
  }

  /**
   * Trains. Resolves to the history; rejects with ERR_ABORTED, ERR_NON_FINITE (the step is named) and what callers' functions throw,
   * the model with the weights of the last step that was made.
   */
  async fit(data, options) {
    const handle = Trainer.#open(this), given = inputs.options(options, FIT), { epochs = 1, validation, patience, minDelta = 0, restoreBest = validation !== undefined, onProgress, onEpoch, signal } = given;
    if (!(Number.isSafeInteger(inputs.number(epochs, 'epochs')) && epochs >= 1)) throw unexpected('ERR_OUT_OF_RANGE', 'an integer >= 1', 'epochs', epochs);
    if (patience !== undefined && !(Number.isSafeInteger(inputs.number(patience, 'patience')) && patience >= 1)) throw unexpected('ERR_OUT_OF_RANGE', 'an integer >= 1', 'patience', patience);
    if (!(inputs.number(minDelta, 'minDelta') >= 0)) throw unexpected('ERR_OUT_OF_RANGE', 'a number >= 0', 'minDelta', minDelta);
    if (typeof restoreBest !== 'boolean') throw unexpected('ERR_INVALID_ARG', 'true or false', 'restoreBest', restoreBest);
    for (const [name, value] of Object.entries({ onProgress, onEpoch })) if (value !== undefined && typeof value !== 'function') throw unexpected('ERR_INVALID_ARG', 'a function', name, value);
    const threads = threadsOf(given.threads);
    if (this.#running) throw mismatch('ERR_BUSY', 'no fit in flight', 'this', 'one');
    if (validation !== undefined && typeof this.#loss === 'function') throw mismatch('ERR_UNSUPPORTED', 'a loss of the library', 'validation', 'a function as the loss');
    this.#running = true;
    try {
      const samples = load(handle, 0, fieldsOf(data, this.#forward, this.#lossInputs, 'data'));
      if (validation !== undefined) load(handle, 1, fieldsOf(validation, this.#forward, this.#lossInputs, 'validation'));
      const run = { handle, samples, epochs, validation, patience, minDelta, restoreBest, onProgress, onEpoch, threads };
      return await cancellable(signal, (flag) => this.#train(run, flag));
    } finally {
      this.#running = false;
    }
  }

  async #train(run, flag) {
    const { handle, epochs, onProgress, onEpoch, validation, patience, minDelta, restoreBest } = run, report = new Float32Array(8);
    const history = this.#history;
    let units = 1, best = Infinity, bestWeights, waiting = 0;
    this.#drop(handle, report);
    const first = report[1];
    try {
      for (let epoch = 0; epoch < epochs; epoch++) {
        const target = first + epoch + 1, measured = Float32Array.from(history.validationLoss.length > 0 ? history.validationLoss : history.loss);
        while (report[1] < target) {
          const started = performance.now();
          if (typeof this.#loss === 'function') await this.#stepByHand(run, measured, report, flag);
          else {
            const [buffers, shapes] = alone(Float32Array.of(units), measured.length > 0 ? measured : NO_HISTORY, report);
            await native.runAsync(handle, 'advance', buffers, shapes, run.threads, flag);
            const took = performance.now() - started;
            units = Math.max(1, Math.min(MOST_UNITS, Math.floor(units * Math.max(0.25, Math.min(4, JOB / Math.max(took, 0.01))))));
          }
          if (report[1] === target) history.loss.push(report[5]);
          onProgress?.({ epoch: epoch + 1, epochs, step: report[0], loss: report[3], gradientNorm: report[4], done: (epoch + (report[1] === target ? 1 : report[2] / report[6])) / epochs });
          checkFlag(flag);
        }
        if (validation !== undefined) history.validationLoss.push(await this.#evaluate(run, flag));
        const reached = validation !== undefined ? history.validationLoss.at(-1) : report[5];
        if (reached < best - minDelta) {
          [best, waiting] = [reached, 0];
          if (restoreBest) bestWeights = this.#modelWeights(handle);
        } else waiting++;
        if (onEpoch) {
          await this.#sync();
          await onEpoch({ epoch: epoch + 1, epochs, loss: report[5], validationLoss: validation === undefined ? undefined : reached, model: this.#model });
        }
        if (patience !== undefined && waiting >= patience) break;
      }
      if (restoreBest && bestWeights) this.#setModelWeights(handle, bestWeights);
    } finally {
      if (!this.closed) {
        this.#drop(handle, report);
        await this.#sync();
      }
    }
    return this.history;
  }

  /** Drops what is done of a step; says how far the run is. */
  #drop(handle, report) {
    const [buffers, shapes] = alone(Float32Array.of(0), report);
    native.run(handle, 'drop', buffers, shapes, 1, undefined);
  }

  /** A batch whose loss is a function of the caller's. */
  async #stepByHand({ handle, threads }, measured, report, flag) {
    let [buffers, shapes] = alone(measured.length > 0 ? measured : NO_HISTORY, report);
    await native.runAsync(handle, 'begin', buffers, shapes, threads, flag);
    const width = report[7], sizes = describe(handle).sizes, all = new Float32Array(sizes.outputs + sizes.batch);
    [buffers, shapes] = alone(Float32Array.of(0), all);
    native.run(handle, 'outputs', buffers, shapes, 1, undefined);
    const outputs = { data: all.slice(0, sizes.outputs), rows: sizes.batch, dim: width }, samples = Uint32Array.from(all.subarray(sizes.outputs));
    const answer = await this.#loss(outputs, samples);
    if (typeof answer !== 'object' || answer === null) throw unexpected('ERR_INVALID_ARG', '{loss, gradient}', 'loss(outputs)', answer);
    const loss = inputs.number(answer.loss, 'loss'), { gradient } = answer, isMatrix = tagOf(gradient) === undefined && !isList(gradient);
    const flat = inputs.ownVector(isMatrix ? gradient?.data : isList(gradient) && isList(gradient[0]) ? gradient.flat() : gradient, 'gradient');
    if (lengthOf(flat) !== sizes.outputs) throw mismatch('ERR_DIMENSION_MISMATCH', `${sizes.outputs} elements`, 'gradient', lengthOf(flat));
    [buffers, shapes] = alone(Float32Array.of(loss), flat, report);
    await native.runAsync(handle, 'end', buffers, shapes, threads, flag);
  }

  async #evaluate({ handle, threads }, flag) {
    let at = 0, count = 1, sum = 0, samples = 0;
    for (const out = new Float32Array(3); ;) {
      const [buffers, shapes] = alone(Float32Array.of(at, count), out), started = performance.now();
      await native.runAsync(handle, 'evaluate', buffers, shapes, threads, flag);
      sum += out[0];
      samples += out[1];
      at += count;
      if (at >= out[2]) return sum / samples;
      count = Math.max(1, Math.min(MOST_UNITS, Math.floor(count * Math.min(4, JOB / Math.max(performance.now() - started, 0.01)))));
    }
  }

  #modelWeights(handle) {
    const all = new Float32Array(this.#floats);
    native.weightsGet(handle, '', all);
    return all.slice(0, this.#modelFloats);
  }

  #setModelWeights(handle, weights) {
    const all = new Float32Array(this.#floats);
    native.weightsGet(handle, '', all);
    all.set(weights);
    native.weightsSet(handle, '', all);
  }

  /** The model gets the weights that training has reached, as soon as no call of it is in flight. */
  async #sync() {
    if (this.#model.closed || this.closed) return;
    const weights = this.#modelWeights(Trainer.#open(this));
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
    const handle = Trainer.#open(this);
    if (this.#running) throw mismatch('ERR_BUSY', 'no fit in flight', 'this', 'one');
    const floats = new Float32Array(this.#floats);
    native.weightsGet(handle, '', floats);
    return pack({ parameters: this.#names, history: this.#history, seed: String(this.seed) }, floats);
  }

  /** Goes on from `state()` of a trainer of the same parts. ERR_CORRUPT for anything else. */
  setState(bytes) {
    const handle = Trainer.#open(this);
    if (this.#running) throw mismatch('ERR_BUSY', 'no fit in flight', 'this', 'one');
    if (tagOf(bytes) !== 'Uint8Array') throw unexpected('ERR_INVALID_ARG', 'a Uint8Array', 'state', bytes);
    const { header, floats } = unpack(new Uint8Array(bytes), this.#floats), names = JSON.stringify(this.#names);
    if (JSON.stringify(header.parameters) !== names) throw mismatch('ERR_CORRUPT', 'the parameters of this trainer', 'state', 'others');
    if (header.seed !== String(this.seed)) throw mismatch('ERR_CORRUPT', `seed ${this.seed}`, 'state', header.seed);
    native.weightsSet(handle, '', floats);
    this.#history = { loss: [...header.history.loss], validationLoss: [...header.history.validationLoss] };
    this.#model.setWeights(floats.slice(0, this.#modelFloats));
  }
}

module.exports = { Trainer };
