'use strict';

const native = require('./native.js');

/** Says that the native library is loaded; nothing needs to be called first. */
const init = () => 'Ruvector GNN Node.js bindings initialized';

/** The instruction set in use: 'scalar', 'v1', 'v3', 'v4', 'neon' or 'simd128' (WebAssembly). */
const simdLevel = () => native.simdLevel();

/** The version of the native library. */
const version = () => native.version();

module.exports = { init, simdLevel, version };
