'use strict';
// HNSWIndex and BruteForceIndex as JavaScript sees them: keys of each kind, filters, batches, Promises, results, errors. What
// they find, and files, the Swift tests look at closer.
const assert = require('node:assert');
const test = require('node:test');
const { fails, notInWasm, pack, rows, ruvector, vector } = require('./support/index.js');
const { INDEXES } = require('../lib/generated/indexes.js');

const { BruteForceIndex, HNSWIndex, mergeTopK } = ruvector;
const KEYS = { number: (i) => i * 3 - 20, bigint: (i) => BigInt(i) * 2n ** 40n - 5n, string: (i) => `schlüssel ${i} \u{1f642}` };
const N = 300, DIM = 12, data = rows(N, DIM, 4), query = vector(DIM, 99);

function filled(Class, kind, options = {}) {
  const index = new Class({ dim: DIM, keys: kind, ...options });
  index.addBatch(data.map((_, i) => KEYS[kind](i)), data);
  return index;
}

/** Distances by definition, best first: [row, distance]. */
const exact = (q, list = data) => list.map((row, i) => {
  const dot = (a, b) => a.reduce((sum, x, d) => sum + x * b[d], 0);
  return [i, 1 - dot(q, row) / Math.sqrt(dot(q, q) * dot(row, row))];
}).sort((a, b) => a[1] - b[1]);

for (const Class of [HNSWIndex, BruteForceIndex]) {
  for (const kind of Object.keys(KEYS)) {
    test(`${Class.name} with keys of kind ${kind}`, async () => {
      const index = filled(Class, kind), key = KEYS[kind], best = exact(query).slice(0, 7);
      const found = index.search(query, 7);
      assert.deepStrictEqual(Array.from(found.keys), best.map(([i]) => key(i)));
      best.forEach(([, d], i) => assert.ok(Math.abs(found.distances[i] - d) < 1e-6));
      assert.strictEqual(found.keys.constructor, { number: Float64Array, bigint: BigInt64Array, string: Array }[kind]);
      assert.deepStrictEqual(await index.searchAsync(query, 7), found);
      assert.deepStrictEqual([index.size, index.dim, index.keyKind, index.metric, index.storage, index.readOnly, index.stamp], [N, DIM, kind, 'cosine', 'f32', false, 0]);
      assert.deepStrictEqual(new Set(index.keys()), new Set(data.map((_, i) => key(i))));

      const batch = index.searchBatch([query, data[5]], 4), later = await index.searchBatchAsync(pack([query, data[5]]), 4, { threads: 2 });
      assert.deepStrictEqual(later, batch);
      assert.deepStrictEqual([Array.from(batch.counts), batch.k, Array.from(batch.keys).slice(0, 4)], [[4, 4], 4, Array.from(found.keys).slice(0, 4)]);
      assert.strictEqual(batch.keys[4], key(5));

      const norm = Math.hypot(...data[8]);
      index.get(key(8)).forEach((x, d) => assert.ok(Math.abs(x - data[8][d] / norm) < 1e-6));
      index.update(key(8), query);
      assert.strictEqual(index.search(query, 1).keys[0], key(8));
      index.remove(key(8));
      assert.ok(!index.has(key(8)) && index.has(key(9)));
      index.add(key(8), query);
      index.removeBatch([key(1), key(2)]);
      assert.strictEqual(index.size, N - 2);
      assert.ok(Math.abs(index.distance(key(8), key(9)) - exact(query).find(([i]) => i === 9)[1]) < 1e-6);
      index.clear();
      assert.deepStrictEqual([index.size, index.search(query, 3).keys.length, index.keys().length], [0, 0, 0]);
      index.close();
    });

    test(`${Class.name}, ${kind}: filters of every form`, async () => {
      const index = filled(Class, kind), key = KEYS[kind], order = exact(query).map(([i]) => i);
      const chosen = [250, 3, 7, 299, 12], keys = chosen.map(key), inside = order.filter((i) => chosen.includes(i)), outside = order.filter((i) => !chosen.includes(i));
      const first = (filter, k = 4) => Array.from(index.search(query, k, { filter, ef: 300 }).keys);
      for (const filter of [keys, new Set(keys), { allow: keys }, [...keys, key(5000)]]) assert.deepStrictEqual(first(filter, 9), inside.map(key));
      assert.deepStrictEqual(first({ deny: new Set(keys) }), outside.slice(0, 4).map(key));
      assert.deepStrictEqual(await index.searchBatch([query], 9, { filter: keys }).counts[0], 5);
      assert.deepStrictEqual(first([]), []);
      if (kind !== 'number') return;
      const bits = new Uint8Array(200);
      for (const k of keys.filter((x) => x >= 0)) bits[k >> 3] |= 1 << (k & 7);
      assert.deepStrictEqual(first(bits, 9), inside.map(key).filter((x) => x >= 0));
      assert.deepStrictEqual(first({ deny: bits }), order.map(key).filter((k) => !(k >= 0 && keys.includes(k))).slice(0, 4));
      assert.deepStrictEqual(first(Float64Array.from(keys), 9), inside.map(key));
    });
  }
}

