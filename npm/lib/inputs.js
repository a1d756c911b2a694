'use strict';

// Callers' vectors, numbers and options -> what native code reads (matrices: matrices.js). Types are checked here;
// values (ranges, NaN) by the native side, which knows the names too.
const { oneOf } = require('./closest.js');
const { isList, isRevoked, lengthOf, mismatch, tagOf, unexpected } = require('./errors.js');
const { vectorOf } = require('./tensors.js');

const VECTOR = 'a Float32Array, Float64Array or number[]'; // or a tensor of one of these

/** The length of an array; that of a Proxy may be anything. */
function lengthOfList(list, name) {
  const length = list.length;
  if (Number.isInteger(length) && length >= 0 && length <= 0xffffffff) return length;
  throw unexpected('ERR_INVALID_ARG', 'an array with a length', name, length);
}

/** `convert(element, index)` for `count` elements of an array; calls no method of the array, which may be anybody's. */
function mapList(list, count, convert) {
  const out = [];
  for (let i = 0; i < count; i++) out.push(convert(list[i], i));
  return out;
}

/** Copies a number[] (any array-like element must be a number; nothing of the caller's runs besides getters). */
function fromNumbers(list, name, /** @type {any} */ Type = Float32Array) {
  const out = allocate(lengthOfList(list, name), name, Type);
  for (let i = 0; i < out.length; i++) {
    const x = list[i];
    if (typeof x !== 'number') throw unexpected('ERR_INVALID_ARG', 'a number', `${name}[${i}]`, x);
    out[i] = x;
  }
  return out;
}

/** Copies a typed array; one whose memory is gone (detached, out of bounds) is empty. */
function fromTyped(value, name, /** @type {any} */ Type = Float32Array) {
  const length = lengthOf(value);
  try {
    return length === 0 ? new Type(0) : new Type(value);
  } catch {
    throw mismatch('ERR_OUT_OF_MEMORY', 'a size that fits in memory', name, `${length} elements`);
  }
}

/** An array of numbers as Float32Array: the caller's own where it is one. */
function array(value, name) {
  switch (tagOf(value)) {
    case 'Float32Array': return value;
    case 'Float64Array': return fromTyped(value, name);
    case undefined: if (isList(value)) return fromNumbers(value, name);
  }
  throw unexpected('ERR_INVALID_ARG', VECTOR, name, value);
}

/** The array of numbers of a vector, which may be a tensor. */
function arrayOf(value, name) {
  if (tagOf(value) !== undefined || isList(value)) return value;
  const found = vectorOf(value, name);
  if (found === undefined) return value;
  const { data, length } = found, tag = tagOf(data), given = tag === undefined ? data?.length : lengthOf(data);
  if ((tag !== undefined || isList(data)) && given !== length) throw mismatch('ERR_DIMENSION_MISMATCH', `${length} elements`, `${name}.data`, given);
  return data;
}

/** A vector as Float32Array: the caller's own where it is one, or a tensor of one. */
const vector = (value, name) => (tagOf(value) === 'Float32Array' ? value : array(arrayOf(value, name), name));

/** An array, or a vector, that belongs to nobody else: what asynchronous calls work on. */
function ownArray(value, name) {
  const v = array(value, name);
  return v === value ? fromTyped(v, name) : v;
}
const ownVector = (value, name) => ownArray(arrayOf(value, name), name);

function allocate(length, name, /** @type {any} */ Type = Float32Array) {
  try {
    return new Type(length);
  } catch (cause) {
    throw mismatch('ERR_OUT_OF_MEMORY', 'a size that fits in memory', name, `${length} elements`);
  }
}

const FEW = 2 ** 15; // elements that are made zeros as fast
/**
 * The same, for a result that native code writes all of: what it holds before is anything. (Zeros cost more than most of what is
 * computed: half a megabyte takes 80 µs.)
 */
function unset(length, name, /** @type {any} */ Type = Float32Array) {
  if (length < FEW || typeof Buffer !== 'function') return allocate(length, name, Type);
  try {
    const { buffer, byteOffset } = Buffer.allocUnsafeSlow(length * Type.BYTES_PER_ELEMENT);
    return new Type(buffer, byteOffset, length);
  } catch (cause) {
    throw mismatch('ERR_OUT_OF_MEMORY', 'a size that fits in memory', name, `${length} elements`);
  }
}

/** A vector as a Float64Array of our own. */
function doubles(value, name) {
  const list = arrayOf(value, name), tag = tagOf(list);
  if (tag === 'Float64Array' || tag === 'Float32Array') return fromTyped(list, name, Float64Array);
  if (isList(list)) return fromNumbers(list, name, Float64Array);
  throw unexpected('ERR_INVALID_ARG', VECTOR, name, value);
}

/** Numbers below 2^32 as a Uint32Array: the caller's own where it is one. */
function indices(value, name) {
  const tag = tagOf(value);
  if (tag === 'Uint32Array') return value;
  if (tag !== 'Int32Array' && !isList(value)) throw unexpected('ERR_INVALID_ARG', 'a Uint32Array, Int32Array or number[]', name, value);
  const out = allocate(tag ? lengthOf(value) : lengthOfList(value, name), name, Uint32Array);
  for (let i = 0; i < out.length; i++) {
    const x = value[i];
    if (!(Number.isInteger(x) && x >= 0 && x <= 0xffffffff)) throw unexpected('ERR_INVALID_ARG', 'an index', `${name}[${i}]`, x);
    out[i] = x;
  }
  return out;
}

/** Keys of nodes as an array of their own, of an array or a typed array. */
function keys(value, name) {
  if (!isList(value) && !tagOf(value)) throw unexpected('ERR_INVALID_ARG', 'an array of keys', name, value);
  return mapList(value, isList(value) ? lengthOfList(value, name) : lengthOf(value), (key) => key);
}

/** A number, or `standard` where it is left out. */
function number(value, name, standard) {
  const x = value === undefined && standard !== undefined ? standard : value;
  if (typeof x !== 'number') throw unexpected('ERR_INVALID_ARG', 'a number', name, value);
  return x;
}

/** A count: an integer in 0...2^32 - 1. */
function count(value, name) {
  const x = number(value, name);
  if (!(Number.isInteger(x) && x >= 0 && x <= 0xffffffff)) {
    throw unexpected('ERR_OUT_OF_RANGE', 'an integer in 0...4294967295', name, value);
  }
  return x;
}

/** The keys of an object of options: no array, no revoked Proxy. */
function keysOf(value, name) {
  try {
    if (!Array.isArray(value)) return Object.keys(value);
  } catch (error) {
    if (!isRevoked(value)) throw error; // the caller's own
  }
  throw unexpected('ERR_INVALID_ARG', 'an object', name, value);
}

/** An options object with none but the `known` and `other` keys (undefined counts as left out), {} where it is left out. */
function options(value, known, name = 'options', other = []) {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null) throw unexpected('ERR_INVALID_ARG', 'an object', name, value);
  for (const key of keysOf(value, name)) {
    if (!known.includes(key) && !other.includes(key) && value[key] !== undefined) throw unexpected('ERR_INVALID_CONFIG', oneOf(known, key), name, key);
  }
  return value;
}

/** The same where it may not be left out. */
function required(value, known, name = 'options') {
  if (value === undefined) throw unexpected('ERR_INVALID_ARG', 'an object', name, value);
  return options(value, known, name);
}

module.exports = { allocate, array, count, doubles, indices, keys, keysOf, lengthOfList, mapList, number, options, ownArray, ownVector, required, unset, vector };
