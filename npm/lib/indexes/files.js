'use strict';

// Indexes of files and of their bytes: what `load`, `view`, `fromBuffer` of each class and `toBuffer` do.
const native = require('../native.js');
const inputs = require('../inputs.js');
const { abortable } = require('../async.js');
const { pathOf } = require('../files.js');
const { lengthOf, tagOf, unexpected } = require('../errors.js');
const { Made } = require('./made.js');

/** `byteLength` of array buffers of any realm; throws for everything else. */
const { get: byteLength } = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'byteLength');

/** Index -> the number that was saved with its file. */
const stamps = new WeakMap();

/** A number that goes into the file and comes back. */
function stampOf(options, more) {
  const { stamp = 0 } = inputs.options(options, ['stamp', ...more]);
  if (!Number.isSafeInteger(stamp) || stamp < 0) throw unexpected('ERR_OUT_OF_RANGE', 'a safe integer >= 0', 'stamp', stamp);
  return stamp;
}

// rv_open
const [LOAD, VIEW, VERIFY, READ_FLOATS] = [0, 1, 2, 4];

/** The index of a file as a `Class`; `name` is the argument that said which. */
function opened(Class, handle, stamp, name = 'path') {
  const index = new Class(new Made(handle, name));
  stamps.set(index, stamp[0]);
  return index;
}
const load = (Class, path) => {
  const stamp = new Float64Array(1);
  return opened(Class, native.indexOpen(pathOf(path), LOAD, stamp, 1, undefined), stamp);
};

async function loadAsync(Class, path, options) {
  const { signal } = inputs.options(options, ['signal']), name = pathOf(path), stamp = new Float64Array(1);
  return abortable(signal, async (flag) => opened(Class, await native.indexOpenAsync(name, LOAD, stamp, 1, flag), stamp));
}

function view(Class, path, options) {
  const { verify = false, floats = 'mapped' } = inputs.options(options, ['verify', 'floats']), stamp = new Float64Array(1);
  if (typeof verify !== 'boolean') throw unexpected('ERR_INVALID_ARG', 'true or false', 'verify', verify);
  if (floats !== 'mapped' && floats !== 'read') throw unexpected('ERR_INVALID_ARG', '"mapped" or "read"', 'floats', floats);
  const how = VIEW | (verify ? VERIFY : 0) | (floats === 'read' ? READ_FLOATS : 0);
  return opened(Class, native.indexOpen(pathOf(path), how, stamp, 1, undefined), stamp);
}

/** The bytes of a caller's, `own` in memory that is nobody else's. */
function bytesOf(value, own = false) {
  let bytes = value;
  if (tagOf(value) !== 'Uint8Array') {
    try {
      bytes = new Uint8Array(byteLength.call(value) === 0 ? 0 : value); // one that is detached has none
    } catch {
      throw unexpected('ERR_INVALID_ARG', 'a Uint8Array or an ArrayBuffer', 'bytes', value);
    }
  }
  if (!own) return bytes;
  const copy = inputs.allocate(lengthOf(bytes), 'bytes', Uint8Array);
  if (copy.length > 0) copy.set(bytes);
  return copy;
}

function fromBuffer(Class, bytes) {
  const stamp = new Float64Array(1);
  return opened(Class, native.indexFromBytes(bytesOf(bytes), stamp, 1, undefined), stamp, 'bytes');
}

async function fromBufferAsync(Class, bytes, options) {
  const { signal } = inputs.options(options, ['signal']), own = bytesOf(bytes, true), stamp = new Float64Array(1);
  return abortable(signal, async (flag) => opened(Class, await native.indexFromBytesAsync(own, stamp, 1, flag), stamp, 'bytes'));
}

/** Room for so many bytes of an index, and what it holds of them. */
const roomFor = (count) => inputs.allocate(count, 'bytes', Uint8Array);
const filled = (bytes, count) => (count < bytes.length ? bytes.slice(0, count) : bytes);

/** The bytes of an index: how many first, then they, again where a writer was in between. */
function toBuffer(handle, stamp) {
  const fill = (bytes) => native.indexToBytes(handle, bytes, stamp, 1, undefined);
  let bytes = roomFor(fill()), count;
  while ((count = fill(bytes)) > bytes.length) bytes = roomFor(count);
  return filled(bytes, count);
}

async function toBufferAsync(handle, stamp, flag) {
  const fill = (bytes) => native.indexToBytesAsync(handle, bytes, stamp, 1, flag);
  let bytes = roomFor(await fill()), count;
  while ((count = await fill(bytes)) > bytes.length) bytes = roomFor(count);
  return filled(bytes, count);
}

module.exports = { bytesOf, fromBuffer, fromBufferAsync, load, loadAsync, stampOf, stamps, toBuffer, toBufferAsync, view };