test('k results come back whatever was removed or filtered out (hnswlib and pgvector return fewer)', () => {
  const index = filled(HNSWIndex, 'number', { M: 4, efConstruction: 20 }), order = exact(query).map(([i]) => i * 3 - 20);
  index.removeBatch(order.slice(0, 30));
  assert.strictEqual(index.search(query, 10, { ef: 10 }).keys.length, 10);
  for (const share of [2, 5, 50, 150]) assert.strictEqual(index.search(query, 40, { filter: order.slice(-share), ef: 1 }).keys.length, Math.min(share, 40));
  for (const key of order.slice(30)) index.remove(key);
  assert.deepStrictEqual(Array.from(index.search(query, 5).keys), []);
});

test('vectors are read where they lie: parts of a buffer, packed, plain numbers', () => {
  const { data: all } = pack(data), index = new BruteForceIndex({ dim: DIM });
  index.addBatch([1, 2], { data: all.subarray(5 * DIM, 7 * DIM), rows: 2, dim: DIM });
  index.add(3, Array.from(data[9]));
  index.add(4, Float64Array.from(data[10]));
  const big = new Float32Array(100 + DIM);
  big.set(data[6], 100);
  assert.strictEqual(index.search(big.subarray(100), 1).keys[0], 2);
  assert.strictEqual(index.search(data[9], 1).keys[0], 3);
});

test('results are views of shared memory that nobody can transfer away', { skip: notInWasm('results are of the page') }, () => {
  const index = filled(HNSWIndex, 'number'), a = index.search(query, 3), kept = Array.from(a.keys);
  try { structuredClone(a.keys, { transfer: [a.keys.buffer] }); } catch { /* some versions of Node refuse, others copy */ }
  assert.deepStrictEqual(Array.from(a.keys), kept);
  const others = Array.from({ length: 5000 }, (_, i) => index.search(data[i % N], 3));
  assert.deepStrictEqual(Array.from(a.keys), kept);
  assert.strictEqual(new Set(others.map((one) => one.keys.buffer)).size < 100, true);
  assert.strictEqual(index.search(query, 1000).keys.length, N);
});

