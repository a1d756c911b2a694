'use strict';
// VectorStore: what it keeps, how it searches, bad input. Files, crashes and other processes: store-files.test.js.
const assert = require('node:assert');
const test = require('node:test');
const support = require('./support/index.js');
const { entries } = require('./support/store.js');

const { fails, notInWasm, ruvector, vector } = support, { VectorStore } = ruvector, skip = notInWasm('no databases');
const dim = 16, list = entries(400, dim, support);
const memory = (t, options) => {
  const store = VectorStore.open(':memory:', { dim, ...options });
  t.after(() => store.close());
  return store;
};
const ids = (results) => results.map(({ id }) => id);
const cosine = (a, b) => 1 - a.reduce((sum, x, i) => sum + x * b[i], 0) / Math.hypot(...a) / Math.hypot(...b);
const nearest = (query, k, among = list) => among.map(({ id, vector }) => [cosine(query, vector), id]).sort((a, b) => a[0] - b[0]).slice(0, k).map(([, id]) => id);

test('WebAssembly has no stores', { skip: process.env.RUVECTOR_BACKEND !== 'wasm' && 'native' }, () => fails(() => VectorStore.open('x'), 'ERR_UNSUPPORTED', 'open'));

test('insert, get, has, size, delete', { skip }, (t) => {
  const store = memory(t), [a, b] = list;
  assert.strictEqual(store.insert(a), a.id);
  assert.deepStrictEqual(store.insertBatch([b, { vector: a.vector }]).length, 2);
  assert.deepStrictEqual(store.get(a.id), a);
  assert.deepStrictEqual([store.size, store.dim, store.metric, store.path, store.has(b.id), store.has('c'), store.get('c')], [3, dim, 'cosine', ':memory:', true, false, undefined]);
  const { ids: all } = store.getAllVectors(), made = all[2];
  assert.match(made, /^[0-9a-f]{8}-[0-9a-f-]{27}$/);
  assert.deepStrictEqual(store.get(made), { id: made, vector: a.vector, metadata: undefined });
  assert.deepStrictEqual([store.delete(b.id), store.delete(b.id), store.has(b.id), store.size], [true, false, false, 2]);
  assert.deepStrictEqual([store.deleteBatch([a.id, 'x', made]), store.size, store.deleteBatch([])], [2, 0, 0]);
});

test('what comes back is what went in: ids, metadata, vectors', { skip }, (t) => {
  const store = memory(t, { dim: 3, metric: 'l2' });
  const odd = ['a', ' ', 'ä€😀', "'; DROP TABLE entries", 'x'.repeat(5000), '\u0001', '__proto__'];
  for (const id of odd) store.insert({ id, vector: [0.1, -1e-30, 3e8], metadata: { [id]: [1, 'two', null, { three: 0.1 }], empty: {}, text: '\0\ud800' } });
  for (const id of odd) {
    const { vector: kept, metadata } = store.get(id);
    assert.deepStrictEqual(kept, Float32Array.of(0.1, -1e-30, 3e8));
    assert.deepStrictEqual(metadata, JSON.parse(JSON.stringify({ [id]: [1, 'two', null, { three: 0.1 }], empty: {}, text: '\0\ud800' })));
  }
  store.insert({ id: 'date', vector: new Float64Array(3), metadata: { at: new Date(0), none: undefined } });
  assert.deepStrictEqual(store.get('date').metadata, { at: '1970-01-01T00:00:00.000Z' });
  const shared = new Float32Array(new SharedArrayBuffer(16), 4, 3).fill(2);
  store.insertBatch([{ id: 'shared', vector: shared }]);
  shared.fill(0);
  assert.deepStrictEqual(store.get('shared').vector, Float32Array.of(2, 2, 2));
});

test('columns', { skip }, (t) => {
  const store = memory(t), some = list.slice(0, 5);
  const columns = { ids: ids(some), vectors: support.pack(some.map(({ vector }) => vector)), metadata: some.map(({ metadata }) => metadata) };
  assert.deepStrictEqual(store.insertBatch(columns), ids(some));
  for (const entry of some) assert.deepStrictEqual(store.get(entry.id), entry);
  assert.strictEqual(store.insertBatch({ vectors: some.map(({ vector }) => vector) }).length, 5);
  assert.deepStrictEqual([store.insertBatch([]), store.insertBatch({ vectors: [] }), store.size], [[], [], 10]);
  const { ids: all, ...matrix } = store.getAllVectors();
  assert.deepStrictEqual([all.length, matrix.rows, matrix.dim, matrix.data.length], [10, 10, dim, 10 * dim]);
  const set = new ruvector.VectorSet(matrix);
  assert.deepStrictEqual(set.get(3), some[3].vector);
  set.close();
});

