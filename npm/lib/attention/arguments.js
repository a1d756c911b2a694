'use strict';

// Queries, keys, values, masks and offsets of a call -> what the native side reads.
const inputs = require('../inputs.js');
const { readExtras } = require('./extras.js');
const { readPattern } = require('./pattern.js');
const { matrix } = require('../matrices.js');
const { isFlat } = require('../tensors.js');
const { isList, lengthOf, mismatch, tagOf, unexpected } = require('../errors.js');

/** A matrix; without rows it is `width` wide, where it does not say so itself. */
function rows(value, name, width, own, room) {
  const m = matrix(value, name, own, room);
  return m.rows === 0 && m.dim === 0 ? { ...m, dim: width } : m;
}

/** The same, or a vector as the only row. */
function points(value, name, width, own, room) {
  const isVector = tagOf(value) !== undefined || (isList(value) ? typeof value[0] === 'number' : isFlat(value, width));
  if (!isVector) return rows(value, name, width, own, room);
  const data = (own ? inputs.ownVector : inputs.vector)(value, name), dim = lengthOf(data);
  if (dim === 0) throw mismatch('ERR_EMPTY_INPUT', 'at least 1 element', name, 0);
  return { data, rows: 1, dim };
}

const BYTES = ['Uint8Array', 'Uint8ClampedArray'];
const isRow = (value) => isList(value) || BYTES.includes(tagOf(value));

/** One row of a mask as bytes, which are ours. */
function maskRow(value, name) {
  if (BYTES.includes(tagOf(value))) return lengthOf(value) === 0 ? new Uint8Array(0) : new Uint8Array(value);
  if (!isList(value)) throw unexpected('ERR_INVALID_ARG', 'a boolean[] or Uint8Array', name, value);
  const bytes = inputs.allocate(inputs.lengthOfList(value, name), name, Uint8Array);
  for (let i = 0; i < bytes.length; i++) {
    const x = value[i];
    if (typeof x !== 'boolean' && x !== 0 && x !== 1) throw unexpected('ERR_INVALID_ARG', 'true or false', `${name}[${i}]`, x);
    bytes[i] = Number(x);
  }
  return bytes;
}

const NO_MASK = new Uint8Array(0), NO_OFFSETS = new Uint32Array(0);

/** n or m · n bytes, 0 where a key is not seen; empty where there is no mask. */
function maskBytes(value, m, n) {
  if (value === undefined) return NO_MASK;
  const count = isList(value) ? inputs.lengthOfList(value, 'mask') : 0;
  if (count === 0 || !isRow(value[0])) {
    const bytes = maskRow(value, 'mask');
    if (bytes.length === n || bytes.length === m * n) return bytes;
    throw mismatch('ERR_DIMENSION_MISMATCH', `${n} or ${m} x ${n} elements`, 'mask', bytes.length);
  }
  if (count !== m) throw mismatch('ERR_DIMENSION_MISMATCH', `${m} rows, one a query`, 'mask', count);
  const bytes = inputs.allocate(m * n, 'mask', Uint8Array);
  for (let i = 0; i < m; i++) {
    const row = maskRow(value[i], `mask[${i}]`);
    if (row.length !== n) throw mismatch('ERR_DIMENSION_MISMATCH', `${n} elements`, `mask[${i}]`, row.length);
    bytes.set(row, i * n);
  }
  return bytes;
}

/** m + 1 numbers of ours, which may still fall or lead too far; empty where there are none. */
function offsetNumbers(value, m) {
  if (value === undefined) return NO_OFFSETS;
  const isTyped = tagOf(value) === 'Uint32Array' || tagOf(value) === 'Int32Array';
  if (!isTyped && !isList(value)) throw unexpected('ERR_INVALID_ARG', 'a Uint32Array, Int32Array or number[]', 'offsets', value);
  const length = isTyped ? lengthOf(value) : inputs.lengthOfList(value, 'offsets');
  if (length !== m + 1) throw mismatch('ERR_DIMENSION_MISMATCH', `${m + 1} numbers, one more than queries`, 'offsets', length);
  const out = inputs.allocate(length, 'offsets', Uint32Array);
  for (let i = 0; i < length; i++) {
    const x = value[i];
    if (!(Number.isInteger(x) && x >= 0 && x <= 0xffffffff)) throw unexpected('ERR_INVALID_ARG', 'an index', `offsets[${i}]`, x);
    out[i] = x;
  }
  return out;
}

/**
 * {m, n, width, edges, buffers, shapes} of queries, keys, values, mask, offsets, extras and the vectors that `add` appends; with
 * a pattern its offsets and indices, and `pairs`.
 */
function readArguments({ sizes: { dim }, extras: kinds }, args, own, room) {
  const { queries, keys, values, mask, offsets, pattern, isSingle } = args;
  const q = points(queries, 'queries', dim, own, room), k = rows(keys, 'keys', dim, own, room);
  if (isSingle && k.rows === 0) throw mismatch('ERR_EMPTY_INPUT', 'at least 1 key', 'keys', 0);
  const v = values === keys ? k : rows(values, 'values', dim, own, room);
  const sparse = sparsity(pattern, mask, offsets);
  if (sparse && pattern.keys !== k.rows) throw mismatch('ERR_DIMENSION_MISMATCH', `a pattern of ${k.rows} keys`, 'pattern', pattern.keys);
  if (sparse && pattern.queries !== q.rows) throw mismatch('ERR_DIMENSION_MISMATCH', `a pattern of ${q.rows} queries`, 'pattern', pattern.queries);
  const extras = readExtras(kinds, args, q.rows, k.rows, own, sparse?.indices.length);
  const [x, y, edges] = extras;
  const buffers = [q.data, k.data, v.data], shapes = [q.rows, q.dim, k.rows, k.dim, v.rows, v.dim];
  // The rest is left out where there is nothing of it: with few keys a call takes as long as its arguments are passed.
  if (sparse !== undefined || mask !== undefined || offsets !== undefined || x.dim + y.dim + edges.dim > 0) {
    buffers.push(maskBytes(mask, q.rows, k.rows), offsetNumbers(sparse?.offsets ?? offsets, q.rows), x.data, y.data, edges.data);
    shapes.push(-1, -1, -1, -1, x.rows, x.dim, y.rows, y.dim, edges.rows, edges.dim);
  }
  const add = (array) => {
    buffers.push(array);
    shapes.push(-1, -1);
  };
  if (sparse) add(sparse.indices);
  return { m: q.rows, n: k.rows, width: v.dim, edges, buffers, shapes, add, sparse };
}

/** A pattern, which takes the place of masks and offsets. */
function sparsity(pattern, mask, offsets) {
  if (pattern === undefined) return undefined;
  const read = readPattern(pattern), other = mask ?? offsets;
  if (other !== undefined) throw unexpected('ERR_INVALID_ARG', 'nothing beside a pattern', mask === undefined ? 'offsets' : 'mask', other);
  return read;
}

module.exports = { points, readArguments };