test('what is wrong is told', async () => {
  const index = filled(HNSWIndex, 'number'), strings = filled(BruteForceIndex, 'string'), v = vector(DIM, 1);
  const cases = {
    ERR_INVALID_CONFIG: [() => new HNSWIndex(), () => new HNSWIndex({}), () => new HNSWIndex({ dim: 0 }), () => new HNSWIndex({ dim: 3, M: 1 }), () => new HNSWIndex({ dim: 3, metric: 'cos' }),
      () => new HNSWIndex({ dim: 3, keys: 'uuid' }), () => new HNSWIndex({ dim: 3, storage: 'i8', metric: 'poincare' }), () => new HNSWIndex({ dim: 3, curvature: 1 }),
      () => new BruteForceIndex({ dim: 3, M: 16 }), () => new HNSWIndex({ dim: 1, metric: 'lorentz' }), () => new HNSWIndex({ dim: [3] }), () => index.search(v, 1, { ff: 1 })],
    ERR_INVALID_ARG: [() => index.add('1', v), () => index.add(1.5, v), () => index.add(2 ** 53, v), () => strings.add(1, v), () => strings.add('\ud800', v), () => index.search('x', 1),
      () => index.search(v, 1, { filter: 5 }), () => index.search(v, 1, { filter: { allow: [1], deny: [1] } }), () => strings.search(v, 1, { filter: new Uint8Array(1) }), () => index.search(v, 1, { filter: ['a'] }),
      () => index.addBatch(5, [v]), () => index.save(5), () => mergeTopK(5, 1), () => mergeTopK([{ keys: [1, 2], distances: [2, 1] }], 1), () => index.has(Symbol('x')), () => strings.has(7)],
    ERR_OUT_OF_RANGE: [() => index.search(v, -1), () => index.search(v, 1.5), () => index.search(v, 1, { ef: 0 }), () => { index.ef = 0; }, () => index.neighbors(-20, -1), () => index.save('x', { stamp: -1 }),
      () => new HNSWIndex({ dim: 2, keys: 'bigint' }).add(2n ** 63n, [1, 2]), () => new HNSWIndex({ dim: 2, metric: 'l2' }).add(1, [1e30, 0]), () => new HNSWIndex({ dim: 3, metric: 'lorentz' }).add(1, [1, 1, 0])],
    ERR_DIMENSION_MISMATCH: [() => index.add(1e6, [1, 2]), () => index.search([1], 1), () => index.addBatch([1e6], [v, v]), () => index.addBatch([1e6, 1e7], [v, [1]]), () => index.searchBatch([[1, 2]], 1),
      () => mergeTopK([{ keys: [1], distances: [1, 2] }], 1)],
    ERR_NON_FINITE: [() => index.add(1e6, v.map((x, i) => (i === 3 ? NaN : x))), () => index.search(v.map(() => Infinity), 1), () => mergeTopK([{ keys: [1], distances: [NaN] }], 1)],
    ERR_DUPLICATE_KEY: [() => index.add(-20, v), () => index.addBatch([1e6, 1e6], [v, v]), () => index.addBatch([1e6, -20], [v, v])],
    ERR_NOT_FOUND: [() => index.remove(1e6), () => index.get(1e6), () => index.update(1e6, v), () => index.removeBatch([-20, 1e6]), () => index.distance(-20, 1e6), () => HNSWIndex.load('/nowhere/at/all')],
    ERR_WRONG_HANDLE: [() => HNSWIndex.prototype.add.call({}, 1, v), () => HNSWIndex.prototype.search.call(new ruvector.VectorSet([[1]]), v, 1)],
    ERR_UNSUPPORTED: [() => HNSWIndex.prototype.toCSR.call(strings)],
  };
  for (const [code, runs] of Object.entries(cases)) for (const run of runs) await fails(run, code, String(run));
  assert.strictEqual(index.size, N, 'nothing of it was added');
  for (const run of [() => index.searchAsync('x', 1), () => index.addBatchAsync([1e6], [[1]]), () => index.saveAsync(5), () => HNSWIndex.loadAsync('')]) {
    await fails(run, /1e6/.test(String(run)) ? 'ERR_DIMENSION_MISMATCH' : 'ERR_INVALID_ARG', String(run), true);
  }
  index.close();
  index.close();
  for (const run of [() => index.size, () => index.add(1, v), () => index.search(v, 1), () => index.ef, () => index.stats(), () => index.keys()]) await fails(run, 'ERR_CLOSED', String(run));
  await fails(() => index.searchAsync(v, 1), 'ERR_CLOSED', 'searchAsync', true);
});

