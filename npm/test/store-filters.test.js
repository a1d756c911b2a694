'use strict';
// Prepared filters of a store: ids, predicates or both; they follow what this connection and others write.
const assert = require('node:assert');
const test = require('node:test');
const support = require('./support/index.js');
const { entries, place } = require('./support/store.js');
const { WRITERS } = require('./support/writers.js');

const { fails, notInWasm, ruvector, vector } = support, { VectorStore } = ruvector, skip = notInWasm('no databases');
const dim = 8, list = entries(600, dim, support), query = vector(dim, 41), spot = Array(dim).fill(7);
const ids = (results) => results.map(({ id }) => id);

function opened(t, kind = 'memory') {
  const all = [];
  t.after(() => { for (const one of all) one.close(); });
  const file = kind === 'memory' ? ':memory:' : place(t), open = (options) => all[all.push(VectorStore.open(file, options)) - 1];
  const store = open({ dim, metric: 'l2', M: 8, efConstruction: 60 });
  store.insertBatch(list);
  return { file, store, open };
}

const some = ids(list.slice(100, 160)), wanted = [...some, 'later', 'never'];
/** Name -> what is prepared, and which entries {id, metadata} it allows. */
const FILTERS = {
  'ids': [{ filter: wanted }, ({ id }) => wanted.includes(id)],
  'a Set of ids': [{ filter: new Set(wanted) }, ({ id }) => wanted.includes(id)],
  '{allow}': [{ filter: { allow: wanted } }, ({ id }) => wanted.includes(id)],
  '{deny}': [{ filter: { deny: new Set(wanted) } }, ({ id }) => !wanted.includes(id)],
  'a predicate': [{ where: { even: true } }, ({ metadata }) => metadata?.even === true],
  'a rare predicate': [{ where: { i: { $gte: 590 } } }, ({ metadata }) => metadata?.i >= 590],
  'a predicate of none': [{ where: { nothing: 1 } }, () => false],
  'ids and a predicate': [{ filter: wanted, where: { even: true } }, ({ id, metadata }) => wanted.includes(id) && metadata?.even === true],
  '{deny} and a predicate': [{ filter: { deny: wanted }, where: { i: { $lt: 150 } } }, ({ id, metadata }) => !wanted.includes(id) && metadata?.i < 150],
  'no ids': [{ filter: [] }, () => false],
  'all ids': [{ filter: { deny: [] } }, () => true],
};

/** All entries of a store, looked up when they are first asked for. */
const contents = (store) => {
  let kept;
  return () => kept ??= store.getAllVectors().ids.map((id) => store.get(id));
};

/** The filter allows exactly the entries that it should; `searchAsync` is asked first, before anything that blocks. */
async function isExactly(store, filter, allows, what, all = contents(store)) {
  const async = await store.searchAsync(query, { k: 2000, filter }), right = all().filter(allows);
  assert.deepStrictEqual(ids(async).sort(), ids(right).sort(), what);
  assert.deepStrictEqual(store.search(query, { k: 2000, filter }), async, what);
  assert.strictEqual(filter.size, right.length, `${what}: size`);
  const exact = new ruvector.BruteForceIndex({ dim, metric: 'l2', keys: 'string' });
  if (right.length > 0) exact.addBatch(ids(right), right.map((entry) => entry.vector));
  const { keys, distances } = exact.search(query, 5), spots = (found) => found.map(({ distance }) => distance);
  for (const found of [await store.searchAsync(query, { k: 5, ef: 200, filter }), store.search(query, { k: 5, ef: 200, filter })]) assert.deepStrictEqual([found.length, spots(found)], [keys.length, Array.from(distances)], what);
}

/** All filters, with one look at the store. */
async function areExactly(store, filters, what) {
  const all = contents(store);
  for (const [name, filter, allows] of filters) await isExactly(store, filter, allows, `${name}, ${what}`, all);
}

const CHANGES = [
  `store.insert({ id: 'later', vector: ${JSON.stringify(spot)}, metadata: { even: true, i: 595 } }); store.insert({ id: 'other', vector: ${JSON.stringify(spot)} });`,
  `store.deleteBatch(['id-100', 'id-101', 'id-2', 'id-3', 'id-599']);`,
  `store.insert({ id: 'id-102', vector: ${JSON.stringify(spot)}, metadata: { even: false } }, { replace: true }); store.insert({ id: 'id-5', vector: ${JSON.stringify(spot)}, metadata: { even: true, i: 1000 } }, { replace: true });`,
  `store.insertBatch(make(300, 900)); store.delete('later'); store.insert({ id: 'id-100', vector: ${JSON.stringify(spot)}, metadata: { even: true } });`,
  `store.deleteBatch(store.getAllVectors().ids.slice(0, 500));`,
];

for (const kind of ['a file', 'memory']) {
  test(`prepared filters follow what their store writes (${kind})`, { skip }, async (t) => {
    const { store } = opened(t, kind), make = (count, start) => entries(count, dim, support, start);
    const filters = Object.entries(FILTERS).map(([name, [given, allows]]) => [name, store.prepareFilter(given), allows]);
    await areExactly(store, filters, 'at first');
    for (const [i, code] of CHANGES.entries()) {
      new Function('store', 'make', code)(store, make);
      await areExactly(store, filters, `after change ${i}`);
    }
    await store.insertBatchAsync(entries(200, dim, support, 0), { replace: true });
    await store.deleteAsync('id-110');
    await store.insertAsync({ id: 'never', vector: spot, metadata: { even: true } });
    await areExactly(store, filters, 'after Promises');
  });
}

