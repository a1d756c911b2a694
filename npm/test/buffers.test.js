'use strict';
// Memory in every state: shared, resized, detached, of another realm, a part of something larger.
const assert = require('node:assert');
const test = require('node:test');
const vm = require('node:vm');
const { bits, fails, pack, relative, rows, ruvector, vector } = require('./support/index.js');
const calls = [...require('./support/calls.js').calls, ...require('./support/attention-calls.js').calls];

const { RuvectorLayer, VectorSet, differentiableSearch } = ruvector;

/** The same value in other memory; a vector, a matrix or anything that holds them. */
function mapped(value, change) {
  if (value instanceof Float32Array || value instanceof Float64Array) return change(value);
  if (Array.isArray(value) && typeof value[0] !== 'number') return value.map((x) => mapped(x, change));
  return value;
}

const shared = (v) => {
  const copy = new v.constructor(new SharedArrayBuffer(v.byteLength));
  copy.set(v);
  return copy;
};
const inside = (v) => {
  const copy = new v.constructor(v.length + 5).fill(NaN);
  copy.set(v, 3);
  return copy.subarray(3, 3 + v.length);
};
const foreign = (v) => vm.runInNewContext(`new ${v.constructor.name}(${v.length})`).map((_, i) => v[i]);
const tracking = (v) => {
  const buffer = new ArrayBuffer(v.byteLength, { maxByteLength: 4 * v.byteLength });
  const copy = new v.constructor(buffer);
  copy.set(v);
  return copy;
};
const hasResizable = 'resizable' in ArrayBuffer.prototype;

const forms = { shared, inside, foreign, ...(hasResizable ? { tracking } : {}) };
for (const [label, change] of Object.entries(forms)) {
  test(`every export takes ${label} memory and gives the same bits`, async () => {
    for (const { name, args, run } of calls) {
      const good = args.map(({ make }) => make());
      const expected = bits(await run(...good));
      assert.strictEqual(bits(await run(...good.map((value) => mapped(value, change)))), expected, name);
    }
  });
}

test('arrays of another realm', async () => {
  for (const { name, args, run } of calls) {
    const good = args.map(({ make }) => make());
    const there = good.map((value) => {
      if (!Array.isArray(value)) return value;
      const array = vm.runInNewContext('[]');
      array.push(...value);
      assert.ok(Array.isArray(array) && !(array instanceof Array));
      return array;
    });
    assert.strictEqual(bits(await run(...there)), bits(await run(...good)), name);
  }
  const numbers = vm.runInNewContext('({ query: [1, 2], rows: [[1, 2], [3, 4]], packed: { data: [1, 2, 3, 4], rows: 2, dim: 2 } })');
  const expected = differentiableSearch([1, 2], [[1, 2], [3, 4]], 2);
  assert.deepStrictEqual(differentiableSearch(numbers.query, numbers.rows, 2), expected);
  assert.deepStrictEqual(differentiableSearch(numbers.query, numbers.packed, 2), expected);
  assert.ok(Array.isArray(new RuvectorLayer(2, 2, 1).forward(numbers.query)));
});

test('proxies of arrays and subclasses of typed arrays are what they stand for', () => {
  class Mine extends Float32Array {}
  const list = rows(5, 3, 1);
  const expected = bits(differentiableSearch(list[0], list, 3));
  assert.strictEqual(bits(differentiableSearch(new Proxy(Array.from(list[0]), {}), new Proxy(list, {}), 3)), expected);
  assert.strictEqual(bits(differentiableSearch(Mine.from(list[0]), list.map((v) => Mine.from(v)), 3)), expected);
});

test('Buffer-pooled and unaligned starts', () => {
  const list = rows(40, 7, 2);
  const { data } = pack(list);
  const expected = bits(differentiableSearch(list[0], list, 9));
  for (let offset = 0; offset < 16; offset++) {
    const memory = new Float32Array(data.length + offset);
    memory.set(data, offset);
    const part = memory.subarray(offset);
    assert.strictEqual(bits(differentiableSearch(list[0], { data: part, rows: 40, dim: 7 }, 9)), expected);
    const resident = differentiableSearch(list[0], new VectorSet({ data: part, rows: 40, dim: 7 }), 9);
    assert.ok(relative(resident.weights, differentiableSearch(list[0], list, 9).weights) < 1e-6);
  }
});

