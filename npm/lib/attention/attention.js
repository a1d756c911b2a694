'use strict';

const native = require('../native.js');
const { Handle } = require('../handle.js');
const inputs = require('../inputs.js');
const { computeInBlocks } = require('./blocks.js');
const { runLater, runNow } = require('./calls.js');
const { extraNames } = require('./extras.js');
const { create } = require('./create.js');
const { stringify } = require('./json.js');
const { MECHANISMS } = require('./table.js');
const { lengthOf, mismatch, unexpected } = require('../errors.js');
const { nameOf } = require('../known.js');

let stateOf, computeOne;

/** What all mechanisms of table.js share: they differ by their row there only. */
class Attention extends Handle {
  #state;

  constructor(row, args) {
    if (row === undefined || MECHANISMS[row?.name] !== row) throw unexpected('ERR_INVALID_ARG', `one of ${Object.keys(MECHANISMS).join(', ')}`, 'new', row);
    const { handle, config, parameters, extras } = create(row, args);
    super(handle, Attention);
    const floats = parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
    this.#state = { row, config, parameters, floats, extras };
  }

  static {
    /** {row, config, parameters, floats, extras} of a mechanism (of that row), open or closed. */
    stateOf = (value, row) => {
      const isOne = typeof value === 'object' && value !== null && #state in value && (row ?? value.#state.row) === value.#state.row;
      if (!isOne) throw mismatch('ERR_WRONG_HANDLE', `a ${row?.name ?? 'mechanism of attention'}`, 'this', nameOf(value) ?? 'another object');
      return value.#state;
    };
  }

  static {
    /** `compute` of one query with what a mechanism reads besides. */
    computeOne = (value, query, keys, values, extra) => Attention.#one(Attention.#open(value), query, keys, values, extra).data;
  }

  /** The same with the native object, which must be there. */
  static #open(value) {
    const { row, config, floats, extras } = stateOf(value);
    return { row, config, floats, extras, handle: Handle.of(value, Attention, 'this') };
  }

  static #query({ config: { dim } }, query) {
    const q = inputs.vector(query, 'query');
    if (lengthOf(q) === 0) throw mismatch('ERR_EMPTY_INPUT', 'at least 1 element', 'query', 0);
    if (lengthOf(q) !== dim) throw mismatch('ERR_DIMENSION_MISMATCH', `${dim} elements`, 'query', lengthOf(q));
    return q;
  }

  static #one(self, query, keys, values, extra, run = runNow) {
    return run(self, 'forward', { queries: Attention.#query(self, query), keys, values, isSingle: true, ...extra });
  }

  /** The options of a call, by name; unknown ones are refused. */
  static #read(self, options, ...names) {
    const known = [...names, ...extraNames(self.extras)], given = inputs.options(options, known);
    return Object.fromEntries(known.map((name) => [name, given[name]]));
  }

  compute(query, keys, values) {
    const self = Attention.#open(this), q = Attention.#query(self, query);
    return computeInBlocks(self, q, keys, values) ?? Attention.#one(self, q, keys, values).data;
  }

  /** A name that older versions of @ruvector/attention had for it. */
  computeRaw(query, keys, values) {
    return Attention.prototype.compute.call(this, query, keys, values);
  }

  computeWithMask(query, keys, values, mask) {
    const self = Attention.#open(this);
    if (mask === undefined) throw unexpected('ERR_INVALID_ARG', 'a boolean[] or Uint8Array', 'mask', mask);
    return Attention.#one(self, query, keys, values, { mask }).data;
  }

  async computeAsync(query, keys, values, options) {
    const self = Attention.#open(this), extra = Attention.#read(self, options, 'mask', 'threads', 'signal');
    return (await Attention.#one(self, query, keys, values, extra, runLater)).data;
  }

  computeBatch(queries, keys, values, options) {
    const self = Attention.#open(this), extra = Attention.#read(self, options, 'mask', 'offsets', 'pattern', 'threads');
    return runNow(self, 'forward', { queries, keys, values, ...extra });
  }

  async computeBatchAsync(queries, keys, values, options) {
    const self = Attention.#open(this), extra = Attention.#read(self, options, 'mask', 'offsets', 'pattern', 'threads', 'signal');
    return runLater(self, 'forward', { queries, keys, values, ...extra });
  }

  attentionWeights(queries, keys, options) {
    const self = Attention.#open(this), extra = Attention.#read(self, options, 'mask', 'offsets', 'pattern', 'threads');
    return runNow(self, 'weights', { queries, keys, values: keys, ...extra });
  }

  backward(queries, keys, values, outputGradient, options) {
    const self = Attention.#open(this), extra = Attention.#read(self, options, 'mask', 'offsets', 'pattern', 'threads');
    return runNow(self, 'backward', { queries, keys, values, outputGradient, ...extra });
  }

  async backwardAsync(queries, keys, values, outputGradient, options) {
    const self = Attention.#open(this), extra = Attention.#read(self, options, 'mask', 'offsets', 'pattern', 'threads', 'signal');
    return runLater(self, 'backward', { queries, keys, values, outputGradient, ...extra });
  }

  /** Names and shapes of the parameters, in the order of `getWeights`. */
  get parameters() {
    return stateOf(this).parameters;
  }

  getWeights() {
    const { handle, floats } = Attention.#open(this), out = new Float32Array(floats);
    if (floats > 0) native.weightsGet(handle, '', out);
    return out;
  }

  setWeights(weights) {
    const { handle, floats } = Attention.#open(this), w = inputs.vector(weights, 'weights');
    if (lengthOf(w) !== floats) throw mismatch('ERR_DIMENSION_MISMATCH', `${floats} elements`, 'weights', lengthOf(w));
    if (floats > 0) native.weightsSet(handle, '', w);
  }

  toJson() {
    const weights = Attention.prototype.getWeights.call(this);
    return stringify(stateOf(this), weights);
  }
}

module.exports = { Attention, computeOne, stateOf };
