'use strict';

// Indexes of files: what `load` and `view` of each class do.
const native = require('../native.js');
const inputs = require('../inputs.js');
const { abortable } = require('../async.js');
const { unexpected } = require('../errors.js');
const { Made } = require('./made.js');

/** Index -> the number that was saved with its file. */
const stamps = new WeakMap();

function pathOf(value) {
  if (typeof value !== 'string' || value.length === 0 || value.includes('\0')) throw unexpected('ERR_INVALID_ARG', 'a path', 'path', value);
  return value;
}

/** A number that goes into the file and comes back. */
function stampOf(options, more) {
  const { stamp = 0 } = inputs.options(options, ['stamp', ...more]);
  if (!Number.isSafeInteger(stamp) || stamp < 0) throw unexpected('ERR_OUT_OF_RANGE', 'a safe integer >= 0', 'stamp', stamp);
  return stamp;
}

// rv_open
const [LOAD, VIEW, VERIFY, READ_FLOATS] = [0, 1, 2, 4];

/** The index of a file as a `Class`. */
function opened(Class, handle, stamp) {
  const index = new Class(new Made(handle, 'path'));
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

module.exports = { load, loadAsync, pathOf, stampOf, stamps, view };
