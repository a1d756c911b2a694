'use strict';

const { Handle } = require('../handle.js');
const inputs = require('../inputs.js');
const { computeInBlocks } = require('./blocks.js');
const { runLater, runNow } = require('./calls.js');
const { extraNames } = require('./extras.js');
const { fromMetadata } = require('./metadata.js');
const { feed, finish, merge } = require('./partial.js');
const { Member, stateOf } = require('../members/member.js');
const { MECHANISMS } = require('../overlay/attention.js');
const { lengthOf, mismatch, unexpected } = require('../errors.js');

let computeOne;

/** What all mechanisms of npm/lib/overlay/attention.js share: they differ by their row there only. */
class Attention extends Member {
  constructor(row, args) {
    if (row === undefined || MECHANISMS[row?.class] !== row) throw unexpected('ERR_INVALID_ARG', `one of ${Object.keys(MECHANISMS).join(', ')}`, 'new', row);
    super(row, args, Attention);
  }

  static {
    /** `compute` of one query with what a mechanism reads besides. */
    computeOne = (value, query, keys, values, extra) => Attention.#one(Attention.#open(value), query, keys, values, extra).data;
  }

  /** What is known of a mechanism, with its native object, which must be there. */
  static #open(value) {
    const state = stateOf(value);
    Handle.of(value, Attention, 'this');
    return state;
  }

  static #query({ sizes: { dim } }, query) {
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

  /** The state of one query after some of its keys, which `feed` takes again, `merge` joins with others and `finish` ends. */
  feed(query, keys, values, options) {
    const self = Attention.#open(this);
    return feed(self, Attention.#query(self, query), keys, values, options);
  }

  merge(states) {
    return merge(Attention.#open(this), states);
  }

  finish(state) {
    return finish(Attention.#open(this), state);
  }

  attentionWeights(queries, keys, options) {
    const self = Attention.#open(this), extra = Attention.#read(self, options, 'mask', 'offsets', 'pattern', 'threads');
    return runNow(self, 'weights', { queries, keys, values: keys, ...extra });
  }

  backward(queries, keys, values, outputGradient, options) {
    const self = Attention.#open(this), extra = Attention.#read(self, options, 'mask', 'offsets', 'pattern', 'threads');
    return runNow(self, 'backward', { queries, keys, values, outputGradient, ...extra });
  }

  /** One query with what is known of its keys in a graph: of {distances, hnswLayers, edgeWeights, structuralFeatures} what the mechanism reads. */
  forwardWithMetadata(query, keys, values, metadata) {
    const self = Attention.#open(this);
    return Attention.#one(self, query, keys, values, fromMetadata(self, metadata)).data;
  }

  /** What it is and what it costs. */
  describe() {
    const { row, config, sizes, floats } = Attention.#open(this);
    return {
      class: row.class, mechanism: row.native, options: Object.fromEntries([...row.options.keys()].map((name) => [name, config[name]])), hiddenDim: sizes.dim,
      supportsVariableLength: true, complexity: row.complexity ?? 'quadratic', parameters: floats,
    };
  }

  async backwardAsync(queries, keys, values, outputGradient, options) {
    const self = Attention.#open(this), extra = Attention.#read(self, options, 'mask', 'offsets', 'pattern', 'threads', 'signal');
    return runLater(self, 'backward', { queries, keys, values, outputGradient, ...extra });
  }
}

module.exports = { Attention, computeOne };
