'use strict';
// insertAsync, deleteAsync, deleteBatchAsync: what insert, delete and deleteBatch do, off the event loop.
const assert = require('node:assert');
const test = require('node:test');
const support = require('./support/index.js');
const { entries, place } = require('./support/store.js');

const { fails, notInWasm, ruvector } = support, { VectorStore } = ruvector, skip = notInWasm('no databases');
const dim = 8, list = entries(1000, dim, support), options = { dim, metric: 'l2', M: 8, efConstruction: 60 };
const ids = (results) => results.map(({ id }) => id);
const settled = (promise) => promise.then((value) => ({ value }), (error) => ({ error }));

function opened(t, kind = 'memory') {
  const all = [];
  t.after(() => { for (const one of all) one.close(); });
  const file = kind === 'memory' ? ':memory:' : place(t), open = (o) => all[all.push(VectorStore.open(file, o)) - 1];
  return { store: open(options), open };
}

for (const kind of ['a file', 'memory']) {
  test(`what they give and do (${kind})`, { skip }, async (t) => {
    const { store, open } = opened(t, kind), [a, b, c] = list;
    assert.strictEqual(await store.insertAsync(a), a.id);
    assert.match(await store.insertAsync({ vector: b.vector }), /^[0-9a-f-]{36}$/);
    await fails(() => store.insertAsync(a), 'ERR_DUPLICATE_KEY', 'again', true);
    assert.strictEqual(await store.insertAsync({ ...a, vector: c.vector, metadata: undefined }, { replace: true }), a.id);
    assert.deepStrictEqual(store.get(a.id), { id: a.id, vector: c.vector, metadata: undefined });
    assert.deepStrictEqual([ids(await store.searchAsync(c.vector, { k: 1 })), store.size, store.getHnswGraph().size], [[a.id], 2, 2]);
    assert.deepStrictEqual([await store.deleteAsync(a.id), await store.deleteAsync(a.id), await store.deleteAsync('none')], [true, false, false]);
    assert.deepStrictEqual([store.has(a.id), (await store.searchAsync(c.vector, { k: 5 })).length, store.getHnswGraph().size], [false, 1, 1]);
    await store.insertBatchAsync(list);
    assert.deepStrictEqual([await store.deleteBatchAsync(['id-1', 'none', 'id-2', 'id-1']), await store.deleteBatchAsync([]), store.size], [2, 0, 999]);
    assert.deepStrictEqual(ids(await store.searchAsync(list[1].vector, { filter: ['id-1', 'id-2', 'id-3'] })), ['id-3']);
    if (kind === 'memory') return;
    const others = open();
    await others.deleteBatchAsync(ids(list.slice(0, 900)));
    assert.deepStrictEqual([store.size, (await store.searchAsync(list[0].vector, { k: 200, ef: 300 })).length, store.getHnswGraph().size], [101, 101, 101]);
    assert.strictEqual(await store.deleteAsync('id-0'), false, 'another connection has done it');
  });
}

test('they take their turns, in the order of the calls', { skip }, async (t) => {
  const { store } = opened(t), [a] = list;
  const results = await Promise.all([
    store.insertBatchAsync(list), store.deleteAsync('id-0'), store.insertAsync(a), store.deleteBatchAsync(['id-0', 'id-1']), store.insertAsync(a), settled(store.insertAsync(a)), store.insertAsync({ ...a, metadata: { last: true } }, { replace: true }),
  ]);
  assert.deepStrictEqual(results.map((x) => x?.error?.code ?? (Array.isArray(x) ? x.length : x)), [1000, true, 'id-0', 2, 'id-0', 'ERR_DUPLICATE_KEY', 'id-0']);
  assert.deepStrictEqual([store.get('id-0').metadata, store.size, store.getHnswGraph().size], [{ last: true }, 999, 999]);
});

test('many at once: each has happened, and one that fails disturbs none', { skip }, async (t) => {
  const { store } = opened(t, 'a file');
  const writes = list.slice(0, 200).map((entry, i) => settled(i % 4 === 3 ? store.insertAsync(list[i - 1]) : i % 4 === 2 ? store.insertAsync(entry) : i % 4 === 1 ? store.deleteAsync(list[i - 1].id) : store.insertAsync(entry)));
  const outcomes = await Promise.all(writes);
  outcomes.forEach(({ value, error }, i) => assert.deepStrictEqual([value, error?.code], [[list[i].id, undefined], [true, undefined], [list[i].id, undefined], [undefined, 'ERR_DUPLICATE_KEY']][i % 4]));
  assert.deepStrictEqual(store.getAllVectors().ids, ids(list.slice(0, 200).filter((_, i) => i % 4 === 2)));
  assert.strictEqual(store.getHnswGraph().size, 50);
});

