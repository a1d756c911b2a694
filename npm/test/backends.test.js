'use strict';
// The tests of the library, run on WebAssembly.
const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const test = require('node:test');

// Not among them: entry, binary (the addon's file), types, external-memory (V8 is told of native memory only). Of
// vector-set, graph, workers and readme, what shares a set, a graph or an index between threads, and of readme and handles what keeps a database, and the types; those tests
// say so.
const FILES = ['golden', 'search', 'layer-json', 'drop-in', 'hierarchical-v2', 'bad-input', 'buffers', 'handles', 'reentrancy', 'readme', 'attention', 'vector-set', 'workers', 'copies', 'index-padding', 'index-buffers', 'graph'];
const MEMBERS = ['members', 'graph-layers', 'graph-golden', 'hyperbolic-layer', 'layer-v2', 'hierarchical-model', 'sampling', 'search-graphs', 'weights', 'losses', 'optimizers', 'trainer', 'trainer-ends', 'checkpoints', 'layer-training', 'migration-training', 'mining', 'poincare-embedding', 'taxonomy-head', 'reranker', 'navigator'];
const NUMBERS = ['golden', 'search', 'hierarchical-v2', 'attention']; // the levels differ in their kernels alone
for (const [level, names, passed, skipped] of [['simd128', FILES, 249, 19], ['simd128', MEMBERS, 800, 6], ['scalar', NUMBERS, 60, 1]]) {
  test(`${names.join(', ')} on WebAssembly, ${level}`, { timeout: 600000 }, () => {
    const { NODE_TEST_CONTEXT, ...env } = process.env;
    const { stdout, signal } = spawnSync(process.execPath, ['--test', '--test-reporter=tap', ...names.map((name) => path.join(__dirname, `${name}.test.js`))],
      { env: { ...env, RUVECTOR_BACKEND: 'wasm', RUVECTOR_SIMD: level }, encoding: 'utf8', maxBuffer: 2 ** 28, timeout: 590000 });
    assert.strictEqual(signal, null, 'not ended within 590 s');
    const count = (what) => Number(new RegExp(`^# ${what} (\\d+)`, 'm').exec(stdout)?.[1]);
    assert.strictEqual(count('fail'), 0, stdout.split('\n').filter((line) => /^\s*(not ok|error:)/.test(line)).join('\n'));
    assert.ok(count('pass') > passed, `${count('pass')} tests`);
    // Node 18 counts skipped tests of a file in another way.
    if (Number.parseInt(process.versions.node) > 18) assert.strictEqual(count('skipped'), skipped, 'skipped');
  });
}
