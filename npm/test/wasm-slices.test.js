'use strict';
// addBatchAsync in an instance of one thread: slices with turns of the event loop in between, and the outcomes of one call. In this
// process the facade runs on WebAssembly.
process.env.RUVECTOR_BACKEND = 'wasm';
const assert = require('node:assert');
const test = require('node:test');
const { fails, pack, rows, ruvector } = require('./support/index.js');
const backend = require('../lib/native.js');

const { BruteForceIndex, HNSWIndex } = ruvector;
const DIM = 32, N = 900, SETTINGS = { dim: DIM, metric: 'l2', M: 16, efConstruction: 200, seed: 3 };
/** What the estimate of npm/lib/wasm/slices.js gives for these. */
const SLICE = 245;
const list = rows(N, DIM, 1), data = pack(list), keys = list.map((_, i) => i);
const turn = () => new Promise((resolve) => setImmediate(resolve));
const machine = () => backend.machine;

/** Notes the calls into the instance for the rest of a test: [name, rows]. */
function watch(t) {
  const prototype = Object.getPrototypeOf(machine()), { call } = prototype, calls = [];
  prototype.call = function watched(row, values) { calls.push([row.name, row.name === 'indexStage' ? values[3] : 0]); return call.call(this, row, values); };
  t.after(() => { prototype.call = call; });
  return { calls, staged: () => calls.filter(([name]) => name === 'indexStage').map(([, many]) => many) };
}
const some = (index, count = 40) => list.slice(0, count).map((q) => Array.from(index.search(q, 3, { ef: 200 }).keys));

test('it is WebAssembly that runs here', () => assert.strictEqual(ruvector.simdLevel(), 'simd128'));

test('a slice after the other, others have their turn in between, nothing is seen before the end', async (t) => {
  const index = new HNSWIndex(SETTINGS), { calls, staged } = watch(t), most = [];
  let done = false;
  const promise = index.addBatchAsync(keys, data).finally(() => { done = true; });
  assert.strictEqual(calls.length, 0, 'nothing in the calling turn');
  for (let before = 0; !done; before = staged().length) {
    await turn();
    most.push(staged().length - before);
    if (staged().length > 0 && !done) assert.deepStrictEqual([index.size, index.has(5), index.search(list[5], 1).keys.length], [0, false, 0]);
  }
  await promise;
  assert.ok(Math.max(...most) === 1, `slices a turn: ${most}`);
  assert.deepStrictEqual(staged(), [SLICE, SLICE, SLICE, N - 3 * SLICE]);
  assert.ok(!calls.some(([name]) => name === 'indexAdd'));
  const whole = new BruteForceIndex({ dim: DIM, metric: 'l2' });
  whole.addBatch(keys, data);
  assert.strictEqual(index.size, N);
  assert.deepStrictEqual(some(index), some(whole));
});

test('the same calls make the same index', async () => {
  const make = async () => {
    const index = new HNSWIndex(SETTINGS);
    await index.addBatchAsync(keys, data);
    return Buffer.from(index.toBuffer());
  };
  assert.ok((await make()).equals(await make()));
});

test('few rows are one call', async (t) => {
  const { calls, staged } = watch(t);
  await new HNSWIndex(SETTINGS).addBatchAsync(keys.slice(0, SLICE), list.slice(0, SLICE));
  await new BruteForceIndex({ dim: DIM }).addBatchAsync(keys, data);
  assert.deepStrictEqual(staged(), []);
  assert.strictEqual(calls.filter(([name]) => name === 'indexAdd').length, 2);
});

test('an abort in the middle leaves nothing, and the index takes the batch again', async (t) => {
  const index = new HNSWIndex(SETTINGS), old = rows(50, DIM, 9), reason = new Error('enough');
  index.addBatch(old.map((_, i) => 1e6 + i), old);
  const { staged } = watch(t), before = some(index), kept = Array.from(index.keys()), bytes = [];
  for (let round = 0; round < 8; round++) {
    const controller = new AbortController(), first = staged().length;
    const promise = index.addBatchAsync(keys, data, { signal: controller.signal });
    while (staged().length < first + 2) await turn();
    controller.abort(reason);
    assert.strictEqual((await fails(() => promise, 'ERR_ABORTED', 'abort', true)).cause, reason);
    const after = staged().length;
    for (let i = 0; i < 5; i++) await turn();
    assert.ok(staged().length === after, 'it has ended');
    assert.strictEqual(after, first + 2, 'the slice after the abort does not run');
    assert.deepStrictEqual([index.size, index.has(5), Array.from(index.keys())], [50, false, kept]);
    assert.deepStrictEqual(some(index), before);
    bytes.push(index.stats().bytes);
  }
  assert.ok(bytes.at(-1) <= 2 * bytes[0], `memory is used again: ${bytes}`);
  await index.addBatchAsync(keys, data);
  assert.strictEqual(index.size, N + 50);
  for (const i of [0, 100, N - 1]) assert.strictEqual(index.search(list[i], 1).keys[0], i);
});

test('aborted before the first slice', async (t) => {
  const index = new HNSWIndex(SETTINGS), controller = new AbortController(), { calls } = watch(t);
  const promise = index.addBatchAsync(keys, data, { signal: controller.signal });
  controller.abort();
  await fails(() => promise, 'ERR_ABORTED', 'abort', true);
  assert.deepStrictEqual(calls, []);
});