test('arguments are read when the call is made, and stay the caller\'s', { skip }, async (t) => {
  const { store } = opened(t), vector = Float32Array.from(list[0].vector), entry = { id: 'a', vector, metadata: { x: 1 } }, gone = ['b'];
  store.insert({ id: 'b', vector: list[1].vector });
  store.insert({ id: 'c', vector: list[2].vector });
  const writes = [store.insertAsync(entry), store.deleteBatchAsync(gone)];
  vector.fill(0);
  Object.assign(entry, { id: 'z', metadata: undefined });
  gone[0] = 'c';
  await Promise.all(writes);
  assert.deepStrictEqual([store.get('a'), store.has('b'), store.has('c')], [{ id: 'a', vector: Float32Array.from(list[0].vector), metadata: { x: 1 } }, false, true]);
});

const WRITES = {
  insertAsync: [(store, o) => store.insertAsync({ id: 'new', vector: list[5].vector }, o), (store) => store.has('new')],
  'insertAsync that replaces': [(store, o) => store.insertAsync({ id: 'id-5', vector: list[5].vector, metadata: { new: true } }, { replace: true, ...o }), (store) => store.get('id-5').metadata.new === true],
  deleteAsync: [(store, o) => store.deleteAsync('id-5', o), (store) => !store.has('id-5')],
  deleteBatchAsync: [(store, o) => store.deleteBatchAsync(ids(list.slice(3, 900)), o), (store) => !store.has('id-5')],
};
for (const [name, [write, hasHappened]] of Object.entries(WRITES)) {
  test(`${name}: aborted at any moment, it has happened or it was rejected`, { skip }, async (t) => {
    for (const turns of [0, 1, 2, 3, 5]) {
      const { store } = opened(t), stop = new AbortController();
      store.insertBatch(list);
      const pending = settled(write(store, { signal: stop.signal }));
      for (let i = 0; i < turns; i++) await new Promise(setImmediate);
      stop.abort();
      const { error } = await pending;
      assert.strictEqual(error?.code, error && 'ERR_ABORTED');
      assert.strictEqual(hasHappened(store), !error, `after ${turns} turns`);
      store.insert({ id: 'at once', vector: list[0].vector }); // not ERR_BUSY
      assert.strictEqual(hasHappened(store), !error, `after ${turns} turns, later`);
      assert.strictEqual(store.getHnswGraph().size, store.size);
      await fails(() => write(store, { signal: stop.signal }), 'ERR_ABORTED', 'aborted before', true);
      assert.strictEqual(hasHappened(store), !error, 'aborted before');
      if (error) await write(store);
      assert.ok(hasHappened(store));
      store.close();
    }
  });
}

test('bad input is told by the promise, and nothing happens', { skip }, async (t) => {
  const { store } = opened(t), [a] = list, A = 'ERR_INVALID_ARG', C = 'ERR_INVALID_CONFIG';
  store.insert(a);
  for (const [entry, code] of [[undefined, A], [null, A], [5, A], [{}, A], [{ id: 5, vector: a.vector }, A], [{ id: '', vector: a.vector }, A], [{ vector: [1] }, 'ERR_DIMENSION_MISMATCH'], [{ vector: new Float32Array(dim).fill(NaN) }, 'ERR_NON_FINITE'],
    [{ vector: a.vector, metadata: 5 }, A], [{ vector: a.vector, meta: {} }, C], [{ vector: new Float32Array(dim).fill(1e30) }, 'ERR_OUT_OF_RANGE']]) await fails(() => store.insertAsync(entry), code, JSON.stringify(entry), true);
  for (const [o, code] of [[5, A], [null, A], [{ replace: 1 }, A], [{ signal: 1 }, A], [{ what: 1 }, C]]) await fails(() => store.insertAsync({ vector: a.vector }, o), code, JSON.stringify(o), true);
  for (const id of [undefined, 5, '', {}, Symbol('s'), 'a\0', '\ud800']) await fails(() => store.deleteAsync(id), A, `deleteAsync ${String(id)}`, true);
  for (const some of [undefined, 5, 'x', [5], [''], {}]) await fails(() => store.deleteBatchAsync(some), A, 'deleteBatchAsync', true);
  for (const [o, code] of [[5, A], [null, A], [{ signal: 1 }, A], [{ replace: true }, C]]) {
    await fails(() => store.deleteAsync('id-0', o), code, JSON.stringify(o), true);
    await fails(() => store.deleteBatchAsync(['id-0'], o), code, JSON.stringify(o), true);
  }
  assert.deepStrictEqual([store.size, store.has('id-0'), store.getHnswGraph().size], [1, true, 1]);
  for (const receiver of [{}, undefined]) {
    for (const name of ['insertAsync', 'deleteAsync', 'deleteBatchAsync']) await fails(() => VectorStore.prototype[name].call(receiver, a), 'ERR_WRONG_HANDLE', name, true);
  }
  store.close();
  for (const [name, argument] of [['insertAsync', a], ['deleteAsync', 'x'], ['deleteBatchAsync', []]]) await fails(() => store[name](argument), 'ERR_CLOSED', name, true);
});