test('adding without blocking: progress, the same graph, an abort, one writer at a time', { skip: notInWasm('one thread') }, async () => {
  const many = rows(3000, 24, 7), keys = many.map((_, i) => i), options = { dim: 24, M: 8, efConstruction: 60 };
  const sync = new HNSWIndex(options), index = new HNSWIndex(options), shares = [];
  sync.addBatch(keys, many);
  const adding = index.addBatchAsync(keys, many, { threads: 2, onProgress: (x) => shares.push(x) });
  assert.strictEqual(index.search(many[0], 0).keys.length, 0);
  await new Promise((resolve) => { setTimeout(resolve, 10); });
  await fails(() => index.add(1e6, many[0]), 'ERR_BUSY', 'a second writer');
  await adding;
  assert.ok(shares.length > 0 && shares.at(-1) === 1 && shares.every((x, i) => i === 0 || x > shares[i - 1]));
  assert.deepStrictEqual(index.toCSR(0), sync.toCSR(0));

  const stop = new AbortController(), others = rows(3000, 24, 8); // equal ones would be there at once
  const more = index.addBatchAsync(keys.map((i) => i + 5000), others, { signal: stop.signal });
  setTimeout(() => stop.abort(), 10);
  await fails(() => more, 'ERR_ABORTED', 'aborted', true);
  while (true) {
    try { index.add(1e6, many[1]); break; } catch (error) { assert.strictEqual(error.code, 'ERR_BUSY'); await new Promise(setImmediate); }
  }
  assert.ok(index.size < 6001 && index.keys().length === index.size);
  const thrown = new Error('mine');
  await assert.rejects(index.addBatchAsync(keys.map((i) => i + 20000), many, { onProgress() { throw thrown; } }), thrown);
});

for (const [Class, Other] of [[HNSWIndex, BruteForceIndex], [BruteForceIndex, HNSWIndex]]) {
  test(`${Class.name} opened by its token: the same memory, to read from; neither is closed with the other`, async () => {
    const index = filled(Class, 'string'), key = KEYS.string, token = structuredClone(index.token), twin = Class.open(token), v = vector(DIM, 7);
    assert.ok(twin instanceof Class && twin !== index);
    assert.deepStrictEqual([twin.readOnly, index.readOnly, twin.token, twin.size, twin.dim, twin.keyKind, twin.stamp], [true, false, token, N, DIM, 'string', 0]);
    assert.deepStrictEqual(twin.search(query, 9), index.search(query, 9));
    assert.deepStrictEqual(await twin.searchAsync(query, 9), index.search(query, 9));
    assert.deepStrictEqual(await twin.searchBatchAsync([query, v], 5, { threads: 2 }), index.searchBatch([query, v], 5));
    index.add('new', v);
    index.remove(key(3));
    assert.deepStrictEqual([twin.search(v, 1).keys, twin.has('new'), twin.has(key(3)), twin.size], [['new'], true, false, N]);
    assert.deepStrictEqual([twin.get('new'), twin.keys().length], [index.get('new'), N]);
    const writes = [() => twin.add('x', v), () => twin.addBatch(['x'], [v]), () => twin.update('new', v), () => twin.remove('new'), () => twin.removeBatch(['new']), () => twin.clear()];
    for (const run of writes) await fails(run, 'ERR_UNSUPPORTED', String(run));
    await fails(() => twin.addBatchAsync(['x'], [v]), 'ERR_UNSUPPORTED', 'addBatchAsync', true);
    if (!notInWasm('no files')) await fails(() => twin.saveAsync('/nowhere/x'), 'ERR_UNSUPPORTED', 'saveAsync', true);
    const error = await fails(() => twin.clear(), 'ERR_UNSUPPORTED', 'clear');
    assert.match(error.message, /^expected .* for this, received .*opened by its token/);
    if (Class === HNSWIndex) {
      index.ef = 99;
      await fails(() => { twin.ef = 5; }, 'ERR_UNSUPPORTED', 'ef is for all');
      assert.deepStrictEqual([twin.ef, twin.search(v, 1, { ef: 5 }).keys], [99, ['new']]);
      assert.deepStrictEqual(twin.toCSR(), index.toCSR());
    }
    assert.deepStrictEqual([index.size, index.search(v, 1).keys], [N, ['new']], 'nothing was changed');

    const third = Class.open(twin.token);
    third.close();
    assert.strictEqual(index.size, N);
    const later = index.searchAsync(v, 1);
    index.close();
    assert.deepStrictEqual([(await later).keys, twin.search(v, 1).keys, Class.open(token).size], [['new'], ['new'], N]);
    await fails(() => index.token, 'ERR_CLOSED', 'token');

    const own = filled(Class, 'number'), other = own.token;
    await fails(() => Other.open(other), 'ERR_WRONG_HANDLE', 'of the other class');
    own.close();
    await fails(() => Class.open(other), 'ERR_NOT_FOUND', 'gone, though another class had it open for a moment');
  });
}

