'use strict';
// Closing: searches in flight come to their end, `closeAsync` waits for everything, and nothing begins afterwards.
const assert = require('node:assert');
const fs = require('node:fs');
const test = require('node:test');
const support = require('./support/index.js');
const { entries, place } = require('./support/store.js');

const { fails, notInWasm, ruvector } = support, { VectorStore } = ruvector, skip = notInWasm('no databases');
const dim = 8, OLD = entries(1000, dim, support), NEW = entries(2000, dim, support, 1000), options = { dim, metric: 'l2', M: 8, efConstruction: 60 };
const settled = (promise) => promise.then((value) => ({ value }), (error) => ({ error }));

/** A store with entries; `open` opens its file again; all are closed with the test. */
function filled(t, kind) {
  const opened = [];
  t.after(() => { for (const one of opened) one.close(); });
  const file = kind === 'memory' ? ':memory:' : place(t), open = (o) => opened[opened.push(VectorStore.open(file, o)) - 1];
  const store = open(options);
  store.insertBatch(OLD);
  return { file, store, open };
}

const FORMS = [{ k: 1 }, { k: 1, where: { i: { $gte: 0 } } }, { k: 1, filter: { deny: ['id-999'] } }, { k: 1, where: { even: { $exists: true } }, filter: { deny: ['id-998'] } }];

/** Calls that have been made and the ids that they must give. */
const searches = (store, count) => Array.from({ length: count }, (_, i) => [settled(store.searchAsync(OLD[i].vector, FORMS[i % FORMS.length])), OLD[i].id]);

async function allFound(calls) {
  for (const [call, id] of calls) {
    const { value, error } = await call;
    assert.deepStrictEqual([error?.code, value?.map((found) => found.id)], [undefined, [id]]);
  }
}

for (const kind of ['a file', 'memory']) {
  test(`close() lets searches in flight finish (${kind})`, { skip }, async (t) => {
    for (const turns of [0, 1, 3]) {
      const { store } = filled(t, kind), calls = searches(store, 20);
      for (let i = 0; i < turns; i++) await new Promise(setImmediate);
      store.close();
      assert.strictEqual(store.closed, true);
      await fails(() => store.searchAsync(OLD[0].vector), 'ERR_CLOSED', 'afterwards', true);
      await fails(() => store.search(OLD[0].vector), 'ERR_CLOSED', 'afterwards');
      await allFound(calls);
    }
  });

  test(`close() in the middle of a batch: searches finish, the batch is rejected or there (${kind})`, { skip }, async (t) => {
    const { store, open } = filled(t, kind), batch = settled(store.insertBatchAsync(NEW));
    await new Promise((resolve) => { setTimeout(resolve, 5); });
    const calls = searches(store, 20);
    store.close();
    await allFound(calls);
    const { error } = await batch;
    assert.strictEqual(error?.code, error && 'ERR_CLOSED');
    if (kind !== 'memory') assert.strictEqual(open().size, error ? 1000 : 3000);
  });

  test(`closeAsync() waits for what is in flight (${kind})`, { skip }, async (t) => {
    const { file, store, open } = filled(t, kind);
    const writes = [store.insertBatchAsync(NEW), store.insertAsync({ id: 'one', vector: OLD[0].vector.map((x) => x + 1) }), store.deleteAsync('id-7'), store.deleteBatchAsync(['id-8', 'id-9', 'none'])].map(settled);
    const calls = searches(store, 5), closing = store.closeAsync();
    for (const name of ['searchAsync', 'insertAsync', 'insertBatchAsync', 'deleteAsync', 'deleteBatchAsync']) {
      const args = { searchAsync: [OLD[0].vector], insertAsync: [{ vector: OLD[0].vector }], insertBatchAsync: [[]], deleteAsync: ['id-1'], deleteBatchAsync: [['id-1']] };
      await fails(() => store[name](...args[name]), 'ERR_CLOSED', `${name} after closeAsync()`, true);
    }
    for (const run of [() => store.search(OLD[0].vector), () => store.insert(OLD[0]), () => store.delete('id-1'), () => store.get('id-1'), () => store.size]) await fails(run, 'ERR_CLOSED', String(run));
    assert.strictEqual(await closing, undefined);
    assert.strictEqual(store.closed, true);
    assert.deepStrictEqual((await Promise.all(writes)).map(({ value, error }) => error?.code ?? (Array.isArray(value) ? value.length : value)), [2000, 'one', true, 2]);
    await allFound(calls);
    assert.strictEqual(await store.closeAsync(), undefined, 'twice');
    store.close();
    if (kind === 'memory') return;
    const { mtimeMs } = fs.statSync(`${file}.hnsw`), again = open(options);
    assert.deepStrictEqual([again.size, again.has('one'), again.has('id-7'), again.has('id-8'), again.getHnswGraph().size], [2998, true, false, false, 2998]);
    again.close();
    assert.strictEqual(fs.statSync(`${file}.hnsw`).mtimeMs, mtimeMs, 'it was saved: nothing to catch up with');
  });
}

test('close() while searches catch up with another connection', { skip }, async (t) => {
  const { store, open } = filled(t, 'a file'), others = open(), spot = Array(dim).fill(7);
  others.insertBatch([...NEW, { id: 'new', vector: spot }]);
  const calls = Array.from({ length: 20 }, () => settled(store.searchAsync(spot, { k: 1 })));
  store.close();
  for (const { value, error } of await Promise.all(calls)) assert.deepStrictEqual([error?.code, value?.[0].id], [undefined, 'new']);
});

test('close() during closeAsync(): what is not committed is given up, and both end', { skip }, async (t) => {
  const { store, open } = filled(t, 'a file'), batch = settled(store.insertBatchAsync(NEW)), closing = settled(store.closeAsync());
  store.close();
  assert.strictEqual((await closing).error, undefined);
  const { error } = await batch;
  assert.strictEqual(error?.code, error && 'ERR_CLOSED');
  assert.strictEqual(open().size, error ? 1000 : 3000);
});

test('closeAsync of others and of nothing', { skip }, async (t) => {
  const { store } = filled(t, 'memory');
  for (const receiver of [{}, undefined, Object.create(VectorStore.prototype)]) await fails(() => VectorStore.prototype.closeAsync.call(receiver), 'ERR_WRONG_HANDLE', String(receiver), true);
  await Promise.all([store.closeAsync(), store.closeAsync()]);
  assert.strictEqual(store.closed, true);
  const closed = filled(t, 'memory').store;
  closed.close();
  assert.strictEqual(await closed.closeAsync(), undefined);
});
