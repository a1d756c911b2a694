'use strict';

// The steps of a Trainer whose model is an object of the caller's: the same algorithm as Trainer.swift in JavaScript, over the
// library's losses, optimizers and schedules.
const inputs = require('../inputs.js');
const { Handle } = require('../handle.js');
const { matrix } = require('../matrices.js');
const { checkFlag, unlessAborted } = require('../async.js');
const { has, isList, lengthOf, mismatch, renamed, RuvectorError, tagOf, unexpected } = require('../errors.js');
const { now, turn } = require('../slices.js');
const { groupsOf } = require('./groups.js');
const { readAnswer } = require('./native-engine.js');

/** Milliseconds after which others have their turn of the event loop: the model's functions need not be asynchronous. */
const LONG = 15;

const MASK = (1n << 64n) - 1n;

/** The root of the largest Float: optimizers square gradients (Trainer.swift says the same). */
const LONGEST = Math.sqrt(3.4028234663852886e38);

/** SplitMix64, as Random in Swift. */
function random(seed) {
  let state = BigInt.asUintN(64, seed);
  return (bound) => {
    state = (state + 0x9e3779b97f4a7c15n) & MASK;
    let z = state;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK;
    z ^= z >> 31n;
    return Number((z * BigInt(bound)) >> 64n);
  };
}

