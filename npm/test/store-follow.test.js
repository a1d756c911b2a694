'use strict';
// Searches that do not block see what others have written, whoever they are, in the first call as in later ones. No test here
// calls `search` before the `searchAsync` that it is about: that would bring the store up to date.
const assert = require('node:assert');
const test = require('node:test');
const support = require('./support/index.js');
const { entries, place } = require('./support/store.js');
const { WRITERS } = require('./support/writers.js');

const { notInWasm, ruvector, vector } = support, { VectorStore } = ruvector, skip = notInWasm('no databases');
const dim = 8, list = entries(300, dim, support), query = vector(dim, 41);
const ids = (results) => results.map(({ id }) => id);
const turn = () => new Promise(setImmediate);

/** The file of a store with entries in it; the store, which has not searched yet; another connection with `others()`. */
function filled(t, some = list) {
  const opened = [];
  t.after(() => { for (const one of opened) one.close(); });
  const file = place(t), open = (options) => opened[opened.push(VectorStore.open(file, options)) - 1];
  const store = open({ dim, metric: 'l2', M: 8, efConstruction: 60 });
  store.insertBatch(some);
  return { file, store, others: open };
}

const squared = (a, b) => a.reduce((sum, x, i) => sum + (x - b[i]) ** 2, 0);
const nearest = (q, k, among) => among.map(({ id, vector: v }) => [squared(q, v), id]).sort((a, b) => a[0] - b[0]).slice(0, k).map(([, id]) => id);
const far = Array(dim).fill(9), spot = Array(dim).fill(7);

/** What another writer does, and what is nearest to `spot` afterwards. */
const CHANGES = {
  insertion: { code: `store.insert({ id: 'new', vector: ${JSON.stringify(spot)}, metadata: { even: true } });`, first: 'new' },
  replacement: { code: `store.insert({ id: 'id-9', vector: ${JSON.stringify(spot)}, metadata: { even: true } }, { replace: true });`, first: 'id-9' },
  deletion: { code: `store.deleteBatch(['id-5', 'id-6']);`, first: 'id-4' },
};
/** id-4, id-5 and id-6 lie nearest to `spot`. */
const around = list.map((entry, i) => (i >= 4 && i <= 6 ? { ...entry, vector: spot.map((x) => x - 0.01 * (7 - i)) } : entry));

for (const [who, write] of Object.entries(WRITERS)) {
  for (const [what, { code, first }] of Object.entries(CHANGES)) {
    test(`${who}'s ${what} is seen by the first searchAsync, and by one with a filter or a predicate`, { skip }, async (t) => {
      const { file, store, others } = filled(t, around);
      const calls = [{}, { filter: { deny: ['id-77'] } }, { where: { even: true } }, { filter: ['id-4', 'id-5', 'id-6', 'id-9', 'new'], where: { even: true } }];
      const readers = calls.map((_, i) => (i === 0 ? store : others()));
      await write(file, code);
      for (const [i, options] of calls.entries()) { // each the first call of its connection
        const found = await readers[i].searchAsync(spot, { k: 3, ...options });
        assert.strictEqual(found[0]?.id, first, `${JSON.stringify(options)}: ${ids(found)}`);
        assert.strictEqual(found.length, options.filter?.length && what === 'deletion' ? 1 : 3, JSON.stringify(options));
      }
    });
  }

  test(`what ${who} writes is seen again and again, without a call that blocks in between`, { skip }, async (t) => {
    const { file, store } = filled(t), first = async () => ids(await store.searchAsync(spot, { k: 1 }))[0];
    assert.ok((await first()).startsWith('id-'));
    await write(file, `store.insert({ id: 'a', vector: ${JSON.stringify(spot)} });`);
    assert.strictEqual(await first(), 'a');
    await write(file, `store.insert({ id: 'a', vector: ${JSON.stringify(far)} }, { replace: true }); store.insert({ id: 'b', vector: ${JSON.stringify(spot)} });`);
    assert.strictEqual(await first(), 'b');
    await write(file, `store.delete('b'); store.delete('a');`);
    assert.ok((await first()).startsWith('id-'));
    store.insert({ id: 'own', vector: spot });
    assert.strictEqual(await first(), 'own');
    await write(file, `store.delete('own');`);
    assert.ok((await first()).startsWith('id-'));
    assert.strictEqual(store.getHnswGraph().size, 300);
  });

  test(`k come back after most of the nearest were deleted by ${who}`, { skip }, async (t) => {
    const many = entries(1000, dim, support), { file, store } = filled(t, many), gone = new Set(nearest(query, 400, many));
    await write(file, `store.deleteBatch(${JSON.stringify([...gone])});`);
    const found = ids(await store.searchAsync(query, { k: 5, ef: 200 }));
    assert.deepStrictEqual(found, nearest(query, 5, many.filter(({ id }) => !gone.has(id))));
  });
}

test('many searches at once while behind: each sees everything', { skip }, async (t) => {
  const { store, others: open } = filled(t), others = open();
  others.insertBatch([...entries(1000, dim, support, 1000), { id: 'new', vector: spot }]);
  others.delete('id-1');
  const found = await Promise.all(Array.from({ length: 30 }, (_, i) => store.searchAsync(spot, { k: 1 + i % 3, ...(i % 2 && { where: { even: { $exists: i % 4 === 1 } } }) })));
  found.forEach((one, i) => {
    if (i % 4 === 1) assert.ok(!ids(one).includes('new') && one.length === 1 + i % 3);
    else assert.deepStrictEqual([one[0].id, one.length], ['new', i % 4 === 3 ? 1 : 1 + i % 3]);
  });
  assert.strictEqual(store.getHnswGraph().size, 1300);
});

