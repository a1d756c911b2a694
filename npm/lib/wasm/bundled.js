'use strict';

// Takes the place of native.js in the bundles that npm/scripts/bundle.js writes: the module is loaded already.
// (RUVECTOR_SIMD names levels of the library that runs beside this one.)
const { fromNative } = require('../errors.js');
const { createBackend } = require('./backend.js');
const { module: compiled, instance } = require('ruvector:wasm');

const backend = createBackend(compiled, { instance });
backend.setErrorFactory(fromNative);
backend.start();

module.exports = backend;
