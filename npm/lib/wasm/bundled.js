'use strict';

// Takes the place of native.js in the bundles that npm/scripts/bundle.js writes: the module is loaded already.
const { fromNative } = require('../errors.js');
const { createBackend } = require('./backend.js');
const { module: compiled, instance, simd } = require('ruvector:wasm');

const backend = createBackend(compiled, { instance, simd });
backend.setErrorFactory(fromNative);
backend.start();

module.exports = backend;