test('tokens that are none', async () => {
  const set = new ruvector.VectorSet([[1, 2]]), index = filled(HNSWIndex, 'number');
  for (const Class of [HNSWIndex, BruteForceIndex]) {
    const wrong = [undefined, null, 5, 'x', {}, index, set, set.token, Symbol('x'), ...[-1, 0.5, NaN, 2 ** 53, '1', 1n, null].map((id) => ({ index: id }))];
    for (const token of wrong) await fails(() => Class.open(token), 'ERR_INVALID_ARG', String(token?.index ?? typeof token));
    for (const id of [0, 2 ** 52, set.token.vectorSet]) await fails(() => Class.open({ index: id }), 'ERR_NOT_FOUND', String(id));
  }
  await fails(() => ruvector.VectorSet.open(index.token), 'ERR_INVALID_ARG', 'an index is no set');
  await fails(() => ruvector.VectorSet.open({ vectorSet: index.token.index }), 'ERR_NOT_FOUND', 'by its number neither');
});

test('the graph', () => {
  const index = filled(HNSWIndex, 'string', { M: 4, efConstruction: 30, seed: 5n }), key = KEYS.string;
  const { offsets, indices, keys } = index.toCSR();
  assert.deepStrictEqual([offsets.length, indices.length, keys.length], [N + 1, offsets[N], N]);
  const row = keys.indexOf(key(17)), near = Array.from(indices.subarray(offsets[row], offsets[row + 1]), (i) => keys[i]);
  assert.deepStrictEqual(index.neighbors(key(17)), near);
  assert.strictEqual(index.shortestPathDistance(key(17), near[0]), 1);
  assert.strictEqual(index.shortestPathDistance(key(17), key(17)), 0);
  const { levels, degrees, size, bytesPerVector } = index.stats();
  assert.deepStrictEqual([levels.length, levels.reduce((a, b) => a + b), degrees.reduce((a, b) => a + b), size], [index.maxLevel + 1, N, N, N]);
  assert.ok(bytesPerVector < 4 * 12 + 8 * 4 + 32);
  const top = index.toCSR(index.maxLevel).keys;
  assert.strictEqual(top.length, levels.at(-1));
  assert.strictEqual(index.nodeLevel(top[0]), index.maxLevel);
  assert.strictEqual(index.commonLayer(top[0], key(17)), index.nodeLevel(key(17)));
  const found = index.searchLayer(query, 2, 1, 200), held = new Set(index.toCSR(1).keys);
  assert.ok(found.keys.length === 2 && found.keys.every((one) => held.has(one)) && found.distances[0] <= found.distances[1]);
  assert.ok(ruvector && require('@ruvector/gnn/attention').graphStatistics(index.toCSR()).nodes === N);
  assert.deepStrictEqual([index.M, index.efConstruction, index.ef], [4, 30, 64]);
  index.ef = 200;
  assert.strictEqual(index.ef, 200);
});

test('mergeTopK: shards answer as one index', () => {
  const whole = filled(BruteForceIndex, 'number'), wanted = whole.search(query, 9);
  const shards = [0, 1, 2].map((s) => {
    const shard = new BruteForceIndex({ dim: DIM }), mine = data.map((_, i) => i).filter((i) => i % 3 === s);
    shard.addBatch(mine.map(KEYS.number), mine.map((i) => data[i]));
    return shard.search(query, 9);
  });
  assert.deepStrictEqual(mergeTopK(shards, 9), { keys: wanted.keys.slice(), distances: wanted.distances.slice() });
  assert.deepStrictEqual(mergeTopK([{ keys: ['a', 'b'], distances: [1, 3] }, { keys: ['c'], distances: [2] }], 5), { keys: ['a', 'c', 'b'], distances: Float32Array.of(1, 2, 3) });
  assert.deepStrictEqual(mergeTopK([], 5), { keys: [], distances: new Float32Array(0) });
});

