'use strict';
// Moments that come rarely: a write that is called off when all of its rows are staged, an index that has no memory for what the
// table has taken, a filter that two searches bring up to date at once, removals that leave the event loop no turn.
const assert = require('node:assert');
const test = require('node:test');
const support = require('./support/index.js');
const { entries, place } = require('./support/store.js');
const native = require('../lib/native.js');
const database = require('../lib/store/database.js');
const prepared = require('../lib/store/prepared.js');
const { run } = require('../lib/store/steps.js');

const { notInWasm, ruvector } = support, { VectorStore } = ruvector, skip = notInWasm('no databases');
const dim = 8, options = { dim, metric: 'l2', M: 8, efConstruction: 60 };
const settled = (promise) => promise.then((value) => ({ value }), (error) => ({ error }));

function opened(t, file, given = options) {
  const store = VectorStore.open(file, given);
  t.after(() => store.close());
  return store;
}

test('close() calls off a batch that would take long', { skip }, async (t) => {
  const file = place(t), store = opened(t, file), many = entries(20000, dim, support);
  let told = 0;
  const batch = settled(store.insertBatchAsync(many, { onProgress: (share) => {
    told = share;
    if (share > 0) store.close();
  } }));
  const { error } = await batch;
  assert.strictEqual(error?.code, 'ERR_CLOSED');
  assert.ok(told < 0.9, `${told} of it was done`);
  assert.strictEqual(opened(t, file).size, 0);
});

for (const replace of [false, true]) {
  test(`a batch${replace ? ' that replaces' : ''} aborted when all of its rows are staged has not happened`, { skip }, async (t) => {
    const file = place(t), store = opened(t, file), old = entries(100, dim, support), stop = new AbortController();
    store.insertBatch(old);
    const batch = entries(100, dim, support, replace ? 0 : 100).map((entry) => ({ ...entry, metadata: { isNew: true } }));
    const { error } = await settled(store.insertBatchAsync(batch, { replace, signal: stop.signal, onProgress: (share) => { if (share === 1) stop.abort(); } }));
    assert.strictEqual(error?.code, 'ERR_ABORTED');
    for (const one of [store, opened(t, file)]) {
      assert.deepStrictEqual([one.size, one.getHnswGraph().size, one.search(old[3].vector, { k: 1 })[0].metadata.i], [100, 100, 3]);
    }
  });
}

/** Each commit of the next writes goes into the table alone, as where the index has no memory for it. */
function withoutMemory(t) {
  const { commit } = database;
  t.after(() => { database.commit = commit; });
  database.commit = (handle, sql, parameters, index, ticket, count) => commit(handle, sql, parameters, index, 2 ** 40, count); // nobody's ticket: refused
}

for (const kind of ['a file', 'memory']) {
  for (const way of ['blocking', 'by promises']) {
    test(`an index that could not take what the table has: the next search brings it up to date (${kind}, ${way})`, { skip }, async (t) => {
      const store = opened(t, kind === 'memory' ? ':memory:' : place(t)), [first, second, third] = entries(3, dim, support);
      store.insert(first);
      withoutMemory(t);
      if (way === 'blocking') {
        store.insert(second);
        store.delete(first.id);
        store.insert(third);
      } else {
        await store.insertAsync(second);
        await store.deleteAsync(first.id);
        await store.insertAsync(third);
      }
      const found = way === 'blocking' ? store.search(third.vector, { k: 3 }) : await store.searchAsync(third.vector, { k: 3 });
      assert.deepStrictEqual(found.map(({ id }) => id).sort(), [second.id, third.id].sort());
      assert.strictEqual(found[0].id, third.id);
      assert.strictEqual(store.getHnswGraph().size, 2);
    });
  }
}

test('each blocking delete and replacement pays for its share of the repair', { skip }, (t) => {
  const store = opened(t, ':memory:'), all = entries(3000, dim, support), others = entries(1000, dim, support, 5000);
  store.insertBatch(all);
  let most = 0;
  const look = () => { most = Math.max(most, store.getHnswGraph().stats().removed); };
  for (let i = 0; i < 1500; i++) { // no turn of the event loop in between
    store.delete(all[i].id);
    if (i % 50 === 0) look();
  }
  for (let i = 0; i < 1000; i++) {
    store.insert({ id: all[1500 + i].id, vector: others[i].vector }, { replace: true });
    if (i % 50 === 0) look();
  }
  assert.ok(most > 32 && most < 700, `${most} removed vectors were in the graph at once`);
});

test('of two searches that bring a filter up to date at once, the later one does not undo what the other has seen', { skip }, (t) => {
  const file = place(t), store = opened(t, file), all = entries(40, dim, support), { refresh } = prepared;
  let asked;
  t.after(() => { prepared.refresh = refresh; });
  prepared.refresh = (...call) => refresh(...(asked = call));
  store.insertBatch(all);
  const filter = store.prepareFilter({ where: { even: true } }), evens = () => store.search(all[0].vector, { k: 50, filter }).map(({ id }) => id).sort();
  evens();
  const other = native.databaseOpen(file, 0, 1000);
  native.close(native.databaseRun(other, `UPDATE entries SET metadata = '{"even": true}' WHERE id = 'id-1'`, new Uint8Array(0), 0, 1, undefined));
  native.close(other);
  store.search(all[0].vector); // the index has seen that metadata has changed: both look at all entries again

  const slow = refresh(...asked);
  let step = slow.next();
  const rows = [];
  while (rows.length < 2) { // the last key, and all rows
    rows.push(step.value.sync({}));
    if (rows.length < 2) step = slow.next(rows.at(-1));
  }
  store.insert({ id: 'new', vector: all[0].vector, metadata: { even: true } });
  store.search(all[0].vector);
  run(refresh(...asked)); // the fast one, which has seen the new entry
  const held = asked[2], index = store.getHnswGraph(), keys = () => Array.from(index.search(all[0].vector, 50, { filter: held.filter }).keys);
  assert.ok(keys().includes(store.keyOf('new')));
  step = slow.next(rows.at(-1));
  while (!step.done) {
    assert.ok(keys().includes(store.keyOf('new')), 'between two steps of the slow one');
    step = slow.next(step.value.sync({}));
  }
  assert.ok(keys().includes(store.keyOf('new')), 'when the slow one has ended');
  assert.deepStrictEqual(evens(), [...all.filter(({ metadata }) => metadata.even).map(({ id }) => id), 'id-1', 'new'].sort());
});
