'use strict';

// Callers' values -> what native code reads: Float32Arrays, row counts, plain numbers. Types are checked here;
// values (ranges, NaN) by the native side, which knows the names too.
const { lengthOf, mismatch, tagOf, unexpected } = require('./errors.js');

const VECTOR = 'a Float32Array, Float64Array or number[]';

/** Copies a number[] (any array-like element must be a number; nothing of the caller's runs besides getters). */
function fromNumbers(list, name, Type = Float32Array) {
  const out = allocate(list.length, name, Type);
  for (let i = 0; i < out.length; i++) {
    const x = list[i];
    if (typeof x !== 'number') throw unexpected('ERR_INVALID_ARG', 'a number', `${name}[${i}]`, x);
    out[i] = x;
  }
  return out;
}

/** Copies a typed array; one whose memory is gone (detached, out of bounds) is empty. */
function fromTyped(value, Type = Float32Array) {
  return lengthOf(value) === 0 ? new Type(0) : new Type(value);
}

/** A vector as Float32Array: the caller's own where it is one. */
function vector(value, name) {
  switch (tagOf(value)) {
    case 'Float32Array': return value;
    case 'Float64Array': return fromTyped(value);
    case undefined: if (Array.isArray(value)) return fromNumbers(value, name);
  }
  throw unexpected('ERR_INVALID_ARG', VECTOR, name, value);
}

/** A vector that belongs to nobody else: what asynchronous calls work on. */
function ownVector(value, name) {
  const v = vector(value, name);
  return v === value ? fromTyped(v) : v;
}

/** Writes rows[start, start + count) into `out` one after the other, each `dim` long. */
function packRows(rows, start, count, dim, out, name) {
  for (let i = 0; i < count; i++) {
    const row = rows[start + i];
    if (tagOf(row) === 'Float32Array' && lengthOf(row) === dim) out.set(row, i * dim);
    else out.set(otherRow(row, dim, `${name}[${start + i}]`), i * dim);
  }
}

function otherRow(row, dim, name) {
  const v = vector(row, name);
  if (lengthOf(v) !== dim) throw mismatch('ERR_DIMENSION_MISMATCH', `${dim} elements`, name, lengthOf(v));
  return v;
}

/** [rows, dim] of `{data, rows, dim}`, `{data, dims}` (tensors) or `{data, shape}` (ndarrays), else undefined. */
function packedShape(value, name) {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || tagOf(value)) return undefined;
  if (value.data === undefined) return undefined;
  const shape = value.rows !== undefined || value.dim !== undefined ? [value.rows, value.dim] : value.dims ?? value.shape;
  const isShape = shape && shape.length === 2 && [0, 1].every((i) => Number.isSafeInteger(shape[i]) && shape[i] >= 0);
  if (!isShape) throw mismatch('ERR_INVALID_ARG', '{data, rows, dim} with two integers', name, 'another shape');
  return [shape[0], shape[1]];
}

const MATRIX = 'an array of vectors, {data, rows, dim}, {data, dims}, {data, shape} or a VectorSet';

/** A matrix as {data, rows, dim}, packed; `data` may be the caller's own unless `own`. */
function matrix(value, name, own = false) {
  if (Array.isArray(value)) {
    const rows = value.length;
    if (rows === 0) return { data: new Float32Array(0), rows: 0, dim: 0 };
    const dim = vector(value[0], `${name}[0]`).length;
    if (dim === 0) throw mismatch('ERR_EMPTY_INPUT', 'at least 1 element', `${name}[0]`, 0);
    const data = allocate(rows * dim, name);
    packRows(value, 0, rows, dim, data, name);
    return { data, rows, dim };
  }
  const shape = packedShape(value, name);
  if (!shape) throw unexpected('ERR_INVALID_ARG', MATRIX, name, value);
  const data = (own ? ownVector : vector)(value.data, `${name}.data`);
  const [rows, dim] = shape;
  if (data.length !== rows * dim) {
    throw mismatch('ERR_DIMENSION_MISMATCH', `rows * dim = ${rows * dim} elements`, `${name}.data`, data.length);
  }
  return { data, rows, dim };
}

function allocate(length, name, Type = Float32Array) {
  try {
    return new Type(length);
  } catch (cause) {
    throw mismatch('ERR_OUT_OF_MEMORY', 'a size that fits in memory', name, `${length} elements`);
  }
}

/** A vector as a Float64Array of our own. */
function doubles(value, name) {
  const tag = tagOf(value);
  if (tag === 'Float64Array' || tag === 'Float32Array') return fromTyped(value, Float64Array);
  if (Array.isArray(value)) return fromNumbers(value, name, Float64Array);
  throw unexpected('ERR_INVALID_ARG', VECTOR, name, value);
}

/** A number, or `standard` where it is left out. */
function number(value, name, standard) {
  const x = value === undefined && standard !== undefined ? standard : value;
  if (typeof x !== 'number') throw unexpected('ERR_INVALID_ARG', 'a number', name, value);
  return x;
}

/** A count: an integer in 0...2^32 - 1. */
function count(value, name, standard) {
  const x = number(value, name, standard);
  if (!(Number.isInteger(x) && x >= 0 && x <= 0xffffffff)) {
    throw unexpected('ERR_OUT_OF_RANGE', 'an integer in 0...4294967295', name, value);
  }
  return x;
}

/** An options object, {} where it is left out. */
function options(value, name = 'options') {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null) throw unexpected('ERR_INVALID_ARG', 'an object', name, value);
  return value;
}

module.exports = { allocate, count, doubles, matrix, number, options, ownVector, packRows, vector, MATRIX };