test('the mammals of WordNet in the Poincaré ball and on the hyperboloid: recall@10 at ef 64', () => {
  const { DIM: dim, packed, readVectors } = require('../examples/mammals-data.js'), { data: points, rows: n } = packed(readVectors('wordnet_mammals_poincare5.f32'));
  const lifted = new Float32Array(n * (dim + 1));
  for (let i = 0; i < n; i++) lifted.set(ruvector.toLorentz(points.subarray(i * dim, (i + 1) * dim)), i * (dim + 1));
  for (const [metric, width, matrix] of [['poincare', dim, points], ['lorentz', dim + 1, lifted]]) {
    const [graph, all] = [HNSWIndex, BruteForceIndex].map((Class) => new Class({ dim: width, metric })), keys = Array.from({ length: n }, (_, i) => i);
    for (const index of [graph, all]) index.addBatch(keys, { data: matrix, rows: n, dim: width });
    let hits = 0;
    for (let i = 0; i < n; i++) {
      const q = matrix.subarray(i * width, (i + 1) * width), right = new Set(all.search(q, 10).keys);
      for (const key of graph.search(q, 10, { ef: 64 }).keys) if (right.has(key)) hits++;
    }
    assert.ok(hits / (10 * n) >= 0.99, `${metric}: ${hits / (10 * n)}`);
    assert.ok(Math.abs(graph.distance(3, 77) - ruvector.dist(points.subarray(3 * dim, 4 * dim), points.subarray(77 * dim, 78 * dim))) < 1e-3);
  }
});

test('indexes say what they were made with, whoever opens them', () => {
  const options = { dim: 4, metric: 'l2', storage: 'i8', rerank: false, capacity: 100 }, graph = { M: 5, efConstruction: 33 };
  for (const [Class, given, all] of [[HNSWIndex, { ...options, ...graph }, INDEXES.hnsw], [BruteForceIndex, options, INDEXES.brute_force]]) {
    const index = new Class(given), names = Object.keys(all).filter((name) => name !== 'keys' && name !== 'seed');
    assert.deepStrictEqual(Object.fromEntries(names.map((name) => [name, index[name]])), { curvature: -1, ...Class === HNSWIndex && { ef: 64 }, ...given });
    index.addBatch([1, 2, 3], [[1, 2, 3, 4], [5, 6, 7, 8], [9, 8, 7, 6]]);
    for (const copy of [Class.fromBuffer(index.toBuffer()), Class.open(index.token)]) {
      for (const name of names) if (name !== 'capacity') assert.strictEqual(copy[name], index[name], name);
      assert.ok(copy.capacity >= 3);
    }
    assert.deepStrictEqual([new Class({ dim: 4 }).rerank, new Class({ dim: 4 }).capacity], [true, 0]);
    index.close();
    for (const name of names) assert.throws(() => index[name], { code: 'ERR_CLOSED' }, name);
  }
});

test('options of indexes are of their kind', async () => {
  for (const Class of [HNSWIndex, BruteForceIndex]) {
    for (const bad of [5n, true, '5', [5], null, Symbol('s')]) {
      for (const name of ['dim', 'capacity', 'curvature', ...Class === HNSWIndex ? ['M', 'efConstruction', 'ef'] : []]) await fails(() => new Class({ dim: 3, [name]: bad }), 'ERR_INVALID_CONFIG', `${name}: ${String(bad)}`);
    }
    for (const name of ['metric', 'storage', 'keys', 'rerank']) await fails(() => new Class({ dim: 3, [name]: 1n }), 'ERR_INVALID_CONFIG', name);
  }
  assert.strictEqual((await fails(() => new HNSWIndex({ dim: 5n }), 'ERR_INVALID_CONFIG', 'dim')).message, 'expected a number for dim, received 5n');
  for (const seed of [5n, -5n, 2n ** 64n - 1n]) assert.strictEqual(new HNSWIndex({ dim: 3, seed }).dim, 3);
});

test('any number is a seed, and an index says what it has all the same', () => {
  for (const seed of [NaN, 0.5, -1, 2 ** 60]) assert.strictEqual(new HNSWIndex({ dim: 3, seed }).dim, 3, `${seed}`);
});
