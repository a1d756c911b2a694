'use strict';

// The steps of a Trainer whose model is a member: Trainer.swift, in jobs of some milliseconds.
const native = require('../native.js');
const inputs = require('../inputs.js');
const { unlessAborted } = require('../async.js');
const { handleOf, stateOf } = require('../members/member.js');
const { describe } = require('../members/create.js');
const { isList, lengthOf, mismatch, renamed, tagOf, unexpected } = require('../errors.js');
const { nameOf } = require('../known.js');
const { fieldsOf, load } = require('./data.js');
const { groupsOf } = require('./groups.js');

/** Milliseconds that a job may take: searches wait for it where there is one thread. */
const JOB = 15;
const MOST_UNITS = 4096;

const alone = (...buffers) => [buffers, new Float64Array(2 * buffers.length).fill(-1)];

/** What a caller's loss gives: {loss, gradient} with a gradient as long as the outputs, packed. `step`: what errors call the step. */
function readAnswer(answer, count, step) {
  if (typeof answer !== 'object' || answer === null) throw unexpected('ERR_INVALID_ARG', '{loss, gradient}', 'loss(outputs)', answer);
  const loss = inputs.number(answer.loss, 'loss'), { gradient } = answer, isMatrix = tagOf(gradient) === undefined && !isList(gradient);
  const flat = inputs.ownVector(isMatrix ? gradient?.data : isList(gradient) && isList(gradient[0]) ? gradient.flat() : gradient, 'gradient');
  if (lengthOf(flat) !== count) throw mismatch('ERR_DIMENSION_MISMATCH', `${count} elements`, 'gradient', lengthOf(flat));
  // (The native side has it in 32 bits.)
  if (Number.isFinite(loss) && !Number.isFinite(Math.fround(loss))) throw mismatch('ERR_NON_FINITE', 'a finite loss and gradient', step, `a loss of ${loss}, which is no float`);
  return { loss, gradient: flat };
}

class NativeEngine {
  /** Steps, epochs, batches of the epoch, loss, length of the gradient, loss of the last epoch, batches of an epoch, width (Trainer.report). */
  report = new Float32Array(8);
  /** The epoch as the caller of `fit` counts it, for errors: the trainer counts those of all its fits. */
  epoch = 1;
  /** Of the training set. */
  samples;
  #handle;
  #forward;
  #complete;
  #loss;
  #lossInputs;
  #units = 1;

  constructor({ model, loss, lossState, optimizer, schedule, penalty, sampleSizes }, numbers) {
    const state = stateOf(model), forward = state.row.operations.forward;
    if (!forward || state.floats === 0) throw mismatch('ERR_INVALID_CONFIG', 'a member with weights, forward and backward', 'model', nameOf(model));
    const { optimizers, groups } = groupsOf(optimizer, state.parameters), child = (name, value) => (value ? [name, handleOf(value)] : []);
    try {
      this.#handle = native.create('trainer', 'trainer', [
        ...child('model', model), ...optimizers.flatMap((one) => child('optimizers', one)), ...child('loss', lossState && loss), ...child('schedule', schedule),
        ...child('penalty', penalty), ...Object.entries(numbers).flat(),
      ]);
      this.#run('assign', groups, new Float32Array(1));
      if (sampleSizes) this.#run('sample', sampleSizes, new Float32Array(1));
    } catch (error) {
      if (this.#handle) native.close(this.#handle);
      throw error;
    } finally {
      for (const one of optimizers) one.close();
    }
    this.#forward = forward;
    this.#complete = state.row.complete;
    this.#loss = loss;
    this.#lossInputs = lossState?.row.operations.forward.inputs;
    this.modelFloats = state.floats;
    this.names = describe(this.#handle).weights.map(({ name, shape }) => ({ name, shape }));
  }

  get handle() {
    return this.#handle;
  }

  #run(operation, ...buffers) {
    const [list, shapes] = alone(...buffers);
    native.run(this.#handle, operation, list, shapes, 1, undefined);
  }

  async #later({ threads, flag }, operation, ...buffers) {
    const [list, shapes] = alone(...buffers);
    try {
      await native.runAsync(this.#handle, operation, list, shapes, threads, flag);
    } catch (error) {
      throw renamed(error, ({ subject }) => {
        const [, step] = /^step (\d+) \(epoch \d+\)$/.exec(subject) ?? [];
        return step === undefined ? undefined : { subject: `step ${step} (epoch ${this.epoch})` };
      });
    }
  }

  /** Set 0: training, 1: validation. */
  load(set, data, name) {
    const samples = load(this.#handle, set, fieldsOf(data, this.#forward, this.#lossInputs, name, this.#complete));
    if (set === 0) this.samples = samples;
  }

  /** A job of about JOB milliseconds, at most to the end of the epoch. `measured`: what schedules look at. */
  async advance(control, measured) {
    if (typeof this.#loss === 'function') return this.#byHand(control, measured);
    const started = performance.now();
    await this.#later(control, 'advance', Float32Array.of(this.#units), measured, this.report);
    const share = JOB / Math.max(performance.now() - started, 0.01);
    this.#units = Math.max(1, Math.min(MOST_UNITS, Math.floor(this.#units * Math.max(0.25, Math.min(4, share)))));
  }

  /** A batch whose loss is a function of the caller's. */
  async #byHand(control, measured) {
    await this.#later(control, 'begin', measured, this.report);
    const { outputs: count, batch } = describe(this.#handle).sizes, all = new Float32Array(count + batch);
    this.#run('outputs', Float32Array.of(0), all);
    const answer = await unlessAborted(control.signal, this.#loss({ data: all.slice(0, count), rows: batch, dim: this.report[7] }, Uint32Array.from(all.subarray(count))));
    const { loss, gradient } = readAnswer(answer, count, `step ${this.report[0]} (epoch ${this.epoch})`);
    await this.#later(control, 'end', Float32Array.of(loss), gradient, this.report);
  }

  /** The mean loss of the validation set. */
  async evaluate(control) {
    let at = 0, count = 1, sum = 0, samples = 0;
    for (const out = new Float32Array(3); ;) {
      const started = performance.now();
      await this.#later(control, 'evaluate', Float32Array.of(at, count), out);
      sum += out[0];
      samples += out[1];
      at += count;
      if (at >= out[2]) return sum / samples;
      count = Math.max(1, Math.min(MOST_UNITS, Math.floor(count * Math.min(4, JOB / Math.max(performance.now() - started, 0.01)))));
    }
  }

  /** Drops what is done of a step; the report says how far the run is. */
  drop() {
    this.#run('drop', Float32Array.of(0), this.report);
  }

  weights() {
    const all = new Float32Array(this.names.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0));
    native.weightsGet(this.#handle, '', all);
    return all;
  }

  setWeights(all) {
    native.weightsSet(this.#handle, '', all);
  }

  close() {}
}

module.exports = { NativeEngine, readAnswer };
