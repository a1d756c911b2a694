'use strict';
// Vectors and matrices for the fuzz: every form a caller may pass, and every form nobody should.
const vm = require('node:vm');
const { raced } = require('./race.js');
const { detach, resize } = require('./world.js');

const foreign = vm.runInNewContext('({ Float32Array, Float64Array, Array })');
class Subclass extends Float32Array {}

const SPECIAL = [-0, 0, 1e-45, -1e-45, 1e-38, 3.4028234e38, -3.4028234e38, 1e30, -1e30, 1e-30, 0.99999, 1, 16777217];
const BEYOND = [1e39, -1e300, Number.MAX_VALUE, 5e-324, 1e-300];
const NOT_FINITE = [NaN, Infinity, -Infinity];

/** Values that are no vector, matrix, number, text or options. */
const strangers = () => [null, undefined, 'abc', '5', 5, 5n, true, () => 1, Symbol('s'), {}, new Date(0), new Map(), /x/, [[]],
  new DataView(new ArrayBuffer(16)), new ArrayBuffer(16), new Int8Array(4), new Uint8Array(4), new BigInt64Array(4), Promise.resolve(1),
  Object.create(null), Object.create(Float32Array.prototype), { length: 4, 0: 1 }, new Proxy(new Float32Array(4), {}), revoked([]), revoked({})];