test('what was committed before a call is seen by it, though others are catching up already', { skip }, async (t) => {
  const { store, others: open } = filled(t), others = open(), searches = [];
  others.insertBatch(entries(2000, dim, support, 1000));
  for (let i = 0; i < 40; i++) {
    others.insert({ id: `n${i}`, vector: spot.map((x) => x + i) });
    searches.push(store.searchAsync(spot.map((x) => x + i), { k: 1 }));
    if (i % 4 === 0) await turn();
  }
  assert.deepStrictEqual((await Promise.all(searches)).map((found) => ids(found)[0]), Array.from({ length: 40 }, (_, i) => `n${i}`));
});

test('an aborted search that was catching up leaves a store that catches up', { skip }, async (t) => {
  const { store, others: open } = filled(t), others = open(), stop = new AbortController();
  others.insertBatch([...entries(2000, dim, support, 1000), { id: 'new', vector: spot }]);
  const aborted = store.searchAsync(spot, { signal: stop.signal }), other = store.searchAsync(spot, { k: 1 });
  stop.abort();
  await support.fails(() => aborted, 'ERR_ABORTED', 'aborted', true);
  assert.deepStrictEqual(ids(await other), ['new'], 'the one beside it');
  assert.deepStrictEqual(ids(await store.searchAsync(spot, { k: 1 })), ['new']);
  assert.strictEqual(store.getHnswGraph().size, 2301);
});

/** Changes of one's own, made while a search catches up with others: what must be nearest to `spot` afterwards. */
const OWN = {
  insert: [(store) => store.insert({ id: 'own', vector: spot }), ['new', 'own']],
  insertBatch: [(store) => store.insertBatch([{ id: 'own', vector: spot }, { id: 'own 2', vector: far }]), ['new', 'own']],
  'insert that replaces': [(store) => store.insert({ id: 'id-3', vector: spot }, { replace: true }), ['id-3', 'new']],
  'insert that replaces what others wrote': [(store) => store.insert({ id: 'new', vector: spot.map((x) => x + 0.001) }, { replace: true }), ['new']],
  delete: [(store) => assert.strictEqual(store.delete('id-3'), true), ['new']],
  'delete of what others wrote': [(store) => assert.strictEqual(store.delete('new'), true), []],
};
for (const [name, [change, expected]] of Object.entries(OWN)) {
  test(`while a search catches up with others: ${name}`, { skip }, async (t) => {
    const { store, others: open } = filled(t), others = open();
    others.insertBatch([...entries(1000, dim, support, 1000), { id: 'new', vector: spot }]);
    const pending = store.searchAsync(spot, { k: 1 });
    change(store);
    await pending;
    for (const one of [store, others]) {
      const found = ids(await one.searchAsync(spot, { k: 9, ef: 200 })).filter((id) => !/^id-\d/.test(id) || id === 'id-3');
      assert.deepStrictEqual(found.slice(0, expected.length).sort(), expected);
      assert.strictEqual(one.getHnswGraph().size, store.size);
      assert.strictEqual(new Set(found).size, found.length);
    }
    });
}

test("searches while a batch of one's own is in flight see what others write", { skip }, async (t) => {
  const { store, others: open } = filled(t), others = open(), sees = async (id, at) => {
    assert.deepStrictEqual(ids(await store.searchAsync(at, { k: 1 })), [id]);
    assert.deepStrictEqual(ids(store.search(at, { k: 1 })), [id]);
  };
  let done = false, during = 0;
  const batch = store.insertBatchAsync(entries(8000, dim, support, 1000)).then(() => { done = true; });
  for (let i = 0; i < 10; i++) {
    const at = spot.map((x) => x + i);
    others.insert({ id: `n${i}`, vector: at });
    await sees(`n${i}`, at);
    others.insert({ id: `n${i}`, vector: at.map((x) => x + 20) }, { replace: true });
    await sees(`n${i}`, at.map((x) => x + 20));
    if (!done) during++;
    await turn();
  }
  assert.ok(during > 0, 'the batch was over before any search');
  await batch;
  assert.deepStrictEqual([store.size, store.getHnswGraph().size], [8310, 8310]);
  await others.searchAsync(query);
  assert.strictEqual(others.getHnswGraph().size, 8310);
});

test('own inserts at every moment of a catch-up', { skip }, async (t) => {
  const { store, others: open } = filled(t), others = open();
  others.insertBatch(entries(5000, dim, support, 1000));
  let done = false, count = 0;
  const pending = store.searchAsync(query).then(() => { done = true; });
  while (!done && count < 200) {
    store.insert({ id: `own-${count}`, vector: spot.map((x) => x + count) });
    count++;
    await turn();
  }
  await pending;
  assert.ok(count > 0);
  for (const one of [store, others]) {
    for (let i = 0; i < count; i++) assert.deepStrictEqual(ids(await one.searchAsync(spot.map((x) => x + i), { k: 1 })), [`own-${i}`]);
    assert.strictEqual(one.getHnswGraph().size, 5300 + count);
  }
});
