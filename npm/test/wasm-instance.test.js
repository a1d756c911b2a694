'use strict';
// What an instance does over its life: traps, memory, handles, calls on later turns. In this process the facade itself
// runs on WebAssembly.
process.env.RUVECTOR_BACKEND = 'wasm';
const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { bits, checkError, fails, pack, root, rows, ruvector, vector } = require('./support/index.js');
const backend = require('../lib/native.js');
const { Machine } = require('../lib/wasm/machine.js');

const { RuvectorLayer, VectorSet } = ruvector;
const turn = () => new Promise((resolve) => setImmediate(resolve));
const machine = () => backend.machine;
const inUse = () => machine().exports.rv_wasm_in_use();

const list = rows(200, 8, 1), q = vector(8, 2), json = new RuvectorLayer(8, 8, 2, 0.1, 3).toJson();
const everything = () => bits([ruvector.differentiableSearch(q, list, 9), ruvector.differentiableSearch(q, pack(list), 9), ruvector.hierarchicalForward(q, [list], [json]),
  new ruvector.TensorCompress().compress(q, 0.5), ruvector.mobiusAdd(q, q)]);

test('it is WebAssembly that runs here', () => assert.strictEqual(ruvector.simdLevel(), 'simd128'));

// MARK: - Traps

/** Ends the instance by `end`, which must throw `code`; then old handles are closed and everything works as before. */
async function trap(end, code) {
  const expected = everything(), old = machine();
  const set = new VectorSet(list), layer = new RuvectorLayer(8, 8, 2), { token } = set;
  const waiting = ruvector.differentiableSearchAsync(q, set, 3);
  let error;
  try {
    end();
  } catch (thrown) {
    error = thrown;
  }
  checkError(error, code, 'the call that trapped');
  assert.ok(error.cause instanceof Error, 'the trap itself is the cause');
  assert.notStrictEqual(machine(), old);
  await fails(() => waiting, 'ERR_CLOSED', 'a call in flight');
  await fails(() => set.size, 'ERR_CLOSED', 'size');
  await fails(() => set.get(0), 'ERR_CLOSED', 'get');
  await fails(() => ruvector.differentiableSearch(q, set, 1), 'ERR_CLOSED', 'search');
  await fails(() => ruvector.differentiableSearchAsync(q, set, 1), 'ERR_CLOSED', 'async', true);
  await fails(() => layer.forward(q), 'ERR_CLOSED', 'forward');
  await fails(() => VectorSet.open(token), 'ERR_NOT_FOUND', 'token');
  assert.ok(set.closed && layer.closed);
  set.close();
  assert.strictEqual(everything(), expected);
  assert.strictEqual(everything(), expected);
}

test('a trap: ERR_TRAP and a fresh instance', () => trap(() => {
  const { exports, memory, fixed, rows: table } = machine(), { index } = table.find(({ name }) => name === 'geometry');
  memory.view()[exports.rv_exports(fixed) / 4 + 4 * index + 3] = 0xffffff; // a function that there is none of
  ruvector.dist(q, q);
}, 'ERR_TRAP'));

test('no memory left for objects: ERR_OUT_OF_MEMORY and a fresh instance', () => trap(() => {
  const { exports } = machine();
  for (let size = 2 ** 27; size >= 8; size /= 2) while (exports.malloc(size) !== 0);
  ruvector.weightedMidpoint(list);
}, 'ERR_OUT_OF_MEMORY'));

test('sizes that do not fit: ERR_OUT_OF_MEMORY, and the instance lives on', async () => {
  const set = new VectorSet(list), before = machine();
  await fails(() => new RuvectorLayer(65536, 65536, 1), 'ERR_OUT_OF_MEMORY', 'layer');
  await fails(() => new RuvectorLayer(65536, 8192, 1), 'ERR_OUT_OF_MEMORY', 'a layer whose first matrix alone has 2 GiB');
  assert.strictEqual(machine(), before);
  assert.deepStrictEqual(set.get(3), list[3]);
  set.close();
});

/** What a process of its own does. */
const END_OF_STACK = `
  process.env.RUVECTOR_BACKEND = 'wasm';
  const assert = require('node:assert'), { bits, rows, ruvector, vector } = require('./npm/test/support/index.js');
  const list = rows(200, 8, 1), q = vector(8, 2), kinds = new Set();
  const everything = () => bits([ruvector.differentiableSearch(q, list, 9), ruvector.mobiusAdd(q, q)]), expected = everything();
  (function deeper(depth) {
    try {
      deeper(depth + 1);
    } catch { /* the deepest frame */ }
    try {
      ruvector.differentiableSearch(q, list, 3);
      if (kinds.size > 0 && kinds.has('fine')) return;
      kinds.add('fine');
    } catch (error) {
      kinds.add(error.code ?? error.name);
    }
  })(0);
  assert.ok(kinds.has('RangeError') || kinds.has('ERR_TRAP'), [...kinds].join());
  assert.deepStrictEqual([...kinds].filter((kind) => !['fine', 'RangeError', 'ERR_TRAP', 'ERR_CLOSED'].includes(kind)), []);
  assert.strictEqual(everything(), expected);`;

test('the end of the stack, wherever it comes, leaves a library that works', () => {
  // V8 ends a process that compiles a regular expression there, which code of Node's own does once in a while: then again.
  for (let left = 4; ; left--) {
    const { status, stderr } = spawnSync(process.execPath, ['-e', END_OF_STACK], { cwd: root, encoding: 'utf8' });
    if (status === 0) return;
    assert.ok(left > 0 && stderr.includes('RegExpCompiler'), stderr);
  }
});

