'use strict';
// Searches against a slow oracle in doubles, in all forms of candidates, and the promises about ties, threads, aborts.
const assert = require('node:assert');
const test = require('node:test');
const { bits, checkError, pack, random, rows, ruvector, vector } = require('./support/index.js');

const { VectorSet, differentiableSearch, differentiableSearchHyperbolic } = ruvector;
const norm2 = (x) => x.reduce((sum, y) => sum + y * y, 0);
const RIM = 1 - 1e-5;

/** [y, 1 - c|y|^2] of a vector placed in the ball. */
function place(x, c, projection) {
  const v = Array.from(x), r = Math.sqrt(c * norm2(v));
  if (projection === 'expmap') {
    const t = Math.tanh(r);
    if (r === 0) return [v, 1];
    if (t <= RIM) return [v.map((y) => (y * t) / r), 1 / Math.cosh(r) ** 2];
  } else if (r <= RIM) return [v, 1 - c * norm2(v)];
  return [v.map((y) => (y * RIM) / r), 1 - RIM * RIM];
}

const metrics = {
  cosine: (q, y) => {
    const size = Math.sqrt(norm2(Array.from(q)) * norm2(Array.from(y)));
    const s = size === 0 ? 0 : Array.from(q).reduce((sum, x, i) => sum + x * y[i], 0) / size;
    return { value: s, logit: s };
  },
  hyperbolic: (q, y, { curvature = -1, projection = 'clip' } = {}) => {
    const c = Math.abs(curvature), [a, ga] = place(q, c, projection), [b, gb] = place(y, c, projection);
    const d = (2 / Math.sqrt(c)) * Math.asinh(Math.sqrt((c * norm2(a.map((x, i) => x - b[i]))) / (ga * gb)));
    return { value: d, logit: -d };
  },
};

/** All candidates best first, [{index, weight, value}], in doubles. */
function oracle(metric, q, list, temperature, options) {
  const all = list.map((y, index) => ({ index, ...metrics[metric](q, y, options) }));
  const most = Math.max(...all.map(({ logit }) => logit));
  const total = all.reduce((sum, { logit }) => sum + Math.exp((logit - most) / temperature), 0);
  for (const one of all) one.weight = Math.exp((one.logit - most) / temperature) / total;
  return all.sort((a, b) => b.logit - a.logit || a.index - b.index);
}

/** Results equal the oracle's: the same scores in order, each belonging to its index. */
function check(indices, weights, values, wanted, temperature, scale, what) {
  const byIndex = new Map(wanted.map((one) => [one.index, one]));
  assert.strictEqual(new Set(indices).size, indices.length, what);
  indices.forEach((index, i) => {
    const one = byIndex.get(index), tolerance = 4e-6 * scale;
    assert.ok(Math.abs(one.logit - wanted[i].logit) <= tolerance, `${what}: rank ${i} is ${index}, not ${wanted[i].index}`);
    const bound = 4e-6 * (1 + scale / temperature);
    assert.ok(Math.abs(weights[i] - one.weight) <= bound * one.weight + 1e-37, `${what}: weight ${weights[i]} of ${one.weight}`);
    if (values) assert.ok(Math.abs(values[i] - one.value) <= tolerance, `${what}: ${values[i]} of ${one.value}`);
  });
}

const forms = (list) => ({
  'Float32Array[]': list,
  'Float64Array[]': list.map((v) => Float64Array.from(v)),
  'number[][]': list.map((v) => Array.from(v)),
  'mixed rows': list.map((v, i) => (i % 3 ? v : Array.from(v))),
  '{data, rows, dim}': pack(list),
  '{data: number[], rows, dim}': { ...pack(list), data: Array.from(pack(list).data) },
  '{data, dims}': { data: pack(list).data, dims: [list.length, list[0].length] },
  '{data, shape}': { data: pack(list).data, shape: [list.length, list[0].length], stride: [list[0].length, 1], offset: 0 },
  VectorSet: new VectorSet(list),
});