/** The samples in the order of an epoch, as Trainer.order in Swift. */
function orderOf(count, seed, epoch, isShuffled) {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  if (!isShuffled) return order;
  const below = random(BigInt.asUintN(64, seed) + BigInt(epoch) * 0xd1342543de82ef95n);
  for (let i = count - 1; i > 0; i--) {
    const j = below(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** {count, pick(samples)} of an argument: packed matrices and lists are cut to the samples, everything else is the same for all. */
function chooser(value, name) {
  if (tagOf(value) !== undefined) return { count: lengthOf(value), pick: (samples) => value.constructor.from(samples, (i) => value[i]) };
  if (isList(value)) return { count: value.length, pick: (samples) => Array.from(samples, (i) => value[i]) };
  if (has(value, 'data')) {
    const { data, rows, dim } = matrix(value, name);
    return { count: rows, pick: (samples) => ({ data: Float32Array.from({ length: samples.length * dim }, (_, at) => data[samples[Math.floor(at / dim)] * dim + (at % dim)]), rows: samples.length, dim }) };
  }
  return { count: undefined, pick: () => value };
}

/** Arguments by name -> {samples, of(samples)}. */
function choosers(values, name) {
  const isPlain = typeof values === 'object' && values !== null && !isList(values) && tagOf(values) === undefined && !has(values, 'data');
  /** @type {[string, ReturnType<typeof chooser>][]} */
  const all = Object.entries(isPlain ? values : { input: values }).filter(([, value]) => value !== undefined).map(([key, value]) => [key, chooser(value, `${name}.${key}`)]);
  const counts = all.map(([, { count }]) => count).filter((count) => count !== undefined);
  const other = all.find(([, { count }]) => count !== undefined && count !== counts[0]);
  if (other) throw mismatch('ERR_DIMENSION_MISMATCH', `${counts[0]} samples`, `${name}.${other[0]}`, other[1].count);
  return { samples: counts[0], of: (samples) => Object.fromEntries(all.map(([key, { pick }]) => [key, pick(samples)])) };
}

/** The arguments of a model over a graph, which gets them whole and the rows that are asked for. */
function whole(values, samples) {
  const isPlain = typeof values === 'object' && values !== null && !isList(values) && tagOf(values) === undefined && !has(values, 'data') && !Handle.looksLike(values);
  return { samples, of: () => (isPlain ? { ...values } : { input: values }) };
}

/** Samples as the model knows them: their rows, where the data say so. */
const named = ({ rows }, samples) => (rows ? samples.map((i) => rows[i]) : samples);

class OwnEngine {
  report = new Float32Array(8);
  /** The epoch as the caller of `fit` counts it, for errors. */
  epoch = 1;
  /** Of the training set. */
  samples;
  names;
  modelFloats;
  #model;
  #loss;
  #lossInputs;
  #optimizer;
  #schedule;
  #numbers;
  #sets = [];
  #progress = { epoch: 0, batch: 0, step: 0, loss: 0, samples: 0 };
  #gradients;
  #batches = 0;
  #stepLoss = 0;
  #stepSamples = 0;
  #turned = -Infinity;

  constructor({ model, loss, lossState, optimizer, schedule, penalty }, numbers) {
    const { parameters } = model;
    if (tagOf(parameters) !== 'Float32Array' || lengthOf(parameters) === 0) throw unexpected('ERR_INVALID_ARG', 'a Float32Array with elements', 'model.parameters', parameters);
    for (const name of ['forward', 'backward']) if (typeof model[name] !== 'function') throw unexpected('ERR_INVALID_ARG', 'a function', `model.${name}`, model[name]);
    if (penalty !== undefined) throw mismatch('ERR_UNSUPPORTED', 'a model of the library', 'penalty', 'one of your own');
    Object.assign(this, { modelFloats: parameters.length });
    this.#model = model;
    this.#loss = loss;
    this.#lossInputs = lossState?.row.operations.forward.inputs;
    ({ optimizers: [this.#optimizer] } = groupsOf(optimizer, [{ name: 'parameters', shape: [parameters.length] }]));
    this.#schedule = schedule;
    this.#numbers = numbers;
    this.#gradients = new Float32Array(parameters.length);
    this.names = [{ name: 'model.parameters', shape: [parameters.length] }, ...this.#optimizer.parameters.map(({ name, shape }) => ({ name: `optimizers.0.${name}`, shape })), { name: 'progress', shape: [9] }];
  }

  get handle() {
    return undefined;
  }

  load(set, data, name) {
    const given = inputs.required(data, ['inputs', 'targets', 'rows'], name), rows = given.rows === undefined ? undefined : Uint32Array.from(inputs.indices(given.rows, `${name}.rows`));
    const read = rows ? whole(given.inputs, rows.length) : choosers(given.inputs, `${name}.inputs`);
    let targets;
    if (this.#lossInputs) {
      const names = this.#lossInputs.slice(1).map((port) => port.name), isNamed = typeof given.targets === 'object' && given.targets !== null && names.some((one) => one in given.targets);
      targets = names.length === 0 ? undefined : choosers(isNamed ? inputs.options(given.targets, names, `${name}.targets`) : { [names[0]]: given.targets }, `${name}.targets`);
    }
    const samples = read.samples ?? targets?.samples;
    if (!samples) throw mismatch('ERR_EMPTY_INPUT', 'at least 1 sample', name, 'none');
    if (targets?.samples !== undefined && targets.samples !== samples) throw mismatch('ERR_DIMENSION_MISMATCH', `${samples} samples`, `${name}.targets`, targets.samples);
    if (set === 0) this.samples = samples;
    this.#sets[set] = { samples, inputs: read, targets, rows };
  }

  #size({ samples }) {
    const { batchSize } = this.#numbers;
    return batchSize === 0 ? samples : Math.min(batchSize, samples);
  }

  #all(set) {
    const size = this.#size(set);
    return Math.max(1, this.#numbers.dropLast ? Math.floor(set.samples / size) : Math.ceil(set.samples / size));
  }

  /** The outputs of some samples. */
  async #forward(set, samples, { flag, signal }) {
    if (now() - this.#turned > LONG) {
      await turn();
      this.#turned = now();
      checkFlag(flag);
    }
    const given = set.inputs.of(samples), answer = await unlessAborted(signal, this.#model.forward(given, named(set, samples), this.#progress.step)), outputs = matrix(answer, 'model.forward(…)', true);
    if (outputs.rows !== samples.length) throw mismatch('ERR_DIMENSION_MISMATCH', `${samples.length} rows`, 'model.forward(…)', outputs.rows);
    if (outputs.data.some((x) => !Number.isFinite(x))) throw new RuvectorError('ERR_NON_FINITE', 'expected finite outputs for model, received NaN or infinity');
    return { given, outputs: { data: outputs.data, rows: outputs.rows, dim: outputs.dim } };
  }

  /** {loss, gradient} of outputs. */
  async #measure(set, outputs, samples, { signal }) {
    if (typeof this.#loss === 'function') return readAnswer(await unlessAborted(signal, this.#loss(outputs, samples)), outputs.data.length, this.#stepName);
    const targets = set.targets?.of(samples) ?? {}, [first, ...others] = this.#lossInputs;
    const { loss, [first.name]: gradient } = this.#loss.valueAndGradients(outputs, ...others.map(({ name }) => targets[name]));
    return { loss, gradient };
  }

  /** A batch, and a step where it is the last of one. */
  async advance(control, measured) {
    const set = this.#sets[0], progress = this.#progress, size = this.#size(set), first = (progress.batch + this.#batches) * size;
    const samples = orderOf(set.samples, this.#numbers.seed, progress.epoch, this.#numbers.shuffle === 1).slice(first, first + size);
    const { given, outputs } = await this.#forward(set, samples, control), { loss, gradient } = await this.#measure(set, outputs, samples, control);
    const bad = gradient.findIndex((x) => !Number.isFinite(x));
    if (!Number.isFinite(loss)) this.#refuse(`a loss of ${loss}`);
    if (bad >= 0) this.#refuse(`a gradient of ${gradient[bad]} at element ${bad}`);
    const slopes = inputs.vector(await unlessAborted(control.signal, this.#model.backward(given, { ...outputs, data: gradient }, named(set, samples), progress.step)), 'model.backward(…)');
    if (slopes.length !== this.modelFloats) throw mismatch('ERR_DIMENSION_MISMATCH', `${this.modelFloats} elements`, 'model.backward(…)', slopes.length);
    checkFlag(control.flag);
    for (let i = 0; i < slopes.length; i++) this.#gradients[i] += slopes[i];
    this.#batches++;
    this.#stepLoss += loss * samples.length;
    this.#stepSamples += samples.length;
    if (this.#batches === this.#numbers.accumulate || progress.batch + this.#batches === this.#all(set)) this.#update(set, measured);
    this.#fill();
  }

  /** What errors call the step that is under way. */
  get #stepName() {
    return `step ${this.#progress.step} (epoch ${this.epoch})`;
  }

  #refuse(received, wanted = 'a finite loss and gradient') {
    throw mismatch('ERR_NON_FINITE', wanted, this.#stepName, received);
  }

  #update(set, measured) {
    const progress = this.#progress, batches = this.#batches, norm = Math.hypot(...this.#chunkNorms()) / batches;
    if (!Number.isFinite(norm)) this.#refuse(`one of length ${norm}`, 'a finite gradient');
    if (norm * batches > LONGEST) this.#refuse(`one of length ${(norm * batches).toExponential(5)}`, 'a gradient no longer than 1.84e19');
    const { clipNorm } = this.#numbers, scale = Math.fround((clipNorm > 0 ? Math.min(1, clipNorm / (norm + 1e-6)) : 1) / batches);
    const rate = this.#schedule ? this.#schedule.value(progress.step, measured.length > 0 ? measured : undefined) : undefined;
    if (rate !== undefined && !(rate >= 0 && Number.isFinite(rate))) throw mismatch('ERR_OUT_OF_RANGE', 'a finite rate >= 0 of the schedule', this.#stepName, Number(rate.toPrecision(6)));
    try {
      this.#optimizer.stepInPlace(this.#model.parameters, this.#gradients.map((g) => g * scale), rate);
    } catch (error) {
      throw renamed(error, ({ subject }) => (subject === 'parameters' ? { subject: this.#stepName } : undefined));
    }
    progress.loss += this.#stepLoss;
    progress.samples += this.#stepSamples;
    progress.step++;
    progress.batch += batches;
    this.report[3] = this.#stepLoss / this.#stepSamples;
    this.report[4] = norm;
    this.drop();
    if (progress.batch < this.#all(set)) return;
    this.report[5] = progress.loss / progress.samples;
    Object.assign(progress, { loss: 0, samples: 0, batch: 0, epoch: progress.epoch + 1 });
  }

  /** Lengths of parts of the gradient: one call does not take a million arguments. */
  #chunkNorms() {
    const list = [];
    for (let i = 0; i < this.#gradients.length; i += 4096) list.push(Math.sqrt(this.#gradients.subarray(i, i + 4096).reduce((sum, x) => sum + x * x, 0)));
    return list;
  }

  #fill() {
    const { step, epoch, batch } = this.#progress;
    [this.report[0], this.report[1], this.report[2]] = [step, epoch, batch];
    this.report[6] = this.#sets[0] ? this.#all(this.#sets[0]) : 0;
  }

  async evaluate(control) {
    const set = this.#sets[1], size = this.#size(set);
    let sum = 0;
    for (let at = 0; at < set.samples; at += size) {
      checkFlag(control.flag);
      const samples = Uint32Array.from({ length: Math.min(size, set.samples - at) }, (_, i) => at + i), { outputs } = await this.#forward(set, samples, control);
      sum += (await this.#measure(set, outputs, samples, control)).loss * samples.length;
    }
    return sum / set.samples;
  }

  drop() {
    this.#gradients.fill(0);
    [this.#batches, this.#stepLoss, this.#stepSamples] = [0, 0, 0];
    this.#fill();
  }

  weights() {
    const { epoch, batch, step, loss, samples } = this.#progress, high = (x) => Math.fround(x);
    const state = [epoch, batch, Math.floor(step / 2 ** 20), step % 2 ** 20, high(loss), loss - high(loss), samples, 0, 0];
    const { parameters } = this.#model, optimizer = this.#optimizer.getWeights(), all = new Float32Array(parameters.length + optimizer.length + state.length);
    all.set(parameters);
    all.set(optimizer, parameters.length);
    all.set(state, parameters.length + optimizer.length);
    return all;
  }

  setWeights(all) {
    const end = all.length - 9;
    this.#model.parameters.set(all.subarray(0, this.modelFloats));
    this.#optimizer.setWeights(all.subarray(this.modelFloats, end));
    const [epoch, batch, high, low, loss, rest, samples] = all.subarray(end);
    Object.assign(this.#progress, { epoch, batch, step: high * 2 ** 20 + low, loss: loss + rest, samples });
  }

  close() {
    this.#optimizer.close();
  }
}

module.exports = { OwnEngine };