test('doubles are rounded to floats', () => {
  const list = rows(6, 4, 3);
  assert.strictEqual(
    bits(differentiableSearch(Float64Array.from(list[0]), list.map((v) => Float64Array.from(v)), 4)),
    bits(differentiableSearch(list[0], list, 4)));
  return fails(() => differentiableSearch([1e300, 1], [[1, 1]], 1), 'ERR_NON_FINITE', 'beyond the range of floats');
});

test('resized buffers', { skip: !hasResizable && 'no resizable ArrayBuffer in this Node' }, async () => {
  const buffer = new ArrayBuffer(16, { maxByteLength: 64 });
  const whole = new Float32Array(buffer), fixed = new Float32Array(buffer, 0, 4), tail = new Float32Array(buffer, 8);
  whole.set([1, 2, 3, 4]);
  const list = [vector(4, 1), vector(4, 2)];
  const expected = bits(differentiableSearch([1, 2, 3, 4], list, 2));
  assert.strictEqual(bits(differentiableSearch(whole, list, 2)), expected);
  buffer.resize(8); // `fixed` and `tail` are out of bounds or empty, `whole` has two elements
  assert.strictEqual(fixed.length, 0);
  for (const [view, code] of [[whole, 'ERR_DIMENSION_MISMATCH'], [fixed, 'ERR_EMPTY_INPUT'], [tail, 'ERR_EMPTY_INPUT']]) {
    await fails(() => differentiableSearch(view, list, 2), code, 'query');
    await fails(() => ruvector.differentiableSearchAsync(view, list, 2), code, 'query, async', true);
    await fails(() => differentiableSearch(list[0], [list[0], view], 2), 'ERR_DIMENSION_MISMATCH', 'candidate');
    await fails(() => differentiableSearch(list[0], { data: view, rows: 1, dim: 4 }, 2), 'ERR_DIMENSION_MISMATCH', 'packed');
    await fails(() => ruvector.dist(list[0], view), 'ERR_DIMENSION_MISMATCH', 'geometry');
  }
  buffer.resize(4); // `tail` starts beyond the end
  await fails(() => differentiableSearch(tail, list, 2), 'ERR_EMPTY_INPUT', 'beyond the end');
  buffer.resize(64);
  fixed.set([1, 2, 3, 4]);
  assert.strictEqual(bits(differentiableSearch(fixed, list, 2)), expected);
});

test('async calls own their input: changing or detaching it afterwards changes nothing', async () => {
  const n = 200, dim = 16, list = rows(n, dim, 5), queries = rows(3, dim, 6);
  const expected = bits(ruvector.differentiableSearchBatch(queries, list, 5));
  for (const make of [() => rows(n, dim, 5), () => pack(rows(n, dim, 5))]) {
    const candidates = make(), q = pack(queries);
    const result = ruvector.differentiableSearchBatchAsync(q, candidates, 5);
    q.data.fill(NaN);
    structuredClone(q.data.buffer, { transfer: [q.data.buffer] });
    const all = Array.isArray(candidates) ? candidates : [candidates.data];
    for (const v of all) {
      v.fill(NaN);
      structuredClone(v.buffer, { transfer: [v.buffer] });
    }
    assert.strictEqual(bits(await result), expected);
  }
});

test('memory shared with a worker that changes it all the time', async () => {
  const { Worker } = require('node:worker_threads');
  const data = new Float32Array(new SharedArrayBuffer(4 * 64 * 32));
  const worker = new Worker(`
    const { workerData: data, parentPort } = require('node:worker_threads');
    parentPort.postMessage('on');
    for (let i = 0, x = 1; ; i = (i + 1) % data.length) { data[i] = i % 97 === 0 ? NaN : x; x = -x * 1.001; if (x > 1e3) x = 1; }
  `, { eval: true, workerData: data });
  await new Promise((resolve) => worker.once('message', resolve));
  for (let i = 0; i < 300; i++) {
    for (const run of [() => differentiableSearch(data.subarray(0, 32), { data, rows: 64, dim: 32 }, 5), () => new VectorSet({ data, rows: 64, dim: 32 }).close(),
      () => ruvector.differentiableSearchHyperbolic(data.subarray(32, 64), [data.subarray(0, 32), data.subarray(64, 96)], 5)]) {
      try {
        run();
      } catch (error) {
        assert.ok(error instanceof ruvector.RuvectorError, error.stack);
      }
    }
  }
  await worker.terminate();
});