for (const [n, dim, scale] of [[1, 1, 0.5], [7, 3, 0.5], [513, 17, 0.4], [1200, 128, 0.05], [2000, 33, 3]]) {
  test(`${n} candidates of ${dim}, scale ${scale}: all forms, metrics, temperatures, calls`, async () => {
    const list = rows(n, dim, n, scale), queries = rows(3, dim, n + 1, scale), k = Math.min(n, 20);
    for (const temperature of [1, 0.1, 0.01, 10]) {
      const cases = [['cosine', {}, 1], ['hyperbolic', {}, 20], ['hyperbolic', { curvature: -0.3, projection: 'expmap' }, 40], ['hyperbolic', { curvature: 2 }, 20]];
      for (const [metric, options, size] of cases) {
        const wanted = queries.map((q) => oracle(metric, q, list, temperature, options));
        const expected = {};
        for (const [form, c] of Object.entries(forms(list))) {
          if (temperature !== 1 && form !== 'VectorSet' && form !== 'Float32Array[]') continue;
          const what = `${form} ${metric} ${JSON.stringify(options)} T=${temperature}`;
          const o = { temperature, projection: options.projection };
          const [single, singleAsync, batch, batchAsync] = metric === 'cosine'
            ? [differentiableSearch(queries[0], c, k, temperature), await ruvector.differentiableSearchAsync(queries[0], c, k, temperature),
              ruvector.differentiableSearchBatch(queries, c, k, o), await ruvector.differentiableSearchBatchAsync(queries, c, k, o)]
            : [differentiableSearchHyperbolic(queries[0], c, k, options.curvature, o),
              await ruvector.differentiableSearchHyperbolicAsync(queries[0], c, k, options.curvature, o),
              ruvector.differentiableSearchHyperbolicBatch(queries, c, k, options.curvature, o),
              await ruvector.differentiableSearchHyperbolicBatchAsync(queries, c, k, options.curvature, o)];
          check(single.indices, single.weights, undefined, wanted[0], temperature, size, what);
          check(singleAsync.indices, singleAsync.weights, undefined, wanted[0], temperature, size, `${what}, async`);
          assert.strictEqual(bits(batchAsync), bits(batch), `${what}: sync and async differ`);
          assert.ok(batch.k === k && batch.indices.length === 3 * k && batch.indices instanceof Uint32Array);
          const values = metric === 'cosine' ? batch.similarities : batch.distances;
          wanted.forEach((one, i) => {
            const part = (array) => Array.from(array.subarray(i * k, (i + 1) * k));
            check(part(batch.indices), part(batch.weights), part(values), one, temperature, size, `${what}, query ${i}`);
          });
          // rows and packed matrices are summed in blocks of other sizes, a set has its norms from the start
          const group = form === 'VectorSet' ? 'set' : Array.isArray(c) ? 'rows' : 'packed';
          expected[group] ??= bits([single, batch]);
          assert.ok(bits([single, batch]) === expected[group], `${what}: forms differ`);
        }
      }
    }
  });
}

test('kinds of results', () => {
  const result = differentiableSearchHyperbolic([0.1, 0.2], [[0.1, 0.2], [0.3, 0.1]], 2, -1);
  assert.ok(Array.isArray(result.indices) && result.weights instanceof Float32Array);
  assert.deepStrictEqual(Object.keys(result).sort(), ['indices', 'weights']);
});

test('ties go by index, in one block and across blocks and threads', async () => {
  const one = vector(8, 1), n = 20000, same = Array.from({ length: n }, () => one);
  const first = Array.from({ length: 10 }, (_, i) => i);
  for (const c of [same, pack(same), new VectorSet(same)]) {
    assert.deepStrictEqual(differentiableSearch(one, c, 10).indices, first);
    assert.deepStrictEqual(differentiableSearchHyperbolic(one, c, 10).indices, first);
    for (const threads of [1, 2, 4]) assert.deepStrictEqual(Array.from(ruvector.differentiableSearchBatch([one], c, 10, { threads }).indices), first);
  }
  const zero = differentiableSearch([0, 0], [[1, 2], [0, 0], [3, 4]], 3);
  assert.deepStrictEqual(zero.indices, [0, 1, 2]);
  assert.deepStrictEqual(zero.weights.map((w) => Math.fround(w)), [1 / 3, 1 / 3, 1 / 3].map(Math.fround));
});

