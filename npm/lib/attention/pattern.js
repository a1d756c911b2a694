'use strict';

// Which keys each query sees, in CSR form.
const native = require('../native.js');
const inputs = require('../inputs.js');
const { register } = require('../known.js');
const { randomSeed } = require('../random.js');
const { isList, lengthOf, mismatch, tagOf, unexpected } = require('../errors.js');

const MADE = Symbol('made');
const LARGEST = 2 ** 30;

function whole(value, name, least, most = LARGEST) {
  if (Number.isInteger(inputs.number(value, name)) && value >= least && value <= most) return value;
  throw unexpected('ERR_OUT_OF_RANGE', `an integer in ${least}...${most}`, name, value);
}

/** Indices of a caller's as a Uint32Array of ours. */
function numbers(value, name) {
  const isTyped = tagOf(value) === 'Uint32Array' || tagOf(value) === 'Int32Array';
  if (!isTyped && !isList(value)) throw unexpected('ERR_INVALID_ARG', 'a Uint32Array, Int32Array or number[]', name, value);
  const out = inputs.allocate(isTyped ? lengthOf(value) : inputs.lengthOfList(value, name), name, Uint32Array);
  for (let i = 0; i < out.length; i++) {
    const x = value[i];
    if (!(Number.isInteger(x) && x >= 0 && x <= 0xffffffff)) throw unexpected('ERR_INVALID_ARG', 'an index', `${name}[${i}]`, x);
    out[i] = x;
  }
  return out;
}

/** A pattern of `kind`; its memory is asked for once the number of its pairs is known. */
function make(kind, queries, keys, parameter, name, least, seed = 0n) {
  const rows = whole(queries, 'queries', 0), columns = whole(keys, 'keys', 0), value = whole(parameter, name, least);
  const offsets = inputs.allocate(rows + 1, 'pattern', Uint32Array);
  const run = (indices) => native.sparsityPattern(kind, rows, columns, value, Number(seed >> 32n), Number(seed & 0xffffffffn), offsets, indices);
  const indices = inputs.allocate(run(undefined), 'pattern', Uint32Array);
  run(indices);
  return new SparsityPattern(MADE, offsets, indices, columns);
}

class SparsityPattern {
  #offsets;
  #indices;
  #keys;

  constructor(made, offsets, indices, keys) {
    if (made !== MADE) throw unexpected('ERR_INVALID_ARG', 'one of the static methods', 'new', made);
    [this.#offsets, this.#indices, this.#keys] = [offsets, indices, keys];
    register(this, 'SparsityPattern');
  }

  static local(queries, keys, window) { return make('local', queries, keys, window, 'window', 0); }
  static strided(queries, keys, stride) { return make('strided', queries, keys, stride, 'stride', 1); }
  static block(queries, keys, size) { return make('block', queries, keys, size, 'size', 1); }
  static global(queries, keys, tokens) { return make('global', queries, keys, tokens, 'tokens', 0); }

  static random(queries, keys, perRow, seed = randomSeed()) {
    if (typeof seed !== 'bigint' && !Number.isSafeInteger(seed)) throw unexpected('ERR_INVALID_CONFIG', 'an integer', 'seed', seed);
    return make('random', queries, keys, perRow, 'perRow', 0, BigInt.asUintN(64, BigInt(seed)));
  }

  /** A graph: row i has the keys indices[offsets[i]] up to, not including, indices[offsets[i + 1]]; they are sorted. */
  static fromCsr(offsets, indices, keys) {
    const starts = numbers(offsets, 'offsets'), list = numbers(indices, 'indices'), n = whole(keys, 'keys', 0);
    const last = starts.length - 1;
    if (last < 0) throw mismatch('ERR_EMPTY_INPUT', 'at least 1 element', 'offsets', 0);
    if (starts[0] !== 0 || starts[last] !== list.length) {
      throw mismatch('ERR_INVALID_ARG', `numbers from 0 to ${list.length}`, 'offsets', `${starts[0]} to ${starts[last]}`);
    }
    for (let i = 0; i < last; i++) {
      if (starts[i] > starts[i + 1] || starts[i + 1] > list.length) throw mismatch('ERR_INVALID_ARG', 'rising numbers', 'offsets', `${starts[i + 1]} at element ${i + 1}`);
      list.subarray(starts[i], starts[i + 1]).sort();
      for (let at = starts[i]; at < starts[i + 1]; at++) {
        if (list[at] >= n) throw mismatch('ERR_INVALID_ARG', `numbers below ${n}`, 'indices', `${list[at]} in row ${i}`);
        if (at > starts[i] && list[at] === list[at - 1]) throw mismatch('ERR_INVALID_ARG', 'different numbers in a row', 'indices', `${list[at]} twice in row ${i}`);
      }
    }
    return new SparsityPattern(MADE, starts, list, n);
  }

  /** The pairs that are in one of the two. */
  union(other) {
    const [a, b] = [SparsityPattern.#of(this, 'this'), SparsityPattern.#of(other, 'pattern')];
    if (a.queries !== b.queries || a.keys !== b.keys) throw mismatch('ERR_DIMENSION_MISMATCH', `${a.queries} x ${a.keys}`, 'pattern', `${b.queries} x ${b.keys}`);
    const offsets = new Uint32Array(a.queries + 1), merged = inputs.allocate(a.indices.length + b.indices.length, 'pattern', Uint32Array);
    let count = 0;
    for (let i = 0; i < a.queries; i++) {
      let [x, y] = [a.offsets[i], b.offsets[i]];
      const [endX, endY] = [a.offsets[i + 1], b.offsets[i + 1]];
      while (x < endX || y < endY) {
        const left = x < endX ? a.indices[x] : Infinity, right = y < endY ? b.indices[y] : Infinity;
        merged[count++] = Math.min(left, right);
        if (left <= right) x++;
        if (right <= left) y++;
      }
      offsets[i + 1] = count;
    }
    return new SparsityPattern(MADE, offsets, merged.slice(0, count), a.keys);
  }

  /** m · n bytes: 1 where a query sees a key. */
  toMask() {
    const { offsets, indices, queries, keys } = SparsityPattern.#of(this, 'this'), mask = inputs.allocate(queries * keys, 'mask', Uint8Array);
    for (let i = 0; i < queries; i++) for (let at = offsets[i]; at < offsets[i + 1]; at++) mask[i * keys + indices[at]] = 1;
    return mask;
  }

  static #of(value, name) {
    const isOne = typeof value === 'object' && value !== null && #keys in value;
    if (!isOne) throw unexpected('ERR_INVALID_ARG', 'a SparsityPattern', name, value);
    return { offsets: value.#offsets, indices: value.#indices, keys: value.#keys, queries: value.#offsets.length - 1 };
  }

  /** {offsets, indices, queries, keys} of a pattern; internal. */
  static read(value) { return SparsityPattern.#of(value, 'pattern'); }

  /** Copies: a pattern never changes. */
  get offsets() { return SparsityPattern.#of(this, 'this').offsets.slice(); }
  get indices() { return SparsityPattern.#of(this, 'this').indices.slice(); }
  get queries() { return SparsityPattern.#of(this, 'this').queries; }
  get keys() { return SparsityPattern.#of(this, 'this').keys; }
  get count() { return SparsityPattern.#of(this, 'this').indices.length; }
  get density() {
    const { indices, queries, keys } = SparsityPattern.#of(this, 'this');
    return queries * keys === 0 ? 0 : indices.length / queries / keys;
  }
}

const { read } = SparsityPattern;
delete SparsityPattern.read;

module.exports = { SparsityPattern, numbers, readPattern: read, whole };