test('search finds the nearest; keys, ids', { skip }, async (t) => {
  const store = memory(t);
  store.insertBatch(list);
  for (let s = 0; s < 20; s++) {
    const query = vector(dim, 100 + s), found = store.search(query, { k: 7, ef: 200 });
    assert.deepStrictEqual(ids(found), nearest(query, 7));
    for (const { id, distance, metadata } of found) {
      const entry = store.get(id);
      assert.ok(Math.abs(distance - cosine(query, entry.vector)) < 1e-5);
      assert.deepStrictEqual(metadata, entry.metadata);
    }
    assert.deepStrictEqual(await store.searchAsync(query, { k: 7, ef: 200 }), found);
  }
  assert.deepStrictEqual([store.search(list[0].vector).length, store.search(list[0].vector, { k: 0 }), store.search(list[0].vector, { k: 1000, ef: 500 }).length], [10, [], 400]);
  const graph = store.getHnswGraph(), key = store.keyOf('id-3');
  assert.deepStrictEqual([graph.size, graph.has(key), store.idOf(key), store.keyOf('nobody'), store.idOf(99999)], [400, true, 'id-3', undefined, undefined]);
});

test('search among some: filter, where, both', { skip }, async (t) => {
  const store = memory(t), query = vector(dim, 5), even = list.filter(({ metadata }) => metadata.even);
  store.insertBatch(list);
  const allowed = ids(list.slice(100, 120)), where = { even: true };
  const expect = async (options, expected) => {
    for (let i = 0; i < 2; i++) { // the second time what the first has kept
      assert.deepStrictEqual(ids(store.search(query, { ef: 200, ...options })), expected, JSON.stringify(options));
      assert.deepStrictEqual(ids(await store.searchAsync(query, { ef: 200, ...options })), expected, JSON.stringify(options));
    }
  };
  await expect({ where }, nearest(query, 10, even));
  await expect({ where: { i: { $gte: 390 } }, k: 20 }, nearest(query, 20, list.slice(390)));
  for (const filter of [allowed, new Set(allowed), { allow: allowed }, { allow: new Set(allowed) }, [...allowed, 'nobody', '\ud800']]) {
    await expect({ filter, k: 30 }, nearest(query, 30, list.slice(100, 120)));
    await expect({ filter, where }, nearest(query, 10, list.slice(100, 120).filter(({ metadata }) => metadata.even)));
  }
  const others = list.filter(({ id }) => !allowed.includes(id));
  await expect({ filter: { deny: allowed } }, nearest(query, 10, others));
  await expect({ filter: { deny: new Set(allowed) }, where: { i: { $lt: 130, $gte: 95 } }, k: 99 }, nearest(query, 99, list.slice(95, 130).filter(({ id }) => !allowed.includes(id))));
  await expect({ filter: [] }, []);
  await expect({ filter: { deny: [] } }, nearest(query, 10));
  await expect({ where: { nothing: 1 } }, []);
  // What was kept for a predicate goes with the next change.
  store.delete(nearest(query, 1, list.slice(390))[0]);
  assert.strictEqual(store.search(query, { where: { i: { $gte: 390 } }, k: 20 }).length, 9);
  store.insert({ id: 'new', vector: query, metadata: { i: 400 } });
  assert.strictEqual(store.search(query, { where: { i: { $gte: 390 } }, k: 20 })[0].id, 'new');
});

test('replace: the old entry goes, in the index too', { skip }, (t) => {
  const store = memory(t), [a, b, c] = list;
  store.insertBatch([a, b]);
  store.insertBatch([{ id: a.id, vector: c.vector, metadata: { new: true } }, c], { replace: true });
  assert.strictEqual(store.size, 3);
  assert.deepStrictEqual(store.get(a.id), { id: a.id, vector: c.vector, metadata: { new: true } });
  assert.deepStrictEqual(ids(store.search(c.vector, { k: 2 })).sort(), [a.id, c.id].sort());
  assert.strictEqual(store.getHnswGraph().size, 3);
  assert.ok(store.search(a.vector, { k: 1 })[0].distance > 1e-3);
});