test('a kind of handle that the table does not have', () => {
  const file = path.join(root, 'wasm/attention/ruvector.wasm'), instance = new WebAssembly.Instance(new WebAssembly.Module(fs.readFileSync(file)));
  const { exports } = instance, count = exports.malloc(16), first = exports.rv_exports(count), bytes = new Uint8Array(exports.memory.buffer);
  const words = new Uint32Array(exports.memory.buffer), { index } = machine().rows.find(({ name }) => name === 'vectorsInfo'), input = words[first / 4 + 4 * index + 1];
  assert.strictEqual(String.fromCharCode(bytes[input]), 'v');
  bytes[input] = 'z'.charCodeAt(0);
  assert.throws(() => new Machine(instance, { random: [1, 2] }), /unknown kind of handle/);
  assert.strictEqual(exports.rv_handle_release('z'.charCodeAt(0), 0), 11, 'ERR_WRONG_HANDLE');
});

// MARK: - Memory

test('2,000 objects created and closed: not a byte is kept', () => {
  const cycle = () => {
    new VectorSet(list).close();
    new RuvectorLayer(8, 8, 2, 0.1, 1).close();
    try { ruvector.differentiableSearch([NaN], [[1]], 1); } catch { /* expected */ }
    everything();
  };
  for (let i = 0; i < 50; i++) cycle();
  const bytes = inUse(), pages = machine().exports.memory.buffer.byteLength;
  for (let i = 0; i < 1000; i++) cycle(); // the count is exact: what one call in a thousand keeps is seen
  assert.strictEqual(inUse(), bytes);
  assert.strictEqual(machine().exports.memory.buffer.byteLength, pages);
});

test('what is dropped goes with the garbage', () => {
  const code = `const { VectorSet } = require(${JSON.stringify(root)}), { machine } = require('./npm/lib/native.js');
    const bytes = machine.exports.rv_wasm_in_use();
    for (let i = 0; i < 100; i++) new VectorSet({ data: new Float32Array(1e5), rows: 1000, dim: 100 });
    const most = machine.exports.rv_wasm_in_use();
    setTimeout(() => { gc(); setTimeout(() => console.log(JSON.stringify([most - bytes, machine.exports.rv_wasm_in_use() - bytes])), 50); }, 10);`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', '-e', code], { cwd: root, encoding: 'utf8', env: { ...process.env, RUVECTOR_BACKEND: 'wasm' } });
  const [most, left] = JSON.parse(stdout || stderr);
  assert.ok(most > 4e7 && left < 1e6, `${most} bytes, then ${left}`);
});

test('memory grows under its views, and large arguments are not kept', () => {
  const before = machine().exports.memory.buffer.byteLength;
  const set = new VectorSet({ data: new Float32Array(2 ** 23).fill(0.25), rows: 2 ** 16, dim: 128 });
  assert.ok(machine().exports.memory.buffer.byteLength >= before + 2 ** 25);
  const held = inUse();
  assert.ok(held < 2 ** 25 + 2 ** 24 + 2 ** 22, `${held}`);
  assert.strictEqual(set.get(65535)[127], 0.25);
  set.close();
});

// MARK: - Later turns

/** Counts the calls into the instance for the rest of a test. */
function countCalls(t) {
  const prototype = Object.getPrototypeOf(machine()), { call } = prototype;
  let calls = 0;
  prototype.call = function counted(...args) { calls++; return call.apply(this, args); };
  t.after(() => { prototype.call = call; });
  return () => calls;
}

test('Async: nothing runs in the calling turn; long batches give turns to others; results are those of one call', async (t) => {
  const data = pack(rows(3000, 64, 5)), queries = pack(rows(700, 64, 6)), expected = ruvector.differentiableSearchBatch(queries, data, 5);
  let turns = 0, done = false;
  const calls = countCalls(t);
  const promise = ruvector.differentiableSearchBatchAsync(queries, data, 5).finally(() => { done = true; });
  await Promise.resolve();
  assert.strictEqual(calls(), 0);
  while (!done) { await turn(); turns++; }
  assert.ok(calls() > 4 && turns >= calls(), `${calls()} calls, ${turns} turns`);
  assert.strictEqual(bits(await promise), bits(expected));
});

test('Async: an abort between two slices ends the work; errors name the right query', async (t) => {
  const data = pack(rows(3000, 64, 5)), many = rows(700, 64, 6), controller = new AbortController();
  const calls = countCalls(t);
  const promise = ruvector.differentiableSearchBatchAsync(many, data, 5, { signal: controller.signal });
  while (calls() < 2) await turn();
  controller.abort();
  await fails(() => promise, 'ERR_ABORTED', 'abort', true);
  for (let i = 0; i < 20; i++) await turn();
  assert.ok(calls() <= 3, `${calls()} calls`);
  many[600][3] = NaN;
  const error = await fails(() => ruvector.differentiableSearchBatchAsync(many, data, 5), 'ERR_NON_FINITE', 'NaN', true);
  assert.match(error.message, /queries\[600\]/);
});

test('a token of another instance is refused', async () => {
  const set = new VectorSet(list), other = require('@ruvector/gnn/wasm'), there = new other.VectorSet(list);
  const code = `console.log(JSON.stringify(new (require(${JSON.stringify(root)}).VectorSet)([[1, 2]]).token))`;
  const token = JSON.parse(spawnSync(process.execPath, ['-e', code], { encoding: 'utf8', env: process.env }).stdout);
  for (const foreign of [there.token, token]) await fails(() => VectorSet.open(foreign), 'ERR_NOT_FOUND', 'token');
  const twin = VectorSet.open(set.token);
  assert.strictEqual(bits(twin), bits(set));
  twin.close();
  set.close();
});