test('onProgress: rising from 0 to 1, and what it throws is the outcome', async () => {
  const index = new HNSWIndex(SETTINGS), shares = [];
  await index.addBatchAsync(keys, data, { onProgress: (share) => shares.push(share) });
  assert.deepStrictEqual([shares[0], shares.at(-1)], [0, 1]);
  assert.ok(shares.every((share, i) => i === 0 || share > shares[i - 1]), shares.join());
  const other = new HNSWIndex(SETTINGS), failure = new Error('mine');
  await assert.rejects(other.addBatchAsync(keys, data, { onProgress: () => { throw failure; } }), failure);
  assert.strictEqual(other.size, 0);
});

test('onProgress hears of what is done so far', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const index = new HNSWIndex(SETTINGS), { staged } = watch(t), shares = [];
  const promise = index.addBatchAsync(keys, data, { onProgress: (share) => shares.push(Math.round(share * N)) });
  while (staged().length < 2) await turn();
  t.mock.timers.tick(60);
  await promise;
  assert.deepStrictEqual(shares, [0, 2 * SLICE, N]);
});

test('an abort where onProgress listens', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const index = new HNSWIndex(SETTINGS), { staged } = watch(t), controller = new AbortController();
  const promise = index.addBatchAsync(keys, data, { signal: controller.signal, onProgress: () => {} });
  while (staged().length < 1) await turn();
  controller.abort();
  t.mock.timers.tick(60);
  await fails(() => promise, 'ERR_ABORTED', 'abort', true);
  assert.deepStrictEqual([index.size, staged().length], [0, 1]);
  index.clear(); // nothing is staged
});

test('what is wrong is said before anything is stored, with the names of one call', async (t) => {
  const index = new HNSWIndex(SETTINGS), { staged } = watch(t);
  index.add(7e6, list[0]);
  const bad = list.slice();
  bad[500] = list[500].map((x, i) => (i === 3 ? NaN : x));
  for (const [code, message, ...call] of [
    ['ERR_NON_FINITE', /vectors\[500\]/, keys, bad],
    ['ERR_DUPLICATE_KEY', /keys\[400\]/, keys.map((k, i) => (i === 400 ? 17 : k)), data],
    ['ERR_DUPLICATE_KEY', /keys\[899\]/, keys.map((k, i) => (i === 899 ? 7e6 : k)), data],
    ['ERR_DIMENSION_MISMATCH', /keys/, keys.slice(1), data],
    ['ERR_DIMENSION_MISMATCH', /vectors/, keys, list.map((row) => row.subarray(1))],
  ]) {
    assert.match((await fails(() => index.addBatchAsync(...call), code, code, true)).message, message);
    assert.match((await fails(() => index.addBatch(...call), code, code)).message, message);
  }
  assert.deepStrictEqual([staged(), index.size], [[], 1]);
});

test('replace: the old vectors or the new ones', async () => {
  const index = new HNSWIndex(SETTINGS), others = rows(N, DIM, 5);
  index.addBatch(keys.slice(0, 300), others.slice(0, 300));
  const promise = index.addBatchAsync(keys, data, { replace: true });
  await turn();
  await turn();
  assert.deepStrictEqual([index.size, index.get(7)], [300, others[7]]);
  await promise;
  assert.deepStrictEqual([index.size, index.get(7), index.get(599)], [N, list[7], list[599]]);
  for (let i = 0; i < N; i += 50) assert.strictEqual(index.search(list[i], 1, { ef: 200 }).keys[0], i);
  assert.ok(index.search(others[3], 1, { ef: 200 }).distances[0] > 0.1, 'the old one is gone');
});

test('writers in between: the first who shows a key has it; the other batch adds nothing', async () => {
  const index = new HNSWIndex(SETTINGS), late = index.addBatchAsync(keys, data);
  await turn();
  await turn();
  index.add(300, list[0]);
  await fails(() => index.clear(), 'ERR_BUSY', 'clear');
  await fails(() => late, 'ERR_DUPLICATE_KEY', 'the batch', true);
  assert.deepStrictEqual([index.size, index.get(300)], [1, list[0]]);
  index.clear();
  const both = [index.addBatchAsync(keys, data), index.addBatchAsync(keys.map((k) => k + 1e6), data)];
  await Promise.all(both);
  assert.strictEqual(index.size, 2 * N);
});

test('closed in the middle: the batch ends, and then its memory goes', async () => {
  const bytes = machine().exports.rv_wasm_in_use(), index = new HNSWIndex(SETTINGS), promise = index.addBatchAsync(keys, data);
  await turn();
  await turn();
  index.close();
  assert.ok(machine().exports.rv_wasm_in_use() > bytes);
  await promise;
  assert.ok(machine().exports.rv_wasm_in_use() <= bytes + 2 ** 16, 'but for the area of arguments');
});

test('an instance that ends in the middle', async () => {
  const index = new HNSWIndex(SETTINGS), promise = index.addBatchAsync(keys, data), { exports, memory, fixed, rows: table } = machine();
  await turn();
  await turn();
  memory.view()[exports.rv_exports(fixed) / 4 + 4 * table.find(({ name }) => name === 'version').index + 3] = 0xffffff; // a function that there is none of
  await fails(() => ruvector.version(), 'ERR_TRAP', 'trap');
  await fails(() => promise, 'ERR_CLOSED', 'the batch', true);
  await new HNSWIndex(SETTINGS).addBatchAsync(keys, data);
});