test('k and n at their edges', async () => {
  const q = [1, 2], none = { data: new Float32Array(0), rows: 0, dim: 2 };
  for (const c of [[], none, { data: [], dims: [0, 2] }, new VectorSet(none), new VectorSet([])]) {
    assert.deepStrictEqual(differentiableSearch(q, c, 5), { indices: [], weights: [] });
    assert.deepStrictEqual(differentiableSearchHyperbolic(q, c, 5), { indices: [], weights: new Float32Array(0) });
    assert.deepStrictEqual(await ruvector.differentiableSearchAsync(q, c, 5), { indices: [], weights: [] });
    const batch = ruvector.differentiableSearchBatch([q, q], c, 5);
    assert.deepStrictEqual([batch.k, batch.indices.length], [0, 0]);
  }
  const list = [[1, 2], [2, 1], [-1, 0]];
  for (const c of Object.values(forms(list.map((v) => Float32Array.from(v))))) {
    assert.deepStrictEqual(differentiableSearch(q, c, 0), { indices: [], weights: [] });
    assert.deepStrictEqual(differentiableSearch(q, c, 99).indices, [0, 1, 2]);
    assert.strictEqual(ruvector.differentiableSearchBatch([q], c, 99).k, 3);
    assert.strictEqual(ruvector.differentiableSearchBatch([], c, 2).indices.length, 0);
  }
});

test("projection 'expmap' is the search among expMap0'ed points", () => {
  for (const curvature of [-1, -0.25, -3]) {
    const list = rows(300, 12, 5, 0.8), q = vector(12, 6, 0.8);
    const map = (v) => ruvector.expMap0(Float64Array.from(v), curvature);
    const direct = differentiableSearchHyperbolic(q, list, 300, curvature, { projection: 'expmap' });
    const mapped = differentiableSearchHyperbolic(map(q), list.map(map), 300, curvature);
    const weights = new Map(mapped.indices.map((index, i) => [index, mapped.weights[i]]));
    direct.indices.forEach((index, i) => assert.ok(Math.abs(weights.get(index) / direct.weights[i] - 1) < 1e-3, `${index}`));
    assert.deepStrictEqual(direct.indices.slice(0, 3), mapped.indices.slice(0, 3));
  }
});

test('unit-norm vectors keep the cosine order', () => {
  const unit = (v) => v.map((x) => x / Math.sqrt(norm2(Array.from(v))));
  const list = rows(500, 64, 7).map(unit), q = unit(vector(64, 8));
  const cosines = new Map(oracle('cosine', q, list, 1).map(({ index, value }) => [index, value]));
  for (const c of [list, pack(list), new VectorSet(list)]) {
    const order = differentiableSearchHyperbolic(q, c, 500).indices.map((index) => cosines.get(index));
    order.slice(1).forEach((x, i) => assert.ok(x <= order[i] + 3e-7, `rank ${i}`));
  }
});

test('the sign of the curvature does not matter; -1 is the default', () => {
  const list = rows(50, 5, 9, 0.4), q = vector(5, 10, 0.4);
  assert.strictEqual(bits(differentiableSearchHyperbolic(q, list, 9, 0.7)), bits(differentiableSearchHyperbolic(q, list, 9, -0.7)));
  assert.strictEqual(bits(differentiableSearchHyperbolic(q, list, 9)), bits(differentiableSearchHyperbolic(q, list, 9, -1)));
  assert.notStrictEqual(bits(differentiableSearchHyperbolic(q, list, 9, -0.7)), bits(differentiableSearchHyperbolic(q, list, 9)));
});