test('a batch is all or nothing', { skip }, async (t) => {
  const store = memory(t), [a, b, c] = list;
  store.insert(a);
  for (const [batch, code] of [
    [[b, a], 'ERR_DUPLICATE_KEY'], [[b, c, b], 'ERR_DUPLICATE_KEY'], [[b, { ...c, vector: [1] }], 'ERR_DIMENSION_MISMATCH'], [[b, { ...c, id: '' }], 'ERR_INVALID_ARG'],
    [[b, { ...c, vector: new Float32Array(dim).fill(NaN) }], 'ERR_NON_FINITE'], [[b, { ...c, metadata: { x: 1n } }], 'ERR_INVALID_ARG'],
  ]) {
    const error = await fails(() => store.insertBatch(batch), code, code);
    if (batch[1] === a) assert.match(error.message, /"id-0"/);
    await fails(() => store.insertBatchAsync(batch), code, code, true);
    assert.deepStrictEqual([store.size, store.getHnswGraph().size], [1, 1]);
  }
  await fails(() => store.insertBatch([b, b], { replace: true }), 'ERR_DUPLICATE_KEY', 'twice in one batch');
});

test('asynchronous batches take their turns; abort undoes; changes meanwhile are ERR_BUSY', { skip }, async (t) => {
  const store = memory(t), parts = [0, 100, 200, 300].map((start) => list.slice(start, start + 100));
  const promises = parts.map((part) => store.insertBatchAsync(part, { threads: 2 }));
  for (const change of [() => store.insert(list[0]), () => store.insertBatch([]), () => store.delete('id-1'), () => store.save()]) await fails(change, 'ERR_BUSY', 'a change');
  await store.searchAsync(list[0].vector);
  store.search(list[0].vector);
  assert.deepStrictEqual((await Promise.all(promises)).flat(), ids(list));
  assert.deepStrictEqual([store.size, store.getHnswGraph().size], [400, 400]);
  assert.deepStrictEqual(ids(store.search(list[250].vector, { k: 1, ef: 100 })), ['id-250']);

  const controller = new AbortController(), more = entries(3000, dim, support, 1000);
  const aborted = store.insertBatchAsync(more, { signal: controller.signal });
  controller.abort();
  await fails(() => aborted, 'ERR_ABORTED', 'aborted', true);
  await fails(() => store.insertBatchAsync(more, { signal: controller.signal }), 'ERR_ABORTED', 'aborted before', true);
  await fails(() => store.searchAsync(list[0].vector, { signal: controller.signal }), 'ERR_ABORTED', 'aborted before', true);
  await store.insertBatchAsync([]); // after what is still at work
  assert.ok([400, 3400].includes(store.size), `${store.size}`);
  assert.strictEqual(store.getHnswGraph().size, store.size);
});

test('closed stores', { skip }, async () => {
  const store = VectorStore.open(':memory:', { dim }), [a] = list;
  store.insert(a);
  const pending = store.searchAsync(a.vector);
  const write = store.insertBatchAsync([list[1]]);
  store.close();
  store.close();
  assert.strictEqual(store.closed, true);
  for (const { status, reason } of await Promise.allSettled([pending, write])) assert.ok(status === 'fulfilled' || reason.code === 'ERR_CLOSED', `${reason}`);
  const calls = {
    insert: [a], insertBatch: [[a]], get: ['a'], has: ['a'], delete: ['a'], deleteBatch: [['a']], search: [a.vector], getAllVectors: [], getHnswGraph: [], keyOf: ['a'], idOf: [1], save: [],
  };
  for (const [name, args] of Object.entries(calls)) await fails(() => store[name](...args), 'ERR_CLOSED', name);
  for (const name of ['size', 'dim', 'metric', 'path']) await fails(() => store[name], 'ERR_CLOSED', name);
  await fails(() => store.insertBatchAsync([a]), 'ERR_CLOSED', 'insertBatchAsync', true);
  await fails(() => store.searchAsync(a.vector), 'ERR_CLOSED', 'searchAsync', true);
  for (const receiver of [{}, undefined, new ruvector.VectorSet([[1]]), Object.create(VectorStore.prototype)]) {
    for (const [name, args] of [...Object.entries(calls), ['close', []]]) await fails(() => VectorStore.prototype[name].apply(receiver, args), 'ERR_WRONG_HANDLE', name);
  }
});

