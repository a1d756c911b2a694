'use strict';
// Native memory is told to V8, so that its collector runs when it should: sets and layers that are dropped without
// close() leave hardly any JavaScript garbage, so nothing else would make it run. (process.memoryUsage().external
// counts ArrayBuffers only and cannot be asked.)
const assert = require('node:assert');
const test = require('node:test');
const v8 = require('node:v8');
const vm = require('node:vm');
const { ruvector } = require('./support/index.js');

const { RuvectorLayer, VectorSet } = ruvector;
const turn = () => new Promise((resolve) => setImmediate(resolve));
const data = new Float32Array(2 ** 21).fill(0.5); // 8 MB

async function mostMemory(make, count) {
  const before = process.memoryUsage().rss;
  let most = 0;
  for (let i = 0; i < count; i++) {
    make();
    await turn(); // finalisers run between turns
    most = Math.max(most, process.memoryUsage().rss - before);
  }
  return most / 2 ** 20;
}

test('150 sets of 8 MB, dropped', async () => {
  const megabytes = await mostMemory(() => new VectorSet({ data, rows: 2 ** 14, dim: 128 }), 150);
  assert.ok(megabytes < 800, `up to ${megabytes.toFixed()} MB of 1200`);
});

test('a set opened by its token is counted once, and dropping the openings frees nothing that is in use', async () => {
  const set = new VectorSet({ data, rows: 2 ** 14, dim: 128 }), { token } = set;
  const megabytes = await mostMemory(() => VectorSet.open(token), 2000);
  assert.ok(megabytes < 800, `${megabytes}`);
  assert.strictEqual(set.get(2 ** 14 - 1)[127], 0.5);
  set.close();
});

test('45 layers of 12 MB, dropped', async () => {
  const megabytes = await mostMemory(() => new RuvectorLayer(512, 512, 4, 0.1, 1), 45);
  assert.ok(megabytes < 400, `up to ${megabytes.toFixed()} MB of 540`);
});

test('a search with millions of results does not keep their memory', async () => {
  v8.setFlagsFromString('--expose-gc');
  const gc = vm.runInNewContext('gc');
  const rows = 3e6, line = { data: Float32Array.from({ length: rows }, (_, i) => i + 1), rows, dim: 1 };
  gc();
  const before = process.memoryUsage().arrayBuffers;
  assert.strictEqual(ruvector.differentiableSearch([1], line, rows).indices.length, rows);
  let kept = Infinity; // V8 frees array buffers in the background
  for (let i = 0; i < 50 && kept >= 8; i++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 20));
    kept = (process.memoryUsage().arrayBuffers - before) / 2 ** 20;
  }
  assert.ok(kept < 8, `kept ${kept.toFixed()} MB`);
});