for (const [who, write] of Object.entries(WRITERS)) {
  test(`prepared filters follow what ${who} writes`, { skip }, async (t) => {
    // The same file whoever writes: a second connection has them all, the others every second.
    const { file, store } = opened(t, 'a file'), chosen = Object.entries(FILTERS).filter((_, i) => who === 'a second connection' || i % 2 === 0);
    const filters = chosen.map(([name, [given, allows]]) => [name, store.prepareFilter(given), allows]);
    for (const [i, code] of CHANGES.entries()) {
      await write(file, code);
      const first = filters.splice(i, 1); // another is asked first each time
      filters.unshift(...first);
      await areExactly(store, filters, `after change ${i}`);
    }
  });
}

test('a metadata that another program changes, rows that it deletes', { skip }, async (t) => {
  const { file, store } = opened(t, 'a file'), filter = store.prepareFilter({ where: { even: true } });
  const native = require('../lib/native.js'), db = native.databaseOpen(file, 0, 1000), run = (sql) => native.close(native.databaseRun(db, sql, new Uint8Array(0), 0, 1, undefined));
  run(`UPDATE entries SET metadata = '{"even": true}' WHERE id = 'id-1'; UPDATE entries SET metadata = NULL WHERE id = 'id-2'; DELETE FROM entries WHERE id = 'id-4'`);
  native.close(db);
  await isExactly(store, filter, ({ metadata }) => metadata?.even === true, 'changed');
  assert.deepStrictEqual(['id-1', 'id-2', 'id-4'].map((id) => ids(store.search(query, { k: 600, filter })).includes(id)), [true, false, false]);
});

test('a prepared filter together with a predicate', { skip }, async (t) => {
  const { store } = opened(t), filter = store.prepareFilter({ filter: some }), where = { even: true };
  const right = some.filter((_, i) => i % 2 === 0).sort();
  assert.deepStrictEqual([ids(store.search(query, { k: 99, filter, where })).sort(), ids(await store.searchAsync(query, { k: 99, filter, where })).sort()], [right, right]);
});

test('closed filters, filters of others, filters that are none', { skip }, async (t) => {
  const { store, open } = opened(t, 'a file'), twin = open(), other = opened(t).store, filter = store.prepareFilter({ filter: some }), A = 'ERR_INVALID_ARG';
  assert.ok(filter instanceof ruvector.PreparedFilter);
  assert.deepStrictEqual([filter.size, filter.closed], [60, false]);
  for (const one of [twin, other]) {
    await fails(() => one.search(query, { filter }), 'ERR_WRONG_HANDLE', 'of another store');
    await fails(() => one.searchAsync(query, { filter }), 'ERR_WRONG_HANDLE', 'of another store', true);
  }
  const index = new ruvector.HNSWIndex({ dim });
  index.add(1, spot);
  await fails(() => index.search(query, 1, { filter }), 'ERR_WRONG_HANDLE', "a store's filter in an index");
  await fails(() => store.search(query, { filter: index.prepareFilter([1]) }), 'ERR_WRONG_HANDLE', "an index' filter in a store");
  const pending = store.searchAsync(query, { k: 99, filter });
  filter.close();
  filter.close();
  assert.strictEqual((await pending).length, 60, 'in flight when it was closed');
  await fails(() => store.search(query, { filter }), 'ERR_CLOSED', 'closed');
  await fails(() => store.searchAsync(query, { filter }), 'ERR_CLOSED', 'closed', true);
  await fails(() => filter.size, 'ERR_CLOSED', 'size');
  for (const given of [null, 5, 'x', {}, { filter: 5 }, { filter: [5] }, { filter: {} }, { filter: { allow: [], deny: [] } }, { where: 5 }, { where: { $what: 1 } }, { filter: null }]) await fails(() => store.prepareFilter(given), A, JSON.stringify(given));
  await fails(() => store.prepareFilter({ filter: [], k: 5 }), 'ERR_INVALID_CONFIG', 'another option');
  for (const receiver of [{}, undefined]) await fails(() => VectorStore.prototype.prepareFilter.call(receiver, { filter: [] }), 'ERR_WRONG_HANDLE', 'no store');
  const second = twin.prepareFilter({ where: { even: true } }), late = twin.searchAsync(query, { k: 400, filter: second });
  twin.close();
  assert.strictEqual((await late).length, 300, 'in flight when the store was closed');
  await fails(() => twin.search(query, { filter: second }), 'ERR_CLOSED', 'the store');
  await fails(() => twin.prepareFilter({ filter: [] }), 'ERR_CLOSED', 'the store');
  second.close();
});

test('searches with prepared filters while a batch is replaced', { skip }, async (t) => {
  const { store } = opened(t, 'a file'), filter = store.prepareFilter({ filter: some, where: { i: { $gte: 0 } } });
  let done = false, looks = 0;
  const write = (async () => {
    for (let i = 1; i < 4; i++) await store.insertBatchAsync(list.map((entry) => ({ ...entry, vector: entry.vector.map((x) => x + i) })), { replace: true });
  })().finally(() => { done = true; });
  const searching = (async () => {
    for (; !done; looks++) {
      for (const found of [await store.searchAsync(query, { k: 99, filter }), store.search(query, { k: 99, filter })]) assert.deepStrictEqual(ids(found).sort(), some);
      await new Promise(setImmediate);
    }
  })();
  for (const { status, reason } of await Promise.allSettled([write, searching])) if (status === 'rejected') throw reason;
  assert.ok(looks > 0);
});