test('threads do not change a bit', async () => {
  const n = 40000, list = rows(n, 24, 11, 0.2), queries = rows(20, 24, 12, 0.2);
  for (const c of [pack(list), new VectorSet(list)]) {
    const expected = bits(ruvector.differentiableSearchBatch(queries, c, 50)), ball = bits(ruvector.differentiableSearchHyperbolicBatch(queries, c, 50));
    for (const threads of [1, 2, 4, 256]) {
      assert.strictEqual(bits(ruvector.differentiableSearchBatch(queries, c, 50, { threads })), expected);
      assert.strictEqual(bits(ruvector.differentiableSearchHyperbolicBatch(queries, c, 50, -1, { threads })), ball);
      assert.strictEqual(bits(await ruvector.differentiableSearchBatchAsync(queries, c, 50, { threads })), expected);
    }
  }
});

const aborted = async (promise, reason) => {
  const error = await promise.then(() => assert.fail('not aborted'), (e) => e);
  checkError(error, 'ERR_ABORTED', 'abort');
  if (reason !== undefined) assert.strictEqual(error.cause, reason);
};

test('aborting: before, and in flight; the event loop goes on', async () => {
  const reason = new Error('enough'), small = rows(10, 4, 1);
  await aborted(ruvector.differentiableSearchAsync(small[0], small, 2, 1, { signal: AbortSignal.abort(reason) }), reason);
  const done = new AbortController();
  assert.strictEqual((await ruvector.differentiableSearchAsync(small[0], small, 2, 1, { signal: done.signal })).indices.length, 2);
  done.abort();

  const next = random(1), set = new VectorSet({ data: new Float32Array(60000 * 64).map(next), rows: 60000, dim: 64 });
  const queries = { data: new Float32Array(16384 * 64).map(next), rows: 16384, dim: 64 }; // seconds of work
  for (const start of [(o) => ruvector.differentiableSearchBatchAsync(queries, set, 5, o), (o) => ruvector.differentiableSearchHyperbolicBatchAsync(queries, set, 5, -1, o)]) {
    const controller = new AbortController();
    let turns = 0, over = false;
    const promise = start({ signal: controller.signal });
    promise.catch(() => {}).finally(() => { over = true; });
    while (turns < 20) { // the loop turns while the job runs
      await new Promise((resolve) => setImmediate(resolve));
      turns++;
    }
    assert.ok(!over, 'still running');
    controller.abort(reason);
    await aborted(promise, reason);
  }
  set.close();
});

test('the same bits for a query alone, among others, packed, in rows and later, whatever the width', async () => {
  for (const [n, dim] of [[1300, 384], [700, 37], [17000, 8], [2000, 768]]) {
    const list = rows(n, dim, 3, 0.9 / Math.sqrt(dim)), queries = rows(3, dim, 4, 0.9 / Math.sqrt(dim)), data = pack(list);
    for (const [one, batch, later] of [
      [(q, c) => ruvector.differentiableSearch(q, c, 5, 0.05), (q, c) => ruvector.differentiableSearchBatch(q, c, 5, { temperature: 0.05 }),
        (q, c) => ruvector.differentiableSearchAsync(q, c, 5, 0.05)],
      [(q, c) => ruvector.differentiableSearchHyperbolic(q, c, 5, -1, { temperature: 0.05 }),
        (q, c) => ruvector.differentiableSearchHyperbolicBatch(q, c, 5, -1, { temperature: 0.05 }),
        (q, c) => ruvector.differentiableSearchHyperbolicAsync(q, c, 5, -1, { temperature: 0.05 })],
    ]) {
      const expected = bits(queries.flatMap((q) => Array.from(one(q, list).weights)));
      assert.strictEqual(bits(Array.from(batch(queries, list).weights)), expected, `${n} x ${dim}, batch`);
      assert.strictEqual(bits(queries.flatMap((q) => Array.from(one(q, data).weights))), expected, `${n} x ${dim}, packed`);
      assert.strictEqual(bits((await Promise.all(queries.map((q) => later(q, list)))).flatMap(({ weights }) => Array.from(weights))), expected, `${n} x ${dim}, later`);
    }
  }
});