function revoked(target) {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

/** The numbers of a vector. Most calls use points of the unit ball, some anything that is finite. */
function numbers(c, length) {
  const { chance } = c;
  const scale = chance.of(0.85) ? 0.5 : chance.pick([1e-20, 1e-38, 1, 100, 1e18, 1e30]);
  const list = Array.from({ length }, () => (chance.unit() * 2 - 1) * scale);
  if (length > 0 && chance.of(0.1)) list[chance.below(length)] = chance.pick(SPECIAL);
  if (length > 0 && chance.of(0.02)) list[chance.below(length)] = chance.pick(BEYOND);
  return list;
}

/** `list` as one of the forms of a vector. */
function form(c, list) {
  const { chance, buffers } = c;
  const into = (array) => {
    array.set(list);
    buffers.push(array.buffer);
    return array;
  };
  switch (chance.below(12)) {
    case 0: return into(new Float64Array(list.length));
    case 1: return list;
    case 2: return into(new Float32Array(new ArrayBuffer(list.length * 4 + 12), 8, list.length));
    case 3: return into(new Float32Array(new SharedArrayBuffer(list.length * 4)));
    case 4: return into(new foreign.Float32Array(list.length));
    case 5: return foreign.Array.from(list);
    case 6: return into(new Subclass(list.length));
    case 7: return into(new Float32Array(new ArrayBuffer(list.length * 4, { maxByteLength: list.length * 8 }))); // follows its buffer
    case 8: return chance.of(0.2) ? Object.freeze(list.slice()) : into(new Float32Array(list.length));
    case 9: return chance.of(0.1) ? overridden(c, into(new Float32Array(list.length))) : into(new Float32Array(list.length));
    default: return into(new Float32Array(list.length));
  }
}

/** A list with one element behind a getter that interferes. */
function trapped(c, list) {
  const copy = Array.from(list), at = c.chance.below(copy.length || 1), value = copy[at];
  return Object.defineProperty(copy, at, { configurable: true, enumerable: true, get: () => { c.interfere(); return value; } });
}

/** A vector whose own properties shadow what the library might call. */
function overridden(c, v) {
  const key = c.chance.pick(['subarray', 'slice', 'every', 'map', 'set', 'constructor', 'buffer', 'byteOffset', Symbol.iterator, Symbol.toStringTag]);
  return Object.defineProperty(v, key, { configurable: true, get: () => c.chance.pick([5, undefined, () => null, () => c.interfere()]) });
}

const LENGTHS = [-1, NaN, 1.5, 2 ** 53, Infinity, '2', 0, 1, 3];
const liar = (c, target) => new Proxy(target, { get: (t, key) => (key === 'length' ? c.chance.pick(LENGTHS) : t[key]) });

function badVector(c) {
  const { chance } = c, list = numbers(c, c.dim), at = chance.below(c.dim || 1);
  const changed = (value) => list.map((x, i) => (i === at ? value : x));
  switch (chance.below(15)) {
    case 0: return chance.pick(strangers());
    case 1: return form(c, changed(chance.pick(NOT_FINITE)));
    case 2: return changed(chance.pick(['1', null, undefined, 1n, true, {}, [1], Symbol('x')]));
    case 3: return form(c, numbers(c, c.dim + chance.pick([-1, 1, 7]) < 0 ? 0 : c.dim + 1));
    case 4: return form(c, []);
    case 5: { const sparse = list.slice(); delete sparse[at]; return sparse; }
    case 6: return trapped(c, list);
    case 7: return liar(c, list);
    case 8: { const v = Float32Array.from(list); detach(v.buffer); return v; }
    case 9: return Object.defineProperty(Float32Array.from(list), 'length', { value: chance.pick(LENGTHS) });
    case 10: {
      const v = new Float32Array(new ArrayBuffer(16, { maxByteLength: 64 }), ...(chance.of(0.5) ? [0, 4] : []));
      resize(v.buffer, chance); // out of bounds, or another length
      return v;
    }
    case 11: return new Proxy(list, { get: (t, key) => { c.interfere(); return t[key]; }, getPrototypeOf: () => c.interfere() ?? null });
    case 12: return Object.defineProperty(list, chance.pick(['slice', 'map', 'length', 'constructor']), chance.of(0.5) ? { value: chance.pick([5, 0]) } : {});
    case 13: c.raced = true; return raced(c.dim);
    default: return Object.assign(list, { length: chance.pick([0, c.dim + 3, 2 ** 20]) });
  }
}

/** A tensor or an ndarray of one vector. */
function tensor({ chance }, data, length) {
  const sizes = chance.of(0.5) ? [length] : [1, length];
  return chance.pick([{ data, dims: sizes, type: 'float32', stride: () => [1] }, { data, shape: sizes, stride: sizes.length === 1 ? [1] : [length, 1], offset: 0 }]);
}

function vector(c) {
  if (c.bad()) return badVector(c);
  const v = form(c, numbers(c, c.dim));
  return c.chance.of(0.1) ? tensor(c, v, c.dim) : v;
}

/** Rows in one of the forms of a matrix. */
function matrixForm(c, rows, dim) {
  const { chance } = c;
  if (chance.of(0.5)) {
    const list = Array.from({ length: rows }, () => form(c, numbers(c, dim)));
    return chance.of(0.1) ? foreign.Array.from(list) : list;
  }
  const data = form(c, numbers(c, rows * dim));
  return chance.pick([{ data, rows, dim }, { data, dims: [rows, dim] }, { data, shape: [rows, dim] }]);
}

function badMatrix(c) {
  const { chance, dim } = c, rows = chance.below(9), list = Array.from({ length: rows }, () => form(c, numbers(c, dim)));
  const data = form(c, numbers(c, rows * dim));
  const get = (value) => ({ enumerable: true, configurable: true, get: () => { c.interfere(); return value; } });
  switch (chance.below(11)) {
    case 0: return chance.pick(strangers());
    case 1: list[chance.below(rows || 1)] = badVector(c); return list;
    case 2: return { data: badVector(c), rows, dim };
    case 3: return { data, rows: chance.pick([-1, 1.5, NaN, '3', 2 ** 32, 2 ** 40, 2 ** 53, rows + 1, rows - 1, null]), dim };
    case 4: return { data, dims: chance.pick([[rows], [1, rows, dim], [String(rows), dim], null, 'ab', revoked([]), { length: 2, 0: rows, 1: dim }]) };
    case 5: return trapped(c, list);
    case 6: return Object.defineProperty({ data, rows, dim }, chance.pick(['data', 'rows', 'dim']), get(chance.pick([data, rows, dim])));
    case 7: return liar(c, list);
    case 8: { const sparse = list.slice(); delete sparse[0]; sparse.length += 1; return sparse; }
    case 9: return matrixForm(c, chance.pick([0, 1, 3]), chance.pick([0, dim + 1]));
    default: return { data: [], rows: chance.pick([0, 2 ** 40]), dim: chance.pick([0, dim, 2 ** 40]) };
  }
}

function matrix(c) {
  return c.bad() ? badMatrix(c) : matrixForm(c, c.rows, c.dim);
}

module.exports = { form, matrix, matrixForm, numbers, strangers, trapped, vector };