test('bad input', { skip }, async (t) => {
  const store = memory(t), [a] = list, A = 'ERR_INVALID_ARG', C = 'ERR_INVALID_CONFIG', R = 'ERR_OUT_OF_RANGE', D = 'ERR_DIMENSION_MISMATCH';
  const deep = JSON.parse(`${'{"a":'.repeat(900)}1${'}'.repeat(900)}`), loop = {};
  loop.loop = loop;
  await fails(() => new VectorStore(), A, 'the constructor');
  for (const path of [undefined, null, 5, '', 'a\0b', {}, Symbol('s'), ['x']]) await fails(() => VectorStore.open(path, { dim }), A, String(path));
  for (const [options, code] of [
    [null, A], [5, A], [{}, C], [{ dim: '3' }, C], [{ dim: 0 }, C], [{ dim: 1.5 }, C], [{ dim: 65537 }, C], [{ dim: NaN }, C], [{ dim, M: 1e9 }, C], [{ dim, ef: 0 }, C], [{ dim, metric: 'euclid' }, C],
    [{ dim, sync: true }, C], [{ dim, synchronous: 'off' }, C], [{ dim, create: 1 }, A], [{ dim, create: false }, 'ERR_NOT_FOUND'], [{ dim, patience: -1 }, R], [{ dim, saveEvery: 0 }, R],
  ]) {
    await fails(() => VectorStore.open(':memory:', options), code, JSON.stringify(options));
    await fails(() => VectorStore.openAsync(':memory:', options), code, JSON.stringify(options), true);
  }
  for (const [entry, code] of [
    [undefined, A], [null, A], [5, A], ['x', A], [{}, A], [{ id: 5, vector: a.vector }, A], [{ id: '', vector: a.vector }, A], [{ id: 'a\0', vector: a.vector }, A], [{ id: '\ud800', vector: a.vector }, A],
    [{ vector: 'x' }, A], [{ vector: [1, 2] }, D], [{ vector: [] }, D], [{ vector: new Float32Array(dim).fill(Infinity) }, 'ERR_NON_FINITE'], [{ vector: Array(dim).fill('1') }, A],
    [{ vector: a.vector, metadata: 5 }, A], [{ vector: a.vector, metadata: [1] }, A], [{ vector: a.vector, metadata: () => 1 }, A], [{ vector: a.vector, metadata: loop }, A],
    [{ vector: a.vector, metadata: { toJSON: () => 5 } }, A], [{ vector: a.vector, metadata: deep }, R], [{ vector: a.vector, meta: {} }, C],
  ]) await fails(() => store.insert(entry), code, String(JSON.stringify(entry, (key, value) => (value === loop || value === deep || typeof value === 'bigint' ? '...' : value))).slice(0, 90));
  for (const [batch, code] of [[undefined, A], [5, A], [[5], A], [{}, A], [{ vectors: 5 }, A], [{ vectors: [[1]] }, D], [{ vectors: [a.vector], ids: [] }, D], [{ vectors: [a.vector], ids: 5 }, A], [{ vectors: [a.vector], ids: [5] }, A], [{ vectors: [a.vector], metadata: [5] }, A]]) {
    await fails(() => store.insertBatch(batch), code, JSON.stringify(batch));
  }
  for (const [options, code] of [[5, A], [{ replace: 1 }, A], [{ threads: 0 }, R], [{ onProgress: 1 }, A], [{ signal: 1 }, C]]) await fails(() => store.insert(a, options), code, JSON.stringify(options));
  await fails(() => store.insertBatchAsync([a], { signal: 1 }), A, 'signal', true);
  for (const id of [undefined, 5, '', {}, Symbol('s')]) for (const name of ['get', 'has', 'delete', 'keyOf']) await fails(() => store[name](id), A, `${name} ${String(id)}`);
  for (const list of [undefined, 'x', [5], ['']]) await fails(() => store.deleteBatch(list), A, 'deleteBatch');
  for (const key of ['1', 1.5, NaN, 2 ** 60, undefined]) await fails(() => store.idOf(key), A, 'idOf');
  for (const [query, options, code] of [
    ['x', {}, A], [[1], {}, D], [new Float32Array(dim).fill(NaN), {}, 'ERR_NON_FINITE'], [a.vector, 5, A], [a.vector, { k: -1 }, R], [a.vector, { k: 1.5 }, R], [a.vector, { k: '1' }, A], [a.vector, { ef: 0 }, R],
    [a.vector, { filter: 5 }, A], [a.vector, { filter: [5] }, A], [a.vector, { filter: {} }, A], [a.vector, { filter: { allow: [], deny: [] } }, A], [a.vector, { filter: { allow: 'x' } }, A], [a.vector, { what: 1 }, C],
  ]) {
    await fails(() => store.search(query, options), code, JSON.stringify(options));
    await fails(() => store.searchAsync(query, options), code, JSON.stringify(options), true);
  }
  assert.deepStrictEqual([store.size, store.search(a.vector)], [0, []]);
});

