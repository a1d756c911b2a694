'use strict';

// One query whose keys are in several places (processes, workers, files): what a part of them gives is a state, states are merged, and
// the end of it is the output. What is in a state: Attention+Feed.swift.
const native = require('../native.js');
const inputs = require('../inputs.js');
const { matrix } = require('../matrices.js');
const { isList, lengthOf, mismatch, RuvectorError, tagOf, unexpected } = require('../errors.js');

/** Heads of a mechanism whose output is a mean over all keys with weights of a softmax; for others there are no states. */
function headsOf({ row, config }) {
  if (row.inBlocks === undefined || config.projections === true) throw mismatch('ERR_UNSUPPORTED', 'a mechanism of softmax heads without projections', 'this', row.class);
  return config.numHeads ?? 1;
}

/** A copy of a state, whose values have some width. */
function readState(value, heads, name) {
  if (tagOf(value) !== 'Float64Array') throw unexpected('ERR_INVALID_ARG', 'a Float64Array', name, value);
  const length = lengthOf(value), width = length - 2 * heads - 1;
  if (width <= 0 || width % heads !== 0) throw mismatch('ERR_DIMENSION_MISMATCH', `${2 * heads + 1} elements and a multiple of ${heads}`, name, length);
  const state = Float64Array.from(value), wrong = state.findIndex((x) => !Number.isFinite(x));
  if (wrong >= 0) throw mismatch('ERR_NON_FINITE', 'finite numbers', name, `${state[wrong]} at element ${wrong}`);
  return state;
}

/** A state as callers get it: one beyond Float's range has no output. */
function checked(state) {
  if (!state.every(Number.isFinite)) throw new RuvectorError('ERR_OUT_OF_RANGE', 'expected scores and sums that fit in Float for state, received an overflow');
  return state;
}

/** The state after these keys, too. `state`: that after the keys before. */
function feed(self, query, keys, values, options) {
  const heads = headsOf(self), { state: given, first } = inputs.options(options, ['state', 'first']);
  if (given !== undefined && first !== undefined) throw unexpected('ERR_INVALID_ARG', 'nothing beside a state, which knows it', 'first', first);
  const start = first === undefined ? 0 : inputs.number(first, 'first');
  if (!(Number.isInteger(start) && start >= 0 && start < 2 ** 31)) throw unexpected('ERR_OUT_OF_RANGE', 'an integer in 0...2147483647', 'first', first);
  const before = given === undefined ? undefined : readState(given, heads, 'state'), k = matrix(keys, 'keys'), v = matrix(values, 'values');
  if (k.rows !== v.rows) throw mismatch('ERR_DIMENSION_MISMATCH', `${k.rows} rows`, 'values', v.rows);
  if (k.rows === 0) {
    if (before) return before;
    throw mismatch('ERR_EMPTY_INPUT', 'at least 1 key, or a state', 'keys', 0);
  }
  const length = 2 * heads + v.dim + 1, state = before ?? new Float64Array(length);
  if (state.length !== length) throw mismatch('ERR_DIMENSION_MISMATCH', `${length} elements, of values of width ${v.dim},`, 'state', state.length);
  if (!before) state[length - 1] = start;
  native.run(self.handle, 'feed', [query, k.data, v.data, state], Float64Array.of(1, lengthOf(query), k.rows, k.dim, v.rows, v.dim, -1, -1), 1, undefined);
  return checked(state);
}

/** The state of all keys of some states. */
function merge(self, states) {
  const heads = headsOf(self);
  if (!isList(states)) throw unexpected('ERR_INVALID_ARG', 'an array of states', 'states', states);
  const count = inputs.lengthOfList(states, 'states');
  if (count === 0) throw mismatch('ERR_EMPTY_INPUT', 'at least 1 state', 'states', 0);
  const [sum, ...others] = inputs.mapList(states, count, (state, i) => readState(state, heads, `states[${i}]`));
  others.forEach((state, i) => {
    if (state.length !== sum.length) throw mismatch('ERR_DIMENSION_MISMATCH', `${sum.length} elements`, `states[${i + 1}]`, state.length);
    native.run(self.handle, 'merge', [state, sum], Float64Array.of(-1, -1, -1, -1), 1, undefined);
  });
  return checked(sum);
}

/** The output of a state: what `compute` gives over all its keys. */
function finish(self, value) {
  const heads = headsOf(self), state = readState(value, heads, 'state'), out = new Float32Array(state.length - 2 * heads - 1);
  if (native.run(self.handle, 'finish', [state, out], Float64Array.of(-1, -1, -1, -1), 1, undefined) > 0) return out;
  throw new RuvectorError('ERR_OUT_OF_RANGE', 'expected a result that fits in Float for output, received an overflow');
}

module.exports = { feed, finish, merge };
