'use strict';

// Node: the compiled module from its file, the one with everything.
const fs = require('node:fs');
const path = require('node:path');
const { createBackend } = require('./backend.js');
const { folder } = require('../folder.js');

const file = path.resolve(folder, '../../wasm/attention/ruvector.wasm');

function load() {
  return createBackend(new WebAssembly.Module(fs.readFileSync(file)), { simd: process.env.RUVECTOR_SIMD });
}

module.exports = { file, load };
