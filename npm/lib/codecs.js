'use strict';

// The native codecs: a vector <-> bytes. One object for each set of options is kept.
const native = require('./native.js');

const codecs = new Map();

function codec(name, options) {
  const key = `${name} ${options.join(' ')}`;
  let handle = codecs.get(key);
  if (!handle || native.isLost(handle)) {
    handle = native.create('codec', name, options);
    if (codecs.size > 32) codecs.clear();
    codecs.set(key, handle);
  }
  return handle;
}

const run = (handle, operation, ...buffers) =>
  native.run(handle, operation, buffers, new Float64Array(2 * buffers.length).fill(-1), 1, undefined);

function encode(name, options, v) {
  const handle = codec(name, options);
  const bytes = new Uint8Array(run(handle, 'bound', v));
  return bytes.subarray(0, run(handle, 'encode', v, bytes));
}

function decode(name, bytes) {
  const handle = codec(name, []);
  const out = new Float32Array(run(handle, 'elementCount', bytes));
  run(handle, 'decode', bytes, out);
  return out;
}

module.exports = { decode, encode };
