'use strict';

const { nameOf } = require('./known.js');

/** Stable codes in the order of `rv_status` (Sources/CRuvector/include/ruvector.h). */
const CODES = [
  'OK',
  'ERR_DIMENSION_MISMATCH',
  'ERR_EMPTY_INPUT',
  'ERR_INVALID_ARG',
  'ERR_INVALID_CONFIG',
  'ERR_OUT_OF_RANGE',
  'ERR_NON_FINITE',
  'ERR_OUT_OF_MEMORY',
  'ERR_IO',
  'ERR_BUSY',
  'ERR_CLOSED',
  'ERR_WRONG_HANDLE',
  'ERR_DUPLICATE_KEY',
  'ERR_NOT_FOUND',
  'ERR_CORRUPT',
  'ERR_UNSUPPORTED',
  'ERR_ABORTED',
  'ERR_NO_BINARY',
  'ERR_TRAP',
];

/** Every error of the library. Decide on `code`, show `message`. */
class RuvectorError extends Error {
  constructor(code, message, options) {
    super(message, options);
    this.code = code;
  }
}
Object.defineProperty(RuvectorError.prototype, 'name', { value: 'RuvectorError', configurable: true, writable: true });

const typedArray = Object.getPrototypeOf(Float32Array.prototype);
const typedArrayTag = Object.getOwnPropertyDescriptor(typedArray, Symbol.toStringTag).get;
const typedArrayLength = Object.getOwnPropertyDescriptor(typedArray, 'length').get;

/** 'Float32Array' and so on for typed arrays of any realm, undefined for everything else. */
const tagOf = (value) => typedArrayTag.call(value);

/** The length of a typed array, whatever the caller made of its `length`; 0 where its memory is gone. */
const lengthOf = (value) => typedArrayLength.call(value);

const typedArrayBuffer = Object.getOwnPropertyDescriptor(typedArray, 'buffer').get;
const typedArrayOffset = Object.getOwnPropertyDescriptor(typedArray, 'byteOffset').get;

/** A Float32Array of this realm on the caller's memory: one whose methods are nobody's but ours. */
const plain = (value) => new Float32Array(typedArrayBuffer.call(value), typedArrayOffset.call(value), lengthOf(value));

/** What a caller passed, in a few words; never runs the caller's code. */
function describe(value) {
  switch (typeof value) {
    case 'number': return Object.is(value, -0) ? '-0' : String(value);
    case 'string': return value.length > 40 ? `a string of ${value.length} characters` : JSON.stringify(value);
    case 'bigint': return `${value}n`;
    case 'boolean': case 'undefined': return String(value);
    case 'function': return 'a function';
    case 'symbol': return 'a symbol';
    default: return value === null ? 'null' : tagOf(value) ?? (isList(value) ? 'an array' : nameOf(value) ?? 'an object');
  }
}

/** What came where an object of ours is wanted. */
const inPlace = (value) => nameOf(value) ?? (typeof value === 'object' && value !== null && tagOf(value) === undefined && !isList(value) ? 'another object' : describe(value));

const sentence = (wanted, name, received) => `expected ${wanted} for ${name}, received ${received}`;

/** The parts of errors: {wanted, subject, received}. */
const PARTS = new WeakMap();

/** The error "expected <wanted> for <name>, received <value>". */
const unexpected = (code, wanted, name, value) => mismatch(code, wanted, name, describe(value));

/** The same with the received part in words. */
function mismatch(code, wanted, name, received) {
  const error = new RuvectorError(code, sentence(wanted, name, received));
  PARTS.set(error, { wanted, subject: name, received });
  return error;
}

function fromNative(code, message, wanted, subject, received, options) {
  const error = new RuvectorError(CODES[code] ?? 'ERR_UNSUPPORTED', message, options);
  if (subject) PARTS.set(error, { wanted, subject, received });
  return error;
}

const partsOf = (error) => PARTS.get(error) ?? {};

/** The error with the parts that `rename` gives for its own, {subject, …}; the error itself where it gives none. */
function renamed(error, rename) {
  const parts = PARTS.get(error), others = parts && rename(parts);
  if (!others) return error;
  const all = { ...parts, ...others }, { wanted, subject, received } = all, other = new RuvectorError(error.code, sentence(wanted, subject, received), { cause: error });
  PARTS.set(other, all);
  return other;
}

/** An error about options that stand at `path`: the way to the option belongs to its name. What a text holds, it does not say of them. */
const within = (error, path) => (error.code === 'ERR_CORRUPT' ? error : renamed(error, ({ subject }) => ({ subject: subject === 'options' ? path : `${path}.${subject}` })));

/** Array.isArray that a revoked Proxy cannot make throw. */
function isList(value) {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}

/** Whether a value is a Proxy that was revoked: whatever is asked of it throws. Asked where something has thrown. */
function isRevoked(value) {
  try {
    Array.isArray(value);
    return false;
  } catch {
    return true;
  }
}

/** `key in value`: false of what is no object, and of a revoked Proxy. */
function has(value, key) {
  try {
    return typeof value === 'object' && value !== null && key in value;
  } catch (error) {
    if (isRevoked(value)) return false;
    throw error; // the caller's own
  }
}

/** `value instanceof Type`: false of a revoked Proxy. */
function isInstance(value, Type) {
  try {
    return value instanceof Type;
  } catch (error) {
    if (isRevoked(value)) return false;
    throw error;
  }
}

module.exports = { has, isInstance, isList, isRevoked, CODES, RuvectorError, fromNative, inPlace, lengthOf, mismatch, partsOf, plain, renamed, tagOf, unexpected, within };