test("callers' getters run before anything is read, and may close the store", { skip }, async (t) => {
  const store = memory(t), [a] = list, other = VectorStore.open(':memory:', { dim });
  const evil = { id: 'x', get vector() { other.close(); return a.vector; } };
  await fails(() => other.insert(evil), 'ERR_CLOSED', 'insert');
  const mine = new Error('mine');
  for (const run of [() => store.insert({ get vector() { throw mine; } }), () => store.insert({ vector: a.vector, metadata: { get x() { throw mine; } } }), () => store.search(a.vector, { get k() { throw mine; } }),
    () => store.search(a.vector, { where: { get x() { throw mine; } } })]) assert.throws(run, mine);
  store.insert({ id: 'n', vector: a.vector, metadata: { get x() { store.insert({ id: 'inner', vector: a.vector }); return 1; } } });
  assert.deepStrictEqual([store.size, store.getHnswGraph().size], [2, 2]);
});

test('distances are those that index.d.ts gives for each metric', { skip }, () => {
  const q = [0.2, 0.4], y = [0.5, -0.3], dot = (a, b) => a[0] * b[0] + a[1] * b[1], norm = (a) => Math.sqrt(dot(a, a));
  const declared = require('node:fs').readFileSync(require('node:path').join(support.root, 'index.d.ts'), 'utf8');
  assert.match(declared, /`distance` is the metric's \(IndexMetric\): 1 − cosine, \|q − y\|², 1 − q·y, or/);
  for (const [metric, expected] of Object.entries({
    cosine: 1 - dot(q, y) / norm(q) / norm(y), l2: (q[0] - y[0]) ** 2 + (q[1] - y[1]) ** 2, ip: 1 - dot(q, y), poincare: ruvector.dist(q, y),
  })) {
    const store = VectorStore.open(':memory:', { dim: 2, metric });
    store.insert({ vector: y });
    assert.ok(Math.abs(store.search(q)[0].distance - expected) < 1e-6, `${metric}: ${store.search(q)[0].distance}, ${expected}`);
    store.close();
  }
});

test('options and vectors are checked without an index of their own', { skip }, async (t) => {
  const native = require('../lib/native.js'), { indexCreate } = native;
  let made = 0;
  native.indexCreate = (...values) => { made++; return indexCreate.apply(native, values); };
  t.after(() => { native.indexCreate = indexCreate; });
  const store = memory(t, { dim: 2, metric: 'l2' });
  assert.strictEqual(made, 1, 'the one that follows the table');
  store.insert({ id: 'a', vector: [1, 2] });
  await fails(() => store.insert({ id: 'b', vector: [2e18, 0] }), 'ERR_OUT_OF_RANGE', 'a norm that the index cannot hold');
  await fails(() => store.insertBatch([{ id: 'b', vector: [0, 0] }, { id: 'c', vector: [2e18, 0] }]), 'ERR_OUT_OF_RANGE', 'in a batch');
  await fails(() => VectorStore.open(':memory:', { dim: 2, M: 1 }), 'ERR_INVALID_CONFIG', 'options');
  assert.deepStrictEqual([made, store.size], [1, 1]);
});
