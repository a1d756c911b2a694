'use strict';

// The library that this process measures: that of this checkout, or of the built checkout that RUVECTOR_BENCH_LIBRARY names.
// The gate (gate.js) sets it, so that one and the same benchmark code drives the old library and the new one.
const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(process.env.RUVECTOR_BENCH_LIBRARY || path.join(__dirname, '../..'));
const part = (file) => require(path.join(root, file));

module.exports = { root, gnn: part('index.js'), attention: part(fs.existsSync(path.join(root, 'npm/entries')) ? 'npm/entries/attention.js' : 'attention.js'), native: part('npm/lib/native.js'), handleOf: (object, type) => part('npm/lib/handle.js').Handle.of(object, type, 'this'), wasm: () => part('wasm/index.js') };
