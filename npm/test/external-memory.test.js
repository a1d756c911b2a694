'use strict';
// Native memory is told to V8, so that its collector runs when it should. In a file (a process) of its own: garbage of
// other tests would be counted.
const assert = require('node:assert');
const test = require('node:test');
const { ruvector } = require('./support/index.js');

const { RuvectorLayer, VectorSet } = ruvector;

test('V8 knows of the native memory', () => {
  const big = { data: new Float32Array(2 ** 20).fill(0.5), rows: 2 ** 14, dim: 64 }, bytes = 4 * 2 ** 20;
  const before = process.memoryUsage().external;
  const set = new VectorSet(big);
  const held = process.memoryUsage().external;
  assert.ok(held - before >= bytes && held - before < 1.2 * bytes, `rose by ${held - before} of ${bytes}`);
  set.close();
  assert.ok(Math.abs(process.memoryUsage().external - before) < 0.1 * bytes);
  const layer = new RuvectorLayer(256, 256, 4);
  assert.ok(process.memoryUsage().external - before >= 12 * 256 * 256 * 4);
  layer.close();
  assert.ok(Math.abs(process.memoryUsage().external - before) < 0.1 * bytes);
});
